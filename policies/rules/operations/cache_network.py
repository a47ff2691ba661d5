"""Caches: the subnets that they start in."""

from __future__ import annotations

from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, fail, rule

_CLUSTER = "aws:elasticache/cluster:Cluster"
_TYPES = (_CLUSTER, "aws:elasticache/replicationGroup:ReplicationGroup", "aws:memorydb/cluster:Cluster")


@rule(
    "OP-095",
    "cache-names-subnet-group",
    pack="operations",
    types=_TYPES,
    severity="high",
    rationale="The default group has the subnets of the default VPC, which are public.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elasticache-controls.html#elasticache-7",
    remediation="Set subnet_group_name to a group of private subnets.",
    controls=("ElastiCache.7", "CKV_AWS_323", "AwsSolutions-AEC1"),
    criteria=("TRADING-08.6",),
)
def subnet_group(view: View) -> Outcome:
    """A cluster of a replication group is where the group is, and so is the copy of a group in another region."""
    expected = "a group of private subnets"
    name = view.get("subnetGroupName")
    if isinstance(name, str) and name.strip().lower() == "default":
        return fail("subnetGroupName", "default", expected)
    if view.is_set("subnetGroupName"):
        return PASS
    if view.type == _CLUSTER and view.is_set("replicationGroupId"):
        return NOT_APPLICABLE
    return fail("subnetGroupName", "not set", expected)
