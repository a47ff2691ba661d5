"""What a state machine's definition promises: its states, retriers and catchers, and how each can be brought about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LIMIT = "States.DataLimitExceeded"
_DEFAULTS = {"IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2.0}


@dataclass(frozen=True)
class State:
    """A state with its name. `inside` are the tasks of its branches or iterations."""

    name: str
    row: Mapping[str, Any]

    @property
    def is_task(self) -> bool:
        return self.row["Type"] == "Task"

    @property
    def calls_function(self) -> bool:
        return "lambda" in str(self.row.get("Resource"))

    @property
    def lets_errors_out(self) -> bool:
        """Say whether an error can reach the state's own catchers: tasks raise them, others pass on those inside."""
        ends = any(state.row["Type"] == "Fail" for scope in _scopes(self.row) for state in states(scope))
        return self.is_task or ends or any(not _catches_all(task.row) for task in self.inside())

    def inside(self) -> list[State]:
        """Return the tasks of the state's branches or iterations."""
        return [state for scope in _scopes(self.row) for state in states(scope) if state.is_task]


def states(scope: Mapping[str, Any]) -> Iterator[State]:
    """Yield every state of a machine, those of branches and iterations too."""
    for name, row in scope["States"].items():
        yield State(name, row)
        for inner in _scopes(row):
            yield from states(inner)


def _scopes(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    processor = row.get("ItemProcessor") or row.get("Iterator")
    return [*row.get("Branches", ()), *([processor] if processor else [])]


def _catches_all(row: Mapping[str, Any]) -> bool:
    return any("States.ALL" in catcher["ErrorEquals"] for catcher in row.get("Catch", ()))


@dataclass(frozen=True)
class _Handler:
    """What a state does about some errors of its own."""

    state: State
    row: Mapping[str, Any]

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(self.row["ErrorEquals"])


class Retrier(_Handler):
    """One way in which a state is tried again."""

    @property
    def attempts(self) -> int:
        return int(self.row.get("MaxAttempts", _DEFAULTS["MaxAttempts"]))

    def pauses(self) -> list[float]:
        """Return the longest pause before each retry, in seconds, as the definition says it."""
        interval, rate = (float(self.row.get(name, _DEFAULTS[name])) for name in ("IntervalSeconds", "BackoffRate"))
        most = float(self.row.get("MaxDelaySeconds", "inf"))
        return [min(interval * rate**number, most) for number in range(self.attempts)]


class Catcher(_Handler):
    """One way in which an error of a state is caught."""

    @property
    def next(self) -> str:
        return self.row["Next"]

    @property
    def comes_too_late(self) -> bool:
        """Say whether an earlier catcher of the state takes every error."""
        rows = self.state.row["Catch"]
        return any("States.ALL" in row["ErrorEquals"] for row in rows[: rows.index(self.row)])


def retriers(scope: Mapping[str, Any]) -> list[Retrier]:
    return [Retrier(state, row) for state in states(scope) for row in state.row.get("Retry", ())]


def catchers(scope: Mapping[str, Any]) -> list[Catcher]:
    return [Catcher(state, row) for state in states(scope) for row in state.row.get("Catch", ())]


def own_errors(scope: Mapping[str, Any]) -> set[str]:
    """Return the errors with which a definition itself ends an execution."""
    return {state.row["Error"] for state in states(scope) if state.row["Type"] == "Fail" and "Error" in state.row}
