"""Topics and queues: how messages are encrypted, and that nobody sends or reads them without TLS."""

from __future__ import annotations

from policies.rules.documents import Document, document
from policies.rules.encryption.keys import AWS_KEY, CUSTOMER_KEY, asked_key, given_key, own_key
from policies.rules.encryption.refusals import refused_without_tls
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    check_true,
    fail,
    rule,
    unknown,
)

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
_SNS = "https://docs.aws.amazon.com/sns/latest/dg"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"


@rule(
    "EN-033",
    "topic-encrypted",
    pack="encryption",
    types=(TOPIC,),
    severity="medium",
    rationale="SNS keeps messages on disk until they are delivered, and encrypts them only where a key is named.",
    url=f"{_SNS}/sns-server-side-encryption.html",
    remediation="Set kms_master_key_id to a customer key; services cannot publish under alias/aws/sns.",
    controls=("SNS.1", "CKV_AWS_26"),
    criteria=("TRADING-13.3",),
    parameters=CUSTOMER_KEY,
)
def topic(view: View) -> Outcome:
    if view.parameters.get("key") == "customer":
        return own_key(view, "kmsMasterKeyId")
    return all_of([check_set(view, "kmsMasterKeyId", "a key"), given_key(view, "kmsMasterKeyId")])


@rule(
    "EN-034",
    "queue-encrypted",
    pack="encryption",
    types=(QUEUE,),
    severity="medium",
    rationale="A queue keeps messages for days; what encrypts them should be written down, not left to a default.",
    url=f"{_SQS}/sqs-server-side-encryption.html",
    remediation="Set sqs_managed_sse_enabled=True, or kms_master_key_id where a customer key is asked for.",
    controls=("SQS.1", "CKV_AWS_27", "CKV2_AWS_73", "AwsSolutions-SQS2"),
    parameters=AWS_KEY,
)
def queue(view: View) -> Outcome:
    if view.parameters.get("key") == "customer" or view.is_set("kmsMasterKeyId"):
        return all_of([asked_key(view, "kmsMasterKeyId"), check_set(view, "kmsMasterKeyId", "a key")])
    return check_true(view, "sqsManagedSseEnabled")


@rule(
    "EN-035",
    "topic-denies-without-tls",
    pack="encryption",
    types=(TOPIC, TOPIC_POLICY),
    severity="medium",
    rationale="SNS also takes messages over plain HTTP; only the topic's policy can make it refuse them.",
    url=f"{_SNS}/sns-security-best-practices.html",
    remediation="Deny sns:Publish to * in the topic's policy, for the topic's ARN, if aws:SecureTransport is false.",
    scope="stack",
    controls=("AwsSolutions-SNS3",),
)
def topic_tls(view: View) -> Outcome:
    """A topic's policy takes only some of the actions of SNS; of those, sending is the one with data in it."""
    return _refuses(view, TOPIC, TOPIC_POLICY, "arn", "sns", ("Publish",))


@rule(
    "EN-036",
    "queue-denies-without-tls",
    pack="encryption",
    types=(QUEUE, QUEUE_POLICY),
    severity="medium",
    rationale="SQS also answers plain HTTP; only the queue's policy can make it refuse that.",
    url=f"{_SQS}/sqs-security-best-practices.html",
    remediation="Deny sqs:* to * in a QueuePolicy, for the queue's ARN, if aws:SecureTransport is false.",
    scope="stack",
    controls=("AwsSolutions-SQS4",),
)
def queue_tls(view: View) -> Outcome:
    return _refuses(view, QUEUE, QUEUE_POLICY, "queueUrl", "sqs", ())


def _refuses(view: View, own: str, policy: str, to: str, service: str, action: tuple[str, ...]) -> Outcome:
    """Judge a topic or queue, which must have a policy, or a policy that is a resource of its own."""
    expected = "a policy that refuses requests without TLS"
    found = document(view, "policy")
    if view.type == policy:
        if found is None:
            return fail("policy", "not set", expected)
        target = next((other for other in view.of_type(own) if view.refers_to(to, other)), None)
        return _judged(found, target, service, action)
    policies, uncertain = view.referrers(policy, to)
    if policies:
        return PASS
    if uncertain or (found is not None and not found.known):
        return unknown("policy", expected)
    return fail("policy", "not set", expected) if found is None else _judged(found, view, service, action)


def _judged(found: Document, target: View | None, service: str, action: tuple[str, ...]) -> Outcome:
    name = None if target is None else target.get("name")
    needed = (f"arn:aws:{service}:::{name}",) if isinstance(name, str) and name else None
    return refused_without_tls(found, service, needed, *action)


@rule(
    "EN-037",
    "subscription-uses-tls",
    pack="encryption",
    types=("aws:sns/topicSubscription:TopicSubscription",),
    severity="medium",
    rationale="A subscription over HTTP sends each message in clear text across the network.",
    url=f"{_SNS}/sns-http-https-endpoint-as-subscriber.html",
    remediation='Set protocol="https", and an endpoint that begins with https://.',
)
def subscription(view: View) -> Outcome:
    protocol = check(view, "protocol", lambda text: text.lower() != "http", "https, or a protocol without a URL")
    endpoint = check(
        view,
        "endpoint",
        lambda text: text is None or not text.lower().startswith("http://"),
        "an endpoint that does not begin with http://",
    )
    # An endpoint that AWS decides is a resource's ARN, or goes with the protocol.
    return all_of([protocol, *([endpoint] if endpoint.word == "fail" else [])])
