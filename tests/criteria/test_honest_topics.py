"""Requirement 13 cannot be fooled: what breaks a topic fails its criterion, and what is unknown stays open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Secret
from tests.criteria.breaking import (
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    leaves_open,
    refer,
    set_,
    settings,
    statement,
    verdict,
    whole,
)

_TOPIC = "aws:sns/topic:Topic"
_POLICY = "aws:sns/topicPolicy:TopicPolicy"
_SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
_CRITICAL = "topics-critical-alerts-policy"
_OTHERS = {"StringEquals": {"aws:SourceAccount": "333333333333"}}


def _publishes(**elements: Any) -> Change:
    return statement(_POLICY, _CRITICAL, "CloudwatchPublishes", **elements)


def _allows(**elements: Any) -> Change:
    return add_statement(_POLICY, _CRITICAL, Effect="Allow", Action="sns:Publish", Resource="*", **elements)


BROKEN: list[Row] = [
    ("13.1a", "prod", "no topic", drop(_TOPIC, "topics-critical-alerts")),
    ("13.1a", "prod", "another name", set_(_TOPIC, "topics-critical-alerts", name="prod-alerts")),
    ("13.1b", "test", "the other environment's", set_(_TOPIC, "topics-risk-events", name="prod-risk-events")),
    ("13.1c", "prod", "no topic", drop(_TOPIC, "topics-system-health")),
    ("13.1d", "prod", "no topic", drop(_TOPIC, "topics-audit-notifications")),
    ("13.2", "prod", "nobody", drop(_SUBSCRIPTION, "critical-alerts-email-1")),
    ("13.2", "prod", "another protocol", set_(_SUBSCRIPTION, "critical-alerts-email-1", protocol="email-json")),
    ("13.2", "prod", "no address", set_(_SUBSCRIPTION, "critical-alerts-email-1", endpoint="")),
    ("13.2", "prod", "no topic", drop(_TOPIC, "topics-critical-alerts")),
    (
        "13.2",
        "prod",
        "another topic",
        refer(_SUBSCRIPTION, "critical-alerts-email-1", "topic", (_TOPIC, "topics-system-health")),
    ),
    ("13.2", "test up", "a foreign topic", set_(_SUBSCRIPTION, "critical-alerts-email-1", topic="arn:aws:sns:x:1:y")),
    ("13.3", "prod", "no key", set_(_TOPIC, "topics-risk-events", kmsMasterKeyId=None)),
    ("13.3", "prod", "an empty key", set_(_TOPIC, "topics-risk-events", kmsMasterKeyId="")),
    ("13.4", "prod", "no policy", drop(_POLICY, _CRITICAL)),
    ("13.4", "prod", "anybody", _allows(Principal="*")),
    ("13.4", "prod", "an account", _allows(Principal={"AWS": "arn:aws:iam::222222222222:root"})),
    ("13.4", "prod", "all but one", _allows(NotPrincipal={"AWS": "arn:aws:iam::222222222222:root"})),
    ("13.4", "prod", "another service", _publishes(Principal={"Service": "s3.amazonaws.com"})),
    ("13.4", "prod", "any source", _publishes(Condition=None)),
    ("13.4", "prod", "sources of others", _publishes(Condition=_OTHERS)),
    (
        "13.4",
        "prod",
        "sources of any account",
        _publishes(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:*:alarm:x"}}),
    ),
    (
        "13.4",
        "prod",
        "only where a source is given",
        _publishes(Condition={"StringEqualsIfExists": {"aws:SourceAccount": "222222222222"}}),
    ),
    ("13.4", "prod", "any action", _publishes(Action=["sns:*"])),
    ("13.4", "prod", "nobody at all", set_(_POLICY, _CRITICAL, policy=json.dumps({"Statement": []}))),
    ("13.4", "prod", "no JSON", set_(_POLICY, _CRITICAL, policy="x")),
    (
        "13.4",
        "prod",
        "a second policy",
        add(_POLICY, "more", {"arn": (_TOPIC, "topics-critical-alerts")}, policy=json.dumps({"Statement": []})),
    ),
    ("13.4", "prod", "a policy inside the topic", set_(_TOPIC, "topics-critical-alerts", policy="{}")),
    ("13.4", "prod", "another account", settings(account_id="333333333333")),
    ("13.5", "prod", "nobody", drop(_SUBSCRIPTION, "critical-alerts-sms-1")),
    ("13.5", "prod", "another protocol", set_(_SUBSCRIPTION, "critical-alerts-sms-1", protocol="email")),
]
OPEN: list[Row] = [
    ("13.1a", "prod", "a name", set_(_TOPIC, "topics-critical-alerts", name=UNKNOWN)),
    ("13.3", "prod", "a key from nowhere", refer(_TOPIC, "topics-critical-alerts", "kmsMasterKeyId")),
    ("13.5", "prod", "an address", set_(_SUBSCRIPTION, "critical-alerts-sms-1", endpoint=UNKNOWN)),
    ("13.2", "prod", "a protocol", set_(_SUBSCRIPTION, "critical-alerts-email-1", protocol=UNKNOWN)),
    ("13.2", "prod", "a topic", refer(_SUBSCRIPTION, "critical-alerts-email-1", "topic")),
    ("13.4", "prod", "a policy", set_(_POLICY, _CRITICAL, policy=UNKNOWN)),
    ("13.4", "prod", "whose policy it is", refer(_POLICY, _CRITICAL, "arn")),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("endpoint", [Secret("+12025550123"), Secret()])
def test_an_address_that_nobody_may_see_is_one(endpoint: Any) -> None:
    changed = set_(_SUBSCRIPTION, "critical-alerts-sms-1", endpoint=endpoint)(whole("prod"))
    assert verdict("13.5", changed).word == "pass"
