"""Requirement 16: access rights; and the tags on everything (23.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from criteria.trading_areas.common import (
    FUNCTION,
    ROLE,
    ROLE_POLICY,
    by_name,
    depends_by,
    function_rows,
    statements,
    texts,
)
from plumbline import sdk
from plumbline.graph import Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_DECISION_FINER_ROLES = 38


@criterion("TRADING-16.1")
def role_per_group(subject: Subject) -> Verdict:
    """Every function has an execution role, and no role serves two groups."""
    users: dict[str, set[str]] = {}
    found: list[tuple[Resource, list[Resource]]] = []
    for name, group, _, _ in function_rows():
        function = by_name(subject, FUNCTION, name)
        if function is None:
            continue
        roles = depends_by(subject, function, "role", ROLE)
        found.append((function, roles))
        for role in roles:
            users.setdefault(role.urn, set()).add(group)
    findings = [
        Finding(function, "role", "pass" if roles and all(len(users[role.urn]) == 1 for role in roles) else "fail")
        for function, roles in found
    ]
    groups = {group for names in users.values() for group in names}
    # More roles than groups is finer than the document asks, and says so.
    decision = _DECISION_FINER_ROLES if len(users) > len(groups) else 0
    return combine(findings, "functions", f"run under {len(users)} roles, none of which serves two groups", decision)


@criterion("TRADING-16.4")
def policy_per_table(subject: Subject) -> Verdict:
    """A policy that allows DynamoDB calls names one table and its indexes, by ARN."""
    findings = []
    for policy in subject.graph.of_type(ROLE_POLICY):
        written = statements(policy, "policy")
        if written is None:
            findings.append(Finding(policy, "policy", "unknown"))
            continue
        resources = {
            resource
            for statement in written
            if _reaches_dynamodb(statement)
            for resource in texts(statement.get("Resource")) or ["*"]
        }
        if resources:
            tables = {"/".join(resource.split("/")[:2]) for resource in resources}
            named = len(tables) == 1 and not any("*" in resource for resource in resources)
            findings.append(Finding(policy, "policy", "pass" if named else "fail"))
    return combine(findings, "DynamoDB policies", "name one table each")


def _reaches_dynamodb(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement may be about DynamoDB. IAM's actions have no case, and NotAction reaches everything."""
    actions = [action.casefold() for action in texts(statement.get("Action"))]
    return "NotAction" in statement or any(
        action.startswith("dynamodb:") or "*" in action.partition(":")[0] for action in actions
    )


@criterion("TRADING-16.8")
def trust(subject: Subject) -> Verdict:
    """Roles are assumed by AWS services that are named, and by nobody else."""
    findings = []
    for role in subject.graph.of_type(ROLE):
        written = statements(role, "assumeRolePolicy")
        if written is None:
            findings.append(Finding(role, "assumeRolePolicy", "unknown"))
            continue
        allowed = [statement for statement in written if statement.get("Effect") == "Allow"]
        restricted = bool(allowed) and all(_names_a_service(statement) for statement in allowed)
        findings.append(Finding(role, "assumeRolePolicy", "pass" if restricted else "fail"))
    return combine(findings, "roles", "can be assumed by a named AWS service only")


def _names_a_service(statement: object) -> bool:
    principal = statement.get("Principal") if isinstance(statement, dict) else None
    if not isinstance(principal, dict) or set(principal) != {"Service"}:
        return False
    services = texts(principal["Service"])
    return bool(services) and all(service.endswith((".amazonaws.com", ".amazonaws.com.cn")) for service in services)


@criterion("TRADING-23.1")
def tags(subject: Subject) -> Verdict:
    """Every resource whose type takes tags, by the SDK's own word, has all four keys."""
    keys = subject.facts["tags"]
    findings = []
    for resource in subject.graph:
        if sdk.tag_shape(resource.type) == "map":
            findings += [claim(resource, f"tags.{key}", lambda value: bool(value), default="") for key in keys]
    return combine(findings, "tags", f"give each resource {', '.join(keys)}")
