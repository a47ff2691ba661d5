"""Which resource a property comes from, and which region a resource lives in."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.constraints import check
from plumbline.constraints.networks import SUBNET, VPC, referred, region_of
from plumbline.graph import UNKNOWN, Options, Resource, StackGraph

COMPONENT = "awsx:ec2:Vpc"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
PROVIDER = "pulumi:providers:aws"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::p::{type_}::{name}"


def resource(type_: str, name: str, inputs: dict[str, Any] | None = None, **more: Any) -> Resource:
    return Resource(urn=urn(type_, name), type=type_, name=name, inputs=inputs or {}, **more)


def graph(*resources: Resource) -> StackGraph:
    return StackGraph.of("test", "p", resources, {})


def user(*needed: str) -> Resource:
    return resource(ENDPOINT, "user", {"vpcId": UNKNOWN}, property_dependencies={"vpcId": needed})


COMPONENTS = (
    resource(COMPONENT, "net", custom=False),
    resource(VPC, "main", {"cidrBlock": "10.0.0.0/16"}, parent=urn(COMPONENT, "net")),
    resource(SUBNET, "a", parent=urn(VPC, "main")),
    resource(SUBNET, "b", parent=urn(VPC, "main")),
)


@pytest.mark.parametrize(
    ("needed", "type_", "name"),
    [
        ((urn(VPC, "main"),), VPC, "main"),
        ((urn(COMPONENT, "net"),), VPC, "main"),
        ((urn(COMPONENT, "net"), urn(VPC, "main")), VPC, "main"),
        ((urn(SUBNET, "a"), urn(VPC, "main")), VPC, "main"),
        ((urn(SUBNET, "a"),), SUBNET, "a"),
        ((urn(COMPONENT, "net"),), SUBNET, None),
        ((urn(SUBNET, "a"), urn(SUBNET, "b")), SUBNET, None),
        ((urn(SUBNET, "a"),), VPC, None),
        ((urn(VPC, "gone"),), VPC, None),
        ((), VPC, None),
    ],
)
def test_a_property_comes_from_one_resource_or_is_undecided(
    needed: tuple[str, ...], type_: str, name: str | None
) -> None:
    one = user(*needed)
    found = referred(one, "vpcId", type_, graph(*COMPONENTS, one))
    assert (found.name if found is not None else None) == name


@pytest.mark.parametrize(
    ("own", "provided", "region"),
    [
        (None, "eu-west-1", "eu-west-1"),
        ("us-east-1", "eu-west-1", "us-east-1"),
        (UNKNOWN, "eu-west-1", None),
        (None, UNKNOWN, None),
        (None, None, None),
    ],
)
def test_a_region_is_a_resources_own_or_its_providers(own: Any, provided: Any, region: str | None) -> None:
    provider = resource(PROVIDER, "aws", {"region": provided})
    one = resource(SUBNET, "a", {"region": own}, options=Options(provider=f"{provider.urn}::id"))
    assert region_of(one, graph(provider, one)) == region


def test_a_vpc_inside_a_component_is_judged_by_its_endpoints() -> None:
    inputs = {"vpcEndpointType": "Interface", "privateDnsEnabled": True, "serviceName": "com.amazonaws.eu-west-1.sqs"}
    inputs["vpcId"] = UNKNOWN
    needs = {"vpcId": (urn(COMPONENT, "net"),)}
    one = resource(ENDPOINT, "sqs", inputs, property_dependencies=needs)
    vpc = resource(VPC, "main", {"cidrBlock": "10.0.0.0/16"}, parent=urn(COMPONENT, "net"))
    problems = check(graph(COMPONENTS[0], vpc, one))
    assert [(problem.resource.name, problem.path, problem.message) for problem in problems] == [
        ("sqs", "privateDnsEnabled", "given; VPC main needs enableDnsHostnames")
    ]
