"""components.cache: a Redis replication group with TLS, encryption and token."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.cache import PORT, Cache, CacheArgs
from components.naming import NameRefused, Naming
from plumbline.graph import UNKNOWN, Options, Resource, Secret, StackGraph
from tests.components.programs import ACCOUNT, NAMING, component_urn, graph_of, named, needs, only, present

CACHE_URN = component_urn("Cache", "cache")
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
TOKEN = "t0ken" * 8
# The SDK itself hides what a token comes back as.
IGNORED = Options(
    ignore_changes=("authToken", "authTokenUpdateStrategy"), additional_secret_outputs=("authToken", "authTokenWo")
)
GROUP_INPUTS: dict[str, Any] = {
    "replicationGroupId": "test-redis",
    "description": "Cache and rate limits of the backend",
    "engine": "redis",
    "engineVersion": "7.1",
    "nodeType": "cache.t3.micro",
    "numCacheClusters": 1,
    "automaticFailoverEnabled": False,
    "multiAzEnabled": False,
    "port": 6379,
    "parameterGroupName": "test-redis",
    "subnetGroupName": "test-redis",
    "securityGroupIds": ["sg-1"],
    "atRestEncryptionEnabled": True,
    "transitEncryptionEnabled": True,
    "authToken": Secret(TOKEN),
    "snapshotRetentionLimit": 0,
    "maintenanceWindow": "sun:05:00-sun:06:00",
    "autoMinorVersionUpgrade": True,
}


def args(**changes: Any) -> CacheArgs:
    values = {"account": ACCOUNT, "naming": NAMING, "node_type": "cache.t3.micro", "nodes": 1, "multi_az": False}
    place = {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_id": "sg-1"}
    token = {"auth_token": pulumi.Output.secret(TOKEN)}
    return CacheArgs(**{**values, **place, **token, "snapshot_days": 0, **changes})


def cache(**changes: Any) -> StackGraph:
    return graph_of(lambda: Cache("cache", args(**changes)))


def group(**changes: Any) -> Resource:
    return only(cache(**changes), GROUP)


def test_single_node_is_a_replication_group_with_exactly_these_inputs() -> None:
    found = group()
    assert present(dict(found.inputs)) == GROUP_INPUTS
    assert (found.name, found.parent, found.options) == ("cache-redis", CACHE_URN, IGNORED)


def test_group_over_zones_fails_over_and_keeps_snapshots() -> None:
    assert present(dict(group(nodes=2, multi_az=True, snapshot_days=7).inputs)) == {
        **GROUP_INPUTS,
        "numCacheClusters": 2,
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "snapshotRetentionLimit": 7,
        "snapshotWindow": "03:00-04:00",
    }


def test_group_waits_for_its_subnets_and_parameters() -> None:
    assert needs(group()) == {"parameterGroupName": ("cache-parameters",), "subnetGroupName": ("cache-subnets",)}


def test_subnet_group_has_exactly_these_inputs() -> None:
    found = named(cache(), "cache-subnets")
    assert (found.type, dict(found.inputs)) == (
        "aws:elasticache/subnetGroup:SubnetGroup",
        {"name": "test-redis", "description": "Subnets of the Redis cache", "subnetIds": ["subnet-1", "subnet-2"]},
    )
    assert (found.parent, found.options) == (CACHE_URN, Options())


def test_parameter_group_drops_what_was_used_longest_ago() -> None:
    found = named(cache(), "cache-parameters")
    assert (found.type, dict(found.inputs)) == (
        "aws:elasticache/parameterGroup:ParameterGroup",
        {
            "name": "test-redis",
            "family": "redis7",
            "description": "Parameters of the Redis cache",
            "parameters": [{"name": "maxmemory-policy", "value": "allkeys-lru"}],
        },
    )
    assert (found.parent, found.options) == (CACHE_URN, Options())


def test_token_is_nowhere_in_clear_text() -> None:
    assert TOKEN not in repr(list(cache()))


def test_component_gives_host_and_group_id_and_the_id_is_known() -> None:
    found: list[Any] = []

    def program() -> None:
        made = Cache("cache", args())
        found.extend((made.group_id, made.port))
        pulumi.export("host", made.host)

    graph = graph_of(program)
    assert (found, PORT) == (["test-redis", 6379], 6379)
    assert graph.outputs == {"host": UNKNOWN}
    assert graph.resources[CACHE_URN].outputs == {"host": UNKNOWN, "group_id": "test-redis"}


def test_name_that_elasticache_would_refuse_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match=r"^'Test-redis' does not match .*, as a replication_group name must$"):
            Cache("cache", args(naming=Naming("Test")))

    graph_of(program)
