"""EventBridge: rules, their targets and what lets events through to them, archives and buses.

Lengths, names and ranges of retries are in the service model (data/aws_shapes.yaml), the language of patterns in
event_patterns.py, schedule expressions in schedules.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from plumbline.constraints.callers import (
    TOPIC,
    Arn,
    arn_of,
    has_policy,
    known_name,
    lets,
    permissions,
    permits,
    role_statements,
    statements_on,
    trusts,
)
from plumbline.constraints.event_patterns import pattern_findings
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.iam import ROLE
from plumbline.constraints.invocation import ALIAS, QUEUE
from plumbline.constraints.networks import earlier
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.constraints.schedules import schedule_problem
from plumbline.constraints.state_paths import path_problem
from plumbline.constraints.workflows import STATE_MACHINE
from plumbline.graph import UNKNOWN, Resource, StackGraph

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
BUS = "aws:cloudwatch/eventBus:EventBus"
ARCHIVE = "aws:cloudwatch/eventArchive:EventArchive"
SERVICE = "events.amazonaws.com"
_DEFAULT = "default"
_MOST_TARGETS = 5
_INPUTS = ("input", "inputPath", "inputTransformer")
_MOST_INPUT_PATHS = 100
# Targets that EventBridge reaches with a role of its own: type, or service of the ARN, and the action that it needs.
_NEEDS_ROLE = {
    STATE_MACHINE: "states:StartExecution",
    BUS: "events:PutEvents",
    "aws:ecs/cluster:Cluster": "ecs:RunTask",
    "aws:kinesis/stream:Stream": "kinesis:PutRecord",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "firehose:PutRecord",
    "aws:codebuild/project:Project": "codebuild:StartBuild",
}
_ROLE_ARN = re.compile(
    r"arn:[a-z-]+:(states:[^:]+:\d+:stateMachine|events:[^:]+:\d+:event-bus|ecs|kinesis|firehose|codebuild)[:/].+"
)
# Placeholders that EventBridge itself fills (EventBridge, "Input transformation").
_OWN_PLACEHOLDER = re.compile(r"aws\.events\.(rule-arn|rule-name|event(\.ingestion-time|\.json)?)")


@for_types(RULE)
def rule(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A rule has a schedule or a pattern, of the right grammar; schedules are on the default bus only."""
    expression, pattern = rule.get("scheduleExpression"), rule.get("eventPattern")
    if expression is None and pattern is None:
        yield "eventPattern", "nothing given; scheduleExpression or eventPattern is needed"
    if isinstance(expression, str):
        problem = schedule_problem(expression)
        if problem:
            yield "scheduleExpression", problem
    if expression is not None and _bus(rule, graph) not in (_DEFAULT, None):
        yield "eventBusName", "given with scheduleExpression; schedules exist on the default bus only"


