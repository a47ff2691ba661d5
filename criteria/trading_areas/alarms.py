"""Requirement 14, alarms: what they watch, at which thresholds, and that they tell somebody."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from criteria.trading_areas.api_routes import STAGE, api_of
from criteria.trading_areas.common import FUNCTION, KEY, REPLICATION_GROUP, TABLE, Word, best, follow, worst
from criteria.trading_areas.common import statements as statements_of
from criteria.trading_areas.rights import Call, allowed, arn, on, sent_by
from criteria.trading_areas.topics import TOPIC, TOPIC_POLICY
from plumbline.graph import UNKNOWN, Resource, dig, reveal, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_DECISION_LOOSER = 5
# The services whose metrics the criteria ask for. Other metrics are the application's own.
_ASKED_FOR = ("AWS/ApiGateway", "AWS/DynamoDB", "AWS/ElastiCache", "AWS/Lambda", "AWS/States")
_SERVICE = "cloudwatch.amazonaws.com"
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
_Count = tuple[str, str, tuple[str, ...]]  # namespace, metric and the statistics that count it
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


def _computes(seen: Watch, expected: Callable[[Values], float | None], cases: list[Values]) -> bool:
    try:
        return all(_same(seen.value(case), expected(case)) for case in cases)
    except (ValueError, SyntaxError):
        return False


def _same(given: float | None, expected: float | None) -> bool:
    return given == expected if given is None or expected is None else abs(given - expected) < 1e-9


def _threshold(subject: Subject, name: str) -> Any:
    alarms = subject.settings.get("alarms")
    return alarms.get(name) if isinstance(alarms, dict) else None


def _fires(subject: Subject, alarm: Resource, setting: str) -> Word:
    """Say whether an alarm goes off above the setting's threshold, in every period by itself."""
    own = _threshold(subject, setting)
    return worst(
        [
            claim(alarm, "comparisonOperator", lambda given: given == "GreaterThanThreshold").word,
            claim(alarm, "threshold", lambda given: given == own).word,
            claim(alarm, "evaluationPeriods", lambda given: given == 1).word,
            claim(alarm, "actionsEnabled", lambda on: on is True, default=True).word,
        ]
    )


def _each(subject: Subject, things: Iterable[tuple[Resource, Question | None]], setting: str) -> list[Finding]:
    """Judge that for each thing an alarm at the setting's threshold watches it, as its question tells.

    There is no question while the thing's name is unknown.
    """
    watched = [(alarm, watch(alarm)) for alarm in subject.graph.of_type(ALARM)]
    findings = []
    for owner, asks in things:
        words: list[Word] = ["unknown"] if asks is None else []
        for alarm, seen in watched if asks else ():
            if seen is None:
                words.append("unknown" if _is_partly_known(alarm) else "fail")
            elif asks is not None and asks(seen):
                words.append(_fires(subject, alarm, setting))
        findings.append(Finding(owner, "name", best(words)))
    return findings


def _is_partly_known(alarm: Resource) -> bool:
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


def _strict(subject: Subject, setting: str, wanted: float, findings: list[Finding], what: str, says: str) -> Verdict:
    """Combine, with the documents' threshold in production, and a looser one in test (docs/decisions.md, 5)."""
    own = _threshold(subject, setting)
    looser = subject.environment != "prod" and isinstance(own, int | float) and own > wanted
    if own != wanted and not looser:
        return Verdict("fail", f"alarms.{setting} is {own}, {wanted} wanted")
    return combine(findings, what, says, _DECISION_LOOSER if looser else 0)


def _asks(question: Callable[..., bool], *given: Any) -> Question | None:
    """Return a question about what an alarm watches; the dimensions, which come last, must be known to ask it."""
    return None if UNKNOWN in given[-1].values() else lambda seen: question(seen, *given)


def _rate(seen: Watch, errors: tuple[str, str], count: _Count, of: Dimensions) -> bool:
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
    return _computes(seen, lambda case: 100 * (case[bad[0]] or 0) / (case[all_[0]] or 1), cases)


@criterion("TRADING-14.2")
def function_errors(subject: Subject) -> Verdict:
    """For each function: over all of them one that always fails would hide among the others."""
    setting, count = "lambda_error_percent", ("AWS/Lambda", "Invocations", ("Sum",))
    things = [
        (function, _asks(_rate, ("AWS/Lambda", "Errors"), count, {"FunctionName": function.get("name")}))
        for function in subject.graph.of_type(FUNCTION)
    ]
    findings = _each(subject, things, setting)
    says = f"have an alarm at an error rate above {_threshold(subject, setting)} percent"
    return _strict(subject, setting, subject.facts["error_rate_percent"], findings, "functions", says)


@criterion("TRADING-14.3")
def api_errors(subject: Subject) -> Verdict:
    setting, count = "api_error_percent", ("AWS/ApiGateway", "Count", ("SampleCount", "Sum"))
    things = []
    for stage in subject.graph.of_type(STAGE):
        api, _ = api_of(subject.graph, stage, "restApi")
        of = {"ApiName": api.get("name") if api else UNKNOWN, "Stage": stage.get("stageName")}
        things.append((stage, _asks(_rate, ("AWS/ApiGateway", "5XXError"), count, of)))
    findings = _each(subject, things, setting)
    says = f"have an alarm at a 5xx rate above {_threshold(subject, setting)} percent"
    return _strict(subject, setting, subject.facts["error_rate_percent"], findings, "stages", says)


