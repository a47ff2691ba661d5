"""State machines: executed to success and along every failure path that their definitions have.

A system says how its machines are used (scenarios). The failures of tasks are derived from the definition in the
account: each retrier is used up and each catcher taken, so that one which no run reaches is a failed result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline.graph import Resource
from plumbline.probing.definitions import LIMIT, Catcher, Retrier, State, catchers, own_errors, retriers, states
from plumbline.probing.inboxes import Inbox
from plumbline.probing.items import Tables
from plumbline.probing.model import (
    NotSo,
    Probe,
    ProbeContext,
    Trial,
    failed,
    judged,
    passed,
    probe,
    trial,
    value,
)
from plumbline.probing.tables import TABLE
from plumbline.sandbox.workflows import Caught, Execution, Exhausted, ServiceError, Slow, Step

MACHINE = "aws:sfn/stateMachine:StateMachine"
_FUNCTION = "aws:lambda/function:Function"
_TOPIC = "aws:sns/topic:Topic"
_GROUP = "state machines"
_WITHIN = "every task inside catches its errors itself, so that none comes out that this catcher takes"
_WHY = "moto raises this error of a state's whole result only after its catchers were asked"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way in which a machine is used, and how it then ends.

    Tables and topics are named as their resources are. `items` are in tables before, `tasks` says by state what its
    task does instead. `enters` and `avoids` are states, `writes` parts of items that are in tables afterwards, and
    `publishes` the subjects of the messages that arrive at topics.
    """

    name: str
    input: Any
    ends: Literal["SUCCEEDED", "FAILED"] = "SUCCEEDED"
    error: str | None = None
    items: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    tasks: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    enters: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    writes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    publishes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a system uses one of its machines. `unusable` is an answer of a function that the machine takes for none."""

    scenarios: tuple[Scenario, ...]
    unusable: Any = None


def machine_probes(machines: Mapping[str, Machine]) -> tuple[Probe, ...]:
    """Return the probes of a stack's state machines. `machines` are known by the names of their resources."""

    @probe(_GROUP, MACHINE)
    def scenario(context: ProbeContext, machine: Resource) -> Iterator[Trial]:
        """State machines end as they must: to success, and where something is refused or fails."""
        yield from _explored(context, machine, machines).scenarios

    @probe(_GROUP, MACHINE)
    def retries_used_up(context: ProbeContext, machine: Resource) -> Iterator[Trial]:
        """Every retrier is used up by a task that goes on failing, with the pauses that it says."""
        explored = _explored(context, machine, machines)
        for retrier in retriers(explored.definition):
            yield explored.exhaustion(retrier)

    @probe(_GROUP, MACHINE)
    def error_caught(context: ProbeContext, machine: Resource) -> Iterator[Trial]:
        """Every catcher takes an error and leads where it says."""
        explored = _explored(context, machine, machines)
        for catcher in catchers(explored.definition):
            yield explored.catch(catcher)

    @probe(_GROUP, MACHINE)
    def every_state(context: ProbeContext, machine: Resource) -> Iterator[Trial]:
        """Every state is entered by a run, and no run ends with an error that the definition does not know."""
        explored = _explored(context, machine, machines)
        names = [state.name for state in states(explored.definition)]
        entered = {name for run in explored.runs for name in run.execution.states}
        missed = [name for name in names if name not in entered]
        yield trial(not missed, "enter every state", f"{len(names)} states", f"no run entered {', '.join(missed)}")
        known = own_errors(explored.definition)
        strange = [
            f"{run.name}: {run.execution.status} {run.execution.error}"
            for run in explored.runs
            if run.execution.status != "SUCCEEDED" and run.execution.error not in known
        ]
        evidence = f"{len(explored.runs)} runs ended in a state of the definition"
        yield trial(not strange, "end every run in a state of the definition", evidence, "; ".join(strange[:3]))

    @probe(_GROUP, MACHINE)
    def finds_its_functions(context: ProbeContext, machine: Resource) -> Iterator[Trial]:
        """Everything that a definition names exists."""
        definition = _definition(context, machine)
        for text in sorted(set(_arns(definition))):
            yield _exists(context, text)

    return scenario, retries_used_up, error_caught, every_state, finds_its_functions


