"""How the agentic system is watched: one topic, alarms, and the use of each monthly allowance (AGENTIC-04, 07.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pulumi

from components import grants
from components.alarms import Alarms, AlarmsArgs, AlarmSpec, Metric, Reading
from components.events import Rules
from components.functions import Function
from components.load_balancer import LoadBalancer
from components.roles import Role
from components.tables import Table
from components.topics import Topic, Topics, TopicsArgs, TopicSpec
from components.work_queues import WorkQueue
from systems.agentic import data
from systems.agentic.settings import Settings

_TOPIC = "alerts"
PERCENT_METRIC, ALLOWANCE = "FreeTierPercent", "Allowance"
_FIVE_MINUTES, _DAY = 300, 86_400
_STORED = "gigabyte-months"
# What makes the limit's unit of what a metric counts. Milliseconds are to be multiplied by MB first.
_FACTORS = {"memory": 1 / 1000 / 1024, "gigabytes": 1 / 2**30, _STORED: 1 / 2**30 / 30}
# The operations that the data access makes; DynamoDB counts throttled requests for each of them apart.
_OPERATIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
)


def namespace(settings: Settings) -> str:
    """Return the namespace of the stack's own metrics."""
    return settings.naming().environment


def grant_measure(settings: Settings, role: Role) -> None:
    """Let a role read metrics and publish those of the stack's namespace."""
    role.allow("metrics", (*grants.read_metrics(), *grants.put_metrics(namespace(settings))))


def measured(settings: Settings, socket_api: pulumi.Output[str] | None, queues: Iterable[str]) -> pulumi.Output[str]:
    """Return what the daily function adds up, as JSON: by allowance its limit and rows of a metric and its factor.

    `socket_api` is the id of the WebSocket API, None where a container stands in its place; `queues` are logical names.
    A row is [namespace, metric, {dimension: value}, statistic, factor]; the metrics of the whole account have no
    dimension. The statistic of each day, times the factor, adds up to the use.
    """
    return pulumi.Output.json_dumps(
        {
            name: {
                "limit": row.limit,
                "metrics": [
                    [space, metric, subject, "Average" if row.weight == _STORED else "Sum", factor]
                    for space, metric, of in row.metrics
                    for subject, factor in _subjects(settings, of, row.weight, socket_api, queues)
                ],
            }
            for name, row in data.allowances().items()
        },
        separators=(",", ":"),
    )


def _subjects(
    settings: Settings, of: str, weight: str | None, socket_api: pulumi.Output[str] | None, queues: Iterable[str]
) -> Iterator[tuple[dict[str, pulumi.Input[str]], float]]:
    naming = settings.naming()
    factor = _FACTORS.get(weight or "", 1)
    if of == "account":
        yield {}, factor
    elif of == "rest":
        yield {"ApiName": naming.exact("api", "api")}, factor
    elif of == "websocket":
        if socket_api is not None:
            yield {"ApiId": socket_api}, factor
    elif of == "queues":
        for queue in queues:
            yield {"QueueName": naming.exact("queue", queue)}, factor
    elif of == "buckets":
        for bucket in data.buckets():
            name = naming.exact("bucket", f"{bucket}-{settings.account_id}")
            yield {"BucketName": name, "StorageType": "StandardStorage"}, factor
    else:
        for name, row in data.functions().items():
            yield {"FunctionName": naming.exact("function", name)}, factor * row.memory


def watch(
    settings: Settings,
    functions: Mapping[str, Function],
    table: Table,
    queues: Mapping[str, WorkQueue],
    rules: Rules,
    container: LoadBalancer | None,
    opts: pulumi.ResourceOptions,
) -> Topic:
    """Register the topic and all alarms, and return the topic. `container` is what stands before the container."""
    topic = _topic(settings, opts)
    alarms = {
        **_of_functions(settings, functions, topic),
        **_of_table(settings, table, topic),
        **_of_queues(settings, queues, rules, topic),
        **_of_allowances(settings, topic),
        **(_of_container(container, topic) if container else {}),
    }
    Alarms("alarms", AlarmsArgs(naming=settings.naming(), alarms=alarms, composites={}), opts)
    return topic


def _topic(settings: Settings, opts: pulumi.ResourceOptions) -> Topic:
    account = settings.account()
    source = account.arn("cloudwatch", f"alarm:{settings.naming().environment}-*")
    spec = TopicSpec(
        display_name="Agentic alerts",
        publishers={"cloudwatch.amazonaws.com": source},
        emails=settings.alarms.emails,
    )
    # Without a key of its own, which would be paid for: alarms name resources and numbers, and nothing secret.
    args = TopicsArgs(account=account, naming=settings.naming(), topics={_TOPIC: spec})
    return Topics("topics", args, opts).topics[_TOPIC]


