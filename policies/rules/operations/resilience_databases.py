"""RDS and its kin: zones, backups, upgrades, and protection from deletion."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    check,
    check_true,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.resilience_backups import chosen
from policies.rules.operations.resilience_common import at_least

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
DOCUMENTS = "aws:docdb/cluster:Cluster"
GRAPH = "aws:neptune/cluster:Cluster"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"


def _member(view: View) -> bool:
    """Say whether an instance follows another database: a replica, or one of Aurora's."""
    engine = view.get("engine")
    if view.type == INSTANCE and isinstance(engine, str) and engine.lower().startswith("aurora"):
        return True
    # A value that only AWS can decide is one, too: a program does not set it for nothing.
    return view.is_set("replicateSourceDb") and view.type == INSTANCE


@rule(
    "OP-300",
    "database-in-several-zones",
    pack="operations",
    types=(INSTANCE, CLUSTER),
    severity="medium",
    level="open",
    scope="stack",
    rationale="A database in one zone is down as long as the zone, or its own maintenance, takes.",
    url=f"{_GUIDE}/Concepts.MultiAZ.html",
    remediation="Set multi_az=True; give an Aurora cluster a second instance.",
    controls=("RDS.5", "CKV_AWS_157", "AwsSolutions-RDS3", "rds-instance-multi-az-enabled"),
    criteria=("CONSULTING-01.1", "MOMENTUM-2.3.1e"),
)
def zones(view: View) -> Outcome:
    """A Multi-AZ cluster has its instances without being told so; Aurora's are resources of their own."""
    if view.type == INSTANCE:
        return NOT_APPLICABLE if _member(view) else check_true(view, "multiAz")
    if view.is_set("dbClusterInstanceClass"):
        return PASS
    found, uncertain = view.referrers(CLUSTER_INSTANCE, "clusterIdentifier")
    if len(found) >= 2:
        return PASS
    expected = "2 instances or more"
    return unknown("", expected) if uncertain else fail("", f"{len(found)} in the stack", expected)


@rule(
    "OP-301",
    "database-keeps-backups",
    pack="operations",
    types=(INSTANCE, CLUSTER, DOCUMENTS, GRAPH),
    severity="medium",
    rationale="Automated backups are also what recovery to a point in time reads: with 0 days there is neither.",
    url=f"{_GUIDE}/USER_WorkingWithAutomatedBackups.html",
    remediation="Set backup_retention_period to the number of days asked for, 35 at most.",
    controls=(
        "RDS.11",
        "CKV_AWS_133",
        "AwsSolutions-RDS13",
        "rds-instance-backup-enabled",
        "aws-rds-instance-configure-backup-retention",
    ),
    criteria=("CONSULTING-01.5a", "AGENTIC-06.5"),
    parameters={"shortest_days": 7},
)
def backups(view: View) -> Outcome:
    """A replica is backed up where its rows come from."""
    if _member(view):
        return NOT_APPLICABLE
    least = view.parameters["shortest_days"]
    return check(view, "backupRetentionPeriod", at_least(least), f"{least:g} to 35 days")


_KINDS = {INSTANCE: "db:", CLUSTER: "cluster:"}


@rule(
    "OP-302",
    "database-in-backup-plan",
    pack="operations",
    types=(INSTANCE, CLUSTER),
    severity="medium",
    level="open",
    scope="stack",
    rationale="Automated backups go when their database goes; those in a vault stay, under a lock if need be.",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html",
    remediation="Let an aws.backup.Selection choose the database, by its ARN or by its tags.",
    controls=("RDS.26",),
    criteria=("CONSULTING-09.5",),
)
def backed_up(view: View) -> Outcome:
    if _member(view):
        return NOT_APPLICABLE
    return chosen(view, "rds", _KINDS[view.type], "identifier" if view.type == INSTANCE else "clusterIdentifier")


@rule(
    "OP-303",
    "database-deletion-protected",
    pack="operations",
    types=(INSTANCE, CLUSTER, DOCUMENTS, GRAPH),
    severity="low",
    level="open",
    rationale="A change that replaces the database deletes the old one, unless RDS refuses.",
    url=f"{_GUIDE}/USER_DeleteInstance.html",
    remediation="Set deletion_protection=True.",
    controls=("RDS.8", "CKV_AWS_293", "AwsSolutions-RDS10"),
)
def protected(view: View) -> Outcome:
    """An instance of Aurora is protected by its cluster."""
    engine = view.get("engine")
    if view.type == INSTANCE and isinstance(engine, str) and engine.lower().startswith("aurora"):
        return NOT_APPLICABLE
    return check_true(view, "deletionProtection")


@rule(
    "OP-304",
    "database-upgrades-itself",
    pack="operations",
    types=(INSTANCE, CLUSTER_INSTANCE, "aws:docdb/clusterInstance:ClusterInstance"),
    severity="high",
    rationale="Minor versions carry the security fixes of the engine, and come in the maintenance window.",
    url=f"{_GUIDE}/USER_UpgradeDBInstance.Upgrading.html",
    remediation="Set auto_minor_version_upgrade=True, or leave it out.",
    controls=("RDS.13", "CKV_AWS_226", "2.3.2"),
)
def upgrades(view: View) -> Outcome:
    return check_true(view, "autoMinorVersionUpgrade", default=True)


@rule(
    "OP-305",
    "database-keeps-final-snapshot",
    pack="operations",
    types=(INSTANCE, CLUSTER, DOCUMENTS, GRAPH),
    severity="medium",
    level="open",
    rationale="The last snapshot is all that is left of a database that was deleted by mistake.",
    url=f"{_GUIDE}/USER_DeleteInstance.html",
    remediation="Leave out skip_final_snapshot and set final_snapshot_identifier.",
)
def final(view: View) -> Outcome:
    if _member(view):
        return NOT_APPLICABLE
    value = view.get("skipFinalSnapshot", False)
    if value is UNKNOWN:
        return unknown("skipFinalSnapshot", "false")
    return fail("skipFinalSnapshot", "true", "false") if str(value).lower() == "true" else PASS
