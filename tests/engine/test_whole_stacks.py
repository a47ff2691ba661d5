"""Whole stacks on the real engine: they live, and every source gives the same verdicts about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline import commands, documents, verdicts
from plumbline.project import Project
from plumbline.provider import control, engine
from plumbline.provider.workspace import Workspace
from tests.engine.rig import needs_cli, pulumi
from tests.evaluations import ROOT, deployed, preview

pytestmark = [pytest.mark.engine, needs_cli]


@pytest.fixture(params=["test", "agentic-dev"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A stack of the project, with a place of its own: what a developer rehearses in the tree stays as it is."""
    place = Workspace(Project(ROOT), request.param, tmp_path)
    try:
        yield place
    finally:
        with contextlib.suppress(control.channel.NotRunning):
            control.stop(tmp_path)


def test_a_stack_lives_and_every_source_gives_the_same_verdicts(
    workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    run = engine.Engine(workspace, said.append).run
    stack = workspace.stack
    count = sum(resource.type.startswith("aws:") for resource in preview(stack).graph)

    assert run("up", ["--skip-preview", "--suppress-progress"]) == 0
    assert control.status(tmp_path).resources == count
    told = capfd.readouterr().out
    assert "[mandatory]" not in told
    file = tmp_path / "export.json"
    file.write_text(pulumi(workspace, "stack", "export").stdout, encoding="utf-8")
    project = Project(ROOT)
    judged = commands.judge_file(project, file, None, None).report
    offline = deployed(stack).evaluation.graph
    assert set(documents.load(file).graph.resources) == set(offline.resources)
    entries = verdicts.ledger(ROOT, project.system(stack))
    expected = verdicts.judge(entries, commands.subject(project, stack, offline))
    assert {id_: verdict.word for id_, verdict in judged.verdicts.items()} == {
        id_: verdict.word for id_, verdict in expected.items()
    }
    assert judged.rulings == commands.by_rules(ROOT, offline)

    assert run("up", ["--skip-preview", "--suppress-progress", "--expect-no-changes"]) == 0
    assert run("refresh", ["--skip-preview", "--suppress-progress", "--expect-no-changes"]) == 0
    assert run("destroy", ["--skip-preview", "--suppress-progress"]) == 0
    assert control.status(tmp_path).resources == 0
    assert said == []
