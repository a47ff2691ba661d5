"""Tables: items by their key, indexes, time to live and point-in-time recovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.model import NotSo, ProbeContext, Trial, passed, probe, trial, value

TABLE = "aws:dynamodb/table:Table"
_GROUP = "tables"
_SAMPLES: Mapping[str, Mapping[str, Any]] = {"S": {"S": "probe"}, "N": {"N": "1"}, "B": {"B": b"probe"}}
_OTHER = "probedAttribute"


@probe(_GROUP, TABLE)
def item_by_key(context: ProbeContext, table: Resource) -> Iterator[Trial]:
    """An item is written, read by its key and deleted."""
    client, name = context.client("dynamodb", table), value(table, "name")
    keys = key_names(table.inputs)
    item = _put(context, table)
    found = client.get_item(TableName=name, Key=_only(item, keys), ConsistentRead=True).get("Item")
    tried = f"put an item and get it by {' and '.join(keys)}"
    yield trial(found == item, tried, "the item came back whole", _otherwise(found))
    client.delete_item(TableName=name, Key=_only(item, keys))
    gone = client.get_item(TableName=name, Key=_only(item, keys), ConsistentRead=True).get("Item")
    yield trial(gone is None, "delete the item", "it is gone", "it is still there")


@probe(_GROUP, TABLE, where=lambda table: _indexes(table), optional=True)
def index_query(context: ProbeContext, table: Resource) -> Iterator[Trial]:
    """An item is found by a query of each index, with what the index says it holds."""
    item = _put(context, table)
    for index in _indexes(table):
        # A local index shares the table's partition key.
        keys = key_names({"hashKey": value(table, "hashKey"), **index})
        found = context.client("dynamodb", table).query(
            TableName=value(table, "name"),
            IndexName=index["name"],
            KeyConditionExpression=" AND ".join(f"#k{number} = :k{number}" for number, _ in enumerate(keys)),
            ExpressionAttributeNames={f"#k{number}": key for number, key in enumerate(keys)},
            ExpressionAttributeValues={f":k{number}": item[key] for number, key in enumerate(keys)},
        )["Items"]
        tried = f"query {index['name']} by {' and '.join(keys)}"
        expected = _held(index, table, item)
        yield trial(found == [expected], tried, f"it found the item: {index['projectionType']}", _items(found))


@probe(_GROUP, TABLE, where=lambda table: value(table, "ttl.enabled"), optional=True)
def time_to_live(context: ProbeContext, table: Resource) -> Iterator[Trial]:
    """Items expire by the attribute that the stack says."""
    attribute = value(table, "ttl.attributeName")
    found = context.client("dynamodb", table).describe_time_to_live(TableName=value(table, "name"))
    state = found["TimeToLiveDescription"]
    on = state.get("TimeToLiveStatus") == "ENABLED" and state.get("AttributeName") == attribute
    yield trial(on, "ask for time to live", f"on, by {attribute}", f"{state.get('TimeToLiveStatus')}")
    types = {row["name"]: row["type"] for row in value(table, "attributes", [])}
    # DynamoDB expires an item by a number of seconds, and never by a text.
    number = types.get(attribute, "N") == "N"
    yield trial(number, "use it as a number", f"{attribute} can be one", f"{attribute} is a key of another type")


@probe(_GROUP, TABLE)
def point_in_time_recovery(context: ProbeContext, table: Resource) -> Iterator[Trial]:
    """Every table can be restored to any second."""
    found = context.client("dynamodb", table).describe_continuous_backups(TableName=value(table, "name"))
    state = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
    status = state.get("PointInTimeRecoveryStatus", "none")
    yield trial(status == "ENABLED", "ask for continuous backups", "point-in-time recovery is on", f"it is {status}")


@probe(_GROUP, TABLE)
def encrypted_table(context: ProbeContext, table: Resource) -> Iterator[Trial]:
    """Every table is encrypted as the stack says: with a key of KMS, its own or AWS's."""
    found = context.client("dynamodb", table).describe_table(TableName=value(table, "name"))["Table"]
    state, key = found.get("SSEDescription") or {}, value(table, "serverSideEncryption.kmsKeyArn")
    if state.get("Status") not in ("ENABLED", "UPDATING") or state.get("SSEType") != "KMS":
        raise NotSo(f"encryption with KMS is {state.get('Status', 'off')}")
    if key and state.get("KMSMasterKeyArn") != key:
        raise NotSo("another key than the stack's encrypts it")
    yield passed("ask for the encryption", "KMS, with the stack's own key" if key else "KMS, with AWS's key")


def key_names(owner: Mapping[str, Any]) -> list[str]:
    """Return the attributes of a table's or an index's key, the partition key first."""
    schemas = owner.get("keySchemas")
    if schemas:
        return [row["attributeName"] for row in sorted(schemas, key=lambda row: row["keyType"])]
    return [owner[name] for name in ("hashKey", "rangeKey") if owner.get(name)]


def _indexes(table: Resource) -> list[Mapping[str, Any]]:
    return [row for kind in ("globalSecondaryIndexes", "localSecondaryIndexes") for row in value(table, kind, [])]


def sample(table: Resource) -> dict[str, Any]:
    """Return an item with every attribute that a key of the table or of an index needs, and another one."""
    item = {row["name"]: dict(_SAMPLES[row["type"]]) for row in value(table, "attributes", [])}
    return {**item, _OTHER: {"S": "whatever"}}


def _put(context: ProbeContext, table: Resource) -> dict[str, Any]:
    """Write the sample, which is taken away again, unless such an item is there already."""
    client, name, item = context.client("dynamodb", table), value(table, "name"), sample(table)
    key = _only(item, key_names(table.inputs))
    if client.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item"):
        raise NotSo("there is an item with the key that the probe writes")
    client.put_item(TableName=name, Item=item)
    context.undo(client.delete_item, TableName=name, Key=key)
    return item


def _only(item: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: item[name] for name in names}


def _held(index: Mapping[str, Any], table: Resource, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an index holds of an item: all, the keys of both, or also what it names."""
    if index["projectionType"] == "ALL":
        return item
    keys: list[str] = [*key_names(table.inputs), *key_names(index), *(index.get("nonKeyAttributes") or [])]
    return {name: item[name] for name in dict.fromkeys(keys) if name in item}


def _otherwise(found: Any) -> str:
    return "no item came back" if found is None else f"another item came back, with {', '.join(sorted(found))}"


def _items(found: list[Mapping[str, Any]]) -> str:
    return f"{len(found)} items came back" if len(found) != 1 else _otherwise(found[0])
