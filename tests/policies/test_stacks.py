"""The project's stacks by the rules: nothing stands, nothing is waived, also where the engine knows no outputs yet."""

from __future__ import annotations

import dataclasses

import pytest

from plumbline import sdk
from plumbline.commands import subject
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.project import Project
from plumbline.verdicts import judge, ledger
from policies import rulings
from tests.evaluations import ROOT, deployed, preview
from tests.stacks import STACKS


def unanswered(graph: StackGraph) -> StackGraph:
    """Return a graph as the engine's previews have it: whatever the provider may fill in is an unknown output."""

    def changed(resource: Resource) -> Resource:
        outputs = dict.fromkeys(sdk.output_types(resource.type), UNKNOWN) if resource.custom else {}
        return dataclasses.replace(resource, outputs={**outputs, **resource.inputs})

    return dataclasses.replace(graph, resources={urn: changed(each) for urn, each in graph.resources.items()})


@pytest.mark.parametrize("stack", STACKS)
def test_no_violation_stands_and_none_is_waived(stack: str) -> None:
    found = rulings.judge(ROOT, preview(stack).graph)
    assert (found.standing, found.waived) == ((), ())
    assert found.rules > 300


@pytest.mark.parametrize("stack", ["test", "prod", "agentic-dev", "agentic-prod"])
def test_no_violation_stands_after_an_up(stack: str) -> None:
    assert rulings.judge(ROOT, deployed(stack).evaluation.graph).standing == ()


@pytest.mark.parametrize("stack", STACKS)
def test_outputs_that_are_not_known_change_no_ruling(stack: str) -> None:
    assert rulings.judge(ROOT, unanswered(preview(stack).graph)).standing == ()


def test_outputs_that_are_not_known_change_no_verdict() -> None:
    project, graph = Project(ROOT), preview("test").graph
    entries = ledger(ROOT, "trading")
    verdicts = [judge(entries, subject(project, "test", each)) for each in (graph, unanswered(graph))]
    assert verdicts[0] == verdicts[1]
