"""systems.trading.monitoring: the alarms, dashboards and metric filters of a whole stack."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import Any

import pytest

from plumbline import constraints
from plumbline.graph import UNKNOWN, Resource
from systems.trading import data, monitoring_data
from tests.components.programs import names, present
from tests.systems.cloudwatch import value
from tests.systems.monitored import OTHER, stack

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
CRITICAL = ("position-limits", "drawdown", "circuit-breakers", "kill-switch", "exchange-orders")


def alarm(name: str) -> Resource:
    [found] = [resource for resource in stack().of_type(ALARM) if resource.inputs["name"] == f"test-{name}"]
    return found


def told(resource: Resource) -> tuple[str, ...]:
    """Return the topics that an alarm tells, and those that it tells of its end."""
    actions = resource.property_dependencies
    return (*names(actions["alarmActions"]), *names(actions.get("okActions", ())))


def usual(name: str, about: str, threshold: float, **more: Any) -> dict[str, Any]:
    return {
        "name": f"test-{name}",
        "alarmDescription": about,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": threshold,
        "evaluationPeriods": 1,
        "treatMissingData": "notBreaching",
        "alarmActions": [UNKNOWN],
        **more,
    }


def query(id_: str, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> dict[str, Any]:
    read = {"namespace": namespace, "metricName": name, "stat": statistic, "period": 300, "dimensions": dimensions}
    return {"id": id_, "metric": read, "returnData": False}


def watched_query(label: str, expression: str) -> dict[str, Any]:
    return {"id": "watched", "expression": expression, "label": label, "returnData": True}


# --- the stack


def test_aws_would_take_the_stack() -> None:
    assert constraints.check(stack()) == []


def test_every_function_table_queue_and_node_has_its_alarms() -> None:
    rows = data.functions()
    tables = [f"table-throttles-{table}" for table in data.tables()]
    queues = [f"dead-letters-{name}" for name, row in rows.items() if row.kind == "background"]
    of_critical = [f"{row}-{name}" for row in ("application-errors", "throttles", "duration") for name in CRITICAL]
    nodes = [f"{row}-{node}" for row in ("redis-memory", "redis-cpu", "redis-silent") for node in ("001", "002")]
    one = ["account-throttles", "api-errors", "workflow-failures-trade"]
    expected = [*(f"error-rate-{name}" for name in (*rows, OTHER)), *tables, *queues, *of_critical, *nodes, *one]
    assert sorted(resource.inputs["name"] for resource in stack().of_type(ALARM)) == sorted(
        f"test-{name}" for name in expected
    )


def test_error_rate_is_metric_math_over_the_function() -> None:
    rate = "IF(invocations > 0, 100 * errors / invocations, 0)"
    found = alarm("error-rate-kill-switch")
    assert present(dict(found.inputs)) == usual(
        "error-rate-kill-switch",
        "More of the function's invocations fail than allowed, in percent: kill-switch",
        5,
        okActions=[UNKNOWN],
        metricQueries=[
            query("errors", "AWS/Lambda", "Errors", FunctionName="test-kill-switch"),
            query("invocations", "AWS/Lambda", "Invocations", FunctionName="test-kill-switch"),
            watched_query("error-rate-kill-switch", rate),
        ],
    )
    assert "functions-kill-switch" in names(found.dependencies)


def test_api_error_rate_is_metric_math_over_the_stage() -> None:
    stage = {"ApiName": "test-trading", "Stage": "live"}
    assert present(dict(alarm("api-errors").inputs)) == usual(
        "api-errors",
        "More of the API's requests end with 5xx than allowed, in percent",
        1,
        okActions=[UNKNOWN],
        metricQueries=[
            query("errors", "AWS/ApiGateway", "5XXError", **stage),
            query("requests", "AWS/ApiGateway", "Count", "SampleCount", **stage),
            watched_query("api-errors", "IF(requests > 0, 100 * errors / requests, 0)"),
        ],
    )


def test_throttles_of_a_table_and_its_indexes_are_added_up() -> None:
    table = {"TableName": "test-model-configurations"}
    index = {**table, "GlobalSecondaryIndexName": "providerId-index"}
    found = alarm("table-throttles-model-configurations")
    assert present(dict(found.inputs)) == usual(
        "table-throttles-model-configurations",
        "DynamoDB throttled reads or writes of the table or its indexes: model-configurations",
        0,
        metricQueries=[
            query("reads", "AWS/DynamoDB", "ReadThrottleEvents", **table),
            query("reads_1", "AWS/DynamoDB", "ReadThrottleEvents", **index),
            query("writes", "AWS/DynamoDB", "WriteThrottleEvents", **table),
            query("writes_1", "AWS/DynamoDB", "WriteThrottleEvents", **index),
            watched_query(
                "table-throttles-model-configurations",
                "SUM([FILL(reads, 0), FILL(reads_1, 0), FILL(writes, 0), FILL(writes_1, 0)])",
            ),
        ],
    )
    assert "tables-model-configurations" in names(found.dependencies)


def test_redis_memory_is_watched_on_each_node() -> None:
    found = alarm("redis-memory-002")
    assert present(dict(found.inputs)) == usual(
        "redis-memory-002",
        "The Redis node uses more of its memory than allowed, in percent: 002",
        80,
        okActions=[UNKNOWN],
        treatMissingData="missing",
        namespace="AWS/ElastiCache",
        metricName="DatabaseMemoryUsagePercentage",
        statistic="Maximum",
        dimensions={"CacheClusterId": "test-redis-002"},
        period=300,
    )
    assert "cache-redis" in names(found.dependencies)


def test_silent_redis_node_is_a_breach() -> None:
    shown = ("metricName", "statistic", "comparisonOperator", "threshold", "treatMissingData", "evaluationPeriods")
    found = alarm("redis-silent-001").inputs
    assert tuple(found[key] for key in shown) == (
        "CPUUtilization",
        "SampleCount",
        "LessThanThreshold",
        1,
        "breaching",
        5,
    )


def test_dead_letters_are_watched_by_the_queues_name() -> None:
    found = alarm("dead-letters-backfills")
    assert found.inputs["dimensions"] == {"QueueName": "test-backfills-dead-letters"}
    assert "functions-backfills-dead-letters" in names(found.dependencies)


def test_state_machine_is_watched_by_its_arn() -> None:
    dimensions = {"StateMachineArn": "arn:aws:states:us-east-1:111111111111:stateMachine:test-trade"}
    assert alarm("workflow-failures-trade").inputs["metricQueries"] == [
        query("failed", "AWS/States", "ExecutionsFailed", **dimensions),
        query("late", "AWS/States", "ExecutionsTimedOut", **dimensions),
        watched_query("workflow-failures-trade", "SUM([FILL(failed, 0), FILL(late, 0)])"),
    ]


def test_duration_is_told_in_percent_of_the_timeout() -> None:
    assert alarm("duration-kill-switch").inputs["metricQueries"] == [
        query("slowest", "AWS/Lambda", "Duration", "p99", FunctionName="test-kill-switch"),
        watched_query("duration-kill-switch", "100 * slowest / 30000"),
    ]


def test_logged_errors_are_read_where_the_filters_write_them() -> None:
    found = alarm("application-errors-kill-switch").inputs
    [filter_] = [
        resource.inputs["metricTransformation"]
        for resource in stack().of_type(FILTER)
        if resource.inputs["name"] == "test-application-errors-kill-switch"
    ]
    assert (found["namespace"], found["metricName"]) == (filter_["namespace"], filter_["name"])
    assert found["dimensions"] == {"Handler": "kill-switch"}
    assert filter_["dimensions"] == {"Handler": "$.handler"}


def test_every_alarm_tells_a_topic_and_critical_ones_of_recovery_too() -> None:
    critical, health = ("topics-critical-alerts",) * 2, ("topics-system-health",)
    assert {told(resource) for resource in stack().of_type(ALARM, COMPOSITE)} == {critical, health}
    of_critical = {
        f"{row}-{name}" for row in ("error-rate", "application-errors", "throttles", "duration") for name in CRITICAL
    }
    of_nodes = {f"{row}-{node}" for row in ("redis-memory", "redis-silent") for node in ("001", "002")}
    assert {r.name for r in stack().of_type(ALARM, COMPOSITE) if told(r) == critical} == {
        f"alarms-{name}" for name in (*of_critical, *of_nodes, "api-errors", "trading-down")
    }


def test_trading_is_down_without_api_kill_switch_or_redis() -> None:
    [found] = stack().of_type(COMPOSITE)
    assert found.inputs["alarmName"] == "test-trading-down"
    assert found.inputs["alarmRule"] == (
        'ALARM("test-api-errors") OR ALARM("test-error-rate-kill-switch") OR '
        'ALARM("test-application-errors-kill-switch") OR '
        '(ALARM("test-redis-silent-001") AND ALARM("test-redis-silent-002"))'
    )


def test_number_of_alarm_metrics_which_are_paid_for_is_known() -> None:
    found = [len(resource.inputs.get("metricQueries") or "xx") - 1 for resource in stack().of_type(ALARM)]
    indexes = sum(len(table.indexes) for table in data.tables().values())
    assert (len(found), indexes, sum(found)) == (100, 46, 261)


def test_filters_read_the_logs_of_their_functions() -> None:
    rows = data.functions()
    found = Counter(resource.inputs["metricTransformation"]["name"] for resource in stack().of_type(FILTER))
    assert found == {
        "ApplicationErrors": len(rows) + 1,
        "ApiRefusals": sum(row.kind == "api" for row in rows.values()),
        **dict.fromkeys(("OrdersPlaced", "OrdersRejected", "RiskEventsRecorded", "KillSwitchChanges"), 1),
        **dict.fromkeys(("AuditPackagesBuilt", "DataQualityFailures"), 1),
    }
    assert {resource.inputs["metricTransformation"]["namespace"] for resource in stack().of_type(FILTER)} == {
        "Trading/test"
    }


# --- the dashboards


@functools.cache
def boards() -> dict[str, Any]:
    return {
        resource.inputs["dashboardName"]: json.loads(resource.inputs["dashboardBody"])["widgets"]
        for resource in stack().of_type(DASHBOARD)
    }


def graph_named(board: str, title: str) -> dict[str, Any]:
    [found] = [widget["properties"] for widget in boards()[f"test-{board}"] if widget["properties"]["title"] == title]
    return found


def drawn(metrics: list[list[Any]], name: str, dimension: str) -> list[str]:
    """Return the values of a dimension in the rows of one metric."""
    return [row[row.index(dimension) + 1] for row in metrics if name in row[:2] and dimension in row]


def test_four_dashboards_are_known_at_preview() -> None:
    assert sorted(boards()) == ["test-api-performance", "test-dynamodb", "test-lambda", "test-trading-activity"]


def test_api_board_shows_the_error_rate_with_its_threshold() -> None:
    stage = ["ApiName", "test-trading", "Stage", "live"]
    assert graph_named("api-performance", "Requests that fail (percent)") == {
        "title": "Requests that fail (percent)",
        "region": "us-east-1",
        "view": "timeSeries",
        "period": 300,
        "metrics": [
            ["AWS/ApiGateway", "5XXError", *stage, {"stat": "Sum", "id": "errors_1", "visible": False}],
            ["AWS/ApiGateway", "Count", *stage, {"stat": "SampleCount", "id": "requests_1", "visible": False}],
            [
                {
                    "expression": "IF(requests_1 > 0, 100 * errors_1 / requests_1, 0)",
                    "label": "Requests that fail (percent)",
                }
            ],
        ],
        "yAxis": {"left": {"min": 0}},
        "annotations": {"horizontal": [{"label": "alarm", "value": 1.0}]},
    }


def test_lambda_board_shows_every_function() -> None:
    functions = {f"test-{name}" for name in data.functions()}
    rate = graph_named("lambda", "Invocations that fail (percent)")["metrics"]
    assert set(drawn(rate, "Errors", "FunctionName")) == {*functions, f"test-{OTHER}"}
    by_group = [graph_named("lambda", f"Invocations: {group}")["metrics"] for group in data.groups()]
    assert sorted(name for graph in by_group for name in drawn(graph, "Invocations", "FunctionName")) == sorted(
        functions
    )


def test_dynamodb_board_shows_every_table() -> None:
    for title, metric in (
        ("Read capacity units used, with indexes", "ConsumedReadCapacityUnits"),
        ("Throttled reads and writes", "WriteThrottleEvents"),
    ):
        shown = graph_named("dynamodb", title)["metrics"]
        assert set(drawn(shown, metric, "TableName")) == {f"test-{table}" for table in data.tables()}


def test_trading_board_shows_every_metric_of_the_log_that_counts_business() -> None:
    metrics = [row for widget in boards()["test-trading-activity"] for row in widget["properties"]["metrics"]]
    shown = {row[1] for row in metrics if row[0] == "Trading/test"}
    assert shown == {row.metric for row in monitoring_data.load().metrics.filters.values()} - {"ApplicationErrors"}


# --- metric math


@pytest.mark.parametrize(
    ("errors", "invocations", "expected"),
    [(0, 200, 0), (10, 200, 5), (11, 200, 5.5), (1, 1, 100), (0, 0, 0), (None, None, None)],
)
@pytest.mark.parametrize(("row", "whole"), [("error-rate", "invocations"), ("api-errors", "requests")])
def test_rate_is_in_percent_and_zero_where_nothing_was_called(
    row: str, whole: str, errors: float | None, invocations: float | None, expected: float | None
) -> None:
    expression = monitoring_data.load().alarms.alarms[row].expression
    assert value(expression, **{"errors": errors, whole: invocations}) == expected


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"failed": None, "late": None}, 0),
        ({"failed": 2, "late": None}, 2),
        ({"failed": None, "late": 3}, 3),
        ({"failed": 2, "late": 3}, 5),
    ],
)
def test_sum_passes_over_metrics_that_sent_nothing(metrics: dict[str, float | None], expected: float) -> None:
    expression = alarm("workflow-failures-trade").inputs["metricQueries"][-1]["expression"]
    assert value(expression, **metrics) == expected


def test_duration_of_24_seconds_is_80_percent_of_the_timeout() -> None:
    expression = alarm("duration-kill-switch").inputs["metricQueries"][-1]["expression"]
    assert value(expression, slowest=24_000) == 80
