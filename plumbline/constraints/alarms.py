"""CloudWatch alarms on metrics and on other alarms (PutMetricAlarm, PutCompositeAlarm).

Lengths and enumerations are in the service model (data/aws_shapes.yaml); statistics and expressions are in
metric_math.py, the rules of composite alarms in alarm_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.alarm_rules import read_rule
from plumbline.constraints.callers import TOPIC, account_of
from plumbline.constraints.metric_math import (
    ID,
    elsewhere,
    expression_problems,
    is_percentile,
    is_query,
    period_problem,
    statistic_problem,
    uses,
)
from plumbline.constraints.networks import known_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.topics import ALARM_ACTIONS, COMPOSITE_ALARM, METRIC_ALARM
from plumbline.graph import UNKNOWN, Resource, StackGraph

_DAY, _WEEK, _HOUR = 86_400, 604_800, 3_600
_ANOMALY = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_MISSING = ("missing", "ignore", "breaching", "notBreaching")
_OF_THE_METRIC = ("metricName", "namespace", "dimensions", "period", "statistic", "extendedStatistic", "unit")
_MOST_ACTIONS = 5
_MOST_QUERIES = 20
_MOST_CHILDREN = 100
_ACTION = re.compile(
    r"arn:[a-z-]+:(?:(?P<topic>sns):(?P<region>[a-z0-9-]+):\d{12}:(?P<name>[\w-]+(\.fifo)?)"
    r"|(?:automate|swf|autoscaling|lambda|ssm|ssm-incidents|aiops):\S+)"
)
_ALARM_ARN = re.compile(r"arn:[a-z-]+:cloudwatch:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):alarm:(?P<name>.+)")
# Whose name a dimension holds: namespace and dimension, the type, and the property with the name.
_NAMED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("AWS/Lambda", "FunctionName"): ("aws:lambda/function:Function", "name"),
    ("AWS/DynamoDB", "TableName"): ("aws:dynamodb/table:Table", "name"),
    ("AWS/SQS", "QueueName"): ("aws:sqs/queue:Queue", "name"),
    ("AWS/SNS", "TopicName"): ("aws:sns/topic:Topic", "name"),
    ("AWS/ApiGateway", "ApiName"): ("aws:apigateway/restApi:RestApi", "name"),
    ("AWS/ElastiCache", "ReplicationGroupId"): (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "replicationGroupId",
    ),
    ("AWS/ElastiCache", "CacheClusterId"): ("aws:elasticache/replicationGroup:ReplicationGroup", "replicationGroupId"),
    ("AWS/Events", "RuleName"): ("aws:cloudwatch/eventRule:EventRule", "name"),
    ("AWS/Events", "EventBusName"): ("aws:cloudwatch/eventBus:EventBus", "name"),
    ("AWS/States", "StateMachineArn"): ("aws:sfn/stateMachine:StateMachine", "name"),
    ("AWS/Timestream", "DatabaseName"): ("aws:timestreamwrite/database:Database", "databaseName"),
    ("AWS/Timestream", "TableName"): ("aws:timestreamwrite/table:Table", "tableName"),
    ("AWS/Logs", "LogGroupName"): ("aws:cloudwatch/logGroup:LogGroup", "name"),
    ("AWS/S3", "BucketName"): ("aws:s3/bucket:Bucket", "bucket"),
}


@for_types(METRIC_ALARM)
def subject(alarm: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An alarm is on one metric with all that describes it, or on metric queries."""
    subjects = {name: alarm.get(name) for name in ("metricName", "metricQueries", "evaluationCriteria")}
    given = [name for name, value in subjects.items() if value not in (None, [])]
    if UNKNOWN in subjects.values():
        return
    if len(given) != 1:
        yield "metricName", f"{' and '.join(given) or 'nothing'} given; exactly one of metricName, metricQueries"
        return
    if given == ["metricName"]:
        for name in ("namespace", "period"):
            if alarm.get(name) is None:
                yield name, "missing; an alarm on one metric needs it"
        one = [name for name in ("statistic", "extendedStatistic") if alarm.get(name) is not None]
        if len(one) != 1:
            yield "statistic", f"{' and '.join(one) or 'nothing'} given; exactly one of statistic, extendedStatistic"
    if given == ["metricQueries"]:
        for name in _OF_THE_METRIC:
            if alarm.get(name) is not None:
                yield name, "given together with metricQueries, which say it themselves"
    if given != ["evaluationCriteria"] and alarm.get("evaluationPeriods") is None:
        yield "evaluationPeriods", "missing; an alarm on metrics needs it"


