"""Requirement 11: state machines, by what their definitions say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from criteria.common.lookups import ALIAS, FUNCTION, LOG_GROUP, ROLE, Word, covers, elements, follow, texts
from criteria.common.rights import ATTACHMENT, Call, allowed, arn, of_caller, one
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

MACHINE = "aws:sfn/stateMachine:StateMachine"
_INVOKE = "lambda:InvokeFunction"
State = Mapping[str, Any]


def _definition(machine: Resource) -> State | None:
    """Return a machine's definition, empty where it is none, and None where it is not known yet."""
    text = machine.get("definition")
    if text is UNKNOWN or not isinstance(text, str):
        return None if text is UNKNOWN else {}
    try:
        written = json.loads(text)
    except ValueError:
        return {}
    return written if isinstance(written, dict) else {}


def _reached(scope: State) -> Iterator[State]:
    """Yield the states of a machine or branch that an execution can come to, first the one at which it starts."""
    states = scope.get("States")
    states = states if isinstance(states, dict) else {}
    waiting, seen = [scope.get("StartAt")], set()
    while waiting:
        name = waiting.pop()
        state = states.get(name) if isinstance(name, str) else None
        if name in seen or not isinstance(state, dict):
            continue
        seen.add(name)
        yield state
        waiting += [state.get("Next"), state.get("Default")]
        waiting += [row.get("Next") for key in ("Choices", "Catch") for row in _rows(state, key)]


