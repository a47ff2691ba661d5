"""Requirements 00, 01 and 20: scope, the tree, and what differs between the environments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from criteria.common.lookups import LOG_GROUP, PROVISIONED, REPLICATION_GROUP, TABLE
from criteria.common.rest_api import STAGE
from criteria.common.tables import TARGET
from criteria.trading_areas.alarms import following
from criteria.trading_areas.api import cors, gigabytes
from criteria.trading_areas.common import facts
from plumbline.graph import Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

_DECISION_PULUMI = 1  # Terraform's parts and what stands for them in Pulumi
_NAMED = ("aws:dynamodb/table:Table", "aws:lambda/function:Function", "aws:iam/role:Role", "aws:sqs/queue:Queue")


def _environments(subject: Subject) -> dict[str, str]:
    """Map the documents' names of the environments to ours."""
    return {"test": "test", "production": "prod"}


@criterion("TRADING-00.4")
def provisioned_by_code(subject: Subject) -> Verdict:
    custom = [resource for resource in subject.graph if resource.custom]
    return fact(bool(custom), f"{len(custom)} resources are provisioned by Pulumi", "no resource", _DECISION_PULUMI)


@criterion("TRADING-00.5", "TRADING-01.2")
def two_environments(subject: Subject) -> Verdict:
    wanted = {_environments(subject)[name] for name in subject.facts["environments"]}
    found = set(subject.siblings)
    return fact(found == wanted, f"stacks exist for {', '.join(sorted(found))}", f"stacks exist for {sorted(found)}")


@criterion("TRADING-01.1")
def components(subject: Subject) -> Verdict:
    """Reusable modules: every AWS resource belongs to a component."""
    findings = []
    for resource in subject.graph:
        if resource.type.startswith("aws:"):
            word = "pass" if any(not owner.custom for owner in _owners(subject, resource)) else "fail"
            findings.append(Finding(resource, "", word))
    return combine(findings, "AWS resources", "belong to a reusable component", _DECISION_PULUMI)


def _owners(subject: Subject, resource: Resource) -> Iterator[Resource]:
    """Yield the parent of a resource, its parent, and so on: awsx nests subnets, tables and routes below each other."""
    owner = subject.graph.resources.get(resource.parent)
    while owner is not None:
        yield owner
        owner = subject.graph.resources.get(owner.parent)


@criterion("TRADING-01.4", "TRADING-01.5", "TRADING-20.6")
def stack_files(subject: Subject) -> Verdict:
    """Each environment is a stack with a file of its own, in which its settings lie."""
    wanted = set(_environments(subject).values())
    with_settings = {name for name, settings in subject.siblings.items() if settings.get("environment") == name}
    return fact(
        wanted <= with_settings,
        "each environment is a Pulumi stack with its own settings file",
        f"no stack file with settings for {', '.join(sorted(wanted - with_settings))}",
        _DECISION_PULUMI,
    )


@criterion("TRADING-01.6")
def own_values(subject: Subject) -> Verdict:
    """Names and tags of the resources carry the environment of the stack's settings."""
    environment = subject.environment
    findings = []
    for resource in subject.graph.of_type(*_NAMED):
        findings.append(claim(resource, "name", lambda name: name.startswith(f"{environment}-"), default=""))
        findings.append(claim(resource, "tags.Environment", lambda tag: tag == environment, default=""))
    return combine(findings, "names and tags", f"carry the stack's environment, {environment}")


@criterion("TRADING-20.2")
def shorter_retention(subject: Subject) -> Verdict:
    """What is kept for a time goes by the settings, and for a shorter one in test than in production."""
    days, snapshots = _days("log_retention_days"), _setting("cache", "snapshot_days")
    own = days(subject.settings)
    findings = [
        claim(group, "retentionInDays", lambda days: days == own, default=0)
        for group in subject.graph.of_type(LOG_GROUP)
    ]
    kept = snapshots(subject.settings)
    findings += [
        claim(group, "snapshotRetentionLimit", lambda days: days == kept, default=0)
        for group in subject.graph.of_type(REPLICATION_GROUP)
    ]
    followed = combine(findings, "log groups and snapshots", "follow the settings")
    for read, what in (
        (snapshots, "days of snapshots"),
        (_days("buckets", "log_days"), "days of logs in buckets"),
        (_days("buckets", "audit_log_days"), "days of audit logs"),
    ):
        verdict = _less_in_test(subject, read, what, followed)
        if verdict.word != "pass":
            return verdict
    return _less_in_test(subject, days, "days of log retention", followed)


