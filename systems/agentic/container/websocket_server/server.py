"""Connections: how they are opened, what comes over them, and how they end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import http
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agenticai_shared import actions, logs
from agenticai_shared.connections import Connections
from agenticai_shared.errors import StoreError
from agenticai_shared.table import Table
from botocore.exceptions import ClientError
from websocket_server.admission import Allowance, Keys
from websocket_server.config import AGENTS, Config
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Origin

PATH, HEALTH = "/ws", "/health"
LONGEST_SECONDS = 24 * 3600  # API Gateway ends a connection after two hours
_MOST_CONNECTIONS = 1000  # what 512 MB of memory hold with room to spare
_LONGEST_MESSAGE = 32 * 1024  # bytes, like a frame of API Gateway's
_SEND_SECONDS = 10.0
_PING_SECONDS = 20  # far below the silence after which a load balancer closes a connection


class SocketServer:
    """Keeps clients' connections. What is said over them is worked on in threads, in the order in which it comes."""

    def __init__(
        self,
        config: Config,
        table: Table,
        keys: Keys,
        now: Callable[[], float],
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._config, self._keys, self._longest = config, keys, longest_seconds
        self._allowance = Allowance(config.rate, config.burst, now)
        self._open: dict[str, ServerConnection] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self.stopping = asyncio.Event()
        self.clients = Connections(table, self._post, longest_seconds=int(longest_seconds))

    async def start(self) -> int:
        """Listen, and return the port."""
        self._loop = asyncio.get_running_loop()
        self._server = await serve(
            self._handle,
            self._config.host,
            self._config.port,
            process_request=self._admit,
            # None stands for programs, which name no origin.
            origins=[Origin(self._config.origin), None] if self._config.origin else None,
            max_size=_LONGEST_MESSAGE,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            close_timeout=5,
            compression=None,
            server_header=None,
        )
        return next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Take nobody in any more, and tell all who are here to come again (1001, going away)."""
        self.stopping.set()
        if self._server is not None:
            logs.info("stopping", clients=len(self._open))
            self._server.close()
            await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request that opens no connection; None where it may."""
        path = urlsplit(request.path).path
        if path == HEALTH:
            status = http.HTTPStatus.SERVICE_UNAVAILABLE if self.stopping.is_set() else http.HTTPStatus.OK
            return connection.respond(status, f"{status.phrase}\n")
        if path != PATH:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no such path\n")
        if self._client(request) is None:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "an API key is needed\n")
        if self.stopping.is_set() or len(self._open) >= _MOST_CONNECTIONS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "come again later\n")
        return None

    def _client(self, request: Request) -> str | None:
        # Browsers cannot set headers on a WebSocket; programs can, and so keep the key out of the address.
        key = request.headers.get("x-api-key") or _query(request, "api_key")
        return self._keys.client(key) if key else None

    async def _handle(self, socket: ServerConnection) -> None:
        connection, request = socket.id.hex, socket.request
        client = self._client(request) if request else None
        if request is None or client is None:
            return
        self._open[connection] = socket
        logs.info("connected", connection=connection, client=client)
        try:
            if await self._answered(
                socket, connection, lambda: self.clients.open(connection, _query(request, "project_id"))
            ):
                async with asyncio.timeout(self._longest):
                    async for message in socket:
                        await self._message(socket, connection, client, message)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            del self._open[connection]
            await self._forget(connection)

    async def _message(self, socket: ServerConnection, connection: str, client: str, message: str | bytes) -> None:
        if not self._allowance.take(client):
            await socket.send(json.dumps({"error": "too many messages"}))
            return

        def act() -> None:
            found = actions.message(message)
            actions.act(self.clients, connection, found.get("action"), found, AGENTS)

        await self._answered(socket, connection, act)

    async def _answered(self, socket: ServerConnection, connection: str, do: Callable[[], None]) -> bool:
        """Do something in a thread and say whether it worked; the client is told where it did not."""
        try:
            await asyncio.to_thread(do)
        except StoreError as error:
            await socket.send(json.dumps({"error": str(error)}))
        except Exception:
            logs.failure("message not worked on", connection=connection)
            await socket.send(json.dumps({"error": "not done; try again"}))
        else:
            return True
        return False

    async def _forget(self, connection: str) -> None:
        try:
            await asyncio.to_thread(self.clients.close, connection)
        except Exception:
            # The table drops it by itself in time, and the next event finds it gone.
            logs.failure("connection not forgotten", connection=connection)
        logs.info("disconnected", connection=connection)

    def _post(self, connection: str, body: bytes) -> None:
        """Send bytes to a client from a thread, as API Gateway's call does."""
        socket = self._open.get(connection)
        if socket is None or self._loop is None:
            raise _error("GoneException")
        sent = asyncio.run_coroutine_threadsafe(socket.send(body.decode()), self._loop)
        try:
            sent.result(_SEND_SECONDS)
        except ConnectionClosed:
            raise _error("GoneException") from None
        except concurrent.futures.TimeoutError:
            sent.cancel()
            raise _error("LimitExceededException") from None


def _query(request: Request, name: str) -> str | None:
    return next(iter(parse_qs(urlsplit(request.path).query).get(name, [])), None)


def _error(code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code}}
    return ClientError(answer, "PostToConnection")