def _of_functions(settings: Settings, functions: Mapping[str, Function], topic: Topic) -> dict[str, AlarmSpec]:
    found: dict[str, AlarmSpec] = {}
    for name, function in functions.items():
        timeout = data.functions()[name].timeout

        def metric(what: str, statistic: str, of: Function = function) -> Metric:
            dimensions = {"FunctionName": of.physical_name}
            return Metric(namespace="AWS/Lambda", name=what, statistic=statistic, dimensions=dimensions)

        found[f"errors-{name}"] = AlarmSpec(
            description=f"More than {settings.alarms.error_percent:g}% of the runs of {name} fail (AGENTIC-04.2)",
            reading=Reading(
                metrics={"errors": metric("Errors", "Sum"), "invocations": metric("Invocations", "Sum")},
                expression="IF(invocations > 0, 100 * errors / invocations, 0)",
            ),
            comparison="GreaterThanThreshold",
            threshold=settings.alarms.error_percent,
            period_seconds=_FIVE_MINUTES,
            evaluation_periods=1,
            missing_data="notBreaching",
            topic=topic,
            needs=(function.resource,),
        )
        found[f"duration-{name}"] = AlarmSpec(
            description=f"A run of {name} takes more than {settings.alarms.duration_percent:g}% of its {timeout} s",
            reading=Reading(metrics={"slowest": metric("Duration", "Maximum")}),
            comparison="GreaterThanThreshold",
            threshold=timeout * 1000 * settings.alarms.duration_percent / 100,
            period_seconds=_FIVE_MINUTES,
            evaluation_periods=1,
            missing_data="notBreaching",
            topic=topic,
            needs=(function.resource,),
        )
    return found


def _of_table(settings: Settings, table: Table, topic: Topic) -> dict[str, AlarmSpec]:
    throttled = {
        f"m{number}": Metric(
            namespace="AWS/DynamoDB",
            name="ThrottledRequests",
            statistic="Sum",
            dimensions={"TableName": table.physical_name, "Operation": operation},
        )
        for number, operation in enumerate(_OPERATIONS)
    }
    return {
        "table-throttles": AlarmSpec(
            description="DynamoDB throttles requests to the table (AGENTIC-04.4)",
            reading=Reading(metrics=throttled, expression=" + ".join(f"FILL({metric}, 0)" for metric in throttled)),
            comparison="GreaterThanOrEqualToThreshold",
            threshold=settings.alarms.table_throttles,
            period_seconds=_FIVE_MINUTES,
            evaluation_periods=1,
            missing_data="notBreaching",
            topic=topic,
            needs=(table.resource,),
        )
    }


def _of_queues(settings: Settings, queues: Mapping[str, WorkQueue], rules: Rules, topic: Topic) -> dict[str, AlarmSpec]:
    letters = {name: queue.dead_letters for name, queue in queues.items()}
    letters |= {f"{rule}-undelivered": queue for rule, queue in rules.dead_letter_queues.items()}
    return {
        f"dead-letters-{name}": AlarmSpec(
            description=f"Messages of {name} could not be processed",
            reading=Reading(
                metrics={
                    "depth": Metric(
                        namespace="AWS/SQS",
                        name="ApproximateNumberOfMessagesVisible",
                        statistic="Maximum",
                        dimensions={"QueueName": queue.name},
                    )
                }
            ),
            comparison="GreaterThanOrEqualToThreshold",
            threshold=settings.alarms.dead_letters,
            period_seconds=_FIVE_MINUTES,
            evaluation_periods=1,
            missing_data="notBreaching",
            topic=topic,
            needs=(queue,),
        )
        for name, queue in letters.items()
    }


def _of_container(balancer: LoadBalancer, topic: Topic) -> dict[str, AlarmSpec]:
    healthy = Metric(
        namespace="AWS/ApplicationELB",
        name="HealthyHostCount",
        statistic="Minimum",
        dimensions={
            "LoadBalancer": balancer.resource.arn_suffix,
            "TargetGroup": balancer.targets.arn_suffix,
        },
    )
    return {
        "websocket-container-down": AlarmSpec(
            description="No container keeps clients' connections (AGENTIC-01.7)",
            reading=Reading(metrics={"healthy": healthy}),
            comparison="LessThanThreshold",
            threshold=1,
            period_seconds=60,
            evaluation_periods=5,  # a deployment takes two or three minutes
            missing_data="breaching",
            topic=topic,
            needs=(balancer.resource, balancer.targets),
        )
    }


def _of_allowances(settings: Settings, topic: Topic) -> dict[str, AlarmSpec]:
    """Return an alarm for each allowance, on the metric that the daily function publishes.

    It sends one number a day; a day without it changes nothing, since the function's own alarm tells of its failure.
    """
    return {
        f"allowance-{name}": AlarmSpec(
            description=f"{settings.alarms.allowance_percent:g}% of a month's {row.limit:,} {row.what} (AGENTIC-07.5)",
            reading=Reading(
                metrics={
                    "used": Metric(
                        namespace=namespace(settings),
                        name=PERCENT_METRIC,
                        statistic="Maximum",
                        dimensions={ALLOWANCE: name},
                    )
                }
            ),
            comparison="GreaterThanOrEqualToThreshold",
            threshold=settings.alarms.allowance_percent,
            period_seconds=_DAY,
            evaluation_periods=1,
            missing_data="ignore",
            topic=topic,
        )
        for name, row in data.allowances().items()
    }
