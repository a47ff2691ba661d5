"""Settings of running the system: backups, costs and the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from systems.settings import Model

_REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Repository = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=100)]


class VaultLockSettings(Model):
    """The lock that keeps everyone from deleting the vault and shortening retention (TRADING-22.6)."""

    min_retention_days: int = Field(
        ge=1,
        le=36_500,
        description="Days that the lock holds a backup at least; final once nobody can take the lock off",
    )
    grace_days: int | None = Field(
        default=None,
        ge=3,
        le=36_500,
        description="Days after which nobody can take the lock off (compliance); without, a privileged role can "
        "(governance)",
    )


class BackupSettings(Model):
    """Requirement 22."""

    every: Literal["day", "hour"] = Field(description="How often (TRADING-22.2a, 22.2b)")
    retention_days: int = Field(ge=1, le=36_500, description="Days that a backup is kept (TRADING-22.3a, 22.3b)")
    copy_region: str | None = Field(
        default=None, pattern=_REGION, description="Region that gets a copy of each backup (TRADING-22.4); none without"
    )
    lock: VaultLockSettings | None = Field(default=None, description="Lock of the vaults; none without")

    def mistakes(self, region: str) -> Iterator[str]:
        if self.copy_region == region:
            yield f"backups.copy_region: {region} given, the stack's own; allowed: another region"
        if self.lock is not None and self.retention_days < self.lock.min_retention_days:
            yield (
                f"backups.retention_days: {self.retention_days} given; allowed: at least "
                f"{self.lock.min_retention_days}, lock.min_retention_days"
            )


class ShutdownSettings(Model):
    """When what nobody needs at night rests (TRADING-23.4)."""

    stop: str = Field(pattern=_CLOCK, description="Time of day at which it stops on workdays, as 20:00")
    start: str = Field(pattern=_CLOCK, description="Time of day at which it starts again on workdays, as 07:00")
    time_zone: str = Field(pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$", description="IANA time zone, as Europe/Berlin")

    def mistakes(self) -> Iterator[str]:
        if self.stop <= self.start:
            yield f"costs.shutdown.stop: {self.stop} given; allowed: later than start, {self.start}"


# AWS Budgets takes no more addresses for one notification.
_MOST_EMAILS = 10


class CostSettings(Model):
    """Requirement 23."""

    monthly_budget_usd: int = Field(ge=1, description="Budget of a month in US dollars (TRADING-23.2)")
    filter_by_tag: bool = Field(
        default=False,
        description="Count only what has the stack's tag Environment, once that tag is active for cost allocation; "
        "else the whole account",
    )
    shutdown: ShutdownSettings | None = Field(default=None, description="Nightly rest; none without")

    def mistakes(self, emails: int) -> Iterator[str]:
        """Yield what is wrong; `emails` is how many addresses hear of costs."""
        if self.shutdown is not None:
            yield from self.shutdown.mistakes()
        if emails > _MOST_EMAILS:
            yield f"contacts.costs.emails: {emails} given; allowed: at most {_MOST_EMAILS}"


class PipelineSettings(Model):
    """Requirement 21."""

    repositories: tuple[Repository, ...] = Field(
        default=(),
        description="Repositories of container images, for those who ship functions as images (TRADING-21.3)",
    )
