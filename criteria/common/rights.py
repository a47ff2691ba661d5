"""What policies allow: whether statements let a service or a role make a call; and references to one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from criteria.common.lookups import ROLE, ROLE_POLICY, Word, conditions, covers, elements, follow, statements, texts
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Subject

ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
Statement = Mapping[str, Any]
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class Call:
    """One call: an action on a resource, by its ARN, and what the request says besides (`context`, keys in lower case).

    `service` is the principal of a call that a resource's policy judges; that of an identity's policy needs none.
    """

    action: str
    resource: str
    service: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


def allowed(written: list[Statement], call: Call) -> bool:
    """Say whether statements allow a call and none denies it (IAM User Guide, "Policy evaluation logic").

    A condition that cannot be judged here allows nothing, and denies.
    """
    if any(row.get("Effect") == "Deny" and _is_about(row, call, otherwise=True) for row in written):
        return False
    return any(row.get("Effect") == "Allow" and _is_about(row, call, otherwise=False) for row in written)


def _is_about(row: Statement, call: Call, *, otherwise: bool) -> bool:
    named = (
        _names(row, "Action", call.action.casefold()) and _names(row, "Resource", call.resource)
        if {"Action", "NotAction"} & set(row)
        else False
    )
    by_whom = not call.service or _is_principal(row, call.service, otherwise)
    holds = [_holds(operator, call.context.get(key), values) for operator, key, values in conditions(row)]
    odd = "Condition" in row and not holds
    return named and by_whom and all(otherwise if held is None else held for held in holds) and (otherwise or not odd)


def _names(row: Statement, element: str, text: str) -> bool:
    if element in row:
        return any(covers(pattern, text) for pattern in elements(row, element))
    excluded = [value.casefold() if element == "Action" else value for value in texts(row.get(f"Not{element}"))]
    # A resource policy that names no resource, as a trust policy, is about what it lies on.
    return f"Not{element}" not in row or not any(covers(pattern, text) for pattern in excluded)


def _is_principal(row: Statement, service: str, otherwise: bool) -> bool:
    principal = row.get("Principal")
    if principal is None:
        return otherwise
    if isinstance(principal, dict):
        return service in texts(principal.get("Service")) or "*" in texts(principal.get("AWS"))
    return principal == "*"


def _holds(operator: str, given: str | None, values: list[str]) -> bool | None:
    """Say whether a condition holds, None where it cannot be judged."""
    base = operator.removesuffix("IfExists")
    positive = base.replace("Not", "", 1)
    if positive not in _COMPARISONS:
        return None
    negated = positive != base
    if given is None:
        return negated or base != operator
    return any(_COMPARISONS[positive](value, given) for value in values) != negated


def _number(text: str) -> float:
    """Return a number, and for what is none one that compares to nothing."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


_COMPARISONS = {
    "StringEquals": lambda value, given: value == given,
    "StringLike": covers,
    "ArnEquals": covers,  # the ARN operators know wildcards, both of them
    "ArnLike": covers,
    "Bool": lambda value, given: value.casefold() == given.casefold(),
    "NumericLessThan": lambda value, given: _number(given) < _number(value),
}


def arn(subject: Subject, service: str, resource: str) -> str:
    """Compose an ARN in the stack's region and account, as its settings give them."""
    region = str(subject.settings.get("region"))
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:{service}:{region}:{subject.settings.get('account_id')}:{resource}"


def sent_by(subject: Subject, source: str) -> dict[str, str]:
    """Return what a service says of a request that it makes over TLS for a resource of the account."""
    account = str(subject.settings.get("account_id"))
    return {"aws:sourcearn": source, "aws:sourceaccount": account, "aws:securetransport": "true"}


def one(graph: StackGraph, resource: Resource, path: str, *types: str) -> tuple[Resource | None, Word]:
    """Return the one resource that an input refers to: none, with "unknown" or "fail", where it is not exactly one."""
    link = follow(graph, resource, path, *types)
    if link.foreign or (link.certain and len(link.to) != 1):
        return None, "fail"
    return (link.to[0], "pass") if link.certain else (None, "unknown")


def on(graph: StackGraph, owner: Resource, policy_type: str, reference: str) -> list[Statement] | None:
    """Return the statements of the policy that lies on a resource, None where they are not known yet.

    A resource has one policy: of several the last one that was written holds, and nobody knows which that is.
    """
    found: list[list[Statement]] = []
    for policy in graph.of_type(policy_type):
        link = follow(graph, policy, reference, owner.type)
        if link.has(owner) or (not link.certain and not link.to):
            written = statements(policy, "policy")
            if written is None or not link.certain:
                return None
            found.append(written)
    if owner.get("policy") is not None:
        written = statements(owner, "policy")
        if written is None:
            return None
        found.append(written)
    return found[0] if len(found) == 1 else [] if not found else [{}]


def of_role(graph: StackGraph, role: Resource) -> list[Statement] | None:
    """Return the statements of a role's inline policies, None where one is not known yet."""
    found: list[Statement] = []
    for policy in graph.of_type(ROLE_POLICY):
        owned = _owned(graph, policy, role)
        written = statements(policy, "policy") if owned != "fail" else []
        if written is None or owned == "unknown":
            return None
        found += written
    return found


def _owned(graph: StackGraph, policy: Resource, role: Resource) -> Word:
    given = policy.get("role")
    if given is not UNKNOWN:
        return "pass" if given and given in (role.get("name"), role.id) else "fail"
    link = follow(graph, policy, "role", ROLE)
    return "unknown" if not link.certain and (link.has(role) or not link.to) else "pass" if link.has(role) else "fail"


def of_caller(graph: StackGraph, caller: Resource, path: str) -> tuple[list[Statement], Word]:
    """Return what the role of a function or state machine may do, and whether that is known."""
    role, word = one(graph, caller, path, ROLE)
    if role is None:
        return [], word
    written = of_role(graph, role)
    return (written, "pass") if written is not None else ([], "unknown")


def is_assumed(role: Resource, service: str, context: Mapping[str, str]) -> Word:
    """Say whether a service may assume a role, in a request that says as much as `context`."""
    written = statements(role, "assumeRolePolicy")
    if written is None:
        return "unknown"
    return "pass" if allowed(written, Call("sts:AssumeRole", "", service, context)) else "fail"
