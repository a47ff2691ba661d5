"""Step Functions: state machines, their logs, and what their role needs for what the definition calls.

Lengths are in the service model (data/aws_shapes.yaml), the language of definitions in state_language.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.constraints.callers import (
    Arn,
    all_named,
    arn_of,
    permits,
    policies_of,
    role_statements,
    trusts,
)
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.iam import ROLE
from plumbline.constraints.invocation import ALIAS
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.constraints.state_language import definition_findings
from plumbline.constraints.state_tasks import integration_of, parameters_of
from plumbline.graph import UNKNOWN, Path, Resource, StackGraph, path_text

STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
_SERVICE = "states.amazonaws.com"
_BAD_IN_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
# What the role needs to have log entries and traces delivered (Step Functions, "Logging using CloudWatch Logs").
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_FUNCTION_ARN = re.compile(
    r"(?:arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[A-Za-z0-9_$-]+))?"
)
_QUEUE_URL = re.compile(r"https://sqs\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<account>\d{12})/(?P<name>[A-Za-z0-9_.-]+)")
_ANY_ARN = re.compile(r"arn:[a-z-]+:(?P<service>[a-z]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<rest>\S+)")
# The permission that an integration needs, and the parameter that says on what. Table names are no ARNs.
_NEEDED = {
    "dynamodb:deleteItem": ("dynamodb:DeleteItem", "TableName"),
    "dynamodb:getItem": ("dynamodb:GetItem", "TableName"),
    "dynamodb:putItem": ("dynamodb:PutItem", "TableName"),
    "dynamodb:updateItem": ("dynamodb:UpdateItem", "TableName"),
    "sns:publish": ("sns:Publish", "TopicArn"),
    "sqs:sendMessage": ("sqs:SendMessage", "QueueUrl"),
    "states:startExecution": ("states:StartExecution", "StateMachineArn"),
}


@dataclass(frozen=True)
class _Call:
    """What a task does: the permission it needs, on what, and where in the definition that is said."""

    place: Path
    action: str
    arn: Arn


@for_types(STATE_MACHINE)
def definition(machine: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The definition is in the Amazon States Language."""
    text = machine.get("definition")
    type_ = machine.get("type", "STANDARD")
    if isinstance(text, str):
        for path, message in definition_findings(text, express=type_ == "EXPRESS"):
            yield f"definition.{path}".rstrip("."), message


