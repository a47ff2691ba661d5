"""Requirement 23.4: what a schedule stops at night and starts again in the morning."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from criteria.common.lookups import ROLE, Word, best, statements, worst
from criteria.common.rights import Call, allowed, arn, of_role, one, sent_by
from criteria.common.rules import RULE, interval
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

SCHEDULE = "aws:scheduler/schedule:Schedule"
SCALED = "aws:appautoscaling/target:Target"
SCHEDULED = "aws:appautoscaling/scheduledAction:ScheduledAction"
_DECISION_RUNNING = 17  # Redis and NAT gateways cannot be stopped
_SERVICE = "scheduler.amazonaws.com"
_DAY = 24 * 60
_KEY = ("serviceNamespace", "resourceId", "scalableDimension")
_WORKDAYS = re.compile(r"cron\((\d{1,2}) (\d{1,2}) \? \* (?:MON-FRI|2-6) \*\)")


@dataclass(frozen=True)
class _Time:
    """When something happens on workdays: minutes after midnight in a time zone. `word` says whether it happens."""

    word: Word
    minutes: int | None = None
    zone: Any = None


@criterion("TRADING-23.4")
def rest(subject: Subject) -> Verdict:
    """Rules that run several times a day are off at night, and what scales stays at its minimum then.

    A rule that runs once a day would never run again if it were off at its time.
    """
    findings = []
    for rule in subject.graph.of_type(RULE):
        often = claim(rule, "scheduleExpression", lambda text: (interval(text) or _DAY) < _DAY, default="").word
        if often == "fail":
            continue
        stops, starts = (_switches(subject, rule, what) for what in ("disable", "enable"))
        # Otherwise the next `up` at night would turn it on again.
        kept: Word = "pass" if "state" in rule.options.ignore_changes else "fail"
        findings.append(Finding(rule, "state", worst([often, kept, _night(stops, starts)])))
    for target in subject.graph.of_type(SCALED):
        low, high = target.get("minCapacity"), target.get("maxCapacity")
        night = _night(_bounds(subject, target, low, low), _bounds(subject, target, low, high))
        kept = "pass" if {"minCapacity", "maxCapacity"} <= set(target.options.ignore_changes) else "fail"
        findings.append(Finding(target, "maxCapacity", worst([kept, night])))
    return combine(findings, "schedules and scaled capacities", "rest at night", _DECISION_RUNNING)


def _night(stops: list[_Time], starts: list[_Time]) -> Word:
    """Say whether there is a stop in the evening and a start in the morning, in the same time zone."""
    return best(worst([stop.word, start.word, _apart(stop, start)]) for stop in stops for start in starts)


def _apart(stop: _Time, start: _Time) -> Word:
    if stop.minutes is None or start.minutes is None or UNKNOWN in (stop.zone, start.zone):
        return "unknown"
    return "pass" if stop.zone == start.zone and start.minutes < stop.minutes else "fail"


def _time(word: Word, expression: Any, zone: Any) -> _Time:
    if expression is UNKNOWN:
        return _Time(worst([word, "unknown"]))
    match = _WORKDAYS.fullmatch(str(expression))
    return _Time(word, int(match[2]) * 60 + int(match[1]), zone) if match else _Time("fail")


def _switches(subject: Subject, rule: Resource, what: str) -> list[_Time]:
    """Return when schedules turn a rule off, or on, as far as they may."""
    found = []
    partition = arn(subject, "scheduler", "").split(":")[1]
    call = f"arn:{partition}:scheduler:::aws-sdk:eventbridge:{what}Rule"
    for schedule in subject.graph.of_type(SCHEDULE):
        word = worst(
            [
                claim(schedule, "target.arn", lambda given: given == call).word,
                _names(schedule, rule),
                claim(schedule, "state", lambda state: state == "ENABLED", default="ENABLED").word,
                claim(schedule, "endDate", lambda end: end is None).word,
            ]
        )
        if word != "fail":
            word = worst([word, _may(subject, schedule, rule, f"events:{what.capitalize()}Rule")])
            expression, zone = schedule.get("scheduleExpression"), schedule.get("scheduleExpressionTimezone", "UTC")
            found.append(_time(word, expression, zone))
    return found


def _names(schedule: Resource, rule: Resource) -> Word:
    """Say whether the call of a schedule is about a rule of the default bus."""
    name = rule.get("name")

    def is_about(text: str) -> bool:
        try:
            return json.loads(text) == {"Name": name}
        except ValueError:
            return False

    return "unknown" if name is UNKNOWN else claim(schedule, "target.input", is_about, default="").word


def _may(subject: Subject, schedule: Resource, rule: Resource, action: str) -> Word:
    """Say whether the Scheduler may assume the role of a schedule, and whether that one may switch the rule."""
    role, word = one(subject.graph, schedule, "target.roleArn", ROLE)
    if role is None:
        return word
    group = schedule.get("groupName", "default")
    trust, written = statements(role, "assumeRolePolicy"), of_role(subject.graph, role)
    if UNKNOWN in (group, rule.get("name")) or trust is None or written is None:
        return "unknown"
    source = sent_by(subject, arn(subject, "scheduler", f"schedule-group/{group}"))
    trusted = allowed(trust, Call("sts:AssumeRole", "", _SERVICE, source))
    may = allowed(written, Call(action, arn(subject, "events", f"rule/{rule.get('name')}")))
    return "pass" if trusted and may else "fail"


def _bounds(subject: Subject, target: Resource, low: Any, high: Any) -> list[_Time]:
    """Return when scheduled actions give a scaled capacity these bounds."""
    found = []
    for action in subject.graph.of_type(SCHEDULED):
        given = [action.get(f"scalableTargetAction.{name}") for name in ("minCapacity", "maxCapacity")]
        pairs = zip([*given, *map(action.get, _KEY)], [low, high, *map(target.get, _KEY)], strict=True)
        word = worst(_equal(one_, other) for one_, other in pairs)
        if word != "fail":
            found.append(_time(word, action.get("schedule"), action.get("timezone", "UTC")))
    return found


def _equal(given: Any, wanted: Any) -> Word:
    return "unknown" if UNKNOWN in (given, wanted) else "pass" if given == wanted else "fail"
