"""ElastiCache: snapshots, upgrades and failover."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    Outcome,
    View,
    all_of,
    any_of,
    check,
    check_true,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.resilience_common import at_least

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
CLUSTER = "aws:elasticache/cluster:Cluster"
SERVERLESS = "aws:elasticache/serverlessCache:ServerlessCache"
_GUIDE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg"


def _own_cluster(view: View) -> bool:
    """Say whether a cluster stands alone: one of a replication group follows the group."""
    if view.type != CLUSTER:
        return True
    return not view.is_set("replicationGroupId")


@rule(
    "OP-275",
    "elasticache-keeps-snapshots",
    pack="operations",
    types=(GROUP, CLUSTER, SERVERLESS),
    severity="high",
    level="open",
    rationale="What was in memory is lost with the nodes; a snapshot is what a cache can be started from again.",
    url=f"{_GUIDE}/backups-automatic.html",
    remediation="Set snapshot_retention_limit to the number of days asked for.",
    controls=("ElastiCache.1", "CKV_AWS_134"),
    criteria=("TRADING-08.7", "CONSULTING-02.4"),
    parameters={"shortest_days": 1},
)
def snapshots(view: View) -> Outcome:
    """Memcached has no snapshots."""
    engine = view.get("engine", "memcached" if view.type == CLUSTER else "redis")
    if isinstance(engine, str) and engine.lower() == "memcached":
        return NOT_APPLICABLE
    if not _own_cluster(view):
        return NOT_APPLICABLE
    least = view.parameters["shortest_days"]
    outcome = check(view, "snapshotRetentionLimit", at_least(least), f"{least:g} days or more")
    if outcome.word == "fail" and engine is UNKNOWN:
        return unknown("engine", "memcached, or an engine with snapshots that are kept")
    return outcome


@rule(
    "OP-276",
    "elasticache-upgrades-itself",
    pack="operations",
    types=(GROUP, CLUSTER),
    severity="high",
    rationale="Minor versions carry the security fixes, and nobody applies them by hand in time.",
    url=f"{_GUIDE}/VersionManagement.html",
    remediation="Set auto_minor_version_upgrade=True, or leave it out.",
    controls=("ElastiCache.2", "CKV_AWS_322"),
)
def upgrades(view: View) -> Outcome:
    if not _own_cluster(view):
        return NOT_APPLICABLE
    return check_true(view, "autoMinorVersionUpgrade", default=True)


@rule(
    "OP-277",
    "elasticache-fails-over",
    pack="operations",
    types=(GROUP,),
    severity="medium",
    level="open",
    rationale="When a node or its zone fails, only a replica elsewhere that takes over by itself keeps the cache up.",
    url=f"{_GUIDE}/AutoFailover.html",
    remediation="Set automatic_failover_enabled=True and multi_az_enabled=True, with a replica at least.",
    controls=("ElastiCache.3", "CKV2_AWS_50", "AwsSolutions-AEC4"),
    criteria=("TRADING-08.5a", "TRADING-08.5b"),
)
def failover(view: View) -> Outcome:
    outcomes = [check_true(view, "automaticFailoverEnabled"), check_true(view, "multiAzEnabled")]
    if not view.is_set("globalReplicationGroupId") and not view.is_set("nodeGroupConfigurations"):
        replicas = any_of(
            [
                check(view, "numCacheClusters", at_least(2), "2 nodes or more"),
                check(view, "replicasPerNodeGroup", at_least(1), "1 replica or more"),
            ]
        )
        outcomes.append(
            fail("numCacheClusters", "no replica", "2 nodes or more") if replicas.word == "fail" else replicas
        )
    return all_of(outcomes)
