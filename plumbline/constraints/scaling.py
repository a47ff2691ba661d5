"""Application Auto Scaling of DynamoDB: ids, dimensions, and what the scaled table must ignore."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.tables import TABLE
from plumbline.graph import UNKNOWN, Resource, StackGraph

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
_RESOURCE_ID = re.compile(r"table/([^/]+)(/index/([^/]+))?\Z")


@for_types(TARGET, POLICY)
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


@for_types(POLICY)
def has_target(policy: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A policy comes after the scalable target of the same id and dimension."""
    wanted = [policy.get(name) for name in ("serviceNamespace", "resourceId", "scalableDimension")]
    if UNKNOWN in wanted:
        return
    for target in graph.of_type(TARGET):
        if [target.get(name) for name in ("serviceNamespace", "resourceId", "scalableDimension")] == wanted:
            if target.urn not in graph.needs(policy.urn):
                yield "resourceId", f"the policy must depend on its target {target.name}"
            return
    yield "resourceId", f"no scalable target for {wanted[1]!r}, {wanted[2]!r}"


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
