"""Logs, alarms, and the use of free amounts (04, 07.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from criteria.agentic_areas.common import absent, facts, function, prefix, table
from criteria.common.alarms import (
    ALARM,
    Dimensions,
    Fires,
    Watch,
    asks,
    computes,
    error_rate,
    fires,
    tells_somebody,
    watched,
)
from criteria.common.lookups import FUNCTION, LOG_GROUP, TABLE, Word, best, follow, is_given, worst
from criteria.common.rights import Call, allowed, arn, of_caller, one
from criteria.common.rules import MINUTES, interval, scheduled
from criteria.common.topics import SUBSCRIPTION, TOPIC
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_ABOVE, _FROM = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"
_WRITING = ("logs:CreateLogStream", "logs:PutLogEvents")


@criterion("AGENTIC-04.1")
def logs(subject: Subject) -> Verdict:
    """Each function has a log group of the stack, and its role may write there."""
    findings = []
    for row in subject.graph.of_type(FUNCTION):
        group, word = one(subject.graph, row, "loggingConfig.logGroup", LOG_GROUP)
        words = [word]
        if group is not None:
            written, known = of_caller(subject.graph, row, "role")
            stream = arn(subject, "logs", f"log-group:{group.get('name')}:log-stream:run")
            may = all(allowed(written, Call(action, stream)) for action in _WRITING)
            words.append(known if known != "pass" else "pass" if may else "fail")
        findings.append(Finding(row, "loggingConfig.logGroup", worst(words)))
    return combine(findings, "functions", "write their logs to groups of the stack")


@criterion("AGENTIC-04.5")
def retention(subject: Subject) -> Verdict:
    days = subject.facts["retention_days_min"]
    findings = [
        claim(group, "retentionInDays", lambda given: given == days, default=0)
        for group in subject.graph.of_type(LOG_GROUP)
    ]
    return combine(findings, "log groups", f"keep their logs {days} days")


def _alert(subject: Subject, comparison: str, threshold: float) -> Fires:
    """Return the question whether an alarm goes off at a threshold, and somebody is told."""
    return lambda alarm: worst(
        [fires(alarm, comparison, threshold), tells_somebody(subject, alarm), _is_heard(subject, alarm)]
    )


def _is_heard(subject: Subject, alarm: Resource) -> Word:
    """Say whether somebody has subscribed to a topic that an alarm tells."""
    topics = follow(subject.graph, alarm, "alarmActions", TOPIC).to
    return best(
        worst([known, is_given(row, "endpoint")])
        for row in subject.graph.of_type(SUBSCRIPTION)
        for topic, known in [one(subject.graph, row, "topic", TOPIC)]
        if topic is None or topic in topics
    )


@criterion("AGENTIC-04.2")
def errors(subject: Subject) -> Verdict:
    """For each function: over all of them one that always fails would hide among the others."""
    percent = subject.facts["error_rate_percent"]
    count = ("AWS/Lambda", "Invocations", ("Sum",))
    things = [
        (row, asks(error_rate, ("AWS/Lambda", "Errors"), count, {"FunctionName": row.get("name")}))
        for row in subject.graph.of_type(FUNCTION)
    ]
    findings = watched(subject, things, _alert(subject, _ABOVE, percent))
    return combine(findings, "functions", f"have an alarm at an error rate above {percent} percent")


@criterion("AGENTIC-04.3")
def durations(subject: Subject) -> Verdict:
    """For each function: the longest run of a period is compared with its own timeout."""
    percent = subject.facts["percent_of_timeout"]
    findings: list[Finding] = []
    for row in subject.graph.of_type(FUNCTION):
        seconds = row.get("timeout", 3)
        if seconds is UNKNOWN:
            findings.append(Finding(row, "timeout", "unknown"))
            continue
        question = asks(_longest, {"FunctionName": row.get("name")})
        limit = seconds * 1000 * percent / 100 if isinstance(seconds, int) else 0
        findings += watched(subject, [(row, question)], _alert(subject, _ABOVE, limit))
    return combine(findings, "functions", f"have an alarm at runs above {percent} percent of their timeout")


def _longest(seen: Watch, of: Dimensions) -> bool:
    metric = seen.metrics.get(seen.expression)
    return metric is not None and metric.is_of("AWS/Lambda", "Duration", ("Maximum",), of)


@criterion("AGENTIC-04.4")
def throttles(subject: Subject) -> Verdict:
    """One throttled request of any operation that the application makes is enough, while the others are silent."""
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    things = [
        (owner, asks(_suffices, {"TableName": owner.get("name"), "Operation": operation}))
        for operation in facts()["operations"]
    ]
    findings = watched(subject, things, _alert(subject, _FROM, 1))
    return combine(findings, "operations on the table", "have an alarm on throttled requests")


def _suffices(seen: Watch, of: Dimensions) -> bool:
    ids = [
        id_ for id_, metric in seen.metrics.items() if metric.is_of("AWS/DynamoDB", "ThrottledRequests", ("Sum",), of)
    ]
    return len(ids) == 1 and computes(seen, lambda case: 1.0, [{**dict.fromkeys(seen.metrics), ids[0]: 1.0}])


@criterion("AGENTIC-07.5")
def allowances(subject: Subject) -> Verdict:
    """A function publishes every day how much of each free amount is used, and an alarm is on each.

    An alarm looks back a week at most, and a month is what is free; so the function adds up the days.
    """
    percent, name = subject.facts["percent_of_limit"], facts()["usage_function"]
    publisher = function(subject, name)
    if publisher is None:
        return absent(subject, FUNCTION, name)
    dimension = facts()["usage_metric"]["dimension"]
    space = publisher.get("environment.variables.METRIC_NAMESPACE", "")
    findings = [claim(publisher, "environment.variables.METRIC_NAMESPACE", lambda given: given == prefix(subject), "")]
    things = [
        (publisher, asks(_is_usage, space, {dimension: allowance}) if space is not UNKNOWN else None)
        for allowance in facts()["allowances"]
    ]
    findings += watched(subject, things, _alert(subject, _FROM, percent))
    findings += [
        claim(alarm, "threshold", lambda given: given == percent)
        for alarm in subject.graph.of_type(ALARM)
        if alarm.get("metricName") == facts()["usage_metric"]["name"]
    ]
    findings.append(claim(publisher, "environment.variables.ALLOWANCES", _measures, default=""))
    findings.append(Finding(publisher, "role", _may_publish(subject, publisher, str(space))))
    daily = scheduled(subject, publisher, lambda text: interval(text) == MINUTES["day"])
    findings += daily or [Finding(publisher, "", "fail")]
    return combine(findings, "alarms and steps that measure", f"tell of {percent} percent of each allowance")


def _is_usage(seen: Watch, space: str, of: Dimensions) -> bool:
    metric = seen.metrics.get(seen.expression)
    return metric is not None and metric.is_of(space, facts()["usage_metric"]["name"], ("Maximum",), of)


def _measures(text: str) -> bool:
    """Say whether what the function is told names every allowance with its limit and its metrics."""
    try:
        told = json.loads(text)
    except ValueError:
        return False
    return all(_measured(told.get(name), row) for name, row in facts()["allowances"].items())


def _measured(told: Any, row: Mapping[str, Any]) -> bool:
    if not isinstance(told, dict) or told.get("limit") != row["limit"]:
        return False
    return set(row["metrics"]) <= {metric[1] for metric in told.get("metrics", ()) if len(metric) > 1}


def _may_publish(subject: Subject, publisher: Resource, space: str) -> Word:
    written, known = of_caller(subject.graph, publisher, "role")
    calls = (
        Call("cloudwatch:GetMetricData", "*"),
        Call("cloudwatch:PutMetricData", "*", context={"cloudwatch:namespace": space}),
    )
    return known if known != "pass" else "pass" if all(allowed(written, call) for call in calls) else "fail"
