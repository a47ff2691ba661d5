"""The project's stacks as the provider sees them: no resource is refused alone, and docs say what waits for an up."""

from __future__ import annotations

import re

from plumbline import commands, verdicts
from plumbline.constraints import check_alone
from plumbline.graph import StackGraph, urn_type
from plumbline.project import Project
from tests.evaluations import ROOT, deployed, preview

PROJECT = Project(ROOT)


def judged(graph: StackGraph) -> dict[str, verdicts.Verdict]:
    entries = verdicts.ledger(ROOT, PROJECT.system(graph.stack))
    return verdicts.judge(entries, commands.subject(PROJECT, graph.stack, graph))


def test_docs_list_the_criteria_that_wait_for_an_up(stack: str) -> None:
    before, after = judged(preview(stack).graph), judged(deployed(stack).evaluation.graph)
    # A goal is unknown because a criterion of its own is.
    waiting = {
        id_: urn_type(verdict.path.partition("#")[0])
        for id_, verdict in before.items()
        if verdict.word != after[id_].word and not verdict.evidence.startswith("unknown: ")
    }
    table = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| (TRADING-\S+) \| `([^`]+)`", table, re.MULTILINE)) == waiting
    assert [verdict.word for verdict in after.values() if verdict.word == "unknown"] == []
    # Rules need no deployment: they say the same of both.
    assert commands.by_rules(ROOT, preview(stack).graph) == commands.by_rules(ROOT, deployed(stack).evaluation.graph)


def test_no_resource_of_a_sound_stack_is_refused_alone(graph: StackGraph) -> None:
    assert [str(problem) for resource in graph if resource.custom for problem in check_alone(resource)] == []
