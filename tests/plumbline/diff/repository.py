"""A repository made on the fly: the shop of tests/fixtures/shop, the project's own code, and commits on top of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.evaluations import ROOT

_CODE = ("__main__.py", "components", "plumbline", "policies")
_SYSTEMS = ("__init__.py", "network.py", "settings.py")
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Tests", "GIT_AUTHOR_EMAIL": "tests@example.com",
    "GIT_COMMITTER_NAME": "Tests", "GIT_COMMITTER_EMAIL": "tests@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ("git", *arguments), cwd=folder, env={**environment, **_AUTHOR}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class Repository:
    """A repository whose first commit is the shop. `edit` changes a file, `commit` returns a commit's hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tests" / "fixtures" / "shop", folder, ignore=ignored)
        for name in _CODE:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name, **({"ignore": ignored} if (ROOT / name).is_dir() else {}))
        for name in _SYSTEMS:
            shutil.copy(ROOT / "systems" / name, folder / "systems" / name)
        (folder / "criteria" / "__init__.py").write_text("", encoding="utf-8")
        (folder / ".gitignore").write_text(".plumbline/\n__pycache__/\n", encoding="utf-8")
        git(folder, "init", "--quiet", "--initial-branch", "main")
        self.first = self.commit("A shop")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that a file has exactly once."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, (path, old, text.count(old))
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", message)
        return git(self.folder, "rev-parse", "HEAD")
