"""CloudWatch dashboards: graphs on a grid of 24 columns, whose bodies are known at preview (TRADING-14.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components.alarms import Metric, Reading
from components.naming import Naming

COLUMNS = 24
# CloudWatch, "CloudWatch service quotas": metrics and expressions of one graph and of one dashboard, and its graphs.
# All are fixed. The API Reference gives no limit to a body's length.
MOST_IN_GRAPH = 500
MOST_IN_DASHBOARD = 2_500
MOST_GRAPHS = 500


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a graph with its label in the legend. Dimensions are plain text here, never outputs."""

    label: str
    reading: Reading


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One graph. `width` is in columns (1 to 24), `height` in rows of the same grid, `period_seconds` per datapoint.

    `thresholds` are horizontal lines, by label. Raises ValueError where CloudWatch would refuse the graph.
    """

    title: str
    lines: tuple[Line, ...]
    width: int
    height: int
    period_seconds: int
    view: Literal["timeSeries", "singleValue"] = "timeSeries"
    thresholds: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.width <= COLUMNS:
            raise ValueError(f"graph {self.title!r}: width {self.width} given; allowed: 1 to {COLUMNS}")
        if not 1 <= self.size() <= MOST_IN_GRAPH:
            raise ValueError(f"graph {self.title!r}: {self.size()} metrics given; allowed: 1 to {MOST_IN_GRAPH}")

    def size(self) -> int:
        """Return the number of metrics and expressions, as CloudWatch counts them."""
        return sum(len(line.reading.metrics) + bool(line.reading.expression) for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """The dashboards of one stack: graphs by logical name, in the order of reading.

    `after` are the resources that their bodies name by ARN.
    """

    naming: Naming
    region: str
    dashboards: Mapping[str, tuple[Graph, ...]]
    after: tuple[pulumi.Resource, ...] = ()


class Dashboards(pulumi.ComponentResource):
    """CloudWatch dashboards. `dashboards` holds the resources by logical name."""

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Dashboards", name, None, opts)
        self.dashboards: Mapping[str, aws.cloudwatch.Dashboard] = {
            dashboard: aws.cloudwatch.Dashboard(
                f"{name}-{dashboard}",
                dashboard_name=args.naming.exact("dashboard", dashboard),
                dashboard_body=json.dumps(body(graphs, args.region), separators=(",", ":")),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
            for dashboard, graphs in args.dashboards.items()
        }
        self.register_outputs({"names": [args.naming.exact("dashboard", dashboard) for dashboard in self.dashboards]})


def body(graphs: tuple[Graph, ...], region: str) -> dict[str, Any]:
    """Return a dashboard's body. Raises ValueError for more metrics or graphs than CloudWatch shows on one dashboard.

    CloudWatch API Reference: "Dashboard Body Structure and Syntax".
    """
    size = sum(graph.size() for graph in graphs)
    if size > MOST_IN_DASHBOARD:
        raise ValueError(f"{size} metrics on one dashboard given; allowed: at most {MOST_IN_DASHBOARD}")
    if len(graphs) > MOST_GRAPHS:
        raise ValueError(f"{len(graphs)} graphs on one dashboard given; allowed: at most {MOST_GRAPHS}")
    return {
        "widgets": [
            {
                "type": "metric",
                "x": x,
                "y": y,
                "width": graph.width,
                "height": graph.height,
                "properties": _properties(graph, region),
            }
            for graph, x, y in _places(graphs)
        ]
    }


def _places(graphs: tuple[Graph, ...]) -> Iterator[tuple[Graph, int, int]]:
    """Put graphs side by side until a row is full; a row is as high as its highest graph."""
    x = y = height = 0
    for graph in graphs:
        if x + graph.width > COLUMNS:
            x, y, height = 0, y + height, 0
        yield graph, x, y
        x, height = x + graph.width, max(height, graph.height)


def _properties(graph: Graph, region: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "title": graph.title,
        "region": region,
        "view": graph.view,
        "period": graph.period_seconds,
        "metrics": [row for number, line in enumerate(graph.lines, start=1) for row in _rows(line, number)],
    }
    if graph.view == "timeSeries":
        # From zero, or a graph of few errors looks like one of many.
        written["yAxis"] = {"left": {"min": 0}}
    if graph.thresholds:
        marks = [{"label": label, "value": value} for label, value in graph.thresholds.items()]
        written["annotations"] = {"horizontal": marks}
    return written


def _rows(line: Line, number: int) -> Iterator[list[Any]]:
    """Yield what CloudWatch takes for one line; ids are numbered, because a graph must not have one twice."""
    if not line.reading.expression:
        [metric] = line.reading.metrics.values()
        yield _row(metric, {"stat": metric.statistic, "label": line.label})
        return
    for id_, metric in line.reading.metrics.items():
        yield _row(metric, {"stat": metric.statistic, "id": f"{id_}_{number}", "visible": False})
    names = "|".join(line.reading.metrics)
    expression = re.sub(rf"\b({names})\b", rf"\1_{number}", line.reading.expression)
    yield [{"expression": expression, "label": line.label}]


def _row(metric: Metric, more: Mapping[str, Any]) -> list[Any]:
    pairs = [text for pair in sorted(metric.dimensions.items()) for text in pair]
    return [metric.namespace, metric.name, *pairs, dict(more)]
