"""Redis on ElastiCache: encrypted, with a token, reachable from one security group only (requirement 08)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.naming import Naming

PORT = 6379
_ENGINE_VERSION = "7.1"
_FAMILY = "redis7"
# Snapshots at night and upkeep after them, in UTC; the two windows must not overlap.
_SNAPSHOT_WINDOW = "03:00-04:00"
_MAINTENANCE_WINDOW = "sun:05:00-sun:06:00"


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    """One Redis replication group.

    Encryption and tokens exist on replication groups only, so a single node is a group of one. `nodes` is the primary
    and its replicas; `multi_az` spreads them over zones and fails over. `snapshot_days` 0 means no snapshots.
    `auth_token` has 16 to 128 characters; rotation replaces it behind Pulumi's back, so later values are ignored.
    """

    account: Account
    naming: Naming
    node_type: str
    nodes: int
    multi_az: bool
    snapshot_days: int
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group_id: pulumi.Input[str]
    auth_token: pulumi.Input[str]


class Cache(pulumi.ComponentResource):
    """A Redis replication group with TLS and encryption at rest.

    `group_id` is its name, known at preview; `host` the primary's address, `port` its port.
    """

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Cache", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.group_id = args.naming.exact("replication_group", "redis")
        subnets = aws.elasticache.SubnetGroup(
            f"{name}-subnets",
            name=args.naming.exact("cache_subnet_group", "redis"),
            description="Subnets of the Redis cache",
            subnet_ids=args.subnet_ids,
            opts=child,
        )
        parameters = aws.elasticache.ParameterGroup(
            f"{name}-parameters",
            name=args.naming.exact("cache_parameter_group", "redis"),
            family=_FAMILY,
            description="Parameters of the Redis cache",
            # A cache that is full drops what was used longest ago, and never refuses a write.
            parameters=[{"name": "maxmemory-policy", "value": "allkeys-lru"}],
            opts=child,
        )
        self.resource = aws.elasticache.ReplicationGroup(
            f"{name}-redis",
            replication_group_id=self.group_id,
            description="Cache and rate limits of the backend",
            engine="redis",
            engine_version=_ENGINE_VERSION,
            node_type=args.node_type,
            num_cache_clusters=args.nodes,
            automatic_failover_enabled=args.multi_az,
            multi_az_enabled=args.multi_az,
            port=PORT,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[args.security_group_id],
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            auth_token=args.auth_token,
            snapshot_retention_limit=args.snapshot_days,
            snapshot_window=_SNAPSHOT_WINDOW if args.snapshot_days else None,
            maintenance_window=_MAINTENANCE_WINDOW,
            auto_minor_version_upgrade=True,
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(ignore_changes=["authToken", "authTokenUpdateStrategy"])
            ),
        )
        self.host: pulumi.Output[str] = self.resource.primary_endpoint_address
        self.port = PORT
        self.register_outputs({"host": self.host, "group_id": self.group_id})
