"""Security groups and their rules in the sandbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list
from plumbline.sandbox.ec2 import arn_of, default_group, ec2, filters, owned, tag_specifications, whole


@adapter("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
def default_security_group(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    vpc_id = inputs.get("vpcId") or _default_vpc(client)
    group = default_group(client, vpc_id)
    identity = group["GroupId"]
    revoke_all(client, group)
    if inputs.get("tags"):
        client.create_tags(Resources=[identity], Tags=tag_list(inputs))
    authorize_declared(client, identity, inputs)
    outputs = {"name": group["GroupName"], "description": group["Description"], "vpcId": vpc_id}
    return identity, {**owned(context, inputs, "security-group", identity), **outputs}


@adapter("aws:ec2/securityGroup:SecurityGroup")
def security_group(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    description = inputs.get("description") or "Managed by Pulumi"
    identity = client.create_security_group(
        GroupName=inputs["name"],
        Description=description,
        TagSpecifications=tag_specifications("security-group", inputs),
        **given(VpcId=inputs.get("vpcId")),
    )["GroupId"]
    (group,) = client.describe_security_groups(GroupIds=[identity])["SecurityGroups"]
    # EC2 lets a new group reach everything. The provider takes that rule away, so that only declared rules hold.
    revoke_all(client, group)
    authorize_declared(client, identity, inputs)
    outputs = {"description": description, "vpcId": group["VpcId"]}
    return identity, {**owned(context, inputs, "security-group", identity), **outputs}


@adapter("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
def ingress_rule(context: Context, inputs: Inputs) -> Created:
    return _rule(context, inputs, ec2(context, inputs).authorize_security_group_ingress)


@adapter("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
def egress_rule(context: Context, inputs: Inputs) -> Created:
    return _rule(context, inputs, ec2(context, inputs).authorize_security_group_egress)


def _default_vpc(client: Any) -> str:
    return client.describe_vpcs(Filters=filters(is_default="true"))["Vpcs"][0]["VpcId"]


def revoke_all(client: Any, group: Inputs) -> None:
    if group["IpPermissions"]:
        client.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def authorize_declared(client: Any, group: str, inputs: Inputs) -> None:
    """Make the rules that a group declares itself."""
    for name, call in (
        ("ingress", client.authorize_security_group_ingress),
        ("egress", client.authorize_security_group_egress),
    ):
        permissions = [_inline(group, row) for row in inputs.get(name) or []]
        if permissions:
            call(GroupId=group, IpPermissions=permissions)


def revoke_declared(client: Any, group: str, inputs: Inputs) -> None:
    """Take the rules away that a group declares itself."""
    for name, call in (
        ("ingress", client.revoke_security_group_ingress),
        ("egress", client.revoke_security_group_egress),
    ):
        permissions = [_inline(group, row) for row in inputs.get(name) or []]
        if permissions:
            call(GroupId=group, IpPermissions=permissions)


def told_rules(permissions: Iterable[Inputs], group: str) -> list[dict[str, Any]]:
    """Return a group's permissions as it would declare them itself."""
    return [
        given(
            protocol=row["IpProtocol"],
            fromPort=row.get("FromPort", 0),
            toPort=row.get("ToPort", 0),
            cidrBlocks=[peer["CidrIp"] for peer in row.get("IpRanges") or []] or None,
            ipv6CidrBlocks=[peer["CidrIpv6"] for peer in row.get("Ipv6Ranges") or []] or None,
            prefixListIds=[peer["PrefixListId"] for peer in row.get("PrefixListIds") or []] or None,
            securityGroups=[peer["GroupId"] for peer in row.get("UserIdGroupPairs") or [] if peer["GroupId"] != group]
            or None,
            self=True if any(peer["GroupId"] == group for peer in row.get("UserIdGroupPairs") or []) else None,
        )
        for row in permissions
    ]


def _inline(group: str, row: Inputs) -> dict[str, Any]:
    groups = [*(row.get("securityGroups") or []), *([group] if row.get("self") else [])]
    peers = {
        "IpRanges": _peers(row, "CidrIp", row.get("cidrBlocks") or []),
        "Ipv6Ranges": _peers(row, "CidrIpv6", row.get("ipv6CidrBlocks") or []),
        "PrefixListIds": _peers(row, "PrefixListId", row.get("prefixListIds") or []),
        "UserIdGroupPairs": _peers(row, "GroupId", groups),
    }
    return {**_ports(row["protocol"], row), **{name: value for name, value in peers.items() if value}}


def _rule(context: Context, inputs: Inputs, authorize: Any) -> Created:
    peers = {
        "IpRanges": _peers(inputs, "CidrIp", _one(inputs.get("cidrIpv4"))),
        "Ipv6Ranges": _peers(inputs, "CidrIpv6", _one(inputs.get("cidrIpv6"))),
        "PrefixListIds": _peers(inputs, "PrefixListId", _one(inputs.get("prefixListId"))),
        "UserIdGroupPairs": _peers(inputs, "GroupId", _one(inputs.get("referencedSecurityGroupId"))),
    }
    made = authorize(
        GroupId=inputs["securityGroupId"],
        IpPermissions=[{**_ports(inputs["ipProtocol"], inputs), **{name: row for name, row in peers.items() if row}}],
        TagSpecifications=tag_specifications("security-group-rule", inputs),
    )
    (rule,) = made["SecurityGroupRules"]
    identity = rule["SecurityGroupRuleId"]
    return identity, {"arn": arn_of(context, inputs, "security-group-rule", identity), "securityGroupRuleId": identity}


def _one(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _peers(row: Inputs, key: str, values: Iterable[str]) -> list[dict[str, str]]:
    return [given(**{key: value}, Description=row.get("description")) for value in values]


def _ports(protocol: str, row: Inputs) -> dict[str, Any]:
    every = protocol in ("-1", "all")
    ports = {} if every else given(FromPort=whole(row.get("fromPort")), ToPort=whole(row.get("toPort")))
    return {"IpProtocol": "-1" if every else protocol, **ports}
