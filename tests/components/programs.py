"""What the tests of the components share: small programs, and how their graphs are read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from components.account import Account
from components.keys import CustomerKey
from components.naming import Naming
from components.roles import Role, Roles, RolesArgs, RoleSpec
from plumbline.graph import Options, Resource, StackGraph
from tests.evaluations import run_program

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
NAMING = Naming("test")
PREFIX = "urn:pulumi:test::plumbline::"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
KEY_ARN = "arn:aws:kms:us-east-1:111111111111:key/00000000-0000-0000-0000-000000000000"
CUSTOMER_KEY = CustomerKey(arn=KEY_ARN, alias="alias/test-data")


def graph_of(program: Callable[[], Any]) -> StackGraph:
    """Return the graph of a program that gives neither mistakes nor warnings."""
    evaluation = run_program(program)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation.graph


def component_urn(component: str, name: str) -> str:
    return f"{PREFIX}plumbline:components:{component}::{name}"


def child_urn(component: str, type_: str, name: str) -> str:
    return f"{PREFIX}plumbline:components:{component}${type_}::{name}"


def only(graph: StackGraph, type_: str) -> Resource:
    [resource] = graph.of_type(type_)
    return resource


def named(graph: StackGraph, name: str) -> Resource:
    """Return the one resource with a logical name."""
    [resource] = [resource for resource in graph if resource.name == name]
    return resource


def present(value: Any) -> Any:
    """Return inputs without nulls, which are the same as nothing to the engine."""
    if isinstance(value, dict):
        return {key: present(item) for key, item in value.items() if item is not None}
    return [present(item) for item in value] if isinstance(value, list) else value


def document(resource: Resource) -> Any:
    """Return a resource's policy, parsed."""
    return json.loads(resource.inputs["policy"])


def options(resource: Resource) -> Options:
    """Return a resource's options without the aliases that the SDK gives a type for its earlier names."""
    return dataclasses.replace(resource.options, aliases=())


def needs(resource: Resource) -> dict[str, tuple[str, ...]]:
    """Return the logical names of what each input needs; inputs that need nothing are left out."""
    found = resource.property_dependencies.items()
    return {key: names(urns) for key, urns in found if urns}


def names(urns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the logical names in some URNs, sorted."""
    return tuple(sorted(urn.rpartition("::")[2] for urn in urns))


def statement(sid: str, actions: list[str], resources: list[str], **more: Any) -> dict[str, Any]:
    """Return an Allow statement as the policy language writes it; `more` has conditions and the like."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_role(name: str = "audit") -> tuple[Roles, Role]:
    """Register a role; its component attaches the permissions."""
    spec = RoleSpec(physical_name=name, description="Runs")
    roles = Roles(f"roles-of-{name}", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles={name: spec}))
    return roles, roles.roles[name]
