"""What AWS reads alike is compared alike, and what differs is found by the element that differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline import sdk
from plumbline.diff import details, normal
from plumbline.graph import UNKNOWN, Blob, Resource, Secret, StackGraph

POLICY, TABLE = "aws:iam/rolePolicy:RolePolicy", "aws:dynamodb/table:Table"
READ: dict[str, Any] = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
WRITE: dict[str, Any] = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": ["*"]}


def values(type_: str, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (path, old, new) of all that differs in one resource."""
    graphs = [
        StackGraph.of("s", "p", [Resource(urn=f"urn:pulumi:s::p::{type_}::x", type=type_, name="x", inputs=inputs)], {})
        for inputs in (before, after)
    ]
    return [(value.path, value.old, value.new) for one in details.details(*graphs) for value in one.values]


def policy(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})}


def without_sid(statement: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (policy(READ, WRITE), policy(WRITE, READ)),
        (policy(without_sid(READ), without_sid(WRITE)), policy(without_sid(WRITE), without_sid(READ))),
        (policy(READ), policy(READ | {"Action": ["s3:ListBucket", "s3:GetObject"]})),
        (policy(WRITE), policy(WRITE | {"Action": ["s3:PutObject"], "Resource": "*"})),
        (policy(WRITE), {"policy": json.dumps(json.loads(policy(WRITE)["policy"]), indent=2)}),
        (
            policy(READ | {"Condition": {"StringEquals": {"aws:SourceAccount": ["1", "2"]}}}),
            policy(READ | {"Condition": {"StringEquals": {"aws:SourceAccount": ["2", "1"]}}}),
        ),
        (
            policy(READ | {"Principal": {"Service": ["a.amazonaws.com", "b.amazonaws.com"]}}),
            policy(READ | {"Principal": {"Service": ["b.amazonaws.com", "a.amazonaws.com"]}}),
        ),
    ],
)
def test_order_and_form_of_a_policy_are_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert values(POLICY, before, after) == []


def test_a_statement_is_named_by_its_sid_and_an_action_by_itself() -> None:
    wider = READ | {"Action": ["s3:GetObject", "s3:DeleteObject"]}
    assert values(POLICY, policy(READ, WRITE), policy(wider, WRITE)) == [
        ("policy.Statement.Read.Action", "s3:ListBucket", ""),
        ("policy.Statement.Read.Action", "", "s3:DeleteObject"),
    ]
    (new,) = values(POLICY, policy(READ), policy(READ, WRITE))
    assert (new[0], new[1]) == ("policy.Statement.Write", "")
    assert json.loads(new[2])["Action"] == ["s3:PutObject"]


def test_an_effect_is_a_change() -> None:
    denied = READ | {"Effect": "Deny"}
    assert values(POLICY, policy(READ), policy(denied)) == [("policy.Statement.Read.Effect", "Allow", "Deny")]


def test_a_set_is_no_list() -> None:
    attributes = [{"name": "id", "type": "S"}, {"name": "day", "type": "N"}]
    assert values(TABLE, {"attributes": attributes}, {"attributes": attributes[::-1]}) == []
    changed = [attributes[0], {"name": "day", "type": "S"}]
    assert values(TABLE, {"attributes": attributes}, {"attributes": changed}) == [("attributes.day.type", "N", "S")]


def test_the_order_of_a_list_that_has_one_is_a_change() -> None:
    rules = [{"id": "a", "status": "Enabled"}, {"id": "b", "status": "Enabled"}]
    type_ = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    assert values(type_, {"rules": rules}, {"rules": rules[::-1]}) != []


def test_json_that_is_no_policy_is_compared_by_what_it_says() -> None:
    type_ = "aws:sfn/stateMachine:StateMachine"
    before = {"definition": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'}
    after = {"definition": '{"States":{"A":{"End":true,"Type":"Wait"}},"StartAt":"A"}'}
    assert values(type_, before, after) == [("definition.States.A.Type", "Pass", "Wait")]
    assert values(type_, {"definition": "{no JSON"}, {"definition": "{no json"}) == [
        ("definition", "{no JSON", "{no json")
    ]


def test_secrets_unknowns_and_files_are_shown_as_such() -> None:
    type_ = "aws:lambda/function:Function"
    assert values(type_, {"x": "plain"}, {"x": Secret("hidden")}) == [("x", "plain", "[secret]")]
    assert values(type_, {"x": Secret("a")}, {"x": Secret("b")}) == []
    assert values(type_, {"code": Blob("a" * 64)}, {"code": Blob("b" * 64)}) == [
        ("code", "[archive aaaaaaaaaaaa]", "[archive bbbbbbbbbbbb]")
    ]
    long = values(type_, {"description": "x"}, {"description": "y" * 1000})[0][2]
    assert len(long) == 160
    assert long.endswith("…")


def test_an_unknown_counts_where_it_comes_from_something_new() -> None:
    queue, mapping = "aws:sqs/queue:Queue", "aws:lambda/eventSourceMapping:EventSourceMapping"

    def graph(source: str) -> StackGraph:
        urn = f"urn:pulumi:s::p::{queue}::{source}"
        inputs = {"eventSourceArn": UNKNOWN, "batchSize": 1}
        user = Resource(
            urn=f"urn:pulumi:s::p::{mapping}::m",
            type=mapping,
            name="m",
            inputs=inputs,
            property_dependencies={"eventSourceArn": (urn,)},
        )
        return StackGraph.of("s", "p", [Resource(urn=urn, type=queue, name=source), user], {})

    assert details.details(graph("a"), graph("a")) == []
    found = {one.name: one for one in details.details(graph("a"), graph("b"))}
    assert {name: one.action for name, one in found.items()} == {"a": "delete", "b": "create", "m": "replace"}
    assert found["m"].causes == ("eventSourceArn",)
    assert [value.path for value in found["m"].values] == ["eventSourceArn"]


def test_every_unordered_list_is_one_that_the_sdk_has() -> None:
    for type_, paths in normal._unordered().items():
        for path in paths:
            node: Any = sdk.inputs_of(type_)
            assert node is not None, type_
            for step in path.split("."):
                node = node.item if isinstance(node, sdk.ListOf) else node
                assert step in node.properties, f"{type_} has no {path}"
                node = node.properties[step]
            assert isinstance(node, sdk.ListOf), f"{type_} {path} is no list"
