"""components.metric_filters: a filter for each metric and log group."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest

from components.metric_filters import MetricFilters, MetricFiltersArgs, MetricFilterSpec
from plumbline import constraints
from plumbline.graph import Resource, StackGraph
from tests.components.programs import NAMING, component_urn, graph_of, needs

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
PATTERN = '{ $.level = "ERROR" }'
USUAL: dict[str, Any] = {
    "metric": "Errors",
    "namespace": "App/test",
    "pattern": PATTERN,
    "value": "1",
    "unit": "Count",
    "log_groups": {},
}


def graph(*functions: str, **changes: Any) -> StackGraph:
    """Return the graph of one filter on the logs of some functions, which AWS would take."""

    def program() -> None:
        groups = {
            name: aws.cloudwatch.LogGroup(f"{name}-log", name=f"/aws/lambda/test-{name}", retention_in_days=30)
            for name in functions
        }
        spec = MetricFilterSpec(**{**USUAL, "log_groups": groups, **changes})
        MetricFilters("filters", MetricFiltersArgs(naming=NAMING, filters={"errors": spec}))

    found = graph_of(program)
    assert constraints.check(found) == []
    return found


def filters(*functions: str, **changes: Any) -> list[Resource]:
    return list(graph(*functions, **changes).of_type(FILTER))


def test_each_log_group_has_a_filter_with_exactly_these_inputs() -> None:
    found = filters("audit", "quality")
    assert [dict(resource.inputs) for resource in found] == [
        {
            "name": f"test-errors-{function}",
            "logGroupName": f"/aws/lambda/test-{function}",
            "pattern": PATTERN,
            "metricTransformation": {"name": "Errors", "namespace": "App/test", "value": "1", "unit": "Count"},
        }
        for function in ("audit", "quality")
    ]
    assert [(resource.name, resource.parent) for resource in found] == [
        (f"filters-errors-{function}", component_urn("MetricFilters", "filters")) for function in ("audit", "quality")
    ]


def test_filter_waits_for_its_log_group() -> None:
    [found] = filters("audit")
    assert needs(found) == {"logGroupName": ("audit-log",)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"default": 0}, {"defaultValue": "0"}),
        ({"default": 0.5}, {"defaultValue": "0.5"}),
        ({"dimensions": {"Handler": "$.handler"}}, {"dimensions": {"Handler": "$.handler"}}),
        ({"value": "$.bytes", "unit": "Bytes"}, {"value": "$.bytes", "unit": "Bytes"}),
    ],
)
def test_value_default_and_dimensions_are_passed_on(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    [found] = filters("audit", **changes)
    usual = {"name": "Errors", "namespace": "App/test", "value": "1", "unit": "Count"}
    assert found.inputs["metricTransformation"] == {**usual, **expected}


def test_component_tells_its_metrics() -> None:
    found = graph("audit")
    assert found.resources[component_urn("MetricFilters", "filters")].outputs == {"metrics": ["Errors"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"default": 0, "dimensions": {"Handler": "$.handler"}},
            "Errors: default and dimensions given; allowed: one of them",
        ),
        ({"dimensions": dict.fromkeys("abcd", "$.x")}, "Errors: 4 dimensions given; allowed: at most 3"),
    ],
)
def test_filter_that_cloudwatch_would_refuse_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        MetricFilterSpec(**{**USUAL, **changes})
    assert str(refusal.value) == message
