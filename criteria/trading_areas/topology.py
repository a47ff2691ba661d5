"""What the network of a stack looks like: which subnets are public, where routes lead, what endpoints serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from criteria.common.lookups import SUBNET, Link, Word, best, elements, follow, is_given, texts, worst
from criteria.common.lookups import statements as statements_of
from criteria.common.rights import Call, allowed
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Subject, claim

VPC = "aws:ec2/vpc:Vpc"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
EVERYWHERE = ("0.0.0.0/0", "::/0")
# Both forms of a destination: of a route that is a resource, and of one inside a route table.
_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
# Tables for the subnets without an association; which subnets those are, is AWS's to say.
_MAIN = ("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation", "aws:ec2/defaultRouteTable:DefaultRouteTable")

# Where a service's actions are called otherwise than its endpoint.
_ACTIONS = {"monitoring": "cloudwatch"}

Kind = Literal["public", "private", "exposed", "unknown"]


@dataclass(frozen=True)
class Way:
    """One route: the resource that has it, and what its properties begin with ("" or "routes.0.")."""

    resource: Resource
    prefix: str = ""

    def get(self, name: str) -> Any:
        return self.resource.get(self.prefix + name)

    def follow(self, graph: StackGraph, name: str, type_: str) -> Link:
        return follow(graph, self.resource, self.prefix + name, type_)

    @property
    def is_default(self) -> bool | None:
        """Say whether this is the way to everywhere else, None where that is not known yet."""
        given = [self.get(name) for name in _DESTINATIONS]
        if any(value in EVERYWHERE for value in given):
            return True
        return None if UNKNOWN in given else False


def tables(graph: StackGraph, subnet: Resource) -> list[Resource] | None:
    """Return the route tables of a subnet, None where they are not known yet."""
    found: list[Resource] = []
    for association in graph.of_type(ASSOCIATION):
        link = follow(graph, association, "subnetId", SUBNET)
        if link.has(subnet) or _is_astray(link):
            table = follow(graph, association, "routeTableId", ROUTE_TABLE)
            if not (link.certain and table.certain) or table.foreign:
                return None
            found += table.to
    return None if not found and graph.of_type(*_MAIN) else found


def ways(graph: StackGraph, subnet: Resource) -> list[Way] | None:
    """Return the routes of a subnet, None where they are not known yet."""
    own = tables(graph, subnet)
    if own is None:
        return None
    found = []
    for table in own:
        inline = table.get("routes", [])
        if inline is UNKNOWN:
            return None
        found += [Way(table, f"routes.{number}.") for number in range(len(inline))]
        for route in graph.of_type(ROUTE):
            link = follow(graph, route, "routeTableId", ROUTE_TABLE)
            if not link.certain and (link.has(table) or _is_astray(link)):
                return None
            if link.has(table):
                found.append(Way(route))
    return found


def _is_astray(link: Link) -> bool:
    """Say whether an input may name anything: it is unknown, and no dependency tells what it comes from."""
    return not link.certain and not link.to


def kind(graph: StackGraph, subnet: Resource) -> Kind:
    """Say what a subnet is: "public" with its default route to an internet gateway, "private" without any route to one.

    "exposed" has a route to an internet gateway for some addresses only, and so is neither.
    """
    own = ways(graph, subnet)
    if own is None:
        return "unknown"
    direct = [(way, _is_direct(graph, way)) for way in own]
    if any(is_direct and way.is_default for way, is_direct in direct):
        return "public"
    if any(is_direct is None or (is_direct and way.is_default is None) for way, is_direct in direct):
        return "unknown"
    return "exposed" if any(is_direct for _, is_direct in direct) else "private"


def _is_direct(graph: StackGraph, way: Way) -> bool | None:
    """Say whether a route leads to an internet gateway, None where that is not known yet."""
    given = way.get("gatewayId")
    link = way.follow(graph, "gatewayId", INTERNET_GATEWAY)
    if link.to:
        return True if link.certain else None
    if given is UNKNOWN:
        return None
    return isinstance(given, str) and given.startswith("igw-")


def of_kind(graph: StackGraph, *kinds: Kind) -> list[Resource]:
    return [subnet for subnet in graph.of_type(SUBNET) if kind(graph, subnet) in kinds]


def zone(subnet: Resource) -> Any:
    """Return the availability zone of a subnet by name or id, UNKNOWN where AWS chooses it."""
    return subnet.get("availabilityZone", subnet.get("availabilityZoneId", UNKNOWN))


def private_word(graph: StackGraph, resource: Resource, path: str) -> Word:
    """Say whether an input names private subnets of the stack, at least one and no others.

    While their ids are unknown, all that they may be decides: dependencies do not tell the subnets of a VPC apart.
    """
    link = follow(graph, resource, path, SUBNET)
    if link.foreign:
        return "fail"
    words = [_PRIVATE[kind(graph, subnet)] for subnet in link.to]
    if link.certain:
        return worst(words) if words else "fail"
    # One of them, or more: as good as sure only where all of them agree, and it is one of them.
    return worst(words) if len(set(words)) == 1 and not link.astray else "unknown"


_PRIVATE: dict[Kind, Word] = {"private": "pass", "public": "fail", "exposed": "fail", "unknown": "unknown"}


def serving(subject: Subject, service: str, vpc: Resource) -> Iterator[tuple[Resource, Word]]:
    """Yield each endpoint of a VPC that may be one for a service, and whether it is one that works."""
    graph, region = subject.graph, subject.settings.get("region")
    account = str(subject.settings.get("account_id"))
    names = (f"com.amazonaws.{region}.{service}", f"cn.com.amazonaws.{region}.{service}")
    for endpoint in graph.of_type(ENDPOINT):
        name = endpoint.get("serviceName")
        link = follow(graph, endpoint, "vpcId", VPC)
        if (name is UNKNOWN or name in names) and (link.has(vpc) or _is_astray(link)):
            settled: Word = "unknown" if name is UNKNOWN or not link.certain else "pass"
            yield endpoint, worst([settled, _works(endpoint, vpc), _lets_through(endpoint, service, account)])


def _works(endpoint: Resource, vpc: Resource) -> Word:
    """Say whether an endpoint is reached by the service's usual name."""
    words: list[str] = []
    given = endpoint.get("vpcEndpointType", "Gateway")  # the provider's default
    if given is UNKNOWN:
        words.append("unknown")
    elif given == "Gateway":
        words.append(is_given(endpoint, "routeTableIds"))
    elif given == "Interface":
        words += [is_given(endpoint, "subnetIds"), is_given(endpoint, "securityGroupIds")]
        words.append(claim(endpoint, "privateDnsEnabled", lambda on: on is True).word)
        # Private names are resolved only in a VPC that has both switched on.
        words.append(claim(vpc, "enableDnsHostnames", lambda on: on is True).word)
        words.append(claim(vpc, "enableDnsSupport", lambda on: on is True, default=True).word)
    else:
        words.append("fail")
    return worst(words)


