"""The tables of the lifecycle name only what exists: types, calls and their parameters, properties of the SDK."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from plumbline import sdk
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.sandbox.lifecycle.rows import input_of, row_of, tables

ROWS = sorted(tables()["types"])
WORDS = {"service", "id", "given", "read", "names", "untold", "extra", "update", "delete", "tags"}
READ = {"call", "with", "at", "as", "one", "must", "gone", "absent", "none"}
UPDATE = {"call", "with", "of", "only", "when", "patch", "names", "model", "set", "like"}


@functools.cache
def client(service: str) -> Any:
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1").client(service)


def calls(type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each call of a row, with the word that it stands under."""
    row = row_of(type_)
    for word in ("read", "update", "delete"):
        if row.get(word) != "create":
            yield from ((word, call) for call in row.get(word, ()))


def missing(node: sdk.Node | None, path: str) -> bool:
    """Say whether the SDK does not know a dotted property path; lists are passed through."""
    for step in path.split("."):
        while isinstance(node, sdk.ListOf):
            node = node.item
        if not isinstance(node, sdk.Nested) or step not in node.properties:
            return True
        node = node.properties[step]
    return False


def names_in(node: sdk.Node | None, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the name of every property of a type, at any depth."""
    while isinstance(node, sdk.ListOf):
        node = node.item
    if isinstance(node, sdk.MapOf):
        yield from names_in(node.value, seen)
    if isinstance(node, sdk.Nested) and node.name not in seen:
        for name, inner in node.properties.items():
            yield name
            yield from names_in(inner, seen | {node.name})


@pytest.mark.parametrize("type_", ROWS)
def test_a_row_has_an_adapter_and_only_words_that_are_read(type_: str) -> None:
    assert type_ in ADAPTERS
    assert set(row_of(type_)) <= WORDS
    for word, call in calls(type_):
        assert set(call) <= {"read": READ, "update": UPDATE, "delete": READ}[word]


@pytest.mark.parametrize("type_", ROWS)
def test_calls_and_their_parameters_exist(type_: str) -> None:
    service = client(row_of(type_)["service"])
    for _, call in calls(type_):
        for name in filter(None, (call.get("call"), call.get("like"))):
            assert name in service.meta.method_to_api_mapping
        if "call" in call:
            shape = input_of(service, call["call"])
            assert set(call.get("with", {})) <= set(shape.members if shape else ())


@pytest.mark.parametrize("type_", ROWS)
def test_properties_exist(type_: str) -> None:
    row, node = row_of(type_), sdk.inputs_of(type_)
    paths = [*row.get("untold", ()), *row.get("extra", {})]
    for _, call in calls(type_):
        paths += [*call.get("patch", {}), *call.get("set", {}).values(), *call.get("of", ()), *call.get("when", {})]
        paths += [call["as"]] if "as" in call else []
    assert [path for path in paths if missing(node, path)] == []


@pytest.mark.parametrize("type_", ROWS)
def test_names_lead_to_properties(type_: str) -> None:
    known = set(names_in(sdk.inputs_of(type_)))
    names = {**row_of(type_).get("names", {})}
    for _, call in calls(type_):
        names |= call.get("names", {})
    assert {name: to for name, to in names.items() if to not in (None, ".", "=") and to not in known} == {}


@pytest.mark.parametrize("type_", ROWS)
def test_tags_are_taken_in_a_known_way(type_: str) -> None:
    row = row_of(type_)
    if "tags" not in row:
        return
    way, service = tables()["dialects"][row["tags"]["as"]], client(row["service"])
    assert sdk.tag_shape(type_) == "map"
    for word in ("list", "tag", "untag", "put", "clear"):
        if word in way:
            shape = input_of(service, way[word]["call"])
            assert {way["of"], *filter(None, [way[word].get("in")])} <= set(shape.members)


def test_every_way_with_tags_is_used() -> None:
    assert {row_of(type_)["tags"]["as"] for type_ in ROWS if "tags" in row_of(type_)} == set(tables()["dialects"])


def test_a_property_that_does_not_exist_is_seen() -> None:
    node = sdk.inputs_of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    assert [missing(node, path) for path in ("rules.filter.prefix", "rules.filter.nothing", "nothing")] == [
        False,
        True,
        True,
    ]
