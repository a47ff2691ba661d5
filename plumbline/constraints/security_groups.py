"""Security groups: names, and rules inside them or beside them (EC2: AuthorizeSecurityGroupIngress; VPC quotas)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.networks import VPC, earlier, exactly_one, known_rows, referred
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_LONGEST = 255
_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*\Z")
_ALL = ("-1", "all")
_WITH_PORTS = ("tcp", "udp", "6", "17")
_LARGEST_PORT = 65_535
_NUMBERS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_MOST_RULES = 60  # per direction, and counted for IPv4 and IPv6 apart


@for_types(GROUP)
def names(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A group's name is free to use, and has only what EC2 allows in names and descriptions."""
    for name in ("name", "description"):
        message = _text(group.get(name))
        if message is not None:
            yield name, message
    given = group.get("name")
    if isinstance(given, str) and (given.startswith("sg-") or given == "default"):
        yield "name", f"{given!r} given; names that begin with sg-, and the name default, are EC2's own"


@for_types(GROUP, DEFAULT_GROUP)
def inline_rules(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Rules inside a group have ports that fit their protocol, and there are at most 60 to a direction."""
    for direction in ("ingress", "egress"):
        rows = known_rows(group.get(direction))
        for index, row in enumerate(rows):
            path = f"{direction}[{index}]"
            message = _text(row.get("description"))
            if message is not None:
                yield f"{path}.description", message
            low, high = row.get("fromPort"), row.get("toPort")
            if row.get("protocol") in _ALL and any(isinstance(port, int) and port != 0 for port in (low, high)):
                yield path, f"ports {low} to {high} given; all protocols have ports 0 to 0"
            elif isinstance(low, int) and isinstance(high, int):
                yield from _ports(path, row.get("protocol"), low, high)
        count = max(sum(_sources(row, family) for row in rows) for family in ("cidrBlocks", "ipv6CidrBlocks"))
        if count > _MOST_RULES:
            yield direction, f"{count} rules given; allowed: at most {_MOST_RULES}"


@for_types(INGRESS, EGRESS)
def rule(rule: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A rule has one source or destination, and ports if and only if its protocol has ports."""
    message = exactly_one(rule.inputs, _SOURCES)
    if message is not None:
        yield "", message
    message = _text(rule.get("description"))
    if message is not None:
        yield "description", message
    protocol, low, high = rule.get("ipProtocol"), rule.get("fromPort"), rule.get("toPort")
    for name, port in (("fromPort", low), ("toPort", high)):
        if protocol in _ALL and port is not None:
            yield name, "given, but a rule for all protocols has no ports"
        if protocol in _WITH_PORTS and port is None:
            yield name, f"missing; protocol {protocol} needs it"
    if isinstance(low, int) and isinstance(high, int) and protocol not in _ALL:
        yield from _ports("fromPort", protocol, low, high)


@for_types(INGRESS, EGRESS)
def one_of_a_kind(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """No two rules of a group are the same, and there are at most 60 to a direction."""
    group = referred(rule, "securityGroupId", GROUP, graph)
    if group is None:
        return
    others = [other for other in earlier(rule, graph) if referred(other, "securityGroupId", GROUP, graph) is group]
    mine = _content(rule)
    for other in others:
        if mine is not None and _content(other) == mine:
            yield "", f"the same as rule {other.name} of group {group.name}"
    counts = [sum(_counts(other, family) for other in (rule, *others)) for family in ("cidrIpv4", "cidrIpv6")]
    # Only the first rule too many is reported: the others follow from it.
    if max(counts) == _MOST_RULES + 1 and _counts(rule, ("cidrIpv4", "cidrIpv6")[counts.index(max(counts))]):
        yield "securityGroupId", f"group {group.name} has {max(counts)} rules; allowed: at most {_MOST_RULES}"


@for_types(INGRESS, EGRESS, _OLD_RULE)
def not_both(rule: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A group has its rules inside or beside it: the provider takes away those that are not inside."""
    group = referred(rule, "securityGroupId", GROUP, graph)
    if group is not None and (group.get("ingress") is not None or group.get("egress") is not None):
        yield "securityGroupId", f"group {group.name} has rules inside it, which take this one away"
    default = referred(rule, "securityGroupId", DEFAULT_GROUP, graph)
    if default is not None:
        yield "securityGroupId", f"default group {default.name} takes away rules that are not inside it"


@for_types(DEFAULT_GROUP)
def one_default(group: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A VPC has one default group."""
    vpc = referred(group, "vpcId", VPC, graph)
    for other in earlier(group, graph):
        if vpc is not None and referred(other, "vpcId", VPC, graph) is vpc:
            yield "vpcId", f"the default group of VPC {vpc.name} is declared already, by {other.name}"


def _text(text: Any) -> str | None:
    if isinstance(text, str) and len(text) > _LONGEST:
        return f"{len(text)} characters given; allowed: at most {_LONGEST}"
    if isinstance(text, str) and not _TEXT.match(text):
        return f"{text!r} given; allowed: letters, digits, spaces and ._-:/()#,@[]+=&;{{}}!$*"
    return None


def _ports(path: str, protocol: Any, low: int, high: int) -> Iterator[Finding]:
    # ICMP has a type and a code in the place of ports, which have no order.
    if protocol not in _WITH_PORTS:
        return
    if not 0 <= low <= _LARGEST_PORT or not 0 <= high <= _LARGEST_PORT:
        yield path, f"ports {low} to {high} given; allowed: 0 to {_LARGEST_PORT}"
    elif low > high:
        yield path, f"ports {low} to {high} given; the first must not be above the last"


def _content(rule: Resource) -> tuple[Any, ...] | None:
    """Return what makes two rules the same for EC2, which leaves descriptions out; None where it is not known."""
    protocol = rule.get("ipProtocol")
    source: list[Any] = []
    for name in _SOURCES:
        value = rule.get(name)
        if isinstance(value, str):
            source += [name, value]
        elif value is not None and name in ("prefixListId", "referencedSecurityGroupId"):
            # The id is not known yet; what it is the id of is.
            source += [name, *rule.property_dependencies.get(name, ())]
    ports = (rule.get("fromPort"), rule.get("toPort"))
    if not isinstance(protocol, str) or len(source) != 2 or not all(isinstance(port, int | None) for port in ports):
        return None
    return (_NUMBERS.get(protocol.lower(), protocol), *ports, *source)


def _counts(rule: Resource, family: str) -> bool:
    """Say whether a rule counts for an address family. One that names a group or a prefix list counts for both."""
    other = "cidrIpv6" if family == "cidrIpv4" else "cidrIpv4"
    return rule.get(other) is None


def _sources(row: Mapping[str, Any], family: str) -> int:
    lists = [row.get(name) for name in (family, "prefixListIds", "securityGroups")]
    return sum(len(items) for items in lists if isinstance(items, list)) + (row.get("self") is True)
