"""Reads what a resource is now, and says it in the words in which it is declared."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from plumbline import sdk
from plumbline.changes import replacing
from plumbline.graph import reveal
from plumbline.sandbox.adapters import READERS, Context, Inputs
from plumbline.sandbox.lifecycle.agreement import settled
from plumbline.sandbox.lifecycle.rows import call_tags, called, filled, is_gone, row_of, space_of, tables
from plumbline.sandbox.lifecycle.translate import told


def read(context: Context, type_: str, identity: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the current properties of a resource as declarations, None where it is gone."""
    plain = reveal(inputs)
    try:
        now = (READERS.get(type_) or functools.partial(tell, type_))(context, identity, plain)
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    if now is None:
        return None
    row = row_of(type_)
    # What names the resource to its calls cannot differ, and neither can what would replace it.
    naming = {*re.findall(r"{(\w+)", str(row.get("read", ""))), *replacing(type_)}
    untold = {*row.get("untold", ()), *(name for name in naming if name not in now)}
    return settled({key: inputs[key] for key in inputs if key != "__defaults"}, now, untold, row.get("extra", {}))


def tell(type_: str, context: Context, identity: str, inputs: Inputs) -> Mapping[str, Any] | None:
    """Return what the calls of a type's row tell, in the words of its properties."""
    row, node = row_of(type_), sdk.inputs_of(type_)
    assert node is not None
    client = context.client(row["service"], inputs)
    space = space_of(context, row, identity, inputs)
    now: dict[str, Any] = {}
    for call in row.get("read", ()):
        answer: Any = called(client, call, space)
        for step in filter(None, call.get("at", "").split(".")):
            answer = (answer or {}).get(step)
        if "one" in call:
            answer = _one(answer, call["one"], space)
        if _is_missing(answer, call):
            return None
        if call.get("as"):
            part = node.properties[call["as"]]
            now[call["as"]] = told(answer, part, row.get("names", {}), call["as"])
        else:
            now |= told(answer, node, row.get("names", {})) or {}
    if "tags" in row and "list" in tables()["dialects"][row["tags"]["as"]]:
        now["tags"] = _tags(client, row["tags"], space)
    return now


def _is_missing(answer: Any, call: Mapping[str, Any]) -> bool:
    """Say whether an answer tells that the resource is not there, though the call is answered."""
    if "one" in call and answer is None:
        return True
    if "must" in call and not (answer or {}).get(call["must"]):
        return True
    states = {member: (answer or {}).get(member) for member in call.get("gone", {})}
    return any(
        state in call["gone"][member] or (state and call["gone"][member] == ["*"]) for member, state in states.items()
    )


def _one(rows: Any, wanted: Mapping[str, str], space: Mapping[str, Any]) -> Any:
    """Return the element of a list that has the wanted members, None where there is none."""
    values = {member: filled(template, space) for member, template in wanted.items()}
    return next((row for row in rows or () if all(row.get(member) == value for member, value in values.items())), None)


def _tags(client: Any, tags: Mapping[str, Any], space: Mapping[str, Any]) -> dict[str, str]:
    way = tables()["dialects"][tags["as"]]["list"]
    answer = call_tags(client, tags, "list", {}, space)
    for step in way["at"].split("."):
        answer = (answer or {}).get(step)
    found = told(answer or {}, sdk.MapOf(sdk.Primitive(str)), {})
    return {key: value for key, value in found.items() if not key.startswith("aws:")}
