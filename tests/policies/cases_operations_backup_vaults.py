"""Fixtures of policies/rules/operations/backup_vaults.py and retention.py."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, Program, changed, made

VAULT = made("aws:backup/vault:Vault", "vault", name="main")
LOCK = made("aws:backup/vaultLockConfiguration:VaultLockConfiguration", backupVaultName="main", minRetentionDays=35)
OTHER_LOCK = changed(LOCK, {"backupVaultName": "other"})
TELLS = made(
    "aws:backup/vaultNotifications:VaultNotifications",
    backupVaultName="main",
    snsTopicArn="arn:aws:sns:eu-west-1:111122223333:alerts",
    backupVaultEvents=["BACKUP_JOB_FAILED", "RESTORE_JOB_FAILED"],
)
PLAN = made("aws:backup/plan:Plan", "plan", rules=[{"schedule": "cron(0 5 * * ? *)", "targetVaultName": "main"}])
SCHEDULE, TARGET = "rules.0.schedule", "rules.0.targetVaultName"


def plan(schedule: Any) -> Program:
    return [changed(PLAN, {SCHEDULE: schedule})]


LIFE = made(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    rules=[
        {
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": 365},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
        }
    ],
)
DAYS, OLD = "rules.0.expiration.days", "rules.0.noncurrentVersionExpiration.noncurrentDays"
SERIES = made("aws:timestreamwrite/table:Table", retentionProperties={"magneticStoreRetentionPeriodInDays": 365})
KEPT = "retentionProperties.magneticStoreRetentionPeriodInDays"
ARCHIVE = made("aws:cloudwatch/eventArchive:EventArchive", retentionDays=90)
REPLICA = made("aws:dynamodb/tableReplica:TableReplica", pointInTimeRecovery=True, deletionProtectionEnabled=True)

CASES = [
    Cases(
        rule="backup-lock-keeps-long-enough",
        good={"weeks": [LOCK], "as text": [changed(LOCK, {"minRetentionDays": "7"})]},
        bad={
            "a day": ([changed(LOCK, {"minRetentionDays": 1})], ("minRetentionDays",)),
            "not set": ([changed(LOCK, {"minRetentionDays": GONE})], ("minRetentionDays",)),
            "a word": ([changed(LOCK, {"minRetentionDays": "long"})], ("minRetentionDays",)),
        },
        unknown={"unknown": ([changed(LOCK, {"minRetentionDays": UNKNOWN})], ("minRetentionDays",))},
        always=True,
    ),
    Cases(
        rule="backup-vaults-are-locked-alike",
        good={"locked": [VAULT, LOCK]},
        bad={"another only": ([VAULT, OTHER_LOCK], ("",))},
        unknown={"unknown": ([VAULT, changed(LOCK, {"backupVaultName": UNKNOWN})], ("",))},
        skipped={"no locks": [VAULT]},
    ),
    Cases(
        rule="backup-vault-tells-of-failures",
        good={"told": [VAULT, PLAN, TELLS]},
        bad={
            "nobody": ([VAULT, PLAN], ("",)),
            "of restores only": ([VAULT, PLAN, changed(TELLS, {"backupVaultEvents": ["RESTORE_JOB_FAILED"]})], ("",)),
            "to no topic": ([VAULT, PLAN, changed(TELLS, {"snsTopicArn": GONE})], ("",)),
            "of another": ([VAULT, PLAN, changed(TELLS, {"backupVaultName": "other"})], ("",)),
        },
        unknown={"unknown": ([VAULT, PLAN, changed(TELLS, {"backupVaultName": UNKNOWN})], ("",))},
        skipped={
            "nothing put in": [VAULT],
            "put into another": [VAULT, changed(PLAN, {TARGET: "other"})],
        },
    ),
    Cases(
        rule="backup-plan-runs-often-enough",
        good={
            "each day": [PLAN],
            "each hour": plan("cron(15 * ? * * *)"),
            "by rate": plan("rate(12 hours)"),
            "as AWS has it": [changed(PLAN, {SCHEDULE: GONE})],
            "one of two": [changed(PLAN, {"rules": [*PLAN.inputs["rules"], {"schedule": "cron(0 5 1 * ? *)"}]})],
        },
        bad={
            "each month": (plan("cron(0 5 1 * ? *)"), ("rules",)),
            "on Sundays": (plan("cron(0 5 ? * SUN *)"), ("rules",)),
            "by rate": (plan("rate(7 days)"), ("rules",)),
            "a word": (plan("daily"), ("rules",)),
            "no rules": ([changed(PLAN, {"rules": []})], ("rules",)),
        },
        unknown={
            "rules": ([changed(PLAN, {"rules": UNKNOWN})], ("rules",)),
            "schedule": (plan(UNKNOWN), ("rules",)),
        },
        always=True,
    ),
    Cases(
        rule="backup-plan-uses-own-vault",
        good={"own": [PLAN, VAULT], "to come": [changed(PLAN, {TARGET: UNKNOWN}), VAULT]},
        bad={
            "default": ([changed(PLAN, {TARGET: "Default"}), VAULT], (TARGET,)),
            "none": ([changed(PLAN, {TARGET: GONE}), VAULT], (TARGET,)),
        },
        unknown={"rules": ([changed(PLAN, {"rules": UNKNOWN}), VAULT], ("rules",))},
        skipped={"no rules": [changed(PLAN, {"rules": []}), VAULT]},
    ),
    Cases(
        rule="bucket-objects-live-long-enough",
        good={"a year": [LIFE], "as text": [changed(LIFE, {DAYS: "30"})]},
        bad={
            "a day": ([changed(LIFE, {DAYS: 1})], (DAYS,)),
            "old ones a day": ([changed(LIFE, {OLD: 1})], (OLD,)),
            "no filter": ([changed(LIFE, {DAYS: 1, "rules.0.filter": GONE})], (DAYS,)),
        },
        unknown={
            "rules": ([changed(LIFE, {"rules": UNKNOWN})], ("rules",)),
            "days": ([changed(LIFE, {DAYS: UNKNOWN})], (DAYS,)),
        },
        skipped={
            "of a prefix": [changed(LIFE, {DAYS: 1, "rules.0.filter": {"prefix": "tmp/"}})],
            "disabled": [changed(LIFE, {DAYS: 1, "rules.0.status": "Disabled"})],
        },
    ),
    Cases(
        rule="timestream-table-keeps-long-enough",
        good={"a year": [SERIES], "as AWS has it": [changed(SERIES, {"retentionProperties": GONE})]},
        bad={"a day": ([changed(SERIES, {KEPT: 1})], (KEPT,)), "a word": ([changed(SERIES, {KEPT: "x"})], (KEPT,))},
        unknown={"unknown": ([changed(SERIES, {KEPT: UNKNOWN})], (KEPT,))},
        always=True,
    ),
    Cases(
        rule="event-archive-keeps-long-enough",
        good={"weeks": [ARCHIVE], "for ever": [changed(ARCHIVE, {"retentionDays": 0})]},
        bad={"a day": ([changed(ARCHIVE, {"retentionDays": 1})], ("retentionDays",))},
        unknown={"unknown": ([changed(ARCHIVE, {"retentionDays": UNKNOWN})], ("retentionDays",))},
        always=True,
    ),
    Cases(
        rule="dynamodb-replica-is-protected",
        good={"protected": [REPLICA]},
        bad={
            "recovery off": ([changed(REPLICA, {"pointInTimeRecovery": False})], ("pointInTimeRecovery",)),
            "nothing": (
                [changed(REPLICA, {"pointInTimeRecovery": GONE, "deletionProtectionEnabled": GONE})],
                ("pointInTimeRecovery", "deletionProtectionEnabled"),
            ),
        },
        unknown={"unknown": ([changed(REPLICA, {"pointInTimeRecovery": UNKNOWN})], ("pointInTimeRecovery",))},
        always=True,
    ),
]
