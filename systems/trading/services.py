"""What the trading backend offers and how it is watched: topics, events, workflows, API, monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.alarms import Alarms
from components.api_stage import ApiCache, Throttle, Tier
from components.dashboards import Dashboards
from components.events import EventBus, EventBusArgs, Rules, RulesArgs, RuleSpec
from components.functions import Function
from components.metric_filters import MetricFilters
from components.rest_api import RestApi, RestApiArgs
from components.tables import Table
from components.topics import Topic, Topics, TopicsArgs, TopicSpec
from components.user_pool import UserPool, UserPoolArgs
from components.workflows import Workflow, Workflows, WorkflowsArgs
from systems.trading import costs, data, monitoring, routes, workflows
from systems.trading.foundation import Foundation
from systems.trading.service_settings import ThrottleSettings
from systems.trading.settings import Settings

_BUS = "trading"
_API = "api"
HEALTH = "health"  # a path of the API that answers 200 to health checks


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the backend offers. `topics`, `machines` and the rules' resources are by logical name."""

    topics: Mapping[str, Topic]
    rules: Rules
    machines: Mapping[str, Workflow]
    users: UserPool
    api: RestApi


def origin(settings: Settings) -> str:
    """Return the only origin whose pages may call the API (TRADING-07.3)."""
    return f"https://{settings.domains.frontend}"


def bus(settings: Settings, opts: pulumi.ResourceOptions) -> EventBus:
    """Register the bus of the application's events, which functions put events on."""
    args = EventBusArgs(
        account=settings.account(), naming=settings.naming(), bus=_BUS, archive_days=settings.events.archive_days
    )
    return EventBus("events", args, opts)


def serve(
    settings: Settings,
    base: Foundation,
    events: EventBus,
    tables: Mapping[str, Table],
    functions: Mapping[str, Function],
    opts: pulumi.ResourceOptions,
) -> Services:
    """Register topics, rules, workflows, API and monitoring."""
    topics = _topics(settings, base, events, opts)
    rules = _rules(settings, events, functions, topics, opts)
    machines = _workflows(settings, functions, topics, opts)
    users = _users(settings, opts)
    api = _api(settings, functions, users, opts)
    _monitoring(settings, base, tables, functions, topics, machines, api, opts)
    return Services(topics=topics, rules=rules, machines=machines, users=users, api=api)


def _topics(
    settings: Settings, base: Foundation, events: EventBus, opts: pulumi.ResourceOptions
) -> Mapping[str, Topic]:
    account, prefix = settings.account(), settings.environment
    sources = {
        "backup": account.arn("backup", f"backup-vault:{prefix}-*"),
        "budgets": account.budgets_arn(),
        "cloudwatch": account.arn("cloudwatch", f"alarm:{prefix}-*"),
        "events": account.arn("events", f"rule/{events.bus_name}/{prefix}-*"),
    }
    contacts = {
        "critical": settings.contacts.critical,
        "risk": settings.contacts.risk,
        "health": settings.contacts.health,
        "audit": settings.contacts.audit,
        "costs": settings.contacts.costs,
    }
    specs = {
        name: TopicSpec(
            display_name=row.display_name,
            publishers={f"{service}.amazonaws.com": sources[service] for service in row.publishers},
            emails=contacts[row.contacts].emails,
            telephones=contacts[row.contacts].telephones,
        )
        for name, row in data.topics().items()
    }
    args = TopicsArgs(account=account, naming=settings.naming(), customer_key=base.keys["topics"], topics=specs)
    return Topics("topics", args, opts).topics


def _rules(
    settings: Settings,
    events: EventBus,
    functions: Mapping[str, Function],
    topics: Mapping[str, Topic],
    opts: pulumi.ResourceOptions,
) -> Rules:
    resting = costs.resting(settings)
    specs = {
        name: RuleSpec(
            description=row.description,
            target=functions[row.function] if row.function else topics[row.topic or ""],
            schedule=row.schedule,
            pattern=row.pattern,
            switched=name in resting,
        )
        for name, row in data.events().items()
    }
    args = RulesArgs(account=settings.account(), naming=settings.naming(), bus=events, rules=specs)
    return Rules("rules", args, opts)


def _workflows(
    settings: Settings,
    functions: Mapping[str, Function],
    topics: Mapping[str, Topic],
    opts: pulumi.ResourceOptions,
) -> Mapping[str, Workflow]:
    args = WorkflowsArgs(
        account=settings.account(),
        naming=settings.naming(),
        functions=functions,
        topics=topics,
        machines=workflows.machines(data.functions(), data.topics()),
        log_retention_days=settings.log_retention_days,
    )
    return Workflows("workflows", args, opts).machines


def _users(settings: Settings, opts: pulumi.ResourceOptions) -> UserPool:
    users = settings.api.users
    args = UserPoolArgs(
        naming=settings.naming(),
        name="users",
        mfa=users.mfa,
        token_minutes=users.token_minutes,
        sign_in_days=users.sign_in_days,
    )
    return UserPool("users", args, opts)


def _throttle(throttle: ThrottleSettings) -> Throttle:
    return Throttle(rate=throttle.rate, burst=throttle.burst)


def _api(
    settings: Settings, functions: Mapping[str, Function], users: UserPool, opts: pulumi.ResourceOptions
) -> RestApi:
    api = settings.api
    args = RestApiArgs(
        account=settings.account(),
        naming=settings.naming(),
        name=_API,
        stage=api.stage,
        routes=routes.routes(),
        functions=functions,
        user_pool_arn=users.arn,
        allowed_origin=origin(settings),
        default_endpoint=api.default_endpoint,
        log_retention_days=settings.log_retention_days,
        throttle=_throttle(api.throttle),
        tiers={
            name: Tier(throttle=_throttle(tier), quota=tier.quota, period=tier.period)
            for name, tier in api.tiers.items()
        },
        tenants=api.tenants,
        cache=ApiCache(size=api.cache.size, ttl_seconds=api.cache.ttl_seconds) if api.cache else None,
        health=HEALTH,
    )
    return RestApi("api", args, opts)


def _monitoring(
    settings: Settings,
    base: Foundation,
    tables: Mapping[str, Table],
    functions: Mapping[str, Function],
    topics: Mapping[str, Topic],
    machines: Mapping[str, Workflow],
    api: RestApi,
    opts: pulumi.ResourceOptions,
) -> None:
    watched = monitoring.Watched(
        account=settings.account(),
        naming=settings.naming(),
        functions=functions,
        tables=tables,
        cache=base.cache,
        cache_nodes=settings.cache.nodes,
        api_name=settings.naming().exact("api", _API),
        api_stage=api.stage_name,
        state_machines=machines,
    )
    MetricFilters("metrics", monitoring.metric_filters(watched), opts)
    Alarms("alarms", monitoring.alarms(watched, topics, settings.alarms), opts)
    Dashboards("dashboards", monitoring.dashboards(watched, settings.alarms), opts)
