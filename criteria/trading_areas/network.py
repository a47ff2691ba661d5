"""Requirement 02: subnets, NAT, endpoints and address ranges; and functions in private subnets (06.4)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from criteria.common.lookups import FUNCTION, SUBNET, Word, follow, worst
from criteria.trading_areas import topology
from criteria.trading_areas.topology import NAT_GATEWAY, VPC, Kind, Way
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

# What the document calls CloudWatch are two services with endpoints of their own.
_SERVICES = {"cloudwatch": ("monitoring", "logs")}
_LEAST_ZONES = 2


@criterion("TRADING-02.1a")
def public_subnets(subject: Subject) -> Verdict:
    return _some(subject, "public", "with their default route to an internet gateway")


@criterion("TRADING-02.1b")
def private_subnets(subject: Subject) -> Verdict:
    return _some(subject, "private", "without any route to an internet gateway")


def _some(subject: Subject, kind: Kind, says: str) -> Verdict:
    found = topology.of_kind(subject.graph, kind)
    open_ = topology.of_kind(subject.graph, "unknown")
    if not found and open_:
        return Verdict("unknown", "the routes of some subnets are not known yet", f"{open_[0].urn}#")
    return fact(bool(found), f"{len(found)} subnets are {kind}, {says}", f"the stack has no subnet {says}")


@criterion("TRADING-02.1c")
def zones_of_subnets(subject: Subject) -> Verdict:
    words, counts = [], []
    for kind in ("public", "private"):
        zones = {topology.zone(subnet) for subnet in topology.of_kind(subject.graph, kind)}
        known = zones - {UNKNOWN}
        may_grow = UNKNOWN in zones or topology.of_kind(subject.graph, "unknown")
        words.append("pass" if len(known) >= _LEAST_ZONES else "unknown" if may_grow else "fail")
        counts.append(f"{kind} ones in {len(known)} zones")
    return Verdict(worst(words), f"the VPC has subnets: {' and '.join(counts)}")


@criterion("TRADING-02.2")
def nat(subject: Subject) -> Verdict:
    """Every default route of a private subnet leads to a NAT gateway, and in each zone some subnet has one."""
    graph = subject.graph
    findings: list[Finding] = []
    served: set[Any] = set()
    private = topology.of_kind(graph, "private")
    for subnet in private:
        for way in topology.ways(graph, subnet) or ():
            if way.is_default is not False:
                word = "unknown" if way.is_default is None else _through_nat(graph, way)
                findings.append(Finding(way.resource, f"{way.prefix}natGatewayId", word))
                served |= {topology.zone(subnet)} if word != "fail" else set()
    # A subnet without default route reaches nothing, and that can be meant; a zone full of them cannot.
    unsure = topology.of_kind(graph, "unknown")
    open_zones = {topology.zone(subnet) for subnet in unsure}
    for subnet in private:
        if topology.zone(subnet) not in served:
            may_be_served = topology.zone(subnet) in open_zones or UNKNOWN in open_zones
            findings.append(Finding(subnet, "availabilityZone", "unknown" if may_be_served else "fail"))
    findings += [Finding(subnet, "", "unknown") for subnet in unsure]
    return combine(findings, "default routes of private subnets", "lead to NAT gateways in public subnets")


def _through_nat(graph: StackGraph, way: Way) -> Word:
    link = way.follow(graph, "natGatewayId", NAT_GATEWAY)
    if not link.to:
        return "unknown" if way.get("natGatewayId") is UNKNOWN else "fail"
    return worst(_is_public(graph, gateway) for gateway in link.to)


def _is_public(graph: StackGraph, gateway: Resource) -> Word:
    """Say whether a NAT gateway reaches the internet: it is a public one and lies in a public subnet."""
    link = follow(graph, gateway, "subnetId", SUBNET)
    lies: list[Word] = []
    for subnet in link.to:
        kind = topology.kind(graph, subnet)
        lies.append("pass" if kind == "public" else "unknown" if kind == "unknown" else "fail")
    if not link.to:
        lies.append("fail" if link.certain else "unknown")
    public = claim(gateway, "connectivityType", lambda type_: type_ == "public", default="public").word
    return worst([public, *lies])


@criterion("TRADING-02.3a", "TRADING-02.3b", "TRADING-02.3c", "TRADING-02.3d")
def endpoints(subject: Subject) -> Verdict:
    """Each VPC has an endpoint for the service that works: routes or a private name lead to it."""
    wanted = subject.facts["endpoint"]
    findings = [
        Finding(vpc, "", topology.served(subject, service, vpc))
        for vpc in subject.graph.of_type(VPC)
        for service in _SERVICES.get(wanted, (wanted,))
    ]
    return combine(findings, "VPC endpoints", f"lead to {wanted}")


@criterion("TRADING-02.6")
def address_ranges(subject: Subject) -> Verdict:
    """The VPC has the range of the settings, and the environments' ranges share no address."""
    own = _range(subject.settings)
    findings = [claim(vpc, "cidrBlock", lambda given: given == own) for vpc in subject.graph.of_type(VPC)]
    followed = combine(findings, "VPCs", f"have the range of the settings, {own}")
    if followed.word != "pass":
        return followed
    ranges = {name: _range(settings) for name, settings in subject.siblings.items()}
    if not {"test", "prod"} <= set(ranges):
        return Verdict("fail", "the settings of the other environment are missing")
    says = ", ".join(f"{name} {given}" for name, given in sorted(ranges.items()))
    return fact(_apart(list(ranges.values())), f"the ranges are apart: {says}", f"the ranges overlap: {says}")


def _range(settings: Mapping[str, Any]) -> str:
    network = settings.get("network")
    return str(network.get("cidr_block", "")) if isinstance(network, Mapping) else ""


def _apart(ranges: list[str]) -> bool:
    try:
        networks = [ipaddress.ip_network(given) for given in ranges]
    except ValueError:
        return False
    pairs = [(one, two) for number, one in enumerate(networks) for two in networks[:number]]
    return all(not one.overlaps(two) for one, two in pairs)


@criterion("TRADING-02.7")
def zones_of_nat(subject: Subject) -> Verdict:
    graph = subject.graph
    zones: set[Any] = set()
    for gateway in graph.of_type(NAT_GATEWAY):
        word = _is_public(graph, gateway)
        if word != "fail":
            links = follow(graph, gateway, "subnetId", SUBNET)
            zones |= {topology.zone(subnet) for subnet in links.to} if word == "pass" else {UNKNOWN}
    known = zones - {UNKNOWN}
    if len(known) < _LEAST_ZONES and UNKNOWN in zones:
        return Verdict("unknown", "the zones of some NAT gateways are not known yet")
    says = f"NAT gateways of public subnets lie in {len(known)} zones"
    return fact(len(known) >= _LEAST_ZONES, says, f"{says}; {_LEAST_ZONES} are needed")


@criterion("TRADING-06.4")
def functions_in_private_subnets(subject: Subject) -> Verdict:
    """Every function lies in private subnets of the stack. Which ones it names is known once they exist."""
    graph = subject.graph
    findings = [
        Finding(function, "vpcConfig.subnetIds", topology.private_word(graph, function, "vpcConfig.subnetIds"))
        for function in graph.of_type(FUNCTION)
    ]
    return combine(findings, "functions", "are attached to private subnets only")
