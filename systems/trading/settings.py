"""Settings of the trading system's stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from systems import data_files
from systems.capacity import UNRESERVED_CONCURRENCY, Capacity, capacity_mistakes, concurrency_mistakes
from systems.network import NetworkSettings, network_mistakes
from systems.settings import LogRetention, Model, StackSettings
from systems.trading import data, monitoring_data, routes, workflows
from systems.trading.edge_settings import CdnSettings, DomainSettings, FirewallSettings
from systems.trading.monitoring_data import AlarmSettings
from systems.trading.operations_settings import BackupSettings, CostSettings, PipelineSettings
from systems.trading.service_settings import ApiSettings, ContactSettings, EventSettings, MarketDataSettings


class TableSettings(Model):
    """Requirement 03."""

    billing: Literal["on_demand", "provisioned"] = Field(
        description="on_demand (TRADING-03.6) or provisioned with auto scaling (TRADING-03.7a, 03.7b)"
    )
    capacity: Capacity | None = Field(default=None, description="Capacity, where billing is provisioned")
    key: Literal["aws", "customer"] = Field(
        default="aws", description="aws for the AWS-managed key (TRADING-03.5), customer for the stack's own (17.1c)"
    )


class TransitionSettings(Model):
    """A move of audit logs to a cheaper storage class."""

    days: int = Field(ge=30, description="Age in days at which objects move")
    storage_class: Literal["STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] = Field(
        description="Storage class of S3"
    )


class BucketSettings(Model):
    """Requirement 05."""

    key: Literal["aws", "customer"] = Field(
        default="aws", description="aws for S3's own key (TRADING-05.3), customer for the stack's own (17.1b)"
    )
    log_days: int = Field(ge=1, description="Days until access logs and firewall logs are deleted")
    audit_log_days: int = Field(ge=1, description="Days until audit logs are deleted (TRADING-05.5a, 05.5b)")
    audit_log_transitions: tuple[TransitionSettings, ...] = Field(
        default=(), description="Where audit logs move before that, by age"
    )
    noncurrent_days: int = Field(ge=1, description="Days that replaced and deleted versions are kept in all buckets")


class SecretSettings(Model):
    """Requirement 09."""

    redis_token_rotation_days: int = Field(
        ge=1, le=1000, description="Days between two rotations of the Redis token (TRADING-09.4)"
    )


class CacheSettings(Model):
    """Requirement 08."""

    node_type: str = Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", description="Node type, such as cache.t3.micro")
    nodes: int = Field(ge=1, le=6, description="Nodes: one primary and its replicas")
    multi_az: bool = Field(description="Nodes in several zones, with automatic failover; needs two nodes")
    snapshot_days: int = Field(ge=0, le=35, description="Days that daily snapshots are kept; 0 for none")


class PackageSettings(Model):
    """A package of code that the pipeline built."""

    key: str = Field(min_length=1, max_length=1024, description="Key of the object in the bucket lambda-packages")
    version: str | None = Field(default=None, description="Version id of the object")


class FunctionSettings(Model):
    """Requirement 06."""

    account_concurrency_quota: int = Field(
        ge=UNRESERVED_CONCURRENCY,
        description="Concurrent executions that Lambda allows the account in the region (service quota L-B99A9384)",
    )
    provisioned_concurrency: int = Field(
        ge=0, description="Provisioned concurrency of each latency-sensitive function (TRADING-06.9); 0 for none"
    )
    packages: dict[str, PackageSettings] = Field(
        default={}, description="Code package per function; the others run the small handlers of this repository"
    )


def _data_mistakes() -> Iterator[str]:
    """Yield what is wrong in the system's data files, all of which every stack needs."""
    return data_files.mistakes(
        (
            data.tables,
            data.functions,
            data.events,
            routes.routes,
            monitoring_data.load,
            lambda: workflows.machines(data.functions(), data.topics()),
        )
    )


