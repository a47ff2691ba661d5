"""Requirement 12 cannot be fooled: what breaks a rule fails its criterion, and what is unknown stays open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    FUNCTION,
    ROLE_POLICY,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    settings,
    statement,
    together,
    verdict,
    whole,
)

_BUS = "aws:cloudwatch/eventBus:EventBus"
_RULE = "aws:cloudwatch/eventRule:EventRule"
_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_PERMISSION = "aws:lambda/permission:Permission"
_ALIAS = "aws:lambda/alias:Alias"
_TOPIC = "aws:sns/topic:Topic"
_TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
_QUEUE = "aws:sqs/queue:Queue"
_QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
_LETTERS = "rules-retention-dead-letters-policy"


def _rule(name: str, /, **inputs: Any) -> Change:
    return set_(_RULE, f"rules-{name}", **inputs)


def _permission(**inputs: Any) -> Change:
    return set_(_PERMISSION, "rules-data-quality-permission", **inputs)


def _pattern(**pattern: Any) -> Change:
    return _rule("risk-events", eventPattern=json.dumps(pattern))


def _put(effect: str) -> Change:
    return statement(ROLE_POLICY, "-events", "", Effect=effect)


BROKEN: list[Row] = [
    ("12.1", "prod", "every ten minutes", _rule("data-quality", scheduleExpression="rate(10 minutes)")),
    ("12.1", "prod", "at five past", _rule("data-quality", scheduleExpression="cron(5 * * * ? *)")),
    ("12.1", "prod", "on one day", _rule("data-quality", scheduleExpression="cron(0/5 * * * 1 *)")),
    ("12.1", "prod", "in one hour", _rule("data-quality", scheduleExpression="cron(0/5 8 * * ? *)")),
    ("12.1", "prod", "seven does not divide an hour", _rule("data-quality", scheduleExpression="cron(0/7 * * * ? *)")),
    ("12.1", "prod", "disabled", _rule("data-quality", state="DISABLED")),
    ("12.1", "prod", "disabled as before", _rule("data-quality", isEnabled=False)),
    ("12.1", "prod", "an event instead", _rule("data-quality", scheduleExpression=None, eventPattern="{}")),
    ("12.1", "prod", "on the stack's bus", together(
        _rule("data-quality", eventBusName="prod-trading"),
        set_(_TARGET, "data-quality-target", eventBusName="prod-trading"),
    )),
    ("12.1", "prod", "no target", drop(_TARGET, "rules-data-quality-target")),
    ("12.1", "prod", "another rule's target", set_(_TARGET, "rules-data-quality-target", rule="prod-others")),
    ("12.1", "prod", "another function", refer(
        _TARGET, "data-quality-target", "arn", (_ALIAS, "functions-audit-live")
    )),
    ("12.1", "prod", "no function", drop(FUNCTION, "functions-quality")),
    ("12.1", "prod", "no permission", drop(_PERMISSION, "rules-data-quality-permission")),
    ("12.1", "prod", "permission for another service", _permission(principal="s3.amazonaws.com")),
    ("12.1", "prod", "permission of another alias", _permission(qualifier="next")),
    ("12.1", "prod", "permission for the function alone", _permission(qualifier=None)),
    ("12.1", "prod", "permission to read", _permission(action="lambda:GetFunction")),
    ("12.1", "prod", "permission of another function", _permission(function="prod-audit")),
    ("12.1", "prod", "permission for another rule", refer(
        _PERMISSION, "rules-data-quality-permission", "sourceArn", (_RULE, "rules-retention")
    )),
    ("12.1", "test up", "permission for a foreign rule", _permission(sourceArn="arn:aws:events:us-east-1:1:rule/x")),
    ("12.1", "prod", "permission for whatever rule", _permission(sourceArn=None)),
    ("12.1", "test up", "a foreign target", set_(_TARGET, "data-quality-target", arn="arn:aws:lambda:x:1:function:y")),
    ("12.2", "prod", "every week", _rule("retention", scheduleExpression="rate(7 days)")),
    ("12.2", "prod", "all day", _rule("retention", scheduleExpression="cron(0 * * * ? *)")),
    ("12.2", "prod", "no schedule", _rule("retention", scheduleExpression="tomorrow")),
    ("12.3", "prod", "every two hours", _rule("performance", scheduleExpression="rate(2 hours)")),
    ("12.3", "prod", "every minute", _rule("performance", scheduleExpression="cron(* * * * ? *)")),
    ("12.4", "prod", "no bus", drop(_BUS, "events-bus")),
    ("12.4", "prod", "the default bus", set_(_BUS, "events-bus", name="default")),
    ("12.4", "prod", "nobody may", _put("Deny")),
    ("12.4", "prod", "one may not", statement(ROLE_POLICY, "kill-switch-events", "", Resource=["arn:aws:events:x"])),
    ("12.4", "prod", "nobody is told", set_(FUNCTION, "", environment={"variables": {}})),
    ("12.5", "prod", "no rule", drop(_RULE, "rules-risk-events")),
    ("12.5", "prod", "no target", drop(_TARGET, "rules-risk-events-target")),
    ("12.5", "prod", "disabled", _rule("risk-events", state="DISABLED")),
    ("12.5", "prod", "other events", _pattern(source=["trading.orders"])),
    ("12.5", "prod", "some of them", _pattern(source=["trading.risk"], detail={"severity": ["critical"]})),
    ("12.5", "prod", "every event", _pattern(source=[{"prefix": ""}])),
    ("12.5", "prod", "all but those", _pattern(source=[{"anything-but": ["trading.orders", "aws.ec2"]}])),
    ("12.5", "prod", "events without a source", _pattern(source=[{"exists": False}])),
    ("12.5", "prod", "no pattern", _rule("risk-events", eventPattern=None)),
    ("12.5", "prod", "no JSON", _rule("risk-events", eventPattern="x")),
    ("12.5", "prod", "another bus", together(
        _rule("risk-events", eventBusName=None), set_(_TARGET, "rules-risk-events-target", eventBusName=None)
    )),
    ("12.5", "prod", "a function", refer(_TARGET, "rules-risk-events-target", "arn", (_ALIAS, "functions-audit-live"))),
    ("12.5", "prod", "a topic that is closed", statement(
        _TOPIC_POLICY, "risk-events-policy", "EventsPublishes", Effect="Deny"
    )),
    ("12.5", "prod", "a topic for other rules", statement(
        _TOPIC_POLICY,
        "risk-events-policy",
        "EventsPublishes",
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1:222222222222:rule/prod-others/*"}},
    )),
    ("12.5", "prod", "a condition that cannot be judged", statement(
        _TOPIC_POLICY, "risk-events-policy", "EventsPublishes", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    )),
    ("12.6", "prod", "no queue", set_(_TARGET, "rules-retention-target", deadLetterConfig=None)),
    ("12.6", "prod", "no target", drop(_TARGET, "")),
    ("12.6", "test up", "a foreign queue", set_(
        _TARGET, "rules-retention-target", deadLetterConfig={"arn": "arn:aws:sqs:us-east-1:1:x"}
    )),
    ("12.6", "prod", "another rule's queue", refer(
        _TARGET,
        "rules-retention-target",
        "deadLetterConfig",
        (_QUEUE, "rules-performance-dead-letters"),
        value={"arn": UNKNOWN},
    )),
    ("12.6", "prod", "no policy", drop(_QUEUE_POLICY, _LETTERS)),
    ("12.6", "prod", "another service", statement(
        _QUEUE_POLICY, _LETTERS, "AcceptUndelivered", Principal={"Service": "s3.amazonaws.com"}
    )),
    ("12.6", "prod", "another call", statement(
        _QUEUE_POLICY, _LETTERS, "AcceptUndelivered", Action=["sqs:ReceiveMessage"]
    )),
    ("12.6", "prod", "another resource", statement(
        _QUEUE_POLICY, _LETTERS, "AcceptUndelivered", Resource=["arn:aws:sqs:us-east-1:222222222222:x"]
    )),
    ("12.6", "prod", "only from another account", statement(
        _QUEUE_POLICY, _LETTERS, "AcceptUndelivered", Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}}
    )),
    ("12.6", "prod", "refused again", add_statement(
        _QUEUE_POLICY, _LETTERS, Effect="Deny", Principal="*", Action="sqs:Send*", Resource="*"
    )),
    ("12.6", "prod", "refused to all but some", add_statement(
        _QUEUE_POLICY, _LETTERS, Effect="Deny", NotPrincipal={"AWS": "x"}, NotAction="sqs:Get*", NotResource="x"
    )),
    ("12.6", "prod", "refused under a condition of its own", add_statement(
        _QUEUE_POLICY,
        _LETTERS,
        Effect="Deny",
        Principal="*",
        Action="sqs:*",
        Resource="*",
        Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
    )),
    ("12.6", "prod", "another account", settings(account_id="333333333333")),
]  # fmt: skip
OPEN: list[Row] = [
    ("12.1", "prod", "a schedule", _rule("data-quality", scheduleExpression=UNKNOWN)),
    ("12.1", "prod", "a state", _rule("data-quality", state=UNKNOWN)),
    ("12.1", "prod", "a target", refer(_TARGET, "rules-data-quality-target", "arn")),
    ("12.1", "prod", "the rule of a target", refer(_TARGET, "rules-data-quality-target", "rule")),
    ("12.1", "prod", "a permission's source", refer(_PERMISSION, "rules-data-quality-permission", "sourceArn")),
    ("12.1", "prod", "a permission's qualifier", _permission(qualifier=UNKNOWN)),
    ("12.1", "prod", "the bus of a target", set_(_TARGET, "rules-data-quality-target", eventBusName=UNKNOWN)),
    ("12.6", "prod", "the bus of a target", set_(_TARGET, "rules-retention-target", eventBusName=UNKNOWN)),
    ("12.5", "prod", "the bus of a rule", refer(_RULE, "rules-risk-events", "eventBusName", (_BUS, "events-bus"))),
    ("12.4", "prod", "the name of a bus", set_(_BUS, "events-bus", name=UNKNOWN)),
    ("12.4", "prod", "a policy", set_(ROLE_POLICY, "roles-kill-switch-events", policy=UNKNOWN)),
    ("12.5", "prod", "a pattern", _rule("risk-events", eventPattern=UNKNOWN)),
    ("12.5", "prod", "a topic's policy", set_(_TOPIC_POLICY, "risk-events-policy", policy=UNKNOWN)),
    ("12.5", "prod", "a target", refer(_TARGET, "rules-risk-events-target", "arn")),
    ("12.6", "prod", "a queue", refer(
        _TARGET, "rules-retention-target", "deadLetterConfig", value={"arn": UNKNOWN}
    )),
    ("12.6", "prod", "a policy", set_(_QUEUE_POLICY, _LETTERS, policy=UNKNOWN)),
    ("12.6", "prod", "a queue's name", set_(_QUEUE, "rules-retention-dead-letters", name=UNKNOWN)),
]  # fmt: skip


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize(
    ("number", "rule", "schedule"),
    [
        ("12.1", "data-quality", "cron(*/5 * * * ? *)"),
        ("12.2", "retention", "rate(1 day)"),
        ("12.2", "retention", "rate(24 hours)"),
        ("12.3", "performance", "cron(30 * ? * * *)"),
        ("12.3", "performance", "rate(60 minutes)"),
    ],
)
def test_the_same_schedule_can_be_written_otherwise(number: str, rule: str, schedule: str) -> None:
    assert verdict(number, _rule(rule, scheduleExpression=schedule)(whole("prod"))).word == "pass"


def test_a_prefix_matches_risk_events_too() -> None:
    assert verdict("12.5", _pattern(source=[{"prefix": "trading.ri"}])(whole("prod"))).word == "pass"


def test_a_second_rule_for_a_function_breaks_nothing() -> None:
    more = together(
        add(_RULE, "more", None, name="prod-more", scheduleExpression="rate(7 days)"),
        add(_TARGET, "more", {"arn": (_ALIAS, "functions-quality-live")}, rule="prod-more"),
    )
    assert verdict("12.1", more(whole("prod"))).word == "pass"


def test_a_rule_of_the_same_name_on_another_bus_is_another_rule() -> None:
    def twin(old: Any) -> Any:
        return add(_RULE, "twin", None, name="prod-retention", eventBusName="prod-trading", eventPattern="{}")(old)

    assert verdict("12.2", twin(whole("prod"))).word == "pass"


def test_a_target_without_rule_has_no_queue_that_takes_its_events() -> None:
    assert verdict("12.6", edit(_RULE, "rules-retention", lambda r: None)(whole("prod"))).word == "fail"
