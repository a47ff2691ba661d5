"""Requirement 16: access rights; and the tags on everything (23.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from criteria.common.lookups import FUNCTION, POLICY, ROLE, ROLE_POLICY, covers, depends_by, statements, texts
from criteria.common.privilege import UNSCOPED
from criteria.common.rights import arn, is_assumed, one, sent_by
from criteria.trading_areas.common import by_name, function_rows
from criteria.trading_areas.workflows import MACHINE
from plumbline.graph import Resource
from plumbline.taggable import taggable
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

GATEWAY = "aws:apigateway/account:Account"
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


@criterion("TRADING-16.2a")
def role_of_workflows(subject: Subject) -> Verdict:
    """Step Functions can assume the role of each state machine, for that machine."""
    findings = []
    for machine in subject.graph.of_type(MACHINE):
        role, word = one(subject.graph, machine, "roleArn", ROLE)
        if role is None:
            findings.append(Finding(machine, "roleArn", word))
            continue
        source = sent_by(subject, arn(subject, "states", f"stateMachine:{machine.get('name')}"))
        findings.append(Finding(role, "assumeRolePolicy", is_assumed(role, "states.amazonaws.com", source)))
    return combine(findings, "roles of state machines", "can be assumed by Step Functions")


@criterion("TRADING-16.2c")
def role_of_gateway(subject: Subject) -> Verdict:
    """API Gateway can assume the role that the account has for it, once per account: in the bootstrap stack."""
    graph = subject.base()
    if graph is None:
        return Verdict("fail", "the settings name no bootstrap stack, which has the account's role for API Gateway")
    findings = []
    for account in graph.of_type(GATEWAY):
        role, word = one(graph, account, "cloudwatchRoleArn", ROLE)
        if role is not None:
            word = is_assumed(role, "apigateway.amazonaws.com", {})
        findings.append(Finding(role or account, "assumeRolePolicy" if role else "cloudwatchRoleArn", word))
    return combine(findings, "roles of API Gateway in the account", "can be assumed by it")


@criterion("TRADING-16.4")
def policy_per_table(subject: Subject) -> Verdict:
    """A policy that allows DynamoDB calls names one table and its indexes, by ARN."""
    return _one_each(subject, "dynamodb", "DynamoDB policies", "table", lambda arn: "/".join(arn.split("/")[:2]))


@criterion("TRADING-16.5")
def policy_per_bucket(subject: Subject) -> Verdict:
    """A policy that allows S3 calls names one bucket and what lies in it, by ARN."""
    return _one_each(subject, "s3", "S3 policies", "bucket", lambda arn: arn.partition("/")[0])


@criterion("TRADING-16.6")
def policy_per_secret(subject: Subject) -> Verdict:
    """A policy that allows Secrets Manager calls names one secret: its name, and six characters that AWS appends."""
    return _one_each(
        subject, "secretsmanager", "Secrets Manager policies", "secret", lambda arn: arn.removesuffix("-??????")
    )


def _one_each(subject: Subject, service: str, what: str, thing: str, owner: Callable[[str], str]) -> Verdict:
    """Judge that every written policy that allows calls of a service names one thing.

    `owner` cuts what an ARN names down to the thing.
    """
    findings = []
    for policy in subject.graph.of_type(ROLE_POLICY, POLICY):
        written = statements(policy, "policy")
        if written is None:
            findings.append(Finding(policy, "policy", "unknown"))
            continue
        resources = {
            resource
            for statement in written
            if _reaches(statement, service)
            for resource in texts(statement.get("Resource")) or ["*"]
        }
        if resources:
            things = {owner(resource) for resource in resources}
            named = len(things) == 1 and not any("*" in name or "?" in name for name in things)
            findings.append(Finding(policy, "policy", "pass" if named else "fail"))
    return combine(findings, what, f"name one {thing} each")


def _reaches(statement: Mapping[str, Any], service: str) -> bool:
    """Say whether a statement may allow calls of a service that take a resource.

    IAM's actions have no case, and NotAction reaches everything.
    """
    if statement.get("Effect") == "Deny":
        return False
    actions = [action for action in texts(statement.get("Action")) if action not in UNSCOPED]
    services = [action.casefold().partition(":")[0] for action in actions]
    return "NotAction" in statement or any(covers(name, service) for name in services)


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
        # A component is nothing in AWS; what it makes is judged itself.
        if resource.custom and taggable().get(resource.type) == "map":
            findings += [claim(resource, f"tags.{key}", lambda value: bool(value), default="") for key in keys]
    return combine(findings, "tags", f"give each resource {', '.join(keys)}")
