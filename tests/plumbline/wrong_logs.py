"""Wrong programs about dashboards and filters of logs, and right ones beside them.

Bodies and patterns by themselves are in test_grammars.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, function, log_group, policy_text, role, trust_statement

DIMENSIONS = {"dimensions": {"Kind": "$.kind"}}


def dashboard(name: str = "shop", **changes: Any) -> None:
    """A dashboard of one graph."""
    properties = {"region": REGION, "metrics": [["Shop", "Errors"]]}
    widget = {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties, **changes}
    aws.cloudwatch.Dashboard("shop", dashboard_name=name, dashboard_body=json.dumps({"widgets": [widget]}))


def metric_filter(pattern: str = '{ $.level = "ERROR" }', *, plain: bool = False, **changes: Any) -> None:
    """A filter that counts errors in a log group."""
    group = log_group()
    transformation = {"namespace": "Shop", "name": "Errors", "value": "1", **changes}
    named = "/aws/lambda/work" if plain else group.name
    aws.cloudwatch.LogMetricFilter(
        "errors", name="errors", log_group_name=named, pattern=pattern, metric_transformation=transformation
    )


def subscribed(
    *, permitted: bool = True, depends: bool = True, times: int = 1, pattern: str = "ERROR", **changes: Any
) -> None:
    """Filters that send entries of a log group to a function."""
    group = log_group()
    called = function(needs=[group])
    first: list[pulumi.Resource] = []
    if permitted:
        whole = {"source_arn": pulumi.Output.concat(group.arn, ":*"), "principal": "logs.amazonaws.com"}
        action = "lambda:InvokeFunction"
        first = [aws.lambda_.Permission("call", action=action, function=called.name, **whole)]
    for index in range(times):
        given = {"log_group": group.name, "destination_arn": called.arn, "filter_pattern": pattern, **changes}
        opts = pulumi.ResourceOptions(depends_on=first if depends else [])
        aws.cloudwatch.LogSubscriptionFilter(f"out-{index}", name=f"out-{index}", opts=opts, **given)


def streamed(trust: str | None = "logs.amazonaws.com") -> None:
    """A filter that sends entries of a log group to a stream elsewhere, under a role."""
    given: dict[str, Any] = {}
    if trust is not None:
        policy = policy_text(trust_statement(Principal={"Service": trust}))
        given = {"role_arn": role("sender", assume_role_policy=policy).arn}
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/logs"
    group = log_group()
    aws.cloudwatch.LogSubscriptionFilter(
        "out", name="out", log_group=group.name, destination_arn=stream, filter_pattern="", **given
    )


WRONG_LOGS = [
    Wrong(
        "name of a dashboard",
        lambda: dashboard("shop all"),
        "dashboardName",
        "'shop all' given; allowed: 1 to 255 letters",
    ),
    Wrong(
        "widget off the grid",
        lambda: dashboard(x=20),
        "dashboardBody.widgets[0].width",
        "ends in column 32; allowed: 24 columns",
    ),
    Wrong(
        "pattern of a filter",
        lambda: metric_filter("{ $.level == ERROR }"),
        "pattern",
        "a value is needed where = stands",
    ),
    Wrong(
        "filter by the plain name of its group",
        lambda: metric_filter(plain=True),
        "logGroupName",
        "without depending on it",
    ),
    Wrong(
        "value of plain terms",
        lambda: metric_filter("ERROR", value="$.size"),
        "metricTransformation.value",
        "a pattern of plain terms gives no values",
    ),
    Wrong(
        "value that is no selector",
        lambda: metric_filter(value="size"),
        "metricTransformation.value",
        "allowed: a selector such as $.latency",
    ),
    Wrong(
        "value of no field",
        lambda: metric_filter("[ip, size]", value="$bytes"),
        "metricTransformation.value",
        "'$bytes' given; allowed: $ip, $size",
    ),
    Wrong(
        "default value",
        lambda: metric_filter(default_value="none"),
        "metricTransformation.defaultValue",
        "'none' given; a number is needed",
    ),
    Wrong(
        "default and dimensions",
        lambda: metric_filter(default_value="0", **DIMENSIONS),
        "metricTransformation.defaultValue",
        "given together with dimensions",
    ),
    Wrong(
        "four dimensions",
        lambda: metric_filter(dimensions={key: f"$.{key}" for key in "abcd"}),
        "metricTransformation.dimensions",
        "4 given; allowed: at most 3",
    ),
    Wrong(
        "dimension of plain terms",
        lambda: metric_filter("ERROR", **DIMENSIONS),
        "metricTransformation.dimensions.Kind",
        "a pattern of plain terms gives no values",
    ),
    Wrong(
        "namespace of aws",
        lambda: metric_filter(namespace="AWS/Shop"),
        "metricTransformation.namespace",
        "AWS/ is for the metrics of AWS itself",
    ),
    Wrong(
        "subscription without permission",
        lambda: subscribed(permitted=False),
        "destinationArn",
        "has no permission that lets logs.amazonaws.com call it",
    ),
    Wrong(
        "subscription before its permission",
        lambda: subscribed(depends=False),
        "destinationArn",
        "the filter must depend on the permission call",
    ),
    Wrong("three subscriptions", lambda: subscribed(times=3), "", "3 subscription filters; allowed: at most 2"),
    Wrong("pattern of a subscription", lambda: subscribed(pattern="time-out"), "filterPattern", "stands in quotes"),
    Wrong("logs to a stream without role", lambda: streamed(None), "roleArn", "stream/logs needs it"),
    Wrong(
        "logs under another role",
        lambda: streamed("lambda.amazonaws.com"),
        "roleArn",
        "does not trust logs.amazonaws.com",
    ),
]
SOUND_LOGS: dict[str, Callable[[], Any]] = {
    "dashboard": dashboard,
    "metric filter": metric_filter,
    "metric filter with dimensions": lambda: metric_filter(value="$.size", **DIMENSIONS),
    "metric filter by fields": lambda: metric_filter("[ip, size > 10, ...]", value="$size", unit="Bytes"),
    "metric filter of terms": lambda: metric_filter('ERROR -"timed out"', default_value="0"),
    "subscription": lambda: subscribed(times=2),
    "logs to a stream": streamed,
}
