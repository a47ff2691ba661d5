"""From where security groups let traffic in: named sources, not whole private ranges."""

from __future__ import annotations

import ipaddress

from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    fail,
    rule,
)


@rule(
    "OP-431",
    "security-group-ingress-names-sources",
    pack="operations",
    types=(
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ),
    severity="medium",
    rationale="A whole private range is every network that is or will be connected, not who should come.",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    remediation="Name the security group of who should come, or the range of its subnets.",
    parameters={"widest_private": 16},
)
def sources(view: View) -> Outcome:
    """What is open to everybody is for other rules to tell."""
    if view.type.endswith(":SecurityGroupRule") and str(view.get("type")).lower() == "egress":
        return NOT_APPLICABLE
    paths = {
        "aws:ec2/securityGroup:SecurityGroup": [
            f"ingress.{number}.cidrBlocks" for number in range(len(view.items("ingress") or ()))
        ],
        "aws:ec2/securityGroupRule:SecurityGroupRule": ["cidrBlocks"],
    }.get(view.type, ["cidrIpv4"])
    outcomes: list[Outcome] = []
    widest = view.parameters["widest_private"]
    for path in paths:
        for cidr in view.items(path) or ():
            wide = _wide_private(cidr, widest)
            outcomes.append(fail(path, str(cidr), f"a range of /{widest} or smaller, or a group") if wide else PASS)
    return all_of(outcomes)


def _wide_private(cidr: object, widest: int) -> bool:
    try:
        network = ipaddress.ip_network(str(cidr), strict=False)
    except ValueError:
        return False
    return network.version == 4 and network.is_private and network.prefixlen < widest
