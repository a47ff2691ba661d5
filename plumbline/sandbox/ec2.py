"""EC2 networking in the sandbox: VPCs, their routes, network ACLs, endpoints and flow logs."""

from __future__ import annotations

import zlib
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list

TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "transitGatewayId": "TransitGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "carrierGatewayId": "CarrierGatewayId",
    "vpcEndpointId": "VpcEndpointId",
}  # moto does not know local gateways, core networks and ODB networks as targets
_PROTOCOLS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_FLOW_LOG_SOURCES = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}


def ec2(context: Context, inputs: Inputs) -> Any:
    """Return a client of EC2 for a resource.

    moto makes a default VPC out of random numbers when a region is first touched, and touches one of its own for the
    service's addresses. That must not shift the numbers of the resource that happens to come first, or its id would
    depend on the order of registrations.
    """
    state = mock_random.getstate()
    _ = ec2_backends[context.account_id][_region(context, inputs)]
    _ = ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    mock_random.setstate(state)
    return context.client("ec2", inputs)


@adapter("aws:ec2/vpc:Vpc")
def vpc(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.create_vpc(
        CidrBlock=inputs["cidrBlock"],  # moto has no IPAM pools to take a block from
        TagSpecifications=tag_specifications("vpc", inputs),
        **given(
            InstanceTenancy=inputs.get("instanceTenancy"),
            AmazonProvidedIpv6CidrBlock=inputs.get("assignGeneratedIpv6CidrBlock"),
        ),
    )["Vpc"]
    identity = made["VpcId"]
    for attribute in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
        if inputs.get(attribute) is not None:
            change = {attribute[0].upper() + attribute[1:]: {"Value": inputs[attribute]}}
            client.modify_vpc_attribute(VpcId=identity, **change)
    table = client.describe_route_tables(Filters=filters(vpc_id=identity, association_main="true"))["RouteTables"][0]
    acl = client.describe_network_acls(Filters=filters(vpc_id=identity, default="true"))["NetworkAcls"][0]
    outputs = {
        "arn": arn_of(context, inputs, "vpc", identity),
        "ownerId": context.account_id,
        "dhcpOptionsId": made["DhcpOptionsId"],
        "mainRouteTableId": table["RouteTableId"],
        "defaultRouteTableId": table["RouteTableId"],
        "defaultNetworkAclId": acl["NetworkAclId"],
        "defaultSecurityGroupId": default_group(client, identity)["GroupId"],
        # The provider writes that there is none; left out it would count as unknown in the engine's previews.
        "ipv6CidrBlock": "",
        "ipv6AssociationId": "",
    }
    for block in made.get("Ipv6CidrBlockAssociationSet") or []:
        outputs |= {"ipv6CidrBlock": block["Ipv6CidrBlock"], "ipv6AssociationId": block["AssociationId"]}
    return identity, outputs


@adapter("aws:ec2/subnet:Subnet")
def subnet(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.create_subnet(
        VpcId=inputs["vpcId"],
        TagSpecifications=tag_specifications("subnet", inputs),
        **given(
            CidrBlock=inputs.get("cidrBlock"),
            Ipv6CidrBlock=inputs.get("ipv6CidrBlock"),
            Ipv6Native=inputs.get("ipv6Native"),
            AvailabilityZone=inputs.get("availabilityZone"),
            AvailabilityZoneId=inputs.get("availabilityZoneId"),
        ),
    )["Subnet"]
    # moto does not keep the other attributes of a launch: DNS64, AAAA records, the kind of host names.
    for name, attribute in (
        ("mapPublicIpOnLaunch", "MapPublicIpOnLaunch"),
        ("assignIpv6AddressOnCreation", "AssignIpv6AddressOnCreation"),
        ("enableResourceNameDnsARecordOnLaunch", "EnableResourceNameDnsARecordOnLaunch"),
    ):
        if inputs.get(name) is not None:
            client.modify_subnet_attribute(SubnetId=made["SubnetId"], **{attribute: {"Value": inputs[name]}})
    outputs = {
        "arn": made["SubnetArn"],
        "ownerId": made["OwnerId"],
        "availabilityZone": made["AvailabilityZone"],
        "availabilityZoneId": made["AvailabilityZoneId"],
    }
    return made["SubnetId"], outputs


@adapter("aws:ec2/internetGateway:InternetGateway")
def internet_gateway(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.create_internet_gateway(TagSpecifications=tag_specifications("internet-gateway", inputs))[
        "InternetGateway"
    ]
    identity = made["InternetGatewayId"]
    if inputs.get("vpcId"):
        client.attach_internet_gateway(InternetGatewayId=identity, VpcId=inputs["vpcId"])
    return identity, owned(context, inputs, "internet-gateway", identity)


@adapter("aws:ec2/routeTable:RouteTable")
def route_table(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.create_route_table(VpcId=inputs["vpcId"], TagSpecifications=tag_specifications("route-table", inputs))
    identity = made["RouteTable"]["RouteTableId"]
    for row in inputs.get("routes") or []:
        client.create_route(
            RouteTableId=identity,
            **given(
                DestinationCidrBlock=row.get("cidrBlock"),
                DestinationIpv6CidrBlock=row.get("ipv6CidrBlock"),
                DestinationPrefixListId=row.get("destinationPrefixListId"),
            ),
            **target_of(row),
        )
    # moto does not propagate the routes of virtual private gateways.
    return identity, owned(context, inputs, "route-table", identity)


@adapter("aws:ec2/route:Route")
def route(context: Context, inputs: Inputs) -> Created:
    destinations = given(
        DestinationCidrBlock=inputs.get("destinationCidrBlock"),
        DestinationIpv6CidrBlock=inputs.get("destinationIpv6CidrBlock"),
        DestinationPrefixListId=inputs.get("destinationPrefixListId"),
    )
    table = inputs["routeTableId"]
    ec2(context, inputs).create_route(RouteTableId=table, **destinations, **target_of(inputs))
    identity = f"r-{table}{_checksum(''.join(destinations.values()))}"
    return identity, {"origin": "CreateRoute", "state": "active"}


@adapter("aws:ec2/routeTableAssociation:RouteTableAssociation")
def route_table_association(context: Context, inputs: Inputs) -> Created:
    made = ec2(context, inputs).associate_route_table(
        RouteTableId=inputs["routeTableId"],
        **given(SubnetId=inputs.get("subnetId"), GatewayId=inputs.get("gatewayId")),
    )
    return made["AssociationId"], {}


@adapter("aws:ec2/eip:Eip")
def eip(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.allocate_address(Domain="vpc", TagSpecifications=tag_specifications("elastic-ip", inputs))
    identity = made["AllocationId"]
    outputs = {
        "allocationId": identity,
        "arn": arn_of(context, inputs, "elastic-ip", identity),
        "domain": "vpc",
        "publicIp": made["PublicIp"],
        "publicDns": f"ec2-{made['PublicIp'].replace('.', '-')}.{_public_domain(_region(context, inputs))}",
    }
    if inputs.get("instance") or inputs.get("networkInterface"):
        associated = client.associate_address(
            AllocationId=identity,
            **given(InstanceId=inputs.get("instance"), NetworkInterfaceId=inputs.get("networkInterface")),
        )
        outputs["associationId"] = associated["AssociationId"]
    return identity, outputs


@adapter("aws:ec2/natGateway:NatGateway")
def nat_gateway(context: Context, inputs: Inputs) -> Created:
    # moto knows zonal gateways with one address that it picks itself.
    made = ec2(context, inputs).create_nat_gateway(
        SubnetId=inputs["subnetId"],
        TagSpecifications=tag_specifications("natgateway", inputs),
        **given(AllocationId=inputs.get("allocationId"), ConnectivityType=inputs.get("connectivityType")),
    )["NatGateway"]
    (address,) = made["NatGatewayAddresses"]
    outputs = given(
        associationId=address.get("AssociationId"),
        networkInterfaceId=address["NetworkInterfaceId"],
        privateIp=address["PrivateIp"],
        publicIp=address.get("PublicIp"),
    )
    return made["NatGatewayId"], outputs


@adapter("aws:ec2/vpcEndpoint:VpcEndpoint")
def vpc_endpoint(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    kind = inputs.get("vpcEndpointType") or "Gateway"
    if kind == "Gateway":
        _settle_prefix_lists(context, inputs)
    # moto keeps no DNS options, IP address types and fixed addresses.
    made = client.create_vpc_endpoint(
        VpcId=inputs["vpcId"],
        ServiceName=inputs["serviceName"],
        VpcEndpointType=kind,
        TagSpecifications=tag_specifications("vpc-endpoint", inputs),
        **given(
            PolicyDocument=inputs.get("policy"),
            RouteTableIds=inputs.get("routeTableIds"),
            SubnetIds=inputs.get("subnetIds"),
            SecurityGroupIds=inputs.get("securityGroupIds"),
            PrivateDnsEnabled=inputs.get("privateDnsEnabled"),
        ),
    )["VpcEndpoint"]
    identity = made["VpcEndpointId"]
    lists = client.describe_managed_prefix_lists(Filters=filters(prefix_list_name=inputs["serviceName"]))
    outputs = {
        "arn": arn_of(context, inputs, "vpc-endpoint", identity),
        "ownerId": context.account_id,
        "state": made["State"],
        "networkInterfaceIds": made.get("NetworkInterfaceIds") or [],
        "dnsEntries": [
            {"dnsName": row["DnsName"], "hostedZoneId": row["HostedZoneId"]} for row in made.get("DnsEntries") or []
        ],
    }
    if kind == "Gateway" and lists["PrefixLists"]:
        outputs["prefixListId"] = lists["PrefixLists"][0]["PrefixListId"]
    return identity, outputs


@adapter("aws:ec2/flowLog:FlowLog")
def flow_log(context: Context, inputs: Inputs) -> Created:
    source = next(name for name in _FLOW_LOG_SOURCES if inputs.get(name))
    kind = inputs.get("logDestinationType") or "cloud-watch-logs"
    destination = inputs["logDestination"]
    # moto looks a log group up by its name only, and keeps no options of files in S3.
    place = (
        {"LogGroupName": destination.split(":log-group:")[-1].removesuffix(":*")}
        if kind == "cloud-watch-logs"
        else {"LogDestination": destination}
    )
    made = ec2(context, inputs).create_flow_logs(
        ResourceIds=[inputs[source]],
        ResourceType=_FLOW_LOG_SOURCES[source],
        LogDestinationType=kind,
        TagSpecifications=tag_specifications("vpc-flow-log", inputs),
        **place,
        **given(
            TrafficType=inputs.get("trafficType"),
            DeliverLogsPermissionArn=inputs.get("iamRoleArn"),
            LogFormat=inputs.get("logFormat"),
            MaxAggregationInterval=inputs.get("maxAggregationInterval"),
        ),
    )
    for refused in made.get("Unsuccessful") or []:
        raise DeployError(" ".join(refused["Error"]["Message"].split()))
    (identity,) = made["FlowLogIds"]
    return identity, {"arn": arn_of(context, inputs, "vpc-flow-log", identity)}


@adapter("aws:ec2/networkAcl:NetworkAcl")
def network_acl(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    made = client.create_network_acl(VpcId=inputs["vpcId"], TagSpecifications=tag_specifications("network-acl", inputs))
    identity = made["NetworkAcl"]["NetworkAclId"]
    for direction in ("ingress", "egress"):
        for row in inputs.get(direction) or []:
            entry = {**row, "ruleAction": row["action"], "ruleNumber": row["ruleNo"]}
            _entry(client, identity, direction == "egress", entry)
    for subnet_id in inputs.get("subnetIds") or []:
        (acl,) = client.describe_network_acls(Filters=filters(association_subnet_id=subnet_id))["NetworkAcls"]
        (association,) = (row for row in acl["Associations"] if row["SubnetId"] == subnet_id)
        client.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=identity
        )
    return identity, owned(context, inputs, "network-acl", identity)


@adapter("aws:ec2/networkAclRule:NetworkAclRule")
def network_acl_rule(context: Context, inputs: Inputs) -> Created:
    acl, egress = inputs["networkAclId"], bool(inputs.get("egress"))
    _entry(ec2(context, inputs), acl, egress, inputs)
    key = f"{acl}-{inputs['ruleNumber']:d}-{str(egress).lower()}-{inputs['protocol']}-"
    return f"nacl-{_checksum(key)}", {}


@adapter("aws:ebs/encryptionByDefault:EncryptionByDefault")
def encryption_by_default(context: Context, inputs: Inputs) -> Created:
    client = ec2(context, inputs)
    if inputs.get("enabled", True):
        client.enable_ebs_encryption_by_default()
    else:
        client.disable_ebs_encryption_by_default()
    return f"terraform-{mock_random.get_random_hex(26)}", {}


def _region(context: Context, inputs: Inputs) -> str:
    return inputs.get("region") or context.region


def arn_of(context: Context, inputs: Inputs, kind: str, identity: str) -> str:
    return f"arn:aws:ec2:{_region(context, inputs)}:{context.account_id}:{kind}/{identity}"


def owned(context: Context, inputs: Inputs, kind: str, identity: str) -> dict[str, Any]:
    return {"arn": arn_of(context, inputs, kind, identity), "ownerId": context.account_id}


def tag_specifications(kind: str, inputs: Inputs) -> list[dict[str, Any]]:
    tags = tag_list(inputs)
    return [{"ResourceType": kind, "Tags": tags}] if tags else []


def filters(**values: str) -> list[dict[str, Any]]:
    dotted = {"association_main": "association.main", "association_subnet_id": "association.subnet-id"}
    return [{"Name": dotted.get(name, name.replace("_", "-")), "Values": [value]} for name, value in values.items()]


def default_group(client: Any, vpc_id: str) -> dict[str, Any]:
    return client.describe_security_groups(Filters=filters(vpc_id=vpc_id, group_name="default"))["SecurityGroups"][0]


def whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _checksum(text: str) -> int:
    """The provider's number for a text that has no id of its own."""
    return zlib.crc32(text.encode())


def _public_domain(region: str) -> str:
    return "compute-1.amazonaws.com" if region == "us-east-1" else f"{region}.compute.amazonaws.com"


def target_of(row: Inputs) -> dict[str, str]:
    return {target: row[name] for name, target in TARGETS.items() if row.get(name)}


def _entry(client: Any, acl: str, egress: bool, row: Inputs) -> None:
    protocol = str(row["protocol"])
    ports = given(From=whole(row.get("fromPort")), To=whole(row.get("toPort")))
    client.create_network_acl_entry(
        NetworkAclId=acl,
        Egress=egress,
        RuleNumber=int(row["ruleNumber"]),
        RuleAction=row["ruleAction"],
        Protocol=_PROTOCOLS.get(protocol.lower(), protocol),
        **given(
            CidrBlock=row.get("cidrBlock"),
            Ipv6CidrBlock=row.get("ipv6CidrBlock"),
            PortRange=ports or None,
            IcmpTypeCode=given(Type=whole(row.get("icmpType")), Code=whole(row.get("icmpCode"))) or None,
        ),
    )


def _settle_prefix_lists(context: Context, inputs: Inputs) -> None:
    """Give AWS's own prefix lists ids that are the same in each run; moto makes them when a region is first touched."""
    backend = ec2_backends[context.account_id][_region(context, inputs)]
    lists = backend.managed_prefix_lists
    for identity in [identity for identity, row in lists.items() if row.owner_id == "AWS"]:
        del lists[identity]
    state = mock_random.getstate()
    mock_random.seed(0)
    backend.create_default_pls()
    mock_random.setstate(state)
