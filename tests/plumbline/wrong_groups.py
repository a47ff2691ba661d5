"""Wrong programs about security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from tests.plumbline.wrong_base import Wrong


def group(name: str = "web", **changes: Any) -> aws.ec2.SecurityGroup:
    """A security group without rules."""
    return aws.ec2.SecurityGroup(name, **{"name": name, "description": "Serves the web", **changes})


def ingress(of: Any, name: str = "in", **changes: Any) -> aws.vpc.SecurityGroupIngressRule:
    """A rule that lets HTTPS in from one network."""
    whole = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/16", **changes}
    return aws.vpc.SecurityGroupIngressRule(name, security_group_id=of.id, **whole)


def egress(of: Any, name: str = "out", **changes: Any) -> aws.vpc.SecurityGroupEgressRule:
    """A rule that lets HTTPS out to one network."""
    whole = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/16", **changes}
    return aws.vpc.SecurityGroupEgressRule(name, security_group_id=of.id, **whole)


def inline(**changes: Any) -> dict[str, Any]:
    """Return a rule as it is written inside a group."""
    return {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"], **changes}


def _two(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> None:
    web = group()
    ingress(web, "first", **(first or {}))
    ingress(web, "second", **(second or {}))


def _two_from(*sources: str) -> None:
    web, found = group(), {name: group(name) for name in dict.fromkeys(sources)}
    for number, name in enumerate(sources):
        ingress(web, f"rule-{number}", cidr_ipv4=None, referenced_security_group_id=found[name].id)


def _many(count: int, *more: dict[str, Any]) -> None:
    web = group()
    rules = [{"cidr_ipv4": f"10.0.{number}.0/24"} for number in range(count)]
    for number, rule in enumerate([*rules, *more]):
        ingress(web, f"rule-{number:03}", **rule)


def _beside_inline(**changes: Any) -> None:
    ingress(group(**{"ingress": [inline()], **changes}))


def _default(name: str = "default", **changes: Any) -> aws.ec2.DefaultSecurityGroup:
    return aws.ec2.DefaultSecurityGroup(name, **changes)


def _defaults(*vpcs: str) -> None:
    found = {name: aws.ec2.Vpc(name, cidr_block="10.0.0.0/16") for name in dict.fromkeys(vpcs)}
    for number, name in enumerate(vpcs):
        _default(f"default-{number}", vpc_id=found[name].id)


def _old_rule(of: aws.ec2.SecurityGroup) -> aws.ec2.SecurityGroupRule:
    return aws.ec2.SecurityGroupRule(
        "old", type="ingress", security_group_id=of.id, protocol="tcp", from_port=1, to_port=1, self=True
    )


IPV6 = {"cidr_ipv4": None, "cidr_ipv6": "2001:db8::/32"}

WRONG_GROUPS: list[Wrong] = [
    Wrong("group of 256 characters", lambda: group("g" * 256), "name", "256 characters given; allowed: at most 255"),
    Wrong("group named like an id", lambda: group("sg-web"), "name", "'sg-web' given; names that begin with sg-"),
    Wrong("group named default", lambda: group("default"), "name", "'default' given; names that begin with sg-"),
    Wrong("underlined quotes in a name", lambda: group(name="web's"), "name", '"web\'s" given; allowed: letters'),
    Wrong(
        "dash in a description",
        lambda: group(description="Web — in"),
        "description",
        "'Web — in' given; allowed: letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*",
    ),
    Wrong("long description", lambda: group(description="d" * 256), "description", "256 characters given"),
    Wrong(
        "quotes in a rule's description",
        lambda: ingress(group(), description='the "web"'),
        "description",
        "allowed: letters, digits",
    ),
    Wrong(
        "quotes in an inline rule's description",
        lambda: group(egress=[inline(description="what's out")]),
        "egress[0].description",
        "allowed: letters, digits",
    ),
    Wrong(
        "rule with two sources",
        lambda: ingress(group(), cidr_ipv6="::/0"),
        "",
        "cidrIpv4 and cidrIpv6 given; exactly one of cidrIpv4",
    ),
    Wrong("rule without destination", lambda: egress(group(), cidr_ipv4=None), "", "nothing given; exactly one of"),
    Wrong(
        "ports the wrong way round",
        lambda: ingress(group(), from_port=8080, to_port=80),
        "fromPort",
        "ports 8080 to 80 given; the first must not be above the last",
    ),
    Wrong(
        "port 65536",
        lambda: ingress(group(), to_port=65_536),
        "fromPort",
        "ports 443 to 65536 given; allowed: 0 to 65535",
    ),
    Wrong(
        "port of all protocols",
        lambda: egress(group(), ip_protocol="-1", to_port=None),
        "fromPort",
        "given, but a rule for all protocols has no ports",
    ),
    Wrong(
        "TCP without ports",
        lambda: ingress(group(), from_port=None, to_port=None),
        "fromPort",
        "missing; protocol tcp needs it",
        also=(("toPort", "missing; protocol tcp needs it"),),
    ),
    Wrong(
        "inline ports the wrong way round",
        lambda: group(ingress=[inline(from_port=8080, to_port=80)]),
        "ingress[0]",
        "ports 8080 to 80 given",
    ),
    Wrong(
        "inline port of all protocols",
        lambda: group(egress=[inline(protocol="-1")]),
        "egress[0]",
        "ports 443 to 443 given; all protocols have ports 0 to 0",
    ),
    Wrong(
        "one rule twice",
        lambda: _two({"description": "one"}, {"description": "two"}),
        "",
        "the same as rule first of group web",
    ),
    Wrong(
        "one rule twice by number and name",
        lambda: _two({"ip_protocol": "6"}),
        "",
        "the same as rule first of group web",
    ),
    Wrong(
        "one rule twice by a group that is still to be made",
        lambda: _two_from("app", "app"),
        "",
        "the same as rule rule-0 of group web",
    ),
    Wrong(
        "61 rules",
        lambda: _many(61),
        "securityGroupId",
        "group web has 61 rules; allowed: at most 60",
    ),
    Wrong(
        "61 rules with a prefix list",
        lambda: _many(60, {"cidr_ipv4": None, "prefix_list_id": "pl-1"}, IPV6),
        "securityGroupId",
        "group web has 61 rules; allowed: at most 60",
    ),
    Wrong(
        "61 sources inside a group",
        lambda: group(ingress=[inline(cidr_blocks=[f"10.0.{number}.0/24" for number in range(60)], self=True)]),
        "ingress",
        "61 rules given; allowed: at most 60",
    ),
    Wrong(
        "rules inside and beside a group",
        _beside_inline,
        "securityGroupId",
        "group web has rules inside it, which take this one away",
    ),
    Wrong(
        "rules inside and the old kind beside a group",
        lambda: _old_rule(group(egress=[])),
        "securityGroupId",
        "group web has rules inside it",
    ),
    Wrong(
        "rule beside a default group",
        lambda: ingress(_default()),
        "securityGroupId",
        "default group default takes away rules that are not inside it",
    ),
    Wrong(
        "two default groups",
        lambda: _defaults("main", "main"),
        "vpcId",
        "the default group of VPC main is declared already, by default-0",
    ),
]
SOUND_GROUPS: dict[str, Callable[[], Any]] = {
    "group with rules beside it": lambda: _two(second={"from_port": 80, "to_port": 80}),
    "group with rules inside it": lambda: group(
        ingress=[inline(self=True)], egress=[inline(protocol="-1", from_port=0, to_port=0)]
    ),
    "group with every character": lambda: group(description="a ._-:/()#,@[]+=&;{}!$*Z9"),
    "group of 255 characters": lambda: group("g" * 255),
    "rule for all protocols": lambda: egress(group(), ip_protocol="-1", from_port=None, to_port=None),
    "rule for pings": lambda: ingress(group(), ip_protocol="icmp", from_port=8, to_port=0),
    "rules from two groups": lambda: _two_from("app", "batch"),
    "same rule in and out": lambda: (ingress(web := group()), egress(web)),
    "same rule in two groups": lambda: (ingress(group()), ingress(group("other"), "in-other")),
    "60 rules of each family": lambda: _many(
        60, *[{"cidr_ipv4": None, "cidr_ipv6": f"2001:db8:{number}::/48"} for number in range(60)]
    ),
    "rules whose sources are unknown": lambda: _two(
        {"cidr_ipv4": aws.s3.Bucket("one").arn}, {"cidr_ipv4": aws.s3.Bucket("two").arn}
    ),
    "old rule beside a group": lambda: _old_rule(group()),
    "default groups of two VPCs": lambda: _defaults("main", "other"),
    "default group with rules inside it": lambda: _default(ingress=[inline(self=True)]),
}
