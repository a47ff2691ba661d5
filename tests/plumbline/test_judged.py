"""The real engine's documents give the verdicts that our own documents of the same revision give.

Both kinds are kept (tests.engine.make_fixtures wrote them), and both are judged by today's rules and criteria: what
changes in the program since then changes nothing here.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import criteria
from plumbline.__main__ import main
from tests.evaluations import ROOT
from tests.plumbline.judged import SHOP, Case, disagreements

FOLDER = ROOT / "tests" / "fixtures" / "engine" / "judged"
CASES = [(stack, change) for stack in ("live", "agentic-dev") for change in ("create", "update", "replace", "delete")]


@pytest.fixture(autouse=True)
def _shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criteria, "__path__", [*criteria.__path__, str(SHOP / "criteria")])


def case(tmp_path: Path, stack: str, change: str) -> Case:
    return Case(FOLDER / stack, stack, change, tmp_path / "project")


@pytest.mark.parametrize(("stack", "change"), CASES)
def test_a_preview_of_the_engine_is_judged_as_our_own(tmp_path: Path, stack: str, change: str) -> None:
    assert disagreements(case(tmp_path, stack, change)) == []


@pytest.mark.parametrize("stack", ["live", "agentic-dev"])
def test_an_export_of_the_engine_is_judged_as_our_own_up(tmp_path: Path, stack: str) -> None:
    made = case(tmp_path, stack, "create")
    exported, up = made.judged("export").report, made.judged("up").report
    assert exported.graph.resources.keys() == up.graph.resources.keys()
    assert exported.verdicts == up.verdicts
    assert exported.rulings == up.rulings


URN = "urn:pulumi:live::plumbline::"
TABLES = f"{URN}shop:Storage$aws:dynamodb/table:Table::storage-customers"


@pytest.mark.parametrize(
    ("change", "actions", "verdict"),
    [
        ("update", {f"{URN}aws:cloudwatch/logGroup:LogGroup::checkout-logs": "update"}, "fail"),
        ("replace", {TABLES: "replace"}, "pass"),
        ("delete", {TABLES: "delete"}, "pass"),
    ],
)
def test_what_the_changes_of_the_shop_do(tmp_path: Path, change: str, actions: dict[str, str], verdict: str) -> None:
    made = case(tmp_path, "live", change)
    assert made.actions() == actions
    judged = made.judged("engine").report
    assert judged.verdicts["SHOP-01.1"].word == verdict
    assert len(judged.graph) == (8 if change == "delete" else 9)


def test_without_the_state_a_change_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = case(tmp_path, "live", "update")
    monkeypatch.chdir(made.project.root)
    file, export = str(made.file("engine")), str(made.file("export", "create"))
    words = []
    for options in ([], ["--state", export]):
        main(["judge", file, *options, "--format", "json"])
        words.append([row["verdict"] for row in json.loads(capsys.readouterr().out)["criteria"]])
    assert words == [["unknown"], ["fail"]]


def test_what_an_update_keeps_is_still_found_by_those_that_stay_the_same(tmp_path: Path) -> None:
    made = case(tmp_path, "agentic-dev", "delete")
    (api,) = made.judged("engine").report.graph.of_type("aws:apigateway/restApi:RestApi")
    before = made.document("engine").graph.resources[api.urn]
    (kept,) = case(tmp_path, "agentic-dev", "create").judged("export").report.graph.of_type(api.type)
    assert api.id == before.id == kept.id != ""


def test_the_engine_says_where_a_resource_is_registered(tmp_path: Path) -> None:
    graph = case(tmp_path, "live", "create").document("engine").graph
    places = {resource.name: resource.source for resource in graph if not resource.type.startswith("pulumi:providers:")}
    assert {place.partition(":")[0] for place in places.values()} == {"systems/shop/__init__.py"}
    lines = (SHOP / "systems" / "shop" / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert "LogGroup(" in lines[int(places["checkout-logs"].partition(":")[2]) - 1]
