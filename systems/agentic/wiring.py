"""Builds the agentic system out of components: storage, queues, functions, APIs, monitoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.buckets import Bucket, Buckets, BucketsArgs, BucketSpec, Lifecycle, Transition
from components.events import Rules, RulesArgs, RuleSpec
from components.functions import Function, Functions, FunctionsArgs, FunctionSpec
from components.parameters import Parameters, ParametersArgs
from components.protection import data_kept
from components.roles import Grant, Role, Roles, RolesArgs, RoleSpec
from components.tables import Table, Tables, TablesArgs
from components.tags import tagged
from components.transforms import change_everything
from components.websocket_api import WebSocketApi
from components.work_queues import (
    Consumers,
    ConsumersArgs,
    ConsumerSpec,
    WorkQueue,
    WorkQueues,
    WorkQueuesArgs,
    WorkQueueSpec,
)
from systems.agentic import apis, data, fargate, monitoring
from systems.agentic.settings import Settings

_HERE = Path("systems/agentic")  # from the project's directory, so that no state holds a path of a machine
_EXPORT_PREFIX = "exports"
_RUNTIME = "python3.11"


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """What functions work with, by logical name."""

    table: Table
    buckets: Mapping[str, Bucket]
    queues: Mapping[str, WorkQueue]
    parameters: Parameters
    sockets: WebSocketApi | None

    def tells(self) -> _Telling:
        """Return how functions reach connected clients: through the WebSocket API, or the container's queue."""
        if self.sockets is not None:
            return _Telling(self.sockets.grant_post, {"WEBSOCKET_ENDPOINT": self.sockets.endpoint})
        queue = self.queues[data.EVENTS_QUEUE]
        return _Telling(queue.grant_send, {"EVENTS_QUEUE_URL": queue.resource.url})


@dataclass(frozen=True)
class _Telling:
    """The permission that telling clients takes, and the variables that say where they are reached."""

    grant: Callable[[Role], Grant]
    variables: Mapping[str, pulumi.Input[str]]


def build(settings: Settings) -> Mapping[str, pulumi.Input[Any]]:
    """Register all resources of an agentic stack and return its outputs."""
    change_everything(tagged(settings.all_tags()), data_kept(settings.stateful == "protected"))
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})

    stored = _Stored(
        table=_table(settings, opts),
        buckets=_buckets(settings, opts),
        queues=_queues(settings, opts),
        parameters=_parameters(settings, opts),
        sockets=None if settings.websocket.container else apis.sockets(settings, opts),
    )
    roles = _roles(settings, opts)
    for name, row in data.functions().items():
        _grant(settings, row, roles.roles[name], stored)
    functions = _functions(settings, roles.roles, stored, opts)
    roles.attach()
    _consumers(functions, stored.queues, opts)
    rules = _schedules(settings, functions, opts)
    served = apis.serve(settings, stored.sockets, functions[data.API_FUNCTION], opts)
    needs = fargate.Needs(table=stored.table, queues=stored.queues, parameters=stored.parameters)
    contained = fargate.serve(settings, provider, needs, opts)
    balancer = contained.balancer if contained else None
    topic = monitoring.watch(settings, functions, stored.table, stored.queues, rules, balancer, opts)
    sockets_url = stored.sockets.url if stored.sockets else contained.url if contained else ""

    return {
        "table": stored.table.arn,
        "buckets": {name: bucket.arn for name, bucket in stored.buckets.items()},
        "queues": {name: queue.resource.url for name, queue in stored.queues.items()},
        "dead_letter_queues": {name: queue.dead_letters.url for name, queue in stored.queues.items()},
        "functions": {name: function.resource.arn for name, function in functions.items()},
        # What everybody calls; the shift after a deployment moves it to the new version.
        "live_functions": {name: function.alias.arn for name, function in functions.items()},
        "roles": {name: role.arn for name, role in roles.roles.items()},
        "parameters": [stored.parameters.physical_name(name) for name in stored.parameters.parameters],
        "api": served.api.resource.arn,
        "api_url": served.url,
        "websocket_url": sockets_url,
        "topic": topic.arn,
        # Where the pipeline pushes the container's image to.
        **({"image_repository": contained.repository.resource.repository_url} if contained else {}),
    }


