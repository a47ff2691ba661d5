"""components.events: bus, archive, schedules, rules, and where events go that cannot be delivered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.events import EventBus, EventBusArgs, Rules, RulesArgs, RuleSpec
from components.functions import Function, Functions, FunctionsArgs, FunctionSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.topics import Topic, Topics, TopicsArgs, TopicSpec
from plumbline.graph import StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    NAMING,
    a_role,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)

SCHEDULED = "arn:aws:events:us-east-1:111111111111:rule/test-nightly"
MATCHED = "arn:aws:events:us-east-1:111111111111:rule/test-app/test-risk"
LAYER = Path("systems/trading/layer")


def a_topic() -> Topic:
    spec = TopicSpec(display_name="Alerts", publishers={"events.amazonaws.com": MATCHED})
    args = TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics={"alerts": spec})
    return Topics("topics", args).topics["alerts"]


def a_function() -> Function:
    _, role = a_role("work")
    groups = SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups={"functions": "F"}))
    spec = FunctionSpec(
        role=role,
        security_groups=(groups.groups["functions"],),
        handler="background.handler",
        code=Path("systems/trading/handlers"),
        memory_mb=256,
        timeout_seconds=30,
    )
    args = FunctionsArgs(
        account=ACCOUNT,
        naming=NAMING,
        functions={"work": spec},
        layer=LAYER,
        log_retention_days=30,
        subnet_ids=["subnet-1"],
    )
    return Functions("functions", args).functions["work"]


def events(
    rules: Callable[[], dict[str, RuleSpec]] = dict, use: Callable[[EventBus], Any] = lambda _: None
) -> StackGraph:
    def program() -> None:
        bus = EventBus("events", EventBusArgs(account=ACCOUNT, naming=NAMING, bus="app", archive_days=7))
        Rules("rules", RulesArgs(account=ACCOUNT, naming=NAMING, bus=bus, rules=rules()))
        use(bus)

    return graph_of(program)


def matched() -> dict[str, RuleSpec]:
    return {"risk": RuleSpec(description="Risk", target=a_topic(), pattern={"source": ["trading.risk"]})}


def scheduled() -> dict[str, RuleSpec]:
    return {"nightly": RuleSpec(description="Nightly", target=a_function(), schedule="cron(0 3 * * ? *)")}


def test_only_the_account_puts_events_on_the_bus() -> None:
    found = only(events(), "aws:cloudwatch/eventBusPolicy:EventBusPolicy")
    assert document(found) == policy(
        {
            **statement(
                "OwnPrincipalsPutEvents",
                ["events:PutEvents"],
                ["arn:aws:events:us-east-1:111111111111:event-bus/test-app"],
            ),
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        }
    )


def test_events_can_be_replayed() -> None:
    archive = only(events(), "aws:cloudwatch/eventArchive:EventArchive")
    assert (archive.inputs["name"], archive.inputs["retentionDays"]) == ("test-app", 7)
    assert needs(archive) == {"eventSourceArn": ("events-bus",)}


def test_a_schedule_is_on_the_default_bus_and_calls_the_live_alias() -> None:
    graph = events(scheduled)
    assert present(named(graph, "rules-nightly").inputs) == {
        "name": "test-nightly",
        "description": "Nightly",
        "scheduleExpression": "cron(0 3 * * ? *)",
        "state": "ENABLED",
    }
    target = named(graph, "rules-nightly-target")
    assert "eventBusName" not in present(target.inputs)
    assert needs(target)["arn"] == ("functions-work-live",)
    permission = named(graph, "rules-nightly-permission")
    assert (permission.inputs["principal"], permission.inputs["qualifier"]) == ("events.amazonaws.com", "live")
    assert needs(permission)["sourceArn"] == ("rules-nightly",)


def test_a_pattern_is_matched_on_the_stacks_bus_and_goes_to_the_topic() -> None:
    graph = events(matched)
    rule, target = named(graph, "rules-risk"), named(graph, "rules-risk-target")
    assert json.loads(rule.inputs["eventPattern"]) == {"source": ["trading.risk"]}
    assert (rule.inputs["eventBusName"], target.inputs["eventBusName"]) == ("test-app", "test-app")
    assert needs(target)["arn"] == ("topics-alerts",)
    assert "topics-alerts-policy" in names(target.dependencies)


def test_a_target_retries_and_keeps_what_cannot_be_delivered() -> None:
    target = named(events(matched), "rules-risk-target")
    assert target.inputs["retryPolicy"] == {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 20}
    assert needs(target)["deadLetterConfig"] == ("rules-risk-dead-letters",)


def test_both_ways_are_open_before_the_target_exists() -> None:
    target = named(events(scheduled), "rules-nightly-target")
    assert {"rules-nightly-dead-letters-policy", "rules-nightly-permission"} <= set(names(target.dependencies))


def test_the_dead_letter_queue_takes_letters_of_its_rule_only() -> None:
    for rules, name, source in ((matched, "risk", MATCHED), (scheduled, "nightly", SCHEDULED)):
        found = named(events(rules), f"rules-{name}-dead-letters-policy")
        queue = f"arn:aws:sqs:us-east-1:111111111111:test-{name}-undelivered"
        assert document(found) == policy(
            {
                **statement("AcceptUndelivered", ["sqs:SendMessage"], [queue]),
                "Principal": {"Service": "events.amazonaws.com"},
                "Condition": {"ArnEquals": {"aws:SourceArn": source}},
            },
            {
                "Sid": "RefuseWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["sqs:*"],
                "Resource": [queue],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        )
        assert f"rules-{name}" in names(found.dependencies)


def test_a_role_may_put_events() -> None:
    def put(made: EventBus) -> None:
        roles, role = a_role()
        made.grant_put(role)
        roles.attach()

    found = only(events(use=put), "aws:iam/rolePolicy:RolePolicy")
    bus = "arn:aws:events:us-east-1:111111111111:event-bus/test-app"
    assert document(found) == policy(statement("PutEvents", ["events:PutEvents"], [bus]))


def test_schedules_need_no_bus() -> None:
    def program() -> None:
        rules = Rules("rules", RulesArgs(account=ACCOUNT, naming=NAMING, rules=scheduled()))
        assert rules.rule_arn("nightly") == SCHEDULED

    graph = graph_of(program)
    assert graph.of_type("aws:cloudwatch/eventBus:EventBus") == []
    for name in ("rules-nightly", "rules-nightly-target"):
        assert "eventBusName" not in present(named(graph, name).inputs)


def test_a_pattern_without_a_bus_is_refused() -> None:
    def program() -> None:
        rules = matched()
        with pytest.raises(ValueError, match=r"^rules.risk: a pattern without a bus given; allowed: a schedule$"):
            RulesArgs(account=ACCOUNT, naming=NAMING, rules=rules)

    graph_of(program)
