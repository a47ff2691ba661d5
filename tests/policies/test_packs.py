"""The packs as the engine meets them: processes that are asked over gRPC say what the rules say of the graph."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph
from policies import acceptance, rulings
from policies.client import Client, Told, serving
from tests.evaluations import ROOT, preview
from tests.policies.cases import made
from tests.stacks import STACKS

FOLDERS = sorted(path.parent for path in (ROOT / "policies").glob("*/PulumiPolicy.yaml"))
PARTS = ("least_privilege", "encryption", "tagging", "operations", "acceptance")
TABLE = "aws:dynamodb/table:Table"


@pytest.fixture(scope="module")
def whole() -> Iterator[Client]:
    """The pack with every rule."""
    with serving(ROOT / "policies" / "all") as client:
        yield client


@pytest.fixture(scope="module")
def told(whole: Client) -> Callable[[str], list[Told]]:
    """What the whole pack tells of each broken stack, asked once."""
    return functools.cache(lambda stack: whole.judge(broken(stack)))


@functools.cache
def broken(stack: str) -> StackGraph:
    """Return a stack with a table, a queue and a function as nobody should write them, and an unknown policy."""
    graph = preview(stack).graph
    urn = f"urn:pulumi:{stack}::plumbline::{{}}::{{}}"
    table = dataclasses.replace(
        made(TABLE, "careless", name="careless", tags={"Environment": "x"}), urn=urn.format(TABLE, "careless")
    )
    queue = made("aws:sqs/queue:Queue", "open", name="open", sqsManagedSseEnabled=False)
    queue = dataclasses.replace(queue, urn=urn.format(queue.type, "open"))
    policy = dataclasses.replace(
        made("aws:sqs/queuePolicy:QueuePolicy", "late", refers={"queueUrl": queue, "policy": queue}),
        urn=urn.format("aws:sqs/queuePolicy:QueuePolicy", "late"),
    )
    function = made("aws:lambda/function:Function", "outside", name="outside")
    function = dataclasses.replace(function, urn=urn.format(function.type, "outside"))
    more = {resource.urn: resource for resource in (table, queue, policy, function)}
    return dataclasses.replace(graph, resources={**graph.resources, **more})


def by_rule(told: list[Told]) -> Counter[tuple[str, str, str]]:
    """Count what the rules of a pack told: level, resource and message without the policy's own description."""
    return Counter((row.level, row.urn, row.message.partition("\n")[2]) for row in told if not of_criteria(row))


def of_criteria(row: Told) -> bool:
    return row.policy.startswith("acceptance-")


def expected(graph: StackGraph) -> Counter[tuple[str, str, str]]:
    """Return what the rules say without the packs, in the same form."""
    return Counter(
        (row.level, row.urn, f"[{row.id} {row.rule}] {place(row)}: {row.message}. {row.remediation}")
        for row in rulings.judge(ROOT, graph).standing
    )


def place(row: Any) -> str:
    return f"{row.resource}: {row.path}" if row.path else row.resource


@pytest.mark.parametrize("stack", STACKS)
def test_stacks_pass_all_packs(whole: Client, stack: str) -> None:
    rows = whole.judge(preview(stack).graph)
    assert [row for row in rows if not of_criteria(row)] == []
    assert [row for row in rows if row.level == "mandatory"] == []
    waiting = [row.message.partition("\n")[2].split("]")[0].strip("[") for row in rows]
    assert set(waiting) <= acceptance.AFTER_UP
    assert sorted(waiting) == sorted(set(waiting))


@pytest.mark.parametrize("stack", ["test", "prod"])
def test_packs_say_what_the_rules_say(told: Callable[[str], list[Told]], stack: str) -> None:
    rows = by_rule(told(stack))
    assert rows == expected(broken(stack))
    assert {"careless", "open", "late", "outside"} <= {urn.split("::")[3] for _, urn, _ in rows}


def test_what_the_documents_leave_open_is_advisory_on_test_only(told: Callable[[str], list[Told]]) -> None:
    def levels(stack: str) -> set[str]:
        return {level for level, _, text in by_rule(told(stack)) if " function-is-in-vpc]" in text}

    assert (levels("test"), levels("prod")) == ({"advisory"}, {"mandatory"})


def test_unknown_is_told_with_the_resource_that_it_comes_from(told: Callable[[str], list[Told]]) -> None:
    rows = [text for _, urn, text in by_rule(told("prod")) if urn.endswith("::late")]
    assert rows
    assert all("not known before the deployment (it comes from open)" in text for text in rows)


def test_five_packs_together_say_what_the_whole_one_says(told: Callable[[str], list[Told]]) -> None:
    graph = broken("test")
    parts: Counter[tuple[str, str, str]] = Counter()
    criteria: list[str] = []
    for name in PARTS:
        with serving(ROOT / "policies" / name) as client:
            rows = client.judge(graph)
        parts += by_rule(rows)
        criteria += [row.message for row in rows if of_criteria(row)]
    asked = told("test")
    assert parts == by_rule(asked)
    assert sorted(criteria) == sorted(row.message for row in asked if of_criteria(row))
    assert any("TRADING-" in message for message in criteria)


