"""The workflows of GitHub Actions: what they may do, in which order, and that the commands they run exist."""

from __future__ import annotations

import argparse
import json
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
from plumbline.github import __main__ as github
from plumbline.project import Project, UserError
from systems.agentic.deploy import __main__ as deploy
from tests.evaluations import ROOT, preview

FILES = sorted((ROOT / ".github").rglob("*.yml"))
WORKFLOWS = {path.stem: yaml12.load(path) for path in FILES if path.parent.name == "workflows"}
ACTION = yaml12.load(ROOT / ".github" / "actions" / "stack" / "action.yml")
# Commits that were looked up in each action's repository, with the release whose tag names them.
PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
    "pulumi/actions": ("8e5e406f4007fca908480587cb9893c07090f58d", "v7.0.0"),
}
READS, DEPLOYS = {"contents": "read"}, {"contents": "read", "id-token": "write"}
# Of each job, what its token may do: only who takes a role on gets an identity.
PERMISSIONS = {
    "agentic-rollback rollback": DEPLOYS,
    "deploy test": READS,
    "deploy changes": {"contents": "read", "actions": "read"},
    **{f"deploy {name}": DEPLOYS for name in ("trading-test", "trading-prod", "agentic-dev", "agentic-prod")},
    "drift stacks": READS,
    "drift look": DEPLOYS,
    "drift issue": {"contents": "read", "issues": "write"},
    "preview diff": READS,
    "preview comment": {"contents": "read", "pull-requests": "write"},
    "preview account": DEPLOYS,
    "stack deploy": DEPLOYS,
    "test test": READS,
}
# A token that writes to a fork's pull request would come with pull_request_target or workflow_run: neither is here.
TRIGGERS = {
    "agentic-rollback": {"workflow_dispatch"},
    "deploy": {"push", "workflow_dispatch"},
    "drift": {"schedule", "workflow_dispatch"},
    "preview": {"pull_request"},
    "stack": {"workflow_call"},
    "test": {"pull_request", "workflow_call", "workflow_dispatch"},
}
# What is used of GitHub's syntax: a key with a slip in it is ignored there, or stops the file from loading.
KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "jobs"},
    "job": {
        *("runs-on", "timeout-minutes", "permissions", "environment", "concurrency", "env", "steps"),
        *("needs", "if", "uses", "with", "strategy", "outputs"),
    },
    "step": {"name", "id", "if", "uses", "with", "run", "env", "shell"},
}
PARSERS = {
    "plumbline": plumbline._parser(),
    "plumbline.github": github._parser(),
    "systems.agentic.deploy": deploy._parser(),
}
STACKS = ("agentic-dev", "agentic-prod", "prod", "test")
CHAINS = {"agentic-prod": "agentic-dev", "trading-prod": "trading-test"}  # jobs of deploy, the last after the first
AGENTIC = "steps.stack.outputs.system == 'agentic'"
OWN = "github.event.pull_request.head.repo.full_name == github.repository"


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


def test_workflows_start_when_they_should_and_no_fork_starts_one_with_rights() -> None:
    assert {name: set(workflow["on"]) for name, workflow in WORKFLOWS.items()} == TRIGGERS
    assert WORKFLOWS["deploy"]["on"]["push"] == {"branches": ["main"]}
    assert WORKFLOWS["drift"]["on"]["schedule"] == [{"cron": "17 4 * * *"}]


def test_deployments_need_green_tests_and_production_needs_the_stack_before_it() -> None:
    given = WORKFLOWS["deploy"]["jobs"]
    assert given["test"]["uses"] == "./.github/workflows/test.yml"
    first = ["test", "changes"]
    needs = {last: [*first, before] for last, before in CHAINS.items()} | dict.fromkeys(CHAINS.values(), first)
    assert {name: job.get("needs") for name, job in given.items()} == {"test": None, "changes": None, **needs}
    assert [step.get("run") for step in WORKFLOWS["test"]["jobs"]["test"]["steps"]][-1] == "make test"


def test_only_stacks_that_changed_are_deployed_and_the_first_of_a_chain_before_its_last() -> None:
    given = WORKFLOWS["deploy"]["jobs"]
    for last, before in CHAINS.items():
        names = [given[name]["with"]["stack"] for name in (before, last)]
        first, second = (f"contains(fromJSON(needs.changes.outputs.stacks), '{name}')" for name in names)
        main = "github.ref == 'refs/heads/main'"
        assert " ".join(given[before]["if"].split()) == f"{main} && ({first} || {second})"
        assert given[last]["if"] == f"{main} && {second}"


