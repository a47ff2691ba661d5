"""The process that holds a stack's AWS: outlives the engine's commands, and serves them and whoever looks around."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from multiprocessing.connection import Connection, Listener
from multiprocessing.context import AuthenticationError
from pathlib import Path
from typing import Any

import grpc
from moto.server import ThreadedMotoServer
from pulumi.runtime.proto import provider_pb2_grpc

from plumbline import sdk
from plumbline.monitor import DeployError
from plumbline.provider import channel
from plumbline.provider.servicer import Provider
from plumbline.provider.world import World
from plumbline.sandbox import Sandbox

LOG = logging.getLogger(__name__)
_THREADS = 16  # of one provider: the engine asks about as many things at once as it is told to, and most wait
_LARGEST = 400 * 1024 * 1024  # bytes of one message, as the engine allows


@contextlib.contextmanager
def served(world: World, package: str, directory: Path) -> Iterator[int]:
    """Serve one provider on a free loopback port, and return the port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_THREADS),
        options=[("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(world, package, directory), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


class Daemon:
    """Answers on the control channel until it is stopped."""

    def __init__(self, world: World, endpoint: str) -> None:
        self._world = world
        self._endpoint = endpoint
        self._token = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), backlog=16, authkey=self._token)
        self._stopped = threading.Event()
        self.instance = uuid.uuid4().hex

    @property
    def address(self) -> channel.Address:
        port = self._listener.address[1]
        return channel.Address(self.instance, os.getpid(), int(port), self._endpoint, self._token.hex())

    def serve(self) -> None:
        """Answer until `stop`, each connection in a thread of its own."""
        threading.Thread(target=self._accept, daemon=True).start()
        self._stopped.wait()

    def stop(self, *_: Any) -> None:
        self._stopped.set()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, OSError):
                continue  # somebody without the token, or somebody who left at once
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: Connection[Any, Any]) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            message = channel.receive(connection)
            if message["request"] == "provider":
                self._provide(connection, message)
            else:
                channel.send(connection, self._answer(message))

    def _provide(self, connection: Connection[Any, Any], message: dict[str, Any]) -> None:
        with served(self._world, message["package"], Path(message["directory"])) as port:
            channel.send(connection, {"port": port})
            with contextlib.suppress(EOFError, OSError):
                connection.recv_bytes()  # says nothing: it ends when the plugin does

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "status": self._status,
            "stop": lambda: {"stopped": self._stopped.set() is None},
            "begin": lambda: self._begin(message["state"]),
            "end": lambda: {"kept": self._world.end(_keys(message["state"])) is None},
            "settle": self._settle,
        }
        return answers[message["request"]]()

    def _status(self) -> dict[str, Any]:
        world = self._world
        return {
            "instance": self.instance,
            "pid": os.getpid(),
            "endpoint": self._endpoint,
            "account": world.account,
            "region": world.region,
            "resources": len(world),
        }

    def _begin(self, state: list[list[str]]) -> dict[str, Any]:
        begun = self._world.begin(_keys(state))
        return {"lost": begun.lost, "gone": list(begun.gone)}

    def _settle(self) -> dict[str, Any]:
        try:
            return {"deleted": self._world.settle()}
        except DeployError as error:
            return {"deleted": [], "error": str(error)}


def _keys(state: list[list[str]]) -> list[tuple[str, str]]:
    return [(urn, identity) for urn, identity in state]


@contextlib.contextmanager
def running() -> Iterator[Daemon]:
    """Make an empty AWS and a daemon that serves it; nothing of it remains afterwards."""
    sdk.known_types()  # imports pulumi_aws, which must not happen in two threads at once
    with Sandbox() as sandbox:
        http = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        http.start()
        try:
            host, port = http.get_host_and_port()
            yield Daemon(World(sandbox), f"http://{host}:{port}")
        finally:
            http.stop()


def main(directory: Path) -> int:
    """Serve a directory until somebody stops the process."""
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its line for each request shows what was asked
    with running() as daemon:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, daemon.stop)
        channel.write(directory, daemon.address)
        daemon.serve()
        known = channel.read(directory)
        if known is not None and known.instance == daemon.instance:
            (directory / channel.FILE).unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    status = main(Path(sys.argv[1]))
    # Connections that are open hold threads; nothing is left to do for any of them.
    os._exit(status)
