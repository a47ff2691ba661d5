"""Work on queues: how it is sent, and how a batch is processed with partial responses.

A message is a JSON object with the fields of Task. Queues deliver more than once, so whoever works on a task must be
able to do it again; what cannot be done is left on the queue, which puts it aside after some tries.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import boto3
from agenticai_shared import health, ids, keys, logs
from agenticai_shared.errors import Invalid
from agenticai_shared.models import File
from agenticai_shared.store import Store
from agenticai_shared.table import Table

_LONGEST_REQUEST = 100_000  # bytes, of the 1 MiB that a message may have


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker is asked to do. `modification_id` is empty where the project itself is to be written or tested.

    `subject` says what is to be written: code, or the project's documents.
    """

    project_id: str
    task_id: str
    request: str = ""
    modification_id: str = ""
    mode: str = "fast"
    subject: str = "code"

    def __post_init__(self) -> None:
        for field in fields(self):
            if not isinstance(getattr(self, field.name), str):
                raise Invalid(f"{field.name}: a text is needed")
        ids.checked(ids.PROJECT, self.project_id)
        ids.checked(ids.TEST, self.task_id)
        if self.modification_id:
            ids.checked(ids.MODIFICATION, self.modification_id)
        if len(self.request.encode()) > _LONGEST_REQUEST:
            raise Invalid(f"request: more than {_LONGEST_REQUEST:,} bytes")
        if self.mode not in ("fast", "deep"):
            raise Invalid("mode: fast or deep is needed")
        if self.subject not in ("code", "documents"):
            raise Invalid("subject: code or documents is needed")


def read(body: Any) -> Task:
    """Return the task in a message. Raises Invalid with one line for a message that is none."""
    try:
        found = json.loads(body)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("the message is no JSON") from None
    known = {field.name for field in fields(Task)}
    if not isinstance(found, dict) or not {"project_id", "task_id"} <= set(found) <= known:
        raise Invalid(f"the message must be an object with project_id and task_id, and of {', '.join(sorted(known))}")
    return Task(**found)


def send(queue: str, task: Task) -> None:
    """Put a task on one of the queues pm, dev, qa and ops."""
    _queues().send_message(QueueUrl=os.environ[f"SQS_QUEUE_URL_{queue.upper()}"], MessageBody=json.dumps(asdict(task)))


def process(event: Any, do: Callable[[Task], None]) -> dict[str, Any]:
    """Do the tasks of a batch, and answer which messages failed: the others are not delivered again.

    Asked for its health instead of work, read from the table and change nothing.
    """
    if health.asked(event):
        return health.answer(lambda: table().raw(keys.key("HEALTH", keys.METADATA)))
    failed = []
    for record in event["Records"]:
        facts: Mapping[str, Any] = {"message_id": record["messageId"]}
        try:
            task = read(record["body"])
            facts = {**facts, "project_id": task.project_id, "task_id": task.task_id}
            do(task)
            logs.info("task done", **facts)
        except Exception:
            logs.failure("task failed", **facts)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


@functools.cache
def table() -> Table:
    """Return the table with its bucket, with clients that live as long as the function."""
    return Table.connect(os.environ["DYNAMODB_TABLE_NAME"], os.environ.get("S3_BUCKET_NAME"))


@functools.cache
def store() -> Store:
    """Return the application's data."""
    return Store(table())


def files(project_id: str) -> Iterator[File]:
    """Yield all files of a project, by path."""
    cursor = None
    while True:
        page = store().project_files(project_id, limit=100, cursor=cursor)
        yield from page.items
        if (cursor := page.cursor) is None:
            return


def save(key: str, body: bytes) -> str:
    """Write an artefact into the bucket and return its key. Written again, it is the same object."""
    bucket().put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=body)
    return key


@functools.cache
def bucket() -> Any:
    """Return a client for the bucket of generated code."""
    return boto3.client("s3")


@functools.cache
def _queues() -> Any:
    return boto3.client("sqs")
