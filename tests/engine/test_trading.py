"""A whole trading stack on the real engine: it lives, and every source gives the same verdicts about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, deployed, preview

from plumbline import commands, documents, verdicts
from plumbline.project import Project
from plumbline.provider import control, engine
from plumbline.provider.workspace import Workspace
from tests.engine.rig import needs_cli, pulumi

pytestmark = [pytest.mark.engine, needs_cli]
STACK = "test"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """The project's stack, with a place of its own: what a developer rehearses in the tree stays as it is."""
    place = Workspace(Project(ROOT), STACK, tmp_path)
    try:
        yield place
    finally:
        with contextlib.suppress(control.channel.NotRunning):
            control.stop(tmp_path)


def test_trading_lives_and_every_source_gives_the_same_verdicts(
    workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    run = engine.Engine(workspace, said.append).run
    count = sum(resource.type.startswith("aws:") for resource in preview(STACK).graph)

    assert run("up", ["--skip-preview", "--suppress-progress"]) == 0
    assert control.status(tmp_path).resources == count
    told = capfd.readouterr().out
    assert "[mandatory]" not in told
    file = tmp_path / "export.json"
    file.write_text(pulumi(workspace, "stack", "export").stdout, encoding="utf-8")
    project = Project(ROOT)
    judged = commands.judge_file(project, file, None, None).report
    offline = deployed(STACK).evaluation.graph
    assert set(documents.load(file).graph.resources) == set(offline.resources)
    entries = verdicts.ledger(ROOT, project.system(STACK))
    expected = verdicts.judge(entries, commands.subject(project, STACK, offline))
    assert {id_: verdict.word for id_, verdict in judged.verdicts.items()} == {
        id_: verdict.word for id_, verdict in expected.items()
    }
    assert judged.rulings == commands.by_rules(ROOT, offline)

    assert run("up", ["--skip-preview", "--suppress-progress", "--expect-no-changes"]) == 0
    assert run("refresh", ["--skip-preview", "--suppress-progress", "--expect-no-changes"]) == 0
    assert run("destroy", ["--skip-preview", "--suppress-progress"]) == 0
    assert control.status(tmp_path).resources == 0
    assert said == []
