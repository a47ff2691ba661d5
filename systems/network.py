"""Settings of a system's network, and what can be wrong with its addresses."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from systems.settings import Model

# RFC 1918: the ranges that are nobody's on the internet.
_PRIVATE = tuple(ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_LARGEST, _SMALLEST = 16, 24  # prefix lengths of a VPC: AWS's largest, and the smallest that leaves room to grow
_CIDR = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"


class AddressSettings(Model):
    """The addresses of a VPC, in the zones that it has subnets in."""

    cidr_block: str = Field(pattern=_CIDR, description="Private addresses of the VPC, such as 10.10.0.0/16")
    zones: tuple[str, ...] = Field(
        min_length=2, max_length=6, description="Availability zones, two or more (TRADING-02.1c)"
    )

    def masks(self) -> tuple[int, ...]:
        """Return the prefix lengths of the subnets in each zone."""
        raise NotImplementedError


class NetworkSettings(AddressSettings):
    """The VPC of one stack (requirement 02)."""

    public_mask: int = Field(default=24, ge=16, le=28, description="Prefix length of the public subnet in each zone")
    private_mask: int = Field(default=20, ge=16, le=28, description="Prefix length of the private subnet in each zone")
    isolated_mask: int = Field(
        default=24, ge=16, le=28, description="Prefix length of the subnet without way out in each zone"
    )
    nat: Literal["single", "one_per_zone"] = Field(description="NAT gateways: one, or one in each zone (TRADING-02.7)")
    interface_endpoints: tuple[str, ...] = Field(
        description="Services with an interface endpoint, by their endpoint names; DynamoDB and S3 have gateways"
    )

    def masks(self) -> tuple[int, ...]:
        return self.public_mask, self.private_mask, self.isolated_mask

    def endpoint_mistakes(self, called: Iterable[str]) -> Iterator[str]:
        """Yield a line for each service that functions call and that has no endpoint (TRADING-02.4)."""
        for service in called:
            if service not in self.interface_endpoints:
                yield f"network.interface_endpoints: {service} missing; functions call it"
        for service in sorted(set(self.interface_endpoints)):
            if self.interface_endpoints.count(service) > 1:
                yield f"network.interface_endpoints: {service} given twice"
            if service in ("dynamodb", "s3"):
                yield f"network.interface_endpoints: {service} given, which has a gateway endpoint already"


def network_mistakes(
    network: AddressSettings, region: str, siblings: Mapping[str, Mapping[str, Any]], where: str = "network"
) -> Iterator[str]:
    """Yield what is wrong with the addresses: not private, too few, or those of another stack of the system.

    `where` is the path of the network in the settings of every stack.
    """
    for zone in dict.fromkeys(network.zones):
        if not re.fullmatch(f"{region}[a-z]", zone):
            yield f"{where}.zones: {zone} given; allowed: zones of {region}, such as {region}a"
        elif network.zones.count(zone) > 1:
            yield f"{where}.zones: {zone} given more than once"
    block = _block(network.cidr_block)
    if block is None:
        yield f"{where}.cidr_block: {network.cidr_block} given; allowed: a block by its first address, as 10.10.0.0/16"
        return
    if not any(block.subnet_of(private) for private in _PRIVATE):
        yield f"{where}.cidr_block: {block} given; allowed: a part of {', '.join(map(str, _PRIVATE))}"
    if not _LARGEST <= block.prefixlen <= _SMALLEST:
        yield f"{where}.cidr_block: /{block.prefixlen} given; allowed: /{_LARGEST} to /{_SMALLEST}"
    # awsx cuts the block into equal parts, one for each zone, as many as a power of two.
    per_zone = block.prefixlen + math.ceil(math.log2(len(network.zones)))
    if _taken(network.masks()) > 2 ** (32 - per_zone):
        masks = ", ".join(f"/{mask}" for mask in network.masks())
        yield f"{where}.cidr_block: {block} given; allowed: one whose /{per_zone} per zone holds subnets of {masks}"
    for stack, settings in siblings.items():
        part: Any = settings
        for step in where.split("."):
            part = part.get(step) if isinstance(part, Mapping) else None
        other = _block(str(part.get("cidr_block"))) if isinstance(part, Mapping) else None
        if other is not None and block.overlaps(other):
            yield f"{where}.cidr_block: {block} given; allowed: addresses that stack {stack} ({other}) does not use"


def _taken(masks: Iterable[int]) -> int:
    """Return the addresses that subnets of these prefix lengths take, one after the other, each on its own boundary."""
    end = 0
    for mask in masks:
        size = 2 ** (32 - mask)
        end = math.ceil(end / size) * size + size
    return end


def _block(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        return None
