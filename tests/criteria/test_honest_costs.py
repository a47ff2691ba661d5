"""Requirement 23 cannot be fooled: what breaks the watch on costs fails, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Subject
from tests.criteria.breaking import (
    ROLE,
    ROLE_POLICY,
    Change,
    Row,
    add,
    base,
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
    with_resources,
)
from tests.evaluations import preview

_BUDGET = "aws:budgets/budget:Budget"
_TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
_SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
_TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"
_RULE = "aws:cloudwatch/eventRule:EventRule"
_SCHEDULE = "aws:scheduler/schedule:Schedule"
_TARGET = "aws:appautoscaling/target:Target"
_ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
_TAGS = ("CostCenter", "Environment", "Owner", "Project")
_OWN = [{"name": "TagKeyValue", "values": ["user:Environment$prod"]}]
_PLANS = "savings-plans-budget"
_STOP, _SWITCHES = "data-quality-stop", "shutdown-roles-shutdown-rules"
_TRUST = "shutdown-roles-shutdown"


def _budget(**inputs: Any) -> Change:
    return set_(_BUDGET, "costs-budget", **inputs)


def _told(name: str = "costs-budget", **changes: Any) -> Change:
    """Change every notification of a budget; None takes an input away."""

    def change(budget: Resource) -> Resource:
        rows = [{**row, **changes} for row in budget.inputs["notifications"]]
        kept = [{key: value for key, value in row.items() if value is not None} for row in rows]
        return dataclasses.replace(budget, inputs={**budget.inputs, "notifications": kept})

    return edit(_BUDGET, name, change)


_NO_MAIL = _told(subscriberEmailAddresses=[])


def _without(percent: int) -> Change:
    def change(budget: Resource) -> Resource:
        rows = [row for row in budget.inputs["notifications"] if row["threshold"] != percent]
        return dataclasses.replace(budget, inputs={**budget.inputs, "notifications": rows})

    return edit(_BUDGET, "costs-budget", change)


def _active(*keys: str, status: str = "Active") -> Change:
    return base(together(*(add(_TAG, f"tag-{key}", tagKey=key, status=status) for key in keys)))


def _root(path: Path) -> Change:
    return lambda old: dataclasses.replace(old, root=path)


def _scheduled(name: str = _STOP, **inputs: Any) -> Change:
    return set_(_SCHEDULE, name, **inputs)


def _called(name: str = _STOP, **changes: Any) -> Change:
    def change(schedule: Resource) -> Resource:
        target = {**schedule.inputs["target"], **changes}
        return dataclasses.replace(schedule, inputs={**schedule.inputs, "target": target})

    return edit(_SCHEDULE, name, change)


def _trusted(**elements: Any) -> Change:
    def change(role: Resource) -> Resource:
        document = json.loads(role.inputs["assumeRolePolicy"])
        document["Statement"][0].update(elements)
        return dataclasses.replace(role, inputs={**role.inputs, "assumeRolePolicy": json.dumps(document)})

    return edit(ROLE, _TRUST, change)


def _always(old: Subject) -> Subject:
    """Let every rule have its state from the program alone."""
    resources = {
        urn: dataclasses.replace(r, options=dataclasses.replace(r.options, ignore_changes=())) if r.type == _RULE else r
        for urn, r in old.graph.resources.items()
    }
    return with_resources(old, resources)


def _scaled(*actions: dict[str, Any], ignored: tuple[str, ...] = ("minCapacity", "maxCapacity")) -> Change:
    """Add a scaled table, with scheduled actions of the given bounds and schedules."""
    key = {
        "serviceNamespace": "dynamodb",
        "resourceId": "table/test-orders",
        "scalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    target = add(_TARGET, "orders-target", minCapacity=2, maxCapacity=40, **key)

    def ignore(resource: Resource) -> Resource:
        return dataclasses.replace(resource, options=dataclasses.replace(resource.options, ignore_changes=ignored))

    added = [add(_ACTION, f"orders-{number}", timezone="UTC", **key, **row) for number, row in enumerate(actions)]
    return together(target, edit(_TARGET, "orders-target", ignore), *added)


def _at(hour: int, low: Any, high: Any) -> dict[str, Any]:
    return {
        "schedule": f"cron(0 {hour} ? * MON-FRI *)",
        "scalableTargetAction": {"minCapacity": low, "maxCapacity": high},
    }


BROKEN: list[Row] = [
    ("23.2", "prod", "no budget", drop(_BUDGET, "costs-budget")),
    ("23.2", "prod", "no notification", _budget(notifications=[])),
    ("23.2", "prod", "nothing at 80 percent", _without(80)),
    ("23.2", "test", "nothing at 100 percent", _without(100)),
    ("23.2", "prod", "forecasts only", _told(notificationType="FORECASTED")),
    ("23.2", "prod", "dollars and not percent", _told(thresholdType="ABSOLUTE_VALUE")),
    ("23.2", "prod", "less than", _told(comparisonOperator="LESS_THAN")),
    ("23.2", "prod", "use", _budget(budgetType="USAGE")),
    ("23.2", "prod", "a day", _budget(timeUnit="DAILY")),
    ("23.2", "prod", "another amount", _budget(limitAmount="50000")),
    ("23.2", "prod", "another amount in the settings", settings(costs={"monthly_budget_usd": 1})),
    ("23.2", "prod", "another currency", _budget(limitUnit="EUR")),
    ("23.2", "prod", "the other environment's costs", _budget(costFilters=[{**_OWN[0], "values": ["user:x$y"]}])),
    ("23.2", "prod", "nobody", _told(subscriberEmailAddresses=[], subscriberSnsTopicArns=[])),
    ("23.2", "prod", "an empty address", _told(subscriberEmailAddresses=[""], subscriberSnsTopicArns=[])),
    (
        "23.2",
        "prod",
        "a topic that Budgets may not publish to",
        together(
            _NO_MAIL,
            statement(
                _TOPIC_POLICY, "cost-alerts-policy", "BudgetsPublishes", Principal={"Service": "x.amazonaws.com"}
            ),
        ),
    ),
    (
        "23.2",
        "prod",
        "a topic for others' budgets",
        together(
            _NO_MAIL,
            statement(
                _TOPIC_POLICY,
                "cost-alerts-policy",
                "BudgetsPublishes",
                Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}},
            ),
        ),
    ),
    ("23.2", "prod", "a topic without policy", together(_NO_MAIL, drop(_TOPIC_POLICY, "cost-alerts-policy"))),
    ("23.2", "prod", "a topic that nobody hears", together(_NO_MAIL, drop(_SUBSCRIPTION, "cost-alerts-email-1"))),
    ("23.3", "prod", "no bootstrap stack", base(None)),
    ("23.3", "test", "one tag missing", _active(*_TAGS[1:])),
    ("23.3", "prod", "tags that are off", _active(*_TAGS, status="Inactive")),
    ("23.3", "prod", "nothing written", _root(Path("/nowhere"))),
    ("23.4", "test", "no schedules", drop(_SCHEDULE, "")),
    ("23.4", "test", "no stop", drop(_SCHEDULE, _STOP)),
    ("23.4", "test", "no start", drop(_SCHEDULE, "performance-start")),
    ("23.4", "test", "a stop that is off", _scheduled(state="DISABLED")),
    ("23.4", "test", "a stop that ended", _scheduled(endDate="2020-01-01T00:00:00Z")),
    ("23.4", "test", "a stop on one day", _scheduled(scheduleExpression="cron(0 20 ? * MON *)")),
    ("23.4", "test", "a stop before the start", _scheduled(scheduleExpression="cron(0 6 ? * MON-FRI *)")),
    ("23.4", "test", "two time zones", _scheduled(scheduleExpressionTimezone="Asia/Tokyo")),
    ("23.4", "test", "the start twice", _called(arn="arn:aws:scheduler:::aws-sdk:eventbridge:enableRule")),
    ("23.4", "test", "another rule", _called(input='{"Name": "test-other"}')),
    ("23.4", "test", "a rule of a bus", _called(input='{"Name": "test-data-quality", "EventBusName": "own"}')),
    ("23.4", "test", "no JSON", _called(input="x")),
    ("23.4", "test", "no rights", drop(ROLE_POLICY, _SWITCHES)),
    ("23.4", "test", "the right to start only", statement(ROLE_POLICY, _SWITCHES, "", Action=["events:EnableRule"])),
    ("23.4", "test", "rights on another rule", statement(ROLE_POLICY, _SWITCHES, "", Resource=["arn:aws:events:x"])),
    ("23.4", "test", "another service's role", _trusted(Principal={"Service": "lambda.amazonaws.com"})),
    (
        "23.4",
        "test",
        "another group's role",
        _trusted(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:us-east-1:1:schedule-group/x"}}),
    ),
    ("23.4", "test", "a role of another group", _scheduled(groupName="default")),
    ("23.4", "test", "an up that turns rules on", _always),
    (
        "23.4",
        "test",
        "a rule that runs all night",
        add(_RULE, "more", name="test-more", scheduleExpression="rate(1 minute)"),
    ),
    ("23.4", "test", "capacity that stays", _scaled()),
    ("23.4", "test", "capacity that never comes back", _scaled(_at(20, 2, 2))),
    ("23.4", "test", "capacity that goes to the most", _scaled(_at(20, 40, 40), _at(7, 2, 40))),
    ("23.4", "test", "bounds that an up restores", _scaled(_at(20, 2, 2), _at(7, 2, 40), ignored=())),
    ("23.5", "prod", "no bootstrap stack", base(None)),
    ("23.5", "prod", "no budget", base(drop(_BUDGET, _PLANS))),
    ("23.5", "test", "the use of plans", base(set_(_BUDGET, _PLANS, budgetType="SAVINGS_PLANS_UTILIZATION"))),
    ("23.5", "prod", "once a year", base(set_(_BUDGET, _PLANS, timeUnit="ANNUALLY"))),
    ("23.5", "prod", "nobody", base(_told(_PLANS, subscriberEmailAddresses=[]))),
    ("23.5", "prod", "no notification", base(set_(_BUDGET, _PLANS, notifications=[]))),
    ("23.5", "prod", "too much coverage", base(_told(_PLANS, comparisonOperator="GREATER_THAN"))),
    ("23.5", "prod", "never", base(_told(_PLANS, threshold=0))),
    ("23.5", "prod", "nothing written", _root(Path("/nowhere"))),
]
OPEN: list[Row] = [
    ("23.2", "prod", "notifications", _budget(notifications=UNKNOWN)),
    ("23.2", "prod", "an amount", _budget(limitAmount=UNKNOWN)),
    ("23.2", "prod", "an address", _told(subscriberEmailAddresses=[UNKNOWN], subscriberSnsTopicArns=[])),
    ("23.2", "prod", "a tag that may be active elsewhere", _budget(costFilters=_OWN)),
    (
        "23.2",
        "prod",
        "a topic's policy",
        together(_NO_MAIL, set_(_TOPIC_POLICY, "cost-alerts-policy", policy=UNKNOWN)),
    ),
    ("23.2", "prod", "a topic", together(_NO_MAIL, refer(_BUDGET, "costs-budget", "notifications"))),
    ("23.4", "test", "a schedule", _scheduled(scheduleExpression=UNKNOWN)),
    ("23.4", "test", "a rule's time", set_(_RULE, "rules-data-quality", scheduleExpression=UNKNOWN)),
    ("23.4", "test", "a rule's name", set_(_RULE, "rules-data-quality", name=UNKNOWN)),
    ("23.4", "test", "an input", _called(input=UNKNOWN)),
    ("23.4", "test", "rights", set_(ROLE_POLICY, _SWITCHES, policy=UNKNOWN)),
    ("23.4", "test", "a group", _scheduled(groupName=UNKNOWN)),
    ("23.4", "test", "bounds", _scaled(_at(20, 2, UNKNOWN), _at(7, 2, 40))),
    ("23.5", "prod", "notifications", base(set_(_BUDGET, _PLANS, notifications=UNKNOWN))),
    ("23.5", "prod", "an address", base(_told(_PLANS, subscriberEmailAddresses=[UNKNOWN]))),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize(
    ("number", "stack", "change"),
    [
        ("23.2", "prod", _NO_MAIL),
        ("23.2", "prod", _told(subscriberSnsTopicArns=[])),
        ("23.2", "prod", together(_budget(costFilters=_OWN), _active("Environment"))),
        ("23.3", "prod", _active(*_TAGS)),
    ],
    ids=["topic alone", "mail alone", "own costs by an active tag", "four active tags"],
)
def test_other_ways_to_hold_are_seen(number: str, stack: str, change: Change) -> None:
    assert verdict(number, change(whole(stack))).word == "pass"


def test_the_later_step_must_be_written_down(tmp_path: Path) -> None:
    runbook = tmp_path / "docs" / "runbooks" / "deployment.md"
    runbook.parent.mkdir(parents=True)
    runbook.write_text("## Tags (TRADING-23.3)\n\nLater.\n", encoding="utf-8")
    assert verdict("23.3", _root(tmp_path)(whole("prod"))).evidence == (
        "the bootstrap stack activates no tag, and docs/runbooks/deployment.md does not say "
        "singletons.cost_allocation_tags: true"
    )


def test_capacities_that_rest_are_seen() -> None:
    resting = _scaled(_at(20, 2, 2), _at(7, 2, 40))(whole("test"))
    assert verdict("23.4", resting).word == "deviation"


def test_a_rule_that_runs_once_a_day_need_not_rest() -> None:
    rules = {rule.name: rule.options.ignore_changes for rule in preview("test").graph.of_type(_RULE)}
    assert rules["rules-retention"] == ()
    assert rules["rules-data-quality"] == rules["rules-performance"] == ("state",)
