"""Fixtures of rules about databases, caches and file systems in a network."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

DATABASE = made(
    "aws:rds/instance:Instance", publiclyAccessible=False, dbSubnetGroupName="data", username="keeper_of_orders"
)
CLUSTER = made("aws:rds/cluster:Cluster", dbSubnetGroupName="data", masterUsername="keeper_of_orders")
PUBLIC = Cases(
    rule="database-is-not-public",
    good={"false": [DATABASE], "not set": [changed(DATABASE, {"publiclyAccessible": GONE})]},
    bad={
        "true": ([changed(DATABASE, {"publiclyAccessible": True})], ("publiclyAccessible",)),
        "text": ([changed(DATABASE, {"publiclyAccessible": "True"})], ("publiclyAccessible",)),
        "in a cluster": (
            [made("aws:rds/clusterInstance:ClusterInstance", publiclyAccessible=True)],
            ("publiclyAccessible",),
        ),
        "warehouse": ([made("aws:redshift/cluster:Cluster", publiclyAccessible=True)], ("publiclyAccessible",)),
    },
    unknown={"flag": ([changed(DATABASE, {"publiclyAccessible": UNKNOWN})], ("publiclyAccessible",))},
    always=True,
)
NAMED = Cases(
    rule="database-names-subnet-group",
    good={
        "instance": [DATABASE],
        "not known yet": [changed(DATABASE, {"dbSubnetGroupName": UNKNOWN})],
        "graph": [made("aws:neptune/cluster:Cluster", neptuneSubnetGroupName="data")],
    },
    bad={
        "not set": ([changed(DATABASE, {"dbSubnetGroupName": GONE})], ("dbSubnetGroupName",)),
        "default": ([changed(CLUSTER, {"dbSubnetGroupName": "default"})], ("dbSubnetGroupName",)),
        "empty": ([changed(CLUSTER, {"dbSubnetGroupName": ""})], ("dbSubnetGroupName",)),
    },
    skipped={"replica": [made(DATABASE.type, replicateSourceDb="orders")]},
    never_unknown="a name that is set is one, whatever it will be",
)

VPC = made("aws:ec2/vpc:Vpc", "vpc")
GATEWAY = made("aws:ec2/internetGateway:InternetGateway", "gateway")
NAT = made("aws:ec2/natGateway:NatGateway", "nat")
ANYWHERE = "0.0.0.0/0"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"


def subnet(name: str, **inputs: object) -> Resource:
    return made("aws:ec2/subnet:Subnet", name, refers={"vpcId": VPC}, **inputs)


def table(name: str, to: Resource, routes: Sequence[Resource]) -> list[Resource]:
    found = made("aws:ec2/routeTable:RouteTable", name, refers={"vpcId": VPC})
    association = made(ASSOCIATION, name, refers={"routeTableId": found, "subnetId": to})
    own = [made(ROUTE, f"{name}-{number}", refers={"routeTableId": found, "gatewayId": gateway},
                destinationCidrBlock=ANYWHERE) if gateway.type == GATEWAY.type
           else made(ROUTE, f"{name}-{number}", refers={"routeTableId": found, "natGatewayId": gateway},
                     destinationCidrBlock=ANYWHERE) for number, gateway in enumerate(routes)]  # fmt: skip
    return [found, association, *own]


PRIVATE, FACING = subnet("private"), subnet("facing")
NETWORK = [PRIVATE, FACING, GATEWAY, NAT, *table("inside", PRIVATE, [NAT]), *table("outside", FACING, [GATEWAY])]
INLINE = made(
    "aws:ec2/routeTable:RouteTable",
    "inline",
    refers={"vpcId": VPC},
    routes=[{"cidrBlock": ANYWHERE, "gatewayId": "igw-0123"}],
)
GROUP = "aws:rds/subnetGroup:SubnetGroup"


def group(*subnets: Resource, whole: bool = False) -> Resource:
    """Return a subnet group; `whole` makes its list one unknown value."""
    found = made(GROUP, "data", subnetIds=UNKNOWN if whole else [UNKNOWN] * len(subnets))
    return Resource(
        urn=found.urn,
        type=found.type,
        name=found.name,
        inputs=found.inputs,
        property_dependencies={"subnetIds": tuple(each.urn for each in subnets)},
    )


MAIN = made("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation", refers={"routeTableId": INLINE})
SUBNETS = Cases(
    rule="database-subnets-are-private",
    good={
        "one": [group(PRIVATE), *NETWORK],
        "whole list": [group(PRIVATE, whole=True), *NETWORK],
        "no route at all": [group(PRIVATE), PRIVATE],
    },
    bad={
        "facing": ([group(FACING), *NETWORK], ("subnetIds",)),
        "one of two": ([group(PRIVATE, FACING), *NETWORK], ("subnetIds",)),
        "whole list": ([group(FACING, whole=True), *NETWORK], ("subnetIds",)),
        "routes of the table": (
            [group(PRIVATE), PRIVATE, INLINE, made(ASSOCIATION, refers={"routeTableId": INLINE, "subnetId": PRIVATE})],
            ("subnetIds",),
        ),
        "main table": ([group(PRIVATE), PRIVATE, INLINE, MAIN], ("subnetIds",)),
        "public addresses": (
            [group(subnet("it", mapPublicIpOnLaunch=True)), subnet("it", mapPublicIpOnLaunch=True)],
            ("subnetIds",),
        ),
        "default subnet": (
            [group(made("aws:ec2/defaultSubnet:DefaultSubnet")), made("aws:ec2/defaultSubnet:DefaultSubnet")],
            ("subnetIds",),
        ),
        "none": ([made(GROUP, subnetIds=[])], ("subnetIds",)),
        "not set": ([made(GROUP)], ("subnetIds",)),
    },
    unknown={
        "some of all": ([group(PRIVATE, FACING, whole=True), *NETWORK], ("subnetIds",)),
        "elsewhere": ([made(GROUP, subnetIds=["subnet-1"]), *NETWORK], ("subnetIds",)),
        "table": ([group(PRIVATE), PRIVATE, made(ASSOCIATION, refers={"subnetId": PRIVATE})], ("subnetIds",)),
    },
    always=True,
)
TAGGED = subnet("it", tags={"SubnetType": "Isolated"})
NAMED_PRIVATE = Cases(
    rule="private-subnet-stays-private",
    good={"way out only": NETWORK, "no way": [TAGGED]},
    bad={
        "gateway": ([PRIVATE, INLINE, made(ASSOCIATION, refers={"routeTableId": INLINE, "subnetId": PRIVATE})], ("",)),
        "public addresses": ([changed(TAGGED, {"mapPublicIpOnLaunch": True})], ("",)),
        "gateway too": ([PRIVATE, GATEWAY, *table("outside", PRIVATE, [GATEWAY])], ("",)),
    },
    unknown={"table": ([PRIVATE, made(ASSOCIATION, refers={"subnetId": PRIVATE})], ("",))},
    skipped={"public": [FACING, GATEWAY, *table("outside", FACING, [GATEWAY])]},
)
ADMINISTRATOR = Cases(
    rule="database-administrator-has-own-name",
    good={"instance": [DATABASE], "cluster": [CLUSTER]},
    bad={
        "admin": ([changed(DATABASE, {"username": "Admin"})], ("username",)),
        "postgres": ([changed(CLUSTER, {"masterUsername": "postgres"})], ("masterUsername",)),
        "not set": ([changed(DATABASE, {"username": GONE})], ("username",)),
    },
    unknown={"name": ([changed(DATABASE, {"username": UNKNOWN})], ("username",))},
    skipped={"restored": [made(CLUSTER.type, snapshotIdentifier="nightly")]},
)
TARGET = "aws:efs/mountTarget:MountTarget"
MOUNT = Cases(
    rule="file-system-mount-target-in-private-subnet",
    good={"private": [made(TARGET, refers={"subnetId": PRIVATE}), *NETWORK]},
    bad={"facing": ([made(TARGET, refers={"subnetId": FACING}), *NETWORK], ("subnetId",))},
    unknown={
        "which": ([made(TARGET, subnetId=UNKNOWN), *NETWORK], ("subnetId",)),
        "elsewhere": ([made(TARGET, subnetId="subnet-1"), *NETWORK], ("subnetId",)),
    },
    always=True,
)
CACHE = made("aws:elasticache/replicationGroup:ReplicationGroup", subnetGroupName="cache")
CACHE_GROUP = Cases(
    rule="cache-names-subnet-group",
    good={"named": [CACHE], "not known yet": [changed(CACHE, {"subnetGroupName": UNKNOWN})]},
    bad={
        "not set": ([changed(CACHE, {"subnetGroupName": GONE})], ("subnetGroupName",)),
        "default": ([changed(CACHE, {"subnetGroupName": "default"})], ("subnetGroupName",)),
        "cluster": ([made("aws:elasticache/cluster:Cluster")], ("subnetGroupName",)),
    },
    skipped={"of a group": [made("aws:elasticache/cluster:Cluster", replicationGroupId="sessions")]},
    never_unknown="a name that is set is one, whatever it will be",
)

CASES: list[Cases] = [PUBLIC, NAMED, SUBNETS, NAMED_PRIVATE, ADMINISTRATOR, MOUNT, CACHE_GROUP]
