"""Runs of the real engine that do not come to their end, and what the next one makes of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline.monitor import DeployError
from plumbline.project import UserError
from plumbline.provider import channel, control, engine
from plumbline.provider.daemon import running
from plumbline.sandbox.adapters import ADAPTERS
from tests.engine.rig import MADE_IN_AWS, Small, needs_cli, small_project
from tests.evaluations import ROOT

pytestmark = [pytest.mark.engine, needs_cli]
QUICK = ("--skip-preview", "--suppress-progress")
TABLE = "aws:dynamodb/table:Table"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    with small_project(tmp_path) as made:
        yield made


@contextlib.contextmanager
def daemon_here(small: Small) -> Iterator[None]:
    """Run the stack's daemon in this process, where a test can break its adapters."""
    with running() as daemon:
        channel.write(small.workspace.directory, daemon.address)
        thread = threading.Thread(target=daemon.serve)
        thread.start()
        try:
            yield
        finally:
            daemon.stop()
            thread.join()
            (small.workspace.directory / channel.FILE).unlink()


def run(small: Small, verb: str = "up", *options: str) -> tuple[int, list[str]]:
    said: list[str] = []
    return engine.run(small.project, "dev", verb, [*QUICK, *options] if verb == "up" else options, said.append), said


def left(small: Small) -> int:
    return control.status(small.workspace.directory).resources


def started(small: Small) -> subprocess.Popen[bytes]:
    """Start `engine up` in a process of its own, the leader of a group with all that it starts."""
    command = [sys.executable, "-m", "plumbline", "engine", "up", "dev", "--", *QUICK]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=small.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(found: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_adapter_that_fails_in_the_middle_is_completed_by_the_next_up(
    small: Small, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuses(context: Any, inputs: Any) -> Any:
        raise DeployError("LimitExceededException: too many tables")

    with daemon_here(small):
        with monkeypatch.context() as broken:
            broken.setitem(ADAPTERS, TABLE, refuses)
            status, _ = run(small)
        told = capfd.readouterr().out
        assert status != 0
        assert "error: LimitExceededException: too many tables" in told
        assert 0 < left(small) < MADE_IN_AWS
        status, said = run(small)
        assert (status, said) == (0, [])
        assert left(small) == MADE_IN_AWS


def test_a_run_that_was_killed_is_completed_by_the_next_one(
    small: Small, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make = ADAPTERS[GROUP]
    reached, go_on = threading.Event(), threading.Event()

    def slow(context: Any, inputs: Any) -> Any:
        made = make(context, inputs)
        reached.set()
        go_on.wait(120)  # the engine is killed before it has the answer
        return made

    with daemon_here(small):
        with monkeypatch.context() as slowed:
            slowed.setitem(ADAPTERS, GROUP, slow)
            process = started(small)
            assert reached.wait(120)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            go_on.set()
        wait_for(lambda: left(small) >= 1)
        before = {row["GroupId"] for row in small.client("ec2").describe_security_groups()["SecurityGroups"]}
        status, said = run(small)
        assert status == 0
        assert said[0] == "dev: the run before was interrupted; its lock was released"
        assert said[1].endswith("exist that the state does not have; this run takes over what it asks for")
        assert left(small) == MADE_IN_AWS
        # Nothing was made twice, and nothing is left over.
        after = {row["GroupId"] for row in small.client("ec2").describe_security_groups()["SecurityGroups"]}
        assert before <= after
        assert small.workspace.checkpoint().get("pending_operations") in (None, [])
        again, said = run(small)
        assert (again, said) == (0, [])
        assert run(small, "destroy")[0] == 0
        assert left(small) == 0


def test_what_a_killed_run_made_and_the_program_no_longer_wants_is_deleted(
    small: Small, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reached = threading.Event()

    stopped = threading.Event()

    def waits(context: Any, inputs: Any) -> Any:
        reached.set()
        stopped.wait(120)
        raise DeployError("never made")

    with daemon_here(small):
        with monkeypatch.context() as slowed:
            slowed.setitem(ADAPTERS, GROUP, waits)
            process = started(small)
            assert reached.wait(120)
            wait_for(lambda: left(small) == MADE_IN_AWS - 1)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            stopped.set()
        small.change(topic=False)
        status, said = run(small)
        assert status == 0
        assert said[-1] == (
            "dev: 1 resources that an interrupted run had made, and that nothing asks for any more, were deleted"
        )
        assert left(small) == MADE_IN_AWS - 1
        assert small.client("sns").list_topics()["Topics"] == []


def test_a_destroy_that_was_killed_is_completed_by_the_next_one(
    small: Small, capfd: pytest.CaptureFixture[str]
) -> None:
    with daemon_here(small):
        assert run(small)[0] == 0
        # As if the state had not been written since: what is deleted is still in it.
        state = small.workspace.backend / ".pulumi" / "stacks" / "small" / "dev.json"
        text = state.read_text(encoding="utf-8")
        assert run(small, "destroy")[0] == 0
        state.write_text(text, encoding="utf-8")
        status, said = run(small)
        assert status == 0
        assert said == [f"dev: {MADE_IN_AWS} resources of the state are gone, and were taken out of it"]
        assert left(small) == MADE_IN_AWS


def test_a_state_whose_sandbox_is_gone_is_set_aside(small: Small, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(small)[0] == 0
    os.kill(control.status(small.workspace.directory).pid, signal.SIGKILL)
    status, said = run(small)
    assert status == 0
    assert said == [
        "dev: the sandbox that the state is about is gone, and all resources with it; "
        "the state was set aside as backend.gone-1"
    ]
    assert left(small) == MADE_IN_AWS
    assert (small.workspace.directory / "backend.gone-1" / ".pulumi" / "stacks" / "small" / "dev.json").is_file()


def test_nothing_to_destroy_is_said(small: Small) -> None:
    assert run(small, "destroy") == (0, ["dev: nothing is deployed"])


def test_an_engine_that_is_still_at_work_keeps_its_lock(small: Small) -> None:
    locks = small.workspace.backend / ".pulumi" / "locks" / "organization" / "small" / "dev"
    locks.mkdir(parents=True)
    (locks / "a.json").write_text(f'{{"pid": {os.getpid()}}}', encoding="utf-8")
    with pytest.raises(UserError, match=f"the engine's process {os.getpid()} is still at work"):
        run(small)


def test_the_user_s_tree_stays_as_it_is(small: Small, capfd: pytest.CaptureFixture[str]) -> None:
    def tree() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in small.root.iterdir() if path.is_file()}

    before = tree()
    assert run(small)[0] == 0
    assert tree() == before
    assert sorted(path.name for path in small.root.iterdir()) == [
        ".plumbline",
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        "__main__.py",
    ]
