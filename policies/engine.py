"""Turns what pulumi-policy hands to a policy into the graph's plain values.

Its proxies raise where an unknown is read, numbers arrive as floats, secrets in plain text, and assets as objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import struct_pb2
from pulumi_policy import PolicyResource, PolicyResourceOptions, ResourceValidationArgs
from pulumi_policy import proxy as unknowns
from pulumi_policy.deserialize import serialize_properties

from plumbline.graph import UNKNOWN, Blob, Options, Resource, StackGraph, reveal
from plumbline.wire import ARCHIVE, ASSET, SECRET, SIGNATURE, special

_UNKNOWNS = frozenset(
    {
        unknowns.UNKNOWN_BOOLEAN_VALUE,
        unknowns.UNKNOWN_NUMBER_VALUE,
        unknowns.UNKNOWN_STRING_VALUE,
        unknowns.UNKNOWN_ARRAY_VALUE,
        unknowns.UNKNOWN_ASSET_VALUE,
        unknowns.UNKNOWN_ARCHIVE_VALUE,
        unknowns.UNKNOWN_OBJECT_VALUE,
    }
)


_STACK = "pulumi:pulumi:Stack"
# Types that are nothing in AWS themselves; the engine does not say which resources are components.
_COMPONENTS = ("plumbline:", "awsx:")
# The inputs of a stack's resources by URN, as single resources were shown with them before the stack was.
Seen = dict[str, Mapping[str, Any]]


class Plain(dict[str, Any]):
    """Properties that are plain values already, in a policy's arguments."""


class Shown(list[PolicyResource]):
    """The resources of a request, which several policies get: their graph is made once."""

    graph: StackGraph | None = None


def resource(args: ResourceValidationArgs) -> Resource:
    """Return a resource as the rules see it."""
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=properties(args.props),
        options=_options(args.opts),
    )


def _options(given: PolicyResourceOptions) -> Options:
    return Options(
        protect=bool(given.protect),
        delete_before_replace=bool(given.delete_before_replace),
        ignore_changes=tuple(given.ignore_changes),
        additional_secret_outputs=tuple(given.additional_secret_outputs),
        aliases=tuple(given.aliases),
    )


def graph(resources: Sequence[PolicyResource], seen: Seen) -> StackGraph:
    """Return the graph of all resources of a stack policy's arguments.

    What the arguments hold are outputs: in a preview, whatever the provider may fill in is unknown there, set or not.
    So the inputs are those that were seen; without them, an unknown that comes from no other resource was not set.
    """
    if not isinstance(resources, Shown):
        return _graph(resources, seen)
    if resources.graph is None:
        resources.graph = _graph(resources, seen)
    return resources.graph


def _graph(resources: Sequence[PolicyResource], seen: Seen) -> StackGraph:
    found: dict[str, Resource] = {}
    stack = project = ""
    of_stack: Mapping[str, Any] = {}
    for given in resources:
        stack, project = stack_of(given.urn), project_of(given.urn)
        if given.resource_type.startswith("pulumi:providers:") and given.name.startswith("default"):
            continue  # the engine's own, for resources without a provider
        outputs = properties(given.props)
        if given.resource_type == _STACK:
            of_stack = outputs
            continue
        leads_to = given.property_dependencies
        inputs = seen.get(given.urn)
        if inputs is None:
            inputs = {key: value for key, value in outputs.items() if value is not UNKNOWN or leads_to.get(key)}
        found[given.urn] = Resource(
            urn=given.urn,
            type=given.resource_type,
            name=given.name,
            parent=given.parent.urn if given.parent and given.parent.resource_type != _STACK else "",
            custom=not given.resource_type.startswith(_COMPONENTS),
            id=outputs["id"] if isinstance(outputs.get("id"), str) else "",
            inputs=inputs,
            outputs=outputs,
            dependencies=tuple(other.urn for other in given.dependencies),
            property_dependencies={key: tuple(other.urn for other in others) for key, others in leads_to.items()},
            options=_options(given.opts),
        )
    return StackGraph(stack, project, found, of_stack)


def stack_of(urn: str) -> str:
    """Return the stack's name from a URN."""
    return urn.split("::")[0].rpartition(":")[2]


def project_of(urn: str) -> str:
    """Return the project's name from a URN."""
    parts = urn.split("::")
    return parts[1] if len(parts) > 1 else ""


def properties(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy's properties as plain values with UNKNOWN; `__defaults` is left out."""
    if isinstance(props, Plain):
        return dict(props)
    return {key: _value(item) for key, item in serialize_properties(props).items() if key != "__defaults"}


def is_secret(value: Any) -> bool:
    """Say whether a serialised value carries the mark of a secret, as remediations get them."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of a request as `properties` does."""
    # A protobuf map has no order; sorted, the same stack is told of in the same words.
    return {key: _read(value) for key, value in sorted(struct.fields.items()) if key != "__defaults"}


def _read(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in _UNKNOWNS else text
    if kind == "struct_value":
        fields = value.struct_value.fields
        return _signed(read(value.struct_value)) if SIGNATURE in fields else read(value.struct_value)
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None


def _signed(value: Mapping[str, Any]) -> Any:
    if value[SIGNATURE] in (ASSET, ARCHIVE):
        return _value(value)
    return reveal(special(value))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        if is_secret(value):
            return _value(value.get("value"))
        if SIGNATURE in value:
            # The bytes decide no rule, and to digest them takes longer than all rules together.
            return Blob("", "asset" if value[SIGNATURE] == ASSET else "archive")
        return {key: _value(item) for key, item in value.items() if key != "__defaults"}
    return [_value(item) for item in value] if isinstance(value, list) else value
