"""CONTRIBUTING.md is followed word for word in a copy of the repository, and does what it promises."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contributing import GUIDE, Stale, apply, blocks, copy, run
from tests.evaluations import ROOT

SECTIONS = ("A component", "An adapter", "A system", "A criterion", "A rule")
STACK = "sensors-dev"
BLOCKS = list(blocks(GUIDE.read_text(encoding="utf-8")))
NEW = [re.findall(r"`([^`]+)`", block.where)[0] for block in BLOCKS if block.where.startswith("New file")]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository in which every block of the guide was done, in the guide's order."""
    folder = copy(tmp_path_factory.mktemp("contributing") / "copy")
    for block in BLOCKS:
        if not block.is_commands:
            apply(folder, block)
    return folder


once = functools.cache(run)


def commands(section: str) -> list[str]:
    (text,) = (block.text for block in BLOCKS if block.section == section and block.is_commands)
    return text.splitlines()


def test_there_is_a_section_for_each_kind_of_thing() -> None:
    assert tuple(dict.fromkeys(block.section for block in BLOCKS)) == SECTIONS
    assert [block.section for block in BLOCKS if block.is_commands] == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_commands_of_a_section_succeed(followed: Path, section: str) -> None:
    assert len(commands(section)) > 0
    for command in commands(section):
        done = once(followed, command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"


def test_the_examples_are_as_tidy_as_the_repository(followed: Path) -> None:
    names = " ".join(name for name in NEW if name.endswith(".py"))
    typed = " ".join(name for name in NEW if re.match(r"(components|criteria|plumbline|systems)/.*\.py", name))
    every = " ".join(NEW)
    for command in (
        f".venv/bin/ruff check --no-cache {names}",
        f".venv/bin/ruff format --no-cache --check {names}",
        f".venv/bin/python .ci/files.py {every}",
        f".venv/bin/basedpyright --pythonpath .venv/bin/python {typed}",
    ):
        done = run(followed, command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("number", range(sum(not block.is_commands for block in BLOCKS)))
def test_every_block_ends_where_the_next_begins(followed: Path, number: int) -> None:
    """What is inserted stands in its file as whole lines."""
    block = [block for block in BLOCKS if not block.is_commands][number]
    text = (followed / re.findall(r"`([^`]+)`", block.where)[0]).read_text(encoding="utf-8")
    assert f"\n{block.text}" in f"\n{text}"


# What the examples do.


@contextlib.contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def previewed(folder: Path, status: int) -> dict[str, Any]:
    done = run(folder, f".venv/bin/python -m plumbline preview {STACK} --format json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def said(document: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the verdict on the criterion, and the rules that are broken."""
    (row,) = (row for row in document["criteria"] if row["id"] == "SENSORS-01.1")
    return row["verdict"], {row["rule"] for row in document["policies"]}


def test_the_criterion_and_the_rule_follow_the_stack(followed: Path) -> None:
    settings = followed / f"Pulumi.{STACK}.yaml"
    assert said(previewed(followed, 0)) == ("pass", set())
    with changed(settings, "retention_days: 7", "retention_days: 6"):
        assert said(previewed(followed, 1)) == ("fail", {"stream-keeps-records"})


def test_the_adapter_makes_the_resource_and_the_probe_uses_it(followed: Path) -> None:
    (up,) = (command for command in commands("A system") if f"plumbline up {STACK}" in command)
    done = once(followed, up)
    assert done.returncode == 0, done.stderr
    assert "Sandbox: 1 resources exist, 0 are simulated\n" in done.stdout
    assert "Probes of 1: 1 passed, 0 failed\n" in done.stdout


def test_a_setting_out_of_range_is_one_line(followed: Path) -> None:
    with changed(followed / f"Pulumi.{STACK}.yaml", "retention_days: 7", "retention_days: 0"):
        done = run(followed, f".venv/bin/python -m plumbline preview {STACK}")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "retention_days: 0 given" in done.stderr


# A guide that goes stale is noticed.

GOOD = "After it:\n\nIn `a.txt`, after the line `two`:\n\n```\nnew\n```\n\nCheck it:\n\n```sh\ntrue\n```\n"


def done_in(folder: Path, guide: str) -> str:
    for block in blocks(f"## A thing\n\n{guide}"):
        if not block.is_commands:
            apply(folder, block)
    return (folder / "a.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("In `a.txt`, after the line `two`", "one\n  two\nnew\nthree\n"),
        ("In `a.txt`, instead of the line `two`", "one\nnew\nthree\n"),
        ("At the end of `a.txt`", "one\n  two\nthree\nnew\n"),
    ],
)
def test_a_block_goes_where_the_guide_says(tmp_path: Path, where: str, text: str) -> None:
    (tmp_path / "a.txt").write_text("one\n  two\nthree\n", encoding="utf-8")
    assert done_in(tmp_path, GOOD.replace("In `a.txt`, after the line `two`", where)) == text


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("In `a.txt`, after the line `four`", "a.txt: the line 'four' is there 0 times"),
        ("In `a.txt`, instead of the line `three`", "a.txt: the line 'three' is there 2 times"),
        ("In `b.txt`, after the line `two`", "b.txt: no such file"),
        ("At the end of `b.txt`", "b.txt: no such file"),
        ("New file `a.txt`", "a.txt: exists already"),
        ("Somewhere", "A thing: 'Somewhere:' does not say which file the block is for"),
    ],
)
def test_a_block_that_does_not_fit_is_told(tmp_path: Path, where: str, message: str) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\nthree\n", encoding="utf-8")
    with pytest.raises(Stale) as caught:
        done_in(tmp_path, GOOD.replace("In `a.txt`, after the line `two`", where))
    assert str(caught.value) == message


def test_a_block_without_a_line_before_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(Stale, match=r"^A thing: a block has no line before it that says which file it is for$"):
        done_in(tmp_path, GOOD.replace("Check it:\n\n", ""))


def test_files_that_the_guide_names_exist(followed: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    named = {name for row in re.findall(r"^\| (.+?) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}
    folders = {name.rpartition("/")[0] for name in named if "/" in name}
    assert len(folders) > 15
    wild = re.compile(r"<\w+>")
    assert [name for name in sorted(named) if "/" in name and not list(followed.glob(wild.sub("*", name)))] == []


def test_targets_of_make_that_the_guide_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", GUIDE.read_text(encoding="utf-8")))
    assert {"setup", "hooks", "test", "docs"} <= named
    assert [name for name in sorted(named) if f"\n{name}: " not in makefile] == []
