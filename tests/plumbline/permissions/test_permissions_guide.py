"""The guide to a stack's permissions shows its policies, and changes with each of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline.graph import StackGraph
from plumbline.permissions.guide import by_hand, main, markdown
from plumbline.permissions.universe import strangers
from plumbline.project import Project, UserError
from tests.evaluations import ROOT, preview
from tests.plumbline.permissions.estates import Statements, made, rewritten, with_, without
from tests.stacks import STACKS

STACK, BASE = "agentic-prod", "bootstrap-prod"
FILE = Path("docs") / "agentic" / "permissions.md"
Change = Callable[[StackGraph], StackGraph]


def guide(stack: StackGraph | None = None, base: StackGraph | None = None) -> list[str]:
    return markdown(Project(ROOT), STACK, stack or preview(STACK).graph, base or preview(BASE).graph).splitlines()


@functools.cache
def plain() -> list[str]:
    return guide()


def differences(now: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines that are gone and those that are new."""
    return [line for line in plain() if line not in now], [line for line in now if line not in plain()]


def changed(name: str, change: Callable[[Statements], Any], key: str = "policy") -> Change:
    return lambda graph: rewritten(graph, name, change, key)


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / FILE).read_text(encoding="utf-8") == "\n".join([*plain(), ""]), "run make docs"


def test_every_role_of_the_stack_and_those_that_deploy_it_have_a_section() -> None:
    stack = {role.get("name") for role in preview(STACK).graph.of_type("aws:iam/role:Role")}
    sections = [line.removeprefix("### ") for line in plain() if line.startswith("### ")]
    assert sections == [*sorted(stack), "bootstrap-deploy-prod", "bootstrap-preview-prod"]


@pytest.mark.parametrize(
    ("name", "change", "new"),
    [
        (
            "roles-weekly-export-table-data",
            lambda rows: rows[0]["Action"].append("dynamodb:Scan"),
            "| export table | `dynamodb:ExportTableToPointInTime`<br>`dynamodb:Scan` | "
            "`arn:aws:dynamodb:us-east-1:222222222222:table/prod-agenticai-data` |  |",
        ),
        (
            "roles-free-tier-usage-metrics",
            lambda rows: rows[1].pop("Condition"),
            "| put metrics | `cloudwatch:PutMetricData` | `*` |  |",
        ),
        (
            "roles-free-tier-usage-metrics",
            lambda rows: rows[0].update(Effect="Deny", NotResource=[rows[0].pop("Resource")[0]]),
            "| never read metrics | `cloudwatch:GetMetricData` | `all but *` |  |",
        ),
    ],
    ids=["action", "condition", "denial"],
)
def test_statement_of_a_role_that_changes_is_another_line(
    name: str, change: Callable[[Statements], Any], new: str
) -> None:
    _, found = differences(guide(changed(name, change)(preview(STACK).graph)))
    assert found == [new]


def test_other_service_that_may_be_a_role_is_told_with_the_role() -> None:
    change = changed(
        "roles-weekly-export", lambda rows: rows[0]["Principal"].update(Service="x.aws"), "assumeRolePolicy"
    )
    _, found = differences(guide(change(preview(STACK).graph)))
    assert found == ["Runs weekly-export: Exports the table to the archive. Assumed by `x.aws`."]


def test_caller_that_is_no_longer_let_in_is_not_told() -> None:
    gone, found = differences(guide(without(preview(STACK).graph, "rules-weekly-export-permission")))
    assert found == []
    assert [line.split(" | ")[:2] for line in gone] == [
        ["| service events.amazonaws.com", "invoke: `lambda:InvokeFunction`"]
    ]


def test_policy_that_aws_keeps_is_told() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    attachment = made(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "more", role="prod-agenticai-ops-agent", policyArn=arn
    )
    _, found = differences(guide(with_(preview(STACK).graph, attachment)))
    assert found == [f"| have the policy that AWS keeps | `{arn}` | | |"]


def test_right_to_deploy_that_changes_is_another_line() -> None:
    def change(rows: Statements) -> None:
        (row,) = (row for row in rows if row["Sid"] == "TableCopies")
        row["Action"] = ["dynamodb:CreateBackup"]

    graph = rewritten(preview(BASE).graph, "github-deploy-prod-observation-permissions", change)
    _, found = differences(guide(base=graph))
    assert found == [
        "| table copies | `dynamodb:CreateBackup` | "
        "`arn:aws:dynamodb:us-east-1:222222222222:table/prod-agenticai-*` |  |"
    ]


def test_every_action_that_is_told_is_one_of_aws() -> None:
    told = {
        word for line in plain() if line.startswith("| ") for cell in line.split(" | ")[1:2] for word in cell.split("`")
    }
    actions = {word for word in told if word.count(":") == 1 and " " not in word}
    assert len(actions) > 300
    assert strangers(tuple(sorted(actions))) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["agentic-prod"], "1 arguments given; needed: a stack and a file"),
        (
            ["bootstrap", "x.md"],
            "bootstrap: deployment.bootstrap: missing; that stack makes the roles that deploy this one",
        ),
        (
            ["agentic-prodd", "x.md"],
            f"stack 'agentic-prodd' is not known (did you mean agentic-prod?); known: {', '.join(sorted(STACKS))}",
        ),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(Project(ROOT), arguments) == 2
    assert capsys.readouterr().err == f"{line}\n"
    assert not (ROOT / "x.md").exists()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "restore: [{actions: [], resource: [a]}]\n",
            [
                "by_hand.yaml: restore.0.actions: Tuple should have at least 1 item after validation, not 0",
                "by_hand.yaml: restore.0.resources: Field required",
                "by_hand.yaml: restore.0.resource: Extra inputs are not permitted",
            ],
        ),
        ("restore: []\nrestore: []\n", ["by_hand.yaml:2:1: key 'restore' is given twice"]),
    ],
    ids=["fields", "a purpose twice"],
)
def test_wrong_data_about_work_by_hand_is_a_line_for_each_mistake(text: str, lines: list[str], tmp_path: Path) -> None:
    file = tmp_path / "by_hand.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        list(by_hand(file, {"environment": "dev", "region": "us-east-1", "account_id": "1"}))
    assert list(refused.value.lines) == lines


def test_system_without_work_by_hand_has_no_section(tmp_path: Path) -> None:
    assert list(by_hand(tmp_path / "by_hand.yaml", {})) == []