def test_criteria_that_fail_are_violations(whole: Client) -> None:
    graph = preview("test").graph
    urn = next(urn for urn, resource in graph.resources.items() if resource.type == TABLE)
    changed = dataclasses.replace(graph.resources[urn], inputs={**graph.resources[urn].inputs, "name": "other"})
    whole.analyze(changed)
    rows = whole.analyze_stack(dataclasses.replace(graph, resources={**graph.resources, urn: changed}))
    failing = [row.message for row in rows if of_criteria(row) and row.level == "mandatory"]
    assert any("[TRADING-03.1] fail" in message for message in failing)


def test_every_folder_is_a_pack() -> None:
    assert [folder.name for folder in FOLDERS] == sorted((*PARTS, "all"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_pack_declares_its_levels(folder: Path) -> None:
    with serving(folder) as client:
        declared = client.policies()
    of_rules = {name: level for name, level in declared.items() if not name.startswith("acceptance-")}
    for name, level in declared.items():
        assert level == ("disabled" if name.endswith("-remediation") else name.removesuffix("-stack").split("-")[-1])
    assert bool(of_rules) == (folder.name != "acceptance")


def remediated(client: Client, resource: Resource) -> Mapping[str, Any] | None:
    client.configure({"plumbline-tagging-remediation": ("remediate", {})})
    return client.remediate(resource)


def test_remediation_adds_missing_tags_when_it_is_switched_on() -> None:
    queue = dataclasses.replace(
        made(
            "aws:sqs/queue:Queue", name="q", secretText=Secret("hidden"), policy=UNKNOWN, tags={"Environment": "prod"}
        ),
        urn="urn:pulumi:test::plumbline::aws:sqs/queue:Queue::q",
    )
    tags = {"Project": "trading", "Owner": "trading-platform", "CostCenter": "trading-test"}
    with serving(ROOT / "policies" / "tagging") as client:
        assert client.remediate(queue) is None
        found = remediated(client, queue)
        whole = remediated(client, dataclasses.replace(queue, inputs={"tags": {**tags, "Environment": "test"}}))
        unknown = remediated(client, dataclasses.replace(queue, inputs={"tags": UNKNOWN}))
    # What somebody wrote stays, and is a violation.
    assert found is not None
    assert found["tags"] == {**tags, "Environment": "prod"}
    assert (found["name"], found["policy"]) == ("q", UNKNOWN)
    assert (whole, unknown) == (None, None)


def test_config_of_the_command_line_comes_on_top() -> None:
    graph = StackGraph("prod", "plumbline", {})
    table = dataclasses.replace(made(TABLE, name="t"), urn=f"urn:pulumi:prod::plumbline::{TABLE}::t")
    graph = dataclasses.replace(graph, resources={table.urn: table})
    rules = {"resource-has-required-tags": {"level": "disabled"}}
    with serving(ROOT / "policies" / "tagging") as client:
        assert len(client.judge(graph)) == 4
    with serving(ROOT / "policies" / "tagging") as client:
        client.configure({"plumbline-tagging-mandatory": ("mandatory", {"rules": rules})})
        assert client.judge(graph) == []


def test_wrong_config_of_the_command_line_is_one_line() -> None:
    rules = {"resource-has-required-tag": {"level": "disabled"}}
    table = dataclasses.replace(made(TABLE, name="t"), urn=f"urn:pulumi:prod::plumbline::{TABLE}::t")
    with serving(ROOT / "policies" / "tagging") as client:
        client.configure({"plumbline-tagging-mandatory": ("mandatory", {"rules": rules})})
        rows = [row.message.partition("\n")[2] for row in client.analyze(table)]
    name = "rules.resource-has-required-tag"
    assert rows[0] == f"policy pack config: {name}: no such rule (did you mean resource-has-required-tags?)"


def test_wrong_config_file_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    for name in ("policies", "plumbline", "criteria"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "policies" / "config.yaml").write_text("open: mandatory\nrules:\n  kms-key-rotate: {level: advisory}\n")
    done = subprocess.run(
        [sys.executable, "-u", "."],
        cwd=tmp_path / "policies" / "encryption",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert (done.stdout, done.stderr.strip()) == (
        "",
        "config.yaml: rules.kms-key-rotate: no such rule (did you mean kms-key-rotates?)",
    )


def test_a_pack_without_server_is_told() -> None:
    with pytest.raises(RuntimeError), serving(ROOT / "docs"):
        pass


def test_rules_survive_what_the_engine_can_send(whole: Client) -> None:
    """Nothing that a program can write makes a pack fail: the engine would end the preview without saying why."""
    odd: list[Mapping[str, Any]] = [
        {},
        {"tags": None, "policy": "{", "name": 3.5},
        {"tags": [1, None, UNKNOWN], "policy": {"Statement": UNKNOWN}, "__defaults": ["x"]},
        {"tags": Secret({"Owner": UNKNOWN}), "policy": Secret("x"), "kmsKeyId": UNKNOWN},
    ]
    types = sorted({type_ for rule in rulings.load_all().values() for type_ in rule.types if rule.pack != "tagging"})
    try:
        for type_ in types:
            for number, inputs in enumerate(odd):
                resource = dataclasses.replace(made(type_, f"odd-{number}"), inputs=dict(inputs))
                assert all("odd-" in row.message for row in whole.analyze(resource))
    except grpc.RpcError as error:
        pytest.fail(f"{type_} {inputs}: {error}")
