"""Bodies of dashboards: what is taken, and where the rest is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.constraints.dashboards import body_findings


def paths(text: str) -> list[str]:
    return sorted(path for path, _ in body_findings(text))


def widget(type_: str = "metric", **changes: Any) -> dict[str, Any]:
    """Return a widget of two metrics, or one of another type with the given properties."""
    metrics = [["AWS/Lambda", "Errors", "FunctionName", "a"], ["...", "b", {"stat": "p99"}]]
    properties = {"region": "eu-west-1", "metrics": metrics, **changes} if type_ == "metric" else changes
    place = {name: properties.pop(name) for name in ("x", "y", "width", "height") if name in properties}
    return {"type": type_, **place, "properties": {k: v for k, v in properties.items() if v is not None}}


ROW = ["AWS/SQS", "Age", "QueueName", "a"]
WIDGETS: list[tuple[dict[str, Any], list[str]]] = [
    (widget(), []),
    (widget(x=12, y=0, width=12, height=6), []),
    (widget(metrics=[ROW, [".", ".", ".", "b"], [{"expression": "m1 * 2", "id": "e1"}], ["A", "B", {"id": "m1"}]]), []),
    (widget(metrics=None, annotations={"alarms": ["arn"]}), []),
    (widget(view="gauge", yAxis={"left": {"min": 0, "max": 100}}), []),
    (widget("text", markdown="# Orders"), []),
    (widget("log", region="eu-west-1", query="SOURCE 'a' | limit 5", view="table"), []),
    (widget("alarm", alarms=["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]), []),
    (widget("explorer", metrics=[{"metricName": "a"}], labels=[{"key": "b"}]), []),
    (widget("custom", endpoint="arn:aws:lambda:eu-west-1:123456789012:function:a"), []),
    (widget(period=5), []),
    (widget("graph"), ["widgets[0].type"]),
    (widget(x=13, y=0, width=12), ["widgets[0].width"]),
    (widget(x=24, y=0), ["widgets[0].x"]),
    (widget(x=0), ["widgets[0].y"]),
    (widget(width=25), ["widgets[0].width"]),
    (widget(height=0), ["widgets[0].height"]),
    (widget(region=None), ["widgets[0].properties.region"]),
    (widget(region="Ireland"), ["widgets[0].properties.region"]),
    (widget(metrics=None), ["widgets[0].properties.metrics"]),
    (widget(metrics=[]), ["widgets[0].properties.metrics"]),
    (widget(metrics=[ROW] * 501), ["widgets[0].properties.metrics"]),
    (widget(metrics=[ROW[:3]]), ["widgets[0].properties.metrics[0]"]),
    (widget(metrics=["AWS/SQS"]), ["widgets[0].properties.metrics[0]"]),
    (widget(metrics=[["...", "b"]]), ["widgets[0].properties.metrics[0]"]),
    (widget(metrics=[ROW, [".", "b", "..."]]), ["widgets[0].properties.metrics[1]"]),
    (widget(metrics=[[".", "b"]]), ["widgets[0].properties.metrics[0]"]),
    (widget(metrics=[["A", 1]]), ["widgets[0].properties.metrics[0]"]),
    (widget(metrics=[["A", "B", {"colour": "#fff"}]]), ["widgets[0].properties.metrics[0].colour"]),
    (widget(metrics=[["A", "B", {"color": "red"}]]), ["widgets[0].properties.metrics[0].color"]),
    (widget(metrics=[["A", "B", {"yAxis": "top"}]]), ["widgets[0].properties.metrics[0].yAxis"]),
    (widget(metrics=[["A", "B", {"id": "M1"}]]), ["widgets[0].properties.metrics[0].id"]),
    (widget(metrics=[[{"expression": "m1 + 1"}]]), ["widgets[0].properties.metrics[0].expression"]),
    (widget(metrics=[[{"label": "a"}]]), ["widgets[0].properties.metrics[0].expression"]),
    (widget(period=45), ["widgets[0].properties.period"]),
    (widget(period="5m"), ["widgets[0].properties.period"]),
    (widget(stat="avg"), ["widgets[0].properties.stat"]),
    (widget(view="line"), ["widgets[0].properties.view"]),
    (widget(view="gauge"), ["widgets[0].properties.yAxis.left"]),
    (widget(yAxis={"left": {"min": 5, "max": 1}}), ["widgets[0].properties.yAxis.left"]),
    (widget("text"), ["widgets[0].properties.markdown"]),
    (widget("text", markdown="a", background="blue"), ["widgets[0].properties.background"]),
    (widget("log", region="eu-west-1"), ["widgets[0].properties.query"]),
    (widget("log", region="eu-west-1", query="a", view="gauge"), ["widgets[0].properties.view"]),
    (widget("alarm", alarms=[]), ["widgets[0].properties.alarms"]),
    (widget("alarm", alarms=["errors"]), ["widgets[0].properties.alarms[0]"]),
    (widget("explorer", metrics=[{}]), ["widgets[0].properties.labels"]),
    (widget("custom", endpoint="url"), ["widgets[0].properties.endpoint"]),
]


@pytest.mark.parametrize(("given", "expected"), WIDGETS, ids=lambda value: json.dumps(value)[:70])
def test_widgets_are_judged(given: dict[str, Any], expected: list[str]) -> None:
    assert paths(json.dumps({"widgets": [given]})) == expected


BODIES = {
    '{"widgets": []}': [],
    '{"widgets": [], "periodOverride": "inherit"}': [],
    '{"widgets": [], "periodOverride": "none"}': ["periodOverride"],
    '{"widgets": {}}': [""],
    "{}": [""],
    "{": [""],
    '{"widgets": [1]}': ["widgets[0]"],
    '{"widgets": [{"type": "text"}]}': ["widgets[0].properties"],
    '{"widgets": [' + ", ".join(['{"type": "text", "properties": {"markdown": ""}}'] * 501) + "]}": ["widgets"],
}


@pytest.mark.parametrize(("text", "expected"), BODIES.items(), ids=[text[:30] for text in BODIES])
def test_bodies_of_dashboards_are_judged(text: str, expected: list[str]) -> None:
    assert paths(text) == expected
