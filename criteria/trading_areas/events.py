"""Requirement 12: schedules, the bus of the application's events, rules on it, and dead letters."""

from __future__ import annotations

import json
import re
from typing import Any

from criteria.trading_areas.common import ALIAS, FUNCTION, Word, best, by_name, facts, follow, worst
from criteria.trading_areas.rights import Call, allowed, arn, of_caller, on, one, sent_by
from criteria.trading_areas.topics import TOPIC, TOPIC_POLICY
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

BUS = "aws:cloudwatch/eventBus:EventBus"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PERMISSION = "aws:lambda/permission:Permission"
QUEUE = "aws:sqs/queue:Queue"
_QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
_SERVICE = "events.amazonaws.com"
_DEFAULT = "default"
_CALLED = (ALIAS, FUNCTION, TOPIC)  # what targets lead to
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


@criterion("TRADING-12.1")
def quality_checks(subject: Subject) -> Verdict:
    return _schedule(subject, "quality", subject.facts["every_minutes"])


@criterion("TRADING-12.2")
def retention(subject: Subject) -> Verdict:
    return _schedule(subject, "retention", _MINUTES["day"])


@criterion("TRADING-12.3")
def performance(subject: Subject) -> Verdict:
    return _schedule(subject, "performance", _MINUTES["hour"])


def _schedule(subject: Subject, handler: str, minutes: int) -> Verdict:
    """Judge that an enabled schedule of so many minutes leads to a function's alias, and may call it."""
    graph = subject.graph
    function = by_name(subject, FUNCTION, handler)
    findings = []
    for target in graph.of_type(TARGET) if function else ():
        alias, word = one(graph, target, "arn", *_CALLED)
        rule, known = _rule_of(subject, target)
        if "fail" in (word, known) or (alias is not None and alias.type != ALIAS):
            continue
        if function is None or alias is None or rule is None:
            findings.append(Finding(target, "arn", "unknown"))
        elif one(graph, alias, "functionName", FUNCTION)[0] is function:
            every = claim(rule, "scheduleExpression", lambda text: interval(text) == minutes, default="")
            words = [every.word, _is_on(rule), _on_default(rule), _may_call(subject, rule, alias, function)]
            findings.append(Finding(rule, "scheduleExpression", worst(words)))
    return combine(_enough(findings), f"schedules of {handler}", f"start it every {minutes} minutes")


def _enough(findings: list[Finding]) -> list[Finding]:
    """Return the best of several findings, where one rule suffices whatever others do."""
    word = best(finding.word for finding in findings)
    return [finding for finding in findings if finding.word == word]


def _rule_of(subject: Subject, target: Resource) -> tuple[Resource | None, Word]:
    """Return the rule of a target: a rule's name is unique on its bus only."""
    link = follow(subject.graph, target, "rule", RULE)
    bus = _bus_of(target)
    rules = [rule for rule in link.to if _bus_of(rule) == bus or UNKNOWN in (bus, _bus_of(rule))]
    if link.foreign or (link.certain and len(rules) != 1):
        return None, "fail"
    known = link.certain and UNKNOWN not in (bus, _bus_of(rules[0]))
    return (rules[0], "pass") if known else (None, "unknown")


def _bus_of(resource: Resource) -> Any:
    return resource.get("eventBusName", _DEFAULT)


def interval(text: str) -> int | None:
    """Return after how many minutes a schedule starts again, None where the time between its starts differs."""
    rate = _RATE.fullmatch(text)
    if rate:
        return int(rate[1]) * _MINUTES[rate[2]]
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


def _is_on(rule: Resource) -> Word:
    """Say whether a rule is enabled, which it is unless it says otherwise; `isEnabled` is the older way to do so."""
    enabled = claim(rule, "state", lambda state: str(state).startswith("ENABLED"), default="ENABLED").word
    return worst([enabled, claim(rule, "isEnabled", lambda on: on is True, default=True).word])


def _on_default(rule: Resource) -> Word:
    # Schedules start nothing on any other bus.
    return claim(rule, "eventBusName", lambda bus: bus == _DEFAULT, default=_DEFAULT).word


def _may_call(subject: Subject, rule: Resource, alias: Resource, function: Resource) -> Word:
    words: list[str] = []
    for permission in subject.graph.of_type(PERMISSION):
        if not is_for(subject.graph, permission, function, alias):
            continue
        source = one(subject.graph, permission, "sourceArn", RULE)
        of_rule: Word = "pass" if source[0] is rule else "fail" if source[0] or source[1] == "fail" else "unknown"
        same = claim(permission, "qualifier", lambda name: name == alias.get("name")).word
        whom = claim(permission, "principal", lambda name: name == _SERVICE).word
        what = claim(permission, "action", lambda name: name == "lambda:InvokeFunction").word
        words.append(worst([of_rule, same, whom, what]))
    return best(words)


def is_for(graph: StackGraph, permission: Resource, function: Resource, alias: Resource) -> bool:
    """Say whether a permission is, or may be, about a function: it names the function, or got its name of an alias."""
    given = permission.get("function")
    if given is not UNKNOWN:
        return given in (function.get("name"), function.id, function.outputs.get("arn"))
    return follow(graph, permission, "function", FUNCTION).has(function) or follow(
        graph, permission, "function", ALIAS
    ).has(alias)


