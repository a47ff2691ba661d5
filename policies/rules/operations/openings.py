"""What a security group lets in or out, whichever of its three ways of writing says so."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from plumbline.graph import UNKNOWN
from policies.rules.model import View, is_true

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
WITH_INGRESS = (GROUP, DEFAULT_GROUP, RULE, INGRESS)
WITH_EGRESS = (GROUP, DEFAULT_GROUP, RULE, EGRESS)
Direction = Literal["ingress", "egress"]

_ALL_PORTS = (0, 65535)
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_WITHOUT_PORTS = ("icmp", "icmpv6")
# Wider public ranges are as good as the whole internet.
_WIDEST = {4: 8, 6: 32}
_PRIVATE = ipaddress.ip_network("fc00::/7")
_ADDRESSES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_PEERS = ("securityGroups", "sourceSecurityGroupId", "referencedSecurityGroupId", "prefixListIds", "prefixListId")


@dataclass(frozen=True)
class Opening:
    """One line of a group.

    `ports` is None for protocols without ports; `addresses` holds UNKNOWN for what is not known. `itself` is for lines
    about the group's own members only. `known` is False where the protocol or a port is not: then `ports` is as wide as
    it could be.
    """

    path: str
    protocol: str
    ports: tuple[int, int] | None
    addresses: tuple[tuple[str, Any], ...]
    itself: bool = False
    known: bool = True

    def place(self, name: str) -> str:
        """Return the path of a property of the line."""
        return f"{self.path}.{name}" if self.path else name

    @property
    def width(self) -> int:
        return 0 if self.ports is None else self.ports[1] - self.ports[0] + 1

    def covers(self, wanted: Iterable[int]) -> list[int]:
        """Return those of some ports that the line opens."""
        return [] if self.ports is None else [port for port in wanted if self.ports[0] <= port <= self.ports[1]]

    def worlds(self) -> list[tuple[str, str]]:
        """Return the known addresses that stand for the internet, with their paths."""
        return [(path, text) for path, text in self.addresses if is_world(text)]

    def maybes(self) -> list[str]:
        """Return the paths of addresses that are not known."""
        return [path for path, text in self.addresses if text is UNKNOWN]


def is_world(text: Any) -> bool:
    """Say whether a CIDR block is the internet, or so much of it that it makes no difference."""
    if not isinstance(text, str):
        return False
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    private = network.version == 6 and network.network_address in _PRIVATE
    return network.prefixlen < _WIDEST[network.version] and not (private and network.prefixlen >= _PRIVATE.prefixlen)


def openings(view: View, direction: Direction) -> list[Opening] | None:
    """Return the lines of one direction that a resource holds; None where they are not known."""
    if view.type in (GROUP, DEFAULT_GROUP):
        rows = view.items(direction)
        if rows is None:
            return None
        return [_opening(view, f"{direction}.{number}") for number in range(len(rows))]
    if view.type == RULE:
        kind = view.get("type")
        if kind is UNKNOWN:
            return None
        return [_opening(view, "")] if str(kind).lower() == direction else []
    wanted = INGRESS if direction == "ingress" else EGRESS
    return [_opening(view, "")] if view.type == wanted else []


def _opening(view: View, path: str) -> Opening:
    prefix = f"{path}." if path else ""

    def get(name: str) -> Any:
        # A whole line that is not known gives UNKNOWN for each of its parts.
        return view.get(f"{prefix}{name}")

    own = get("self")
    protocol = next((value for name in ("protocol", "ipProtocol") if (value := get(name)) is not None), "-1")
    first, last = get("fromPort"), get("toPort")
    word = _PROTOCOLS.get(str(protocol).lower(), str(protocol).lower())
    with_ports = word in ("tcp", "udp")
    addresses = tuple(_addresses(view, prefix))
    return Opening(
        path=path,
        protocol=word,
        ports=(_port(first, 0), _port(last, 65535)) if with_ports else None if word in _WITHOUT_PORTS else _ALL_PORTS,
        addresses=addresses,
        itself=not addresses and _among_members(view, prefix),
        # Lines among a group's own members may be wide, so whether this is one of them decides.
        known=protocol is not UNKNOWN
        and not (with_ports and (first is UNKNOWN or last is UNKNOWN))
        and (own is not UNKNOWN or bool(addresses)),
    )


def _among_members(view: View, prefix: str) -> bool:
    """Say whether a line is only about the members of the group itself."""
    leads_to = view.resource.property_dependencies
    own, peer = leads_to.get("securityGroupId", ()), leads_to.get("referencedSecurityGroupId", ())
    if view.get("referencedSecurityGroupId") is not None:
        same = view.get("securityGroupId") == view.get("referencedSecurityGroupId")
        return same and (own == peer)
    return is_true(view.get(f"{prefix}self")) and not any(view.is_set(f"{prefix}{name}") for name in _PEERS)


def _port(value: Any, default: int) -> int:
    try:
        return int(value)
    except (OverflowError, TypeError, ValueError):
        return default


def _addresses(view: View, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in _ADDRESSES:
        path = f"{prefix}{name}"
        value = view.get(path)
        if isinstance(value, list):
            yield from ((f"{path}.{number}", each) for number, each in enumerate(value))
        elif value is not None:
            yield path, value
