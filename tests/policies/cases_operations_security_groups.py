"""Fixtures of rules about security groups."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

INLINE = made(
    "aws:ec2/securityGroup:SecurityGroup",
    "group",
    ingress=[
        {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"], "ipv6CidrBlocks": ["::/0"]},
        {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.10.0.0/16"]},
    ],
    egress=[{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}],
)
RULE = made(
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    type="ingress",
    protocol="tcp",
    fromPort=443,
    toPort=443,
    cidrBlocks=["0.0.0.0/0"],
)
INGRESS = made(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ipProtocol="tcp",
    fromPort=443,
    toPort=443,
    cidrIpv4="0.0.0.0/0",
)
EGRESS = made(
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ipProtocol="tcp",
    fromPort=443,
    toPort=443,
    cidrIpv4="0.0.0.0/0",
)
CLIENTS = made("aws:ec2/securityGroup:SecurityGroup", "clients")
FROM_CLIENTS = made(
    INGRESS.type, ipProtocol="tcp", fromPort=6379, toPort=6379, refers={"referencedSecurityGroupId": CLIENTS}
)
DEFAULT = made("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
V4, V4_RULE, V4_INLINE, V6_INLINE = "cidrIpv4", "cidrBlocks.0", "ingress.0.cidrBlocks.0", "ingress.0.ipv6CidrBlocks.0"


def ports(first: Any, last: Any, of: Resource = INGRESS) -> Resource:
    return changed(of, {"fromPort": first, "toPort": last})


def inline(**changes: Any) -> list[Resource]:
    return [changed(INLINE, {f"ingress.0.{name}": value for name, value in changes.items()})]


def open_to_world(port: int) -> dict[str, tuple[list[Resource], tuple[str, ...]]]:
    """Return each way in which a port that must be closed can be open to the internet."""
    at = ports(port, port)
    both = changed(INLINE, {"ingress.0.fromPort": port, "ingress.0.toPort": port})
    return {
        "rule": ([at], (V4,)),
        "old rule": ([ports(port, port, RULE)], (V4_RULE,)),
        "both in line": ([both], (V4_INLINE, V6_INLINE)),
        "default group": ([made(DEFAULT.type, ingress=both.inputs["ingress"])], (V4_INLINE, V6_INLINE)),
        "range": ([ports(port - 1, port + 1)], (V4,)),
        "all protocols": ([changed(ports(GONE, GONE), {"ipProtocol": "-1"})], (V4,)),
        "protocol by number": ([changed(at, {"ipProtocol": "6"})], (V4,)),
        "IPv6": ([changed(at, {V4: GONE, "cidrIpv6": "::/0"})], ("cidrIpv6",)),
        "IPv6 written out": ([changed(at, {V4: GONE, "cidrIpv6": "0:0::0/0"})], ("cidrIpv6",)),
        "half of the world": ([changed(at, {V4: "128.0.0.0/1"})], (V4,)),
        "the other half": ([changed(at, {V4: "0.0.0.0/1"})], (V4,)),
        "half of IPv6": ([changed(at, {V4: GONE, "cidrIpv6": "2000::/3"})], ("cidrIpv6",)),
        "numbers as text": ([ports(str(port), str(port))], (V4,)),
    }


def closed_to_world(port: int) -> dict[str, list[Resource]]:
    at = ports(port, port)
    return {
        "in line": [INLINE],
        "old rule": [RULE],
        "rule": [INGRESS],
        "group": [FROM_CLIENTS],
        "private network": [changed(at, {V4: "10.0.0.0/8"})],
        "private IPv6": [changed(at, {V4: GONE, "cidrIpv6": "fc00::/7"})],
        "office": [changed(at, {V4: "203.0.113.0/24"})],
        "prefix list": [changed(at, {V4: GONE, "prefixListId": "pl-1"})],
        "no network": [changed(at, {V4: "anywhere"})],
        "messages": [changed(INGRESS, {"ipProtocol": "icmp", "fromPort": 3, "toPort": 4})],
        "unknown address of a fine port": [changed(INGRESS, {V4: UNKNOWN})],
    }


NOT_KNOWN = {
    "lines": ([changed(INLINE, {"ingress": UNKNOWN})], ("ingress",)),
    "direction": ([changed(RULE, {"type": UNKNOWN})], ("type",)),
    "port": ([changed(INGRESS, {"fromPort": UNKNOWN})], ("fromPort",)),
    "protocol": ([changed(INGRESS, {"ipProtocol": UNKNOWN})], ("fromPort",)),
}
OTHER_DIRECTION = {"egress": [changed(RULE, {"type": "egress", "protocol": "-1"})], "no line": [CLIENTS]}


def address_of(port: int) -> dict[str, tuple[list[Resource], tuple[str, ...]]]:
    return {
        "address": ([changed(ports(port, port), {V4: UNKNOWN})], (V4,)),
        "one of several": (
            inline(fromPort=port, toPort=port, cidrBlocks=["10.0.0.0/8", UNKNOWN], ipv6CidrBlocks=[]),
            ("ingress.0.cidrBlocks.1",),
        ),
    }


ADMIN = Cases(
    rule="security-group-admin-ports-closed",
    good=closed_to_world(22),
    bad={**open_to_world(22), "remote desktop": ([ports(3389, 3389)], (V4,))},
    unknown={**NOT_KNOWN, **address_of(22)},
    skipped=OTHER_DIRECTION,
)
RISKY = Cases(
    rule="security-group-high-risk-ports-closed",
    good=closed_to_world(5432),
    bad={
        **open_to_world(5432),
        "cache": ([ports(6379, 6379)], (V4,)),
        "datagrams": ([changed(ports(2049, 2049), {"ipProtocol": "udp"})], (V4,)),
    },
    unknown={**NOT_KNOWN, **address_of(5432)},
    skipped=OTHER_DIRECTION,
)
OPEN = Cases(
    rule="security-group-open-ports-are-allowed",
    good=closed_to_world(8443),
    bad={
        **open_to_world(8443),
        "without TLS": ([ports(80, 80)], (V4,)),
        "datagrams": ([changed(INGRESS, {"ipProtocol": "udp"})], (V4,)),
        "another protocol": ([changed(INGRESS, {"ipProtocol": "50"})], (V4,)),
        "more than allowed": ([ports(443, 444)], (V4,)),
    },
    unknown={**NOT_KNOWN, **address_of(8443)},
    skipped=OTHER_DIRECTION,
)
FIRST = ("fromPort",)
WIDE = Cases(
    rule="security-group-ingress-names-ports",
    good={
        "in line": [INLINE],
        "rule": [INGRESS],
        "range": [ports(1, 1024)],
        "messages": [changed(INGRESS, {"ipProtocol": "icmp"})],
        "members": [changed(INLINE, {"ingress": [{"protocol": "-1", "self": True}]})],
        "members, as a text": [changed(INLINE, {"ingress": [{"protocol": "-1", "self": "true"}]})],
        "members by reference": [
            made(
                INGRESS.type, ipProtocol="-1", refers={"securityGroupId": CLIENTS, "referencedSecurityGroupId": CLIENTS}
            )
        ],
    },
    bad={
        "all": ([changed(FROM_CLIENTS, {"ipProtocol": "-1"})], FIRST),
        "private network": ([changed(ports(0, 65535), {V4: "10.0.0.0/8"})], FIRST),
        "in line": (inline(protocol="all"), ("ingress.0.fromPort",)),
        "members and others": (
            [changed(INLINE, {"ingress": [{"protocol": "-1", "self": True, "securityGroups": ["sg-1"]}]})],
            ("ingress.0.fromPort",),
        ),
        "another group": (
            [
                made(
                    INGRESS.type,
                    ipProtocol="-1",
                    refers={"securityGroupId": INLINE, "referencedSecurityGroupId": CLIENTS},
                )
            ],
            FIRST,
        ),
    },
    unknown={
        "lines": ([changed(INLINE, {"ingress": UNKNOWN})], ("ingress",)),
        "port": ([changed(INGRESS, {"fromPort": UNKNOWN, "toPort": UNKNOWN})], FIRST),
        "whom": ([changed(INLINE, {"ingress": [{"protocol": "-1", "self": UNKNOWN}]})], ("ingress.0.fromPort",)),
    },
    skipped=OTHER_DIRECTION,
)
V4_OUT = "egress.0.cidrBlocks.0"
OUT = Cases(
    rule="security-group-egress-is-limited",
    good={
        "one port": [INLINE],
        "rule": [EGRESS],
        "own network": [changed(EGRESS, {"ipProtocol": "-1", V4: "10.0.0.0/8"})],
        "old rule": [changed(RULE, {"type": "egress"})],
    },
    bad={
        "all protocols": ([changed(EGRESS, {"ipProtocol": "-1"})], (V4,)),
        "all ports": ([ports(0, 65535, EGRESS)], (V4,)),
        "IPv6": ([changed(EGRESS, {"ipProtocol": "-1", V4: GONE, "cidrIpv6": "::/0"})], ("cidrIpv6",)),
        "in line": ([changed(INLINE, {"egress.0.protocol": "-1"})], (V4_OUT,)),
        "old rule": ([changed(RULE, {"type": "egress", "protocol": "-1"})], (V4_RULE,)),
        "most ports": ([ports(1025, 65535, EGRESS)], (V4,)),
    },
    unknown={
        "lines": ([changed(INLINE, {"egress": UNKNOWN})], ("egress",)),
        "address": ([changed(EGRESS, {"ipProtocol": "-1", V4: UNKNOWN})], (V4,)),
        "ports": ([changed(EGRESS, {"fromPort": UNKNOWN, "toPort": UNKNOWN})], ("fromPort",)),
    },
    skipped={"ingress": [changed(RULE, {"protocol": "-1"})], "no line": [CLIENTS]},
)

FUNCTION = made("aws:lambda/function:Function", refers={"vpcConfig": CLIENTS})
USED = Cases(
    rule="security-group-is-used",
    good={"function": [CLIENTS, FUNCTION]},
    bad={
        "nothing": ([CLIENTS], ("",)),
        "only another group's rule": ([CLIENTS, FROM_CLIENTS], ("",)),
        "only its rule": ([CLIENTS, made(EGRESS.type, refers={"securityGroupId": CLIENTS})], ("",)),
        "only another group": ([CLIENTS, made(CLIENTS.type, "other", refers={"ingress": CLIENTS})], ("",)),
    },
    never_unknown="who has a group refers to it",
    always=True,
)

EDGE = made(CLIENTS.type, "edge", ingress=INLINE.inputs["ingress"])
BALANCER = made("aws:lb/loadBalancer:LoadBalancer", "balancer", refers={"securityGroups": EDGE})
OLD_NAME = made("aws:alb/loadBalancer:LoadBalancer", "balancer", refers={"securityGroups": EDGE})
OF_EDGE = made(
    INGRESS.type, ipProtocol="tcp", fromPort=443, toPort=443, cidrIpv4="0.0.0.0/0", refers={"securityGroupId": EDGE}
)
WORKER = made(FUNCTION.type, "worker", refers={"vpcConfig": EDGE})
BOTH = ("ingress.0.cidrBlocks.0", "ingress.0.ipv6CidrBlocks.0")
BALANCED = Cases(
    rule="security-group-open-only-for-load-balancers",
    good={
        "in line": [EDGE, BALANCER],
        "old name": [EDGE, OLD_NAME],
        "rule": [OF_EDGE, EDGE, BALANCER],
        "group": [FROM_CLIENTS, CLIENTS, FUNCTION],
        "private network": [changed(OF_EDGE, {V4: "10.0.0.0/8"}), EDGE, WORKER],
    },
    bad={
        "function": ([OF_EDGE, EDGE, WORKER], (V4,)),
        "function too": ([OF_EDGE, EDGE, BALANCER, WORKER], (V4,)),
        "nobody": ([OF_EDGE, EDGE], (V4,)),
        "in line": ([EDGE, WORKER], BOTH),
    },
    unknown={
        "address": ([changed(OF_EDGE, {V4: UNKNOWN}), EDGE, WORKER], (V4,)),
        "of which group": ([INGRESS], ("securityGroupId",)),
    },
    skipped=OTHER_DIRECTION,
)

CASES: list[Cases] = [ADMIN, RISKY, OPEN, WIDE, OUT, USED, BALANCED]
