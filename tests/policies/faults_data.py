"""Faults in how data is kept: encryption, keys, secrets, buckets, tables, queues, topics, the cache, backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault, Refer, spread
from tests.policies.faults_documents import ELSEWHERE

OTHER_KEY = f"arn:aws:kms:us-east-1:{ELSEWHERE}:key/11111111-2222-3333-4444-555555555555"
KEY_RULE = "reference-stays-in-trusted-accounts"
BLOCK = "s3-public-access-block-is-complete"
CACHE_TLS = "cache-encrypted-in-transit"
WORM = ("backup-vaults-are-locked-alike", "backup-lock-keeps-long-enough")

AT_REST: Mapping[str, list[tuple[Any, ...]]] = {
    "dynamodb:Table": [
        ("encryption off", {"serverSideEncryption.enabled": False}, "dynamodb-table-encrypted-with-kms"),
        ("encryption missing", {"serverSideEncryption": GONE}, "dynamodb-table-encrypted-with-kms"),
        ("another account's key", {"serverSideEncryption.kmsKeyArn": OTHER_KEY}, KEY_RULE),
    ],
    "secretsmanager:Secret": [
        ("key missing", {"kmsKeyId": GONE}, "secret-has-customer-key"),
        ("key of AWS", {"kmsKeyId": "alias/aws/secretsmanager"}, "secret-has-customer-key"),
        ("another account's key", {"kmsKeyId": OTHER_KEY}, KEY_RULE),
        ("replica without key", {"replicas": [{"region": "us-west-2"}]}, "secret-has-customer-key"),
        ("deleted at once", {"recoveryWindowInDays": 0}, "secret-deletion-takes-time"),
        ("deleted soon", {"recoveryWindowInDays": 1}, "secret-deletion-takes-time"),
    ],
    "sns:Topic": [
        ("key missing", {"kmsMasterKeyId": GONE}, "topic-encrypted"),
        ("key empty", {"kmsMasterKeyId": ""}, "topic-encrypted"),
        ("key of AWS", {"kmsMasterKeyId": "alias/aws/sns"}, "topic-encrypted"),
        ("another account's key", {"kmsMasterKeyId": OTHER_KEY}, KEY_RULE),
    ],
    "sqs:Queue": [
        ("encryption off", {"sqsManagedSseEnabled": False}, "queue-encrypted"),
        ("encryption by nobody", {"sqsManagedSseEnabled": GONE, "kmsMasterKeyId": ""}, "queue-encrypted"),
        ("another account's key", {"sqsManagedSseEnabled": GONE, "kmsMasterKeyId": OTHER_KEY}, KEY_RULE),
    ],
    "elasticache:ReplicationGroup": [
        ("unencrypted at rest", {"atRestEncryptionEnabled": False}, "cache-encrypted-at-rest"),
        ("at rest missing", {"atRestEncryptionEnabled": GONE}, "cache-encrypted-at-rest"),
        ("unencrypted in transit", {"transitEncryptionEnabled": False}, CACHE_TLS),
        ("in transit missing", {"transitEncryptionEnabled": GONE}, CACHE_TLS),
        ("in transit preferred only", {"transitEncryptionMode": "preferred"}, CACHE_TLS),
        ("without password", {"authToken": GONE}, "elasticache-requires-login"),
        ("empty password", {"authToken": ""}, "elasticache-requires-login"),
        ("another account's key", {"kmsKeyId": OTHER_KEY}, KEY_RULE),
        ("without snapshots", {"snapshotRetentionLimit": 0}, "elasticache-keeps-snapshots"),
        ("snapshots missing", {"snapshotRetentionLimit": GONE}, "elasticache-keeps-snapshots"),
        ("no failover", {"automaticFailoverEnabled": False}, "elasticache-fails-over"),
        ("failover missing", {"automaticFailoverEnabled": GONE}, "elasticache-fails-over"),
        ("one zone", {"multiAzEnabled": False}, "elasticache-fails-over"),
        ("one node", {"numCacheClusters": 1}, "elasticache-fails-over"),
        ("no upgrades", {"autoMinorVersionUpgrade": False}, "elasticache-upgrades-itself"),
        ("default subnets", {"subnetGroupName": "default"}, "cache-names-subnet-group"),
        ("no subnets", {"subnetGroupName": GONE}, "cache-names-subnet-group"),
        ("no security group", {"securityGroupIds": GONE}, "cache-has-security-group"),
        ("security groups empty", {"securityGroupIds": []}, "cache-has-security-group"),
        ("old engine", {"engineVersion": "5.0.6"}, "cache-engine-supported"),
        ("users of no one", {"authToken": GONE, "userGroupIds": []}, "elasticache-requires-login"),
    ],
    "s3:BucketServerSideEncryptionConfiguration": [
        ("no rules", {"rules": []}, "bucket-encrypted"),
        ("rules missing", {"rules": GONE}, "bucket-encrypted"),
        ("no algorithm", {"rules.0.applyServerSideEncryptionByDefault": GONE}, "bucket-encrypted"),
        ("another algorithm", {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "none"}, "bucket-encrypted"),
        (
            "another account's key",
            {
                "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "aws:kms",
                "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId": OTHER_KEY,
                "rules.0.bucketKeyEnabled": True,
            },
            KEY_RULE,
        ),
        (
            "a KMS key without bucket key",
            {
                "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "aws:kms",
                "rules.0.bucketKeyEnabled": GONE,
            },
            "bucket-key-enabled",
            "bucket-encrypted",
        ),
    ],
    "kms:Key": [
        ("no rotation", {"enableKeyRotation": False}, "kms-key-rotates"),
        ("rotation missing", {"enableKeyRotation": GONE}, "kms-key-rotates"),
        ("rotation in years", {"rotationPeriodInDays": 2560}, "kms-key-rotates"),
        ("deleted within 3 days", {"deletionWindowInDays": 3}, "kms-key-deletion-takes-time"),
        ("disabled", {"isEnabled": False}, "kms-key-enabled"),
        ("no policy", {"policy": GONE}, "kms-key-policy-is-written"),
        ("empty policy", {"policy": ""}, "kms-key-policy-is-written", "resource-policy-is-well-formed"),
        ("lockout not checked", {"bypassPolicyLockoutSafetyCheck": True}, "kms-key-policy-lockout-check-stays"),
    ],
    "timestreamwrite:Database": [("another account's key", {"kmsKeyId": OTHER_KEY}, KEY_RULE)],
    "backup:Vault": [
        ("another account's key", {"kmsKeyArn": OTHER_KEY}, KEY_RULE),
        ("deleted with what it holds", {"forceDestroy": True}, "data-not-deleted-by-force"),
    ],
    "cloudwatch:LogGroup": [("another account's key", {"kmsKeyId": OTHER_KEY}, KEY_RULE)],
    "lambda:Function": [("another account's key", {"kmsKeyArn": OTHER_KEY}, KEY_RULE)],
    "cloudwatch:EventBus": [("another account's key", {"kmsKeyIdentifier": OTHER_KEY}, KEY_RULE)],
    "sfn:StateMachine": [
        (
            "another account's key",
            {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": OTHER_KEY}},
            KEY_RULE,
        )
    ],
}

KEPT: Mapping[str, list[tuple[Any, ...]]] = {
    "dynamodb:Table": [
        ("no recovery", {"pointInTimeRecovery.enabled": False}, "dynamodb-table-has-point-in-time-recovery"),
        ("recovery missing", {"pointInTimeRecovery": GONE}, "dynamodb-table-has-point-in-time-recovery"),
        (
            "recovery of a day",
            {"pointInTimeRecovery.recoveryPeriodInDays": 1},
            "dynamodb-table-has-point-in-time-recovery",
        ),
        ("may be deleted", {"deletionProtectionEnabled": False}, "dynamodb-table-deletion-protected"),
        ("deletion protection missing", {"deletionProtectionEnabled": GONE}, "dynamodb-table-deletion-protected"),
        ("of another project", {"tags.Project": "other"}, "dynamodb-table-in-backup-plan"),
        (
            "a replica that may be deleted",
            {
                "replicas": [
                    {"regionName": "us-west-2", "pointInTimeRecovery": False, "deletionProtectionEnabled": False}
                ]
            },
            "dynamodb-table-deletion-protected",
            "dynamodb-table-has-point-in-time-recovery",
        ),
    ],
    "s3:Bucket": [
        ("deleted with its objects", {"forceDestroy": True}, "data-not-deleted-by-force"),
        ("public ACL", {"acl": "public-read"}, "s3-acl-not-public"),
        ("writable ACL", {"acl": "public-read-write"}, "s3-acl-not-public"),
        ("ACL for everybody with an account", {"acl": "authenticated-read"}, "s3-acl-not-public"),
        ("a web site", {"website": {"indexDocument": "index.html"}}, "s3-site-only-through-cloudfront"),
        (
            "a grant to everybody",
            {
                "grants": [
                    {"type": "Group", "permissions": ["READ"], "uri": "http://acs.amazonaws.com/groups/global/AllUsers"}
                ]
            },
            "s3-acl-not-public",
        ),
        (
            "pages of every origin",
            {"corsRules": [{"allowedOrigins": ["*"], "allowedMethods": ["GET", "PUT"]}]},
            "bucket-cors-names-origins",
        ),
    ],
    "s3:BucketVersioning": [
        ("suspended", {"versioningConfiguration.status": "Suspended"}, "s3-bucket-versioned"),
        ("disabled", {"versioningConfiguration.status": "Disabled"}, "s3-bucket-versioned"),
        ("no status", {"versioningConfiguration": {}}, "s3-bucket-versioned"),
    ],
    "s3:BucketPublicAccessBlock": [
        (f"{flag} {word}", {flag: value}, BLOCK, "s3-bucket-has-public-access-block")
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        for word, value in {"off": False, "missing": GONE, "off as text": "false"}.items()
    ],
    "s3:BucketOwnershipControls": [
        (word, {"rule.objectOwnership": word}, "s3-access-without-acls")
        for word in ("ObjectWriter", "BucketOwnerPreferred")
    ],
    "s3:BucketLogging": [
        ("into nothing", {"targetBucket": ""}, "s3-bucket-logs-access"),
    ],
    "s3:BucketLifecycleConfiguration": [
        ("rules disabled", {"rules.*.status": "Disabled"}, "s3-bucket-has-lifecycle", "s3-lifecycle-aborts-uploads"),
        ("no rules", {"rules": []}, "s3-bucket-has-lifecycle", "s3-lifecycle-aborts-uploads"),
        ("uploads stay", {"rules.*.abortIncompleteMultipartUpload": GONE}, "s3-lifecycle-aborts-uploads"),
        (
            "uploads stay long",
            {"rules.*.abortIncompleteMultipartUpload.daysAfterInitiation": 90},
            "s3-lifecycle-aborts-uploads",
        ),
        ("gone after a day", {"rules.*.expiration": {"days": 1}}, "bucket-objects-live-long-enough"),
        (
            "old versions gone after a day",
            {"rules.*.noncurrentVersionExpiration.noncurrentDays": 1},
            "bucket-objects-live-long-enough",
        ),
    ],
    "sqs:Queue": [
        ("kept for a minute", {"messageRetentionSeconds": 60}, "dead-letter-queue-keeps-longest"),
        ("kept for a day", {"messageRetentionSeconds": 86400}, "dead-letter-queue-keeps-longest"),
        ("retention missing", {"messageRetentionSeconds": GONE}, "dead-letter-queue-keeps-longest"),
    ],
    "backup:Plan": [
        ("kept for a day", {"rules.0.lifecycle.deleteAfter": 1}, "backup-plan-keeps-long-enough"),
        ("copies kept for a day", {"rules.0.copyActions.0.lifecycle.deleteAfter": 1}, "backup-plan-keeps-long-enough"),
        ("once a year", {"rules.0.schedule": "cron(0 5 1 1 ? *)"}, "backup-plan-runs-often-enough"),
        ("once a month", {"rules.0.schedule": "cron(0 5 1 * ? *)"}, "backup-plan-runs-often-enough"),
        ("each 30 days", {"rules.0.schedule": "rate(30 days)"}, "backup-plan-runs-often-enough"),
        ("no rules", {"rules": []}, "backup-plan-runs-often-enough", "backup-plan-keeps-long-enough"),
        ("into the default vault", {"rules.0.targetVaultName": "Default"}, "backup-plan-uses-own-vault"),
    ],
    "backup:Selection": [
        ("of no plan", {"planId": GONE}, "dynamodb-table-in-backup-plan"),
        (
            "other resources chosen",
            {"resources": ["arn:aws:dynamodb:us-east-1:1:table/x"]},
            "dynamodb-table-in-backup-plan",
        ),
        ("other tags asked for", {"conditions.0.stringEquals.0.value": "none"}, "dynamodb-table-in-backup-plan"),
        ("tables left out", {"notResources": ["arn:aws:dynamodb:*:*:table/*"]}, "dynamodb-table-in-backup-plan"),
    ],
    "backup:VaultLockConfiguration": [
        ("kept for a day", {"minRetentionDays": 1}, *WORM),
        ("no shortest time", {"minRetentionDays": GONE}, *WORM),
    ],
    "backup:VaultNotifications": [
        ("tells nobody", {"snsTopicArn": GONE}, "backup-vault-tells-of-failures"),
        ("of nothing", {"backupVaultEvents": []}, "backup-vault-tells-of-failures"),
    ],
    "secretsmanager:SecretRotation": [
        ("once a year", {"rotationRules.automaticallyAfterDays": 365}, "secret-rotates-in-time"),
        ("no rules", {"rotationRules": {}}, "secret-rotates-in-time"),
        ("by a rate of a year", {"rotationRules": {"scheduleExpression": "rate(365 days)"}}, "secret-rotates-in-time"),
    ],
    "secretsmanager:SecretPolicy": [
        ("may become public", {"blockPublicPolicy": False}, "secret-policy-blocks-public"),
        ("public not blocked", {"blockPublicPolicy": GONE}, "secret-policy-blocks-public"),
    ],
    "timestreamwrite:Table": [
        (
            "kept for a day",
            {"retentionProperties.magneticStoreRetentionPeriodInDays": 1},
            "timestream-table-keeps-long-enough",
        ),
    ],
    "cloudwatch:EventArchive": [
        ("kept for a day", {"retentionDays": 1}, "event-archive-keeps-long-enough"),
    ],
    "appautoscaling:Target": [
        ("cannot scale", {"maxCapacity": 5, "minCapacity": 5}, "dynamodb-table-scales"),
        ("of another table", {"resourceId": "table/other"}, "dynamodb-table-scales"),
    ],
    "appautoscaling:Policy": [
        ("never", {"targetTrackingScalingPolicyConfiguration.targetValue": 100}, "dynamodb-table-scales"),
        ("no target", {"targetTrackingScalingPolicyConfiguration": GONE}, "dynamodb-table-scales"),
    ],
}

MISSING: Mapping[str, tuple[str, ...]] = {
    "s3:BucketPolicy": ("bucket-denies-without-tls",),
    "s3:BucketPublicAccessBlock": ("s3-bucket-has-public-access-block",),
    "s3:BucketServerSideEncryptionConfiguration": ("bucket-encrypted",),
    "s3:BucketVersioning": ("s3-bucket-versioned",),
    "s3:BucketLifecycleConfiguration": ("s3-bucket-has-lifecycle",),
    "s3:BucketLogging": ("s3-bucket-logs-access",),
    "s3:BucketOwnershipControls": ("s3-access-without-acls",),
    "sqs:QueuePolicy": ("queue-denies-without-tls",),
    "sns:TopicPolicy": ("topic-denies-without-tls",),
    "secretsmanager:SecretPolicy": ("secret-has-restrictive-policy",),
    "secretsmanager:SecretRotation": ("secret-rotates",),
    "cloudwatch:EventBusPolicy": ("event-bus-has-policy",),
    "backup:VaultLockConfiguration": WORM,
    "backup:VaultNotifications": ("backup-vault-tells-of-failures",),
}


def faults(bench: Bench) -> Iterator[Fault]:
    about = ("s3:Bucket", "sqs:Queue", "secretsmanager:Secret", "backup:Vault", "dynamodb:Table", "backup:Plan")
    for fault in bench.table("encryption and keys", AT_REST, *about, "elasticache:SubnetGroup"):
        # Keys that sign cannot rotate by themselves.
        if "kms-key-rotates" not in fault.rules or "SIGN" not in str(bench.graph.resources[fault.places[0]].inputs):
            yield fault
    tables = [table.urn for table in bench.of("dynamodb:Table")]
    for fault in bench.table("kept data", KEPT, *about, "appautoscaling:Target"):
        if "dead-letter-queue-keeps-longest" in fault.rules and _is_source(bench, fault):
            continue
        yield _at_tables(fault, tables) if "backup:Selection" in fault.name else fault
    yield from bench.missing("companions", MISSING)
    for logging in bench.of("s3:BucketLogging"):
        bucket = bench.about(logging, "s3:Bucket")[0]
        changes = {"targetBucket": Refer(bucket)}
        yield from bench.edit("kept data", "into itself", logging, changes, "s3-bucket-logs-access", at=[bucket])
    for target in spread(bench.of("appautoscaling:Target"), 40):
        yield from bench.drop("companions", "missing", target, "dynamodb-table-scales")
    chosen = [selection.urn for selection in bench.of("backup:Selection")]
    for plan in bench.of("backup:Plan", "backup:Selection"):
        yield from bench.drop("companions", "missing", plan, "dynamodb-table-in-backup-plan", at=tables, also=chosen)
    for policy in spread(bench.of("appautoscaling:Policy"), 40):
        about = [bench.graph.resources[urn] for urn in bench.about(policy)]
        at = [urn for target in about for urn in bench.about(target, "dynamodb:Table")]
        yield from bench.drop("companions", "missing", policy, "dynamodb-table-scales", at=at)


def _is_source(bench: Bench, fault: Fault) -> bool:
    """Say whether a fault is about a queue that has dead letters, and is not one of them."""
    return bench.graph.resources[fault.places[0]].inputs.get("redrivePolicy") is not None


def _at_tables(fault: Fault, more: list[str]) -> Fault:
    return Fault(fault.area, fault.name, fault.rules, (*fault.places, *more), fault.changes)
