"""What happens in the sandbox when the time of a schedule has come: moto keeps schedules, and runs none.

A schedule's call is made only where AWS would make it: its role trusts the Scheduler for the schedule's group, and may
make the call on what it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from plumbline.constraints.callers import Arn, lets, permits
from plumbline.sandbox.adapters import Context
from plumbline.universal_targets import UniversalTarget, parse

_SERVICE = "scheduler.amazonaws.com"


def _rule(context: Context, parameters: Mapping[str, Any]) -> Arn:
    bus = parameters.get("EventBusName")
    rest = f"rule/{bus}/{parameters['Name']}" if bus else f"rule/{parameters['Name']}"
    return Arn(service="events", rest=rest, region=context.region, account=context.account_id)


# The calls that the sandbox makes, and what each of them is about.
_ABOUT: dict[tuple[str, str], Callable[[Context, Mapping[str, Any]], Arn]] = {
    ("events", "DisableRule"): _rule,
    ("events", "EnableRule"): _rule,
}


class NotRun(Exception):
    """A schedule that AWS would not carry out, or that the sandbox cannot."""


def run_schedule(context: Context, group: str, name: str) -> None:
    """Make the call of a schedule, as at its time. Raises NotRun with the reason where it is not made."""
    try:
        schedule = context.client("scheduler").get_schedule(GroupName=group, Name=name)
        target = schedule["Target"]
        call = parse(target["Arn"])
    except ClientError as error:
        raise NotRun(f"schedule {group}/{name}: {error.response['Error']['Message']}") from None
    except ValueError as error:
        raise NotRun(f"schedule {group}/{name}: no universal target: {error}") from None
    if schedule["State"] != "ENABLED":
        raise NotRun(f"schedule {group}/{name}: it is {schedule['State']}")
    about = _ABOUT.get((call.client, call.operation))
    if about is None:
        raise NotRun(f"schedule {group}/{name}: the sandbox makes no call {call.permission}")
    problem = call.input_problem(target.get("Input"))
    if problem:
        raise NotRun(f"schedule {group}/{name}: input: {problem}")
    parameters = json.loads(target["Input"])
    problem = _refusal(context, group, target["RoleArn"], call, about(context, parameters))
    if problem:
        raise NotRun(f"schedule {group}/{name}: {problem}")
    client = context.client(call.client)
    try:
        client._make_api_call(call.operation, parameters)
    except ClientError as error:
        raise NotRun(f"schedule {group}/{name}: {error.response['Error']['Message']}") from None


def _refusal(context: Context, group: str, role_arn: str, call: UniversalTarget, about: Arn) -> str | None:
    """Say why the role of a schedule may not make a call, None where it may."""
    iam, role = context.client("iam"), role_arn.rpartition("/")[2]
    try:
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError as error:
        return error.response["Error"]["Message"]
    source = Arn(service="scheduler", rest=f"schedule-group/{group}", region=context.region, account=context.account_id)
    if not any(lets(row, _SERVICE, "sts:AssumeRole", source) for row in trust["Statement"]):
        return f"role {role} does not trust {_SERVICE} for group {group}"
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    if not permits([row for document in documents for row in document["Statement"]], call.permission, about):
        return f"role {role} is not allowed {call.permission} on {about.rest}"
    return None


def run_scheduled_action(context: Context, namespace: str, resource_id: str, name: str) -> None:
    """Give scalable targets the bounds of a scheduled action, as at its time. Raises NotRun where there is none."""
    client = context.client("application-autoscaling")
    actions = client.describe_scheduled_actions(
        ServiceNamespace=namespace, ResourceId=resource_id, ScheduledActionNames=[name]
    )["ScheduledActions"]
    if not actions:
        raise NotRun(f"scheduled action {name}: {namespace} {resource_id} has none of that name")
    for action in actions:
        client.register_scalable_target(
            ServiceNamespace=namespace,
            ResourceId=resource_id,
            ScalableDimension=action["ScalableDimension"],
            **action["ScalableTargetAction"],
        )
