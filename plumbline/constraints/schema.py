"""Unknown, missing and wrongly typed properties, at every depth, by the SDK's own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline import sdk
from plumbline.constraints.registry import Finding, every_resource
from plumbline.graph import UNKNOWN, Blob, Path, Resource, Secret, StackGraph, path_text
from plumbline.project import suggestion

_WORDS: dict[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@every_resource
def properties(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Compare a resource's inputs with what its type takes."""
    if resource.type.startswith("pulumi:"):
        return  # a provider's inputs travel as text, and the SDK has checked their names
    inputs = sdk.inputs_of(resource.type)
    if inputs is None:
        yield "", f"the SDK knows no type {resource.type}{suggestion(resource.type, sdk.known_types())}"
        return
    for path, message in _object(resource.inputs, inputs, ()):
        yield path_text(path), message


def _object(value: Mapping[str, Any], node: sdk.Nested, path: Path) -> Iterator[tuple[Path, str]]:
    for name in sorted(node.required):
        if value.get(name) is None:
            yield (*path, name), "missing, and required"
    for name, item in value.items():
        if name == "__defaults":
            continue
        if name not in node.properties:
            yield (*path, name), f"not a property{suggestion(name, list(node.properties))}"
        else:
            yield from _value(item, node.properties[name], (*path, name))


def _value(value: Any, node: sdk.Node, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Secret):
        value = value.value
    if value is None or value is UNKNOWN or isinstance(node, sdk.Anything):
        return
    match node:
        case sdk.Nested():
            if isinstance(value, Mapping):
                yield from _object(value, node, path)
            else:
                yield path, f"{_kind(value)} given; an object is needed"
        case sdk.ListOf():
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from _value(item, node.item, (*path, index))
            else:
                yield path, f"{_kind(value)} given; a list is needed"
        case sdk.MapOf():
            if isinstance(value, Mapping):
                for key, item in value.items():
                    yield from _value(item, node.value, (*path, key))
            else:
                yield path, f"{_kind(value)} given; a mapping is needed"
        case sdk.File():
            if not isinstance(value, Blob):
                yield path, f"{_kind(value)} given; an asset or archive is needed"
        case sdk.Primitive():
            yield from _primitive(value, node, path)


def _primitive(value: Any, node: sdk.Primitive, path: Path) -> Iterator[tuple[Path, str]]:
    fits = {
        str: isinstance(value, str),
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits[node.kind]:
        yield path, f"{_kind(value)} given; {_WORDS[node.kind]} is needed"
    elif node.values and value not in node.values:
        yield path, f"{value!r} given; allowed: {', '.join(map(str, node.values))}"


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "an archive" if isinstance(value, Blob) else _WORDS.get(type(value), type(value).__name__)
