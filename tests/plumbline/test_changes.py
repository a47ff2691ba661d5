"""What changes between two graphs of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.changes import Change, compare, differences, replacing
from plumbline.graph import UNKNOWN, Blob, Options, Resource, Secret, StackGraph
from tests.evaluations import preview

TABLE = "aws:dynamodb/table:Table"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def urn(name: str, type_: str = TABLE) -> str:
    return f"urn:pulumi:test::p::{type_}::{name}"


def resource(name: str, inputs: Mapping[str, Any] | None = None, type_: str = TABLE, /, **more: Any) -> Resource:
    return Resource(urn=urn(name, type_), type=type_, name=name, inputs=inputs or {}, **more)


def graph(*resources: Resource) -> StackGraph:
    return StackGraph.of("test", "p", resources, {})


def change(before: Mapping[str, Any], after: Mapping[str, Any], type_: str = TABLE, **options: Any) -> Change:
    """Return the change of one resource whose inputs change."""
    old, new = resource("a", before, type_), resource("a", after, type_, options=Options(**options))
    (found,) = compare(graph(old), graph(new))
    assert found.urn == new.urn
    return found


def test_without_a_state_everything_is_created() -> None:
    assert compare(None, graph(resource("a"), resource("b"))) == [
        Change(urn("a"), "create"),
        Change(urn("b"), "create"),
    ]


def test_the_same_graph_changes_nothing(stack: str) -> None:
    after = preview(stack).graph
    assert {found.action for found in compare(after, after)} == {"same"}


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, ("tags.a",)),
        ({"tags": {"a": "1"}}, {"tags": {"a": "1", "b": "2"}}, ("tags.b",)),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}, ("tags.b",)),
        ({"tags": {"a-b c": "1"}}, {"tags": {"a-b c": "2"}}, ('tags["a-b c"]',)),
        ({}, {"tags": {"a": "1"}}, ("tags",)),
        ({"tags": {"a": "1"}}, {}, ("tags",)),
        ({"attributes": [{"name": "a"}]}, {"attributes": [{"name": "b"}]}, ("attributes[0].name",)),
        ({"attributes": [{"name": "a"}]}, {"attributes": [{"name": "a"}, {"name": "b"}]}, ("attributes[1]",)),
        ({"attributes": [{"name": "a"}, {"name": "b"}]}, {"attributes": [{"name": "a"}]}, ("attributes[1]",)),
        ({"ttl": {"enabled": True}}, {"ttl": {"enabled": False}}, ("ttl.enabled",)),
        ({"readCapacity": 5}, {"readCapacity": 6}, ("readCapacity",)),
        ({"billingMode": "A", "readCapacity": 5}, {"billingMode": "B"}, ("billingMode", "readCapacity")),
        ({"code": Blob("a")}, {"code": Blob("b")}, ("code",)),
    ],
)
def test_an_update_names_the_paths(before: Any, after: Any, paths: tuple[str, ...]) -> None:
    assert change(before, after) == Change(urn("a"), "update", paths)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"code": Blob("a", content={"path": "x"})}, {"code": Blob("a", content={"path": "y"})}),
        ({"value": Secret("old")}, {"value": Secret("new")}),
        ({"value": {"deep": [Secret()]}}, {"value": {"deep": [Secret("new")]}}),
        ({"tags": {"a": "1", "__defaults": []}}, {"tags": {"a": "1"}}),
        ({"readCapacity": 5}, {"readCapacity": 5.0}),
        ({"tags": None}, {}),
    ],
)
def test_what_is_no_change(before: Any, after: Any) -> None:
    assert change(before, after).action == "same"


def test_a_value_that_becomes_secret_is_a_change() -> None:
    assert change({"value": "plain"}, {"value": Secret("plain")}) == Change(urn("a"), "update", ("value",))


@pytest.mark.parametrize(
    ("type_", "property_"),
    [
        (TABLE, "name"),
        (TABLE, "hashKey"),
        (TABLE, "rangeKey"),
        (FUNCTION, "name"),
        (ALIAS, "functionName"),
        ("aws:iam/role:Role", "path"),
        ("aws:sqs/queue:Queue", "fifoQueue"),
        ("aws:cloudwatch/logGroup:LogGroup", "name"),
        ("aws:lambda/layerVersion:LayerVersion", "code"),
        ("aws:appautoscaling/target:Target", "resourceId"),
        ("aws:appautoscaling/policy:Policy", "scalableDimension"),
    ],
)
def test_a_replacement_names_its_cause(type_: str, property_: str) -> None:
    found = change({property_: "x", "tags": {"a": "1"}}, {property_: "y", "tags": {"a": "2"}}, type_)
    assert found == Change(urn("a", type_), "replace", (property_, "tags.a"), (property_,))


@pytest.mark.parametrize("type_", [TABLE, QUEUE, "aws:kms/key:Key", "other:x/y:Z"])
def test_another_region_replaces_any_type(type_: str) -> None:
    assert "region" in replacing(type_)
    expected = Change(urn("a", type_), "replace", ("region",), ("region",))
    assert change({"region": "us-east-1"}, {"region": "eu-west-1"}, type_) == expected


def test_a_nested_property_causes_by_its_top() -> None:
    found = change({"localSecondaryIndexes": [{"name": "x"}]}, {"localSecondaryIndexes": [{"name": "y"}]})
    assert (found.action, found.causes) == ("replace", ("localSecondaryIndexes[0].name",))


def test_what_is_gone_is_deleted_last_and_in_reverse() -> None:
    before = graph(resource("x"), resource("a"), resource("y"), resource("b"))
    after = graph(resource("b"), resource("new"), resource("a"))
    assert [(found.urn, found.action) for found in compare(before, after)] == [
        (urn("b"), "same"),
        (urn("new"), "create"),
        (urn("a"), "same"),
        (urn("y"), "delete"),
        (urn("x"), "delete"),
    ]


def test_a_component_has_no_change_of_its_own() -> None:
    before = graph(resource("a", {"x": 1}, custom=False))
    assert compare(before, graph(resource("a", {"x": 2}, custom=False))) == [Change(urn("a"), "same")]


INDEXES = [{"name": "i", "readCapacity": 5, "writeCapacity": 5}, {"name": "j", "readCapacity": 5, "writeCapacity": 5}]


def scaled(**changes: int) -> list[dict[str, Any]]:
    return [index | changes for index in INDEXES]


@pytest.mark.parametrize(
    ("ignored", "after", "paths"),
    [
        ("readCapacity", {"readCapacity": 9}, ()),
        ("readCapacity", {"writeCapacity": 9}, ("writeCapacity",)),
        ("tags", {"tags": {"a": "2"}}, ()),
        ("tags.a", {"tags": {"a": "2"}}, ()),
        ("tags.a", {"tags": {"ab": "2"}}, ("tags.ab",)),
        ("read", {"readCapacity": 9}, ("readCapacity",)),
        ("globalSecondaryIndexes[*].readCapacity", {"globalSecondaryIndexes": scaled(readCapacity=9)}, ()),
        (
            "globalSecondaryIndexes[*].readCapacity",
            {"globalSecondaryIndexes": scaled(readCapacity=9, writeCapacity=9)},
            ("globalSecondaryIndexes[0].writeCapacity", "globalSecondaryIndexes[1].writeCapacity"),
        ),
        (
            "globalSecondaryIndexes[1].readCapacity",
            {"globalSecondaryIndexes": scaled(readCapacity=9)},
            ("globalSecondaryIndexes[0].readCapacity",),
        ),
        ("globalSecondaryIndexes", {"globalSecondaryIndexes": scaled(readCapacity=9)}, ()),
        ("name", {"name": "other"}, ()),
    ],
)
def test_ignored_changes(ignored: str, after: dict[str, Any], paths: tuple[str, ...]) -> None:
    before = {
        "name": "a",
        "readCapacity": 5,
        "writeCapacity": 5,
        "tags": {"a": "1"},
        "globalSecondaryIndexes": INDEXES,
    }
    found = change(before, before | after, ignore_changes=(ignored,))
    assert found == Change(urn("a"), "update" if paths else "same", paths)


def test_the_tables_of_production_ignore_what_scaling_moves() -> None:
    before = preview("prod").graph
    moved = {}
    for found in before:
        inputs = dict(found.inputs)
        if found.type == TABLE:
            inputs |= {"readCapacity": 77, "writeCapacity": 78}
            indexes = [
                row | {"readCapacity": 79, "writeCapacity": 80} for row in inputs.get("globalSecondaryIndexes", [])
            ]
            inputs |= {"globalSecondaryIndexes": indexes} if indexes else {}
        moved[found.urn] = Resource(urn=found.urn, type=found.type, name=found.name, inputs=inputs)
    changes = compare(StackGraph("prod", "plumbline", moved), before)
    assert {found.action for found in changes} == {"same"}


def test_replace_on_changes() -> None:
    before, after = {"tags": {"a": "1", "b": "1"}, "delaySeconds": 1}, {"tags": {"a": "2", "b": "1"}, "delaySeconds": 1}
    whole = change(before, after, QUEUE, replace_on_changes=("tags",))
    exact = change(before, after, QUEUE, replace_on_changes=("tags.a",))
    other = change(before, after, QUEUE, replace_on_changes=("tags.b", "delaySeconds"))
    assert (whole.action, whole.causes) == ("replace", ("tags.a",))
    assert (exact.action, exact.causes) == ("replace", ("tags.a",))
    assert (other.action, other.causes) == ("update", ())


def unknown_after(source: tuple[Mapping[str, Any], Mapping[str, Any]] | None, type_: str) -> Change:
    """Return the change of a resource whose input is unknown and comes from another, which changes as given."""
    needs = {"policy": (urn("source", type_),)}
    user = resource("user", {"policy": UNKNOWN}, POLICY, property_dependencies=needs)
    kept = resource("user", {"policy": "what it was"}, POLICY, property_dependencies=needs)
    before = [resource("source", source[0], type_)] if source else []
    after = resource("source", source[1] if source else {}, type_)
    return compare(graph(*before, kept), graph(after, user))[1]


SAME: dict[str, Any] = {"name": "a", "tags": {"a": "1"}}
TAGGED: dict[str, Any] = {"name": "a", "tags": {"a": "2"}}
NAMED: dict[str, Any] = {"name": "b", "tags": {"a": "1"}}


@pytest.mark.parametrize(
    ("source", "type_", "action"),
    [
        ((SAME, SAME), TABLE, "same"),
        ((SAME, TAGGED), TABLE, "same"),
        ((SAME, NAMED), TABLE, "update"),
        (None, TABLE, "update"),
        ((SAME, SAME), FUNCTION, "same"),
        ((SAME, TAGGED), FUNCTION, "update"),
        ((SAME, NAMED), FUNCTION, "update"),
    ],
)
def test_an_unknown_changes_with_its_source(source: Any, type_: str, action: str) -> None:
    found = unknown_after(source, type_)
    assert found.action == action
    assert found.paths == (("policy",) if action == "update" else ())


def test_an_unknown_that_replaces_names_its_cause() -> None:
    needs = {"role": (urn("role", QUEUE),)}
    before = graph(resource("role", {"name": "x"}, QUEUE), resource("a", {"role": "x"}, POLICY))
    user = resource("a", {"role": UNKNOWN}, POLICY, property_dependencies=needs)
    found = compare(before, graph(resource("role", {"name": "y"}, QUEUE), user))[1]
    assert found == Change(urn("a", POLICY), "replace", ("role",), ("role",))


def test_an_unknown_without_a_known_source_is_no_change() -> None:
    before = graph(resource("a", {"policy": "x"}, POLICY))
    assert compare(before, graph(resource("a", {"policy": UNKNOWN}, POLICY)))[0].action == "same"


def test_an_unknown_inside_a_property_counts_beside_what_is_known() -> None:
    needs = {"tags": (urn("source"),)}
    before = graph(resource("source", SAME), resource("a", {"tags": {"x": "1", "y": "1"}}, QUEUE))
    user = resource("a", {"tags": {"x": UNKNOWN, "y": "2"}}, QUEUE, property_dependencies=needs)
    assert compare(before, graph(resource("source", SAME), user))[1].paths == ("tags.y",)
    assert compare(before, graph(resource("source", NAMED), user))[1].paths == ("tags.x", "tags.y")


def test_an_alias_keeps_the_identity() -> None:
    before = graph(resource("old", {"delaySeconds": 1}, QUEUE))
    renamed = resource("new", {"delaySeconds": 2}, QUEUE, options=Options(aliases=(urn("old", QUEUE),)))
    assert compare(before, graph(renamed)) == [
        Change(urn("new", QUEUE), "update", ("delaySeconds",), before=urn("old", QUEUE))
    ]
    unlinked = resource("new", {"delaySeconds": 2}, QUEUE)
    assert [found.action for found in compare(before, graph(unlinked))] == ["create", "delete"]


texts = st.sampled_from(["a", "b", "c", "d"])
plain = st.recursive(
    st.integers(0, 3) | texts | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, plain, max_size=4), st.dictionaries(texts, plain, max_size=4))
@settings(max_examples=150, deadline=None)
def test_differences_are_found_if_and_only_if_there_are_any(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(differences(before, before)) == []
    assert bool(list(differences(before, after))) == (before != after)


@given(
    st.lists(st.tuples(texts, st.integers(0, 1)), unique_by=lambda row: row[0]),
    st.lists(st.tuples(texts, st.integers(0, 1)), unique_by=lambda row: row[0]),
)
@settings(max_examples=100, deadline=None)
def test_every_resource_has_one_change(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    old = graph(*(resource(name, {"readCapacity": value}) for name, value in before))
    new = graph(*(resource(name, {"readCapacity": value}) for name, value in after))
    gone = [name for name, _ in reversed(before) if name not in dict(after)]
    assert [found.urn for found in compare(old, new)] == [urn(name) for name in (*dict(after), *gone)]
