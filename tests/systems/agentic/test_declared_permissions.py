"""What the roles of the agentic system are meant to do is all that they may, and follows the settings."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Mapping
from typing import Any

import pytest

from plumbline.graph import StackGraph
from plumbline.permissions import Proof, prove
from plumbline.permissions.declared import find
from plumbline.project import Project, config_text
from tests.evaluations import ROOT, preview, run_program
from tests.plumbline.permissions.estates import Statements, found, proof, rewritten, without

ACCOUNT = "111111111111"
API, DEV, EXPORT, USAGE = (
    f"role dev-agenticai-{name}" for name in ("api-handler", "dev-agent", "weekly-export", "free-tier-usage")
)
CODE = f"bucket dev-agenticai-generated-code-{ACCOUNT}"
TABLE = "table dev-agenticai-data"


def stack() -> StackGraph:
    return preview("agentic-dev").graph


def judged(settings: Mapping[str, Any]) -> Proof:
    """Return the proof of a stack that has other settings than agentic-dev."""
    project = Project(ROOT)
    config = {**project.config("agentic-dev"), "plumbline:settings": config_text(settings)}
    evaluation = run_program(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), config=config)
    assert evaluation.mistakes == ()
    return prove(evaluation.graph, "agentic", settings, find(ROOT, "agentic")(settings))


def actions(result: Proof, on: str) -> set[str]:
    return {action.name for row in result.rows if row.on == on for action in row.actions}


def star(rows: Statements) -> None:
    rows[0]["Resource"] = "*"


WIDER = {
    "clients cut off": (
        "roles-api-handler-connections",
        lambda rows: rows[0].update(Resource=[rows[0]["Resource"][0].replace("POST", "*")]),
        API,
        f"arn:aws:execute-api:us-east-1:{ACCOUNT}:*/prod/*/@connections/*",
    ),
    "all parameters": (
        "roles-dev-agent-parameters",
        lambda rows: rows[0].update(Resource=[f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/agenticai/dev/*"]),
        DEV,
        "parameter /agenticai/dev/jwt-secret",
    ),
    "plans read": (
        "roles-dev-agent-bucket-generated-code",
        lambda rows: rows[0]["Resource"].append(f"arn:aws:s3:::dev-agenticai-generated-code-{ACCOUNT}/plans/*"),
        DEV,
        f"{CODE}/plans/*",
    ),
    "results deleted": (
        "roles-api-handler-bucket-generated-code",
        lambda rows: rows[3]["Resource"].append(f"arn:aws:s3:::dev-agenticai-generated-code-{ACCOUNT}/test_results/*"),
        API,
        f"{CODE}/test_results/*",
    ),
    "table scanned": (
        "roles-api-handler-table-data",
        lambda rows: rows[0]["Action"].append("dynamodb:Scan"),
        API,
        TABLE,
    ),
    "metrics of others": (
        "roles-free-tier-usage-metrics",
        lambda rows: rows[1].pop("Condition"),
        USAGE,
        "account",
    ),
    "work taken from another": (
        "roles-dev-agent-queue-qa-queue",
        lambda rows: rows[0]["Action"].append("sqs:ReceiveMessage"),
        DEV,
        "queue dev-agenticai-qa-queue",
    ),
}
NARROWER = {
    "export refused": ("roles-weekly-export-table-data", EXPORT, TABLE, ("dynamodb:ExportTableToPointInTime",)),
    "key unread": (
        "roles-dev-agent-parameters",
        DEV,
        "parameter /agenticai/dev/gemini-api-key",
        ("ssm:GetParameters",),
    ),
}


@pytest.mark.parametrize("case", WIDER)
def test_what_a_role_does_not_need_is_extra(case: str) -> None:
    name, change, role, on = WIDER[case]
    differences = found(proof(rewritten(stack(), name, change), role))
    assert {kind for kind, *_ in differences} == {"extra"}
    assert on in {what for _, _, what, _ in differences}


@pytest.mark.parametrize("case", NARROWER)
def test_what_a_role_needs_and_lacks_is_missing(case: str) -> None:
    name, role, on, lacking = NARROWER[case]
    assert found(proof(without(stack(), name), role)) == [("missing", role, on, lacking)]


def test_export_that_may_set_no_acl_is_missing() -> None:
    graph = rewritten(
        stack(), "roles-weekly-export-bucket-exports", lambda rows: rows[0]["Action"].remove("s3:PutObjectAcl")
    )
    assert [(kind, who, names) for kind, who, _, names in found(proof(graph, EXPORT))] == [
        ("missing", EXPORT, ("s3:PutObjectAcl",))
    ]


@pytest.mark.parametrize(
    "permission", ["sockets-permission", "api-health-permission", "rules-weekly-export-permission"]
)
def test_caller_of_a_function_is_missing_where_nothing_lets_it_in(permission: str) -> None:
    differences = found(proof(without(stack(), permission)))
    # The health check has a permission beside that of all other routes.
    expected = set() if permission == "api-health-permission" else {("missing", ("lambda:InvokeFunction",))}
    assert {(kind, names) for kind, _, _, names in differences} == expected


def test_no_role_reaches_keys_and_every_role_is_a_functions() -> None:
    result = proof(stack())
    roles = {row.to for row in result.rows if row.to.startswith("role ")}
    assert len(roles) == result.roles == 7
    # Parameter Store decrypts with AWS's own key, whose policy lets in whoever may read the parameter.
    assert [row.on for row in result.rows if row.on.startswith("key ")] == []
    assert {row.to for row in result.rows if row.on.startswith("role ")} == {"service lambda.amazonaws.com"}


def test_both_follow_stage_environment_and_schedule() -> None:
    settings: dict[str, Any] = copy.deepcopy(Project(ROOT).settings("agentic-dev"))
    settings["environment"] = "staging"
    settings["deployment"] |= {
        "backend": f"s3://bootstrap-state-{ACCOUNT}/staging?region=us-east-1",
        "role": "bootstrap-deploy-staging",
    }
    settings["api"] |= {"stage": "v2", "domain": None}
    result = judged(settings)
    assert [(one.kind, one.to, one.on, one.actions) for one in result.findings] == []
    assert actions(result, "parameter /agenticai/staging/jwt-secret") == {"ssm:GetParameters"}
    assert actions(result, f"arn:aws:execute-api:us-east-1:{ACCOUNT}:*/v2/POST/@connections/*") == {
        "execute-api:ManageConnections"
    }
