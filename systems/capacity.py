"""Settings of a system's capacity, of tables and functions, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from components.night import Night
from components.tables import CapacityRange, ProvisionedCapacity
from systems.settings import Model

# Lambda keeps this much of an account's concurrency for functions without a reservation.
UNRESERVED_CONCURRENCY = 100


class Range(Model):
    """Smallest and largest provisioned capacity."""

    minimum: int = Field(ge=1, le=40_000, description="Capacity units per second that are always there")
    maximum: int = Field(ge=1, le=40_000, description="Capacity units per second that scaling may reach")

    def spec(self) -> CapacityRange:
        """Return the range as the component of tables takes it."""
        return CapacityRange(minimum=self.minimum, maximum=self.maximum)


class Capacity(Model):
    """Provisioned capacity of each table and index, scaled by Application Auto Scaling."""

    read: Range = Field(description="Read capacity units")
    write: Range = Field(description="Write capacity units")
    target_percent: int = Field(ge=20, le=90, description="Utilization in percent that scaling aims at")

    def spec(self, night: Night | None = None) -> ProvisionedCapacity:
        """Return the capacity as the component of tables takes it, at rest in the night if there is one."""
        return ProvisionedCapacity(
            read=self.read.spec(), write=self.write.spec(), target_percent=self.target_percent, night=night
        )


def capacity_mistakes(
    where: str, billing: Literal["on_demand", "provisioned"], capacity: Capacity | None
) -> Iterator[str]:
    """Yield what is wrong with the capacity below a setting such as `tables`."""
    if billing == "provisioned" and capacity is None:
        yield f"{where}.capacity: missing; billing: provisioned needs it"
    if billing == "on_demand" and capacity is not None:
        yield f"{where}.capacity: given, but billing: on_demand has none"
    for name, range_ in (("read", capacity.read), ("write", capacity.write)) if capacity else ():
        if range_.minimum > range_.maximum:
            yield f"{where}.capacity.{name}: minimum {range_.minimum} given; allowed: at most {range_.maximum}"


def concurrency_mistakes(quota: int, reserved: int, otherwise: str = "") -> Iterator[str]:
    """Yield a line where an account's quota cannot hold all reservations; `otherwise` is what else would help."""
    if reserved > quota - UNRESERVED_CONCURRENCY:
        yield (
            f"functions.account_concurrency_quota: {quota} given; allowed: at least "
            f"{reserved + UNRESERVED_CONCURRENCY} ({reserved} reserved, {UNRESERVED_CONCURRENCY} kept by "
            f"Lambda){otherwise}"
        )
