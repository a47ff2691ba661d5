"""components.network: VPC, subnets, endpoints, flow log."""

from __future__ import annotations

import functools
import ipaddress
import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.account import Account
from components.network import GATEWAYS, Network, NetworkArgs, SubnetMasks, endpoint_policy
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    ROLE_POLICY,
    component_urn,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)

NETWORK_URN = component_urn("Network", "network")
AWSX_URN = "urn:pulumi:test::plumbline::plumbline:components:Network$awsx:ec2:Vpc::network-vpc"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


@functools.cache
def network(nat: str = "Single", *services: str) -> StackGraph:
    """Return the graph of a network in two zones, with interface endpoints for some services."""

    def program() -> None:
        provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["111111111111"])
        opts = pulumi.ResourceOptions(providers={"aws": provider})
        args = NetworkArgs(
            account=ACCOUNT,
            naming=NAMING,
            provider=provider,
            cidr_block="10.10.0.0/16",
            zones=["us-east-1a", "us-east-1c"],
            masks=SubnetMasks(public=24, private=20, isolated=25),
            nat=nat,  # type: ignore[arg-type]  # one of the three
            log_retention_days=30,
        )
        made = Network("network", args, opts)
        groups = SecurityGroupsArgs(naming=NAMING, vpc_id=made.vpc_id, groups={"endpoints": "Endpoints"})
        made.add_endpoints(services, SecurityGroups("groups", groups, opts).groups["endpoints"])
        pulumi.export("private", made.private_subnet_ids)
        pulumi.export("isolated", made.isolated_subnet_ids)
        pulumi.export("prefix_lists", made.prefix_lists)

    return graph_of(program)


# The VPC, which awsx makes.


def test_vpc_has_exactly_these_inputs_and_is_a_child_of_the_one_of_awsx() -> None:
    vpc = only(network(), VPC)
    assert dict(vpc.inputs) == {
        "cidrBlock": "10.10.0.0/16",
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "tags": {"Name": "network-vpc"},
    }
    assert (vpc.parent, network().resources[AWSX_URN].parent) == (AWSX_URN, NETWORK_URN)


def test_each_zone_has_a_public_a_private_and_an_isolated_subnet_of_its_size() -> None:
    found = {
        subnet.name: (subnet.inputs["availabilityZone"], ipaddress.IPv4Network(subnet.inputs["cidrBlock"]).prefixlen)
        for subnet in network().of_type(SUBNET)
    }
    assert found == {
        "network-vpc-public-1": ("us-east-1a", 24),
        "network-vpc-private-1": ("us-east-1a", 20),
        "network-vpc-isolated-1": ("us-east-1a", 25),
        "network-vpc-public-2": ("us-east-1c", 24),
        "network-vpc-private-2": ("us-east-1c", 20),
        "network-vpc-isolated-2": ("us-east-1c", 25),
    }


def test_no_subnet_gives_public_addresses_by_itself() -> None:
    given = {subnet.name: subnet.inputs["mapPublicIpOnLaunch"] for subnet in network().of_type(SUBNET)}
    assert (len(given), set(given.values())) == (6, {False})


def ways_out(graph: StackGraph) -> dict[str, tuple[str, ...]]:
    """Return what each route leads to by the subnet that it is for."""
    found = {}
    for route in graph.of_type(ROUTE):
        needed = needs(route)
        found[route.name.removeprefix("network-vpc-")] = needed.get("natGatewayId") or needed["gatewayId"]
    return found


def test_single_nat_gateway_serves_all_private_subnets() -> None:
    assert [nat.name for nat in network("Single").of_type(NAT)] == ["network-vpc-1"]
    assert ways_out(network("Single")) == {
        "public-1": ("network-vpc",),
        "public-2": ("network-vpc",),
        "private-1": ("network-vpc-1",),
        "private-2": ("network-vpc-1",),
    }


def test_nat_gateway_in_each_zone_serves_its_own_private_subnet() -> None:
    assert ways_out(network("OnePerAz")) == {
        "public-1": ("network-vpc",),
        "public-2": ("network-vpc",),
        "private-1": ("network-vpc-1",),
        "private-2": ("network-vpc-2",),
    }


def test_without_nat_only_public_subnets_have_a_way_out() -> None:
    assert ways_out(network("None")) == {"public-1": ("network-vpc",), "public-2": ("network-vpc",)}


def test_everything_uses_the_one_provider() -> None:
    graph = network("Single", "logs")
    assert [resource.name for resource in graph.of_type("pulumi:providers:aws")] == ["aws"]
    providers = {r.options.provider.rpartition("::")[0] for r in graph if r.type.startswith("aws:")}
    assert providers == {"urn:pulumi:test::plumbline::pulumi:providers:aws::aws"}


def test_ids_of_subnets_and_prefix_lists_are_known_only_after_the_deployment() -> None:
    prefix_lists = dict.fromkeys(GATEWAYS, UNKNOWN)
    assert network().outputs == {"private": UNKNOWN, "isolated": UNKNOWN, "prefix_lists": prefix_lists}


def test_component_gives_vpc_and_private_subnets_as_outputs() -> None:
    outputs = {"vpc_id": UNKNOWN, "private_subnet_ids": UNKNOWN}
    assert network().resources[NETWORK_URN].outputs == outputs


def test_default_group_has_no_rules() -> None:
    group = only(network(), DEFAULT_GROUP)
    assert (group.name, group.parent, dict(group.inputs)) == (
        "network-default-group",
        NETWORK_URN,
        {"vpcId": UNKNOWN},
    )


# Endpoints.


