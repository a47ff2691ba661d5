"""Fills the trading system's names into its metrics, alarms and dashboards (requirement 14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.account import Account
from components.alarms import AlarmsArgs, AlarmSpec, CompositeSpec, Metric, Reading
from components.cache import Cache
from components.dashboards import DashboardsArgs, Graph, Line
from components.functions import Function
from components.metric_filters import MetricFiltersArgs, MetricFilterSpec
from components.naming import Naming
from components.tables import Table
from components.topics import Topic
from components.workflows import Workflow
from systems.trading import data
from systems.trading.monitoring_data import (
    APPLICATION,
    TIMEOUT,
    AlarmRow,
    AlarmSettings,
    GraphRow,
    ReadingRow,
    Selector,
    load,
    selected,
)

# Topics by severity.
CRITICAL_TOPIC = "critical-alerts"
HEALTH_TOPIC = "system-health"
_GRAPH_PERIOD_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a stack has to watch. `cache_nodes` is their number, `state_machines` are by logical name."""

    account: Account
    naming: Naming
    functions: Mapping[str, Function]
    tables: Mapping[str, Table]
    cache: Cache
    cache_nodes: int
    api_name: str
    api_stage: str
    state_machines: Mapping[str, Workflow]


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """Something that has metrics. `dimensions` are by namespace: a table has several sets, one for each index."""

    name: str
    dimensions: Mapping[str, Sequence[Mapping[str, pulumi.Input[str]]]]
    needs: tuple[pulumi.Resource, ...] = ()
    timeout_ms: int | None = None


def metric_filters(watched: Watched) -> MetricFiltersArgs:
    """Return the metric filters on the log groups of the functions that are given."""
    rows = load().metrics
    return MetricFiltersArgs(
        naming=watched.naming,
        filters={
            name: MetricFilterSpec(
                metric=row.metric,
                namespace=_namespace(watched),
                pattern=row.pattern,
                value=row.value,
                unit=row.unit,
                default=row.default,
                dimensions=row.dimensions,
                log_groups={
                    name: watched.functions[name].log_group for name in _function_names(watched, row.functions)
                },
            )
            for name, row in rows.filters.items()
        },
    )


def alarms(watched: Watched, topics: Mapping[str, Topic], settings: AlarmSettings) -> AlarmsArgs:
    """Return the alarms, which tell the topics critical-alerts (of recovery too) and system-health."""
    rows = load().alarms
    specs: dict[str, AlarmSpec] = {}
    for name, row in rows.alarms.items():
        critical = {subject.name for subject in _subjects(watched, row.critical or ())}
        for subject in _subjects(watched, row.of):
            specs[_alarm_name(name, subject)] = AlarmSpec(
                description=row.about + (f": {subject.name}" if subject.name else ""),
                reading=_reading(row, subject, watched),
                comparison=row.comparison,
                threshold=_threshold(row, settings),
                period_seconds=row.period,
                evaluation_periods=row.evaluation_periods,
                missing_data=row.missing,
                topic=topics[CRITICAL_TOPIC if subject.name in critical else HEALTH_TOPIC],
                tells_recovery=subject.name in critical,
                needs=subject.needs,
            )
    composites = {
        name: CompositeSpec(
            description=row.about,
            alternatives=tuple(
                tuple(
                    _alarm_name(part.alarm, subject)
                    for subject in _subjects(watched, part.subjects or rows.alarms[part.alarm].of)
                )
                for part in row.any
            ),
            topic=topics[CRITICAL_TOPIC if row.critical else HEALTH_TOPIC],
            tells_recovery=row.critical,
        )
        for name, row in rows.composites.items()
    }
    return AlarmsArgs(naming=watched.naming, alarms=specs, composites=composites)


def dashboards(watched: Watched, settings: AlarmSettings) -> DashboardsArgs:
    """Return the dashboards, in which graphs of what alarms watch show the thresholds."""
    return DashboardsArgs(
        naming=watched.naming,
        region=watched.account.region,
        dashboards={
            name: tuple(graph for row in rows for graph in _graphs(row, watched, settings))
            for name, rows in load().dashboards.items()
        },
        after=tuple(machine.resource for machine in watched.state_machines.values()),
    )


def _graphs(row: GraphRow, watched: Watched, settings: AlarmSettings) -> list[Graph]:
    alarm = load().alarms.alarms[row.alarm] if row.alarm else None
    lines = {"": alarm} if alarm else row.lines
    selectors = {row.title: alarm.of if alarm else row.of or ()}
    if row.each_group:
        selectors = {f"{row.title}: {group}": group for group in data.groups()}
    return [
        Graph(
            title=title,
            lines=tuple(
                Line(label=_label(subject, label, title, len(lines)), reading=_reading(line, subject, watched))
                for subject in _subjects(watched, selector)
                for label, line in lines.items()
            ),
            width=row.width,
            height=row.height,
            period_seconds=alarm.period if alarm else _GRAPH_PERIOD_SECONDS,
            view=row.view,
            thresholds={"alarm": _threshold(alarm, settings)} if alarm else None,
        )
        for title, selector in selectors.items()
    ]


