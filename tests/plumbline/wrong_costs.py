"""Wrong programs about budgets, cost anomalies, and what rests at night, and right ones beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    policy_text,
    provider,
    provisioned_table,
    queue,
    role,
    role_policy,
    statement,
    trust_statement,
)

SERVICE = "budgets.amazonaws.com"
BUDGETS = f"arn:aws:budgets::{ACCOUNT}:*"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:costs"
SCHEDULER = "scheduler.amazonaws.com"
SDK = "arn:aws:scheduler:::aws-sdk"
DISABLE = f"{SDK}:eventbridge:disableRule"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def notification(**changes: Any) -> dict[str, Any]:
    whole = {
        "notification_type": "ACTUAL",
        "comparison_operator": "GREATER_THAN",
        "threshold": 80,
        "threshold_type": "PERCENTAGE",
        "subscriber_email_addresses": ["finance@example.com"],
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def budget(*rows: dict[str, Any], opts: pulumi.ResourceOptions | None = None, **changes: Any) -> None:
    """A budget of a month, with one notification unless others are given."""
    whole = {
        "name": "monthly",
        "budget_type": "COST",
        "limit_amount": "500",
        "limit_unit": "USD",
        "time_unit": "MONTHLY",
        "notifications": list(rows) or [notification()],
        **changes,
    }
    aws.budgets.Budget("monthly", opts=opts, **whole)


def plans(*rows: dict[str, Any], **changes: Any) -> None:
    whole = {"budget_type": "SAVINGS_PLANS_COVERAGE", "limit_amount": "100", "limit_unit": "PERCENTAGE", **changes}
    budget(*(rows or [notification(comparison_operator="LESS_THAN")]), **whole)


def _two_budgets() -> None:
    budget()
    aws.budgets.Budget(
        "other", name="monthly", budget_type="COST", limit_amount="1", limit_unit="USD", time_unit="DAILY"
    )


def published(
    *, policy: bool = True, managed: bool = False, key: Mapping[str, Any] | None = None, **changes: Any
) -> None:
    """A budget that tells a topic, whose policy lets Budgets publish; under a key where one is given."""
    opts = pulumi.ResourceOptions(provider=provider())
    given: Any = "alias/aws/sns" if managed else None
    if key is not None:
        own = statement(Principal=ROOT, Action="kms:*")
        shared = statement(
            **{"Principal": {"Service": SERVICE}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], **key}
        )
        given = aws.kms.Key("costs", policy=policy_text(own, shared), opts=opts).arn
    topic = aws.sns.Topic("costs", name="costs", kms_master_key_id=given, opts=opts)
    after: list[pulumi.Resource] = [topic]
    if policy:
        source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": BUDGETS}}
        whole = {
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Principal": {"Service": SERVICE},
            "Condition": source,
            **changes,
        }
        needs = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[topic]))
        after.append(aws.sns.TopicPolicy("costs", arn=topic.arn, policy=policy_text(statement(**whole)), opts=needs))
    row = notification(subscriber_email_addresses=None, subscriber_sns_topic_arns=[topic.arn])
    budget(row, opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after)))


def subscription(**changes: Any) -> None:
    """Anomalies that are told each day."""
    monitor = aws.costexplorer.AnomalyMonitor(
        "services", name="services", monitor_type="DIMENSIONAL", monitor_dimension="SERVICE"
    )
    whole = {
        "name": "services",
        "frequency": "DAILY",
        "monitor_arn_lists": [monitor.arn],
        "subscribers": [{"type": "EMAIL", "address": "finance@example.com"}],
        "threshold_expression": dimension(),
        **changes,
    }
    aws.costexplorer.AnomalySubscription("services", **whole)


def dimension(**changes: Any) -> dict[str, Any]:
    row = {
        "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "match_options": ["GREATER_THAN_OR_EQUAL"],
        "values": ["100"],
        **changes,
    }
    return {"dimension": row}


def switch(
    arn: str = DISABLE,
    text: str | None = '{"Name": "often"}',
    *,
    action: str = "events:*",
    ignored: bool = True,
    letters: Mapping[str, Any] | None = None,
    bus: bool = False,
) -> None:
    """A schedule that turns a rule off. `letters` are changes of the queue for dead letters."""
    opts = pulumi.ResourceOptions(provider=provider())
    kept = pulumi.ResourceOptions(ignore_changes=["state"] if ignored else None)
    rule = aws.cloudwatch.EventRule(
        "often",
        name="often",
        schedule_expression="rate(5 minutes)",
        state="ENABLED",
        opts=pulumi.ResourceOptions.merge(opts, kept),
    )
    trust = policy_text(trust_statement(Principal={"Service": SCHEDULER}))
    sender = role("switcher", assume_role_policy=trust, opts=opts)
    allowed = role_policy(sender, policy=policy_text(statement(Action=action)))
    target = {"arn": arn, "role_arn": sender.arn, "input": text}
    if letters is not None:
        box = queue(**{"opts": opts, **letters})
        target["dead_letter_config"] = {"arn": box.arn}
    aws.scheduler.Schedule(
        "stop",
        name="stop",
        schedule_expression="cron(0 20 ? * MON-FRI *)",
        flexible_time_window={"mode": "OFF"},
        target={key: value for key, value in target.items() if value is not None},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[rule, allowed])),
    )


def rested(*, ignored: tuple[str, ...] = ("minCapacity", "maxCapacity"), depends: bool = True, **changes: Any) -> None:
    """A scaled table whose writing stays at the minimum at night."""
    table = provisioned_table()
    identity = {
        "service_namespace": "dynamodb",
        "resource_id": pulumi.Output.concat("table/", table.name),
        "scalable_dimension": "dynamodb:table:WriteCapacityUnits",
    }
    target = aws.appautoscaling.Target(
        "write",
        min_capacity=1,
        max_capacity=9,
        opts=pulumi.ResourceOptions(ignore_changes=list(ignored)),
        **identity,
    )
    whole = {
        "name": "night",
        "schedule": "cron(0 20 ? * MON-FRI *)",
        "timezone": "Europe/Berlin",
        "scalable_target_action": {"min_capacity": 1, "max_capacity": 1},
        **identity,
        **changes,
    }
    first: list[pulumi.Resource] = [target] if depends else []
    aws.appautoscaling.ScheduledAction("night", opts=pulumi.ResourceOptions(depends_on=first), **whole)


WRONG_COSTS = [
    Wrong("name of a budget", lambda: budget(name="a:b"), "name", "'a:b' given; allowed: 1 to 100 characters"),
    Wrong("two budgets of one name", _two_budgets, "name", "'monthly' is the name of aws:budgets/budget:Budget"),
    Wrong(
        "type of a budget",
        lambda: budget(budget_type="MONEY"),
        "budgetType",
        "'MONEY' given; allowed: USAGE, COST",
        also=(("limitAmount", "a budget of type MONEY has 100"), ("limitUnit", "has PERCENTAGE")),
    ),
    Wrong("budget of nothing", lambda: budget(limit_amount=None, limit_unit=None), "limitAmount", "nothing given"),
    Wrong(
        "budget of two limits",
        lambda: budget(auto_adjust_data={"auto_adjust_type": "FORECAST"}),
        "limitAmount",
        "limitAmount and autoAdjustData given",
    ),
    Wrong(
        "limit that is no number", lambda: budget(limit_amount="1,000"), "limitAmount", "allowed: a number, as 100.0"
    ),
    Wrong("limit without unit", lambda: budget(limit_unit=None), "limitUnit", "missing; limitAmount needs it"),
    Wrong("dollars by their sign", lambda: budget(limit_unit="$"), "limitUnit", "allowed: a currency, as USD"),
    Wrong("half of the coverage", lambda: plans(limit_amount="50"), "limitAmount", "has 100"),
    Wrong("coverage in dollars", lambda: plans(limit_unit="USD"), "limitUnit", "has PERCENTAGE"),
    Wrong("kinds of costs of a coverage", lambda: plans(cost_types={"include_tax": True}), "costTypes", "has none"),
    Wrong(
        "forecast of a coverage",
        lambda: plans(notification(notification_type="FORECASTED")),
        "notifications[0].notificationType",
        "AWS forecasts no budget of type SAVINGS_PLANS_COVERAGE",
    ),
    Wrong(
        "eleven notifications",
        lambda: budget(*(notification(threshold=percent) for percent in range(1, 12))),
        "notifications",
        "11 given; allowed: at most 10",
    ),
    Wrong(
        "two notifications alike",
        lambda: budget(notification(), notification(subscriber_email_addresses=["b@example.com"])),
        "notifications[1]",
        "equal to an earlier one",
    ),
    Wrong(
        "threshold",
        lambda: budget(notification(threshold=2_000_000)),
        "notifications[0].threshold",
        "allowed: at most 1000000 percent",
    ),
    Wrong(
        "eleven addresses",
        lambda: budget(notification(subscriber_email_addresses=[f"{letter}@example.com" for letter in "abcdefghijk"])),
        "notifications[0].subscriberEmailAddresses",
        "11 given; allowed: at most 10",
    ),
    Wrong(
        "two topics",
        lambda: budget(notification(subscriber_sns_topic_arns=[TOPIC, f"{TOPIC}-2"])),
        "notifications[0].subscriberSnsTopicArns",
        "2 given; allowed: at most 1",
    ),
    Wrong(
        "nobody to tell",
        lambda: budget(notification(subscriber_email_addresses=None)),
        "notifications[0]",
        "nobody hears of it",
    ),
    Wrong(
        "budget's topic without policy",
        lambda: published(policy=False),
        "notifications",
        "has no policy that allows sns:Publish to budgets.amazonaws.com",
    ),
    Wrong(
        "budget's topic for another account",
        lambda: published(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        "notifications",
        "does not allow sns:Publish to budgets.amazonaws.com",
    ),
    Wrong(
        "budget's topic for alarms",
        lambda: published(Principal={"Service": "cloudwatch.amazonaws.com"}),
        "notifications",
        "does not allow sns:Publish to budgets.amazonaws.com",
    ),
    Wrong(
        "budget's topic under the managed key",
        lambda: published(managed=True),
        "kmsMasterKeyId",
        "budgets.amazonaws.com cannot use it",
    ),
    Wrong(
        "budget's topic under a key for alarms",
        lambda: published(key={"Principal": {"Service": "cloudwatch.amazonaws.com"}}),
        "kmsMasterKeyId",
        "must allow kms:GenerateDataKey, kms:Decrypt to budgets.amazonaws.com",
    ),
    Wrong(
        "mail at once",
        lambda: subscription(frequency="IMMEDIATE"),
        "subscribers[0].type",
        "'EMAIL' given; frequency IMMEDIATE takes SNS only",
    ),
    Wrong(
        "topic each week",
        lambda: subscription(frequency="WEEKLY", subscribers=[{"type": "SNS", "address": TOPIC}]),
        "subscribers[0].type",
        "'SNS' given; frequency WEEKLY takes EMAIL only",
    ),
    Wrong("anomalies for nobody", lambda: subscription(subscribers=[]), "subscribers", "nobody hears of it"),
    Wrong("anomalies of nothing", lambda: subscription(monitor_arn_lists=[]), "monitorArnLists", "no monitor given"),
    Wrong("no threshold", lambda: subscription(threshold_expression=None), "thresholdExpression", "missing"),
    Wrong(
        "threshold of a service",
        lambda: subscription(threshold_expression=dimension(key="SERVICE")),
        "thresholdExpression.dimension.key",
        "'SERVICE' given; allowed: ANOMALY_TOTAL_IMPACT_ABSOLUTE",
    ),
    Wrong(
        "threshold that equals",
        lambda: subscription(threshold_expression={"ands": [dimension(match_options=["EQUALS"])]}),
        "thresholdExpression.ands[0].dimension.matchOptions",
        "allowed: ['GREATER_THAN_OR_EQUAL']",
    ),
    Wrong(
        "threshold in words",
        lambda: subscription(threshold_expression={"ors": [dimension(values=["much"])]}),
        "thresholdExpression.ors[0].dimension.values",
        "'much' given; allowed: a number",
    ),
    Wrong(
        "call in a region",
        lambda: switch("arn:aws:scheduler:eu-west-1::aws-sdk:eventbridge:disableRule"),
        "target.arn",
        "allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION",
    ),
    Wrong("service of a call", lambda: switch(f"{SDK}:eventbus:disableRule"), "target.arn", "service 'eventbus' given"),
    Wrong("action of a call", lambda: switch(f"{SDK}:eventbridge:stopRule"), "target.arn", "has no such action"),
    Wrong(
        "call that reads",
        lambda: switch(f"{SDK}:eventbridge:describeRule"),
        "target.arn",
        "the Scheduler makes no calls that only read",
    ),
    Wrong("input of a call", lambda: switch(text="often"), "target.input", "not JSON"),
    Wrong("list as input of a call", lambda: switch(text="[]"), "target.input", "no JSON object"),
    Wrong("call without rule", lambda: switch(text=None), "target.input", "DisableRule needs Name too"),
    Wrong("rule that comes back", lambda: switch(ignored=False), "target.input", "often must ignore changes of state"),
    Wrong(
        "role that may not switch",
        lambda: switch(action="events:EnableRule"),
        "target.roleArn",
        "is not allowed events:DisableRule on aws:cloudwatch/eventRule:EventRule often",
    ),
    Wrong(
        "dead letters of a schedule in order",
        lambda: switch(action="*", letters={"name": "letters.fifo", "fifo_queue": True}),
        "target.deadLetterConfig.arn",
        "is a FIFO queue; dead letters go to a standard one",
    ),
    Wrong(
        "dead letters that the schedule may not send",
        lambda: switch(letters={}),
        "target.deadLetterConfig.arn",
        "is not allowed sqs:SendMessage on aws:sqs/queue:Queue",
    ),
    Wrong("bounds that come back", lambda: rested(ignored=("minCapacity",)), "maxCapacity", "must ignore changes of"),
    Wrong(
        "night without its target", lambda: rested(depends=False), "resourceId", "the scheduled action must depend on"
    ),
    Wrong("night of no time", lambda: rested(schedule="cron(0 20 * * *)"), "schedule", "5 fields; allowed: 6"),
    Wrong("night in Berlin", lambda: rested(timezone="Berlin"), "timezone", "a name of the time zone database"),
    Wrong(
        "night without bounds",
        lambda: rested(scalable_target_action={}),
        "scalableTargetAction",
        "neither minCapacity nor maxCapacity given",
    ),
    Wrong(
        "bounds of a night",
        lambda: rested(scalable_target_action={"min_capacity": 2, "max_capacity": 1}),
        "scalableTargetAction.minCapacity",
        "2 given; allowed: at most maxCapacity, 1",
    ),
]
SOUND_COSTS: dict[str, Callable[[], Any]] = {
    "budget": budget,
    "ten notifications": lambda: budget(*(notification(threshold=percent) for percent in range(1, 11))),
    "forecast": lambda: budget(notification(), notification(notification_type="FORECASTED")),
    "budget that adjusts itself": lambda: budget(
        limit_amount=None, limit_unit=None, auto_adjust_data={"auto_adjust_type": "FORECAST"}
    ),
    "coverage": plans,
    "utilization without limit": lambda: plans(
        budget_type="SAVINGS_PLANS_UTILIZATION", limit_amount=None, limit_unit=None
    ),
    "budget's topic": published,
    "budget's topic under a key": lambda: published(key={}),
    "anomalies": subscription,
    "anomalies at once": lambda: subscription(frequency="IMMEDIATE", subscribers=[{"type": "SNS", "address": TOPIC}]),
    "two thresholds": lambda: subscription(
        threshold_expression={"ors": [dimension(), dimension(key="ANOMALY_TOTAL_IMPACT_PERCENTAGE")]}
    ),
    "switch": switch,
    "switch with dead letters": lambda: switch(action="*", letters={}),
    "switch on a bus": lambda: switch(text=json.dumps({"Name": "often", "EventBusName": "own"}), ignored=False),
    "switch of a rule elsewhere": lambda: switch(text='{"Name": "elsewhere"}', ignored=False),
    "call of another service": lambda: switch(
        f"{SDK}:sqs:sendMessage", json.dumps({"QueueUrl": "https://example.com/1/q", "MessageBody": "x"})
    ),
    "night": rested,
}
