"""What the predicates share: the documents' facts, and ways into the graph."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Subject

TABLE = "aws:dynamodb/table:Table"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"


@functools.cache
def facts() -> Mapping[str, Any]:
    """Return what the documents say of tables and functions (criteria/facts/trading.yaml)."""
    return yaml12.load(Path(__file__).parents[1] / "facts" / "trading.yaml")


def function_rows() -> Iterator[tuple[str, str, str, int]]:
    """Yield (function, group, kind, memory in MB) for every handler that the documents name."""
    for group, kinds in facts()["functions"].items():
        for kind, rows in kinds.items():
            for function, memory in rows.items():
                yield function, group, kind, memory


def by_name(subject: Subject, type_: str, name: str) -> Resource | None:
    """Return the stack's resource of a type whose physical name is the environment's prefix and `name`."""
    return subject.graph.named(type_, "name", f"{subject.environment}-{name}")


def statements(policy: Resource, path: str) -> list[Mapping[str, Any]] | None:
    """Return the statements of a policy document, None where the document is not known yet.

    What is no policy, or no statement of one, comes back as an empty statement, which allows nothing that a
    predicate asks for.
    """
    document = policy.get(path)
    if document is UNKNOWN or not isinstance(document, str):
        return None
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
