"""components.parameters: secure parameters whose values are the operator's, and who may read them."""

from __future__ import annotations

import functools
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws

from components.parameters import UNSET, Parameters, ParametersArgs
from plumbline.graph import Secret, StackGraph
from tests.components.programs import (
    ACCOUNT,
    ROLE_POLICY,
    a_role,
    component_urn,
    document,
    graph_of,
    named,
    only,
    options,
    policy,
    present,
    statement,
)
from tests.plumbline.rehearsals import Rehearsal, rehearse

ARN = "arn:aws:ssm:us-east-1:111111111111:parameter/app/test"
DESCRIPTIONS = {"key": "A key", "other": "Another"}


def parameters(opts: pulumi.ResourceOptions | None = None) -> Parameters:
    return Parameters("parameters", ParametersArgs(account=ACCOUNT, path="/app/test", parameters=DESCRIPTIONS), opts)


@functools.cache
def usual() -> StackGraph:
    return graph_of(parameters)


def test_a_parameter_is_secure_under_a_key_that_costs_nothing() -> None:
    assert present(dict(named(usual(), "parameters-key").inputs)) == {
        "name": "/app/test/key",
        "description": "A key",
        "type": "SecureString",
        "tier": "Standard",
        "keyId": "alias/aws/ssm",
        "value": Secret(UNSET),
    }


def test_no_deployment_sets_a_value_back() -> None:
    found = named(usual(), "parameters-key")
    assert (options(found).ignore_changes, found.parent) == (("value",), component_urn("Parameters", "parameters"))


def test_a_role_reads_the_parameters_that_it_is_given_and_no_others() -> None:
    def program() -> None:
        roles, role = a_role()
        parameters().grant_read(role, ["other"])
        roles.attach()

    found = only(graph_of(program), ROLE_POLICY)
    assert document(found) == policy(statement("ReadParameters", ["ssm:GetParameters"], [f"{ARN}/other"]))


@functools.cache
def deployed() -> Rehearsal:
    def program() -> None:
        provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
        parameters(pulumi.ResourceOptions(providers={"aws": provider}))

    def look() -> dict[str, Any]:
        client = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
        names = [f"/app/test/{name}" for name in DESCRIPTIONS]
        found = client.client("ssm").get_parameters(Names=names, WithDecryption=True)
        return {row["Name"]: (row["Type"], row["Value"]) for row in found["Parameters"]}

    return rehearse(program, look)


def test_every_parameter_is_there_and_unset_until_somebody_sets_it() -> None:
    assert (deployed().evaluation.mistakes, dict(deployed().simulated)) == ((), {})
    assert deployed().seen == {f"/app/test/{name}": ("SecureString", UNSET) for name in DESCRIPTIONS}
