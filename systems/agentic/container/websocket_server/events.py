"""Events for clients, from the queue that workers put them on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from agenticai_shared import logs
from agenticai_shared.connections import Connections
from agenticai_shared.errors import Invalid

WAIT_SECONDS = 10  # of a long poll, well below what the container has to stop
_PAUSE_SECONDS = 5.0


class Events:
    """Takes events off the queue and delivers them; what cannot be delivered stays, and is put aside after some tries.

    `sqs` is a client of boto3. What is done after a message was received and before it is deleted can be done twice.
    """

    def __init__(
        self,
        sqs: Any,
        queue: str,
        clients: Connections,
        *,
        wait_seconds: int = WAIT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sqs, self._queue, self._clients = sqs, queue, clients
        self._wait, self._sleep = wait_seconds, sleep

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until the server stops. An error of AWS's is logged, and tried again after a while."""
        while not stopping.is_set():
            try:
                await self.once()
            except Exception:
                logs.failure("events not received")
                await self._sleep(_PAUSE_SECONDS)

    async def once(self) -> int:
        """Receive once, and return how many messages were delivered."""
        answer = await asyncio.to_thread(
            self._sqs.receive_message, QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=self._wait
        )
        done = 0
        for message in answer.get("Messages", []):
            try:
                await asyncio.to_thread(self._deliver, message["Body"])
            except Exception:
                logs.failure("event not delivered", message_id=message["MessageId"])
                continue
            await asyncio.to_thread(
                self._sqs.delete_message, QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
            )
            done += 1
        return done

    def _deliver(self, body: str) -> None:
        event = json.loads(body)
        if not isinstance(event, dict) or set(event) != {"project_id", "event", "facts"}:
            raise Invalid("the message must be an object with project_id, event and facts")
        sent = self._clients.deliver(event["project_id"], event["event"], event["facts"])
        logs.info("event delivered", project_id=event["project_id"], event=event["event"], clients=sent)