def allowed(actions: str) -> dict[str, Any]:
    return policy(
        {
            "Sid": "OwnPrincipalsAndResources",
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:PrincipalAccount": "111111111111"},
                "StringEqualsIfExists": {"aws:ResourceAccount": "111111111111"},
            },
        }
    )


@pytest.mark.parametrize("service", GATEWAYS)
def test_gateway_endpoint_has_exactly_these_inputs(service: str) -> None:
    endpoint = named(network(), f"network-{service}")
    assert {**endpoint.inputs, "policy": document(endpoint)} == {
        "vpcId": UNKNOWN,
        "vpcEndpointType": "Gateway",
        "serviceName": f"com.amazonaws.us-east-1.{service}",
        "routeTableIds": UNKNOWN,
        "policy": allowed(f"{service}:*"),
    }
    assert (endpoint.type, endpoint.parent) == (ENDPOINT, NETWORK_URN)


def test_gateway_endpoint_is_in_the_route_tables_of_all_subnets() -> None:
    tables = {f"network-vpc-{kind}-{zone}" for kind in ("public", "private", "isolated") for zone in (1, 2)}
    assert tables <= set(needs(named(network(), "network-s3"))["routeTableIds"])


def test_interface_endpoint_has_exactly_these_inputs() -> None:
    endpoint = named(network("Single", "logs", "monitoring"), "network-monitoring")
    assert {**endpoint.inputs, "policy": document(endpoint)} == {
        "vpcId": UNKNOWN,
        "vpcEndpointType": "Interface",
        "serviceName": "com.amazonaws.us-east-1.monitoring",
        "subnetIds": UNKNOWN,
        "securityGroupIds": [UNKNOWN],
        "privateDnsEnabled": True,
        "policy": allowed("cloudwatch:*"),
    }
    assert (endpoint.type, endpoint.parent) == (ENDPOINT, NETWORK_URN)


def test_interface_endpoint_lies_in_the_private_subnets_behind_its_group() -> None:
    needed = needs(named(network("Single", "logs", "monitoring"), "network-logs"))
    assert needed["securityGroupIds"] == ("groups-endpoints",)
    assert {"network-vpc-private-1", "network-vpc-private-2"} <= set(needed["subnetIds"])


def test_there_are_no_interface_endpoints_but_those_that_are_asked_for() -> None:
    assert {endpoint.name for endpoint in network().of_type(ENDPOINT)} == {"network-dynamodb", "network-s3"}


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("logs", "logs:*"),
        ("monitoring", "cloudwatch:*"),
        ("email", "ses:*"),
        ("ecr.api", "ecr:*"),
        ("ecr.dkr", "ecr:*"),
        ("execute-api", "execute-api:*"),
    ],
)
def test_endpoint_policy_names_the_actions_as_iam_does(service: str, actions: str) -> None:
    assert json.loads(endpoint_policy(ACCOUNT, service)) == allowed(actions)


def test_endpoint_policy_follows_the_account() -> None:
    other = Account(account_id="222222222222", region="eu-west-1")
    assert endpoint_policy(other, "logs") == endpoint_policy(ACCOUNT, "logs").replace("111111111111", "222222222222")


# The flow log.


def test_flow_log_takes_all_traffic_of_the_vpc_each_minute() -> None:
    log = only(network(), FLOW_LOG)
    assert (log.name, log.parent, present(dict(log.inputs))) == (
        "network-flow-log",
        NETWORK_URN,
        {
            "vpcId": UNKNOWN,
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": UNKNOWN,
            "iamRoleArn": UNKNOWN,
            "maxAggregationInterval": 60,
        },
    )


def test_flow_log_comes_after_its_group_its_role_and_the_role_s_permissions() -> None:
    log = only(network(), FLOW_LOG)
    assert needs(log)["logDestination"] == ("network-flow-log-group",)
    assert needs(log)["iamRoleArn"] == ("network-roles-flow-log",)
    assert "network-roles-flow-log-flow-log" in names(log.dependencies)


def test_group_of_the_flow_log_has_the_prefix_and_the_retention() -> None:
    group = only(network(), LOG_GROUP)
    assert (group.parent, dict(group.inputs)) == (
        NETWORK_URN,
        {"name": "/aws/vpc/test-flow-log", "retentionInDays": 30},
    )


def test_role_of_the_flow_log_is_assumed_for_flow_logs_of_the_account_alone() -> None:
    role = only(network(), "aws:iam/role:Role")
    assert {**role.inputs, "assumeRolePolicy": json.loads(role.inputs["assumeRolePolicy"])} == {
        "name": "test-flow-log",
        "description": "Writes the VPC's flow log",
        "assumeRolePolicy": policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "111111111111"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-1:111111111111:vpc-flow-log/*"},
                },
            }
        ),
    }


def test_role_of_the_flow_log_may_write_it_and_nothing_else() -> None:
    group = "arn:aws:logs:us-east-1:111111111111:log-group:/aws/vpc/test-flow-log"
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    every = "arn:aws:logs:us-east-1:111111111111:log-group:*"
    assert document(only(network(), ROLE_POLICY)) == policy(
        statement("WriteFlowLog", actions, [group, f"{group}:*"]),
        statement("FindLogGroup", ["logs:DescribeLogGroups"], [every]),
    )


def test_roles_of_the_network_register_their_outputs() -> None:
    [roles] = [resource for resource in network() if resource.type == "plumbline:components:Roles"]
    assert (roles.name, roles.parent, roles.outputs) == ("network-roles", NETWORK_URN, {"arns": {"flow-log": UNKNOWN}})
