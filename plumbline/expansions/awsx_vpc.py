"""awsx:ec2:Vpc as pulumi-awsx 3 registers it, for subnets that are laid out automatically by prefix length."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.expansions.shape import Child, Expansion, NotExpanded, Ref, Reference
from plumbline.graph import UNKNOWN, Secret, walk

_DEFAULT_ZONES = 3
_LETTERS = "abcdef"
_TYPES = ("Public", "Private", "Isolated", "Unused")
_MASKS = range(16, 29)  # the sizes that a subnet of AWS can have
_STRATEGIES = ("OnePerAz", "Single", "None")  # the first one is the default
_PASSED_ON = ("enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics", "instanceTenancy")
_UNDERSTOOD = {
    "availabilityZoneNames",
    "cidrBlock",
    "natGateways",
    "numberOfAvailabilityZones",
    "subnetSpecs",
    "subnetStrategy",
    "tags",
    *_PASSED_ON,
}
_EVERYWHERE = "0.0.0.0/0"
_ORDER = ("public", "private", "isolated")  # awsx makes the subnets of a zone in this order


@dataclass(frozen=True)
class _Subnet:
    """One subnet. `zone_number` counts from 1."""

    name: str
    kind: str
    zone: str
    zone_number: int
    block: str

    @property
    def is_public(self) -> bool:
        return self.kind == "public"


def expand(name: str, inputs: Mapping[str, Any], region: str) -> Expansion:
    """Return what a Vpc registers. Raises NotExpanded for inputs that have no offline expansion."""
    _check(inputs)
    zones = inputs.get("availabilityZoneNames") or _zones(inputs.get("numberOfAvailabilityZones"), region)
    subnets = list(_subnets(name, inputs["cidrBlock"], zones, inputs["subnetSpecs"]))
    strategy = (inputs.get("natGateways") or {}).get("strategy", _STRATEGIES[0])
    tags = inputs.get("tags") or {}
    shared = {"Name": name, **tags}

    passed_on = {key: inputs[key] for key in _PASSED_ON if inputs.get(key) is not None}
    vpc = Child(
        key="vpc",
        type="aws:ec2/vpc:Vpc",
        name=name,
        inputs={"cidrBlock": inputs["cidrBlock"], **passed_on, "tags": shared},
    )
    gateway = Child(
        key="igw",
        type="aws:ec2/internetGateway:InternetGateway",
        name=name,
        parent="vpc",
        inputs={"vpcId": Ref("vpc"), "tags": shared},
        after=("vpc",),
    )
    children = [vpc, gateway]
    nats = _nat_zones(strategy, subnets)
    for subnet in subnets:
        children += _subnet(name, subnet, shared)
        if subnet.is_public and subnet.zone_number in nats:
            children += _nat(name, subnet, tags)
        children += _route(subnet, nats)
    return Expansion(
        children=tuple(children), outputs=_outputs(children, subnets, inputs["subnetSpecs"]), needs=_needs(children)
    )


def _check(inputs: Mapping[str, Any]) -> None:
    other = sorted(key for key, value in inputs.items() if value is not None and key not in _UNDERSTOOD)
    if other:
        raise NotExpanded(f"{', '.join(other)}: no offline expansion; allowed: {', '.join(sorted(_UNDERSTOOD))}")
    for key, value in inputs.items():
        leaves = list(walk(value))
        if any(leaf is UNKNOWN for _, leaf in leaves):
            raise NotExpanded(f"{key}: not known before the deployment, and the children are made of it")
        # The value of a tag may be secret: nothing is computed from it.
        if any(isinstance(leaf, Secret) and (key != "tags" or not path) for path, leaf in leaves):
            raise NotExpanded(f"{key}: a secret given; allowed: what may be shown, and secret values of tags")
    if inputs.get("subnetStrategy") != "Auto" or not inputs.get("subnetSpecs") or not inputs.get("cidrBlock"):
        raise NotExpanded("no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto")
    if inputs.get("availabilityZoneNames") and inputs.get("numberOfAvailabilityZones"):
        raise NotExpanded("availabilityZoneNames and numberOfAvailabilityZones given; allowed: one of them")
    _check_specs(inputs["subnetSpecs"])
    _check_nat(inputs.get("natGateways") or {}, {spec["type"] for spec in inputs["subnetSpecs"]})


def _check_specs(specs: list[Mapping[str, Any]]) -> None:
    for number, spec in enumerate(specs):
        where = f"subnetSpecs[{number}]"
        if spec.get("type") not in _TYPES or "cidrMask" not in spec or set(spec) - {"cidrMask", "type"}:
            raise NotExpanded(f"{where}: no offline expansion but of cidrMask with type {', '.join(_TYPES)}")
        if spec["cidrMask"] not in _MASKS:
            raise NotExpanded(f"{where}.cidrMask: {spec['cidrMask']} given; allowed: {_MASKS[0]} to {_MASKS[-1]}")
        if [other["type"] for other in specs[: number + 1]].count(spec["type"]) > 1:
            raise NotExpanded(f"{where}.type: {spec['type']} given twice; allowed: each type once")


def _check_nat(nat: Mapping[str, Any], types: set[str]) -> None:
    strategy = nat.get("strategy", _STRATEGIES[0])
    if strategy not in _STRATEGIES or set(nat) - {"strategy"}:
        raise NotExpanded(f"natGateways: no offline expansion but of strategy {', '.join(_STRATEGIES)}")
    if strategy != "None" and not ("Public" in types and types & {"Private", "Isolated"}):
        raise NotExpanded("natGateways: NAT gateways need public subnets, and private or isolated ones behind them")


def _zones(count: int | None, region: str) -> list[str]:
    # The real component asks AWS and takes the first ones, which are a, b, c in nearly every region.
    wanted = _DEFAULT_ZONES if count is None else count
    if not region:
        raise NotExpanded("availabilityZoneNames: missing, and no provider in `providers` says the region")
    if not 1 <= wanted <= len(_LETTERS):
        raise NotExpanded(f"numberOfAvailabilityZones: {wanted} given; allowed: 1 to {len(_LETTERS)}")
    return [f"{region}{letter}" for letter in _LETTERS[:wanted]]


def _network(block: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(block)
    except ValueError as error:
        raise NotExpanded(f"cidrBlock: {error}; allowed: a block such as 10.0.0.0/16") from None


def _subnets(name: str, block: str, zones: list[str], specs: list[Mapping[str, Any]]) -> Iterator[_Subnet]:
    """Cut the block into equal parts, one for each zone and as many as a power of two, and each part by the specs."""
    vpc = _network(block)
    parts = vpc.subnets(new_prefix=min(vpc.prefixlen + math.ceil(math.log2(len(zones))), 32))
    for number, (zone, part) in enumerate(zip(zones, parts, strict=False), start=1):
        start = int(part.network_address)
        laid: list[_Subnet] = []
        for spec in specs:
            size = 2 ** (32 - spec["cidrMask"])
            first = math.ceil(start / size) * size
            start = first + size
            if start > int(part.broadcast_address) + 1:
                raise NotExpanded(f"subnetSpecs: the subnets of a zone do not fit into {part}")
            kind = spec["type"].lower()
            cidr = f"{ipaddress.IPv4Address(first)}/{spec['cidrMask']}"
            laid.append(_Subnet(f"{name}-{kind}-{number}", kind, zone, number, cidr))
        made = [subnet for subnet in laid if subnet.kind in _ORDER]  # "Unused" keeps addresses free
        yield from sorted(made, key=lambda subnet: _ORDER.index(subnet.kind))


def _nat_zones(strategy: str, subnets: list[_Subnet]) -> list[int]:
    """Return the numbers of the zones that have a NAT gateway."""
    numbers = sorted({subnet.zone_number for subnet in subnets})
    return {"None": [], "Single": numbers[:1], "OnePerAz": numbers}[strategy]


def _subnet(name: str, subnet: _Subnet, shared: Mapping[str, str]) -> list[Child]:
    tags = {**shared, "Name": subnet.name, "SubnetType": subnet.kind.capitalize()}
    return [
        Child(
            key=f"subnet {subnet.name}",
            type="aws:ec2/subnet:Subnet",
            name=subnet.name,
            parent="vpc",
            inputs={
                "vpcId": Ref("vpc"),
                "availabilityZone": subnet.zone,
                "cidrBlock": subnet.block,
                "ipv6CidrBlock": Ref("vpc", "ipv6CidrBlock", only_waits=True),
                "mapPublicIpOnLaunch": subnet.is_public,
                "assignIpv6AddressOnCreation": False,
                "tags": tags,
            },
            after=("vpc",),
        ),
        Child(
            key=f"table {subnet.name}",
            type="aws:ec2/routeTable:RouteTable",
            name=subnet.name,
            parent=f"subnet {subnet.name}",
            inputs={"vpcId": Ref("vpc"), "tags": tags},
            after=(f"subnet {subnet.name}",),
        ),
        Child(
            key=f"association {subnet.name}",
            type="aws:ec2/routeTableAssociation:RouteTableAssociation",
            name=subnet.name,
            parent=f"table {subnet.name}",
            inputs={"routeTableId": Ref(f"table {subnet.name}"), "subnetId": Ref(f"subnet {subnet.name}")},
            after=(f"table {subnet.name}",),
        ),
    ]


def _nat(name: str, subnet: _Subnet, tags: Mapping[str, str]) -> list[Child]:
    own, number = f"subnet {subnet.name}", subnet.zone_number
    named = {**tags, "Name": f"{name}-{number}"}
    return [
        Child(
            key=f"eip {number}",
            type="aws:ec2/eip:Eip",
            name=f"{name}-{number}",
            parent=own,
            inputs={"tags": named},
            after=(own,),
        ),
        Child(
            key=f"nat {number}",
            type="aws:ec2/natGateway:NatGateway",
            name=f"{name}-{number}",
            parent=own,
            inputs={"subnetId": Ref(own), "allocationId": Ref(f"eip {number}", "allocationId"), "tags": named},
            after=(own,),
        ),
    ]


def _route(subnet: _Subnet, nats: list[int]) -> list[Child]:
    """Return the way out: by the internet gateway, by the zone's NAT gateway or the only one, or none."""
    if subnet.is_public:
        way = {"gatewayId": Ref("igw")}
    elif subnet.kind == "private" and nats:
        zone = subnet.zone_number if subnet.zone_number in nats else nats[0]
        way = {"natGatewayId": Ref(f"nat {zone}")}
    else:
        return []
    table = f"table {subnet.name}"
    return [
        Child(
            key=f"route {subnet.name}",
            type="aws:ec2/route:Route",
            name=subnet.name,
            parent=table,
            inputs={"routeTableId": Ref(table), "destinationCidrBlock": _EVERYWHERE, **way},
            after=(table,),
        )
    ]


