"""Requirement 06 cannot be fooled: what breaks a function fails its criterion, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Subject
from tests.criteria.breaking import (
    FUNCTION,
    LOG_GROUP,
    ROLE,
    ROLE_POLICY,
    SUBNET,
    Change,
    Row,
    add,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    named,
    policy,
    refer,
    set_,
    statement,
    together,
    verdict,
    whole,
)

_POLICY = "strategies-table-strategies"


def _variables(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    def alter(function: Resource) -> Resource:
        variables = change(dict(function.inputs["environment"]["variables"]))
        return dataclasses.replace(function, inputs={**function.inputs, "environment": {"variables": variables}})

    return edit(FUNCTION, name, alter)


def _without_layer(function: Resource) -> Resource:
    needs = {key: urns for key, urns in function.property_dependencies.items() if key != "layers"}
    return dataclasses.replace(function, property_dependencies=needs)


def _one_unknown_subnet(old: Subject) -> Subject:
    """Let a function lie in a subnet besides, of which nothing tells where it is."""

    def alter(function: Resource) -> Resource:
        network = function.inputs["vpcConfig"]
        changed = {**network, "subnetIds": [*network["subnetIds"], UNKNOWN]}
        return dataclasses.replace(
            function, inputs={**function.inputs, "vpcConfig": changed}, property_dependencies={"role": ()}
        )

    return edit(FUNCTION, "functions-audit", alter)(old)


BROKEN: list[Row] = [
    ("06.1", "prod", "a function is missing", drop(FUNCTION, "functions-audit")),
    ("06.2", "prod", "too little memory", set_(FUNCTION, "functions-audit", memorySize=256)),
    ("06.2", "prod", "too much of what is no handler", set_(FUNCTION, "-rotate-redis-token", memorySize=2048)),
    ("06.3a", "prod", "too short", set_(FUNCTION, "functions-audit", timeout=29)),
    ("06.3b", "prod", "the default", set_(FUNCTION, "functions-retention", timeout=None)),
    ("06.5a", "prod", "no table name", _variables("functions-templates", lambda v: {"DYNAMODB_ENDPOINT": "x"})),
    ("06.5b", "prod", "no endpoint", _variables("functions-audit", lambda v: {**v, "DYNAMODB_ENDPOINT": ""})),
    (
        "06.5b",
        "prod",
        "a host of somebody else",
        _variables(
            "functions-audit", lambda v: {**v, "DYNAMODB_ENDPOINT": "https://dynamodb.us-east-1.amazonaws.com.evil.org"}
        ),
    ),
    (
        "06.5b",
        "prod",
        "another region",
        _variables("functions-audit", lambda v: {"X_ENDPOINT": "https://x.eu-west-1.a"}),
    ),
    ("06.6", "prod", "a wildcard action", statement(ROLE_POLICY, _POLICY, "", Action="dynamodb:*")),
    ("06.6", "prod", "every resource", statement(ROLE_POLICY, _POLICY, "", Resource="*")),
    ("06.7", "prod", "not traced", set_(FUNCTION, "functions-audit", tracingConfig={"mode": "PassThrough"})),
    ("06.8a", "prod", "nothing reserved", set_(FUNCTION, "-kill-switch", reservedConcurrentExecutions=None)),
    ("06.8b", "prod", "too few reserved", set_(FUNCTION, "-circuit-breakers", reservedConcurrentExecutions=1)),
    (
        "06.9",
        "prod",
        "none provisioned",
        drop("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "-kill-switch-provisioned"),
    ),
    ("06.10", "prod", "no layer", edit(FUNCTION, "functions-audit", _without_layer)),
    ("14.6a", "test", "kept too long", set_(LOG_GROUP, "functions-audit-log", retentionInDays=90)),
    ("14.6b", "prod", "kept for ever", set_(LOG_GROUP, "functions-audit-log", retentionInDays=0)),
    (
        "06.6",
        "prod",
        "every key but one",
        set_(
            ROLE_POLICY,
            _POLICY,
            policy=policy(
                Action="kms:Decrypt",
                Resource="arn:aws:kms:us-east-1:222222222222:key/*",
                Condition={"ForAnyValue:StringNotEquals": {"kms:ResourceAliases": "alias/prod-secrets"}},
            ),
        ),
    ),
    ("06.6", "prod", "every bucket", set_(ROLE_POLICY, _POLICY, policy=policy(Resource="arn:*"))),
    ("06.6", "prod", "a wildcard's name", set_(ROLE_POLICY, _POLICY, policy=policy(Action="s3:Get*"))),
    (
        "06.6",
        "prod",
        "no resource for a call that takes one",
        set_(ROLE_POLICY, _POLICY, policy=policy(Action=["ec2:DescribeSubnets", "ec2:RunInstances"], Resource="*")),
    ),
    (
        "06.6",
        "prod",
        "an attached policy",
        add(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "admin",
            {"role": (ROLE, "roles-audit")},
            policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ),
    (
        "06.6",
        "prod",
        "managed policies of the role",
        set_(ROLE, "roles-audit", managedPolicyArns=["arn:aws:iam::aws:x"]),
    ),
    (
        "06.4",
        "test up",
        "a public subnet",
        named(FUNCTION, "functions-audit", "vpcConfig.subnetIds", (SUBNET, "-private-1"), (SUBNET, "-public-1")),
    ),
    (
        "06.4",
        "test up",
        "a subnet of elsewhere",
        edit(
            FUNCTION,
            "functions-audit",
            lambda function: dataclasses.replace(
                function,
                inputs={**function.inputs, "vpcConfig": {**function.inputs["vpcConfig"], "subnetIds": ["subnet-1"]}},
            ),
        ),
    ),
    ("06.4", "test up", "no network", set_(FUNCTION, "functions-audit", vpcConfig=None)),
    ("06.4", "test up", "no subnet", set_(FUNCTION, "functions-audit", vpcConfig={"subnetIds": []})),
    (
        "06.4",
        "test up",
        "a private subnet that becomes public",
        set_("aws:ec2/route:Route", "-private-1", natGatewayId=None, gatewayId="igw-1"),
    ),
    (
        "06.4",
        "test up",
        "a public route inside its table",
        set_("aws:ec2/routeTable:RouteTable", "-private-1", routes=[{"cidrBlock": "8.8.8.0/24", "gatewayId": "igw-1"}]),
    ),
]
OPEN: list[Row] = [
    ("06.2", "prod", "memory", set_(FUNCTION, "functions-audit", memorySize=UNKNOWN)),
    ("06.2", "prod", "a name", set_(FUNCTION, "functions-audit", name=UNKNOWN)),
    ("06.3a", "prod", "a name", set_(FUNCTION, "functions-audit", name=UNKNOWN)),
    ("06.4", "test up", "one of the subnets", _one_unknown_subnet),
    ("06.4", "prod", "subnets of a preview", lambda old: old),
    ("06.4", "prod", "subnets of anywhere", refer(FUNCTION, "functions-audit", "vpcConfig")),
    (
        "06.4",
        "test up",
        "the main table of a VPC",
        together(
            drop("aws:ec2/routeTableAssociation:RouteTableAssociation", "-private-1"),
            add("aws:ec2/defaultRouteTable:DefaultRouteTable", "main"),
        ),
    ),
    ("06.4", "test up", "routes", set_("aws:ec2/routeTable:RouteTable", "-private-1", routes=UNKNOWN)),
    ("06.5a", "prod", "a variable", set_(FUNCTION, "functions-audit", environment={"variables": {"TABLE": UNKNOWN}})),
    (
        "06.5b",
        "prod",
        "an endpoint",
        set_(FUNCTION, "functions-templates", environment={"variables": {"DYNAMODB_ENDPOINT": UNKNOWN}}),
    ),
    ("06.6", "prod", "a policy", set_(ROLE_POLICY, _POLICY, policy=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("written", ["no JSON", "{}", "[1]", '{"Statement": [3]}', policy(Action="s3")])
def test_a_policy_that_is_none_is_no_pass_and_no_crash(written: str) -> None:
    assert verdict("06.6", set_(ROLE_POLICY, _POLICY, policy=written)(whole("prod"))).word == "fail"


def test_a_function_that_can_only_lie_in_public_subnets_fails_before_their_ids_are_known() -> None:
    changed = refer(FUNCTION, "functions-audit", "vpcConfig", (SUBNET, "-public-1"), (SUBNET, "-public-2"))
    inside = set_(FUNCTION, "functions-audit", vpcConfig={"subnetIds": [UNKNOWN, UNKNOWN]})
    assert verdict("06.4", inside(changed(whole("test")))).word == "fail"
