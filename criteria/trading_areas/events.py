"""Requirement 12: schedules, the bus of the application's events, rules on it, and dead letters."""

from __future__ import annotations

import json
from typing import Any

from criteria.common.lookups import FUNCTION, QUEUE, Word, worst
from criteria.common.rights import Call, allowed, arn, of_caller, on, one, sent_by
from criteria.common.rules import (
    CALLED,
    DEFAULT_BUS,
    EVENTS,
    MINUTES,
    TARGET,
    enough,
    interval,
    is_on,
    rule_of,
    scheduled,
)
from criteria.common.topics import TOPIC, TOPIC_POLICY
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

BUS = "aws:cloudwatch/eventBus:EventBus"
_QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"


@criterion("TRADING-12.1")
def quality_checks(subject: Subject) -> Verdict:
    return _schedule(subject, "quality", subject.facts["every_minutes"])


@criterion("TRADING-12.2")
def retention(subject: Subject) -> Verdict:
    return _schedule(subject, "retention", MINUTES["day"])


@criterion("TRADING-12.3")
def performance(subject: Subject) -> Verdict:
    return _schedule(subject, "performance", MINUTES["hour"])


def _schedule(subject: Subject, handler: str, minutes: int) -> Verdict:
    """Judge that an enabled schedule of so many minutes leads to a function's alias, and may call it."""
    function = by_name(subject, FUNCTION, handler)
    findings = scheduled(subject, function, lambda text: interval(text) == minutes) if function else []
    return combine(findings, f"schedules of {handler}", f"start it every {minutes} minutes")


@criterion("TRADING-12.4")
def bus(subject: Subject) -> Verdict:
    """There is a bus of the stack's own, and functions that are told of it may put events on it."""
    findings = []
    for bus in subject.graph.of_type(BUS):
        named = claim(bus, "name", lambda name: bool(name) and name != DEFAULT_BUS)
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
        topic, word = one(graph, target, "arn", *CALLED)
        rule, known = rule_of(subject, target)
        if "fail" in (word, known) or (topic is not None and topic.type != TOPIC):
            continue
        if topic is None or rule is None:
            findings.append(Finding(target, "arn", worst([word, known])))
            continue
        matches = claim(rule, "eventPattern", _is_for_risk, default="{}").word
        words = [matches, is_on(rule), one(graph, rule, "eventBusName", BUS)[1], _may_publish(subject, rule, topic)]
        findings.append(Finding(rule, "eventPattern", worst(words)))
    # Others may tell of some risk events only.
    return combine(enough(findings), "rules", "tell a topic of risk events")


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
        "sns:Publish", arn(subject, "sns", str(topic.get("name"))), EVENTS, sent_by(subject, _arn_of(subject, rule))
    )
    return "pass" if allowed(written, call) else "fail"


def _arn_of(subject: Subject, rule: Resource) -> str:
    """Compose a rule's ARN, in which a bus of its own is named."""
    bus = rule.get("eventBusName", DEFAULT_BUS)
    return arn(subject, "events", f"rule/{'' if bus == DEFAULT_BUS else f'{bus}/'}{rule.get('name')}")


@criterion("TRADING-12.6")
def dead_letters(subject: Subject) -> Verdict:
    """Each target has a queue of the stack for what cannot be delivered, which takes messages for the target's rule."""
    findings = []
    for target in subject.graph.of_type(TARGET):
        queue, word = one(subject.graph, target, "deadLetterConfig.arn", QUEUE)
        rule, known = rule_of(subject, target)
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
        EVENTS,
        sent_by(subject, _arn_of(subject, rule)),
    )
    return "pass" if allowed(written, call) else "fail"