@dataclass(frozen=True)
class _Run:
    name: str
    scenario: Scenario
    tasks: Mapping[str, Sequence[Step]]
    execution: Execution


def _explored(context: ProbeContext, machine: Resource, machines: Mapping[str, Machine]) -> _Explored:
    """Return what the runs of a machine show; they are made once, for all probes."""
    key = (__name__, machine.urn)
    if key not in context.kept:
        if machine.name not in machines:
            raise NotSo("the system's probes say nothing of how this machine is used")
        context.kept[key] = _Explored(context, machine, machines[machine.name])
    return context.kept[key]


class _Explored:
    """The runs of one machine: all scenarios, and as many failures as its definition has ways to fail."""

    def __init__(self, context: ProbeContext, machine: Resource, used: Machine) -> None:
        self._context = context
        self._arn = value(machine, "arn")
        self._used = used
        self.definition = _definition(context, machine)
        self._tables = Tables(context, _tables(context, self.definition))
        self._functions = _functions(context, self.definition)
        topics = sorted({topic for scenario in used.scenarios for topic in scenario.publishes})
        self._inboxes = {name: Inbox(context, _named(context, _TOPIC, name)) for name in topics}
        self.runs: list[_Run] = []
        self.scenarios = [self._scenario(scenario) for scenario in used.scenarios]
        wanted: list[Retrier | Catcher] = [*retriers(self.definition), *catchers(self.definition)]
        # A failure may be the only way to a state that can fail itself.
        while reached := [one for one in wanted if self._covers(one) or self._bring_about(one)]:
            wanted = [one for one in wanted if one not in reached]

    def _scenario(self, scenario: Scenario) -> Trial:
        """Run a scenario and judge how it ended."""
        for name in scenario.publishes:
            self._inboxes[name].take()
        execution, written = self._run(scenario.name, scenario, scenario.tasks)
        ended, wanted = (execution.status, execution.error), (scenario.ends, scenario.error)
        problems = [] if ended == wanted else [f"ended {_end(*ended)}, not {_end(*wanted)}"]
        problems += [f"never entered {name}" for name in scenario.enters if name not in execution.states]
        problems += [f"entered {name}" for name in scenario.avoids if name in execution.states]
        problems += [
            f"wrote no such item into {table}: {json.dumps(item, sort_keys=True)}"
            for table, items in scenario.writes.items()
            for item in items
            if not any(_holds(item, found) for found in written.get(table, ()))
        ]
        for topic, wanted_subjects in scenario.publishes.items():
            subjects = [message.get("Subject") for message in self._inboxes[topic].take()]
            if subjects != list(wanted_subjects):
                problems.append(f"sent {subjects} to {topic}")
        evidence = f"ended {_end(*ended)} through {len(execution.states)} states"
        return trial(not problems, scenario.name, evidence, "; ".join(problems))

    def _run(
        self, name: str, scenario: Scenario, tasks: Mapping[str, Sequence[Step]]
    ) -> tuple[Execution, Mapping[str, list[dict[str, Any]]]]:
        """Execute the machine once; return how it ended and what it left in its tables, which is taken away again."""
        with self._tables as tables:
            tables.put(scenario.items)
            execution = self._context.workflows.run(self._arn, scenario.input, tasks=tasks)
            self.runs.append(_Run(name, scenario, tasks, execution))
            return execution, tables.items() if scenario.writes else {}

    def _covers(self, one: Retrier | Catcher) -> _Run | None:
        """Return the first run that used up a retrier or took a catcher."""
        for run in self.runs:
            if isinstance(one, Retrier):
                if Exhausted(one.state.name, one.errors) in run.execution.exhausted:
                    return run
            elif Caught(one.state.name, one.errors, one.next) in run.execution.caught:
                return run
        return None

    def _bring_about(self, one: Retrier | Catcher) -> bool:
        """Let tasks fail, in runs that reach them, until one covers what is wanted."""
        for task in [one.state] if one.state.is_task else one.state.inside():
            base = next((run for run in self.runs if task.name in run.execution.states), None)
            if base is None:
                continue
            for step in self._steps(one, task):
                tries = one.attempts + 1 if isinstance(one, Retrier) else 1 + _most_retries(task, one.state)
                name = f"{base.name}, {task.name} fails"
                self._run(name, base.scenario, {**_answers(base), **base.tasks, task.name: [step] * tries})
                if self._covers(one):
                    return True
        return False

    def _steps(self, one: Retrier | Catcher, task: State) -> Iterable[Step]:
        """Return what a task may do to raise an error of those that a retrier or catcher names."""
        if one.errors == (LIMIT,):
            return []
        steps = [self._step(error, task) for error in one.errors if error != "States.Runtime"]
        if one.state is not task and self._used.unusable is not None:
            steps.append(self._used.unusable)
        # Steps that come down to the same are tried once.
        return [step for number, step in enumerate(steps) if step is not None and step not in steps[:number]]

    def _step(self, error: str, task: State) -> Step:
        """Return what a task does that ends with an error, None where it cannot."""
        if error == "States.Timeout":
            return Slow(float(task.row["TimeoutSeconds"]) + 1) if "TimeoutSeconds" in task.row else None
        if error == "Sandbox.Timedout":
            return Slow(self._functions.get(task.name, 900.0) + 1) if task.calls_function else None
        if not task.calls_function:
            service, _, code = error.rpartition(".")
            return ServiceError(code if service in ("SNS", "Sns") else "InternalError")
        if error.startswith("Lambda."):
            return ServiceError(error.removeprefix("Lambda."))
        if error in ("States.ALL", "States.TaskFailed"):
            return RuntimeError("probe")
        return type(error, (Exception,), {})("probe") if not error.startswith("States.") else None

    def exhaustion(self, retrier: Retrier) -> Trial:
        tried = f"let {retrier.state.name} fail with {retrier.errors[0]} until no retry is left"
        run = self._covers(retrier)
        if run is None:
            return failed(tried, f"no run used up the retrier of {', '.join(retrier.errors)}")
        pauses = [
            wait.seconds for wait in run.execution.waits if (wait.state, wait.kind) == (retrier.state.name, "retry")
        ]
        wanted = retrier.pauses()
        end = _end(run.execution.status, run.execution.error)
        evidence = f"{retrier.attempts} retries after {_seconds(wanted)} s at most; ended {end}"
        return trial(
            _has(pauses, wanted), tried, evidence, f"the pauses were {_seconds(pauses)} s, not {_seconds(wanted)} s"
        )

    def catch(self, catcher: Catcher) -> Trial:
        tried = f"raise {catcher.errors[0]} in {catcher.state.name}"
        run = self._covers(catcher)

        def entered() -> bool:
            return any(catcher.next in other.execution.states for other in self.runs)

        if run is None and catcher.errors == (LIMIT,):
            good = entered() and not catcher.comes_too_late
            evidence = f"the catcher comes before those of all errors, and runs went through {catcher.next}"
            return judged(good, tried, _WHY, evidence, f"the catcher comes too late, or no run entered {catcher.next}")
        if run is None and not catcher.state.lets_errors_out:
            return judged(
                entered(), tried, _WITHIN, f"runs went through {catcher.next}", f"no run entered {catcher.next}"
            )
        if run is None:
            return failed(tried, f"no run took the catcher of {', '.join(catcher.errors)}")
        ended = _end(run.execution.status, run.execution.error)
        return passed(tried, f"caught; {catcher.next} followed; ended {ended}")


