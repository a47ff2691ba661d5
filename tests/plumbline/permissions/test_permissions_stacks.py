"""The permissions of the project's stacks are those that their systems declare, before an up and after it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from plumbline.permissions.proof import Row
from tests.evaluations import deployed, preview
from tests.plumbline.permissions.estates import proof
from tests.stacks import STACKS

ROLES = "aws:iam/role:Role"


def matrix(rows: Iterable[Row]) -> set[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Return who may do what on what, by which words; not the values of conditions, which have ids after an up."""
    return {(row.to, row.on, tuple(one.name for one in row.actions), row.words) for row in rows}


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_extra_missing_or_unknown(stack: str) -> None:
    graph = preview(stack).graph
    result = proof(graph)
    assert [(one.kind, one.to, one.on, one.actions, one.message) for one in result.findings] == []
    assert result.status == 0
    assert result.roles == len(graph.of_type(ROLES))


@pytest.mark.parametrize("stack", ["test", "agentic-dev", "bootstrap"])
def test_every_role_may_do_something_or_has_a_policy_that_aws_keeps(stack: str) -> None:
    graph = preview(stack).graph
    result = proof(graph)
    active = {row.to for row in result.rows} | {to for to, _, _ in result.managed}
    assert {f"role {role.get('name')}" for role in graph.of_type(ROLES)} <= active
    assert {row.on for row in result.rows if row.to.startswith("service ")} > {
        f"role {role.get('name')}" for role in graph.of_type(ROLES) if "Service" in str(role.get("assumeRolePolicy"))
    }


@pytest.mark.parametrize("stack", ["test", "prod", "agentic-dev", "agentic-prod"])
def test_the_matrix_after_an_up_is_that_of_the_preview(stack: str) -> None:
    before, after = proof(preview(stack).graph), proof(deployed(stack).evaluation.graph)
    assert after.findings == ()
    assert matrix(before.rows) == matrix(after.rows)


def test_a_key_is_used_through_its_service_only() -> None:
    result = proof(preview("test").graph, "role test-ai-intelligence-analysis")
    (row,) = (row for row in result.rows if row.on == "key test-secrets")
    assert [one.name for one in row.actions] == ["kms:Decrypt", "kms:DescribeKey"]
    assert row.when == {"kms:ViaService": ("secretsmanager.us-east-1.amazonaws.com",)}
