"""Market data series in Timestream for LiveAnalytics (requirement 04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.naming import Naming
from components.roles import Grant, Role


@dataclass(frozen=True, kw_only=True)
class TimeSeriesArgs:
    """One database and its tables.

    `memory_hours`, 1 to 8,766, is how long records stay in the memory store, `magnetic_days`, 1 to 73,000, how long
    they stay in the magnetic one. The AWS-managed key of Timestream encrypts them (TRADING-04.5).
    """

    account: Account
    naming: Naming
    database: str
    tables: Sequence[str]
    memory_hours: int
    magnetic_days: int


class Series:
    """One table of records and the edges that can lead to it."""

    def __init__(self, name: str, args: TimeSeriesArgs, resource: aws.timestreamwrite.Table) -> None:
        self.name = name
        self.database = args.naming.exact("time_series", args.database)
        self.physical_name = args.naming.exact("time_series", name)
        self.resource = resource
        self._account = args.account

    def grant_read(self, role: Role) -> Grant:
        """Let a role query the records."""
        return role.allow(f"series-{self.name}", grants.query_series(self._account, self.database, self.physical_name))

    def grant_write(self, role: Role) -> Grant:
        """Let a role write records."""
        return role.allow(f"series-{self.name}", grants.write_series(self._account, self.database, self.physical_name))


class TimeSeries(pulumi.ComponentResource):
    """A Timestream database. `series` holds its tables by logical name, `database` is its name."""

    def __init__(self, name: str, args: TimeSeriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:TimeSeries", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        database = aws.timestreamwrite.Database(
            f"{name}-database", database_name=args.naming.exact("time_series", args.database), opts=child
        )
        self.database: pulumi.Output[str] = database.database_name
        self.series: Mapping[str, Series] = {
            table: Series(
                table,
                args,
                aws.timestreamwrite.Table(
                    f"{name}-{table}",
                    database_name=database.database_name,
                    table_name=args.naming.exact("time_series", table),
                    retention_properties={
                        "memory_store_retention_period_in_hours": args.memory_hours,
                        "magnetic_store_retention_period_in_days": args.magnetic_days,
                    },
                    # Records that come later than the memory store reaches back, as backfills do, go straight there.
                    magnetic_store_write_properties={"enable_magnetic_store_writes": True},
                    opts=child,
                ),
            )
            for table in args.tables
        }
        self.register_outputs({"database": self.database})