def test_every_stack_of_an_environment_is_deployed_by_one_job() -> None:
    project = Project(ROOT)
    given = [job["with"]["stack"] for job in WORKFLOWS["deploy"]["jobs"].values() if "with" in job]
    # A bootstrap stack makes the roles, and is deployed by hand.
    assert sorted(given) == [stack for stack in project.stacks() if project.system(stack) != "bootstrap"]


def test_stack_is_backed_up_deployed_judged_shifted_and_taken_back_in_that_order() -> None:
    given = WORKFLOWS["stack"]["jobs"]["deploy"]["steps"]
    words = (
        *("checkout", "actions/stack", "deploy backup", "make deploy", "plumbline judge"),
        *("deploy shift", "deploy rollback", "status"),
    )
    assert [
        word for word, step in zip(words, given, strict=True) if word not in step.get("run", step.get("uses"))
    ] == []


def test_only_the_agentic_system_is_backed_up_and_shifted() -> None:
    given = WORKFLOWS["stack"]["jobs"]["deploy"]["steps"]
    conditions = {step["run"].split()[3]: step["if"] for step in given if "systems.agentic" in step.get("run", "")}
    # What goes back, or tells, does so after a shift alone.
    assert {name: condition for name, condition in conditions.items() if "steps.shift.outcome" not in condition} == {
        "backup": AGENTIC,
        "shift": AGENTIC,
    }
    project = Project(ROOT)
    commanded = {path.parent.parent.name for path in (ROOT / "systems").glob("*/deploy/__main__.py")}
    assert commanded == {"agentic"} and {project.system(stack) for stack in STACKS} == {"agentic", "trading"}


def test_only_a_shift_that_began_is_taken_back() -> None:
    [step] = [step for _, step in steps() if "--unfinished" in step.get("run", "")]
    assert step["if"] == """always() && contains(fromJSON('["failure", "cancelled"]'), steps.shift.outcome)"""


def test_whatever_changes_a_stack_waits_for_its_turn_and_is_not_stopped() -> None:
    line = {"group": "stack-${{ inputs.stack }}", "cancel-in-progress": False}
    lines = {name: job["concurrency"] for name, job in jobs() if "concurrency" in job}
    assert lines == dict.fromkeys(("agentic-rollback rollback", "stack deploy"), line)


def environments() -> Iterator[tuple[str, str]]:
    """Yield each pair of stack and GitHub environment that a workflow names."""
    deploys = WORKFLOWS["deploy"]["jobs"]
    yield from ((job["with"]["stack"], job["with"]["environment"]) for job in deploys.values() if "with" in job)
    job = WORKFLOWS["agentic-rollback"]["jobs"]["rollback"]
    chosen = re.fullmatch(r"\$\{\{ inputs\.stack == '([\w-]+)' && '(\w+)' \|\| '(\w+)' \}\}", job["environment"])
    assert chosen
    for stack in WORKFLOWS["agentic-rollback"]["on"]["workflow_dispatch"]["inputs"]["stack"]["options"]:
        yield stack, chosen[2] if stack == chosen[1] else chosen[3]


def subjects(stack: str, role: str) -> list[str]:
    """Return whom a role of the stack's bootstrap stack trusts, from that stack's graph."""
    graph = preview(Project(ROOT).settings(stack)["deployment"]["bootstrap"]).graph
    [found] = [row for row in graph.of_type("aws:iam/role:Role") if row.inputs["name"] == role]
    [statement] = json.loads(found.inputs["assumeRolePolicy"])["Statement"]
    condition = statement["Condition"]["StringEquals"]
    return condition["token.actions.githubusercontent.com:sub"]


def test_each_stack_is_deployed_from_the_environment_that_its_role_trusts() -> None:
    project = Project(ROOT)
    found = list(environments())
    assert {stack for stack, _ in found} == set(STACKS)
    for stack, environment in found:
        role = project.settings(stack)["deployment"]["role"]
        assert subjects(stack, role) == [f"repo:example-org/plumbline:environment:{environment}"]