def _table(settings: Settings, opts: pulumi.ResourceOptions) -> Table:
    capacity = settings.table.capacity
    args = TablesArgs(
        account=settings.account(),
        naming=settings.naming(),
        tables=data.tables(),
        capacity=capacity.spec() if capacity else None,
    )
    return Tables("tables", args, opts).tables[data.TABLE]


def _buckets(settings: Settings, opts: pulumi.ResourceOptions) -> Mapping[str, Bucket]:
    args = BucketsArgs(
        account=settings.account(),
        naming=settings.naming(),
        buckets={
            name: BucketSpec(lifecycle=_lifecycle(settings, row), receives=row.receives)
            for name, row in data.buckets().items()
        },
        access_log_bucket=data.LOG_BUCKET,
    )
    return Buckets("buckets", args, opts).buckets


def _lifecycle(settings: Settings, row: data.BucketRow) -> Lifecycle:
    days = settings.buckets
    if row.receives:
        return Lifecycle(expire_days=days.log_days, noncurrent_days=days.noncurrent_days)
    if row.archive:
        moved = days.archive_after_days
        return Lifecycle(
            expire_days=days.export_days,
            noncurrent_days=days.noncurrent_days,
            transitions=(Transition(days=moved, storage_class="GLACIER_IR"),) if moved else (),
        )
    return Lifecycle(
        expire_days=None,
        noncurrent_days=days.noncurrent_days,
        prefix_days=dict.fromkeys(row.expiring, days.artefact_days),
    )


def _queues(settings: Settings, opts: pulumi.ResourceOptions) -> Mapping[str, WorkQueue]:
    rows = data.functions()
    specs = {
        queue: WorkQueueSpec(timeout_seconds=rows[consumer].timeout, max_receives=data.queues()[queue].max_receives)
        for queue, consumer in data.consumers().items()
    }
    if settings.websocket.container:
        # Events are news: what no client was told of within a day is old.
        specs[data.EVENTS_QUEUE] = WorkQueueSpec(timeout_seconds=10, max_receives=5, retention_days=1)
    args = WorkQueuesArgs(account=settings.account(), naming=settings.naming(), queues=specs)
    return WorkQueues("queues", args, opts).queues


def _parameters(settings: Settings, opts: pulumi.ResourceOptions) -> Parameters:
    parameters = {**data.parameters()}
    if settings.websocket.container:
        parameters[data.CONTAINER_KEYS] = "SHA-256 digests of the API keys that the WebSocket server lets in"
    args = ParametersArgs(account=settings.account(), path=settings.parameter_path(), parameters=parameters)
    return Parameters("parameters", args, opts)


def _roles(settings: Settings, opts: pulumi.ResourceOptions) -> Roles:
    specs = {
        name: RoleSpec(physical_name=name, description=f"Runs {name}: {row.description}")
        for name, row in data.functions().items()
    }
    return Roles("roles", RolesArgs(naming=settings.naming(), service="lambda.amazonaws.com", roles=specs), opts)


def _grant(settings: Settings, row: data.FunctionRow, role: Role, stored: _Stored) -> None:
    code = stored.buckets[data.CODE_BUCKET]
    if row.table:
        stored.table.grant_read(role)
        stored.table.grant_write(role)
    if row.reads:
        code.grant_read(role, *row.reads)
    if row.writes:
        code.grant_write(role, *row.writes)
    if row.deletes:
        code.grant_delete(role, *row.deletes)
    if row.consumes:
        stored.queues[row.consumes].grant_consume(role)
    for queue in row.sends:
        stored.queues[queue].grant_send(role)
    if row.parameters:
        stored.parameters.grant_read(role, row.parameters)
    if row.connections:
        stored.tells().grant(role)
    if row.exports:
        stored.table.grant_export(role)
        stored.buckets[data.EXPORT_BUCKET].grant_export(role, f"{_EXPORT_PREFIX}/")
    if row.measures:
        monitoring.grant_measure(settings, role)


