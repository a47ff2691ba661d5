"""plumbline.processes: calls in a process of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from plumbline.processes import Ended, process
from plumbline.project import UserError


def refuse() -> None:
    raise UserError("the first line", "the second line")


class Unsendable(Exception):
    """An exception that pickle writes and cannot read again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def fail() -> None:
    raise Unsendable("not", "sent")


def answer_late(mark: str) -> str:
    while not Path(mark).exists():
        time.sleep(0.01)
    return "late"


def test_calls_are_answered_by_another_process_in_their_order() -> None:
    with process() as worker:
        worker.start(os.getpid)
        worker.start(len, "four")
        assert worker.answer() != os.getpid()
        assert worker.answer() == 4
        assert worker.call(sorted, [2, 1]) == [1, 2]


def test_an_error_is_raised_here_with_what_it_says() -> None:
    with process() as worker:
        with pytest.raises(UserError) as caught:
            worker.call(refuse)
        assert caught.value.lines == ("the first line", "the second line")
        with pytest.raises(RuntimeError, match=r"^Unsendable: not sent$"):
            worker.call(fail)
        assert worker.call(len, "") == 0  # it goes on


def test_an_answer_that_is_not_there_yet_is_not_waited_for(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with process() as worker:
        worker.start(answer_late, str(mark))
        assert not worker.is_done()
        mark.touch()
        assert worker.answer() == "late"


def test_a_process_that_is_killed_is_told_and_not_waited_for_for_ever(tmp_path: Path) -> None:
    with process() as worker:
        other = worker.call(os.getpid)
        worker.start(answer_late, str(tmp_path / "never"))
        os.kill(other, signal.SIGKILL)
        with pytest.raises(Ended):
            worker.answer()
        with pytest.raises(Ended):
            worker.call(os.getpid)


def test_a_process_ends_with_its_block_whatever_it_does(tmp_path: Path) -> None:
    with process() as worker:
        other = worker.call(os.getpid)
        worker.start(answer_late, str(tmp_path / "never"))
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)
