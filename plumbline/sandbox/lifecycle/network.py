"""Routes, gateways, endpoints and security groups: what no row of the tables can say."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox import ec2 as vpcs
from plumbline.sandbox import security_groups as groups
from plumbline.sandbox.adapters import Context, Inputs, deleter, given, reader, updater
from plumbline.sandbox.ec2 import ec2, filters
from plumbline.sandbox.lifecycle.changing import change, changed, without
from plumbline.sandbox.lifecycle.reading import tell
from plumbline.sandbox.lifecycle.rows import backend, missing

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
_MEMBERS = ("subnetIds", "routeTableIds", "securityGroupIds")  # of an endpoint
_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
_RULES = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "Ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "Egress",
}


@reader("aws:ec2/route:Route")
def read_route(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = ec2(context, inputs)
    (table,) = client.describe_route_tables(RouteTableIds=[inputs["routeTableId"]])["RouteTables"]
    wanted = _destination(inputs)
    for row in table["Routes"]:
        if all(row.get(key) == value for key, value in wanted.items()):
            return {name: row[key] for name, key in vpcs.TARGETS.items() if row.get(key)}
    return None


@updater("aws:ec2/route:Route")
def update_route(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    ec2(context, now).replace_route(RouteTableId=now["routeTableId"], **_destination(now), **vpcs.target_of(now))
    return {}


def _destination(inputs: Inputs) -> dict[str, str]:
    return {key: inputs[name] for name, key in _DESTINATIONS.items() if inputs.get(name)}


@reader("aws:ec2/routeTableAssociation:RouteTableAssociation")
def read_association(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    tables = ec2(context, inputs).describe_route_tables()["RouteTables"]
    for table in tables:
        for row in table["Associations"]:
            if row["RouteTableAssociationId"] == identity:
                return {
                    "routeTableId": table["RouteTableId"],
                    **given(subnetId=row.get("SubnetId"), gatewayId=row.get("GatewayId")),
                }
    return None


@updater("aws:ec2/routeTableAssociation:RouteTableAssociation")
def update_association(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    # EC2 gives the association a new id, and the provider takes it over; here it keeps the one that the state has.
    client = ec2(context, now)
    fresh = client.replace_route_table_association(AssociationId=identity, RouteTableId=now["routeTableId"])
    kept = backend(context, "ec2", client.meta.region_name).route_tables[now["routeTableId"]]._associations
    kept[identity] = kept.pop(fresh["NewAssociationId"])
    return {}


@updater(GATEWAY)
def update_gateway(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = ec2(context, now)
    if "vpcId" in changed(before, now):
        if before.get("vpcId"):
            client.detach_internet_gateway(InternetGatewayId=identity, VpcId=before["vpcId"])
        if now.get("vpcId"):
            client.attach_internet_gateway(InternetGatewayId=identity, VpcId=now["vpcId"])
    return {}


@deleter(GATEWAY)
def delete_gateway(context: Context, identity: str, inputs: Inputs) -> None:
    client = ec2(context, inputs)
    (found,) = client.describe_internet_gateways(InternetGatewayIds=[identity])["InternetGateways"]
    for row in found["Attachments"]:
        client.detach_internet_gateway(InternetGatewayId=identity, VpcId=row["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=identity)


@deleter("aws:ec2/eip:Eip")
def delete_address(context: Context, identity: str, inputs: Inputs) -> None:
    client = ec2(context, inputs)
    (found,) = client.describe_addresses(AllocationIds=[identity])["Addresses"]
    if found.get("AssociationId"):
        client.disassociate_address(AssociationId=found["AssociationId"])
    client.release_address(AllocationId=identity)


@updater(ENDPOINT)
def update_endpoint(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left, changes = ec2(context, now), changed(before, now), dict[str, Any]()
    for name, word in (
        ("subnetIds", "SubnetIds"),
        ("routeTableIds", "RouteTableIds"),
        ("securityGroupIds", "SecurityGroupIds"),
    ):
        old, new = list(before.get(name) or []), list(now.get(name) or [])
        changes |= given(
            **{f"Add{word}": [row for row in new if row not in old] or None},
            **{f"Remove{word}": [row for row in old if row not in new] or None},
        )
    if "policy" in left:
        changes["PolicyDocument"] = now.get("policy") or "{}"
    if changes:
        client.modify_vpc_endpoint(VpcEndpointId=identity, **changes)
    change(ENDPOINT, context, identity, *(without(inputs, {*_MEMBERS, "policy"}) for inputs in (before, now)))
    return {}


def _update_rule(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    port = {
        "IpProtocol": now["ipProtocol"],
        "FromPort": int(now.get("fromPort", -1)),
        "ToPort": int(now.get("toPort", -1)),
    }
    peer = given(
        CidrIpv4=now.get("cidrIpv4"),
        CidrIpv6=now.get("cidrIpv6"),
        PrefixListId=now.get("prefixListId"),
        ReferencedGroupId=now.get("referencedSecurityGroupId"),
    )
    if changed(before, now) - {"tags"}:
        rule = {**port, **peer, **given(Description=now.get("description"))}
        ec2(context, now).modify_security_group_rules(
            GroupId=now["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": identity, "SecurityGroupRule": rule}],
        )
    return {}


for _type in _RULES:
    updater(_type)(_update_rule)


@updater(GROUP)
def update_group(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    """Change the rules that a group declares itself; rules that are resources of their own stay."""
    left = changed(before, now)
    client = ec2(context, now)
    if left & {"ingress", "egress"}:
        groups.revoke_declared(client, identity, {name: before.get(name) for name in left})
        groups.authorize_declared(client, identity, {name: now.get(name) for name in left})
    change(GROUP, context, identity, *(without(inputs, {"ingress", "egress"}) for inputs in (before, now)))
    return {}


@reader(DEFAULT_GROUP)
def read_default_group(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    found = tell(DEFAULT_GROUP, context, identity, inputs)
    if found is None:
        return None
    (group,) = ec2(context, inputs).describe_security_groups(GroupIds=[identity])["SecurityGroups"]
    # A default group without declared rules has none; what it has is told as it is.
    rules = {name: group[key] for name, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress"))}
    return {**found, **{name: groups.told_rules(rows, identity) for name, rows in rules.items()}}


@updater(DEFAULT_GROUP)
def update_default_group(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = ec2(context, now)
    if changed(before, now) & {"ingress", "egress"}:
        (group,) = client.describe_security_groups(GroupIds=[identity])["SecurityGroups"]
        groups.revoke_all(client, group)
        groups.authorize_declared(client, identity, now)
    return {}


@deleter(DEFAULT_GROUP)
def delete_default_group(context: Context, identity: str, inputs: Inputs) -> None:
    """Do nothing: the provider only lets go of a VPC's default group, which lives as long as the VPC."""