@criterion("TRADING-20.3")
def lower_scaling(subject: Subject) -> Verdict:
    """Provisioned concurrency and provisioned capacity are as the settings say, and lower in test."""
    concurrency = _setting("functions", "provisioned_concurrency")
    own = concurrency(subject.settings)
    findings = [
        claim(config, "provisionedConcurrentExecutions", lambda given: given == own)
        for config in subject.graph.of_type(PROVISIONED)
    ]
    for unit in ("read", "write"):
        least, most = (_setting("tables", "capacity", unit, end)(subject.settings) for end in ("minimum", "maximum"))
        findings += [
            claim(table, f"{unit}Capacity", lambda given, least=least: given == least, default=0)
            for table in subject.graph.of_type(TABLE)
        ]
        findings += [
            claim(target, end, lambda given, wanted=wanted: given == wanted)
            for target in subject.graph.of_type(TARGET)
            if str(target.get("scalableDimension")).endswith(f"{unit.capitalize()}CapacityUnits")
            for end, wanted in (("minCapacity", least), ("maxCapacity", most))
        ]
    followed = combine(findings, "capacities", "follow the settings")
    for unit in ("read", "write"):
        limit = _setting("tables", "capacity", unit, "maximum")
        verdict = _less_in_test(subject, limit, f"provisioned {unit} capacity of a table", followed)
        if verdict.word != "pass":
            return verdict
    return _less_in_test(subject, concurrency, "provisioned executions", followed)


@criterion("TRADING-20.1")
def smaller_instances(subject: Subject) -> Verdict:
    """Nodes of the Redis cache and the memory of the API's cache are as the settings say, and smaller in test.

    Without a cache of the API its size is none. Of what AWS scales by itself there are no instances.
    """
    node, memory = _text("cache", "node_type"), facts()["node_memory"]
    given = node(subject.settings)
    findings = [
        claim(group, "nodeType", lambda found: found == given) for group in subject.graph.of_type(REPLICATION_GROUP)
    ]
    size = _text("api", "cache", "size")
    cached = size(subject.settings) or None
    findings += [
        claim(stage, "cacheClusterSize", lambda found: found == cached) for stage in subject.graph.of_type(STAGE)
    ]
    followed = combine(findings, "caches", "have the sizes of the settings")
    for read, what in (
        (lambda settings: memory.get(node(settings), math.nan), "GiB of a Redis node"),
        (lambda settings: gigabytes(size(settings) or "0"), "GB of the API's cache"),
    ):
        verdict = _less_in_test(subject, read, what, followed)
        if verdict.word != "pass":
            return verdict
    test, prod = (node(subject.siblings[name]) for name in ("test", "prod"))
    return Verdict("pass", f"Redis nodes are {test} in test and {prod} in prod, and the API's cache is smaller too")


@criterion("TRADING-20.4")
def own_domains(subject: Subject) -> Verdict:
    """The front ends of the environments have different domains, and the API of each answers to its own."""
    if not set(_environments(subject).values()) <= set(subject.siblings):
        return Verdict("fail", "the settings of the other environment are missing")
    domain = _text("domains", "frontend")
    test, prod = (domain(subject.siblings[name]).casefold().rstrip(".") for name in ("test", "prod"))
    if not test or not prod or test == prod:
        return Verdict("fail", f"the domain is {test or 'none'} in test, {prod or 'none'} in prod")
    followed = cors(subject)
    return Verdict("pass", f"{test} in test, {prod} in prod") if followed.word == "pass" else followed


@criterion("TRADING-20.5")
def looser_alarms(subject: Subject) -> Verdict:
    """Every threshold is above production's in test, and the stack's alarms follow its settings."""
    if not set(_environments(subject).values()) <= set(subject.siblings):
        return Verdict("fail", "the settings of the other environment are missing")
    test, prod = (subject.siblings[name].get("alarms") or {} for name in ("test", "prod"))
    # Of a threshold that only one environment has, nobody can say which is stricter.
    strict = [name for name in {*test, *prod} if not (name in test and name in prod and test[name] > prod[name])]
    if strict or not test:
        return Verdict("fail", f"not looser in test: {', '.join(sorted(strict)) or 'no threshold at all'}")
    return combine(following(subject), "alarms", f"follow {len(test)} thresholds, each looser in test")


def _text(*path: str) -> Callable[[Mapping[str, Any]], str]:
    def read(settings: Mapping[str, Any]) -> str:
        value: Any = settings
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else ""

    return read


def _setting(*path: str) -> Callable[[Mapping[str, Any]], int]:
    def read(settings: Mapping[str, Any]) -> int:
        value: Any = settings
        for step in path:
            value = (value or {}).get(step)
        return value if isinstance(value, int) else 0

    return read


def _days(*path: str) -> Callable[[Mapping[str, Any]], float]:
    """Read for how many days something is kept. None at all would be for ever, which is not shorter than anything."""
    given = _setting(*path)
    return lambda settings: given(settings) or math.nan


def _less_in_test(
    subject: Subject, read: Callable[[Mapping[str, Any]], float], what: str, followed: Verdict
) -> Verdict:
    """Compare a setting of test with production's, where the stack itself follows its settings."""
    if followed.word != "pass":
        return followed
    if not set(_environments(subject).values()) <= set(subject.siblings):
        return Verdict("fail", "the settings of the other environment are missing")
    test, prod = read(subject.siblings["test"]), read(subject.siblings["prod"])
    return fact(test < prod, f"{what}: {test} in test, {prod} in prod", f"{what}: {test} in test, {prod} in prod")
