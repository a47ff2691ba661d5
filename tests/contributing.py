"""Reads CONTRIBUTING.md and does what it says in a copy of the repository.

A line before each block says what becomes of the block: `New file X`, `In X, after the line Y`, `In X, instead of the
line Y`, `At the end of X`, with X and Y between backticks. Blocks of `sh` are commands.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.evaluations import ROOT

GUIDE = ROOT / "CONTRIBUTING.md"
_BLOCK = re.compile(r"^(?P<before>[^\n]*)\n\n```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_WHERE = re.compile(
    r"(?:New file (?P<new>`[^`]+`)|At the end of (?P<end>`[^`]+`)"
    r"|In (?P<file>`[^`]+`), (?P<how>after|instead of) the line (?P<line>`[^`]+`)):"
)
# What a copy does without: the environment, which it links, what runs leave behind, and documents that are made.
_LEFT_OUT = (".git", ".venv", ".plumbline", ".hypothesis", ".pytest_cache", ".ruff_cache", "__pycache__", "engine")


class Stale(Exception):
    """A block of the guide that does not fit the repository."""


@dataclass(frozen=True)
class Block:
    """A block of a section: what it makes of which file, or commands."""

    section: str
    where: str
    language: str
    text: str

    @property
    def is_commands(self) -> bool:
        return self.language == "sh"


def blocks(guide: str) -> Iterator[Block]:
    """Yield the blocks of the sections with examples, "A component" and the like, in their order. Raises Stale."""
    for section in re.split(r"^## ", guide, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        if title.startswith(("A ", "An ")):
            found = [Block(title, *match.group("before", "language", "text")) for match in _BLOCK.finditer(text)]
            if 2 * len(found) != len(re.findall(r"^```", text, re.MULTILINE)):
                raise Stale(f"{title}: a block has no line before it that says which file it is for")
            yield from found


def apply(root: Path, block: Block) -> None:
    """Do what a block says below a folder. Raises Stale where the files are otherwise than it says."""
    found = _WHERE.fullmatch(block.where)
    if found is None:
        raise Stale(f"{block.section}: {block.where!r} does not say which file the block is for")
    name = (found["new"] or found["end"] or found["file"]).strip("`")
    path = root / name
    if path.is_file() == bool(found["new"]):
        raise Stale(f"{name}: {'exists already' if found['new'] else 'no such file'}")
    if found["new"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if found["end"]:
        lines.append(block.text)
    else:
        wanted = found["line"].strip("`")
        at = [number for number, line in enumerate(lines) if line.strip() == wanted]
        if len(at) != 1:
            raise Stale(f"{name}: the line {wanted!r} is there {len(at)} times")
        lines[at[0] + (found["how"] == "after") : at[0] + 1] = [block.text]
    path.write_text("".join(lines), encoding="utf-8")


def copy(folder: Path) -> Path:
    """Copy the repository, with a link to the environment that runs these tests."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the guide in a copy, as somebody would who is not within a test."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "PLUMBLINE_", "GIT_"))}
    return subprocess.run(
        ("sh", "-c", command), cwd=folder, env={**kept, "COLUMNS": "200"}, capture_output=True, text=True, check=False
    )
