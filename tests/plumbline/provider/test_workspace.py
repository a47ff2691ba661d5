"""The engine's place of work: the user's tree stays as it is, and nothing leads to an account or a login."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from plumbline.project import Project
from plumbline.provider import engine
from plumbline.provider.workspace import Workspace

STACK_FILE = """\
config:
  small:system: small  # a comment
secretsprovider: awskms://alias/key?region=us-east-1
encryptedkey: AQEB
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "root"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (root / "Pulumi.dev.yaml").write_text(STACK_FILE, encoding="utf-8")
    (root / "__main__.py").write_text("", encoding="utf-8")
    directory = root / ".plumbline" / "engine" / "dev"
    directory.mkdir(parents=True)
    return Workspace(Project(root), "dev", directory)


def write_state(workspace: Workspace, *resources: dict[str, Any], pending: int = 0) -> None:
    place = workspace.backend / ".pulumi" / "stacks" / "small"
    place.mkdir(parents=True, exist_ok=True)
    latest = {"resources": list(resources), "pending_operations": [{}] * pending}
    (place / "dev.json").write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}), encoding="utf-8")


def tree(root: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in root.iterdir() if path.is_file()}


def test_the_program_is_linked_and_the_stack_s_file_copied_without_its_key(workspace: Workspace) -> None:
    before = tree(workspace.project.root)
    workspace.prepare()
    assert {path.name: path.is_symlink() for path in workspace.program.iterdir()} == {
        ".venv": True,
        "Pulumi.yaml": True,
        "__main__.py": True,
        "Pulumi.dev.yaml": False,
    }
    assert (workspace.program / ".venv").readlink() == Path(sys.prefix)
    copy = (workspace.program / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert copy == "config:\n  small:system: small  # a comment\n"
    assert tree(workspace.project.root) == before


def test_the_key_s_salt_outlives_a_change_of_the_settings(workspace: Workspace) -> None:
    workspace.prepare()
    copy, original = workspace.program / "Pulumi.dev.yaml", workspace.project.root / "Pulumi.dev.yaml"
    copy.write_text(copy.read_text(encoding="utf-8") + "encryptionsalt: v1:abc=:v1:x:y\n", encoding="utf-8")
    original.write_text("config:\n  small:system: other\n", encoding="utf-8")
    workspace.prepare()
    assert copy.read_text(encoding="utf-8") == "config:\n  small:system: other\nencryptionsalt: v1:abc=:v1:x:y\n"


def test_links_follow_what_the_tree_has(workspace: Workspace) -> None:
    workspace.prepare()
    (workspace.project.root / "more").mkdir()
    (workspace.project.root / "__main__.py").unlink()
    workspace.prepare()
    names = {path.name for path in workspace.program.iterdir()}
    assert names == {".venv", "Pulumi.yaml", "Pulumi.dev.yaml", "more"}


def test_private_files_and_the_passphrase(workspace: Workspace) -> None:
    workspace.prepare()
    passphrase = workspace.directory / "passphrase"
    first = passphrase.read_text(encoding="utf-8")
    workspace.prepare()
    assert len(first) > 20
    assert passphrase.read_text(encoding="utf-8") == first
    assert oct(passphrase.stat().st_mode & 0o777) == "0o600"


def test_plugins_are_ours_but_a_real_awsx_goes_first(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    workspace.prepare()
    plugins = workspace.directory / "bin"
    assert sorted(path.name for path in plugins.iterdir()) == ["pulumi-resource-aws", "pulumi-resource-awsx"]
    real = workspace.directory / "real"
    real.mkdir()
    (real / "pulumi-resource-awsx").touch(0o755)
    monkeypatch.setenv("PATH", str(real))
    workspace.prepare()
    assert [path.name for path in plugins.iterdir()] == ["pulumi-resource-aws"]


def test_environment_leads_to_no_account_and_no_login(workspace: Workspace) -> None:
    given = {
        "PATH": "/usr/bin",
        "HOME": "/home/someone",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "PULUMI_ACCESS_TOKEN": "real",
        "PULUMI_BACKEND_URL": "https://example.com",
    }
    made = workspace.environment(given)
    assert "real" not in made.values()
    assert made["PATH"] == f"{workspace.directory / 'bin'}{os.pathsep}/usr/bin"
    assert made["HOME"] == "/home/someone"
    assert made["PULUMI_BACKEND_URL"] == workspace.backend.as_uri()
    assert made["PULUMI_HOME"] == str(workspace.directory / "home")
    assert made["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_what_the_state_holds_of_aws(workspace: Workspace) -> None:
    assert (workspace.has_stack(), workspace.held(), dict(workspace.checkpoint())) == (False, [], {})
    queue = {"urn": "urn:a", "id": "1", "type": "aws:sqs/queue:Queue"}
    write_state(
        workspace,
        {"urn": "urn:s", "type": "pulumi:pulumi:Stack"},
        {"urn": "urn:p", "id": "2", "type": "pulumi:providers:aws"},
        queue,
        {"urn": "urn:b", "id": "3", "type": "aws:s3/bucket:Bucket", "external": True},
        pending=2,
    )
    assert workspace.has_stack()
    assert workspace.held() == [("urn:a", "1")]
    assert len(workspace.checkpoint()["pending_operations"]) == 2


def test_a_state_is_set_aside_under_a_name_of_its_own(workspace: Workspace) -> None:
    workspace.prepare()
    names = []
    for _ in range(2):
        write_state(workspace)
        workspace.claim("an instance")
        assert workspace.instance == "an instance"
        names.append(workspace.set_aside().name)
        assert (workspace.has_stack(), workspace.instance) == (False, "")
    assert names == ["backend.gone-1", "backend.gone-2"]
    assert (workspace.directory / "backend.gone-1" / ".pulumi" / "stacks" / "small" / "dev.json").is_file()


def test_locks_say_whose_they_are(workspace: Workspace) -> None:
    place = workspace.backend / ".pulumi" / "locks" / "organization" / "small" / "dev"
    place.mkdir(parents=True)
    (place / "a.json").write_text('{"pid": 17}', encoding="utf-8")
    (place / "a.json.attrs").write_text("{}", encoding="utf-8")
    (place / "b.json").write_text('{"pid"', encoding="utf-8")
    assert sorted(workspace.locks()) == [0, 17]


def test_a_process_that_ended_is_not_alive() -> None:
    assert engine.is_alive(os.getpid())
    assert not engine.is_alive(0)
    assert not engine.is_alive(2**22 + 1)
