"""Settings of the bootstrap stacks, one for each account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from systems.bootstrap import data
from systems.settings import Email, Model, StackSettings


class GithubSettings(Model):
    """Who may deploy from GitHub Actions."""

    repository: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", description="Repository, as OWNER/NAME"
    )
    environments: tuple[str, ...] = Field(
        min_length=1, description="Environments whose stacks live in this account; each gets roles of its own"
    )


class StateSettings(Model):
    """The bucket that holds the state of all stacks of the account (TRADING-01.3a, 05.1e)."""

    noncurrent_days: int = Field(default=365, ge=1, description="Days that earlier versions of the state are kept")
    access_log_days: int = Field(default=365, ge=1, description="Days that the bucket's access logs are kept")


class ZoneSettings(Model):
    """A hosted zone. Zones below another one of the same stack are delegated by themselves."""

    description: str = Field(min_length=1, max_length=256, description="What the domain is for")
    delegations: dict[str, tuple[str, ...]] = Field(
        default={}, description="Name servers of zones below this one that lie in other accounts, by domain"
    )
    dnssec: bool = Field(
        default=False, description="Sign the zone's answers; its parent zone then needs a DS record (TRADING-18.6)"
    )


class SingletonSettings(Model):
    """What exists once per account and region."""

    security_hub: bool = Field(default=True, description="Security Hub with its default standards")
    guardduty: bool = Field(default=True, description="GuardDuty's detector")
    cost_allocation_tags: bool = Field(
        default=False,
        description="Activate the four tags for cost allocation: a later step, in the management account",
    )


class CostSettings(Model):
    """Who is told of the account's costs (TRADING-23.5)."""

    emails: tuple[Email, ...] = Field(
        min_length=1, max_length=10, description="Addresses that hear of cost anomalies and of Savings Plans"
    )
    anomaly_usd: int = Field(
        default=100, ge=1, le=10_000_000_000, description="US dollars from which on an anomaly is told"
    )
    savings_plans_percent: int = Field(
        default=50,
        ge=1,
        le=100,
        description="Share of the use that Savings Plans could cover; below it a mail comes in each month",
    )


class Settings(StackSettings):
    """All settings of a bootstrap stack."""

    environment: Literal["bootstrap"] = Field(description="Always bootstrap: the prefix of what it makes")
    github: GithubSettings = Field(description="Roles for GitHub Actions")
    state: StateSettings = Field(default=StateSettings(), description="Bucket of the state")
    singletons: SingletonSettings = Field(default=SingletonSettings(), description="Singletons of the account")
    costs: CostSettings = Field(description="Who is told of the account's costs")
    zones: dict[str, ZoneSettings] = Field(default={}, description="Hosted zones by domain")

    def mistakes(self, siblings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Yield what is wrong across fields and with the permissions' data file."""
        yield from super().mistakes(siblings)
        for name in sorted(set(self.github.environments)):
            if self.github.environments.count(name) > 1:
                yield f"github.environments: {name} given twice"
            if not data.ENVIRONMENT.fullmatch(name):
                yield f"github.environments: {name!r} given; allowed: 2 to 12 lower-case letters and digits"
            # Their roles change whatever has the environment's prefix: here themselves, the state and its key.
            if name == self.environment:
                yield f"github.environments: {name} given; allowed: other environments than the stack's own"
        for domain, zone in self.zones.items():
            yield from _domain_mistakes(f"zones.{domain}", domain)
            for child, servers in zone.delegations.items():
                yield from _domain_mistakes(f"zones.{domain}.delegations.{child}", child)
                if not child.endswith(f".{domain}"):
                    yield f"zones.{domain}.delegations.{child}: not below {domain}"
                if child in self.zones:
                    yield f"zones.{domain}.delegations.{child}: a zone of this stack, which is delegated by itself"
                if len(servers) < 2:
                    yield f"zones.{domain}.delegations.{child}: {len(servers)} name servers given; allowed: 2 or more"
        for other, settings in siblings.items():
            if settings.get("account_id") == self.account_id:
                yield f"account_id: {self.account_id} given; stack {other} has this account, and one is enough"


def _domain_mistakes(where: str, domain: str) -> Iterator[str]:
    if not data.DOMAIN.fullmatch(domain):
        yield f"{where}: {domain!r} given; allowed: a domain such as trading.example.com"
