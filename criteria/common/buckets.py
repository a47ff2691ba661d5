"""Buckets: the settings of one are resources of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from criteria.common.lookups import (
    BUCKET,
    follow,
    parts,
)
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, claim

VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
# Other kinds of buckets are judged with the rest, so that none goes unseen.
BUCKETS = (BUCKET, "aws:s3/bucketV2:BucketV2", "aws:s3/directoryBucket:DirectoryBucket")


def is_versioned(part: Resource) -> Finding:
    return claim(part, "versioningConfiguration.status", lambda status: status == "Enabled")


def is_encrypted(part: Resource) -> Finding:
    """Judge that every rule has S3's own key as the default."""
    given = algorithms(part)
    wrong = not given or any(algorithm is not UNKNOWN and algorithm != "AES256" for algorithm in given)
    return Finding(part, "rules", "fail" if wrong else "unknown" if UNKNOWN in given else "pass")


def algorithms(part: Resource) -> list[Any]:
    rules = part.get("rules", [])
    path = "applyServerSideEncryptionByDefault.sseAlgorithm"
    return [UNKNOWN] if rules is UNKNOWN else [part.get(f"rules.{number}.{path}") for number in range(len(rules))]


def part_of(graph: StackGraph, bucket: Resource, type_: str, judge: Callable[[Resource], Finding]) -> Finding:
    """Judge a setting of a bucket that is a resource of its own: there is one, and what there is, holds."""
    found = [judge(part) for part in parts(graph, bucket, "bucket", type_)]
    against = [finding for word in ("fail", "unknown") for finding in found if finding.word == word]
    if against:
        return against[0]
    if found:
        return found[0]
    astray = [part for part in graph.of_type(type_) if not follow(graph, part, "bucket", BUCKET).certain]
    return Finding(astray[0], "bucket", "unknown") if astray else Finding(bucket, "", "fail")
