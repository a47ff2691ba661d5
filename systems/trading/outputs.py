"""The stack's outputs: the ARN of everything that the pipeline or an operator works with (TRADING-21.4).

What has no ARN, or is known by something else, gives that: ids, addresses. Mappings are by logical name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cdn import Cdn, Maintenance
from components.events import EventBus
from components.firewall import WebFirewall
from components.functions import Functions
from components.pipeline import Pipeline
from components.roles import Roles
from components.tables import Tables
from components.time_series import TimeSeries
from systems.trading.domains import Domains
from systems.trading.foundation import Foundation
from systems.trading.market_data import MarketData
from systems.trading.services import Services

Outputs = Mapping[str, pulumi.Input[Any]]


def of(
    *,
    base: Foundation,
    bus: EventBus,
    tables: Tables,
    roles: Roles,
    functions: Functions,
    served: Services,
    firewalls: Mapping[str, WebFirewall],
    distributions: Mapping[str, Cdn | Maintenance | None],
    reached: Domains,
    pipeline: Pipeline,
) -> Outputs:
    """Return the outputs of a stack. A distribution that the settings do not ask for is left out."""
    return {
        **_data(base, tables),
        **_compute(roles, functions, served),
        **_services(bus, served),
        **_edge(firewalls, distributions, reached),
        "pipeline_log": pipeline.log_group.arn,
        "repositories": {name: repository.arn for name, repository in pipeline.repositories.items()},
    }


def _data(base: Foundation, tables: Tables) -> Outputs:
    return {
        "vpc": base.network.vpc_id,
        "keys": {name: key.arn for name, key in base.keys.items()},
        "buckets": {name: bucket.arn for name, bucket in base.buckets.buckets.items()},
        "secrets": {name: secret.arn for name, secret in base.secrets.secrets.items()},
        "tables": {name: table.arn for name, table in tables.tables.items()},
        "series": _series(base.market_data),
        "redis": base.cache.resource.arn,
        "redis_address": base.cache.host,
    }


def _series(market_data: MarketData) -> Outputs:
    engine = market_data.engine
    if isinstance(engine, TimeSeries):
        return {name: series.resource.arn for name, series in engine.series.items()}
    return {"influx": engine.resource.arn}


def _compute(roles: Roles, functions: Functions, served: Services) -> Outputs:
    workflows = {f"workflow-{name}": machine.role.arn for name, machine in served.machines.items()}
    return {
        "functions": {name: function.resource.arn for name, function in functions.functions.items()},
        # What everybody calls; a deployment moves it to the new version.
        "live_functions": {name: function.alias.arn for name, function in functions.functions.items()},
        "layer": functions.layer.arn,
        "roles": {name: role.arn for name, role in roles.roles.items()} | workflows,
    }


def _services(bus: EventBus, served: Services) -> Outputs:
    return {
        "event_bus": bus.resource.arn,
        "topics": {name: topic.arn for name, topic in served.topics.items()},
        "state_machines": {name: machine.arn for name, machine in served.machines.items()},
        "api": served.api.resource.arn,
        "api_stage": served.api.stage.arn,
        "user_pool": served.users.arn,
        "user_pool_id": served.users.pool_id,
        "user_pool_client_id": served.users.client_id,
    }


def _edge(
    firewalls: Mapping[str, WebFirewall], distributions: Mapping[str, Cdn | Maintenance | None], reached: Domains
) -> Outputs:
    return {
        "firewalls": {name: firewall.arn for name, firewall in firewalls.items()},
        "distributions": {name: made.arn for name, made in distributions.items() if made is not None},
        "frontend_url": reached.frontend_url,
        "api_url": reached.api_url,
    }
