"""Runs the server until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping

import boto3
from agenticai_shared import logs, parameters
from agenticai_shared.table import Table
from websocket_server.admission import Keys
from websocket_server.config import Config, ConfigRefused
from websocket_server.events import Events
from websocket_server.server import SocketServer

KEYS = "websocket-keys"


async def run(config: Config, keys: Keys, started: asyncio.Future[int] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then let clients and the event at hand come to an end.

    `started` is told the port, for whoever waits for it.
    """
    server = SocketServer(config, Table.connect(config.table, None), keys, time.monotonic)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, server.stopping.set)
    port = await server.start()
    events = Events(boto3.client("sqs"), config.events_queue, server.clients)
    logs.info("listening", port=port, keys=len(keys))
    if started is not None:
        started.set_result(port)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(events.run(server.stopping))
        await server.stopping.wait()
        await server.stop()
    logs.info("stopped")


def main(environ: Mapping[str, str]) -> int:
    """Return the exit status: 0 after a stop that was asked for, 2 for a wrong environment."""
    try:
        config = Config.read(environ)
        keys = Keys.read(parameters.load().get(KEYS, ""))
    except (ConfigRefused, parameters.ParameterMissing) as error:
        print(error, file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"parameter {KEYS}: {error}", file=sys.stderr)
        return 2
    if not keys:
        logs.info("nobody is let in: the parameter has no digest yet", parameter=KEYS)
    asyncio.run(run(config, keys))
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
