"""The command `export sam`: what it prints, writes and compares, and what it says of a wrong call."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from plumbline.__main__ import main
from tests.evaluations import ROOT

PROGRAM = """
import pulumi

pulumi.CustomResource("aws:sqs/queue:Queue", "work", {"name": "work", "policy": "{}"})
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack, dev, in the working directory."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text('{"config": {"small:system": "none"}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_the_command_writes_yaml_and_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "sam", "dev"]) == 0
    body = yaml.safe_load(capsys.readouterr().out)
    queue = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    assert body["Resources"] == {"Work": {**queue, "Properties": {"QueueName": "work"}}}
    assert main(["export", "sam", "dev", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator({"$ref": "#/$defs/sam_export", "$defs": schema["$defs"]}).validate(document)
    reason = "no counterpart is known"
    assert document == {
        "version": 1,
        "template": body,
        "left_out": [{"type": "aws:sqs/queue:Queue", "resource": "work", "property": "policy", "reason": reason}],
        "warnings": [],
    }


def test_the_command_writes_a_file_and_notices_when_it_is_another(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["export", "sam", "dev", "--output", "template.yaml"]
    told = "template.yaml: not what stack dev gives; write it anew without --check\n"
    assert main([*call, "--check"]) == 1
    assert capsys.readouterr() == ("", told)
    assert not (project / "template.yaml").exists()
    assert main(call) == 0
    assert main([*call, "--check"]) == 0
    assert capsys.readouterr() == ("", "")
    file = project / "template.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("work", "play"), encoding="utf-8")
    assert main([*call, "--check"]) == 1
    assert capsys.readouterr() == ("", told)
    assert "play" in file.read_text(encoding="utf-8")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nowhere",), "stack 'nowhere' is not known; known: dev"),
        (("dev", "--check"), "--check given without --output; allowed: --output FILE --check"),
        (
            ("dev", "--output", "a.yaml", "--format", "json"),
            "--format json given with --output; allowed: one of them, since the file is the template",
        ),
        (
            ("dev", "--output", "none/a.yaml"),
            "--output: none/a.yaml given, and none is no directory; allowed: a file in one",
        ),
    ],
)
def test_a_wrong_call_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str) -> None:
    assert main(["export", "sam", *arguments]) == 2
    assert capsys.readouterr() == ("", f"error {line}\n")