@for_types(RULE, ARCHIVE)
def pattern(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The pattern is one of EventBridge's."""
    text = resource.get("eventPattern")
    if isinstance(text, str):
        for path, message in pattern_findings(text):
            yield f"eventPattern.{path}".rstrip("."), message


@for_types(RULE)
def target_count(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A rule has at most five targets, each with an id of its own."""
    targets = [target for target in graph.of_type(TARGET) if behind(target, "rule", graph, RULE) is rule]
    if len(targets) > _MOST_TARGETS:
        yield "", f"{len(targets)} targets; allowed: at most {_MOST_TARGETS}"
    ids = [target.get("targetId") for target in targets]
    for id_ in {id_ for id_ in ids if isinstance(id_, str) and ids.count(id_) > 1}:
        yield "", f"two targets with the id {id_!r}; the second takes the place of the first"


@for_types(RULE)
def rule_name(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """No two rules of a bus have one name."""
    name, bus = known_name(rule), _bus(rule, graph)
    for other in earlier(rule, graph) if name is not None and bus is not None else ():
        place = (other.get("region"), other.options.provider, _bus(other, graph))
        if known_name(other) == name and place == (rule.get("region"), rule.options.provider, bus):
            yield "name", f"{name!r} is the name of {other.display} too"


@for_types(TARGET)
def target_bus(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A target names the bus of its rule, or EventBridge looks for the rule on the default one."""
    rule = behind(target, "rule", graph, RULE)
    if rule is None:
        return
    own, wanted = _bus(target, graph), _bus(rule, graph)
    if own is not None and wanted is not None and own != wanted:
        named = [item.name if (item := graph.resources.get(bus)) else bus for bus in (own, wanted)]
        yield "eventBusName", f"bus {named[0]} meant; rule {rule.name} is on bus {named[1]}"


def _bus(resource: Resource, graph: StackGraph) -> str | None:
    """Return the URN of the bus that a rule or a target is on, `default`, or None where that is not known."""
    given = resource.get("eventBusName", _DEFAULT)
    bus = behind(resource, "eventBusName", graph, BUS)
    if bus is not None:
        return bus.urn
    if not isinstance(given, str):
        return None
    return given.rpartition(":event-bus/")[2] or _DEFAULT


@for_types(TARGET)
def inputs(target: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A target gets the event, a part of it, a constant, or a template whose placeholders exist."""
    given = [name for name in _INPUTS if target.get(name) is not None]
    if len(given) > 1:
        yield given[1], f"{' and '.join(given)} given; allowed: at most one of them"
    text, path = target.get("input"), target.get("inputPath")
    if isinstance(text, str) and not _is_json(text):
        yield "input", "not JSON"
    problem = path_problem(path, context=False) if isinstance(path, str) else None
    if problem:
        yield "inputPath", problem
    paths, template = target.get("inputTransformer.inputPaths", {}), target.get("inputTransformer.inputTemplate")
    if not isinstance(paths, Mapping):
        return
    if len(paths) > _MOST_INPUT_PATHS:
        yield "inputTransformer.inputPaths", f"{len(paths)} given; allowed: at most {_MOST_INPUT_PATHS}"
    for name, value in paths.items():
        problem = path_problem(value, context=False) if isinstance(value, str) else None
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or name.upper().startswith("AWS"):
            problem = "a name has letters, digits, _ and -, and does not begin with AWS"
        if problem:
            yield f"inputTransformer.inputPaths.{name}", problem
    for name in re.findall(r"<([^<>\s]+)>", template) if isinstance(template, str) else ():
        if name not in paths and not _OWN_PLACEHOLDER.fullmatch(name):
            yield "inputTransformer.inputTemplate", f"<{name}> is no key of inputPaths"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@for_types(TARGET)
def queues(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Queues as targets or for dead letters let EventBridge send to them with the ARN of the rule."""
    source = _source(target, graph)
    for property_, path in (("arn", "arn"), ("deadLetterConfig", "deadLetterConfig.arn")):
        queue = behind(target, property_, graph, QUEUE)
        if queue is None:
            continue
        fifo = queue.get("fifoQueue", False)
        if property_ == "deadLetterConfig" and fifo is True:
            yield path, f"{queue.display} is a FIFO queue; dead letters go to a standard one"
        elif fifo is True and target.get("sqsTarget") is None:
            yield "sqsTarget.messageGroupId", f"missing; {queue.display} is a FIFO queue"
        problem = _closed(queue, "sqs:SendMessage", source, graph)
        if problem:
            yield path, problem


@for_types(TARGET)
def topics(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A topic as target has a policy that lets EventBridge publish: the one that SNS makes does not."""
    topic = behind(target, "arn", graph, TOPIC)
    problem = _closed(topic, "sns:Publish", _source(target, graph), graph) if topic is not None else None
    if problem:
        yield "arn", problem


def _closed(resource: Resource, action: str, source: Arn, graph: StackGraph) -> str | None:
    """Say why events do not get through to a queue or a topic, None where they may."""
    if not has_policy(resource, graph):
        return f"{resource.display} has no policy that allows {action} to {SERVICE}"
    found = statements_on(resource, graph)
    if found is None or any(lets(statement, SERVICE, action, source) for statement in found):
        return None
    return f"the policy of {resource.display} does not allow {action} to {SERVICE} for rule {source.rest}"


def _source(target: Resource, graph: StackGraph) -> Arn:
    """Return the ARN of a target's rule, which has the name of the bus in it unless that is the default one."""
    rule = behind(target, "rule", graph, RULE)
    name = known_name(rule) if rule is not None else None
    if rule is None or name is None:
        return arn_of(target, "events", None, graph)
    bus = _bus(rule, graph)
    if bus == _DEFAULT:
        return arn_of(rule, "events", f"rule/{name}", graph)
    own = graph.resources.get(bus or "")
    bus_name = known_name(own) if own is not None else bus
    return arn_of(rule, "events", f"rule/{bus_name}/{name}" if bus_name is not None else None, graph)


@for_types(TARGET)
def functions(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A function as target has a permission for EventBridge that covers the rule."""
    called, rule = behind(target, "arn", graph, FUNCTION, ALIAS), behind(target, "rule", graph, RULE)
    if called is None or rule is None:
        return
    if not permissions(called, SERVICE, rule, _source(target, graph), graph):
        yield "arn", f"{called.display} has no permission that lets {SERVICE} call it for rule {rule.name}"


@for_types(TARGET)
def roles(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A state machine, a bus, a stream or a task needs a role, which EventBridge may assume and which may do that."""
    arn, role = target.get("arn"), behind(target, "roleArn", graph, ROLE)
    called = behind(target, "arn", graph, *_NEEDS_ROLE)
    needed = called is not None or (isinstance(arn, str) and _ROLE_ARN.fullmatch(arn))
    if needed and target.get("roleArn") is None:
        yield "roleArn", f"missing; {called.display if called is not None else arn} needs it"
    if role is None:
        return
    if not trusts(role, SERVICE):
        yield "roleArn", f"{role.display} does not trust {SERVICE}"
    allowed, name = role_statements(role, graph), known_name(called) if called is not None else None
    if called is not None and called.type in (STATE_MACHINE, BUS) and allowed is not None and name is not None:
        action = _NEEDS_ROLE[called.type]
        service, rest = (
            ("states", f"stateMachine:{name}") if called.type == STATE_MACHINE else ("events", f"event-bus/{name}")
        )
        if not permits(allowed, action, arn_of(called, service, rest, graph)):
            yield "roleArn", f"{role.display} is not allowed {action} on {called.display}"


@for_types(BUS)
def bus_name(bus: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The default bus is there already, and slashes are for the buses of partners (CreateEventBus)."""
    name, partner = bus.get("name"), bus.get("eventSourceName")
    if name == _DEFAULT:
        yield "name", "'default' given; the account has that bus already"
    if isinstance(name, str) and partner is None and "/" in name:
        yield "name", f"{name!r} given; only the bus of a partner has a / in its name"
    if isinstance(name, str) and isinstance(partner, str) and name != partner:
        yield "name", f"{name!r} given; allowed: {partner!r}, which is the eventSourceName"


@for_types(RULE)
def bus_exists(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A rule is on the default bus or on one of the stack."""
    given, bus = rule.get("eventBusName"), _bus(rule, graph)
    buses = graph.of_type(BUS)
    known = all(isinstance(item.get("name"), str) for item in buses)
    plain = isinstance(given, str) and not given.startswith(("arn:", "aws.partner/"))
    if buses and known and plain and given is not UNKNOWN and bus != _DEFAULT and bus not in graph.resources:
        yield "eventBusName", f"no bus {given!r} in the stack"