class Settings(StackSettings):
    """All settings of a trading stack."""

    environment: Literal["test", "prod"] = Field(description="test or prod (TRADING-00.5)")
    log_retention_days: LogRetention = Field(description="Days that CloudWatch keeps logs (TRADING-14.6)")
    recovery_account_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{12}$",
        description="Account that may decrypt with the stack's keys when this one has to be recovered (TRADING-17.5)",
    )
    network: NetworkSettings = Field(description="VPC, subnets, NAT and endpoints")
    buckets: BucketSettings = Field(description="S3 buckets")
    secrets: SecretSettings = Field(description="Secrets")
    cache: CacheSettings = Field(description="Redis")
    tables: TableSettings = Field(description="DynamoDB tables")
    functions: FunctionSettings = Field(description="Lambda functions")
    market_data: MarketDataSettings = Field(description="Series of market data")
    api: ApiSettings = Field(description="REST API")
    contacts: ContactSettings = Field(description="Who is told of what")
    events: EventSettings = Field(description="Events")
    alarms: AlarmSettings = Field(description="Thresholds of alarms")
    domains: DomainSettings = Field(description="Domains, their health checks and failover")
    cdn: CdnSettings = Field(description="Content delivery network")
    firewall: FirewallSettings = Field(description="Web firewall")
    backups: BackupSettings = Field(description="Backups")
    costs: CostSettings = Field(description="Budget and nightly rest")
    pipeline: PipelineSettings = Field(default=PipelineSettings(), description="What the pipeline uses")

    def mistakes(self, siblings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Yield what is wrong across fields, between stacks, and between the settings and the system's data files."""
        yield from super().mistakes(siblings)
        broken = list(_data_mistakes())
        if broken:
            yield from broken
            return
        rows, tables = data.functions(), data.tables()
        yield from network_mistakes(self.network, self.region, siblings)
        yield from self.network.endpoint_mistakes(data.called_services(rows))
        yield from capacity_mistakes("tables", self.tables.billing, self.tables.capacity)
        yield from self._storage_mistakes()
        yield from self._concurrency_mistakes(rows)
        yield from self.market_data.mistakes()
        yield from self.api.mistakes()
        yield from self.domains.mistakes()
        yield from self.zone_mistakes("domains.zone", self.domains.zone)
        yield from self.cdn.mistakes()
        yield from self.backups.mistakes(self.region)
        yield from self.costs.mistakes(len(self.contacts.costs.emails))
        for name in self.functions.packages:
            if name not in rows:
                yield f"functions.packages.{name}: no such function; known: {', '.join(rows)}"
        if self.recovery_account_id == self.account_id:
            yield "recovery_account_id: the stack's own account given; allowed: another one"
        yield from self.name_mistakes("table", tables)
        yield from self.name_mistakes("function", rows)
        yield from self.name_mistakes("secret", data.secrets())
        yield from self.name_mistakes("bucket", (f"{name}-{self.account_id}" for name in data.buckets()))

    def _storage_mistakes(self) -> Iterator[str]:
        transitions = self.buckets.audit_log_transitions
        ages = [transition.days for transition in transitions]
        if ages != sorted(set(ages)):
            yield f"buckets.audit_log_transitions: days {ages} given; allowed: each later than the one before"
        if ages and max(ages) >= self.buckets.audit_log_days:
            yield (
                f"buckets.audit_log_days: {self.buckets.audit_log_days} given; allowed: more than {max(ages)}, "
                "the last transition"
            )
        if self.cache.multi_az and self.cache.nodes < 2:
            yield f"cache.nodes: {self.cache.nodes} given; allowed: at least 2 where multi_az is true"

    def _concurrency_mistakes(self, rows: Mapping[str, data.FunctionRow]) -> Iterator[str]:
        reserved = sum(row.reserved_concurrency or 0 for row in rows.values())
        yield from concurrency_mistakes(self.functions.account_concurrency_quota, reserved)
        provisioned = self.functions.provisioned_concurrency
        for name, row in rows.items():
            most = row.reserved_concurrency
            if row.latency_sensitive and most is not None and provisioned > most:
                yield (
                    f"functions.provisioned_concurrency: {provisioned} given; allowed: at most {most}, "
                    f"the reserved concurrency of {name}"
                )
