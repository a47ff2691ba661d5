"""The command `free-tier`: what it prints, and its machine document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plumbline.__main__ import main
from tests.evaluations import ROOT

SCHEMA = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "#/$defs/free_tier", "$defs": SCHEMA["$defs"]})
# Without the AWS SDK, which takes seconds to load.
PROGRAM = """
import pulumi

settings = pulumi.Config().require_object("settings")
pulumi.CustomResource("aws:dynamodb/table:Table", "orders", {
    "name": "orders", "billingMode": settings["billing"], **settings.get("capacity", {}),
    "hashKey": "PK", "attributes": [{"name": "PK", "type": "S"}],
})
for number in range(settings.get("queues", 0)):
    pulumi.CustomResource("aws:sqs/queue:Queue", f"queue-{number}", {"name": f"queue-{number}"})
"""
LEDGER = """
requirements: {"01": Tables}
criteria:
- {id: SHOP-01.1, area: tables, environments: [test], text: "Billed on demand.", facts: {}}
"""
PAID = """
paid:
- {type: "aws:dynamodb/table:Table", part: on-demand, criterion: SHOP-01.1, reason: asks for billing on demand}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in whose directory the test runs."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "criteria").mkdir()
    (tmp_path / "criteria" / "trading.yaml").write_text(LEDGER, encoding="utf-8")
    (tmp_path / "systems" / "trading" / "data").mkdir(parents=True)
    settings(tmp_path, billing="PAY_PER_REQUEST", queues=2)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(project: Path, **values: Any) -> None:
    document = {"config": {"small:system": "trading", "small:settings": values}}
    (project / "Pulumi.dev.yaml").write_text(json.dumps(document), encoding="utf-8")


def paid(project: Path, text: str = PAID) -> None:
    (project / "systems" / "trading" / "data" / "paid.yaml").write_text(text, encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["free-tier", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


def test_a_cost_that_nothing_demands_is_status_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "dev")
    assert status == 1
    assert out.splitlines()[0] == "dev, an account opened since 2025-07-15"
    assert out.splitlines()[2:] == [
        "",
        "Costs, and no criterion demands it",
        "  aws:dynamodb/table:Table on-demand: orders",
        "      charged for each read and write; the free capacity is that of provisioned tables only",
        "",
        "Always free every month, for everything in the account together",
        "            25 GB of DynamoDB tables: counted by use; 1 resources use it",
        "            25 DynamoDB provisioned write capacity units: 0 taken by 1 resources",
        "            25 DynamoDB provisioned read capacity units: 0 taken by 1 resources",
        "     1,000,000 SQS requests a month (each poll of a queue is one): counted by use; 2 resources use it",
        "",
        "3 resources: 0 without charge, 2 inside an allowance, 0 cost as a criterion demands, 1 cost and nothing "
        "demands it, 0 of unknown type; sources read 2026-09-20 to 2026-11-21",
    ]


def test_a_cost_that_a_criterion_demands_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paid(project)
    status, out, _ = run(capsys, "dev")
    assert status == 0
    assert "      SHOP-01.1: asks for billing on demand" in out.splitlines()
    assert "Costs, and no criterion demands it" not in out


def test_a_demand_that_nothing_meets_is_noted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paid(project)
    settings(project, billing="PROVISIONED", capacity={"readCapacity": 5, "writeCapacity": 5})
    status, out, _ = run(capsys, "dev")
    assert status == 0
    assert "note: nothing here costs by on-demand of aws:dynamodb/table:Table, which SHOP-01.1 demands" in out


@pytest.mark.parametrize("account", ["before", "after"])
def test_the_document_fits_the_contract(project: Path, capsys: pytest.CaptureFixture[str], account: str) -> None:
    paid(project)
    status, out, _ = run(capsys, "dev", "--account", account, "--format", "json")
    document = json.loads(out)
    assert (status, list(VALIDATOR.iter_errors(document))) == (0, [])
    assert document["account"]["kind"] == account
    assert [(row["name"], row["standing"], row["costs"]) for row in document["resources"][:2]] == [
        (
            "orders",
            "demanded",
            [
                {
                    "part": "on-demand",
                    "text": "charged for each read and write; the free capacity is that of provisioned tables only",
                    "certain": True,
                    "price": None,
                    "path": "billingMode",
                    "criterion": "SHOP-01.1",
                    "reason": "asks for billing on demand",
                    "sources": [
                        {"url": "https://aws.amazon.com/dynamodb/pricing/", "read": "2026-11-21", "by": "aws"},
                        {"url": "https://aws.amazon.com/dynamodb/pricing/on-demand", "read": "2026-11-21", "by": "aws"},
                    ],
                }
            ],
        ),
        ("queue-0", "allowance", []),
    ]
    assert document["summary"] == {
        "resources": 3, "unknown": 0, "undemanded": 0, "demanded": 1, "allowance": 2, "free": 0
    }  # fmt: skip


def test_what_is_beyond_an_allowance_has_its_price(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = """
import pulumi

for number in range(12):
    pulumi.CustomResource("aws:cloudwatch/metricAlarm:MetricAlarm", f"alarm-{number}", {
        "name": f"alarm-{number}", "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1,
        "metricName": "Errors", "namespace": "AWS/Lambda", "period": 300, "statistic": "Sum", "threshold": 1,
    })
"""
    (project / "__main__.py").write_text(program, encoding="utf-8")
    said = "12 taken by 12 resources; what is beyond costs $0.20 a month"
    status, out, _ = run(capsys, "dev")
    assert (status, [line.partition(": ")[2] for line in out.splitlines() if "standard resolution:" in line]) == (
        1,
        [said],
    )
    _, out, _ = run(capsys, "dev", "--format", "json")
    [used] = json.loads(out)["allowances"]
    assert (used["name"], used["used"], used["beyond_usd"]) == ("alarms", 12, 0.2)
    assert list(VALIDATOR.iter_errors(json.loads(out))) == []
    _, out, _ = run(capsys, "dev", "--format", "markdown")
    assert "| 12; what is beyond costs $0.20 a month | 12 |" in out


def test_markdown_has_a_row_for_each_cost(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "dev", "--format", "markdown")
    assert status == 1
    assert (
        "| `aws:dynamodb/table:Table` on-demand | orders | charged for each read and write; the free capacity is that "
        "of provisioned tables only |  | **nothing** |"
    ) in out.splitlines()


def test_a_mistake_in_what_is_paid_for_is_told_before_the_program_runs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paid(project, PAID.replace("SHOP-01.1", "SHOP-09.9"))
    (project / "__main__.py").write_text("raise SystemExit('it ran')\n", encoding="utf-8")
    status, out, err = run(capsys, "dev")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "error systems/trading/data/paid.yaml: paid[0].criterion: 'SHOP-09.9' is not in criteria/trading.yaml "
        "(did you mean SHOP-01.1?)"
    ]


def test_a_wrong_account_is_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "dev", "--account", "old")
    assert status == 2
    assert "argument --account: invalid choice: 'old' (choose from 'after', 'before')" in " ".join(err.split())
