"""Budgets: who is told of costs, and when."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    fail,
    rule,
    unknown,
)


@rule(
    "OP-427",
    "budget-tells-somebody",
    pack="operations",
    types=("aws:budgets/budget:Budget",),
    severity="medium",
    rationale="A budget that tells nobody, or only once it is spent twice, limits nothing.",
    url="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html",
    remediation="Give notifications a subscriber, one of them with a threshold of at most 100 percent.",
    parameters={"highest_percent": 100},
)
def budget(view: View) -> Outcome:
    rows = view.items("notifications")
    expected = "a subscriber who is told in time"
    if rows is None:
        return unknown("notifications", expected)
    highest = view.parameters["highest_percent"]
    to_whom = ("subscriberEmailAddresses", "subscriberSnsTopicArns")
    heard = [row for row in rows if row is UNKNOWN or (isinstance(row, dict) and _any_set(row, to_whom))]
    if not heard:
        return fail("notifications", "nobody", expected)
    return PASS if any(_in_time(row, highest) for row in heard) else fail("notifications", "too late", expected)


def _any_set(row: dict[str, object], names: tuple[str, ...]) -> bool:
    return any(row.get(name) is UNKNOWN or row.get(name) not in (None, [], "") for name in names)


def _in_time(row: object, highest: float) -> bool:
    if not isinstance(row, dict):
        return True
    threshold, kind = row.get("threshold"), row.get("thresholdType")
    if UNKNOWN in (threshold, kind) or str(kind).upper() != "PERCENTAGE":
        return True
    try:
        return float(str(threshold)) <= highest
    except ValueError:
        return False
