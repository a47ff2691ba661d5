"""Requirement 14, what is seen: dashboards, and metrics that are counted in log lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from criteria.common.lookups import FUNCTION, LOG_GROUP, TABLE, worst
from criteria.common.rest_api import REST_API
from criteria.common.rights import one
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
# What a dashboard shows: namespace, metric, dimensions.
Shown = tuple[str, str, frozenset[tuple[str, str]]]
_SELECTS = re.compile(r"\{.*\$\.[A-Za-z_][^\s=<>!]*\s*(=|!=|<|>|<=|>=|IS|NOT)\s*\S.*\}", re.DOTALL)


@criterion("TRADING-14.1a")
def api_performance(subject: Subject) -> Verdict:
    """Requests, failures and latency of each API."""
    wanted = {
        ("AWS/ApiGateway", metric, (("ApiName", api.get("name")),))
        for api in subject.graph.of_type(REST_API)
        for metric in ("Count", "5XXError", "Latency")
    }
    return _shows(subject, "API performance", wanted)


@criterion("TRADING-14.1b")
def functions(subject: Subject) -> Verdict:
    wanted = {
        ("AWS/Lambda", metric, (("FunctionName", function.get("name")),))
        for function in subject.graph.of_type(FUNCTION)
        for metric in ("Invocations", "Errors")
    }
    return _shows(subject, "Lambda metrics", wanted)


@criterion("TRADING-14.1c")
def tables(subject: Subject) -> Verdict:
    wanted = {
        ("AWS/DynamoDB", metric, (("TableName", table.get("name")),))
        for table in subject.graph.of_type(TABLE)
        for metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
    }
    return _shows(subject, "DynamoDB metrics", wanted)


@criterion("TRADING-14.1d")
def trading(subject: Subject) -> Verdict:
    """What filters count in the log lines of the functions that trade and that stop trading."""
    wanted: set[tuple[Any, Any, tuple[tuple[str, Any], ...]]] = set()
    missing = []
    for name in facts()["trading_activity"]:
        function = by_name(subject, FUNCTION, name)
        # One that counts a function's lines alone: what it shares with all others is no trading.
        counted = [row for row in subject.graph.of_type(FILTER) if function and _counts(subject, row, function)]
        own = {(row.get("metricTransformation.namespace"), row.get("metricTransformation.name")) for row in counted}
        shared = {
            (row.get("metricTransformation.namespace"), row.get("metricTransformation.name"))
            for row in subject.graph.of_type(FILTER)
            if function and not _counts(subject, row, function)
        }
        missing += [] if own - shared else [name]
        wanted |= {(namespace, metric, ()) for namespace, metric in own - shared}
    if missing:
        return Verdict("fail", f"no metric is counted in the log of {', '.join(missing)} alone")
    return _shows(subject, "trading activity", wanted)


def _counts(subject: Subject, row: Resource, function: Resource) -> bool:
    group, _ = one(subject.graph, row, "logGroupName", LOG_GROUP)
    return group is not None and group.get("name") == f"/aws/lambda/{function.get('name')}"


def _shows(subject: Subject, what: str, wanted: Iterable[tuple[Any, Any, tuple[tuple[str, Any], ...]]]) -> Verdict:
    """Judge that one dashboard shows all of some metrics, in the stack's region; further dimensions may narrow them."""
    wanted = list(wanted)
    if not wanted:
        return Verdict("fail", f"nothing to show as {what}")
    findings = []
    for dashboard in subject.graph.of_type(DASHBOARD):
        shown = _read(dashboard, subject.settings.get("region"))
        if shown is None:
            findings.append(Finding(dashboard, "dashboardBody", "unknown"))
            continue
        known = not any(value is UNKNOWN for _, _, dimensions in wanted for _, value in dimensions)
        full = all(any(_is_shown(row, given) for given in shown) for row in wanted)
        findings.append(Finding(dashboard, "dashboardBody", ("pass" if full else "fail") if known else "unknown"))
    for word in ("pass", "unknown"):
        found = [finding for finding in findings if finding.word == word]
        if found:
            return combine(found, "dashboards", f"show {what}: {len(wanted)} metrics")
    return combine(findings, "dashboards", f"show {what}: {len(wanted)} metrics")


def _is_shown(row: tuple[Any, Any, tuple[tuple[str, Any], ...]], given: Shown) -> bool:
    namespace, metric, dimensions = row
    return given[:2] == (namespace, metric) and set(dimensions) <= given[2]


def _read(dashboard: Resource, region: Any) -> set[Shown] | None:
    """Return the metrics that a dashboard shows of a region, None where they are not known yet."""
    body = dashboard.get("dashboardBody")
    if body is UNKNOWN:
        return None
    try:
        document = json.loads(body)
    except (TypeError, ValueError):
        return set()
    widgets = document.get("widgets") if isinstance(document, dict) else None
    found: set[Shown] = set()
    for widget in widgets if isinstance(widgets, list) else ():
        properties = widget.get("properties") if isinstance(widget, dict) and widget.get("type") == "metric" else None
        if isinstance(properties, dict) and properties.get("region") == region:
            found |= set(_graph(properties.get("metrics")))
    return found


def _graph(rows: Any) -> Iterator[Shown]:
    """Yield the metrics of one graph that are visible, or that a visible expression is computed of.

    CloudWatch API Reference, "Dashboard Body Structure": "." stands for the value above, "..." for all values before.
    """
    before: list[str] = []
    hidden: dict[str, Shown] = {}
    expressions = ""
    for row in rows if isinstance(rows, list) else ():
        texts = [item for item in row if isinstance(item, str)] if isinstance(row, list) else []
        (options, *_) = [*(item for item in (row if isinstance(row, list) else ()) if isinstance(item, dict)), {}]
        visible = options.get("visible", True) is not False
        if not texts:
            expressions += f" {options.get('expression', '')}" if visible else ""
            continue
        texts = _expanded(texts, before)
        before = texts
        pairs = frozenset(zip(texts[2::2], texts[3::2], strict=False))
        shown = (texts[0], texts[1] if len(texts) > 1 else "", pairs)
        if visible:
            yield shown
        else:
            hidden[str(options.get("id"))] = shown
    named = set(re.findall(r"[a-z]\w*", expressions))
    yield from (shown for id_, shown in hidden.items() if id_ in named)


def _expanded(texts: list[str], before: list[str]) -> list[str]:
    if texts[0] == "...":
        texts = [*before[: len(before) - len(texts) + 1], *texts[1:]]
    return [before[n] if text == "." and n < len(before) else text for n, text in enumerate(texts)]


@criterion("TRADING-14.7")
def metric_filters(subject: Subject) -> Verdict:
    """Filters make numbers of a namespace of our own out of what they select in a log of the stack."""
    findings = []
    for row in subject.graph.of_type(FILTER):
        words = [
            one(subject.graph, row, "logGroupName", LOG_GROUP)[1],
            claim(row, "pattern", lambda text: bool(_SELECTS.fullmatch(text.strip())), default="").word,
            claim(row, "metricTransformation", _makes_a_metric, default={}).word,
        ]
        findings.append(Finding(row, "pattern", worst(words)))
    return combine(findings, "metric filters", "derive metrics of our own from log events")


def _makes_a_metric(given: Mapping[str, Any]) -> bool:
    namespace, value = given.get("namespace"), str(given.get("value", ""))
    own = isinstance(namespace, str) and bool(namespace) and not namespace.startswith("AWS/")
    return own and bool(given.get("name")) and bool(re.fullmatch(r"\d+(\.\d+)?|\$\..+", value))
