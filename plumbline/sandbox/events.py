"""EventBridge in the sandbox: buses, their policies and archives, rules and targets.

Of an event that is put, moto delivers to queues, log groups, archives and buses; it has nothing of the delivery to
topics, functions and state machines.
"""

from __future__ import annotations

import json
from typing import Any

from moto.moto_api._internal import mock_random

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list

_DEFAULT = "default"


@adapter("aws:cloudwatch/eventBus:EventBus")
def event_bus(context: Context, inputs: Inputs) -> Created:
    # moto keeps no logging of a bus.
    arn = context.client("events", inputs).create_event_bus(
        Name=inputs["name"],
        Tags=tag_list(inputs),
        **given(
            Description=inputs.get("description"),
            EventSourceName=inputs.get("eventSourceName"),
            KmsKeyIdentifier=inputs.get("kmsKeyIdentifier"),
            DeadLetterConfig=dead_letters(inputs),
        ),
    )["EventBusArn"]
    return inputs["name"], {"arn": arn}


@adapter("aws:cloudwatch/eventBusPolicy:EventBusPolicy")
def event_bus_policy(context: Context, inputs: Inputs) -> Created:
    bus = inputs.get("eventBusName") or _DEFAULT
    context.client("events", inputs).put_permission(
        EventBusName=bus, Policy=json.dumps(named_statements(inputs["policy"]))
    )
    return bus, {"eventBusName": bus}


def named_statements(policy: str) -> dict[str, Any]:
    """Return a bus's policy with a name for each statement: moto knows one by its name only, which AWS leaves open."""
    document = json.loads(policy)
    statements = document["Statement"]
    rows = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": [{"Sid": f"Statement{number}", **row} for number, row in enumerate(rows)]}


@adapter("aws:cloudwatch/eventArchive:EventArchive")
def event_archive(context: Context, inputs: Inputs) -> Created:
    days = inputs.get("retentionDays")
    # moto does not keep the key of an archive.
    arn = context.client("events", inputs).create_archive(
        ArchiveName=inputs["name"],
        EventSourceArn=inputs["eventSourceArn"],
        **given(
            Description=inputs.get("description"),
            EventPattern=inputs.get("eventPattern"),
            RetentionDays=None if days is None else int(days),
        ),
    )["ArchiveArn"]
    return inputs["name"], {"arn": arn}


@adapter("aws:cloudwatch/eventRule:EventRule")
def event_rule(context: Context, inputs: Inputs) -> Created:
    name, bus = inputs["name"], inputs.get("eventBusName") or _DEFAULT
    enabled = inputs.get("isEnabled", True)
    arn = context.client("events", inputs).put_rule(
        Name=name,
        EventBusName=bus,
        State=inputs.get("state") or ("ENABLED" if enabled else "DISABLED"),
        Tags=tag_list(inputs),
        **given(
            Description=inputs.get("description"),
            EventPattern=inputs.get("eventPattern"),
            ScheduleExpression=inputs.get("scheduleExpression"),
            RoleArn=inputs.get("roleArn"),
        ),
    )["RuleArn"]
    return name if bus == _DEFAULT else f"{bus}/{name}", {"arn": arn, "eventBusName": bus}


@adapter("aws:cloudwatch/eventTarget:EventTarget")
def event_target(context: Context, inputs: Inputs) -> Created:
    rule, bus = inputs["rule"], inputs.get("eventBusName") or _DEFAULT
    identity = inputs.get("targetId") or f"terraform-{mock_random.get_random_hex(26)}"
    transformer = inputs.get("inputTransformer")
    target = given(
        Id=identity,
        Arn=inputs["arn"],
        RoleArn=inputs.get("roleArn"),
        Input=inputs.get("input"),
        InputPath=inputs.get("inputPath"),
        InputTransformer=transformer
        and given(InputTemplate=transformer["inputTemplate"], InputPathsMap=transformer.get("inputPaths")),
        DeadLetterConfig=dead_letters(inputs),
        RetryPolicy=retries(inputs),
        **_parameters(inputs),
    )
    context.client("events", inputs).put_targets(Rule=rule, EventBusName=bus, Targets=[target])
    parts = [rule, identity] if bus == _DEFAULT else [bus, rule, identity]
    return "-".join(parts), {"targetId": identity, "eventBusName": bus}


def dead_letters(owner: Inputs) -> dict[str, Any] | None:
    """Return where what cannot be delivered goes, None where it is lost."""
    queue = (owner.get("deadLetterConfig") or {}).get("arn")
    return {"Arn": queue} if queue else None


def retries(owner: Inputs) -> dict[str, int] | None:
    policy = owner.get("retryPolicy")
    return policy and given(
        MaximumEventAgeInSeconds=whole(policy.get("maximumEventAgeInSeconds")),
        MaximumRetryAttempts=whole(policy.get("maximumRetryAttempts")),
    )


def task(parameters: Inputs) -> dict[str, Any]:
    """Return what a rule and a schedule say alike of the ECS task that they run."""
    network = parameters.get("networkConfiguration")
    return given(
        TaskDefinitionArn=parameters["taskDefinitionArn"],
        TaskCount=whole(parameters.get("taskCount")),
        LaunchType=parameters.get("launchType"),
        PlatformVersion=parameters.get("platformVersion"),
        Group=parameters.get("group"),
        PropagateTags=parameters.get("propagateTags"),
        EnableECSManagedTags=parameters.get("enableEcsManagedTags"),
        EnableExecuteCommand=parameters.get("enableExecuteCommand"),
        PlacementConstraints=parameters.get("placementConstraints"),
        CapacityProviderStrategy=[
            given(
                capacityProvider=row["capacityProvider"], base=whole(row.get("base")), weight=whole(row.get("weight"))
            )
            for row in parameters.get("capacityProviderStrategies") or []
        ]
        or None,
        NetworkConfiguration=network
        and {
            "awsvpcConfiguration": given(
                Subnets=network["subnets"],
                SecurityGroups=network.get("securityGroups"),
                AssignPublicIp="ENABLED" if network.get("assignPublicIp") else "DISABLED",
            )
        },
    )


def whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _parameters(inputs: Inputs) -> dict[str, Any]:
    """Return what only queues, streams and ECS tasks take. What other kinds of targets take is not rehearsed."""
    queue, stream, container = (inputs.get(name) for name in ("sqsTarget", "kinesisTarget", "ecsTarget"))
    return {
        "SqsParameters": queue and given(MessageGroupId=queue.get("messageGroupId")),
        "KinesisParameters": stream and given(PartitionKeyPath=stream.get("partitionKeyPath")),
        "EcsParameters": container
        and {
            **task(container),
            **given(PlacementStrategy=container.get("orderedPlacementStrategies"), Tags=tag_list(container) or None),
        },
    }
