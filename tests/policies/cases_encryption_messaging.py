"""Fixtures of policies/rules/encryption/messaging.py."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

WHERE = ("policy",)
WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


class Side:
    """A topic or a queue, and the policies that it may have."""

    def __init__(self, service: str, kind: str, to: str, action: str) -> None:
        title = kind.capitalize()
        self.own = made(f"aws:{service}/{kind}:{title}", "own", name="test-news")
        self.other = made(f"aws:{service}/{kind}:{title}", "other", name="test-others")
        self.arn = f"arn:aws:{service}:eu-west-1:111122223333:test-news"
        self.token, self.to = f"aws:{service}/{kind}Policy:{title}Policy", to
        self.deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": self.arn,
            "Condition": WITHOUT_TLS,
        }
        self.read = {**self.deny, "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}

    def policy(self, *statements: Any, refers: Resource | None = None) -> Resource:
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        return made(self.token, "policy", refers={self.to: refers or self.own}, policy=text)

    def of(self, **parts: Any) -> Program:
        return [self.policy(self.read, {**self.deny, **parts}), self.own, self.other]

    def good(self) -> dict[str, Program]:
        return {
            "statement": self.of(),
            "any principal": self.of(Principal={"AWS": "*"}),
            "every action": self.of(Action="*"),
            "any resource": self.of(Resource=["*"]),
            "wider resource": self.of(Resource=self.arn[:-4] + "*"),
            "own": [self.own, self.policy(self.deny)],
            "inline": [changed(self.own, {"policy": {"Statement": self.deny}}), self.other],
        }

    def bad(self) -> dict[str, tuple[Program, tuple[str, ...]]]:
        programs = {
            "without": [self.own, self.other],
            "another's": [self.own, self.other, self.policy(self.deny, refers=self.other)],
            "inline": [changed(self.own, {"policy": {"Statement": self.read}})],
            "null": [changed(self.policy(), {"policy": None}), self.own],
            "no JSON": [changed(self.policy(), {"policy": "no"}), self.own],
            "allows": self.of(Effect="Allow"),
            "another resource": self.of(Resource=self.arn.replace("news", "others")),
            "one principal": self.of(Principal={"AWS": "111122223333"}),
            "all but one": self.of(Principal=None, NotPrincipal={"AWS": "111122223333"}),
            "another action": self.of(Action=f"{self.arn.split(':')[2]}:GetSomething"),
            "with TLS": self.of(Condition={"Bool": {"aws:SecureTransport": "true"}}),
            "no condition": self.of(Condition={}),
            "one more": self.of(Condition={**WITHOUT_TLS, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
        }
        return {name: (program, WHERE) for name, program in programs.items()}

    def unknown(self) -> dict[str, tuple[Program, tuple[str, ...]]]:
        programs = {
            "policy": [changed(self.policy(), {"policy": UNKNOWN}), self.own],
            "a statement": [changed(self.policy(), {"policy": {"Statement": [self.read, UNKNOWN]}}), self.own],
            "inline": [changed(self.own, {"policy": UNKNOWN})],
            "name": [self.policy(self.deny), changed(self.own, {"name": UNKNOWN})],
            "whose": [self.own, changed(made(self.token, "x"), {self.to: UNKNOWN})],
        }
        return {name: (program, WHERE) for name, program in programs.items()}


TOPICS = Side("sns", "topic", "arn", "SNS:Publish")
QUEUES = Side("sqs", "queue", "queueUrl", "sqs:*")
TOPIC = changed(TOPICS.own, {"kmsMasterKeyId": "alias/own"})
QUEUE = changed(QUEUES.own, {"sqsManagedSseEnabled": True})
SUBSCRIPTION = made(
    "aws:sns/topicSubscription:TopicSubscription", topic=UNKNOWN, protocol="https", endpoint="https://example.org/in"
)

CASES = [
    Cases(
        rule="topic-encrypted",
        good={"customer key": [TOPIC], "unknown": [changed(TOPIC, {"kmsMasterKeyId": UNKNOWN})]},
        bad={
            "not set": ([changed(TOPIC, {"kmsMasterKeyId": GONE})], ("kmsMasterKeyId",)),
            "null": ([changed(TOPIC, {"kmsMasterKeyId": None})], ("kmsMasterKeyId",)),
            "empty": ([changed(TOPIC, {"kmsMasterKeyId": ""})], ("kmsMasterKeyId",)),
            "service's own": ([changed(TOPIC, {"kmsMasterKeyId": "alias/aws/sns"})], ("kmsMasterKeyId",)),
            "no key": ([changed(TOPIC, {"kmsMasterKeyId": TOPICS.arn})], ("kmsMasterKeyId",)),
        },
        never_unknown="a key that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="queue-encrypted",
        good={
            "SSE-SQS": [QUEUE],
            "text": [changed(QUEUE, {"sqsManagedSseEnabled": "true"})],
            "KMS": [changed(QUEUE, {"sqsManagedSseEnabled": GONE, "kmsMasterKeyId": "alias/aws/sqs"})],
            "unknown key": [changed(QUEUE, {"sqsManagedSseEnabled": False, "kmsMasterKeyId": UNKNOWN})],
        },
        bad={
            "not set": ([changed(QUEUE, {"sqsManagedSseEnabled": GONE})], ("sqsManagedSseEnabled",)),
            "off": ([changed(QUEUE, {"sqsManagedSseEnabled": False})], ("sqsManagedSseEnabled",)),
            "off, empty key": (
                [changed(QUEUE, {"sqsManagedSseEnabled": "false", "kmsMasterKeyId": ""})],
                ("sqsManagedSseEnabled",),
            ),
            "no key": ([changed(QUEUE, {"kmsMasterKeyId": QUEUES.arn})], ("kmsMasterKeyId",)),
        },
        unknown={"managed": ([changed(QUEUE, {"sqsManagedSseEnabled": UNKNOWN})], ("sqsManagedSseEnabled",))},
        always=True,
    ),
    Cases(
        rule="topic-denies-without-tls",
        good=TOPICS.good(),
        bad=TOPICS.bad(),
        unknown=TOPICS.unknown(),
        always=True,
    ),
    Cases(
        rule="queue-denies-without-tls",
        good=QUEUES.good(),
        bad={**QUEUES.bad(), "sending alone": (QUEUES.of(Action=["sqs:SendMessage", "sqs:ReceiveMessage"]), WHERE)},
        unknown=QUEUES.unknown(),
        always=True,
    ),
    Cases(
        rule="subscription-uses-tls",
        good={
            "HTTPS": [SUBSCRIPTION],
            "mail": [changed(SUBSCRIPTION, {"protocol": "email", "endpoint": "team@example.org"})],
            "queue": [changed(SUBSCRIPTION, {"protocol": "sqs", "endpoint": UNKNOWN})],
        },
        bad={
            "HTTP": ([changed(SUBSCRIPTION, {"protocol": "HTTP", "endpoint": UNKNOWN})], ("protocol",)),
            "both": (
                [changed(SUBSCRIPTION, {"protocol": "http", "endpoint": "http://example.org/in"})],
                ("protocol", "endpoint"),
            ),
            "endpoint": ([changed(SUBSCRIPTION, {"endpoint": "Http://example.org/in"})], ("endpoint",)),
            "no protocol": ([changed(SUBSCRIPTION, {"protocol": GONE})], ("protocol",)),
        },
        unknown={"protocol": ([changed(SUBSCRIPTION, {"protocol": UNKNOWN})], ("protocol",))},
        always=True,
    ),
]
