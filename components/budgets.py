"""AWS Budgets: what a month may cost, and how much of the use Savings Plans cover (TRADING-23.2, 23.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.naming import Naming
from components.topics import Topic


@dataclass(frozen=True, kw_only=True)
class MonthlyBudgetArgs:
    """The budget of a month, in US dollars.

    It tells `emails`, at most ten, and `topic` when the cost exceeds each of `actual_percents`, and when the month's
    forecast exceeds each of `forecast_percents`. `environment_tag` limits it to what has this value of the tag
    Environment, which AWS knows only once the tag is active for cost allocation; without, it counts the whole account.
    """

    naming: Naming
    amount_usd: int
    actual_percents: Sequence[int]
    forecast_percents: Sequence[int]
    emails: Sequence[str]
    topic: Topic
    environment_tag: str | None = None


class MonthlyBudget(pulumi.ComponentResource):
    """A cost budget with its notifications. `resource` is the aws.budgets.Budget."""

    def __init__(self, name: str, args: MonthlyBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:MonthlyBudget", name, None, opts)
        rows = (*(("ACTUAL", p) for p in args.actual_percents), *(("FORECASTED", p) for p in args.forecast_percents))
        notifications: list[aws.budgets.BudgetNotificationArgsDict] = [
            {
                "notification_type": kind,
                "comparison_operator": "GREATER_THAN",
                "threshold": percent,
                "threshold_type": "PERCENTAGE",
                "subscriber_email_addresses": list(args.emails),
                "subscriber_sns_topic_arns": [args.topic.arn],
            }
            for kind, percent in rows
        ]
        tag = args.environment_tag
        self.resource = aws.budgets.Budget(
            f"{name}-budget",
            name=args.naming.exact("budget", "monthly"),
            budget_type="COST",
            limit_amount=str(args.amount_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:Environment${tag}"]}] if tag else None,
            notifications=notifications,
            # Budgets tries to publish to a topic before it takes it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.topic.policy]),
        )
        self.register_outputs({"arn": self.resource.arn})


@dataclass(frozen=True, kw_only=True)
class SavingsPlansArgs:
    """Who is told, by e-mail, when Savings Plans cover less than `least_percent` of what they could."""

    naming: Naming
    least_percent: int
    emails: Sequence[str]


class SavingsPlans(pulumi.ComponentResource):
    """A budget of the coverage by Savings Plans: a reminder in each month that recommendations are worth a look.

    AWS has no resource that tells of new recommendations themselves.
    """

    def __init__(self, name: str, args: SavingsPlansArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:SavingsPlans", name, None, opts)
        budget = aws.budgets.Budget(
            f"{name}-budget",
            name=args.naming.exact("budget", "savings-plans"),
            budget_type="SAVINGS_PLANS_COVERAGE",
            # The only limit that such a budget has.
            limit_amount="100",
            limit_unit="PERCENTAGE",
            time_unit="MONTHLY",
            notifications=[
                {
                    "notification_type": "ACTUAL",
                    "comparison_operator": "LESS_THAN",
                    "threshold": args.least_percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": list(args.emails),
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"arn": budget.arn})
