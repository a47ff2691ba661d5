"""Requirements 14 and 20.5 cannot be fooled: alarms, dashboards and filters are read as documents."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    KEY,
    LOG_GROUP,
    TABLE,
    Change,
    Row,
    add_statement,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    sibling,
    siblings,
    statement,
    verdict,
    whole,
)

_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
_TOPIC = "aws:sns/topic:Topic"
_TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
_STAGE = "aws:apigateway/stage:Stage"
_CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
_HEALTH = "topics-system-health-policy"
_ERRORS, _THROTTLES, _MEMORY = "alarms-error-rate-audit", "alarms-table-throttles-streams", "alarms-redis-memory-001"


def _alarm(name: str, /, **inputs: Any) -> Change:
    return set_(_ALARM, name, **inputs)


def _queries(name: str, change: Callable[[list[dict[str, Any]]], Any]) -> Change:
    """Change an alarm's metric queries in place, the last of which is the expression."""

    def alter(alarm: Resource) -> Resource:
        rows = [
            {**row, **({"metric": {**row["metric"]}} if "metric" in row else {})}
            for row in alarm.inputs["metricQueries"]
        ]
        change(rows)
        return dataclasses.replace(alarm, inputs={**alarm.inputs, "metricQueries": rows})

    return edit(_ALARM, name, alter)


def _expression(name: str, text: Any) -> Change:
    return _queries(name, lambda rows: rows[-1].update(expression=text))


def _metric(name: str, number: int, **changed: Any) -> Change:
    return _queries(name, lambda rows: rows[number]["metric"].update(changed))


def _body(name: str, change: Callable[[str], str]) -> Change:
    def alter(dashboard: Resource) -> Resource:
        return dataclasses.replace(
            dashboard, inputs={**dashboard.inputs, "dashboardBody": change(dashboard.inputs["dashboardBody"])}
        )

    return edit(_DASHBOARD, name, alter)


def _widgets(change: Callable[[dict[str, Any]], Any]) -> Change:
    """Change the properties of every graph of the dashboard on the API."""

    def alter(text: str) -> str:
        document = json.loads(text)
        for widget in document["widgets"]:
            change(widget["properties"])
        return json.dumps(document)

    return _body("api-performance", alter)


def _hide(properties: dict[str, Any]) -> None:
    for row in properties["metrics"]:
        row[-1]["visible"] = False


def _filter(**inputs: Any) -> Change:
    return set_(_FILTER, "metrics-orders-placed-exchange-orders", **inputs)


def _makes(**changed: Any) -> Change:
    made = {"name": "OrdersPlaced", "namespace": "Trading/prod", "value": "1", "unit": "Count"}
    return _filter(metricTransformation={**made, **changed})


def _publishes(**elements: Any) -> Change:
    return statement(_TOPIC_POLICY, _HEALTH, "CloudwatchPublishes", **elements)


