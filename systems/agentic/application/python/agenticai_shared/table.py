"""The single table and its bucket: every call to DynamoDB goes through here, with back-off.

Each write carries a token. Where an answer was lost and the call is repeated, the condition fails against the write
itself; the token tells that from somebody else's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import boto3
from agenticai_shared import cursors, keys
from agenticai_shared.backoff import Backoff
from agenticai_shared.blobs import BlobMissing, Blobs
from agenticai_shared.errors import Conflict, NotFound, StoreError
from agenticai_shared.items import Item
from agenticai_shared.sizes import item_size
from boto3.dynamodb.conditions import ConditionBase, Key
from botocore.config import Config
from botocore.exceptions import ClientError

# Retries are Backoff's: two layers of them would multiply.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})
_BATCH_READ, _BATCH_WRITE = 100, 25
_BATCH_BYTES = 12 * 1024 * 1024  # of the 16 MB that DynamoDB takes, as sizes are estimates


class Table:
    """Items of one table, whole: what lies in S3 is fetched where it is read."""

    def __init__(self, name: str, dynamodb: Any, blobs: Blobs, backoff: Backoff) -> None:
        """`dynamodb` is a resource's client, which takes and gives plain Python values."""
        self.name, self.blobs = name, blobs
        self._client, self._backoff = dynamodb, backoff

    @classmethod
    def connect(
        cls, name: str, bucket: str | None, backoff: Backoff | None = None, endpoint: str | None = None
    ) -> Table:
        """Return the table by its name, with clients of its own."""
        backoff = backoff or Backoff()
        dynamodb: Any = boto3.resource("dynamodb", endpoint_url=endpoint, config=_CONFIG)
        storage = boto3.client("s3", endpoint_url=endpoint, config=_CONFIG)
        return cls(name, dynamodb.meta.client, Blobs(storage, bucket, backoff), backoff)

    def raw(self, key: keys.Key) -> Item | None:
        """Return an item as the table holds it."""
        return self._call("get_item", Key=key, ConsistentRead=True).get("Item")

    def get(self, key: keys.Key) -> Item | None:
        item = self.raw(key)
        return item and self.whole(item)

    def whole(self, item: Item) -> Item:
        """Return an item with its parts from S3; one that was replaced meanwhile is read again."""
        for _ in range(3):
            try:
                return self.blobs.whole(item)
            except BlobMissing:
                again = self.raw(keys.key(item["PK"], item["SK"]))
                if again is None or again == item:
                    raise
                item = again
        return self.blobs.whole(item)

    def put(self, item: Item, condition: ConditionBase, refusal: str) -> None:
        """Write an item where a condition holds; raise Conflict with the refusal where it does not."""
        token = uuid.uuid4().hex
        fitted = self.blobs.fit({**item, "token": token}, token)
        key = keys.key(item["PK"], item["SK"])
        try:
            old = self._call("put_item", Item=fitted, ConditionExpression=condition, ReturnValues="ALL_OLD")
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            if (self.raw(key) or {}).get("token") != token:
                self.blobs.drop(fitted)
                raise Conflict(refusal) from None
            return
        self.blobs.drop(old.get("Attributes"), keep=fitted)

    def put_together(self, guard: keys.Key, items: Sequence[Item], *, new: bool, missing: str, refusal: str) -> None:
        """Write items below a parent that must be there and complete, in transactions of at most 3 MB.

        Each transaction holds or fails as a whole. `new` items must not be there yet.
        """
        # boto3's condition objects do not reach into transactions.
        present = "attribute_exists(PK) AND attribute_not_exists(pending)"
        check = {"ConditionCheck": {"TableName": self.name, "Key": guard, "ConditionExpression": present}}
        for part in _chunks(items, 20, 3 * 1024 * 1024):
            token = uuid.uuid4().hex
            fitted = [self.blobs.fit({**item, "token": token}, token) for item in part]
            old = [] if new else self.batch_get([keys.key(item["PK"], item["SK"]) for item in part])
            only_new = {"ConditionExpression": "attribute_not_exists(PK)"} if new else {}
            puts = [{"Put": {"TableName": self.name, "Item": item, **only_new}} for item in fitted]
            try:
                self.transact([check, *puts], token)
            except ClientError as error:
                reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
                if "ConditionalCheckFailed" not in reasons:
                    raise
                for item in fitted:
                    self.blobs.drop(item)
                raise (NotFound(missing) if reasons[0] == "ConditionalCheckFailed" else Conflict(refusal)) from None
            kept = {keys_of(item): item for item in fitted}
            for item in old:
                self.blobs.drop(item, keep=kept[keys_of(item)])

    def transact(self, actions: Sequence[Mapping[str, Any]], token: str) -> None:
        """Carry out a transaction; DynamoDB takes a repeated token as the same one for ten minutes."""
        call = self._client.transact_write_items
        self._backoff.call(lambda: call(TransactItems=actions, ClientRequestToken=token))

    def transact_if(self, actions: Sequence[Mapping[str, Any]], token: str) -> bool:
        """Carry out a transaction; say whether its conditions held."""
        try:
            self.transact(actions, token)
        except ClientError as error:
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
            if "ConditionalCheckFailed" not in reasons:
                raise
            return False
        return True

    def delete(self, key: keys.Key) -> None:
        self._call("delete_item", Key=key)

    def mark(self, key: keys.Key, *, remove: Sequence[str]) -> bool:
        """Mark an item as pending and take it off indexes; say whether it is there."""
        names = {f"#{number}": name for number, name in enumerate(remove)}
        try:
            self._call(
                "update_item",
                Key=key,
                UpdateExpression=f"SET pending = :yes REMOVE {', '.join(names)}",
                ConditionExpression="attribute_exists(PK)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":yes": True},
            )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def page(
        self,
        index: str | None,
        partition: str,
        prefix: str = "",
        *,
        limit: int,
        cursor: str | None = None,
        newest_first: bool = False,
    ) -> tuple[list[Item], str | None]:
        """Return items of a partition, raw, and the cursor to the next ones.

        DynamoDB ends a page early after 1 MB; then the rest of the page is asked for.
        """
        wanted = cursors.page_size(limit)
        start = cursors.read(cursor, index, partition, prefix) if cursor is not None else None
        at, sort = keys.INDEXES[index]
        condition = Key(at).eq(partition)
        arguments: dict[str, Any] = {
            "KeyConditionExpression": condition & Key(sort).begins_with(prefix) if prefix else condition
        }
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        found: list[Item] = []
        while True:
            more = {"ExclusiveStartKey": start} if start else {}
            answer = self._call(
                "query", **arguments, **more, Limit=wanted - len(found), ScanIndexForward=not newest_first
            )
            found += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start or len(found) >= wanted:
                return found, cursors.write(index, start) if start else None

    def partition(self, partition: str, prefix: str = "", names: Sequence[str] = ()) -> Iterator[Item]:
        """Yield all items of a partition, raw; of each only some attributes where names are given."""
        condition = Key("PK").eq(partition)
        arguments: dict[str, Any] = {
            "KeyConditionExpression": condition & Key("SK").begins_with(prefix) if prefix else condition
        }
        if names:
            aliases = {f"#{number}": name for number, name in enumerate(names)}
            arguments |= {"ProjectionExpression": ", ".join(aliases), "ExpressionAttributeNames": aliases}
        while True:
            answer = self._call("query", **arguments, ConsistentRead=True)
            yield from answer["Items"]
            if not (start := answer.get("LastEvaluatedKey")):
                return
            arguments["ExclusiveStartKey"] = start

    def batch_get(self, wanted: Iterable[keys.Key], names: Sequence[str] = ()) -> list[Item]:
        """Return the items that exist among some keys, raw and in no order; of each only the attributes named."""
        found: list[Item] = []
        aliases = {f"#{number}": name for number, name in enumerate(names)}
        some = {"ProjectionExpression": ", ".join(aliases), "ExpressionAttributeNames": aliases} if names else {}
        remaining = iter(wanted)
        while part := list(islice(remaining, _BATCH_READ)):
            request = {self.name: {"Keys": part, "ConsistentRead": True, **some}}

            def read(request: Any) -> Any:
                answer = self._client.batch_get_item(RequestItems=request)
                found.extend(answer["Responses"].get(self.name, []))
                return answer.get("UnprocessedKeys")

            self._until_processed(read, request)
        return found

    def batch_write(self, put: Iterable[Item] = (), delete: Iterable[keys.Key] = ()) -> None:
        """Write fitted items and delete keys, unconditionally; what DynamoDB leaves unprocessed is tried again."""
        requests = [{"PutRequest": {"Item": item}} for item in put] + [
            {"DeleteRequest": {"Key": key}} for key in delete
        ]
        for part in _chunks(requests, _BATCH_WRITE, _BATCH_BYTES):
            self._until_processed(
                lambda request: self._client.batch_write_item(RequestItems=request).get("UnprocessedItems"),
                {self.name: part},
            )

    def sample(self) -> Item | None:
        """Return any item, None where the table is empty."""
        return next(iter(self._call("scan", Limit=1, ConsistentRead=True)["Items"]), None)

    def describe(self) -> dict[str | None, tuple[str, str]] | None:
        """Return the names of the table's keys and of each index's, None where there is no table."""
        try:
            found = self._call("describe_table")["Table"]
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            return None
        schemas = {None: found["KeySchema"]} | {
            index["IndexName"]: index["KeySchema"] for index in found.get("GlobalSecondaryIndexes", [])
        }
        return {name: tuple(part["AttributeName"] for part in schema) for name, schema in schemas.items()}

    def _until_processed(self, call: Callable[[Any], Any], request: Any) -> None:
        tried = 0
        while left := self._backoff.call(partial(call, request)):
            # Progress starts the count anew: only a table that takes nothing at all ends the tries.
            tried = tried + 1 if _amount(left) == _amount(request) else 1
            self._backoff.wait(tried)
            request = left

    def _call(self, operation: str, **arguments: Any) -> Any:
        call = getattr(self._client, operation)
        return self._backoff.call(lambda: call(TableName=self.name, **arguments))


def keys_of(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["PK"], item["SK"]


def said(error: ClientError) -> StoreError:
    """Return an error of DynamoDB or S3 that no retry helps as one line without request ids."""
    return StoreError(f"{error.operation_name}: {_code(error)}: {error.response['Error'].get('Message', '')}")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _amount(request: Mapping[str, Any]) -> int:
    return sum(len(part["Keys"] if isinstance(part, Mapping) else part) for part in request.values())


def _chunks(items: Iterable[Any], count: int, size: int) -> Iterator[list[Any]]:
    part: list[Any] = []
    total = 0
    for item in items:
        own = item_size(item)
        if part and (len(part) >= count or total + own > size):
            yield part
            part, total = [], 0
        part.append(item)
        total += own
    if part:
        yield part
