"""The real engine sees the same stack as the strict monitor. Needs the Pulumi CLI, and nothing else from outside."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from plumbline import commands, documents
from plumbline.graph import Blob, Resource, Secret
from plumbline.project import Project
from plumbline.provider import control
from plumbline.provider.workspace import Workspace
from policies import acceptance
from tests.engine.rig import needs_cli, pulumi
from tests.evaluations import ROOT, preview
from tests.stacks import STACKS

pytestmark = [pytest.mark.engine, needs_cli]


@pytest.fixture
def workspaces(tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    """Make the workspace of any of the project's stacks, with a daemon that serves its provider."""
    made: list[Workspace] = []

    def make(stack: str) -> Workspace:
        place = tmp_path / stack
        place.mkdir()
        workspace = Workspace(Project(ROOT), stack, place)
        made.append(workspace)
        workspace.prepare()
        control.start(place)
        assert pulumi(workspace, "stack", "init").returncode == 0
        return workspace

    yield make
    for workspace in made:
        control.stop(workspace.directory)


def _shown(value: Any) -> Any:
    """Return a value as the engine's document has it: secrets hidden, other digests of archives."""
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, Secret):
        return Secret()
    return Blob("", value.kind) if isinstance(value, Blob) else value


def _comparable(resource: Resource) -> Resource:
    """Leave out what the two engines count differently: archive digests, provider ids, source positions."""
    inputs = {key: _shown(value) for key, value in resource.inputs.items()}
    if resource.type.startswith("pulumi:providers:"):
        inputs = {key: value for key, value in inputs.items() if key not in ("__internal", "version")}
    # The engine's document has no aliases, and not that something is deleted before it is replaced.
    provider = resource.options.provider.rpartition("::")[0]
    options = dataclasses.replace(resource.options, provider=provider, aliases=(), delete_before_replace=False)
    needs = {key: urns for key, urns in resource.property_dependencies.items() if urns}
    return dataclasses.replace(
        resource, inputs=inputs, outputs={}, options=options, property_dependencies=needs, source=""
    )


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_is_the_same_on_both_engines(workspaces: Callable[[str], Workspace], stack: str) -> None:
    workspace = workspaces(stack)
    done = pulumi(workspace, "preview", "--json")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    file = workspace.directory / "preview.json"
    file.write_text(done.stdout, encoding="utf-8")

    offline = {resource.urn: _comparable(resource) for resource in preview(stack).graph}
    real = {resource.urn: _comparable(resource) for resource in documents.load(file).graph}
    assert real.keys() == offline.keys()
    for urn, resource in offline.items():
        assert real[urn] == resource
    project = Project(ROOT)
    judged, previewed = commands.judge_file(project, file, None, None).report, commands.preview(project, stack).report
    assert judged.verdicts == previewed.verdicts
    assert judged.rulings == previewed.rulings


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_passes_all_packs(workspaces: Callable[[str], Workspace], stack: str) -> None:
    done = pulumi(workspaces(stack), "preview", "--policy-pack", "policies/all")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    assert "plumbline-all" in done.stdout
    assert "[mandatory]" not in done.stdout
    # Nothing is advisory but the criteria that the deployment decides.
    told = re.findall(r"\[([A-Z]+-[\d.]+[a-z]?)\] unknown", done.stdout)
    assert len(told) == done.stdout.count("[advisory]")
    system = Project(ROOT).system(stack).upper()
    assert set(told) == {id_ for id_ in acceptance.AFTER_UP if id_.startswith(f"{system}-")}


def test_wrong_settings_are_told_by_the_engine_without_a_traceback(workspaces: Callable[[str], Workspace]) -> None:
    workspace = workspaces("test")
    file = workspace.program / "Pulumi.test.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("log_retention_days: 30", "log_retention_days: 31"))
    done = pulumi(workspace, "preview")
    assert done.returncode != 0
    assert "Pulumi.test.yaml: plumbline:settings.log_retention_days: 31 given; allowed: 1, 3, 5" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
