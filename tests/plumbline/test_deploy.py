"""plumbline.deploy: what runs the real engine, in which order, and what keeps it from running.

The Pulumi CLI of these tests is a script that writes down how it was called.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from plumbline import deploy, yaml12
from plumbline.__main__ import main
from plumbline.project import Project, UserError
from tests.evaluations import ROOT

PROGRAM = """
import json

import pulumi
import pulumi_aws as aws

settings = json.loads(pulumi.Config().require("settings"))
if settings.get("refuse"):
    raise pulumi.RunError("first mistake\\nsecond mistake")
provider = aws.Provider("aws", region="eu-west-1", allowed_account_ids=["123412341234"])
aws.dynamodb.Table(
    "orders",
    name=settings.get("table", "orders"),
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    opts=pulumi.ResourceOptions(provider=provider),
)
"""
CLI = """#!/bin/sh
printf '%s|%s|%s\\n' "$PULUMI_BACKEND_URL" "$PWD" "$*" >> "$CALLS"
case "$1" in "$FAILING") exit 7;; esac
"""
BACKEND = "s3://states-123412341234/dev?region=eu-west-1"
KEY = "awskms://alias/states?region=eu-west-1"
SELECT = f"stack select dev --create --secrets-provider {KEY} --non-interactive"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with one stack that can be deployed, in whose directory the test runs."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (root / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    settings(root)
    monkeypatch.chdir(root)
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return root


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the CLI's calls, which does not exist before the first one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pulumi").write_text(CLI, encoding="utf-8")
    (programs / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("FAILING", "nothing")
    return tmp_path / "calls"


def settings(root: Path, /, **changes: Any) -> None:
    values = {"deployment": {"backend": BACKEND, "secrets_provider": KEY}, **changes}
    document = {"config": {"small:system": "none", "small:settings": values}}
    (root / "Pulumi.dev.yaml").write_text(json.dumps(document), encoding="utf-8")


def pack(root: Path, name: str) -> None:
    folder = root / "policies" / name
    folder.mkdir(parents=True)
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n", encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    """Run `deploy` and return its status and the lines on standard error."""
    status = main(["deploy", *arguments])
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    return status, err.splitlines()


def called(calls: Path) -> list[str]:
    return calls.read_text(encoding="utf-8").splitlines()


def planned(project: Path, *arguments: str, **environment: str) -> deploy.Deployment:
    return deploy.plan(Project(project), "dev", arguments, environment)


# What runs.


def test_the_stack_is_selected_and_then_deployed_with_backend_and_secrets_provider_of_the_settings(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "dev") == (0, [])
    assert called(calls) == [f"{BACKEND}|{project}|{SELECT}", f"{BACKEND}|{project}|up --stack dev"]


def test_options_after_a_double_hyphen_go_to_the_last_command(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "dev", "--", "--yes", "--refresh") == (0, [])
    assert called(calls) == [
        f"{BACKEND}|{project}|{SELECT}",
        f"{BACKEND}|{project}|up --stack dev --yes --refresh",
    ]


def test_the_commands_run_in_the_projects_directory(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert run(capsys, "dev") == (0, [])
    assert {line.split("|")[1] for line in called(calls)} == {str(project)}


def test_a_backend_of_the_callers_environment_does_not_count(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    run(capsys, "dev")
    assert {line.split("|")[0] for line in called(calls)} == {BACKEND}


@pytest.mark.parametrize(
    ("packs", "options"),
    [
        ((), ()),
        (("security",), ("--policy-pack", "policies/security")),
        (("security", "cost"), ("--policy-pack", "policies/cost", "--policy-pack", "policies/security")),
        (("security", "all", "cost"), ("--policy-pack", "policies/all")),
    ],
)
def test_packs_are_those_of_the_project_and_the_whole_one_alone_where_there_is_one(
    project: Path, packs: tuple[str, ...], options: tuple[str, ...]
) -> None:
    for name in packs:
        pack(project, name)
    (project / "policies" / "shared").mkdir(parents=True)
    assert planned(project, "--yes").commands[1] == ("pulumi", "up", "--stack", "dev", *options, "--yes")


@pytest.mark.parametrize(("failing", "count"), [("stack", 1), ("up", 2)])
def test_the_first_command_that_fails_is_the_last_and_its_status_is_returned(
    project: Path,
    calls: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    count: int,
) -> None:
    monkeypatch.setenv("FAILING", failing)
    assert run(capsys, "dev") == (7, [])
    assert len(called(calls)) == count


# What keeps it from running.


def test_without_the_cli_there_is_one_line(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    line = "error the Pulumi CLI is not on PATH; see https://www.pulumi.com/docs/install/"
    assert run(capsys, "dev") == (2, [line])


@pytest.mark.parametrize("environment", [{}, {"PULUMI_CONFIG_PASSPHRASE": ""}])
def test_a_passphrase_has_to_be_set(project: Path, environment: dict[str, str]) -> None:
    settings(project, deployment={"backend": BACKEND, "secrets_provider": "passphrase"})
    with pytest.raises(UserError) as refused:
        planned(project, **environment)
    assert refused.value.lines == (
        "Pulumi.dev.yaml: plumbline:settings.deployment.secrets_provider: passphrase given, but neither "
        "PULUMI_CONFIG_PASSPHRASE nor PULUMI_CONFIG_PASSPHRASE_FILE is set",
    )


@pytest.mark.parametrize("name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_either_form_of_the_passphrase_is_enough(project: Path, name: str) -> None:
    settings(project, deployment={"backend": BACKEND, "secrets_provider": "passphrase"})
    command = planned(project, **{name: "x"}).commands[0]
    assert command[command.index("--secrets-provider") + 1] == "passphrase"


def test_no_passphrase_is_needed_with_a_key(project: Path) -> None:
    assert planned(project).environment == {"PULUMI_BACKEND_URL": BACKEND}


@pytest.mark.parametrize("deployment", [None, "s3://states", {"backend": BACKEND}, {"secrets_provider": KEY}])
def test_settings_without_deployment_are_told(project: Path, deployment: Any) -> None:
    settings(project, deployment=deployment)
    said = "deployment: missing; backend and secrets_provider say where the stack's state lies"
    with pytest.raises(UserError) as refused:
        planned(project)
    assert refused.value.lines == (f"Pulumi.dev.yaml: plumbline:settings.{said}",)


def test_every_placeholder_is_a_line_and_nothing_runs(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(
        project,
        deployment={"backend": "s3://states-111111111111/dev", "secrets_provider": "passphrase"},
        zones={"example.com": {"text": "a"}},
        mail="TODO",
        # The program refuses these too, but what is not real is told first.
        refuse=True,
    )
    status, lines = run(capsys, "dev")
    where = "error Pulumi.dev.yaml: plumbline:settings"
    real = "give the real one to deploy"
    assert lines == [
        f"{where}.deployment.backend: s3://states-111111111111/dev: an account id of examples; {real}",
        f'{where}.zones["example.com"]: a domain that is reserved for examples; {real}',
        f"{where}.mail: TODO: a value that is still to be given; {real}",
        f"{where}.deployment.secrets_provider: passphrase given, but neither PULUMI_CONFIG_PASSPHRASE nor "
        "PULUMI_CONFIG_PASSPHRASE_FILE is set",
    ]
    assert (status, calls.exists()) == (2, False)


def test_what_the_program_refuses_is_told_and_nothing_runs(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(project, refuse=True)
    assert run(capsys, "dev") == (2, ["error first mistake", "error second mistake"])
    assert not calls.exists()


def test_what_aws_would_refuse_is_told_and_nothing_runs(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(project, table="or")
    status, lines = run(capsys, "dev")
    assert (status, len(lines), calls.exists()) == (2, 1, False)
    assert lines[0].startswith("error __main__.py:11: aws:dynamodb/table:Table orders: name: 2 characters given; ")


def test_an_unknown_stack_is_told(project: Path, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "dve") == (2, ["error stack 'dve' is not known (did you mean dev?); known: dev"])
    assert not calls.exists()


def test_options_without_the_double_hyphen_point_at_the_help(
    project: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = run(capsys, "dev", "--yes")
    assert (status, len(lines), calls.exists()) == (2, 1, False)
    assert lines[0].endswith(" --help")


# This repository's own stacks.


@pytest.mark.parametrize("stack", Project(ROOT).stacks())
def test_no_stack_of_this_repository_runs_with_its_examples(
    stack: str, calls: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, lines = run(capsys, stack)
    assert (status, calls.exists()) == (2, False)
    assert any(line.startswith(f"error Pulumi.{stack}.yaml: plumbline:settings.account_id: ") for line in lines)


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this repository whose bootstrap stack has values as an account's owner gives them."""
    root = tmp_path / "real"
    root.mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, root)
    document = yaml12.load(ROOT / "Pulumi.bootstrap.yaml")
    values = document["config"]["plumbline:settings"]
    values |= {"account_id": "123412341234", "zones": {"test.trading.company.com": {"description": "Domains"}}}
    values["github"]["repository"] = "company/plumbline"
    values["costs"]["emails"] = ["finance@company.com"]
    (root / "Pulumi.bootstrap.yaml").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "rehearsal")
    return root


