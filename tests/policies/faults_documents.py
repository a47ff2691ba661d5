"""How policy documents are broken: statements one at a time, of every shape that a stack has."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plumbline.graph import Resource

ELSEWHERE = "999999999999"
# Of these one is enough: an ARN names its account.
PAIRED = {"aws:SourceArn", "aws:SourceAccount"}
# They limit no more than what is limited already: who owns what is written, and where what cannot be limited is read.
FORMAL = {"s3:x-amz-acl", "kms:CallerAccount", "aws:RequestedRegion"}
Statements = list[dict[str, Any]]


def statements(resource: Resource, path: str) -> Statements:
    """Return the statements of a document that is known, none where it is not."""
    value = resource.inputs.get(path)
    return json.loads(value)["Statement"] if isinstance(value, str) else []


def written(rows: Statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": rows})


def shape(row: Mapping[str, Any]) -> str:
    """Return what makes a statement like another: everything but names."""
    conditions = sorted(f"{operator} {key}" for operator, keys in row.get("Condition", {}).items() for key in keys)
    kinds = sorted({resource.split("/")[0].rpartition(":")[0] for resource in listed(row.get("Resource"))})
    kinds = [kind.replace(kind.split(":")[4], "") if kind.count(":") > 4 else kind for kind in kinds]
    return json.dumps([row["Effect"], row.get("Action"), row.get("Principal"), kinds, conditions])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def replaced(rows: Statements, number: int, **fields: Any) -> str:
    """Return a document with fields of one statement replaced; None takes a field away."""
    broken = copy.deepcopy(rows)
    for key, value in fields.items():
        broken[number].pop(key, None)
        if value is not None:
            broken[number][key] = value
    return written(broken)


def without(rows: Statements, number: int) -> str:
    return written([row for place, row in enumerate(rows) if place != number])


def added(rows: Statements, **fields: Any) -> str:
    return written([*rows, {"Effect": "Allow", **fields}])


def conditions(row: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each condition of a statement as operator, key and values."""
    for operator, keys in row.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, values


def with_condition(row: Mapping[str, Any], operator: str, key: str, change: Callable[[dict[str, Any]], None]) -> Any:
    """Return a statement's conditions after a change, None where none is left."""
    broken = copy.deepcopy(row["Condition"])
    del broken[operator][key]
    broken = {name: keys for name, keys in broken.items() if keys}
    change(broken)
    return broken or None


def weakened(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each way in which one condition of a statement says less: what is done, and the conditions after it."""
    keys = {key for _, key, _ in conditions(row)}
    for operator, key, values in conditions(row):
        if (key in PAIRED and keys >= PAIRED) or key in FORMAL:
            continue
        yield f"without {operator} {key}", with_condition(row, operator, key, lambda _: None)
        if "Not" in operator or operator.startswith(("Bool", "Numeric", "Null")):
            continue
        if operator.endswith("IfExists"):
            continue
        star = "ForAnyValue:StringLike" if operator.startswith("ForAny") else "StringLike"
        yield (
            f"{key} may be anything",
            with_condition(row, operator, key, lambda c, s=star, k=key: c.setdefault(s, {}).update({k: "*"})),
        )
        yield (
            f"{key} may be missing",
            with_condition(
                row,
                operator,
                key,
                lambda c, o=operator, k=key, v=values: c.setdefault(f"{o}IfExists", {}).update({k: v}),
            ),
        )


def narrowed(row: Mapping[str, Any]) -> bool:
    """Say whether the resources of a statement are limited by a tag or an alias, whatever their ARNs are."""
    return any(word in key for _, key, _ in conditions(row) for word in ("ResourceTag", "ResourceAliases"))


def verbs(actions: list[str]) -> Iterator[str]:
    """Yield wildcards that take in what changes things, as they stand for some of the actions."""
    for action in actions:
        service, _, name = action.partition(":")
        for verb in ("Put", "Delete", "Create", "Update", "Batch", "Write", "Send", "Publish", "Modify", "Invoke"):
            if name.startswith(verb):
                yield f"{service}:{verb}*"
