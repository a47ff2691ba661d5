"""What schedules of EventBridge Scheduler call: universal targets, the rights of their roles, dead letters.

Sources are "Using universal targets in EventBridge Scheduler" and "Configuring a dead-letter queue for EventBridge
Scheduler".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from plumbline.constraints.callers import arn_of, known_name, permits, role_statements
from plumbline.constraints.events import RULE
from plumbline.constraints.iam import ROLE
from plumbline.constraints.invocation import QUEUE
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.constraints.schedules import SCHEDULE
from plumbline.graph import Resource, StackGraph
from plumbline.universal_targets import UniversalTarget, parse

_READING = re.compile(
    "(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|"
    "batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|"
    "invokeModel)[A-Za-z0-9]*"
)
_SWITCHES = ("DisableRule", "EnableRule")


@for_types(SCHEDULE)
def universal(schedule: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A universal target is a call that AWS has and that changes something, with the parameters that it needs."""
    arn, text = schedule.get("target.arn"), schedule.get("target.input")
    if not isinstance(arn, str) or ":aws-sdk:" not in arn:
        return
    try:
        call = parse(arn)
    except ValueError as error:
        yield "target.arn", str(error)
        return
    action = arn.rpartition(":")[2]
    if _READING.fullmatch(action):
        yield "target.arn", f"action {action!r} given; the Scheduler makes no calls that only read"
    problem = call.input_problem(text) if isinstance(text, str) or text is None else None
    if problem:
        yield "target.input", problem


@for_types(SCHEDULE)
def switched(schedule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What turns a rule off and on may do so, and the rule ignores changes of its state, or an `up` would undo it."""
    rule, role = _rule(schedule, graph), behind(schedule, "target", graph, ROLE)
    if rule is None:
        return
    if "state" not in rule.options.ignore_changes:
        yield "target.input", f"rule {rule.name} must ignore changes of state"
    call, found = _call(schedule), role_statements(role, graph) if role is not None else None
    if call is None or role is None or found is None:
        return
    if not permits(found, call.permission, arn_of(rule, "events", f"rule/{known_name(rule)}", graph)):
        yield "target.roleArn", f"{role.display} is not allowed {call.permission} on {rule.display}"


def _call(schedule: Resource) -> UniversalTarget | None:
    arn = schedule.get("target.arn")
    try:
        return parse(arn) if isinstance(arn, str) else None
    except ValueError:
        return None


def _rule(schedule: Resource, graph: StackGraph) -> Resource | None:
    """Return the rule of the default bus that a schedule turns off or on, None where it does neither."""
    call, text = _call(schedule), schedule.get("target.input")
    if call is None or call.operation not in _SWITCHES or not isinstance(text, str) or call.input_problem(text):
        return None
    given = json.loads(text)
    return graph.named(RULE, "name", given.get("Name")) if "EventBusName" not in given else None


@for_types(SCHEDULE)
def dead_letters(schedule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Dead letters go to a standard queue, which the schedule's own role may send to."""
    queue, role = behind(schedule, "target", graph, QUEUE), behind(schedule, "target", graph, ROLE)
    if queue is None or schedule.get("target.deadLetterConfig") is None:
        return
    if queue.get("fifoQueue") is True:
        yield "target.deadLetterConfig.arn", f"{queue.display} is a FIFO queue; dead letters go to a standard one"
    if role is None:
        return
    found, arn = role_statements(role, graph), arn_of(queue, "sqs", known_name(queue), graph)
    if found is not None and not permits(found, "sqs:SendMessage", arn):
        yield "target.deadLetterConfig.arn", f"{role.display} is not allowed sqs:SendMessage on {queue.display}"
