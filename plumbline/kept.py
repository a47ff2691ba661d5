"""Keeps the preview of a stack that other stacks' criteria look at: a bootstrap stack changes seldom.

A kept preview holds for the very content of the project's files and the very versions of its packages; the stack that a
command is about is always evaluated anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from plumbline import contract, state
from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.rulings import Rulings

_FOLDER = "previews"
_NOT_READ = {"docs", "tests", "benchmarks", "__pycache__"}  # no program reads these
_PACKAGES = ("pulumi", "pulumi-aws", "pulumi-awsx")
_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE")  # the SDK's provider reads them


def preview(project: Project, stack: str, evaluate: Callable[[], StackGraph]) -> StackGraph:
    """Return a stack's graph as a preview: the one that is kept, or what `evaluate` gives, which is kept then.

    Kept or not, it went through the contract: secrets are hidden in both.
    """
    folder, digest = project.state_directory / _FOLDER, _digest(project.root)
    try:
        kept = json.loads(state.state_path(folder, stack).read_text(encoding="utf-8"))
        if kept["digest"] == digest:
            return contract.graph_of(kept["document"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # there is none, or it cannot be read: the next one replaces it
    document = contract.document(evaluate(), project.system(stack), [], {}, Rulings())
    try:
        project.state_directory.mkdir(exist_ok=True)
        state.write(folder, stack, {"digest": digest, "document": document})
    except OSError:
        pass  # a place where nothing can be written costs time, no more
    return contract.graph_of(document)


def environment() -> str:
    """Return what decides an evaluation besides the project's files: Python, packages, variables."""
    parts = [platform.python_version()]
    for package in _PACKAGES:
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(package)
    parts += [f"{variable}={os.environ.get(variable)}" for variable in _VARIABLES]
    return "\0".join(parts)


def _digest(root: Path) -> str:
    """Return the digest of all that a program of the project may read."""
    hasher = hashlib.sha256(environment().encode())
    for path in _files(root):
        content = path.read_bytes()
        hasher.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        hasher.update(content)
    return hasher.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NOT_READ and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix != ".pyc" and path.is_file():
                yield path