@criterion("TRADING-14.4")
def throttles(subject: Subject) -> Verdict:
    """Each of a table's and its indexes' metrics of throttled reads and writes is enough to set an alarm off."""
    setting = "table_throttle_events"
    own = _threshold(subject, setting)
    above = float(own) + 1 if isinstance(own, int | float) else 0.0
    things = [
        (table, _asks(_suffices, metric, above, of))
        for table in subject.graph.of_type(TABLE)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents")
        for of in _parts(table)
    ]
    findings = _each(subject, things, setting)
    says = f"have an alarm at more than {own} throttled requests"
    return _strict(subject, setting, 0, findings, "metrics of tables and indexes", says)


def _parts(table: Resource) -> Iterator[dict[str, Any]]:
    yield {"TableName": table.get("name")}
    indexes = table.get("globalSecondaryIndexes", [])
    for index in [UNKNOWN] if indexes is UNKNOWN else indexes:
        yield {"TableName": table.get("name"), "GlobalSecondaryIndexName": dig(index, "name")}


def _suffices(seen: Watch, name: str, above: float, of: Dimensions) -> bool:
    """Say whether an alarm sees one metric alone, while all its others have no data."""
    if name not in seen.names:
        return False
    ids = [id_ for id_, metric in seen.metrics.items() if metric.is_of("AWS/DynamoDB", name, ("Sum",), of)]
    return len(ids) == 1 and _computes(seen, lambda case: above, [{**dict.fromkeys(seen.metrics), ids[0]: above}])


@criterion("TRADING-14.5")
def redis_memory(subject: Subject) -> Verdict:
    """For each node of the cache, which AWS names after the group."""
    setting = "redis_memory_percent"
    things = [
        (group, _asks(_memory, {"CacheClusterId": node}))
        for group in subject.graph.of_type(REPLICATION_GROUP)
        for node in _nodes(group)
    ]
    findings = _each(subject, things, setting)
    says = f"have an alarm above {_threshold(subject, setting)} percent of memory"
    return _strict(subject, setting, subject.facts["memory_percent"], findings, "nodes of the cache", says)


def _nodes(group: Resource) -> list[Any]:
    """Return the names of a group's nodes; in cluster mode a shard's number comes before the node's."""
    name, shards = group.get("replicationGroupId"), group.get("numNodeGroups")
    count, replicas = group.get("numCacheClusters", 1), group.get("replicasPerNodeGroup", 0)
    if UNKNOWN in (name, shards, count, replicas):
        return [UNKNOWN]
    if shards is None:
        return [f"{name}-{number:03}" for number in range(1, count + 1)]
    return [f"{name}-{s:04}-{n:03}" for s in range(1, shards + 1) for n in range(1, replicas + 2)]


def _memory(seen: Watch, of: Dimensions) -> bool:
    metric = seen.metrics.get(seen.expression)
    return metric is not None and metric.is_of(
        "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", ("Average", "Maximum"), of
    )


# Of each threshold in the settings, the metric whose alarms it is for.
_WATCHED_BY = {
    "lambda_error_percent": "Errors",
    "api_error_percent": "5XXError",
    "table_throttle_events": "ReadThrottleEvents",
    "redis_memory_percent": "DatabaseMemoryUsagePercentage",
    "redis_cpu_percent": "CPUUtilization",
    "application_errors": "ApplicationErrors",
    "function_throttles": "Throttles",
    "duration_percent": "Duration",
    "failed_executions": "ExecutionsFailed",
}


def following(subject: Subject) -> list[Finding]:
    """Return whether each threshold of the settings is that of the alarms it is for, and there is one.

    An alarm below its threshold watches for silence, which has no setting.
    """
    watched = [(alarm, watch(alarm)) for alarm in subject.graph.of_type(ALARM)]
    findings = []
    for setting, metric in _WATCHED_BY.items():
        own = _threshold(subject, setting)
        about = [
            claim(alarm, "threshold", lambda given, own=own: given == own)
            for alarm, seen in watched
            if seen is not None and any(read.name == metric for read in seen.metrics.values())
            if str(alarm.get("comparisonOperator")).startswith("Greater")
        ]
        hidden = [
            Finding(alarm, "metricQueries", "unknown")
            for alarm, seen in watched
            if seen is None and _is_partly_known(alarm)
        ]
        lost = [Finding(alarm, "threshold", "fail") for alarm, _ in watched[:1]]
        findings += [*about, *hidden] or lost
    return findings


@criterion("TRADING-14.8")
def actions(subject: Subject) -> Verdict:
    """Every alarm tells topics of the stack, which let CloudWatch publish and whose key lets it encrypt."""
    findings = [
        Finding(alarm, "alarmActions", _tells(subject, alarm)) for alarm in subject.graph.of_type(ALARM, COMPOSITE)
    ]
    return combine(findings, "alarms", "tell a topic that takes their messages")


def _tells(subject: Subject, alarm: Resource) -> Word:
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
        call = Call("sns:Publish", arn(subject, "sns", str(topic.get("name"))), _SERVICE, context)
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
        may = written is not None and all(allowed(written, Call(action, "*", _SERVICE, context)) for action in uses)
        words.append("unknown" if written is None else "pass" if may else "fail")
    return worst(words)
