"""CloudWatch Logs: metric filters and subscription filters (PutMetricFilter, PutSubscriptionFilter).

Lengths and units are in the service model (data/aws_shapes.yaml), the language of patterns in filter_patterns.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from plumbline.constraints.callers import arn_of, known_name, permissions, trusts
from plumbline.constraints.filter_patterns import SELECTOR, FilterPattern, PatternError, read_pattern
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.iam import ROLE
from plumbline.constraints.invocation import ALIAS
from plumbline.constraints.keys import LOG_GROUP
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import Resource, StackGraph

METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
SUBSCRIPTION_FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
_PATTERN = {METRIC_FILTER: "pattern", SUBSCRIPTION_FILTER: "filterPattern"}
_LOGS = "logs.amazonaws.com"
_MOST_DIMENSIONS = 3
_MOST_SUBSCRIPTIONS = 2
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


@for_types(*_PATTERN)
def pattern(filter_: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The pattern is one of CloudWatch Logs'."""
    text = filter_.get(_PATTERN[filter_.type])
    if not isinstance(text, str):
        return
    try:
        read_pattern(text)
    except PatternError as error:
        yield _PATTERN[filter_.type], f"{text!r} given; {error}"


@for_types(METRIC_FILTER)
def transformation(filter_: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """What is measured is a number or comes from the event; dimensions come from it and exclude a default value."""
    place = "metricTransformation"
    value, default, dimensions, namespace = (
        filter_.get(f"{place}.{name}") for name in ("value", "defaultValue", "dimensions", "namespace")
    )
    found = _read(filter_)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        problem = _source_problem(value, found)
        if problem:
            yield f"{place}.value", problem
    if isinstance(default, str) and not _NUMBER.fullmatch(default):
        yield f"{place}.defaultValue", f"{default!r} given; a number is needed"
    if isinstance(namespace, str) and namespace.startswith("AWS/"):
        yield f"{place}.namespace", f"{namespace!r} given; AWS/ is for the metrics of AWS itself"
    if not isinstance(dimensions, Mapping) or not dimensions:
        return
    if default is not None:
        yield f"{place}.defaultValue", "given together with dimensions; a metric has one of them"
    if len(dimensions) > _MOST_DIMENSIONS:
        yield f"{place}.dimensions", f"{len(dimensions)} given; allowed: at most {_MOST_DIMENSIONS}"
    for name, source in dimensions.items():
        problem = _source_problem(source, found) if isinstance(source, str) else None
        if problem:
            yield f"{place}.dimensions.{name}", problem


def _read(filter_: Resource) -> FilterPattern | None:
    text = filter_.get("pattern")
    try:
        return read_pattern(text) if isinstance(text, str) else None
    except PatternError:
        return None


def _source_problem(source: str, found: FilterPattern | None) -> str | None:
    """Say why a value cannot be taken from an event, None where it can be or the pattern is not known."""
    if found is None:
        return None
    if found.kind == "terms":
        return f"{source!r} given; a pattern of plain terms gives no values, only one in {{ }} or [ ] does"
    if found.kind == "json":
        return None if SELECTOR.fullmatch(source) else f"{source!r} given; allowed: a selector such as $.latency"
    if source.removeprefix("$") in found.fields and source.startswith("$"):
        return None
    return f"{source!r} given; allowed: {', '.join(f'${name}' for name in found.fields)}"


@for_types(SUBSCRIPTION_FILTER)
def destination(filter_: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A function has a permission for CloudWatch Logs, which tries it at once; a stream needs a role."""
    called = behind(filter_, "destinationArn", graph, FUNCTION, ALIAS)
    group = behind(filter_, "logGroup", graph, LOG_GROUP)
    arn, role = filter_.get("destinationArn"), behind(filter_, "roleArn", graph, ROLE)
    if called is not None and group is not None:
        name = known_name(group)
        source = arn_of(group, "logs", f"log-group:{name}:*" if name is not None else None, graph)
        # The permission may be given to the service of one region too.
        services = (_LOGS, f"logs.{source.region}.amazonaws.com")
        found = [item for service in services for item in permissions(called, service, group, source, graph)]
        if not found:
            yield "destinationArn", f"{called.display} has no permission that lets {_LOGS} call it for {group.display}"
        elif not any(item.urn in graph.needs(filter_.urn) for item in found):
            yield "destinationArn", f"the filter must depend on the permission {found[0].name}"
    stream = isinstance(arn, str) and re.match(r"arn:[a-z-]+:(kinesis|firehose):", arn)
    if stream and filter_.get("roleArn") is None:
        yield "roleArn", f"missing; {arn} needs it"
    if role is not None and not trusts(role, _LOGS):
        yield "roleArn", f"{role.display} does not trust {_LOGS}"


@for_types(LOG_GROUP)
def subscriptions(group: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A log group has at most two subscription filters."""
    filters = [
        item for item in graph.of_type(SUBSCRIPTION_FILTER) if behind(item, "logGroup", graph, LOG_GROUP) is group
    ]
    if len(filters) > _MOST_SUBSCRIPTIONS:
        yield "", f"{len(filters)} subscription filters; allowed: at most {_MOST_SUBSCRIPTIONS}"
