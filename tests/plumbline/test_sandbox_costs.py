"""The in-process AWS holds budgets and what rests at night, and shows what is on before and after."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.account import Account
from components.events import EventBus, EventBusArgs, Rules, RulesArgs, RuleSpec
from components.keys import CustomerKey
from components.naming import Naming
from components.night import Night
from components.scaling import ScaledTable, scale_table
from components.shutdown import Shutdown, ShutdownArgs
from components.topics import Topics, TopicsArgs, TopicSpec
from plumbline.sandbox.adapters import Context
from plumbline.sandbox.schedule_runs import NotRun, run_schedule, run_scheduled_action
from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers

PLACE = Account(account_id=ACCOUNT, region=REGION)
NAMING = Naming("test")
CONTEXT = Context(account_id=ACCOUNT, region=REGION)
KEY = CustomerKey(
    arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000", alias="alias/test-topics"
)
NIGHT = Night(stop="20:00", start="07:00", time_zone="Europe/Berlin")
GROUP, OFTEN = "test-shutdown", "test-often"
TABLE = "table/orders"


def resting() -> None:
    """Register rules of which one rests, a table that does, and a budget."""
    opts = pulumi.ResourceOptions(providers={"aws": inside().provider})
    spec = TopicSpec(display_name="Costs", publishers={"budgets.amazonaws.com": PLACE.budgets_arn()})
    args = TopicsArgs(account=PLACE, naming=NAMING, customer_key=KEY, topics={"costs": spec})
    topic = Topics("topics", args, opts).topics["costs"]
    bus = EventBus("events", EventBusArgs(account=PLACE, naming=NAMING, bus="app", archive_days=7), opts)
    specs = {
        "often": RuleSpec(description="Often", target=topic, schedule="rate(5 minutes)", switched=True),
        "nightly": RuleSpec(description="Nightly", target=topic, schedule="cron(0 3 * * ? *)"),
    }
    rules = Rules("rules", RulesArgs(account=PLACE, naming=NAMING, bus=bus, rules=specs), opts)
    Shutdown("shutdown", ShutdownArgs(account=PLACE, naming=NAMING, night=NIGHT, rules=rules, resting=["often"]), opts)
    rested_table(opts)
    plain = pulumi.ResourceOptions(provider=opts.providers["aws"])  # type: ignore[call-overload,index]
    aws.budgets.Budget(
        "budget",
        name="monthly",
        budget_type="COST",
        limit_amount="500",
        limit_unit="USD",
        time_unit="MONTHLY",
        cost_filters=[{"name": "TagKeyValue", "values": ["user:Environment$test"]}],
        notifications=[
            {
                "notification_type": "ACTUAL",
                "comparison_operator": "GREATER_THAN",
                "threshold": 80,
                "threshold_type": "PERCENTAGE",
                "subscriber_email_addresses": ["a@example.com"],
                "subscriber_sns_topic_arns": [topic.arn],
            }
        ],
        opts=plain,
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.iam.Role("other", name="other", assume_role_policy=json.dumps({"Statement": [trust]}), opts=plain)
    for name, target, more in WRONG:
        aws.scheduler.Schedule(
            name,
            name=name,
            schedule_expression="rate(1 hour)",
            flexible_time_window={"mode": "OFF"},
            target={"role_arn": role.arn, **target},
            opts=plain,
            **more,
        )


def rested_table(opts: pulumi.ResourceOptions) -> None:
    parent = pulumi.ComponentResource("test:index:Parent", "parent", None, opts)
    table = aws.dynamodb.Table(
        "orders",
        name="orders",
        billing_mode="PROVISIONED",
        read_capacity=1,
        write_capacity=2,
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        opts=pulumi.ResourceOptions(parent=parent),
    )
    dimensions = {"Write": (2, 40)}
    scaled = ScaledTable(
        prefix="parent-orders", table=table, indexes=(), dimensions=dimensions, target_percent=70, night=NIGHT
    )
    scale_table(scaled, parent)


SDK = "arn:aws:scheduler:::aws-sdk"
SWITCH = {"arn": f"{SDK}:eventbridge:disableRule", "input": json.dumps({"Name": OFTEN})}
# Schedules that AWS or the sandbox does not carry out: name, target, and what else they have.
WRONG: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("off", SWITCH, {"state": "DISABLED"}),
    ("unasked", SWITCH, {}),
    ("untrusted", {**SWITCH, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/test-shutdown"}, {}),
    ("without-role", {**SWITCH, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, {}),
    ("without-input", {"arn": SWITCH["arn"]}, {}),
    ("elsewhere", {"arn": f"{SDK}:sqs:purgeQueue", "input": '{"QueueUrl": "x"}'}, {}),
    ("queue", {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", "input": "x"}, {}),
]
REASONS = {
    "off": "schedule default/off: it is DISABLED",
    "unasked": "schedule default/unasked: role other is not allowed events:DisableRule on rule/test-often",
    "untrusted": "schedule default/untrusted: role test-shutdown does not trust scheduler.amazonaws.com "
    "for group default",
    "without-role": "schedule default/without-role: Role nobody not found",
    "without-input": "schedule default/without-input: input: DisableRule needs Name too",
    "elsewhere": "schedule default/elsewhere: the sandbox makes no call sqs:PurgeQueue",
    "queue": f"schedule default/queue: no universal target: 'arn:aws:sqs:{REGION}:{ACCOUNT}:jobs' given; "
    "allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION",
    "none": "schedule default/none: Schedule none does not exist.",
}


def states() -> dict[str, str]:
    """Return which rules of the default bus are on, and the bounds of the table's scaling."""
    rules = client("events").list_rules()["Rules"]
    [target] = client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")[
        "ScalableTargets"
    ]
    bounds = f"{target['MinCapacity']} to {target['MaxCapacity']}"
    return {**{rule["Name"]: rule["State"] for rule in rules}, TABLE: bounds}


