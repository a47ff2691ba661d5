"""Builds the trading system out of components, on its foundation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.events import EventBus
from components.functions import Functions, FunctionsArgs, FunctionSpec, Package
from components.protection import data_kept
from components.roles import Role, Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroup
from components.tables import Table, Tables, TablesArgs
from components.tags import tagged
from components.transforms import change_everything
from systems.trading import (
    backups,
    costs,
    data,
    domains,
    firewall,
    foundation,
    frontend,
    outputs,
    pipeline,
    services,
    token_rotation,
)
from systems.trading.foundation import Foundation
from systems.trading.settings import Settings

_HERE = Path("systems/trading")  # from the project's directory, so that no state holds a path of a machine


def build(settings: Settings) -> Mapping[str, pulumi.Input[Any]]:
    """Register all resources of a trading stack and return its outputs."""
    change_everything(tagged(settings.all_tags()), data_kept(settings.stateful == "protected"))
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})

    base = foundation.lay(settings, provider, opts)
    bus = services.bus(settings, opts)
    tables = _tables(settings, base, opts)
    roles = _roles(settings, opts)
    for name, row in data.functions().items():
        _grant(row, roles.roles[name], tables.tables, base, bus)
    functions = _functions(settings, roles.roles, tables.tables, base, bus, opts)
    roles.attach()
    base.secrets.attach()
    token_rotation.start(settings, base, functions)
    served = services.serve(settings, base, bus, tables.tables, functions.functions, opts)
    kept = backups.keep(settings, served.topics, opts)
    controlled = costs.control(settings, served.topics, served.rules, opts)
    api_firewall = firewall.protect_api(settings, base, served.api, opts)
    zone = domains.zone_id(settings, opts)
    issued = domains.certificates(settings, zone, opts)
    cdn_firewall = firewall.protect_cdn(settings, base, opts)
    pages = frontend.cdn(settings, base, issued, cdn_firewall.arn, opts)
    maintenance = frontend.maintenance(settings, base, issued, cdn_firewall.arn, opts)
    reached = domains.publish(settings, zone, issued, served, pages, maintenance, opts)

    made = outputs.of(
        base=base,
        bus=bus,
        tables=tables,
        roles=roles,
        functions=functions,
        served=served,
        firewalls={"api": api_firewall, "cdn": cdn_firewall},
        distributions={"frontend": pages, "maintenance": maintenance},
        reached=reached,
        pipeline=pipeline.build(settings, opts),
    )
    return {**made, **controlled, **kept}


def _tables(settings: Settings, base: Foundation, opts: pulumi.ResourceOptions) -> Tables:
    capacity = settings.tables.capacity
    return Tables(
        "tables",
        TablesArgs(
            account=settings.account(),
            naming=settings.naming(),
            tables=data.tables(),
            capacity=capacity.spec(costs.night(settings)) if capacity else None,
            customer_key=base.keys["tables"] if settings.tables.key == "customer" else None,
        ),
        opts,
    )


def _roles(settings: Settings, opts: pulumi.ResourceOptions) -> Roles:
    """One execution role per function, named after its group: finer than TRADING-16.1 asks.

    The permissions of the larger groups do not fit into one role's 10,240 characters of inline policies
    (docs/decisions.md, 38).
    """
    specs = {
        name: RoleSpec(
            physical_name=f"{row.group}-{name}", description=f"Runs {name} of {row.group}: {data.groups()[row.group]}"
        )
        for name, row in data.functions().items()
    }
    specs[token_rotation.NAME] = token_rotation.ROLE
    return Roles(
        "roles",
        RolesArgs(naming=settings.naming(), service="lambda.amazonaws.com", roles=specs),
        opts,
    )


def _grant(row: data.FunctionRow, role: Role, tables: Mapping[str, Table], base: Foundation, bus: EventBus) -> None:
    for table in row.read_tables():
        tables[table].grant_read(role)
    for table in row.write_tables():
        tables[table].grant_write(role)
    for table in row.scans:
        tables[table].grant_scan(role)
    for bucket in row.reads_buckets:
        base.buckets.buckets[bucket].grant_read(role)
    for bucket in row.writes_buckets:
        base.buckets.buckets[bucket].grant_write(role)
    for secret in row.read_secrets():
        base.secrets.secrets[secret].grant_read(role)
    base.market_data.allow(row, role)
    if row.events:
        bus.grant_put(role)


def _functions(
    settings: Settings,
    roles: Mapping[str, Role],
    tables: Mapping[str, Table],
    base: Foundation,
    bus: EventBus,
    opts: pulumi.ResourceOptions,
) -> Functions:
    specs = {
        name: FunctionSpec(
            role=roles[name],
            description=f"{name}, {row.kind} handler of {row.group}",
            memory_mb=row.memory,
            timeout_seconds=row.timeout_seconds,
            environment=_environment(name, row, settings, tables, base, bus),
            reserved_concurrency=row.reserved_concurrency,
            provisioned_concurrency=settings.functions.provisioned_concurrency if row.latency_sensitive else 0,
            dead_letter=row.kind == "background",
            security_groups=_groups(row, base),
            **_code(name, row, settings, base),
        )
        for name, row in data.functions().items()
    }
    specs[token_rotation.NAME] = token_rotation.spec(settings, roles[token_rotation.NAME], base, _HERE / "rotation")
    return Functions(
        "functions",
        FunctionsArgs(
            account=settings.account(),
            naming=settings.naming(),
            functions=specs,
            layer=_HERE / "layer",
            layer_description="Logging, clients and tenant context that all functions share",
            log_retention_days=settings.log_retention_days,
            subnet_ids=base.network.private_subnet_ids,
        ),
        opts,
    )


def _groups(row: data.FunctionRow, base: Foundation) -> tuple[SecurityGroup, ...]:
    series = bool(row.series())
    over_internet = row.internet or (series and base.market_data.is_reached_over_the_internet)
    wanted = {
        "functions": True,
        "internet": over_internet,
        "redis-clients": row.redis,
        "influx-clients": series and not base.market_data.is_reached_over_the_internet,
    }
    return tuple(base.groups[name] for name, is_wanted in wanted.items() if is_wanted)


def _code(name: str, row: data.FunctionRow, settings: Settings, base: Foundation) -> dict[str, Any]:
    """Return the function's package where the settings name one, else the small handler of this repository."""
    package = settings.functions.packages.get(name)
    if package is None:
        return {"code": _HERE / "handlers", "handler": f"{row.kind}.handler"}
    bucket = base.buckets.buckets["lambda-packages"].resource.id
    return {"code": Package(bucket=bucket, key=package.key, version=package.version), "handler": "main.handler"}


