"""Work in a process of its own: a machine has more than one core, and Python uses one at a time.

A rehearsal has three parts that need nothing of each other's memory: the program, the AWS that it talks to, and the
preview that says whether anything would be refused.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from typing import Any

from plumbline.project import UserError


class Ended(UserError):
    """The other process ended without an answer, as when the system runs out of memory and kills it."""

    def __init__(self) -> None:
        super().__init__("a process of this command was ended from outside; is memory short?")

    def __reduce__(self) -> tuple[type[Ended], tuple[()]]:
        return Ended, ()


class Worker:
    """Calls functions in the other process, one after another. Whoever asks gets what was called first, first."""

    def __init__(self, connection: Any) -> None:  # its class differs between systems
        self._connection = connection

    def start(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Send a call. Function, arguments and result must be what pickle can send."""
        with self._alive():
            self._connection.send((function, arguments))

    def is_done(self) -> bool:
        """Say whether the answer to a call is there."""
        with self._alive():
            return self._connection.poll()

    def answer(self) -> Any:
        """Wait for the answer to a call, and return it or raise what the function raised. Raises Ended."""
        with self._alive():
            raised, value = self._connection.recv()
        if raised:
            raise value
        return value

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function and wait for its answer."""
        self.start(function, *arguments)
        return self.answer()

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, ConnectionError):
            raise Ended from None


@contextlib.contextmanager
def process(daemon: bool = True) -> Iterator[Worker]:
    """Start a process that ends with the block, whatever it does then. Only one that is no daemon may start others."""
    # A new interpreter and no copy of this one, in which this one's other threads would be missing.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(theirs,), daemon=daemon)
    child.start()
    theirs.close()
    try:
        yield Worker(ours)
    finally:
        child.kill()
        child.join()
        ours.close()


def _serve(connection: Any) -> None:
    # The terminal interrupts all processes of a command, and the first of them tells the user.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            function, arguments = connection.recv()
            connection.send(_answer(function, arguments))
    os._exit(0)  # whoever called is gone; nothing is left to be tidied


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return False, function(*arguments)
    except Exception as error:
        return True, _sendable(error)


def _sendable(error: Exception) -> Exception:
    """Return the error, or where pickle cannot send it, one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def collect_seldom() -> None:
    """Search for garbage in cycles less often: an evaluation makes millions of objects, and keeps most of them.

    At Python's own thresholds a third of its time goes into looking at them again and again.
    """
    gc.set_threshold(100_000, 50, 100)
