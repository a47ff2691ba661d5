"""Requirement 13: topics, who may publish to them, and who is told."""

from __future__ import annotations

from typing import Any

from criteria.common.lookups import Link, Word, conditions, follow, is_given, texts, worst
from criteria.common.rights import Statement, on
from criteria.common.topics import SUBSCRIPTION, TOPIC, TOPIC_POLICY
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource, reveal
from plumbline.verdicts import Finding, Subject, Verdict, combine, criterion

CRITICAL = "critical-alerts"
_FROM_SOURCE = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


@criterion("TRADING-13.1a", "TRADING-13.1b", "TRADING-13.1c", "TRADING-13.1d")
def topic(subject: Subject) -> Verdict:
    name = subject.facts["topic"]
    found = by_name(subject, TOPIC, name)
    findings = [Finding(found, "name", "pass")] if found else []
    if not found:
        findings = [Finding(t, "name", "unknown") for t in subject.graph.of_type(TOPIC) if t.get("name") is UNKNOWN]
    return combine(findings, f"topics {name}", "exist")


@criterion("TRADING-13.2", "TRADING-13.5")
def subscription(subject: Subject) -> Verdict:
    """Critical alerts reach somebody by e-mail, or by SMS. An address that is a secret is one all the same."""
    protocol = subject.facts["protocol"]
    critical = by_name(subject, TOPIC, CRITICAL)
    findings = []
    for subscription in subject.graph.of_type(SUBSCRIPTION):
        given = subscription.get("protocol")
        link = follow(subject.graph, subscription, "topic", TOPIC)
        if (given == protocol or given is UNKNOWN) and _leads_to(link, critical):
            settled: Word = "pass" if link.certain and given is not UNKNOWN else "unknown"
            findings.append(Finding(subscription, "endpoint", worst([settled, is_given(subscription, "endpoint")])))
    return combine(findings, f"subscriptions to {CRITICAL} by {protocol}", "have an address")


def _leads_to(link: Link, topic: Resource | None) -> bool:
    """Say whether a reference leads, or may lead, to a topic."""
    return topic is not None and (link.has(topic) or not (link.certain or link.to))


def is_set(resource: Resource, path: str) -> bool:
    """Say whether an input is set; one that only AWS can decide is."""
    value = reveal(resource.get(path))
    return value is UNKNOWN or bool(value)


@criterion("TRADING-13.3")
def encryption(subject: Subject) -> Verdict:
    findings = [
        Finding(topic, "kmsMasterKeyId", is_given(topic, "kmsMasterKeyId")) for topic in subject.graph.of_type(TOPIC)
    ]
    return combine(findings, "topics", "are encrypted with a key")


@criterion("TRADING-13.4")
def publishers(subject: Subject) -> Verdict:
    """Each topic has a policy that lets named services publish for resources of the account, and nobody else.

    Without one AWS lets the whole account publish. Roles of the account publish by their own permissions.
    """
    account = str(subject.settings.get("account_id"))
    findings = []
    for topic in subject.graph.of_type(TOPIC):
        written = on(subject.graph, topic, TOPIC_POLICY, "arn")
        word: Word = "unknown"
        if written is not None:
            allows = [row for row in written if row.get("Effect") != "Deny"]
            restricted = bool(allows) and all(_is_restricted(row, account) for row in allows)
            word = "pass" if restricted else "fail"
        findings.append(Finding(topic, "policy", word))
    return combine(findings, "topics", "let authorised services publish for the account's own resources only")


def _is_restricted(row: Statement, account: str) -> bool:
    principal = row.get("Principal")
    if not isinstance(principal, dict) or set(principal) != {"Service"}:
        return False
    services = texts(principal["Service"])
    actions = [action.casefold() for action in texts(row.get("Action"))]
    named = bool(services) and all(service in facts()["publishers"] for service in services)
    return named and actions == ["sns:publish"] and any(_is_own(*given, account) for given in conditions(row))


def _is_own(operator: str, key: str, values: list[str], account: str) -> bool:
    """Say whether a condition holds for what the account has, and for nothing else."""
    if operator not in _FROM_SOURCE or not values:
        return False
    if key == "aws:sourceaccount":
        return all(value == account for value in values)
    return key == "aws:sourcearn" and all(_account_of(value) == account for value in values)


def _account_of(arn: str) -> Any:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else None
