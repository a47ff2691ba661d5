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
    buckets,
    cognito,
    dashboards,
    elasticache,
    endpoints,
    events,
    functions,
    iam,
    invocation,
    keys,
    messaging,
    metric_filters,
    networks,
    references,
    resource_policies,
    scaling,
    schedules,
    schema,
    secrets,
    security_groups,
    shapes,
    tables,
    timeseries,
    topics,
    workflows,
)
from plumbline.constraints.registry import Problem, run
from plumbline.graph import StackGraph

__all__ = [
    "Problem",
    "alarms",
    "api",
    "api_requests",
    "api_stages",
    "buckets",
    "check",
    "cognito",
    "dashboards",
    "elasticache",
    "endpoints",
    "events",
    "functions",
    "iam",
    "invocation",
    "keys",
    "messaging",
    "metric_filters",
    "networks",
    "references",
    "resource_policies",
    "scaling",
    "schedules",
    "schema",
    "secrets",
    "security_groups",
    "shapes",
    "tables",
    "timeseries",
    "topics",
    "workflows",
]


def check(graph: StackGraph) -> list[Problem]:
    """Return everything in a stack that would be refused, in the order of its resources."""
    return run(graph)
