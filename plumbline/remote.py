"""Registers what a remote component's plugin would, from its offline expansion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import resource_pb2, source_pb2

from plumbline.expansions import EXPANDERS, Child, Ref, Reference
from plumbline.graph import UNKNOWN, Resource, walk
from plumbline.wire import RESOURCE, SIGNATURE, from_value, to_struct, to_value

Register = Callable[[resource_pb2.RegisterResourceRequest], Any]


@dataclass
class Made:
    """A child that was registered: its URN, its id where it has one yet, and its properties."""

    urn: str
    id: str
    properties: Mapping[str, Any]

    def value(self, property_: str) -> Any:
        """Return an output of the child, UNKNOWN before the deployment."""
        if property_ == "id":
            return self.id or UNKNOWN
        return self.properties.get(property_, UNKNOWN if not self.id else None)


def is_expanded(type_: str) -> bool:
    """Say whether there is an offline expansion of a component type."""
    return type_ in EXPANDERS


def register_children(
    component: Resource,
    providers: Mapping[str, str],
    region: str,
    register: Register,
    position: source_pb2.SourcePosition | None = None,
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Register a remote component's children; return its outputs and the URNs that each output depends on.

    `providers` has the component's provider references by package, and `position` is where the program registers it.
    The refs of children say what they refer to, or UNKNOWN. Raises NotExpanded.
    """
    expansion = EXPANDERS[component.type](component.name, component.inputs, region)
    made: dict[str, Made] = {}
    for child in expansion.children:
        response = register(_request(child, made, component, providers, position))
        properties = {key: from_value(value) for key, value in response.object.fields.items()}
        made[child.key] = Made(response.urn, response.id, properties)
    outputs = {key: _whole(_resolved(value, made)) for key, value in expansion.outputs.items()}
    needs = {key: sorted(made[child].urn for child in expansion.needs[key]) for key in outputs}
    return outputs, needs


def _request(
    child: Child,
    made: Mapping[str, Made],
    component: Resource,
    providers: Mapping[str, str],
    position: source_pb2.SourcePosition | None,
) -> resource_pb2.RegisterResourceRequest:
    inputs = {key: _resolved(value, made) for key, value in child.inputs.items()}
    # What an input of the component's needs, the children's input of the same name needs too.
    passed = component.property_dependencies
    needs = {
        key: sorted({made[ref.child].urn for ref in _refs(value)}.union(passed.get(key, ())))
        for key, value in child.inputs.items()
    }
    after = {made[key].urn for key in child.after}.union(*needs.values())
    package = child.type.partition(":")[0]
    registered = resource_pb2.RegisterResourceRequest(
        type=child.type,
        name=child.name,
        parent=made[child.parent].urn if child.parent else component.urn,
        custom=True,
        object=to_struct({key: value for key, value in inputs.items() if value is not None}),
        dependencies=sorted(after),
        provider=providers.get(package, ""),
        # Children inherit both from their parents, in the plugin as in the program.
        protect=component.options.protect,
        retainOnDelete=component.options.retain_on_delete,
        sourcePosition=position,
        acceptSecrets=True,
        acceptResources=True,
    )
    for key, urns in needs.items():
        if inputs[key] is None:
            continue  # an input that is not there needs nothing
        registered.propertyDependencies[key].urns.extend(urns)
    return registered


def _refs(value: Any) -> Iterator[Ref | Reference]:
    yield from (leaf for _, leaf in walk(value) if isinstance(leaf, Ref | Reference))


def _resolved(value: Any, made: Mapping[str, Made]) -> Any:
    if isinstance(value, Ref):
        found = made[value.child].value(value.property)
        return None if value.only_waits and found is not UNKNOWN else found
    if isinstance(value, Reference):
        # An empty id stands for one that is not known yet.
        return {SIGNATURE: RESOURCE, "urn": made[value.child].urn, "id": made[value.child].id}
    if isinstance(value, Mapping):
        return {key: _resolved(item, made) for key, item in value.items()}
    return [_resolved(item, made) for item in value] if isinstance(value, list) else value


def _whole(value: Any) -> Any:
    """Return an output as a plugin sends it: a list of unknowns is one unknown, whose length is not known either."""
    return UNKNOWN if isinstance(value, list) and any(item is UNKNOWN for item in value) else value


def write_outputs(
    response: resource_pb2.RegisterResourceResponse, outputs: Mapping[str, Any], needs: Mapping[str, list[str]]
) -> None:
    """Put a component's outputs into the answer to its registration."""
    for key, value in outputs.items():
        response.object.fields[key].CopyFrom(to_value(value))
        response.propertyDependencies[key].urns.extend(needs[key])
