"""Settings of the agentic system's stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from components.naming import Naming
from systems import data_files
from systems.agentic import data
from systems.capacity import Capacity, capacity_mistakes, concurrency_mistakes
from systems.network import AddressSettings, network_mistakes
from systems.settings import Email, LogRetention, Model, StackSettings

_APPLICATION = "agenticai"
Client = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]  # part of its key's name


class TableSettings(Model):
    """Requirements 01.2, 06.2 and 07.3."""

    billing: Literal["on_demand", "provisioned"] = Field(
        default="on_demand",
        description="on_demand (AGENTIC-07.3), or provisioned, which alone has a free allowance (decision 33)",
    )
    capacity: Capacity | None = Field(default=None, description="Capacity, where billing is provisioned")
    backup_days: int = Field(
        default=7, ge=7, description="Days that backups made ahead of deployments are kept (AGENTIC-06.2, 06.5)"
    )


class BucketSettings(Model):
    """Requirements 01.6, 06.3 and 06.5."""

    artefact_days: int = Field(ge=1, description="Days that plans, packages and test results are kept")
    noncurrent_days: int = Field(ge=7, description="Days that replaced and deleted versions are kept (AGENTIC-06.5)")
    export_days: int = Field(ge=7, description="Days that exports of the table are kept (AGENTIC-06.5)")
    archive_after_days: int | None = Field(
        default=None, ge=1, description="Days until an export moves to Glacier Instant Retrieval, which is paid for"
    )
    log_days: int = Field(ge=1, description="Days that access logs are kept")


class FunctionSettings(Model):
    """Requirement 07.1."""

    reserve_concurrency: bool = Field(
        description="Reserve the ten concurrent executions; an account's first quota has none to reserve (decision 36)"
    )
    account_concurrency_quota: int = Field(
        ge=1, description="Concurrent executions that Lambda allows the account in the region (quota L-B99A9384)"
    )


class LimitSettings(Model):
    """What each API key may use (AGENTIC-07.2)."""

    rate: float = Field(gt=0, le=10_000, description="Requests per second in the long run")
    burst: int = Field(ge=1, le=5_000, description="Requests at once")
    monthly_quota: int = Field(ge=1, description="Requests per month")


class DomainSettings(Model):
    """A domain of one's own (AGENTIC-05.1b), in a zone of the bootstrap stack."""

    name: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,63}$", description="Domain of the REST API")
    zone: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,63}$", description="Hosted zone that it lies in")


class ApiSettings(Model):
    """Requirements 05.1, 05.2, 05.5 and 07.2."""

    allowed_origin: str = Field(
        pattern=r"^https://[a-z0-9.-]+(:[0-9]+)?$", description="The only origin whose pages may call (AGENTIC-05.5)"
    )
    stage: str = Field(default="prod", pattern=r"^[A-Za-z0-9_-]{1,128}$", description="Name of both APIs' stage")
    limits: LimitSettings = Field(description="What each API key may use")
    clients: tuple[Client, ...] = Field(min_length=1, description="Who calls: each gets an API key")
    domain: DomainSettings | None = Field(default=None, description="Domain; AWS's own address without one")


class ContainerNetworkSettings(AddressSettings):
    """The VPC that the container stands in: public subnets alone, since a NAT gateway is paid for by the hour."""

    def masks(self) -> tuple[int, ...]:
        return (data.container().subnet_mask,)


class ContainerSettings(Model):
    """The container that keeps WebSocket connections open for longer than API Gateway does (AGENTIC-01.7)."""

    domain: DomainSettings | None = Field(
        default=None, description="Its domain, without which a load balancer has no certificate (AGENTIC-05.1a)"
    )
    network: ContainerNetworkSettings = Field(description="Its VPC")
    image: str = Field(
        pattern=r"^(sha256:[0-9a-f]{64}|[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$",
        description="Digest (sha256:...) or tag of the image in the stack's repository; tags never move, so not latest",
    )
    tasks: Literal[0, 1] = Field(
        default=1, description="0 until the image is pushed into the repository that the first `up` makes; then 1"
    )
    account_vcpu_quota: float = Field(
        ge=0, description="vCPUs that Fargate allows the account in the region (quota L-3032A538)"
    )


class WebSocketSettings(Model):
    """Requirements 01.4b and 01.7."""

    compute: Literal["api_gateway", "fargate"] = Field(
        default="api_gateway",
        description="What keeps clients' connections: API Gateway, or a container, which costs (decision 34)",
    )
    container: ContainerSettings | None = Field(default=None, description="The container, where compute is fargate")


class AlarmSettings(Model):
    """Requirements 04.2 to 04.4 and 07.5."""

    error_percent: float = Field(default=5, gt=0, le=100, description="Failed runs in percent (AGENTIC-04.2)")
    duration_percent: float = Field(
        default=80, gt=0, le=100, description="Run time in percent of the timeout (AGENTIC-04.3)"
    )
    table_throttles: int = Field(default=1, ge=1, description="Throttled requests in five minutes (AGENTIC-04.4)")
    dead_letters: int = Field(default=1, ge=1, description="Messages that could not be processed")
    allowance_percent: float = Field(
        default=80, gt=0, le=100, description="Use of a monthly allowance in percent (AGENTIC-07.5)"
    )
    emails: tuple[Email, ...] = Field(min_length=1, description="Who is told; each address has to be confirmed once")


