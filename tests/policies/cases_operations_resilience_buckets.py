"""Fixtures of rules about what buckets, distributions and secrets survive."""

from __future__ import annotations

import dataclasses

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

BUCKET = made("aws:s3/bucket:Bucket", "records", bucket="prod-records", forceDestroy=False)
OTHER = made(BUCKET.type, "other", bucket="prod-other")
VERSIONING = made(
    "aws:s3/bucketVersioning:BucketVersioning",
    "versions",
    refers={"bucket": BUCKET},
    versioningConfiguration={"status": "Enabled"},
)
STATUS = "versioningConfiguration.status"
VERSIONED = Cases(
    rule="s3-bucket-versioned",
    good={
        "by reference": [BUCKET, VERSIONING],
        "by name": [BUCKET, changed(made(VERSIONING.type, bucket="prod-records"), {STATUS: "Enabled"})],
        "old name": [BUCKET, dataclasses.replace(VERSIONING, type="aws:s3/bucketVersioningV2:BucketVersioningV2")],
        "inline": [changed(BUCKET, {"versioning": {"enabled": True}})],
        "locked": [changed(BUCKET, {"objectLockEnabled": True})],
    },
    bad={
        "none": ([BUCKET], ("",)),
        "suspended": ([BUCKET, changed(VERSIONING, {STATUS: "Suspended"})], ("",)),
        "no status": ([BUCKET, changed(VERSIONING, {"versioningConfiguration": GONE})], ("",)),
        "another's": ([OTHER, VERSIONING, BUCKET], ("",)),
        "one of two": (
            [BUCKET, VERSIONING, changed(made(VERSIONING.type, bucket="prod-records"), {STATUS: "Suspended"})],
            ("",),
        ),
        "inline off": ([changed(BUCKET, {"versioning": {"enabled": False}})], ("",)),
    },
    unknown={
        "status": ([BUCKET, changed(VERSIONING, {STATUS: UNKNOWN})], ("",)),
        "of which bucket": ([BUCKET, made(VERSIONING.type, bucket=UNKNOWN)], ("",)),
    },
    always=True,
)