@for_types(METRIC_ALARM)
def comparison(alarm: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """What is measured is compared with a threshold, or by the operators for it with an anomaly detection band."""
    operator, threshold, band = (alarm.get(name) for name in ("comparisonOperator", "threshold", "thresholdMetricId"))
    if operator is None or UNKNOWN in (operator, threshold, band):
        return
    if (threshold is None) == (band is None):
        given = "nothing" if band is None else "both"
        yield "threshold", f"{given} given; exactly one of threshold, thresholdMetricId is needed"
    elif (operator in _ANOMALY) != (band is not None):
        allowed = f"allowed with thresholdMetricId: {', '.join(_ANOMALY)}; with threshold: the others"
        yield "comparisonOperator", f"{operator!r} given; {allowed}"


@for_types(METRIC_ALARM)
def evaluation(alarm: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Periods are such as CloudWatch has, and their number does not reach back too far."""
    places = [("period", alarm.get("period"))]
    for index, query in enumerate(known_rows(alarm.get("metricQueries"))):
        metric = query.get("metric")
        places.append((f"metricQueries[{index}].period", query.get("period")))
        places.append(
            (f"metricQueries[{index}].metric.period", metric.get("period") if isinstance(metric, dict) else None)
        )
    periods = [(place, value) for place, value in places if isinstance(value, int)]
    for place, value in periods:
        problem = period_problem(value)
        if problem:
            yield place, problem
    count, enough = alarm.get("evaluationPeriods"), alarm.get("datapointsToAlarm")
    if isinstance(count, int) and isinstance(enough, int) and enough > count:
        yield "datapointsToAlarm", f"{enough} given; allowed: at most evaluationPeriods, which is {count}"
    longest = max((value for _, value in periods), default=None)
    if isinstance(count, int) and longest is not None:
        most = _DAY if longest < _HOUR else _WEEK
        if longest * count > most:
            yield "evaluationPeriods", f"{count} of {longest} seconds given; allowed: at most {most} seconds together"


@for_types(METRIC_ALARM)
def statistics(alarm: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Statistics, and what goes with percentiles and with missing data, are known words."""
    extended, missing, low = (
        alarm.get(name) for name in ("extendedStatistic", "treatMissingData", "evaluateLowSampleCountPercentiles")
    )
    if isinstance(extended, str):
        problem = statistic_problem(extended, extended=True)
        if problem:
            yield "extendedStatistic", problem
    for index, query in enumerate(known_rows(alarm.get("metricQueries"))):
        metric = query.get("metric")
        stat = metric.get("stat") if isinstance(metric, dict) else None
        problem = statistic_problem(stat) if isinstance(stat, str) else None
        if problem:
            yield f"metricQueries[{index}].metric.stat", problem
    if isinstance(missing, str) and missing not in _MISSING:
        yield "treatMissingData", f"{missing!r} given; allowed: {', '.join(_MISSING)}"
    if isinstance(low, str) and low not in ("evaluate", "ignore"):
        yield "evaluateLowSampleCountPercentiles", f"{low!r} given; allowed: evaluate, ignore"
    elif isinstance(low, str) and not (extended is UNKNOWN or (isinstance(extended, str) and is_percentile(extended))):
        yield "evaluateLowSampleCountPercentiles", "given, but extendedStatistic is no percentile"


@for_types(METRIC_ALARM)
def queries(alarm: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Metric queries have ids, are a metric or an expression over others, and one of them is what is compared."""
    given = alarm.get("metricQueries")
    rows = known_rows(given)
    if not isinstance(given, list) or len(rows) != len(given):
        return
    if len(rows) > _MOST_QUERIES:
        yield "metricQueries", f"{len(rows)} given; allowed: at most {_MOST_QUERIES}"
    ids = [row.get("id") for row in rows]
    for index, row in enumerate(rows):
        id_ = row.get("id")
        if isinstance(id_, str) and not ID.fullmatch(id_):
            yield f"metricQueries[{index}].id", f"{id_!r} given; letters, digits and _, the first a lower-case letter"
        elif isinstance(id_, str) and id_ in ids[:index]:
            yield f"metricQueries[{index}].id", f"{id_!r} is the id of another one too"
        others = {other for other in ids if isinstance(other, str) and other != id_}
        yield from _query(row, f"metricQueries[{index}]", None if UNKNOWN in ids else others)
    band = alarm.get("thresholdMetricId")
    if isinstance(band, str) and UNKNOWN not in ids and band not in ids:
        yield "thresholdMetricId", f"{band!r} given; no metric query has this id"
    shown = [row.get("returnData", False) for row in rows if band is None or row.get("id") != band]
    if UNKNOWN not in shown and UNKNOWN not in ids and band is not UNKNOWN and shown.count(True) != 1:
        yield "metricQueries", f"{shown.count(True)} of them return data; exactly one does, besides an anomaly band"


def _query(row: Mapping[str, Any], place: str, ids: set[str] | None) -> Iterator[Finding]:
    metric, expression = row.get("metric"), row.get("expression")
    if (metric is None) == (expression is None):
        yield place, f"{'nothing' if metric is None else 'both'} given; exactly one of metric, expression is needed"
    if isinstance(expression, str):
        for problem in expression_problems(expression, ids):
            yield f"{place}.expression", problem
        if uses(expression, "SEARCH"):
            yield f"{place}.expression", "SEARCH given; an alarm cannot watch what a search finds"
        if is_query(expression) and row.get("period") is None:
            yield f"{place}.period", "missing; a query of Metrics Insights needs it"


@for_types(METRIC_ALARM, COMPOSITE_ALARM)
def actions(alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An alarm acts on at most five things for each state, and on standard topics of its own region."""
    region = region_of(alarm, graph)
    for name in ALARM_ACTIONS:
        given = alarm.get(name, [])
        if isinstance(given, list) and len(given) > _MOST_ACTIONS:
            yield name, f"{len(given)} given; allowed: at most {_MOST_ACTIONS}"
        for index, action in enumerate(given if isinstance(given, list) else []):
            match = _ACTION.fullmatch(action) if isinstance(action, str) else None
            if isinstance(action, str) and match is None:
                yield f"{name}[{index}]", f"{action!r} given; the ARN of a topic, or of another action, is needed"
            elif match is not None and match["topic"] and region not in (None, match["region"]):
                yield f"{name}[{index}]", f"a topic in {match['region']} given; the alarm is in {region}"
        for urn in alarm.property_dependencies.get(name, ()):
            topic = graph.resources.get(urn)
            if topic is None or topic.type != TOPIC:
                continue
            if None not in (region, region_of(topic, graph)) and region != region_of(topic, graph):
                yield name, f"{topic.display} is in {region_of(topic, graph)}; the alarm is in {region}"
            if topic.get("fifoTopic") is True:
                yield name, f"{topic.display} is a FIFO topic; alarms publish to standard ones"


@for_types(METRIC_ALARM)
def subjects_exist(alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The names in dimensions are those of the stack, where it has resources of that type; metrics are there."""
    for place, namespace, dimensions in _metrics(alarm):
        problem = elsewhere(namespace, alarm, graph)
        if problem:
            yield f"{place}namespace", problem
        for dimension, value in dimensions.items() if isinstance(dimensions, Mapping) else ():
            type_, property_ = _NAMED.get((namespace, dimension), ("", ""))
            if not isinstance(value, str) or not type_:
                continue
            names = [resource.get(property_) for resource in graph.of_type(type_)]
            if not names or not all(isinstance(name, str) for name in names):
                continue
            if not any(_is_named(dimension, value, name) for name in names):
                yield f"{place}dimensions.{dimension}", f"{value!r} given; the stack's {type_} are called otherwise"


def _is_named(dimension: str, value: str, name: str) -> bool:
    if dimension == "CacheClusterId":  # the nodes of a group are called after it
        return re.fullmatch(rf"{re.escape(name)}(-\d{{3,4}})+", value) is not None
    return (value.rpartition(":")[2] if dimension == "StateMachineArn" else value) == name


def _metrics(alarm: Resource) -> Iterator[tuple[str, str, Any]]:
    """Yield place, namespace and dimensions of every metric that an alarm is on."""
    namespace = alarm.get("namespace")
    if isinstance(namespace, str):
        yield "", namespace, alarm.get("dimensions")
    for index, query in enumerate(known_rows(alarm.get("metricQueries"))):
        metric = query.get("metric")
        namespace = metric.get("namespace") if isinstance(metric, Mapping) else None
        if isinstance(metric, Mapping) and isinstance(namespace, str):
            yield f"metricQueries[{index}].metric.", namespace, metric.get("dimensions")


@for_types(METRIC_ALARM, COMPOSITE_ALARM)
def name_once(alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    """No two alarms of a region have one name: the second would take the place of the first."""
    name, place = _name(alarm), (alarm.get("region"), alarm.options.provider)
    for other in graph.of_type(METRIC_ALARM, COMPOSITE_ALARM) if isinstance(name, str) else ():
        if other.urn == alarm.urn:
            return
        if _name(other) == name and (other.get("region"), other.options.provider) == place:
            yield "name" if alarm.type == METRIC_ALARM else "alarmName", f"{name!r} is the name of {other.display} too"


def _name(alarm: Resource) -> Any:
    return alarm.get("name" if alarm.type == METRIC_ALARM else "alarmName")


@for_types(COMPOSITE_ALARM)
def rule(alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The rule is one, and names at most a hundred alarms, which are in the stack and come first."""
    text = alarm.get("alarmRule")
    if not isinstance(text, str):
        return
    named, problem = read_rule(text)
    if problem:
        yield "alarmRule", problem
        return
    if len(set(named)) > _MOST_CHILDREN:
        yield "alarmRule", f"{len(set(named))} alarms named; allowed: at most {_MOST_CHILDREN}"
    for name in dict.fromkeys(named):
        yield from _child("alarmRule", name, alarm, graph)


@for_types(COMPOSITE_ALARM)
def suppressor(alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The alarm that suppresses actions is in the stack and comes first."""
    named = alarm.get("actionsSuppressor.alarm")
    if isinstance(named, str):
        yield from _child("actionsSuppressor.alarm", named, alarm, graph)


def _child(place: str, named: str, alarm: Resource, graph: StackGraph) -> Iterator[Finding]:
    match = _ALARM_ARN.fullmatch(named)
    if match is not None and (match["region"], match["account"]) != (region_of(alarm, graph), account_of(alarm, graph)):
        return
    name = match["name"] if match is not None else named
    names = {_name(other): other for other in graph.of_type(METRIC_ALARM, COMPOSITE_ALARM)}
    child = names.get(name)
    if child is None:
        if not {UNKNOWN, None} & set(names):
            yield place, f"no alarm {name!r} in the stack"
    elif child.urn == alarm.urn:
        yield place, f"{name!r} given, which is the alarm itself"
    elif child.urn not in graph.needs(alarm.urn):
        yield place, f"names {child.display} without depending on it; use its output"
