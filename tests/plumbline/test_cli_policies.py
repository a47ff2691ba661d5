"""What the command line says of policies: violations with their remedy, waivers, and the catalogue of the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plumbline.__main__ import main
from tests.evaluations import ROOT

PROGRAM = """
import pulumi
import pulumi_aws as aws

opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"]))
for number in range(8):
    aws.sqs.Queue(f"letters-{number}", name=f"letters-{number}", sqs_managed_sse_enabled=number > 0, opts=opts)
"""
SCHEMA = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
CONFIG = """
open: advisory
rules:
  queue-denies-without-tls: {level: disabled}
  queue-has-dead-letter-queue: {level: advisory}
  resource-has-required-tags: {level: disabled}
"""
WAIVER = """
waivers:
  - rule: queue-encrypted
    stack: dev
    resource: letters-0
    path: sqsManagedSseEnabled
    matches: 1
    reason: holds public news only
    owner: platform
    expires: "{expires}"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with eight queues, of which one is not encrypted, and policies."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    settings = {"config": {"small:system": "none", "small:settings": {}}}
    (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "config.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main([*arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def machine(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status, out, _ = run(capsys, *arguments, "--format", "json")
    return status, json.loads(out)


def test_a_mandatory_violation_is_status_1_and_told_with_its_remedy(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "preview", "dev")
    assert status == 1
    assert "1 mandatory, 8 advisory" in out
    assert "mandatory EN-034 queue-encrypted (medium)" in out
    assert "letters-0: sqsManagedSseEnabled: false; expected: true" in out
    assert out.count("to mend: ") == 2
    # What is advisory comes after it, and no list grows without end.
    assert out.index("mandatory EN-034") < out.index("advisory OP-287")
    assert "… 2 more, with --all" in out
    assert "… 2 more" not in run(capsys, "preview", "dev", "--all")[1]


def test_advisory_violations_are_status_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies" / "config.yaml").write_text(f"{CONFIG}  queue-encrypted: {{level: advisory}}\n")
    status, document = machine(capsys, "preview", "dev")
    assert status == 0
    counts = document["summary"]["policies"]
    assert (counts["violations"], counts["mandatory"], counts["advisory"]) == (9, 0, 9)


def test_violations_are_in_the_contract(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = machine(capsys, "preview", "dev")
    assert status == 1
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    [row] = [row for row in document["policies"] if row["level"] == "mandatory"]
    assert row == {
        "id": "EN-034",
        "rule": "queue-encrypted",
        "pack": "encryption",
        "level": "mandatory",
        "severity": "medium",
        "resource": "urn:pulumi:dev::small::aws:sqs/queue:Queue::letters-0",
        "verdict": "fail",
        "path": "sqsManagedSseEnabled",
        "message": "false; expected: true",
        "remediation": row["remediation"],
    }
    assert row["remediation"]


def test_judge_says_the_same_of_the_document(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = machine(capsys, "preview", "dev")
    (project / "preview.json").write_text(json.dumps(document), encoding="utf-8")
    status, judged = machine(capsys, "judge", "preview.json")
    assert (status, judged["policies"]) == (1, document["policies"])


def test_an_up_judges_what_stands(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = machine(capsys, "up", "dev")
    assert status == 1
    assert [row["rule"] for row in document["policies"] if row["level"] == "mandatory"] == ["queue-encrypted"]


def test_markdown_has_a_row_for_each_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "preview", "dev", "--format", "markdown")
    assert "| mandatory EN-034 queue-encrypted | letters-0: sqsManagedSseEnabled: false; expected: true |" in out
    assert "<br>… 2 more |" in out


def test_a_waived_violation_stands_no_more(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies" / "waivers.yaml").write_text(WAIVER.format(expires="2999-12-31"))
    status, document = machine(capsys, "preview", "dev")
    assert status == 0
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert [row["rule"] for row in document["waived"]] == ["queue-encrypted"]
    waiver = {"reason": "holds public news only", "owner": "platform", "expires": "2999-12-31"}
    assert document["waived"][0]["waiver"] == waiver
    assert "1 waived" in run(capsys, "preview", "dev")[1]
    assert "platform until 2999-12-31: holds public news only" in run(capsys, "preview", "dev", "--all")[1]


def test_an_expired_waiver_is_told_beside_the_violation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies" / "waivers.yaml").write_text(WAIVER.format(expires="2020-01-31"))
    status, out, _ = run(capsys, "preview", "dev")
    assert status == 1
    assert "waivers[0] of queue-encrypted: expired on 2020-01-31; platform answers for it" in out
    assert "EN-034 queue-encrypted" in out


def test_a_wrong_config_is_told_line_by_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies" / "config.yaml").write_text("open: maybe\nrules: {queue-encrypte: {level: advisory}}\n")
    status, out, err = run(capsys, "preview", "dev")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "error config.yaml: open: 'maybe' given; allowed: mandatory, advisory, disabled",
        "error config.yaml: rules.queue-encrypte: no such rule (did you mean queue-encrypted?)",
    ]


def test_rules_are_listed_for_people_and_machines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, document = machine(capsys, "rules", "test")
    assert status == 0
    closed = {"$ref": "#/$defs/catalogue", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(closed).validate(document)
    levels = {row["name"]: row["level"] for row in document["rules"]}
    assert (levels["queue-encrypted"], levels["function-is-in-vpc"]) == ("mandatory", "advisory")
    status, out, _ = run(capsys, "rules")
    assert status == 0
    assert all(row["id"] in out for row in document["rules"])
    status, out, _ = run(capsys, "rules", "--format", "markdown")
    assert "| CKV_AWS_27 | " in out


def test_rules_of_an_unknown_stack_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, "rules", "tset")
    assert (status, out) == (2, "")
    assert "did you mean test" in err
