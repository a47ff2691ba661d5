"""Queues, topics, event rules and functions: what no row of the tables can say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plumbline.graph import Secret
from plumbline.sandbox import events, lambda_, logs, sns, sqs
from plumbline.sandbox.adapters import Context, Inputs, deleter, reader, updater
from plumbline.sandbox.lifecycle.changing import change, changed
from plumbline.sandbox.lifecycle.reading import tell
from plumbline.sandbox.lifecycle.rows import backend, identified, row_of

FUNCTION = "aws:lambda/function:Function"
_CODE = {"code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash"}


@updater("aws:sqs/queue:Queue")
def update_queue(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("sqs", now)
    wanted = _attributes(before, now, sqs.ATTRIBUTES, row_of("aws:sqs/queue:Queue")["extra"])
    # moto drops a queue's policy at each change that does not repeat it.
    kept = client.get_queue_attributes(QueueUrl=identity, AttributeNames=["Policy"]).get("Attributes") or {}
    if wanted:
        client.set_queue_attributes(QueueUrl=identity, Attributes={**kept, **wanted})
    return {}


@deleter("aws:sqs/redrivePolicy:RedrivePolicy")
def delete_redrive_policy(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("sqs", inputs)
    kept = client.get_queue_attributes(QueueUrl=identity, AttributeNames=["Policy"]).get("Attributes") or {}
    client.set_queue_attributes(QueueUrl=identity, Attributes={**kept, "RedrivePolicy": ""})


@updater("aws:sns/topic:Topic")
def update_topic(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    for name, value in _attributes(before, now, sns.TOPIC, {}).items():
        context.client("sns", now).set_topic_attributes(TopicArn=identity, AttributeName=name, AttributeValue=value)
    return {}


@updater("aws:sns/topicSubscription:TopicSubscription")
def update_subscription(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("sns", now)
    for name, value in _attributes(before, now, sns.SUBSCRIPTION, {"rawMessageDelivery": "false"}).items():
        client.set_subscription_attributes(SubscriptionArn=identity, AttributeName=name, AttributeValue=value)
    return {}


@deleter("aws:sns/topicPolicy:TopicPolicy")
def delete_topic_policy(context: Context, identity: str, inputs: Inputs) -> None:
    """Give the topic the policy that AWS gives one without: its owner may do everything."""
    client = context.client("sns", inputs)
    client.get_topic_attributes(TopicArn=identity)
    topic = backend(context, "sns", client.meta.region_name).topics[identity]
    default = topic._create_default_topic_policy(client.meta.region_name, context.account_id, topic.name)
    client.set_topic_attributes(TopicArn=identity, AttributeName="Policy", AttributeValue=json.dumps(default))


def _attributes(before: Inputs, now: Inputs, names: Mapping[str, str], defaults: Inputs) -> dict[str, str]:
    """Return the text attributes that a change sets; one that is declared no more gets what AWS has without it."""
    left = changed(before, now)
    wanted = sqs.attributes_of({key: value for key, value in now.items() if key in left}, names)
    reset = {key: defaults.get(key, "") for key in left & names.keys() if now.get(key) is None}
    return {**wanted, **sqs.attributes_of({key: "" if value == "*" else value for key, value in reset.items()}, names)}


@updater("aws:cloudwatch/eventTarget:EventTarget")
def update_target(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    target = identified("aws:cloudwatch/eventTarget:EventTarget", context, identity, before)["targetId"]
    return events.event_target(context, {**now, "targetId": target})[1]


@reader("aws:cloudwatch/eventBusPolicy:EventBusPolicy")
def read_bus_policy(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    policy = context.client("events", inputs).describe_event_bus(Name=identity).get("Policy")
    if not policy:
        return None
    stored, declared = json.loads(policy), events.named_statements(inputs["policy"])
    same = stored["Statement"] == declared["Statement"]
    return {"eventBusName": identity, "policy": inputs["policy"] if same else policy}


@updater("aws:cloudwatch/eventBusPolicy:EventBusPolicy")
def update_bus_policy(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    # moto adds the statements of a policy to those that there are.
    context.client("events", now).remove_permission(EventBusName=identity, RemoveAllPermissions=True)
    return events.event_bus_policy(context, now)[1]


@updater("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def update_metric_filter(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    # moto finds the old filter again, and keeps it.
    context.client("logs", now).delete_metric_filter(logGroupName=now["logGroupName"], filterName=identity)
    return logs.log_metric_filter(context, now)[1]


@reader(FUNCTION)
def read_function(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    now = tell(FUNCTION, context, identity, inputs)
    if now is None:
        return None
    declared = (inputs.get("environment") or {}).get("variables") or {}
    found = (now.get("environment") or {}).get("variables") or {}
    # A variable that nobody declared may be a secret; its name shows the difference.
    shown = {name: value if name in declared else Secret(value) for name, value in found.items()}
    variables = {"environment": {"variables": shown}} if found else {}
    return {key: value for key, value in now.items() if key != "environment"} | variables


@updater(FUNCTION)
def update_function(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("lambda", now)
    left, outputs = changed(before, now), {}
    if left & _CODE:
        client.update_function_code(FunctionName=identity, **lambda_.code_of(context, now))
    if "reservedConcurrentExecutions" in left:
        reserved = now.get("reservedConcurrentExecutions")
        if reserved is None or reserved < 0:
            client.delete_function_concurrency(FunctionName=identity)
        else:
            client.put_function_concurrency(FunctionName=identity, ReservedConcurrentExecutions=reserved)
    rest = {key: value for key, value in now.items() if key != "reservedConcurrentExecutions"}
    change(
        FUNCTION, context, identity, {key: before[key] for key in before if key != "reservedConcurrentExecutions"}, rest
    )
    if left - {"tags", "reservedConcurrentExecutions", "publish"}:
        made = client.get_function_configuration(FunctionName=identity)
        outputs = {"codeSha256": made["CodeSha256"]}
        if now.get("publish"):
            version = client.publish_version(FunctionName=identity)["Version"]
            arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
            outputs |= {"version": version, "qualifiedArn": f"{arn}:{version}"}
    return outputs


@reader("aws:lambda/permission:Permission")
def read_permission(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    qualifier = {"Qualifier": inputs["qualifier"]} if inputs.get("qualifier") else {}
    text = context.client("lambda", inputs).get_policy(FunctionName=inputs["function"], **qualifier)["Policy"]
    found = next((row for row in json.loads(text)["Statement"] if row["Sid"] == identity), None)
    if found is None:
        return None
    condition = found.get("Condition") or {}
    principal = found["Principal"]
    return {
        "action": found["Action"],
        "principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
        "sourceArn": next(iter((condition.get("ArnLike") or {}).values()), None),
        "sourceAccount": next(iter((condition.get("StringEquals") or {}).values()), None),
    }
