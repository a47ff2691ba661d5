"""Parts of items in S3, where an item outgrows DynamoDB's limit.

An item keeps a pointer to each part that moved, in its attribute `s3`. An object is written before the item that points
to it, under a name that no other write uses, and deleted only when no item points to it any more: whatever fails in
between leaves at most an object that nobody reads, and deleting the entity takes that along too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from agenticai_shared.backoff import Backoff
from agenticai_shared.errors import StoreError, TooLarge
from agenticai_shared.items import MOVABLE, Item
from agenticai_shared.sizes import INLINE_LIMIT, item_size, value_size
from botocore.exceptions import ClientError

POINTERS = "s3"
# A folder of its own: rules that let old artefacts expire must not reach what items point to.
FOLDER = "items"


class BlobMissing(StoreError):
    """An object that an item points to is gone or is not what the item says."""


class Blobs:
    """The bucket for what does not fit into items; without one, nothing moves."""

    def __init__(self, client: Any, bucket: str | None, backoff: Backoff, limit: int = INLINE_LIMIT) -> None:
        self._client, self._bucket, self._backoff, self._limit = client, bucket, backoff, limit

    def fit(self, item: Item, token: str) -> Item:
        """Return the item, with its largest parts moved to S3 until it fits. `token` is unique to this write."""
        if item_size(item) <= self._limit:
            return item
        rest, bodies, pointers = dict(item), {}, {}
        # Nothing is written before it is known that the rest fits.
        for name in sorted(MOVABLE & item.keys(), key=lambda name: (-value_size(item[name]), name)):
            body = _encode(rest.pop(name))
            place = hashlib.sha256(f"{item['SK']}\n{name}".encode()).hexdigest()[:16]
            bodies[name] = body
            pointers[name] = {
                "key": f"{folder(item['PK'])}{place}-{token}",
                "sha256": hashlib.sha256(body).hexdigest(),
                "bytes": len(body),
            }
            rest[POINTERS] = pointers
            if item_size(rest) <= self._limit:
                break
        if item_size(rest) > self._limit or not self._bucket:
            what = "even without its largest parts" if self._bucket else "and there is no bucket for its parts"
            raise TooLarge(f"{item['PK']} {item['SK'][:80]}: more than {self._limit:,} bytes {what}")
        for name, body in bodies.items():
            self._call("put_object", Key=pointers[name]["key"], Body=body)
        return rest

    def whole(self, item: Mapping[str, Any]) -> Item:
        """Return an item with what moved to S3 back in its place. Raises BlobMissing."""
        found = dict(item)
        for name, pointer in (found.pop(POINTERS, None) or {}).items():
            try:
                body = self._backoff.call(lambda key=pointer["key"]: self._read(key))
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("NoSuchKey", "404", "NoSuchBucket"):
                    raise
                raise BlobMissing(f"{item['PK']} {item['SK'][:80]}: its {name} is no longer in S3") from None
            if hashlib.sha256(body).hexdigest() != pointer["sha256"]:
                raise BlobMissing(f"{item['PK']} {item['SK'][:80]}: its {name} in S3 is not what was written")
            found[name] = _decode(body)
        return found

    def drop(self, item: Mapping[str, Any] | None, keep: Mapping[str, Any] | None = None) -> None:
        """Delete the objects of an item that was replaced or never written, but those of the one to keep."""
        kept = {pointer["key"] for pointer in ((keep or {}).get(POINTERS) or {}).values()}
        for pointer in ((item or {}).get(POINTERS) or {}).values():
            if pointer["key"] not in kept:
                self._call("delete_object", Key=pointer["key"])

    def drop_all(self, partition: str) -> None:
        """Delete all objects of a project or template."""
        if not self._bucket:
            return
        while names := self._names(partition):
            answer = self._call("delete_objects", Delete={"Objects": [{"Key": name} for name in names], "Quiet": True})
            if failed := answer.get("Errors"):
                raise StoreError(f"{len(failed)} objects of {partition} could not be deleted: {failed[0].get('Code')}")

    def _read(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def _names(self, partition: str) -> Iterable[str]:
        answer = self._call("list_objects_v2", Prefix=folder(partition))
        return [found["Key"] for found in answer.get("Contents", [])]

    def _call(self, operation: str, **arguments: Any) -> Any:
        call = getattr(self._client, operation)
        return self._backoff.call(lambda: call(Bucket=self._bucket, **arguments))


def folder(partition: str) -> str:
    """Return where the objects of a partition lie: `items/projects/<id>/`."""
    kind, _, id = partition.partition("#")
    return f"{FOLDER}/{kind.lower()}s/{id}/"


def _encode(value: Any) -> bytes:
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"\u0000number": str(value)}
    raise TypeError(type(value).__name__)


def _decode(body: bytes) -> Any:
    return json.loads(
        body, object_hook=lambda found: Decimal(found["\u0000number"]) if "\u0000number" in found else found
    )
