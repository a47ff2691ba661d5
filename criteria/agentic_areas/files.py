"""Files of the project that answer what no resource shows: code, workflows and documents."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from criteria.agentic_areas.common import facts
from plumbline import yaml12
from plumbline.verdicts import Subject, Verdict, fact

SHARED = "systems/agentic/application/python/agenticai_shared"
HANDLERS = "systems/agentic/handlers"
MIGRATION = "systems/agentic/migrate"


def text(subject: Subject, path: str) -> str:
    """Return a file of the project, "" where there is none."""
    return _read(subject.root / path)


def _read(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return ""
    # Many criteria look into the same files; a file that was changed meanwhile is another one.
    return _text(file, stat.st_mtime_ns, stat.st_size) if file.is_file() else ""


@functools.lru_cache(maxsize=512)
def _text(file: Path, changed: int, size: int) -> str:
    return file.read_bytes().decode("utf-8", errors="replace")


def below(subject: Subject, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of a file, or of every file in a folder; nothing where there is neither."""
    place = subject.root / path
    for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(subject.root).as_posix(), _read(file)


def tree(subject: Subject, path: str) -> ast.Module:
    """Return a Python file as its syntax tree, an empty one where it is missing or no Python."""
    return _tree(text(subject, path))


@functools.lru_cache(maxsize=256)
def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse("")


def classes(module: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}


def functions(node: ast.Module | ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}


@functools.lru_cache(maxsize=1024)
def imported(module: ast.Module) -> set[str]:
    """Return the packages that a module imports, by the first part of their names."""
    names = [alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@functools.lru_cache(maxsize=1024)
def texts_in(node: ast.AST) -> set[str]:
    """Return every text that stands in code, docstrings among them."""
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


@functools.lru_cache(maxsize=1024)
def calls_in(node: ast.AST) -> set[str]:
    """Return the names of what code calls, such as `parameters.load`."""
    return {ast.unparse(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}


def yaml(subject: Subject, path: str) -> Any:
    """Return a YAML file, None where it is missing or is no YAML."""
    try:
        return yaml12.loads(text(subject, path)) or None
    except yaml12.YamlError:
        return None


def holds(document: str, word: str) -> bool:
    """Say whether a document has a word, or several in a row, by themselves and not as a part of others."""
    spaced = r"\s+".join(map(re.escape, word.split()))
    return re.search(rf"(?<![\w-]){spaced}(?![\w-])", document) is not None


def tells(subject: Subject, name: str, words: Iterable[str], of: str) -> Verdict:
    """Judge that a document exists and names each of some things; `of` says what they are. One of nothing fails."""
    path = facts()["files"][name]
    written, wanted = text(subject, path), list(dict.fromkeys(words))
    if not written.strip():
        return Verdict("fail", f"{path} does not exist")
    lacking = [word for word in wanted if not holds(written, word)]
    if not wanted:
        return Verdict("fail", f"there are no {of} to tell of")
    return fact(not lacking, f"{path} names {len(wanted)} {of}", f"{path} does not name {', '.join(lacking[:5])}")
