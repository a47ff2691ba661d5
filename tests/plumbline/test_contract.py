"""The machine contract: documents fit their schema, and come back as the graph that they were written from."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline import commands, contract, rulings
from plumbline.changes import Change, compare
from plumbline.graph import UNKNOWN, Blob, Options, Resource, Secret, StackGraph
from plumbline.project import Project
from plumbline.verdicts import WORDS, Verdict, judge, ledger
from tests.evaluations import ROOT, preview, run_program

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
SPECIAL = ("$unknown", "$secret", "$archive", "$asset")


@functools.cache
def document(stack: str) -> dict[str, Any]:
    """Return the document of a preview of a trading stack, as read back from its text."""
    project, graph = Project(ROOT), preview(stack).graph
    verdicts = judge(ledger(ROOT, "trading"), commands.subject(project, stack, graph))
    found = rulings.judge(ROOT, graph)
    return json.loads(json.dumps(contract.document(graph, "trading", compare(None, graph), verdicts, found)))


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def small(*resources: Resource, **changes: Any) -> dict[str, Any]:
    graph = StackGraph.of("test", "p", resources, {})
    return contract.document(graph, "s", compare(None, graph), {}) | changes


def test_the_documents_of_both_stacks_fit_the_schema(stack: str) -> None:
    assert [error.message for error in validator().iter_errors(document(stack))] == []


def test_an_ups_document_fits_the_schema() -> None:
    value = contract.document(
        StackGraph.of("test", "p", [], {}), "s", [], {}, extra={"sandbox": {"exist": 3, "simulated": 1}}
    )
    assert list(validator().iter_errors(value)) == []


def test_a_document_with_violations_fits_the_schema() -> None:
    urn = "urn:pulumi:test::p::a:b:C::x"
    ruling = rulings.Ruling(
        "EN-001", "kms-key-rotates", "encryption", "mandatory", "medium", urn, "x", "fail", "path", "is", "mend"
    )
    of_stack = dataclasses.replace(ruling, id="", rule="waivers", pack="waivers", urn="", resource="", path="")
    found = rulings.Rulings(2, (ruling, of_stack), (rulings.Waived(ruling, "why", "who", "2027-01-31"),))
    value = contract.document(StackGraph.of("test", "p", [], {}), "s", [], {}, found)
    assert list(validator().iter_errors(value)) == []
    assert [row["resource"] for row in value["policies"]] == [urn, None]
    assert value["waived"][0]["waiver"] == {"reason": "why", "owner": "who", "expires": "2027-01-31"}
    counts = {"rules": 2, "violations": 2, "mandatory": 2, "advisory": 0, "waived": 1}
    assert value["summary"]["policies"] == counts


@pytest.mark.parametrize("word", WORDS)
def test_every_verdict_fits_the_schema(word: Any) -> None:
    verdict = Verdict(word, "evidence", "urn:pulumi:test::p::a:b:C::x#name", 3, "docs/decisions.md")
    value = contract.document(StackGraph.of("test", "p", [], {}), "s", [], {"TRADING-01.1a": verdict})
    assert list(validator().iter_errors(value)) == []
    assert value["summary"]["criteria"] == {other: int(other == word) for other in WORDS}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"more": 1},
        {"resources": {}},
        {"criteria": [{"id": "TRADING-01.1"}]},
        {"changes": [{"urn": "urn:pulumi:a::b::c::d", "action": "refresh", "paths": [], "causes": []}]},
        {"summary": {}},
    ],
)
def test_the_schema_refuses_what_is_not_the_contract(change: dict[str, Any]) -> None:
    assert not validator().is_valid(small() | change)


def nodes(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field and definition of a schema with its name."""
    for key in ("properties", "$defs"):
        for field, inner in schema.get(key, {}).items():
            yield f"{name}.{field}", inner
            yield from nodes(inner, f"{name}.{field}")


def test_the_schema_describes_every_field_and_is_closed() -> None:
    for name, node in nodes(SCHEMA):
        reference = SCHEMA["$defs"].get(node.get("$ref", "").rpartition("/")[2], {})
        assert node.get("description") or reference.get("description"), name
        if "properties" in node:
            assert node["additionalProperties"] is False, name
    assert SCHEMA["additionalProperties"] is False


keys = st.text(max_size=8).filter(lambda key: key not in SPECIAL)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just(UNKNOWN)
    | st.just(Secret())
    | st.builds(Blob, st.text("0123456789abcdef", min_size=64, max_size=64), st.sampled_from(["archive", "asset"]))
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@given(values)
@settings(max_examples=150, deadline=None)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    written = json.loads(json.dumps(contract.encode(value)))
    assert contract.decode(written) == value
    resource = Resource(urn="urn:pulumi:test::p::a:b:C::x", type="a:b:C", name="x", inputs={"value": value})
    assert list(validator().iter_errors(small(resource))) == []


@given(values)
@settings(max_examples=50, deadline=None)
def test_a_secret_is_never_written(value: Any) -> None:
    hidden = Secret({"k": ["hunter2", value]})
    assert contract.encode(hidden) == {"$secret": True}
    assert contract.encode([{"a": hidden}]) == [{"a": {"$secret": True}}]


