"""The probes of rules, events and alarms fail where a policy, a target or a rule is gone, and only then."""

from __future__ import annotations

import functools
import json
from typing import Any

import pulumi_aws as aws
import pytest

from plumbline.probing import Probe, ProbeContext, events, monitoring
from tests.plumbline.probing.rig import Both, both, failures
from tests.plumbline.rehearsals import ACCOUNT, REGION, inside

EVENT = events.Event(
    name="an event",
    bus="bus",
    source="app",
    detail_type="Thing",
    detail={"kind": "good"},
    rules=("good",),
    topics=("topic",),
)
PROBES: tuple[Probe, ...] = (
    events.rule_has_target,
    events.undelivered_is_kept,
    *events.event_probes((EVENT,)),
    monitoring.alarm_reaches_topic,
)


def policy(action: str, service: str, arn: str) -> str:
    row = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [row]})


def topic_policy(arn: str) -> str:
    both_services = [json.loads(policy("sns:Publish", f"{one}.amazonaws.com", arn)) for one in ("events", "cloudwatch")]
    return json.dumps({**both_services[0], "Statement": [row for one in both_services for row in one["Statement"]]})


def program() -> None:
    opts = inside()
    topic = aws.sns.Topic("topic", name="topic", opts=opts)
    aws.sns.TopicPolicy("topic-policy", arn=topic.arn, policy=topic.arn.apply(topic_policy), opts=opts)
    queue = aws.sqs.Queue("undelivered", name="undelivered", opts=opts)
    allowed = queue.arn.apply(lambda arn: policy("sqs:SendMessage", "events.amazonaws.com", arn))
    aws.sqs.QueuePolicy("queue-policy", queue_url=queue.url, policy=allowed, opts=opts)
    bus = aws.cloudwatch.EventBus("bus", name="bus", opts=opts)
    for name, kind in (("good", "good"), ("other", "other")):
        pattern = json.dumps({"source": ["app"], "detail": {"kind": [kind]}})
        rule = aws.cloudwatch.EventRule(name, name=name, event_bus_name=bus.name, event_pattern=pattern, opts=opts)
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            event_bus_name=bus.name,
            arn=topic.arn,
            dead_letter_config={"arn": queue.arn},
            opts=opts,
        )
    aws.cloudwatch.MetricAlarm(
        "alarm",
        name="alarm",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="Errors",
        namespace="AWS/Lambda",
        period=60,
        statistic="Sum",
        threshold=1,
        alarm_actions=[topic.arn],
        opts=opts,
    )


def probed(break_: Any) -> Both:
    return both(program, PROBES, break_)


@functools.cache
def whole() -> Both:
    return probed(lambda context: None)


def test_nothing_fails_in_a_stack_that_is_right_and_twice_the_same_is_found() -> None:
    assert failures(whole().whole) == []
    assert [one.document() for one in whole().again] == [one.document() for one in whole().whole]
    assert {one.probe for one in whole().whole} == {one.name for one in PROBES}


def closed_topic(context: ProbeContext) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
    own = policy("sns:Publish", "budgets.amazonaws.com", arn)
    context.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=own)


def closed_queue(context: ProbeContext) -> None:
    queues = context.client("sqs")
    url = queues.get_queue_url(QueueName="undelivered")["QueueUrl"]
    own = policy("sqs:SendMessage", "sns.amazonaws.com", f"arn:aws:sqs:{REGION}:{ACCOUNT}:undelivered")
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": own})


def no_target(context: ProbeContext) -> None:
    context.client("events").remove_targets(
        Rule="good",
        EventBusName="bus",
        Ids=[context.client("events").list_targets_by_rule(Rule="good", EventBusName="bus")["Targets"][0]["Id"]],
    )


def other_pattern(context: ProbeContext) -> None:
    pattern = json.dumps({"source": ["nobody"]})
    context.client("events").put_rule(Name="good", EventBusName="bus", EventPattern=pattern)


def silent_alarm(context: ProbeContext) -> None:
    context.client("cloudwatch").delete_alarms(AlarmNames=["alarm"])


@pytest.mark.parametrize(
    ("break_", "expected"),
    [
        (closed_topic, {"rule-has-target", "event-arrives", "alarm-reaches-topic"}),
        (closed_queue, {"undelivered-is-kept"}),
        (no_target, {"rule-has-target", "event-arrives"}),
        (other_pattern, {"event-arrives"}),
        (silent_alarm, {"alarm-reaches-topic"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_probe_fails_for_what_is_broken(break_: Any, expected: set[str]) -> None:
    assert {probe for probe, _ in probed(break_).bad()} == expected
