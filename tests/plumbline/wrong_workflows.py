"""Wrong programs about state machines, and right ones beside them.

Definitions by themselves are in test_state_language.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    alias,
    function,
    policy_text,
    provider,
    role,
    role_policy,
    statement,
    trust_statement,
)

PLACE = f"{REGION}:{ACCOUNT}"
WORK = f"arn:aws:lambda:{PLACE}:function:work"
GROUP = f"arn:aws:logs:{PLACE}:log-group:/aws/vendedlogs/states/orders:*"
INVOKE = "arn:aws:states:::lambda:invoke"
DELIVERY = [
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
]
LOGGED = {"level": "ALL", "log_destination": GROUP}


def task(resource: str = INVOKE, **parameters: Any) -> dict[str, Any]:
    """Return a definition with one task."""
    state = {"Type": "Task", "Resource": resource, "End": True}
    return {"StartAt": "Work", "States": {"Work": {**state, "Parameters": parameters} if parameters else state}}


def trusting(service: str = "states.amazonaws.com") -> str:
    return policy_text(trust_statement(Principal={"Service": service}))


def machine(
    definition: Any = None,
    *,
    allowed: Mapping[str, Any] | list[Mapping[str, Any]] | None = None,
    trust: str | None = None,
    depends: bool = True,
    with_function: bool = False,
    by_alias: bool = False,
    **changes: Any,
) -> None:
    """A state machine of one task, whose role may do what the statements say."""
    opts = pulumi.ResourceOptions(provider=provider())
    first: list[pulumi.Resource] = []
    if with_function or by_alias:
        called = function(publish=True, opts=opts)
        first.append(called)
        if by_alias:
            first.append(alias(called))
    owner = role("machine", assume_role_policy=trust or trusting(), opts=opts)
    rows = allowed if isinstance(allowed, list) else [allowed or statement(Action="lambda:InvokeFunction")]
    policy = role_policy(owner, policy=policy_text(*rows))
    whole = {
        "name": "orders",
        "role_arn": owner.arn,
        "definition": definition if isinstance(definition, str) else json.dumps(definition or task(FunctionName=WORK)),
        **changes,
    }
    needed = [*first, policy] if depends else first
    aws.sfn.StateMachine("orders", opts=pulumi.ResourceOptions(provider=opts.provider, depends_on=needed), **whole)


def on(action: str, *arns: str) -> dict[str, Any]:
    return statement(Action=action, Resource=list(arns))


def integrated(service: str, *, allowed: Mapping[str, Any], **parameters: Any) -> None:
    machine(task(f"arn:aws:states:::{service}", **parameters), allowed=allowed)


QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/letters"
NOT_ALLOWED = "aws:iam/role:Role machine is not allowed"
FUNCTION_NAME = "definition.States.Work.Parameters.FunctionName"


def _written(entry: str) -> Callable[[], None]:
    return lambda: integrated(
        "events:putEvents",
        allowed=on("events:PutEvents", f"arn:aws:events:{PLACE}:event-bus/orders"),
        Entries=[{"EventBusName": entry, "Source": "shop"}],
    )


WRONG_WORKFLOWS = [
    Wrong(
        "definition that leads nowhere",
        lambda: machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}),
        "definition.States",
        "no state ends it",
        also=(("definition.States.A.Next", "'B' given; no such state"),),
    ),
    Wrong("definition that is no json", lambda: machine("{"), "definition", "not JSON"),
    Wrong(
        "job in an express machine",
        lambda: machine(task("arn:aws:states:::batch:submitJob.sync"), type="EXPRESS"),
        "definition.States.Work.Resource",
        "an express state machine can wait for no job",
    ),
    Wrong("name of a machine", lambda: machine(name="orders/all"), "name", "'/' is not allowed in it"),
    Wrong("long name of a machine", lambda: machine(name="o" * 81), "name", "81 characters given; allowed: at most 80"),
    Wrong(
        "logs without star",
        lambda: machine(
            logging_configuration={**LOGGED, "log_destination": GROUP[:-2]},
            allowed=[statement(Action=["lambda:*", *DELIVERY])],
        ),
        "loggingConfiguration.logDestination",
        "the ARN of a log group, and then :*",
    ),
    Wrong(
        "logs without destination",
        lambda: machine(logging_configuration={"level": "ERROR"}, allowed=[statement(Action=["lambda:*", *DELIVERY])]),
        "loggingConfiguration.logDestination",
        "missing; level ERROR needs it",
    ),
    Wrong(
        "logs without permission",
        lambda: machine(logging_configuration=LOGGED, allowed=[statement(Action=["lambda:*", *DELIVERY[1:]])]),
        "loggingConfiguration",
        "must be allowed logs:CreateLogDelivery",
    ),
    Wrong(
        "traces without permission",
        lambda: machine(tracing_configuration={"enabled": True}),
        "tracingConfiguration",
        "must be allowed xray:PutTraceSegments, xray:PutTelemetryRecords",
    ),
    Wrong(
        "encryption without key",
        lambda: machine(encryption_configuration={"type": "CUSTOMER_MANAGED_KMS_KEY"}),
        "encryptionConfiguration.kmsKeyId",
        "missing; CUSTOMER_MANAGED_KMS_KEY needs it",
    ),
    Wrong(
        "own key that is not used",
        lambda: machine(encryption_configuration={"type": "AWS_OWNED_KEY", "kms_key_id": "key"}),
        "encryptionConfiguration.kmsKeyId",
        "AWS_OWNED_KEY takes none",
    ),
    Wrong(
        "role of a function",
        lambda: machine(trust=trusting("lambda.amazonaws.com")),
        "roleArn",
        "does not trust states.amazonaws.com",
    ),
    Wrong(
        "machine before its permissions",
        lambda: machine(depends=False),
        "roleArn",
        "the state machine must depend on the role's policy allowed",
    ),
    Wrong(
        "call that is not allowed",
        lambda: machine(allowed=on("lambda:InvokeFunction", f"{WORK}-other")),
        FUNCTION_NAME,
        f"{NOT_ALLOWED} lambda:InvokeFunction on function:work",
    ),
    Wrong(
        "call of an alias that is not allowed",
        lambda: machine(task(FunctionName=f"{WORK}:live"), allowed=on("lambda:InvokeFunction", WORK)),
        FUNCTION_NAME,
        f"{NOT_ALLOWED} lambda:InvokeFunction on function:work:live",
    ),
    Wrong(
        "function as resource that is not allowed",
        lambda: machine(task(WORK), allowed=on("sns:Publish", "*")),
        "definition.States.Work.Resource",
        f"{NOT_ALLOWED} lambda:InvokeFunction",
    ),
    Wrong(
        "write that is not allowed",
        lambda: integrated("dynamodb:putItem", allowed=on("dynamodb:GetItem", "*"), TableName="orders", Item={}),
        "definition.States.Work.Parameters.TableName",
        f"{NOT_ALLOWED} dynamodb:PutItem on table/orders",
    ),
    Wrong(
        "message that is not allowed",
        lambda: integrated(
            "sns:publish",
            allowed=on("sns:Publish", f"arn:aws:sns:{PLACE}:other"),
            TopicArn=f"arn:aws:sns:{PLACE}:news",
            Message="a",
        ),
        "definition.States.Work.Parameters.TopicArn",
        f"{NOT_ALLOWED} sns:Publish on news",
    ),
    Wrong(
        "letter that is not allowed",
        lambda: integrated(
            "sqs:sendMessage",
            allowed=on("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:other"),
            QueueUrl=QUEUE_URL,
            MessageBody="a",
        ),
        "definition.States.Work.Parameters.QueueUrl",
        f"{NOT_ALLOWED} sqs:SendMessage on letters",
    ),
    Wrong(
        "event that is not allowed",
        _written("carts"),
        "definition.States.Work.Parameters.Entries[0]",
        f"{NOT_ALLOWED} events:PutEvents on event-bus/carts",
    ),
    Wrong(
        "function that is not there",
        lambda: machine(task(FunctionName="worker"), with_function=True),
        FUNCTION_NAME,
        "no function 'worker' in the stack",
    ),
    Wrong(
        "alias that is not there",
        lambda: machine(task(FunctionName=f"{WORK}:next"), by_alias=True),
        FUNCTION_NAME,
        "function 'work' has no alias 'next'",
    ),
    Wrong(
        "alias of a function without any",
        lambda: machine(task(FunctionName="work:live"), with_function=True),
        FUNCTION_NAME,
        "function 'work' has no alias 'live'",
    ),
]
SOUND_WORKFLOWS: dict[str, Callable[[], Any]] = {
    "state machine": machine,
    "machine that calls an alias": lambda: machine(
        task(FunctionName=f"{WORK}:live"), by_alias=True, allowed=on("lambda:InvokeFunction", f"{WORK}:*")
    ),
    "machine that calls a version": lambda: machine(task(FunctionName="work:7"), with_function=True),
    "machine that calls what its input says": lambda: machine(
        {
            "StartAt": "Work",
            "States": {
                "Work": {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName.$": "$.f"}, "End": True}
            },
        },
        with_function=True,
    ),
    "logs": lambda: machine(logging_configuration=LOGGED, allowed=[statement(Action=["lambda:*", *DELIVERY])]),
    "traces": lambda: machine(
        tracing_configuration={"enabled": True}, allowed=[statement(Action=["lambda:*", "xray:Put*"])]
    ),
    "regional trust": lambda: machine(trust=trusting(f"states.{REGION}.amazonaws.com")),
    "express machine": lambda: machine(type="EXPRESS"),
    "write": lambda: integrated(
        "dynamodb:putItem",
        allowed=on("dynamodb:PutItem", f"arn:aws:dynamodb:{PLACE}:table/orders"),
        TableName="orders",
        Item={},
    ),
    "letter": lambda: integrated(
        "sqs:sendMessage",
        allowed=on("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:letters"),
        QueueUrl=QUEUE_URL,
        MessageBody="a",
    ),
    "event": _written("orders"),
    "event on a bus by its arn": _written(f"arn:aws:events:{PLACE}:event-bus/orders"),
}
