"""Requirement 02, connections: what functions may connect to, and how they reach AWS (02.4, 02.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from criteria.common.lookups import FUNCTION, SECURITY_GROUP, SUBNET, Link, Word, best, follow, worst
from criteria.trading_areas import topology
from criteria.trading_areas.calls import called_services
from criteria.trading_areas.common import facts
from criteria.trading_areas.topology import ENDPOINT, EVERYWHERE, ROUTE_TABLE, VPC
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_GROUPS = "vpcConfig.securityGroupIds"
_HTTPS = 443
# Its endpoints carry a cell in their names that only AWS knows, so none can be declared before the first call.
WITHOUT_ENDPOINT = frozenset(("timestream",))
_DECISION_CELLS = 56


@criterion("TRADING-02.4")
def aws_through_endpoints(subject: Subject) -> Verdict:
    """For every service that a function's permissions name its VPC has an endpoint that the function can connect to."""
    findings, decision = [], 0
    for function in subject.graph.of_type(FUNCTION):
        services = called_services(subject, function)
        if services is None:
            findings.append(Finding(function, "role", "unknown"))
            continue
        if WITHOUT_ENDPOINT & services:
            decision = _DECISION_CELLS
        words = {service: _reaches(subject, function, service) for service in sorted(services - WITHOUT_ENDPOINT)}
        word = worst(words.values())
        findings.append(Finding(function, "vpcConfig", word))
    holds = "reach the AWS services that they call through endpoints of their VPC"
    return combine(findings, "functions", holds, decision)


def _reaches(subject: Subject, function: Resource, service: str) -> Word:
    graph = subject.graph
    subnets = follow(graph, function, "vpcConfig.subnetIds", SUBNET)
    vpcs = {vpc.urn: vpc for subnet in subnets.to for vpc in follow(graph, subnet, "vpcId", VPC).to}
    if len(vpcs) != 1 or subnets.foreign:
        return "fail" if subnets.certain else "unknown"
    (vpc,) = vpcs.values()
    return best(
        worst([word, _leads_to(graph, function, subnets, endpoint)])
        for endpoint, word in topology.serving(subject, service, vpc)
    )


def _leads_to(graph: StackGraph, function: Resource, subnets: Link, endpoint: Resource) -> Word:
    groups = follow(graph, function, _GROUPS, SECURITY_GROUP)
    if endpoint.get("vpcEndpointType", "Gateway") == "Gateway":
        out = best(_goes_out(graph, rule, groups, endpoint) for rule in graph.of_type(EGRESS))
        return worst([out, _routed(graph, subnets, endpoint)])
    guards = follow(graph, endpoint, "securityGroupIds", SECURITY_GROUP)
    out = best(_goes_out(graph, rule, groups, *guards.to) for rule in graph.of_type(EGRESS))
    into = best(_comes_in(graph, rule, groups, guards) for rule in graph.of_type(INGRESS))
    return worst([out, into])


def _routed(graph: StackGraph, subnets: Link, endpoint: Resource) -> Word:
    """Say whether the route tables of a function's subnets lead to a gateway endpoint."""
    linked = follow(graph, endpoint, "routeTableIds", ROUTE_TABLE)
    words: list[Word] = []
    for subnet in subnets.to:
        own = topology.tables(graph, subnet)
        if own is None:
            words.append("unknown")
        else:
            words.append("pass" if own and all(linked.has(table) for table in own) else "fail")
    # Which subnets and tables of a VPC an unknown list holds, dependencies do not tell.
    return worst(words) if subnets.certain and linked.certain else "unknown"


def _goes_out(graph: StackGraph, rule: Resource, groups: Link, *targets: Resource) -> Word:
    """Say whether a rule lets members of some groups connect to a group, or to the addresses of an endpoint."""
    if any(rule.get(name) in EVERYWHERE for name in ("cidrIpv4", "cidrIpv6")):
        target: Word = "pass"
    else:
        to_group = follow(graph, rule, "referencedSecurityGroupId", SECURITY_GROUP)
        to_list = follow(graph, rule, "prefixListId", ENDPOINT)
        target = best(_names_one_of(link, targets) for link in (to_group, to_list))
    owner = follow(graph, rule, "securityGroupId", SECURITY_GROUP)
    return worst([_names_one_of(owner, groups.to), _sure(groups), target, _is_open(rule, _HTTPS)])


def _comes_in(graph: StackGraph, rule: Resource, groups: Link, guards: Link) -> Word:
    owner = follow(graph, rule, "securityGroupId", SECURITY_GROUP)
    source = follow(graph, rule, "referencedSecurityGroupId", SECURITY_GROUP)
    ends = [_names_one_of(owner, guards.to), _names_one_of(source, groups.to)]
    return worst([*ends, _sure(guards), _is_open(rule, _HTTPS)])