def test_the_bootstrap_stack_is_deployed_with_real_values(
    real: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "bootstrap", "--", "--yes") == (0, [])
    assert called(calls) == [
        f"file://~|{real}|stack select bootstrap --create --secrets-provider passphrase --non-interactive",
        f"file://~|{real}|up --stack bootstrap --yes",
    ]


def test_settings_that_the_bootstrap_stack_refuses_are_told_and_nothing_runs(
    real: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = real / "Pulumi.bootstrap.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('"protected"', '"protectd"'), encoding="utf-8")
    line = "plumbline:settings.stateful: \"protectd\" given; allowed: 'protected' or 'disposable'"
    assert run(capsys, "bootstrap") == (2, [f"error Pulumi.bootstrap.yaml: {line}"])
    assert not calls.exists()


# What a pipeline asks.


def test_preview_makes_no_stack(project: Path, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--preview", "dev", "--", "--diff") == (0, [])
    assert called(calls) == [
        f"{BACKEND}|{project}|stack select dev --non-interactive",
        f"{BACKEND}|{project}|preview --stack dev --diff",
    ]


ROLES = {"role": "path/deploy-dev", "preview_role": "preview-dev", "backend": "s3://state/dev"}


@pytest.mark.parametrize(
    ("region", "options", "role"),
    [
        ("eu-west-1", (), "arn:aws:iam::123412341234:role/path/deploy-dev"),
        ("eu-west-1", ("--preview",), "arn:aws:iam::123412341234:role/preview-dev"),
        ("us-gov-west-1", (), "arn:aws-us-gov:iam::123412341234:role/path/deploy-dev"),
    ],
)
def test_pipeline_learns_role_account_and_region(
    project: Path, capsys: pytest.CaptureFixture[str], region: str, options: tuple[str, ...], role: str
) -> None:
    settings(project, account_id="123412341234", region=region, deployment=ROLES)
    assert main(["pipeline", "dev", *options]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"role={role}", "account=123412341234", f"region={region}", "backend=s3://state/dev", "system=none",
    ]  # fmt: skip


def test_pipeline_of_a_stack_that_is_not_filled_in_ends_with_a_line_for_each_reason(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(project, account_id="111111111111", deployment={"role": "deploy-dev"})
    assert main(["pipeline", "dev", "--preview"]) == 2
    file = "error Pulumi.dev.yaml: plumbline:settings"
    assert capsys.readouterr().err.splitlines() == [
        f"{file}.region: missing",
        f"{file}.deployment.preview_role: missing",
        f"{file}.deployment.backend: missing",
        f"{file}.account_id: 111111111111: an account id of examples; give the real one to deploy",
    ]
