"""Caches: the groups before them, and the age of their engine."""

from __future__ import annotations

from policies.rules.model import (
    PASS,
    Outcome,
    View,
    check,
    check_set,
    rule,
)

_CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"


@rule(
    "OP-429",
    "cache-has-security-group",
    pack="operations",
    types=(_CACHE, "aws:elasticache/serverlessCache:ServerlessCache"),
    severity="medium",
    rationale="Without one the cache gets the network's default group, which is not written for it.",
    url="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/elasticache-vpc-accessing.html",
    remediation="Set security_group_ids to a group that lets in only what uses the cache.",
)
def cache_group(view: View) -> Outcome:
    return check_set(view, "securityGroupIds", "a security group")


@rule(
    "OP-430",
    "cache-engine-supported",
    pack="operations",
    types=(_CACHE,),
    severity="medium",
    rationale="Engines before version 6 get no mends of weaknesses, and know no users.",
    url="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html",
    remediation="Set engine_version to a supported version.",
    controls=("ElastiCache.6",),
    parameters={"oldest": 6},
)
def cache_engine(view: View) -> Outcome:
    oldest = view.parameters["oldest"]
    if not view.is_set("engineVersion"):
        return PASS  # the newest
    return check(view, "engineVersion", lambda text: int(str(text).split(".")[0]) >= oldest, f"{oldest} or newer")
