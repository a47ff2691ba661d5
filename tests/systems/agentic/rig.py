"""What the tests of the agentic application share: the table and bucket in memory, a clock, and faults to order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from agenticai_shared.backoff import Backoff
from agenticai_shared.blobs import Blobs
from agenticai_shared.store import Store
from agenticai_shared.table import Table
from botocore.exceptions import ClientError
from moto import mock_aws

from systems.agentic.migrate.create import create_table

TABLE, BUCKET = "agenticai-data-test", "agenticai-generated-code-test"
START = datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)


class Clock:
    """A clock that moves a second at each look."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Faulty:
    """A client before whose real calls the ordered answers come: an error to raise, or a function to call instead."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.orders: list[tuple[str, Any]] = []
        self.calls: list[str] = []

    def order(self, operation: str, *answers: Any) -> None:
        self.orders += [(operation, answer) for answer in answers]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append(operation)
            if self.orders and self.orders[0][0] == operation:
                answer = self.orders.pop(0)[1]
                if isinstance(answer, BaseException):
                    raise answer
                return answer(getattr(self.client, operation), arguments)
            return getattr(self.client, operation)(**arguments)

        return call


@dataclass
class Rig:
    """A store on a table and a bucket in memory."""

    store: Store
    table: Table
    dynamodb: Faulty
    s3: Faulty
    slept: list[float] = field(default_factory=list)

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        found = self.dynamodb.client.scan(TableName=TABLE)["Items"]
        return {(item["PK"], item["SK"]): item for item in found}

    def objects(self) -> dict[str, bytes]:
        listed = self.s3.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {
            found["Key"]: self.s3.client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read() for found in listed
        }


@functools.cache
def _clients() -> tuple[Any, Any]:
    """Return clients for every test: making them costs more than what a test does with them."""
    dynamodb: Any = boto3.resource("dynamodb")
    return dynamodb.meta.client, boto3.client("s3")


@contextmanager
def rig(bucket: str | None = BUCKET, tries: int = 4) -> Iterator[Rig]:
    with mock_aws():
        dynamodb, s3 = map(Faulty, _clients())
        create_table(dynamodb.client, TABLE)
        s3.client.create_bucket(Bucket=BUCKET)
        slept: list[float] = []
        backoff = Backoff(tries=tries, sleep=slept.append, random=lambda low, high: high)
        table = Table(TABLE, dynamodb, Blobs(s3, bucket, backoff), backoff)
        yield Rig(Store(table, Clock()), table, dynamodb, s3, slept)


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call"
    )
