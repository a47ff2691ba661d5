"""VPCs: address blocks, subnets, routes, NAT gateways, network ACLs, flow logs, and functions inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
NETWORK_ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
_SECONDARY_BLOCK = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_ROLE = "aws:iam/role:Role"
_POLICIES = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
_LARGEST, _SMALLEST = 16, 28  # prefix lengths of VPCs and subnets (Amazon VPC, "VPC CIDR blocks")
_MOST_RULE_NUMBER = 32_766
_AGGREGATION_SECONDS = (60, 600)
_TARGETS = (
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "odbNetworkArn",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
)
_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
# The same three, in the order above, as a route inside a route table names them.
_INLINE_DESTINATIONS = ("cidrBlock", "ipv6CidrBlock", "destinationPrefixListId")
_LOGGED = ("vpcId", "subnetId", "eniId", "regionalNatGatewayId", "transitGatewayId", "transitGatewayAttachmentId")


def referred(resource: Resource, property_: str, type_: str, graph: StackGraph) -> Resource | None:
    """Return the one resource of a type that a property comes from, None where the graph does not decide it.

    An output of a component stands for everything inside it, which decides where there is one such resource.
    """
    waiting = list(resource.property_dependencies.get(property_, ()))
    found: dict[str, Resource] = {}
    while waiting:
        target = graph.resources.get(waiting.pop())
        if target is not None and target.type == type_:
            found[target.urn] = target
        elif target is not None and not target.custom:
            waiting += _inside(target, graph)
    return next(iter(found.values())) if len(found) == 1 else None


def region_of(resource: Resource, graph: StackGraph) -> str | None:
    """Return the region that a resource lives in, by itself or by its provider, None where that is not known."""
    provider = graph.resources.get(resource.options.provider.rpartition("::")[0])
    own = resource.get("region")
    region = provider.get("region") if own is None and provider is not None else own
    return region if isinstance(region, str) else None


def exactly_one(owner: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Say what is wrong unless exactly one of the named properties is given."""
    given = [name for name in names if owner.get(name) is not None]
    return None if len(given) == 1 else f"{' and '.join(given) or 'nothing'} given; exactly one of {', '.join(names)}"


def earlier(resource: Resource, graph: StackGraph) -> Iterator[Resource]:
    """Yield the resources of the same type that come before this one, so that a clash is reported once."""
    for other in graph.of_type(resource.type):
        if other.urn == resource.urn:
            return
        yield other


def known_rows(rows: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, without those that are unknown."""
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def placed_rows(resource: Resource, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of a list property, without those that are unknown, each with its path."""
    rows = resource.get(path)
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, Mapping):
            yield f"{path}[{index}]", row


