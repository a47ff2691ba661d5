"""Requirement 14, alarms: what they watch, at which thresholds, and that they tell somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from criteria.common.alarms import (
    ALARM,
    COMPOSITE,
    Dimensions,
    Fires,
    Watch,
    asks,
    computes,
    error_rate,
    fires,
    may_watch,
    tells_somebody,
    watch,
    watched,
)
from criteria.common.lookups import FUNCTION, REPLICATION_GROUP, TABLE
from criteria.common.rest_api import STAGE, api_of
from plumbline.graph import UNKNOWN, Resource, dig
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_DECISION_LOOSER = 5


def _threshold(subject: Subject, name: str) -> Any:
    alarms = subject.settings.get("alarms")
    return alarms.get(name) if isinstance(alarms, dict) else None


def _fires(subject: Subject, setting: str) -> Fires:
    """Return the question whether an alarm goes off above the setting's threshold."""
    own = _threshold(subject, setting)
    return lambda alarm: fires(alarm, "GreaterThanThreshold", own)


def _strict(subject: Subject, setting: str, wanted: float, findings: list[Finding], what: str, says: str) -> Verdict:
    """Combine, with the documents' threshold in production, and a looser one in test (docs/decisions.md, 5)."""
    own = _threshold(subject, setting)
    looser = subject.environment != "prod" and isinstance(own, int | float) and own > wanted
    if own != wanted and not looser:
        return Verdict("fail", f"alarms.{setting} is {own}, {wanted} wanted")
    return combine(findings, what, says, _DECISION_LOOSER if looser else 0)


@criterion("TRADING-14.2")
def function_errors(subject: Subject) -> Verdict:
    """For each function: over all of them one that always fails would hide among the others."""
    setting, count = "lambda_error_percent", ("AWS/Lambda", "Invocations", ("Sum",))
    things = [
        (function, asks(error_rate, ("AWS/Lambda", "Errors"), count, {"FunctionName": function.get("name")}))
        for function in subject.graph.of_type(FUNCTION)
    ]
    findings = watched(subject, things, _fires(subject, setting))
    says = f"have an alarm at an error rate above {_threshold(subject, setting)} percent"
    return _strict(subject, setting, subject.facts["error_rate_percent"], findings, "functions", says)


@criterion("TRADING-14.3")
def api_errors(subject: Subject) -> Verdict:
    setting, count = "api_error_percent", ("AWS/ApiGateway", "Count", ("SampleCount", "Sum"))
    things = []
    for stage in subject.graph.of_type(STAGE):
        api, _ = api_of(subject.graph, stage, "restApi")
        of = {"ApiName": api.get("name") if api else UNKNOWN, "Stage": stage.get("stageName")}
        things.append((stage, asks(error_rate, ("AWS/ApiGateway", "5XXError"), count, of)))
    findings = watched(subject, things, _fires(subject, setting))
    says = f"have an alarm at a 5xx rate above {_threshold(subject, setting)} percent"
    return _strict(subject, setting, subject.facts["error_rate_percent"], findings, "stages", says)


@criterion("TRADING-14.4")
def throttles(subject: Subject) -> Verdict:
    """Each of a table's and its indexes' metrics of throttled reads and writes is enough to set an alarm off."""
    setting = "table_throttle_events"
    own = _threshold(subject, setting)
    above = float(own) + 1 if isinstance(own, int | float) else 0.0
    things = [
        (table, asks(_suffices, metric, above, of))
        for table in subject.graph.of_type(TABLE)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents")
        for of in _parts(table)
    ]
    findings = watched(subject, things, _fires(subject, setting))
    says = f"have an alarm at more than {own} throttled requests"
    return _strict(subject, setting, 0, findings, "metrics of tables and indexes", says)


def _parts(table: Resource) -> Iterator[dict[str, Any]]:
    yield {"TableName": table.get("name")}
    indexes = table.get("globalSecondaryIndexes", [])
    for index in [UNKNOWN] if indexes is UNKNOWN else indexes:
        yield {"TableName": table.get("name"), "GlobalSecondaryIndexName": dig(index, "name")}


