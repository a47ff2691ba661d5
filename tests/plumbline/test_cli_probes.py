"""The probes on the command line: a part of an up's report and document, and a command of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import systems
from plumbline.__main__ import main
from tests.evaluations import ROOT

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
PROGRAM = """
import pulumi
import pulumi_aws as aws

provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
aws.dynamodb.Table(
    "orders",
    name="orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    point_in_time_recovery={"enabled": pulumi.Config().require("recovery") == "true"},
    opts=pulumi.ResourceOptions(provider=provider),
)
"""
PROBES = """
from plumbline.probing import tables

PROBES = (tables.item_by_key, tables.point_in_time_recovery)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose system has two probes, in whose directory the test runs."""
    package = tmp_path / "systems" / "orders_of_a_test" / "probes"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PROBES, encoding="utf-8")
    for parent in (package.parent, package.parent.parent):
        (parent / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    recovery(tmp_path, "true")
    for name in [name for name in sys.modules if name.startswith("systems.orders_of_a_test")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(tmp_path / "systems")])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recovery(project: Path, text: str) -> None:
    document = {"config": {"small:system": "orders_of_a_test", "small:recovery": text}}
    (project / "Pulumi.dev.yaml").write_text(json.dumps(document), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main([*arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out


def test_an_up_shows_the_counts_of_the_probes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, "up", "dev")
    assert status == 0
    assert "Probes of 3: 3 passed, 0 failed" in out.splitlines()
    assert "  tables: 3 passed, 0 failed" in out.splitlines()


def test_an_up_with_a_failed_probe_lists_it_keeps_its_state_and_ends_with_1(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recovery(project, "false")
    status, out = run(capsys, "up", "dev")
    assert status == 1
    assert (
        "  failed tables/point-in-time-recovery: aws:dynamodb/table:Table orders: ask for continuous backups: "
        "it is DISABLED" in out.splitlines()
    )
    assert "probes" in json.loads((project / ".plumbline" / "dev.json").read_text(encoding="utf-8"))


def test_an_ups_document_has_the_probes_and_a_previews_has_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, text = run(capsys, "up", "dev", "--format", "json")
    document = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    counts = {"passed": 3, "failed": 0, "not_observable": 0}
    assert document["summary"]["probes"] == {**counts, "groups": {"tables": counts}}
    assert [row["probe"] for row in document["probes"]] == ["item-by-key", "item-by-key", "point-in-time-recovery"]
    _, text = run(capsys, "preview", "dev", "--format", "json")
    assert "probes" not in json.loads(text)


def test_two_ups_give_the_same_probes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (json.loads(run(capsys, "up", "dev", "--format", "json")[1])["probes"] for _ in range(2))
    assert first == second


def test_probe_prints_every_probe_and_keeps_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, "probe", "dev")
    assert status == 0
    assert "tables: 3 passed, 0 failed" in out.splitlines()
    assert "  An item is written, read by its key and deleted: 2 passed, 0 failed" in out.splitlines()
    assert not (project / ".plumbline").exists()


def test_probe_lists_every_result_on_demand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "probe", "dev", "--all")
    assert (
        "    passed tables/item-by-key: aws:dynamodb/table:Table orders: delete the item: it is gone"
        in out.splitlines()
    )


def test_probes_document_fits_its_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recovery(project, "false")
    status, text = run(capsys, "probe", "dev", "--format", "json")
    document = json.loads(text)
    closed = {"$ref": "#/$defs/probed", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(closed).validate(document)
    assert (status, document["summary"]["failed"], document["system"]) == (1, 1, "orders_of_a_test")


def test_probe_as_markdown_names_what_failed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recovery(project, "false")
    _, text = run(capsys, "probe", "dev", "--format", "markdown")
    assert "| tables | Every table can be restored to any second | 0 | 1 | 0 |" in text.splitlines()


def test_probes_that_cannot_be_loaded_are_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = project / "systems" / "orders_of_a_test" / "probes"
    (package / "__init__.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    status = main(["probe", "dev"])
    assert status == 2
    assert capsys.readouterr().err.splitlines() == [
        "error systems/orders_of_a_test/probes: cannot be loaded: ModuleNotFoundError: No module named "
        "'nothing_of_that_name'"
    ]