def _rows(state: State, key: str) -> list[State]:
    value = state.get(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _tasks(scope: State, around: tuple[State, ...] = ()) -> Iterator[tuple[State, tuple[State, ...]]]:
    """Yield every task that can be reached, with the states that surround it."""
    for state in _reached(scope):
        if state.get("Type") == "Task":
            yield state, around
        inner = [state.get(key) for key in ("ItemProcessor", "Iterator")]
        for branch in (*_rows(state, "Branches"), *(row for row in inner if isinstance(row, dict))):
            yield from _tasks(branch, (*around, state))


def _called(task: State) -> str | None:
    """Return the ARN of the function that a task invokes, "" where it is chosen while it runs, None for other tasks."""
    resource = str(task.get("Resource"))
    if ":lambda:" in resource and ":function:" in resource:
        return resource
    if ":states:::lambda:invoke" not in resource:
        return None
    given = task.get("Parameters", task.get("Arguments"))
    name = given.get("FunctionName") if isinstance(given, dict) else None
    return name if isinstance(name, str) and not name.startswith("{%") else ""


@criterion("TRADING-11.1", "TRADING-11.2", "TRADING-11.3")
def machine(subject: Subject) -> Verdict:
    """The machine of a workflow exists, and an execution of it can come to the functions that do the work."""
    workflow = facts()["workflows"][subject.facts["workflow"]]
    found = by_name(subject, MACHINE, workflow["machine"])
    if found is None:
        return Verdict("fail", f"the stack has no state machine {workflow['machine']}")
    definition = _definition(found)
    word: Word = "unknown"
    if definition is not None:
        called = {_function_of(subject, call or "") for task, _ in _tasks(definition) if (call := _called(task))}
        names = {function.get("name") for function in called if function is not None}
        runs = all(f"{subject.environment}-{name}" in names for name in workflow["runs"])
        word = "pass" if runs else "fail"
    return combine([Finding(found, "definition", word)], "state machines", f"run {', '.join(workflow['runs'])}")


def _function_of(subject: Subject, named: str) -> Resource | None:
    """Return the stack's function that an ARN names by one of its aliases."""
    for alias in subject.graph.of_type(ALIAS):
        function, _ = one(subject.graph, alias, "functionName", FUNCTION)
        if function is not None and named == arn(
            subject, "lambda", f"function:{function.get('name')}:{alias.get('name')}"
        ):
            return function
    return None


@criterion("TRADING-11.4a")
def catches(subject: Subject) -> Verdict:
    """Each task that can be reached is caught whatever the error, by its own clause or by one around it."""
    return _each_task(subject, _catches, "catch every error of their tasks")


@criterion("TRADING-11.4b")
def retries(subject: Subject) -> Verdict:
    return _each_task(subject, _retries, "try their tasks again")


def _each_task(subject: Subject, holds: Any, says: str) -> Verdict:
    findings = []
    for machine in subject.graph.of_type(MACHINE):
        definition = _definition(machine)
        tasks = list(_tasks(definition)) if definition is not None else []
        held = bool(tasks) and all(any(map(holds, (task, *around))) for task, around in tasks)
        word: Word = "unknown" if definition is None else "pass" if held else "fail"
        findings.append(Finding(machine, "definition", word))
    return combine(findings, "state machines", says)


def _catches(state: State) -> bool:
    return any("States.ALL" in texts(row.get("ErrorEquals")) for row in _rows(state, "Catch"))


def _retries(state: State) -> bool:
    return any(texts(row.get("ErrorEquals")) and row.get("MaxAttempts", 3) > 0 for row in _rows(state, "Retry"))


@criterion("TRADING-11.5")
def logs(subject: Subject) -> Verdict:
    """Every event of every execution goes to a log group of the stack, whose ARN Step Functions wants with ":*"."""
    graph = subject.graph
    findings = []
    for machine in graph.of_type(MACHINE):
        findings.append(claim(machine, "loggingConfiguration.level", lambda level: level == "ALL", default="OFF"))
        path = "loggingConfiguration.logDestination"
        given = machine.get(path)
        if given is UNKNOWN:
            word = one(graph, machine, path, LOG_GROUP)[1]
        else:
            word = (
                "pass" if given in [f"{_log_arn(subject, group)}:*" for group in graph.of_type(LOG_GROUP)] else "fail"
            )
        findings.append(Finding(machine, path, word))
    return combine(findings, "logging settings of state machines", "send every event to a log group of the stack")


def _log_arn(subject: Subject, group: Resource) -> str:
    return arn(subject, "logs", f"log-group:{group.get('name')}")


@criterion("TRADING-11.6")
def invocations(subject: Subject) -> Verdict:
    """A machine's role may invoke the functions that the definition names, and no others."""
    return combine(
        (Finding(machine, "roleArn", _invokes(subject, machine)) for machine in subject.graph.of_type(MACHINE)),
        "roles of state machines",
        "may invoke exactly the functions that their machines call",
    )


def _invokes(subject: Subject, machine: Resource) -> Word:
    definition = _definition(machine)
    written, known = of_caller(subject.graph, machine, "roleArn")
    if definition is None or known != "pass":
        return known if definition is not None else "unknown"
    called = {call for task, _ in _tasks(definition) if (call := _called(task)) is not None}
    granted: set[str] = set()
    for row in written:
        if row.get("Effect") == "Allow":
            reaches = any(covers(action, _INVOKE.casefold()) for action in elements(row, "Action"))
            granted |= set(texts(row.get("Resource")) or ["*"]) if reaches or "NotAction" in row else set()
    role, _ = one(subject.graph, machine, "roleArn", ROLE)
    exact = (
        bool(called)
        and called == granted
        and all(_function_of(subject, call) is not None for call in called)
        and all(allowed(written, Call(_INVOKE, call)) for call in called)
        and role is not None
        and _is_whole(subject, role)
    )
    return "pass" if exact else "fail"


def _is_whole(subject: Subject, role: Resource) -> bool:
    """Say whether a role has no other policies than its inline ones, which may allow more."""
    others = [r for r in subject.graph.of_type(ATTACHMENT) if follow(subject.graph, r, "role", ROLE).has(role)]
    return not others and all(role.get(name) is None for name in ("managedPolicyArns", "inlinePolicies"))


@criterion("TRADING-11.7")
def traces(subject: Subject) -> Verdict:
    findings = [
        claim(machine, "tracingConfiguration.enabled", lambda on: on is True, default=False)
        for machine in subject.graph.of_type(MACHINE)
    ]
    return combine(findings, "state machines", "trace with X-Ray")
