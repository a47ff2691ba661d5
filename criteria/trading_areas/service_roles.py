"""Requirement 16, continued: EventBridge's roles, AWS's own policies, and the analyzer of access."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from criteria.common.lookups import ALIAS, FUNCTION, LOG_GROUP, POLICY, QUEUE, ROLE, Word, elements, follow, statements
from criteria.common.rights import ATTACHMENT, Call, Statement, allowed, arn, of_role, one, sent_by
from criteria.common.rules import TARGET
from criteria.common.topics import TOPIC
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

SCHEDULE = "aws:scheduler/schedule:Schedule"
ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
# What a rule calls by a policy that lies on it, and so without a role (EventBridge: "Resource-based policies").
_BY_RESOURCE_POLICY = (ALIAS, FUNCTION, LOG_GROUP, QUEUE, TOPIC)
_SERVICES_BY_POLICY = ("lambda", "logs", "sns", "sqs")
_KINDS = ("ACCOUNT", "ORGANIZATION")
# An AWS managed policy, and one that AWS keeps for a service's role.
_MANAGED = re.compile(r"arn:[a-z-]+:iam::aws:policy/.+")
_FOR_SERVICES = re.compile(r"arn:[a-z-]+:iam::aws:policy/service-role/[^/]+")
_DECISION_NO_ROLE = 65


@criterion("TRADING-16.2b")
def role_of_events(subject: Subject) -> Verdict:
    """EventBridge can assume the role of each target that needs one, and may then do what is named and no more.

    Where no target needs one, the verdict says so: a role that nothing uses would grant without need.
    """
    graph = subject.graph
    targets, schedules = graph.of_type(TARGET), graph.of_type(SCHEDULE)
    findings = []
    for target in targets:
        needs = _needs_role(graph, target)
        if needs is not False:
            findings.append(Finding(target, "roleArn", _of_target(subject, target) if needs else "unknown"))
    findings += [Finding(schedule, "target.roleArn", _of_schedule(subject, schedule)) for schedule in schedules]
    if targets and not findings:
        evidence = f"{len(targets)} targets of rules are called by the policies on them, and need no role"
        return Verdict("deviation", evidence, decision=_DECISION_NO_ROLE)
    return combine(
        findings, "targets of rules and schedules", "have a role that EventBridge can assume, for named calls"
    )


def _needs_role(graph: StackGraph, target: Resource) -> bool | None:
    """Say whether a target needs a role, None where what it calls is not known yet."""
    value = target.get("arn")
    if isinstance(value, str):
        service = (value.split(":", 5) + [""] * 3)[2]
        return service not in _SERVICES_BY_POLICY
    if follow(graph, target, "arn", *_BY_RESOURCE_POLICY).certain:
        return False
    urns = target.property_dependencies.get("arn", ())
    return True if any(urn in graph.resources for urn in urns) else None


def _of_target(subject: Subject, target: Resource) -> Word:
    rule, bus = target.get("rule"), target.get("eventBusName", "default")
    if UNKNOWN in (rule, bus):
        return "unknown"
    source = arn(subject, "events", f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}")
    return _serves(
        subject, target, "roleArn", Call("sts:AssumeRole", "", "events.amazonaws.com", sent_by(subject, source))
    )


def _of_schedule(subject: Subject, schedule: Resource) -> Word:
    group = schedule.get("groupName", "default")
    if group is UNKNOWN:
        return "unknown"
    # A schedule names its group as the source.
    source = sent_by(subject, arn(subject, "scheduler", f"schedule-group/{group}"))
    return _serves(subject, schedule, "target.roleArn", Call("sts:AssumeRole", "", "scheduler.amazonaws.com", source))


def _serves(subject: Subject, caller: Resource, path: str, call: Call) -> Word:
    """Say whether the service can assume the caller's role, and whether that may do named things only."""
    role, known = one(subject.graph, caller, path, ROLE)
    if role is None:
        return known
    trust, written = statements(role, "assumeRolePolicy"), of_role(subject.graph, role)
    if trust is None or written is None:
        return "unknown"
    allows = [row for row in written if row.get("Effect") != "Deny"]
    attached = any(follow(subject.graph, part, "role", ROLE).has(role) for part in subject.graph.of_type(ATTACHMENT))
    is_narrow = bool(allows) and all(_names_all(row) for row in allows) and not attached
    return "pass" if is_narrow and allowed(trust, call) else "fail"


def _names_all(row: Statement) -> bool:
    """Say whether a statement names its actions and resources, by more than stars."""
    actions, resources = elements(row, "Action"), elements(row, "Resource")
    named = bool(actions) and bool(resources) and not {"NotAction", "NotResource"} & set(row)
    return named and not any("*" in action for action in actions) and "*" not in resources


@criterion("TRADING-16.3")
def managed_policies(subject: Subject) -> Verdict:
    """Of AWS's policies, roles have those that AWS keeps for the role of a service, and no broader ones."""
    graphs = [graph for graph in (subject.graph, subject.base()) if graph is not None]
    findings = [Finding(resource, path, word) for graph in graphs for resource, path, word in _attached(graph) if word]
    return combine(findings, "AWS managed policies of roles", "are those that AWS keeps for a service's role")


def _attached(graph: StackGraph) -> Iterator[tuple[Resource, str, Word | None]]:
    """Yield where a policy is attached, and what is to be said of it: None for one that is not AWS's."""
    for attachment in graph.of_type(ATTACHMENT, "aws:iam/policyAttachment:PolicyAttachment"):
        if attachment.get("policyArn") is not UNKNOWN:
            yield attachment, "policyArn", _judged(attachment.get("policyArn"))
        else:
            own = follow(graph, attachment, "policyArn", POLICY)
            yield attachment, "policyArn", None if own.certain and own.to else "unknown"
    for role in graph.of_type(ROLE):
        given = reveal(role.get("managedPolicyArns"))
        for policy in given if isinstance(given, list) else [given] if given is UNKNOWN else []:
            yield role, "managedPolicyArns", "unknown" if policy is UNKNOWN else _judged(policy)


def _judged(policy: Any) -> Word | None:
    if not isinstance(policy, str) or not _MANAGED.fullmatch(policy):
        return None
    return "pass" if _FOR_SERVICES.fullmatch(policy) else "fail"


@criterion("TRADING-16.7")
def analyzer(subject: Subject) -> Verdict:
    """The account has an analyzer that reports which policies let outsiders in: once, in the bootstrap stack."""
    graph = subject.base()
    if graph is None:
        return Verdict("fail", "the settings name no bootstrap stack, which has the account's analyzer")
    findings = [
        claim(found, "type", lambda kind: kind in _KINDS, default="ACCOUNT") for found in graph.of_type(ANALYZER)
    ]
    return combine(findings, "analyzers of the account", "report what its policies let outsiders do")
