"""Application Auto Scaling of DynamoDB: ids, dimensions, and what the scaled table must ignore."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.schedules import schedule_problem, zone_problem
from plumbline.constraints.tables import TABLE
from plumbline.graph import UNKNOWN, Resource, StackGraph

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
SCHEDULED = "aws:appautoscaling/scheduledAction:ScheduledAction"
_KEY = ("serviceNamespace", "resourceId", "scalableDimension")
_RESOURCE_ID = re.compile(r"table/([^/]+)(/index/([^/]+))?\Z")


@for_types(TARGET, POLICY, SCHEDULED)
def identity(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A DynamoDB resource id is `table/NAME` or `table/NAME/index/INDEX`, of a table and index that exist."""
    identifier = resource.get("resourceId")
    if resource.get("serviceNamespace") != "dynamodb" or not isinstance(identifier, str):
        return
    match = _RESOURCE_ID.match(identifier)
    if match is None:
        yield "resourceId", f"{identifier!r} given; allowed: table/NAME or table/NAME/index/INDEX"
        return
    owner = "index" if match[2] else "table"
    dimension = resource.get("scalableDimension")
    if isinstance(dimension, str) and dimension.split(":")[1:2] != [owner]:
        yield "scalableDimension", f"{dimension!r} given; {identifier!r} is of kind {owner}"
    table = graph.named(TABLE, "name", match[1])
    if table is None:
        yield "resourceId", f"the stack has no table {match[1]!r}"
        return
    rows = table.get("globalSecondaryIndexes", [])
    names = [row["name"] for row in rows if isinstance(row, dict)] if isinstance(rows, list) else [UNKNOWN]
    if match[3] and match[3] not in names and UNKNOWN not in (*names, *(rows if isinstance(rows, list) else ())):
        yield "resourceId", f"table {match[1]!r} has no index {match[3]!r}"
    if table.get("billingMode", "PROVISIONED") == "PAY_PER_REQUEST":
        yield "resourceId", f"table {match[1]!r} is on demand and cannot be scaled"


@for_types(TARGET)
def bounds(target: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The smallest capacity is not above the largest."""
    low, high = target.get("minCapacity"), target.get("maxCapacity")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield "minCapacity", f"{low} given; allowed: at most maxCapacity, {high}"


@for_types(POLICY, SCHEDULED)
def has_target(policy: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A policy or scheduled action comes after the scalable target of the same id and dimension."""
    wanted = [policy.get(name) for name in _KEY]
    if UNKNOWN in wanted:
        return
    for target in graph.of_type(TARGET):
        if [target.get(name) for name in _KEY] == wanted:
            if target.urn not in graph.needs(policy.urn):
                kind = "policy" if policy.type == POLICY else "scheduled action"
                yield "resourceId", f"the {kind} must depend on its target {target.name}"
            return
    yield "resourceId", f"no scalable target for {wanted[1]!r}, {wanted[2]!r}"


@for_types(SCHEDULED)
def scheduled(action: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A scheduled action has a schedule, and bounds of which the smallest is not above the largest."""
    expression, zone = action.get("schedule"), action.get("timezone")
    problem = schedule_problem(expression, scheduler=True) if isinstance(expression, str) else None
    if problem:
        yield "schedule", problem
    problem = zone_problem(zone) if isinstance(zone, str) else None
    if problem:
        yield "timezone", problem
    low, high = (action.get(f"scalableTargetAction.{name}") for name in ("minCapacity", "maxCapacity"))
    if low is None and high is None:
        yield "scalableTargetAction", "neither minCapacity nor maxCapacity given; one is needed"
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield "scalableTargetAction.minCapacity", f"{low} given; allowed: at most maxCapacity, {high}"


@for_types(TARGET)
def bounds_ignored(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A target ignores changes of the bounds that a scheduled action changes, or every `up` would undo them."""
    own = [target.get(name) for name in _KEY]
    actions = [action for action in graph.of_type(SCHEDULED) if [action.get(name) for name in _KEY] == own]
    for name in ("minCapacity", "maxCapacity"):
        changed = any(action.get(f"scalableTargetAction.{name}") is not None for action in actions)
        if UNKNOWN not in own and changed and name not in target.options.ignore_changes:
            yield name, f"target {target.name} must ignore changes of {name}"


@for_types(TARGET)
def ignored(target: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The scaled table ignores changes of the capacity, or every `up` would undo the scaling."""
    identifier, dimension = target.get("resourceId"), target.get("scalableDimension")
    match = _RESOURCE_ID.match(identifier) if isinstance(identifier, str) else None
    table = graph.named(TABLE, "name", match[1]) if match else None
    if match is None or table is None or not isinstance(dimension, str):
        return
    property_ = "readCapacity" if "Read" in dimension else "writeCapacity"
    wanted = f"globalSecondaryIndexes[*].{property_}" if match[2] else property_
    if wanted not in table.options.ignore_changes and "globalSecondaryIndexes" not in table.options.ignore_changes:
        yield "resourceId", f"table {table.name} must ignore changes of {wanted}"
