"""What an alarm watches, when it fires, and whether it tells somebody."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from criteria.common.lookups import KEY, Word, best, follow, worst
from criteria.common.lookups import statements as statements_of
from criteria.common.rights import Call, allowed, arn, on, sent_by
from criteria.common.topics import TOPIC, TOPIC_POLICY
from plumbline.graph import UNKNOWN, Resource, dig, reveal, walk
from plumbline.verdicts import Finding, Subject, claim

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
# The services whose metrics the criteria ask for. Other metrics are the application's own.
_ASKED_FOR = ("AWS/ApiGateway", "AWS/DynamoDB", "AWS/ElastiCache", "AWS/Lambda", "AWS/States")
CLOUDWATCH = "cloudwatch.amazonaws.com"
Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Metric:
    """One metric of an alarm, by what it counts and how."""

    namespace: Any
    name: Any
    statistic: Any
    dimensions: Mapping[str, Any]

    def is_of(self, namespace: str, name: str, statistics: tuple[str, ...], dimensions: Mapping[str, Any]) -> bool:
        same = self.name == name and self.namespace == namespace and dict(self.dimensions) == dict(dimensions)
        return same and self.statistic in statistics


@dataclass(frozen=True)
class Watch:
    """What an alarm computes of its metrics, by their ids, and compares with its threshold."""

    metrics: Mapping[str, Metric]
    expression: str

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The metrics' names: most questions are about others, and need not look at any metric."""
        return frozenset(metric.name for metric in self.metrics.values() if isinstance(metric.name, str))

    def value(self, values: Values) -> float | None:
        """Return what the alarm sees, None where CloudWatch would have no data. Raises ValueError for other math."""
        return _evaluate(ast.parse(self.expression, mode="eval").body, values)


def watch(alarm: Resource) -> Watch | None:
    """Return what an alarm watches, None where that is not known yet or cannot be read."""
    queries = alarm.get("metricQueries")
    names = ("namespace", "metricName", "statistic", "extendedStatistic", "dimensions")
    if queries is UNKNOWN or any(leaf is UNKNOWN for name in names for _, leaf in walk(reveal(alarm.get(name)))):
        return None
    if not queries:
        how = alarm.get("statistic", alarm.get("extendedStatistic"))
        metric = Metric(alarm.get("namespace"), alarm.get("metricName"), how, alarm.get("dimensions", {}))
        return Watch({"m": metric}, "m")
    if any(leaf is UNKNOWN for _, leaf in walk(queries)):
        return None
    metrics = {}
    expressions = {}
    for row in queries:
        read = row.get("metric")
        if read:
            metrics[str(row.get("id"))] = Metric(
                read.get("namespace"), read.get("metricName"), read.get("stat"), read.get("dimensions", {})
            )
        else:
            expressions[str(row.get("id"))] = str(row.get("expression"))
    returned = [str(row.get("id")) for row in queries if row.get("returnData") is True]
    if len(returned) != 1:
        return None
    return Watch(metrics, expressions.get(returned[0], returned[0]))


Dimensions = Mapping[str, Any]
Question = Callable[[Watch], bool]
Fires = Callable[[Resource], Word]
Count = tuple[str, str, tuple[str, ...]]  # namespace, metric and the statistics that count it
_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _evaluate(node: ast.expr, values: Values) -> float | None:
    """Compute an expression of CloudWatch's metric math, as far as alarms on rates and sums need it.

    CloudWatch User Guide, "Using math expressions": what is computed of a metric without data has none either, and
    so has a division by zero; FILL replaces missing data.
    """
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _apply(type(op), _evaluate(left, values), _evaluate(right, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _apply(type(op), _evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id="IF"), args=[test, yes, no]):
            chosen = _evaluate(test, values)
            return None if chosen is None else _evaluate(yes if chosen else no, values)
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, instead]):
            given = _evaluate(filled, values)
            return _evaluate(instead, values) if given is None else given
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=parts)]):
            known = [_evaluate(part, values) for part in parts]
            return None if None in known else sum(part for part in known if part is not None)
    raise ValueError("another expression")


