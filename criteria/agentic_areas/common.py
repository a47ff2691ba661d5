"""What the predicates share: the documents' facts, and resources by their names in them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from criteria.common.lookups import BUCKET, FUNCTION, QUEUE, TABLE
from plumbline import yaml12
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict

SOCKET_API = "aws:apigatewayv2/api:Api"
# What a stack is made with, and not of.
_PROVIDER = "pulumi:providers:"


@functools.cache
def facts() -> Mapping[str, Any]:
    """Return what the documents say of the system (criteria/facts/agentic.yaml)."""
    return yaml12.load(Path(__file__).parents[1] / "facts" / "agentic.yaml")


def prefix(subject: Subject) -> str:
    """Return what the names of the stack's resources begin with: the account may hold another system too."""
    return f"{subject.environment}-{facts()['application']}"


def by_name(subject: Subject, type_: str, name: str, property_: str = "name") -> Resource | None:
    """Return the stack's resource of a type by its name in the documents."""
    return subject.graph.named(type_, property_, f"{prefix(subject)}-{name}")


def function(subject: Subject, name: str) -> Resource | None:
    return by_name(subject, FUNCTION, name)


def table(subject: Subject) -> Resource | None:
    return by_name(subject, TABLE, facts()["table"]["name"])


def queue(subject: Subject, name: str) -> Resource | None:
    return by_name(subject, QUEUE, name)


def bucket(subject: Subject, name: str) -> Resource | None:
    """Return a bucket by its name in the documents; the account's number makes it unlike any other in the world."""
    return by_name(subject, BUCKET, f"{name}-{subject.settings.get('account_id')}", "bucket")


def own(subject: Subject) -> list[Resource]:
    """Return what the stack has in AWS."""
    return [row for row in subject.graph if row.custom and not row.type.startswith(_PROVIDER)]


def absent(subject: Subject, type_: str, name: str, property_: str = "name") -> Verdict:
    """Return the verdict where a resource was not found by its name: another's may not be known yet."""
    for row in subject.graph.of_type(type_):
        if row.get(property_) is UNKNOWN:
            return Verdict("unknown", f"{name} may exist", f"{row.urn}#{property_}")
    return Verdict("fail", f"the stack has no {name}")


def without_credentials(row: Resource) -> Finding:
    """Judge that no variable of a function is one that would hold a credential; the names are known before values."""
    path = "environment.variables"
    given = row.get(path, {})
    if given is UNKNOWN:
        return Finding(row, path, "unknown")
    return Finding(row, path, "fail" if set(given) & set(facts()["credential_variables"]) else "pass")
