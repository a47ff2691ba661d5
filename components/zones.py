"""Public hosted zones, and the delegation from one to those below it (requirement 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

_TTL_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class ZoneSpec:
    """One zone. `delegations` are name servers, by domain, of zones below it that lie in other accounts."""

    description: str
    delegations: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ZonesArgs:
    """The zones of one account, by domain."""

    zones: Mapping[str, ZoneSpec]


class Zones(pulumi.ComponentResource):
    """Hosted zones. `zones` holds them by domain, `name_servers` what the registrar or the parent zone has to name."""

    def __init__(self, name: str, args: ZonesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Zones", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.zones: Mapping[str, aws.route53.Zone] = {
            domain: aws.route53.Zone(f"{name}-{domain}", name=domain, comment=spec.description, opts=child)
            for domain, spec in args.zones.items()
        }
        self.name_servers = {domain: zone.name_servers for domain, zone in self.zones.items()}
        for domain, spec in args.zones.items():
            servers: dict[str, pulumi.Input[Sequence[pulumi.Input[str]]]] = dict(spec.delegations)
            servers |= {below: self.zones[below].name_servers for below in _directly_below(domain, list(args.zones))}
            for below, names in servers.items():
                aws.route53.Record(
                    f"{name}-{domain}-{below}",
                    zone_id=self.zones[domain].zone_id,
                    name=below,
                    type="NS",
                    ttl=_TTL_SECONDS,
                    records=names,
                    opts=child,
                )
        self.register_outputs({"name_servers": self.name_servers})


def _directly_below(domain: str, domains: Sequence[str]) -> list[str]:
    """Return the domains below one that have no other of the domains between."""
    below = [other for other in domains if other.endswith(f".{domain}")]
    return [other for other in below if not any(other.endswith(f".{between}") for between in below)]
