"""Databases and the internet: addresses, subnets and the administrator's name."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    check_false,
    fail,
    is_true,
    rule,
    unknown,
)
from policies.rules.operations.network import DEFAULT_SUBNET, SUBNET, written

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
_SUBNET_GROUPS = (
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:docdb/subnetGroup:SubnetGroup",
    "aws:neptune/subnetGroup:SubnetGroup",
    "aws:redshift/subnetGroup:SubnetGroup",
)
_WITH_ADDRESS = (
    INSTANCE,
    "aws:rds/clusterInstance:ClusterInstance",
    "aws:neptune/clusterInstance:ClusterInstance",
    "aws:redshift/cluster:Cluster",
    "aws:redshiftserverless/workgroup:Workgroup",
    "aws:dms/replicationInstance:ReplicationInstance",
    "aws:mq/broker:Broker",
)
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html"


@rule(
    "OP-065",
    "database-is-not-public",
    pack="operations",
    types=_WITH_ADDRESS,
    severity="critical",
    rationale="A database with a public address is one opened group away from everybody who has a password list.",
    url=f"{_HUB}#rds-2",
    remediation="Leave publicly_accessible false.",
    controls=(
        *("RDS.2", "CKV_AWS_17", "2.3.3", "rds-instance-public-access"),
        "aws-rds-instance-disallow-public-access",
    ),
    criteria=("TRADING-02.5",),
)
def public(view: View) -> Outcome:
    return check_false(view, "publiclyAccessible")


@rule(
    "OP-066",
    "database-names-subnet-group",
    pack="operations",
    types=(INSTANCE, CLUSTER, "aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"),
    severity="high",
    rationale="Without a subnet group a database starts in the default VPC, whose subnets are all public.",
    url=f"{_HUB}#rds-46",
    remediation="Set db_subnet_group_name to a group of private subnets.",
    controls=("RDS.46",),
)
def named_group(view: View) -> Outcome:
    """A replica in the same region takes its source's group."""
    path = "neptuneSubnetGroupName" if "neptune" in view.type else "dbSubnetGroupName"
    name = view.get(path)
    expected = "a group of private subnets"
    if isinstance(name, str) and name.strip().lower() == "default":
        return fail(path, "default", expected)
    if view.is_set(path):
        return PASS
    if any(view.is_set(source) for source in ("replicateSourceDb", "replicationSourceIdentifier")):
        return NOT_APPLICABLE
    return fail(path, "not set", expected)


@rule(
    "OP-067",
    "database-subnets-are-private",
    pack="operations",
    types=_SUBNET_GROUPS,
    severity="high",
    scope="stack",
    rationale="From a subnet with a way to an internet gateway, one wrong flag puts the data on the internet.",
    url=f"{_HUB}#rds-46",
    remediation="Take subnets whose route tables have no internet gateway.",
    controls=("RDS.46",),
    criteria=("TRADING-02.5",),
)
def private_subnets(view: View) -> Outcome:
    expected = "subnets without a route to an internet gateway"
    values = view.items("subnetIds")
    if values == []:
        return fail("subnetIds", "not set", expected)
    subnets = _subnets(view, values)
    faces = [faces_internet(each) for each in subnets]
    public = [each.resource.name for each, face in zip(subnets, faces, strict=True) if face == "yes"]
    # A whole list that is not known may come from only some of the subnets that it depends on.
    exact = values is not None and len(subnets) <= len(values)
    if public and (exact or len(public) == len(subnets)):
        return fail("subnetIds", f"public subnet {', '.join(public)}", expected)
    # Ids of subnets that are not in the stack say nothing of their routes.
    complete = subnets and (values is None or len(subnets) >= len(values))
    return PASS if complete and all(face == "no" for face in faces) else unknown("subnetIds", expected)


def _subnets(view: View, values: list[object] | None) -> list[View]:
    """Return the subnets that a group has, or may have where their ids are not known yet."""
    subnets = view.of_type(SUBNET, DEFAULT_SUBNET)
    if values is not None and all(isinstance(value, str) for value in values):
        return [each for each in subnets if each.resource.id in values or each.resource.outputs.get("id") in values]
    leads_to = view.resource.property_dependencies.get("subnetIds", ())
    return [each for each in subnets if each.resource.urn in leads_to]


Face = Literal["yes", "no", "unknown"]
_EVERYTHING = ("0.0.0.0/0", "::/0")
_TABLE = "aws:ec2/routeTable:RouteTable"
_DEFAULT_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
_ROUTE = "aws:ec2/route:Route"
_GATEWAY = "aws:ec2/internetGateway:InternetGateway"