def test_no_secret_value_appears_in_the_document_of_a_program() -> None:
    word = "hunter2-correct-horse"

    def program() -> None:
        secret = pulumi.Output.secret(word)
        queue = aws.sqs.Queue("a", name="a", tags={"plain": "visible", "hidden": secret})
        function_variables = {"TOKEN": secret.apply(lambda value: f"Bearer {value}")}
        aws.ssm.Parameter("b", name="b", type="SecureString", value=word, opts=pulumi.ResourceOptions(parent=queue))
        aws.secretsmanager.SecretVersion("c", secret_id="x", secret_string=word)
        aws.ssm.Parameter("d", name="d", type="String", value=pulumi.Output.json_dumps(function_variables))
        pulumi.export("token", secret)
        pulumi.export("nested", {"list": [pulumi.Output.concat("x", secret)]})

    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    text = json.dumps(contract.document(evaluation.graph, "s", compare(None, evaluation.graph), {}))
    assert word not in text
    assert "visible" in text
    assert text.count("$secret") >= 5


def test_an_output_that_is_named_as_secret_is_hidden() -> None:
    resource = Resource(
        urn="urn:pulumi:test::p::a:b:C::x",
        type="a:b:C",
        name="x",
        outputs={"accessKey": "AKIA", "arn": "arn:x"},
        options=Options(additional_secret_outputs=("accessKey",)),
    )
    written = contract.resource_document(resource)
    assert written["outputs"] == {"accessKey": {"$secret": True}, "arn": "arn:x"}


def comparable(resource: Resource) -> tuple[Any, ...]:
    """Return what a document keeps of a resource."""
    needs = {key: urns for key, urns in resource.property_dependencies.items() if urns}
    known = (resource.type, resource.name, resource.parent, resource.custom, resource.id, resource.dependencies)
    return (resource.urn, *known, needs, hidden(resource.inputs), hidden(resource.outputs), resource.options)


def hidden(value: Any) -> Any:
    """Return a value with its secrets hidden, as every document has them."""
    if isinstance(value, Mapping):
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return Secret() if isinstance(value, Secret) else value


def test_the_graph_of_a_document_is_the_graph(stack: str) -> None:
    graph = preview(stack).graph
    read = contract.graph_of(document(stack))
    assert (read.stack, read.project) == (stack, "plumbline")
    assert list(read.resources) == list(graph.resources)
    for urn, resource in read.resources.items():
        assert comparable(resource) == comparable(graph.resources[urn])
    assert read.outputs == graph.outputs


def test_a_document_read_back_differs_in_nothing(stack: str) -> None:
    changes = compare(contract.graph_of(document(stack)), preview(stack).graph)
    assert {change.action for change in changes} == {"same"}


def test_the_summary_counts_the_document(stack: str) -> None:
    value = document(stack)
    words = [row["verdict"] for row in value["criteria"]]
    assert value["summary"] == {
        "resources": len(value["resources"]),
        "changes": {"create": len(value["resources"]), "update": 0, "replace": 0, "delete": 0, "same": 0},
        "criteria": {word: words.count(word) for word in WORDS},
        "policies": {
            "rules": sum(row["level"] != "disabled" for row in rulings.catalogue(ROOT, stack)["rules"]),
            "violations": len(value["policies"]),
            "mandatory": sum(row["level"] == "mandatory" for row in value["policies"]),
            "advisory": sum(row["level"] == "advisory" for row in value["policies"]),
            "waived": len(value["waived"]),
        },
    }


def test_a_change_is_written_with_paths_and_causes() -> None:
    change = Change("urn:pulumi:test::p::a:b:C::x", "replace", ("name", "tags.a"), ("name",))
    value = contract.document(StackGraph.of("test", "p", [], {}), "s", [change], {})
    assert value["changes"] == [
        {"urn": change.urn, "action": "replace", "paths": ["name", "tags.a"], "causes": ["name"]}
    ]


ROW = contract.resource_document(Resource(urn="urn:pulumi:test::p::a:b:C::x", type="a:b:C", name="x"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "not a document of this contract"),
        ([], "not a document of this contract"),
        ({"version": 1}, "not a document of this contract"),
        ({"resources": []}, "not a document of this contract"),
        ({"version": 2, "resources": []}, "version 2 given; this program reads version 1"),
        ({"version": "1", "resources": []}, "version '1' given; this program reads version 1"),
        ({"version": 1, "resources": {}}, "resources: a list is needed"),
        ({"version": 1, "resources": [1]}, "a resource of the document is not one"),
        ({"version": 1, "resources": [{}]}, "a resource of the document is not one"),
        ({"version": 1, "resources": [ROW | {"options": {"other": 1}}]}, "a resource of the document is not one"),
        ({"version": 1, "resources": [ROW | {"dependencies": None}]}, "a resource of the document is not one"),
        ({"version": 1, "resources": [ROW | {"propertyDependencies": []}]}, "a resource of the document is not one"),
    ],
)
def test_another_version_or_shape_is_told(value: Any, said: str) -> None:
    with pytest.raises(contract.ContractError, match="^" + said) as caught:
        contract.graph_of(value)
    assert "\n" not in str(caught.value)


@given(st.dictionaries(st.text(max_size=8), values.map(contract.encode), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_text_is_the_document_with_a_line_for_each_row(value: dict[str, Any]) -> None:
    written = contract.text(value)
    assert json.loads(written) == json.loads(json.dumps(value))
    # A list has two lines of brackets besides its rows, everything else one line.
    lines = (len(part) + 2 if isinstance(part, list) and part else 1 for part in value.values())
    assert len(written.split("\n")) == sum(lines) + 3
