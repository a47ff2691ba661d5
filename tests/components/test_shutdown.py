"""components.shutdown and components.night: rules go off at night and on again in the morning."""

from __future__ import annotations

import functools
import json

import pytest

from components.events import EventBus, EventBusArgs, Rules, RulesArgs, RuleSpec
from components.night import Night
from components.shutdown import Shutdown, ShutdownArgs
from components.topics import Topics, TopicsArgs, TopicSpec
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    NAMING,
    ROLE_POLICY,
    document,
    graph_of,
    named,
    names,
    needs,
    options,
    policy,
    present,
    statement,
)

SCHEDULE = "aws:scheduler/schedule:Schedule"
NIGHT = Night(stop="20:30", start="07:00", time_zone="Europe/Berlin")
RULES = "arn:aws:events:us-east-1:111111111111:rule"
ROLE = "shutdown-roles-shutdown"


def scheduled() -> None:
    """Register a rule that rests and one that does not, and what switches the first."""
    spec = TopicSpec(display_name="Alerts", publishers={"events.amazonaws.com": f"{RULES}/test-*"})
    topics = Topics(
        "topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics={"alerts": spec})
    )
    bus = EventBus("events", EventBusArgs(account=ACCOUNT, naming=NAMING, bus="app", archive_days=7))
    specs = {
        "often": RuleSpec(
            description="Often", target=topics.topics["alerts"], schedule="rate(5 minutes)", switched=True
        ),
        "nightly": RuleSpec(description="Nightly", target=topics.topics["alerts"], schedule="cron(0 3 * * ? *)"),
    }
    rules = Rules("rules", RulesArgs(account=ACCOUNT, naming=NAMING, bus=bus, rules=specs))
    Shutdown("shutdown", ShutdownArgs(account=ACCOUNT, naming=NAMING, night=NIGHT, rules=rules, resting=["often"]))


@functools.cache
def graph() -> StackGraph:
    return graph_of(scheduled)


@pytest.mark.parametrize(
    ("what", "expression", "action"),
    [("stop", "cron(30 20 ? * MON-FRI *)", "disableRule"), ("start", "cron(0 7 ? * MON-FRI *)", "enableRule")],
)
def test_a_resting_rule_is_switched_on_workdays(what: str, expression: str, action: str) -> None:
    assert present(named(graph(), f"shutdown-often-{what}").inputs) == {
        "name": f"test-often-{what}",
        "groupName": "test-shutdown",
        "description": f"Rule often: {what}",
        "scheduleExpression": expression,
        "scheduleExpressionTimezone": "Europe/Berlin",
        "flexibleTimeWindow": {"mode": "OFF"},
        "state": "ENABLED",
        "target": {
            "arn": f"arn:aws:scheduler:::aws-sdk:eventbridge:{action}",
            "roleArn": UNKNOWN,
            "input": '{"Name":"test-often"}',
            "deadLetterConfig": {"arn": UNKNOWN},
            "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 20},
        },
    }


def test_other_rules_are_left_alone() -> None:
    assert {schedule.name for schedule in graph().of_type(SCHEDULE)} == {"shutdown-often-stop", "shutdown-often-start"}


def test_a_schedule_comes_after_its_rule_group_queue_and_role_with_its_rights() -> None:
    schedule = named(graph(), "shutdown-often-stop")
    assert needs(schedule) == {
        "groupName": ("shutdown-group",),
        "target": ("rules-often", "shutdown-dead-letters", ROLE),
    }
    assert {f"{ROLE}-dead-letters", f"{ROLE}-rules"} <= set(names(schedule.dependencies))


def test_an_up_leaves_the_state_of_a_switched_rule_as_it_is() -> None:
    assert options(named(graph(), "rules-often")).ignore_changes == ("state",)
    assert options(named(graph(), "rules-nightly")).ignore_changes == ()


def test_only_schedules_of_the_group_assume_the_role() -> None:
    role = named(graph(), ROLE)
    assert role.get("name") == "test-shutdown"
    group = "arn:aws:scheduler:us-east-1:111111111111:schedule-group/test-shutdown"
    assert json.loads(role.inputs["assumeRolePolicy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111111111111"},
                "ArnEquals": {"aws:SourceArn": group},
            },
        }
    ]


def test_the_role_switches_the_resting_rules_and_keeps_what_failed() -> None:
    queue = "arn:aws:sqs:us-east-1:111111111111:test-shutdown-undelivered"
    assert [document(found) for found in graph().of_type(ROLE_POLICY)] == [
        policy(statement("SendMessages", ["sqs:SendMessage"], [queue])),
        policy(statement("SwitchRules", ["events:DisableRule", "events:EnableRule"], [f"{RULES}/test-often"])),
    ]
