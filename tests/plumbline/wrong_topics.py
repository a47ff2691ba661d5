"""Wrong programs about SNS topics and subscriptions, and right ones beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, function, policy_text, queue, role, statement

PLACE = f"{REGION}:{ACCOUNT}"
TOPIC = f"arn:aws:sns:{PLACE}:news"
ALARMS, EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def topic(name: str = "news", **changes: Any) -> aws.sns.Topic:
    return aws.sns.Topic(name, **{"name": name, **changes})


def subscription(protocol: str, endpoint: Any, *, of: aws.sns.Topic | None = None, **changes: Any) -> None:
    whole = {"topic": (of or topic()).arn, "protocol": protocol, "endpoint": endpoint, **changes}
    aws.sns.TopicSubscription("out", **whole)


def mailed(**changes: Any) -> None:
    subscription("email", "shop@example.com", **changes)


def filtered(policy: Any, scope: str | None = None) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    mailed(filter_policy=text, filter_policy_scope=scope)


def to_queue(*, policy: bool = True, **changes: Any) -> None:
    """A subscription of a queue, whose policy lets the topic send."""
    box, source = queue(), topic()
    if policy:
        whole = {
            "Action": "sqs:SendMessage",
            "Resource": f"arn:aws:sqs:{PLACE}:letters",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
            **changes,
        }
        after = pulumi.ResourceOptions(depends_on=[source, box])
        aws.sqs.QueuePolicy("letters", queue_url=box.url, policy=policy_text(statement(**whole)), opts=after)
    subscription("sqs", box.arn, of=source, raw_message_delivery=True)


def to_function(*, permitted: bool = True) -> None:
    called, source = function(), topic()
    if permitted:
        aws.lambda_.Permission(
            "call",
            action="lambda:InvokeFunction",
            function=called.name,
            principal="sns.amazonaws.com",
            source_arn=source.arn,
        )
    subscription("lambda", called.arn, of=source)


def alarm(of: aws.sns.Topic, **changes: Any) -> None:
    whole = {
        "name": "errors",
        "namespace": "Shop",
        "metric_name": "Errors",
        "statistic": "Sum",
        "period": 60,
        "evaluation_periods": 1,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 1,
        "alarm_actions": [of.arn],
        **changes,
    }
    aws.cloudwatch.MetricAlarm("errors", **whole)


def published(
    *, key: Mapping[str, Any] | None = None, allowed: Mapping[str, Any] | None = None, managed: bool = False
) -> None:
    """A topic to which an alarm and a rule publish, under a key of the stack or under none."""
    given: Any = "alias/aws/sns" if managed else None
    if key is not None:
        own = statement(Principal=ROOT, Action="kms:*")
        shared = statement(
            **{"Principal": {"Service": [ALARMS, EVENTS]}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], **key}
        )
        given = aws.kms.Key("news", policy=policy_text(own, shared)).arn
    target = topic(kms_master_key_id=given)
    may = {"Action": "sns:Publish", "Resource": TOPIC, "Principal": {"Service": [ALARMS, EVENTS]}, **(allowed or {})}
    after = pulumi.ResourceOptions(depends_on=[target])
    aws.sns.TopicPolicy("news", arn=target.arn, policy=policy_text(statement(**may)), opts=after)
    alarm(target)
    pattern = json.dumps({"source": ["orders"]})
    rule = aws.cloudwatch.EventRule("placed", name="placed", event_pattern=pattern)
    aws.cloudwatch.EventTarget("out", rule=rule.name, arn=target.arn)


def _alarm_alone() -> None:
    alarm(topic())


FIREHOSE = f"arn:aws:firehose:{PLACE}:deliverystream/news"
WRONG_TOPICS = [
    Wrong(
        "fifo topic without ending", lambda: topic(fifo_topic=True), "name", "the name of a FIFO topic, and of no other"
    ),
    Wrong("name of a topic", lambda: topic("news.all"), "name", "'news.all' given; allowed: 1 to 256 letters"),
    Wrong(
        "deduplication of a standard topic",
        lambda: topic(content_based_deduplication=True),
        "contentBasedDeduplication",
        "only a FIFO topic takes it",
    ),
    Wrong(
        "display name",
        lambda: topic(display_name="n" * 101),
        "displayName",
        "101 characters given; allowed: at most 100",
    ),
    Wrong(
        "size of messages",
        lambda: topic(maximum_message_size=1000),
        "maximumMessageSize",
        "1000 given; allowed: 1024 to 262144",
    ),
    Wrong(
        "protocol",
        lambda: subscription("mail", "shop@example.com"),
        "protocol",
        "'mail' given; allowed: application, email",
    ),
    Wrong(
        "address of an e-mail",
        lambda: subscription("email", "shop"),
        "endpoint",
        "protocol email takes an e-mail address",
    ),
    Wrong("telephone number", lambda: subscription("sms", "0171 123"), "endpoint", "such as +4912345678"),
    Wrong(
        "url without tls", lambda: subscription("https", "http://example.com"), "endpoint", "a URL that begins https://"
    ),
    Wrong(
        "mail from a fifo topic",
        lambda: mailed(of=topic("news.fifo", fifo_topic=True)),
        "protocol",
        "delivers to queues only",
    ),
    Wrong("raw mail", lambda: mailed(raw_message_delivery=True), "rawMessageDelivery", "protocol email takes none"),
    Wrong(
        "stream without role",
        lambda: subscription("firehose", FIREHOSE),
        "subscriptionRoleArn",
        "missing; protocol firehose needs it",
    ),
    Wrong(
        "role of a mail",
        lambda: mailed(subscription_role_arn=role().arn),
        "subscriptionRoleArn",
        "only protocol firehose takes it",
    ),
    Wrong(
        "filter of a subscription",
        lambda: filtered({"kind": "order"}),
        "filterPolicy.kind",
        "a list of values is needed",
    ),
    Wrong(
        "nested filter of attributes",
        lambda: filtered({"kind": {"of": ["order"]}}),
        "filterPolicy.kind",
        "a list of values is needed",
    ),
    Wrong(
        "six filters",
        lambda: filtered({key: ["a"] for key in "abcdef"}),
        "filterPolicy",
        "6 keys given; allowed: at most 5",
    ),
    Wrong(
        "scope of a filter",
        lambda: filtered({"kind": ["order"]}, "Body"),
        "filterPolicyScope",
        "'Body' given; allowed: MessageAttributes",
    ),
    Wrong(
        "redrive of a subscription",
        lambda: mailed(redrive_policy='{"maxReceiveCount": 5}'),
        "redrivePolicy",
        "with deadLetterTargetArn alone",
    ),
    Wrong(
        "queue that takes no news",
        lambda: to_queue(policy=False),
        "endpoint",
        "allows sqs:SendMessage to sns.amazonaws.com",
    ),
    Wrong(
        "queue that takes other news",
        lambda: to_queue(Condition={"ArnEquals": {"aws:SourceArn": f"{TOPIC}-2"}}),
        "endpoint",
        "allows sqs:SendMessage to sns.amazonaws.com for aws:sns/topic:Topic news",
    ),
    Wrong(
        "function that takes no news",
        lambda: to_function(permitted=False),
        "endpoint",
        "has no permission that lets sns.amazonaws.com call it",
    ),
    Wrong(
        "policy without alarms",
        lambda: published(allowed={"Principal": {"Service": EVENTS}}),
        "policy",
        "does not allow sns:Publish to cloudwatch.amazonaws.com",
    ),
    Wrong(
        "topic under the key of sns",
        lambda: published(managed=True),
        "kmsMasterKeyId",
        "cloudwatch.amazonaws.com cannot use it, only a customer key",
        also=(("kmsMasterKeyId", "events.amazonaws.com cannot use it"),),
    ),
    Wrong(
        "key without events",
        lambda: published(key={"Principal": {"Service": ALARMS}}),
        "kmsMasterKeyId",
        "must allow kms:GenerateDataKey, kms:Decrypt to events.amazonaws.com",
    ),
    Wrong(
        "key that only decrypts",
        lambda: published(key={"Action": "kms:Decrypt"}),
        "kmsMasterKeyId",
        "must allow kms:GenerateDataKey to cloudwatch.amazonaws.com",
        also=(("kmsMasterKeyId", "must allow kms:GenerateDataKey to events.amazonaws.com"),),
    ),
]
SOUND_TOPICS: dict[str, Callable[[], Any]] = {
    "plain topic": topic,
    "fifo topic": lambda: topic("news.fifo", fifo_topic=True, content_based_deduplication=True),
    "mail": mailed,
    "telephone": lambda: subscription("sms", "+4917112345"),
    "stream": lambda: subscription("firehose", FIREHOSE, subscription_role_arn=role().arn),
    "filter": lambda: filtered({"kind": ["order", {"prefix": "re"}]}),
    "filter of bodies": lambda: filtered({"order": {"kind": ["new"]}}, "MessageBody"),
    "dead letters of a subscription": lambda: mailed(
        redrive_policy=json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{PLACE}:elsewhere"})
    ),
    "queue that takes news": to_queue,
    "function that takes news": to_function,
    "published": published,
    "published under a key": lambda: published(key={}),
    "alarm on a topic of its own policy": _alarm_alone,
}
