"""AWS Backup: locks of vaults, the rules of plans, what a selection selects, and notices of a vault.

Sources are CreateBackupPlan, CreateBackupSelection and PutBackupVaultLockConfiguration of the API, "AWS Backup Vault
Lock", "Assigning resources to a backup plan", and "Amazon SNS and AWS Backup events". Patterns and enumerations are in
the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.callers import PUBLISHING, TOPIC, arn_of, key_of, known_name, lets, statements_on, trusts
from plumbline.constraints.iam import ROLE
from plumbline.constraints.networks import earlier, known_rows, placed_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.constraints.schedules import schedule_problem
from plumbline.graph import Resource, StackGraph

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
NOTIFICATIONS = "aws:backup/vaultNotifications:VaultNotifications"
_SERVICE = "backup.amazonaws.com"
_GRACE_DAYS = (3, 36_500)
_RETENTION_DAYS = (1, 36_500)
_CONTINUOUS_DAYS = 35
_COLD_DAYS = 90
_LEAST_START_MINUTES = 60
_DEFAULT_START_MINUTES = 480
_TAG = "aws:ResourceTag/"
_OPERATORS = ("stringEquals", "stringLikes", "stringNotEquals", "stringNotLikes")
_MOST_ARNS, _MOST_PATTERNS, _MOST_CONDITIONS = 500, 30, 30


@for_types(LOCK)
def lock(lock: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A lock gives three days of grace at least, and its shortest retention is not above its longest."""
    grace, (low, high) = lock.get("changeableForDays"), _GRACE_DAYS
    if isinstance(grace, int) and not low <= grace <= high:
        yield "changeableForDays", f"{grace} given; allowed: {low} to {high}"
    shortest, longest = lock.get("minRetentionDays"), lock.get("maxRetentionDays")
    low, high = _RETENTION_DAYS
    for name, days in (("minRetentionDays", shortest), ("maxRetentionDays", longest)):
        if isinstance(days, int) and not low <= days <= high:
            yield name, f"{days} given; allowed: {low} to {high}"
    if isinstance(shortest, int) and isinstance(longest, int) and shortest > longest:
        yield "minRetentionDays", f"{shortest} given; allowed: at most maxRetentionDays, {longest}"


