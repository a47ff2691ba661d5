"""components.budgets: the budget of a month, and the coverage by Savings Plans."""

from __future__ import annotations

from typing import Any

from components.budgets import MonthlyBudget, MonthlyBudgetArgs, SavingsPlans, SavingsPlansArgs
from components.topics import Topics, TopicsArgs, TopicSpec
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import ACCOUNT, CUSTOMER_KEY, NAMING, graph_of, names, needs, only, present

BUDGET = "aws:budgets/budget:Budget"


def monthly(**changes: Any) -> StackGraph:
    def program() -> None:
        spec = TopicSpec(display_name="Costs", publishers={"budgets.amazonaws.com": "arn:aws:budgets::111111111111:*"})
        topics = Topics(
            "topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics={"costs": spec})
        )
        given: dict[str, Any] = {
            "amount_usd": 500,
            "actual_percents": [50, 100],
            "forecast_percents": [100],
            "emails": ["finance@example.com"],
            **changes,
        }
        MonthlyBudget("costs", MonthlyBudgetArgs(naming=NAMING, topic=topics.topics["costs"], **given))

    return graph_of(program)


def told(kind: str, percent: int) -> dict[str, Any]:
    return {
        "notificationType": kind,
        "comparisonOperator": "GREATER_THAN",
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["finance@example.com"],
        "subscriberSnsTopicArns": [UNKNOWN],
    }


def test_a_month_has_a_limit_in_dollars_and_tells_at_each_share_of_it() -> None:
    assert present(only(monthly(), BUDGET).inputs) == {
        "name": "test-monthly",
        "budgetType": "COST",
        "limitAmount": "500",
        "limitUnit": "USD",
        "timeUnit": "MONTHLY",
        "notifications": [told("ACTUAL", 50), told("ACTUAL", 100), told("FORECASTED", 100)],
    }


def test_the_topic_may_be_published_to_before_the_budget_knows_it() -> None:
    budget = only(monthly(), BUDGET)
    assert needs(budget) == {"notifications": ("topics-costs",)}
    assert names(budget.dependencies) == ("topics-costs", "topics-costs-policy")


def test_an_active_tag_limits_the_budget_to_the_environment() -> None:
    budget = only(monthly(environment_tag="test"), BUDGET)
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Environment$test"]}]


def test_too_little_coverage_by_savings_plans_is_told_each_month() -> None:
    args = SavingsPlansArgs(naming=NAMING, least_percent=60, emails=["finance@example.com"])
    assert present(only(graph_of(lambda: SavingsPlans("plans", args)), BUDGET).inputs) == {
        "name": "test-savings-plans",
        "budgetType": "SAVINGS_PLANS_COVERAGE",
        "limitAmount": "100",
        "limitUnit": "PERCENTAGE",
        "timeUnit": "MONTHLY",
        "notifications": [
            {
                "notificationType": "ACTUAL",
                "comparisonOperator": "LESS_THAN",
                "threshold": 60,
                "thresholdType": "PERCENTAGE",
                "subscriberEmailAddresses": ["finance@example.com"],
            }
        ],
    }
