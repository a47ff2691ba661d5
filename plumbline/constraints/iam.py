"""IAM roles and policies: grammar of the documents and their quotas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
_INLINE_CHARACTERS = 10_240
_TRUST_CHARACTERS = 2_048
_MANAGED_CHARACTERS = 6_144
_MOST_MANAGED = 10
# What a document lies on. A policy of an identity says what it may do; the others say who may.
Kind = Literal["identity", "trust", "resource", "repository"]
_VERSION = "2012-10-17"
_ACCOUNT_OR_ARN = re.compile(r"\*|\d{12}|arn:[a-z-]+:(iam|sts)::\d{12}:[^*?]+|arn:[a-z-]+:iam::cloudfront:user/[^*?]+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_PRINCIPALS = {"AWS": _ACCOUNT_OR_ARN, "Service": _SERVICE, "Federated": None, "CanonicalUser": None}
_ALLOWED_PRINCIPALS = {
    "AWS": "*, an account, or the ARN of one IAM identity, without wildcards",
    "Service": "the name of a service, such as lambda.amazonaws.com",
}


@for_types(ROLE)
def trust(role: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The trust policy is a policy with principals, of at most 2,048 characters."""
    document = role.get("assumeRolePolicy")
    if isinstance(document, str):
        if _size(document) > _TRUST_CHARACTERS:
            yield "assumeRolePolicy", f"{_size(document)} characters given; allowed: at most {_TRUST_CHARACTERS}"
        yield from document_findings("assumeRolePolicy", document, kind="trust")


@for_types(ROLE_POLICY, "aws:iam/policy:Policy")
def permissions(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A permissions policy names actions and resources and no principal."""
    document = policy.get("policy")
    if isinstance(document, str):
        if policy.type != ROLE_POLICY and _size(document) > _MANAGED_CHARACTERS:
            yield "policy", f"{_size(document)} characters given; allowed: at most {_MANAGED_CHARACTERS}"
        yield from document_findings("policy", document, kind="identity")


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
    return len("".join(document.split()))


def document_findings(path: str, text: str, *, kind: Kind) -> Iterator[Finding]:
    """Yield what is wrong with the grammar of a policy document (AWS: "Grammar of the IAM JSON policy language")."""
    try:
        document = json.loads(text)
    except ValueError as error:
        yield path, f"not JSON: {error}"
        return
    if not isinstance(document, Mapping) or not isinstance(document.get("Statement"), list | Mapping):
        yield path, "a policy document with a Statement is needed"
        return
    version = document.get("Version")
    # The default policies that SQS and SNS make have the older version, and a missing one means it.
    if version != _VERSION and not (kind in ("resource", "repository") and version in (None, "2008-10-17")):
        yield f"{path}.Version", f"{version!r} given; allowed: {_VERSION!r}"
    statements = document["Statement"]
    if not statements:
        yield f"{path}.Statement", "empty; at least one statement is needed"
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        for key, message in _statement(statement, kind):
            yield f"{path}.Statement[{index}]{key}", message


def _statement(statement: Any, kind: Kind) -> Iterator[tuple[str, str]]:
    if not isinstance(statement, Mapping):
        yield "", "an object is needed"
        return
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield ".Effect", f"{statement.get('Effect')!r} given; allowed: Allow, Deny"
    if ("Action" in statement) == ("NotAction" in statement):
        yield ".Action", "exactly one of Action and NotAction is needed"
    for action in texts(statement.get("Action")) + texts(statement.get("NotAction")):
        if action != "*" and ":" not in action:
            yield ".Action", f"{action!r} given; an action is service:Name"
    yield from _principal(statement, kind)
    if kind in ("trust", "repository"):
        if "Resource" in statement:
            yield ".Resource", f"given, but a {kind} policy takes none"
        return
    if ("Resource" in statement) == ("NotResource" in statement):
        yield ".Resource", "exactly one of Resource and NotResource is needed"
    for resource in texts(statement.get("Resource")) + texts(statement.get("NotResource")):
        if resource != "*" and not resource.startswith("arn:"):
            yield ".Resource", f"{resource!r} given; an ARN or * is needed"


def _principal(statement: Mapping[str, Any], kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the principals (AWS: "AWS JSON policy elements: Principal")."""
    given = [key for key in ("Principal", "NotPrincipal") if key in statement]
    if kind == "identity":
        if given:
            yield ".Principal", "given, but an identity policy takes none"
        return
    if len(given) != 1:
        who = "a trust policy says who may assume the role" if kind == "trust" else "a resource policy says who may"
        yield ".Principal", f"missing; {who}" if not given else "exactly one of Principal and NotPrincipal is needed"
        return
    (key,) = given
    principal = statement[key]
    if principal == "*":
        return
    if not isinstance(principal, Mapping) or not principal or not set(principal) <= set(_PRINCIPALS):
        yield f".{key}", f"* or an object with some of {', '.join(_PRINCIPALS)} is needed"
        return
    for type_, pattern in _PRINCIPALS.items():
        for value in texts(principal.get(type_)):
            if pattern is not None and not pattern.fullmatch(value):
                yield f".{key}.{type_}", f"{value!r} given; allowed: {_ALLOWED_PRINCIPALS[type_]}"


def texts(value: Any) -> list[str]:
    """Return the texts of a policy element, which holds one or a list of them."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]