def test_each_stack_is_previewed_from_the_environment_that_its_reading_role_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The stack files as somebody has them who filled them in.
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    for path in ROOT.glob("Pulumi.*.yaml"):
        text = (
            path.read_text(encoding="utf-8").replace("111111111111", "123412341234").replace("2" * 12, "432143214321")
        )
        text = text.replace("example.com", "plumbline.dev").replace("+12025550123", "+12025558123")
        (tmp_path / path.name).write_text(text.replace("example-org/", "shop-org/"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert github.main(["stacks", "--preview"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[0].removeprefix("stacks="))
    assert [row["stack"] for row in rows] == sorted(STACKS)
    for row in rows:
        role = Project(ROOT).settings(row["stack"])["deployment"]["preview_role"]
        assert subjects(row["stack"], role) == [f"repo:example-org/plumbline:environment:{row['environment']}"]


@pytest.mark.parametrize(("workflow", "job"), [("preview", "account"), ("drift", "look")])
def test_accounts_are_asked_about_the_rows_that_the_first_job_printed(workflow: str, job: str) -> None:
    given = WORKFLOWS[workflow]["jobs"][job]
    rows = f"needs.{given['needs']}.outputs.stacks"
    assert given["strategy"]["matrix"] == {"include": f"${{{{ fromJSON({rows}) }}}}"}
    assert given["environment"] == "${{ matrix.environment }}"
    assert f"{rows} != '[]'" in given["if"]
    [stack] = [step for step in given["steps"] if step.get("uses") == "./.github/actions/stack"]
    assert stack["with"] == {"stack": "${{ matrix.stack }}", "preview": "true"}


def test_forks_get_the_job_that_needs_no_credentials_and_no_other() -> None:
    given = WORKFLOWS["preview"]["jobs"]
    assert (given["diff"].get("if"), given["diff"].get("environment")) == (None, None)
    assert {name: job["needs"] for name, job in given.items() if name != "diff"} == {
        "comment": "diff",
        "account": "diff",
    }
    assert [name for name in ("comment", "account") if OWN not in given[name]["if"]] == []
    # The code of the pull request never has a token in its environment.
    assert [step for step in given["diff"]["steps"] if "github.token" in str(step)] == []


def test_the_comment_is_written_by_the_bases_code_for_the_events_number() -> None:
    given = WORKFLOWS["preview"]["jobs"]["comment"]
    assert given["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert given["steps"][-1]["env"] == {
        "GITHUB_TOKEN": "${{ github.token }}",
        "NUMBER": "${{ github.event.pull_request.number }}",
    }
    # Also after a comparison that failed, and not where nothing was compared.
    assert given["if"] == f"always() && needs.diff.outputs.compared && {OWN}"


def test_rollback_takes_a_stack_of_the_list_and_hands_the_rest_to_the_command() -> None:
    inputs = WORKFLOWS["agentic-rollback"]["on"]["workflow_dispatch"]["inputs"]
    assert (inputs["stack"]["type"], inputs["stack"]["options"]) == ("choice", ["agentic-dev", "agentic-prod"])
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
    {"STACK": "agentic-dev", "PREVIEW": "", "FUNCTION": "", "VERSION": "", "COMMIT": "", "STATUS": "0"},
    {
        "STACK": "agentic-prod",
        "PREVIEW": "--preview",
        "FUNCTION": "pm-agent",
        "VERSION": "7",
        "COMMIT": "a" * 40,
        "STATUS": "0",
    },
]
ROWS = '[{"stack": "prod", "environment": "prod-preview"}]'
COMMANDS = sorted({step["run"] for _, step in steps() if "run" in step})


def words(command: str, values: dict[str, str], folder: Path) -> list[list[str]]:
    """Let the shell run a command whose programs only write down how they are called."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    program = f'#!/bin/sh\n{{ printf "%s " "$(basename "$0")"; printf "\'%s\' " "$@"; echo; }} >> {calls}\n'
    for path in (folder / ".venv/bin/python", *(folder / "bin" / name for name in ("make", "pulumi", "python3"))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program, encoding="utf-8")
        path.chmod(0o755)
    outputs = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    outputs |= {"RUNNER_TEMP": str(folder), "NUMBER": "5", "STACKS": ROWS}
    environment = {**values, **outputs, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, check=True)
    return [shlex.split(line) for line in calls.read_text(encoding="utf-8").splitlines()] if calls.exists() else []


@pytest.mark.parametrize("values", VALUES, ids=["plain", "full"])
@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_one_that_there_is(command: str, values: dict[str, str], tmp_path: Path) -> None:
    for program, *arguments in words(command, values, tmp_path):
        if program == "make":
            assert_target(arguments)
        elif program == "pulumi":
            assert arguments == ["stack", "export", "--stack", values["STACK"], "--file", f"{tmp_path}/export.json"]
        else:
            assert program in ("python", "python3") and arguments[0] == "-m"
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
