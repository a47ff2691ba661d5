"""The data tables name only what exists: types and properties of the SDK, shapes of botocore's models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.loaders import Loader

from plumbline import sdk, yaml12
from plumbline.changes import replacing
from plumbline.constraints.shapes import refusal
from tests.evaluations import ROOT

DATA = ROOT / "plumbline" / "data"
REPLACE: Mapping[str, Any] = yaml12.load(DATA / "replace.yaml")
SHAPES: Mapping[str, Any] = yaml12.load(DATA / "aws_shapes.yaml")
TABLES = {
    "replace": {type_: list(names) for type_, names in REPLACE["replace"].items()},
    "shapes": {type_: list(row["properties"]) for type_, row in SHAPES.items()},
}
ROWS = [(table, type_) for table, rows in TABLES.items() for type_ in rows]
PROPERTIES = [
    (type_, path, row["service"], shape) for type_, row in SHAPES.items() for path, shape in row["properties"].items()
]


def missing(node: sdk.Node | None, path: str) -> str | None:
    """Return the first step of a property path that the SDK does not know."""
    for step in re.findall(r"[^.\[\]]+|\[\*\]", path):
        if step == "[*]":
            node = node.item if isinstance(node, sdk.ListOf) else None
        else:
            node = node.properties.get(step) if isinstance(node, sdk.Nested) else None
        if node is None:
            return step
    return None


def leaf(type_: str, path: str) -> sdk.Node | None:
    node: sdk.Node | None = sdk.inputs_of(type_)
    for step in re.findall(r"[^.\[\]]+|\[\*\]", path):
        node = node.item if isinstance(node, sdk.ListOf) else node.properties[step]  # type: ignore[union-attr]
    return node


def shape_of(service: str, name: str) -> dict[str, Any] | None:
    return Loader().load_service_model(service, "service-2")["shapes"].get(name)


@pytest.mark.parametrize(("table", "type_"), ROWS, ids=lambda value: value)
def test_the_sdk_knows_every_type_and_property(table: str, type_: str) -> None:
    inputs = sdk.inputs_of(type_)
    assert inputs is not None
    assert {path: missing(inputs, path) for path in TABLES[table][type_] if missing(inputs, path)} == {}


@pytest.mark.parametrize("type_", TABLES["replace"])
def test_a_type_names_each_replacing_property_once_and_by_its_top(type_: str) -> None:
    names = TABLES["replace"][type_]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not name.isidentifier()] == []
    assert replacing(type_) == {*names, "region"}


def test_the_sdk_knows_the_types_with_new_outputs() -> None:
    assert set(REPLACE["new_outputs_on_update"]) <= set(sdk.known_types())


@pytest.mark.parametrize(("type_", "path", "service", "name"), PROPERTIES, ids=lambda value: value)
def test_a_shape_exists_limits_something_and_is_of_the_propertys_kind(
    type_: str, path: str, service: str, name: str
) -> None:
    shape = shape_of(service, name)
    assert shape is not None
    assert {"enum", "min", "max", "pattern"} & set(shape)
    kinds = {"string": str, "integer": int, "long": int, "double": float}
    node = leaf(type_, path)
    # A type that the SDK leaves open (a policy as text or object) fits any shape.
    assert isinstance(node, sdk.Anything) or node == sdk.Primitive(kinds[shape["type"]])


def _enumerations() -> Iterator[tuple[str, str]]:
    for _, _, service, name in PROPERTIES:
        if "enum" in (shape_of(service, name) or {}):
            yield service, name


@pytest.mark.parametrize(("service", "name"), sorted(set(_enumerations())))
def test_an_enumeration_takes_its_values_and_no_other(service: str, name: str) -> None:
    shape = shape_of(service, name)
    assert shape is not None
    assert {refusal(value, shape) for value in shape["enum"]} == {None}
    assert refusal("something else", shape) is not None
