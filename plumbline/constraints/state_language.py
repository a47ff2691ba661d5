"""Amazon States Language: the structure of a state machine's definition, in both of its query languages.

Sources are the specification of the language and "Using Amazon States Language to define Step Functions workflows".
What single tasks and choices hold is in state_tasks.py, and paths are in state_paths.py.
The Python port of statelint was tried: it gives sentences without places, takes a state as reached that only an
unreachable one leads to, and knows neither intrinsic functions nor integrations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.state_paths import intrinsic_problem, jsonata_problem, path_problem, template_problem
from plumbline.constraints.state_tasks import choice_findings, retry_findings, task_findings
from plumbline.graph import Path, path_text

Finding = tuple[Path, str]
_LONGEST_NAME = 80
_MOST_SECONDS = 99_999_999
_MACHINE = {"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"}
_BRANCH = {"Comment", "StartAt", "States"}
_COMMON = {"Type", "Comment", "QueryLanguage"}
_MOVING = {"Next", "End", "Assign"}
_HANDLING = {"Retry", "Catch"}
_IN_AND_OUT = {"InputPath", "OutputPath"}
_SHAPING = _IN_AND_OUT | {"Parameters", "ResultPath"}
_DISTRIBUTED = {"ItemReader", "ResultWriter", "ItemBatcher", "Label", "ToleratedFailureCount"}
_DISTRIBUTED |= {"ToleratedFailurePercentage", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"}
# Fields of each type of state: those of both query languages, of JSONPath only, of JSONata only.
_FIELDS: Mapping[str, tuple[set[str], set[str], set[str]]] = {
    "Pass": (_MOVING, _SHAPING | {"Result"}, {"Output"}),
    "Task": (
        _MOVING | _HANDLING | {"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"},
        _SHAPING | {"ResultSelector", "TimeoutSecondsPath", "HeartbeatSecondsPath"},
        {"Arguments", "Output"},
    ),
    "Choice": ({"Choices", "Default", "Assign"}, _IN_AND_OUT, {"Output"}),
    "Wait": (_MOVING | {"Seconds", "Timestamp"}, _IN_AND_OUT | {"SecondsPath", "TimestampPath"}, {"Output"}),
    "Succeed": (set(), _IN_AND_OUT, {"Output"}),
    "Fail": ({"Error", "Cause"}, {"ErrorPath", "CausePath"}, set()),
    "Parallel": (_MOVING | _HANDLING | {"Branches"}, _SHAPING | {"ResultSelector"}, {"Arguments", "Output"}),
    "Map": (
        _MOVING | _HANDLING | {"ItemProcessor", "Iterator", "ItemSelector", "MaxConcurrency"} | _DISTRIBUTED,
        _SHAPING | {"ItemsPath", "MaxConcurrencyPath", "ResultSelector"},
        {"Items", "Output"},
    ),
}
_NEEDED = {"Task": ("Resource",), "Choice": ("Choices",), "Parallel": ("Branches",)}
_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Arguments", "Output")
_WITHOUT_NEXT = ("Choice", "Succeed", "Fail")
_EXCLUSIVE = ("TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency", "Error", "Cause", "ToleratedFailureCount")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def definition_findings(text: str, *, express: bool = False) -> list[tuple[str, str]]:
    """Return what Step Functions refuses in a definition: the path in it (`States.Check.Next`), and why.

    `express` is whether the state machine is of type EXPRESS, which cannot wait for a job or a callback.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        return [("", f"not JSON: {error}")]
    if not isinstance(document, dict):
        return [("", "an object with StartAt and States is needed")]
    found = [*_fields(document, _MACHINE, ()), *_top(document)]
    dialect = document.get("QueryLanguage", "JSONPath")
    machine = _Machine(express=express, jsonata=dialect == "JSONata")
    found += machine.findings(document, (), jsonata=machine.jsonata)
    return [(path_text(path), message) for path, message in found]


