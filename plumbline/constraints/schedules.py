"""Schedule expressions, and the schedules of EventBridge Scheduler.

Sources are "Setting a schedule pattern for scheduled rules" of EventBridge and "Schedule types" of the Scheduler.
A validator of such cron expressions exists as a package; its one regular expression per field says no more than
that the field is invalid.
"""

from __future__ import annotations

import datetime
import functools
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from plumbline.constraints.callers import trusts
from plumbline.constraints.iam import ROLE
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

SCHEDULE = "aws:scheduler/schedule:Schedule"
_SERVICE = "scheduler.amazonaws.com"
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minutes?|hours?|days?)\s*\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class _Field:
    """A field of a cron expression: its numbers, the names that stand for them, and forms of its own."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    forms: re.Pattern[str] = re.compile(r"(?!)")

    def problem(self, text: str) -> str | None:
        """Say what is wrong with the field, None where nothing is."""
        if self.forms.fullmatch(text.upper()):
            return None
        for item in text.split(","):
            begin, slash, step = item.partition("/")
            if slash and not (step.isdigit() and int(step) > 0):
                return f"{self.name} {text!r}: a step is a number from 1"
            ends = ["*"] if begin == "*" else begin.split("-")
            if len(ends) > 2 or not all(self._is_value(end) for end in ends if begin != "*"):
                return f"{self.name} {text!r}; allowed: {self.allowed}"
        return None

    def _is_value(self, text: str) -> bool:
        return text.upper() in self.names or (text.isdigit() and self.low <= int(text) <= self.high)

    @property
    def allowed(self) -> str:
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        own = {"day of month": ", ?, L, LW, nW", "day of week": ", ?, L, nL, n#k"}.get(self.name, "")
        return f"{self.low} to {self.high}{names}, with , - * and /{own}"


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31, (), re.compile(r"\?|L|LW|([1-9]|[12]\d|3[01])W")),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day of week", 1, 7, tuple(_DAYS), re.compile(rf"\?|L|([1-7]|{'|'.join(_DAYS)})(L|#[1-5])")),
    _Field("year", 1970, 2199),
)


def schedule_problem(text: str, *, scheduler: bool = False) -> str | None:
    """Say what is wrong with a schedule expression, None where nothing is.

    `scheduler` is whether it is one of EventBridge Scheduler, which knows at() too and takes any unit with 1.
    """
    rate, at = _RATE.fullmatch(text), _AT.fullmatch(text)
    if rate is not None:
        return _rate_problem(int(rate[1]), rate[2], scheduler)
    if at is not None and scheduler:
        try:
            datetime.datetime.fromisoformat(at[1])
        except ValueError as error:
            return f"{text!r} given; {error}"
        return None
    if text.startswith("cron(") and text.endswith(")"):
        problem = _cron_problem(text[5:-1].split())
        return f"{text!r} given; {problem}" if problem else None
    forms = "rate(5 minutes), cron(0 3 * * ? *)" + (", at(2030-01-31T12:00:00)" if scheduler else "")
    return f"{text!r} given; allowed are forms such as {forms}"


def _rate_problem(count: int, unit: str, scheduler: bool) -> str | None:
    if count == 0:
        return f"rate({count} {unit}) given; allowed: a number from 1"
    wanted = unit.removesuffix("s") + ("" if count == 1 else "s")
    if unit != wanted and not scheduler:
        return f"rate({count} {unit}) given; allowed: rate({count} {wanted})"
    return None


def _cron_problem(fields: list[str]) -> str | None:
    if len(fields) != len(_FIELDS):
        return f"{len(fields)} fields; allowed: {len(_FIELDS)}, {', '.join(field.name for field in _FIELDS)}"
    for field, text in zip(_FIELDS, fields, strict=True):
        problem = field.problem(text)
        if problem:
            return problem
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of day of month and day of week is ?"
    return None


@functools.cache
def _zones() -> set[str]:
    return zoneinfo.available_timezones()  # which opens each of some six hundred files


def zone_problem(name: str) -> str | None:
    """Say what is wrong with the name of a time zone, None where nothing is or this machine knows no zones."""
    zones = _zones()
    return f"{name!r} given; allowed: a name of the time zone database" if zones and name not in zones else None


@for_types(SCHEDULE)
def schedule(schedule: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Expression, time zone and window are such as the Scheduler takes (CreateSchedule)."""
    expression, zone = schedule.get("scheduleExpression"), schedule.get("scheduleExpressionTimezone")
    if isinstance(expression, str):
        problem = schedule_problem(expression, scheduler=True)
        if problem:
            yield "scheduleExpression", problem
    problem = zone_problem(zone) if isinstance(zone, str) else None
    if problem:
        yield "scheduleExpressionTimezone", problem
    mode, window = (schedule.get(f"flexibleTimeWindow.{part}") for part in ("mode", "maximumWindowInMinutes"))
    if mode == "FLEXIBLE" and window is None:
        yield "flexibleTimeWindow.maximumWindowInMinutes", "missing; mode FLEXIBLE needs it"
    if mode == "OFF" and window is not None:
        yield "flexibleTimeWindow.maximumWindowInMinutes", "given, but mode OFF takes none"


@for_types(SCHEDULE)
def schedule_role(schedule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The role of a schedule's target may be assumed by the Scheduler, which tries it at once."""
    roles = [graph.resources.get(urn) for urn in schedule.property_dependencies.get("target", ())]
    for role in roles:
        if role is not None and role.type == ROLE and not trusts(role, _SERVICE):
            yield "target.roleArn", f"{role.display} does not trust {_SERVICE}"
