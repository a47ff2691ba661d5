"""Policies that lie on a resource: their grammar and size, and what other checks ask of them.

Who is named in one without being depended on is found by references.py.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.constraints.iam import document_findings, texts
from plumbline.constraints.references import name_property
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

# Keys of conditions that hold a statement to somebody in particular (Amazon S3, 'The meaning of "public"').
_RESTRICTING = (
    "aws:principal",
    "aws:source",
    "aws:userid",
    "s3:dataaccesspoint",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
)


@dataclass(frozen=True, kw_only=True)
class _Quota:
    """What a service takes of a policy. `size` counts UTF-8 bytes, or characters where `unit` says so."""

    size: int
    unit: str = "bytes"
    statements: int | None = None


_BUCKET = _Quota(size=20_480)  # Amazon S3, "Bucket policies": 20 KB
_KEY = _Quota(size=32_768)  # AWS KMS, "Quotas": key policy document size
_QUEUE = _Quota(size=8_192, statements=20)  # Amazon SQS, "Quotas related to policies"
_TOPIC = _Quota(size=30_720, statements=100)  # Amazon SNS API permissions, "Policy quotas"
_BUS = _Quota(size=10_240, unit="characters")  # EventBridge quotas, "Event bus policy size"
_QUOTAS = {
    "aws:s3/bucketPolicy:BucketPolicy": _BUCKET,
    "aws:kms/key:Key": _KEY,
    "aws:kms/keyPolicy:KeyPolicy": _KEY,
    # The size of these is in the service model (data/aws_shapes.yaml).
    "aws:secretsmanager/secret:Secret": None,
    "aws:secretsmanager/secretPolicy:SecretPolicy": None,
    "aws:sqs/queue:Queue": _QUEUE,
    "aws:sqs/queuePolicy:QueuePolicy": _QUEUE,
    "aws:sns/topic:Topic": _TOPIC,
    "aws:sns/topicPolicy:TopicPolicy": _TOPIC,
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": _BUS,
}


@for_types(*_QUOTAS)
def grammar(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A resource policy says who may, or may not, do what to which resource."""
    text = policy_text(resource)
    if text is not None:
        yield from document_findings("policy", text, kind="resource")


@for_types(*_QUOTAS)
def size(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A resource policy is no longer, and has no more statements, than its service takes."""
    text, quota = policy_text(resource), _QUOTAS[resource.type]
    if text is None or quota is None:
        return
    given = len(text) if quota.unit == "characters" else len(text.encode())
    if given > quota.size:
        yield "policy", f"{given} {quota.unit} given; allowed: at most {quota.size}"
    count = len(statements(text))
    if quota.statements is not None and count > quota.statements:
        yield "policy.Statement", f"{count} statements given; allowed: at most {quota.statements}"


def policy_text(resource: Resource) -> str | None:
    """Return the policy of a resource, None where there is none or it is unknown."""
    policy = resource.get("policy")
    return policy if isinstance(policy, str) else None


def statements(text: str | None) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document, as far as they are such."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return []
    found = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, Mapping)]


def principals(statement: Mapping[str, Any], type_: str) -> list[str]:
    """Return the principals of a type ("AWS", "Service") that a statement is about; `*` alone is of every type."""
    principal = statement.get("Principal")
    return texts(principal.get(type_)) if isinstance(principal, Mapping) else texts(principal)


def condition_keys(statement: Mapping[str, Any]) -> list[str]:
    """Return the condition keys of a statement in lower case, since AWS ignores theirs."""
    operators = statement.get("Condition")
    if not isinstance(operators, Mapping):
        return []
    return [str(key).lower() for keys in operators.values() if isinstance(keys, Mapping) for key in keys]


def allows(statement: Mapping[str, Any], action: str) -> bool:
    """Say whether a statement allows an action to somebody, whatever its conditions."""
    if statement.get("Effect") != "Allow":
        return False

    def among(patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    if "NotAction" in statement:
        return not among(texts(statement["NotAction"]))
    return among(texts(statement.get("Action")))


def public_statements(text: str) -> list[int]:
    """Return the numbers of the statements that allow something to everybody (Amazon S3, 'The meaning of "public"')."""
    return [
        index
        for index, statement in enumerate(statements(text))
        if statement.get("Effect") == "Allow"
        and "*" in principals(statement, "AWS")
        and not any(key.startswith(_RESTRICTING) for key in condition_keys(statement))
    ]


def behind(resource: Resource, property_: str, graph: StackGraph, *types: str) -> Resource | None:
    """Return the resource of the stack that an input refers to, by its output or its plain name.

    None where there is none, and where the graph does not say which one of several it is.
    """
    needed = (graph.resources.get(urn) for urn in resource.property_dependencies.get(property_, ()))
    found = [target for target in needed if target is not None and target.type in types]
    value = resource.get(property_)
    if not found and value is not UNKNOWN and isinstance(value, str):
        named = (graph.named(type_, name_property(type_), value) for type_ in types)
        found = [target for target in named if target is not None]
    return found[0] if len(found) == 1 else None
