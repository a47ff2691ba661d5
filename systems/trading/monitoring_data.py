"""The trading system's metrics, alarms and dashboards: data files, checked when they are loaded.

Selectors name the subjects of a row: `functions` (all), `api_functions`, `background_functions`,
`latency_sensitive_functions`, `reserved_functions` (with reserved concurrency), a function group, a list of
functions, `tables`, `dead_letter_queues`, `cache_nodes`, `state_machines`, `api`, or `stack` for what is counted
once for the whole stack or account.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from components.alarms import MOST_METRICS, Comparison, Metric, MissingData, Reading
from systems.data_files import Row
from systems.settings import Model
from systems.trading import data

APPLICATION = "application"  # stands for the namespace of metrics.yaml
TIMEOUT = "{timeout_ms}"
_SUBSETS: Mapping[str, Callable[[data.FunctionRow], bool]] = {
    "functions": lambda row: True,
    "api_functions": lambda row: row.kind == "api",
    "background_functions": lambda row: row.kind == "background",
    "latency_sensitive_functions": lambda row: row.latency_sensitive,
    "reserved_functions": lambda row: row.reserved_concurrency is not None,
}
# What is not a function, with the namespaces in which it has metrics.
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "tables": ("AWS/DynamoDB",),
    "dead_letter_queues": ("AWS/SQS",),
    "cache_nodes": ("AWS/ElastiCache",),
    "state_machines": ("AWS/States",),
    "api": ("AWS/ApiGateway",),
    "stack": (APPLICATION, "AWS/DynamoDB", "AWS/Lambda"),
}
_OF_FUNCTIONS = (APPLICATION, "AWS/Lambda")

Selector = str | tuple[str, ...]


class AlarmSettings(Model):
    """Requirement 14: thresholds, strict in prod and looser in test (TRADING-20.5)."""

    lambda_error_percent: float = Field(ge=0, lt=100, description="Failed invocations in percent (TRADING-14.2)")
    api_error_percent: float = Field(ge=0, lt=100, description="Requests answered 5xx in percent (TRADING-14.3)")
    table_throttle_events: int = Field(ge=0, description="Throttled reads and writes in 5 minutes (TRADING-14.4)")
    redis_memory_percent: float = Field(gt=0, lt=100, description="Memory in use in percent (TRADING-14.5)")
    redis_cpu_percent: float = Field(gt=0, lt=100, description="Load of a node in percent, over all its processors")
    application_errors: int = Field(ge=0, description="Errors that a critical function logs in 5 minutes")
    function_throttles: int = Field(ge=0, description="Invocations refused for want of concurrency in 5 minutes")
    duration_percent: float = Field(gt=0, lt=100, description="Duration of the slowest percent, of the timeout")
    failed_executions: int = Field(ge=0, description="Executions of a state machine that fail in 5 minutes")


class ReadingRow(Row):
    """What is read of one subject: metrics as [namespace, metric, statistic] by id, and an expression over them."""

    metrics: dict[str, tuple[str, str, str]] = Field(min_length=1)
    expression: str = ""

    @model_validator(mode="after")
    def _names_agree(self) -> ReadingRow:
        if self.expression:
            unnamed = Metric(namespace="", name="", statistic="", dimensions={})
            Reading(metrics=dict.fromkeys(self.metrics, unnamed), expression=self.expression.replace(TIMEOUT, "1"))
        return self


class FilterRow(Row):
    """One metric filter as data/metrics.yaml gives it."""

    about: str
    metric: str = Field(pattern=r"^[A-Z][A-Za-z0-9]*$")
    functions: Selector
    pattern: str = Field(pattern=r"^\{ .+ \}$", max_length=1024)
    value: str = Field(default="1", pattern=r"^([0-9]+|\$\.[a-z_]+)$")
    unit: str = "Count"
    default: float | None = None
    dimensions: dict[str, str] = Field(default={})


class MetricData(Row):
    """data/metrics.yaml: the namespace, the fields of a log line with their meaning, and the filters."""

    namespace: str
    fields: dict[str, str]
    filters: dict[str, FilterRow]


class AlarmRow(ReadingRow):
    """One row of data/alarms.yaml: an alarm per subject."""

    about: str
    of: Selector
    critical: Selector | None = None
    comparison: Comparison = "GreaterThanThreshold"
    threshold: float | str
    period: int = 300
    evaluation_periods: int = 1
    missing: MissingData


class PartRow(Row):
    """What a composite alarm watches: the alarms of one row, or those of some of its functions."""

    alarm: str
    subjects: tuple[str, ...] = ()


class CompositeRow(Row):
    """One composite alarm of data/alarms.yaml."""

    about: str
    critical: bool
    any: tuple[PartRow, ...] = Field(min_length=1)


class AlarmData(Row):
    """data/alarms.yaml."""

    alarms: dict[str, AlarmRow]
    composites: dict[str, CompositeRow]


class GraphRow(Row):
    """One graph of data/dashboards.yaml."""

    title: str
    of: Selector | None = None
    alarm: str | None = None
    lines: dict[str, ReadingRow] = Field(default={})
    each_group: bool = False
    width: int = Field(ge=1, le=24)
    height: int = Field(default=6, ge=1)
    view: Literal["timeSeries", "singleValue"] = "timeSeries"


@dataclass(frozen=True)
class MonitoringData:
    """The three data files."""

    metrics: MetricData
    alarms: AlarmData
    dashboards: Mapping[str, tuple[GraphRow, ...]]


@functools.cache
def load() -> MonitoringData:
    """Return the data files. Raises data.DataError, one line per mistake, where they do not fit together."""
    loaded = MonitoringData(
        data.load("metrics.yaml", MetricData),
        data.load("alarms.yaml", AlarmData),
        data.load("dashboards.yaml", dict[str, tuple[GraphRow, ...]]),
    )
    found = mistakes(loaded)
    if found:
        raise data.DataError("\n".join(found))
    return loaded


def selected(selector: Selector) -> tuple[str, ...]:
    """Return the functions of functions.yaml that a selector means; none for one that means something else."""
    if not isinstance(selector, str):
        return selector
    chosen = _SUBSETS.get(selector, lambda row: row.group == selector)
    return tuple(name for name, row in data.functions().items() if chosen(row))


def mistakes(loaded: MonitoringData) -> list[str]:
    """Return one line for each name in the three files that means nothing, and for each row that cannot be built."""
    found = [
        *(f"metrics.yaml: {line}" for line in _metric_mistakes(loaded.metrics)),
        *(f"alarms.yaml: {line}" for line in _alarm_mistakes(loaded.alarms, loaded.metrics)),
        *(f"dashboards.yaml: {line}" for line in _dashboard_mistakes(loaded)),
    ]
    return [f"systems/trading/data/{line}" for line in found]


def _metric_mistakes(metrics: MetricData) -> Iterator[str]:
    for name, row in metrics.filters.items():
        where = f"filters.{name}"
        yield from _selector_mistakes(f"{where}.functions", row.functions, others=())
        for named in re.findall(r"\$\.(\w+)", " ".join([row.pattern, row.value, *row.dimensions.values()])):
            if named not in metrics.fields:
                yield f"{where}: field {named!r} given; allowed: {_or(metrics.fields)}"
        if row.dimensions and row.default is not None:
            yield f"{where}: default and dimensions given; allowed: one of them"


def _alarm_mistakes(alarms: AlarmData, metrics: MetricData) -> Iterator[str]:
    for name, row in alarms.alarms.items():
        where = f"alarms.{name}"
        yield from _reading_mistakes(where, row, row.of, metrics)
        yield from _selector_mistakes(f"{where}.critical", row.critical or ())
        if isinstance(row.threshold, str) and row.threshold not in AlarmSettings.model_fields:
            yield f"{where}.threshold: {row.threshold!r} given; allowed: a number, {_or(AlarmSettings.model_fields)}"
        for table, spec in data.tables().items() if row.of == "tables" else ():
            number = len(row.metrics) * (1 + len(spec.indexes))
            if number > MOST_METRICS:
                yield f"{where}: {number} metrics of {table} given; allowed: at most {MOST_METRICS}"
    for name, row in alarms.composites.items():
        if name in alarms.alarms:
            yield f"composites.{name}: the name of an alarm given; allowed: another one"
        for number, part in enumerate(row.any):
            where = f"composites.{name}.any.{number}"
            watched = alarms.alarms.get(part.alarm)
            if watched is None:
                yield f"{where}.alarm: {part.alarm!r} given; allowed: {_or(alarms.alarms)}"
                continue
            for subject in part.subjects:
                if subject not in selected(watched.of):
                    yield f"{where}.subjects: {subject!r} given; allowed: {_or(selected(watched.of))}"


def _dashboard_mistakes(loaded: MonitoringData) -> Iterator[str]:
    alarms = loaded.alarms.alarms
    for name, graphs in loaded.dashboards.items():
        for number, graph in enumerate(graphs):
            where = f"{name}.{number}"
            if (graph.alarm is None) == (not graph.lines):
                yield f"{where}: {'lines' if graph.lines else 'nothing'} given; allowed: either an alarm or lines"
            elif graph.alarm is not None:
                if graph.alarm not in alarms:
                    yield f"{where}.alarm: {graph.alarm!r} given; allowed: {_or(alarms)}"
                if graph.of is not None or graph.each_group:
                    yield f"{where}: {'each_group' if graph.each_group else 'of'} given; allowed: none beside an alarm"
            elif (graph.of is None) != graph.each_group:
                yield f"{where}: {'of' if graph.of else 'nothing'} given; allowed: either of or each_group"
            for label, row in graph.lines.items():
                subjects = graph.of or next(iter(data.groups()))
                yield from _reading_mistakes(f"{where}.lines.{label}", row, subjects, loaded.metrics)
            # A dashboard's body is text that is known at preview, and a queue's name is an output.
            shown = alarms[graph.alarm].of if graph.alarm in alarms else graph.of
            if shown == "dead_letter_queues":
                yield f"{where}: dead_letter_queues given; allowed: what has a name before it is made"


def _reading_mistakes(where: str, row: ReadingRow, selector: Selector, metrics: MetricData) -> Iterator[str]:
    found = list(_selector_mistakes(f"{where}.of", selector))
    yield from found
    if found:
        return
    other = selector if isinstance(selector, str) and selector in _OTHERS else None
    namespaces = _OTHERS[other] if other else _OF_FUNCTIONS
    # A function's share of a metric is told from the others' by the field that names it.
    dimensions = [] if other else ["$.handler"]
    known = [filter_.metric for filter_ in metrics.filters.values() if [*filter_.dimensions.values()] == dimensions]
    for id_, (namespace, metric, _) in row.metrics.items():
        if namespace not in namespaces:
            yield f"{where}.metrics.{id_}: namespace {namespace!r} given; allowed: {_or(namespaces)}"
        elif namespace == APPLICATION and metric not in known:
            yield f"{where}.metrics.{id_}: metric {metric!r} given; allowed: {_or(known)}"
    if other == "tables" and row.expression:
        yield f"{where}.expression: given for tables; allowed: none, as those of a table and its indexes are added up"
    if TIMEOUT in row.expression and (other or selector == "functions"):
        yield f"{where}.expression: {TIMEOUT} given; allowed: for functions of functions.yaml, not for {selector}"


def _selector_mistakes(where: str, selector: Selector, others: Sequence[str] = tuple(_OTHERS)) -> Iterator[str]:
    if isinstance(selector, str):
        known = (*_SUBSETS, *data.groups(), *others)
        if selector not in known:
            yield f"{where}: {selector!r} given; allowed: {_or(known)}, or a list of functions"
        return
    yield from (f"{where}: no function {name!r}" for name in selector if name not in data.functions())


def _or(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
