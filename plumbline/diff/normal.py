"""Property values in the form in which they are compared: what AWS reads alike looks alike.

JSON text becomes what it says. Lists whose order AWS does not look at become mappings by element, so that a difference
names what came and what went: statements of policies by Sid, elements of sets by themselves.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.contract import encode
from plumbline.graph import Resource, StackGraph

# Elements of a statement whose values are sets, and one value stands for a list of one.
_SETS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")


class Members(dict[str, Any]):
    """A list without order, by element; what is written once in a list twice is one."""


@functools.cache
def _unordered() -> Mapping[str, list[str]]:
    return yaml12.load(Path(__file__).parents[1] / "data" / "unordered.yaml")


def graph(given: StackGraph) -> StackGraph:
    """Return a graph whose resources' inputs are in this form."""
    return StackGraph(
        given.stack, given.project, {urn: resource(one) for urn, one in given.resources.items()}, given.outputs
    )


def resource(given: Resource) -> Resource:
    """Return a resource whose inputs are in this form."""
    loose = _unordered().get(given.type, [])
    inputs = {key: _value(value, key, loose) for key, value in given.inputs.items()}
    return dataclasses.replace(given, inputs=inputs)


def _value(value: Any, path: str, loose: list[str]) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {key: _value(item, f"{path}.{key}", loose) for key, item in value.items()}
    if isinstance(value, list):
        items = [_value(item, path, loose) for item in value]
        return _members(items) if path in loose else items
    return value


def _text(value: str) -> Any:
    if value[:1] not in ("{", "["):
        return value
    try:
        said = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return _policy(said) if isinstance(said, dict) and "Statement" in said else said


def _policy(document: Mapping[str, Any]) -> Any:
    given = document["Statement"]
    rows = [_statement(row) for row in (given if isinstance(given, list) else [given])]
    sids = [row.get("Sid") if isinstance(row, dict) else None for row in rows]
    if all(isinstance(sid, str) and sid for sid in sids) and len(set(sids)) == len(sids):
        statements = Members({str(sid): row for sid, row in zip(sids, rows, strict=True)})
    else:
        statements = _members(rows)
    return {**document, "Statement": statements}


def _statement(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    found = {key: _members(_listed(value)) if key in _SETS else value for key, value in row.items()}
    for key in _PRINCIPALS:
        if isinstance(row.get(key), dict):
            found[key] = {kind: _members(_listed(names)) for kind, names in row[key].items()}
    if isinstance(row.get("Condition"), dict):
        found["Condition"] = {
            operator: {key: _members(_listed(values)) for key, values in keys.items()}
            if isinstance(keys, dict)
            else keys
            for operator, keys in row["Condition"].items()
        }
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _members(items: list[Any]) -> Members:
    return Members({_called(item): item for item in items})


def _called(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping) and isinstance(item.get("name"), str):
        return item["name"]
    return json.dumps(encode(item), sort_keys=True, default=str)
