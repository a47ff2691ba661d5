"""Fixtures of rules about how databases, caches and file systems survive failures."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

DATABASE = made(
    "aws:rds/instance:Instance",
    "main",
    identifier="prod-main",
    engine="postgres",
    multiAz=True,
    backupRetentionPeriod=7,
    deletionProtection=True,
    autoMinorVersionUpgrade=True,
)
REPLICA = made(DATABASE.type, "replica", engine="postgres", replicateSourceDb="prod-main")
MEMBER = made(DATABASE.type, "member", engine="aurora-postgresql")
CLUSTER = made("aws:rds/cluster:Cluster", "cluster", clusterIdentifier="prod-cluster", engine="aurora-postgresql")
INSTANCES = [
    made("aws:rds/clusterInstance:ClusterInstance", name, refers={"clusterIdentifier": CLUSTER})
    for name in ("first", "second")
]
DOCUMENTS = made("aws:docdb/cluster:Cluster", "documents", backupRetentionPeriod=7, deletionProtection=True)


def without(path: str, *values: object) -> dict[str, tuple[list[Resource], tuple[str, ...]]]:
    """Return a database in which a property has wrong values."""
    return {f"{path} {value}": ([changed(DATABASE, {path: value})], (path,)) for value in values}


ZONES = Cases(
    rule="database-in-several-zones",
    good={
        "instance": [DATABASE],
        "Aurora": [CLUSTER, *INSTANCES],
        "cluster": [changed(CLUSTER, {"dbClusterInstanceClass": "db.m6gd.large"})],
    },
    bad={
        **without("multiAz", False, None, "no"),
        "missing": ([changed(DATABASE, {"multiAz": GONE})], ("multiAz",)),
        "one instance": ([CLUSTER, INSTANCES[0]], ("",)),
    },
    unknown={
        "instance": ([changed(DATABASE, {"multiAz": UNKNOWN})], ("multiAz",)),
        "of which cluster": ([CLUSTER, made(INSTANCES[0].type, clusterIdentifier=UNKNOWN)], ("",)),
    },
    skipped={"replica": [REPLICA], "Aurora's instance": [MEMBER]},
)
DAYS = "backupRetentionPeriod"
BACKUPS = Cases(
    rule="database-keeps-backups",
    good={"days": [DATABASE], "text": [changed(DATABASE, {DAYS: "14"})], "documents": [DOCUMENTS]},
    bad={
        **without(DAYS, 0, 1, None, "a week", True),
        "missing": ([changed(DATABASE, {DAYS: GONE})], (DAYS,)),
        "documents": ([changed(DOCUMENTS, {DAYS: 1})], (DAYS,)),
    },
    unknown={"days": ([changed(DATABASE, {DAYS: UNKNOWN})], (DAYS,))},
    skipped={"replica": [REPLICA]},
)
SELECTION = made("aws:backup/selection:Selection", "all", planId="plan", resources=["arn:aws:rds:*:*:db:*"])
IN_PLAN = Cases(
    rule="database-in-backup-plan",
    good={
        "instance": [DATABASE, SELECTION],
        "cluster": [CLUSTER, changed(SELECTION, {"resources": ["arn:aws:rds:*:*:cluster:prod-*"]})],
    },
    bad={"none": ([DATABASE], ("",)), "another kind": ([CLUSTER, SELECTION], ("",))},
    unknown={"resources": ([DATABASE, changed(SELECTION, {"resources": UNKNOWN})], ("",))},
    skipped={"replica": [REPLICA, SELECTION]},
)
PROTECTED = Cases(
    rule="database-deletion-protected",
    good={"on": [DATABASE], "documents": [DOCUMENTS]},
    bad={
        **without("deletionProtection", False, None),
        "cluster": ([CLUSTER], ("deletionProtection",)),
    },
    unknown={"on": ([changed(DATABASE, {"deletionProtection": UNKNOWN})], ("deletionProtection",))},
    skipped={"Aurora's instance": [MEMBER]},
)
UPGRADES = Cases(
    rule="database-upgrades-itself",
    good={"on": [DATABASE], "by default": [REPLICA], "Aurora": [INSTANCES[0]]},
    bad={
        **without("autoMinorVersionUpgrade", False, "false"),
        "Aurora": ([changed(INSTANCES[0], {"autoMinorVersionUpgrade": False})], ("autoMinorVersionUpgrade",)),
    },
    unknown={"on": ([changed(DATABASE, {"autoMinorVersionUpgrade": UNKNOWN})], ("autoMinorVersionUpgrade",))},
    always=True,
)
FINAL = Cases(
    rule="database-keeps-final-snapshot",
    good={"by default": [DATABASE], "cluster": [changed(CLUSTER, {"skipFinalSnapshot": False})]},
    bad=without("skipFinalSnapshot", True, "true"),
    unknown={"skipped": ([changed(DATABASE, {"skipFinalSnapshot": UNKNOWN})], ("skipFinalSnapshot",))},
    skipped={"replica": [REPLICA]},
)

CACHE = made(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "redis",
    automaticFailoverEnabled=True,
    multiAzEnabled=True,
    numCacheClusters=2,
    snapshotRetentionLimit=7,
)
NODE = made("aws:elasticache/cluster:Cluster", "node", engine="redis", snapshotRetentionLimit=1)
MEMCACHED = made(NODE.type, "memcached", engine="memcached")
IN_GROUP = made(NODE.type, "member", refers={"replicationGroupId": CACHE})
LIMIT, UPGRADE = "snapshotRetentionLimit", "autoMinorVersionUpgrade"
SNAPSHOTS = Cases(
    rule="elasticache-keeps-snapshots",
    good={
        "group": [CACHE],
        "node": [NODE],
        "serverless": [
            made("aws:elasticache/serverlessCache:ServerlessCache", engine="valkey", snapshotRetentionLimit=3)
        ],
    },
    bad={
        "none": ([changed(CACHE, {LIMIT: 0})], (LIMIT,)),
        "missing": ([changed(CACHE, {LIMIT: GONE})], (LIMIT,)),
        "node": ([changed(NODE, {LIMIT: GONE})], (LIMIT,)),
    },
    unknown={
        "days": ([changed(CACHE, {LIMIT: UNKNOWN})], (LIMIT,)),
        "engine": ([made(NODE.type, engine=UNKNOWN)], ("engine",)),
    },
    skipped={"memcached": [MEMCACHED], "node of a group": [changed(IN_GROUP, {"engine": "redis"})]},
)
CACHE_UPGRADES = Cases(
    rule="elasticache-upgrades-itself",
    good={"by default": [CACHE], "text": [changed(CACHE, {UPGRADE: "true"})], "node": [NODE]},
    bad={
        "off": ([changed(CACHE, {UPGRADE: False})], (UPGRADE,)),
        "text": ([changed(NODE, {UPGRADE: "false"})], (UPGRADE,)),
    },
    unknown={"on": ([changed(CACHE, {UPGRADE: UNKNOWN})], (UPGRADE,))},
    skipped={"node of a group": [IN_GROUP]},
)
FAILOVER = Cases(
    rule="elasticache-fails-over",
    good={
        "replica": [CACHE],
        "shards": [changed(CACHE, {"numCacheClusters": GONE, "numNodeGroups": 2, "replicasPerNodeGroup": 1})],
    },
    bad={
        "off": ([changed(CACHE, {"automaticFailoverEnabled": False})], ("automaticFailoverEnabled",)),
        "missing": ([changed(CACHE, {"automaticFailoverEnabled": GONE})], ("automaticFailoverEnabled",)),
        "one zone": ([changed(CACHE, {"multiAzEnabled": False})], ("multiAzEnabled",)),
        "one node": ([changed(CACHE, {"numCacheClusters": 1})], ("numCacheClusters",)),
    },
    unknown={
        "on": ([changed(CACHE, {"automaticFailoverEnabled": UNKNOWN})], ("automaticFailoverEnabled",)),
        "nodes": ([changed(CACHE, {"numCacheClusters": UNKNOWN})], ("numCacheClusters",)),
    },
    always=True,
)

FILES = made("aws:efs/fileSystem:FileSystem", "files")
POLICY = made("aws:efs/backupPolicy:BackupPolicy", refers={"fileSystemId": FILES}, backupPolicy={"status": "ENABLED"})
OFF = changed(POLICY, {"backupPolicy.status": "DISABLED"})
OF_FILES = changed(SELECTION, {"resources": ["arn:aws:elasticfilesystem:*:*:file-system/*"]})
UNCLEAR = made(POLICY.type, fileSystemId=UNKNOWN, backupPolicy={"status": "ENABLED"})
FILES_IN_PLAN = Cases(
    rule="efs-in-backup-plan",
    good={"selection": [FILES, OF_FILES], "policy": [FILES, POLICY]},
    bad={"none": ([FILES], ("",)), "off": ([FILES, OFF], ("",)), "another kind": ([FILES, SELECTION], ("",))},
    unknown={"of which": ([FILES, UNCLEAR], ("",))},
    always=True,
)
AUTOMATIC = Cases(
    rule="efs-automatic-backups-on",
    good={"on": [FILES, POLICY], "lower case": [FILES, changed(POLICY, {"backupPolicy.status": "enabled"})]},
    bad={"none": ([FILES, OF_FILES], ("",)), "off": ([FILES, OFF], ("",))},
    unknown={
        "status": ([FILES, changed(POLICY, {"backupPolicy": UNKNOWN})], ("",)),
        "of which": ([FILES, UNCLEAR], ("",)),
    },
    always=True,
)

CASES = [
    *(ZONES, BACKUPS, IN_PLAN, PROTECTED, UPGRADES, FINAL),
    *(SNAPSHOTS, CACHE_UPGRADES, FAILOVER, FILES_IN_PLAN, AUTOMATIC),
]
