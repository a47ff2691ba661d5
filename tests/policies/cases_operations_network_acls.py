"""Fixtures of rules about network ACLs."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

VPC = made("aws:ec2/vpc:Vpc", "vpc")
ACL = made("aws:ec2/networkAcl:NetworkAcl", "acl", refers={"vpcId": VPC}, subnetIds=["subnet-1"], ingress=[], egress=[])


def row(ports: tuple[int, int], cidr: Any = "0.0.0.0/0", action: Any = "allow", number: Any = 100) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "fromPort": ports[0],
        "toPort": ports[1],
        "cidrBlock": cidr,
        "action": action,
        "ruleNo": number,
    }


def with_rows(*rows: Any) -> list[Resource]:
    return [changed(ACL, {"ingress": list(rows)})]


def line(name: str, ports: tuple[int, int], action: Any = "allow", number: Any = 100, **more: Any) -> Resource:
    return made(
        "aws:ec2/networkAclRule:NetworkAclRule",
        name,
        refers={"networkAclId": ACL},
        **{
            "protocol": "tcp",
            "fromPort": ports[0],
            "toPort": ports[1],
            "cidrBlock": "0.0.0.0/0",
            "egress": False,
            "ruleAction": action,
            "ruleNumber": number,
            **more,
        },
    )


BLOCK = "ingress.0.cidrBlock"
ADMIN_PORTS = Cases(
    rule="network-acl-admin-ports-closed",
    good={
        "nothing": [ACL],
        "web": with_rows(row((443, 443))),
        "refused before": with_rows(
            row((22, 22), action="deny", number=10), row((3389, 3389), action="deny", number=11), row((0, 65535))
        ),
        "own network": with_rows(row((0, 65535), cidr="10.0.0.0/8")),
        "UDP": with_rows({**row((0, 65535)), "protocol": "17"}),
        "rule": [line("web", (443, 443)), ACL],
        "rule refused before": [line("answers", (1024, 65535)), line("rdp", (3389, 3389), "deny", 10), ACL],
        "rule that lets out": [line("out", (0, 65535), egress=True), ACL],
        "rule that refuses": [line("no", (22, 22), "DENY"), ACL],
    },
    bad={
        "SSH": (with_rows(row((22, 22))), (BLOCK,)),
        "one line": ([changed(ACL, {"ingress": row((22, 22))})], ("ingress.cidrBlock",)),
        "range": (with_rows(row((1024, 65535))), (BLOCK,)),
        "every protocol": (with_rows({**row((0, 0)), "protocol": "-1"}), (BLOCK,)),
        "refused too late": (with_rows(row((22, 22)), row((22, 22), action="deny", number=200)), (BLOCK,)),
        "refused for another version": (
            with_rows({**row((22, 22), cidr=None), "ipv6CidrBlock": "::/0"}, row((22, 22), action="deny", number=1)),
            ("ingress.0.ipv6CidrBlock",),
        ),
        "default ACL": (
            [made("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", ingress=[row((3389, 3389))])],
            (BLOCK,),
        ),
        "rule": ([line("ssh", (22, 22)), ACL], ("cidrBlock",)),
    },
    unknown={
        "lines": ([made(ACL.type, refers={"ingress": VPC})], ("ingress",)),
        "address": (with_rows(row((22, 22), cidr=UNKNOWN)), (BLOCK,)),
        "ports": (with_rows({**row((22, 22)), "toPort": UNKNOWN}), ("ingress.0.fromPort",)),
        "action": (with_rows(row((22, 22), action=UNKNOWN)), ("ingress.0.action",)),
        "direction": ([line("ssh", (22, 22), egress=UNKNOWN), ACL], ("egress",)),
    },
    always=True,
)
ATTACHED = Cases(
    rule="network-acl-is-attached",
    good={
        "subnets": [ACL],
        "association": [
            changed(ACL, {"subnetIds": GONE}),
            made("aws:ec2/networkAclAssociation:NetworkAclAssociation", refers={"networkAclId": ACL}),
        ],
    },
    bad={
        "none": ([changed(ACL, {"subnetIds": GONE})], ("subnetIds",)),
        "empty": ([changed(ACL, {"subnetIds": []})], ("subnetIds",)),
    },
    unknown={
        "of which ACL": (
            [
                changed(ACL, {"subnetIds": GONE}),
                made("aws:ec2/networkAclAssociation:NetworkAclAssociation", networkAclId=UNKNOWN),
            ],
            ("subnetIds",),
        )
    },
    always=True,
)
EVERYTHING = Cases(
    rule="network-acl-does-not-allow-everything",
    good={"nothing": [ACL], "web": with_rows(row((443, 443))), "answers": [line("answers", (1024, 65535))]},
    bad={
        "all": (with_rows({**row((0, 0)), "protocol": -1}), (BLOCK,)),
        "all ports": (with_rows(row((0, 65535))), (BLOCK,)),
        "rule": ([line("all", (0, 0), protocol="all")], ("cidrBlock",)),
    },
    unknown={
        "lines": ([made(ACL.type, refers={"ingress": VPC})], ("ingress",)),
        "protocol": (with_rows({**row((0, 0)), "protocol": UNKNOWN}), ("ingress.0.fromPort",)),
    },
    skipped={"lets out": [line("out", (0, 0), egress=True)], "refuses": [line("no", (0, 0), "deny")]},
)

CASES: list[Cases] = [ADMIN_PORTS, ATTACHED, EVERYTHING]
