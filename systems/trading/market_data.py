"""The series of market data, in the engine that the settings choose, and the functions' way to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.influx import PORT, Influx, InfluxArgs
from components.network import Network
from components.roles import Role
from components.security_groups import SecurityGroup
from components.time_series import TimeSeries, TimeSeriesArgs
from systems.trading import data
from systems.trading.settings import Settings

_DATABASE = "market-data"


@dataclass(frozen=True, kw_only=True)
class MarketData:
    """Where the series are: `engine` is one of two components; the addresses are what clients connect to."""

    engine: TimeSeries | Influx
    address: pulumi.Output[str]
    write_address: pulumi.Output[str]

    def allow(self, row: data.FunctionRow, role: Role) -> None:
        """Give a function's role what its row asks for."""
        if isinstance(self.engine, Influx):
            if row.series():
                self.engine.grant_use(role)
            return
        for table in row.reads_series:
            self.engine.series[table].grant_read(role)
        for table in row.writes_series:
            self.engine.series[table].grant_write(role)

    def variables(self, row: data.FunctionRow) -> dict[str, pulumi.Input[str]]:
        """Return what a function's environment says about the series; nothing to one that uses none."""
        if not row.series():
            return {}
        if isinstance(self.engine, Influx):
            return {"INFLUX_ADDRESS": self.address, "SECRET_INFLUX": self.engine.secret_arn}
        names = {data.variable("SERIES", name): self.engine.series[name].physical_name for name in row.series()}
        # Clients ask these for the addresses of their cell.
        endpoints = {"TIMESTREAM_ENDPOINT": self.address if row.reads_series else self.write_address}
        if row.writes_series:
            endpoints["TIMESTREAM_WRITE_ENDPOINT"] = self.write_address
        return {"SERIES_DATABASE": self.engine.database, **names, **endpoints}

    @property
    def is_reached_over_the_internet(self) -> bool:
        """Say whether clients leave the VPC: Timestream's endpoint has a cell in its name that only AWS knows."""
        return isinstance(self.engine, TimeSeries)


def build(
    settings: Settings, network: Network, groups: Mapping[str, SecurityGroup], opts: pulumi.ResourceOptions
) -> MarketData:
    """Register the series (requirement 04; docs/decisions.md, 3)."""
    account, naming, wanted = settings.account(), settings.naming(), settings.market_data
    if wanted.influx is None:
        series = TimeSeries(
            "series",
            TimeSeriesArgs(
                account=account,
                naming=naming,
                database=_DATABASE,
                tables=list(data.series()),
                memory_hours=wanted.memory_hours,
                magnetic_days=wanted.magnetic_days,
            ),
            opts,
        )
        return MarketData(
            engine=series,
            address=pulumi.Output.from_input(account.endpoint("query.timestream")),
            write_address=pulumi.Output.from_input(account.endpoint("ingest.timestream")),
        )
    instance = wanted.influx
    groups["influx-clients"].allow_to(groups["influx"], PORT)
    influx = Influx(
        "influx",
        InfluxArgs(
            account=account,
            naming=naming,
            bucket=_DATABASE,
            instance_type=instance.instance_type,
            storage_gib=instance.storage_gib,
            multi_az=instance.multi_az,
            subnet_ids=network.isolated_subnet_ids,
            security_group_id=groups["influx"].id,
        ),
        opts,
    )
    address = pulumi.Output.concat("https://", influx.host, ":", str(PORT))
    return MarketData(engine=influx, address=address, write_address=address)
