"""Requirement 02 cannot be fooled: what breaks the network fails its criterion, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    FUNCTION,
    ROLE_POLICY,
    SECURITY_GROUP,
    SUBNET,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    named,
    policy,
    refer,
    set_,
    settings,
    sibling,
    siblings,
    statement,
    together,
    verdict,
    whole,
)

_VPC = "aws:ec2/vpc:Vpc"
_ROUTE = "aws:ec2/route:Route"
_TABLE = "aws:ec2/routeTable:RouteTable"
_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_NAT = "aws:ec2/natGateway:NatGateway"
_INTERNET = "aws:ec2/internetGateway:InternetGateway"
_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_TO_ENDPOINTS = "groups-functions-endpoints-443"


def _to_internet(name: str) -> Change:
    """Lead the default route of a private subnet to the internet gateway."""
    return together(refer(_ROUTE, name, "gatewayId", (_INTERNET, "network-vpc")), set_(_ROUTE, name, natGatewayId=None))


def _endpoint(name: str, **inputs: Any) -> Change:
    return set_(_ENDPOINT, f"network-{name}", **inputs)


def _out(name: str, **inputs: Any) -> Change:
    return set_(_EGRESS, f"groups-{name}-out", **inputs)


def _more(type_: str, **inputs: Any) -> Change:
    """Add a rule to the group of all functions."""
    return add(type_, "more", {"securityGroupId": (SECURITY_GROUP, "groups-functions")}, ipProtocol="tcp", **inputs)


def _function(name: str, **network: Any) -> Change:
    """Change a part of how a function is attached to the network."""

    def alter(function: Resource) -> Resource:
        return dataclasses.replace(
            function, inputs={**function.inputs, "vpcConfig": {**function.inputs["vpcConfig"], **network}}
        )

    return edit(FUNCTION, name, alter)


def _also(name: str, key: str, value: str) -> Change:
    """Add an id to a list of how a function is attached to the network."""

    def alter(function: Resource) -> Resource:
        network = function.inputs["vpcConfig"]
        changed = {**network, key: [*network[key], value]}
        return dataclasses.replace(function, inputs={**function.inputs, "vpcConfig": changed})

    return edit(FUNCTION, name, alter)


def _may(name: str, **elements: Any) -> Change:
    return add_statement(ROLE_POLICY, f"roles-{name}-traces", **({"Effect": "Allow", "Resource": "*"} | elements))


BROKEN: list[Row] = [
    ("02.1a", "test", "no route to the gateway", together(drop(_ROUTE, "-public-1"), drop(_ROUTE, "-public-2"))),
    (
        "02.1a",
        "test",
        "routes of some addresses",
        together(set_(_ROUTE, "-public-1", destinationCidrBlock="8.8.8.0/24"), drop(_ROUTE, "-public-2")),
    ),
    (
        "02.1b",
        "prod",
        "every subnet leads to the gateway",
        together(
            *(_to_internet(f"-private-{number}") for number in (1, 2, 3)),
            *(drop(type_, f"-isolated-{number}") for type_ in (SUBNET, _ASSOCIATION) for number in (1, 2, 3)),
        ),
    ),
    ("02.1c", "test", "public subnets in one zone", drop(_ROUTE, "-public-2")),
    ("02.1c", "test", "all in one zone", set_(SUBNET, "", availabilityZone="us-east-1a")),
    ("02.2", "prod", "a private subnet without a way out", drop(_ROUTE, "-private-2")),
    (
        "02.2",
        "prod",
        "a way out through a machine",
        set_(_ROUTE, "-private-2", natGatewayId=None, networkInterfaceId=UNKNOWN),
    ),
    (
        "02.2",
        "prod",
        "a way out beside the gateway",
        add(
            _ROUTE,
            "more",
            {"routeTableId": (_TABLE, "-private-1")},
            destinationIpv6CidrBlock="::/0",
            transitGatewayId="tgw-1",
        ),
    ),
    ("02.2", "prod", "a gateway in a private subnet", refer(_NAT, "network-vpc-2", "subnetId", (SUBNET, "-private-2"))),
    ("02.2", "prod", "a private gateway", set_(_NAT, "network-vpc-2", connectivityType="private")),
    ("02.2", "test up", "a gateway of elsewhere", set_(_ROUTE, "-private-2", natGatewayId="nat-1")),
    ("02.3a", "prod", "no endpoint", drop(_ENDPOINT, "network-dynamodb")),
    ("02.3a", "prod", "no routes to it", _endpoint("dynamodb", routeTableIds=[])),
    ("02.3a", "prod", "another region", _endpoint("dynamodb", serviceName="com.amazonaws.eu-west-1.dynamodb")),
    ("02.3a", "prod", "nothing goes through", _endpoint("dynamodb", policy=policy(Effect="Deny"))),
    ("02.3a", "prod", "another service goes through", _endpoint("dynamodb", policy=policy(Principal="*"))),
    (
        "02.3a",
        "prod",
        "another account's calls go through",
        statement(
            _ENDPOINT, "network-dynamodb", "", Condition={"StringEquals": {"aws:PrincipalAccount": "333333333333"}}
        ),
    ),
    (
        "02.3a",
        "prod",
        "everything is refused all the same",
        add_statement(_ENDPOINT, "network-dynamodb", Effect="Deny", Principal="*", Action="dynamodb:*", Resource="*"),
    ),
    ("02.3a", "prod", "nobody's calls go through", statement(_ENDPOINT, "network-dynamodb", "", Principal=None)),
    ("02.3a", "test up", "another VPC", _endpoint("dynamodb", vpcId="vpc-1")),
    ("02.3b", "prod", "no endpoint", drop(_ENDPOINT, "network-s3")),
    ("02.3c", "prod", "no private name", _endpoint("secretsmanager", privateDnsEnabled=False)),
    ("02.3c", "prod", "the default", _endpoint("secretsmanager", privateDnsEnabled=None)),
    ("02.3c", "prod", "no subnets", _endpoint("secretsmanager", subnetIds=[])),
    ("02.3c", "prod", "no group", _endpoint("secretsmanager", securityGroupIds=[])),
    ("02.3c", "prod", "a gateway, which the service has not", _endpoint("secretsmanager", vpcEndpointType=None)),
    ("02.3c", "prod", "a VPC without names", set_(_VPC, "network-vpc", enableDnsHostnames=None)),
    ("02.3c", "prod", "a VPC without resolution", set_(_VPC, "network-vpc", enableDnsSupport=False)),
    ("02.3d", "prod", "no metrics", drop(_ENDPOINT, "network-monitoring")),
    ("02.3d", "prod", "no logs", drop(_ENDPOINT, "network-logs")),
    ("02.4", "test up", "no endpoint", drop(_ENDPOINT, "network-elasticache")),
    ("02.4", "test up", "no private name", _endpoint("secretsmanager", privateDnsEnabled=False)),
    (
        "02.4",
        "test up",
        "tables of public subnets only",
        named(_ENDPOINT, "network-dynamodb", "routeTableIds", (_TABLE, "-public-1"), (_TABLE, "-public-2")),
    ),
    (
        "02.4",
        "test up",
        "the table of one zone",
        named(_ENDPOINT, "network-dynamodb", "routeTableIds", (_TABLE, "-private-1")),
    ),
    ("02.4", "test up", "no way out of the functions", drop(_EGRESS, f"{_TO_ENDPOINTS}-out")),
    ("02.4", "test up", "another port", _out("functions-endpoints-443", fromPort=80, toPort=80)),
    ("02.4", "test up", "no way to the gateway's addresses", drop(_EGRESS, "groups-functions-dynamodb-443-out")),
    ("02.4", "test up", "no way into the endpoints", drop(_INGRESS, f"{_TO_ENDPOINTS}-in")),
    (
        "02.4",
        "test up",
        "a way into them for others",
        named(_INGRESS, f"{_TO_ENDPOINTS}-in", "referencedSecurityGroupId", (SECURITY_GROUP, "groups-redis")),
    ),
    (
        "02.4",
        "test up",
        "a call of a service without endpoint",
        add_statement(ROLE_POLICY, "roles-audit-traces", Effect="Allow", Action="sns:Publish", Resource="*"),
    ),
    (
        "02.4",
        "test up",
        "calls of anything",
        add_statement(ROLE_POLICY, "roles-audit-traces", Effect="Allow", NotAction="iam:*", Resource="*"),
    ),
    (
        "02.4",
        "test up",
        "messages to another queue",
        add_statement(
            ROLE_POLICY,
            "roles-audit-traces",
            Effect="Allow",
            Action="sqs:SendMessage",
            Resource="arn:aws:sqs:r:1:other",
        ),
    ),
    (
        "02.4",
        "test up",
        "direct calls of KMS",
        add_statement(ROLE_POLICY, "roles-audit-traces", Effect="Allow", Action="kms:Decrypt", Resource="*"),
    ),
    ("02.4", "test up", "a function outside of the network", set_(FUNCTION, "functions-audit", vpcConfig=None)),
    (
        "02.4",
        "test up",
        "messages to all queues but one",
        _may("retention", Action="sqs:SendMessage", Resource=None, NotResource="x"),
    ),
    (
        "02.4",
        "test up",
        "messages to its own queue and another",
        _may(
            "retention",
            Action="sqs:SendMessage",
            Resource=[
                "arn:aws:sqs:us-east-1:111111111111:test-retention-dead-letters",
                "arn:aws:sqs:us-east-1:1:other",
            ],
        ),
    ),
    (
        "02.4",
        "test up",
        "KMS through all services but one",
        _may(
            "audit",
            Action="kms:Decrypt",
            Condition={"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
        ),
    ),
    (
        "02.4",
        "test up",
        "KMS for the account",
        _may("audit", Action="kms:Decrypt", Condition={"StringEquals": {"kms:CallerAccount": "111111111111"}}),
    ),
    ("02.4", "test up", "a subnet of elsewhere", _also("functions-audit", "subnetIds", "subnet-1")),
    ("02.4", "test up", "another protocol", _out("functions-endpoints-443", ipProtocol="udp")),
    ("02.4", "test up", "higher ports", _out("functions-endpoints-443", fromPort=444, toPort=500)),
    ("02.4", "test up", "another port in", set_(_INGRESS, f"{_TO_ENDPOINTS}-in", fromPort=80, toPort=80)),
    ("02.4", "test up", "a subnet without routes", drop(_ASSOCIATION, "-private-1")),
    ("02.3a", "prod", "an endpoint of another kind", _endpoint("dynamodb", vpcEndpointType="GatewayLoadBalancer")),
    ("02.5", "prod", "an unknown address for all", _more(_EGRESS, fromPort=443, toPort=443, cidrIpv4=UNKNOWN)),
    ("02.5", "prod", "some addresses for those that may", _out("internet-internet-443", cidrIpv4="10.0.0.0/8")),
    ("02.5", "prod", "two ranges for those that may", _out("internet-internet-443", cidrIpv6="fd00::/8")),
    ("02.5", "prod", "lower ports to the internet", _out("internet-internet-443", fromPort=0)),
    ("02.5", "prod", "no port", _out("functions-endpoints-443", fromPort=None, toPort=None)),
    ("02.5", "test up", "a group of elsewhere beside", _also("functions-audit", "securityGroupIds", "sg-1")),
    ("02.5", "prod", "a rule that lets in", _more(_INGRESS, fromPort=443, toPort=443, cidrIpv4="10.0.0.0/8")),
    ("02.5", "prod", "any port", _out("functions-endpoints-443", fromPort=0, toPort=65535)),
    ("02.5", "prod", "any protocol", _out("functions-endpoints-443", ipProtocol="-1")),
    ("02.5", "prod", "the internet for all", _more(_EGRESS, fromPort=443, toPort=443, cidrIpv4="0.0.0.0/0")),
    ("02.5", "prod", "the newer internet for all", _more(_EGRESS, fromPort=443, toPort=443, cidrIpv6="::/0")),
    ("02.5", "prod", "some addresses", _more(_EGRESS, fromPort=443, toPort=443, cidrIpv4="10.0.0.0/8")),
    ("02.5", "prod", "addresses beside a group", _out("functions-endpoints-443", cidrIpv4="0.0.0.0/0")),
    ("02.5", "prod", "another port to the internet", _out("internet-internet-443", fromPort=80, toPort=80)),
    ("02.5", "prod", "a list of unknown addresses", _more(_EGRESS, fromPort=443, toPort=443, prefixListId="pl-1")),
    (
        "02.5",
        "prod",
        "a group of elsewhere",
        _more(_EGRESS, fromPort=443, toPort=443, referencedSecurityGroupId="sg-1"),
    ),
    ("02.5", "prod", "no target", _more(_EGRESS, fromPort=443, toPort=443)),
    ("02.5", "prod", "an inline rule in", set_(SECURITY_GROUP, "groups-functions", ingress=[{"protocol": "-1"}])),
    ("02.5", "prod", "an inline rule out", set_(SECURITY_GROUP, "groups-functions", egress=[{"protocol": "-1"}])),
    ("02.5", "prod", "a rule of the older kind", _more("aws:ec2/securityGroupRule:SecurityGroupRule", type="egress")),
    ("02.5", "prod", "a function without network", set_(FUNCTION, "functions-audit", vpcConfig=None)),
    (
        "02.5",
        "test up",
        "a group of elsewhere at a function",
        set_(FUNCTION, "functions-audit", vpcConfig={"securityGroupIds": ["sg-1"]}),
    ),
    (
        "02.5",
        "test up",
        "a function that calls nobody in the group for the internet",
        named(FUNCTION, "functions-audit", "vpcConfig.securityGroupIds", (SECURITY_GROUP, "groups-internet")),
    ),
    ("02.6", "prod", "the same range", sibling("test", "network.cidr_block", "10.20.0.0/16")),
    ("02.6", "prod", "a range inside the other", sibling("test", "network.cidr_block", "10.20.64.0/20")),
    ("02.6", "prod", "no range", sibling("test", "network.cidr_block", "ten")),
    ("02.6", "prod", "no test stack", siblings(test=None)),
    ("02.6", "prod", "a VPC with another range", set_(_VPC, "network-vpc", cidrBlock="10.30.0.0/16")),
    ("02.6", "prod", "no setting", settings(network=None)),
    ("02.7", "prod", "one gateway", together(drop(_NAT, "network-vpc-2"), drop(_NAT, "network-vpc-3"))),
    (
        "02.7",
        "prod",
        "gateways in private subnets",
        together(
            refer(_NAT, "network-vpc-2", "subnetId", (SUBNET, "-private-2")),
            refer(_NAT, "network-vpc-3", "subnetId", (SUBNET, "-isolated-3")),
        ),
    ),
    (
        "02.7",
        "prod",
        "gateways in one zone",
        together(*(refer(_NAT, f"network-vpc-{number}", "subnetId", (SUBNET, "-public-1")) for number in (2, 3))),
    ),
]
OPEN: list[Row] = [
    ("02.1a", "test", "destinations", set_(_ROUTE, "", destinationCidrBlock=UNKNOWN)),
    (
        "02.1b",
        "test",
        "subnets of tables",
        together(set_(_ASSOCIATION, "", routeTableId=["a", UNKNOWN, UNKNOWN]), drop(_ROUTE, "-public-1")),
    ),
    ("02.1c", "test", "a destination", set_(_ROUTE, "-public-1", destinationCidrBlock=UNKNOWN)),
    (
        "02.2",
        "test",
        "the subnet of a table",
        refer(_ASSOCIATION, "-private-1", "subnetId", (SUBNET, "-private-1"), (SUBNET, "-private-2")),
    ),
    (
        "02.2",
        "test",
        "the table of a subnet",
        refer(_ASSOCIATION, "-private-1", "routeTableId", (_TABLE, "-private-1"), (_TABLE, "-public-1")),
    ),
    ("02.2", "test up", "a table of elsewhere", set_(_ASSOCIATION, "-private-1", routeTableId="rtb-1")),
    ("02.2", "test", "a table of any subnet", refer(_ASSOCIATION, "-private-1", "subnetId")),
    ("02.2", "test", "a route of any table", add(_ROUTE, "more", routeTableId=UNKNOWN, gatewayId="igw-1")),
    (
        "02.2",
        "test",
        "a gateway of any kind",
        add(
            _ROUTE,
            "more",
            {"routeTableId": (_TABLE, "-private-1")},
            gatewayId=UNKNOWN,
            destinationCidrBlock="8.8.8.0/24",
        ),
    ),
    ("02.2", "test", "the subnet of a gateway", refer(_NAT, "network-vpc-1", "subnetId")),
    ("02.3a", "test", "a VPC", refer(_ENDPOINT, "network-dynamodb", "vpcId")),
    ("02.3a", "test", "a kind of endpoint", _endpoint("dynamodb", vpcEndpointType=UNKNOWN)),
    ("02.4", "test up", "tables of an endpoint", _endpoint("dynamodb", routeTableIds=UNKNOWN)),
    ("02.4", "test up", "subnets", _function("functions-audit", subnetIds=UNKNOWN)),
    ("02.4", "test up", "groups", _function("functions-streams", securityGroupIds=UNKNOWN)),
    ("02.4", "test up", "groups of an endpoint", _endpoint("secretsmanager", securityGroupIds=[UNKNOWN, UNKNOWN])),
    ("02.5", "prod", "a group of any kind", refer(FUNCTION, "functions-audit", "vpcConfig")),
    ("02.5", "prod", "a rule of any group", refer(_INGRESS, f"{_TO_ENDPOINTS}-in", "securityGroupId")),
    ("02.1c", "test", "zones", set_(SUBNET, "-2", availabilityZone=None)),
    ("02.2", "test", "a destination", set_(_ROUTE, "-private-1", destinationCidrBlock=UNKNOWN)),
    ("02.2", "test", "a gateway that is nowhere in the stack", drop(_NAT, "network-vpc-1")),
    ("02.3a", "test", "a service", _endpoint("dynamodb", serviceName=UNKNOWN)),
    ("02.3a", "test", "routes from nowhere", refer(_ENDPOINT, "network-dynamodb", "routeTableIds")),
    ("02.3a", "test", "a policy", _endpoint("dynamodb", policy=UNKNOWN)),
    ("02.3c", "test", "a private name", _endpoint("secretsmanager", privateDnsEnabled=UNKNOWN)),
    ("02.4", "test", "subnets of a preview", lambda old: old),
    ("02.4", "test up", "a permission", set_(ROLE_POLICY, "roles-audit-traces", policy=UNKNOWN)),
    ("02.4", "test up", "a port", _out("functions-dynamodb-443", toPort=UNKNOWN)),
    ("02.5", "prod", "a port", _out("functions-dynamodb-443", toPort=UNKNOWN)),
    ("02.5", "prod", "an address for those that may", _out("internet-internet-443", cidrIpv4=UNKNOWN)),
    ("02.5", "prod", "groups", set_(FUNCTION, "functions-streams", vpcConfig=UNKNOWN)),
    ("02.6", "prod", "a range", set_(_VPC, "network-vpc", cidrBlock=UNKNOWN)),
    ("02.7", "prod", "zones", set_(SUBNET, "", availabilityZone=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_gateway_endpoint_that_leads_from_the_functions_tables_alone_suffices() -> None:
    private = named(_ENDPOINT, "network-dynamodb", "routeTableIds", (_TABLE, "-private-1"), (_TABLE, "-private-2"))
    assert verdict("02.4", private(whole("test up"))).word == "deviation"


def test_a_function_that_may_call_the_internet_reaches_the_gateways_by_that_rule() -> None:
    wide = together(
        drop(_EGRESS, "groups-functions-dynamodb-443-out"),
        _more(_EGRESS, fromPort=443, toPort=443, cidrIpv4="0.0.0.0/0"),
    )
    assert verdict("02.4", wide(whole("test up"))).word == "deviation"


@pytest.mark.parametrize(
    ("number", "stack", "change"),
    [
        ("02.1a", "test", set_(_ROUTE, "-public-1", destinationCidrBlock=UNKNOWN)),
        ("02.2", "prod", refer(_ROUTE, "-private-1", "natGatewayId", (_NAT, "-vpc-1"), (_NAT, "-vpc-2"))),
        ("02.3a", "prod", _endpoint("dynamodb", policy=None)),
        ("02.5", "prod", add(_INGRESS, "more", securityGroupId="sg-of-elsewhere", cidrIpv4="0.0.0.0/0")),
        ("02.7", "prod", set_(SUBNET, "-public-3", availabilityZone=UNKNOWN)),
        (
            "06.4",
            "test up",
            set_(_ROUTE, "-private-1", natGatewayId=None, gatewayId="vgw-1", destinationCidrBlock="10.0.0.0/8"),
        ),
        ("06.4", "test up", add("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation", "main")),
    ],
    ids=[
        "a route of two",
        "one of two gateways",
        "no policy",
        "a rule of elsewhere",
        "a third zone",
        "a private network",
        "the main table",
    ],
)
def test_what_changes_nothing_passes(number: str, stack: str, change: Change) -> None:
    assert verdict(number, change(whole(stack))).word == "pass"


def test_one_nat_gateway_is_enough_where_zones_are_not_asked() -> None:
    assert verdict("02.7", whole("test")).word == "not_applicable"
    assert verdict("02.2", whole("test")).word == "pass"
