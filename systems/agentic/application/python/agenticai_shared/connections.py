"""Connected clients: whom they listen to, and events for them (AGENTIC-01.4b, 01.7).

What keeps the connections is the WebSocket API, which everybody may send through, or the container of
systems/agentic/container, which gets events from a queue: the variable EVENTS_QUEUE_URL says so. A client is an item
CONNECTION#<id>, and below each project that it subscribed to an item of the same id. Both have a time after which
DynamoDB drops them, since a client that vanishes need not say so.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from agenticai_shared import ids, logs
from agenticai_shared.errors import Invalid
from agenticai_shared.keys import METADATA, Key, key
from agenticai_shared.table import Table
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

EVENTS = (
    "project_created",
    "project_updated",
    "modification_started",
    "modification_progress",
    "modification_completed",
    "modification_failed",
    "test_started",
    "test_completed",
)
LONGEST_SECONDS = 2 * 3600  # API Gateway closes every connection after two hours
_ALWAYS = Attr("PK").not_exists() | Attr("PK").exists()


class Connections:
    """The connected clients. `post` sends bytes to one client and raises ClientError where it is gone.

    After `longest_seconds` a client counts as gone that never said so.
    """

    def __init__(
        self,
        table: Table,
        post: Callable[[str, bytes], None],
        now: Callable[[], float] = time.time,
        longest_seconds: int = LONGEST_SECONDS,
    ) -> None:
        self._table, self._post, self._now, self._longest = table, post, now, longest_seconds

    def open(self, connection: str, project_id: str | None = None) -> None:
        """Remember a client, and what it subscribes to as it connects."""
        self._put(key(_client(connection), METADATA))
        if project_id:
            self.subscribe(connection, project_id)

    def close(self, connection: str) -> None:
        """Forget a client and all that it subscribed to."""
        own = [key(item["PK"], item["SK"]) for item in self._table.partition(_client(connection), names=("PK", "SK"))]
        projects = [item["SK"].partition("#")[2] for item in own if item["SK"] != METADATA]
        listens = [key(_audience(project), _client(connection)) for project in projects]
        self._table.batch_write(delete=[*listens, *own])

    def subscribe(self, connection: str, project_id: str) -> None:
        """Let a client hear of a project."""
        ids.checked(ids.PROJECT, project_id)
        self._put(key(_client(connection), f"LISTENS#{project_id}"))
        self._put(key(_audience(project_id), _client(connection)))

    def unsubscribe(self, connection: str, project_id: str) -> None:
        """Let a client hear no more of a project."""
        ids.checked(ids.PROJECT, project_id)
        self._table.batch_write(
            delete=[
                key(_client(connection), f"LISTENS#{project_id}"),
                key(_audience(project_id), _client(connection)),
            ]
        )

    def listens(self, connection: str, project_id: str) -> bool:
        """Say whether a client hears of a project."""
        return self._table.raw(key(_audience(project_id), _client(connection))) is not None

    def tell(self, project_id: str, event: str, facts: dict[str, Any], but: str = "") -> int:
        """Send an event to all who listen to a project, and say to how many.

        Where a container keeps the connections it gets the event, and nobody here knows to how many it sends it.
        """
        _check(event)
        if queue := os.environ.get("EVENTS_QUEUE_URL"):
            _hand_over(queue, {"project_id": project_id, "event": event, "facts": facts})
            return 0
        return self.deliver(project_id, event, facts, but)

    def deliver(self, project_id: str, event: str, facts: dict[str, Any], but: str = "") -> int:
        """Send an event to all who listen to a project by oneself; those who are gone are forgotten."""
        _check(event)
        body = json.dumps({"event": event, "project_id": project_id, **facts}).encode()
        return sum(self._send(client, body) for client in self._audience(project_id) if client != but)

    def reply(self, connection: str, answer: dict[str, Any]) -> None:
        """Send something to one client."""
        self._send(connection, json.dumps(answer).encode())

    def _audience(self, project_id: str) -> Iterator[str]:
        for item in self._table.partition(_audience(project_id), names=("SK", "expires_at")):
            # DynamoDB drops items within days after their time, not at it.
            if item["expires_at"] > self._now():
                yield item["SK"].partition("#")[2]

    def _send(self, connection: str, body: bytes) -> bool:
        try:
            self._post(connection, body)
        except ClientError as error:
            if error.response["Error"]["Code"] != "GoneException":
                # An event is news: the work that it tells of is done, and must not be done again for it.
                logs.failure("event not delivered", connection=connection)
                return False
            self.close(connection)
            return False
        return True

    def _put(self, at: Key) -> None:
        self._table.put({**at, "expires_at": int(self._now()) + self._longest}, _ALWAYS, "refused")


def _check(event: str) -> None:
    if event not in EVENTS and event != "forward":
        raise Invalid(f"event: {event!r} given; known: {', '.join(EVENTS)}")


def _hand_over(queue: str, message: dict[str, Any]) -> None:
    try:
        _queues().send_message(QueueUrl=queue, MessageBody=json.dumps(message))
    except ClientError:
        # News again: the work stays done.
        logs.failure("event not handed over", project_id=message["project_id"])


@functools.cache
def _queues() -> Any:
    return boto3.client("sqs")


@functools.cache
def _gateway() -> Any:
    return boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["WEBSOCKET_ENDPOINT"])


def post(connection: str, body: bytes) -> None:
    """Send bytes to a client through the stack's WebSocket API."""
    _gateway().post_to_connection(ConnectionId=connection, Data=body)


def _client(connection: str) -> str:
    return f"CONNECTION#{connection}"


def _audience(project_id: str) -> str:
    return f"AUDIENCE#{project_id}"