def _names_one_of(link: Link, wanted: Iterable[Resource]) -> Word:
    if any(link.has(resource) for resource in wanted):
        return _sure(link)
    return "fail" if link.certain else "unknown"


def _sure(link: Link) -> Word:
    return "pass" if link.certain else "unknown"


def _is_open(rule: Resource, port: int) -> Word:
    return worst(
        [
            claim(rule, "ipProtocol", lambda given: given in ("tcp", "6", "-1")).word,
            claim(rule, "fromPort", lambda given: given <= port, default=port).word,
            claim(rule, "toPort", lambda given: given >= port, default=port).word,
        ]
    )


@criterion("TRADING-02.5")
def groups_of_functions(subject: Subject) -> Verdict:
    """Functions' groups take no connections and open single ports to groups, prefix lists, or HTTPS to the internet.

    The last only where every function of the group calls someone outside AWS, or a service without endpoint.
    """
    graph = subject.graph
    findings: list[Finding] = []
    members: dict[str, list[Resource]] = {}
    for function in graph.of_type(FUNCTION):
        groups = follow(graph, function, _GROUPS, SECURITY_GROUP)
        named: Word = "fail" if groups.foreign or (groups.certain and not groups.to) else "pass"
        findings.append(Finding(function, _GROUPS, worst([named, _sure(groups)])))
        for group in groups.to:
            members.setdefault(group.urn, []).append(function)
    for urn, functions in members.items():
        outside = all(_calls_outside(subject, function) for function in functions)
        findings += _of_group(graph, graph.resources[urn], outside)
    findings += astray(graph)
    return combine(findings, "security groups and rules of functions", "open only what is required")


def _calls_outside(subject: Subject, function: Resource) -> bool:
    name = str(function.get("name")).removeprefix(f"{subject.environment}-")
    return name in facts()["calls_outside"] or bool(WITHOUT_ENDPOINT & (called_services(subject, function) or set()))


def _of_group(graph: StackGraph, group: Resource, outside: bool) -> Iterator[Finding]:
    yield from no_inline_rules(graph, group)
    for rule in rules(graph, group, INGRESS):
        yield Finding(rule, "securityGroupId", "fail")
    for rule in rules(graph, group, EGRESS):
        yield Finding(rule, "", _is_narrow(graph, rule, outside))


def no_inline_rules(graph: StackGraph, group: Resource) -> Iterator[Finding]:
    """Yield what is against rules that stand elsewhere than in resources of their own."""
    for name in ("ingress", "egress"):
        yield claim(group, name, lambda given: not given, default=[])
    for rule in rules(graph, group, OLD_RULE):
        yield Finding(rule, "securityGroupId", "fail")


def rules(graph: StackGraph, group: Resource, type_: str) -> list[Resource]:
    """Return the rules of a type that belong to a group, or may do so."""
    return [rule for rule in graph.of_type(type_) if follow(graph, rule, "securityGroupId", SECURITY_GROUP).has(group)]


def astray(graph: StackGraph) -> Iterator[Finding]:
    """Yield the rules of which nothing tells the group that they belong to."""
    for rule in graph.of_type(INGRESS, EGRESS, OLD_RULE):
        link = follow(graph, rule, "securityGroupId", SECURITY_GROUP)
        if not link.certain and not link.to:
            yield Finding(rule, "securityGroupId", "unknown")


def _is_narrow(graph: StackGraph, rule: Resource, outside: bool) -> Word:
    ports = [rule.get("fromPort"), rule.get("toPort")]
    single: Word = (
        "unknown" if UNKNOWN in ports else "pass" if isinstance(ports[0], int) and ports[0] == ports[1] else "fail"
    )
    one_port = worst([claim(rule, "ipProtocol", lambda given: given in ("tcp", "6")).word, single])
    addresses = [rule.get(name) for name in ("cidrIpv4", "cidrIpv6") if rule.get(name) is not None]
    if addresses:
        allowed = outside and all(given in EVERYWHERE for given in addresses)
        https = claim(rule, "toPort", lambda given: given == _HTTPS).word
        open_ = outside and UNKNOWN in addresses
        return worst([one_port, https, "pass" if allowed else "unknown" if open_ else "fail"])
    group = follow(graph, rule, "referencedSecurityGroupId", SECURITY_GROUP)
    listed = rule.get("prefixListId") is not None
    if listed and not follow(graph, rule, "prefixListId", ENDPOINT).to:
        return "fail"  # a list that is not an endpoint's may hold any address
    if not listed and not group.to:
        return "fail"
    return one_port