def _top(document: Mapping[str, Any]) -> Iterator[Finding]:
    if document.get("Version", "1.0") != "1.0":
        yield ("Version",), f"{document['Version']!r} given; allowed: '1.0'"
    if document.get("QueryLanguage", "JSONPath") not in ("JSONPath", "JSONata"):
        yield ("QueryLanguage",), f"{document['QueryLanguage']!r} given; allowed: JSONPath, JSONata"
    yield from _number(document, "TimeoutSeconds", 1, _MOST_SECONDS, ())


def _fields(owner: Mapping[str, Any], allowed: set[str], place: Path) -> Iterator[Finding]:
    for name in owner:
        if name not in allowed:
            yield (*place, name), f"no field of this; allowed: {', '.join(sorted(allowed))}"


def _number(owner: Mapping[str, Any], name: str, low: int, high: int, place: Path) -> Iterator[Finding]:
    value = owner.get(name)
    if value is None or (isinstance(value, str) and value.startswith("{%")):
        return
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        yield (*place, name), f"{value!r} given; allowed: a whole number from {low} to {high}"


class _Machine:
    """One definition: what holds for all of its states, and the names that they have."""

    def __init__(self, *, express: bool, jsonata: bool) -> None:
        self.express = express
        self.jsonata = jsonata
        self.names: dict[str, Path] = {}

    def findings(self, owner: Mapping[str, Any], place: Path, *, jsonata: bool) -> Iterator[Finding]:
        """Yield what is wrong with the states of a machine, of a branch, or of what processes items."""
        states, start = owner.get("States"), owner.get("StartAt")
        if not isinstance(states, dict) or not states:
            yield (*place, "States"), "an object of states is needed"
            return
        if not isinstance(start, str) or start not in states:
            yield (*place, "StartAt"), f"{start!r} given; no such state" if start else "missing; the first state"
        for name, state in states.items():
            here = (*place, "States", name)
            if name in self.names:
                yield here, f"a name of two states; the other is {path_text(self.names[name])}"
            self.names.setdefault(name, here)
            if not 0 < len(name) <= _LONGEST_NAME:
                yield here, f"a name of {len(name)} characters; allowed: 1 to {_LONGEST_NAME}"
            if isinstance(state, dict):
                yield from self._state(state, here, states, jsonata)
            else:
                yield here, "an object is needed"
        yield from self._flow(states, start, place)

    def _flow(self, states: Mapping[str, Any], start: Any, place: Path) -> Iterator[Finding]:
        known = {name: state for name, state in states.items() if isinstance(state, dict)}
        waiting = [start] if isinstance(start, str) and start in known else []
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += [
                    target for _, target in _targets(known[name]) if isinstance(target, str) and target in known
                ]
        for name in known if reached else ():
            if name not in reached:
                yield (*place, "States", name), "no state leads here"
        if reached and not any(_ends(known[name]) for name in reached):
            yield (*place, "States"), "no state ends it; one with End, or of type Succeed or Fail, must be reached"

    def _state(self, state: dict[str, Any], place: Path, states: Mapping[str, Any], outer: bool) -> Iterator[Finding]:
        type_ = state.get("Type")
        if not isinstance(type_, str) or type_ not in _FIELDS:
            yield (*place, "Type"), f"{type_!r} given; allowed: {', '.join(_FIELDS)}"
            return
        dialect = state.get("QueryLanguage", "JSONata" if outer else "JSONPath")
        jsonata = dialect == "JSONata"
        if dialect not in ("JSONPath", "JSONata"):
            yield (*place, "QueryLanguage"), f"{dialect!r} given; allowed: JSONPath, JSONata"
        elif self.jsonata and not jsonata:
            yield (*place, "QueryLanguage"), "JSONPath given in a state machine whose query language is JSONata"
        both, only_path, only_jsonata = _FIELDS[type_]
        yield from _fields(state, both | _COMMON | (only_jsonata if jsonata else only_path), place)
        for name in _NEEDED.get(type_, ()):
            if name not in state:
                yield (*place, name), f"missing; a state of type {type_} needs it"
        yield from self._next(state, place, states)
        yield from _values(state, place, jsonata)
        yield from self._by_type(state, place, jsonata)

    def _next(self, state: dict[str, Any], place: Path, states: Mapping[str, Any]) -> Iterator[Finding]:
        if state["Type"] not in _WITHOUT_NEXT and ("Next" in state) == ("End" in state):
            given = "both" if "Next" in state else "nothing"
            yield (*place, "Next"), f"{given} given; exactly one of Next, End is needed"
        if state.get("End", True) is not True:
            yield (*place, "End"), f"{state['End']!r} given; allowed: true"
        for path, target in _targets(state):
            if not isinstance(target, str) or target not in states:
                yield (*place, *path), f"{target!r} given; no such state"

    def _by_type(self, state: dict[str, Any], place: Path, jsonata: bool) -> Iterator[Finding]:
        if state["Type"] == "Choice":
            yield from _at(place, choice_findings(state.get("Choices"), jsonata=jsonata))
        elif state["Type"] == "Wait":
            yield from _wait(state, place)
        elif state["Type"] == "Task":
            yield from _at(place, task_findings(state, express=self.express))
        elif state["Type"] == "Parallel":
            yield from self._branches(state, place, jsonata)
        elif state["Type"] == "Map":
            yield from self._items(state, place, jsonata)
        yield from _at(place, retry_findings(state, jsonata=jsonata))

    def _branches(self, state: dict[str, Any], place: Path, jsonata: bool) -> Iterator[Finding]:
        branches = state.get("Branches", [])
        if not isinstance(branches, list) or ("Branches" in state and not branches):
            yield (*place, "Branches"), "a list with at least one branch is needed"
            return
        for index, branch in enumerate(branches):
            yield from self._inner(branch, (*place, "Branches", index), _BRANCH, jsonata)

    def _inner(self, owner: Any, place: Path, fields: set[str], jsonata: bool) -> Iterator[Finding]:
        if not isinstance(owner, dict):
            yield place, "an object with StartAt and States is needed"
            return
        yield from _fields(owner, fields, place)
        yield from self.findings(owner, place, jsonata=jsonata)

    def _items(self, state: dict[str, Any], place: Path, jsonata: bool) -> Iterator[Finding]:
        given = [name for name in ("ItemProcessor", "Iterator") if name in state]
        if len(given) != 1:
            yield (*place, "ItemProcessor"), f"{' and '.join(given) or 'nothing'} given; exactly one is needed"
            return
        if "Parameters" in state and "ItemSelector" in state:
            yield (*place, "Parameters"), "given together with ItemSelector, which takes its place"
        yield from self._inner(state[given[0]], (*place, given[0]), _BRANCH | {"ProcessorConfig"}, jsonata)
        yield from self._processor(state, (*place, given[0]), place)
        yield from _number(state, "MaxConcurrency", 0, _MOST_SECONDS, place)
        yield from _number(state, "ToleratedFailurePercentage", 0, 100, place)
        yield from _number(state, "ToleratedFailureCount", 0, _MOST_SECONDS, place)

    def _processor(self, state: dict[str, Any], at: Path, place: Path) -> Iterator[Finding]:
        processor = state.get(str(at[-1]))
        config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
        if not isinstance(config, dict):
            yield (*at, "ProcessorConfig"), "an object is needed"
            return
        mode, execution = config.get("Mode", "INLINE"), config.get("ExecutionType")
        if mode not in ("INLINE", "DISTRIBUTED"):
            yield (*at, "ProcessorConfig", "Mode"), f"{mode!r} given; allowed: INLINE, DISTRIBUTED"
        elif mode == "DISTRIBUTED" and execution not in ("STANDARD", "EXPRESS"):
            yield (*at, "ProcessorConfig", "ExecutionType"), f"{execution!r} given; allowed: STANDARD, EXPRESS"
        elif mode == "INLINE":
            for name in sorted(_DISTRIBUTED & set(state)):
                yield (*place, name), "given, but only a map of mode DISTRIBUTED takes it"
        if mode == "DISTRIBUTED" and self.express:
            yield (*at, "ProcessorConfig", "Mode"), "DISTRIBUTED given in an express state machine, which has no such"


