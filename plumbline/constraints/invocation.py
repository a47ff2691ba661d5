"""What calls a Lambda function: event source mappings and permissions."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.constraints.functions import FUNCTION, role_policies
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
PERMISSION = "aws:lambda/permission:Permission"
ALIAS = "aws:lambda/alias:Alias"
QUEUE = "aws:sqs/queue:Queue"
_LARGEST_BATCH_AT_ONCE = 10  # a larger one needs a window in which it can fill
_CONCURRENCY = (2, 1000)


@for_types(MAPPING)
def queue_source(mapping: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Batches, concurrency and visibility of an SQS source fit each other and the function."""
    queues = _behind(mapping, "eventSourceArn", QUEUE, graph)
    source = mapping.get("eventSourceArn")
    if not queues and not (isinstance(source, str) and ":sqs:" in source):
        return
    batch = mapping.get("batchSize", _LARGEST_BATCH_AT_ONCE)
    window = mapping.get("maximumBatchingWindowInSeconds", 0)
    if isinstance(batch, int) and batch > _LARGEST_BATCH_AT_ONCE and window == 0:
        yield "maximumBatchingWindowInSeconds", f"missing; a batch of {batch} needs a window of at least 1 second"
    most = mapping.get("scalingConfig.maximumConcurrency")
    low, high = _CONCURRENCY
    if isinstance(most, int) and not low <= most <= high:
        yield "scalingConfig.maximumConcurrency", f"{most} given; allowed: {low} to {high}"
    for function in _functions(mapping, "functionName", graph):
        timeout = function.get("timeout", 3)
        for queue in queues:
            visible = queue.get("visibilityTimeoutSeconds", 30)
            if isinstance(timeout, int) and isinstance(visible, int) and visible < timeout:
                hides = f"queue {queue.name} hides messages for {visible} s"
                yield "eventSourceArn", f"{hides}; function {function.name} runs up to {timeout} s"


@for_types(MAPPING)
def permissions_first(mapping: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The function's role may read the source before the mapping exists: AWS tries it at once."""
    reached = graph.needs(mapping.urn)
    for function in _functions(mapping, "functionName", graph):
        for policy in role_policies(function, graph):
            if policy.urn not in reached:
                yield "functionName", f"the mapping must depend on the role's policy {policy.name}"


@for_types(PERMISSION)
def qualifier(permission: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A permission to call an alias names it: without a qualifier it is about the unpublished code."""
    aliases = _behind(permission, "function", ALIAS, graph)
    if aliases and permission.get("qualifier") is None:
        yield "qualifier", f"missing; the permission is about alias {aliases[0].name}"


def _behind(resource: Resource, property_: str, type_: str, graph: StackGraph) -> list[Resource]:
    found = (graph.resources.get(urn) for urn in resource.property_dependencies.get(property_, ()))
    return [target for target in found if target is not None and target.type == type_]


def _functions(mapping: Resource, property_: str, graph: StackGraph) -> list[Resource]:
    """Return the functions that a property refers to, directly or by an alias."""
    functions = _behind(mapping, property_, FUNCTION, graph)
    for alias in _behind(mapping, property_, ALIAS, graph):
        functions += _behind(alias, "functionName", FUNCTION, graph)
    return functions
