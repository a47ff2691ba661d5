"""Keys and indexes of tables, as the graph has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN, Resource, walk

TARGET = "aws:appautoscaling/target:Target"


def key_of(text: str) -> list[tuple[str, str]]:
    """Read "partition + sort:N" as [(partition, S), (sort, N)]."""
    pairs = (part.strip().partition(":") for part in text.split("+"))
    return [(name, type_ or "S") for name, _, type_ in pairs]


def types_of(table: Resource) -> dict[Any, Any] | None:
    """Return the type of each attribute by name, None where one of them is not known yet."""
    attributes = table.get("attributes", [])
    if any(leaf is UNKNOWN for _, leaf in walk(attributes)):
        return None
    return {row.get("name"): row.get("type") for row in attributes}


def index_key(index: Mapping[str, Any]) -> list[Any]:
    schemas = index.get("keySchemas") or []
    if schemas:
        by_kind = {row.get("keyType"): row.get("attributeName") for row in schemas}
        return [by_kind[kind] for kind in ("HASH", "RANGE") if kind in by_kind]
    return [index[name] for name in ("hashKey", "rangeKey") if index.get(name)]
