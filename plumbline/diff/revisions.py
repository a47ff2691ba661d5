"""Revisions of the project in git, and clean working trees of them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from plumbline.project import UserError, suggestion

# Git sets these for its hooks; they would lead every command of ours back to the tree that the hook is of.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")  # a checkout of ours is none of the user's


@dataclass(frozen=True)
class Revision:
    """One commit: `name` as the user gave it, the commit's and its tree's full hashes."""

    name: str
    commit: str
    tree: str

    @property
    def short(self) -> str:
        return self.commit[:10]


def find(root: Path, name: str) -> Revision:
    """Return the commit that a name means. Raises UserError where git, a repository or the commit is missing."""
    _repository(root)
    commit = _asked(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise UserError(f"revision {name!r} is not known{_hint(root, name)}")
    tree = _git(root, "rev-parse", f"{commit}^{{tree}}")
    return Revision(name, commit, tree)


def uncommitted(root: Path) -> int:
    """Return how many files differ from the last commit, new ones included."""
    _repository(root)
    return len(_git(root, "status", "--porcelain", "--untracked-files=normal").splitlines())


@contextlib.contextmanager
def checked_out(root: Path, revisions: Iterable[Revision]) -> Iterator[Mapping[str, Path]]:
    """Check commits out into folders of their own, and give the project's folder in each, by commit.

    The folders are gone after the block, and git has forgotten them.
    """
    prefix = _git(root, "rev-parse", "--show-prefix")
    with tempfile.TemporaryDirectory(prefix="plumbline-diff-") as temporary:
        folders: dict[str, Path] = {}
        try:
            for revision in revisions:
                if revision.commit in folders:
                    continue
                folder = Path(temporary, revision.commit)
                folders[revision.commit] = folder / prefix
                _git(root, *_NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(folder), revision.commit)
            yield folders
        finally:
            for commit in folders:
                _asked(root, "worktree", "remove", "--force", "--force", str(Path(temporary, commit)))
            _asked(root, "worktree", "prune")


def text(root: Path, revision: Revision, path: str) -> str | None:
    """Return a file of the project as a revision has it, None where it has none."""
    prefix = _git(root, "rev-parse", "--show-prefix")
    return _asked(root, "show", f"{revision.commit}:{prefix}{path}")


def _repository(root: Path) -> None:
    if _asked(root, "rev-parse", "--is-inside-work-tree") != "true":
        raise UserError(f"{root}: not in a git repository, and only commits can be compared")


def _hint(root: Path, name: str) -> str:
    if _asked(root, "rev-parse", "--is-shallow-repository") == "true":
        return "; this clone is shallow: fetch what is missing (git fetch --unshallow, or fetch-depth: 0 in a workflow)"
    known = _asked(root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
    return suggestion(name, (known or "").splitlines())


def _git(root: Path, *arguments: str) -> str:
    done = _run(root, arguments)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise UserError(f"git {arguments[0]}: {said[-1] if said else f'status {done.returncode}'}")
    return done.stdout.strip()


def _asked(root: Path, *arguments: str) -> str | None:
    """Return what git answers, None where it says no."""
    done = _run(root, arguments)
    return None if done.returncode else done.stdout.strip()


def _run(root: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in _OF_HOOKS}
    try:
        return subprocess.run(
            ("git", *arguments),
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise UserError("git is not on PATH, and without it no revisions can be compared") from None
