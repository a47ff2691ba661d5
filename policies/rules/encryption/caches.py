"""ElastiCache: data of caches at rest and on the way."""

from __future__ import annotations

from policies.rules.encryption.keys import AWS_KEY, asked_key
from policies.rules.model import NOT_APPLICABLE, Outcome, View, all_of, check_true, check_word, rule

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
CLUSTER = "aws:elasticache/cluster:Cluster"
_GUIDE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg"


@rule(
    "EN-056",
    "cache-encrypted-at-rest",
    pack="encryption",
    types=(GROUP,),
    severity="medium",
    rationale="A cache writes its data to disk for snapshots and for synchronising nodes.",
    url=f"{_GUIDE}/at-rest-encryption.html",
    remediation="Set at_rest_encryption_enabled=True, with kms_key_id where a customer key is asked for.",
    controls=("ElastiCache.4", "CKV_AWS_29", "CKV_AWS_191", "AwsSolutions-AEC3"),
    criteria=("TRADING-08.3a", "CONSULTING-08.5b"),
    parameters=AWS_KEY,
)
def at_rest(view: View) -> Outcome:
    return all_of([check_true(view, "atRestEncryptionEnabled"), asked_key(view, "kmsKeyId")])


@rule(
    "EN-057",
    "cache-encrypted-in-transit",
    pack="encryption",
    types=(GROUP, CLUSTER),
    severity="medium",
    rationale="Tokens and sessions cross the network between clients and cache; preferred TLS still takes clear text.",
    url=f"{_GUIDE}/in-transit-encryption.html",
    remediation='Set transit_encryption_enabled=True and transit_encryption_mode="required"; one Redis node is a '
    "replication group of one.",
    controls=("ElastiCache.5", "CKV_AWS_30"),
    criteria=("TRADING-08.3b", "CONSULTING-02.3b"),
)
def in_transit(view: View) -> Outcome:
    """A cluster that is part of a replication group goes by the group's settings."""
    enabled = check_true(view, "transitEncryptionEnabled")
    if view.type == CLUSTER:
        return NOT_APPLICABLE if view.is_set("replicationGroupId") else enabled
    mode = check_word(view, "transitEncryptionMode", ("required",), default="required", known=("preferred",))
    return all_of([enabled, mode])