@reader(ACL_RULE)
def read_acl_rule(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    (acl,) = ec2(context, inputs).describe_network_acls(NetworkAclIds=[inputs["networkAclId"]])["NetworkAcls"]
    egress, number = bool(inputs.get("egress")), int(inputs["ruleNumber"])
    found = any(row["Egress"] == egress and row["RuleNumber"] == number for row in acl["Entries"])
    return {} if found else None


@deleter(ACL_RULE)
def delete_acl_rule(context: Context, identity: str, inputs: Inputs) -> None:
    if read_acl_rule(context, identity, inputs) is None:
        raise missing("DeleteNetworkAclEntry")
    ec2(context, inputs).delete_network_acl_entry(
        NetworkAclId=inputs["networkAclId"], RuleNumber=int(inputs["ruleNumber"]), Egress=bool(inputs.get("egress"))
    )


@deleter("aws:ec2/networkAcl:NetworkAcl")
def delete_acl(context: Context, identity: str, inputs: Inputs) -> None:
    """Give the subnets back to the VPC's default ACL, and delete this one."""
    client = ec2(context, inputs)
    (acl,) = client.describe_network_acls(NetworkAclIds=[identity])["NetworkAcls"]
    default = client.describe_network_acls(Filters=filters(vpc_id=acl["VpcId"], default="true"))["NetworkAcls"][0]
    for row in acl["Associations"]:
        client.replace_network_acl_association(
            AssociationId=row["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"]
        )
    client.delete_network_acl(NetworkAclId=identity)
