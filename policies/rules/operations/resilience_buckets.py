"""S3 buckets: versions, and records that nobody may change."""

from __future__ import annotations

import fnmatch

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    any_of,
    check,
    check_false,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.resilience_common import at_least

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"


@rule(
    "OP-260",
    "s3-bucket-versioned",
    pack="operations",
    types=(BUCKET,),
    severity="low",
    scope="stack",
    rationale="Without versions an overwritten or deleted object cannot be brought back by anybody.",
    url=f"{_GUIDE}/Versioning.html",
    remediation='Add aws.s3.BucketVersioning for the bucket with status "Enabled".',
    controls=("S3.14", "CKV_AWS_21"),
    criteria=("TRADING-05.2",),
)
def versioned(view: View) -> Outcome:
    """Object lock brings versions along; the bucket's own block is deprecated, but works."""
    found, uncertain = view.referrers(VERSIONING, "bucket")
    status = "versioningConfiguration.status"
    outcomes = [check_word(each, status, ["Enabled"], known=["Suspended", "Disabled"]) for each in found]
    verdict = all_of(outcomes)
    if not found:
        inline = [check_true(view, "versioning.enabled"), check_true(view, "objectLockEnabled")]
        verdict = any_of([*inline, unknown("", "versioning that is enabled")] if uncertain else inline)
    if verdict.word == "pass":
        return verdict
    if verdict.word == "unknown":
        return unknown("", "versioning that is enabled")
    return fail("", "no versioning that is enabled", "versioning that is enabled")


@rule(
    "OP-261",
    "s3-records-have-object-lock",
    pack="operations",
    types=(BUCKET, LOCK),
    severity="medium",
    scope="stack",
    rationale="A lock without a default retention protects only the objects whose writers think of it.",
    url=f"{_GUIDE}/object-lock.html",
    remediation="Create the bucket with object_lock_enabled=True and add aws.s3.BucketObjectLockConfiguration with a "
    "default retention.",
    controls=("S3.15", "CKV_AWS_143"),
    parameters={"records": [], "shortest_days": 1},
)
def records(view: View) -> Outcome:
    """`records` are patterns of names of buckets that must have a lock; one that has it must have it whole."""
    if view.type == LOCK:
        return _retention(view, "rule.defaultRetention")
    found, uncertain = view.referrers(LOCK, "bucket")
    name, patterns = view.get("bucket"), view.parameters["records"]
    must = isinstance(name, str) and any(fnmatch.fnmatchcase(name, str(pattern)) for pattern in patterns)
    locked = view.get("objectLockEnabled")
    inline = view.is_set("objectLockConfiguration.rule")
    expected = "a lock with a default retention"
    if inline:
        return _retention(view, "objectLockConfiguration.rule.defaultRetention")
    if found:
        return PASS  # it is judged where it is
    if locked is UNKNOWN:
        return unknown("objectLockEnabled", expected)
    if not must and str(locked).lower() != "true":
        return NOT_APPLICABLE
    if uncertain:
        return unknown("", expected)
    return fail("", "no default retention", expected)


def _retention(view: View, path: str) -> Outcome:
    least = view.parameters["shortest_days"]
    period = any_of(
        [
            check(view, f"{path}.days", at_least(least), f"{least:g} days or more"),
            check(view, f"{path}.years", at_least(1), "1 year or more"),
        ]
    )
    if period.word == "fail":
        period = fail(f"{path}.days", "no time that is long enough", f"{least:g} days or more, or years")
    return all_of([check_word(view, f"{path}.mode", ["GOVERNANCE", "COMPLIANCE"]), period])


@rule(
    "OP-262",
    "s3-replication-leads-elsewhere",
    pack="operations",
    types=(BUCKET, REPLICATION),
    severity="low",
    scope="stack",
    rationale="A replication that is off, or ends in the same region, is no help when that region fails.",
    url=f"{_GUIDE}/replication.html",
    remediation="Give aws.s3.BucketReplicationConfig an enabled rule to a bucket of another region.",
    controls=("S3.7", "CKV_AWS_144"),
    parameters={"buckets": []},
)
def replication(view: View) -> Outcome:
    """`buckets` are patterns of names of buckets that must be replicated."""
    expected = "an enabled rule to a bucket of another region"
    if view.type == BUCKET:
        name = view.get("bucket")
        if not (isinstance(name, str) and any(fnmatch.fnmatchcase(name, str(p)) for p in view.parameters["buckets"])):
            return NOT_APPLICABLE
        found, uncertain = view.referrers(REPLICATION, "bucket")
        if found:
            return PASS  # it is judged where it is
        return unknown("", expected) if uncertain else fail("", "no replication", expected)
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", expected)
    on = any_of(check_word(view, f"rules.{place}.status", ["Enabled"]) for place in range(len(rules)))
    if on.word != "pass":
        return on if on.word == "unknown" else fail("rules", "no enabled rule", expected)
    sources = [each for each in view.of_type(BUCKET) if view.refers_to("bucket", each)]
    outcomes = [PASS]
    for place in range(len(rules)):
        path = f"rules.{place}.destination.bucket"
        for other in view.of_type(BUCKET):
            if not _leads_to(view, path, other):
                continue
            if any(each.resource.urn == other.resource.urn for each in sources):
                outcomes.append(fail(path, "the bucket itself", "a bucket of another region"))
            elif any(_same_region(each, other) for each in sources):
                outcomes.append(fail(path, "a bucket of the same region", "a bucket of another region"))
    return all_of(outcomes)


def _same_region(one: View, other: View) -> bool:
    region = one.get("region")
    return isinstance(region, str) and region == other.get("region")


def _leads_to(view: View, path: str, bucket: View) -> bool:
    """Say whether a destination is a bucket of the stack, as far as that is known."""
    target = view.get(path)
    if target is UNKNOWN:
        return view.resource.property_dependencies.get("rules", ()) == (bucket.resource.urn,)
    names = (bucket.get("bucket"), bucket.resource.id)
    return isinstance(target, str) and any(target == f"arn:aws:s3:::{name}" for name in names if isinstance(name, str))


_FORCED = {
    BUCKET: "forceDestroy",
    "aws:backup/vault:Vault": "forceDestroy",
    "aws:ecr/repository:Repository": "forceDelete",
}


@rule(
    "OP-263",
    "data-not-deleted-by-force",
    pack="operations",
    types=tuple(_FORCED),
    severity="medium",
    level="open",
    rationale="That AWS refuses to delete what still holds data is the last thing between a mistake and the data.",
    url=f"{_GUIDE}/delete-bucket.html",
    remediation="Leave out force_destroy (force_delete for repositories).",
)
def forced(view: View) -> Outcome:
    return check_false(view, _FORCED[view.type])
