"""Settings of the trading system's services: market data, contacts, events, API and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from systems.settings import Email, Model

_TELEPHONE = r"^\+[1-9][0-9]{6,14}$"
Telephone = Annotated[str, pydantic.StringConstraints(pattern=_TELEPHONE)]


class InfluxSettings(Model):
    """The instance of Timestream for InfluxDB, where it takes the place of LiveAnalytics."""

    instance_type: str = Field(pattern=r"^db\.influx\.[a-z0-9]+$", description="Type, such as db.influx.medium")
    storage_gib: int = Field(ge=20, le=16_384, description="Storage in GiB")
    multi_az: bool = Field(description="A standby in another zone")


class MarketDataSettings(Model):
    """Requirement 04."""

    engine: Literal["timestream", "influxdb"] = Field(
        default="timestream",
        description="timestream for LiveAnalytics, in accounts that have it, or influxdb (docs/decisions.md, 3)",
    )
    memory_hours: int = Field(ge=1, le=8766, description="Hours in the memory store (TRADING-04.3a, 04.3b)")
    magnetic_days: int = Field(ge=1, le=73_000, description="Days in the magnetic store (TRADING-04.4a, 04.4b)")
    influx: InfluxSettings | None = Field(default=None, description="The instance, where the engine is influxdb")

    def mistakes(self) -> Iterator[str]:
        if self.engine == "influxdb" and self.influx is None:
            yield "market_data.influx: missing; engine: influxdb needs it"
        if self.engine == "timestream" and self.influx is not None:
            yield "market_data.influx: given, but engine: timestream has no instance"


class Contact(Model):
    """Who is told of one kind of message."""

    emails: tuple[Email, ...] = Field(default=(), description="E-mail addresses; each has to be confirmed once")
    telephones: tuple[Telephone, ...] = Field(default=(), description="Telephone numbers for SMS, as +12025550123")


class ContactSettings(Model):
    """Requirement 13."""

    critical: Contact = Field(description="Critical alerts (TRADING-13.2, 13.5)")
    risk: Contact = Field(default=Contact(), description="Risk events")
    health: Contact = Field(default=Contact(), description="System health")
    audit: Contact = Field(default=Contact(), description="Audit notices")
    costs: Contact = Field(default=Contact(), description="Budgets and cost anomalies")


class EventSettings(Model):
    """Requirement 12."""

    archive_days: int = Field(ge=1, description="Days in which events can be replayed")


class ThrottleSettings(Model):
    """How many requests are let through."""

    rate: float = Field(gt=0, le=100_000, description="Requests per second in the long run")
    burst: int = Field(ge=1, le=100_000, description="Requests at once")


class TierSettings(ThrottleSettings):
    """What each tenant of a tier may use (TRADING-07.7a)."""

    quota: int = Field(ge=1, description="Requests per period")
    period: Literal["DAY", "WEEK", "MONTH"] = Field(default="DAY", description="Period of the quota")


class ApiCacheSettings(Model):
    """The stage's cache cluster (TRADING-07.9)."""

    size: Literal["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"] = Field(description="Memory in GB")
    ttl_seconds: int = Field(ge=1, le=3600, description="Seconds that an answer is kept")


class UserSettings(Model):
    """The users who sign in."""

    mfa: Literal["OFF", "OPTIONAL", "ON"] = Field(description="One-time codes: of nobody, of who wants to, of all")
    token_minutes: int = Field(default=60, ge=5, le=1440, description="Minutes that a token holds")
    sign_in_days: int = Field(default=1, ge=1, le=3650, description="Days in which a sign-in can be renewed")


class ApiSettings(Model):
    """Requirement 07."""

    throttle: ThrottleSettings = Field(description="All callers together (TRADING-07.6a, 07.6b)")
    cache: ApiCacheSettings | None = Field(default=None, description="Cache of read endpoints; none without")
    tiers: dict[str, TierSettings] = Field(min_length=1, description="Tiers of tenants by name")
    stage: str = Field(default="v1", pattern=r"^[A-Za-z0-9_-]{1,128}$", description="Name of the stage")
    default_endpoint: bool = Field(default=False, description="Keep AWS's own address of the API, besides its domain")
    tenants: dict[str, str] = Field(default={}, description="Tier of each tenant; each gets an API key (TRADING-07.7b)")
    users: UserSettings = Field(description="Users who sign in")

    def mistakes(self) -> Iterator[str]:
        for tenant, tier in self.tenants.items():
            if tier not in self.tiers:
                yield f"api.tenants.{tenant}: tier {tier!r} given; known: {', '.join(self.tiers)}"
        for name, tier in self.tiers.items():
            if tier.rate > self.throttle.rate:
                yield f"api.tiers.{name}.rate: {tier.rate:g} given; allowed: at most {self.throttle.rate:g}, the API's"
