"""Budgets and their notifications in the sandbox. moto counts no costs, and tells nobody."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:budgets/budget:Budget")
def budget(context: Context, inputs: Inputs) -> Created:
    name, limit = inputs["name"], inputs.get("limitAmount")
    # moto keeps neither planned limits nor what adjusts a limit by itself, nor a period.
    context.client("budgets").create_budget(
        AccountId=context.account_id,
        Budget={
            "BudgetName": name,
            "BudgetType": inputs["budgetType"],
            "TimeUnit": inputs["timeUnit"],
            **given(
                BudgetLimit=limit and {"Amount": str(limit), "Unit": inputs["limitUnit"]},
                CostFilters={row["name"]: row["values"] for row in inputs.get("costFilters") or []} or None,
            ),
        },
        NotificationsWithSubscribers=[_notification(row) for row in inputs.get("notifications") or []],
        ResourceTags=tag_list(inputs),
    )
    arn = f"arn:aws:budgets::{context.account_id}:budget/{name}"
    return f"{context.account_id}:{name}", {"arn": arn, "accountId": context.account_id}


def _notification(row: Inputs) -> dict[str, Any]:
    addresses = (("EMAIL", "subscriberEmailAddresses"), ("SNS", "subscriberSnsTopicArns"))
    return {
        "Notification": {
            "NotificationType": row["notificationType"],
            "ComparisonOperator": row["comparisonOperator"],
            "Threshold": float(row["threshold"]),
            "ThresholdType": row["thresholdType"],
        },
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address} for kind, key in addresses for address in row.get(key) or []
        ],
    }