def _label(subject: _Subject, label: str, title: str, lines: int) -> str:
    """Name a line after its subject where it has a name, and after what it shows where the graph shows several."""
    if not subject.name:
        return label or title
    return f"{subject.name} {label}" if lines > 1 else subject.name


def _threshold(row: AlarmRow, settings: AlarmSettings) -> float:
    return getattr(settings, row.threshold) if isinstance(row.threshold, str) else row.threshold


def _alarm_name(row: str, subject: _Subject) -> str:
    return f"{row}-{subject.name}" if subject.name else row


def _namespace(watched: Watched) -> str:
    return load().metrics.namespace.format(environment=watched.naming.environment)


def _reading(row: ReadingRow, subject: _Subject, watched: Watched) -> Reading:
    metrics = {
        id_ if number == 0 else f"{id_}_{number}": Metric(
            namespace=_namespace(watched) if namespace == APPLICATION else namespace,
            name=metric,
            statistic=statistic,
            dimensions=dimensions,
        )
        for id_, (namespace, metric, statistic) in row.metrics.items()
        for number, dimensions in enumerate(subject.dimensions[namespace])
    }
    expression = row.expression.replace(TIMEOUT, str(subject.timeout_ms))
    if not expression and len(metrics) > 1:
        # Metrics that count rare events send nothing when there is none, and a sum with a gap would be a gap.
        expression = f"SUM([{', '.join(f'FILL({id_}, 0)' for id_ in metrics)}])"
    return Reading(metrics=metrics, expression=expression)


def _function_names(watched: Watched, selector: Selector) -> tuple[str, ...]:
    """Return the selected functions; all of them are those of the stack, also such as functions.yaml does not hold."""
    return tuple(watched.functions) if selector == "functions" else selected(selector)


def _subjects(watched: Watched, selector: Selector) -> list[_Subject]:
    match selector:
        case "tables":
            return [_table(name, table) for name, table in watched.tables.items()]
        case "dead_letter_queues":
            return [
                _Subject(name=name, dimensions={"AWS/SQS": [{"QueueName": function.dead_letter_queue.name}]})
                for name, function in watched.functions.items()
                if function.dead_letter_queue is not None
            ]
        case "cache_nodes":
            return [_node(watched.cache, f"{number:03}") for number in range(1, watched.cache_nodes + 1)]
        case "state_machines":
            return [
                _Subject(
                    name=name,
                    dimensions={"AWS/States": [{"StateMachineArn": _arn(watched, machine)}]},
                    needs=(machine.resource,),
                )
                for name, machine in watched.state_machines.items()
            ]
        case "api":
            api = {"ApiName": watched.api_name, "Stage": watched.api_stage}
            return [_Subject(name="", dimensions={"AWS/ApiGateway": [api]})]
        case "stack":
            return [_Subject(name="", dimensions={APPLICATION: [{}], "AWS/DynamoDB": [{}], "AWS/Lambda": [{}]})]
    return [_function(name, watched.functions[name]) for name in _function_names(watched, selector)]


def _arn(watched: Watched, machine: Workflow) -> str:
    # Composed, so that a preview shows the alarm and the dashboard whole.
    return watched.account.state_machine_arn(machine.physical_name)


def _function(name: str, function: Function) -> _Subject:
    row = data.functions().get(name)
    return _Subject(
        name=name,
        dimensions={"AWS/Lambda": [{"FunctionName": function.physical_name}], APPLICATION: [{"Handler": name}]},
        needs=(function.resource,),
        timeout_ms=row.timeout_seconds * 1000 if row else None,
    )


def _table(name: str, table: Table) -> _Subject:
    own = {"TableName": table.physical_name}
    indexes = [{**own, "GlobalSecondaryIndexName": index.name} for index in table.spec.indexes]
    return _Subject(name=name, dimensions={"AWS/DynamoDB": [own, *indexes]}, needs=(table.resource,))


def _node(cache: Cache, number: str) -> _Subject:
    """Return one node of a replication group without cluster mode: AWS names them GROUP-001 and so on."""
    node = {"CacheClusterId": f"{cache.group_id}-{number}"}
    return _Subject(name=number, dimensions={"AWS/ElastiCache": [node]}, needs=(cache.resource,))
