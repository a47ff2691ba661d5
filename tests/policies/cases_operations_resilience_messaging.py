"""Fixtures of rules about dead letter queues."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

ACCOUNT = "us-east-1:111122223333"
ARN = f"arn:aws:sqs:{ACCOUNT}:dead"
TO_DEAD = {"deadLetterTargetArn": ARN, "maxReceiveCount": 5}
DEAD = made("aws:sqs/queue:Queue", "dead", name="dead", messageRetentionSeconds=1209600)
TOPIC = made("aws:sns/topic:Topic", "topic")
RULE = made("aws:cloudwatch/eventTarget:EventTarget", "target", arn="arn", deadLetterConfig={"arn": ARN})
BY_REFERENCE = changed(
    made(RULE.type, "target", refers={"deadLetterConfig": DEAD}), {"deadLetterConfig": {"arn": UNKNOWN}}
)
SCHEDULE = made("aws:scheduler/schedule:Schedule", "schedule", target={"arn": "arn", "deadLetterConfig": {"arn": ARN}})
PATH = "deadLetterConfig.arn"
TARGETS = Cases(
    rule="event-target-has-dead-letter-queue",
    good={"by ARN": [RULE], "by reference": [BY_REFERENCE], "schedule": [SCHEDULE]},
    bad={
        "none": ([changed(RULE, {"deadLetterConfig": GONE})], (PATH,)),
        "empty": ([changed(RULE, {"deadLetterConfig": {}})], (PATH,)),
        "a topic": ([changed(RULE, {PATH: f"arn:aws:sns:{ACCOUNT}:dead"})], (PATH,)),
        "a topic by reference": (
            [changed(made(RULE.type, refers={"deadLetterConfig": TOPIC}), {"deadLetterConfig": {"arn": UNKNOWN}})],
            (PATH,),
        ),
        "no ARN": ([changed(RULE, {PATH: "dead"})], (PATH,)),
        "schedule": ([changed(SCHEDULE, {"target.deadLetterConfig": GONE})], ("target.deadLetterConfig.arn",)),
    },
    unknown={
        "block": ([changed(RULE, {"deadLetterConfig": UNKNOWN})], (PATH,)),
        "target": ([changed(SCHEDULE, {"target": UNKNOWN})], ("target.deadLetterConfig.arn",)),
    },
    always=True,
)

SUBSCRIPTION = made(
    "aws:sns/topicSubscription:TopicSubscription", "hook", protocol="https", redrivePolicy=json.dumps(TO_DEAD)
)
POLICY = "redrivePolicy"
SUBSCRIPTIONS = Cases(
    rule="subscription-has-dead-letter-queue",
    good={
        "JSON": [SUBSCRIPTION],
        "without a count": [changed(SUBSCRIPTION, {POLICY: {"deadLetterTargetArn": ARN}})],
        "by reference": [made(SUBSCRIPTION.type, refers={POLICY: DEAD}, protocol="lambda")],
    },
    bad={
        "none": ([changed(SUBSCRIPTION, {POLICY: GONE})], (POLICY,)),
        "no ARN": ([changed(SUBSCRIPTION, {POLICY: "{}"})], (POLICY,)),
        "no JSON": ([changed(SUBSCRIPTION, {POLICY: "dead"})], (POLICY,)),
        "a topic": ([made(SUBSCRIPTION.type, refers={POLICY: TOPIC}, protocol="sqs")], (POLICY,)),
    },
    unknown={
        "protocol": ([changed(SUBSCRIPTION, {POLICY: GONE, "protocol": UNKNOWN})], ("protocol",)),
        "policy": ([changed(SUBSCRIPTION, {POLICY: UNKNOWN})], (POLICY,)),
    },
    skipped={"mail": [changed(SUBSCRIPTION, {"protocol": "email", POLICY: GONE})]},
)

QUEUE = made("aws:sqs/queue:Queue", "work", name="work", redrivePolicy=json.dumps(TO_DEAD))
PLAIN = changed(QUEUE, {POLICY: GONE})
REFERRING = made(QUEUE.type, "work", refers={POLICY: DEAD}, name="work")
REDRIVE = made("aws:sqs/redrivePolicy:RedrivePolicy", "redrive", refers={"queueUrl": PLAIN}, redrivePolicy=TO_DEAD)
ALLOW = made("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", refers={"queueUrl": DEAD})
FUNCTION = made("aws:lambda/function:Function", "handler", refers={"deadLetterConfig": DEAD})


def policy(value: Any) -> tuple[list[Resource], tuple[str, ...]]:
    return [changed(QUEUE, {POLICY: value})], (POLICY,)


QUEUES = Cases(
    rule="queue-has-dead-letter-queue",
    good={
        "JSON": [QUEUE],
        "object": [changed(QUEUE, {POLICY: TO_DEAD})],
        "by reference": [REFERRING, DEAD],
        "beside it": [PLAIN, REDRIVE],
        "policy": [REDRIVE, PLAIN],
        "that of another": [DEAD, QUEUE],
        "that of another by reference": [DEAD, REFERRING],
        "a function's": [DEAD, FUNCTION],
        "a rule's": [DEAD, RULE],
        "a schedule's": [DEAD, SCHEDULE],
        "a subscription's": [DEAD, SUBSCRIPTION],
        "allowed": [DEAD, ALLOW],
    },
    bad={
        "none": ([PLAIN, QUEUE, DEAD], (POLICY,)),
        "null": policy(None),
        "no ARN": policy({"maxReceiveCount": 5}),
        "a topic": policy({**TO_DEAD, "deadLetterTargetArn": f"arn:aws:sns:{ACCOUNT}:dead"}),
        "never": policy({**TO_DEAD, "maxReceiveCount": 5000}),
        "zero": policy(json.dumps({**TO_DEAD, "maxReceiveCount": 0})),
        "no count": policy({"deadLetterTargetArn": ARN}),
        "no JSON": policy("dead"),
        "itself": policy({**TO_DEAD, "deadLetterTargetArn": f"arn:aws:sqs:{ACCOUNT}:work"}),
        "policy beside it": ([changed(REDRIVE, {POLICY: {}}), PLAIN], (POLICY,)),
    },
    unknown={
        "policy": policy(UNKNOWN),
        "whose policy": ([PLAIN, made(REDRIVE.type, queueUrl=UNKNOWN, redrivePolicy=TO_DEAD)], (POLICY,)),
    },
    always=True,
)

SECONDS = "messageRetentionSeconds"
KEEPS = Cases(
    rule="dead-letter-queue-keeps-longest",
    good={"days": [DEAD, QUEUE], "text": [changed(DEAD, {SECONDS: "1209600"}), FUNCTION]},
    bad={
        "minutes": ([changed(DEAD, {SECONDS: 300}), QUEUE], (SECONDS,)),
        "by default": ([changed(DEAD, {SECONDS: GONE}), FUNCTION], (SECONDS,)),
    },
    unknown={"seconds": ([changed(DEAD, {SECONDS: UNKNOWN}), QUEUE], (SECONDS,))},
    skipped={"another queue": [QUEUE, DEAD]},
)

CASES = [TARGETS, SUBSCRIPTIONS, QUEUES, KEEPS]