RETENTION = "rule.defaultRetention"
LOCK = made(
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "lock",
    refers={"bucket": BUCKET},
    rule={"defaultRetention": {"mode": "COMPLIANCE", "days": 365}},
)
LOCKED = changed(BUCKET, {"objectLockEnabled": True})
INLINE = "objectLockConfiguration"
RECORDS = Cases(
    rule="s3-records-have-object-lock",
    parameters={"records": ["*-records"], "shortest_days": 30},
    good={
        "locked": [LOCKED, LOCK],
        "configuration": [LOCK],
        "years": [changed(LOCK, {RETENTION: {"mode": "GOVERNANCE", "years": 7}})],
        "inline": [changed(BUCKET, {INLINE: {"rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 40}}}})],
    },
    bad={
        "record without": ([BUCKET], ("",)),
        "lock without retention": ([changed(OTHER, {"objectLockEnabled": True})], ("",)),
        "no rule": ([changed(LOCK, {"rule": GONE})], (f"{RETENTION}.mode", f"{RETENTION}.days")),
        "mode": ([changed(LOCK, {f"{RETENTION}.mode": "NONE"})], (f"{RETENTION}.mode",)),
        "too short": ([changed(LOCK, {f"{RETENTION}.days": 1})], (f"{RETENTION}.days",)),
        "inline": (
            [changed(BUCKET, {INLINE: {"rule": {"defaultRetention": {"mode": "COMPLIANCE"}}}})],
            (f"{INLINE}.rule.defaultRetention.days",),
        ),
    },
    unknown={
        "lock": ([changed(OTHER, {"objectLockEnabled": UNKNOWN})], ("objectLockEnabled",)),
        "mode": ([changed(LOCK, {f"{RETENTION}.mode": UNKNOWN})], (f"{RETENTION}.mode",)),
        "of which bucket": ([LOCKED, made(LOCK.type, bucket=UNKNOWN)], ("",)),
    },
    skipped={"no record": [OTHER]},
)

REPLICATION = made(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "copies",
    refers={"bucket": BUCKET},
    rules=[{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::elsewhere"}}],
)
DESTINATION = "rules.0.destination.bucket"
HERE = changed(BUCKET, {"region": "us-east-1"})
NEXT = changed(OTHER, {"region": "us-east-1"})
REPLICATED = Cases(
    rule="s3-replication-leads-elsewhere",
    parameters={"buckets": ["*-records"]},
    good={
        "configuration": [REPLICATION, BUCKET],
        "bucket": [BUCKET, REPLICATION],
        "another region": [
            changed(REPLICATION, {DESTINATION: "arn:aws:s3:::prod-other"}),
            HERE,
            changed(OTHER, {"region": "us-west-2"}),
        ],
    },
    bad={
        "none": ([BUCKET], ("",)),
        "off": ([changed(REPLICATION, {"rules.0.status": "Disabled"}), BUCKET], ("rules",)),
        "no rules": ([changed(REPLICATION, {"rules": GONE}), BUCKET], ("rules",)),
        "to itself": ([changed(REPLICATION, {DESTINATION: "arn:aws:s3:::prod-records"}), BUCKET], (DESTINATION,)),
        "same region": ([changed(REPLICATION, {DESTINATION: "arn:aws:s3:::prod-other"}), HERE, NEXT], (DESTINATION,)),
    },
    unknown={
        "rules": ([changed(REPLICATION, {"rules": UNKNOWN}), BUCKET], ("rules",)),
        "status": ([changed(REPLICATION, {"rules.0.status": UNKNOWN}), BUCKET], ("rules.0.status",)),
        "of which bucket": ([BUCKET, made(REPLICATION.type, bucket=UNKNOWN)], ("",)),
    },
    skipped={"another bucket": [OTHER]},
)

VAULT = made("aws:backup/vault:Vault", "vault")
REPOSITORY = made("aws:ecr/repository:Repository", "images")
FORCED = Cases(
    rule="data-not-deleted-by-force",
    good={"bucket": [BUCKET], "vault": [VAULT], "repository": [REPOSITORY]},
    bad={
        "bucket": ([changed(BUCKET, {"forceDestroy": True})], ("forceDestroy",)),
        "text": ([changed(BUCKET, {"forceDestroy": "True"})], ("forceDestroy",)),
        "vault": ([changed(VAULT, {"forceDestroy": True})], ("forceDestroy",)),
        "repository": ([changed(REPOSITORY, {"forceDelete": True})], ("forceDelete",)),
    },
    unknown={"bucket": ([changed(BUCKET, {"forceDestroy": UNKNOWN})], ("forceDestroy",))},
    always=True,
)

MEMBERS, CODES = "originGroups.0.members", "originGroups.0.failoverCriteria.statusCodes"
TARGET = "defaultCacheBehavior.targetOriginId"
DISTRIBUTION = made(
    "aws:cloudfront/distribution:Distribution",
    "cdn",
    originGroups=[
        {
            "originId": "both",
            "members": [{"originId": "first"}, {"originId": "second"}],
            "failoverCriteria": {"statusCodes": [500, 502, 503, 504]},
        }
    ],
    defaultCacheBehavior={"targetOriginId": "both"},
)
FAILS_OVER = Cases(
    rule="distribution-origin-group-fails-over",
    good={
        "group": [DISTRIBUTION],
        "of a path": [changed(DISTRIBUTION, {TARGET: "first", "orderedCacheBehaviors": [{"targetOriginId": "both"}]})],
    },
    bad={
        "one member": ([changed(DISTRIBUTION, {MEMBERS: [{"originId": "first"}]})], (MEMBERS,)),
        "the same twice": ([changed(DISTRIBUTION, {f"{MEMBERS}.1.originId": "first"})], (MEMBERS,)),
        "no members": ([changed(DISTRIBUTION, {MEMBERS: GONE})], (MEMBERS,)),
        "fewer errors": ([changed(DISTRIBUTION, {CODES: [404]})], (CODES,)),
        "no errors": ([changed(DISTRIBUTION, {"originGroups.0.failoverCriteria": GONE})], (CODES,)),
        "not asked": ([changed(DISTRIBUTION, {TARGET: "first"})], (TARGET,)),
    },
    unknown={
        "groups": ([changed(DISTRIBUTION, {"originGroups": UNKNOWN})], ("originGroups",)),
        "errors": ([changed(DISTRIBUTION, {CODES: UNKNOWN})], (CODES,)),
        "target": ([changed(DISTRIBUTION, {TARGET: UNKNOWN})], (TARGET,)),
    },
    skipped={"no group": [changed(DISTRIBUTION, {"originGroups": GONE})]},
)

SECRET = made("aws:secretsmanager/secret:Secret", "token", name="prod-token", recoveryWindowInDays=30)
ROTATOR = made("aws:lambda/function:Function", "rotator")
QUEUE = made("aws:sqs/queue:Queue", "queue")
ROTATION = made(
    "aws:secretsmanager/secretRotation:SecretRotation",
    "rotation",
    refers={"secretId": SECRET, "rotationLambdaArn": ROTATOR},
    rotationRules={"automaticallyAfterDays": 30},
)
ROTATES = Cases(
    rule="secret-rotates",
    parameters={"fixed": ["*-api-key"]},
    good={"by reference": [SECRET, ROTATION], "by name": [SECRET, made(ROTATION.type, secretId="prod-token")]},
    bad={
        "none": ([SECRET], ("",)),
        "another's": ([changed(made(SECRET.type, "other"), {"name": "prod-other"}), ROTATION, SECRET], ("",)),
    },
    unknown={"of which secret": ([SECRET, made(ROTATION.type, secretId=UNKNOWN)], ("",))},
    skipped={"issued by others": [changed(SECRET, {"name": "prod-exchange-api-key"})]},
)
AFTER, SCHEDULE = "rotationRules.automaticallyAfterDays", "rotationRules.scheduleExpression"


def scheduled(text: object) -> Resource:
    return changed(ROTATION, {AFTER: GONE, SCHEDULE: text})


IN_TIME = Cases(
    rule="secret-rotates-in-time",
    good={
        "days": [ROTATION],
        "rate": [scheduled("rate(30 days)")],
        "hours": [scheduled("rate(12 hours)")],
        "each month": [scheduled("cron(0 8 1 * ? *)")],
        "two months": [scheduled("cron(0 8 1 1/2 ? *)")],
        "by ARN": [changed(ROTATION, {"rotationLambdaArn": "arn:aws:lambda:us-east-1:111122223333:function:rotate"})],
        "managed": [made(ROTATION.type, secretId="rds!db-1", rotationRules={"automaticallyAfterDays": 7})],
    },
    bad={
        "too long": ([changed(ROTATION, {AFTER: 365})], (AFTER,)),
        "zero": ([changed(ROTATION, {AFTER: 0})], (AFTER,)),
        "missing": ([changed(ROTATION, {"rotationRules": GONE})], (AFTER,)),
        "rate": ([scheduled("rate(120 days)")], (SCHEDULE,)),
        "twice a year": ([scheduled("cron(0 8 1 JAN,JUL ? *)")], (SCHEDULE,)),
        "one year": ([scheduled("cron(0 8 1 * ? 2030)")], (SCHEDULE,)),
        "some months": ([scheduled("cron(0 8 1 1-3 ? *)")], (SCHEDULE,)),
        "no schedule": ([scheduled("often")], (SCHEDULE,)),
        "no function": ([changed(ROTATION, {"rotationLambdaArn": GONE})], ("rotationLambdaArn",)),
        "a queue": (
            [made(ROTATION.type, refers={"rotationLambdaArn": QUEUE}, rotationRules={"automaticallyAfterDays": 7})],
            ("rotationLambdaArn",),
        ),
    },
    unknown={
        "days": ([changed(ROTATION, {AFTER: UNKNOWN})], (AFTER,)),
        "schedule": ([scheduled(UNKNOWN)], (SCHEDULE,)),
    },
    always=True,
)
WINDOW = "recoveryWindowInDays"
DELETION = Cases(
    rule="secret-deletion-takes-time",
    good={"days": [SECRET], "by default": [changed(SECRET, {WINDOW: GONE})]},
    bad={
        "at once": ([changed(SECRET, {WINDOW: 0})], (WINDOW,)),
        "text": ([changed(SECRET, {WINDOW: "soon"})], (WINDOW,)),
    },
    unknown={"days": ([changed(SECRET, {WINDOW: UNKNOWN})], (WINDOW,))},
    always=True,
)

CASES = [VERSIONED, RECORDS, REPLICATED, FORCED, FAILS_OVER, ROTATES, IN_TIME, DELETION]
