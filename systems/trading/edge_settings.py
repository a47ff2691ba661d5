"""Settings of what the internet reaches first: domains, content delivery and the web firewall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from systems.settings import Model

_DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
Domain = Annotated[str, pydantic.StringConstraints(pattern=_DOMAIN, max_length=253)]
Country = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{2}$")]


class FailoverSettings(Model):
    """Where callers of the API are sent while its health check fails (TRADING-18.5)."""

    secondary: Domain | None = Field(
        default=None,
        description="Regional API Gateway domain in another region; without one, callers get a maintenance answer",
    )
    secondary_zone_id: str | None = Field(
        default=None, pattern=r"^Z[A-Z0-9]{1,31}$", description="Hosted zone id of that regional domain"
    )


class DomainSettings(Model):
    """Requirements 18 and 19."""

    zone: Domain = Field(description="Hosted zone, which the bootstrap stack makes (TRADING-18.1)")
    frontend: Domain = Field(description="Domain of the pages, the only origin that may call the API (TRADING-07.3)")
    api: Domain = Field(description="Domain of the API (TRADING-07.8a)")
    health_checks: bool = Field(description="Check both domains from several regions (TRADING-18.4)")
    failover: FailoverSettings | None = Field(default=None, description="Failover of the API; none without")

    def mistakes(self) -> Iterator[str]:
        for name, domain in (("frontend", self.frontend), ("api", self.api)):
            if domain != self.zone and not domain.endswith(f".{self.zone}"):
                yield f"domains.{name}: {domain} given; allowed: {self.zone} or a name below it"
        if self.frontend == self.api:
            yield f"domains.api: {self.api} given, which is the frontend's; allowed: another name"
        failover = self.failover
        if failover is None:
            return
        if not self.health_checks:
            yield "domains.health_checks: false given; allowed: true, since failover follows a health check"
        if (failover.secondary is None) != (failover.secondary_zone_id is None):
            yield "domains.failover: one of secondary and secondary_zone_id given; allowed: both or none"


class CdnSettings(Model):
    """Requirement 10."""

    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = Field(
        description="Edge locations: North America and Europe, those and Asia, or all"
    )
    countries: tuple[Country, ...] = Field(
        default=(), description="The only countries that get pages, as two letters; all without (TRADING-10.8)"
    )
    trailing_slash: bool = Field(default=False, description="trailingSlash of the export's next.config.js")

    def mistakes(self) -> Iterator[str]:
        for country in sorted({country for country in self.countries if self.countries.count(country) > 1}):
            yield f"cdn.countries: {country} given twice; allowed: each country once"


class FirewallSettings(Model):
    """Requirement 15."""

    requests_per_five_minutes: int = Field(
        ge=10, le=2_000_000_000, description="Requests of one address in five minutes (TRADING-15.4)"
    )
    injection_rules: bool = Field(
        description="Rules against SQL injection and cross-site scripting (TRADING-15.6a, 15.6b)"
    )
