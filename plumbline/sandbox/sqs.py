"""SQS queues in the sandbox."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter

_ATTRIBUTES = {
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
}


@adapter("aws:sqs/queue:Queue")
def queue(context: Context, inputs: Inputs) -> Created:
    client = context.client("sqs", inputs)
    attributes = {
        attribute: str(inputs[name]).lower() if isinstance(inputs[name], bool) else str(inputs[name])
        for name, attribute in _ATTRIBUTES.items()
        if inputs.get(name) is not None
    }
    url = client.create_queue(QueueName=inputs["name"], Attributes=attributes, tags=dict(inputs.get("tags") or {}))[
        "QueueUrl"
    ]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, {"arn": arn, "url": url}
