"""Who reaches buckets besides those whom policies name: access control lists."""

from __future__ import annotations

from collections.abc import Mapping

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, all_of, check, fail, rule, unknown, word_or_other

# The ready-made ACLs of S3.
CANNED = (
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "log-delivery-write",
)
_OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
_ACL = "aws:s3/bucketAcl:BucketAcl"
_ENFORCED = "BucketOwnerEnforced"


@rule(
    "LP-136",
    "s3-access-without-acls",
    pack="least_privilege",
    types=("aws:s3/bucket:Bucket", _OWNERSHIP),
    severity="medium",
    scope="stack",
    rationale="ACLs grant past the policy, object by object; without them the policy says all that others may do.",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    remediation='Add aws.s3.BucketOwnershipControls with object_ownership="BucketOwnerEnforced" and no BucketAcl.',
    controls=("S3.12", "CKV2_AWS_65"),
    criteria=("TRADING-05.4",),
)
def acls(view: View) -> Outcome:
    path = "rule.objectOwnership"
    if view.type == _OWNERSHIP:
        return check(view, path, lambda word: word.lower() == _ENFORCED.lower(), _ENFORCED)
    controls, uncertain = view.referrers(_OWNERSHIP, "bucket")
    outcomes = [PASS if controls else unknown("", _ENFORCED) if uncertain else fail("", "no controls", _ENFORCED)]
    with_acl, _ = view.referrers(_ACL, "bucket")
    if with_acl:
        outcomes.append(fail("", "an ACL", "no ACL"))
    canned = view.get("acl")
    if canned not in (None, "private", UNKNOWN):
        outcomes.append(fail("acl", word_or_other(canned, CANNED), "no ACL"))
    groups = [each.get("uri") for each in view.items("grants") or () if isinstance(each, Mapping)]
    if any(isinstance(each, str) and each for each in groups):
        outcomes.append(fail("grants", "grants to groups", "no ACL"))
    elif any(each is UNKNOWN for each in groups):
        outcomes.append(unknown("grants", "no ACL"))
    return all_of(outcomes)
