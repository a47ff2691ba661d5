"""Writes tests/fixtures/engine/judged: previews and exports of the real engine, with what we say of the same program.

`python -m tests.engine.make_fixtures [STACK ...]`, with the Pulumi CLI and the real awsx plugin on PATH. For each stack
the folder has by change, of which `create` is the stack itself when there is none yet:
NAME.engine.json.gz   `pulumi preview --json`
NAME.preview.json.gz  our own preview of the same revision
NAME.up.json.gz       our own up of it, in which nothing is unknown
NAME.export.json.gz   `pulumi stack export` after the engine's up (of `create` alone: the others change that)
NAME.yaml             the stack's file
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.project import Project
from plumbline.provider import control
from plumbline.provider.workspace import Workspace
from tests.engine.rig import pulumi
from tests.evaluations import ROOT
from tests.plumbline.diff import history
from tests.plumbline.diff.repository import Repository

FOLDER = ROOT / "tests" / "fixtures" / "engine" / "judged"
CREATE = "create"
Change = Callable[[Path], None]


@dataclass(frozen=True)
class Recipe:
    """How the documents of one stack are made: its project, laid into a folder, and the changes of it by name."""

    lay: Callable[[Path], Path]
    changes: Mapping[str, Change]


def _edited(file: str, old: str, new: str) -> Change:
    def edit(root: Path) -> None:
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def _shop(folder: Path) -> Path:
    root = Repository(folder / "shop").folder
    # It says where the engine finds the packages.
    (root / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    # What is protected the engine refuses to replace or delete, and its preview ends there.
    _edited(history.SETTINGS, "stateful: protected", "stateful: disposable")(root)
    return root


def _agentic(folder: Path) -> Path:
    """Lay a project whose files are links to this one's, but for the stack's own file."""
    root = folder / "agentic"
    root.mkdir()
    own = "Pulumi.agentic-dev.yaml"
    for path in ROOT.iterdir():
        if (not path.name.startswith(".") or path.name == ".github") and path.name != own:
            (root / path.name).symlink_to(path)
    (root / own).write_text((ROOT / own).read_text(encoding="utf-8"), encoding="utf-8")
    return root


_AGENTIC = "Pulumi.agentic-dev.yaml"
_DOMAIN = """\
      domain:
        name: api.dev.agentic.example.com
        zone: dev.agentic.example.com
"""
RECIPES = {
    "live": Recipe(
        _shop,
        {
            "update": _edited(history.SETTINGS, "log_days: 30", "log_days: 7"),
            "replace": _edited(history.PROGRAM, '"email", inside', '"customer_id", inside'),
            "delete": _edited(
                history.PROGRAM,
                '        self.customers = table(f"{name}-customers", f"{prefix}-customers", "email", inside)\n',
                "",
            ),
        },
    ),
    "agentic-dev": Recipe(
        _agentic,
        {
            "update": _edited(_AGENTIC, "log_retention_days: 7", "log_retention_days: 14"),
            "replace": _edited(_AGENTIC, "name: api.dev.agentic", "name: rest.dev.agentic"),
            "delete": _edited(_AGENTIC, _DOMAIN, ""),
        },
    ),
}


def make(stack: str, target: Path) -> None:
    """Write the documents of a stack into a folder. Raises RuntimeError with what the engine or we said instead."""
    recipe = RECIPES[stack]
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plumbline-fixtures-") as place:
        root = recipe.lay(Path(place)).resolve()
        directory = Path(place) / "engine"
        control.make(directory)
        workspace = Workspace(Project(root), stack, directory)
        workspace.prepare()
        control.start(directory)
        try:
            _made(recipe, workspace, target)
        finally:
            control.stop(directory)


def _made(recipe: Recipe, workspace: Workspace, target: Path) -> None:
    root, file = workspace.project.root, workspace.project.root / f"Pulumi.{workspace.stack}.yaml"
    _engine(workspace, "stack", "init")
    _write(workspace, target / f"{CREATE}.engine.json.gz", _engine(workspace, "preview", "--json"))
    _write(workspace, target / f"{CREATE}.preview.json.gz", _ours(workspace, "preview"))
    (target / f"{CREATE}.yaml").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    _engine(workspace, "up", "--yes", "--skip-preview", "--suppress-progress")
    _write(workspace, target / f"{CREATE}.export.json.gz", _engine(workspace, "stack", "export"))
    _write(workspace, target / f"{CREATE}.up.json.gz", _ours(workspace, "up"))
    for name, change in recipe.changes.items():
        before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and _is_own(path, root)}
        change(root)
        workspace.prepare()
        _write(workspace, target / f"{name}.engine.json.gz", _engine(workspace, "preview", "--json"))
        _write(workspace, target / f"{name}.preview.json.gz", _ours(workspace, "preview"))
        _write(workspace, target / f"{name}.up.json.gz", _ours(workspace, "up"))
        (target / f"{name}.yaml").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        for path, content in before.items():
            path.write_bytes(content)


def _is_own(path: Path, root: Path) -> bool:
    """Say whether a file lies in the project itself, and not behind a link, and is one that changes edit."""
    inside = path.resolve().is_relative_to(root) and not path.relative_to(root).parts[0].startswith(".")
    return inside and path.suffix in (".py", ".yaml")


def _engine(workspace: Workspace, *words: str) -> str:
    done = pulumi(workspace, *words)
    if done.returncode:
        raise RuntimeError(f"pulumi {' '.join(words)}: {done.stderr}{done.stdout[-3000:]}")
    return done.stdout


def _ours(workspace: Workspace, verb: str) -> str:
    command = (sys.executable, "-m", "plumbline", verb, workspace.stack, "--format", "json")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=workspace.project.root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"plumbline {verb} {workspace.stack}: {done.stderr}")
    return done.stdout


def _write(workspace: Workspace, file: Path, text: str) -> None:
    """Write a document without what differs from run to run or names this machine."""
    for path in (workspace.directory, workspace.program, workspace.project.root, ROOT):
        text = text.replace(str(path), "/project")
    text = re.sub(r'"ciphertext": *"[^"]*"', '"ciphertext": "hidden"', text)
    text = re.sub(r'"(created|modified|time)": *"\d{4}-[^"]*"', r'"\1": "2026-01-01T00:00:00Z"', text)
    document = json.loads(text)
    document.pop("diagnostics", None)
    document.get("deployment", {}).pop("secrets_providers", None)
    content = json.dumps(_without_traces(document), separators=(",", ":")).encode()
    # Without the time of writing the file is the same when its content is.
    file.write_bytes(gzip.compress(content, mtime=0))


def _without_traces(value: Any) -> Any:
    """Leave out the stack traces of registrations, which name files of the machine's Python."""
    if isinstance(value, dict):
        return {key: _without_traces(item) for key, item in value.items() if key != "stackTrace"}
    return [_without_traces(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    for name in sys.argv[1:] or RECIPES:
        make(name, FOLDER / name)
        size = sum(path.stat().st_size for path in (FOLDER / name).iterdir())
        print(f"{name}: {size / 1024:.0f} KB")