def reason(name: str) -> str:
    with pytest.raises(NotRun) as told:
        run_schedule(CONTEXT, "default", name)
    return str(told.value)


def look() -> dict[str, Any]:
    budgets, scaling = client("budgets"), client("application-autoscaling")
    [row] = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="monthly")["Notifications"]
    seen: dict[str, Any] = {
        "budget": budgets.describe_budget(AccountId=ACCOUNT, BudgetName="monthly")["Budget"],
        "notification": row,
        "actions": scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"],
        "by day": states(),
    }
    for what in ("stop", "start"):
        run_schedule(CONTEXT, GROUP, f"test-often-{what}")
        run_scheduled_action(CONTEXT, "dynamodb", TABLE, f"parent-orders-write-{what}")
        seen[f"after {what}"] = states()
    seen["reasons"] = {name: reason(name) for name in REASONS}
    with pytest.raises(NotRun) as told:
        run_scheduled_action(CONTEXT, "dynamodb", TABLE, "noon")
    seen["noon"] = str(told.value)
    seen["in the end"] = states()
    return seen


whole, seen, identity, outputs = readers(resting, look)


def test_boto3_sees_the_budget() -> None:
    budget = {
        "BudgetName": "monthly",
        "BudgetLimit": {"Amount": "500", "Unit": "USD"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "CostFilters": {"TagKeyValue": ["user:Environment$test"]},
    }
    assert part(seen("budget"), budget) == budget
    assert seen("notification") == {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
        "ThresholdType": "PERCENTAGE",
    }
    assert identity("budget") == f"{ACCOUNT}:monthly"
    assert outputs("budget")["arn"] == f"arn:aws:budgets::{ACCOUNT}:budget/monthly"


def test_boto3_sees_what_is_scheduled_for_the_scaling() -> None:
    like = [
        {
            "ScheduledActionName": f"parent-orders-write-{what}",
            "Schedule": f"cron(0 {hour} ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "ResourceId": TABLE,
            "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
            "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": most},
        }
        for what, hour, most in (("stop", 20, 2), ("start", 7, 40))
    ]
    assert part(sorted(seen("actions"), key=lambda row: row["ScheduledActionName"], reverse=True), like) == like


def test_rules_and_capacities_rest_at_night_and_are_back_in_the_morning() -> None:
    by_day = {OFTEN: "ENABLED", "test-nightly": "ENABLED", TABLE: "2 to 40"}
    at_night = {OFTEN: "DISABLED", "test-nightly": "ENABLED", TABLE: "2 to 2"}
    assert (seen("by day"), seen("after stop"), seen("after start")) == (by_day, at_night, by_day)


def test_a_schedule_is_run_only_where_aws_would_run_it() -> None:
    assert seen("reasons") == REASONS
    assert seen("noon") == f"scheduled action noon: dynamodb {TABLE} has none of that name"
    assert seen("in the end") == seen("after start")
