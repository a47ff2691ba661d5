"""The command line as a person or a machine meets it: what is printed, where, and with which exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from plumbline.__main__ import main
from plumbline.project import Project, UserError
from tests.evaluations import ROOT
from tests.stacks import STACKS

PROGRAM = """
import json
import os
import time

import pulumi
import pulumi_aws as aws

settings = json.loads(pulumi.Config().require("settings"))
if settings.get("refuse"):
    raise pulumi.RunError("first mistake\\nsecond mistake")
provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
opts = pulumi.ResourceOptions(provider=provider)
table = aws.dynamodb.Table(
    "orders",
    name=settings["table"],
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": settings.get("type", "S")}],
    point_in_time_recovery={"enabled": settings.get("recovery", True)},
    opts=opts,
)
if settings.get("queue", True):
    aws.sqs.Queue("letters", name="letters", tags={"table": table.name, "arn": table.arn}, opts=opts)
if not pulumi.runtime.is_dry_run() and os.environ.get("SLEEP_DURING_UP"):
    open(os.environ["SLEEP_DURING_UP"], "w").close()
    time.sleep(float(os.environ["SLEEP_SECONDS"]))
pulumi.export("table", table.arn)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with one stack, in whose directory the test runs."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    settings(tmp_path, table="orders")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(project: Path, stack: str = "dev", **values: Any) -> None:
    document = {"config": {"small:system": "none", "small:settings": values}}
    (project / f"Pulumi.{stack}.yaml").write_text(json.dumps(document), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command and return its status, standard output and standard error."""
    try:
        status = main([*arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def changes(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, list[str], list[str]]]:
    """Preview and return each changed resource's action, paths and causes by name."""
    status, out, _ = run(capsys, "preview", "dev", "--format", "json")
    assert status == 0
    rows = json.loads(out)["changes"]
    return {r["urn"].split("::")[3]: (r["action"], r["paths"], r["causes"]) for r in rows if r["action"] != "same"}


def process(project: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return subprocess.Popen(
        [sys.executable, "-m", "plumbline", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(file: Path) -> None:
    for _ in range(300):
        if file.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{file.name} did not appear")


def test_help_teaches_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    for words in ("preview", "up", "judge", "exit status", "python -m plumbline up test"):
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            (),
            "error the following arguments are required: {preview,up,probe,judge,compare,permissions,rules,"
            "diff,free-tier,export,deploy,pipeline,sandbox,engine}; see python -m plumbline --help",
        ),
        (("preview", "prd"), "error stack 'prd' is not known; known: dev"),
        (("up", "dve"), "error stack 'dve' is not known (did you mean dev?); known: dev"),
        (("judge", "nowhere.json"), "error nowhere.json: No such file or directory"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    assert run(capsys, *arguments) == (2, "", f"{line}\n")


def test_a_stack_file_that_is_cut_off_names_line_and_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Pulumi.dev.yaml").write_text("config:\n  small:settings: {table: [a\n", encoding="utf-8")
    status, out, err = run(capsys, "preview", "dev")
    assert (status, out) == (2, "")
    assert err.startswith("error Pulumi.dev.yaml:3:1: ")


def test_what_the_program_refuses_is_told_line_by_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(project, table="orders", refuse=True)
    assert run(capsys, "up", "dev") == (2, "", "error first mistake\nerror second mistake\n")


def test_every_problem_of_the_stack_is_told_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(project, table="or", type="X")
    status, out, err = run(capsys, "up", "dev", "--format", "json")
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error __main__.py:14: aws:dynamodb/table:Table orders: ") for line in lines)
    assert "name: 2 characters given; allowed: at least 3" in lines[0]
    assert "attributes[0].type: 'X' given; allowed: S, N, B" in lines[1]


def test_an_error_in_the_program_names_its_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(project)
    assert run(capsys, "preview", "dev") == (2, "", "error __main__.py:16: 'table'\n")


def test_after_an_up_nothing_changes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {name: action for name, (action, _, _) in changes(capsys).items()} == dict.fromkeys(
        ("aws", "orders", "letters"), "create"
    )
    status, out, _ = run(capsys, "up", "dev")
    assert status == 0
    assert "2 resources exist, 0 are simulated" in out
    assert "table: arn:aws:dynamodb:us-east-1:123456789012:table/orders" in out
    assert changes(capsys) == {}


def test_an_update_names_its_path_and_leaves_others_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "up", "dev")
    settings(project, table="orders", recovery=False)
    assert changes(capsys) == {"orders": ("update", ["pointInTimeRecovery.enabled"], [])}


def test_a_replacement_names_its_cause_and_reaches_what_depends_on_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "up", "dev")
    settings(project, table="renamed")
    assert changes(capsys) == {
        "orders": ("replace", ["name"], ["name"]),
        "letters": ("update", ["tags.arn", "tags.table"], []),
    }
    _, out, _ = run(capsys, "preview", "dev")
    assert "± replace aws:dynamodb/table:Table orders because of name" in out


def test_a_deletion_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "up", "dev")
    settings(project, table="orders", queue=False)
    assert changes(capsys) == {"letters": ("delete", [], [])}


def test_json_is_one_document_and_nothing_else(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "up", "dev", "--format", "json")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["summary"]["sandbox"] == {"exist": 2, "simulated": 0}
    assert document == json.loads((project / ".plumbline" / "dev.json").read_text(encoding="utf-8"))


def test_markdown_is_comment_sized(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "preview", "dev", "--format", "markdown")
    assert out.startswith("### dev (none): 3 resources\n")
    assert "| changes against nothing: there was no up yet | 3 create |" in out


@pytest.mark.parametrize("content", ['{"version": 1, "resour', '{"version": 99, "resources": []}', "[]"])
def test_a_state_that_cannot_be_read_is_set_aside_and_never_lost(
    project: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    run(capsys, "up", "dev")
    state = project / ".plumbline" / "dev.json"
    state.write_text(content, encoding="utf-8")
    status, out, _ = run(capsys, "preview", "dev")
    assert (status, state.read_text(encoding="utf-8")) == (0, content)
    assert "the next up sets it aside" in out
    status, out, _ = run(capsys, "up", "dev")
    assert status == 0
    assert "it was set aside as dev.broken-1.json" in out
    assert (project / ".plumbline" / "dev.broken-1.json").read_text(encoding="utf-8") == content
    assert changes(capsys) == {}


def test_a_failing_criterion_is_status_1(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, "judge", "tests/fixtures/engine/stack-export.json", "--stack", "test")
    assert (status, err) == (1, "")
    assert "TRADING-03.1" in out


def test_a_document_of_an_unknown_stack_asks_which_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    file = "tests/fixtures/engine/preview-create.json"
    known = ", ".join(sorted(STACKS))
    line = f"error {file}: it is of stack 'sample', which has no file; say which it is with --stack: {known}\n"
    assert run(capsys, "judge", file) == (2, "", line)


def test_a_second_up_waits_and_names_the_first(project: Path) -> None:
    mark = project / "sleeping"
    with process(project, "up", "dev", SLEEP_DURING_UP=str(mark), SLEEP_SECONDS="60") as first:
        wait_for(mark)
        with process(project, "up", "dev", "--wait", "0.2") as second:
            _, err = second.communicate(timeout=60)
        first.kill()
    assert second.returncode == 2
    assert f"dev: process {first.pid} since " in err
    assert "still holds the lock; try again when it is done" in err


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_after_an_up_that_was_stopped_in_the_middle_the_next_one_works(
    project: Path, capsys: pytest.CaptureFixture[str], stop: signal.Signals, status: int
) -> None:
    run(capsys, "up", "dev")
    before = (project / ".plumbline" / "dev.json").read_bytes()
    settings(project, table="renamed")
    mark = project / "sleeping"
    with process(project, "up", "dev", SLEEP_DURING_UP=str(mark), SLEEP_SECONDS="2") as stopped:
        wait_for(mark)
        stopped.send_signal(stop)
        _, err = stopped.communicate(timeout=60)
    assert (stopped.returncode, "Traceback" in err) == (status, False)
    assert (project / ".plumbline" / "dev.json").read_bytes() == before
    assert run(capsys, "up", "dev")[0] == 0
    assert changes(capsys) == {}


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("preview",), ("preview", "dev", "--format", "xml"), ("up", "dev", "--wait", "long")]
)
def test_a_call_that_is_not_understood_points_at_the_help(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("error ")
    assert err.endswith(" --help\n")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "config:\n  small:system: a\n  small:system: b\n",
            ["Pulumi.dev.yaml:3:3: key 'small:system' is given twice"],
        ),
        (
            "confg: {}\nconfig:\n  system: a\n  small:system: a\n",
            [
                "Pulumi.dev.yaml: confg: not a key of a stack file (did you mean config?)",
                "Pulumi.dev.yaml: config.system: a key needs its namespace, as in small:system",
            ],
        ),
    ],
)
def test_every_mistake_of_a_stack_file_has_a_line(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, lines: list[str]
) -> None:
    (project / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    for verb in ("preview", "up"):
        assert run(capsys, verb, "dev") == (2, "", "".join(f"error {line}\n" for line in lines))


def test_a_directory_that_cannot_be_made_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".plumbline").write_text("", encoding="utf-8")
    assert run(capsys, "up", "dev")[0] == 2


def test_settings_that_are_no_json_are_told(project: Path) -> None:
    (project / "Pulumi.old.yaml").write_text("config:\n  small:settings: '{a'\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"Pulumi\.old\.yaml"):
        Project(project).settings("old")


def test_a_document_that_nests_without_end_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    assert run(capsys, "judge", "deep.json")[0] == 2
