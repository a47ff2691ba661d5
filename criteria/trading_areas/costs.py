"""Requirement 23: budgets, cost allocation tags, and who watches Savings Plans; what rests at night is in nights.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from criteria.common.lookups import Word, best, follow, worst
from criteria.common.rights import Call, allowed, arn, on, one, sent_by
from criteria.common.topics import SUBSCRIPTION, TOPIC, TOPIC_POLICY
from criteria.trading_areas.common import facts
from criteria.trading_areas.topics import is_set
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

BUDGET = "aws:budgets/budget:Budget"
COST_TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"
_SERVICE = "budgets.amazonaws.com"
_DECISION_LATER = 2  # AWS knows a tag only after it was used
_RUNBOOK, _DEPLOYMENT = "docs/runbooks/costs.md", "docs/runbooks/deployment.md"
_STEP = "singletons.cost_allocation_tags: true"
_REGULAR = ("DAILY", "MONTHLY", "QUARTERLY")


@criterion("TRADING-23.2")
def budget(subject: Subject) -> Verdict:
    """A budget of the month's cost has the amount of the settings, and tells somebody at each share of it."""
    shares = subject.facts["thresholds_percent"]
    budgets = [(row, _of_the_month(subject, row)) for row in subject.graph.of_type(BUDGET)]
    findings = []
    for percent in shares if budgets else ():
        words = [worst([fits, _tells(subject, row, percent)]) for row, fits in budgets]
        word = best(words)
        findings.append(Finding(budgets[words.index(word)][0], "notifications", word))
    return combine(findings, "shares of the month's budget", f"are told of ({', '.join(map(str, shares))} percent)")


def _of_the_month(subject: Subject, budget: Resource) -> Word:
    costs = subject.settings.get("costs")
    amount = costs.get("monthly_budget_usd") if isinstance(costs, dict) else None
    return worst(
        [
            claim(budget, "budgetType", lambda kind: kind == "COST").word,
            claim(budget, "timeUnit", lambda unit: unit == "MONTHLY").word,
            claim(budget, "limitUnit", lambda unit: unit == "USD").word,
            claim(budget, "limitAmount", lambda given: amount is not None and given == str(amount)).word,
            _counts(subject, budget),
        ]
    )


def _counts(subject: Subject, budget: Resource) -> Word:
    """Say whether a budget counts what the stack costs: everything, or what has its tag, once that tag is active."""
    if budget.get("costFilters") in (None, []):
        return "pass" if budget.get("filterExpression") is None else "unknown"
    own = [{"name": "TagKeyValue", "values": [f"user:Environment${subject.environment}"]}]
    word = claim(budget, "costFilters", lambda filters: filters == own).word
    # A tag may have become active in an account that is not seen from here.
    return worst([word, "pass" if "Environment" in _active_tags(subject.base()) else "unknown"])


def _tells(subject: Subject, budget: Resource, percent: int) -> Word:
    """Say whether one of a budget's notifications tells somebody once so many percent of it are spent."""
    if budget.get("notifications") is UNKNOWN:
        return "unknown"
    words = []
    for index in _rows(budget):
        told = best([_mails(budget, index), _publishes(subject, budget, index)])
        words.append(worst([_row(budget, index, "GREATER_THAN", lambda given: given == percent), told]))
    return best(words)


def _rows(budget: Resource) -> range:
    rows = budget.get("notifications")
    return range(len(rows)) if isinstance(rows, list) else range(0)


def _row(budget: Resource, index: int, operator: str, reached: Callable[[Any], bool]) -> Word:
    path = f"notifications.{index}"
    return worst(
        [
            claim(budget, f"{path}.notificationType", lambda kind: kind == "ACTUAL").word,
            claim(budget, f"{path}.comparisonOperator", lambda given: given == operator).word,
            claim(budget, f"{path}.thresholdType", lambda kind: kind == "PERCENTAGE").word,
            claim(budget, f"{path}.threshold", reached).word,
        ]
    )


