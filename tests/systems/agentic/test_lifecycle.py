"""Both agentic stacks live through up, refresh, change, a second up and destroy in the sandbox."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pytest

from plumbline.contract import encode
from plumbline.evaluate import evaluate_stack
from plumbline.graph import Resource, StackGraph
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from tests.evaluations import ROOT
from tests.plumbline.lifecycles import changes_of, deleted, differences, one_of_each, updated
from tests.plumbline.test_sandbox_lifecycle import held

STACKS = ["agentic-dev", "agentic-prod"]
# What production protects, and AWS keeps.
REFUSED = {
    "agentic-dev": {},
    "agentic-prod": {
        "aws:dynamodb/table:Table tables-data": "ValidationException",
        "aws:s3/bucket:Bucket buckets-access-logs": "BucketNotEmpty",
    },
}


@dataclass(frozen=True)
class Lived:
    """What came of a stack's whole life. `held` is what is left of it where nothing protects it."""

    graph: StackGraph
    simulated: int
    at_first: dict[str, Any]
    wrong: dict[str, list[str]]
    after_changes: dict[str, Any]
    refused: dict[str, str]
    held: dict[str, list[Any]]


def _can_change(graph: StackGraph, resource: Resource) -> bool:
    try:
        changes_of(graph, resource)
    except LookupError:
        return False
    return True


@functools.cache
def lived(stack: str) -> Lived:
    with Sandbox() as sandbox:
        evaluation = evaluate_stack(Project(ROOT), stack, sandbox)
        assert (evaluation.mistakes, evaluation.warnings) == ((), ())
        graph = evaluation.graph
        at_first = differences(sandbox, graph)
        wrong = {r.type: updated(sandbox, graph, r) for r in one_of_each(graph, lambda r: _can_change(graph, r))}
        after = differences(sandbox, graph)
        refused, _ = deleted(sandbox, graph)
        more = {
            "socket APIs": sandbox.context.client("apigatewayv2").get_apis()["Items"],
            "parameters": sandbox.context.client("ssm").describe_parameters()["Parameters"],
            "mappings": sandbox.context.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        }
        left = {kind: rows for kind, rows in {**held(), **more}.items() if rows}
        return Lived(graph, sandbox.simulated.total(), at_first, wrong, after, refused, left)


@pytest.mark.parametrize("stack", STACKS)
def test_the_sandbox_makes_everything_and_shows_no_difference(stack: str) -> None:
    assert (lived(stack).simulated, lived(stack).at_first) == (0, {})


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_is_changed_in_place_and_back(stack: str) -> None:
    assert {type_: lines for type_, lines in lived(stack).wrong.items() if lines} == {}
    # A change of one resource leaves the others alone: a method keeps what answers it.
    assert lived(stack).after_changes == {}


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_up_gives_the_same_stack(stack: str) -> None:
    with Sandbox() as sandbox:
        again = evaluate_stack(Project(ROOT), stack, sandbox).graph
    first = lived(stack).graph
    assert [(r.urn, r.id, encode(r.inputs), encode(r.outputs)) for r in again] == [
        (r.urn, r.id, encode(r.inputs), encode(r.outputs)) for r in first
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_destroying_leaves_only_what_is_protected(stack: str) -> None:
    assert lived(stack).refused == REFUSED[stack]
    assert sorted(lived(stack).held) == (["buckets", "tables"] if REFUSED[stack] else [])
