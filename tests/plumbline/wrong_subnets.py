"""Wrong programs about VPCs: their subnets, routes, gateways and network ACLs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import Wrong, provider


def vpc(name: str = "main", *, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.ec2.Vpc:
    """A VPC of 65,536 addresses that resolves names."""
    whole = {"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": True, **changes}
    return aws.ec2.Vpc(name, opts=opts, **whole)


def subnet(
    of: aws.ec2.Vpc, name: str = "a", *, opts: pulumi.ResourceOptions | None = None, **changes: Any
) -> aws.ec2.Subnet:
    """A subnet of 256 addresses at the beginning of its VPC."""
    whole = {"vpc_id": of.id, "cidr_block": "10.0.0.0/24", **changes}
    return aws.ec2.Subnet(name, opts=opts, **whole)


def table(of: aws.ec2.Vpc, name: str = "table", **changes: Any) -> aws.ec2.RouteTable:
    return aws.ec2.RouteTable(name, **{"vpc_id": of.id, **changes})


def internet(of: aws.ec2.Vpc, name: str = "internet") -> aws.ec2.InternetGateway:
    return aws.ec2.InternetGateway(name, vpc_id=of.id)


def route(of: aws.ec2.RouteTable, name: str = "out", **changes: Any) -> aws.ec2.Route:
    """A route to every address, whose target is still to be given."""
    return aws.ec2.Route(name, **{"route_table_id": of.id, "destination_cidr_block": "0.0.0.0/0", **changes})


def association(
    of: aws.ec2.Subnet, to: aws.ec2.RouteTable, name: str = "association", **changes: Any
) -> aws.ec2.RouteTableAssociation:
    return aws.ec2.RouteTableAssociation(name, **{"subnet_id": of.id, "route_table_id": to.id, **changes})


def nat(of: aws.ec2.Subnet, name: str = "nat", **changes: Any) -> aws.ec2.NatGateway:
    """A public NAT gateway with its address."""
    address = aws.ec2.Eip(f"{name}-address", domain="vpc")
    return aws.ec2.NatGateway(name, **{"subnet_id": of.id, "allocation_id": address.allocation_id, **changes})


def public(of: aws.ec2.Vpc, name: str = "a", **changes: Any) -> aws.ec2.Subnet:
    """A subnet with a route to the internet."""
    open_subnet, routes = subnet(of, name, **changes), table(of, f"{name}-table")
    association(open_subnet, routes, f"{name}-association")
    route(routes, f"{name}-out", gateway_id=internet(of, f"{name}-internet").id)
    return open_subnet


def acl_rule(of: aws.ec2.NetworkAcl, name: str = "rule", **changes: Any) -> aws.ec2.NetworkAclRule:
    """A rule that lets everything in."""
    whole = {"rule_number": 100, "rule_action": "allow", "protocol": "-1", "cidr_block": "0.0.0.0/0", **changes}
    return aws.ec2.NetworkAclRule(name, network_acl_id=of.id, **whole)


def acl_entry(number: int) -> dict[str, Any]:
    return {"rule_no": number, "action": "allow", "protocol": "-1", "from_port": 0, "to_port": 0}


def _zone(zone: str) -> Callable[[], Any]:
    return lambda: subnet(vpc(), availability_zone=zone, opts=pulumi.ResourceOptions(provider=provider()))


def _two_subnets(second: str, *, apart: bool = False) -> None:
    main = vpc()
    subnet(main)
    subnet(vpc("other") if apart else main, "b", cidr_block=second)


def _two_routes(**changes: Any) -> None:
    main = vpc()
    routes, gateway = table(main), internet(main)
    route(routes, "first", gateway_id=gateway.id)
    route(routes, "second", gateway_id=gateway.id, **changes)


def _inline_routes(*destinations: str) -> aws.ec2.RouteTable:
    main = vpc()
    gateway = internet(main)
    return table(main, routes=[{"cidr_block": block, "gateway_id": gateway.id} for block in destinations])


def _inline_and_own() -> None:
    route(_inline_routes("0.0.0.0/0"), network_interface_id="eni-1")


def _foreign_nat() -> None:
    other = vpc("other")
    route(table(vpc()), nat_gateway_id=nat(public(other)).id)


def _two_associations() -> None:
    main = vpc()
    one = subnet(main)
    association(one, table(main), "first")
    association(one, table(main, "table-2"), "second")


def _closed_nat(**changes: Any) -> None:
    main = vpc()
    closed, routes = subnet(main), table(main)
    association(closed, routes)
    route(routes, **{"network_interface_id": "eni-1", **changes})
    nat(closed)


def _acl(**changes: Any) -> aws.ec2.NetworkAcl:
    return aws.ec2.NetworkAcl("acl", vpc_id=vpc().id, **changes)


def _two_acl_rules(second: int = 100, **changes: Any) -> None:
    acl = _acl()
    acl_rule(acl, "first")
    acl_rule(acl, "second", rule_number=second, **changes)


SUBNETS = [
    Wrong("VPC of /8", lambda: vpc(cidr_block="10.0.0.0/8"), "cidrBlock", "/8 given; allowed: /16 to /28"),
    Wrong("VPC of /29", lambda: vpc(cidr_block="10.0.0.0/29"), "cidrBlock", "/29 given; allowed: /16 to /28"),
    Wrong("VPC with host bits", lambda: vpc(cidr_block="10.0.0.1/16"), "cidrBlock", "without host bits"),
    Wrong(
        "VPC without prefix", lambda: vpc(cidr_block="10.0.0.0"), "cidrBlock", "'10.0.0.0' given; allowed: a network"
    ),
    Wrong("VPC without block", lambda: vpc(cidr_block=None), "cidrBlock", "missing; a block, or a pool"),
    Wrong(
        "subnet of /29", lambda: subnet(vpc(), cidr_block="10.0.0.0/29"), "cidrBlock", "/29 given; allowed: /16 to /28"
    ),
    Wrong(
        "subnet outside its VPC",
        lambda: subnet(vpc(), cidr_block="10.1.0.0/24"),
        "cidrBlock",
        "10.1.0.0/24 given; allowed: inside 10.0.0.0/16 of VPC main",
    ),
    Wrong(
        "subnet larger than its VPC",
        lambda: subnet(vpc(cidr_block="10.0.0.0/20"), cidr_block="10.0.0.0/19"),
        "cidrBlock",
        "10.0.0.0/19 given; allowed: inside 10.0.0.0/20",
    ),
    Wrong(
        "subnets that overlap",
        lambda: _two_subnets("10.0.0.128/25"),
        "cidrBlock",
        "10.0.0.128/25 given; it overlaps 10.0.0.0/24 of subnet a",
    ),
    Wrong(
        "zone of another region",
        _zone("eu-west-2a"),
        "availabilityZone",
        "'eu-west-2a' given; allowed: a zone of region eu-west-1",
    ),
    Wrong("zone without letter", _zone("eu-west-1"), "availabilityZone", "allowed: a zone of region eu-west-1"),
]

ROUTES = [
    Wrong("route without target", lambda: route(table(vpc())), "", "nothing given; exactly one of carrierGatewayId"),
    Wrong(
        "route with two targets",
        lambda: route(table(vpc()), gateway_id="igw-1", nat_gateway_id="nat-1"),
        "",
        "gatewayId and natGatewayId given; exactly one of",
    ),
    Wrong(
        "route without destination",
        lambda: route(table(vpc()), destination_cidr_block=None, gateway_id="igw-1"),
        "",
        "nothing given; exactly one of destinationCidrBlock",
    ),
    Wrong(
        "two routes to one destination",
        _two_routes,
        "destinationCidrBlock",
        "'0.0.0.0/0' given; route first has that destination already",
    ),
    Wrong(
        "two routes to one destination inside a table",
        lambda: _inline_routes("0.0.0.0/0", "10.9.0.0/16", "0.0.0.0/0"),
        "routes[2].cidrBlock",
        "routes[0] has that destination already",
    ),
    Wrong(
        "routes to one destination inside a table and beside it",
        _inline_and_own,
        "destinationCidrBlock",
        "route table table has that destination already",
    ),
    Wrong(
        "route without target inside a table",
        lambda: table(vpc(), routes=[{"cidr_block": "0.0.0.0/0"}]),
        "routes[0]",
        "nothing given; exactly one of",
    ),
    Wrong(
        "gateway of another VPC",
        lambda: route(table(vpc()), gateway_id=internet(vpc("other")).id),
        "gatewayId",
        "a gateway of VPC other given; the route table is of VPC main",
    ),
    Wrong("NAT gateway of another VPC", _foreign_nat, "natGatewayId", "a gateway of VPC other given"),
    Wrong("two route tables", _two_associations, "subnetId", "subnet a is associated already, by first"),
    Wrong(
        "table of another VPC",
        lambda: association(subnet(vpc()), table(vpc("other"))),
        "routeTableId",
        "a table of VPC other given; subnet a is of VPC main",
    ),
    Wrong(
        "association of nothing",
        lambda: association(subnet(main := vpc()), table(main), subnet_id=None),
        "",
        "nothing given; exactly one of subnetId, gatewayId",
    ),
    Wrong(
        "NAT gateway without way out",
        _closed_nat,
        "subnetId",
        "subnet a given; its route table leads to no internet gateway",
    ),
    Wrong("NAT gateway without address", lambda: nat(public(vpc()), allocation_id=None), "allocationId", "missing"),
    Wrong("NAT gateway without subnet", lambda: nat(public(vpc()), subnet_id=None), "subnetId", "missing"),
    Wrong(
        "private NAT gateway with address",
        lambda: nat(subnet(vpc()), connectivity_type="private"),
        "allocationId",
        "given, but a private NAT gateway takes none",
    ),
]

ACLS = [
    Wrong("ACL rule 0", lambda: acl_rule(_acl(), rule_number=0), "ruleNumber", "0 given; allowed: 1 to 32766"),
    Wrong("ACL rule 32767", lambda: acl_rule(_acl(), rule_number=32767), "ruleNumber", "allowed: 1 to 32766"),
    Wrong("ACL rule twice", _two_acl_rules, "ruleNumber", "100 given; an ingress rule has that number already"),
    Wrong(
        "ACL rule twice inside",
        lambda: _acl(egress=[acl_entry(5) | {"cidr_block": "0.0.0.0/0"}, acl_entry(5) | {"cidr_block": "10.0.0.0/8"}]),
        "egress[1].ruleNo",
        "5 given; an egress rule has that number already",
    ),
    Wrong(
        "ACL rule for two families",
        lambda: acl_rule(_acl(), ipv6_cidr_block="::/0"),
        "",
        "cidrBlock and ipv6CidrBlock given; exactly one",
    ),
]


def _secondary_block(of: aws.ec2.Vpc, block: Any) -> aws.ec2.VpcIpv4CidrBlockAssociation:
    return aws.ec2.VpcIpv4CidrBlockAssociation("more", vpc_id=of.id, cidr_block=block)


def _subnet_of_second_block(block: Any = "10.1.0.0/16") -> None:
    main = vpc()
    _secondary_block(main, block)
    subnet(main, cidr_block="10.1.0.0/24")


WRONG_SUBNETS: list[Wrong] = [*SUBNETS, *ROUTES, *ACLS]
SOUND_SUBNETS: dict[str, Callable[[], Any]] = {
    "largest VPC": lambda: vpc(cidr_block="10.0.0.0/16"),
    "smallest VPC": lambda: subnet(vpc(cidr_block="10.0.0.0/28"), cidr_block="10.0.0.0/28"),
    "VPC from a pool": lambda: vpc(cidr_block=None, ipv4_ipam_pool_id="ipam-pool-1", ipv4_netmask_length=20),
    "subnet of IPv6 only": lambda: subnet(vpc(), cidr_block=None, ipv6_native=True, ipv6_cidr_block="2001:db8::/64"),
    "neighbouring subnets": lambda: _two_subnets("10.0.1.0/24"),
    "same block in two VPCs": lambda: _two_subnets("10.0.0.0/24", apart=True),
    "subnet in a second block": _subnet_of_second_block,
    "subnet in an unknown block": lambda: _subnet_of_second_block(aws.s3.Bucket("elsewhere").arn),
    "zone of the region": _zone("eu-west-1c"),
    "local zone": _zone("eu-west-1-lon-1a"),
    "two routes of one table": lambda: _two_routes(destination_cidr_block="10.9.0.0/16"),
    "routes inside a table": lambda: _inline_routes("0.0.0.0/0", "10.9.0.0/16"),
    "route whose target is unknown": lambda: route(table(vpc()), gateway_id=aws.s3.Bucket("elsewhere").id),
    "NAT gateway in a subnet of the main table": lambda: nat(subnet(vpc())),
    "NAT gateway by a gateway that is made elsewhere": lambda: _closed_nat(
        network_interface_id=None, gateway_id="igw-1"
    ),
    "private NAT gateway": lambda: nat(subnet(vpc()), connectivity_type="private", allocation_id=None),
    "regional NAT gateway": lambda: nat(
        public(main := vpc()), availability_mode="regional", vpc_id=main.id, subnet_id=None, allocation_id=None
    ),
    "ACL rules of both directions": lambda: _two_acl_rules(egress=True),
    "last ACL rule": lambda: _two_acl_rules(32_766),
    "ACL rules inside": lambda: _acl(
        ingress=[acl_entry(5) | {"cidr_block": "0.0.0.0/0"}], egress=[acl_entry(5) | {"cidr_block": "0.0.0.0/0"}]
    ),
}