class ExportSettings(Model):
    """Requirement 06.3."""

    schedule: str = Field(
        default="cron(0 3 ? * SUN *)",
        pattern=r"^cron\(([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) \? \* (MON|TUE|WED|THU|FRI|SAT|SUN) \*\)$",
        description="When the table is exported: once a week, in UTC",
    )


def _data_mistakes() -> Iterator[str]:
    """Yield what is wrong in the system's data files, all of which every stack needs."""
    return data_files.mistakes((data.tables, data.buckets, data.functions, data.paths, data.allowances, data.container))


class Settings(StackSettings):
    """All settings of an agentic stack."""

    environment: Literal["dev", "staging", "prod"] = Field(description="dev, staging or prod")
    log_retention_days: LogRetention = Field(ge=7, description="Days that CloudWatch keeps logs (AGENTIC-04.5)")
    table: TableSettings = Field(default=TableSettings(), description="DynamoDB table")
    buckets: BucketSettings = Field(description="S3 buckets")
    functions: FunctionSettings = Field(description="Lambda functions")
    api: ApiSettings = Field(description="REST and WebSocket API")
    websocket: WebSocketSettings = Field(default=WebSocketSettings(), description="WebSocket connections")
    alarms: AlarmSettings = Field(description="Alarms")
    exports: ExportSettings = Field(default=ExportSettings(), description="Weekly export")

    def naming(self) -> Naming:
        """Return names that begin with environment and application: another system may share the account."""
        return Naming(f"{self.environment}-{_APPLICATION}")

    def parameter_path(self) -> str:
        """Return what the names of all parameters begin with."""
        return f"/{_APPLICATION}/{self.environment}"

    def mistakes(self, siblings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Yield what is wrong across fields, and in the system's data files."""
        yield from super().mistakes(siblings)
        broken = list(_data_mistakes())
        if broken:
            yield from broken
            return
        yield from capacity_mistakes("table", self.table.billing, self.table.capacity)
        yield from self._concurrency_mistakes()
        yield from self._lifecycle_mistakes()
        if self.api.domain is not None:
            yield from self._domain_mistakes("api.domain", self.api.domain)
        yield from self._websocket_mistakes(siblings)
        for client in sorted({client for client in self.api.clients if self.api.clients.count(client) > 1}):
            yield f"api.clients: {client} given twice; allowed: each once"
        yield from self.name_mistakes("table", data.tables())
        yield from self.name_mistakes("function", data.functions())
        yield from self.name_mistakes("queue", (f"{name}-dead-letters" for name in data.queues()))
        yield from self.name_mistakes("bucket", (f"{name}-{self.account_id}" for name in data.buckets()))

    def _domain_mistakes(self, where: str, domain: DomainSettings) -> Iterator[str]:
        if not f".{domain.name}".endswith(f".{domain.zone}"):
            yield f"{where}.name: {domain.name} given; allowed: a domain in the zone {domain.zone}"
        yield from self.zone_mistakes(f"{where}.zone", domain.zone)

    def _concurrency_mistakes(self) -> Iterator[str]:
        if self.functions.reserve_concurrency:
            reserved = sum(row.reserved_concurrency or 0 for row in data.functions().values())
            quota = self.functions.account_concurrency_quota
            yield from concurrency_mistakes(quota, reserved, ", or reserve_concurrency: false")

    def _websocket_mistakes(self, siblings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        where, container = "websocket.container", self.websocket.container
        if (self.websocket.compute == "fargate") != (container is not None):
            given = "given, but compute: api_gateway has none" if container else "missing; compute: fargate needs it"
            yield f"{where}: {given}"
        if container is None:
            return
        domain, api = container.domain, self.api.domain
        if domain is None:
            yield (
                f"{where}.domain: missing; compute: fargate needs one, since clients come over TLS alone and a load "
                "balancer has no certificate for its own address (AGENTIC-05.1a)"
            )
        else:
            yield from self._domain_mistakes(f"{where}.domain", domain)
            if api is not None and domain.name == api.name:
                yield f"{where}.domain.name: {domain.name} given; allowed: another one than the REST API's"
        if container.image == "latest":
            yield f"{where}.image: latest given; allowed: a digest, or a tag that one image keeps"
        needed = container.tasks * data.container().cpu / 1024
        if container.account_vcpu_quota < needed:
            yield f"{where}.account_vcpu_quota: {container.account_vcpu_quota:g} given; allowed: at least {needed:g}"
        yield from network_mistakes(container.network, self.region, siblings, f"{where}.network")

    def _lifecycle_mistakes(self) -> Iterator[str]:
        moved, kept = self.buckets.archive_after_days, self.buckets.export_days
        if moved is not None and moved >= kept:
            yield f"buckets.export_days: {kept} given; allowed: more than {moved}, when exports move to the archive"
