"""Fixtures of policies/rules/encryption/keys.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

KEY = made("aws:kms/key:Key", "key", enableKeyRotation=True, rotationPeriodInDays=365)
BUCKET = made("aws:s3/bucket:Bucket", "bucket", bucket="test-files")
SECRET = made(
    "aws:secretsmanager/secret:Secret",
    name="test/token",
    kmsKeyId=UNKNOWN,
    replicas=[{"region": "a", "kmsKeyId": UNKNOWN}],
)
TOPIC = made("aws:sns/topic:Topic", refers={"kmsMasterKeyId": KEY}, name="test-news")
TABLE = made(
    "aws:dynamodb/table:Table",
    refers={"serverSideEncryption": KEY},
    name="test-orders",
)
OWN_TABLE = changed(TABLE, {"serverSideEncryption": {"enabled": True, "kmsKeyArn": UNKNOWN}})
OTHERS_TABLE = made("aws:dynamodb/table:Table", refers={"serverSideEncryption": BUCKET}, name="test-orders")
ELSEWHERE = made("pulumi:pulumi:StackReference", "other")

CASES = [
    Cases(
        rule="kms-key-rotates",
        good={
            "rotates": [KEY],
            "without period": [changed(KEY, {"rotationPeriodInDays": GONE})],
            "as texts": [changed(KEY, {"enableKeyRotation": "True", "rotationPeriodInDays": "180"})],
            "named kind": [changed(KEY, {"keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "symmetric_default"})],
            "rotates whatever its kind": [changed(KEY, {"keyUsage": UNKNOWN})],
        },
        bad={
            "not set": ([changed(KEY, {"enableKeyRotation": GONE})], ("enableKeyRotation",)),
            "null": ([changed(KEY, {"enableKeyRotation": None})], ("enableKeyRotation",)),
            "off": ([changed(KEY, {"enableKeyRotation": False})], ("enableKeyRotation",)),
            "too seldom": ([changed(KEY, {"rotationPeriodInDays": 366})], ("rotationPeriodInDays",)),
            "too often for KMS": ([changed(KEY, {"rotationPeriodInDays": 30})], ("rotationPeriodInDays",)),
            "no number": ([changed(KEY, {"rotationPeriodInDays": "a year"})], ("rotationPeriodInDays",)),
            "off, period unknown": (
                [changed(KEY, {"enableKeyRotation": "false", "rotationPeriodInDays": UNKNOWN})],
                ("enableKeyRotation",),
            ),
        },
        unknown={
            "rotation": ([changed(KEY, {"enableKeyRotation": UNKNOWN})], ("enableKeyRotation",)),
            "period": ([changed(KEY, {"rotationPeriodInDays": UNKNOWN})], ("rotationPeriodInDays",)),
            "kind": (
                [changed(KEY, {"enableKeyRotation": False, "customerMasterKeySpec": UNKNOWN})],
                ("customerMasterKeySpec",),
            ),
        },
        skipped={
            "DNSSEC": [made("aws:kms/key:Key", customerMasterKeySpec="ECC_NIST_P256", keyUsage="SIGN_VERIFY")],
            "HMAC": [made("aws:kms/key:Key", customerMasterKeySpec="HMAC_256", keyUsage=UNKNOWN)],
            "key store": [made("aws:kms/key:Key", customKeyStoreId="cks-1234")],
        },
    ),
    Cases(
        rule="secret-has-customer-key",
        good={
            "unknown key": [SECRET],
            "known key": [changed(SECRET, {"kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234"})],
            "alias": [changed(SECRET, {"kmsKeyId": "alias/secrets", "replicas": GONE})],
            "one replica, no list": [changed(SECRET, {"replicas": {"region": "a", "kmsKeyId": "alias/there"}})],
        },
        bad={
            "not set": ([changed(SECRET, {"kmsKeyId": GONE})], ("kmsKeyId",)),
            "empty": ([changed(SECRET, {"kmsKeyId": ""})], ("kmsKeyId",)),
            "service's own": ([changed(SECRET, {"kmsKeyId": "Alias/AWS/secretsmanager"})], ("kmsKeyId",)),
            "service's own by ARN": (
                [changed(SECRET, {"kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager"})],
                ("kmsKeyId",),
            ),
            "something else": ([changed(SECRET, {"kmsKeyId": "arn:aws:s3:::test-files"})], ("kmsKeyId",)),
            "no text": ([changed(SECRET, {"kmsKeyId": {"key": "alias/own"}})], ("kmsKeyId",)),
            "replica without": ([changed(SECRET, {"replicas.0.kmsKeyId": GONE})], ("replicas.0.kmsKeyId",)),
            "unknown replicas": ([changed(SECRET, {"kmsKeyId": GONE, "replicas": UNKNOWN})], ("kmsKeyId",)),
        },
        unknown={"replicas": ([changed(SECRET, {"replicas": UNKNOWN})], ("replicas",))},
        always=True,
    ),
    Cases(
        rule="key-property-refers-to-key",
        good={
            "key": [TOPIC, KEY],
            "nested": [OWN_TABLE, KEY],
            "alias": [made("aws:sns/topic:Topic", refers={"kmsMasterKeyId": made("aws:kms/alias:Alias", "alias")})],
            "another stack's": [made("aws:sns/topic:Topic", refers={"kmsMasterKeyId": ELSEWHERE}), ELSEWHERE],
        },
        bad={
            "bucket": ([made("aws:sns/topic:Topic", refers={"kmsMasterKeyId": BUCKET}), BUCKET], ("kmsMasterKeyId",)),
            "nested bucket": (
                [changed(OTHERS_TABLE, {"serverSideEncryption": {"enabled": True, "kmsKeyArn": UNKNOWN}}), BUCKET],
                ("serverSideEncryption.kmsKeyArn",),
            ),
        },
        never_unknown="a value from no resource of the stack is for the rules about the property",
        skipped={
            "known": [made("aws:sns/topic:Topic", kmsMasterKeyId="alias/own")],
            "from nowhere": [made("aws:sns/topic:Topic", kmsMasterKeyId=UNKNOWN)],
            "not set": [made("aws:sns/topic:Topic", name="test-news")],
            "unknown, but no key": [
                changed(OTHERS_TABLE, {"serverSideEncryption": {"enabled": UNKNOWN}}),
                BUCKET,
            ],
        },
    ),
]