@for_types(VPC, SUBNET)
def blocks(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An address block is a network address of /16 to /28."""
    block = resource.get("cidrBlock")
    if isinstance(block, str):
        network = _network(block)
        if network is None:
            yield "cidrBlock", f"{block!r} given; allowed: a network address such as 10.0.0.0/16, without host bits"
        elif not _LARGEST <= network.prefixlen <= _SMALLEST:
            yield "cidrBlock", f"/{network.prefixlen} given; allowed: /{_LARGEST} to /{_SMALLEST}"
    elif block is None and all(resource.get(name) in (None, False) for name in ("ipv4IpamPoolId", "ipv6Native")):
        yield "cidrBlock", "missing; a block, or a pool to take it from, is needed"


@for_types(SUBNET)
def inside(subnet: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A subnet lies inside its VPC's blocks, apart from its other subnets, and in a zone of its region."""
    zone, region = subnet.get("availabilityZone"), region_of(subnet, graph)
    if isinstance(zone, str) and region is not None and not re.fullmatch(rf"{re.escape(region)}(-.+)?[a-z0-9]", zone):
        yield "availabilityZone", f"{zone!r} given; allowed: a zone of region {region}"
    network, vpc = _network(subnet.get("cidrBlock")), referred(subnet, "vpcId", VPC, graph)
    if network is None or vpc is None:
        return
    around = _vpc_blocks(vpc, graph)
    if around is not None and not any(network.subnet_of(block) for block in around):
        yield "cidrBlock", f"{network} given; allowed: inside {' or '.join(map(str, around))} of VPC {vpc.name}"
    for other in earlier(subnet, graph):
        taken = _network(other.get("cidrBlock"))
        if taken is not None and taken.overlaps(network) and referred(other, "vpcId", VPC, graph) is vpc:
            yield "cidrBlock", f"{network} given; it overlaps {taken} of subnet {other.name}"


@for_types(ROUTE, ROUTE_TABLE)
def routes(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A route has one destination and one target, and a table has one route to each destination."""
    taken: dict[tuple[str, str], str] = {}
    if resource.type == ROUTE:
        for message in filter(None, (exactly_one(resource.inputs, names) for names in (_DESTINATIONS, _TARGETS))):
            yield "", message
        table = referred(resource, "routeTableId", ROUTE_TABLE, graph)
        if table is None:
            return
        taken |= {key: f"route table {table.name}" for _, key in _inline_destinations(table)}
        for other in earlier(resource, graph):
            if referred(other, "routeTableId", ROUTE_TABLE, graph) is table:
                taken |= {key: f"route {other.name}" for _, key in _destinations(other.inputs, _DESTINATIONS)}
        for name, key in _destinations(resource.inputs, _DESTINATIONS):
            if key in taken:
                yield name, f"{key[1]!r} given; {taken[key]} has that destination already"
        return
    for index, row in enumerate(known_rows(resource.get("routes"))):
        for message in filter(None, (exactly_one(row, names) for names in (_INLINE_DESTINATIONS, _TARGETS))):
            yield f"routes[{index}]", message
    for path, key in _inline_destinations(resource):
        if key in taken:
            yield path, f"{key[1]!r} given; {taken[key]} has that destination already"
        taken.setdefault(key, path.rpartition(".")[0])


@for_types(ROUTE)
def same_vpc(route: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A route leads to a gateway of the VPC of its table."""
    table = referred(route, "routeTableId", ROUTE_TABLE, graph)
    vpc = referred(table, "vpcId", VPC, graph) if table is not None else None
    subnet: Resource | None = None
    nat = referred(route, "natGatewayId", NAT_GATEWAY, graph)
    if nat is not None:
        subnet = referred(nat, "subnetId", SUBNET, graph)
    owners = (
        ("gatewayId", referred(route, "gatewayId", INTERNET_GATEWAY, graph)),
        ("natGatewayId", subnet),
    )
    for name, owner in owners:
        other = referred(owner, "vpcId", VPC, graph) if owner is not None else None
        if vpc is not None and other is not None and other is not vpc:
            yield name, f"a gateway of VPC {other.name} given; the route table is of VPC {vpc.name}"


@for_types(ASSOCIATION)
def associations(association: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A subnet is associated with one route table, and with one of its own VPC."""
    message = exactly_one(association.inputs, ("subnetId", "gatewayId"))
    if message is not None:
        yield "", message
    subnet = referred(association, "subnetId", SUBNET, graph)
    if subnet is None:
        return
    for other in earlier(association, graph):
        if referred(other, "subnetId", SUBNET, graph) is subnet:
            yield "subnetId", f"subnet {subnet.name} is associated already, by {other.name}"
    table = referred(association, "routeTableId", ROUTE_TABLE, graph)
    mine = referred(subnet, "vpcId", VPC, graph)
    other_vpc = referred(table, "vpcId", VPC, graph) if table is not None else None
    if mine is not None and other_vpc is not None and mine is not other_vpc:
        yield "routeTableId", f"a table of VPC {other_vpc.name} given; subnet {subnet.name} is of VPC {mine.name}"


@for_types(NAT_GATEWAY)
def nat_gateway(gateway: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A public NAT gateway has an elastic address and a subnet whose routes reach an internet gateway."""
    kind, mode = gateway.get("connectivityType", "public"), gateway.get("availabilityMode", "zonal")
    if kind is UNKNOWN or mode != "zonal":
        return
    if gateway.get("subnetId") is None:
        yield "subnetId", "missing; a NAT gateway of one zone needs it"
    if kind == "private":
        if gateway.get("allocationId") is not None:
            yield "allocationId", "given, but a private NAT gateway takes none"
        return
    if gateway.get("allocationId") is None:
        yield "allocationId", "missing; a public NAT gateway needs an elastic IP address"
    subnet = referred(gateway, "subnetId", SUBNET, graph)
    if subnet is not None and _reaches_internet(subnet, graph) is False:
        yield "subnetId", f"subnet {subnet.name} given; its route table leads to no internet gateway"


@for_types(NETWORK_ACL, NETWORK_ACL_RULE)
def acl_rules(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Rules of a network ACL have numbers from 1 to 32766, of which each occurs once in a direction."""
    if resource.type == NETWORK_ACL:
        mine, acl, taken = list(_inline_numbers(resource)), resource, set[tuple[bool, int]]()
    else:
        message = exactly_one(resource.inputs, ("cidrBlock", "ipv6CidrBlock"))
        if message is not None:
            yield "", message
        mine, acl = list(_number(resource)), referred(resource, "networkAclId", NETWORK_ACL, graph)
        rules = [rule for rule in earlier(resource, graph) if acl is referred(rule, "networkAclId", NETWORK_ACL, graph)]
        taken = {key for rule in rules for _, key in _number(rule)}
        taken |= {key for _, key in _inline_numbers(acl)} if acl is not None else set()
    for path, (egress, number) in mine:
        if not 1 <= number <= _MOST_RULE_NUMBER:
            yield path, f"{number} given; allowed: 1 to {_MOST_RULE_NUMBER}"
        elif acl is not None and (egress, number) in taken:
            yield path, f"{number} given; an {'egress' if egress else 'ingress'} rule has that number already"
        taken.add((egress, number))


@for_types(FLOW_LOG)
def flow_log(log: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A flow log watches one thing, over 60 or 600 seconds, and has the right to write where it writes."""
    message = exactly_one(log.inputs, _LOGGED)
    if message is not None:
        yield "", message
    transit = log.get("transitGatewayId") is not None or log.get("transitGatewayAttachmentId") is not None
    if not transit and log.get("trafficType") is None:
        yield "trafficType", "missing; allowed: ACCEPT, REJECT, ALL"
    seconds = log.get("maxAggregationInterval")
    if isinstance(seconds, int) and seconds not in _AGGREGATION_SECONDS:
        yield "maxAggregationInterval", f"{seconds} given; allowed: {', '.join(map(str, _AGGREGATION_SECONDS))}"
    if log.get("logDestinationType", "cloud-watch-logs") != "cloud-watch-logs":
        return
    for name in ("iamRoleArn", "logDestination"):
        if log.get(name) is None:
            yield name, "missing; a flow log to CloudWatch Logs needs it"
    role = referred(log, "iamRoleArn", _ROLE, graph)
    if role is None:
        return
    policies = [policy for policy in graph.of_type(*_POLICIES) if role is referred(policy, "role", _ROLE, graph)]
    if not policies and role.get("inlinePolicies") is None and role.get("managedPolicyArns") is None:
        yield "iamRoleArn", f"role {role.name} has no permissions to write the log"
    for policy in policies:
        if policy.urn not in graph.needs(log.urn):
            yield "iamRoleArn", f"the flow log must depend on its role's policy {policy.name}"


@for_types(FUNCTION)
def function_network(function: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A function in a VPC has subnets and security groups; one without the other is in none."""
    names = ("subnetIds", "securityGroupIds")
    lists = {name: function.get(f"vpcConfig.{name}") for name in names}
    for name, other in (names, names[::-1]):
        if lists[name] == [] and lists[other] not in (None, [], UNKNOWN):
            yield f"vpcConfig.{name}", f"empty; a function in a VPC needs {name} with its {other}"


def _inside(component: Resource, graph: StackGraph) -> list[str]:
    """Return the URNs of everything below a component."""
    children = graph.children(component.urn)
    return [urn for child in children for urn in (child.urn, *_inside(child, graph))]


def _network(block: Any) -> IPv4Network | None:
    try:
        return IPv4Network(block) if isinstance(block, str) and "/" in block else None
    except ValueError:
        return None


def _vpc_blocks(vpc: Resource, graph: StackGraph) -> list[IPv4Network] | None:
    """Return the blocks of a VPC, None where one of them is unknown."""
    more = [other for other in graph.of_type(_SECONDARY_BLOCK) if referred(other, "vpcId", VPC, graph) in (vpc, None)]
    blocks = [_network(owner.get("cidrBlock")) for owner in (vpc, *more)]
    known = [block for block in blocks if block is not None]
    return known if len(known) == len(blocks) else None


def _destinations(owner: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, kind in zip(names, _DESTINATIONS, strict=True):
        if isinstance(owner.get(name), str):
            yield name, (kind, owner[name])


def _inline_destinations(table: Resource) -> Iterator[tuple[str, tuple[str, str]]]:
    for index, row in enumerate(known_rows(table.get("routes"))):
        for name, key in _destinations(row, _INLINE_DESTINATIONS):
            yield f"routes[{index}].{name}", key


def _reaches_internet(subnet: Resource, graph: StackGraph) -> bool | None:
    """Say whether a subnet's own route table has a route to a gateway, None where the graph does not decide it."""
    tables = [
        referred(association, "routeTableId", ROUTE_TABLE, graph)
        for association in graph.of_type(ASSOCIATION)
        if referred(association, "subnetId", SUBNET, graph) is subnet
    ]
    table = tables[0] if len(tables) == 1 else None
    # Without an association the main table of the VPC decides, which may be made elsewhere.
    if table is None or not isinstance(table.get("routes", []), list) or UNKNOWN in table.get("routes", []):
        return None
    if any(row.get("gatewayId") is not None for row in known_rows(table.get("routes"))):
        return True
    for route in graph.of_type(ROUTE):
        owner = referred(route, "routeTableId", ROUTE_TABLE, graph)
        if owner in (table, None) and route.get("gatewayId") is not None:
            return True if owner is table else None
    return False


def _inline_numbers(acl: Resource) -> Iterator[tuple[str, tuple[bool, int]]]:
    for name in ("ingress", "egress"):
        for index, row in enumerate(known_rows(acl.get(name))):
            if isinstance(row.get("ruleNo"), int):
                yield f"{name}[{index}].ruleNo", (name == "egress", row["ruleNo"])


def _number(rule: Resource) -> Iterator[tuple[str, tuple[bool, int]]]:
    number, egress = rule.get("ruleNumber"), rule.get("egress", False)
    if isinstance(number, int) and isinstance(egress, bool):
        yield "ruleNumber", (egress, number)
