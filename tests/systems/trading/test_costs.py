"""What the settings of a trading stack make of its budget and of what rests at night."""

from __future__ import annotations

import copy
import json
from typing import Any

import pulumi
import pytest

from plumbline.constraints import check
from plumbline.graph import StackGraph
from plumbline.project import Project
from systems import trading
from systems.settings import load
from tests.evaluations import ROOT, preview, run_program

BUDGET = "aws:budgets/budget:Budget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TARGET, ACTION = "aws:appautoscaling/target:Target", "aws:appautoscaling/scheduledAction:ScheduledAction"
CAPACITY = {"read": {"minimum": 1, "maximum": 9}, "write": {"minimum": 2, "maximum": 8}, "target_percent": 70}


def built(stack: str, **changes: Any) -> StackGraph:
    """Return the graph of a stack with changed settings; two underscores step down."""
    values = copy.deepcopy(Project(ROOT).settings(stack))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = values
        for step in parents:
            place = place[step]
        place[last] = value

    def program() -> None:
        for name, value in trading.build(load(trading.Settings, json.dumps(values), stack)).items():
            pulumi.export(name, value)

    evaluation = run_program(program, stack=stack)
    assert (evaluation.mistakes, evaluation.warnings, list(map(str, check(evaluation.graph)))) == ((), (), [])
    return evaluation.graph


def told(graph: StackGraph) -> list[tuple[str, int, list[str]]]:
    [budget] = graph.of_type(BUDGET)
    return [
        (row["notificationType"], row["threshold"], row["subscriberEmailAddresses"])
        for row in budget.inputs["notifications"]
    ]


def test_the_budget_and_its_readers_are_those_of_the_stack_file(stack: str) -> None:
    settings, graph = Project(ROOT).settings(stack), preview(stack).graph
    [budget] = graph.of_type(BUDGET)
    emails = settings["contacts"]["costs"]["emails"]
    assert budget.inputs["limitAmount"] == str(settings["costs"]["monthly_budget_usd"])
    assert told(graph) == [
        (*row, emails) for row in (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
    ]
    assert "topics-cost-alerts" in [urn.rpartition("::")[2] for urn in budget.property_dependencies["notifications"]]


def test_budgets_publish_to_the_topic_for_costs_and_to_no_other(stack: str) -> None:
    account = Project(ROOT).settings(stack)["account_id"]
    policies = preview(stack).graph.of_type("aws:sns/topicPolicy:TopicPolicy")
    found = {
        (policy.name, json.dumps(row["Condition"]["ArnLike"]))
        for policy in policies
        for row in json.loads(policy.inputs["policy"])["Statement"]
        if row["Principal"] == {"Service": "budgets.amazonaws.com"}
    }
    source = json.dumps({"aws:SourceArn": f"arn:aws:budgets::{account}:*"})
    assert found == {("topics-cost-alerts-policy", source)}


def test_rules_that_run_several_times_a_day_rest_in_test_only() -> None:
    switched = {f"shutdown-{rule}-{what}" for rule in ("data-quality", "performance") for what in ("stop", "start")}
    assert {schedule.name for schedule in preview("test").graph.of_type(SCHEDULE)} == switched
    assert preview("prod").graph.of_type(SCHEDULE) == []


def test_without_a_rest_an_up_gives_rules_their_state_back() -> None:
    rules = preview("prod").graph.of_type("aws:cloudwatch/eventRule:EventRule")
    assert {rule.options.ignore_changes for rule in rules} == {()}


@pytest.fixture(scope="module")
def provisioned() -> StackGraph:
    return built("test", tables__billing="provisioned", tables__capacity=CAPACITY, costs__filter_by_tag=True)


def test_provisioned_capacities_rest_too(provisioned: StackGraph) -> None:
    targets = provisioned.of_type(TARGET)
    actions = {action.name: action.inputs["scalableTargetAction"] for action in provisioned.of_type(ACTION)}
    assert len(actions) == 2 * len(targets) > 100
    assert actions["tables-strategies-read-stop"] == {"minCapacity": 1, "maxCapacity": 1}
    assert actions["tables-strategies-read-start"] == {"minCapacity": 1, "maxCapacity": 9}


def test_the_budget_counts_what_has_the_stacks_tag_where_that_is_asked_for(provisioned: StackGraph) -> None:
    [filtered], [whole] = provisioned.of_type(BUDGET), preview("test").graph.of_type(BUDGET)
    assert filtered.inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Environment$test"]}]
    assert whole.inputs.get("costFilters") is None
