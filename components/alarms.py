"""CloudWatch alarms on metrics and metric math, and composite alarms over them (TRADING-14.2 to 14.5, 14.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.naming import Naming
from components.topics import Topic

Comparison = Literal[
    "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
MissingData = Literal["missing", "ignore", "breaching", "notBreaching"]

# CloudWatch, "CloudWatch service quotas": an alarm on metric math has at most ten metrics. The limit is fixed.
MOST_METRICS = 10
_WATCHED = "watched"  # the id of the expression that an alarm watches
_NAMES = re.compile(r"\b[a-z][a-zA-Z0-9_]*\b")  # of metrics; functions and keywords are in capitals
_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_HOUR, _DAY = 3600, 86_400


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric.

    `statistic` is Sum, Average, Minimum, Maximum, SampleCount or a percentile such as p99. `dimensions` hold
    physical names; none means the metric of the whole account and region.
    """

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an alarm watches and a graph shows: one metric, or an expression over metrics by their ids.

    Raises ValueError where the ids and the names in the expression differ. CloudWatch User Guide: "Using math
    expressions with CloudWatch metrics".
    """

    metrics: Mapping[str, Metric]
    expression: str = ""

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("no metric given; allowed: at least one")
        for id_ in self.metrics:
            if not _ID.fullmatch(id_) or id_ == _WATCHED:
                raise ValueError(f"metric id {id_!r} given; allowed: {_ID.pattern}, but not {_WATCHED!r}")
        if not self.expression:
            if len(self.metrics) > 1:
                raise ValueError(f"{len(self.metrics)} metrics without an expression given; allowed: one")
            return
        named = set(_NAMES.findall(self.expression))
        if named != set(self.metrics):
            raise ValueError(
                f"expression {self.expression!r} names {', '.join(sorted(named)) or 'no metric'}; "
                f"allowed: exactly {', '.join(sorted(self.metrics))}"
            )


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm. It compares each of the last `evaluation_periods` periods of `period_seconds` with the threshold.

    `missing_data` says what a period without data counts as. `topic` is told of the alarm, and of its end where
    `tells_recovery`. `needs` are the resources that it watches. Raises ValueError for more than ten metrics and for
    a window longer than CloudWatch evaluates: a day, or a week for periods of an hour and more.
    """

    description: str
    reading: Reading
    comparison: Comparison
    threshold: float
    period_seconds: int
    evaluation_periods: int
    missing_data: MissingData
    topic: Topic
    tells_recovery: bool = False
    needs: tuple[pulumi.Resource, ...] = ()

    def __post_init__(self) -> None:
        if len(self.reading.metrics) > MOST_METRICS:
            raise ValueError(f"{len(self.reading.metrics)} metrics in one alarm given; allowed: at most {MOST_METRICS}")
        if self.period_seconds < 60 or self.period_seconds % 60:
            raise ValueError(f"period {self.period_seconds} s given; allowed: multiples of 60 s")
        longest = _DAY if self.period_seconds < _HOUR else 7 * _DAY
        if not 1 <= self.evaluation_periods <= longest // self.period_seconds:
            raise ValueError(
                f"{self.evaluation_periods} periods of {self.period_seconds} s given; "
                f"allowed: 1 to {longest // self.period_seconds}"
            )


@dataclass(frozen=True, kw_only=True)
class CompositeSpec:
    """An alarm over others, by their logical names: on where all alarms of one of the `alternatives` are on.

    Raises ValueError where there is no alternative, or one without alarms.
    """

    description: str
    alternatives: tuple[tuple[str, ...], ...]
    topic: Topic
    tells_recovery: bool = False

    def __post_init__(self) -> None:
        if not self.alternatives or not all(self.alternatives):
            raise ValueError(f"alternatives {self.alternatives!r} given; allowed: each with an alarm, and at least one")


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The alarms of one stack, by logical name. An alarm and a composite alarm must not share one."""

    naming: Naming
    alarms: Mapping[str, AlarmSpec]
    composites: Mapping[str, CompositeSpec]


class Alarms(pulumi.ComponentResource):
    """Alarms that publish to topics. `alarms` and `composites` hold the resources by logical name."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Alarms", name, None, opts)
        self._prefix = name
        self._naming = args.naming
        self.alarms: Mapping[str, aws.cloudwatch.MetricAlarm] = {
            alarm: self._alarm(alarm, spec) for alarm, spec in args.alarms.items()
        }
        self.composites: Mapping[str, aws.cloudwatch.CompositeAlarm] = {
            alarm: self._composite(alarm, spec) for alarm, spec in args.composites.items()
        }
        self.register_outputs({"names": [self._naming.exact("alarm", alarm) for alarm in self.alarms]})

    def _alarm(self, alarm: str, spec: AlarmSpec) -> aws.cloudwatch.MetricAlarm:
        plain = None if spec.reading.expression else next(iter(spec.reading.metrics.values()))
        standard = plain is not None and plain.statistic in _STATISTICS
        return aws.cloudwatch.MetricAlarm(
            f"{self._prefix}-{alarm}",
            name=self._naming.exact("alarm", alarm),
            alarm_description=spec.description,
            comparison_operator=spec.comparison,
            threshold=spec.threshold,
            evaluation_periods=spec.evaluation_periods,
            treat_missing_data=spec.missing_data,
            namespace=plain.namespace if plain else None,
            metric_name=plain.name if plain else None,
            statistic=plain.statistic if plain and standard else None,
            extended_statistic=plain.statistic if plain and not standard else None,
            dimensions=plain.dimensions or None if plain else None,
            period=spec.period_seconds if plain else None,
            metric_queries=None if plain else _queries(alarm, spec),
            alarm_actions=[spec.topic.arn],
            ok_actions=[spec.topic.arn] if spec.tells_recovery else None,
            # Without the topic's policy the first message would be refused, and CloudWatch sends none again.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[spec.topic.policy, *spec.needs]),
        )

    def _composite(self, alarm: str, spec: CompositeSpec) -> aws.cloudwatch.CompositeAlarm:
        children = [self.alarms[child] for child in dict.fromkeys(sum(spec.alternatives, ()))]
        return aws.cloudwatch.CompositeAlarm(
            f"{self._prefix}-{alarm}",
            alarm_name=self._naming.exact("alarm", alarm),
            alarm_description=spec.description,
            alarm_rule=" OR ".join(self._all_of(names) for names in spec.alternatives),
            alarm_actions=[spec.topic.arn],
            ok_actions=[spec.topic.arn] if spec.tells_recovery else None,
            # The rule names alarms, and CloudWatch refuses one that does not exist.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[spec.topic.policy, *children]),
        )

    def _all_of(self, alarms: tuple[str, ...]) -> str:
        states = " AND ".join(f'ALARM("{self._naming.exact("alarm", alarm)}")' for alarm in alarms)
        return f"({states})" if len(alarms) > 1 else states


def _queries(alarm: str, spec: AlarmSpec) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    found: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = []
    for id_, metric in spec.reading.metrics.items():
        read: aws.cloudwatch.MetricAlarmMetricQueryMetricArgsDict = {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "stat": metric.statistic,
            "period": spec.period_seconds,
        }
        if metric.dimensions:
            read["dimensions"] = metric.dimensions
        found.append({"id": id_, "metric": read, "return_data": False})
    found.append({"id": _WATCHED, "expression": spec.reading.expression, "label": alarm, "return_data": True})
    return found
