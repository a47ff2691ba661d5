"""Instances: that they have no address of their own on the internet."""

from __future__ import annotations

from policies.rules.model import (
    Outcome,
    View,
    all_of,
    check_false,
    rule,
)


@rule(
    "OP-432",
    "instance-has-no-public-address",
    pack="operations",
    types=(
        "aws:ec2/instance:Instance",
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        "aws:ec2/launchTemplate:LaunchTemplate",
    ),
    severity="high",
    rationale="An address of its own puts an instance on the internet, with only its security group before it.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-9",
    remediation="Set associate_public_ip_address=False, and put the instance behind a load balancer.",
)
def public_address(view: View) -> Outcome:
    places = ["associatePublicIpAddress"]
    places += [
        f"networkInterfaces.{number}.associatePublicIpAddress"
        for number in range(len(view.items("networkInterfaces") or ()))
    ]
    return all_of(check_false(view, path) for path in places)
