"""Security groups: what the internet reaches, and what reaches the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plumbline.graph import Resource
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    all_of,
    fail,
    present_type,
    rule,
    unknown,
)
from policies.rules.operations.openings import (
    DEFAULT_GROUP,
    EGRESS,
    GROUP,
    INGRESS,
    RULE,
    WITH_EGRESS,
    WITH_INGRESS,
    Direction,
    Opening,
    openings,
)

_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html"
_ADMIN_PORTS = [22, 3389, 5985, 5986]
# FSBP's list, and the ports of caches, queues, file systems and container engines, which ask nobody who they are.
_RISKY_PORTS = [
    *(20, 21, 22, 23, 25, 110, 111, 135, 139, 143, 389, 445, 1433, 1434, 1521, 2049, 2375, 2376, 2379, 3000, 3306),
    *(3389, 4333, 5000, 5432, 5500, 5601, 5672, 5900, 6379, 8080, 8086, 8088, 8888, 9042, 9092, 9200, 9300, 10250),
    *(11211, 27017),
]


def _each(
    view: View, direction: Direction, expected: str, judge: Callable[[Opening], Iterable[Outcome] | None]
) -> Outcome:
    """Judge each line of a direction. `judge` returns None for a line that is fine whatever its addresses are."""
    lines = openings(view, direction)
    if lines is None:
        return unknown("type" if view.type == RULE else direction, expected)
    outcomes: list[Outcome] = []
    for line in lines:
        found = judge(line)
        outcomes.append(PASS)
        if found is not None:
            outcomes.extend(found)
            outcomes.extend(unknown(path, expected) for path in line.maybes())
    return all_of(outcomes)


def _ports(line: Opening) -> str:
    """Describe what a line opens."""
    if line.ports is None:
        return line.protocol
    if line.protocol not in ("tcp", "udp", "-1"):
        return "another protocol"
    first, last = line.ports
    shown = "all ports" if line.ports == (0, 65535) else f"port {first}" if first == last else f"ports {first}-{last}"
    return shown if line.protocol == "-1" else f"{line.protocol} {shown}"


def _closed_to_world(view: View, ports: Iterable[int], expected: str) -> Outcome:
    """Judge that the internet reaches none of some ports."""
    wanted = [int(port) for port in ports]

    def judge(line: Opening) -> list[Outcome] | None:
        reached = line.covers(wanted)
        if not reached:
            return None
        shown = ", ".join(str(port) for port in reached[:4]) + (" and more" if len(reached) > 4 else "")
        if not line.known:
            return [unknown(line.place("fromPort"), expected)] if line.worlds() else []
        return [fail(path, f"{text} to {shown}", expected) for path, text in line.worlds()]

    return _each(view, "ingress", expected, judge)


@rule(
    "OP-010",
    "security-group-admin-ports-closed",
    pack="operations",
    types=WITH_INGRESS,
    severity="high",
    rationale="Ports for administration that the internet reaches are tried by machines day and night.",
    url=f"{_HUB}#ec2-13",
    remediation="Take the world out of the addresses; administer through Session Manager, or from named networks.",
    controls=("EC2.13", "EC2.14", "EC2.53", "EC2.54", "5.2", "5.3", "CKV_AWS_24", "CKV_AWS_25"),
    criteria=("TRADING-02.5",),
    parameters={"ports": _ADMIN_PORTS},
)
def admin_ports(view: View) -> Outcome:
    return _closed_to_world(view, view.parameters["ports"], "no port for administration open to the internet")


@rule(
    "OP-011",
    "security-group-high-risk-ports-closed",
    pack="operations",
    types=WITH_INGRESS,
    severity="critical",
    rationale="Behind these ports are databases, caches and tools that are made for a network of friends.",
    url=f"{_HUB}#ec2-19",
    remediation="Let in the security groups of the clients, or a private network, instead of the world.",
    controls=("EC2.19", "AwsSolutions-RDS8"),
    criteria=("TRADING-02.5", "TRADING-08.6"),
    parameters={"ports": _RISKY_PORTS},
)
def risky_ports(view: View) -> Outcome:
    return _closed_to_world(view, view.parameters["ports"], "no high-risk port open to the internet")


@rule(
    "OP-012",
    "security-group-open-ports-are-allowed",
    pack="operations",
    types=WITH_INGRESS,
    severity="high",
    rationale="What the internet may reach is a decision: each open port is named, and everything else is closed.",
    url=f"{_HUB}#ec2-18",
    remediation="Let the internet in on allowed ports only; name another one in `tcp_ports` of the rule's parameters.",
    controls=(
        *("EC2.18", "AwsSolutions-EC23", "CKV_AWS_260", "CKV_AWS_277"),
        "aws-ec2-securitygroup-disallow-public-internet-ingress",
        "aws-ec2-securitygroup-disallow-inbound-http-traffic",
    ),
    criteria=("TRADING-02.5",),
    parameters={"tcp_ports": [443], "udp_ports": []},
)
def open_ports(view: View) -> Outcome:
    """Messages of ICMP are not judged: paths find their packet size by them."""
    expected = "the internet on allowed ports only"
    allowed = {name: {int(each) for each in view.parameters[f"{name}_ports"]} for name in ("tcp", "udp")}

    def judge(line: Opening) -> list[Outcome] | None:
        if line.ports is None or (line.known and len(line.covers(allowed.get(line.protocol, ()))) == line.width):
            return None
        if not line.known:
            return [unknown(line.place("fromPort"), expected)] if line.worlds() else []
        return [fail(path, f"{text} to {_ports(line)}", expected) for path, text in line.worlds()]

    return _each(view, "ingress", expected, judge)


@rule(
    "OP-013",
    "security-group-ingress-names-ports",
    pack="operations",
    types=WITH_INGRESS,
    severity="medium",
    rationale="A group that lets others in on every port also opens what somebody starts there later.",
    url=_VPC,
    remediation="Give from_port and to_port of the service; all ports are for a group's own members only.",
    controls=("EC2.18", "CKV_AWS_277"),
    criteria=("TRADING-02.5",),
    parameters={"widest": 1024},
)
def wide_ingress(view: View) -> Outcome:
    widest = int(view.parameters["widest"])
    return _width(view, "ingress", f"{widest} ports or fewer", lambda line: line.itself or line.width <= widest)


def _width(view: View, direction: Direction, expected: str, fine: Callable[[Opening], bool]) -> Outcome:
    """Judge how many ports each line opens, to whomever."""
    lines = openings(view, direction)
    if lines is None:
        return unknown("type" if view.type == RULE else direction, expected)
    outcomes: list[Outcome] = []
    for line in lines:
        path = line.place("fromPort")
        if fine(line):
            outcomes.append(PASS)
        else:
            outcomes.append(fail(path, _ports(line), expected) if line.known else unknown(path, expected))
    return all_of(outcomes)


@rule(
    "OP-014",
    "security-group-egress-is-limited",
    pack="operations",
    types=WITH_EGRESS,
    severity="medium",
    rationale="What was broken into calls home: on every port, it will get through.",
    url=f"{_HUB}#ec2-2",
    remediation="Let out to the groups, prefix lists or ports that the application needs, such as 443.",
    controls=("CKV_AWS_382",),
    criteria=("TRADING-02.5", "TRADING-02.4"),
    parameters={"widest": 1024},
)
def egress(view: View) -> Outcome:
    widest = int(view.parameters["widest"])
    expected = f"{widest} ports or fewer to the internet"

    def judge(line: Opening) -> list[Outcome] | None:
        if line.width <= widest:
            return None
        if not line.known:
            return [unknown(line.place("fromPort"), expected)] if line.worlds() else []
        return [fail(path, f"{text} on {_ports(line)}", expected) for path, text in line.worlds()]

    return _each(view, "egress", expected, judge)


# What belongs to a group does not use it.
_OF_GROUP = (GROUP, RULE, INGRESS, EGRESS)


def _users(group: View) -> list[Resource]:
    """Return the resources that have a group, or wait for one of its properties."""
    urn = group.resource.urn
    return [
        other
        for other in group.stack.graph
        if other.type not in _OF_GROUP
        and other.custom
        and any(urn in leads_to for leads_to in other.property_dependencies.values())
    ]


@rule(
    "OP-015",
    "security-group-is-used",
    pack="operations",
    types=(GROUP,),
    severity="medium",
    scope="stack",
    rationale="A group that nothing has is one that somebody attaches later without reading it.",
    url=f"{_HUB}#ec2-22",
    remediation="Attach the group, or delete it.",
    controls=("EC2.22", "CKV2_AWS_5"),
)
def used(view: View) -> Outcome:
    """Rules of other groups that name it do not count, nor does what merely waits for it."""
    return PASS if _users(view) else fail("", "nothing that has the group", "a resource with the group")


@rule(
    "OP-016",
    "security-group-open-only-for-load-balancers",
    pack="operations",
    types=WITH_INGRESS,
    severity="high",
    scope="stack",
    rationale="Functions, caches and databases serve nobody on the internet: a load balancer stands before what does.",
    url=_VPC,
    remediation="Let the world in to the load balancer's group, and that group in to the others.",
    controls=("EC2.18", "AwsSolutions-EC23", "aws-ec2-securitygroup-disallow-public-internet-ingress"),
    criteria=("TRADING-02.5", "TRADING-08.6"),
    parameters={"types": ["aws:lb/loadBalancer:LoadBalancer", "aws:elb/loadBalancer:LoadBalancer"]},
)
def only_balancers(view: View) -> Outcome:
    """`types` are those of resources that may face the internet."""
    expected = "the internet let in to load balancers only"
    facing = {present_type(str(each)) for each in view.parameters["types"]}
    groups = [view] if view.type in (GROUP, DEFAULT_GROUP) else _groups_of(view)

    def judge(line: Opening) -> list[Outcome] | None:
        if line.ports is None:
            return None
        found = line.worlds()
        if not found and not line.maybes():
            return None
        if not groups:
            return [unknown("securityGroupId", expected) for _ in found[:1]]
        others = [user for group in groups for user in _users(group) if present_type(user.type) not in facing]
        users = [user for group in groups for user in _users(group)]
        if users and not others:
            return None
        shown = f"to {others[0].display}" if others else "to a group that no load balancer has"
        return [fail(path, f"{text} {shown}", expected) for path, text in found]

    return _each(view, "ingress", expected, judge)


def _groups_of(line: View) -> list[View]:
    """Return the groups of the stack that a rule by itself may belong to."""
    return [each for each in line.of_type(GROUP, DEFAULT_GROUP) if line.refers_to("securityGroupId", each)]
