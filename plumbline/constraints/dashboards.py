"""CloudWatch dashboards: the body (CloudWatch, "Dashboard body structure and syntax").

moto takes any JSON, and no package knows the body's structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plumbline.constraints.metric_math import ID, expression_problems, period_problem, statistic_problem
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Path, Resource, StackGraph, path_text

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_MOST_WIDGETS, _MOST_METRICS, _MOST_ALARMS = 500, 500, 100
_MOST_DIMENSIONS = 30
_COLUMNS, _ROWS = 24, 1000
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?")
_VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_LOG_VIEWS = ("table", "timeSeries", "bar", "pie")
_RENDERING = {"color", "label", "period", "region", "stat", "visible", "yAxis", "id", "accountId"}
_EXPRESSION = {*_RENDERING, "expression"}
_Found = Iterator[tuple[Path, str]]


@for_types(DASHBOARD)
def name(dashboard: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A name has letters, digits, _ and -."""
    given = dashboard.get("dashboardName")
    if isinstance(given, str) and not _NAME.fullmatch(given):
        yield "dashboardName", f"{given!r} given; allowed: 1 to 255 letters, digits, _ and -"


@for_types(DASHBOARD)
def body(dashboard: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The body has widgets, each of a known type and within the grid."""
    text = dashboard.get("dashboardBody")
    if isinstance(text, str):
        for path, message in body_findings(text):
            yield f"dashboardBody.{path}".rstrip("."), message


def body_findings(text: str) -> list[tuple[str, str]]:
    """Return what CloudWatch refuses in a dashboard's body: the path in it (`widgets[0].width`), and why."""
    try:
        document = json.loads(text)
    except ValueError as error:
        return [("", f"not JSON: {error}")]
    if not isinstance(document, dict) or not isinstance(document.get("widgets"), list):
        return [("", "an object with a list of widgets is needed")]
    return [(path_text(path), message) for path, message in _body(document)]


def _body(document: Mapping[str, Any]) -> _Found:
    override = document.get("periodOverride", "auto")
    if override not in ("auto", "inherit"):
        yield ("periodOverride",), f"{override!r} given; allowed: auto, inherit"
    widgets = document["widgets"]
    if len(widgets) > _MOST_WIDGETS:
        yield ("widgets",), f"{len(widgets)} given; allowed: at most {_MOST_WIDGETS}"
    for index, widget in enumerate(widgets):
        place: Path = ("widgets", index)
        if not isinstance(widget, dict):
            yield place, "an object is needed"
            continue
        yield from _grid(widget, place)
        type_, properties = widget.get("type"), widget.get("properties")
        if not isinstance(type_, str) or type_ not in _TYPES:
            yield (*place, "type"), f"{type_!r} given; allowed: {', '.join(_TYPES)}"
        elif not isinstance(properties, dict):
            yield (*place, "properties"), "an object is needed"
        else:
            yield from _TYPES[type_](properties, (*place, "properties"))


def _grid(widget: Mapping[str, Any], place: Path) -> _Found:
    sound = True
    for name, low, high in (("x", 0, _COLUMNS - 1), ("y", 0, None), ("width", 1, _COLUMNS), ("height", 1, _ROWS)):
        value = widget.get(name, low)
        most = "" if high is None else f" to {high}"
        if not _whole(value) or value < low or (high is not None and value > high):
            sound = False
            yield (*place, name), f"{value!r} given; allowed: {f'from {low}' if high is None else f'{low}{most}'}"
    if ("x" in widget) != ("y" in widget):
        missing = "y" if "x" in widget else "x"
        yield (*place, missing), "missing; x and y are given together or not at all"
    right = widget.get("x", 0) + widget.get("width", 6) if sound else 0
    if right > _COLUMNS:
        yield (*place, "width"), f"ends in column {right}; allowed: {_COLUMNS} columns"


def _metric(properties: Mapping[str, Any], place: Path) -> _Found:
    view = properties.get("view", "timeSeries")
    if view not in _VIEWS:
        yield (*place, "view"), f"{view!r} given; allowed: {', '.join(_VIEWS)}"
    yield from _region(properties, place)
    yield from _measures(properties, place)
    axis = properties.get("yAxis", {})
    left = axis.get("left", {}) if isinstance(axis, dict) else {}
    if view == "gauge" and not (isinstance(left, dict) and {"min", "max"} <= set(left)):
        yield (*place, "yAxis", "left"), "min and max missing; a gauge needs them"
    for side, limits in axis.items() if isinstance(axis, dict) else ():
        low, high = (limits.get(end) for end in ("min", "max")) if isinstance(limits, dict) else (None, None)
        if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
            yield (*place, "yAxis", side), f"min {low} and max {high} given; min is the smaller one"
    metrics, annotations = properties.get("metrics"), properties.get("annotations", {})
    alarms = annotations.get("alarms") if isinstance(annotations, dict) else None
    if metrics is None and not alarms:
        yield (*place, "metrics"), "missing; a metric widget has metrics or an alarm as annotation"
    elif metrics is not None:
        yield from _metrics(metrics, (*place, "metrics"))


def _metrics(metrics: Any, place: Path) -> _Found:
    if not isinstance(metrics, list) or not metrics:
        yield place, "a list with at least one metric is needed"
        return
    if len(metrics) > _MOST_METRICS:
        yield place, f"{len(metrics)} given; allowed: at most {_MOST_METRICS}"
    options = [row[-1] for row in metrics if isinstance(row, list) and row and isinstance(row[-1], dict)]
    ids = [option["id"] for option in options if isinstance(option.get("id"), str)]
    before: list[str] = []
    for index, row in enumerate(metrics):
        here = (*place, index)
        if not isinstance(row, list) or not row:
            yield here, "a list is needed, such as [namespace, name, dimension, value]"
            continue
        option = row[-1] if isinstance(row[-1], dict) else {}
        texts = row[:-1] if option or isinstance(row[-1], dict) else row
        expression = not texts
        yield from _options(option, here, expression=expression, ids=ids)
        if expression:
            continue
        if not all(isinstance(text, str) for text in texts):
            yield here, "texts are needed, and one object of options at the end"
            continue
        before, problem = _expanded(texts, before)
        if problem:
            yield here, problem


def _expanded(texts: list[str], before: list[str]) -> tuple[list[str], str | None]:
    """Return a metric with the places filled that repeat those of the one before, and what is wrong with it."""
    if "..." in texts:
        if texts.index("...") != 0 or texts.count("...") > 1:
            return before, "'...' given; it stands first, for all that comes before what differs"
        kept = len(before) - (len(texts) - 1)
        if kept < 0 or not before:
            return before, "'...' given; the metric before has too few places for it"
        texts = [*before[:kept], *texts[1:]]
    for index, text in enumerate(texts):
        if text == "." and index >= len(before):
            return before, "'.' given; the metric before has nothing in its place"
    whole = [before[index] if text == "." else text for index, text in enumerate(texts)]
    if len(whole) < 2 or len(whole) % 2:
        return whole, f"{len(whole)} texts given; namespace, name, and pairs of a dimension and its value are needed"
    if len(whole) // 2 - 1 > _MOST_DIMENSIONS:
        return whole, f"{len(whole) // 2 - 1} dimensions given; allowed: at most {_MOST_DIMENSIONS}"
    return whole, None


def _options(option: Mapping[str, Any], place: Path, *, expression: bool, ids: list[str]) -> _Found:
    allowed = _EXPRESSION if expression else _RENDERING
    for key in option:
        if key not in allowed:
            yield (
                (*place, key),
                f"no option of {'an expression' if expression else 'a metric'}; allowed: {', '.join(sorted(allowed))}",
            )
    text, id_ = option.get("expression"), option.get("id")
    if expression and not isinstance(text, str):
        yield (*place, "expression"), "missing; a metric without namespace and name is an expression"
    if isinstance(text, str):
        for problem in expression_problems(text, {other for other in ids if other != id_}):
            yield (*place, "expression"), problem
    if id_ is not None and (not isinstance(id_, str) or not ID.fullmatch(id_)):
        yield (*place, "id"), f"{id_!r} given; letters, digits and _, the first a lower-case letter"
    elif id_ is not None and ids.count(id_) > 1:
        yield (*place, "id"), f"{id_!r} is the id of another metric too"
    colour = option.get("color", "#000000")
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        yield (*place, "color"), f"{colour!r} given; allowed: a colour such as #1f77b4"
    if option.get("yAxis", "left") not in ("left", "right"):
        yield (*place, "yAxis"), f"{option['yAxis']!r} given; allowed: left, right"
    yield from _region(option, place, needed=False)
    yield from _measures(option, place)


def _measures(owner: Mapping[str, Any], place: Path) -> _Found:
    period, stat = owner.get("period"), owner.get("stat")
    if period is not None:
        problem = f"{period!r} given; a number of seconds is needed"
        if isinstance(period, int) and not isinstance(period, bool):
            problem = period_problem(period, shown=True)
        if problem:
            yield (*place, "period"), problem
    if stat is not None:
        problem = statistic_problem(stat) if isinstance(stat, str) else f"{stat!r} given; a text is needed"
        if problem:
            yield (*place, "stat"), problem


def _region(owner: Mapping[str, Any], place: Path, *, needed: bool = True) -> _Found:
    region = owner.get("region")
    if region is None and needed:
        yield (*place, "region"), "missing; the region whose data the widget shows"
    elif region is not None and not (isinstance(region, str) and _REGION.fullmatch(region)):
        yield (*place, "region"), f"{region!r} given; allowed: a region such as eu-west-1"


def _text(properties: Mapping[str, Any], place: Path) -> _Found:
    if not isinstance(properties.get("markdown"), str):
        yield (*place, "markdown"), "missing; a text widget needs it"
    if properties.get("background", "solid") not in ("solid", "transparent"):
        yield (*place, "background"), f"{properties['background']!r} given; allowed: solid, transparent"


def _log(properties: Mapping[str, Any], place: Path) -> _Found:
    yield from _region(properties, place)
    if not isinstance(properties.get("query"), str):
        yield (*place, "query"), "missing; a log widget needs it"
    view = properties.get("view", "table")
    if view not in _LOG_VIEWS:
        yield (*place, "view"), f"{view!r} given; allowed: {', '.join(_LOG_VIEWS)}"


def _alarm(properties: Mapping[str, Any], place: Path) -> _Found:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not 0 < len(alarms) <= _MOST_ALARMS:
        yield (*place, "alarms"), f"a list of 1 to {_MOST_ALARMS} ARNs of alarms is needed"
        return
    for index, arn in enumerate(alarms):
        if not isinstance(arn, str) or not re.fullmatch(r"arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+", arn):
            yield (*place, "alarms", index), f"{arn!r} given; the ARN of an alarm is needed"


def _explorer(properties: Mapping[str, Any], place: Path) -> _Found:
    for key in ("metrics", "labels"):
        if not isinstance(properties.get(key), list) or not properties[key]:
            yield (*place, key), "a list is needed; an explorer widget shows metrics of what has the labels"


def _custom(properties: Mapping[str, Any], place: Path) -> _Found:
    endpoint = properties.get("endpoint")
    if not isinstance(endpoint, str) or ":lambda:" not in endpoint:
        yield (*place, "endpoint"), f"{endpoint!r} given; the ARN of a function is needed"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Mapping[str, Any], Path], _Found]] = {
    "metric": _metric,
    "text": _text,
    "log": _log,
    "alarm": _alarm,
    "explorer": _explorer,
    "custom": _custom,
}
