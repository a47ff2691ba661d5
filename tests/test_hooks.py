"""The hooks of .pre-commit-config.yaml pass on the repository, and each notices what it is for."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline import yaml12
from tests.contributing import copy, run
from tests.evaluations import ROOT
from tests.plumbline.diff.repository import git

CONFIG = ROOT / ".pre-commit-config.yaml"
HOOKS = {hook["id"]: hook for repository in yaml12.load(CONFIG)["repos"] for hook in repository["hooks"]}
TIDY = '"""Sums."""\n\n\ndef plus(one: int, other: int) -> int:\n    """Return a sum."""\n    return one + other\n'
# By hook: the file that is changed, what is written into it ("" leaves it as it is), and what is told.
PLANTED = {
    "no line break": ("files", "notes.md", "# Notes", "notes.md:1: a file ends with one line break"),
    "two line breaks": ("files", "notes.md", "# Notes\n\n", "notes.md:3: a file ends with one line break"),
    "a space": ("files", "notes.md", "# Notes \n", "notes.md:1: space at the end of the line"),
    "a conflict": ("files", "notes.md", "<<<<<<< ours\n", "notes.md:1: a conflict of a merge"),
    "a large file": ("files", "large.txt", "x\n" * 500_001, "large.txt: 1,000,002 bytes; allowed: 1,000,000"),
    "a key twice": ("files", "Pulumi.dev.yaml", "a: 1\na: 2\n", "Pulumi.dev.yaml:2:1: "),
    "an import": ("ruff-check", "components/sums.py", f"import os\n\n{TIDY}", "F401"),
    "a type": ("basedpyright", "components/sums.py", f'{TIDY}\n\nplus("1", 2)\n', "reportArgumentType"),
    "spaces": ("ruff-format", "components/sums.py", TIDY.replace("one + other", "one+other"), "files were modified"),
    "an action by its tag": (
        "zizmor",
        ".github/workflows/new.yml",
        "on: push\npermissions: {}\njobs:\n  new:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "    - uses: actions/checkout@v4\n      with: {persist-credentials: false}\n",
        "unpinned-uses",
    ),
    "a stale table of settings": ("settings", "docs/settings.md", "# Settings\n", "files were modified"),
    "a stale table of rules": ("policies", "docs/policies.md", "# Rules\n", "files were modified"),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of git with the project's files, all of them staged."""
    folder = copy(tmp_path_factory.mktemp("hooks") / "copy")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    return folder


@pytest.fixture
def planted(repository: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """Plant a mistake; give the hook, the file and what is to be told."""
    hook, name, text, told = PLANTED[request.param]
    path = repository / name
    before = path.read_bytes() if path.is_file() else None
    path.write_text(text, encoding="utf-8")
    git(repository, "add", name)
    yield hook, name, told
    if before is None:
        path.unlink()
    else:
        path.write_bytes(before)
    git(repository, "add", "--all")


def pre_commit(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run pre-commit with a cache of its own; return the exit status and what is told."""
    home = shlex.quote(str(folder.parent / "cache"))
    command = f"PRE_COMMIT_HOME={home} {shlex.quote(sys.executable)} -m pre_commit {shlex.join(arguments)}"
    done = run(folder, command)
    return done.returncode, done.stdout + done.stderr


def test_the_configuration_is_valid(repository: Path) -> None:
    assert pre_commit(repository, "validate-config", CONFIG.name) == (0, "")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_uses_a_tool_of_the_locked_environment(hook: str) -> None:
    program, *rest = shlex.split(HOOKS[hook]["entry"])
    assert Path(program).parent == Path(".venv/bin")
    assert (Path(sys.executable).parent / Path(program).name).exists()
    assert [word for word in rest if word.endswith((".py", ".yml")) and not (ROOT / word).is_file()] == []


def test_hooks_fetch_nothing() -> None:
    assert {repository["repo"] for repository in yaml12.load(CONFIG)["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"unsupported"}


def test_the_repository_passes_its_hooks(repository: Path) -> None:
    """All but the types of the whole repository, which take a minute and a half: make test asks for them."""
    others = [hook for hook in HOOKS if hook != "basedpyright"]
    found = {hook: pre_commit(repository, "run", hook, "--all-files") for hook in others}
    assert {hook: told for hook, (status, told) in found.items() if status} == {}
    status, told = pre_commit(repository, "run", "basedpyright", "--files", "components/tags.py", "__main__.py")
    assert status == 0 and "Passed" in told, told


def test_every_hook_is_tried() -> None:
    assert {hook for hook, *_ in PLANTED.values()} == set(HOOKS)


@pytest.mark.parametrize("planted", PLANTED, indirect=True)
def test_a_hook_notices_a_planted_mistake(repository: Path, planted: tuple[str, str, str]) -> None:
    hook, name, told = planted
    status, output = pre_commit(repository, "run", hook, "--files", name)
    assert status == 1, output
    assert told in output


def test_hooks_are_installed_by_make(repository: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nhooks: $(INSTALLED) ## " in makefile
    assert "\n\t@$(BIN)/python -m pre_commit install\n" in makefile
    assert pre_commit(repository, "install")[0] == 0
    assert (repository / ".git" / "hooks" / "pre-commit").is_file()
