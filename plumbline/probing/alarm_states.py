"""Which state an alarm would have: metrics are put into CloudWatch, and read back as the alarm reads them.

moto keeps metrics and alarms, and computes no state. Statistics and periods are moto's; expression, threshold and
missing data are worked out here, with what moto keeps of the alarm.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.metric_math import value as worked_out
from plumbline.probing.model import NotSo, Probe, ProbeContext, Trial, judged, probe, value
from plumbline.probing.monitoring import ALARM, kept_alarms
from plumbline.probing.scenes import metrics_as_before

_GROUP = "alarms"
_WHY = "moto computes no state of an alarm"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_MISSING = {"breaching": "ALARM", "notBreaching": "OK", "ignore": "unchanged", "missing": "INSUFFICIENT_DATA"}


@dataclass(frozen=True)
class Point:
    """One number that a service or function publishes in a period."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Case:
    """What is published in one period, and the state that an alarm must have after it."""

    name: str
    points: Sequence[Point]
    state: str


def alarm_probes(cases: Callable[[ProbeContext, Resource], Sequence[Case]]) -> tuple[Probe, ...]:
    """Return the probes of alarms; `cases` gives those of an alarm, and raises NotSo for one that it does not know."""

    @probe(_GROUP, ALARM)
    def alarm_rings_as_asked(context: ProbeContext, alarm: Resource) -> Iterator[Trial]:
        """Each alarm rings at the numbers that it is made for, and at no lesser ones."""
        there = kept_alarms(context, alarm).get(value(alarm, "name"))
        if there is None or not there["ActionsEnabled"]:
            raise NotSo("there is no alarm of its name" if there is None else "it tells nobody: its actions are off")
        for case in cases(context, alarm):
            with metrics_as_before(context):
                state = _state(context, alarm, there, case.points)
            yield judged(state == case.state, case.name, _WHY, state, f"{state}, not {case.state}")

    return (alarm_rings_as_asked,)


def _state(context: ProbeContext, alarm: Resource, there: Mapping[str, Any], points: Sequence[Point]) -> str:
    client = context.client("cloudwatch", alarm)
    for point in points:
        row = {
            "MetricName": point.metric,
            # In the order of the alarm's: moto takes another order for another metric.
            "Dimensions": [{"Name": name, "Value": text} for name, text in sorted(point.dimensions.items())],
            "Timestamp": _START + timedelta(seconds=1),
            "Value": point.value,
        }
        client.put_metric_data(Namespace=point.namespace, MetricData=[row])
    queries = there.get("Metrics") or [_own_query(there)]
    reads = [query for query in queries if "MetricStat" in query]
    period = max(query["MetricStat"]["Period"] for query in reads)
    answer = client.get_metric_data(
        MetricDataQueries=[{**query, "ReturnData": True} for query in reads],
        StartTime=_START,
        EndTime=_START + timedelta(seconds=period),
    )
    found = {row["Id"]: (row["Values"] or [None])[0] for row in answer["MetricDataResults"]}
    (told,) = (query for query in queries if query.get("ReturnData", True))
    seen = worked_out(told["Expression"], **found) if "Expression" in told else found[told["Id"]]
    if seen is None:
        return _MISSING[there.get("TreatMissingData") or "missing"]
    return "ALARM" if _COMPARE[there["ComparisonOperator"]](seen, there["Threshold"]) else "OK"


def _own_query(there: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metric of an alarm that has one alone, as a query."""
    ordered = sorted(there["Dimensions"], key=lambda row: row["Name"])
    metric = {"Namespace": there["Namespace"], "MetricName": there["MetricName"], "Dimensions": ordered}
    stat = {"Metric": metric, "Period": there["Period"], "Stat": there["Statistic"]}
    return {"Id": "own", "MetricStat": stat, "ReturnData": True}
