"""After a restore: the objects in S3 that items point to, and copying from the restored table to the one in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agenticai_shared import keys
from agenticai_shared.backoff import Backoff
from agenticai_shared.blobs import POINTERS
from agenticai_shared.items import Item
from agenticai_shared.table import Table
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from systems.agentic.migrate.source import Stop


@dataclass
class Checked:
    """What a look at a table found."""

    items: int = 0
    objects: int = 0
    brought_back: int = 0
    wrong: list[str] = field(default_factory=list)


def check(dynamodb: Any, storage: Any, table: str, bucket: str, *, undelete: bool) -> Checked:
    """Look whether each item's objects are in S3; with `undelete`, take deletions of them back.

    An item of an earlier time points to objects that were deleted since. No write ever replaces an object, so in a
    versioned bucket the deletion is a marker over the right version, and goes with the marker.
    """
    result = Checked()
    for item in items_of(dynamodb, table):
        result.items += 1
        for name, pointer in (item.get(POINTERS) or {}).items():
            result.objects += 1
            if _is_there(storage, bucket, pointer["key"]):
                continue
            if undelete and _undelete(storage, bucket, pointer["key"]):
                result.brought_back += 1
            else:
                result.wrong.append(f"{item['PK']} {item['SK']}: its {name} is not in S3: {pointer['key']}")
        if item["SK"] == keys.METADATA and "pending" in item:
            result.wrong.append(f"{item['PK']}: was being made or deleted at that time; delete it, or make it anew")
    return result


def copy(table: Table, dynamodb: Any, source: str, *, replace: bool) -> tuple[int, int]:
    """Copy items of a restored table to the one in use; return how many were copied and how many were there.

    An item that is there stays as it is unless `replace` is set. Items that only the table in use has always stay.
    """
    if source == table.name:
        raise Stop(f"{source}: source and target are the same table")
    copied = there = 0
    backoff = Backoff()
    condition = {} if replace else {"ConditionExpression": Attr("PK").not_exists()}
    for item in items_of(dynamodb, source):
        try:
            backoff.call(lambda item=item: dynamodb.put_item(TableName=table.name, Item=item, **condition))
            copied += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            there += 1
    return copied, there


def items_of(dynamodb: Any, table: str) -> Iterator[Item]:
    """Yield all items of a table."""
    backoff = Backoff()
    more: dict[str, Any] = {}
    while True:
        try:
            page = backoff.call(lambda more=more: dynamodb.scan(TableName=table, **more))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise Stop(f"{table}: no such table") from None
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _is_there(storage: Any, bucket: str, key: str) -> bool:
    try:
        storage.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        return False
    return True


def _undelete(storage: Any, bucket: str, key: str) -> bool:
    found = storage.list_object_versions(Bucket=bucket, Prefix=key)
    markers = [one for one in found.get("DeleteMarkers", []) if one["Key"] == key]
    if not any(one["Key"] == key for one in found.get("Versions", [])):
        return False
    for marker in markers:
        storage.delete_object(Bucket=bucket, Key=key, VersionId=marker["VersionId"])
    return _is_there(storage, bucket, key)
