"""How commands and plugins talk to a stack's daemon: one JSON object each way over an authenticated loopback socket.

Imports nothing but the standard library: each plugin that the engine starts pays for what stands here.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Client, Connection
from multiprocessing.context import AuthenticationError
from pathlib import Path
from typing import Any, cast

FILE = "daemon.json"
PACKAGES_HOME = Path(__file__).resolve().parents[2]  # where this package is imported from: it is not installed


class NotRunning(Exception):
    """There is no daemon to talk to; the text says what there is instead."""


@dataclass(frozen=True)
class Address:
    """Where a stack's daemon is. The token keeps other users of the machine out, so the file is the owner's alone."""

    instance: str
    pid: int
    port: int
    endpoint: str
    token: str = field(repr=False)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write(directory: Path, address: Address) -> None:
    write_private(directory / FILE, json.dumps(asdict(address)))


def read(directory: Path) -> Address | None:
    """Return what the file says, None where there is none or none that can be read."""
    try:
        return Address(**json.loads((directory / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def connect(directory: Path) -> Connection[Any, Any]:
    """Connect to the daemon of a directory. Raises NotRunning."""
    address = read(directory)
    if address is None:
        raise NotRunning("no sandbox is running")
    try:
        return cast("Connection[Any, Any]", Client(("127.0.0.1", address.port), authkey=bytes.fromhex(address.token)))
    except (OSError, EOFError, AuthenticationError):
        # Whoever has the port or the process id by now does not know the token.
        raise NotRunning(f"the sandbox of process {address.pid} is gone, and its AWS with it") from None


def send(connection: Connection[Any, Any], message: Mapping[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection[Any, Any]) -> dict[str, Any]:
    return json.loads(connection.recv_bytes())


def ask(directory: Path, request: str, **arguments: Any) -> dict[str, Any]:
    """Put one question to the daemon of a directory. Raises NotRunning."""
    with connect(directory) as connection:
        try:
            send(connection, {"request": request, **arguments})
            return receive(connection)
        except (OSError, EOFError):
            raise NotRunning("the sandbox went away") from None