def faces_internet(subnet: View) -> Face:
    """Say whether a subnet's route table leads to an internet gateway, or its machines get public addresses."""
    if subnet.type == DEFAULT_SUBNET or is_true(subnet.get("mapPublicIpOnLaunch")):
        return "yes"
    associations, uncertain = subnet.referrers("aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId")
    tables = [
        table
        for table in subnet.of_type(_TABLE, _DEFAULT_TABLE)
        if any(each.refers_to("routeTableId", table) for each in associations)
    ]
    if any(_leads_out(table) for table in tables):
        return "yes"
    if associations and tables:
        return "no"
    if uncertain or associations:
        return "unknown"
    # The VPC's main table is its default one, or that of a MainRouteTableAssociation.
    main = [
        table
        for table in subnet.of_type(_TABLE)
        if any(
            each.refers_to("routeTableId", table)
            for each in subnet.of_type("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation")
        )
    ]
    return "yes" if any(_leads_out(table) for table in (*main, *subnet.of_type(_DEFAULT_TABLE))) else "no"


def _leads_out(table: View) -> bool:
    if written(table, "routes"):
        rows = table.items("routes") or []
        for number in range(len(rows)):
            path = f"routes.{number}"
            whole = any(table.get(f"{path}.{name}") in _EVERYTHING for name in ("cidrBlock", "ipv6CidrBlock"))
            if whole and _to_gateway(table, f"{path}.gatewayId"):
                return True
    routes, _ = table.referrers(_ROUTE, "routeTableId")
    return any(
        any(each.get(name) in _EVERYTHING for name in ("destinationCidrBlock", "destinationIpv6CidrBlock"))
        and _to_gateway(each, "gatewayId")
        for each in routes
    )


def _to_gateway(view: View, path: str) -> bool:
    value = view.get(path)
    if value is UNKNOWN:
        return _GATEWAY in view.source_types(path)
    return isinstance(value, str) and value.startswith("igw-")


@rule(
    "OP-064",
    "private-subnet-stays-private",
    pack="operations",
    types=(SUBNET,),
    severity="high",
    scope="stack",
    rationale="Whoever puts a cache into a subnet of this name counts on the internet having no way in.",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
    remediation="Route 0.0.0.0/0 of the subnet's table to a NAT gateway, or nowhere.",
    controls=("RDS.46",),
    criteria=("TRADING-02.1b", "TRADING-02.5"),
    parameters={"names": ["*private*", "*isolated*", "*internal*", "*database*"]},
)
def named_private(view: View) -> Outcome:
    """`names` are patterns of what private subnets are called, or have in the tags that awsx gives them."""
    called = [view.resource.name, *(view.get(f"tags.{key}") for key in ("Name", "SubnetType"))]
    words = [each.lower() for each in called if isinstance(each, str)]
    if not any(fnmatchcase(word, str(pattern).lower()) for word in words for pattern in view.parameters["names"]):
        return NOT_APPLICABLE
    face = faces_internet(view)
    expected = "no route to an internet gateway, and no public addresses"
    if face == "unknown":
        return unknown("", expected)
    return fail("", "a way to an internet gateway", expected) if face == "yes" else PASS


_COMMON = ["admin", "administrator", "dbadmin", "master", "mysql", "postgres", "rdsadmin", "root", "sa", "user"]


@rule(
    "OP-068",
    "database-administrator-has-own-name",
    pack="operations",
    types=(INSTANCE, CLUSTER),
    severity="medium",
    rationale="Half of a login is known where the administrator has the name that everybody's has.",
    url=f"{_HUB}#rds-25",
    remediation="Set username (master_username of a cluster) to a name of its own; the password belongs to RDS.",
    controls=("RDS.25",),
    parameters={"names": _COMMON},
)
def administrator(view: View) -> Outcome:
    """The name itself is not shown. A restored database and a replica bring theirs."""
    path = "username" if view.type == INSTANCE else "masterUsername"
    value = view.get(path)
    sources = ("replicateSourceDb", "replicationSourceIdentifier", "snapshotIdentifier", "restoreToPointInTime")
    if value is None and any(view.is_set(source) for source in sources):
        return NOT_APPLICABLE
    expected = "a name of its own"
    if value is UNKNOWN:
        return unknown(path, expected)
    common = {str(each).lower() for each in view.parameters["names"]}
    if not isinstance(value, str) or not value.strip():
        return fail(path, "not set", expected)
    return fail(path, "a usual name", expected) if value.strip().lower() in common else PASS


@rule(
    "OP-069",
    "file-system-mount-target-in-private-subnet",
    pack="operations",
    types=("aws:efs/mountTarget:MountTarget",),
    severity="medium",
    scope="stack",
    rationale="A file system in a subnet that gives public addresses is next to machines that the internet reaches.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/efs-controls.html#efs-6",
    remediation="Put the mount target into a private subnet.",
    controls=("EFS.6",),
)
def mount_target(view: View) -> Outcome:
    expected = "a private subnet"
    found = [(each, view.refers_to("subnetId", each)) for each in view.of_type(SUBNET, DEFAULT_SUBNET)]
    certain = [each for each, refers in found if refers]
    candidates = certain or [each for each, refers in found if refers is None]
    faces = [faces_internet(each) for each in candidates]
    if faces and all(face == "yes" for face in faces):
        return fail("subnetId", f"public subnet {candidates[0].resource.name}", expected)
    if faces and all(face == "no" for face in faces):
        return PASS
    return unknown("subnetId", expected)
