"""What the installed Pulumi AWS SDK says about resource types: classes, inputs, nested types.

The SDK's own type metadata is the schema, so there is no second copy of it to keep up to date. This module
knows neither components nor evaluation, and both may import it.
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import importlib
import inspect
import typing
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi import _types as pulumi_types
from pulumi.runtime import rpc


@dataclass(frozen=True)
class Primitive:
    """A scalar input: `kind` is one of str, int, float, bool; `values` lists a closed enumeration."""

    kind: type
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class ListOf:
    item: Node


@dataclass(frozen=True)
class MapOf:
    value: Node


@dataclass(frozen=True)
class Nested:
    """An object input. `properties` are keyed by wire (camelCase) names."""

    name: str
    properties: dict[str, Node] = field(hash=False)
    required: frozenset[str]


@dataclass(frozen=True)
class File:
    """An asset or an archive."""


@dataclass(frozen=True)
class Anything:
    """A type that the SDK does not narrow down."""


Node = Primitive | ListOf | MapOf | Nested | File | Anything


@functools.cache
def _modules() -> dict[str, tuple[str, str]]:
    """Map each resource type token of the loaded Pulumi packages to (Python module, class name)."""
    importlib.import_module("pulumi_aws")
    found = {"pulumi:providers:aws": ("pulumi_aws", "Provider")}
    for modules in rpc._RESOURCE_MODULES.values():
        for module in modules:
            info = getattr(module, "mod_info", None) or {}
            for token, class_name in info.get("classes", {}).items():
                found[token] = (info["fqn"], class_name)
    return found


def known_types() -> list[str]:
    """Return every resource type token that the SDK has, sorted."""
    return sorted(_modules())


@functools.cache
def resource_class(token: str) -> type | None:
    """Return the SDK's class for a resource type token, None where the SDK has no such type."""
    place = _modules().get(token)
    return getattr(importlib.import_module(place[0]), place[1], None) if place else None


@functools.cache
def inputs_of(token: str) -> Nested | None:
    """Return the inputs that a resource type takes, None where the SDK has no such type."""
    cls = resource_class(token)
    if cls is None:
        return None
    module = importlib.import_module(cls.__module__)
    # Where a nested type is called like the resource, as of s3.BucketVersioning, the resource's own has Init in it.
    args = getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args", None)
    return _nested(args) if args is not None else None


@functools.cache
def output_types(token: str) -> dict[str, Any]:
    """Return the outputs of a resource type: wire name -> Python type."""
    cls = resource_class(token)
    return pulumi_types.resource_types(cls) if cls is not None else {}


@functools.cache
def nested_types(type_: Any) -> dict[str, Any]:
    """Return what an output that is an object has: wire name -> Python type; empty for any other type."""
    known = isinstance(type_, type) and pulumi_types.is_output_type(type_)
    return pulumi_types.output_type_types(type_) if known else {}


@functools.cache
def tag_shape(token: str) -> str | None:
    """Say how a resource type takes tags: "map", "list" (of key, value, propagateAtLaunch), None if not at all."""
    inputs = inputs_of(token)
    node = inputs.properties.get("tags") if inputs else None
    if isinstance(node, MapOf):
        return "map"
    if isinstance(node, ListOf) and isinstance(node.item, Nested):
        return "list"
    return None


_NESTED: dict[type, Nested] = {}


def _nested(args: type) -> Nested:
    if args in _NESTED:
        return _NESTED[args]
    names = pulumi_types.input_type_py_to_pulumi_names(args)
    required = frozenset(
        names.get(parameter.name, parameter.name)
        for parameter in inspect.signature(args.__init__).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    )
    # It is known before its properties are: a statement of AWS WAF, for one, holds statements.
    found = _NESTED[args] = Nested(args.__name__, {}, required)
    types = pulumi_types.input_type_types(args)
    found.properties.update({name: _node(type_) for name, type_ in types.items()})
    return found


def _node(type_: Any) -> Node:
    origin = typing.get_origin(type_)
    if origin is typing.Union or str(origin) == "<class 'types.UnionType'>":
        return _union([arm for arm in typing.get_args(type_) if not _is_wrapper(arm)])
    if origin in (list, collections.abc.Sequence):
        return ListOf(_node(typing.get_args(type_)[0]))
    if origin in (dict, collections.abc.Mapping):
        return MapOf(_node(typing.get_args(type_)[1]))
    if not isinstance(type_, type):
        return Anything()
    if issubclass(type_, enum.Enum):
        return _enumeration(type_)
    if type_ in (str, int, float, bool):
        return Primitive(type_)
    if issubclass(type_, (pulumi.Asset, pulumi.Archive)):
        return File()
    return _nested(type_) if pulumi_types.is_input_type(type_) else Anything()


def _is_wrapper(arm: Any) -> bool:
    """Say whether an arm of `pulumi.Input[...]` only carries a value that another arm describes."""
    origin = typing.get_origin(arm)
    return arm is type(None) or origin in (pulumi.Output, collections.abc.Awaitable) or typing.is_typeddict(arm)


def _union(arms: list[Any]) -> Node:
    nodes = [_node(arm) for arm in arms]
    if len(nodes) == 1:
        return nodes[0]
    if nodes and all(isinstance(node, File) for node in nodes):
        return File()
    # `str | SomeEnum` is an open enumeration: the list is advice and AWS takes newer values too.
    plain = {node.kind for node in nodes if isinstance(node, Primitive)}
    if len(plain) == 1 and all(isinstance(node, Primitive) for node in nodes):
        return Primitive(plain.pop())
    return Anything()


def _enumeration(type_: type[enum.Enum]) -> Primitive:
    values = tuple(member.value for member in type_)
    return Primitive(type(values[0]) if values else str, values)
