"""Changes resources in place, and deletes them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from plumbline import sdk
from plumbline.graph import dig, reveal
from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import ADAPTERS, DELETERS, UPDATERS, Context, Inputs
from plumbline.sandbox.lifecycle.agreement import same
from plumbline.sandbox.lifecycle.reading import read
from plumbline.sandbox.lifecycle.rows import (
    backend,
    call_tags,
    called,
    filled,
    input_of,
    is_gone,
    row_of,
    space_of,
    tables,
)
from plumbline.sandbox.lifecycle.translate import arguments, as_text, taken_by


def update(
    context: Context, type_: str, identity: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a resource in place, and return the outputs that are new.

    Raises DeployError for a property that AWS, or moto for it, cannot change; what moto does not keep is only declared.
    """
    old, new = reveal(before), reveal(now)
    row = row_of(type_)
    own = UPDATERS.get(type_)
    if own is not None:
        outputs = own(context, identity, old, new)
    elif row.get("update") == "create":
        # Some calls take tags only when they make something; those have calls of their own.
        rest = without(new, {"tags"}) if "tags" in row else new
        outputs = ADAPTERS[type_](context, rest)[1] if changed(without(old, {"tags"}), without(new, {"tags"})) else {}
    else:
        outputs = {}
        change(type_, context, identity, old, new)
    if "tags" in row:
        _tag(context, row, identity, old, new)
    return outputs


def changed(before: Inputs, now: Inputs) -> set[str]:
    """Return the top-level properties that two declarations do not share."""
    return {key for key in {*before, *now} if key != "__defaults" and before.get(key) != now.get(key)}


def without(inputs: Inputs, names: set[str]) -> dict[str, Any]:
    """Return a declaration without some of its properties."""
    return {key: value for key, value in inputs.items() if key not in names}


def change(type_: str, context: Context, identity: str, before: Inputs, now: Inputs) -> None:
    """Change what differs between two declarations by the calls of a type's row."""
    row, node = row_of(type_), sdk.inputs_of(type_)
    assert node is not None
    space = space_of(context, row, identity, now)
    values = {**_cleared(before, now, row), **{key: value for key, value in now.items() if value is not None}}
    left = changed(before, now) - ({"tags"} if "tags" in row else set())
    # What is declared no more, and AWS then decides itself, stays as it is.
    left -= {key for key in left if now.get(key) is None and row.get("extra", {}).get(key) == "*"}
    for call in row.get("update", ()):
        if not _applies(call, values):
            continue
        client = context.client(row["service"], now)
        if "model" in call:
            left -= _model(context, row, {**call, "node": node}, space, values, left)
            continue
        if "patch" in call:
            left -= _patch(client, call, space, values, left)
            continue
        shape, names = input_of(client, call["call"]), {**row.get("names", {}), **call.get("names", {})}
        taken = set(taken_by(shape, names, node).values()) & set(call.get("of", values))
        about = (set(call["when"]) if "when" in call else taken) & left
        if about:
            wanted = about if call.get("only") == "changed" else taken
            given = {key: values[key] for key in wanted if values.get(key) is not None}
            called(client, call, space, arguments(given, shape, names, node))
            # A number that is declared no more has no value to be set to.
            about = {key for key in about if key in given or "when" in call}
        left -= about
    left -= set(row.get("untold", ()))
    if left:
        raise DeployError(f"{', '.join(sorted(left))} cannot be updated in the sandbox")


def _applies(call: Inputs, values: Inputs) -> bool:
    """Say whether the values are those for which a call is: "*" is any, nothing is none or off."""
    return all(
        bool(values.get(key)) if wanted == "*" else same(wanted, values.get(key)) or not (wanted or values.get(key))
        for key, wanted in call.get("when", {}).items()
    )


def _model(context: Context, row: Inputs, call: Inputs, space: Inputs, values: Inputs, left: set[str]) -> set[str]:
    """Change moto's own object where it has no call for it, and return the properties that were changed."""
    kept: Any = backend(context, row["service"], space["region"])
    for step in (filled(step, space) for step in call["model"]):
        kept = kept[step] if isinstance(kept, dict) else getattr(kept, step)
    about = {attribute: property_ for attribute, property_ in call["set"].items() if property_ in left}
    for attribute, property_ in about.items():
        setattr(kept, attribute, _as_called(context, row, call, space, property_, values.get(property_)))
    return set(about.values())


def _as_called(context: Context, row: Inputs, call: Inputs, space: Inputs, property_: str, value: Any) -> Any:
    """Return a property as the call `like` would have brought it to moto, or as it is."""
    if "like" not in call or value is None:
        return value
    shape = input_of(context.client(row["service"], space), call["like"])
    return next(iter(arguments({property_: value}, shape, row.get("names", {}), call["node"]).values()), None)


def _patch(client: Any, call: Inputs, space: Inputs, values: Inputs, left: set[str]) -> set[str]:
    """Change what API Gateway changes by patches, and return the properties that were changed."""
    about = {path: place for path, place in call["patch"].items() if path.partition(".")[0] in left}
    operations = [
        {"op": "replace", "path": place, "value": as_text(dig(values, path, ""))} for path, place in about.items()
    ]
    if operations:
        called(client, call, space, {"patchOperations": operations})
    return {path.partition(".")[0] for path in about}


def _cleared(before: Inputs, now: Inputs, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that AWS has where nothing is declared, for the properties that are declared no more."""
    gone = {key: value for key, value in before.items() if now.get(key) is None}
    return {key: row.get("extra", {}).get(key, _nothing(value)) for key, value in gone.items()}


def _nothing(value: Any) -> Any:
    if isinstance(value, bool):
        return False
    return type(value)() if isinstance(value, str | list | dict) else None


def _tag(context: Context, row: Mapping[str, Any], identity: str, before: Inputs, now: Inputs) -> None:
    if row["tags"]["as"] == "model":
        _model(
            context, row, {**row["tags"], "set": {"tags": "tags"}}, space_of(context, row, identity, now), now, {"tags"}
        )
        return
    old, new = dict(before.get("tags") or {}), dict(now.get("tags") or {})
    client, space = context.client(row["service"], now), space_of(context, row, identity, now)
    way = tables()["dialects"][row["tags"]["as"]]
    if "put" in way and old != new:
        call_tags(client, row["tags"], "put" if new else "clear", new, space)
        return
    gone = [key for key in old if key not in new]
    if gone:
        call_tags(client, row["tags"], "untag", dict.fromkeys(gone), space)
    fresh = {key: value for key, value in new.items() if old.get(key) != value}
    if fresh:
        call_tags(client, row["tags"], "tag", fresh, space)


def delete(context: Context, type_: str, identity: str, inputs: Mapping[str, Any]) -> None:
    """Delete a resource. One that is gone is no error; what AWS refuses to delete is one."""
    plain = reveal(inputs)
    try:
        (DELETERS.get(type_) or functools.partial(_delete, type_))(context, identity, plain)
    except (ClientError, LookupError, AttributeError) as error:
        # moto fails of itself at much that is not there.
        if not (isinstance(error, ClientError) and is_gone(error)) and _is_there(context, type_, identity, inputs):
            raise


def _delete(type_: str, context: Context, identity: str, inputs: Inputs) -> None:
    row = row_of(type_)
    space = space_of(context, row, identity, inputs)
    for call in row.get("delete", ()):
        called(context.client(row["service"], inputs), call, space)


def _is_there(context: Context, type_: str, identity: str, inputs: Mapping[str, Any]) -> bool:
    try:
        return read(context, type_, identity, inputs) is not None
    except (ClientError, LookupError, AttributeError):
        return True
