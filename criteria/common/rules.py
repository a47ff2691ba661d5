"""Rules of EventBridge: what starts them, and what they may call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from criteria.common.lookups import ALIAS, FUNCTION, Word, best, follow, worst
from criteria.common.rights import one
from criteria.common.topics import TOPIC
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, claim

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PERMISSION = "aws:lambda/permission:Permission"
EVENTS = "events.amazonaws.com"
DEFAULT_BUS = "default"
CALLED = (ALIAS, FUNCTION, TOPIC)  # what targets lead to
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


def enough(findings: list[Finding]) -> list[Finding]:
    """Return the best of several findings, where one rule suffices whatever others do."""
    word = best(finding.word for finding in findings)
    return [finding for finding in findings if finding.word == word]


def rule_of(subject: Subject, target: Resource) -> tuple[Resource | None, Word]:
    """Return the rule of a target: a rule's name is unique on its bus only."""
    link = follow(subject.graph, target, "rule", RULE)
    bus = _bus_of(target)
    rules = [rule for rule in link.to if _bus_of(rule) == bus or UNKNOWN in (bus, _bus_of(rule))]
    if link.foreign or (link.certain and len(rules) != 1):
        return None, "fail"
    known = link.certain and UNKNOWN not in (bus, _bus_of(rules[0]))
    return (rules[0], "pass") if known else (None, "unknown")


def _bus_of(resource: Resource) -> Any:
    return resource.get("eventBusName", DEFAULT_BUS)


def interval(text: str) -> int | None:
    """Return after how many minutes a schedule starts again, None where the time between its starts differs."""
    rate = _RATE.fullmatch(text)
    if rate:
        return int(rate[1]) * MINUTES[rate[2]]
    fields = text.removeprefix("cron(").removesuffix(")").split()
    if not text.startswith("cron(") or len(fields) != 6 or any(field not in ("*", "?") for field in fields[2:]):
        return None
    minute, hour = fields[:2]
    step = re.fullmatch(r"(?:\*|\d+)/(\d+)", minute)
    if hour == "*":
        if step and 60 % int(step[1]) == 0:
            return int(step[1])
        return 60 if minute.isdigit() else 1 if minute == "*" else None
    return 24 * 60 if minute.isdigit() and hour.isdigit() else None


def is_on(rule: Resource) -> Word:
    """Say whether a rule is enabled, which it is unless it says otherwise; `isEnabled` is the older way to do so."""
    enabled = claim(rule, "state", lambda state: str(state).startswith("ENABLED"), default="ENABLED").word
    return worst([enabled, claim(rule, "isEnabled", lambda on: on is True, default=True).word])


def on_default_bus(rule: Resource) -> Word:
    # Schedules start nothing on any other bus.
    return claim(rule, "eventBusName", lambda bus: bus == DEFAULT_BUS, default=DEFAULT_BUS).word


def may_call(subject: Subject, rule: Resource, alias: Resource, function: Resource) -> Word:
    words: list[str] = []
    for permission in subject.graph.of_type(PERMISSION):
        if not is_for(subject.graph, permission, function, alias):
            continue
        source = one(subject.graph, permission, "sourceArn", RULE)
        of_rule: Word = "pass" if source[0] is rule else "fail" if source[0] or source[1] == "fail" else "unknown"
        same = claim(permission, "qualifier", lambda name: name == alias.get("name")).word
        whom = claim(permission, "principal", lambda name: name == EVENTS).word
        what = claim(permission, "action", lambda name: name == "lambda:InvokeFunction").word
        words.append(worst([of_rule, same, whom, what]))
    return best(words)


def scheduled(subject: Subject, function: Resource, fits: Callable[[str], bool]) -> list[Finding]:
    """Judge that an enabled schedule that fits leads to a function's alias, and may call it."""
    graph = subject.graph
    findings = []
    for target in graph.of_type(TARGET):
        alias, word = one(graph, target, "arn", *CALLED)
        rule, known = rule_of(subject, target)
        if "fail" in (word, known) or (alias is not None and alias.type != ALIAS):
            continue
        if alias is None or rule is None:
            findings.append(Finding(target, "arn", "unknown"))
        elif one(graph, alias, "functionName", FUNCTION)[0] is function:
            every = claim(rule, "scheduleExpression", fits, default="")
            words = [every.word, is_on(rule), on_default_bus(rule), may_call(subject, rule, alias, function)]
            findings.append(Finding(rule, "scheduleExpression", worst(words)))
    return enough(findings)


def is_for(graph: StackGraph, permission: Resource, function: Resource, alias: Resource) -> bool:
    """Say whether a permission is, or may be, about a function: it names the function, or got its name of an alias."""
    given = permission.get("function")
    if given is not UNKNOWN:
        return given in (function.get("name"), function.id, function.outputs.get("arn"))
    return follow(graph, permission, "function", FUNCTION).has(function) or follow(
        graph, permission, "function", ALIAS
    ).has(alias)