def _answers(run: _Run) -> dict[str, list[Step]]:
    """Return what functions answered in a run, by state: to call their code again would show nothing new."""
    answers: dict[str, list[Step]] = {}
    broken = {call.state for call in run.execution.invocations if call.error}
    for call in run.execution.invocations:
        if call.state and call.state not in broken:
            answers.setdefault(call.state, []).append(call.result)
    return answers


def _definition(context: ProbeContext, machine: Resource) -> Mapping[str, Any]:
    found = context.client("stepfunctions", machine).describe_state_machine(stateMachineArn=value(machine, "arn"))
    return json.loads(found["definition"])


def _arns(node: Any) -> Iterator[str]:
    """Yield the functions and topics that a definition names."""
    if isinstance(node, Mapping):
        for key, item in node.items():
            if key in ("FunctionName", "TopicArn", "QueueUrl") and isinstance(item, str):
                yield item
            else:
                yield from _arns(item)
    elif isinstance(node, list):
        for item in node:
            yield from _arns(item)


def _exists(context: ProbeContext, name: str) -> Trial:
    """Ask the service of an ARN whether there is such a thing."""
    parts = name.split(":")
    calls: dict[str, Callable[[], Any]] = {
        "lambda": lambda: context.client("lambda").get_function(FunctionName=name),
        "sns": lambda: context.client("sns").get_topic_attributes(TopicArn=name),
    }
    service = parts[2] if len(parts) > 5 else "lambda"
    if service not in calls:
        return failed(f"find {name}", "this probe knows functions and topics only")
    calls[service]()
    return passed(f"find {':'.join(parts[5:])}", "it exists")