@criterion("TRADING-12.4")
def bus(subject: Subject) -> Verdict:
    """There is a bus of the stack's own, and functions that are told of it may put events on it."""
    findings = []
    for bus in subject.graph.of_type(BUS):
        named = claim(bus, "name", lambda name: bool(name) and name != _DEFAULT)
        call = Call("events:PutEvents", arn(subject, "events", f"event-bus/{bus.get('name')}"))
        words: list[str] = []
        for function in subject.graph.of_type(FUNCTION):
            told = function.get("environment.variables.EVENT_BUS")
            if told is not None and told in (bus.get("name"), UNKNOWN):
                written, known = of_caller(subject.graph, function, "role")
                may: Word = "pass" if allowed(written, call) else "fail"
                words.append(may if known == "pass" else known)
        if named.word == "pass":
            named = Finding(bus, "name", worst(words) if words else "fail")
        findings.append(named)
    return combine(findings, "event buses", "carry the events of functions that may put them there")


@criterion("TRADING-12.5")
def risk_events(subject: Subject) -> Verdict:
    """Risk events, and no others, lead to a topic that EventBridge may publish to for the rule."""
    graph = subject.graph
    findings = []
    for target in graph.of_type(TARGET):
        topic, word = one(graph, target, "arn", *_CALLED)
        rule, known = _rule_of(subject, target)
        if "fail" in (word, known) or (topic is not None and topic.type != TOPIC):
            continue
        if topic is None or rule is None:
            findings.append(Finding(target, "arn", worst([word, known])))
            continue
        matches = claim(rule, "eventPattern", _is_for_risk, default="{}").word
        words = [matches, _is_on(rule), one(graph, rule, "eventBusName", BUS)[1], _may_publish(subject, rule, topic)]
        findings.append(Finding(rule, "eventPattern", worst(words)))
    # Others may tell of some risk events only.
    return combine(_enough(findings), "rules", "tell a topic of risk events")


def _is_for_risk(text: str) -> bool:
    events = facts()["events"]
    try:
        pattern = json.loads(text)
    except ValueError:
        return False
    return all(_matches(pattern, event) for event in events["risk"]) and not any(
        _matches(pattern, event) for event in events["others"]
    )


def _matches(pattern: Any, event: Any) -> bool:
    """Say whether an event matches a pattern (EventBridge User Guide, "Event patterns").

    Of the comparisons beyond equality prefix and exists are known; any other matches nothing.
    """
    if isinstance(pattern, dict):
        given = event if isinstance(event, dict) else {}
        return bool(pattern) and all(_matches(inner, given.get(key)) for key, inner in pattern.items())
    return isinstance(pattern, list) and any(_accepts(row, event) for row in pattern)


def _accepts(wanted: Any, given: Any) -> bool:
    if not isinstance(wanted, dict):
        return wanted == given if given is not None else False
    if "exists" in wanted:
        return wanted["exists"] is (given is not None)
    return isinstance(given, str) and "prefix" in wanted and given.startswith(str(wanted["prefix"]))


def _may_publish(subject: Subject, rule: Resource, topic: Resource) -> Word:
    written = on(subject.graph, topic, TOPIC_POLICY, "arn")
    if written is None or UNKNOWN in (topic.get("name"), rule.get("name"), rule.get("eventBusName")):
        return "unknown"
    call = Call(
        "sns:Publish", arn(subject, "sns", str(topic.get("name"))), _SERVICE, sent_by(subject, _arn_of(subject, rule))
    )
    return "pass" if allowed(written, call) else "fail"


def _arn_of(subject: Subject, rule: Resource) -> str:
    """Compose a rule's ARN, in which a bus of its own is named."""
    bus = rule.get("eventBusName", _DEFAULT)
    return arn(subject, "events", f"rule/{'' if bus == _DEFAULT else f'{bus}/'}{rule.get('name')}")


@criterion("TRADING-12.6")
def dead_letters(subject: Subject) -> Verdict:
    """Each target has a queue of the stack for what cannot be delivered, which takes messages for the target's rule."""
    findings = []
    for target in subject.graph.of_type(TARGET):
        queue, word = one(subject.graph, target, "deadLetterConfig.arn", QUEUE)
        rule, known = _rule_of(subject, target)
        if queue is None or rule is None:
            findings.append(Finding(target, "deadLetterConfig.arn", worst([word, known])))
            continue
        findings.append(Finding(target, "deadLetterConfig.arn", _takes(subject, queue, rule)))
    return combine(findings, "targets of rules", "have a dead-letter queue that takes their events")


def _takes(subject: Subject, queue: Resource, rule: Resource) -> Word:
    written = on(subject.graph, queue, _QUEUE_POLICY, "queueUrl")
    names = [queue.get("name"), rule.get("name"), rule.get("eventBusName")]
    if written is None or UNKNOWN in names:
        return "unknown"
    call = Call(
        "sqs:SendMessage",
        arn(subject, "sqs", str(queue.get("name"))),
        _SERVICE,
        sent_by(subject, _arn_of(subject, rule)),
    )
    return "pass" if allowed(written, call) else "fail"
