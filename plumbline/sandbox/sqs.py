"""SQS queues, their policies and dead-letter queues in the sandbox.

moto obeys no queue's policy, so a policy stands as it is declared, and what EventBridge or a topic sends arrives. It
keeps nothing of which queues may name one as theirs for dead letters: that type has no adapter, and is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter

ATTRIBUTES = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "delaySeconds": "DelaySeconds",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "maxMessageSize": "MaximumMessageSize",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "redrivePolicy": "RedrivePolicy",
    "policy": "Policy",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
}


@adapter("aws:sqs/queue:Queue")
def queue(context: Context, inputs: Inputs) -> Created:
    client = context.client("sqs", inputs)
    url = client.create_queue(
        QueueName=inputs["name"],
        Attributes=attributes_of(inputs, ATTRIBUTES),
        tags=dict(inputs.get("tags") or {}),
    )["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, {"arn": arn, "url": url}


@adapter("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(context: Context, inputs: Inputs) -> Created:
    url = inputs["queueUrl"]
    context.client("sqs", inputs).set_queue_attributes(QueueUrl=url, Attributes={"Policy": inputs["policy"]})
    return url, {}


@adapter("aws:sqs/redrivePolicy:RedrivePolicy")
def redrive_policy(context: Context, inputs: Inputs) -> Created:
    client = context.client("sqs", inputs)
    url = inputs["queueUrl"]
    # moto drops a queue's policy at each change that does not repeat it.
    kept = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes") or {}
    client.set_queue_attributes(QueueUrl=url, Attributes={**kept, "RedrivePolicy": inputs["redrivePolicy"]})
    return url, {}


def attributes_of(inputs: Inputs, names: Mapping[str, str]) -> dict[str, str]:
    """Return the inputs that AWS takes as text attributes: `names` maps input to attribute."""
    return {attribute: _text(inputs[name]) for name, attribute in names.items() if inputs.get(name) is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
