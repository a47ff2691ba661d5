"""DynamoDB tables: keys, indexes and capacity (AWS: CreateTable)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.networks import known_rows
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

TABLE = "aws:dynamodb/table:Table"
_MOST_INDEXES = 20


@for_types(TABLE)
def attributes(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Declared attributes are exactly those that a key or an index uses."""
    lists = [table.get(name, []) for name in ("attributes", "globalSecondaryIndexes", "localSecondaryIndexes")]
    used = dict(_keys(table))
    names = [row.get("name") for row in known_rows(lists[0])]
    # Whatever is unknown could be the very attribute that seems to be missing.
    if any(rows is UNKNOWN or UNKNOWN in rows for rows in lists) or UNKNOWN in names or UNKNOWN in used.values():
        return
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield "attributes", f"attribute {name!r} is declared twice"
    for index, name in enumerate(names):
        if name not in used.values():
            yield f"attributes[{index}].name", f"attribute {name!r} is used by no key or index"
    for path, name in used.items():
        if name not in names:
            yield path, f"attribute {name!r} is not declared in attributes"


@for_types(TABLE)
def keys(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A table has a partition key, and its keys differ."""
    copied = any(table.get(key) is not None for key in ("restoreSourceName", "restoreSourceTableArn", "importTable"))
    if table.get("hashKey") is None and not copied:
        yield "hashKey", "missing, and required"
    if table.get("hashKey") == table.get("rangeKey") is not None and table.get("hashKey") is not UNKNOWN:
        yield "rangeKey", "the sort key must differ from the partition key"
    if table.get("ttl.enabled") is True and table.get("ttl.attributeName", "") == "":
        yield "ttl.attributeName", "missing; time to live needs the attribute that holds the time"


@for_types(TABLE)
def indexes(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """At most 20 global indexes, of different names, each with a partition key and what its projection needs."""
    rows = known_rows(table.get("globalSecondaryIndexes", []))
    if len(rows) > _MOST_INDEXES:
        yield "globalSecondaryIndexes", f"{len(rows)} given; allowed: at most {_MOST_INDEXES}"
    names = [row.get("name") for row in rows]
    for index, row in enumerate(rows):
        path = f"globalSecondaryIndexes[{index}]"
        if isinstance(names[index], str) and names[index] in names[:index]:
            yield f"{path}.name", f"index {names[index]!r} is given twice"
        if row.get("hashKey") is None and row.get("keySchemas") in (None, []):
            yield f"{path}.keySchemas", "missing; an index needs a partition key"
        yield from _projection(path, row)
    for index, row in enumerate(known_rows(table.get("localSecondaryIndexes", []))):
        yield from _projection(f"localSecondaryIndexes[{index}]", row)


@for_types(TABLE)
def capacity(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Provisioned tables and indexes have capacities, on-demand ones have none."""
    mode = table.get("billingMode", "PROVISIONED")  # the provider's default
    if mode not in ("PROVISIONED", "PAY_PER_REQUEST"):
        return
    owners: list[tuple[str, Mapping[str, Any]]] = [("", table.inputs)]
    for index, row in enumerate(known_rows(table.get("globalSecondaryIndexes", []))):
        owners.append((f"globalSecondaryIndexes[{index}].", row))
    for path, owner in owners:
        for name in ("readCapacity", "writeCapacity"):
            given = owner.get(name)
            if mode == "PROVISIONED" and given is None:
                yield f"{path}{name}", "missing; billing mode PROVISIONED needs it"
            if mode == "PAY_PER_REQUEST" and given is not UNKNOWN and given is not None and given != 0:
                yield f"{path}{name}", f"{given} given; billing mode PAY_PER_REQUEST has no capacity"


@for_types(TABLE)
def streams(table: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A stream has a view type, and a view type belongs to a stream."""
    enabled, view = table.get("streamEnabled", False), table.get("streamViewType")
    if enabled is True and view is None:
        yield "streamViewType", "missing; a stream needs it"
    if enabled is False and view is not None and view is not UNKNOWN:
        yield "streamViewType", "given, but streamEnabled is not true"


def _projection(path: str, row: Mapping[str, Any]) -> Iterator[Finding]:
    included = row.get("nonKeyAttributes")
    if row.get("projectionType") == "INCLUDE" and included in (None, []):
        yield f"{path}.nonKeyAttributes", "missing; projection INCLUDE needs the attributes to include"
    if row.get("projectionType") in ("ALL", "KEYS_ONLY") and included not in (None, [], UNKNOWN):
        yield f"{path}.nonKeyAttributes", f"given, but projection {row['projectionType']} takes none"


def _keys(table: Resource) -> Iterator[tuple[str, Any]]:
    for name in ("hashKey", "rangeKey"):
        if table.inputs.get(name) is not None:
            yield name, table.inputs[name]
    for kind in ("globalSecondaryIndexes", "localSecondaryIndexes"):
        for index, row in enumerate(known_rows(table.get(kind, []))):
            for name in ("hashKey", "rangeKey"):
                if row.get(name) is not None:
                    yield f"{kind}[{index}].{name}", row[name]
            for position, key in enumerate(known_rows(row.get("keySchemas"))):
                yield f"{kind}[{index}].keySchemas[{position}].attributeName", key.get("attributeName")
