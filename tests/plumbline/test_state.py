"""The state of the last up survives crashes, and two ups of one stack never mix."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline import contract, state
from plumbline.changes import compare
from plumbline.graph import Resource, StackGraph
from plumbline.project import UserError
from tests.evaluations import ROOT

QUEUE = Resource(urn="urn:pulumi:dev::p::aws:sqs/queue:Queue::q", type="aws:sqs/queue:Queue", name="q")
GRAPH = StackGraph.of("dev", "p", [QUEUE], {"url": "https://example.com"})

# A process that takes the lock, says so, and holds it until it is killed or told to end.
HOLDER = """
import sys
from pathlib import Path
from plumbline import state
with state.locked(Path(sys.argv[1]), "dev", 0, print):
    print("held", flush=True)
    sys.stdin.readline()
"""


def document(**changes: Any) -> dict[str, Any]:
    return contract.document(GRAPH, "s", compare(None, GRAPH), {}) | changes


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".plumbline"


@pytest.fixture
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the stack dev."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def ignore(line: str) -> None:
    pass


def test_what_is_written_is_read(directory: Path) -> None:
    state.write(directory, "dev", document())
    assert state.read(directory, "dev") == GRAPH
    assert names(directory) == ["dev.json"]


def test_without_an_up_there_is_no_state(directory: Path) -> None:
    assert state.read(directory, "dev") is None
    directory.mkdir()
    assert state.read(directory, "dev") is None


def test_stacks_have_states_of_their_own(directory: Path) -> None:
    state.write(directory, "dev", document())
    assert state.read(directory, "dev2") is None


@pytest.mark.parametrize("broken", [{"outputs": object()}, {"outputs": {1: 2, "a": object()}}])
def test_a_failure_while_writing_leaves_the_old_state(directory: Path, broken: dict[str, Any]) -> None:
    state.write(directory, "dev", document())
    before = (directory / "dev.json").read_bytes()
    with pytest.raises(TypeError):
        state.write(directory, "dev", document(**broken))
    assert (directory / "dev.json").read_bytes() == before
    assert names(directory) == ["dev.json"]


def test_an_interrupt_while_writing_leaves_the_old_state(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write(directory, "dev", document())
    before = (directory / "dev.json").read_bytes()

    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        state.write(directory, "dev", document(outputs={"other": 1}))
    assert (directory / "dev.json").read_bytes() == before
    assert names(directory) == ["dev.json"]


def test_a_full_disk_leaves_the_old_state(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write(directory, "dev", document())

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        state.write(directory, "dev", document(outputs={"other": 1}))
    assert state.read(directory, "dev") == GRAPH
    assert names(directory) == ["dev.json"]


TEXT = json.dumps(document(), indent=1)


@pytest.mark.parametrize("length", [0, 1, len(TEXT) // 4, len(TEXT) // 2, len(TEXT) - 1])
def test_a_state_that_was_cut_off_is_broken(directory: Path, length: int) -> None:
    directory.mkdir()
    (directory / "dev.json").write_text(TEXT[:length], encoding="utf-8")
    with pytest.raises(state.BrokenState, match=r"^dev\.json: cut off or not JSON$"):
        state.read(directory, "dev")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(document(version=2)).encode(), "version 2 given; this program reads version 1"),
        (json.dumps(document(resources=3)).encode(), "resources: a list is needed"),
        (json.dumps(document(resources=[{"urn": "x"}])).encode(), "a resource of the document is not one: "),
        (b"[]", "not a document of this contract"),
        (b'{"deployment": {}}', "not a document of this contract"),
        (b"\xff\xfe{}", "'utf-8' codec can't decode"),
    ],
)
def test_a_state_of_another_shape_is_broken(directory: Path, content: bytes, said: str) -> None:
    directory.mkdir()
    (directory / "dev.json").write_bytes(content)
    with pytest.raises(state.BrokenState) as caught:
        state.read(directory, "dev")
    assert str(caught.value).startswith(f"dev.json: {said}")
    assert "\n" not in str(caught.value)


def test_a_state_with_a_list_for_an_urn_is_broken(directory: Path) -> None:
    row = contract.resource_document(QUEUE) | {"urn": []}
    state.write(directory, "dev", document(resources=[row]))
    with pytest.raises(state.BrokenState):
        state.read(directory, "dev")


def test_a_directory_in_place_of_the_state_is_broken(directory: Path) -> None:
    (directory / "dev.json").mkdir(parents=True)
    with pytest.raises(state.BrokenState, match="Is a directory"):
        state.read(directory, "dev")


def test_nothing_is_overwritten_when_a_state_is_set_aside(directory: Path) -> None:
    directory.mkdir()
    for text in ("first", "second", "third"):
        (directory / "dev.json").write_text(text, encoding="utf-8")
        aside = state.set_aside(directory, "dev")
        assert aside.read_text(encoding="utf-8") == text
    assert names(directory) == ["dev.broken-1.json", "dev.broken-2.json", "dev.broken-3.json"]
    assert (directory / "dev.broken-1.json").read_text(encoding="utf-8") == "first"
    assert state.read(directory, "dev") is None


def test_a_lock_is_free_after_its_use_and_after_an_error(directory: Path) -> None:
    said: list[str] = []
    with state.locked(directory, "dev", 0, said.append):
        assert f"process {os.getpid()} " in (directory / "dev.holder").read_text(encoding="utf-8")
    with pytest.raises(KeyError), state.locked(directory, "dev", 0, said.append):
        raise KeyError
    with state.locked(directory, "dev", 0, said.append):
        pass
    assert said == []
    assert "dev.holder" not in names(directory)


def test_stacks_do_not_wait_for_each_other(directory: Path) -> None:
    said: list[str] = []
    with state.locked(directory, "dev", 0, said.append), state.locked(directory, "prod", 0, said.append):
        assert said == []


def test_a_second_holder_waits_and_is_told_who_holds_the_lock(directory: Path, holder: subprocess.Popen[str]) -> None:
    said: list[str] = []
    started = time.monotonic()
    with (
        pytest.raises(UserError) as caught,
        state.locked(directory, "dev", 0.3, said.append),
    ):
        pytest.fail("the lock was given twice")
    assert time.monotonic() - started >= 0.3
    assert len(said) == len(caught.value.lines) == 1
    assert said[0].startswith(f"dev: process {holder.pid} since ")
    assert said[0].endswith(" holds the lock; waiting up to 0.3 s")
    assert caught.value.lines[0].startswith(f"stack dev: process {holder.pid} since ")
    assert holder.poll() is None
    assert str(holder.pid) in (directory / "dev.holder").read_text(encoding="utf-8")


def test_a_second_holder_gets_the_lock_when_the_first_is_done(directory: Path, holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    threading.Timer(0.2, print, kwargs={"file": holder.stdin, "flush": True}).start()
    said: list[str] = []
    with state.locked(directory, "dev", 10, said.append):
        assert f"process {os.getpid()} " in (directory / "dev.holder").read_text(encoding="utf-8")
    assert len(said) == 1


def test_the_lock_of_a_killed_process_is_free(directory: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (directory / "dev.holder").exists()  # the killed process could not remove it, and it does no harm
    said: list[str] = []
    with state.locked(directory, "dev", 0, said.append):
        assert f"process {os.getpid()} " in (directory / "dev.holder").read_text(encoding="utf-8")
    assert said == []


def test_what_a_killed_process_left_is_removed_under_the_lock(directory: Path) -> None:
    directory.mkdir()
    for name in (".dev=abc.tmp", ".dev=def.tmp", ".prod=abc.tmp", "dev.json", "dev.broken-1.json"):
        (directory / name).write_text("{", encoding="utf-8")
    with state.locked(directory, "dev", 0, ignore):
        assert set(names(directory)) - {"dev.lock", "dev.holder"} == {".prod=abc.tmp", "dev.json", "dev.broken-1.json"}


def test_leftovers_of_a_stack_with_a_longer_name_stay(directory: Path) -> None:
    directory.mkdir()
    (directory / ".dev-eu=abc.tmp").write_text("{", encoding="utf-8")
    with state.locked(directory, "dev", 0, ignore):
        assert ".dev-eu=abc.tmp" in names(directory)


def test_whoever_waits_in_vain_removes_nothing(directory: Path, holder: subprocess.Popen[str]) -> None:
    (directory / ".dev=abc.tmp").write_text("{", encoding="utf-8")
    with pytest.raises(UserError), state.locked(directory, "dev", 0, ignore):
        pytest.fail("the lock was given twice")
    assert ".dev=abc.tmp" in names(directory)
