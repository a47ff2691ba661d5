"""components.roles: roles, the policies that edges give them, and the order of the two steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components import grants
from components.account import Account
from components.naming import Naming
from components.roles import Edge, Roles, RolesArgs, RoleSpec
from components.tables import Key, Tables, TablesArgs, TableSpec
from plumbline.graph import UNKNOWN, Options, Resource, StackGraph
from tests.evaluations import run_program

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
PREFIX = "urn:pulumi:test::plumbline::"
ROLES_URN = f"{PREFIX}plumbline:components:Roles::roles"
ROLE_URN = f"{PREFIX}plumbline:components:Roles$aws:iam/role:Role::roles-audit"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/test-orders"


def graph_of(program: Callable[[], Any]) -> StackGraph:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    return evaluation.graph


def some_roles(**specs: RoleSpec) -> Roles:
    specs = specs or {"audit": RoleSpec(physical_name="audit-reader", description="Reads the audit trail")}
    return Roles("roles", RolesArgs(naming=Naming("test"), service="lambda.amazonaws.com", roles=specs))


def orders() -> Tables:
    spec = TableSpec(partition_key=Key(name="id", type="S"))
    args = TablesArgs(account=ACCOUNT, naming=Naming("test"), tables={"orders": spec})
    return Tables("tables", args)


def document(policy: Resource) -> Any:
    return json.loads(policy.inputs["policy"])


def test_role_has_exactly_these_inputs() -> None:
    graph = graph_of(some_roles)
    [role] = graph.of_type("aws:iam/role:Role")
    trust = role.inputs["assumeRolePolicy"]
    assert dict(role.inputs) == {
        "name": "test-audit-reader",
        "description": "Reads the audit trail",
        "assumeRolePolicy": trust,
    }
    assert json.loads(trust) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }


def test_role_is_a_child_of_its_component_without_dependencies_or_options() -> None:
    [role] = graph_of(some_roles).of_type("aws:iam/role:Role")
    assert (role.urn, role.name, role.parent, role.dependencies, role.options) == (
        ROLE_URN,
        "roles-audit",
        ROLES_URN,
        (),
        Options(),
    )


def test_role_is_assumable_by_the_service_that_is_asked_for() -> None:
    def program() -> None:
        spec = RoleSpec(physical_name="flow", description="Runs the flow")
        Roles("r", RolesArgs(naming=Naming("test"), service="states.amazonaws.com", roles={"flow": spec}))

    [role] = graph_of(program).of_type("aws:iam/role:Role")
    assert json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Principal"] == {
        "Service": "states.amazonaws.com"
    }


def test_role_is_assumable_only_under_the_given_conditions() -> None:
    source = {"aws:SourceAccount": "111111111111"}
    arns = {"aws:SourceArn": "arn:aws:ec2:us-east-1:111111111111:vpc-flow-log/*"}

    def program() -> None:
        spec = RoleSpec(physical_name="flow-log", description="Writes")
        conditions = {"StringEquals": source, "ArnLike": arns}
        service = "vpc-flow-logs.amazonaws.com"
        Roles("r", RolesArgs(naming=Naming("test"), service=service, roles={"log": spec}, conditions=conditions))

    [role] = graph_of(program).of_type("aws:iam/role:Role")
    assert json.loads(role.inputs["assumeRolePolicy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": source, "ArnLike": arns},
            }
        ],
    }


def test_long_role_name_is_shortened_to_the_limit_of_iam() -> None:
    long = RoleSpec(physical_name="a" * 80, description="Has a long name")
    [role] = graph_of(lambda: some_roles(audit=long)).of_type("aws:iam/role:Role")
    assert role.inputs["name"] == Naming("test").short("role", "a" * 80)
    assert len(role.inputs["name"]) == 64


def test_attach_registers_one_policy_per_resource_in_order_of_their_keys() -> None:
    def program() -> None:
        roles = some_roles()
        roles.roles["audit"].allow("traces", grants.trace())
        roles.roles["audit"].allow("log-audit", grants.write_log(ACCOUNT, "/aws/lambda/test-audit"))
        roles.attach()

    log, traces = graph_of(program).of_type(ROLE_POLICY)
    assert dict(log.inputs) == {
        "name": "log-audit",
        "role": "test-audit-reader",
        "policy": (
            '{"Version":"2012-10-17","Statement":[{"Sid":"WriteLog","Effect":"Allow",'
            '"Action":["logs:CreateLogStream","logs:PutLogEvents"],'
            '"Resource":["arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/test-audit:*"]}]}'
        ),
    }
    assert dict(traces.inputs) == {
        "name": "traces",
        "role": "test-audit-reader",
        "policy": (
            '{"Version":"2012-10-17","Statement":[{"Sid":"Trace","Effect":"Allow",'
            '"Action":["xray:PutTelemetryRecords","xray:PutTraceSegments"],"Resource":["*"]}]}'
        ),
    }


def test_policy_is_a_child_of_the_component_and_depends_on_its_role() -> None:
    def program() -> None:
        roles = some_roles()
        roles.roles["audit"].allow("traces", grants.trace())
        roles.attach()

    [policy] = graph_of(program).of_type(ROLE_POLICY)
    assert (policy.name, policy.parent, policy.dependencies, policy.property_dependencies, policy.options) == (
        "roles-audit-traces",
        ROLES_URN,
        (ROLE_URN,),
        {"name": (), "policy": (), "role": (ROLE_URN,)},
        Options(),
    )


def test_role_without_edges_gets_no_policy() -> None:
    assert graph_of(lambda: some_roles().attach()).of_type(ROLE_POLICY) == []


def test_attach_gives_the_arns_as_outputs() -> None:
    graph = graph_of(lambda: some_roles().attach())
    assert graph.resources[ROLES_URN].outputs == {"arns": {"audit": UNKNOWN}}


def test_two_edges_to_one_table_share_a_policy_with_each_statement_once() -> None:
    def program() -> None:
        roles, table = some_roles(), orders().tables["orders"]
        role = roles.roles["audit"]
        for _ in range(2):
            table.grant_read(role)
            table.grant_write(role)
        roles.attach()

    [policy] = graph_of(program).of_type(ROLE_POLICY)
    assert policy.inputs["name"] == "table-orders"
    assert document(policy) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadTable", "Effect": "Allow", "Action": [*grants.TABLE_READ], "Resource": [TABLE]},
            {"Sid": "WriteTable", "Effect": "Allow", "Action": [*grants.TABLE_WRITE], "Resource": [TABLE]},
        ],
    }


def test_edges_of_one_role_do_not_reach_another() -> None:
    def program() -> None:
        spec = RoleSpec(physical_name="one", description="One")
        roles = some_roles(one=spec, two=RoleSpec(physical_name="two", description="Two"))
        orders().tables["orders"].grant_read(roles.roles["one"])
        roles.attach()

    assert [policy.inputs["role"] for policy in graph_of(program).of_type(ROLE_POLICY)] == ["test-one"]


def test_edges_are_told_by_resource_in_order_of_their_keys() -> None:
    def program() -> None:
        role = some_roles().roles["audit"]
        role.allow("b", grants.trace())
        role.allow("a", grants.send(ACCOUNT, "test-jobs"))
        assert role.edges() == (Edge("a", grants.send(ACCOUNT, "test-jobs")), Edge("b", grants.trace()))

    graph_of(program)


def test_allow_after_attach_raises() -> None:
    def program() -> None:
        roles = some_roles()
        roles.attach()
        with pytest.raises(RuntimeError) as raised:
            roles.roles["audit"].allow("traces", grants.trace())
        assert str(raised.value) == "role audit: traces: permissions are given before attach(), not after it"

    assert graph_of(program).of_type(ROLE_POLICY) == []


def test_policy_of_a_grant_before_attach_raises() -> None:
    def program() -> None:
        grant = some_roles().roles["audit"].allow("traces", grants.trace())
        with pytest.raises(RuntimeError) as raised:
            _ = grant.policy
        assert str(raised.value) == "role audit: attach() comes before its policies can be depended on"

    graph_of(program)


def test_policy_of_a_grant_after_attach_is_the_registered_one() -> None:
    def program() -> None:
        role = some_roles().roles["audit"]
        role.allow("log-audit", grants.write_log(ACCOUNT, "/aws/lambda/test-audit"))
        grant = role.allow("traces", grants.trace())
        registered = role.attach()
        assert grant.policy is registered[1]

    graph_of(program)


def test_attach_twice_registers_nothing_more() -> None:
    def program() -> None:
        roles = some_roles()
        role = roles.roles["audit"]
        role.allow("traces", grants.trace())
        assert role.attach() == role.attach()
        roles.attach()
        roles.attach()

    assert len(graph_of(program).of_type(ROLE_POLICY)) == 1