def _outputs(children: list[Child], subnets: list[_Subnet], specs: list[Mapping[str, Any]]) -> dict[str, Any]:
    def references(start: str) -> list[Reference]:
        return [Reference(child.key) for child in children if child.key.startswith(f"{start} ")]

    def ids(kind: str) -> list[Ref]:
        return [Ref(f"subnet {subnet.name}") for subnet in subnets if subnet.kind == kind]

    return {
        "vpc": Reference("vpc"),
        "vpcId": Ref("vpc"),
        "internetGateway": Reference("igw"),
        "subnets": references("subnet"),
        "routeTables": references("table"),
        "routeTableAssociations": references("association"),
        "routes": references("route"),
        "eips": references("eip"),
        "natGateways": references("nat"),
        "vpcEndpoints": [],
        "subnetLayout": [{**spec, "size": 2 ** (32 - spec["cidrMask"])} for spec in specs],
        "publicSubnetIds": ids("public"),
        "privateSubnetIds": ids("private"),
        "isolatedSubnetIds": ids("isolated"),
    }


def _needs(children: list[Child]) -> dict[str, tuple[str, ...]]:
    """Return what each output depends on: the VPC and every subnet, and all children of the kind that it is about."""

    def keys(*starts: str) -> tuple[str, ...]:
        return tuple(child.key for child in children if child.key.split(" ")[0] in starts)

    about = {
        "internetGateway": "igw",
        "routeTables": "table",
        "routeTableAssociations": "association",
        "routes": "route",
        "eips": "eip",
        "natGateways": "nat",
    }
    every = ("vpc", "vpcId", "subnets", "subnetLayout", "vpcEndpoints")
    ids = ("publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds")
    return {name: keys("vpc", "subnet", about.get(name, "")) for name in (*every, *ids, *about)}
