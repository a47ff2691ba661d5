"""Reads what the engine and we ourselves write about a stack; the engine's documents are kept from a real run."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from plumbline import contract
from plumbline.changes import Change, compare
from plumbline.documents import Document, load
from plumbline.graph import UNKNOWN, Options, Resource, Secret
from plumbline.project import UserError
from tests.evaluations import ROOT, preview

ENGINE = ROOT / "tests" / "fixtures" / "engine"
PREFIX = "urn:pulumi:sample::p::"
ROLE = f"{PREFIX}aws:iam/role:Role::reader"
COMPONENT = f"{PREFIX}plumbline:components:Tables::tables"
TABLE = f"{PREFIX}plumbline:components:Tables$aws:dynamodb/table:Table::tables-orders"
QUEUE = f"{PREFIX}aws:sqs/queue:Queue::q"
POLICY = f"{PREFIX}aws:iam/rolePolicy:RolePolicy::reader-unknown"
FIRST_RUN = f"{PREFIX}pulumi:providers:aws::default_7_51_1::04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# In the graph's order, whatever order the engine wrote.
TYPES = {
    "cert": "aws:acm/certificate:Certificate",
    "reader": "aws:iam/role:Role",
    "reader-known": "aws:iam/rolePolicy:RolePolicy",
    "token": "aws:secretsmanager/secretVersion:SecretVersion",
    "q": "aws:sqs/queue:Queue",
    "tables": "plumbline:components:Tables",
    "tables-orders": "aws:dynamodb/table:Table",
    "reader-unknown": "aws:iam/rolePolicy:RolePolicy",
    "east": "pulumi:providers:aws",
}


@functools.cache
def engine(name: str) -> Document:
    return load(ENGINE / f"{name}.json")


@functools.cache
def by_name(name: str) -> dict[str, Resource]:
    return {resource.name: resource for resource in engine(name).graph}


def test_a_preview_of_a_new_stack_is_read_in_order() -> None:
    document = engine("preview-create")
    assert (document.graph.stack, document.graph.project) == ("sample", "p")
    assert {name: resource.type for name, resource in by_name("preview-create").items()} == TYPES
    assert [resource.name for resource in document.graph] == list(TYPES)
    created = {change.urn for change in document.changes if change.action == "create"}
    assert created == set(document.graph.resources) and len(document.changes) == len(created)
    assert document.left_out == 0


def test_a_table_of_a_preview_is_read_as_a_whole() -> None:
    names = ("attributes", "billingMode", "hashKey", "name", "pointInTimeRecovery", "tags")
    assert by_name("preview-create")["tables-orders"] == Resource(
        urn=TABLE,
        type="aws:dynamodb/table:Table",
        name="tables-orders",
        parent=COMPONENT,
        inputs={
            "attributes": [{"name": "id", "type": "S"}],
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "id",
            "name": "test-orders",
            "pointInTimeRecovery": {"enabled": True},
            "tags": {"Owner": "team"},
        },
        property_dependencies=dict.fromkeys(names, ()),
        options=Options(protect=True, ignore_changes=("readCapacity",), provider=FIRST_RUN),
    )


def test_what_only_aws_decides_is_unknown_in_a_preview() -> None:
    resources = by_name("preview-create")
    known, unknown = resources["reader-known"], resources["reader-unknown"]
    assert known.inputs["role"] is UNKNOWN
    assert json.loads(known.inputs["policy"])["Statement"][0]["Action"] == "dynamodb:GetItem"
    assert unknown.inputs == {"policy": UNKNOWN, "role": UNKNOWN}
    assert unknown.property_dependencies == {"policy": (TABLE,), "role": (ROLE,)}
    assert unknown.dependencies == tuple(sorted((ROLE, TABLE)))
    assert engine("preview-create").graph.needs(POLICY) == {ROLE, TABLE}


@pytest.mark.parametrize("name", ["preview-create", "stack-export"])
def test_parents_of_engine_documents(name: str) -> None:
    resources = by_name(name)
    parents = {resource.name: resource.parent for resource in resources.values()}
    assert parents == {other: COMPONENT if other == "tables-orders" else "" for other in resources}
    assert [child.name for child in engine(name).graph.children(COMPONENT)] == ["tables-orders"]
    assert [resource.name for resource in resources.values() if not resource.custom] == ["tables"]


@pytest.mark.parametrize("name", ["preview-create", "stack-export"])
def test_secrets_and_options_of_engine_documents(name: str) -> None:
    token = by_name(name)["token"]
    assert token.inputs == {"secretId": "x", "secretString": Secret()}
    assert token.options.additional_secret_outputs == ("secretBinary", "secretString", "secretStringWo")
    assert by_name(name)["tables-orders"].options.protect
    assert by_name(name)["tables-orders"].options.ignore_changes == ("readCapacity",)
    assert not by_name(name)["reader"].options.protect
    assert by_name(name)["cert"].options.provider.startswith(f"{PREFIX}pulumi:providers:aws::east::")


def test_an_export_is_read_with_ids_and_outputs() -> None:
    document, resources = engine("stack-export"), by_name("stack-export")
    assert (document.graph.stack, document.graph.project) == ("sample", "p")
    assert {name: resource.type for name, resource in resources.items()} == TYPES
    assert (document.changes, document.left_out) == ([], 0)
    assert document.graph.outputs == {
        "account": "123456789012",
        "role": "arn:aws:iam:us-east-1:123456789012:reader",
    }
    assert resources["reader"].id == "reader-21ed98"
    assert resources["reader-known"].inputs["role"] == "reader-21ed98"
    assert resources["token"].outputs["secretString"] == Secret()
    assert resources["tables"].outputs == {"arn": "arn:aws:dynamodb:us-east-1:123456789012:tables-orders"}


def test_a_preview_of_a_change_counts_what_it_leaves_out() -> None:
    document = engine("preview-change")
    assert document.changes == [
        Change(TABLE, "update", ("name", "tags")),
        Change(POLICY, "update", ("policy",)),
        Change(QUEUE, "delete"),
    ]
    assert list(document.graph.resources) == [TABLE, POLICY]
    assert document.left_out == 6
    assert document.graph.resources[POLICY].inputs == {"policy": UNKNOWN, "role": "reader-21ed98"}


def test_an_export_completes_a_preview() -> None:
    document = engine("preview-change").completed(engine("stack-export").graph)
    assert document.left_out == 0
    assert document.changes == engine("preview-change").changes
    assert {resource.name for resource in document.graph} == {*TYPES} - {"q"}
    assert len(document.graph) == 8
    table = document.graph.resources[TABLE]
    assert (table.inputs["name"], table.inputs["tags"]) == ("test-orders2", {"Owner": "other"})
    assert document.graph.resources[ROLE].id == "reader-21ed98"
    assert len(engine("stack-export").graph) == 9


def step(op: str, name: str = "q", **more: Any) -> dict[str, Any]:
    urn = f"{PREFIX}aws:sqs/queue:Queue::{name}"
    state = {"urn": urn, "type": "aws:sqs/queue:Queue", "custom": True, "inputs": {"name": op}}
    kept = {} if op == "delete" else {"newState": state}
    return {"op": op, "urn": urn, **kept, **more}


def write(path: Path, value: Any) -> Path:
    file = path / "document.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return file


def test_the_steps_of_a_replacement_are_one_change(tmp_path: Path) -> None:
    steps = [
        step("create-replacement", replaceReasons=["name"], diffReasons=["name"]),
        step("replace", replaceReasons=["name"], diffReasons=["name", "tags"]),
        step("delete-replaced"),
    ]
    document = load(write(tmp_path, {"steps": steps, "changeSummary": {"replace": 1}}))
    assert document.changes == [Change(QUEUE, "replace", ("name", "tags"), ("name",))]
    assert [resource.inputs["name"] for resource in document.graph] == ["replace"]
    assert document.left_out == 0


def test_unchanged_resources_that_are_shown_are_not_left_out(tmp_path: Path) -> None:
    steps = [step("same", "a"), step("update", "b", diffReasons=["name"])]
    document = load(write(tmp_path, {"steps": steps, "changeSummary": {"same": 1, "update": 1}}))
    assert [(change.action, change.paths) for change in document.changes] == [("same", ()), ("update", ("name",))]
    assert document.left_out == 0


def test_the_old_half_of_a_replacement_is_no_resource(tmp_path: Path) -> None:
    state = {"urn": QUEUE, "type": "aws:sqs/queue:Queue", "custom": True}
    value = {"version": 3, "deployment": {"resources": [state | {"id": "new"}, state | {"id": "old", "delete": True}]}}
    (queue,) = load(write(tmp_path, value)).graph
    assert queue.id == "new"


def test_our_own_document_is_read(tmp_path: Path, stack: str) -> None:
    graph = preview(stack).graph
    value = contract.document(graph, "trading", compare(None, graph), {})
    document = load(write(tmp_path, value))
    assert (document.graph.stack, len(document.graph), document.left_out) == (stack, len(graph), 0)
    assert {change.action for change in compare(document.graph, graph)} == {"same"}


ROW = contract.resource_document(Resource(urn=QUEUE, type="aws:sqs/queue:Queue", name="q"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "not JSON: "),
        ("resources:\n- a\n", "not JSON: "),
        ('{"steps": [{"op": "create",', "not JSON: "),
        ("[]", "not a document that is known: "),
        ("null", "not a document that is known: "),
        ("3", "not a document that is known: "),
        ('"text"', "not a document that is known: "),
        ({}, "not a document that is known: "),
        ({"stacks": []}, "not a document that is known: "),
        ({"steps": []}, "no resource in the document"),
        ({"steps": None}, "not a document of the engine: "),
        ({"steps": {}}, "no resource in the document"),
        ({"steps": [1]}, "not a document of the engine: "),
        ({"steps": [{"op": "create"}]}, "not a document of the engine: "),
        ({"steps": [{"op": "create", "urn": "x", "newState": {}}]}, "not a document of the engine: "),
        ({"deployment": None}, "not a document of the engine: "),
        ({"deployment": {}}, "no resource in the document"),
        ({"deployment": {"resources": [{"urn": "x"}]}}, "not a document of the engine: "),
        ({"deployment": {"resources": [["urn"]]}}, "not a document of the engine: "),
        ({"resources": []}, "not a document of this contract"),
        ({"version": 9, "resources": []}, "version 9 given; this program reads version 1"),
        ({"version": 1, "resources": {}}, "resources: a list is needed"),
        ({"version": 1, "resources": [{"urn": "x"}]}, "a resource of the document is not one"),
        ({"version": 1, "resources": [ROW | {"urn": []}]}, ""),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path: Path, value: Any, said: str) -> None:
    file = write(tmp_path, value)
    with pytest.raises(UserError) as caught:
        load(file)
    (line,) = caught.value.lines
    assert re.match(re.escape(f"{file}: {said}"), line)
    assert "\n" not in line


def test_files_that_cannot_be_read_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b'{"stack": "\xe9"}')
    said = {"missing": "No such file or directory", "latin": "not UTF-8 text", ".": "Is a directory"}
    for name, text in said.items():
        with pytest.raises(UserError) as caught:
            load(tmp_path / name)
        assert caught.value.lines == (f"{tmp_path / name}: {text}",)


@pytest.mark.parametrize("name", ["preview-create", "preview-change", "stack-export"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_document_that_was_cut_off_is_told_in_one_line(tmp_path: Path, name: str, part: float) -> None:
    text = (ENGINE / f"{name}.json").read_text(encoding="utf-8").rstrip()
    with pytest.raises(UserError, match="not JSON") as caught:
        load(write(tmp_path, text[: int(len(text) * part)]))
    assert len(str(caught.value).splitlines()) == 1


def test_a_provider_that_the_engine_made_itself_is_left_out(tmp_path: Path) -> None:
    rows = [
        {"urn": f"urn:pulumi:dev::p::pulumi:providers:aws::{name}", "type": "pulumi:providers:aws", "id": name}
        for name in ("default", "default_7_51_1", "main")
    ]
    graph = load(write(tmp_path, {"version": 3, "deployment": {"resources": rows}})).graph
    assert [resource.name for resource in graph] == ["main"]
