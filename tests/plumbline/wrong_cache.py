"""Wrong programs about ElastiCache replication groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import Wrong

TOKEN = "correct-horse-battery-staple"


def cache(**changes: Any) -> aws.elasticache.ReplicationGroup:
    """Two encrypted nodes in two zones, with a token."""
    whole = {
        "replication_group_id": "quotes",
        "description": "Latest quotes",
        "node_type": "cache.t4g.micro",
        "num_cache_clusters": 2,
        "automatic_failover_enabled": True,
        "multi_az_enabled": True,
        "transit_encryption_enabled": True,
        "auth_token": pulumi.Output.secret(TOKEN),
        **changes,
    }
    return aws.elasticache.ReplicationGroup("quotes", **whole)


def shards(**changes: Any) -> aws.elasticache.ReplicationGroup:
    """Two shards of two nodes."""
    whole = {
        "num_cache_clusters": None,
        "num_node_groups": 2,
        "replicas_per_node_group": 1,
        "parameter_group_name": "default.redis7.cluster.on",
        **changes,
    }
    return cache(**whole)


def _own_parameters(*parameters: dict[str, Any]) -> aws.elasticache.ReplicationGroup:
    group = aws.elasticache.ParameterGroup("own", name="own", family="redis7", parameters=list(parameters))
    return shards(parameter_group_name=group.id)


WRONG_CACHE: list[Wrong] = [
    Wrong(
        "cache of 41 characters",
        lambda: cache(replication_group_id="q" * 41),
        "replicationGroupId",
        "41 characters given; allowed: at most 40",
    ),
    *(
        Wrong(
            f"cache named {name or 'nothing'}",
            lambda name=name: cache(replication_group_id=name),
            "replicationGroupId",
            f"{name!r} given; allowed: small letters, digits and single hyphens",
        )
        for name in ("", "4quotes", "quotes--test", "quotes-", "Quotes", "quotes_test")
    ),
    *(
        Wrong(
            f"token {what}",
            lambda value=value: cache(auth_token=pulumi.Output.secret(value)),
            "authToken",
            "not a token; allowed: 16 to 128 characters, letters, digits and ! & # $ ^ < > -",
        )
        for what, value in (
            ("of 15 characters", "t" * 15),
            ("of 129 characters", "t" * 129),
            ("with a slash", f"{TOKEN}/"),
        )
    ),
    Wrong(
        "token in clear text",
        lambda: cache(transit_encryption_enabled=False),
        "transitEncryptionEnabled",
        "not true; a group with a token needs encryption in transit",
    ),
    Wrong(
        "zones without failover",
        lambda: cache(automatic_failover_enabled=None),
        "automaticFailoverEnabled",
        "not true; a group with multiAzEnabled needs it",
    ),
    Wrong(
        "zones of one node",
        lambda: cache(num_cache_clusters=1),
        "numCacheClusters",
        "1 given; a group with multiAzEnabled has at least 2",
    ),
    Wrong(
        "failover of one node",
        lambda: cache(num_cache_clusters=None, multi_az_enabled=False),
        "numCacheClusters",
        "1 given; a group with automaticFailoverEnabled has at least 2",
    ),
    Wrong(
        "zones of shards of one node",
        lambda: shards(replicas_per_node_group=0),
        "replicasPerNodeGroup",
        "0 given; a group with multiAzEnabled has at least 1",
    ),
    Wrong(
        "shards without failover",
        lambda: shards(automatic_failover_enabled=False, multi_az_enabled=False),
        "automaticFailoverEnabled",
        "not true; a group of several shards needs it",
    ),
    Wrong(
        "shards and nodes",
        lambda: shards(num_cache_clusters=2),
        "numCacheClusters",
        "given together with numNodeGroups",
    ),
    Wrong(
        "shards without parameters",
        lambda: shards(parameter_group_name=None),
        "parameterGroupName",
        "missing; several shards need a parameter group that ends in .cluster.on",
    ),
    Wrong(
        "shards with parameters of single nodes",
        lambda: shards(parameter_group_name="default.redis7"),
        "parameterGroupName",
        "'default.redis7' given; several shards need one that ends in .cluster.on",
    ),
    Wrong(
        "shards with own parameters of single nodes",
        lambda: _own_parameters({"name": "maxmemory-policy", "value": "volatile-lru"}),
        "parameterGroupName",
        "parameter group own given; several shards need cluster-enabled = yes",
    ),
    Wrong(
        "snapshots of 36 days",
        lambda: cache(snapshot_retention_limit=36),
        "snapshotRetentionLimit",
        "36 given; allowed: 0 to 35 days",
    ),
    Wrong(
        "snapshots of nodes that have none",
        lambda: cache(node_type="cache.t1.micro", snapshot_retention_limit=1),
        "snapshotRetentionLimit",
        "1 given; allowed: 0 for cache.t1.micro",
    ),
    Wrong(
        "maintenance without day",
        lambda: cache(maintenance_window="03:00-04:00"),
        "maintenanceWindow",
        "'03:00-04:00' given; allowed: ddd:hh:mm-ddd:hh:mm",
    ),
    Wrong(
        "maintenance of 30 minutes",
        lambda: cache(maintenance_window="sun:23:45-mon:00:15"),
        "maintenanceWindow",
        "'sun:23:45-mon:00:15' given; allowed: at least 60 minutes",
    ),
    Wrong(
        "snapshots at 24 hours",
        lambda: cache(snapshot_window="23:00-24:00"),
        "snapshotWindow",
        "'23:00-24:00' given; allowed: hh:mm-hh:mm",
    ),
    Wrong(
        "snapshots of 59 minutes",
        lambda: cache(snapshot_window="03:00-03:59"),
        "snapshotWindow",
        "allowed: at least 60 minutes",
    ),
]
SOUND_CACHE: dict[str, Callable[[], Any]] = {
    "cache": cache,
    "cache of one node": lambda: cache(
        num_cache_clusters=1, automatic_failover_enabled=False, multi_az_enabled=False, auth_token=None
    ),
    "cache of 40 characters": lambda: cache(replication_group_id="q" * 38 + "-9"),
    "longest token": lambda: cache(auth_token=pulumi.Output.secret("!&#$^<>-" * 16)),
    "unknown token": lambda: cache(auth_token=aws.s3.Bucket("elsewhere").arn),
    "unknown number of nodes": lambda: cache(num_cache_clusters=aws.s3.Bucket("elsewhere").arn.apply(len)),
    "shards": shards,
    "one shard with default parameters": lambda: shards(num_node_groups=1, parameter_group_name="default.redis7"),
    "shards by cluster mode": lambda: shards(parameter_group_name=None, cluster_mode="enabled"),
    "shards with own parameters": lambda: _own_parameters({"name": "cluster-enabled", "value": "yes"}),
    "cache with everything": lambda: cache(
        snapshot_retention_limit=35, maintenance_window="Sun:23:30-Mon:00:30", snapshot_window="23:30-00:30"
    ),
}
