"""The steps of the jobs, run on this machine: a clone as the checkout makes it, and a GitHub that listens here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from plumbline import yaml12
from plumbline.github.comment import MARK
from tests.evaluations import ROOT
from tests.plumbline.diff.history import CHANGES
from tests.plumbline.diff.repository import Repository, git
from tests.plumbline.github.fake import RUN, Fake, listening


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("jobs") / "shop")
    for name in ("renamed-table", "only-comments"):
        git(made.folder, "checkout", "--quiet", "-B", name, made.first)
        CHANGES[name](made)
        made.commit(name)
        # What GitHub makes of a pull request: a merge whose first parent is the base.
        git(made.folder, "checkout", "--quiet", "-B", f"merge-{name}", made.first)
        git(made.folder, "merge", "--quiet", "--no-ff", "--message", "merge", name)
    return made


@pytest.fixture
def github() -> Iterator[Fake]:
    with listening() as fake:
        yield fake


class Job:
    """A job of a workflow in a clone of its own. `run` runs the step whose command has a word in it."""

    def __init__(self, folder: Path, shop: Repository, branch: str, name: str, depth: int | None = None) -> None:
        workflow, _, job = name.partition(" ")
        self.folder = folder
        self.clone = folder / f"{workflow}-{job}"
        history = [] if depth is None else ["--depth", str(depth)]
        git(folder, "clone", "--quiet", "--branch", branch, *history, shop.folder.as_uri(), str(self.clone))
        python = self.clone / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        self.steps = yaml12.load(ROOT / ".github" / "workflows" / f"{workflow}.yml")["jobs"][job]["steps"]

    def run(self, word: str, environment: Mapping[str, str]) -> int:
        """Run a step as a runner does, and return its exit status."""
        [step] = [step for step in self.steps if word in step.get("run", "")]
        temporary = {"RUNNER_TEMP": str(self.folder), "GITHUB_STEP_SUMMARY": str(self.folder / "summary")}
        known = {**os.environ, **temporary, "GITHUB_OUTPUT": str(self.folder / "output"), **environment}
        return subprocess.run(["bash", "-e", "-c", step["run"]], cwd=self.clone, env=known, check=False).returncode

    def output(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")


def commented(folder: Path, shop: Repository, diff: Job, github: Fake) -> list[Any]:
    """Run the job that comments, with what the first job uploaded, and return all comments."""
    (diff.clone / "report").rename(folder / "report")
    # The base has the module, and this machine's python3 the standard library.
    job = Job(folder, shop, "main", "preview comment")
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(job.clone / ".venv" / "bin" / "python")
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for _ in range(2):
        assert job.run("plumbline.github comment", {**github.environment, "NUMBER": "5", "PATH": path}) == 0
    return [row["body"] for row in github.comments]


def test_a_change_that_loses_data_is_commented_once_and_fails(tmp_path: Path, shop: Repository, github: Fake) -> None:
    job = Job(tmp_path, shop, "merge-renamed-table", "preview diff", depth=2)
    assert job.run("plumbline diff", {}) == 0
    assert job.output() == {"status": "1"}
    report = (job.clone / "report" / "report.md").read_text(encoding="utf-8")
    short = [git(job.clone, "rev-parse", name)[:10] for name in ("HEAD^1", "HEAD")]
    expected = (ROOT / "tests" / "fixtures" / "history" / "renamed-table.md").read_text(encoding="utf-8")
    assert report == expected.replace("BASE", short[0]).replace("HEAD", short[1])
    assert report in job.read("summary")
    assert job.run('exit "$STATUS"', {"STATUS": "1"}) == 1
    [body] = commented(tmp_path, shop, job, github)
    assert body == f"{report}\nThe whole report is among the [artifacts of this run]({RUN}#artifacts).\n"


def test_a_change_of_nothing_passes_and_asks_no_account(tmp_path: Path, shop: Repository) -> None:
    job = Job(tmp_path, shop, "merge-only-comments", "preview diff", depth=2)
    assert job.run("plumbline diff", {}) == 0
    assert job.run('exit "$STATUS"', {"STATUS": job.output()["status"]}) == 0
    assert job.run("plumbline.github stacks", {}) == 0
    assert job.output() == {"status": "0", "stacks": "[]", "names": "[]"}


def test_what_cannot_be_compared_is_commented_and_fails(tmp_path: Path, shop: Repository, github: Fake) -> None:
    job = Job(tmp_path, shop, "merge-renamed-table", "preview diff", depth=1)
    assert job.run("plumbline diff", {}) == 0
    assert job.output() == {"status": "2"}
    assert job.run('exit "$STATUS"', {"STATUS": "2"}) == 2
    [body] = commented(tmp_path, shop, job, github)
    assert body.startswith(f"{MARK}\n### Plumbline: the revisions could not be compared\n\n```\n")
    assert "error revision 'HEAD^1' is not known; this clone is shallow" in body


@pytest.mark.parametrize("known", [True, False], ids=["after a good run", "for the first time"])
def test_a_push_deploys_what_differs_from_the_last_good_run(
    tmp_path: Path, shop: Repository, github: Fake, known: bool
) -> None:
    job = Job(tmp_path, shop, "merge-only-comments", "deploy changes")
    github.runs = [{"head_sha": shop.first}] if known else []
    assert job.run("plumbline.github deployed", github.environment) == 0
    commit = {"COMMIT": job.output()["commit"]}
    if known:
        assert job.run("plumbline diff", commit) == 0
    assert job.run("plumbline.github stacks", commit) == 0
    assert job.output()["commit"] == (shop.first if known else "")
    assert job.output()["names"] == ("[]" if known else '["live"]')


def test_a_push_that_loses_data_deploys_nothing(tmp_path: Path, shop: Repository) -> None:
    job = Job(tmp_path, shop, "merge-renamed-table", "deploy changes")
    assert job.run("plumbline diff", {"COMMIT": shop.first}) == 1


def test_a_look_refreshes_leaves_out_what_the_role_may_not_read_and_keeps_no_value(
    tmp_path: Path, shop: Repository
) -> None:
    job = Job(tmp_path, shop, "main", "drift look")
    settings = job.clone / "Pulumi.live.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("2" * 12, "123412341234"), encoding="utf-8")
    document = ROOT / "tests" / "fixtures" / "engine" / "preview-change.json"  # made by the real engine
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$1" = stack ] || cat {document}\n', encoding="utf-8"
    )
    pulumi.chmod(0o755)
    path = f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}"
    assert job.run("plumbline.github seen", {"STACK": "live", "PATH": path}) == 0
    first, second = job.read("calls").splitlines()
    assert first == "stack select live --non-interactive"
    assert second == (
        "preview --stack live --policy-pack policies/all --refresh --json --non-interactive "
        "--exclude **aws:secretsmanager/secretVersion:SecretVersion::** --exclude **aws:ssm/parameter:Parameter::**"
    )
    seen = json.loads((job.clone / "seen" / "live.json").read_text(encoding="utf-8"))
    assert (seen["stack"], len(seen["changes"]), seen["error"]) == ("live", 3, "")


def test_a_look_that_failed_is_told_and_fails_nothing(tmp_path: Path, shop: Repository) -> None:
    job = Job(tmp_path, shop, "main", "drift look")
    assert job.run("plumbline.github seen", {"STACK": "live"}) == 0
    seen = json.loads((job.clone / "seen" / "live.json").read_text(encoding="utf-8"))
    assert seen == {"stack": "live", "changes": [], "error": "the preview ended with status 2 and no document"}
