"""SNS: topics, subscriptions, and what lets alarms and rules publish.

Sources are CreateTopic and Subscribe of the API, "Message delivery of FIFO topics", and "Key management".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from plumbline.constraints.callers import (
    PUBLISHING,
    TOPIC,
    arn_of,
    has_policy,
    key_of,
    known_name,
    lets,
    permissions,
    statements_on,
)
from plumbline.constraints.event_patterns import pattern_findings
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.invocation import ALIAS, QUEUE
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import Resource, StackGraph

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ALARM_ACTIONS = ("alarmActions", "okActions", "insufficientDataActions")
_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_BUDGET = "aws:budgets/budget:Budget"
_SERVICE = "sns.amazonaws.com"
_ALARMS, _EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"
_BUDGETS = "budgets.amazonaws.com"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_DISPLAY_NAME = 100
_LARGEST_MESSAGE = (1_024, 262_144)
_FILTER_KEYS = 5
_ARN = r"arn:[a-z-]+:{}:[a-z0-9-]+:\d{{12}}:.+"
# The form of the endpoint that each protocol takes.
_ENDPOINTS = {
    "application": (_ARN.format("sns"), "the ARN of a platform's endpoint"),
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "email-json": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "firehose": (_ARN.format("firehose"), "the ARN of a Firehose stream"),
    "http": (r"http://\S+", "a URL that begins http://"),
    "https": (r"https://\S+", "a URL that begins https://"),
    "lambda": (_ARN.format("lambda"), "the ARN of a function"),
    "sms": (r"\+[1-9]\d{1,14}", "a telephone number such as +4912345678"),
    "sqs": (_ARN.format("sqs"), "the ARN of a queue"),
}
_RAW = ("sqs", "http", "https", "firehose")


@for_types(TOPIC)
def topic(topic: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Name, display name and size of messages are such as SNS takes; only FIFO topics end in .fifo."""
    name, fifo = topic.get("name"), topic.get("fifoTopic", False)
    if isinstance(name, str):
        if isinstance(fifo, bool) and fifo != name.endswith(".fifo"):
            yield "name", f"{name!r} given; the name of a FIFO topic, and of no other, ends in .fifo"
        if not _NAME.fullmatch(name.removesuffix(".fifo")) or len(name) > 256:
            yield "name", f"{name!r} given; allowed: 1 to 256 letters, digits, _ and -"
    if fifo is False and topic.get("contentBasedDeduplication") is True:
        yield "contentBasedDeduplication", "true given; only a FIFO topic takes it"
    display, (low, high) = topic.get("displayName"), _LARGEST_MESSAGE
    if isinstance(display, str) and len(display) > _LONGEST_DISPLAY_NAME:
        yield "displayName", f"{len(display)} characters given; allowed: at most {_LONGEST_DISPLAY_NAME}"
    size = topic.get("maximumMessageSize")
    if isinstance(size, int) and not low <= size <= high:
        yield "maximumMessageSize", f"{size} given; allowed: {low} to {high}"


