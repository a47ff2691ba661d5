"""Queues, topics and subscriptions: messages arrive, and what is given up on goes to a queue that exists."""

from __future__ import annotations

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from plumbline.graph import Resource
from plumbline.iam import Policies, Request, evaluate, policy
from plumbline.probing.access import everything, own_session
from plumbline.probing.inboxes import Inbox, taken
from plumbline.probing.model import NotSo, ProbeContext, Trial, judged, passed, probe, trial, value
from plumbline.probing.roles import role_may

QUEUE = "aws:sqs/queue:Queue"
TOPIC = "aws:sns/topic:Topic"
_SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
_FUNCTION = "aws:lambda/function:Function"
_GROUP = "messages"
_TEXT = "probe"
_WHY = "moto looks at no condition of a queue's or topic's policy"


@probe(_GROUP, QUEUE)
def message_in_queue(context: ProbeContext, queue: Resource) -> Iterator[Trial]:
    """A queue keeps a message, encrypted, until it is taken."""
    client, url = context.client("sqs", queue), value(queue, "url")
    state = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    if int(state.get("ApproximateNumberOfMessages", 0)):
        raise NotSo("there are messages in the queue, which the probe leaves alone")
    client.send_message(QueueUrl=url, MessageBody=_TEXT, **_ordered(queue))
    found = taken(client, url)
    yield trial(found == [_TEXT], "send a message and receive it", "it arrived", f"{len(found)} messages arrived")
    encrypted = state.get("KmsMasterKeyId") or state.get("SqsManagedSseEnabled") == "true"
    yield trial(bool(encrypted), "ask how it is encrypted", "by SQS or a key", "it is not encrypted")


@probe(_GROUP, QUEUE, where=lambda queue: value(queue, "redrivePolicy"), optional=True)
def redrive(context: ProbeContext, queue: Resource) -> Iterator[Trial]:
    """What a queue gives up on goes to a queue that exists."""
    target = json.loads(value(queue, "redrivePolicy"))["deadLetterTargetArn"]
    yield _queue_exists(context, "find the queue for what is given up on", target)


@probe(_GROUP, TOPIC)
def message_at_subscriber(context: ProbeContext, topic: Resource) -> Iterator[Trial]:
    """A message that is published to a topic arrives at a subscriber."""
    inbox = Inbox(context, topic)
    context.client("sns", topic).publish(TopicArn=value(topic, "arn"), Message=_TEXT, Subject=_TEXT)
    found = [message["Message"] for message in inbox.take()]
    yield trial(found == [_TEXT], "publish to a subscribed queue", "it arrived", f"{len(found)} messages arrived")
    state = context.client("sns", topic).get_topic_attributes(TopicArn=value(topic, "arn"))["Attributes"]
    key, wanted = state.get("KmsMasterKeyId"), value(topic, "kmsMasterKeyId")
    yield trial(key == wanted, "ask for its key", "the stack's own" if key else "none", "another key than the stack's")


@probe(_GROUP, _SUBSCRIPTION, optional=True)
def subscription(context: ProbeContext, subscription: Resource) -> Iterator[Trial]:
    """Every subscriber is subscribed to a topic that exists, and is told in the way that the stack says."""
    topic, endpoint = value(subscription, "topic"), value(subscription, "endpoint")
    client = context.client("sns", subscription)
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    rows = [row for page in pages for row in page["Subscriptions"]]
    found = [row for row in rows if (row["Protocol"], row["Endpoint"]) == (value(subscription, "protocol"), endpoint)]
    tried = f"find it among the subscribers of {topic.rpartition(':')[2]}"
    yield trial(len(found) == 1, tried, value(subscription, "protocol"), f"it is there {len(found)} times")
    redrive_policy = value(subscription, "redrivePolicy")
    if redrive_policy:
        target = json.loads(redrive_policy)["deadLetterTargetArn"]
        yield _queue_exists(context, "find the queue for what cannot be delivered", target)


@probe(_GROUP, _FUNCTION, where=lambda function: value(function, "deadLetterConfig.targetArn"), optional=True)
def dead_letter_of_function(context: ProbeContext, function: Resource) -> Iterator[Trial]:
    """An event that a function cannot handle goes to a queue that exists and that its role may send to."""
    target = value(function, "deadLetterConfig.targetArn")
    yield _queue_exists(context, "find the queue", target)
    yield role_may(context, function, "sqs:SendMessage", target)


@probe(_GROUP, QUEUE, TOPIC)
def plain_text_is_refused(context: ProbeContext, target: Resource) -> Iterator[Trial]:
    """Requests without TLS are refused by every queue and topic."""
    service, action = ("sqs", "sqs:SendMessage") if target.type == QUEUE else ("sns", "sns:Publish")
    arn = value(target, "arn")
    if service == "sqs":
        asked = context.client("sqs", target).get_queue_attributes(
            QueueUrl=value(target, "url"), AttributeNames=["All"]
        )
    else:
        asked = context.client("sns", target).get_topic_attributes(TopicArn=arn)
    document = asked["Attributes"].get("Policy")
    if not document:
        raise NotSo("it has no policy that refuses anything")
    own, found = own_session(context), [policy(document, "its policy", "resource")]
    policies = Policies(identity=[everything(service)], resource=found)
    for safe in (True, False):
        decision = evaluate(Request(own, action, arn, {"aws:SecureTransport": safe}), policies)
        tried = f"{action} {'over' if safe else 'without'} TLS"
        yield judged(decision.allowed is safe, tried, _WHY, decision.outcome, f"the policy answers {decision.outcome}")


def _ordered(queue: Resource) -> dict[str, str]:
    fifo = value(queue, "fifoQueue")
    return {"MessageGroupId": _TEXT, "MessageDeduplicationId": _TEXT} if fifo else {}


def _queue_exists(context: ProbeContext, tried: str, arn: str) -> Trial:
    parts = arn.split(":")
    try:
        context.account.client("sqs", {"region": parts[3]}).get_queue_url(QueueName=parts[5])
    except ClientError:
        return trial(False, tried, "", f"there is no queue {parts[5]}")
    return passed(tried, parts[5])
