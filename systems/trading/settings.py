"""Settings of the trading system's stacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import Field

from components.naming import NameRefused, Naming
from systems.settings import LogRetention, Model, StackSettings
from systems.trading import data

# Lambda keeps this much of an account's concurrency for functions without a reservation.
_UNRESERVED_CONCURRENCY = 100


class Range(Model):
    """Smallest and largest provisioned capacity."""

    minimum: int = Field(ge=1, le=40_000, description="Capacity units per second that are always there")
    maximum: int = Field(ge=1, le=40_000, description="Capacity units per second that scaling may reach")


class Capacity(Model):
    """Provisioned capacity of each table and index, scaled by Application Auto Scaling."""

    read: Range = Field(description="Read capacity units")
    write: Range = Field(description="Write capacity units")
    target_percent: int = Field(ge=20, le=90, description="Utilization in percent that scaling aims at")


class TableSettings(Model):
    """Requirement 03."""

    billing: Literal["on_demand", "provisioned"] = Field(
        description="on_demand (TRADING-03.6) or provisioned with auto scaling (TRADING-03.7a, 03.7b)"
    )
    capacity: Capacity | None = Field(default=None, description="Capacity, where billing is provisioned")
    deletion_protection: bool = Field(default=True, description="DynamoDB refuses to delete the tables")
    protect: bool = Field(default=True, description="Pulumi refuses to delete or replace the tables")


class PackageSettings(Model):
    """A package of code that the pipeline built."""

    key: str = Field(min_length=1, max_length=1024, description="Key of the object in the package bucket")
    version: str | None = Field(default=None, description="Version id of the object")


class FunctionSettings(Model):
    """Requirement 06."""

    account_concurrency_quota: int = Field(
        ge=_UNRESERVED_CONCURRENCY,
        description="Concurrent executions that Lambda allows the account in the region (service quota L-B99A9384)",
    )
    provisioned_concurrency: int = Field(
        ge=0, description="Provisioned concurrency of each latency-sensitive function (TRADING-06.9); 0 for none"
    )
    log_retention_days: LogRetention = Field(description="Days that CloudWatch keeps the functions' logs")
    package_bucket: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="Bucket of the code packages"
    )
    packages: dict[str, PackageSettings] = Field(
        default={}, description="Code package per function; the others run the small handlers of this repository"
    )


class Settings(StackSettings):
    """All settings of a trading stack."""

    environment: Literal["test", "prod"] = Field(description="test or prod (TRADING-00.5)")
    tables: TableSettings = Field(description="DynamoDB tables")
    functions: FunctionSettings = Field(description="Lambda functions")

    def naming(self) -> Naming:
        return Naming(self.environment)

    def mistakes(self) -> Iterator[str]:
        """Yield what is wrong across fields, and between the settings and the system's data files."""
        try:
            rows = data.functions()
            tables = data.tables()
        except data.DataError as error:
            yield from str(error).splitlines()
            return
        yield from self._capacity_mistakes()
        yield from self._concurrency_mistakes(rows)
        for name in self.functions.packages:
            if name not in rows:
                yield f"functions.packages.{name}: no such function; known: {', '.join(rows)}"
        if self.functions.packages and not self.functions.package_bucket:
            yield "functions.package_bucket: missing; packages need the bucket they lie in"
        yield from self._name_mistakes("table", tables)
        yield from self._name_mistakes("function", rows)

    def _capacity_mistakes(self) -> Iterator[str]:
        capacity = self.tables.capacity
        if self.tables.billing == "provisioned" and capacity is None:
            yield "tables.capacity: missing; billing: provisioned needs it"
        if self.tables.billing == "on_demand" and capacity is not None:
            yield "tables.capacity: given, but billing: on_demand has none"
        for name, range_ in (("read", capacity.read), ("write", capacity.write)) if capacity else ():
            if range_.minimum > range_.maximum:
                yield f"tables.capacity.{name}: minimum {range_.minimum} given; allowed: at most {range_.maximum}"

    def _concurrency_mistakes(self, rows: Mapping[str, data.FunctionRow]) -> Iterator[str]:
        reserved = sum(row.reserved_concurrency or 0 for row in rows.values())
        quota = self.functions.account_concurrency_quota
        if reserved > quota - _UNRESERVED_CONCURRENCY:
            yield (
                f"functions.account_concurrency_quota: {quota} given; allowed: at least "
                f"{reserved + _UNRESERVED_CONCURRENCY} ({reserved} reserved, {_UNRESERVED_CONCURRENCY} kept by Lambda)"
            )
        provisioned = self.functions.provisioned_concurrency
        for name, row in rows.items():
            most = row.reserved_concurrency
            if row.latency_sensitive and most is not None and provisioned > most:
                yield (
                    f"functions.provisioned_concurrency: {provisioned} given; allowed: at most {most}, "
                    f"the reserved concurrency of {name}"
                )

    def _name_mistakes(self, kind: str, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            try:
                self.naming().exact(kind, name)
            except NameRefused as error:
                yield f"environment: {error}"
