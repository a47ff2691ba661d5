"""The in-process AWS holds the networks, caches and zones that a program declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.contract import encode
from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
TRUST = {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}


def network() -> None:
    """Register one resource of each type of EC2, with ElastiCache and Route 53 in its network."""
    opts = inside()
    vpc = aws.ec2.Vpc(
        "vpc",
        cidr_block="10.0.0.0/16",
        enable_dns_hostnames=True,
        assign_generated_ipv6_cidr_block=True,
        tags={"Name": "net"},
        opts=opts,
    )
    subnets = [
        aws.ec2.Subnet(
            f"subnet-{zone}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{number}.0/24",
            availability_zone=f"{REGION}{zone}",
            map_public_ip_on_launch=False,
            tags={"Name": f"net-{zone}"},
            opts=opts,
        )
        for number, zone in enumerate("ab")
    ]
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=opts)
    public = aws.ec2.RouteTable(
        "public",
        vpc_id=vpc.id,
        routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}],
        tags={"Name": "public"},
        opts=opts,
    )
    address = aws.ec2.Eip("address", domain="vpc", opts=opts)
    nat = aws.ec2.NatGateway("nat", subnet_id=subnets[0].id, allocation_id=address.id, opts=opts)
    private = aws.ec2.RouteTable("private", vpc_id=vpc.id, opts=opts)
    aws.ec2.Route(
        "out", route_table_id=private.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id, opts=opts
    )
    aws.ec2.RouteTableAssociation("first", route_table_id=public.id, subnet_id=subnets[0].id, opts=opts)
    aws.ec2.RouteTableAssociation("second", route_table_id=private.id, subnet_id=subnets[1].id, opts=opts)

    aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, tags={"Name": "unused"}, opts=opts)
    group = aws.ec2.SecurityGroup("group", name="web", description="Web", vpc_id=vpc.id, opts=opts)
    inline = aws.ec2.SecurityGroup(
        "inline",
        name="inline",
        vpc_id=vpc.id,
        ingress=[{"protocol": "tcp", "from_port": 6379, "to_port": 6379, "self": True, "security_groups": [group.id]}],
        egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]}],
        opts=opts,
    )
    ports = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
    aws.vpc.SecurityGroupIngressRule(
        "in", security_group_id=group.id, cidr_ipv4="10.0.0.0/16", description="TLS", **ports, opts=opts
    )
    aws.vpc.SecurityGroupEgressRule(
        "to", security_group_id=group.id, referenced_security_group_id=inline.id, **ports, opts=opts
    )
    gate = aws.ec2.VpcEndpoint(
        "gate",
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{REGION}.s3",
        route_table_ids=[private.id],
        policy=json.dumps(OPEN),
        opts=opts,
    )
    aws.vpc.SecurityGroupEgressRule(
        "store", security_group_id=group.id, prefix_list_id=gate.prefix_list_id, **ports, opts=opts
    )
    aws.ec2.VpcEndpoint(
        "interface",
        vpc_id=vpc.id,
        vpc_endpoint_type="Interface",
        service_name=f"com.amazonaws.{REGION}.sqs",
        subnet_ids=[subnet.id for subnet in subnets],
        security_group_ids=[group.id],
        private_dns_enabled=True,
        opts=opts,
    )
    log = aws.cloudwatch.LogGroup("log", name="/vpc/flow", opts=opts)
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = aws.iam.Role("role", name="flow", assume_role_policy=trust, opts=opts)
    aws.ec2.FlowLog(
        "flow",
        vpc_id=vpc.id,
        traffic_type="REJECT",
        iam_role_arn=role.arn,
        log_destination=log.arn,
        max_aggregation_interval=60,
        opts=opts,
    )
    rule = {"protocol": "tcp", "rule_no": 100, "action": "allow", "cidr_block": "10.0.0.0/16"}
    acl = aws.ec2.NetworkAcl(
        "acl",
        vpc_id=vpc.id,
        subnet_ids=[subnets[1].id],
        ingress=[{**rule, "from_port": 443, "to_port": 443}],
        opts=opts,
    )
    aws.ec2.NetworkAclRule(
        "rule",
        network_acl_id=acl.id,
        rule_number=200,
        egress=True,
        protocol="-1",
        rule_action="deny",
        cidr_block="0.0.0.0/0",
        opts=opts,
    )
    aws.ebs.EncryptionByDefault("encryption", enabled=True, opts=opts)

    caches = aws.elasticache.SubnetGroup("caches", name="caches", subnet_ids=[s.id for s in subnets], opts=opts)
    aws.elasticache.ReplicationGroup(
        "cache",
        replication_group_id="cache",
        description="Sessions",
        node_type="cache.t4g.micro",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        auth_token=pulumi.Output.secret("0123456789abcdef"),
        subnet_group_name=caches.name,
        security_group_ids=[inline.id],
        auto_minor_version_upgrade=True,
        tags={"Owner": "team"},
        opts=opts,
    )
    aws.elasticache.ReplicationGroup(
        "shards", description="Shards", num_node_groups=2, replicas_per_node_group=1, opts=opts
    )
    zone = aws.route53.Zone("zone", name="example.com", tags={"Owner": "team"}, opts=opts)
    aws.route53.Zone("inner", name="inner.local", vpcs=[{"vpc_id": vpc.id}], opts=opts)
    aws.route53.Record("text", zone_id=zone.zone_id, name="", type="TXT", ttl=60, records=["v=spf1 -all"], opts=opts)
    alias = {"name": "target.example.net", "zone_id": "Z2FDTNDATAQYW2", "evaluate_target_health": False}
    aws.route53.Record("www", zone_id=zone.zone_id, name="WWW", type="A", aliases=[alias], opts=opts)
    for number, region in enumerate((REGION, "us-east-1")):
        aws.route53.Record(
            f"api-{number}",
            zone_id=zone.zone_id,
            name="api.example.com",
            type="A",
            ttl=300,
            records=[f"192.0.2.{number}"],
            set_identifier=region,
            latency_routing_policies=[{"region": region}],
            opts=opts,
        )


def of(call: Any, key: str, **arguments: Any) -> list[dict[str, Any]]:
    return call(**arguments)[key]


def look() -> dict[str, Any]:
    ec2, cache, zones = client("ec2"), client("elasticache"), client("route53")
    (vpc,) = of(ec2.describe_vpcs, "Vpcs", Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])
    ours = {"Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]}
    public = next(z for z in zones.list_hosted_zones()["HostedZones"] if z["Name"] == "example.com.")
    inner = next(z for z in zones.list_hosted_zones()["HostedZones"] if z["Name"] == "inner.local.")
    rules = of(ec2.describe_security_group_rules, "SecurityGroupRules")
    return {
        "vpc": vpc,
        "hostnames": ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames"),
        "subnets": sorted(of(ec2.describe_subnets, "Subnets", **ours), key=lambda row: row["CidrBlock"]),
        "gateways": [row for row in of(ec2.describe_internet_gateways, "InternetGateways") if row["Attachments"][0:1]],
        "tables": {row["RouteTableId"]: row for row in of(ec2.describe_route_tables, "RouteTables", **ours)},
        "nat": ec2.describe_nat_gateways()["NatGateways"],
        "groups": {row["GroupName"]: row for row in of(ec2.describe_security_groups, "SecurityGroups", **ours)},
        "rules": {row["SecurityGroupRuleId"]: row for row in rules},
        "endpoints": {row["VpcEndpointId"]: row for row in of(ec2.describe_vpc_endpoints, "VpcEndpoints", **ours)},
        "flow": ec2.describe_flow_logs()["FlowLogs"],
        "acls": {row["NetworkAclId"]: row for row in of(ec2.describe_network_acls, "NetworkAcls", **ours)},
        "encrypted": ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"],
        "cache": cache.describe_replication_groups(ReplicationGroupId="cache")["ReplicationGroups"][0],
        "cache tags": cache.list_tags_for_resource(
            ResourceName=f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:cache"
        )["TagList"],
        "caches": cache.describe_cache_subnet_groups()["CacheSubnetGroups"],
        "records": {
            (row["Type"], row["Name"], row.get("SetIdentifier")): row
            for row in zones.list_resource_record_sets(HostedZoneId=public["Id"])["ResourceRecordSets"]
        },
        "inner": zones.get_hosted_zone(Id=inner["Id"]),
        "zone tags": zones.list_tags_for_resource(ResourceType="hostedzone", ResourceId=public["Id"][12:])[
            "ResourceTagSet"
        ]["Tags"],
    }


whole, seen, identity, outputs = readers(network, look)


def test_nothing_of_a_network_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_vpc_tells_what_it_brings_along() -> None:
    assert seen("vpc")["Tags"] == [{"Key": "Name", "Value": "net"}]
    assert seen("hostnames")["EnableDnsHostnames"] == {"Value": True}
    (main,) = (table for table in seen("tables").values() for row in table["Associations"] if row.get("Main"))
    (acl,) = (row["NetworkAclId"] for row in seen("acls").values() if row["IsDefault"])
    (block,) = seen("vpc")["Ipv6CidrBlockAssociationSet"]
    assert outputs("vpc") == {
        "arn": f"{ARN}:vpc/{identity('vpc')}",
        "ownerId": ACCOUNT,
        "dhcpOptionsId": seen("vpc")["DhcpOptionsId"],
        "mainRouteTableId": main["RouteTableId"],
        "defaultRouteTableId": main["RouteTableId"],
        "defaultNetworkAclId": acl,
        "defaultSecurityGroupId": seen("groups")["default"]["GroupId"],
        "ipv6CidrBlock": block["Ipv6CidrBlock"],
        "ipv6AssociationId": block["AssociationId"],
    }


def test_subnets_stand_in_their_zones() -> None:
    assert [
        (row["SubnetId"], row["CidrBlock"], row["AvailabilityZone"], row["MapPublicIpOnLaunch"], row["Tags"])
        for row in seen("subnets")
    ] == [
        (identity("subnet-a"), "10.0.0.0/24", f"{REGION}a", False, [{"Key": "Name", "Value": "net-a"}]),
        (identity("subnet-b"), "10.0.1.0/24", f"{REGION}b", False, [{"Key": "Name", "Value": "net-b"}]),
    ]
    assert outputs("subnet-a")["arn"] == f"{ARN}:subnet/{identity('subnet-a')}"


def test_traffic_leaves_through_the_gateways() -> None:
    def routes(table: str) -> dict[str, str]:
        rows = seen("tables")[identity(table)]["Routes"]
        return {
            row.get("DestinationCidrBlock") or row.get("DestinationPrefixListId") or row["DestinationIpv6CidrBlock"]: (
                row.get("GatewayId") or row["NatGatewayId"]
            )
            for row in rows
        }

    ipv6 = outputs("vpc")["ipv6CidrBlock"]
    local = {"10.0.0.0/16": "local"}
    public, private = routes("public"), routes("private")
    public.pop(ipv6, None)
    private.pop(ipv6, None)
    assert public == {**local, "0.0.0.0/0": identity("gateway")}
    assert private == {**local, "0.0.0.0/0": identity("nat"), outputs("gate")["prefixListId"]: identity("gate")}
    assert identity("out") == f"r-{identity('private')}1080289494"
    associations = {
        row["SubnetId"]: (row["RouteTableAssociationId"], table)
        for table, value in seen("tables").items()
        for row in value["Associations"]
        if row.get("SubnetId")
    }
    assert associations == {
        identity("subnet-a"): (identity("first"), identity("public")),
        identity("subnet-b"): (identity("second"), identity("private")),
    }


def test_a_nat_gateway_has_the_elastic_ip() -> None:
    (gateway,) = seen("nat")
    (address,) = gateway["NatGatewayAddresses"]
    assert (gateway["NatGatewayId"], gateway["SubnetId"]) == (identity("nat"), identity("subnet-a"))
    assert address["AllocationId"] == identity("address") == outputs("address")["allocationId"]
    assert outputs("nat")["publicIp"] == outputs("address")["publicIp"] == address["PublicIp"]
    assert outputs("nat")["networkInterfaceId"] == address["NetworkInterfaceId"]


def test_the_default_group_has_no_rules() -> None:
    group = seen("groups")["default"]
    assert (group["GroupId"], group["IpPermissions"], group["IpPermissionsEgress"]) == (identity("default"), [], [])
    assert group["Tags"] == [{"Key": "Name", "Value": "unused"}]


def test_a_group_has_the_declared_rules_and_no_other() -> None:
    def rules(group: str) -> dict[str, Any]:
        found = (row for row in seen("rules").values() if row["GroupId"] == identity(group))
        keys = ("IsEgress", "IpProtocol", "FromPort", "CidrIpv4", "PrefixListId", "ReferencedGroupInfo", "Description")
        return {
            row["SecurityGroupRuleId"]: {key: row[key] for key in keys if row.get(key) is not None} for row in found
        }

    def to(group: str) -> dict[str, str]:
        return {"GroupId": identity(group), "UserId": ACCOUNT}

    tcp = {"IpProtocol": "tcp", "FromPort": 443}
    found = rules("group")
    assert part(found, {identity("to"): {"ReferencedGroupInfo": {"GroupId": ""}}}) == {
        identity("to"): {"ReferencedGroupInfo": {"GroupId": identity("inline")}}
    }
    del found[identity("to")]
    assert found == {
        identity("in"): {"IsEgress": False, **tcp, "CidrIpv4": "10.0.0.0/16", "Description": "TLS"},
        identity("store"): {"IsEgress": True, **tcp, "PrefixListId": outputs("gate")["prefixListId"]},
    }
    assert outputs("in") == {
        "arn": f"{ARN}:security-group-rule/{identity('in')}",
        "securityGroupRuleId": identity("in"),
    }
    inline = seen("groups")["inline"]
    (ingress,), (egress,) = inline["IpPermissions"], inline["IpPermissionsEgress"]
    assert {row["GroupId"] for row in ingress["UserIdGroupPairs"]} == {identity("inline"), identity("group")}
    assert (egress["IpProtocol"], egress["IpRanges"]) == ("-1", [{"CidrIp": "10.0.0.0/16"}])
    assert inline["Description"] == outputs("inline")["description"] == "Managed by Pulumi"


def test_endpoints_of_both_kinds() -> None:
    gate, interface = seen("endpoints")[identity("gate")], seen("endpoints")[identity("interface")]
    assert (gate["VpcEndpointType"], gate["RouteTableIds"]) == ("Gateway", [identity("private")])
    assert json.loads(gate["PolicyDocument"]) == OPEN
    assert interface["SubnetIds"] == [identity("subnet-a"), identity("subnet-b")]
    assert [row["GroupId"] for row in interface["Groups"]] == [identity("group")]
    assert interface["PrivateDnsEnabled"] is True
    assert outputs("interface") == {
        "arn": f"{ARN}:vpc-endpoint/{identity('interface')}",
        "ownerId": ACCOUNT,
        "state": "available",
        "networkInterfaceIds": interface["NetworkInterfaceIds"],
        "dnsEntries": [
            {"dnsName": row["DnsName"], "hostedZoneId": row["HostedZoneId"]} for row in interface["DnsEntries"]
        ],
    }
    assert len(interface["NetworkInterfaceIds"]) == 2


def test_a_flow_log_delivers_to_its_group() -> None:
    (flow,) = seen("flow")
    expected = {
        "FlowLogId": identity("flow"),
        "ResourceId": identity("vpc"),
        "LogGroupName": "/vpc/flow",
        "TrafficType": "REJECT",
        "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/flow",
        "DeliverLogsStatus": "SUCCESS",
        "MaxAggregationInterval": 60,
    }
    assert part(flow, expected) == expected


def test_a_network_acl_guards_its_subnets() -> None:
    acl = seen("acls")[identity("acl")]
    assert [row["SubnetId"] for row in acl["Associations"]] == [identity("subnet-b")]
    declared = {
        (row["Egress"], row["RuleNumber"]): (row["Protocol"], row["RuleAction"], row["CidrBlock"], row.get("PortRange"))
        for row in acl["Entries"]
    }
    assert declared == {
        (False, 100): ("6", "allow", "10.0.0.0/16", {"From": 443, "To": 443}),
        (True, 200): ("-1", "deny", "0.0.0.0/0", None),
    }
    assert identity("rule").startswith("nacl-")


def test_volumes_are_encrypted_by_default() -> None:
    assert seen("encrypted") is True


def test_a_cache_stands_in_its_subnets() -> None:
    group = seen("cache")
    expected = {
        "Description": "Sessions",
        "CacheNodeType": "cache.t4g.micro",
        "MemberClusters": ["cache-001", "cache-002"],
        "AutomaticFailover": "enabled",
        "MultiAZ": "enabled",
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "AuthTokenEnabled": True,
    }
    assert part(group, expected) == expected
    assert seen("cache tags") == [{"Key": "Owner", "Value": "team"}]
    (subnets,) = seen("caches")
    assert {row["SubnetIdentifier"] for row in subnets["Subnets"]} == {identity("subnet-a"), identity("subnet-b")}
    assert outputs("caches") == {
        "arn": f"arn:aws:elasticache:{REGION}:{ACCOUNT}:subnetgroup:caches",
        "vpcId": identity("vpc"),
    }
    primary = group["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    assert outputs("cache") == {
        "arn": f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:cache",
        "replicationGroupId": "cache",
        "clusterEnabled": False,
        "memberClusters": ["cache-001", "cache-002"],
        "port": 6379,
        "primaryEndpointAddress": primary,
        "readerEndpointAddress": primary.replace("master", "replica"),
    }


def test_a_cache_in_shards_has_one_endpoint_for_all() -> None:
    found = outputs("shards")
    assert found["clusterEnabled"] is True
    assert found["configurationEndpointAddress"].startswith(f"clustercfg.{identity('shards')}.")
    assert len(found["memberClusters"]) == 4
    assert "primaryEndpointAddress" not in found


def test_zones_and_records() -> None:
    zone = identity("zone")
    assert outputs("zone") == {
        "zoneId": zone,
        "arn": f"arn:aws:route53:::hostedzone/{zone}",
        "nameServers": sorted(row["Value"] for row in seen("records")["NS", "example.com.", None]["ResourceRecords"]),
        "primaryNameServer": seen("records")["NS", "example.com.", None]["ResourceRecords"][0]["Value"],
    }
    assert seen("zone tags") == [{"Key": "Owner", "Value": "team"}]
    assert seen("records")["TXT", "example.com.", None]["ResourceRecords"] == [{"Value": '"v=spf1 -all"'}]
    assert seen("records")["A", "www.example.com.", None]["AliasTarget"] == {
        "HostedZoneId": "Z2FDTNDATAQYW2",
        "DNSName": "target.example.net",
        "EvaluateTargetHealth": False,
    }
    assert part(seen("records")["A", "api.example.com.", REGION], {"TTL": 0, "Region": "", "ResourceRecords": ""}) == {
        "TTL": 300,
        "Region": REGION,
        "ResourceRecords": [{"Value": "192.0.2.0"}],
    }
    assert [identity(name) for name in ("text", "www", "api-1")] == [
        f"{zone}__TXT",
        f"{zone}_www_A",
        f"{zone}_api.example.com_A_us-east-1",
    ]
    assert outputs("www") == {"fqdn": "www.example.com"}
    assert seen("inner")["HostedZone"]["Config"]["PrivateZone"] is True
    assert seen("inner")["VPCs"] == [{"VPCRegion": REGION, "VPCId": identity("vpc")}]


def test_the_same_network_twice_has_the_same_ids() -> None:
    again = rehearse(network)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, encode(first.outputs)) == (second.urn, second.id, encode(second.outputs))


def test_an_id_does_not_depend_on_what_comes_first() -> None:
    def alone() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=inside())

    def later() -> None:
        opts = inside()
        aws.ec2.Eip("address", opts=opts)
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)

    assert rehearse(alone).resources["vpc"].id == rehearse(later).resources["vpc"].id


def missing_vpc() -> None:
    aws.ec2.Subnet("it", vpc_id="vpc-1", cidr_block="10.0.0.0/24")


def overlapping_subnets() -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    first = aws.ec2.Subnet("first", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
    aws.ec2.Subnet("it", vpc_id=vpc.id, cidr_block="10.0.0.0/25", opts=pulumi.ResourceOptions(depends_on=[first]))


def missing_subnet() -> None:
    aws.elasticache.SubnetGroup("it", name="caches", subnet_ids=["subnet-1"])


def missing_cache_subnets() -> None:
    aws.elasticache.ReplicationGroup("it", description="it", subnet_group_name="none")


def missing_bucket_of_flow_log() -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    place = {"log_destination": "arn:aws:s3:::none", "log_destination_type": "s3"}
    aws.ec2.FlowLog("it", vpc_id=vpc.id, traffic_type="ALL", **place)


def record_twice() -> None:
    zone = aws.route53.Zone("zone", name="example.com")
    row = {"zone_id": zone.zone_id, "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1"]}
    first = aws.route53.Record("first", **row)
    aws.route53.Record("it", **row, opts=pulumi.ResourceOptions(depends_on=[first]))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (missing_vpc, "InvalidVpcID.NotFound: "),
        (overlapping_subnets, "InvalidSubnet.Conflict: "),
        (missing_subnet, "InvalidSubnetID.NotFound: "),
        (missing_cache_subnets, "CacheSubnetGroupNotFoundFault: "),
        (missing_bucket_of_flow_log, "LogDestination: none does not exist."),
        (record_twice, "InvalidChangeBatch: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
