"""Ways into the graph that all predicates share, and how findings are put together."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph, reveal, walk
from plumbline.verdicts import Finding, Subject

TABLE = "aws:dynamodb/table:Table"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
POLICY = "aws:iam/policy:Policy"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
QUEUE = "aws:sqs/queue:Queue"
REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SECRET = "aws:secretsmanager/secret:Secret"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
Word = Literal["pass", "fail", "unknown"]
# What a resource is known by besides its id: other resources refer to it by any of these.
_IDENTITIES = ("arn", "bucket", "keyId", "name", "prefixListId")


def statements(policy: Resource, path: str) -> list[Mapping[str, Any]] | None:
    """Return the statements of a policy document, None where the document is not known yet.

    What is no policy, or no statement of one, comes back as an empty statement, which allows nothing that a
    predicate asks for.
    """
    document = policy.get(path)
    if document is UNKNOWN or not isinstance(document, str):
        return None
    return list(_statements(document))


@functools.lru_cache(maxsize=4096)
def _statements(document: str) -> list[Mapping[str, Any]]:
    try:
        written = json.loads(document)
    except ValueError:
        return [{}]
    found = written.get("Statement", {}) if isinstance(written, dict) else {}
    rows = found if isinstance(found, list) else [found]
    return [row if isinstance(row, dict) else {} for row in rows]


def texts(value: Any) -> list[str]:
    """Return what a policy element holds as a list: IAM writes single values without one."""
    return [value] if isinstance(value, str) else [item for item in value or [] if isinstance(item, str)]


def depends_by(subject: Subject, resource: Resource, property_: str, type_: str) -> list[Resource]:
    """Return the resources of a type that an input refers to, whether or not its value is known yet."""
    return [
        target
        for urn in resource.property_dependencies.get(property_, ())
        if (target := subject.graph.resources.get(urn)) is not None and target.type == type_
    ]


@dataclass(frozen=True)
class Link:
    """Where an input leads: the resources, and whether it leads to all of them.

    Not `certain`: the value is not known yet, and may be any choice from `to`. `foreign` values name nothing that the
    stack has. `astray`: a part of the value is not known yet, and no dependency tells what it comes from.
    """

    to: tuple[Resource, ...] = ()
    certain: bool = True
    foreign: bool = False
    astray: bool = False

    def has(self, resource: Resource) -> bool:
        return any(target.urn == resource.urn for target in self.to)


def follow(graph: StackGraph, resource: Resource, path: str, *types: str) -> Link:
    """Return what an input refers to: by its value where that is known, and else by its dependencies.

    A component's output depends on all that the component has. Which of several subnets an unknown list of subnets
    holds, dependencies cannot tell.
    """
    # Many criteria ask about the same inputs; the resource itself is kept, since another may have its URN.
    key = (follow, resource.urn, path, types)
    known, link = graph.derived.get(key, (None, None))
    if known is not resource or link is None:
        link = _followed(graph, resource, path, types)
        graph.derived[key] = (resource, link)
    return link


def _followed(graph: StackGraph, resource: Resource, path: str, types: tuple[str, ...]) -> Link:
    value = reveal(resource.get(path))
    values = value if isinstance(value, list) else [] if value is None else [value]
    known = [item for item in values if item is not UNKNOWN]
    found: dict[str, Resource] = {}
    foreign = False
    if known:
        called = _called(graph, types)
        matches = [called.get(name, ()) if isinstance(name, str) else () for name in known]
        foreign = not all(matches)
        chosen = {place for row in matches for place in row}
        found = {target.urn: target for target in (graph.of_type(*types)[place] for place in sorted(chosen))}
    if len(known) == len(values):
        return Link(tuple(found.values()), foreign=foreign)
    urns = resource.sources(path)
    depended = {urn: graph.resources[urn] for urn in urns if urn in graph.resources}
    candidates = {urn: target for urn, target in depended.items() if target.type in types and urn not in found}
    waiting = len(values) - len(known)
    return Link((*found.values(), *candidates.values()), len(candidates) == waiting, foreign, not candidates)


def _called(graph: StackGraph, types: tuple[str, ...]) -> dict[str, list[int]]:
    """Return the resources of some types by each name that others may refer to them by: their places in the graph."""
    key = (_called, types)
    if key not in graph.derived:
        found: dict[str, list[int]] = {}
        for place, resource in enumerate(graph.of_type(*types)):
            for name in {name for name in _names(resource) if isinstance(name, str) and name}:
                found.setdefault(name, []).append(place)
        graph.derived[key] = found
    return graph.derived[key]


def _names(resource: Resource) -> list[Any]:
    outputs = [reveal(resource.outputs.get(key)) for key in _IDENTITIES]
    return [resource.id, *outputs, resource.get("name"), resource.get("bucket")]


def parts(graph: StackGraph, owner: Resource, property_: str, type_: str) -> list[Resource]:
    """Return the resources of a type whose input refers to the owner, such as the settings of a bucket."""
    found = []
    for part in graph.of_type(type_):
        link = follow(graph, part, property_, owner.type)
        if link.certain and link.has(owner):
            found.append(part)
    return found


def is_given(resource: Resource, path: str) -> Word:
    """Say whether an input is set. A secret that nobody may see is, and so is what another resource will tell."""
    value = resource.get(path)
    if isinstance(value, Secret):
        return "pass" if value.value is None or value.value else "fail"
    if value is UNKNOWN:
        return "pass" if resource.sources(path) else "unknown"
    return "pass" if value else "fail"


def unnamed(subject: Subject, type_: str) -> list[Finding]:
    """Return findings on resources whose names are not known yet: each may be one that is looked for by its name."""
    return [Finding(r, "name", "unknown") for r in subject.graph.of_type(type_) if r.get("name") is UNKNOWN]


def whole(resource: Resource, path: str, holds: Callable[[Any], bool], default: Any = None) -> Finding:
    """Judge a property like `claim`, but not before all of it is known: the rest could break what the seen part holds.

    What fails whatever the rest is comes out as unknown too.
    """
    value = resource.get(path, default)
    if any(leaf is UNKNOWN for _, leaf in walk(reveal(value))):
        return Finding(resource, path, "unknown")
    return Finding(resource, path, "pass" if holds(reveal(value)) else "fail")


def worst(words: Iterable[str]) -> Word:
    """Return what all of several findings come to; pass where there are none."""
    found = set(words)
    return "fail" if "fail" in found else "unknown" if "unknown" in found else "pass"


def best(words: Iterable[str]) -> Word:
    """Return what one of several findings suffices for; fail where there are none."""
    found = set(words)
    return "pass" if "pass" in found else "unknown" if "unknown" in found else "fail"


def permissions(subject: Subject, function: Resource) -> list[Mapping[str, Any]] | None:
    """Return the statements of the inline policies of a function's roles, None where one is not known yet."""
    found: list[Mapping[str, Any]] = []
    for role in depends_by(subject, function, "role", ROLE):
        for policy in subject.graph.of_type(ROLE_POLICY):
            if role.urn in policy.property_dependencies.get("role", ()):
                written = statements(policy, "policy")
                if written is None:
                    return None
                found += written
    return found


def elements(statement: Mapping[str, Any], name: str) -> list[str]:
    """Return the actions of a statement in lower case, since IAM's actions have no case, or its resources."""
    values = texts(statement.get(name))
    return [value.casefold() for value in values] if name == "Action" else values


def any_partition(arn: str) -> str:
    """Write an ARN of any partition of AWS as one of the first, so that all of them can be compared."""
    return re.sub("^arn:[^:]+:", "arn:aws:", arn)


def covers(pattern: str, text: str) -> bool:
    """Say whether a pattern of a policy, with its stars and question marks, matches a text."""
    return _expression(pattern).fullmatch(text) is not None


@functools.lru_cache(maxsize=8192)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def conditions(statement: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return the conditions of a statement as (operator, key in lower case, values). All of them must hold."""
    written = statement.get("Condition")
    rows = written.items() if isinstance(written, dict) else ()
    return [
        (operator, key.casefold(), texts(values))
        for operator, keys in rows
        for key, values in (keys.items() if isinstance(keys, dict) else ())
    ]
