"""Alarms reach somebody, and lines in logs move the metrics that alarms watch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.access import arn_account, publish_refusal
from plumbline.probing.calls import Called, call
from plumbline.probing.model import NotSo, Probe, ProbeContext, Trial, judged, passed, probe, trial, value
from plumbline.probing.patterns import matches

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
_GROUP, _LOGS = "alarms", "log metrics"
_ACTIONS = ("alarmActions", "okActions", "insufficientDataActions")
_STREAM = "plumbline-probe"
_NO_COMPOSITES = "the sandbox makes no composite alarms"
_WHY = "moto makes no metrics of log lines"


@probe(_GROUP, ALARM, COMPOSITE)
def alarm_reaches_topic(context: ProbeContext, alarm: Resource) -> Iterator[Trial]:
    """Every alarm goes to topics that exist and to which CloudWatch may publish."""
    name = value(alarm, "alarmName" if alarm.type == COMPOSITE else "name")
    there = kept_alarms(context, alarm).get(name)
    if there is None and alarm.type != COMPOSITE:
        raise NotSo("there is no alarm of its name")
    wanted = sorted({arn for kind in _ACTIONS for arn in value(alarm, kind, [])})
    kept = sorted({arn for kind in _ACTIONS for arn in (there or {}).get(kind[0].upper() + kind[1:], [])})
    if not wanted or (there and kept != wanted):
        raise NotSo("it tells nobody" if not wanted else "it goes to other topics than the stack says")
    source = arn_account(context, "cloudwatch", f"alarm:{name}", alarm)
    for topic in wanted:
        problem = publish_refusal(context, "cloudwatch.amazonaws.com", topic, source)
        tried = f"publish to {topic.rpartition(':')[2]} as CloudWatch"
        evidence = "the topic exists, and its policy and key allow it"
        yield (
            trial(not problem, tried, evidence, problem)
            if there
            else judged(not problem, tried, _NO_COMPOSITES, evidence, problem)
        )


@probe(_GROUP, COMPOSITE, optional=True)
def composed_of_alarms(context: ProbeContext, alarm: Resource) -> Iterator[Trial]:
    """A composite alarm is made of alarms that exist."""
    names = sorted(set(re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\"?([^\")]+)\"?\)", value(alarm, "alarmRule"))))
    names = [name.rpartition(":")[2] for name in names]
    missing = [name for name in names if name not in kept_alarms(context, alarm)]
    good = bool(names) and not missing
    yield trial(good, "find the alarms in its rule", f"{len(names)} alarms", f"there is no {', '.join(missing)}")


def kept_alarms(context: ProbeContext, alarm: Resource) -> Mapping[str, Mapping[str, Any]]:
    """Return all alarms of an alarm's region by name."""
    client = context.client("cloudwatch", alarm)
    key = (__name__, "alarms", client.meta.region_name)
    if key not in context.kept:
        pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        rows = [row for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for row in page.get(kind, [])]
        context.kept[key] = {row["AlarmName"]: row for row in rows}
    return context.kept[key]


Event = Callable[[Resource], Any]


