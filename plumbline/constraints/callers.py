"""Who may call, send to or use what: permissions of functions, policies on queues, topics and keys, roles.

The checks of several services ask the same questions, and a graph answers them only in part: what a policy says
may be unknown, and an ARN may have parts that only AWS decides. Every answer leans towards "allowed" there.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.iam import ROLE, ROLE_POLICY, texts
from plumbline.constraints.invocation import ALIAS, PERMISSION, QUEUE
from plumbline.constraints.keys import KEY, KEY_POLICY
from plumbline.constraints.networks import region_of
from plumbline.constraints.references import name_property
from plumbline.constraints.resource_policies import allows, behind, principals, statements
from plumbline.graph import UNKNOWN, Resource, StackGraph

TOPIC = "aws:sns/topic:Topic"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_POLICY = "aws:iam/policy:Policy"
_KMS_ALIAS = "aws:kms/alias:Alias"
# The resource that holds a policy of another one, and its property that says of which.
_HOLDERS = {
    QUEUE: ("aws:sqs/queuePolicy:QueuePolicy", "queueUrl"),
    TOPIC: ("aws:sns/topicPolicy:TopicPolicy", "arn"),
    KEY: (KEY_POLICY, "keyId"),
}
_POSITIVE = ("ArnEquals", "ArnLike", "StringEquals", "StringLike", "StringEqualsIgnoreCase")
# What a service needs of a key to publish to what is encrypted with it (Amazon SNS, "Key management").
PUBLISHING = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, kw_only=True)
class Arn:
    """An ARN. A part that is not known is None and fits every pattern."""

    service: str
    rest: str | None
    region: str | None
    account: str | None

    def matches(self, pattern: str) -> bool:
        """Say whether a pattern with * and ? may cover the ARN. Each part is compared by itself, as ArnLike does."""
        if pattern == "*":
            return True
        parts = pattern.split(":", 5)
        if len(parts) < 6:
            # IAM lets a closing star stand for the parts that follow.
            if not pattern.endswith("*"):
                return False
            parts += ["*"] * (6 - len(parts))
        known = (self.service, self.region, self.account, self.rest)
        return parts[0] == "arn" and all(
            value is None or like(part, value) for part, value in zip(parts[2:], known, strict=True)
        )


def like(pattern: str, text: str) -> bool:
    """Say whether a pattern with * and ? covers a text."""
    return _expression(pattern).fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile("".join(parts), re.DOTALL)


def account_of(resource: Resource, graph: StackGraph) -> str | None:
    """Return the account that a resource lives in, None where its provider does not say."""
    provider = graph.resources.get(resource.options.provider.rpartition("::")[0])
    accounts = provider.get("allowedAccountIds") if provider is not None else None
    allowed = json.loads(accounts) if isinstance(accounts, str) else []
    return allowed[0] if len(allowed) == 1 else None


def arn_of(resource: Resource, service: str, rest: str | None, graph: StackGraph) -> Arn:
    """Return the ARN of something that lives where a resource does, such as of itself."""
    return Arn(service=service, rest=rest, region=region_of(resource, graph), account=account_of(resource, graph))


def known_name(resource: Resource) -> str | None:
    """Return the physical name of a resource, None where only AWS or the engine decides it."""
    name = resource.get(name_property(resource.type))
    return name if isinstance(name, str) else None


def all_named(graph: StackGraph, *types: str) -> dict[str, Resource] | None:
    """Return the resources of some types by name, None where there are none or the name of one is not known."""
    found = graph.of_type(*types)
    named = {name: resource for resource in found if (name := known_name(resource)) is not None}
    return named if found and len(named) == len(found) else None


def permissions(called: Resource, service: str, source: Resource, arn: Arn, graph: StackGraph) -> list[Resource]:
    """Return the permissions that let a service call a function or an alias on behalf of a source."""
    return [item for item in graph.of_type(PERMISSION) if _permits(item, called, service, source, arn, graph)]


def _permits(
    permission: Resource, called: Resource, service: str, source: Resource, arn: Arn, graph: StackGraph
) -> bool:
    principal, qualifier, action = (permission.get(name) for name in ("principal", "qualifier", "action"))
    if principal not in (service, UNKNOWN) or not (action is UNKNOWN or like(str(action), "lambda:InvokeFunction")):
        return False
    # A permission for an alias names it as qualifier, and its function by itself or by the alias.
    if (qualifier is not None) != (called.type == ALIAS):
        return False
    own = known_name(called)
    if isinstance(qualifier, str) and own is not None and qualifier != own:
        return False
    function = behind(called, "functionName", graph, FUNCTION) if called.type == ALIAS else called
    return _is_about(permission, (called, function), graph) and _covers(permission, source, arn, graph)


def _is_about(permission: Resource, called: tuple[Resource | None, ...], graph: StackGraph) -> bool:
    """Say whether a permission is, or may be, one of a function or of its alias."""
    target, given = behind(permission, "function", graph, FUNCTION, ALIAS), permission.get("function")
    if target is not None:
        return any(item is target for item in called)
    match = re.search(r":function:([^:]+)", given) if isinstance(given, str) else None
    names = [known_name(item) for item in called if item is not None]
    return given is UNKNOWN or (match is not None and (None in names or match[1] in names))


def _covers(permission: Resource, source: Resource, arn: Arn, graph: StackGraph) -> bool:
    given = permission.get("sourceArn")
    if isinstance(given, str):
        return arn.matches(given)
    # An unknown ARN is that of what it comes from, as far as it comes from the same kind of thing.
    behind_it = (graph.resources.get(urn) for urn in permission.property_dependencies.get("sourceArn", ()))
    same_kind = [item.urn for item in behind_it if item is not None and item.type == source.type]
    return not same_kind or source.urn in same_kind


def statements_on(target: Resource, graph: StackGraph) -> list[Mapping[str, Any]] | None:
    """Return the statements of the policies on a queue, a topic or a key, None where one of them is not known."""
    type_, property_ = _HOLDERS[target.type]
    owned = [(holder, _is_on(holder, property_, target, graph)) for holder in graph.of_type(type_)]
    policies = [
        target.get("policy"),
        *(UNKNOWN if own is None else holder.get("policy") for holder, own in owned if own is not False),
    ]
    if UNKNOWN in policies:
        return None
    return [statement for policy in policies for statement in statements(policy)]


def has_policy(target: Resource, graph: StackGraph) -> bool:
    """Say whether the stack puts a policy on a queue, a topic or a key, as far as that is known."""
    type_, property_ = _HOLDERS[target.type]
    own = target.get("policy") is not None
    return own or any(_is_on(holder, property_, target, graph) is not False for holder in graph.of_type(type_))


def _is_on(holder: Resource, property_: str, target: Resource, graph: StackGraph) -> bool | None:
    """Say whether a policy is on a queue, a topic or a key, None where the graph does not tell whose it is."""
    named, value = behind(holder, property_, graph, target.type, _KMS_ALIAS), holder.get(property_)
    if named is not None and named.type == _KMS_ALIAS:
        named = behind(named, "targetKeyId", graph, KEY)
    if named is not None:
        return named.urn == target.urn
    name = known_name(target)
    if isinstance(value, str) and name is not None:  # a composed URL or ARN ends in the name
        return re.split("[:/]", value)[-1] == name
    return None


def lets(statement: Mapping[str, Any], service: str, action: str, source: Arn | None) -> bool:
    """Say whether a statement may allow an action to a service on behalf of a source. Other conditions may hold."""
    named = [*principals(statement, "Service"), *principals(statement, "AWS")]
    if not allows(statement, action) or not {service, "*"} & set(named):
        return False
    return source is None or all(_holds(*condition, source) for condition in _conditions(statement))


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    operators = statement.get("Condition")
    for operator, keys in operators.items() if isinstance(operators, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield operator.removesuffix("IfExists").rpartition(":")[2], key.lower(), texts(values)


def _holds(operator: str, key: str, values: list[str], source: Arn) -> bool:
    if operator not in _POSITIVE:
        return True
    if key == "aws:sourcearn":
        return any(source.matches(value) for value in values)
    if key == "aws:sourceaccount":
        return source.account is None or any(like(value, source.account) for value in values)
    return True


def key_of(resource: Resource, property_: str, graph: StackGraph) -> Resource | None:
    """Return the key of the stack that a property refers to, directly or by an alias."""
    target = behind(resource, property_, graph, KEY, _KMS_ALIAS)
    return behind(target, "targetKeyId", graph, KEY) if target is not None and target.type == _KMS_ALIAS else target


def role_statements(role: Resource, graph: StackGraph) -> list[Mapping[str, Any]] | None:
    """Return what the policies of a role say, None where one of them is not known."""
    if role.get("managedPolicyArns") is not None:
        return None
    documents = [role.get(f"inlinePolicies.{index}.policy") for index in range(_length(role.get("inlinePolicies")))]
    for policy in policies_of(role, graph):
        if policy.type == ATTACHMENT:
            managed = behind(policy, "policyArn", graph, _POLICY)
            documents.append(managed.get("policy") if managed is not None else UNKNOWN)
        else:
            documents.append(policy.get("policy"))
    if not all(isinstance(document, str) for document in documents):
        return None
    return [statement for document in documents for statement in statements(document)]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def policies_of(role: Resource, graph: StackGraph) -> list[Resource]:
    """Return the inline policies and attachments of a role that are resources of their own."""
    return [item for item in graph.of_type(ROLE_POLICY, ATTACHMENT) if behind(item, "role", graph, ROLE) is role]


def permits(found: list[Mapping[str, Any]], action: str, arn: Arn | None = None) -> bool:
    """Say whether statements of identity policies may allow an action, on an ARN where one is given."""
    return any(
        allows(statement, action)
        and (
            arn is None
            or "NotResource" in statement
            or any(arn.matches(pattern) for pattern in texts(statement.get("Resource")))
        )
        for statement in found
    )


def trusts(role: Resource, service: str) -> bool:
    """Say whether a service may assume a role. One whose trust policy is not known may be assumed."""
    document = role.get("assumeRolePolicy")
    if not isinstance(document, str):
        return True
    begin = service.split(".")[0]
    # A service may be named with a region, as `states.eu-west-1.amazonaws.com`.
    regional = re.compile(rf"{re.escape(begin)}(\.[a-z0-9-]+)?\.amazonaws\.com")
    return any(
        allows(statement, "sts:AssumeRole")
        and any(regional.fullmatch(name) or name == "*" for name in principals(statement, "Service"))
        for statement in statements(document)
    )