@for_types(LOCK, NOTIFICATIONS)
def once(part: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A vault has one lock and one list of notices: the later would overwrite the earlier."""
    vault = behind(part, "backupVaultName", graph, VAULT)
    for other in earlier(part, graph):
        if vault is not None and behind(other, "backupVaultName", graph, VAULT) is vault:
            yield "backupVaultName", f"{vault.display} has {other.display} already"


@for_types(PLAN)
def frequency(plan: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A rule runs by a cron expression, and once an hour at most."""
    for path, rule in placed_rows(plan, "rules"):
        text = rule.get("schedule")
        if not isinstance(text, str):
            continue
        if not text.startswith("cron("):
            yield f"{path}.schedule", f"{text!r} given; allowed: a cron expression, such as cron(15 5 ? * * *)"
            continue
        problem = schedule_problem(text)
        if problem:
            yield f"{path}.schedule", problem
        elif not re.fullmatch(r"\d+", text[5:].split()[0]):
            yield f"{path}.schedule", f"{text!r} given; allowed: one minute of the hour, since hourly is the most often"


@for_types(PLAN)
def windows(plan: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A job has an hour to start at least, and ends after that."""
    for path, rule in placed_rows(plan, "rules"):
        start, end = rule.get("startWindow", _DEFAULT_START_MINUTES), rule.get("completionWindow")
        if isinstance(start, int) and start < _LEAST_START_MINUTES:
            yield f"{path}.startWindow", f"{start} minutes given; allowed: at least {_LEAST_START_MINUTES}"
        if isinstance(start, int) and isinstance(end, int) and end <= start:
            yield f"{path}.completionWindow", f"{end} minutes given; allowed: more than startWindow, {start}"


def _lives(path: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the lifecycle of a rule and those of its copies, as far as they are given."""
    rows = [(path, rule), *((f"{path}.copyActions[{i}]", row) for i, row in enumerate(_copies(rule)))]
    for place, row in rows:
        life = row.get("lifecycle")
        if isinstance(life, Mapping):
            yield f"{place}.lifecycle", life


def _copies(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return known_rows(rule.get("copyActions"))


@for_types(PLAN)
def lifecycle(plan: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A recovery point is kept at least a day, and what moves to cold storage at least 90 days in it."""
    low, high = _RETENTION_DAYS
    for path, rule in placed_rows(plan, "rules"):
        for place, life in _lives(path, rule):
            days, cold = life.get("deleteAfter"), life.get("coldStorageAfter")
            # A copy is kept for ever with -1 (API, CopyAction).
            if not isinstance(days, int) or (days == -1 and "copyActions" in place):
                continue
            if not low <= days <= high:
                yield f"{place}.deleteAfter", f"{days} given; allowed: {low} to {high}"
            elif isinstance(cold, int) and days < cold + _COLD_DAYS:
                yield (
                    f"{place}.deleteAfter",
                    f"{days} given; allowed: at least {cold + _COLD_DAYS}, {_COLD_DAYS} days after coldStorageAfter",
                )


@for_types(PLAN)
def continuous(plan: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A continuous backup is kept 35 days at most, and never in cold storage."""
    for path, rule in placed_rows(plan, "rules"):
        life = rule.get("lifecycle", {})
        if rule.get("enableContinuousBackup") is not True or not isinstance(life, Mapping):
            continue
        days = life.get("deleteAfter")
        if days is None or (isinstance(days, int) and days > _CONTINUOUS_DAYS):
            given = "nothing" if days is None else days
            yield (
                f"{path}.lifecycle.deleteAfter",
                f"{given} given; allowed: 1 to {_CONTINUOUS_DAYS} for a continuous backup",
            )
        if life.get("coldStorageAfter") is not None:
            yield f"{path}.lifecycle.coldStorageAfter", "given; a continuous backup never moves to cold storage"


@for_types(PLAN)
def vaults(plan: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A rule fills a vault of the plan's region that it depends on, and copies into others, within their locks."""
    for path, rule in placed_rows(plan, "rules"):
        target = _named(rule.get("targetVaultName"), region_of(plan, graph), graph)
        if target is not None:
            yield from _fills(f"{path}.targetVaultName", plan, target, graph)
            yield from _kept(path, rule, target, graph)
        copies = _copies(rule)
        for index, row in enumerate(copies):
            place = f"{path}.copyActions[{index}]"
            copied_to = _destination(row, plan, target, len(copies), graph)
            if copied_to is None:
                continue
            if copied_to is target:
                yield (
                    f"{place}.destinationVaultArn",
                    f"{copied_to.display} is the vault of the rule itself; another is needed",
                )
            else:
                yield from _kept(place, row, copied_to, graph)


def _named(name: Any, region: str | None, graph: StackGraph) -> Resource | None:
    """Return the vault of a name, that of the region where several have it: names are unique in a region only."""
    found = [vault for vault in graph.of_type(VAULT) if isinstance(name, str) and vault.get("name") == name]
    return next((vault for vault in found if region_of(vault, graph) == region), found[0] if found else None)


def _fills(path: str, plan: Resource, target: Resource, graph: StackGraph) -> Iterator[Finding]:
    if target.urn not in graph.needs(plan.urn):
        yield path, f"names {target.display} without depending on it; use its output"
    here, there = region_of(plan, graph), region_of(target, graph)
    if here is not None and there is not None and here != there:
        yield path, f"{target.display} lies in {there}; a vault of {here}, the plan's region, is needed"


def _destination(
    row: Mapping[str, Any], plan: Resource, target: Resource | None, copies: int, graph: StackGraph
) -> Resource | None:
    """Return the vault of the stack that a copy goes to, None where the graph does not say which one it is."""
    arn = row.get("destinationVaultArn")
    if isinstance(arn, str):
        parts = arn.split(":")
        return _named(parts[-1], parts[3], graph) if len(parts) == 7 else None
    urns = plan.property_dependencies.get("rules", ())
    found = [vault for vault in graph.of_type(VAULT) if vault.urn in urns]
    if len(urns) == 1 and found and found[0] is target:
        return target
    others = [vault for vault in found if vault is not target]
    # Which of several vaults each of several copies goes to, dependencies do not tell.
    return others[0] if len(others) == copies == 1 and len(list(placed_rows(plan, "rules"))) == 1 else None


def _kept(path: str, row: Mapping[str, Any], vault: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Yield what a vault's lock would refuse: a job fails whose recovery point would be kept too short or too long."""
    life = row.get("lifecycle")
    if life is not None and not isinstance(life, Mapping):
        return
    days = (life or {}).get("deleteAfter")
    if days is not None and not isinstance(days, int):
        return
    for lock in graph.of_type(LOCK):
        if behind(lock, "backupVaultName", graph, VAULT) is not vault:
            continue
        shortest, longest = lock.get("minRetentionDays"), lock.get("maxRetentionDays")
        if days is not None and days > 0 and isinstance(shortest, int) and days < shortest:
            yield f"{path}.lifecycle.deleteAfter", f"{days} given; {lock.display} allows: at least {shortest}"
        if isinstance(longest, int) and (days is None or days < 0 or days > longest):
            given = "no end" if days is None or days < 0 else days
            yield f"{path}.lifecycle.deleteAfter", f"{given} given; {lock.display} allows: at most {longest}"


@for_types(SELECTION)
def selected(selection: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A selection says what it selects, within the numbers that AWS Backup takes."""
    given = [selection.get(name) for name in ("resources", "notResources", "conditions", "selectionTags")]
    if all(value is None or value == [] for value in given):
        yield (
            "resources",
            "nothing given, which selects all that the account has; resources, conditions or tags are needed",
        )
    for name in ("resources", "notResources"):
        rows = selection.get(name)
        arns = [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
        wild = [arn for arn in arns if "*" in arn]
        for count, most, what in (
            (len(arns) - len(wild), _MOST_ARNS, "ARNs"),
            (len(wild), _MOST_PATTERNS, "ARNs with wildcards"),
        ):
            if count > most:
                yield name, f"{count} {what} given; allowed: at most {most}"
        for arn in arns:
            if arn != "*" and not arn.startswith("arn:"):
                yield name, f"{arn!r} given; allowed: ARNs, patterns of ARNs, or *"


@for_types(SELECTION)
def conditions(selection: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Conditions are about the tags of a resource, and there are 30 at most."""
    count = 0
    for index, block in enumerate(known_rows(selection.get("conditions"))):
        for operator in _OPERATORS:
            rows = known_rows(block.get(operator))
            count += len(rows)
            for number, row in enumerate(rows):
                key = row.get("key")
                if isinstance(key, str) and not key.startswith(_TAG):
                    path = f"conditions[{index}].{operator}[{number}].key"
                    yield path, f"{key!r} given; allowed: {_TAG} and the key of a tag"
    if count > _MOST_CONDITIONS:
        yield "conditions", f"{count} given; allowed: at most {_MOST_CONDITIONS}"


@for_types(SELECTION)
def assumed(selection: Resource, graph: StackGraph) -> Iterator[Finding]:
    """AWS Backup may assume the role of a selection."""
    role = behind(selection, "iamRoleArn", graph, ROLE)
    if role is not None and not trusts(role, _SERVICE):
        yield "iamRoleArn", f"{role.display} does not trust {_SERVICE}"


@for_types(NOTIFICATIONS)
def told(notices: Resource, graph: StackGraph) -> Iterator[Finding]:
    """AWS Backup may publish to the topic of a vault's notices and use its key; FIFO topics take none."""
    topic = behind(notices, "snsTopicArn", graph, TOPIC)
    if topic is None:
        return
    if topic.get("fifoTopic") is True:
        yield "snsTopicArn", f"{topic.display} is a FIFO topic, which AWS Backup does not support"
    vault = behind(notices, "backupVaultName", graph, VAULT)
    name = known_name(vault) if vault is not None else None
    source = arn_of(notices, "backup", f"backup-vault:{name}" if name else None, graph)
    granted = statements_on(topic, graph)
    # Without a policy of the stack SNS makes one that lets the owner's own principals publish, and no service.
    if granted is not None and not any(lets(item, _SERVICE, "sns:Publish", source) for item in granted):
        yield "snsTopicArn", f"the policy of {topic.display} must allow sns:Publish to {_SERVICE} for the vault"
    if topic.get("kmsMasterKeyId") == "alias/aws/sns":
        yield "snsTopicArn", f"{topic.display} is under 'alias/aws/sns'; {_SERVICE} can use a customer key only"
    key = key_of(topic, "kmsMasterKeyId", graph)
    on_key = statements_on(key, graph) if key is not None else None
    if key is not None and on_key is not None:
        missing = [action for action in PUBLISHING if not any(lets(item, _SERVICE, action, None) for item in on_key)]
        if missing:
            yield "snsTopicArn", f"the policy of {key.display} must allow {', '.join(missing)} to {_SERVICE}"