def _environment(
    name: str,
    row: data.FunctionRow,
    settings: Settings,
    tables: Mapping[str, Table],
    base: Foundation,
    bus: EventBus,
) -> dict[str, pulumi.Input[str]]:
    """Return what the handlers read (systems/trading/layer and handlers say how)."""
    account = settings.account()
    variables: dict[str, pulumi.Input[str]] = {
        "ENVIRONMENT": settings.environment,
        "HANDLER_NAME": name,
        "DYNAMODB_ENDPOINT": account.endpoint("dynamodb"),
    }
    for table in row.tables():
        variables[data.variable("TABLE", table)] = tables[table].resource.name
    for bucket in row.buckets():
        variables[data.variable("BUCKET", bucket)] = base.buckets.buckets[bucket].resource.id
    for secret in row.read_secrets():
        variables[data.variable("SECRET", secret)] = base.secrets.secrets[secret].arn
    if row.read_secrets():
        variables["SECRETSMANAGER_ENDPOINT"] = account.endpoint("secretsmanager")
    if row.buckets():
        variables["S3_ENDPOINT"] = account.endpoint("s3")
    variables |= base.market_data.variables(row)
    if row.events:
        variables["EVENT_BUS"] = bus.resource.name
        variables["EVENTS_ENDPOINT"] = account.endpoint("events")
    if row.kind == "background":
        variables["READ_TABLES"] = ",".join(row.read_tables())
        variables["WRITE_TABLES"] = ",".join(row.write_tables())
        return {key: value for key, value in variables.items() if value != ""}
    variables["ALLOWED_ORIGIN"] = services.origin(settings)
    if row.owns:
        spec = tables[row.owns].spec
        variables["PRIMARY_TABLE"] = row.owns
        variables["PRIMARY_PARTITION_KEY"] = spec.partition_key.name
        variables["PRIMARY_PARTITION_KEY_TYPE"] = spec.partition_key.type
        if spec.sort_key:
            variables["PRIMARY_SORT_KEY"] = spec.sort_key.name
            variables["PRIMARY_SORT_KEY_TYPE"] = spec.sort_key.type
        if row.owns in row.scans:
            variables["ALLOW_SCAN"] = "true"
    return variables