@for_types(SUBSCRIPTION)
def endpoint(subscription: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The endpoint has the form that the protocol takes, and a FIFO topic delivers to queues only."""
    protocol, address = subscription.get("protocol"), subscription.get("endpoint")
    if isinstance(protocol, str):
        if protocol not in _ENDPOINTS:
            yield "protocol", f"{protocol!r} given; allowed: {', '.join(_ENDPOINTS)}"
            return
        form, allowed = _ENDPOINTS[protocol]
        if isinstance(address, str) and not re.fullmatch(form, address):
            yield "endpoint", f"{address!r} given; protocol {protocol} takes {allowed}"
        topic = behind(subscription, "topic", graph, TOPIC)
        if topic is not None and topic.get("fifoTopic") is True and protocol != "sqs":
            yield "protocol", f"{protocol!r} given; {topic.display} is a FIFO topic, which delivers to queues only"
        if subscription.get("rawMessageDelivery") is True and protocol not in _RAW:
            yield "rawMessageDelivery", f"true given; protocol {protocol} takes none, only {', '.join(_RAW)} do"
        role = subscription.get("subscriptionRoleArn")
        if (role is not None) != (protocol == "firehose"):
            given = "missing; protocol firehose needs it" if role is None else "given; only protocol firehose takes it"
            yield "subscriptionRoleArn", given


@for_types(SUBSCRIPTION)
def filter_policy(subscription: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A filter policy is in the language of event patterns, with one level on attributes, and has at most five keys."""
    text, scope = subscription.get("filterPolicy"), subscription.get("filterPolicyScope", "MessageAttributes")
    if isinstance(scope, str) and scope not in ("MessageAttributes", "MessageBody"):
        yield "filterPolicyScope", f"{scope!r} given; allowed: MessageAttributes, MessageBody"
        return
    if not isinstance(text, str) or not isinstance(scope, str):
        return
    for path, message in pattern_findings(text, nested=scope == "MessageBody"):
        yield f"filterPolicy.{path}".rstrip("."), message
    keys = _keys(text)
    if keys > _FILTER_KEYS:
        yield "filterPolicy", f"{keys} keys given; allowed: at most {_FILTER_KEYS}"


def _keys(text: str) -> int:
    try:
        document = json.loads(text)
    except ValueError:
        return 0

    def count(value: object) -> int:
        if isinstance(value, dict):
            return sum(count(item) for item in value.values())
        return 1  # alternatives under $or count once, which is too few rather than too many

    return count(document)


@for_types(SUBSCRIPTION)
def redrive(subscription: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A redrive policy of a subscription names its dead-letter queue and nothing else."""
    text = subscription.get("redrivePolicy")
    if not isinstance(text, str):
        return
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or set(policy) != {"deadLetterTargetArn"}:
        yield "redrivePolicy", "a JSON object with deadLetterTargetArn alone is needed"


@for_types(SUBSCRIPTION)
def delivered(subscription: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A queue has a policy, and a function a permission, that lets SNS deliver from the topic."""
    topic = behind(subscription, "topic", graph, TOPIC)
    if topic is None:
        return
    source = arn_of(topic, "sns", known_name(topic), graph)
    queue = behind(subscription, "endpoint", graph, QUEUE)
    if queue is not None:
        found = statements_on(queue, graph)
        if found is not None and not any(lets(item, _SERVICE, "sqs:SendMessage", source) for item in found):
            yield "endpoint", f"no policy of {queue.display} allows sqs:SendMessage to {_SERVICE} for {topic.display}"
    called = behind(subscription, "endpoint", graph, FUNCTION, ALIAS)
    if called is not None and not permissions(called, _SERVICE, topic, source, graph):
        yield "endpoint", f"{called.display} has no permission that lets {_SERVICE} call it for {topic.display}"


@for_types(TOPIC)
def publishers(topic: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A policy on a topic lets its alarms publish, and a customer key lets alarms, rules and budgets use it."""
    services = _services(topic, graph)
    found = statements_on(topic, graph)
    # Without a policy of the stack SNS makes one that lets alarms of the account publish; for rules see events.py, for
    # budgets budgets.py.
    judged = found if _ALARMS in services and has_policy(topic, graph) else None
    if judged is not None and not any(lets(statement, _ALARMS, "sns:Publish", None) for statement in judged):
        yield "policy", f"an alarm publishes to it, but the topic's policy does not allow sns:Publish to {_ALARMS}"
    if topic.get("kmsMasterKeyId") == "alias/aws/sns":
        for service in services:
            yield "kmsMasterKeyId", f"'alias/aws/sns' given; {service} cannot use it, only a customer key"
        return
    key = key_of(topic, "kmsMasterKeyId", graph)
    granted = statements_on(key, graph) if key is not None else None
    for service in services if key is not None and granted is not None else ():
        missing = [
            action for action in PUBLISHING if not any(lets(item, service, action, None) for item in granted or ())
        ]
        if missing and key is not None:
            yield "kmsMasterKeyId", f"the policy of {key.display} must allow {', '.join(missing)} to {service}"


def _services(topic: Resource, graph: StackGraph) -> list[str]:
    """Return the services that publish to a topic because an alarm, a rule or a budget of the stack says so."""
    alarms = graph.of_type(METRIC_ALARM, COMPOSITE_ALARM)
    alarmed = any(topic.urn in alarm.property_dependencies.get(name, ()) for alarm in alarms for name in ALARM_ACTIONS)
    targeted = any(behind(target, "arn", graph, TOPIC) is topic for target in graph.of_type(_TARGET))
    told = any(topic.urn in row.property_dependencies.get("notifications", ()) for row in graph.of_type(_BUDGET))
    return [service for service, used in ((_ALARMS, alarmed), (_EVENTS, targeted), (_BUDGETS, told)) if used]
