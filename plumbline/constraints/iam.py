"""IAM roles and policies: grammar of the documents and their quotas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
_INLINE_CHARACTERS = 10_240
_TRUST_CHARACTERS = 2_048
_MANAGED_CHARACTERS = 6_144
_MOST_MANAGED = 10


@for_types(ROLE)
def trust(role: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The trust policy is a policy with principals, of at most 2,048 characters."""
    document = role.get("assumeRolePolicy")
    if isinstance(document, str):
        if _size(document) > _TRUST_CHARACTERS:
            yield "assumeRolePolicy", f"{_size(document)} characters given; allowed: at most {_TRUST_CHARACTERS}"
        yield from _document("assumeRolePolicy", document, trust=True)


@for_types(ROLE_POLICY, "aws:iam/policy:Policy")
def permissions(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A permissions policy names actions and resources and no principal."""
    document = policy.get("policy")
    if isinstance(document, str):
        if policy.type != ROLE_POLICY and _size(document) > _MANAGED_CHARACTERS:
            yield "policy", f"{_size(document)} characters given; allowed: at most {_MANAGED_CHARACTERS}"
        yield from _document("policy", document, trust=False)


@for_types(ROLE)
def quotas(role: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The inline policies of a role have at most 10,240 characters together; ten managed ones are attached."""
    total = 0
    given = role.get("managedPolicyArns", [])
    attached = len(given) if isinstance(given, list) else 0
    for policy in graph.of_type(ROLE_POLICY):
        document = policy.get("policy")
        if role.urn in policy.property_dependencies.get("role", ()) and isinstance(document, str):
            total += _size(document)
    for attachment in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
        attached += role.urn in attachment.property_dependencies.get("role", ())
    if total > _INLINE_CHARACTERS:
        yield "", f"{total} characters of inline policies; allowed: at most {_INLINE_CHARACTERS}"
    if attached > _MOST_MANAGED:
        yield "managedPolicyArns", f"{attached} managed policies attached; allowed: at most {_MOST_MANAGED}"


def _size(document: str) -> int:
    # IAM does not count white space.
    return sum(not character.isspace() for character in document)


def _document(path: str, text: str, *, trust: bool) -> Iterator[Finding]:
    try:
        document = json.loads(text)
    except ValueError as error:
        yield path, f"not JSON: {error}"
        return
    if not isinstance(document, Mapping) or not isinstance(document.get("Statement"), list | Mapping):
        yield path, "a policy document with a Statement is needed"
        return
    if document.get("Version") != "2012-10-17":
        yield f"{path}.Version", f"{document.get('Version')!r} given; allowed: '2012-10-17'"
    statements = document["Statement"]
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        for key, message in _statement(statement, trust):
            yield f"{path}.Statement[{index}]{key}", message


def _statement(statement: Any, trust: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(statement, Mapping):
        yield "", "an object is needed"
        return
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield ".Effect", f"{statement.get('Effect')!r} given; allowed: Allow, Deny"
    if ("Action" in statement) == ("NotAction" in statement):
        yield ".Action", "exactly one of Action and NotAction is needed"
    for action in _texts(statement.get("Action")) + _texts(statement.get("NotAction")):
        if action != "*" and ":" not in action:
            yield ".Action", f"{action!r} given; an action is service:Name"
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if trust:
        if not has_principal:
            yield ".Principal", "missing; a trust policy says who may assume the role"
        if "Resource" in statement:
            yield ".Resource", "given, but a trust policy takes none"
        return
    if has_principal:
        yield ".Principal", "given, but an identity policy takes none"
    if ("Resource" in statement) == ("NotResource" in statement):
        yield ".Resource", "exactly one of Resource and NotResource is needed"
    for resource in _texts(statement.get("Resource")):
        if resource != "*" and not resource.startswith("arn:"):
            yield ".Resource", f"{resource!r} given; an ARN or * is needed"


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str) and item is not UNKNOWN]
