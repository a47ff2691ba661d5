"""Queues that a probe makes for a while, to see what arrives at a topic."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.model import ProbeContext, value

_NAME = "plumbline-probe"


class Inbox:
    """A queue of the probe's own that is subscribed to a topic until the probe of the present subject has ended."""

    def __init__(self, context: ProbeContext, topic: Resource) -> None:
        self._queues = context.client("sqs", topic)
        topics = context.client("sns", topic)
        self._url: str = self._queues.create_queue(QueueName=f"{_NAME}-{value(topic, 'name')}"[:80])["QueueUrl"]
        context.undo(self._queues.delete_queue, QueueUrl=self._url)
        attributes = self._queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        subscribed = topics.subscribe(
            TopicArn=value(topic, "arn"), Protocol="sqs", Endpoint=attributes["QueueArn"], ReturnSubscriptionArn=True
        )
        context.undo(topics.unsubscribe, SubscriptionArn=subscribed["SubscriptionArn"])

    def take(self) -> list[dict[str, Any]]:
        """Return the messages that arrived since the last call, each with Subject and Message."""
        return [json.loads(body) for body in taken(self._queues, self._url)]


def taken(queues: Any, url: str) -> list[str]:
    """Take all messages out of a queue and return their texts."""
    bodies: list[str] = []
    while found := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
        for message in found:
            bodies.append(message["Body"])
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies
