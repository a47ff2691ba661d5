"""Budgets and cost anomalies: limits, notifications, and who hears of them.

Sources are CreateBudget, Notification and Subscriber of the Budgets API, AnomalySubscription of the Cost Explorer API,
and "Creating an Amazon SNS topic for budget notifications". Enumerations are in the service model
(data/aws_shapes.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.callers import TOPIC, Arn, account_of, has_policy, lets, statements_on
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

BUDGET = "aws:budgets/budget:Budget"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
_SERVICE = "budgets.amazonaws.com"
_NAME = re.compile(r"(?!.*/action/)[^:\\]{1,100}")
_NUMBER = re.compile(r"([0-9]*\.)?[0-9]+")
_SPENDING = ("COST", "USAGE")
_MOST_NOTIFICATIONS, _MOST_EMAILS, _MOST_TOPICS = 10, 10, 1
_LARGEST_PERCENT = 1_000_000
# How anomalies reach somebody, by how often they are told.
_REACHED_BY = {"IMMEDIATE": "SNS", "DAILY": "EMAIL", "WEEKLY": "EMAIL"}
_IMPACTS = ("ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE")
_LARGEST_IMPACT = 10_000_000_000


@for_types(BUDGET)
def name(budget: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A budget's name has neither a colon nor a backslash nor /action/, and no other budget has it."""
    given = budget.get("name")
    if not isinstance(given, str):
        return
    if not _NAME.fullmatch(given):
        yield "name", f"{given!r} given; allowed: 1 to 100 characters without :, \\ and /action/"
    for other in graph.of_type(BUDGET):
        if other.urn < budget.urn and other.get("name") == given:
            yield "name", f"{given!r} is the name of {other.display} too"


@for_types(BUDGET)
def limit(budget: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A budget of cost or use has one limit; one of reservations or Savings Plans has 100 percent."""
    kind, amount, unit = (budget.get(path) for path in ("budgetType", "limitAmount", "limitUnit"))
    if not isinstance(kind, str):
        return
    number = float(amount) if isinstance(amount, str) and _NUMBER.fullmatch(amount) else None
    if isinstance(amount, str) and number is None:
        yield "limitAmount", f"{amount!r} given; allowed: a number, as 100.0"
    if kind in _SPENDING:
        limits = [path for path in ("limitAmount", "plannedLimits", "autoAdjustData") if budget.get(path) is not None]
        if len(limits) != 1:
            given = " and ".join(limits) or "nothing"
            yield "limitAmount", f"{given} given; allowed: one of limitAmount, plannedLimits and autoAdjustData"
        if amount is not None and unit is None:
            yield "limitUnit", "missing; limitAmount needs it"
        if kind == "COST" and isinstance(unit, str) and not re.fullmatch("[A-Z]{3}", unit):
            yield "limitUnit", f"{unit!r} given; allowed: a currency, as USD"
        return
    if number is not None and number != 100:
        yield "limitAmount", f"{amount!r} given; a budget of type {kind} has 100"
    if isinstance(unit, str) and unit != "PERCENTAGE":
        yield "limitUnit", f"{unit!r} given; a budget of type {kind} has PERCENTAGE"
    if budget.get("costTypes") is not None:
        yield "costTypes", f"given; a budget of type {kind} has none"


@for_types(BUDGET)
def notifications(budget: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """At most ten notifications, no two alike, each with a threshold in range and somebody who hears of it."""
    rows = budget.get("notifications")
    if not isinstance(rows, list):
        return
    if len(rows) > _MOST_NOTIFICATIONS:
        yield "notifications", f"{len(rows)} given; allowed: at most {_MOST_NOTIFICATIONS}"
    seen: list[list[Any]] = []
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        path = f"notifications[{index}]"
        what = [row.get(key) for key in ("notificationType", "comparisonOperator", "threshold", "thresholdType")]
        if what in seen:
            yield path, "equal to an earlier one; name all who hear of it in one"
        seen.append(what)
        yield from _threshold(budget, row, path)
        yield from _subscribers(row, path)


def _threshold(budget: Resource, row: Mapping[str, Any], path: str) -> Iterator[Finding]:
    kind, type_, threshold = row.get("notificationType"), row.get("thresholdType"), row.get("threshold")
    if isinstance(threshold, int | float) and type_ == "PERCENTAGE" and threshold > _LARGEST_PERCENT:
        yield f"{path}.threshold", f"{threshold} given; allowed: at most {_LARGEST_PERCENT} percent"
    of = budget.get("budgetType")
    if isinstance(of, str) and of not in _SPENDING and kind == "FORECASTED":
        yield f"{path}.notificationType", f"'FORECASTED' given; AWS forecasts no budget of type {of}"


def _subscribers(row: Mapping[str, Any], path: str) -> Iterator[Finding]:
    emails, topics = (row.get(f"subscriber{kind}") for kind in ("EmailAddresses", "SnsTopicArns"))
    for name_, given, most in (
        ("subscriberEmailAddresses", emails, _MOST_EMAILS),
        ("subscriberSnsTopicArns", topics, _MOST_TOPICS),
    ):
        if isinstance(given, list) and len(given) > most:
            yield f"{path}.{name_}", f"{len(given)} given; allowed: at most {most}"
    if emails in (None, []) and topics in (None, []):
        yield path, "nobody hears of it; an e-mail address or a topic is needed"


@for_types(BUDGET)
def topic(budget: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A topic of a notification has a policy that lets Budgets publish: the one that SNS makes does not."""
    account = account_of(budget, graph)
    label = budget.get("name")
    source = Arn(
        service="budgets", rest=f"budget/{label}" if isinstance(label, str) else None, region="", account=account
    )
    for urn in budget.property_dependencies.get("notifications", ()):
        target = graph.resources.get(urn)
        if target is None or target.type != TOPIC:
            continue
        found = statements_on(target, graph)
        if not has_policy(target, graph):
            yield "notifications", f"{target.display} has no policy that allows sns:Publish to {_SERVICE}"
        elif found is not None and not any(lets(item, _SERVICE, "sns:Publish", source) for item in found):
            yield "notifications", f"the policy of {target.display} does not allow sns:Publish to {_SERVICE}"


@for_types(SUBSCRIPTION)
def anomalies(subscription: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Anomalies are told at once by a topic, or each day or week by e-mail, from a threshold on."""
    frequency, rows = subscription.get("frequency"), subscription.get("subscribers")
    wanted = _REACHED_BY.get(frequency) if isinstance(frequency, str) else None
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        kind = row.get("type") if isinstance(row, Mapping) else None
        if wanted is not None and isinstance(kind, str) and kind != wanted:
            yield f"subscribers[{index}].type", f"{kind!r} given; frequency {frequency} takes {wanted} only"
    if rows == []:
        yield "subscribers", "nobody hears of it; a subscriber is needed"
    if subscription.get("monitorArnLists") == []:
        yield "monitorArnLists", "no monitor given; one is needed"


@for_types(SUBSCRIPTION)
def impact(subscription: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A threshold is there, and is about the impact of an anomaly: at least a number, of dollars or percent."""
    expression = subscription.get("thresholdExpression")
    if expression is None:
        yield "thresholdExpression", "missing; from which impact on an anomaly is told"
    if not isinstance(expression, Mapping):
        return
    nested = [("ands", expression.get("ands")), ("ors", expression.get("ors"))]
    rows = [("thresholdExpression.dimension", expression.get("dimension"))] + [
        (f"thresholdExpression.{name_}[{index}].dimension", item.get("dimension"))
        for name_, items in nested
        if isinstance(items, list)
        for index, item in enumerate(items)
        if isinstance(item, Mapping)
    ]
    for path, row in rows:
        if isinstance(row, Mapping):
            yield from _impact(row, path)


def _impact(row: Mapping[str, Any], path: str) -> Iterator[Finding]:
    key, options, values = (row.get(name_) for name_ in ("key", "matchOptions", "values"))
    if isinstance(key, str) and key not in _IMPACTS:
        yield f"{path}.key", f"{key!r} given; allowed: {', '.join(_IMPACTS)}"
    known = isinstance(options, list) and all(isinstance(item, str) for item in options)
    if known and options != ["GREATER_THAN_OR_EQUAL"]:
        yield f"{path}.matchOptions", f"{options} given; allowed: ['GREATER_THAN_OR_EQUAL']"
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and not (_NUMBER.fullmatch(value) and float(value) <= _LARGEST_IMPACT):
            yield f"{path}.values", f"{value!r} given; allowed: a number from 0 to {_LARGEST_IMPACT}"
