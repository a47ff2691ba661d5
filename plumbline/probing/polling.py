"""Event source mappings: messages of a queue are brought to its function, as Lambda does it.

moto keeps a mapping and its queue, and calls no function. So the probe does what Lambda's pollers do with what moto
keeps: it receives a batch, calls the mapping's function, and deletes what was not reported as failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.calls import Called, run
from plumbline.probing.model import NotSo, ProbeContext, value
from plumbline.sandbox.function_code import Code

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "aws:sqs/queue:Queue"


@dataclass(frozen=True)
class Delivered:
    """One batch that was brought to a function: the messages by id, which of them failed, and how the call ended."""

    messages: Mapping[str, str]
    failed: frozenset[str]
    receives: Mapping[str, int]
    called: Called


class Poller:
    """What Lambda does for one mapping. Raises NotSo where the mapping is off or its queue is gone."""

    def __init__(self, context: ProbeContext, mapping: Resource) -> None:
        self._context = context
        self._client = context.client("sqs", mapping)
        self.kept: Mapping[str, Any] = context.client("lambda", mapping).get_event_source_mapping(UUID=mapping.id)
        if self.kept["State"] != "Enabled":
            raise NotSo(f"the mapping is {self.kept['State']}: nobody takes the queue's messages")
        self.queue = self.kept["EventSourceArn"].rpartition(":")[2]
        self.url: str = self._client.get_queue_url(QueueName=self.queue)["QueueUrl"]

    def deliver(self, code: Code | None = None) -> Delivered | None:
        """Bring one batch to the function, None where there is no message. What failed can be received at once again.

        The whole batch has failed where the function fails, or names a message that is not in the batch (AWS Lambda,
        "Handling errors for an SQS event source").
        """
        rows = self._client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=min(self.kept["BatchSize"], 10),
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        if not rows:
            return None
        called = run(self._context, self.kept["FunctionArn"], {"Records": [self._record(row) for row in rows]}, code)
        failed = self._failed(called, frozenset(row["MessageId"] for row in rows))
        for row in rows:
            handle = {"QueueUrl": self.url, "ReceiptHandle": row["ReceiptHandle"]}
            if row["MessageId"] in failed:
                # Its time out of sight is over at once, or the probe would have to wait for it.
                self._client.change_message_visibility(**handle, VisibilityTimeout=0)
            else:
                self._client.delete_message(**handle)
        return Delivered(
            {row["MessageId"]: row["Body"] for row in rows},
            failed,
            {row["MessageId"]: int(row["Attributes"]["ApproximateReceiveCount"]) for row in rows},
            called,
        )

    def _failed(self, called: Called, batch: frozenset[str]) -> frozenset[str]:
        if called.error is not None:
            return batch
        if "ReportBatchItemFailures" not in self.kept.get("FunctionResponseTypes", ()):
            return frozenset()
        rows = (called.result or {}).get("batchItemFailures") or []
        named = frozenset(str(row.get("itemIdentifier")) for row in rows)
        return named if named <= batch else batch

    def _record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": row["MessageId"],
            "receiptHandle": row["ReceiptHandle"],
            "body": row["Body"],
            "attributes": row["Attributes"],
            "messageAttributes": {},
            "md5OfBody": row["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.kept["EventSourceArn"],
            "awsRegion": self.kept["EventSourceArn"].split(":")[3],
        }


def waiting(context: ProbeContext, queue: Resource) -> int:
    """Return how many messages can be received from a queue."""
    found = context.client("sqs", queue).get_queue_attributes(
        QueueUrl=value(queue, "url"), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(found["Attributes"]["ApproximateNumberOfMessages"])
