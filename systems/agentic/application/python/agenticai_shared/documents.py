"""A project's documents, written from what is known of it: its facts, its files, and what its Python files declare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from agenticai_shared.models import File, ProjectContext

# Where each document lies among the project's files, by the name that the API gives it.
PATHS: Mapping[str, str] = {"readme": "README.md", "api": "docs/api.md", "user-guide": "docs/user-guide.md"}
_MARKUP = re.compile(r"([\\`*_\[\]<>#|])")


def write(project: ProjectContext, files: Sequence[File]) -> list[File]:
    """Return the documents; equal projects with equal files get equal ones, so that doing it again changes nothing."""
    others = [file for file in files if file.path not in PATHS.values()]
    contents = {"readme": _readme(project, others), "api": _api(project, others), "user-guide": _guide(project, others)}
    return [File(path=path, content="\n".join(contents[name]) + "\n") for name, path in PATHS.items()]


def _readme(project: ProjectContext, files: Sequence[File]) -> Iterator[str]:
    yield f"# {_line(project.name)}"
    yield ""
    yield f"Type: {_line(project.type)}. Status: {project.status}. Owner: {_line(project.owner_id)}."
    yield from _list("Dependencies", map(_line, project.dependencies))
    yield from _list("Files", (_line(file.path) for file in files))


def _api(project: ProjectContext, files: Sequence[File]) -> Iterator[str]:
    yield f"# Interfaces of {_line(project.name)}"
    for file in files:
        if file.path.endswith(".py"):
            yield from _list(_line(file.path), _declared(file))


def _guide(project: ProjectContext, files: Sequence[File]) -> Iterator[str]:
    yield f"# Using {_line(project.name)}"
    yield from _list("Install", map(_line, project.dependencies))
    # Names only: the values may be secrets.
    yield from _list("Set these environment variables", map(_line, sorted(project.environment_vars)))
    yield from _list("Run", (_line(f"python {file.path}") for file in files if "main" in _functions(file)))


def _list(title: str, entries: Iterator[str] | map[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from [f"- {entry}" for entry in entries] or ["None."]


def _declared(file: File) -> Iterator[str]:
    """Yield a line for each public function and class at the top of a Python file, with its docstring's first line."""
    source = _parsed(file)
    if source is None:
        yield "Cannot be read as Python."
        return
    for node in source.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            what = f"class {node.name}" if isinstance(node, ast.ClassDef) else f"{node.name}({ast.unparse(node.args)})"
            said = (ast.get_docstring(node) or "").partition("\n")[0]
            yield _line(f"{what}: {said}" if said else what)


def _functions(file: File) -> set[str]:
    source = _parsed(file) if file.path.endswith(".py") else None
    return {node.name for node in source.body if isinstance(node, ast.FunctionDef)} if source else set()


def _parsed(file: File) -> ast.Module | None:
    try:
        return ast.parse(file.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _line(text: str) -> str:
    """Return a text as one line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
