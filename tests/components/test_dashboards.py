"""components.dashboards: the grid, the metrics of each graph, and CloudWatch's limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.alarms import Metric, Reading
from components.dashboards import Dashboards, DashboardsArgs, Graph, Line, body
from plumbline import constraints
from tests.components.programs import NAMING, component_urn, graph_of, only

ERRORS = Metric(namespace="AWS/X", name="Errors", statistic="Sum", dimensions={"Stage": "live", "ApiName": "test"})
COUNT = Metric(namespace="AWS/X", name="Count", statistic="SampleCount", dimensions={})
LINE = Line(label="errors", reading=Reading(metrics={"errors": ERRORS}))
RATE = Line(label="rate", reading=Reading(metrics={"e": ERRORS, "count": COUNT}, expression="IF(count > 0, e / count)"))
ERRORS_ROW = ["AWS/X", "Errors", "ApiName", "test", "Stage", "live"]


def a_graph(**changes: Any) -> Graph:
    usual = {"title": "Errors", "lines": (LINE,), "width": 12, "height": 6, "period_seconds": 300}
    return Graph(**{**usual, **changes})


def properties(**changes: Any) -> dict[str, Any]:
    [widget] = body((a_graph(**changes),), "us-east-1")["widgets"]
    return widget["properties"]


def places(*sizes: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    graphs = tuple(a_graph(width=width, height=height) for width, height in sizes)
    return [tuple(widget[key] for key in ("x", "y", "width", "height")) for widget in body(graphs, "r")["widgets"]]


def test_dashboard_is_known_at_preview_and_has_exactly_these_inputs() -> None:
    args = DashboardsArgs(naming=NAMING, region="us-east-1", dashboards={"api": (a_graph(),)})
    graph = graph_of(lambda: Dashboards("dashboards", args))
    found = only(graph, "aws:cloudwatch/dashboard:Dashboard")
    assert {**found.inputs, "dashboardBody": json.loads(found.inputs["dashboardBody"])} == {
        "dashboardName": "test-api",
        "dashboardBody": {
            "widgets": [
                {
                    "type": "metric",
                    "x": 0,
                    "y": 0,
                    "width": 12,
                    "height": 6,
                    "properties": {
                        "title": "Errors",
                        "region": "us-east-1",
                        "view": "timeSeries",
                        "period": 300,
                        "metrics": [[*ERRORS_ROW, {"stat": "Sum", "label": "errors"}]],
                        "yAxis": {"left": {"min": 0}},
                    },
                }
            ]
        },
    }
    assert (found.name, found.parent) == ("dashboards-api", component_urn("Dashboards", "dashboards"))
    assert graph.resources[found.parent].outputs == {"names": ["test-api"]}
    assert constraints.check(graph) == []


def test_expression_hides_its_metrics_and_numbers_their_ids_by_line() -> None:
    assert properties(lines=(LINE, RATE, RATE))["metrics"] == [
        [*ERRORS_ROW, {"stat": "Sum", "label": "errors"}],
        [*ERRORS_ROW, {"stat": "Sum", "id": "e_2", "visible": False}],
        ["AWS/X", "Count", {"stat": "SampleCount", "id": "count_2", "visible": False}],
        [{"expression": "IF(count_2 > 0, e_2 / count_2)", "label": "rate"}],
        [*ERRORS_ROW, {"stat": "Sum", "id": "e_3", "visible": False}],
        ["AWS/X", "Count", {"stat": "SampleCount", "id": "count_3", "visible": False}],
        [{"expression": "IF(count_3 > 0, e_3 / count_3)", "label": "rate"}],
    ]


def test_thresholds_are_horizontal_lines() -> None:
    assert properties(thresholds={"alarm": 5.0})["annotations"] == {"horizontal": [{"label": "alarm", "value": 5.0}]}


def test_number_has_no_axis() -> None:
    shown = properties(view="singleValue")
    assert (shown["view"], "yAxis" in shown) == ("singleValue", False)


def test_graphs_stand_side_by_side_until_a_row_is_full() -> None:
    assert places((12, 6), (12, 6), (8, 3)) == [(0, 0, 12, 6), (12, 0, 12, 6), (0, 6, 8, 3)]


def test_row_begins_below_the_highest_graph_of_the_one_before() -> None:
    assert places((8, 3), (8, 9), (12, 6), (24, 1)) == [(0, 0, 8, 3), (8, 0, 8, 9), (0, 9, 12, 6), (0, 15, 24, 1)]


def test_graph_wider_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^graph 'Errors': width 25 given; allowed: 1 to 24$"):
        a_graph(width=25)


def test_metrics_and_expressions_of_a_graph_are_counted() -> None:
    assert a_graph(lines=(LINE, RATE)).size() == 4


@pytest.mark.parametrize(("lines", "size"), [((), 0), ((LINE,) * 501, 501), ((RATE,) * 167, 501)])
def test_graph_of_nothing_or_of_too_much_is_refused(lines: tuple[Line, ...], size: int) -> None:
    with pytest.raises(ValueError, match=rf"^graph 'Errors': {size} metrics given; allowed: 1 to 500$"):
        a_graph(lines=lines)


def test_dashboard_of_too_many_metrics_is_refused() -> None:
    most = (a_graph(lines=(LINE,) * 500),) * 5
    assert len(body(most, "r")["widgets"]) == 5
    with pytest.raises(ValueError, match=r"^2501 metrics on one dashboard given; allowed: at most 2500$"):
        body((*most, a_graph()), "r")


def test_dashboard_of_too_many_graphs_is_refused() -> None:
    assert len(body((a_graph(),) * 500, "r")["widgets"]) == 500
    with pytest.raises(ValueError, match=r"^501 graphs on one dashboard given; allowed: at most 500$"):
        body((a_graph(),) * 501, "r")
