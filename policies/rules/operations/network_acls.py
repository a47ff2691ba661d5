"""Network ACLs: what they let in, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, fail, is_true, rule, unknown
from policies.rules.operations.network import written
from policies.rules.operations.openings import is_world

ACL = "aws:ec2/networkAcl:NetworkAcl"
_DEFAULT_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
_LINE = "aws:ec2/networkAclRule:NetworkAclRule"
_ASSOCIATION = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html"


@dataclass(frozen=True)
class _Line:
    """One line of an ACL. `action` and `number` are UNKNOWN where they are not known; `ports` is as wide as can be."""

    path: str
    action: Any
    number: Any
    ports: tuple[int, int] | None
    addresses: tuple[tuple[str, Any], ...]
    known: bool

    def place(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def covers(self, port: int) -> bool:
        return self.ports is not None and self.ports[0] <= port <= self.ports[1]

    def refuses_before(self, other: _Line, port: int, address: Any) -> bool:
        """Say whether this line refuses what another one would allow later."""
        return (
            self.action == "deny"
            and self.known
            and self.covers(port)
            and any(is_world(given) and _version(given) == _version(address) for _, given in self.addresses)
            and isinstance(self.number, int)
            and isinstance(other.number, int)
            and self.number < other.number
        )


def _version(address: Any) -> int:
    return 6 if ":" in str(address) else 4


def _line(view: View, path: str, action: str, number: str) -> _Line:
    prefix = f"{path}." if path else ""

    def get(name: str, default: Any = None) -> Any:
        return view.get(f"{prefix}{name}", default)

    protocol, first, last, verb = get("protocol", "-1"), get("fromPort"), get("toPort"), get(action)
    word = {"6": "tcp", "-1": "all"}.get(str(protocol).lower(), str(protocol).lower())
    may_be_tcp = protocol is UNKNOWN or word in ("tcp", "all")
    whole = word == "all" or protocol is UNKNOWN or first is UNKNOWN or last is UNKNOWN
    ports = (0, 65535) if whole else (_number(first, 0), _number(last, 65535))
    return _Line(
        path=path,
        action=verb if verb is UNKNOWN else str(verb).lower(),
        number=_number(get(number), UNKNOWN),
        ports=ports if may_be_tcp else None,
        addresses=tuple(
            (f"{prefix}{name}", value) for name in ("cidrBlock", "ipv6CidrBlock") if (value := get(name)) is not None
        ),
        known=protocol is not UNKNOWN and (word == "all" or (first is not UNKNOWN and last is not UNKNOWN)),
    )


def _number(value: Any, default: Any) -> Any:
    try:
        return default if value is UNKNOWN else int(value)
    except (OverflowError, TypeError, ValueError):
        return default


def _own(view: View) -> list[_Line] | None:
    """Return the lines that let in, None where they are not known."""
    if view.type == _LINE:
        return [] if is_true(view.get("egress")) else [_line(view, "", "ruleAction", "ruleNumber")]
    if not written(view, "ingress"):
        return []
    rows = view.items("ingress")
    if rows is None:
        return None
    single = not isinstance(view.get("ingress"), list)
    paths = ["ingress"] if single else [f"ingress.{number}" for number in range(len(rows))]
    return [_line(view, path, "action", "ruleNo") for path in paths]


def _siblings(view: View) -> Iterable[_Line]:
    """Return the other lines that let in by the same ACL."""
    if view.type == _LINE:
        of = view.resource.property_dependencies.get("networkAclId", ()), view.get("networkAclId")
        for other in view.of_type(_LINE):
            named = other.resource.property_dependencies.get("networkAclId", ()), other.get("networkAclId")
            if named == of and (named[0] or named[1] is not UNKNOWN):
                yield from _own(other) or ()
    else:
        yield from _own(view) or ()


@rule(
    "OP-060",
    "network-acl-admin-ports-closed",
    pack="operations",
    types=(ACL, _DEFAULT_ACL, _LINE),
    severity="medium",
    scope="stack",
    rationale="An ACL stands before every group of a subnet, and holds when one of them is opened by mistake.",
    url=f"{_HUB}#ec2-21",
    remediation="Leave out the world for these ports, or refuse them with a lower number than what allows them.",
    controls=("EC2.21", "5.1", "CKV_AWS_232", "CKV_AWS_231", "CKV_AWS_352"),
    criteria=("MOMENTUM-3.1.2",),
    parameters={"ports": [22, 3389]},
)
def admin_ports(view: View) -> Outcome:
    expected = "no port for administration open to the internet"
    lines = _own(view)
    if lines is None:
        return unknown("ingress", expected)
    if view.type == _LINE and view.get("egress") is UNKNOWN:
        return unknown("egress", expected)
    before = list(_siblings(view))
    wanted = [int(port) for port in view.parameters["ports"]]
    return all_of([PASS, *(outcome for line in lines for outcome in _judge(line, wanted, before, expected))])


def _judge(line: _Line, wanted: list[int], before: list[_Line], expected: str) -> Iterable[Outcome]:
    if line.action == "deny":
        return
    for path, address in line.addresses:
        world = address is UNKNOWN or is_world(address)
        reached = [
            port
            for port in wanted
            if world and line.covers(port) and not any(each.refuses_before(line, port, address) for each in before)
        ]
        if not reached:
            continue
        if address is UNKNOWN:
            yield unknown(path, expected)
        elif line.action is UNKNOWN or not line.known:
            yield unknown(line.place("fromPort" if line.action is not UNKNOWN else "action"), expected)
        else:
            yield fail(path, f"{address} to {', '.join(str(port) for port in reached)}", expected)


@rule(
    "OP-061",
    "network-acl-is-attached",
    pack="operations",
    types=(ACL,),
    severity="low",
    scope="stack",
    rationale="An ACL without subnets protects nothing, though the program reads as if it did.",
    url=f"{_HUB}#ec2-16",
    remediation="Give subnet_ids, or an aws.ec2.NetworkAclAssociation for each subnet.",
    controls=("EC2.16", "CKV2_AWS_1"),
    criteria=("MOMENTUM-3.1.2",),
)
def attached(view: View) -> Outcome:
    if written(view, "subnetIds"):
        return PASS
    found, uncertain = view.referrers(_ASSOCIATION, "networkAclId")
    if found:
        return PASS
    return unknown("subnetIds", "a subnet") if uncertain else fail("subnetIds", "no subnet", "a subnet")


@rule(
    "OP-062",
    "network-acl-does-not-allow-everything",
    pack="operations",
    types=(ACL, _LINE),
    severity="low",
    rationale="An ACL of its own that lets in everybody on every port is the default one with more to maintain.",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
    remediation="Allow the ports that the subnet serves, and those above 1024 for answers.",
    criteria=("MOMENTUM-3.1.2",),
)
def everything(view: View) -> Outcome:
    """Only what it lets in; answers to the subnet's own requests need the ports above 1024."""
    expected = "ports of the subnet's services"
    lines = _own(view)
    if lines is None:
        return unknown("ingress", expected)
    allowing = [line for line in lines if line.action != "deny"]
    outcomes: list[Outcome] = []
    for line in allowing:
        whole = line.ports == (0, 65535)
        found = [path for path, address in line.addresses if whole and is_world(address)]
        maybe = [path for path, address in line.addresses if whole and address is UNKNOWN]
        outcomes.extend(unknown(path, expected) for path in maybe)
        if line.known and line.action is not UNKNOWN:
            outcomes.extend(fail(path, "all ports for the world", expected) for path in found)
        else:
            outcomes.extend(unknown(line.place("fromPort"), expected) for _ in found)
        outcomes.append(PASS)
    return all_of(outcomes) if outcomes else (NOT_APPLICABLE if view.type == _LINE else PASS)
