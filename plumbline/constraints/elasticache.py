"""ElastiCache replication groups: ids, tokens, failover, cluster mode and windows (API: CreateReplicationGroup)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.networks import referred
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
PARAMETER_GROUP = "aws:elasticache/parameterGroup:ParameterGroup"
_LONGEST_ID = 40
_ID = re.compile(r"[a-z](-?[a-z0-9])*\Z")
_TOKEN = re.compile(r"[a-zA-Z0-9!&#$^<>-]{16,128}\Z")
_MOST_SNAPSHOTS = 35
_WITHOUT_SNAPSHOTS = ("cache.t1.micro",)
_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = f"({'|'.join(_DAYS)})"
_DAILY = re.compile(rf"{_TIME}-{_TIME}\Z")
_WEEKLY = re.compile(rf"{_DAY}:{_TIME}-{_DAY}:{_TIME}\Z")
_DAY_MINUTES = 24 * 60
_SHORTEST_WINDOW = 60  # minutes


@for_types(GROUP)
def identity(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An id has 1 to 40 characters, begins with a letter, and has single hyphens inside it only."""
    name = group.get("replicationGroupId")
    if isinstance(name, str) and len(name) > _LONGEST_ID:
        yield "replicationGroupId", f"{len(name)} characters given; allowed: at most {_LONGEST_ID}"
    elif isinstance(name, str) and not _ID.match(name):
        allowed = "small letters, digits and single hyphens, a letter first and no hyphen last"
        yield "replicationGroupId", f"{name!r} given; allowed: {allowed}"


@for_types(GROUP)
def token(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A token has 16 to 128 characters of a small alphabet, and travels encrypted. It is never shown."""
    value = group.get("authToken")
    if value is None:
        return
    if isinstance(value, str) and not _TOKEN.match(value):
        yield "authToken", "not a token; allowed: 16 to 128 characters, letters, digits and ! & # $ ^ < > -"
    if group.get("transitEncryptionEnabled", False) is False:
        yield "transitEncryptionEnabled", "not true; a group with a token needs encryption in transit"


@for_types(GROUP)
def failover(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Nodes in several zones need automatic failover, and automatic failover needs a second node."""
    automatic, several = (group.get(name, False) for name in ("automaticFailoverEnabled", "multiAzEnabled"))
    if several is True and automatic is False:
        yield "automaticFailoverEnabled", "not true; a group with multiAzEnabled needs it"
    shards, replicas = group.get("numNodeGroups"), group.get("replicasPerNodeGroup")
    sharded = shards is not None or group.get("nodeGroupConfigurations") is not None
    if isinstance(shards, int) and shards > 1 and automatic is False and several is not True:
        yield "automaticFailoverEnabled", "not true; a group of several shards needs it"
    if isinstance(replicas, int) and several is True and replicas < 1:
        yield "replicasPerNodeGroup", f"{replicas} given; a group with multiAzEnabled has at least 1"
    nodes = group.get("numCacheClusters", 1)
    # A secondary group takes its number of nodes from the global one.
    counted = replicas is None and not sharded and group.get("globalReplicationGroupId") is None
    if counted and True in (automatic, several) and isinstance(nodes, int) and nodes < 2:
        name = "multiAzEnabled" if several is True else "automaticFailoverEnabled"
        yield "numCacheClusters", f"{nodes} given; a group with {name} has at least 2"


@for_types(GROUP)
def cluster_mode(group: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Several shards need parameters with cluster mode, and are counted by shards instead of nodes."""
    shards = group.get("numNodeGroups")
    if shards is not None and group.get("numCacheClusters") is not None:
        yield "numCacheClusters", "given together with numNodeGroups; ElastiCache takes one of them"
    if not isinstance(shards, int) or shards < 2:
        return
    parameters = group.get("parameterGroupName")
    if parameters is None and group.get("clusterMode") is None:
        yield "parameterGroupName", "missing; several shards need a parameter group that ends in .cluster.on"
    if isinstance(parameters, str) and parameters.startswith("default.") and not parameters.endswith(".cluster.on"):
        yield "parameterGroupName", f"{parameters!r} given; several shards need one that ends in .cluster.on"
    own = referred(group, "parameterGroupName", PARAMETER_GROUP, graph)
    values = own.get("parameters", []) if own is not None else None
    if own is not None and isinstance(values, list) and not any(_enables_clusters(value) for value in values):
        yield "parameterGroupName", f"parameter group {own.name} given; several shards need cluster-enabled = yes"


@for_types(GROUP)
def snapshots(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Snapshots are kept for 0 to 35 days, and for none where the nodes cannot be saved."""
    days, node = group.get("snapshotRetentionLimit"), group.get("nodeType")
    if isinstance(days, int) and not 0 <= days <= _MOST_SNAPSHOTS:
        yield "snapshotRetentionLimit", f"{days} given; allowed: 0 to {_MOST_SNAPSHOTS} days"
    elif isinstance(days, int) and days > 0 and node in _WITHOUT_SNAPSHOTS:
        yield "snapshotRetentionLimit", f"{days} given; allowed: 0 for {node}, which cannot be saved"


@for_types(GROUP)
def windows(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The maintenance window is weekly, that of snapshots daily, both of 60 minutes or more in UTC."""
    forms = (
        ("maintenanceWindow", _WEEKLY, "ddd:hh:mm-ddd:hh:mm", 7 * _DAY_MINUTES),
        ("snapshotWindow", _DAILY, "hh:mm-hh:mm", _DAY_MINUTES),
    )
    for name, pattern, form, period in forms:
        window = group.get(name)
        if not isinstance(window, str):
            continue
        if not pattern.match(window.lower()):
            yield name, f"{window!r} given; allowed: {form}"
            continue
        first, last = (_minute(end) for end in window.lower().split("-"))
        if (last - first) % period < _SHORTEST_WINDOW:
            yield name, f"{window!r} given; allowed: at least {_SHORTEST_WINDOW} minutes"


def _minute(end: str) -> int:
    """Return the minute of the week, or of the day where no day is named."""
    *day, hour, minute = end.split(":")
    return (_DAYS.index(day[0]) * _DAY_MINUTES if day else 0) + int(hour) * 60 + int(minute)


def _enables_clusters(parameter: object) -> bool:
    if not isinstance(parameter, dict):
        return True  # not known
    return parameter.get("name") in ("cluster-enabled", UNKNOWN) and parameter.get("value") in ("yes", UNKNOWN)
