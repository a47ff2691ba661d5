"""EventBridge: rules and schedules reach their targets, and events arrive, or in the queue for what does not.

moto carries an event over a bus to the queues of the rules that match it, and knows no other target that this project
has. So a queue of the probe's own stands in for the targets of each rule, and the probe hands what arrives there to the
real target, as EventBridge does, where the target lets it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.access import invoke_refusal, publish_refusal, send_refusal
from plumbline.probing.calls import call, function_of, shown
from plumbline.probing.inboxes import Inbox, taken
from plumbline.probing.model import NotSo, Probe, ProbeContext, Trial, failed, passed, probe, trial, value
from plumbline.sandbox.schedule_runs import run_schedule

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
_TOPIC = "aws:sns/topic:Topic"
_GROUP = "events"
_SERVICE = "events.amazonaws.com"
_QUEUE = "plumbline-probe-rule-"
_REFUSALS: Mapping[str, Callable[[ProbeContext, str, str, str], str]] = {
    "lambda": invoke_refusal,
    "sns": publish_refusal,
    "sqs": send_refusal,
}


@probe(_GROUP, RULE)
def rule_has_target(context: ProbeContext, rule: Resource) -> Iterator[Trial]:
    """Every rule has a target that exists and that EventBridge may use."""
    targets = _targets(context, rule)
    if not targets:
        raise NotSo("the rule has no target")
    for target in targets:
        yield _reachable(context, f"reach {_short(target['Arn'])} as EventBridge", target["Arn"], value(rule, "arn"))


@probe(_GROUP, RULE)
def undelivered_is_kept(context: ProbeContext, rule: Resource) -> Iterator[Trial]:
    """What a rule cannot deliver is kept in a queue that EventBridge may send to."""
    for target in _targets(context, rule):
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if arn is None:
            yield failed("find its queue for what is not delivered", "it has none: what cannot be delivered is lost")
            continue
        tried = f"send an undelivered event to {_short(arn)} as EventBridge"
        problem = send_refusal(context, _SERVICE, arn, value(rule, "arn"))
        if problem:
            yield failed(tried, problem)
            continue
        client = context.account.client("sqs", {"region": arn.split(":")[3]})
        url = client.get_queue_url(QueueName=arn.split(":")[5])["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody="{}")
        arrived = taken(client, url)
        yield trial(arrived == ["{}"], tried, "it is in the queue", f"{len(arrived)} messages are in the queue")


@probe(_GROUP, RULE, where=lambda rule: value(rule, "scheduleExpression"), optional=True)
def scheduled_call(context: ProbeContext, rule: Resource) -> Iterator[Trial]:
    """At its time a rule's function is called, and answers."""
    for target in _targets(context, rule):
        if target["Arn"].split(":")[2] != "lambda":
            continue
        event = json.loads(target["Input"]) if "Input" in target else _scheduled(context, rule)
        answer = call(context, function_of(context, target["Arn"]), event)
        tried = f"call {_short(target['Arn'])} as at the time of {value(rule, 'scheduleExpression')}"
        yield trial(
            answer.error is None, tried, f"it answered {shown(answer.result)}", f"it failed with {answer.error}"
        )


@probe(_GROUP, SCHEDULE, optional=True)
def schedule_runs(context: ProbeContext, schedule: Resource) -> Iterator[Trial]:
    """At its time a schedule makes its call, where its role may."""
    group, name = value(schedule, "groupName", "default"), value(schedule, "name")
    target = value(schedule, "target")
    call_name = target["arn"].rpartition(":")[2]
    events = context.client("events", schedule)
    parameters = json.loads(target.get("input") or "{}")
    before = _state(events, parameters)
    wanted = {"enableRule": "ENABLED", "disableRule": "DISABLED"}.get(call_name)
    if before is not None and wanted:
        turn = {"ENABLED": events.enable_rule, "DISABLED": events.disable_rule}
        context.undo(turn[before], **parameters)
        # From the other state, or the call would show nothing.
        turn["DISABLED" if wanted == "ENABLED" else "ENABLED"](**parameters)
    run_schedule(context.account, group, name)
    after = _state(events, parameters)
    evidence = f"{parameters.get('Name')} is {after}" if after else "the call was made"
    yield trial(wanted in (None, after), f"let its time come: {call_name}", evidence, f"{evidence}, not {wanted}")
    arn = (target.get("deadLetterConfig") or {}).get("arn")
    if arn:
        yield _queue(context, arn)


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event that an application puts on a bus, and the rules and topics, by resource name, that it must reach."""

    name: str
    bus: str
    source: str
    detail_type: str
    detail: Mapping[str, Any]
    rules: tuple[str, ...]
    topics: tuple[str, ...] = ()


def event_probes(events: Sequence[Event]) -> tuple[Probe, ...]:
    """Return the probes of events that a system puts on its own buses."""

    @probe(_GROUP, "aws:cloudwatch/eventBus:EventBus")
    def event_arrives(context: ProbeContext, bus: Resource) -> Iterator[Trial]:
        """An event that is put on a bus reaches the rules that are made for it, and the subscribers of their topics."""
        own = [event for event in events if event.bus == bus.name]
        if not own:
            raise NotSo("the system's probes know no event of this bus")
        topics = sorted({topic for event in own for topic in event.topics})
        inboxes = {topic: Inbox(context, _named(context, topic)) for topic in topics}
        for event in own:
            yield from _arrives(context, bus, event, inboxes)

    return (event_arrives,)


def _arrives(context: ProbeContext, bus: Resource, event: Event, inboxes: Mapping[str, Inbox]) -> Iterator[Trial]:
    rules = [rule for rule in context.graph.of_type(RULE) if value(rule, "eventBusName") == value(bus, "name")]
    with _Tapped(context, rules) as tapped:
        entry = {
            "EventBusName": value(bus, "name"),
            "Source": event.source,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
        }
        answer = context.client("events", bus).put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotSo(f"the bus refused it: {answer['Entries'][0].get('ErrorCode')}")
        arrived = {rule.name: tapped.take(rule) for rule in rules}
    matched = tuple(sorted(name for name, messages in arrived.items() if messages))
    tried = f"put {event.name} on the bus"
    yield trial(
        matched == tuple(sorted(event.rules)),
        tried,
        f"it matched {', '.join(matched) or 'no rule'}",
        f"it matched {', '.join(matched) or 'no rule'}, not {', '.join(event.rules) or 'none'}",
    )
    for rule in rules:
        for message in arrived[rule.name]:
            for target in _targets(context, rule):
                yield from _delivered(context, rule, target["Arn"], message)
    for name, inbox in inboxes.items():
        found = [json.loads(message["Message"]).get("detail") for message in inbox.take()]
        wanted = [dict(event.detail)] if name in event.topics else []
        evidence = "it arrived" if wanted else "nothing arrived"
        tried = f"read {event.name} at a subscriber of {name}"
        yield trial(found == wanted, tried, evidence, f"{len(found)} messages arrived, not {len(wanted)} such")


def _delivered(context: ProbeContext, rule: Resource, arn: str, message: str) -> Iterator[Trial]:
    """Hand an event that matched a rule to its target, as EventBridge, where the target's policy lets it."""
    tried = f"deliver it to {_short(arn)}"
    problem = _REFUSALS.get(arn.split(":")[2], _unknown)(context, _SERVICE, arn, value(rule, "arn"))
    if problem:
        yield failed(tried, problem)
    elif arn.split(":")[2] == "sns":
        context.account.client("sns", {"region": arn.split(":")[3]}).publish(TopicArn=arn, Message=message)
        yield passed(tried, f"{rule.name}'s target takes it")
    elif arn.split(":")[2] == "lambda":
        answer = call(context, function_of(context, arn), json.loads(message))
        yield trial(answer.error is None, tried, f"it answered {shown(answer.result)}", f"it failed: {answer.error}")


