"""Between AWS's words and the provider's: an answer as a resource's properties, and properties as a call's arguments.

The two differ by rule: AWS begins names with a capital, counts in the singular, writes tags as a list of pairs, and
wraps lists in objects that count them. What follows no rule is in the tables under plumbline/data/lifecycle.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.response import StreamingBody

from plumbline import sdk

# AWS's name, or PARENT.NAME, to the property's. None is for what is no property, "." for an object whose parts are
# properties beside it, and "=" for the one part of an object that stands for all of it.
Names = Mapping[str, str | None]
_ASIDE, _ALL = ".", "="
_KEYS = ("Key", "TagKey", "key", "Name")
_VALUES = ("Value", "TagValue", "value")


def told(value: Any, node: sdk.Node | None, names: Names, parent: str = "") -> Any:
    """Return a part of AWS's answer in the shape of the property `node`. Raises ValueError where it does not fit."""
    if isinstance(value, StreamingBody):
        value = value.read()
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(node, sdk.ListOf):
        rows = _rows(value)
        return None if rows is None else [told(row, node.item, names, parent) for row in rows]
    if isinstance(node, sdk.MapOf):
        pairs = dict(_pairs(value)) if isinstance(value, list) else value
        return {key: told(item, node.value, names) for key, item in pairs.items()} if pairs is not None else None
    if isinstance(node, sdk.Nested):
        return _told_object(value, node, names, parent)
    if isinstance(node, sdk.Primitive):
        return _told_scalar(_one_of(value, names) if isinstance(value, dict | list) else value, node.kind)
    return value


def _rows(value: Any) -> list[Any] | None:
    if isinstance(value, dict) and "Quantity" in value:
        return list(value.get("Items") or [])
    if value is None or isinstance(value, list):
        return value
    return [value]


def _pairs(rows: list[Any]) -> Iterator[tuple[str, Any]]:
    for row in rows:
        key = next(row[name] for name in _KEYS if name in row)
        yield key, next((row[name] for name in _VALUES if name in row), "")


def _told_object(value: Any, node: sdk.Nested, names: Names, parent: str) -> dict[str, Any] | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, Mapping):
        return None
    found: dict[str, Any] = {}
    for member, item in value.items():
        property_ = property_of(member, node, names, parent)
        if property_ == _ASIDE:
            found |= _told_object(item, node, names, member) or {}
        elif property_ is not None:
            found[property_] = told(item, node.properties[property_], names, member)
    return found


def _one_of(value: Any, names: Names) -> Any:
    """Return what stands for an object or a list where a property is one text."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 and isinstance(value[0], str) else value
    return next((value[member] for member in value if names.get(member) == _ALL), value.get("Arn", value))


def _told_scalar(value: Any, kind: type) -> Any:
    if value is None or isinstance(value, kind):
        return value
    if kind is str:
        return json.dumps(value) if isinstance(value, dict | list) else as_text(value)
    if kind is bool:
        return str(value).lower() in ("true", "enabled")
    if kind in (int, float) and isinstance(value, str | int | float):
        number = float(value)
        return int(number) if number.is_integer() else number
    raise ValueError(f"{type(value).__name__} told for {kind.__name__}")


def property_of(member: str, node: sdk.Nested, names: Names, parent: str = "") -> str | None:
    """Return the property that AWS calls `member`, None where there is none."""
    for key in (f"{parent}.{member}", member):
        if key in names:
            property_ = names[key]
            # A name may stand for different properties in different parts of a resource.
            if property_ in (None, _ASIDE) or property_ in node.properties:
                return property_
    plain = member.casefold()
    for property_ in node.properties:
        wanted = property_.casefold()
        if wanted in (plain, f"{plain}s", f"{plain}es", f"{plain.removesuffix('y')}ies"):
            return property_
    return None


def taken_by(shape: Any, names: Names, node: sdk.Nested) -> dict[str, str]:
    """Return the members of a call's input shape that say a property, with that property."""
    found: dict[str, str] = {}
    for member, inner in shape.members.items():
        property_ = property_of(member, node, names)
        if property_ == _ASIDE and inner.type_name == "structure":
            found |= {f"{member}.{part}": name for part, name in taken_by(inner, names, node).items()}
        elif property_ is not None:
            found[member] = property_
    return found


def arguments(inputs: Mapping[str, Any], shape: Any, names: Names, node: sdk.Nested) -> dict[str, Any]:
    """Return the inputs as the members of a call's input shape: what the shape has, and the inputs say."""
    return _written_object(inputs, shape, names, node, "")


def written(value: Any, shape: Any, names: Names, node: sdk.Node | None, parent: str = "") -> Any:
    """Return a property as AWS writes a shape."""
    kind = shape.type_name
    if kind == "structure":
        if isinstance(node, sdk.ListOf) and {"Quantity", "Items"} <= shape.members.keys():
            items = [written(item, shape.members["Items"].member, names, node.item, parent) for item in value]
            return {"Quantity": len(items), "Items": items}
        if len(shape.members) == 1 and not isinstance(node, sdk.Nested | sdk.ListOf):
            ((member, only),) = shape.members.items()
            return {member: written(value, only, names, node, parent)}
        inner = node.item if isinstance(node, sdk.ListOf) else node
        (one,) = value if isinstance(value, list) else (value,)
        return _written_object(one, shape, names, inner, parent)
    if kind == "list":
        if isinstance(value, Mapping) and not isinstance(node, sdk.Nested):
            return _pairs_of(value, shape.member)
        inner = node.item if isinstance(node, sdk.ListOf) else node
        return [
            written(item, shape.member, names, inner, parent)
            for item in (value if isinstance(value, list) else [value])
        ]
    if kind == "map":
        return {key: written(item, shape.value, names, None) for key, item in value.items()}
    return _written_scalar(value, kind)


def _written_object(value: Any, shape: Any, names: Names, node: sdk.Node | None, parent: str) -> dict[str, Any]:
    if not isinstance(node, sdk.Nested):
        return dict(value)
    found: dict[str, Any] = {}
    for member, inner in shape.members.items():
        property_ = property_of(member, node, names, parent)
        if property_ == _ASIDE:
            aside = written(value, inner, names, node, member)
            found |= {member: aside} if any(aside) else {}
        elif property_ is not None and value.get(property_) is not None:
            found[member] = written(value[property_], inner, names, node.properties[property_], member)
    return found


def _pairs_of(value: Mapping[str, Any], shape: Any) -> list[Any]:
    """Return a map as a list of pairs, or of its keys where the list is one of texts."""
    if shape.type_name == "string":
        return list(value)
    key = next(name for name in _KEYS if name in shape.members)
    word = next((name for name in _VALUES if name in shape.members), None)
    return [{key: name, word: item} if word and item is not None else {key: name} for name, item in value.items()]


def _written_scalar(value: Any, kind: str) -> Any:
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "blob":
        return value.encode() if isinstance(value, str) else value
    return as_text(value) if kind == "string" else value


def as_text(value: Any) -> str:
    """Return a scalar as AWS writes it in a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
