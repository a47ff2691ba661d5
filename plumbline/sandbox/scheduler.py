"""EventBridge Scheduler in the sandbox: schedules and their groups. moto keeps schedules, and runs none."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list
from plumbline.sandbox.events import dead_letters, retries, task, whole

_DEFAULT = "default"


@adapter("aws:scheduler/scheduleGroup:ScheduleGroup")
def schedule_group(context: Context, inputs: Inputs) -> Created:
    arn = context.client("scheduler", inputs).create_schedule_group(Name=inputs["name"], Tags=tag_list(inputs))[
        "ScheduleGroupArn"
    ]
    return inputs["name"], {"arn": arn, "state": "ACTIVE"}


@adapter("aws:scheduler/schedule:Schedule")
def schedule(context: Context, inputs: Inputs) -> Created:
    client = context.client("scheduler", inputs)
    name, group = inputs["name"], inputs.get("groupName") or _DEFAULT
    client.get_schedule_group(Name=group)  # or moto fails of itself where the group does not exist
    window = inputs["flexibleTimeWindow"]
    arn = client.create_schedule(
        Name=name,
        GroupName=group,
        ScheduleExpression=inputs["scheduleExpression"],
        FlexibleTimeWindow=given(
            Mode=window["mode"], MaximumWindowInMinutes=whole(window.get("maximumWindowInMinutes"))
        ),
        Target=_target(inputs["target"]),
        State=inputs.get("state") or "ENABLED",
        **given(
            ActionAfterCompletion=inputs.get("actionAfterCompletion"),
            Description=inputs.get("description"),
            EndDate=inputs.get("endDate"),
            KmsKeyArn=inputs.get("kmsKeyArn"),
            ScheduleExpressionTimezone=inputs.get("scheduleExpressionTimezone"),
            StartDate=inputs.get("startDate"),
        ),
    )["ScheduleArn"]
    return f"{group}/{name}", {"arn": arn, "groupName": group}


def _target(target: Inputs) -> dict[str, Any]:
    """Return what a schedule calls. What SageMaker pipelines take is not rehearsed."""
    queue, stream = target.get("sqsParameters"), target.get("kinesisParameters")
    event, container = target.get("eventbridgeParameters"), target.get("ecsParameters")
    return given(
        Arn=target["arn"],
        RoleArn=target["roleArn"],
        Input=target.get("input"),
        DeadLetterConfig=dead_letters(target),
        RetryPolicy=retries(target),
        SqsParameters=queue and given(MessageGroupId=queue.get("messageGroupId")),
        KinesisParameters=stream and given(PartitionKey=stream.get("partitionKey")),
        EventBridgeParameters=event and given(DetailType=event["detailType"], Source=event["source"]),
        EcsParameters=container
        and {
            **task(container),
            **given(
                PlacementStrategy=container.get("placementStrategies"),
                ReferenceId=container.get("referenceId"),
                Tags=tag_list(container) or None,
            ),
        },
    )