class _Tapped:
    """Rules whose targets are queues of the probe's own within `with`."""

    def __init__(self, context: ProbeContext, rules: Sequence[Resource]) -> None:
        self._context = context
        self._rules = rules
        self._urls: dict[str, str] = {}

    def __enter__(self) -> _Tapped:
        for rule in self._rules:
            events, queues = self._context.client("events", rule), self._context.client("sqs", rule)
            name = f"{_QUEUE}{value(rule, 'name')}"[:80]
            url = self._urls[rule.urn] = queues.create_queue(QueueName=name)["QueueUrl"]
            arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            _replace(events, rule, _targets(self._context, rule), [{"Id": "probe", "Arn": arn}])
        return self

    def __exit__(self, *error: object) -> None:
        for rule in self._rules:
            events, queues = self._context.client("events", rule), self._context.client("sqs", rule)
            _replace(events, rule, [{"Id": "probe"}], _targets(self._context, rule))
            queues.delete_queue(QueueUrl=self._urls[rule.urn])

    def take(self, rule: Resource) -> list[str]:
        return taken(self._context.client("sqs", rule), self._urls[rule.urn])


def _replace(events: Any, rule: Resource, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> None:
    named = {"Rule": value(rule, "name"), "EventBusName": value(rule, "eventBusName", "default")}
    if old:
        events.remove_targets(**named, Ids=[target["Id"] for target in old])
    if new:
        events.put_targets(**named, Targets=list(new))


def _targets(context: ProbeContext, rule: Resource) -> list[dict[str, Any]]:
    """Return the targets of a rule, as they were before any probe."""
    key = (__name__, rule.urn)
    if key not in context.kept:
        context.kept[key] = context.client("events", rule).list_targets_by_rule(
            Rule=value(rule, "name"), EventBusName=value(rule, "eventBusName", "default")
        )["Targets"]
    return context.kept[key]


def _reachable(context: ProbeContext, tried: str, arn: str, source: str) -> Trial:
    problem = _REFUSALS.get(arn.split(":")[2], _unknown)(context, _SERVICE, arn, source)
    return trial(not problem, tried, "it exists, and its policy allows it", problem)


def _unknown(context: ProbeContext, service: str, arn: str, source: str) -> str:
    return f"this probe knows no targets of {arn.split(':')[2]}"


def _scheduled(context: ProbeContext, rule: Resource) -> dict[str, Any]:
    """Return the event with which a schedule's rule calls, without what differs from time to time."""
    return {
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "account": context.account.account_id,
        "region": context.account.region,
        "resources": [value(rule, "arn")],
        "detail": {},
    }


def _state(events: Any, parameters: Mapping[str, Any]) -> str | None:
    """Return whether the rule that a schedule's call names is on, None where it names none."""
    return events.describe_rule(**parameters)["State"] if "Name" in parameters else None


def _queue(context: ProbeContext, arn: str) -> Trial:
    client = context.account.client("sqs", {"region": arn.split(":")[3]})
    client.get_queue_url(QueueName=arn.split(":")[5])
    return passed("find its queue for what is not delivered", _short(arn))


def _named(context: ProbeContext, name: str) -> Resource:
    found = next((topic for topic in context.graph.of_type(_TOPIC) if topic.name == name), None)
    if found is None:
        raise NotSo(f"the stack has no topic {name}")
    return found


def _short(arn: str) -> str:
    return ":".join(arn.split(":")[5:])
