"""Dead letter queues of queues, subscriptions, event rules and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import decoded
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    fail,
    kind_of,
    rule,
    unknown,
)
from policies.rules.operations.resilience_common import FUNCTION, QUEUE, delivers_to, number

TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
REDRIVE = "aws:sqs/redrivePolicy:RedrivePolicy"
ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
# Where others name a queue that keeps what they could not deliver.
_KEEPERS = (
    (FUNCTION, "deadLetterConfig"),
    (TARGET, "deadLetterConfig"),
    (SCHEDULE, "target"),
    (SUBSCRIPTION, "redrivePolicy"),
    (QUEUE, "redrivePolicy"),
    (REDRIVE, "redrivePolicy"),
    ("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "destinationConfig"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", "destinationConfig"),
    ("aws:pipes/pipe:Pipe", "sourceParameters"),
)


@rule(
    "OP-285",
    "event-target-has-dead-letter-queue",
    pack="operations",
    types=(TARGET, SCHEDULE),
    severity="medium",
    scope="stack",
    rationale="EventBridge gives up on an event that its target does not take, and then nobody has it.",
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    remediation='Set dead_letter_config={"arn": queue.arn} for the target.',
    controls=("Serverless-EventBusDLQ",),
    criteria=("TRADING-12.6",),
)
def target(view: View) -> Outcome:
    path = "target.deadLetterConfig.arn" if view.type == SCHEDULE else "deadLetterConfig.arn"
    return delivers_to(view, path, QUEUE)


_MACHINES = ["lambda", "sqs", "firehose", "http", "https", "application"]


@rule(
    "OP-286",
    "subscription-has-dead-letter-queue",
    pack="operations",
    types=(SUBSCRIPTION,),
    severity="medium",
    scope="stack",
    rationale="A message that an endpoint does not take within SNS's attempts is thrown away without a queue for it.",
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
    remediation="Set redrive_policy to JSON with deadLetterTargetArn of a queue (pulumi.Output.json_dumps).",
    controls=("Serverless-SNSRedrivePolicy",),
    parameters={"protocols": _MACHINES},
)
def subscription(view: View) -> Outcome:
    """By default only endpoints that are machines: who does not get a mail or a text message has no queue either."""
    protocol = view.get("protocol")
    wanted = {str(each).lower() for each in view.parameters["protocols"]}
    if isinstance(protocol, str) and protocol.lower() not in wanted:
        return NOT_APPLICABLE
    outcome = _redrive(view, "redrivePolicy")
    if outcome.word == "fail" and protocol is UNKNOWN:
        return unknown("protocol", "a protocol for people, or one with a dead letter queue")
    return outcome


def _policy(view: View, path: str) -> Any:
    """Return a redrive policy: a mapping, UNKNOWN, None where it is not set, or "" where it is none."""
    if view.get(path) == "":
        return None
    value = decoded(view.get(path), "")
    return value if value is UNKNOWN or value is None or isinstance(value, Mapping) else ""


def _redrive(view: View, path: str) -> Outcome:
    """Judge that a redrive policy names a queue, in JSON or, where it is not known, by what it comes from."""
    expected = "a policy with deadLetterTargetArn of a queue"
    policy = _policy(view, path)
    if policy is UNKNOWN:
        sources = view.source_types(path)
        if QUEUE in sources:
            return PASS
        return fail(path, f"a value of {', '.join(sources)}", expected) if sources else unknown(path, expected)
    if not isinstance(policy, Mapping):
        return fail(path, kind_of(view.get(path)), expected)
    arn = policy.get("deadLetterTargetArn")
    if arn is UNKNOWN:
        sources = [source for source in view.source_types(path) if source.startswith("aws:")]
        if sources and QUEUE not in sources:
            return fail(path, f"a value of {', '.join(sources)}", expected)
    elif not (isinstance(arn, str) and arn.split(":")[2:3] == ["sqs"]):
        return fail(path, "no ARN of a queue" if arn else "no deadLetterTargetArn", expected)
    count = policy.get("maxReceiveCount")
    found = number(count)
    if view.type != SUBSCRIPTION and count is not UNKNOWN and (found is None or not 1 <= found <= 1000):
        return fail(path, f"maxReceiveCount {kind_of(count)}", "maxReceiveCount of 1 to 1000")
    return PASS


@rule(
    "OP-287",
    "queue-has-dead-letter-queue",
    pack="operations",
    types=(QUEUE, REDRIVE),
    severity="medium",
    scope="stack",
    rationale="A message that no consumer can handle comes back again and again, until it expires unseen.",
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    remediation="Set redrive_policy, or add aws.sqs.RedrivePolicy, with deadLetterTargetArn and maxReceiveCount.",
    controls=("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"),
    criteria=("TRADING-12.6",),
)
def queue(view: View) -> Outcome:
    """A queue that keeps what others could not deliver is the last one."""
    if view.type == REDRIVE:
        return _redrive(view, "redrivePolicy")
    own = view.resource.urn
    if view.is_set("redrivePolicy"):
        if own in view.resource.property_dependencies.get("redrivePolicy", ()) or _to_itself(view):
            return fail("redrivePolicy", "the queue itself", "another queue")
        return _redrive(view, "redrivePolicy")
    found, uncertain = view.referrers(REDRIVE, "queueUrl")
    if found:
        return PASS  # it is judged where it is
    if view.is_set("redriveAllowPolicy") or view.referrers(ALLOW, "queueUrl")[0]:
        return PASS
    answers = [_keeps(each, path, view) for type_, path in _KEEPERS for each in view.of_type(type_)]
    if True in answers:
        return PASS
    expected = "a dead letter queue, or to be one"
    return unknown("redrivePolicy", expected) if uncertain else fail("redrivePolicy", "not set", expected)


def _to_itself(view: View) -> bool:
    policy, name = _policy(view, "redrivePolicy"), view.get("name")
    arn = policy.get("deadLetterTargetArn") if isinstance(policy, Mapping) else None
    return isinstance(arn, str) and isinstance(name, str) and arn.split(":")[-1] == name


def _keeps(other: View, path: str, queue_: View) -> bool:
    """Say whether another resource names a queue as the one for what it could not deliver."""
    if other.resource.urn == queue_.resource.urn:
        return False
    if queue_.resource.urn in other.resource.property_dependencies.get(path, ()):
        return True
    names = [value for key in ("arn", "name") if isinstance(value := queue_.get(key), str) and value]
    return any(_mentions(other.get(path), name) for name in names)


def _mentions(value: Any, name: str) -> bool:
    """Say whether a block holds a queue's ARN, also within a JSON text."""
    if isinstance(value, Mapping):
        return any(_mentions(item, name) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, name) for item in value)
    if not isinstance(value, str):
        return False
    return value == name or value.endswith(f":{name}") or f':{name}"' in value or f'"{name}"' in value


@rule(
    "OP-288",
    "dead-letter-queue-keeps-longest",
    pack="operations",
    types=(QUEUE,),
    severity="low",
    scope="stack",
    rationale="A message brings its age along to the dead letter queue: it expires before anybody looked.",
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    remediation="Set message_retention_seconds=1209600 for the dead letter queue.",
    criteria=("TRADING-12.6",),
    parameters={"shortest_days": 7},
)
def keeps(view: View) -> Outcome:
    """SQS keeps messages for four days by default."""
    users = [each for type_, path in _KEEPERS for each in view.of_type(type_) if _keeps(each, path, view)]
    if not users:
        return NOT_APPLICABLE
    least = view.parameters["shortest_days"]
    path, expected = "messageRetentionSeconds", f"{least * 86400:g} seconds or more"
    value = view.get(path, 345600)
    if value is UNKNOWN:
        return unknown(path, expected)
    seconds = number(value)
    return PASS if seconds is not None and seconds >= least * 86400 else fail(path, kind_of(view.get(path)), expected)