BROKEN: list[Row] = [
    ("14.1a", "prod", "no dashboard", drop(_DASHBOARD, "dashboards-api-performance")),
    ("14.1a", "prod", "another API", _body("api-performance", lambda text: text.replace("prod-api", "prod-apis"))),
    ("14.1a", "prod", "no latency", _body("api-performance", lambda text: text.replace("Latency", "Count"))),
    ("14.1a", "prod", "another region", _widgets(lambda properties: properties.update(region="eu-west-1"))),
    ("14.1a", "prod", "nothing is visible", _widgets(_hide)),
    ("14.1a", "prod", "text instead of graphs", _body("api-performance", lambda t: t.replace('"metric"', '"text"'))),
    ("14.1a", "prod", "no JSON", _body("api-performance", lambda text: "x")),
    ("14.1a", "prod", "a list", _body("api-performance", lambda text: "[]")),
    ("14.1b", "prod", "one function is missing", _body("lambda", lambda t: t.replace("prod-kill-switch", "prod-x"))),
    ("14.1b", "prod", "no errors", _body("lambda", lambda text: text.replace('"Errors"', '"Throttles"'))),
    ("14.1c", "prod", "one table is missing", _body("dynamodb", lambda text: text.replace("prod-streams", "prod-x"))),
    ("14.1c", "prod", "no dashboard", drop(_DASHBOARD, "dashboards-dynamodb")),
    ("14.1d", "prod", "no orders", _body("trading-activity", lambda text: text.replace("OrdersPlaced", "Others"))),
    ("14.1d", "prod", "another namespace", _body("trading-activity", lambda t: t.replace("Trading/prod", "Trading"))),
    ("14.1d", "prod", "nothing is counted", drop(_FILTER, "-kill-switch")),
    ("14.1d", "prod", "counted in another log", refer(
        _FILTER, "metrics-risk-events-recorded-risk-events", "logGroupName", (LOG_GROUP, "functions-audit-log")
    )),
    ("14.2", "prod", "a function without alarm", drop(_ALARM, _ERRORS)),
    ("14.2", "prod", "a higher threshold", _alarm(_ERRORS, threshold=6)),
    ("14.2", "prod", "a higher setting", lambda old: dataclasses.replace(
        old, settings={**old.settings, "alarms": {**old.settings["alarms"], "lambda_error_percent": 6}}
    )),
    ("14.2", "prod", "no settings", lambda old: dataclasses.replace(old, settings={"environment": "prod"})),
    ("14.2", "test", "a lower setting", lambda old: dataclasses.replace(
        old, settings={**old.settings, "alarms": {**old.settings["alarms"], "lambda_error_percent": 4}}
    )),
    ("14.2", "prod", "below the threshold", _alarm(_ERRORS, comparisonOperator="LessThanThreshold")),
    ("14.2", "prod", "after a day", _alarm(_ERRORS, evaluationPeriods=288)),
    ("14.2", "prod", "switched off", _alarm(_ERRORS, actionsEnabled=False)),
    ("14.2", "prod", "another function", _metric(_ERRORS, 0, dimensions={"FunctionName": "prod-audits"})),
    ("14.2", "prod", "one version only", _metric(
        _ERRORS, 0, dimensions={"FunctionName": "prod-audit", "Resource": "prod-audit:7"}
    )),
    ("14.2", "prod", "all functions", _metric(_ERRORS, 0, dimensions={})),
    ("14.2", "prod", "throttles", _metric(_ERRORS, 0, metricName="Throttles")),
    ("14.2", "prod", "an average", _metric(_ERRORS, 0, stat="Average")),
    ("14.2", "prod", "another namespace", _metric(_ERRORS, 1, namespace="Trading/prod")),
    ("14.2", "prod", "a share, not percent", _expression(_ERRORS, "errors / invocations")),
    ("14.2", "prod", "a tenth of it", _expression(_ERRORS, "10 * errors / invocations")),
    ("14.2", "prod", "a number", _expression(_ERRORS, "0")),
    ("14.2", "prod", "the errors alone", _queries(_ERRORS, lambda rows: (
        rows[0].update(returnData=True), rows[-1].update(returnData=False)
    ))),
    ("14.2", "prod", "right at one place only", _expression(_ERRORS, "IF(errors == 6, 6, 0)")),
    ("14.2", "prod", "an expression that is none", _expression(_ERRORS, "100 * errors /")),
    ("14.2", "prod", "an expression of another kind", _expression(_ERRORS, "ANOMALY_DETECTION_BAND(errors)")),
    ("14.2", "prod", "nothing returned", _queries(_ERRORS, lambda rows: rows[-1].update(returnData=False))),
    ("14.3", "prod", "no alarm", drop(_ALARM, "alarms-api-errors")),
    ("14.3", "prod", "a higher threshold", _alarm("alarms-api-errors", threshold=2)),
    ("14.3", "prod", "refusals", _metric("alarms-api-errors", 0, metricName="4XXError")),
    ("14.3", "prod", "another API", _metric("alarms-api-errors", 0, dimensions={"ApiName": "x", "Stage": "v1"})),
    ("14.3", "prod", "another stage", set_(_STAGE, "api-stage", stageName="v2")),
    ("14.3", "prod", "errors alone", _expression("alarms-api-errors", "errors")),
    ("14.4", "prod", "a table without alarm", drop(_ALARM, _THROTTLES)),
    ("14.4", "prod", "more than one", _alarm(_THROTTLES, threshold=1)),
    ("14.4", "prod", "an index that nobody watches", set_(
        TABLE, "tables-streams", globalSecondaryIndexes=[{"name": "status-index"}, {"name": "more-index"}]
    )),
    ("14.4", "prod", "reads alone", _expression(_THROTTLES, "SUM([FILL(reads, 0), FILL(reads_1, 0)])")),
    ("14.4", "prod", "gaps", _expression(_THROTTLES, "reads + reads_1 + reads_2 + writes + writes_1 + writes_2")),
    ("14.4", "prod", "another table", _metric(_THROTTLES, 0, dimensions={"TableName": "prod-others"})),
    ("14.5", "prod", "a node without alarm", drop(_ALARM, _MEMORY)),
    ("14.5", "prod", "a third node", set_(_CACHE, "cache-redis", numCacheClusters=3)),
    ("14.5", "prod", "shards", set_(_CACHE, "cache-redis", numNodeGroups=1, replicasPerNodeGroup=1)),
    ("14.5", "prod", "a higher threshold", _alarm(_MEMORY, threshold=90)),
    ("14.5", "prod", "the least of it", _alarm(_MEMORY, statistic="Minimum")),
    ("14.5", "prod", "another metric", _alarm(_MEMORY, metricName="CPUUtilization")),
    ("14.7", "prod", "no filter", drop(_FILTER, "")),
    ("14.7", "prod", "every line", _filter(pattern="")),
    ("14.7", "prod", "a word", _filter(pattern="ERROR")),
    ("14.7", "prod", "no condition", _filter(pattern="{ $.level }")),
    ("14.7", "prod", "a metric of AWS", _makes(namespace="AWS/Lambda")),
    ("14.7", "prod", "no namespace", _makes(namespace="")),
    ("14.7", "prod", "no name", _makes(name="")),
    ("14.7", "prod", "no number", _makes(value="one")),
    ("14.7", "prod", "nothing made", _filter(metricTransformation=None)),
    ("14.7", "test up", "a foreign group", _filter(logGroupName="others")),
    ("14.8", "prod", "no action", _alarm(_ERRORS, alarmActions=None)),
    ("14.8", "prod", "an empty list", _alarm(_ERRORS, alarmActions=[])),
    ("14.8", "prod", "a composite alarm without", set_(_COMPOSITE, "alarms-trading-down", alarmActions=[])),
    ("14.8", "prod", "a foreign topic", _alarm(_ERRORS, alarmActions=["arn:aws:sns:us-east-1:1:x"])),
    ("14.8", "prod", "a foreign topic besides", _alarm(_ERRORS, alarmActions=[UNKNOWN, "arn:aws:sns:us-east-1:1:x"])),
    ("14.8", "prod", "switched off", _alarm(_ERRORS, actionsEnabled=False)),
    ("14.8", "prod", "no policy", drop(_TOPIC_POLICY, _HEALTH)),
    ("14.8", "prod", "other alarms", _publishes(
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:222222222222:alarm:x-*"}}
    )),
    ("14.8", "prod", "another service", _publishes(Principal={"Service": "s3.amazonaws.com"})),
    ("14.8", "prod", "refused", add_statement(
        _TOPIC_POLICY, _HEALTH, Effect="Deny", Principal="*", Action="sns:Publish", Resource="*"
    )),
    ("14.8", "prod", "the key of AWS", set_(_TOPIC, "topics-system-health", kmsMasterKeyId="alias/aws/sns")),
    ("14.8", "prod", "a key that is closed", statement(KEY, "keys-topics", "ServicesPublish", Effect="Deny")),
    ("14.8", "prod", "a key for decrypting alone", statement(
        KEY, "keys-topics", "ServicesPublish", Action=["kms:Decrypt"]
    )),
    ("14.8", "prod", "another key", refer(_TOPIC, "topics-system-health", "kmsMasterKeyId", (KEY, "keys-tables"))),
    ("20.5", "prod", "as strict in test", sibling("test", "alarms.api_error_percent", 1)),
    ("20.5", "prod", "a threshold of production alone", sibling("prod", "alarms.more", 1)),
    ("20.5", "prod", "no thresholds", lambda old: sibling("test", "alarms", {})(sibling("prod", "alarms", {})(old))),
    ("20.5", "prod", "no test stack", siblings(test=None)),
    ("20.5", "prod", "an alarm that follows no setting", _alarm("alarms-redis-cpu-001", threshold=90)),
    ("20.5", "prod", "a setting without alarm", drop(_ALARM, "alarms-api-errors")),
]  # fmt: skip
OPEN: list[Row] = [
    ("14.1a", "prod", "a body", set_(_DASHBOARD, "dashboards-api-performance", dashboardBody=UNKNOWN)),
    ("14.2", "prod", "a threshold", _alarm(_ERRORS, threshold=UNKNOWN)),
    ("14.2", "prod", "queries", _alarm(_ERRORS, metricQueries=UNKNOWN)),
    ("14.2", "prod", "a metric", _metric(_ERRORS, 0, metricName=UNKNOWN)),
    ("14.3", "prod", "a stage's name", set_(_STAGE, "api-stage", stageName=UNKNOWN)),
    ("14.4", "prod", "indexes", set_(TABLE, "tables-streams", globalSecondaryIndexes=UNKNOWN)),
    ("14.5", "prod", "the number of nodes", set_(_CACHE, "cache-redis", numCacheClusters=UNKNOWN)),
    ("14.5", "prod", "a node", _alarm(_MEMORY, dimensions={"CacheClusterId": UNKNOWN})),
    ("14.7", "prod", "a pattern", _filter(pattern=UNKNOWN)),
    ("14.7", "prod", "a group", refer(_FILTER, "metrics-orders-placed-exchange-orders", "logGroupName")),
    ("14.8", "prod", "a topic", refer(_ALARM, _ERRORS, "alarmActions", value=[UNKNOWN])),
    ("14.8", "prod", "a policy", set_(_TOPIC_POLICY, _HEALTH, policy=UNKNOWN)),
    ("14.8", "prod", "a key's policy", set_(KEY, "keys-topics", policy=UNKNOWN)),
    ("14.8", "prod", "a key", refer(_TOPIC, "topics-system-health", "kmsMasterKeyId")),
    ("14.8", "prod", "an alarm's name", _alarm(_ERRORS, name=UNKNOWN)),
    ("20.5", "prod", "a threshold", _alarm("alarms-redis-cpu-001", threshold=UNKNOWN)),
    ("20.5", "prod", "what one of several counts", _metric(_ERRORS, 0, metricName=UNKNOWN)),
    ("20.5", "prod", "one of several counts", _alarm(_ERRORS, metricQueries=[UNKNOWN])),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("number", ["14.2", "14.3", "14.4", "14.5"])
def test_looser_thresholds_are_a_deviation_in_test_alone(number: str) -> None:
    assert (verdict(number, whole("test")).decision, verdict(number, whole("prod")).decision) == (5, 0)


def test_the_same_rate_can_be_written_otherwise() -> None:
    for text in ("errors / invocations * 100", "FILL(errors / invocations, 0) * 100", "100 * (errors / invocations)"):
        words = verdict("14.2", _expression(_ERRORS, f"FILL({text}, 0)")(whole("prod"))).word
        assert words == "pass", text


def test_reads_and_writes_may_have_an_alarm_each() -> None:
    def split(old: Any) -> Any:
        (alarm,) = (r for r in old.graph.of_type(_ALARM) if r.name == _THROTTLES)
        other = dataclasses.replace(alarm, urn=f"{alarm.urn}-writes", name="writes")
        graph = dataclasses.replace(old.graph, resources={**old.graph.resources, other.urn: other})
        both = dataclasses.replace(old, graph=graph)
        return _keep("writes", "Write")(_keep(_THROTTLES, "Read")(both))

    assert verdict("14.4", split(whole("prod"))).word == "pass"


def _keep(name: str, word: str) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[:-1] = [row for row in rows[:-1] if row["metric"]["metricName"].startswith(word)]
        filled = ", ".join(f"FILL({row['id']}, 0)" for row in rows[:-1])
        rows[-1]["expression"] = f"SUM([{filled}])"

    return _queries(name, change)


def test_a_graph_may_repeat_what_the_row_above_says() -> None:
    def shorten(properties: dict[str, Any]) -> None:
        if properties["title"] == "Requests and failures":
            properties["metrics"] = [
                ["AWS/ApiGateway", "Count", "ApiName", "prod-api", "Stage", "v1"],
                [".", "5XXError", ".", ".", ".", "."],
                ["...", {"stat": "Sum"}],
            ]

    assert verdict("14.1a", _widgets(shorten)(whole("prod"))).word == "pass"