def _mails(budget: Resource, index: int) -> Word:
    given = reveal(budget.get(f"notifications.{index}.subscriberEmailAddresses"))
    if given is UNKNOWN:
        return "unknown"
    return best("unknown" if address is UNKNOWN else "pass" if address else "fail" for address in given or [])


def _publishes(subject: Subject, budget: Resource, index: int) -> Word:
    """Say whether a notification reaches a topic that takes it, and that somebody has subscribed to."""
    graph = subject.graph
    topic, word = one(graph, budget, f"notifications.{index}.subscriberSnsTopicArns", TOPIC)
    if topic is None:
        return word
    written = on(graph, topic, TOPIC_POLICY, "arn")
    names = [topic.get("name"), budget.get("name")]
    if written is None or UNKNOWN in names:
        return "unknown"
    partition, account = arn(subject, "budgets", "").split(":")[1], subject.settings.get("account_id")
    source = sent_by(subject, f"arn:{partition}:budgets::{account}:budget/{names[1]}")
    call = Call("sns:Publish", arn(subject, "sns", str(names[0])), _SERVICE, source)
    return worst(["pass" if allowed(written, call) else "fail", _is_heard(graph, topic)])


def _is_heard(graph: StackGraph, topic: Resource) -> Word:
    words: list[Word] = []
    for subscription in graph.of_type(SUBSCRIPTION):
        link = follow(graph, subscription, "topic", TOPIC)
        if link.has(topic) and is_set(subscription, "endpoint"):
            words.append("pass" if link.certain else "unknown")
    return best(words)


@criterion("TRADING-23.3")
def allocation_tags(subject: Subject) -> Verdict:
    """The tags are active in the account; until AWS knows them, the runbook says when and how they become so."""
    graph, wanted = subject.base(), set(facts()["cost_allocation_tags"])
    if graph is None:
        return Verdict("fail", "the settings name no bootstrap stack")
    if graph.of_type(COST_TAG):
        missing = sorted(wanted - _active_tags(graph))
        return fact(
            not missing,
            f"the bootstrap stack activates {', '.join(sorted(wanted))}",
            f"the bootstrap stack does not activate {', '.join(missing)}",
        )
    path = subject.root / _DEPLOYMENT
    says = path.is_file() and _STEP in path.read_text(encoding="utf-8")
    verdict = fact(
        says,
        f"the bootstrap stack activates no tag yet; {_DEPLOYMENT} says when and how it will",
        f"the bootstrap stack activates no tag, and {_DEPLOYMENT} does not say {_STEP}",
        _DECISION_LATER,
    )
    return dataclasses.replace(verdict, document=_DEPLOYMENT)


def _active_tags(graph: StackGraph | None) -> set[Any]:
    tags = graph.of_type(COST_TAG) if graph is not None else []
    return {tag.get("tagKey") for tag in tags if tag.get("status") == "Active" and tag.get("tagKey") is not UNKNOWN}


@criterion("TRADING-23.5")
def savings_plans(subject: Subject) -> Verdict:
    """Whoever gets the mail of too little coverage looks at the recommendations, as the runbook says."""
    graph = subject.base()
    if graph is None:
        return Verdict("fail", "the settings name no bootstrap stack")
    findings = []
    for budget in graph.of_type(BUDGET):
        kind = claim(budget, "budgetType", lambda kind: kind == "SAVINGS_PLANS_COVERAGE").word
        if kind != "fail":
            often = claim(budget, "timeUnit", lambda unit: unit in _REGULAR).word
            findings.append(Finding(budget, "notifications", worst([kind, often, _reminds(budget)])))
    verdict = combine(findings, "budgets of the coverage by Savings Plans", "remind somebody of the recommendations")
    return dataclasses.replace(verdict, document=_RUNBOOK) if verdict.word == "pass" else verdict


def _reminds(budget: Resource) -> Word:
    if budget.get("notifications") is UNKNOWN:
        return "unknown"
    return best(
        worst([_row(budget, index, "LESS_THAN", lambda given: 0 < given <= 100), _mails(budget, index)])
        for index in _rows(budget)
    )
