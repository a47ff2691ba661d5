"""What each role of the trading stacks may do, computed a second time from the data files."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from conftest import ROOT, preview

ACCOUNTS = {"test": "111111111111", "prod": "222222222222"}
READ = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
WRITE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]

Pair = tuple[str, str]


@functools.cache
def rows(file: str) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "systems" / "trading" / "data" / file).read_text(encoding="utf-8"))


def table_pairs(stack: str, table: str, on_table: list[str], on_indexes: list[str]) -> Iterator[Pair]:
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNTS[stack]}:table/{stack}-{table}"
    yield from ((action, arn) for action in on_table)
    for index in rows("tables.yaml")[table].get("indexes", {}):
        yield from ((action, f"{arn}/index/{index}") for action in on_indexes)


def expected(stack: str, function: str) -> set[Pair]:
    """Return what the role of a function needs: no more, no less."""
    row = rows("functions.yaml")[function]
    owned = [row["owns"]] if "owns" in row else []
    place = f"us-east-1:{ACCOUNTS[stack]}"
    pairs: set[Pair] = {(action, "*") for action in XRAY}
    log = f"arn:aws:logs:{place}:log-group:/aws/lambda/{stack}-{function}:*"
    pairs |= {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)}
    if row["kind"] == "background":
        pairs.add(("sqs:SendMessage", f"arn:aws:sqs:{place}:{stack}-{function}-dead-letters"))
    for table in owned + row.get("reads", []):
        pairs |= set(table_pairs(stack, table, READ, ["dynamodb:Query"]))
    for table in owned + row.get("writes", []):
        pairs |= set(table_pairs(stack, table, WRITE, []))
    for table in row.get("scans", []):
        pairs |= set(table_pairs(stack, table, ["dynamodb:Scan"], ["dynamodb:Scan"]))
    return pairs


def role_name(stack: str, function: str) -> str:
    return f"{stack}-{rows('functions.yaml')[function]['group']}-{function}"


@functools.cache
def statements(stack: str) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of all inline policies by the physical name of their role."""
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in preview(stack).graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        document = json.loads(policy.inputs["policy"])
        assert set(document) == {"Version", "Statement"}
        assert document["Version"] == "2012-10-17"
        found.setdefault(policy.inputs["role"], []).extend(document["Statement"])
    return found


def granted(stack: str, function: str) -> list[Pair]:
    return [
        (action, resource)
        for statement in statements(stack)[role_name(stack, function)]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


@pytest.mark.parametrize("function", rows("functions.yaml"))
def test_role_may_do_exactly_what_the_data_files_say(stack: str, function: str) -> None:
    # As a list: a pair that is granted twice is one too many.
    assert sorted(granted(stack, function)) == sorted(expected(stack, function))


def test_roles_with_permissions_are_those_of_the_functions(stack: str) -> None:
    assert set(statements(stack)) == {role_name(stack, function) for function in rows("functions.yaml")}


def test_every_role_belongs_to_one_function_that_assumes_it(stack: str) -> None:
    graph = preview(stack).graph
    roles = {role.inputs["name"]: role.urn for role in graph.of_type("aws:iam/role:Role")}
    assert set(roles) == {role_name(stack, function) for function in rows("functions.yaml")}
    for function in graph.of_type("aws:lambda/function:Function"):
        name = role_name(stack, function.inputs["name"].removeprefix(f"{stack}-"))
        assert function.property_dependencies["role"] == (roles[name],)


def test_permissions_come_by_inline_policies_alone(stack: str) -> None:
    graph = preview(stack).graph
    iam = {resource.type for resource in graph if resource.type.startswith("aws:iam/")}
    assert iam == {"aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"}
    kept = {"name", "description", "assumeRolePolicy", "tags"}
    assert all(set(role.inputs) == kept for role in graph.of_type("aws:iam/role:Role"))


def test_every_statement_allows_without_conditions_or_exceptions(stack: str) -> None:
    every = [statement for of_role in statements(stack).values() for statement in of_role]
    assert {frozenset(statement) for statement in every} == {frozenset({"Sid", "Effect", "Action", "Resource"})}
    assert {statement["Effect"] for statement in every} == {"Allow"}


def test_no_action_has_a_wildcard(stack: str) -> None:
    every = [statement for of_role in statements(stack).values() for statement in of_role]
    assert [action for statement in every for action in statement["Action"] if set("*?") & set(action)] == []


def test_any_resource_is_for_traces_alone(stack: str) -> None:
    every = [statement for of_role in statements(stack).values() for statement in of_role]
    anywhere = [statement for statement in every if "*" in statement["Resource"]]
    assert anywhere == [{"Sid": "Trace", "Effect": "Allow", "Action": XRAY, "Resource": ["*"]}] * len(
        rows("functions.yaml")
    )


def test_wildcard_within_a_resource_is_for_log_streams_alone(stack: str) -> None:
    every = [resource for of_role in statements(stack).values() for s in of_role for resource in s["Resource"]]
    with_wildcard = {arn for arn in every if arn != "*" and set("*?") & set(arn)}
    assert with_wildcard == {
        f"arn:aws:logs:us-east-1:{ACCOUNTS[stack]}:log-group:/aws/lambda/{stack}-{function}:*"
        for function in rows("functions.yaml")
    }


def test_inline_policies_of_each_role_fit_into_the_quota_of_iam(stack: str) -> None:
    sizes: dict[str, int] = {}
    for policy in preview(stack).graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        # White space does not count (IAM and STS quotas); the documents have none.
        sizes[policy.inputs["role"]] = sizes.get(policy.inputs["role"], 0) + len(policy.inputs["policy"])
    assert {role: size for role, size in sizes.items() if size > 10_240} == {}
