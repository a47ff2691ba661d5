"""Faults in the network: security groups, routes, endpoints, addresses, name records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault
from tests.policies.faults_documents import ELSEWHERE

AREA = "network"
WORLD = {
    "0.0.0.0/0": "cidrIpv4",
    "::/0": "cidrIpv6",
    "0.0.0.0/1": "cidrIpv4",
    "128.0.0.0/1": "cidrIpv4",
    "2000::/3": "cidrIpv6",
}
PORTS: Mapping[str, tuple[Any, Any, str, tuple[str, ...]]] = {
    "SSH": (22, 22, "tcp", ("security-group-admin-ports-closed",)),
    "RDP": (3389, 3389, "tcp", ("security-group-admin-ports-closed",)),
    "PostgreSQL": (5432, 5432, "tcp", ("security-group-high-risk-ports-closed",)),
    "MySQL": (3306, 3306, "tcp", ("security-group-high-risk-ports-closed",)),
    "Redis": (6379, 6379, "tcp", ("security-group-high-risk-ports-closed", "security-group-open-ports-are-allowed")),
    "MongoDB": (
        27017,
        27017,
        "tcp",
        ("security-group-high-risk-ports-closed", "security-group-open-ports-are-allowed"),
    ),
    "HTTP": (80, 80, "tcp", ("security-group-open-ports-are-allowed",)),
    "HTTPS": (443, 443, "tcp", ("security-group-open-only-for-load-balancers",)),
    "a range with SSH": (20, 25, "tcp", ("security-group-admin-ports-closed",)),
    "every TCP port": (0, 65535, "tcp", ("security-group-admin-ports-closed",)),
    "every port by number": (1, 65535, "6", ("security-group-admin-ports-closed",)),
    "UDP": (53, 53, "udp", ("security-group-open-ports-are-allowed",)),
    "everything": (GONE, GONE, "-1", ("security-group-admin-ports-closed", "security-group-ingress-names-ports")),
    "everything with ports": (
        -1,
        -1,
        "-1",
        ("security-group-admin-ports-closed", "security-group-ingress-names-ports"),
    ),
}
INGRESS = "vpc:SecurityGroupIngressRule"
EGRESS = "vpc:SecurityGroupEgressRule"
GROUP = "ec2:SecurityGroup"
CALLERS = "vpc-endpoint-policy-limits-callers"

EDITS: Mapping[str, list[tuple[Any, ...]]] = {
    "ec2:DefaultSecurityGroup": [
        (
            "a way in",
            {"ingress": [{"protocol": "-1", "self": True, "fromPort": 0, "toPort": 0}]},
            "default-security-group-allows-nothing",
        ),
        (
            "a way out",
            {"egress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"], "fromPort": 0, "toPort": 0}]},
            "default-security-group-allows-nothing",
        ),
    ],
    "ec2:Vpc": [
        ("no names", {"enableDnsHostnames": False}, "vpc-resolves-names"),
        ("no resolver", {"enableDnsSupport": False}, "vpc-resolves-names"),
    ],
    "ec2:Subnet": [
        ("public addresses", {"mapPublicIpOnLaunch": True}, "subnet-gives-no-public-address"),
        ("public addresses as text", {"mapPublicIpOnLaunch": "true"}, "subnet-gives-no-public-address"),
    ],
    "ec2:FlowLog": [
        ("refusals only", {"trafficType": "REJECT"}, "vpc-has-flow-log"),
        ("what is accepted only", {"trafficType": "ACCEPT"}, "vpc-has-flow-log"),
        ("goes nowhere", {"logDestination": GONE}, "flow-log-is-delivered"),
        ("may not write", {"iamRoleArn": GONE}, "flow-log-is-delivered"),
        ("of one subnet", {"vpcId": GONE, "subnetId": "subnet-1"}, "vpc-has-flow-log"),
    ],
    "ec2:VpcEndpoint": [
        ("no policy", {"policy": GONE}, CALLERS),
        ("empty policy", {"policy": ""}, CALLERS, "vpc-endpoint-policy-limits-resources"),
        (
            "everything for everybody",
            {"policy": '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'},
            CALLERS,
        ),
        (
            "no private name",
            {"privateDnsEnabled": lambda old: GONE if old is None else False},
            "vpc-endpoint-has-private-name",
        ),
        (
            "no security group",
            {"securityGroupIds": lambda old: GONE if old is None else []},
            "vpc-endpoint-is-connected",
        ),
        ("in no subnet", {"subnetIds": lambda old: GONE if old is None else []}, "vpc-endpoint-is-connected"),
    ],
    "route53:Record": [
        (
            "another's bucket",
            {"type": "CNAME", "records": ["gone.s3-website-us-east-1.amazonaws.com"], "aliases": GONE},
            "record-leads-to-own-resource",
        ),
        (
            "another's distribution",
            {"aliases": [{"name": "d111111abcdef8.cloudfront.net", "zoneId": "Z2FDTNDATAQYW2"}], "records": GONE},
            "record-leads-to-own-resource",
        ),
        (
            "another's address",
            {"type": "A", "records": ["54.239.28.85"], "aliases": GONE},
            "record-leads-to-own-resource",
        ),
    ],
    "route53:HealthCheck": [
        ("without TLS", {"type": "HTTP", "port": 80}, "health-check-uses-tls"),
        ("disabled", {"disabled": True}, "health-check-is-on"),
        ("the opposite", {"invertHealthcheck": True}, "health-check-is-on"),
        ("no server name", {"enableSni": False}, "health-check-uses-tls"),
    ],
}


def faults(bench: Bench) -> Iterator[Fault]:
    for rule in bench.of(INGRESS):
        for cidr, field in WORLD.items():
            for what, (first, last, protocol, rules) in PORTS.items():
                changes = {
                    "referencedSecurityGroupId": GONE,
                    field: cidr,
                    "fromPort": first,
                    "toPort": last,
                    "ipProtocol": protocol,
                }
                yield from bench.edit(AREA, f"{what} open to {cidr}", rule, changes, *rules)
        for what, ports in {"every port": (0, 65535), "many ports": (1024, 65535)}.items():
            changes = {"fromPort": ports[0], "toPort": ports[1]}
            yield from bench.edit(AREA, f"{what} from its group", rule, changes, "security-group-ingress-names-ports")
        changes = {"ipProtocol": "-1", "fromPort": GONE, "toPort": GONE}
        yield from bench.edit(AREA, "everything from its group", rule, changes, "security-group-ingress-names-ports")
        changes = {"referencedSecurityGroupId": GONE, "cidrIpv4": "10.0.0.0/8"}
        yield from bench.edit(AREA, "a whole private range", rule, changes, "security-group-ingress-names-sources")
        changes = {"referencedSecurityGroupId": f"{ELSEWHERE}/sg-12345678"}
        yield from bench.edit(AREA, "a group of another account", rule, changes, "reference-stays-in-trusted-accounts")
    for rule in bench.of(EGRESS):
        for cidr in ("0.0.0.0/0", "::/0", "0.0.0.0/1"):
            changes = {
                "prefixListId": GONE,
                "referencedSecurityGroupId": GONE,
                "cidrIpv4": GONE,
                "cidrIpv6": GONE,
                WORLD[cidr]: cidr,
                "ipProtocol": "-1",
                "fromPort": GONE,
                "toPort": GONE,
            }
            changes = {key: change for key, change in changes.items() if change is not GONE or key in rule.inputs}
            yield from bench.edit(AREA, f"everything to {cidr}", rule, changes, "security-group-egress-is-limited")
            changes = {**changes, "ipProtocol": "tcp", "fromPort": 0, "toPort": 65535}
            yield from bench.edit(AREA, f"every port to {cidr}", rule, changes, "security-group-egress-is-limited")
    for rule in bench.of(INGRESS, EGRESS, GROUP):
        described = "security-group-lines-are-described"
        for what, text in {"no description": GONE, "an empty description": ""}.items():
            yield from bench.edit(AREA, what, rule, {"description": text}, described)
    for group in bench.of(GROUP):
        yield from _lines(bench, group)
    yield from bench.table(AREA, EDITS, "ec2:Vpc", "ec2:SecurityGroup")
    yield from _missing(bench)
    yield from _added(bench)


def _lines(bench: Bench, group: Any) -> Iterator[Fault]:
    for cidr, field in WORLD.items():
        inline = "cidrBlocks" if field == "cidrIpv4" else "ipv6CidrBlocks"
        for what, (first, last, protocol, rules) in PORTS.items():
            line = {inline: [cidr], "protocol": protocol, "description": "open"}
            line |= {"fromPort": 0, "toPort": 0} if first is GONE else {"fromPort": first, "toPort": last}
            name = f"{what} open to {cidr} inline"
            yield from bench.edit(AREA, name, group, {"ingress": [line]}, *rules)
    line = {"cidrBlocks": ["0.0.0.0/0"], "protocol": "-1", "fromPort": 0, "toPort": 0, "description": "all"}
    yield from bench.edit(AREA, "everything out inline", group, {"egress": [line]}, "security-group-egress-is-limited")
    for what, (first, last, protocol, rules) in PORTS.items():
        line = {"cidrIpv4": "0.0.0.0/0", "ipProtocol": protocol, "description": "open"}
        line |= {} if first is GONE else {"fromPort": first, "toPort": last}
        rows = bench.add(
            AREA,
            f"{what} to {group.name}",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            line,
            *rules,
            refers={"securityGroupId": group.urn},
        )
        yield from rows
        old = {"cidrBlocks": ["0.0.0.0/0"], "protocol": protocol, "type": "ingress", "description": "open"}
        old |= {"fromPort": 0, "toPort": 0} if first is GONE else {"fromPort": first, "toPort": last}
        yield from bench.add(
            AREA,
            f"{what} to {group.name}",
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            old,
            *rules,
            refers={"securityGroupId": group.urn},
        )


def _missing(bench: Bench) -> Iterator[Fault]:
    vpcs = [vpc.urn for vpc in bench.of("ec2:Vpc")]
    for log in bench.of("ec2:FlowLog"):
        yield from bench.drop(AREA, "missing", log, "vpc-has-flow-log", at=vpcs)
    for group in bench.of("ec2:DefaultSecurityGroup"):
        yield from bench.drop(AREA, "missing", group, "vpc-default-security-group-is-taken-over", at=vpcs)
    for endpoint in bench.of("ec2:VpcEndpoint"):
        rules = ("vpc-has-gateway-endpoints", "vpc-has-private-endpoints")
        yield from bench.drop(AREA, "missing", endpoint, *rules, at=vpcs)
    yield from bench.missing(AREA, {"ec2:NatGateway": ("elastic-ip-is-used",)})


def _added(bench: Bench) -> Iterator[Fault]:
    vpc = bench.first("ec2:Vpc")
    if not vpc:
        return
    gateway = bench.first("ec2:InternetGateway")
    for kind in ("isolated", "private"):
        table = bench.first("ec2:RouteTable", kind)
        subnets = [subnet.urn for subnet in bench.of("ec2:Subnet") if kind in subnet.name]
        for what, field in {"IPv4": "destinationCidrBlock", "IPv6": "destinationIpv6CidrBlock"}.items():
            inputs = {field: "0.0.0.0/0" if what == "IPv4" else "::/0"}
            refers = {"routeTableId": table, "gatewayId": gateway}
            yield from bench.add(
                AREA,
                f"{what} from {kind} subnets to the internet",
                "aws:ec2/route:Route",
                inputs,
                "private-subnet-stays-private",
                refers=refers,
                at=subnets,
            )
    rows: list[tuple[str, str, dict[str, Any], dict[str, str], tuple[str, ...]]] = [
        (
            "open to SSH",
            "aws:ec2/networkAclRule:NetworkAclRule",
            {
                "cidrBlock": "0.0.0.0/0",
                "fromPort": 22,
                "toPort": 22,
                "protocol": "tcp",
                "ruleAction": "allow",
                "ruleNumber": 1,
            },
            {"networkAclId": vpc},
            ("network-acl-admin-ports-closed",),
        ),
        ("that nothing uses", "aws:ec2/networkAcl:NetworkAcl", {}, {"vpcId": vpc}, ("network-acl-is-attached",)),
        ("that nothing uses", "aws:ec2/eip:Eip", {}, {}, ("elastic-ip-is-used",)),
        (
            "that nothing uses",
            "aws:ec2/securityGroup:SecurityGroup",
            {"description": "none"},
            {"vpcId": vpc},
            ("security-group-is-used",),
        ),
        ("without flow log", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16"}, {}, ("vpc-has-flow-log",)),
        ("the account's first", "aws:ec2/defaultVpc:DefaultVpc", {}, {}, ("default-vpc-is-not-used",)),
        (
            "with another account",
            "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
            {"peerOwnerId": ELSEWHERE, "peerVpcId": "vpc-1", "autoAccept": False},
            {"vpcId": vpc},
            ("reference-stays-in-trusted-accounts",),
        ),
        (
            "for everybody",
            "aws:ec2/vpcEndpointService:VpcEndpointService",
            {"acceptanceRequired": False, "allowedPrincipals": ["*"]},
            {},
            ("share-is-not-with-everybody",),
        ),
        (
            "with public address",
            "aws:ec2/instance:Instance",
            {
                "associatePublicIpAddress": True,
                "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1},
            },
            {},
            ("instance-has-no-public-address",),
        ),
        (
            "with old metadata",
            "aws:ec2/instance:Instance",
            {"metadataOptions": {"httpTokens": "optional"}},
            {},
            ("instance-metadata-requires-token",),
        ),
    ]
    for what, type_, inputs, refers, rules in rows:
        yield from bench.add(AREA, what, type_, inputs, *rules, refers=refers)
