"""Fixtures of policies/rules/operations/observability_buckets.py."""

from __future__ import annotations

import dataclasses

from tests.policies.cases import GONE, Cases, changed, made

LOGS = made("aws:s3/bucket:Bucket", "logs", bucket="test-logs")
BUCKET = made("aws:s3/bucket:Bucket", "files", bucket="test-files")
OTHER = made("aws:s3/bucket:Bucket", "other", bucket="test-other")
LOGGING = made(
    "aws:s3/bucketLogging:BucketLogging", refers={"bucket": BUCKET, "targetBucket": LOGS}, targetPrefix="files/"
)
ELSEWHERE = dataclasses.replace(LOGGING, property_dependencies={"bucket": ()})
BACK = made("aws:s3/bucketLogging:BucketLogging", "back", refers={"bucket": LOGS, "targetBucket": BUCKET})
TO_ITSELF = made("aws:s3/bucketLogging:BucketLogging", refers={"bucket": BUCKET, "targetBucket": BUCKET})
TO_ROLE = made(
    "aws:s3/bucketLogging:BucketLogging", refers={"bucket": BUCKET, "targetBucket": made("aws:iam/role:Role", "role")}
)
TARGET = "targetBucket"

CASES = [
    Cases(
        rule="s3-bucket-logs-access",
        good={
            "logging": [BUCKET, LOGGING, LOGS],
            "by name": [BUCKET, changed(LOGGING, {"bucket": "test-files"})],
            "written in the bucket": [changed(BUCKET, {"logging": {"targetBucket": "test-logs"}})],
            "the logging": [LOGGING, BUCKET, LOGS],
            "to a name": [changed(LOGGING, {TARGET: "test-logs"}), BUCKET, LOGS],
            "to another stack's bucket": [changed(LOGGING, {TARGET: "elsewhere"}), BUCKET, LOGS],
        },
        bad={
            "none": ([BUCKET, LOGS], ("",)),
            "of another bucket": ([OTHER, LOGGING, BUCKET, LOGS], ("",)),
            "empty": ([changed(BUCKET, {"logging": {TARGET: ""}})], ("",)),
            "to itself": ([TO_ITSELF, BUCKET], (TARGET,)),
            "to itself by name": (
                [changed(LOGGING, {"bucket": "test-files", TARGET: "test-files"}), BUCKET],
                (TARGET,),
            ),
            "round": ([LOGGING, BACK, BUCKET, LOGS], (TARGET,)),
            "no target": ([changed(LOGGING, {TARGET: GONE}), BUCKET], (TARGET,)),
            "empty target": ([changed(LOGGING, {TARGET: ""}), BUCKET], (TARGET,)),
            "to a role": ([TO_ROLE, BUCKET], (TARGET,)),
            "no text": ([changed(LOGGING, {TARGET: 7}), BUCKET], (TARGET,)),
        },
        unknown={"which": ([BUCKET, ELSEWHERE], ("",))},
        skipped={
            "takes logs": [LOGS, LOGGING, BUCKET],
            "takes logs by name": [LOGS, changed(LOGGING, {TARGET: "test-logs"}), BUCKET],
        },
    ),
]
