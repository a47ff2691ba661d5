"""components.alarms: alarms on metrics and metric math, composite alarms, and whom they tell."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest

from components.alarms import Alarms, AlarmsArgs, AlarmSpec, CompositeSpec, Metric, Reading
from components.naming import NameRefused, Naming
from components.topics import Topic, Topics, TopicsArgs, TopicSpec
from plumbline import constraints
from plumbline.graph import UNKNOWN, Resource, StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    NAMING,
    component_urn,
    graph_of,
    named,
    names,
    needs,
    only,
    present,
)

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ERRORS = Metric(namespace="AWS/Lambda", name="Errors", statistic="Sum", dimensions={"FunctionName": "test-audit"})
INVOCATIONS = Metric(namespace="AWS/Lambda", name="Invocations", statistic="Sum", dimensions={})
RATE = Reading(metrics={"errors": ERRORS, "invocations": INVOCATIONS}, expression="100 * errors / invocations")
PLAIN = Reading(metrics={"errors": ERRORS})
USUAL: dict[str, Any] = {
    "description": "Too many errors",
    "reading": PLAIN,
    "comparison": "GreaterThanThreshold",
    "threshold": 5,
    "period_seconds": 300,
    "evaluation_periods": 2,
    "missing_data": "notBreaching",
}
INPUTS: dict[str, Any] = {
    "name": "test-errors",
    "alarmDescription": "Too many errors",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 5,
    "evaluationPeriods": 2,
    "treatMissingData": "notBreaching",
    "alarmActions": [UNKNOWN],
}
PLAIN_INPUTS: dict[str, Any] = {
    **INPUTS,
    "namespace": "AWS/Lambda",
    "metricName": "Errors",
    "statistic": "Sum",
    "dimensions": {"FunctionName": "test-audit"},
    "period": 300,
}


def a_topic() -> Topic:
    source = "arn:aws:cloudwatch:us-east-1:111111111111:alarm:test-*"
    specs = {"alerts": TopicSpec(display_name="Alerts", publishers={"cloudwatch.amazonaws.com": source})}
    return Topics("topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics=specs)).topics[
        "alerts"
    ]


def spec(topic: Topic, **changes: Any) -> AlarmSpec:
    return AlarmSpec(**{**USUAL, "topic": topic, **changes})


def alarms(specs: dict[str, AlarmSpec], composites: dict[str, CompositeSpec] | None = None) -> Alarms:
    return Alarms("alarms", AlarmsArgs(naming=NAMING, alarms=specs, composites=composites or {}))


def one(**changes: Any) -> Resource:
    """Return the one alarm of a program, which AWS would take."""
    graph = graph_of(lambda: alarms({"errors": spec(a_topic(), **changes)}))
    assert constraints.check(graph) == []
    return only(graph, ALARM)


def composite(*alternatives: tuple[str, ...], **changes: Any) -> StackGraph:
    def program() -> None:
        topic = a_topic()
        whole = CompositeSpec(description="Down", alternatives=alternatives, topic=topic, **changes)
        alarms({name: spec(topic) for name in ("a", "b", "c")}, {"down": whole})

    graph = graph_of(program)
    assert constraints.check(graph) == []
    return graph


def test_alarm_on_a_metric_has_exactly_these_inputs() -> None:
    found = one()
    assert present(dict(found.inputs)) == PLAIN_INPUTS
    assert (found.name, found.parent) == ("alarms-errors", component_urn("Alarms", "alarms"))


def test_alarm_on_math_has_exactly_these_inputs() -> None:
    assert present(dict(one(reading=RATE).inputs)) == {
        **INPUTS,
        "metricQueries": [
            {
                "id": "errors",
                "metric": {
                    "namespace": "AWS/Lambda",
                    "metricName": "Errors",
                    "stat": "Sum",
                    "period": 300,
                    "dimensions": {"FunctionName": "test-audit"},
                },
                "returnData": False,
            },
            {
                "id": "invocations",
                "metric": {"namespace": "AWS/Lambda", "metricName": "Invocations", "stat": "Sum", "period": 300},
                "returnData": False,
            },
            {"id": "watched", "expression": "100 * errors / invocations", "label": "errors", "returnData": True},
        ],
    }


def test_percentile_is_an_extended_statistic_and_a_metric_of_the_account_has_no_dimensions() -> None:
    slow = Metric(namespace="AWS/Lambda", name="Duration", statistic="p99", dimensions={})
    expected = {**PLAIN_INPUTS, "metricName": "Duration", "extendedStatistic": "p99"}
    del expected["statistic"], expected["dimensions"]
    assert present(dict(one(reading=Reading(metrics={"slow": slow})).inputs)) == expected


def test_alarm_that_tells_of_recovery_has_the_topic_twice() -> None:
    assert present(dict(one(tells_recovery=True).inputs)) == {**PLAIN_INPUTS, "okActions": [UNKNOWN]}


def test_alarm_waits_for_its_topic_its_policy_and_what_it_watches() -> None:
    def program() -> None:
        watched = aws.cloudwatch.LogGroup("watched", name="/aws/lambda/test-audit", retention_in_days=30)
        alarms({"errors": spec(a_topic(), needs=(watched,))})

    found = only(graph_of(program), ALARM)
    assert needs(found) == {"alarmActions": ("topics-alerts",)}
    assert names(found.dependencies) == ("topics-alerts", "topics-alerts-policy", "watched")


def test_composite_alarm_is_on_where_all_of_one_alternative_are() -> None:
    graph = composite(("a",), ("b", "c"))
    found = only(graph, COMPOSITE)
    assert present(dict(found.inputs)) == {
        "alarmName": "test-down",
        "alarmDescription": "Down",
        "alarmRule": 'ALARM("test-a") OR (ALARM("test-b") AND ALARM("test-c"))',
        "alarmActions": [UNKNOWN],
    }
    assert (found.name, found.parent) == ("alarms-down", component_urn("Alarms", "alarms"))
    assert names(found.dependencies) == ("alarms-a", "alarms-b", "alarms-c", "topics-alerts", "topics-alerts-policy")


def test_composite_alarm_that_tells_of_recovery_has_the_topic_twice() -> None:
    found = only(composite(("a",), tells_recovery=True), COMPOSITE)
    assert (found.inputs["alarmActions"], found.inputs["okActions"]) == ([UNKNOWN], [UNKNOWN])


def test_component_tells_the_names_of_its_alarms() -> None:
    graph = composite(("a",))
    component = graph.resources[component_urn("Alarms", "alarms")]
    assert component.outputs == {"names": ["test-a", "test-b", "test-c"]}
    assert named(graph, "alarms-b").inputs["name"] == "test-b"


@pytest.mark.parametrize("alternatives", [(), ((),), (("a",), ())])
def test_composite_alarm_over_nothing_is_refused(alternatives: tuple[tuple[str, ...], ...]) -> None:
    def program() -> None:
        with pytest.raises(ValueError, match=r"^alternatives \(.*\) given; allowed: each with an alarm, and at least"):
            CompositeSpec(description="Down", alternatives=alternatives, topic=a_topic())

    graph_of(program)


@pytest.mark.parametrize(
    ("ids", "expression", "message"),
    [
        ((), "", "no metric given; allowed: at least one"),
        ((), "TIME_SERIES(1)", "no metric given; allowed: at least one"),
        (("a", "b"), "", "2 metrics without an expression given; allowed: one"),
        (("a",), "a + b", "expression 'a + b' names a, b; allowed: exactly a"),
        (("a", "b"), "IF(a > 0, 1, 0)", "expression 'IF(a > 0, 1, 0)' names a; allowed: exactly a, b"),
        (("A",), "", "metric id 'A' given; allowed: [a-z][a-zA-Z0-9_]{0,254}, but not 'watched'"),
        (("watched",), "", "metric id 'watched' given; allowed: [a-z][a-zA-Z0-9_]{0,254}, but not 'watched'"),
    ],
)
def test_reading_names_exactly_its_metrics(ids: tuple[str, ...], expression: str, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Reading(metrics=dict.fromkeys(ids, ERRORS), expression=expression)
    assert str(refusal.value) == message


def sum_of(number: int) -> Reading:
    ids = [f"m{index}" for index in range(number)]
    return Reading(metrics=dict.fromkeys(ids, ERRORS), expression=f"SUM([{', '.join(ids)}])")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reading": sum_of(11)}, "11 metrics in one alarm given; allowed: at most 10"),
        ({"period_seconds": 30}, "period 30 s given; allowed: multiples of 60 s"),
        ({"period_seconds": 90}, "period 90 s given; allowed: multiples of 60 s"),
        ({"evaluation_periods": 0}, "0 periods of 300 s given; allowed: 1 to 288"),
        ({"evaluation_periods": 289}, "289 periods of 300 s given; allowed: 1 to 288"),
        ({"period_seconds": 3600, "evaluation_periods": 169}, "169 periods of 3600 s given; allowed: 1 to 168"),
    ],
)
def test_alarm_that_cloudwatch_would_refuse_is_refused(changes: dict[str, Any], message: str) -> None:
    def program() -> None:
        topic = a_topic()
        with pytest.raises(ValueError) as refusal:
            spec(topic, **changes)
        assert str(refusal.value) == message

    graph_of(program)


@pytest.mark.parametrize(
    "changes",
    [
        {"reading": sum_of(10)},
        {"evaluation_periods": 288},
        {"period_seconds": 3600, "evaluation_periods": 168},
    ],
)
def test_alarm_at_cloudwatchs_limits_is_made(changes: dict[str, Any]) -> None:
    wanted = {**USUAL, **changes}
    assert one(**changes).inputs["evaluationPeriods"] == wanted["evaluation_periods"]


def test_name_that_cloudwatch_would_refuse_is_refused() -> None:
    def program() -> None:
        topic = a_topic()
        with pytest.raises(NameRefused, match=r"^'test-x+' has 256 characters, a alarm name at most 255$"):
            Alarms("alarms", AlarmsArgs(naming=Naming("test"), alarms={"x" * 251: spec(topic)}, composites={}))

    graph_of(program)