@for_types(STATE_MACHINE)
def name(machine: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A name has no blanks, brackets, wildcards, or other special characters (CreateStateMachine)."""
    given = machine.get("name")
    bad = _BAD_IN_NAME.search(given) if isinstance(given, str) else None
    if bad is not None:
        yield "name", f"{given!r} given; {bad[0]!r} is not allowed in it"


@for_types(STATE_MACHINE)
def logging(machine: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """What is logged has a destination: the ARN of a log group and of all its streams."""
    level, destination = (machine.get(f"loggingConfiguration.{part}") for part in ("level", "logDestination"))
    if isinstance(destination, str) and not re.fullmatch(
        r"arn:[a-z-]+:logs:[^:]+:\d{12}:log-group:[^:]+:\*", destination
    ):
        yield "loggingConfiguration.logDestination", f"{destination!r} given; the ARN of a log group, and then :*"
    if destination is None and isinstance(level, str) and level != "OFF":
        yield "loggingConfiguration.logDestination", f"missing; level {level} needs it"


@for_types(STATE_MACHINE)
def encryption(machine: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A customer key is named where one is asked for, and nowhere else."""
    type_, key = (machine.get(f"encryptionConfiguration.{part}") for part in ("type", "kmsKeyId"))
    if type_ == "CUSTOMER_MANAGED_KMS_KEY" and key is None:
        yield "encryptionConfiguration.kmsKeyId", "missing; CUSTOMER_MANAGED_KMS_KEY needs it"
    if type_ == "AWS_OWNED_KEY" and key is not None:
        yield "encryptionConfiguration.kmsKeyId", "given, but AWS_OWNED_KEY takes none"


@for_types(STATE_MACHINE)
def role(machine: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The role may be assumed by Step Functions, and its permissions are there before the state machine is."""
    owner = behind(machine, "roleArn", graph, ROLE)
    if owner is None:
        return
    if not trusts(owner, _SERVICE):
        yield "roleArn", f"{owner.display} does not trust {_SERVICE}"
    for policy in policies_of(owner, graph):
        if policy.urn not in graph.needs(machine.urn):
            yield "roleArn", f"the state machine must depend on the role's policy {policy.name}"


@for_types(STATE_MACHINE)
def observing(machine: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The role may have logs delivered, which Step Functions tries at once, and send traces."""
    owner = behind(machine, "roleArn", graph, ROLE)
    allowed = role_statements(owner, graph) if owner is not None else None
    if owner is None or allowed is None:
        return
    level = machine.get("loggingConfiguration.level", "OFF")
    wanted: list[tuple[str, tuple[str, ...]]] = []
    if isinstance(level, str) and level != "OFF":
        wanted.append(("loggingConfiguration", _LOG_DELIVERY))
    if machine.get("tracingConfiguration.enabled") is True:
        wanted.append(("tracingConfiguration", _TRACING))
    for property_, actions in wanted:
        missing = [action for action in actions if not permits(allowed, action)]
        if missing:
            yield property_, f"{owner.display} must be allowed {', '.join(missing)}"


@for_types(STATE_MACHINE)
def permissions(machine: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The role may do what the definition calls, on the very things that it names."""
    owner = behind(machine, "roleArn", graph, ROLE)
    allowed = role_statements(owner, graph) if owner is not None else None
    if owner is None or allowed is None:
        return
    for call in _calls(machine, graph):
        if not permits(allowed, call.action, call.arn):
            yield path_text(call.place), f"{owner.display} is not allowed {call.action} on {call.arn.rest}"


@for_types(STATE_MACHINE)
def functions_exist(machine: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The functions and aliases that a definition calls are those of the stack."""
    functions = all_named(graph, FUNCTION)
    if functions is None:
        return
    for place, text in _functions(machine):
        match = _FUNCTION_ARN.fullmatch(text)
        if match is None:
            continue
        function = functions.get(match["name"])
        if function is None:
            yield path_text(place), f"no function {match['name']!r} in the stack"
            continue
        qualifier = match["qualifier"]
        aliases = [item for item in graph.of_type(ALIAS) if behind(item, "functionName", graph, FUNCTION) is function]
        names = [item.get("name") for item in aliases]
        # A number is a version, which has no name in the stack.
        named = qualifier is not None and not qualifier.isdigit() and qualifier != "$LATEST"
        if named and UNKNOWN not in names and qualifier not in names:
            yield path_text(place), f"function {match['name']!r} has no alias {qualifier!r}"


def _tasks(machine: Resource) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the Task states of a definition, wherever they are, with their places."""
    text = machine.get("definition")
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return
    yield from _tasks_in(document, ("definition",))


def _tasks_in(value: Any, place: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(value, dict):
        if value.get("Type") == "Task":
            yield place, value
        for key, item in value.items():
            yield from _tasks_in(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _tasks_in(item, (*place, index))


def _given(state: Mapping[str, Any], name: str) -> tuple[Path, str] | None:
    """Return a parameter of a task that is a plain text, with its place in the state."""
    value = parameters_of(state).get(name)
    if not isinstance(value, str) or value.startswith("{%"):
        return None
    return ("Arguments" if "Arguments" in state else "Parameters", name), value


def _functions(machine: Resource) -> Iterator[tuple[Path, str]]:
    for place, state in _tasks(machine):
        resource = state.get("Resource")
        if isinstance(resource, str) and ":lambda:" in resource and ":function:" in resource:
            yield (*place, "Resource"), resource
        elif integration_of(resource) == "lambda:invoke":
            given = _given(state, "FunctionName")
            if given is not None:
                yield (*place, *given[0]), given[1]


def _calls(machine: Resource, graph: StackGraph) -> Iterator[_Call]:
    for place, text in _functions(machine):
        match = _FUNCTION_ARN.fullmatch(text)
        if match is not None:
            rest = f"function:{match['name']}" + (f":{match['qualifier']}" if match["qualifier"] else "")
            yield _Call(place, "lambda:InvokeFunction", _located(match, "lambda", rest, machine, graph))
    for place, state in _tasks(machine):
        action, parameter = _NEEDED.get(integration_of(state.get("Resource")) or "", ("", ""))
        given = _given(state, parameter)
        arn = _target(parameter, given[1], machine, graph) if given is not None else None
        if given is not None and arn is not None:
            yield _Call((*place, *given[0]), action, arn)
        if integration_of(state.get("Resource")) == "events:putEvents":
            yield from _events(state, place, machine, graph)


def _events(state: Mapping[str, Any], place: Path, machine: Resource, graph: StackGraph) -> Iterator[_Call]:
    entries = parameters_of(state).get("Entries")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        bus = entry.get("EventBusName", "default") if isinstance(entry, dict) else None
        if isinstance(bus, str) and not bus.startswith("{%") and "EventBusName.$" not in entry:
            rest = f"event-bus/{bus.rpartition('/')[2]}"
            where = "Arguments" if "Arguments" in state else "Parameters"
            arn = arn_of(machine, "events", rest, graph)
            yield _Call((*place, where, "Entries", index), "events:PutEvents", arn)


def _target(parameter: str, text: str, machine: Resource, graph: StackGraph) -> Arn | None:
    """Return the ARN of what a parameter means, which is an ARN, the URL of a queue, or the name of a table."""
    arn, url = _ANY_ARN.fullmatch(text), _QUEUE_URL.fullmatch(text)
    if arn is not None:
        return _located(arn, arn["service"], arn["rest"], machine, graph)
    if parameter == "QueueUrl":
        return _located(url, "sqs", url["name"], machine, graph) if url is not None else None
    return arn_of(machine, "dynamodb", f"table/{text}", graph) if parameter == "TableName" else None


def _located(match: re.Match[str], service: str, rest: str, machine: Resource, graph: StackGraph) -> Arn:
    own = arn_of(machine, service, rest, graph)
    region, account = match["region"] or own.region, match["account"] or own.account
    return Arn(service=service, rest=rest, region=region, account=account)
