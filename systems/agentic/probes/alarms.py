"""At which numbers the agentic system's alarms must ring, and at which not (AGENTIC-04.2 to 04.4, 07.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from plumbline.probing import NotSo, Probe, ProbeContext, Resource, Trial, probe, trial, value
from plumbline.probing.alarm_states import Case, Point, alarm_probes
from plumbline.probing.messaging import TOPIC
from plumbline.probing.monitoring import ALARM, kept_alarms
from plumbline.probing.polling import QUEUE
from systems.agentic import data
from systems.agentic.probes.scene import function, named, table
from systems.agentic.settings import AlarmSettings

_RUNS = 1000
_MILLISECONDS = 1000
_Cases = Callable[[ProbeContext, str, AlarmSettings], Sequence[Case]]


def _errors(context: ProbeContext, name: str, wanted: AlarmSettings) -> Sequence[Case]:
    of = {"FunctionName": value(function(context, name), "name")}
    at = _RUNS * wanted.error_percent / 100

    def failed(count: float) -> list[Point]:
        return [Point("AWS/Lambda", "Errors", of, count), Point("AWS/Lambda", "Invocations", of, _RUNS)]

    return (
        Case(f"let {at + 1:g} of {_RUNS} runs fail", failed(at + 1), "ALARM"),
        Case(f"let {at:g} of {_RUNS} runs fail", failed(at), "OK"),
        Case("let nothing run", (), "OK"),
    )


def _duration(context: ProbeContext, name: str, wanted: AlarmSettings) -> Sequence[Case]:
    one = function(context, name)
    of = {"FunctionName": value(one, "name")}
    at = value(one, "timeout") * _MILLISECONDS * wanted.duration_percent / 100
    return (
        Case(f"let a run take {at + 1:g} ms", [Point("AWS/Lambda", "Duration", of, at + 1)], "ALARM"),
        Case(f"let a run take {at:g} ms", [Point("AWS/Lambda", "Duration", of, at)], "OK"),
    )


def _throttles(context: ProbeContext, name: str, wanted: AlarmSettings) -> Sequence[Case]:
    of = value(table(context), "name")

    def throttled(operation: str, count: float) -> list[Point]:
        return [Point("AWS/DynamoDB", "ThrottledRequests", {"TableName": of, "Operation": operation}, count)]

    # Operations that the application makes; DynamoDB counts each apart.
    rings = [
        Case(f"throttle {wanted.table_throttles} {operation}", throttled(operation, wanted.table_throttles), "ALARM")
        for operation in ("BatchGetItem", "BatchWriteItem", "GetItem", "PutItem", "Query", "TransactWriteItems")
    ]
    return (*rings, Case("throttle nothing", (), "OK"), Case("count none", throttled("PutItem", 0), "OK"))


def _dead_letters(context: ProbeContext, name: str, wanted: AlarmSettings) -> Sequence[Case]:
    rule = name.removesuffix("-undelivered")
    letters = f"queues-{name}-dead-letters" if rule == name else f"rules-{rule}-dead-letters"
    of = {"QueueName": value(named(context, QUEUE, letters), "name")}
    at = wanted.dead_letters

    def waiting(count: float) -> list[Point]:
        return [Point("AWS/SQS", "ApproximateNumberOfMessagesVisible", of, count)]

    return (
        Case(f"leave {at} messages", waiting(at), "ALARM"),
        Case(f"leave {at - 1} messages", waiting(at - 1), "OK"),
    )


def _allowance(context: ProbeContext, name: str, wanted: AlarmSettings) -> Sequence[Case]:
    space = value(function(context, "free-tier-usage"), "environment.variables.METRIC_NAMESPACE")
    at, of = wanted.allowance_percent, {"Allowance": name}
    return (
        Case(f"use {at:g} percent", [Point(space, "FreeTierPercent", of, at)], "ALARM"),
        Case(f"use {at - 0.1:g} percent", [Point(space, "FreeTierPercent", of, at - 0.1)], "OK"),
        # A day on which the function failed must not end an alarm.
        Case("publish nothing", (), "unchanged"),
    )


_KINDS: Mapping[str, _Cases] = {
    "errors-": _errors,
    "duration-": _duration,
    "table-throttles": _throttles,
    "dead-letters-": _dead_letters,
    "allowance-": _allowance,
}


def _cases(context: ProbeContext, alarm: Resource) -> Sequence[Case]:
    name = alarm.name.removeprefix("alarms-")
    given: Mapping[str, Any] = context.settings["alarms"]
    for kind, make in _KINDS.items():
        if name.startswith(kind):
            return make(context, name.removeprefix(kind), AlarmSettings.model_validate(given, strict=False))
    raise NotSo("the system's probes do not know when it is to ring")


@probe("alarms", TOPIC)
def everything_has_its_alarm(context: ProbeContext, topic: Resource) -> Iterator[Trial]:
    """Each function, queue, allowance and the table has its alarm, which tells this topic."""
    telling = {alarm.name for alarm in context.graph.of_type(ALARM) if value(topic, "arn") in _told(context, alarm)}
    functions = data.functions()
    wanted = {
        "errors of functions": {f"alarms-errors-{name}" for name in functions},
        "run time of functions": {f"alarms-duration-{name}" for name in functions},
        "throttles of the table": {"alarms-table-throttles"},
        "what queues put aside": {f"alarms-dead-letters-{name}" for name in data.queues()},
        "calls that schedules could not make": {
            f"alarms-dead-letters-{name}-undelivered" for name, row in functions.items() if row.schedule
        },
        "monthly allowances": {f"alarms-allowance-{name}" for name in data.allowances()},
    }
    for what, names in wanted.items():
        missing = sorted(names - telling)
        yield trial(not missing, f"look for alarms on {what}", f"{len(names)}", f"no {', '.join(missing)}")


def _told(context: ProbeContext, alarm: Resource) -> Sequence[str]:
    return kept_alarms(context, alarm).get(value(alarm, "name"), {}).get("AlarmActions", ())


PROBES: tuple[Probe, ...] = (everything_has_its_alarm, *alarm_probes(_cases))
