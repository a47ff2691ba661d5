"""The trading system's state machines: definitions in data/state_machines, checked when they are loaded."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from components.workflows import MachineSpec, misplaced
from systems.trading.data import DataError

_DIRECTORY = Path(__file__).with_name("data") / "state_machines"
_GO_ON = ("Map", "Parallel", "Pass", "Task", "Wait")
_TYPES = (*_GO_ON, "Choice", "Fail", "Succeed")


def machines(functions: Collection[str], topics: Collection[str]) -> Mapping[str, MachineSpec]:
    """Return the state machines by logical name, which is that of their file.

    Raises DataError, one line per mistake, where a definition is wrong in itself or names a function or topic that
    does not exist.
    """
    found = mistakes(definitions(), functions, topics)
    if found:
        raise DataError("\n".join(found))
    return {
        name: MachineSpec(
            definition={key: value for key, value in definition.items() if key not in ("Comment", "TimeoutSeconds")},
            description=definition["Comment"],
            timeout_seconds=definition["TimeoutSeconds"],
        )
        for name, definition in definitions().items()
    }


@functools.cache
def definitions() -> Mapping[str, Mapping[str, Any]]:
    """Return the definitions by logical name, as their files give them. Raises DataError where one is no JSON."""
    return {file.stem: _read(file) for file in sorted(_DIRECTORY.glob("*.json"))}


def mistakes(
    definitions: Mapping[str, Mapping[str, Any]], functions: Collection[str], topics: Collection[str]
) -> list[str]:
    """Return one line for each mistake in some definitions."""
    return [
        f"systems/trading/data/state_machines/{name}.json: {mistake}"
        for name, definition in definitions.items()
        for mistake in (*_mistakes(definition), *misplaced(definition, functions, topics))
    ]


def _read(file: Path) -> Mapping[str, Any]:
    where = f"systems/trading/data/state_machines/{file.name}"
    try:
        definition = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(f"{where}:{error.lineno}:{error.colno}: {error.msg}") from None
    if not isinstance(definition, dict):
        raise DataError(f"{where}: {type(definition).__name__} given; allowed: an object with StartAt and States")
    return definition


def _mistakes(definition: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a machine, as far as no service has to be asked.

    AWS: "Amazon States Language". Every task must be tried again and be caught, itself or by what surrounds it
    (TRADING-11.4a, 11.4b), and end by a time of its own.
    """
    if not isinstance(definition.get("Comment"), str):
        yield "Comment: missing; it says what the machine is for"
    seconds = definition.get("TimeoutSeconds")
    if not isinstance(seconds, int) or seconds < 1:
        yield f"TimeoutSeconds: {seconds!r} given; allowed: whole seconds from 1"
    yield from _scope_mistakes(definition, "", caught=False)
    names = Counter(name for name, _ in _states(definition))
    yield from (f"States: {name!r} given {times} times; names are unique" for name, times in names.items() if times > 1)


def _scope_mistakes(scope: Mapping[str, Any], where: str, *, caught: bool) -> Iterator[str]:
    """Yield the mistakes of a machine or branch. `caught` says whether what surrounds it catches every error."""
    states: Mapping[str, Any] = scope.get("States") or {}
    if not states:
        yield f"{where}States: none given; allowed: one or more"
    targets = [("StartAt", scope.get("StartAt"))]
    for name, state in states.items():
        targets += [(f"States.{name}", target) for target in _targets(state)]
        yield from (f"{where}States.{name}{mistake}" for mistake in _state_mistakes(state, caught))
        for number, inner in enumerate(_branches(state)):
            inner_caught = caught or _catches_all(state)
            yield from _scope_mistakes(inner, f"{where}States.{name}.{number}.", caught=inner_caught)
    for path, target in targets:
        if target not in states:
            yield f"{where}{path}: leads to {target!r}; known: {', '.join(states) or 'none'}"
    reached = {target for _, target in targets}
    yield from (f"{where}States.{name}: nothing leads to it" for name in states if name not in reached)


def _state_mistakes(state: Mapping[str, Any], caught: bool) -> Iterator[str]:
    if state.get("Type") not in _TYPES:
        yield f".Type: {state.get('Type')!r} given; allowed: {', '.join(_TYPES)}"
    elif state["Type"] in _GO_ON and ("Next" in state) == bool(state.get("End")):
        yield ".Next: either Next or End must be given"
    if state.get("Type") != "Task":
        return
    if not isinstance(state.get("TimeoutSeconds"), int):
        yield ".TimeoutSeconds: missing; a task that hangs holds its execution for a year"
    if not state.get("Retry"):
        yield ".Retry: missing; every task is tried again"
    if not caught and not _catches_all(state):
        yield ".Catch: States.ALL missing; every error is caught"


def _catches_all(state: Mapping[str, Any]) -> bool:
    return any("States.ALL" in catcher.get("ErrorEquals", ()) for catcher in state.get("Catch", ()))


def _targets(state: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what is given as the name of a state that may follow one."""
    if "Next" in state:
        yield state["Next"]
    if "Default" in state:
        yield state["Default"]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule.get("Next")


def _branches(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    processor = state.get("ItemProcessor")
    return [*state.get("Branches", ()), *([processor] if processor else [])]


def _states(scope: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every state of a machine with its name, those of branches too."""
    for name, state in (scope.get("States") or {}).items():
        yield name, state
        for inner in _branches(state):
            yield from _states(inner)
