"""Statistics, periods and math expressions of CloudWatch metrics, which alarms and dashboards share.

Sources are "Statistics definitions" and "Using metric math" of CloudWatch.
"""

from __future__ import annotations

import re

from plumbline.constraints.networks import region_of
from plumbline.graph import Resource, StackGraph

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_NUMBER = r"(?:100(?:\.0{1,10})?|\d{1,2}(?:\.\d{1,10})?)"
_PERCENTILE = re.compile(rf"p{_NUMBER}")
_EXTENDED = re.compile(
    rf"(?:p|tm|wm|tc|ts){_NUMBER}|IQM"
    rf"|(?:TM|WM|TC|TS)\((?:{_NUMBER}%)?:(?:{_NUMBER}%)?\)"
    r"|(?:TM|WM|TC|TS|PR)\((?:-?\d+(?:\.\d+)?)?:(?:-?\d+(?:\.\d+)?)?\)"
)
_SHORT_PERIODS = (10, 20, 30)
_FUNCTIONS = [
    "ABS",
    "ANOMALY_DETECTION_BAND",
    "AVG",
    "CEIL",
    "DATAPOINT_COUNT",
    "DATE",
    "DAY",
    "DB_PERF_INSIGHTS",
    "DIFF",
    "DIFF_TIME",
    "EPOCH",
    "FILL",
    "FIRST",
    "FLOOR",
    "HOUR",
    "IF",
    "INSIGHT_RULE_METRIC",
    "LAMBDA",
    "LAST",
    "LOG",
    "LOG10",
    "MAX",
    "METRICS",
    "METRIC_COUNT",
    "MIN",
    "MINUTE",
    "MONTH",
    "PERIOD",
    "RATE",
    "REMOVE_EMPTY",
    "RUNNING_SUM",
    "SEARCH",
    "SERVICE_QUOTA",
    "SLICE",
    "SORT",
    "STDDEV",
    "SUM",
    "TIME_SERIES",
    "YEAR",
]
_WORDS = ("AND", "OR", "NOT", "TRUE", "FALSE", "ASC", "DESC", "REPEAT", "LINEAR")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||[<>=!]=|[-+*/^<>(),\[\]])|(?P<bad>\S))"
)
_BINARY = ("AND", "OR")
_QUERY = re.compile(r"\s*SELECT\s", re.IGNORECASE)


def statistic_problem(text: str, *, extended: bool = False) -> str | None:
    """Say what is wrong with a statistic. `extended` is whether it must be another than the five plain ones."""
    if _EXTENDED.fullmatch(text) and not re.fullmatch(r"\w+\(:\)", text):
        return None
    if not extended and text in STATISTICS:
        return None
    plain = "" if extended else f"{', '.join(STATISTICS)}, or "
    return f"{text!r} given; allowed: {plain}such as p99, p99.9, tm90, TM(10%:90%), PR(:300), IQM"


def is_percentile(text: str) -> bool:
    """Say whether a statistic is a percentile."""
    return _PERCENTILE.fullmatch(text) is not None


def period_problem(seconds: int, *, shown: bool = False) -> str | None:
    """Say what is wrong with a period: less than 60 seconds are for metrics of high resolution.

    `shown` is whether it is one of a graph, which goes down to one second, and not one of an alarm.
    """
    short = (1, 5, *_SHORT_PERIODS) if shown else _SHORT_PERIODS
    if seconds in short or (seconds > 0 and seconds % 60 == 0):
        return None
    return f"{seconds} given; allowed: {', '.join(map(str, short))}, or a multiple of 60 seconds"


def is_query(expression: str) -> bool:
    """Say whether an expression is a query of Metrics Insights, which is in another language."""
    return _QUERY.match(expression) is not None


def expression_problems(expression: str, ids: set[str] | None) -> list[str]:
    """Return what is wrong with a metric math expression, given the ids that exist beside it (None: not known)."""
    if is_query(expression):
        return []
    tokens = [(match.lastgroup, match[match.lastgroup or 0]) for match in _TOKEN.finditer(expression.rstrip())]
    problems: list[str] = []
    for index, (kind, text) in enumerate(tokens):
        called = index + 1 < len(tokens) and tokens[index + 1][1] == "("
        if kind == "bad":
            problems.append(f"{text!r} has no meaning in it")
        elif kind == "name" and called and text not in _FUNCTIONS and text not in _WORDS:
            problems.append(f"no function {text}")
        elif kind == "name" and not called and text[0].islower() and ids is not None and text not in ids:
            problems.append(f"no metric or expression has the id {text}")
        elif kind == "name" and not called and not text[0].islower() and text not in _WORDS:
            problems.append(f"{text} is no id, which begins with a lower-case letter")
    order = _order_problem(tokens) if not problems else None
    return [f"{expression!r} given; {problem}" for problem in (*problems, *([order] if order else []))]


def _order_problem(tokens: list[tuple[str | None, str]]) -> str | None:
    """Say where values and operators do not take turns, or brackets do not close."""
    before, value = "", False  # the token before, and whether it ends a value
    open_: list[str] = []
    for kind, text in tokens:
        if text in _BINARY or (kind == "sign" and text not in "()[],"):
            if not value and text not in "+-":
                return f"a value is needed before {text}"
            value = False
        elif text in ("(", "[", "NOT") or kind in ("text", "number", "name"):
            if value and not (text == "(" and before in _FUNCTIONS):
                return f"an operator is needed before {text}"
            value = text not in ("(", "[", "NOT")
            open_ += {"(": ")", "[": "]"}.get(text, "")
        else:
            if not value and (text == "," or before not in ("(", "[")):
                return f"a value is needed before {text}"
            value = text != ","
            if text != "," and (not open_ or open_.pop() != text):
                return f"{text} closes nothing"
        before = text
    if open_:
        return f"{open_[-1]} is missing"
    return None if value else "a value is needed at its end"


def uses(expression: str, function: str) -> bool:
    """Say whether an expression calls a function."""
    return re.search(rf"\b{function}\s*\(", expression) is not None


def elsewhere(namespace: str, resource: Resource, graph: StackGraph) -> str | None:
    """Say where the metrics of a namespace are, if not in the region of a resource."""
    region = region_of(resource, graph)
    if namespace in ("AWS/CloudFront", "AWS/Route53", "AWS/Billing") and region not in (None, "us-east-1"):
        return f"{namespace!r} given in {region}; its metrics exist in us-east-1 only"
    return None