def _suffices(seen: Watch, name: str, above: float, of: Dimensions) -> bool:
    """Say whether an alarm sees one metric alone, while all its others have no data."""
    if name not in seen.names:
        return False
    ids = [id_ for id_, metric in seen.metrics.items() if metric.is_of("AWS/DynamoDB", name, ("Sum",), of)]
    return len(ids) == 1 and computes(seen, lambda case: above, [{**dict.fromkeys(seen.metrics), ids[0]: above}])


@criterion("TRADING-14.5")
def redis_memory(subject: Subject) -> Verdict:
    """For each node of the cache, which AWS names after the group."""
    setting = "redis_memory_percent"
    things = [
        (group, asks(_memory, {"CacheClusterId": node}))
        for group in subject.graph.of_type(REPLICATION_GROUP)
        for node in _nodes(group)
    ]
    findings = watched(subject, things, _fires(subject, setting))
    says = f"have an alarm above {_threshold(subject, setting)} percent of memory"
    return _strict(subject, setting, subject.facts["memory_percent"], findings, "nodes of the cache", says)


def _nodes(group: Resource) -> list[Any]:
    """Return the names of a group's nodes; in cluster mode a shard's number comes before the node's."""
    name, shards = group.get("replicationGroupId"), group.get("numNodeGroups")
    count, replicas = group.get("numCacheClusters", 1), group.get("replicasPerNodeGroup", 0)
    if UNKNOWN in (name, shards, count, replicas):
        return [UNKNOWN]
    if shards is None:
        return [f"{name}-{number:03}" for number in range(1, count + 1)]
    return [f"{name}-{s:04}-{n:03}" for s in range(1, shards + 1) for n in range(1, replicas + 2)]


def _memory(seen: Watch, of: Dimensions) -> bool:
    metric = seen.metrics.get(seen.expression)
    return metric is not None and metric.is_of(
        "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", ("Average", "Maximum"), of
    )


# Of each threshold in the settings, the metric whose alarms it is for.
_WATCHED_BY = {
    "lambda_error_percent": "Errors",
    "api_error_percent": "5XXError",
    "table_throttle_events": "ReadThrottleEvents",
    "redis_memory_percent": "DatabaseMemoryUsagePercentage",
    "redis_cpu_percent": "CPUUtilization",
    "application_errors": "ApplicationErrors",
    "function_throttles": "Throttles",
    "duration_percent": "Duration",
    "failed_executions": "ExecutionsFailed",
}


def following(subject: Subject) -> list[Finding]:
    """Return whether each threshold of the settings is that of the alarms it is for, and there is one.

    An alarm below its threshold watches for silence, which has no setting.
    """
    watched = [(alarm, watch(alarm)) for alarm in subject.graph.of_type(ALARM)]
    findings = []
    for setting, metric in _WATCHED_BY.items():
        own = _threshold(subject, setting)
        about = [
            claim(alarm, "threshold", lambda given, own=own: given == own)
            for alarm, seen in watched
            if seen is not None and any(read.name == metric for read in seen.metrics.values())
            if str(alarm.get("comparisonOperator")).startswith("Greater")
        ]
        hidden = [
            Finding(alarm, "metricQueries", "unknown") for alarm, seen in watched if seen is None and may_watch(alarm)
        ]
        lost = [Finding(alarm, "threshold", "fail") for alarm, _ in watched[:1]]
        findings += [*about, *hidden] or lost
    return findings


@criterion("TRADING-14.8")
def actions(subject: Subject) -> Verdict:
    """Every alarm tells topics of the stack, which let CloudWatch publish and whose key lets it encrypt."""
    findings = [
        Finding(alarm, "alarmActions", tells_somebody(subject, alarm))
        for alarm in subject.graph.of_type(ALARM, COMPOSITE)
    ]
    return combine(findings, "alarms", "tell a topic that takes their messages")