def log_probes(lines: Mapping[str, tuple[Event, Event]]) -> tuple[Probe, ...]:
    """Return the probes of metric filters whose logs functions write.

    `lines` says by a metric's name which event makes a function write a line that it counts, and which one makes it
    write lines that it does not count; an event that is None is not tried.
    """

    @probe(_LOGS, FILTER)
    def line_moves_metric(context: ProbeContext, filter: Resource) -> Iterator[Trial]:
        """A line that a function's own code writes moves the metric, and another line does not."""
        metric, group = value(filter, "metricTransformation"), value(filter, "logGroupName")
        function = _writer(context, group)
        if metric["name"] not in lines:
            raise NotSo(f"the system's probes know no line that moves {metric['name']}")
        make, other = lines[metric["name"]]
        counted = _written(context, function, make)
        _put(context, filter, counted.log)
        kept = _kept_pattern(context, filter)
        tried = f"let {value(function, 'name')} write a line that counts as {metric['name']}"
        hits = [line for line in counted.log if matches(kept, line)]
        if _moved(context, filter):
            yield passed(tried, "the metric moved")
        else:
            evidence = f"{len(hits)} of its {len(counted.log)} lines match the filter's pattern"
            yield judged(
                len(hits) > 0, tried, _WHY, evidence, f"none of its {len(counted.log)} lines matches the pattern"
            )
        for line in hits[:1]:
            missing = [one for one in _fields(metric) if _picked(one, line) is None]
            yield judged(
                not missing,
                "read value and dimensions in it",
                _WHY,
                "all fields are there",
                f"it lacks {', '.join(missing)}",
            )
        if other(function) is None:
            return
        quiet = _written(context, function, other)
        hits = [line for line in quiet.log if matches(kept, line)]
        tried = "let it write lines that count as nothing"
        good = bool(quiet.log) and not hits
        yield judged(
            good, tried, _WHY, f"none of {len(quiet.log)} lines matches", f"{len(hits)} of {len(quiet.log)} lines match"
        )

    return (line_moves_metric,)


def _writer(context: ProbeContext, group: str) -> Resource:
    for function in context.graph.of_type("aws:lambda/function:Function"):
        if value(function, "loggingConfig.logGroup", f"/aws/lambda/{value(function, 'name')}") == group:
            return function
    raise NotSo(f"no function of the stack writes to {group}")


def _written(context: ProbeContext, function: Resource, make: Callable[[Resource], Any]) -> Called:
    """Call a function once for each kind of event."""
    key = (__name__, function.urn, make)
    if key not in context.kept:
        context.kept[key] = call(context, function, make(function))
    return context.kept[key]


def _kept_pattern(context: ProbeContext, filter: Resource) -> str:
    found = context.client("logs", filter).describe_metric_filters(
        logGroupName=value(filter, "logGroupName"), filterNamePrefix=value(filter, "name")
    )["metricFilters"]
    patterns = [row["filterPattern"] for row in found if row["filterName"] == value(filter, "name")]
    if len(patterns) != 1:
        raise NotSo(f"the log group has {len(patterns)} filters of its name")
    return patterns[0]


def _put(context: ProbeContext, filter: Resource, lines: Sequence[str]) -> None:
    """Put lines into the log, in a stream of the probe's own."""
    client, group = context.client("logs", filter), value(filter, "logGroupName")
    client.create_log_stream(logGroupName=group, logStreamName=_STREAM)
    context.undo(client.delete_log_stream, logGroupName=group, logStreamName=_STREAM)
    now = int(datetime.now(UTC).timestamp() * 1000)
    if lines:
        client.put_log_events(
            logGroupName=group,
            logStreamName=_STREAM,
            logEvents=[{"timestamp": now, "message": line} for line in lines],
        )


def _moved(context: ProbeContext, filter: Resource) -> bool:
    """Say whether there is the metric now. Where the first line has made none, no line of the sandbox makes one."""
    metric = value(filter, "metricTransformation")
    if context.kept.setdefault((__name__, "metrics are made"), True):
        found = context.client("cloudwatch", filter).list_metrics(
            Namespace=metric["namespace"], MetricName=metric["name"]
        )
        context.kept[__name__, "metrics are made"] = bool(found["Metrics"])
    return context.kept[__name__, "metrics are made"]


def _fields(metric: Mapping[str, Any]) -> list[str]:
    """Return the fields of a line that a metric is made of."""
    texts = [str(metric["value"]), *map(str, (metric.get("dimensions") or {}).values())]
    return [text for text in texts if text.startswith("$.")]


def _picked(selector: str, line: str) -> Any:
    found: Any = json.loads(line)
    for step in selector.removeprefix("$.").split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