def _apply(op: type, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (op is ast.Div and right == 0):
        return None
    return float(_OPERATORS[op](left, right))


def computes(seen: Watch, expected: Callable[[Values], float | None], cases: list[Values]) -> bool:
    try:
        return all(_same(seen.value(case), expected(case)) for case in cases)
    except (ValueError, SyntaxError):
        return False


def _same(given: float | None, expected: float | None) -> bool:
    return given == expected if given is None or expected is None else abs(given - expected) < 1e-9


def fires(alarm: Resource, comparison: str, threshold: Any) -> Word:
    """Say whether an alarm goes off beyond a threshold, in every period by itself."""
    return worst(
        [
            claim(alarm, "comparisonOperator", lambda given: given == comparison).word,
            claim(alarm, "threshold", lambda given: given == threshold).word,
            claim(alarm, "evaluationPeriods", lambda given: given == 1).word,
            claim(alarm, "actionsEnabled", lambda on: on is True, default=True).word,
        ]
    )


def watched(subject: Subject, things: Iterable[tuple[Resource, Question | None]], fires: Fires) -> list[Finding]:
    """Judge that for each thing an alarm that fires as asked watches it, as its question tells.

    There is no question while the thing's name is unknown.
    """
    alarms = [(alarm, watch(alarm)) for alarm in subject.graph.of_type(ALARM)]
    findings = []
    for owner, asked in things:
        words: list[Word] = ["unknown"] if asked is None else []
        for alarm, seen in alarms if asked else ():
            if seen is None:
                words.append("unknown" if may_watch(alarm) else "fail")
            elif asked is not None and asked(seen):
                words.append(fires(alarm))
        findings.append(Finding(owner, "name", best(words)))
    return findings


def may_watch(alarm: Resource) -> bool:
    """Say whether an alarm may turn out to watch what is asked for: one whose metrics have known names cannot.

    Neither can one on metrics of an AWS service that no question is about, whatever their dimensions.
    """
    queries = alarm.get("metricQueries", [])
    if UNKNOWN in (queries, alarm.get("metricName"), alarm.get("namespace")):
        return True
    if not queries and str(alarm.get("namespace")).startswith("AWS/") and alarm.get("namespace") not in _ASKED_FOR:
        return False
    names = [dig(row, "metric.metricName") for row in queries]
    return UNKNOWN in names or any(leaf is UNKNOWN for _, leaf in walk(alarm.get("dimensions", {})))


def asks(question: Callable[..., bool], *given: Any) -> Question | None:
    """Return a question about what an alarm watches; the dimensions, which come last, must be known to ask it."""
    return None if UNKNOWN in given[-1].values() else lambda seen: question(seen, *given)


def error_rate(seen: Watch, errors: tuple[str, str], count: Count, of: Dimensions) -> bool:
    """Say whether an alarm computes how many percent of a count are errors. Nothing, where nothing was counted."""
    namespace, name = errors
    if name not in seen.names:
        return False
    bad = [id_ for id_, metric in seen.metrics.items() if metric.is_of(namespace, name, ("Sum",), of)]
    all_ = [id_ for id_, metric in seen.metrics.items() if metric.is_of(namespace, count[1], count[2], of)]
    if len(bad) != 1 or len(all_) != 1 or len(seen.metrics) != 2:
        return False
    cases: list[Values] = [
        {bad[0]: float(few), all_[0]: float(many)} for few, many in ((6, 100), (1, 200), (3, 3), (0, 9))
    ]
    return computes(seen, lambda case: 100 * (case[bad[0]] or 0) / (case[all_[0]] or 1), cases)


def tells_somebody(subject: Subject, alarm: Resource) -> Word:
    graph = subject.graph
    link = follow(graph, alarm, "alarmActions", TOPIC)
    name = alarm.get("name", alarm.get("alarmName"))
    if link.foreign or (link.certain and not link.to):
        return "fail"
    if name is UNKNOWN:
        return "unknown"
    words: list[Word] = ["pass" if link.certain else "unknown"]
    words.append(claim(alarm, "actionsEnabled", lambda on: on is True, default=True).word)
    context = sent_by(subject, arn(subject, "cloudwatch", f"alarm:{name}"))
    for topic in link.to:
        written = on(graph, topic, TOPIC_POLICY, "arn")
        call = Call("sns:Publish", arn(subject, "sns", str(topic.get("name"))), CLOUDWATCH, context)
        words.append("unknown" if written is None else "pass" if allowed(written, call) else "fail")
        words.append(_encrypts(subject, topic, context))
    return worst(words)


def _encrypts(subject: Subject, topic: Resource, context: Mapping[str, str]) -> Word:
    """Say whether CloudWatch may use a topic's key: that of AWS lets no service in (docs/decisions.md, 13)."""
    if topic.get("kmsMasterKeyId") is None:
        return "pass"
    link = follow(subject.graph, topic, "kmsMasterKeyId", KEY)
    if not link.to:
        return "fail" if link.certain else "unknown"
    words: list[Word] = ["pass" if link.certain else "unknown"]
    for key in link.to:
        written = statements_of(key, "policy")
        uses = ("kms:Decrypt", "kms:GenerateDataKey")
        may = written is not None and all(allowed(written, Call(action, "*", CLOUDWATCH, context)) for action in uses)
        words.append("unknown" if written is None else "pass" if may else "fail")
    return worst(words)