def _functions(
    settings: Settings, roles: Mapping[str, Role], stored: _Stored, opts: pulumi.ResourceOptions
) -> Mapping[str, Function]:
    reserve = settings.functions.reserve_concurrency
    specs = {
        name: FunctionSpec(
            role=roles[name],
            description=row.description,
            handler=f"{row.module}.handler",
            code=_HERE / "handlers",
            memory_mb=row.memory,
            timeout_seconds=row.timeout,
            environment=_environment(settings, name, row, stored),
            reserved_concurrency=row.reserved_concurrency if reserve else None,
            dead_letter=row.schedule is not None,
        )
        for name, row in data.functions().items()
    }
    args = FunctionsArgs(
        account=settings.account(),
        naming=settings.naming(),
        functions=specs,
        layer=_HERE / "application",
        layer_description="Data access, queues, events and parameters that all functions share",
        log_retention_days=settings.log_retention_days,
        runtime=_RUNTIME,
        # systems/agentic/deploy moves them, version by version, where a health check allows it (AGENTIC-02.5).
        moves_aliases=False,
    )
    return Functions("functions", args, opts).functions


def _environment(settings: Settings, name: str, row: data.FunctionRow, stored: _Stored) -> dict[str, pulumi.Input[str]]:
    """Return what the handlers read. AWS_REGION is Lambda's own."""
    variables: dict[str, pulumi.Input[str]] = {"ENVIRONMENT": settings.environment, "FUNCTION": name}
    if row.table:
        variables["DYNAMODB_TABLE_NAME"] = stored.table.resource.name
    if row.reads or row.writes:
        variables["S3_BUCKET_NAME"] = stored.buckets[data.CODE_BUCKET].resource.id
    for queue in row.sends:
        variables[f"SQS_QUEUE_URL_{queue.removesuffix('-queue').upper()}"] = stored.queues[queue].resource.url
    if row.parameters:
        # The names, known at preview; the function reads the values once, when it starts.
        variables["PARAMETERS"] = ",".join(stored.parameters.physical_names(row.parameters))
    if row.connections:
        variables |= stored.tells().variables
    if row.exports:
        variables["DYNAMODB_TABLE_ARN"] = stored.table.arn
        variables["EXPORT_BUCKET"] = stored.buckets[data.EXPORT_BUCKET].resource.id
        variables["EXPORT_PREFIX"] = _EXPORT_PREFIX
    if row.measures:
        variables["METRIC_NAMESPACE"] = monitoring.namespace(settings)
        api_id = stored.sockets.api_id if stored.sockets else None
        variables["ALLOWANCES"] = monitoring.measured(settings, api_id, stored.queues)
    if name == data.API_FUNCTION:
        variables["ALLOWED_ORIGIN"] = settings.api.allowed_origin
    return variables


def _consumers(
    functions: Mapping[str, Function], queues: Mapping[str, WorkQueue], opts: pulumi.ResourceOptions
) -> None:
    rows = data.functions()
    specs = {
        consumer: ConsumerSpec(
            queue=queues[queue],
            function=functions[consumer],
            batch_size=data.queues()[queue].batch_size,
            most_at_once=rows[consumer].reserved_concurrency or 1,
        )
        for queue, consumer in data.consumers().items()
    }
    Consumers("consumers", ConsumersArgs(consumers=specs), opts)


def _schedules(settings: Settings, functions: Mapping[str, Function], opts: pulumi.ResourceOptions) -> Rules:
    schedules = {"export": settings.exports.schedule, "usage": "cron(30 0 * * ? *)"}
    specs = {
        name: RuleSpec(description=row.description, target=functions[name], schedule=schedules[row.schedule])
        for name, row in data.functions().items()
        if row.schedule
    }
    return Rules("rules", RulesArgs(account=settings.account(), naming=settings.naming(), rules=specs), opts)
