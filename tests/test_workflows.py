"""The workflows of GitHub Actions: what they may do, in which order, and that the commands they run exist."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline import __main__ as plumbline
from plumbline import yaml12
from plumbline.project import Project, UserError
from systems.agentic.deploy import __main__ as deploy
from tests.evaluations import ROOT

FILES = sorted((ROOT / ".github").rglob("*.yml"))
WORKFLOWS = {path.stem: yaml12.load(path) for path in FILES if path.parent.name == "workflows"}
ACTION = yaml12.load(ROOT / ".github" / "actions" / "stack" / "action.yml")
# Commits that were looked up in each action's repository, with the release whose tag names them.
PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
    "pulumi/actions": ("8e5e406f4007fca908480587cb9893c07090f58d", "v7.0.0"),
}
READS, DEPLOYS = {"contents": "read"}, {"contents": "read", "id-token": "write"}
# Of each job, what its token may do: only who takes a role on gets an identity.
PERMISSIONS = {
    "agentic-deploy test": READS,
    "agentic-deploy dev": DEPLOYS,
    "agentic-deploy prod": DEPLOYS,
    "agentic-preview strict": READS,
    "agentic-preview account": DEPLOYS,
    "agentic-rollback rollback": DEPLOYS,
    "agentic-stack deploy": DEPLOYS,
    "agentic-test test": READS,
}
TRIGGERS = {
    "agentic-deploy": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
    "agentic-preview": {"pull_request": None},
    "agentic-test": {"pull_request": None, "workflow_call": None, "workflow_dispatch": None},
}
# What is used of GitHub's syntax: a key with a slip in it is ignored there, or stops the file from loading.
KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "jobs"},
    "job": {
        *("runs-on", "timeout-minutes", "permissions", "environment", "concurrency", "env", "steps"),
        *("needs", "if", "uses", "with", "strategy"),
    },
    "step": {"name", "id", "if", "uses", "with", "run", "env", "shell"},
}
PARSERS = {"plumbline": plumbline._parser(), "systems.agentic.deploy": deploy._parser()}
STACKS = ("agentic-dev", "agentic-prod")


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, workflow in WORKFLOWS.items():
        yield from ((f"{name} {job}", given) for job, given in workflow["jobs"].items())


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        yield from ((name, step) for step in job.get("steps", []))
    yield from (("action", step) for step in ACTION["runs"]["steps"])


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def test_workflows_of_the_agentic_system_are_there() -> None:
    assert sorted(WORKFLOWS) == [f"agentic-{name}" for name in ("deploy", "preview", "rollback", "stack", "test")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_foreign_action_is_pinned_to_a_known_commit_with_its_release_beside_it(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.search(r"uses: *(\S+)(.*)", line):
            if found[1].startswith("./"):
                assert (ROOT / found[1]).exists()
                continue
            action, _, commit = found[1].partition("@")
            sha, release = PINS[action]
            assert (commit, found[2]) == (sha, f" # {release}")


def test_no_key_has_a_slip_in_it() -> None:
    unknown = [
        *((name, key) for name, given in WORKFLOWS.items() for key in given if key not in KEYS["workflow"]),
        *((name, key) for name, given in jobs() for key in given if key not in KEYS["job"]),
        *((name, key) for name, given in steps() for key in given if key not in KEYS["step"]),
    ]
    assert unknown == []


def test_tokens_may_do_nothing_but_what_a_job_needs() -> None:
    assert [name for name, workflow in WORKFLOWS.items() if workflow["permissions"] != {}] == []
    assert {name: job["permissions"] for name, job in jobs()} == PERMISSIONS


def test_no_stored_secret_is_used() -> None:
    named = {name for path in FILES for name in re.findall(r"secrets\.(\w+)", path.read_text(encoding="utf-8"))}
    assert named <= {"GITHUB_TOKEN"}
    assert not any("inherit" in str(job.get("secrets", "")) for _, job in jobs())


def test_every_job_that_runs_steps_ends_in_time() -> None:
    assert {name for name, job in jobs() if "steps" in job and "timeout-minutes" not in job} == set()


def test_no_checkout_leaves_a_token_behind() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_command_is_put_together_from_what_somebody_wrote() -> None:
    assert [(name, step["run"]) for name, step in steps() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", TRIGGERS)
def test_workflow_starts_when_it_should(name: str) -> None:
    assert WORKFLOWS[name]["on"] == TRIGGERS[name]


def test_deployments_need_green_tests_and_production_needs_dev() -> None:
    given = WORKFLOWS["agentic-deploy"]["jobs"]
    assert given["test"]["uses"] == "./.github/workflows/agentic-test.yml"
    assert {name: job.get("needs") for name, job in given.items()} == {
        "test": None,
        "dev": "test",
        "prod": ["test", "dev"],
    }
    assert [step.get("run") for step in WORKFLOWS["agentic-test"]["jobs"]["test"]["steps"]][-1] == "make test"
    assert all("main" in given[name]["if"] for name in ("dev", "prod"))


def test_stack_is_backed_up_deployed_shifted_and_taken_back_in_that_order() -> None:
    given = [step.get("run", step.get("uses", "")) for step in WORKFLOWS["agentic-stack"]["jobs"]["deploy"]["steps"]]
    words = ("checkout", "actions/stack", "deploy backup", "make deploy", "deploy shift", "deploy rollback", "status")
    assert len(given) == len(words)
    assert [word for word, step in zip(words, given, strict=True) if word not in step] == []


def test_only_a_shift_that_began_is_taken_back() -> None:
    [step] = [step for _, step in steps() if "--unfinished" in step.get("run", "")]
    assert step["if"] == """always() && contains(fromJSON('["failure", "cancelled"]'), steps.shift.outcome)"""


def test_whatever_changes_a_stack_waits_for_its_turn_and_is_not_stopped() -> None:
    line = {"group": "stack-${{ inputs.stack }}", "cancel-in-progress": False}
    lines = {name: job["concurrency"] for name, job in jobs() if "concurrency" in job}
    assert lines == dict.fromkeys(("agentic-rollback rollback", "agentic-stack deploy"), line)


def environments() -> Iterator[tuple[str, str]]:
    """Yield each pair of stack and GitHub environment that a workflow names."""
    deploys = WORKFLOWS["agentic-deploy"]["jobs"]
    yield from ((job["with"]["stack"], job["with"]["environment"]) for job in deploys.values() if "with" in job)
    for row in WORKFLOWS["agentic-preview"]["jobs"]["account"]["strategy"]["matrix"]["include"]:
        yield row["stack"], row["environment"].removesuffix("-preview")
    job = WORKFLOWS["agentic-rollback"]["jobs"]["rollback"]
    chosen = re.fullmatch(r"\$\{\{ inputs\.stack == '([\w-]+)' && '(\w+)' \|\| '(\w+)' \}\}", job["environment"])
    assert chosen
    for stack in WORKFLOWS["agentic-rollback"]["on"]["workflow_dispatch"]["inputs"]["stack"]["options"]:
        yield stack, chosen[2] if stack == chosen[1] else chosen[3]


def test_each_stack_runs_in_the_environment_that_its_role_trusts() -> None:
    project = Project(ROOT)
    expected = {(stack, project.settings(stack)["environment"]) for stack in STACKS}
    found = list(environments())
    assert set(found) == expected and len(found) == 3 * len(expected)


def test_forks_get_the_preview_that_needs_no_credentials_and_no_other() -> None:
    given = WORKFLOWS["agentic-preview"]["jobs"]
    assert (given["strict"].get("if"), given["strict"].get("environment")) == (None, None)
    assert given["account"]["needs"] == "strict"
    assert given["account"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


def test_rollback_takes_a_stack_of_the_list_and_hands_the_rest_to_the_command() -> None:
    inputs = WORKFLOWS["agentic-rollback"]["on"]["workflow_dispatch"]["inputs"]
    assert (inputs["stack"]["type"], inputs["stack"]["options"]) == ("choice", list(STACKS))
    assert set(inputs) == {"stack", "function", "version"}


def test_action_asks_for_the_settings_role_and_installs_the_sdks_own_cli() -> None:
    used = {step["uses"].partition("@")[0]: step["with"] for step in ACTION["runs"]["steps"] if "uses" in step}
    assert used["aws-actions/configure-aws-credentials"] == {
        "role-to-assume": "${{ steps.pipeline.outputs.role }}",
        "aws-region": "${{ steps.pipeline.outputs.region }}",
        "allowed-account-ids": "${{ steps.pipeline.outputs.account }}",
        "role-session-name": "${{ inputs.stack }}-${{ github.run_id }}",
    }
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert f"pulumi=={used['pulumi/actions']['pulumi-version']}" in requirements


# The commands, as the shell hands them on for some values of the variables.

VALUES = [
    {"STACK": "agentic-dev", "PREVIEW": "", "FUNCTION": "", "VERSION": ""},
    {"STACK": "agentic-prod", "PREVIEW": "--preview", "FUNCTION": "pm-agent", "VERSION": "7"},
]
COMMANDS = sorted({step["run"] for _, step in steps() if "run" in step})


def words(command: str, values: dict[str, str], folder: Path) -> list[list[str]]:
    """Let the shell run a command whose programs only write down how they are called."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    program = f'#!/bin/sh\n{{ printf "%s " "$(basename "$0")"; printf "\'%s\' " "$@"; echo; }} >> {calls}\n'
    for path in (folder / ".venv" / "bin" / "python", folder / "bin" / "make"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program, encoding="utf-8")
        path.chmod(0o755)
    outputs = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = {**values, **outputs, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, check=True)
    return [shlex.split(line) for line in calls.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("values", VALUES, ids=["plain", "full"])
@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_one_that_there_is(command: str, values: dict[str, str], tmp_path: Path) -> None:
    for program, *arguments in words(command, values, tmp_path):
        if program == "make":
            assert_target(arguments)
        else:
            assert program == "python" and arguments[0] == "-m"
            assert isinstance(PARSERS[arguments[1]].parse_args(arguments[2:]), argparse.Namespace)


def assert_target(arguments: list[str]) -> None:
    target, *variables = arguments
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(target)}:", makefile, re.M)
    assert all(f"$({variable.partition('=')[0]})" in makefile for variable in variables)


def test_full_rollback_names_function_and_version(tmp_path: Path) -> None:
    [command] = [command for command in COMMANDS if "FUNCTION:+" in command]
    [[_, _, _, *arguments]] = words(command, VALUES[1], tmp_path)
    assert arguments == ["rollback", "agentic-prod", "--function", "pm-agent", "--to", "7"]


@pytest.mark.parametrize("options", [[], ["--preview"]])
def test_pipeline_stops_at_the_placeholders_of_the_examples(options: list[str]) -> None:
    from plumbline.deploy import pipeline

    with pytest.raises(UserError) as told:
        pipeline(Project(ROOT), "agentic-prod", preview=bool(options))
    assert told.value.lines[0] == (
        "Pulumi.agentic-prod.yaml: plumbline:settings.account_id: 222222222222: an account id of examples; "
        "give the real one to deploy"
    )


def test_zizmor_finds_nothing() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    zizmor = shutil.which("zizmor", path=path)
    assert zizmor, "zizmor is missing: run make setup"
    command = [zizmor, "--offline", "--no-progress", "--config", ".github/zizmor.yml", ".github"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