def _lets_through(endpoint: Resource, service: str, account: str) -> Word:
    """Say whether an endpoint's policy allows some call of the service, from the account and about what it has."""
    if endpoint.get("policy") is None:
        return "pass"  # without a policy everything goes through
    written = statements_of(endpoint, "policy")
    if written is None:
        return "unknown"
    prefix = _ACTIONS.get(service, service)
    # Which resources are meant is left open: any that is named will do, and a denial of some leaves others.
    allows = [
        {**row, "Resource": "*"}
        for row in written
        if row.get("Effect") == "Allow" and texts(row.get("Resource")) and row.get("Principal")
    ]
    denials = [row for row in written if row.get("Effect") == "Deny" and "*" in texts(row.get("Resource"))]
    actions = [action for row in allows for action in elements(row, "Action")]
    calls = {f"{prefix}:" if action == "*" else action.replace("*", "") for action in actions}
    context = {"aws:principalaccount": account, "aws:resourceaccount": account, "aws:securetransport": "true"}
    met = any(
        call.startswith(f"{prefix}:") and allowed([*allows, *denials], Call(call, "*", context=context))
        for call in calls
    )
    return "pass" if met else "fail"


def served(subject: Subject, service: str, vpc: Resource) -> Word:
    """Say whether a VPC has an endpoint for a service that works."""
    return best(word for _, word in serving(subject, service, vpc))
