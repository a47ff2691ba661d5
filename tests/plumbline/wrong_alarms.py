"""Wrong programs about alarms, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    function,
    provider,
    queue,
    table,
)

ONE = {
    "namespace": "Shop",
    "metric_name": "Errors",
    "statistic": "Sum",
    "period": 60,
    "evaluation_periods": 5,
    "threshold": 1,
}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:elsewhere"


def alarm(
    name: str = "errors", *, opts: pulumi.ResourceOptions | None = None, **changes: Any
) -> aws.cloudwatch.MetricAlarm:
    """An alarm on one metric. An argument given as None is left out."""
    whole = {"name": name, "comparison_operator": "GreaterThanThreshold", **ONE, **changes}
    return aws.cloudwatch.MetricAlarm(name, opts=opts, **whole)


def metric(id_: str, **changes: Any) -> dict[str, Any]:
    """Return a metric query for a metric."""
    measured = {"namespace": "Shop", "metric_name": id_, "period": 60, "stat": "Sum", **changes.pop("metric", {})}
    return {"id": id_, "metric": measured, **changes}


RATE = {"id": "rate", "expression": "100 * m1 / m2", "return_data": True}


def queried(*queries: Any, **changes: Any) -> None:
    """An alarm on metric queries: the rate of two metrics unless others are given."""
    left_out = dict.fromkeys(("namespace", "metric_name", "statistic", "period"))
    alarm(**{**left_out, "metric_queries": list(queries or (metric("m1"), metric("m2"), RATE)), **changes})


def banded(**changes: Any) -> None:
    """An alarm on a metric that leaves its band."""
    band = {"id": "band", "expression": "ANOMALY_DETECTION_BAND(m1, 2)", "return_data": True}
    given = {"threshold": None, "threshold_metric_id": "band", "comparison_operator": "GreaterThanUpperThreshold"}
    queried(metric("m1", return_data=True), band, **{**given, **changes})


def on(namespace: str, of: Callable[[], Any] | None = None, **dimensions: str) -> None:
    """An alarm on a metric of AWS, and the resource that it may be about."""
    if of is not None:
        of()
    alarm(namespace=namespace, dimensions=dimensions)


def elsewhere(namespace: str) -> None:
    alarm(namespace=namespace, opts=pulumi.ResourceOptions(provider=provider()))


def acting(*arns: Any) -> None:
    alarm(alarm_actions=list(arns), opts=pulumi.ResourceOptions(provider=provider()))


def _topic_elsewhere() -> None:
    other = aws.Provider("other", region="us-east-1", allowed_account_ids=[ACCOUNT])
    acting(aws.sns.Topic("far", name="far", opts=pulumi.ResourceOptions(provider=other)).arn)


def _fifo_topic() -> None:
    alarm(alarm_actions=[aws.sns.Topic("news", name="news.fifo", fifo_topic=True).arn])


def composite(rule: str, *, depends: bool = True, **changes: Any) -> None:
    """An alarm on the state of the alarm `errors`."""
    first = alarm()
    opts = pulumi.ResourceOptions(depends_on=[first] if depends else [])
    whole = {"alarm_name": "any", "alarm_rule": rule, **changes}
    aws.cloudwatch.CompositeAlarm("any", opts=opts, **whole)


def suppressed(by: str) -> None:
    composite("ALARM(errors)", actions_suppressor={"alarm": by, "extension_period": 60, "wait_period": 60})


def _two_alarms() -> None:
    alarm()
    aws.cloudwatch.CompositeAlarm("second", alarm_name="errors", alarm_rule="FALSE")


def _own_state() -> None:
    aws.cloudwatch.CompositeAlarm("any", alarm_name="any", alarm_rule="ALARM(any)")


def _hundred_and_one() -> None:
    names = [f"a{index}" for index in range(101)]
    first = [alarm(name) for name in names]
    text = " OR ".join(f"ALARM({name})" for name in names)
    aws.cloudwatch.CompositeAlarm(
        "any", alarm_name="any", alarm_rule=text, opts=pulumi.ResourceOptions(depends_on=first)
    )


WRONG_ALARMS = [
    Wrong(
        "alarm on nothing",
        lambda: alarm(metric_name=None),
        "metricName",
        "nothing given; exactly one of metricName, metricQueries",
    ),
    Wrong(
        "alarm on both",
        lambda: alarm(metric_queries=[metric("m1", return_data=True)]),
        "metricName",
        "metricName and metricQueries given",
    ),
    Wrong("alarm without period", lambda: alarm(period=None), "period", "missing; an alarm on one metric needs it"),
    Wrong(
        "alarm without statistic", lambda: alarm(statistic=None), "statistic", "nothing given; exactly one of statistic"
    ),
    Wrong(
        "alarm with two statistics",
        lambda: alarm(extended_statistic="p99"),
        "statistic",
        "statistic and extendedStatistic given",
    ),
    Wrong("period beside queries", lambda: queried(period=60), "period", "given together with metricQueries"),
    Wrong(
        "alarm without evaluation",
        lambda: alarm(evaluation_periods=None),
        "evaluationPeriods",
        "missing; an alarm on metrics needs it",
    ),
    Wrong(
        "alarm without threshold", lambda: alarm(threshold=None), "threshold", "nothing given; exactly one of threshold"
    ),
    Wrong(
        "operator of a band",
        lambda: alarm(comparison_operator="GreaterThanUpperThreshold"),
        "comparisonOperator",
        "allowed with thresholdMetricId: LessThanLower",
    ),
    Wrong(
        "band with another operator",
        lambda: banded(comparison_operator="GreaterThanThreshold"),
        "comparisonOperator",
        "allowed with thresholdMetricId",
    ),
    Wrong(
        "period of 45 seconds", lambda: alarm(period=45), "period", "45 given; allowed: 10, 20, 30, or a multiple of 60"
    ),
    Wrong(
        "period of a query",
        lambda: queried(metric("m1", return_data=True, metric={"period": 90})),
        "metricQueries[0].metric.period",
        "90 given; allowed",
    ),
    Wrong(
        "more datapoints than periods",
        lambda: alarm(datapoints_to_alarm=6),
        "datapointsToAlarm",
        "6 given; allowed: at most evaluationPeriods, which is 5",
    ),
    Wrong(
        "longer than a day",
        lambda: alarm(period=1800, evaluation_periods=49),
        "evaluationPeriods",
        "49 of 1800 seconds given; allowed: at most 86400",
    ),
    Wrong(
        "longer than a week",
        lambda: alarm(period=3600, evaluation_periods=169),
        "evaluationPeriods",
        "169 of 3600 seconds given; allowed: at most 604800",
    ),
    Wrong(
        "extended statistic",
        lambda: alarm(statistic=None, extended_statistic="p101"),
        "extendedStatistic",
        "'p101' given; allowed: such as p99",
    ),
    Wrong(
        "statistic of a query",
        lambda: queried(metric("m1", return_data=True, metric={"stat": "sum"})),
        "metricQueries[0].metric.stat",
        "'sum' given; allowed: SampleCount",
    ),
    Wrong(
        "missing data",
        lambda: alarm(treat_missing_data="ok"),
        "treatMissingData",
        "'ok' given; allowed: missing, ignore",
    ),
    Wrong(
        "few samples",
        lambda: alarm(statistic=None, extended_statistic="p99", evaluate_low_sample_count_percentiles="no"),
        "evaluateLowSampleCountPercentiles",
        "'no' given; allowed: evaluate, ignore",
    ),
    Wrong(
        "few samples of a sum",
        lambda: alarm(evaluate_low_sample_count_percentiles="ignore"),
        "evaluateLowSampleCountPercentiles",
        "extendedStatistic is no percentile",
    ),
    Wrong(
        "id in capitals",
        lambda: queried(metric("M1", return_data=True)),
        "metricQueries[0].id",
        "the first a lower-case letter",
    ),
    Wrong(
        "id twice",
        lambda: queried(metric("m1"), metric("m1", return_data=True)),
        "metricQueries[1].id",
        "'m1' is the id of another one too",
    ),
    Wrong(
        "query of nothing",
        lambda: queried({"id": "m1", "return_data": True}),
        "metricQueries[0]",
        "nothing given; exactly one of metric, expression",
    ),
    Wrong(
        "expression of an unknown id",
        lambda: queried(metric("m1"), RATE),
        "metricQueries[1].expression",
        "no metric or expression has the id m2",
    ),
    Wrong(
        "expression of a search",
        lambda: queried({"id": "e1", "expression": "SEARCH('Errors', 'Sum')", "return_data": True}),
        "metricQueries[0].expression",
        "an alarm cannot watch what a search finds",
    ),
    Wrong(
        "insights without period",
        lambda: queried({"id": "e1", "expression": 'SELECT SUM(Errors) FROM "Shop"', "return_data": True}),
        "metricQueries[0].period",
        "missing; a query of Metrics Insights",
    ),
    Wrong(
        "two queries return data",
        lambda: queried(metric("m1", return_data=True), metric("m2", return_data=True)),
        "metricQueries",
        "2 of them return data; exactly one does",
    ),
    Wrong(
        "no query returns data",
        lambda: queried(metric("m1")),
        "metricQueries",
        "0 of them return data; exactly one does",
    ),
    Wrong(
        "band of no query",
        lambda: banded(threshold_metric_id="wide"),
        "thresholdMetricId",
        "'wide' given; no metric query has this id",
        also=(("metricQueries", "2 of them return data"),),
    ),
    Wrong(
        "21 queries",
        lambda: queried(RATE, *(metric(f"m{index}") for index in range(1, 21))),
        "metricQueries",
        "21 given; allowed: at most 20",
    ),
    Wrong("action by name", lambda: acting("elsewhere"), "alarmActions[0]", "'elsewhere' given; the ARN of a topic"),
    Wrong(
        "six actions",
        lambda: acting(*(f"{TOPIC}{index}" for index in range(6))),
        "alarmActions",
        "6 given; allowed: at most 5",
    ),
    Wrong(
        "arn of a topic in another region",
        lambda: acting(f"arn:aws:sns:us-east-1:{ACCOUNT}:elsewhere"),
        "alarmActions[0]",
        f"a topic in us-east-1 given; the alarm is in {REGION}",
    ),
    Wrong(
        "topic in another region",
        _topic_elsewhere,
        "alarmActions",
        f"aws:sns/topic:Topic far is in us-east-1; the alarm is in {REGION}",
    ),
    Wrong("alarm to a fifo topic", _fifo_topic, "alarmActions", "is a FIFO topic; alarms publish to standard ones"),
    Wrong(
        "alarm on no table",
        lambda: on("AWS/DynamoDB", table, TableName="carts"),
        "dimensions.TableName",
        "'carts' given; the stack's aws:dynamodb/table:Table are called otherwise",
    ),
    Wrong(
        "alarm on no function",
        lambda: on("AWS/Lambda", function, FunctionName="worker"),
        "dimensions.FunctionName",
        "'worker' given",
    ),
    Wrong(
        "alarm on no queue in a query",
        lambda: (
            queue(),
            queried(
                metric("m1", return_data=True, metric={"namespace": "AWS/SQS", "dimensions": {"QueueName": "news"}})
            ),
        ),
        "metricQueries[0].metric.dimensions.QueueName",
        "'news' given",
    ),
    Wrong(
        "metric of cloudfront", lambda: elsewhere("AWS/CloudFront"), "namespace", "its metrics exist in us-east-1 only"
    ),
    Wrong(
        "name of two alarms",
        _two_alarms,
        "alarmName",
        "'errors' is the name of aws:cloudwatch/metricAlarm:MetricAlarm errors too",
    ),
    Wrong(
        "rule of a composite alarm", lambda: composite("ALARM(errors"), "alarmRule", ") is needed where the end stands"
    ),
    Wrong("composite of no alarm", lambda: composite("ALARM(faults)"), "alarmRule", "no alarm 'faults' in the stack"),
    Wrong(
        "composite before its alarm",
        lambda: composite('ALARM("errors")', depends=False),
        "alarmRule",
        "without depending on it",
    ),
    Wrong("composite of itself", _own_state, "alarmRule", "'any' given, which is the alarm itself"),
    Wrong("composite of 101", _hundred_and_one, "alarmRule", "101 alarms named; allowed: at most 100"),
    Wrong(
        "suppressed by no alarm",
        lambda: suppressed("faults"),
        "actionsSuppressor.alarm",
        "no alarm 'faults' in the stack",
    ),
]
SOUND_ALARMS: dict[str, Callable[[], Any]] = {
    "alarm": alarm,
    "alarm of a day": lambda: alarm(period=1800, evaluation_periods=48, datapoints_to_alarm=48),
    "alarm of a week": lambda: alarm(period=3600, evaluation_periods=168),
    "alarm on a percentile": lambda: alarm(
        statistic=None, extended_statistic="p99.9", evaluate_low_sample_count_percentiles="ignore"
    ),
    "alarm on a rate": queried,
    "alarm on a band": banded,
    "alarm on insights": lambda: queried(
        {"id": "e1", "expression": 'SELECT SUM(Errors) FROM "Shop"', "period": 60, "return_data": True}
    ),
    "alarm on a table": lambda: on("AWS/DynamoDB", table, TableName="orders"),
    "alarm on something elsewhere": lambda: on("AWS/DynamoDB", None, TableName="carts"),
    "alarm on an index": lambda: on("AWS/DynamoDB", table, TableName="orders", GlobalSecondaryIndexName="by-day"),
    "alarm that acts": lambda: acting(TOPIC, f"arn:aws:automate:{REGION}:ec2:reboot"),
    "composite alarm": lambda: composite('ALARM("errors") AND NOT OK(errors)'),
    "composite alarm by arn": lambda: composite(f"ALARM('arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:far')"),
    "suppressed alarm": lambda: suppressed("errors"),
}
