"""What the last `up` of each stack made, in .plumbline/<stack>.json; written whole or not at all, under a lock."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock

from plumbline import contract
from plumbline.graph import StackGraph
from plumbline.project import UserError

_MARK = "="  # no stack's name has it, so no stack's temporary files are taken for another's


class BrokenState(Exception):
    """A state file that cannot be read; the text says why, in one line."""


def state_path(directory: Path, stack: str) -> Path:
    return directory / f"{stack}.json"


def read(directory: Path, stack: str) -> StackGraph | None:
    """Return what the last `up` made, None if there was none. Raises BrokenState."""
    path = state_path(directory, stack)
    try:
        return contract.graph_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        # json's and the contract's errors are ValueErrors; a directory or a missing right is an OSError.
        reason = "cut off or not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
        raise BrokenState(f"{path.name}: {reason}") from None


def set_aside(directory: Path, stack: str) -> Path:
    """Move a state file out of the way, under a name that no other has, and return the new path."""
    path = state_path(directory, stack)
    number = 1
    while (aside := path.with_suffix(f".broken-{number}.json")).exists():
        number += 1
    path.rename(aside)
    return aside


def write(directory: Path, stack: str, document: dict[str, Any]) -> None:
    """Replace a stack's state in one step: after a crash the file is the old or the new one, never a part."""
    directory.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=f".{stack}{_MARK}", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(contract.text(document))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(state_path(directory, stack))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(directory: Path, stack: str, wait_seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a stack's lock. Waits for its holder, who is named through `say`; raises UserError when that takes too long.

    The operating system releases the lock of a process that dies, so a killed `up` blocks nobody.
    """
    directory.mkdir(exist_ok=True)
    lock = filelock.FileLock(directory / f"{stack}.lock")
    note = directory / f"{stack}.holder"
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        holder = _holder(note)
        say(f"{stack}: {holder} holds the lock; waiting up to {wait_seconds:g} s")
        try:
            lock.acquire(timeout=wait_seconds)
        except filelock.Timeout:
            raise UserError(f"stack {stack}: {_holder(note)} still holds the lock; try again when it is done") from None
    try:
        note.write_text(f"process {os.getpid()} since {time.strftime('%H:%M:%S')}", encoding="utf-8")
        _remove_leftovers(directory, stack)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8") or "another process"
    except OSError:
        return "another process"


def _remove_leftovers(directory: Path, stack: str) -> None:
    """Remove what a killed `up` left half written; the lock says that nobody else is writing."""
    for leftover in directory.glob(f".{stack}{_MARK}*.tmp"):
        leftover.unlink(missing_ok=True)
