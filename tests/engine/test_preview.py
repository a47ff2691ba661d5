"""The real engine sees the same stack as the strict monitor. Needs the Pulumi CLI, and nothing else from outside."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, preview

from plumbline import commands, documents
from plumbline.graph import Blob, Resource, Secret
from plumbline.project import Project
from policies import acceptance

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Copy the program: the CLI writes into stack files. The stand-in provider lies on the engine's PATH."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("components", "systems", "plumbline", "criteria", "policies", "docs"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("Pulumi*.yaml"), ROOT / "__main__.py", ROOT / "requirements.txt"):
        shutil.copy(file, project)
    (project / ".venv").symlink_to(sys.prefix)
    (tmp_path / "bin").mkdir()
    for package, script in (("aws", "provider.py"), ("awsx", "awsx.py")):
        plugin = tmp_path / "bin" / f"pulumi-resource-{package}"
        if package == "awsx" and shutil.which(plugin.name):
            continue  # the real one shows more
        command = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" "{ROOT / "tests" / "engine" / script}" "$@"'
        plugin.write_text(f"#!/bin/sh\n{command}\n")
        plugin.chmod(0o755)
    (tmp_path / "state").mkdir()
    return project


def _pulumi(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{workspace.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(workspace.parent / "home"),
        "PULUMI_BACKEND_URL": (workspace.parent / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)


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


@pytest.mark.parametrize("stack", ["test", "prod", "bootstrap", "bootstrap-prod"])
def test_a_preview_is_the_same_on_both_engines(workspace: Path, stack: str) -> None:
    assert _pulumi(workspace, "stack", "init", stack).returncode == 0
    done = _pulumi(workspace, "preview", "--json", "--stack", stack)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    file = workspace / "preview.json"
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


@pytest.mark.parametrize("stack", ["test", "prod", "bootstrap", "bootstrap-prod"])
def test_a_preview_passes_all_packs(workspace: Path, stack: str) -> None:
    assert _pulumi(workspace, "stack", "init", stack).returncode == 0
    done = _pulumi(workspace, "preview", "--stack", stack, "--policy-pack", "policies/all")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    assert "plumbline-all" in done.stdout
    assert "[mandatory]" not in done.stdout
    # Nothing is advisory but the criteria that the deployment decides.
    told = re.findall(r"\[([A-Z]+-[\d.]+[a-z]?)\] unknown", done.stdout)
    assert len(told) == done.stdout.count("[advisory]")
    assert set(told) == (acceptance.AFTER_UP if Project(ROOT).system(stack) == "trading" else set())


def test_wrong_settings_are_told_by_the_engine_without_a_traceback(workspace: Path) -> None:
    file = workspace / "Pulumi.test.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("log_retention_days: 30", "log_retention_days: 31"))
    assert _pulumi(workspace, "stack", "init", "test").returncode == 0
    done = _pulumi(workspace, "preview", "--stack", "test")
    assert done.returncode != 0
    assert "Pulumi.test.yaml: plumbline:settings.log_retention_days: 31 given; allowed: 1, 3, 5" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
