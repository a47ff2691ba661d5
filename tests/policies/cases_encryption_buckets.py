"""Fixtures of policies/rules/encryption/buckets.py."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

ARN = "arn:aws:s3:::test-files"
KMS = "applyServerSideEncryptionByDefault"
INLINE = "serverSideEncryptionConfiguration"
BUCKET = made("aws:s3/bucket:Bucket", "files", bucket="test-files")
OTHER = made("aws:s3/bucket:Bucket", "others", bucket="test-others")
LOGS = made("aws:s3/bucketLogging:BucketLogging", "logging", refers={"targetBucket": BUCKET}, bucket="test-others")
ENCRYPTION = made(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "encryption",
    refers={"bucket": BUCKET},
    rules=[{KMS: {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}, "bucketKeyEnabled": True}],
)
SSE_S3 = changed(ENCRYPTION, {"rules": [{KMS: {"sseAlgorithm": "AES256"}}]})
OWN = changed(BUCKET, {INLINE: {"rule": {KMS: {"sseAlgorithm": "AES256"}}}})
DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
OLD = {**DENY, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}
READ = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
WHERE = ("policy",)


def policy(*statements: Any, refers: Resource = BUCKET) -> Resource:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return made("aws:s3/bucketPolicy:BucketPolicy", "policy", refers={"bucket": refers}, policy=text)


def of(*statements: Any) -> Program:
    return [policy(*statements), BUCKET, OTHER]


POLICY = policy(DENY)
GOOD_POLICIES: dict[str, Program] = {
    "statement": of(READ, DENY),
    "with versions": of(READ, DENY, OLD),
    "any AWS principal": of({**DENY, "Principal": {"AWS": ["*"]}}),
    "every action": of({**DENY, "Action": ["*"]}),
    "all but other services' actions": of({"NotAction": ["iam:*"], **{k: DENY[k] for k in DENY if k != "Action"}}),
    "two statements": of({**DENY, "Resource": ARN}, {**DENY, "Resource": f"{ARN}/*"}),
    "wider resource": of({**DENY, "Resource": "*"}),
    "boolean, other case": of({**DENY, "Effect": "deny", "Condition": {"bool": {"AWS:secureTransport": [False]}}}),
    "if exists": of({**DENY, "Condition": {"BoolIfExists": {"aws:SecureTransport": "False"}}}),
    "an object": [changed(POLICY, {"policy": {"Statement": DENY}}), BUCKET],
    "a part unknown": [changed(POLICY, {"policy": {"Statement": [UNKNOWN, DENY]}}), BUCKET],
    "bucket of another stack": [
        made("aws:s3/bucketPolicy:BucketPolicy", bucket="test-files", policy=json.dumps({"Statement": [DENY]})),
        OTHER,
    ],
    "bucket with policy": [BUCKET, POLICY],
    "bucket with a policy of its own": [changed(BUCKET, {"policy": json.dumps({"Statement": [DENY]})}), OTHER],
}
BAD_POLICIES: dict[str, tuple[Program, tuple[str, ...]]] = {
    "bucket without": ([BUCKET, OTHER, policy(DENY, refers=OTHER)], WHERE),
    "bucket with a weak one of its own": ([changed(BUCKET, {"policy": json.dumps({"Statement": [READ]})})], WHERE),
    "allows": (of({**DENY, "Effect": "Allow"}), WHERE),
    "no such statement": (of(READ), WHERE),
    "versions alone": (of(OLD), WHERE),
    "some actions": (of({**DENY, "Action": ["s3:GetObject", "s3:PutObject"]}), WHERE),
    "a family of actions": (of({**DENY, "Action": "s3:G*"}), WHERE),
    "all actions but some": (of({**{k: DENY[k] for k in DENY if k != "Action"}, "NotAction": "s3:GetObject"}), WHERE),
    "objects alone": (of({**DENY, "Resource": [f"{ARN}/*"]}), WHERE),
    "bucket alone": (of({**DENY, "Resource": [ARN]}), WHERE),
    "one path": (of({**DENY, "Resource": [ARN, f"{ARN}/private/*"]}), WHERE),
    "paths below": (of({**DENY, "Resource": [ARN, f"{ARN}/*/*"]}), WHERE),
    "all but a path": (
        of({**{k: DENY[k] for k in DENY if k != "Resource"}, "NotResource": f"{ARN}/public/*"}),
        WHERE,
    ),
    "another bucket": (of({**DENY, "Resource": ["arn:aws:s3:::test-others", "arn:aws:s3:::test-others/*"]}), WHERE),
    "one principal": (of({**DENY, "Principal": {"AWS": "111122223333"}}), WHERE),
    "a service": (of({**DENY, "Principal": {"Service": "*"}}), WHERE),
    "all but one": (of({**DENY, "Principal": None, "NotPrincipal": {"AWS": "111122223333"}}), WHERE),
    "true": (of({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), WHERE),
    "both values": (of({**DENY, "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}}), WHERE),
    "no value": (of({**DENY, "Condition": {"Bool": {"aws:SecureTransport": []}}}), WHERE),
    "another operator": (of({**DENY, "Condition": {"Null": {"aws:SecureTransport": "false"}}}), WHERE),
    "another key": (of({**DENY, "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}), WHERE),
    "no condition": (of({k: DENY[k] for k in DENY if k != "Condition"}), WHERE),
    "one more condition": (
        of({**DENY, "Condition": {**DENY["Condition"], "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}),
        WHERE,
    ),
    "one more key": (
        of({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}}),
        WHERE,
    ),
    "too old a version": (
        of(DENY, {**OLD, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.1}}}),
        ("policy.Statement[1]",),
    ),
    "no version": (
        of(DENY, {**OLD, "Condition": {"NumericLessThan": {"s3:TlsVersion": "x"}}}),
        ("policy.Statement[1]",),
    ),
    "no JSON": ([changed(POLICY, {"policy": "{"}), BUCKET], WHERE),
    "null": ([changed(POLICY, {"policy": None}), BUCKET], WHERE),
    "attached to another": ([policy(DENY, refers=OTHER), BUCKET, OTHER], WHERE),
}

CASES = [
    Cases(
        rule="bucket-encrypted",
        parameters={"key": "customer"},
        good={
            "customer key": [ENCRYPTION, BUCKET],
            "twice": [changed(ENCRYPTION, {f"rules.0.{KMS}.sseAlgorithm": "aws:kms:dsse"}), BUCKET],
            "single rule": [changed(ENCRYPTION, {"rules": ENCRYPTION.inputs["rules"][0]}), BUCKET],
            "target of access logs": [SSE_S3, BUCKET, LOGS],
            "bucket": [BUCKET, ENCRYPTION],
            "bucket's own": [changed(BUCKET, {INLINE: {"rule": ENCRYPTION.inputs["rules"][0]}})],
        },
        bad={
            "bucket without": ([BUCKET, OTHER], (INLINE,)),
            "bucket beside another's": ([OTHER, BUCKET, ENCRYPTION], (INLINE,)),
            "SSE-S3": ([SSE_S3, BUCKET], (f"rules.0.{KMS}.sseAlgorithm", f"rules.0.{KMS}.kmsMasterKeyId")),
            "bucket's own SSE-S3": (
                [OWN],
                (f"{INLINE}.rule.{KMS}.sseAlgorithm", f"{INLINE}.rule.{KMS}.kmsMasterKeyId"),
            ),
            "no rules": ([changed(ENCRYPTION, {"rules": []}), BUCKET], ("rules",)),
            "rules null": ([changed(ENCRYPTION, {"rules": None}), BUCKET], ("rules",)),
            "no algorithm": (
                [changed(ENCRYPTION, {f"rules.0.{KMS}.sseAlgorithm": GONE}), BUCKET],
                (f"rules.0.{KMS}.sseAlgorithm",),
            ),
            "another algorithm": (
                [changed(ENCRYPTION, {f"rules.0.{KMS}.sseAlgorithm": "DES"}), BUCKET],
                (f"rules.0.{KMS}.sseAlgorithm",),
            ),
            "service's key": (
                [changed(ENCRYPTION, {f"rules.0.{KMS}.kmsMasterKeyId": "alias/aws/s3"}), BUCKET],
                (f"rules.0.{KMS}.kmsMasterKeyId",),
            ),
        },
        unknown={
            "rules": ([changed(ENCRYPTION, {"rules": UNKNOWN}), BUCKET], ("rules",)),
            "algorithm": (
                [changed(ENCRYPTION, {f"rules.0.{KMS}.sseAlgorithm": UNKNOWN}), BUCKET],
                (f"rules.0.{KMS}.sseAlgorithm",),
            ),
            "bucket's own": ([changed(BUCKET, {INLINE: UNKNOWN})], (INLINE,)),
            "whose": ([BUCKET, changed(made(ENCRYPTION.type, "x"), {"bucket": UNKNOWN})], (INLINE,)),
        },
        always=True,
    ),
    Cases(
        rule="bucket-key-enabled",
        good={
            "on": [ENCRYPTION],
            "text": [changed(ENCRYPTION, {"rules.0.bucketKeyEnabled": "true"})],
            "algorithm unknown": [changed(ENCRYPTION, {f"rules.0.{KMS}.sseAlgorithm": UNKNOWN})],
            "bucket's own": [changed(BUCKET, {INLINE: {"rule": ENCRYPTION.inputs["rules"][0]}})],
        },
        bad={
            "off": ([changed(ENCRYPTION, {"rules.0.bucketKeyEnabled": False})], ("rules.0.bucketKeyEnabled",)),
            "not set": ([changed(ENCRYPTION, {"rules.0.bucketKeyEnabled": GONE})], ("rules.0.bucketKeyEnabled",)),
        },
        unknown={
            "rules": ([changed(ENCRYPTION, {"rules": UNKNOWN})], ("rules",)),
            "enabled": ([changed(ENCRYPTION, {"rules.0.bucketKeyEnabled": UNKNOWN})], ("rules.0.bucketKeyEnabled",)),
            "algorithm": (
                [changed(SSE_S3, {f"rules.0.{KMS}.sseAlgorithm": UNKNOWN})],
                (f"rules.0.{KMS}.sseAlgorithm",),
            ),
        },
        skipped={
            "SSE-S3": [SSE_S3],
            "DSSE": [changed(ENCRYPTION, {"rules": [{KMS: {"sseAlgorithm": "aws:kms:dsse"}}]})],
            "bucket without": [BUCKET],
        },
    ),
    Cases(
        rule="bucket-denies-without-tls",
        good=GOOD_POLICIES,
        bad=BAD_POLICIES,
        unknown={
            "policy": ([changed(POLICY, {"policy": UNKNOWN}), BUCKET], WHERE),
            "a statement": ([changed(POLICY, {"policy": {"Statement": [READ, UNKNOWN]}}), BUCKET], WHERE),
            "a resource": (
                [changed(POLICY, {"policy": {"Statement": {**DENY, "Resource": [UNKNOWN, f"{ARN}/*"]}}}), BUCKET],
                WHERE,
            ),
            "bucket's name": ([POLICY, changed(BUCKET, {"bucket": GONE})], WHERE),
            "bucket's own": ([changed(BUCKET, {"policy": UNKNOWN})], WHERE),
            "whose": ([BUCKET, changed(made(POLICY.type, "x"), {"bucket": UNKNOWN})], WHERE),
        },
        always=True,
    ),
]
