"""Route 53 health checks (API reference, HealthCheckConfig).

Types, regions, lengths and thresholds are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.constraints.dns import HEALTH_CHECK
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

_ENDPOINTS = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_SECONDS = (10, 30)
_FEWEST_REGIONS = 3
# What each type needs, and what of it others do not take.
_OWN = {
    "CALCULATED": ("childHealthchecks", "childHealthThreshold"),
    "CLOUDWATCH_METRIC": ("cloudwatchAlarmName", "cloudwatchAlarmRegion"),
    "RECOVERY_CONTROL": ("routingControlArn",),
}
_PATHLESS = ("TCP", *_OWN)


@for_types(HEALTH_CHECK)
def subject(check: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A check has what its type watches, and nothing of another type's."""
    type_ = check.get("type")
    if not isinstance(type_, str):
        return
    for owner, names in _OWN.items():
        for name in names:
            if owner == type_ and check.get(name) is None:
                yield name, f"missing; a check of type {type_} needs it"
            if owner != type_ and check.get(name) is not None:
                yield name, f"given, but the check is of type {type_}"
    if type_ not in _ENDPOINTS:
        return
    if check.get("fqdn") is None and check.get("ipAddress") is None:
        yield "fqdn", "missing; a check of an endpoint needs it, or ipAddress"
    if type_ == "TCP" and check.get("port") is None:
        yield "port", "missing; a check of type TCP needs it"
    searches = type_.endswith("_STR_MATCH")
    if searches != (check.get("searchString") is not None):
        yield "searchString", f"missing; a check of type {type_} needs it" if searches else f"given with type {type_}"


@for_types(HEALTH_CHECK)
def request(check: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A check asks every 10 or 30 s, over HTTP where it has a path, and names its host in TLS only over HTTPS."""
    type_, seconds, path, regions = (check.get(name) for name in ("type", "requestInterval", "resourcePath", "regions"))
    if isinstance(seconds, int) and seconds not in _SECONDS:
        yield "requestInterval", f"{seconds} given; allowed: {', '.join(map(str, _SECONDS))} seconds"
    if isinstance(type_, str) and type_ in _ENDPOINTS and seconds is None:
        yield "requestInterval", f"missing; a check of type {type_} needs it"
    if isinstance(path, str) and type_ in _PATHLESS:
        yield "resourcePath", f"given, but a check of type {type_} asks for no path"
    if check.get("enableSni") is True and type_ in (*_PATHLESS, "HTTP", "HTTP_STR_MATCH"):
        yield "enableSni", f"true given; a check of type {type_} has no TLS"
    if isinstance(regions, list) and len(regions) < _FEWEST_REGIONS:
        yield "regions", f"{len(regions)} given; allowed: at least {_FEWEST_REGIONS}"
