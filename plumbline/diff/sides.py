"""The stacks of a revision, each evaluated by the revision's own code in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbline import contract, kept, state
from plumbline.diff.revisions import Revision
from plumbline.graph import StackGraph
from plumbline.project import Project, UserError

_FOLDER = "revisions"
_MOST_KEPT = 60  # documents, each of a few megabytes at most
_MOST_LINES = 20


@dataclass(frozen=True)
class Side:
    """One stack in one revision: its graph and its machine document, or the lines that say why there is none."""

    graph: StackGraph | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


Asked = tuple[Revision, Path, str]


def evaluate(project: Project, asked: Iterable[Asked], done: Callable[[], None]) -> dict[tuple[str, str], Side]:
    """Evaluate stacks of revisions, as many at a time as there are cores, and return them by commit and stack.

    A revision's documents are kept, since the same base is compared with again and again; `done` is called after each.
    """
    rows = list(dict.fromkeys(asked))
    found: dict[tuple[str, str], Side] = {}
    lock = threading.Lock()

    def one(row: Asked) -> None:
        revision, folder, stack = row
        side = _side(project, revision, folder, stack)
        with lock:
            found[revision.commit, stack] = side
            done()

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for outcome in [pool.submit(one, row) for row in rows]:
            outcome.result()
    _forget(project.state_directory / _FOLDER)
    return found


def _side(project: Project, revision: Revision, folder: Path, stack: str) -> Side:
    kept_as = project.state_directory / _FOLDER, f"{stack}-{_key(revision, stack)}"
    text = _kept(*kept_as)
    if text is None:
        text, errors = _evaluated(folder, stack)
        if text is None:
            return Side(errors=errors)
    try:
        document = json.loads(text)
        side = Side(contract.graph_of(document), document, Project(folder).settings(stack))
    except (ValueError, UserError) as error:
        return Side(errors=(f"its document cannot be read: {error}",))
    _keep(project, *kept_as, document)
    return side


def _evaluated(folder: Path, stack: str) -> tuple[str | None, tuple[str, ...]]:
    """Run a revision's own `preview`, and return what it prints, or why it failed."""
    command = (sys.executable, "-m", "plumbline", "preview", stack, "--format", "json")
    # Only the revision's own code may be found.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode in (0, 1) and done.stdout.startswith("{"):
        return done.stdout, ()
    lines = [line.removeprefix("error ").strip() for line in done.stderr.splitlines() if line.strip()]
    if "Traceback (most recent call last):" in lines:
        lines = lines[-1:]  # what an older revision's program fails with; the way there is of no use here
    folder_text = f"{folder}{os.sep}"
    lines = [line.replace(folder_text, "") for line in lines[:_MOST_LINES]]
    return None, tuple(lines) or (f"its preview ended with status {done.returncode} and said nothing",)


def _key(revision: Revision, stack: str) -> str:
    """Return the digest of all that decides a revision's document."""
    return hashlib.sha256(f"{revision.tree} {stack} {kept.environment()}".encode()).hexdigest()[:32]


def _kept(folder: Path, name: str) -> str | None:
    try:
        return state.state_path(folder, name).read_text(encoding="utf-8")
    except OSError:
        return None


def _keep(project: Project, folder: Path, name: str, document: Mapping[str, Any]) -> None:
    if state.state_path(folder, name).exists():
        return
    try:
        project.state_directory.mkdir(exist_ok=True)
        state.write(folder, name, dict(document))
    except OSError:
        pass  # a place where nothing can be written costs time, no more


def _forget(folder: Path) -> None:
    """Delete the oldest of the documents that are kept."""
    try:
        files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[_MOST_KEPT:]:
            path.unlink(missing_ok=True)
    except OSError:
        pass
