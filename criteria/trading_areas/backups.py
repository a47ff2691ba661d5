"""Requirement 22: which tables are backed up, how often, for how long, where to, by whom, and behind which lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from criteria.common.lookups import ROLE, TABLE, Word, any_partition, best, covers, follow, statements, worst
from criteria.common.rights import ATTACHMENT, arn, one
from plumbline.graph import UNKNOWN, Resource, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
REGION_SETTINGS = "aws:backup/regionSettings:RegionSettings"
_SERVICE = "backup.amazonaws.com"
_MANAGED = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
_TAG = "aws:ResourceTag/"
_EVERY_DAY = r"(\?|\*|\*/1|1/1) \* (\?|\*) \*"
_SCHEDULES = {
    "daily": re.compile(rf"cron\(\d+ \d+ {_EVERY_DAY}\)"),
    "hourly": re.compile(rf"cron\(\d+ (\*|\*/1|0/1) {_EVERY_DAY}\)"),
}
_DEFAULT_SCHEDULE = "cron(0 5 ? * * *)"  # of AWS Backup, where a rule gives none
# How each operator of a selection's conditions compares a tag with a value.
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "stringEquals": lambda value, tag: value == tag,
    "stringLikes": covers,
    "stringNotEquals": lambda value, tag: value != tag,
    "stringNotLikes": lambda value, tag: not covers(value, tag),
}


@criterion("TRADING-22.1")
def selected(subject: Subject) -> Verdict:
    """Every table matches a selection of a plan that runs: by its ARN, and by its tags where the selection asks."""
    selections = subject.graph.of_type(SELECTION)
    findings = [
        Finding(table, "tags", best(_selects(subject, selection, table) for selection in selections))
        for table in subject.graph.of_type(TABLE)
    ]
    return combine(findings, "tables", "are selected by a plan of AWS Backup")


def _selects(subject: Subject, selection: Resource, table: Resource) -> Word:
    plan, word = one(subject.graph, selection, "planId", PLAN)
    words: list[str] = [word, _is_here(subject, selection)]
    if plan is not None:
        words.append(claim(plan, "rules", bool, default=[]).word)
    name = table.get("name")
    own = None if name is UNKNOWN else arn(subject, "dynamodb", f"table/{name}")
    patterns = selection.get("resources", ["*"])
    words.append(_matches(patterns, own))
    words.append(_OPPOSITE[_matches(selection.get("notResources", []), own)])
    words.append(_has_tags(selection, table))
    return worst(words)


def _is_here(subject: Subject, resource: Resource) -> Word:
    region = resource.get("region")
    return "unknown" if region is UNKNOWN else "pass" if region in (None, subject.settings.get("region")) else "fail"


_OPPOSITE: Mapping[Word, Word] = {"pass": "fail", "fail": "pass", "unknown": "unknown"}


def _matches(patterns: Any, own: str | None) -> Word:
    if patterns is UNKNOWN or (patterns and own is None):
        return "unknown"
    return best("unknown" if item is UNKNOWN else "pass" if covers(item, own or "") else "fail" for item in patterns)


def _has_tags(selection: Resource, table: Resource) -> Word:
    """Say whether a table has the tags that a selection asks for: all conditions hold, and one of the older list."""
    conditions, listed = selection.get("conditions", []), selection.get("selectionTags", [])
    if any(leaf is UNKNOWN for value in (conditions, listed) for _, leaf in walk(value)):
        return "unknown"
    words = [
        _compares(table, str(row.get("key")).removeprefix(_TAG), str(row.get("value")), holds)
        for block in conditions
        for operator, holds in _COMPARISONS.items()
        for row in block.get(operator) or []
    ]
    if listed:
        words.append(
            best(
                _compares(table, str(row.get("key")), str(row.get("value")), _COMPARISONS["stringEquals"])
                for row in listed
            )
        )
    return worst(words)


def _compares(table: Resource, key: str, value: str, holds: Callable[[str, str], bool]) -> Word:
    tags = table.get("tags", {})
    tag: Any = UNKNOWN if tags is UNKNOWN else tags.get(key)
    if tag is UNKNOWN:
        return "unknown"
    return "pass" if tag is not None and holds(value, tag) else "fail"


def _each(subject: Subject, judge: Callable[[Resource, str, Mapping[str, Any]], Iterator[Finding]]) -> list[Finding]:
    """Judge every rule of every plan that a selection leads to; `judge` gets plan, path and rule."""
    findings: list[Finding] = []
    for selection in subject.graph.of_type(SELECTION):
        plan, word = one(subject.graph, selection, "planId", PLAN)
        if plan is None:
            findings.append(Finding(selection, "planId", word))
            continue
        rules = plan.get("rules", [])
        if rules is UNKNOWN or not rules:
            findings.append(Finding(plan, "rules", "unknown" if rules is UNKNOWN else "fail"))
            continue
        for number, rule in enumerate(rules):
            path = f"rules.{number}"
            findings += [Finding(plan, path, "unknown")] if rule is UNKNOWN else judge(plan, path, rule)
    return findings


@criterion("TRADING-22.2a", "TRADING-22.2b")
def frequency(subject: Subject) -> Verdict:
    every = subject.facts["every"]

    def judge(plan: Resource, path: str, _rule: Mapping[str, Any]) -> Iterator[Finding]:
        yield claim(
            plan,
            f"{path}.schedule",
            lambda text: _SCHEDULES[every].fullmatch(" ".join(text.split())) is not None,
            default=_DEFAULT_SCHEDULE,
        )

    return combine(_each(subject, judge), "rules of plans in use", f"run {every}")


@criterion("TRADING-22.3a", "TRADING-22.3b")
def retention(subject: Subject) -> Verdict:
    """Recovery points are kept for the days that are asked, and so are their copies."""
    days = subject.facts["retention_days"]

    def judge(plan: Resource, path: str, rule: Mapping[str, Any]) -> Iterator[Finding]:
        copies = rule.get("copyActions") or [] if rule.get("copyActions") is not UNKNOWN else [UNKNOWN]
        for place in (path, *(f"{path}.copyActions.{number}" for number in range(len(copies)))):
            yield claim(plan, f"{place}.lifecycle.deleteAfter", lambda given: given == days, default=0)

    return combine(_each(subject, judge), "lifecycles of recovery points and copies", f"end after {days} days")


@criterion("TRADING-22.4")
def second_region(subject: Subject) -> Verdict:
    """Every rule copies into a vault of another region, and AWS Backup manages the backups of tables itself.

    Without that the account's settings would let no copy of a table leave the region; they lie in the bootstrap stack.
    """
    base = subject.base()
    if base is None:
        return Verdict("fail", "the settings name no bootstrap stack, which has the account's settings of AWS Backup")
    findings = [
        claim(found, f"{preference}.DynamoDB", lambda on: on is True, default=False)
        for found in base.of_type(REGION_SETTINGS)
        for preference in ("resourceTypeManagementPreference", "resourceTypeOptInPreference")
    ]
    if not findings:
        return Verdict("fail", "the bootstrap stack has no settings of AWS Backup: copies of tables need them")

    def judge(plan: Resource, path: str, rule: Mapping[str, Any]) -> Iterator[Finding]:
        copies = rule.get("copyActions", [])
        words = ["unknown"] if copies is UNKNOWN else [_goes_elsewhere(subject, plan, copy) for copy in copies or []]
        yield Finding(plan, f"{path}.copyActions", best(words))

    judged = _each(subject, judge)
    return combine(judged and [*findings, *judged], "settings and rules", "copy into a vault of another region")


def _goes_elsewhere(subject: Subject, plan: Resource, copy: Any) -> Word:
    """Say whether a copy goes to a vault of the stack in another region.

    The ARN of a new vault is unknown: then every vault that the plan refers to decides, but for those that it fills.
    """
    given = UNKNOWN if copy is UNKNOWN else copy.get("destinationVaultArn")
    vaults = subject.graph.of_type(VAULT)
    if given is not UNKNOWN:
        found = [vault for vault in vaults if given and vault.outputs.get("arn") == given]
        return best(_lies_elsewhere(subject, vault) for vault in found)
    urns = plan.property_dependencies.get("rules", ())
    filled = [rule.get("targetVaultName") for rule in plan.get("rules", []) if rule is not UNKNOWN]
    candidates = [vault for vault in vaults if vault.urn in urns]
    others = [vault for vault in candidates if vault.get("name") not in filled or vault.get("region") is not None]
    if not others:
        return "fail" if len(candidates) == len(urns) and UNKNOWN not in filled else "unknown"
    words = [_lies_elsewhere(subject, vault) for vault in others]
    return worst(words) if len(set(words)) == 1 else "unknown"


def _lies_elsewhere(subject: Subject, vault: Resource) -> Word:
    here = _is_here(subject, vault)
    return "unknown" if here == "unknown" else "fail" if here == "pass" else "pass"


@criterion("TRADING-22.5")
def roles(subject: Subject) -> Verdict:
    """AWS Backup alone assumes the role of each selection, which may back up, and a role that may restore."""
    graph = subject.graph
    findings = []
    for selection in graph.of_type(SELECTION):
        role, word = one(graph, selection, "iamRoleArn", ROLE)
        if role is None:
            findings.append(Finding(selection, "iamRoleArn", word))
        else:
            able = worst([_is_dedicated(role), _may(subject, role, "Backup")])
            findings.append(Finding(role, "assumeRolePolicy", able))
    if findings:
        words = {
            role.urn: worst([_is_dedicated(role), _may(subject, role, "Restores")]) for role in graph.of_type(ROLE)
        }
        restoring: Word = best(words.values())
        findings += [Finding(graph.resources[urn], "", restoring) for urn, word in words.items() if word == restoring][
            :1
        ]
    return combine(findings, "roles", "are for AWS Backup alone, to back up and to restore")


def _is_dedicated(role: Resource) -> Word:
    written = statements(role, "assumeRolePolicy")
    if written is None:
        return "unknown"
    allowing = [row for row in written if row.get("Effect") == "Allow"]
    wanted = ({"Service": _SERVICE}, {"Service": [_SERVICE]})
    return "pass" if allowing and all(row.get("Principal") in wanted for row in allowing) else "fail"


def _may(subject: Subject, role: Resource, jobs: str) -> Word:
    """Say whether a role has the policy that AWS maintains for some jobs of AWS Backup."""
    words: list[str] = []
    for attachment in subject.graph.of_type(ATTACHMENT):
        link = follow(subject.graph, attachment, "role", ROLE)
        policy = attachment.get("policyArn")
        if link.has(role) or not (link.certain or link.to):
            right = (
                "unknown" if policy is UNKNOWN else "pass" if any_partition(str(policy)) == _MANAGED + jobs else "fail"
            )
            words.append(worst([right, "pass" if link.certain else "unknown"]))
    return best(words)


@criterion("TRADING-22.6")
def protection(subject: Subject) -> Verdict:
    """Every vault has a lock, so that its recovery points and with them the vault stay, and Pulumi keeps it too."""
    findings: list[Finding] = []
    for vault in subject.graph.of_type(VAULT):
        findings += [
            Finding(vault, "lock", best(_locks(subject, lock, vault) for lock in subject.graph.of_type(LOCK))),
            Finding(vault, "protect", "pass" if vault.options.protect else "fail"),
            claim(vault, "forceDestroy", lambda on: on is False, default=False),
        ]
    return combine(findings, "locks and options of vaults", "protect them against deletion")


def _locks(subject: Subject, lock: Resource, vault: Resource) -> Word:
    # Names of vaults are unique in a region only.
    regions = (lock.get("region"), vault.get("region"))
    same: Word = "unknown" if UNKNOWN in regions else "pass" if regions[0] == regions[1] else "fail"
    link = follow(subject.graph, lock, "backupVaultName", VAULT)
    if link.has(vault):
        return worst([same, "pass" if link.certain else "unknown"])
    return "unknown" if not (link.certain or link.to) else "fail"