def _at(place: Path, findings: Iterator[Finding]) -> Iterator[Finding]:
    for path, message in findings:
        yield (*place, *path), message


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield the names of the states that a state leads to, each with its place in the state."""
    for name in ("Next", "Default"):
        if name in state:
            yield (name,), state[name]
    for list_ in ("Choices", "Catch"):
        rows = state.get(list_)
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict) and "Next" in row:
                yield (list_, index, "Next"), row["Next"]


def _ends(state: Mapping[str, Any]) -> bool:
    return state.get("Type") in ("Succeed", "Fail") or state.get("End") is True


def _wait(state: Mapping[str, Any], place: Path) -> Iterator[Finding]:
    given = [name for name in ("Seconds", "Timestamp", "SecondsPath", "TimestampPath") if name in state]
    if len(given) != 1:
        one = "exactly one of Seconds, SecondsPath, Timestamp, TimestampPath is needed"
        yield (*place, "Seconds"), f"{' and '.join(given) or 'nothing'} given; {one}"
    yield from _number(state, "Seconds", 0, _MOST_SECONDS, place)
    timestamp = state.get("Timestamp", "{%")
    if not isinstance(timestamp, str) or not (timestamp.startswith("{%") or _TIMESTAMP.fullmatch(timestamp)):
        yield (*place, "Timestamp"), f"{timestamp!r} given; allowed: a time such as 2030-01-31T12:00:00Z"


def _values(state: Mapping[str, Any], place: Path, jsonata: bool) -> Iterator[Finding]:
    """Yield what is wrong with the paths, the templates and the expressions of a state."""
    for name in _EXCLUSIVE:
        if name in state and f"{name}Path" in state:
            yield (*place, name), f"given together with {name}Path; exactly one of the two"
    for name in _TEMPLATES:
        if name in state:
            yield from _template(state[name], (*place, name), jsonata)
    if jsonata:
        for name in ("Items", "Condition", "Seconds", "Timestamp", "Error", "Cause", "TimeoutSeconds"):
            problem = jsonata_problem(state[name]) if isinstance(state.get(name), str) else None
            if problem:
                yield (*place, name), problem
        return
    for name, value in state.items():
        if not name.endswith("Path") or value is None:
            continue
        problem = f"{value!r} given; a path is needed"
        if isinstance(value, str) and name in ("ErrorPath", "CausePath") and value.startswith("States."):
            problem = intrinsic_problem(value)
        elif isinstance(value, str):
            # What is read may be the context or a variable; what is written is the state's own data.
            reads = name != "ResultPath"
            reference = name not in ("InputPath", "OutputPath", "ItemsPath")
            problem = path_problem(value, reference=reference, context=reads)
        if problem:
            yield (*place, name), problem


def _template(value: Any, place: Path, jsonata: bool) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            if jsonata or not key.endswith(".$"):
                yield from _template(item, (*place, key), jsonata)
                continue
            problem = template_problem(item) if isinstance(item, str) else f"{item!r} given; a text is needed"
            if problem:
                yield (*place, key), problem
            if key.removesuffix(".$") in value:
                yield (*place, key), f"given together with {key.removesuffix('.$')}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _template(item, (*place, index), jsonata)
    elif jsonata and isinstance(value, str):
        problem = jsonata_problem(value)
        if problem:
            yield place, problem
