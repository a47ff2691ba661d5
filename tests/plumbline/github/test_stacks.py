"""The stacks of a run: what a report says changes, and what was deployed last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline.github.__main__ import main
from tests.plumbline.diff.repository import git
from tests.plumbline.github.fake import Fake, listening


def settings(environment: str, **deployment: str) -> dict[str, Any]:
    return {"environment": environment, "account_id": "123412341234", "deployment": deployment}


STACKS = {
    "bootstrap": settings("bootstrap"),
    "dev": settings("dev", preview_role="preview-dev"),
    "example": {**settings("example", preview_role="preview-example"), "account_id": "111111111111"},
    "prod": settings("prod", preview_role="preview-prod"),
}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n", encoding="utf-8")
    for stack, given in STACKS.items():
        config = {"config": {"p:system": "shop", "p:settings": given}}
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(folder: Path, **statuses: str) -> list[str]:
    rows = [{"stack": stack, "status": status} for stack, status in statuses.items()]
    (folder / "report.json").write_text(json.dumps({"version": 1, "stacks": rows}), encoding="utf-8")
    return ["--report", str(folder / "report.json")]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], list[str]]:
    """Return what a step's outputs become, and what is told beside them."""
    assert main(["stacks", *arguments]) == 0
    said = capsys.readouterr()
    lines = dict(line.split("=", 1) for line in said.out.splitlines())
    return {name: json.loads(value) for name, value in lines.items()}, said.err.splitlines()


def test_without_a_report_all_stacks_are_deployed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, left_out = printed(capsys)
    assert found["names"] == ["bootstrap", "dev", "example", "prod"] and left_out == []


def test_with_a_report_stacks_that_change_or_are_new_are_deployed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = printed(
        capsys, *report(project, bootstrap="same", dev="changed", example="broken", prod="new", old="removed")
    )
    assert found == {
        "stacks": [{"stack": "dev", "environment": "dev"}, {"stack": "prod", "environment": "prod"}],
        "names": ["dev", "prod"],
    }


def test_previews_are_of_stacks_that_the_reading_role_can_look_at(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = dict.fromkeys(("bootstrap", "dev", "example"), "changed")
    found, left_out = printed(capsys, "--preview", *report(project, **statuses, prod="new"))
    assert found["stacks"] == [{"stack": "dev", "environment": "dev-preview"}]
    assert left_out == [
        "left out: bootstrap: no deployment.preview_role",
        "left out: example: 1 of its settings are values of examples, so it was never deployed",
        "left out: prod: new, so there is no state to compare with before its first deployment",
    ]


def test_nothing_that_changes_is_an_empty_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--preview", *report(project, dev="same", prod="broken")) == (
        {"stacks": [], "names": []}, [],
    )  # fmt: skip


def test_drift_is_looked_for_in_all_that_can_be_looked_at(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = printed(capsys, "--preview")
    assert found["names"] == ["dev", "prod"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stacks": [{"stack": "dev"}]}', '{"stacks": 1}'])
def test_a_file_that_is_no_report_is_told(project: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (project / "report.json").write_text(text, encoding="utf-8")
    assert main(["stacks", "--report", "report.json"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "github: report.json: not what `diff --save` writes\n")


def test_an_environment_that_is_no_name_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        (project / "Pulumi.dev.yaml").read_text(encoding="utf-8").replace("environment: dev", 'environment: "a\\nb=c"')
    )
    (project / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    assert main(["stacks", "--preview"]) == 2
    assert capsys.readouterr().err == (
        "github: Pulumi.dev.yaml: 'a\\nb=c' given; allowed: letters, digits, dots, hyphens, underscores\n"
    )


def test_outside_of_a_project_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["stacks"]) == 2
    assert capsys.readouterr().err == f"github: {tmp_path}: no Pulumi.yaml here or above\n"


# What was deployed last.


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with listening() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    monkeypatch.chdir(tmp_path)
    return git(tmp_path, "rev-parse", "HEAD")


LAST = ["deployed", "deploy.yml", "--branch", "main"]


def test_the_commit_of_the_last_good_run_is_printed(
    github: Fake, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    github.runs = [{"head_sha": commit}, {"head_sha": "b" * 40}]
    assert main(LAST) == 0
    assert capsys.readouterr().out == f"commit={commit}\n"


@pytest.mark.parametrize(
    "runs", [[], [{"head_sha": "b" * 40}], [{"head_sha": "HEAD"}], [{"head_sha": None}], ["HEAD"]],
    ids=["no run", "forced away", "no commit", "nothing", "no run of theirs"],
)  # fmt: skip
def test_without_one_there_is_no_commit(
    github: Fake, commit: str, capsys: pytest.CaptureFixture[str], runs: list[Any]
) -> None:
    github.runs = runs
    assert main(LAST) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "commit=\n", "no good run of deploy.yml on main whose commit is here\n",
    )  # fmt: skip