def _functions(context: ProbeContext, definition: Mapping[str, Any]) -> dict[str, float]:
    """Return the timeout of the function that each task calls, in seconds."""
    timeouts = {}
    for state in states(definition):
        name = (state.row.get("Parameters") or {}).get("FunctionName")
        function = _function(context, name) if isinstance(name, str) else None
        if function is not None:
            timeouts[state.name] = float(value(function, "timeout", 3))
    return timeouts


def _function(context: ProbeContext, arn: str) -> Resource | None:
    name = arn.split(":")[6] if arn.count(":") >= 6 else arn
    return context.graph.named(_FUNCTION, "name", name)


def _tables(context: ProbeContext, definition: Mapping[str, Any]) -> list[Resource]:
    """Return the tables that the functions of a definition know by their variables."""
    functions = [_function(context, name) for name in sorted(set(_arns(definition)))]
    known = {text for one in functions if one is not None for text in value(one, "environment.variables", {}).values()}
    return [table for table in context.graph.of_type(TABLE) if value(table, "name") in known]


def _named(context: ProbeContext, type_: str, name: str) -> Resource:
    found = next((one for one in context.graph.of_type(type_) if one.name == name), None)
    if found is None:
        raise NotSo(f"the stack has no {type_} {name}")
    return found


def _most_retries(*owners: State) -> int:
    """Return how often all retriers of states together try again, one within the other."""
    product = 1
    for owner in dict.fromkeys(state.name for state in owners):
        rows = next(state.row for state in owners if state.name == owner).get("Retry", ())
        product *= 1 + sum(int(row.get("MaxAttempts", 3)) for row in rows)
    return product - 1


def _holds(wanted: Any, found: Any) -> bool:
    """Say whether a value holds all that is wanted of it."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_holds(item, found.get(key)) for key, item in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(_holds, wanted, found))
    return wanted == found


def _has(values: list[float], part: list[float]) -> bool:
    """Say whether a part stands within values as a whole."""
    return any(values[start : start + len(part)] == part for start in range(len(values) - len(part) + 1))


def _end(status: str, error: str | None) -> str:
    return f"{status} with {error}" if error else status


def _seconds(values: list[float]) -> str:
    return ", ".join(f"{seconds:g}" for seconds in values) or "no"
