"""What the AWS provider or AWS itself would refuse, found on the graph before anything is deployed.

Neither Pulumi's mocks nor moto check any of it. A check yields (property path, what is wrong) pairs; it says
nothing about a value that is unknown. `check` runs all of them.
"""

from __future__ import annotations

from plumbline.constraints import (
    alarms,
    api,
    api_requests,
    api_stages,
    backups,
    buckets,
    budgets,
    cdn,
    cdn_parts,
    certificates,
    cognito,
    dashboards,
    dns,
    dnssec,
    ecr,
    elasticache,
    endpoints,
    events,
    firewall,
    functions,
    health_checks,
    iam,
    invocation,
    keys,
    messaging,
    metric_filters,
    networks,
    parameters,
    references,
    resource_policies,
    scaling,
    schedule_targets,
    schedules,
    schema,
    secrets,
    security_groups,
    shapes,
    sockets,
    tables,
    timeseries,
    topics,
    workflows,
)
from plumbline.constraints.registry import Problem, run, run_alone
from plumbline.graph import Resource, StackGraph

__all__ = [
    "Problem",
    "alarms",
    "api",
    "api_requests",
    "api_stages",
    "backups",
    "buckets",
    "budgets",
    "cdn",
    "cdn_parts",
    "certificates",
    "check",
    "check_alone",
    "cognito",
    "dashboards",
    "dns",
    "dnssec",
    "ecr",
    "elasticache",
    "endpoints",
    "events",
    "firewall",
    "functions",
    "health_checks",
    "iam",
    "invocation",
    "keys",
    "messaging",
    "metric_filters",
    "networks",
    "parameters",
    "references",
    "resource_policies",
    "scaling",
    "schedule_targets",
    "schedules",
    "schema",
    "secrets",
    "security_groups",
    "shapes",
    "sockets",
    "tables",
    "timeseries",
    "topics",
    "workflows",
]


def check(graph: StackGraph) -> list[Problem]:
    """Return everything in a stack that would be refused, in the order of its resources."""
    return run(graph)


def check_alone(resource: Resource) -> list[Problem]:
    """Return what would be refused of a resource, as far as it can be said without the rest of its stack."""
    return run_alone(resource)
