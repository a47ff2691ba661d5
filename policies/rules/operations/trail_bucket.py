"""Trails: the buckets that hold what happened in an account."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check_true, fail, kind_of, rule, unknown

_TRAIL = "aws:cloudtrail/trail:Trail"
_BUCKET = "aws:s3/bucket:Bucket"
_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_LOGGING = "aws:s3/bucketLogging:BucketLogging"
_ACL = "aws:s3/bucketAcl:BucketAcl"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudtrail-controls.html"
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_PATH = "s3BucketName"


def _buckets(view: View) -> list[View] | Outcome:
    """Return a trail's bucket, or what to say where it is none of the stack's."""
    found = [each for each in view.of_type(_BUCKET) if view.refers_to(_PATH, each)]
    if found:
        return found
    value = view.get(_PATH)
    expected = "a bucket of the stack, or one of the parameter `buckets`"
    if value is UNKNOWN or any(view.refers_to(_PATH, each) is None for each in view.of_type(_BUCKET)):
        return unknown(_PATH, expected)
    if isinstance(value, str) and value in view.parameters["buckets"]:
        return NOT_APPLICABLE
    return fail(_PATH, "a bucket that is not in the stack" if value else kind_of(value), expected)


@rule(
    "OP-145",
    "trail-bucket-is-not-public",
    pack="operations",
    types=(_TRAIL,),
    severity="critical",
    scope="stack",
    rationale="A trail tells who may do what and how keys are used: nobody outside has any reason to read it.",
    url=f"{_HUB}#cloudtrail-6",
    remediation="Add aws.s3.BucketPublicAccessBlock with all four settings, and no public ACL, to the trail's bucket.",
    controls=("CloudTrail.6",),
    parameters={"buckets": []},
)
def public(view: View) -> Outcome:
    """`buckets` are names of buckets elsewhere, such as an organisation's archive of logs."""
    buckets = _buckets(view)
    return buckets if isinstance(buckets, Outcome) else all_of(_closed(each) for each in buckets)


def _closed(bucket: View) -> Outcome:
    expected = "a bucket with a complete public access block"
    blocks, uncertain = bucket.referrers(_BLOCK, "bucket")
    acls, _ = bucket.referrers(_ACL, "bucket")
    public_acl = [each for each in (bucket, *acls) if str(each.get("acl")).lower().startswith(("public", "authentic"))]
    if public_acl:
        return fail(_PATH, "a bucket with a public ACL", expected)
    if any(each.get("acl") is UNKNOWN for each in (bucket, *acls)):
        return unknown(_PATH, expected)
    if not blocks:
        return unknown(_PATH, expected) if uncertain else fail(_PATH, "a bucket without block", expected)
    outcome = all_of(check_true(blocks[0], flag) for flag in _FLAGS)
    if outcome.word == "fail":
        missing = ", ".join(finding.path for finding in outcome.findings)
        return fail(_PATH, f"a block without {missing}", expected)
    return PASS if outcome.word == "pass" else unknown(_PATH, expected)


@rule(
    "OP-146",
    "trail-bucket-logs-access",
    pack="operations",
    types=(_TRAIL,),
    severity="low",
    scope="stack",
    rationale="Who covers tracks looks at the trail first, and the bucket's access log shows that.",
    url=f"{_HUB}#cloudtrail-7",
    remediation="Add aws.s3.BucketLogging for the trail's bucket, with another bucket as target.",
    controls=("CloudTrail.7", "3.4"),
    parameters={"buckets": []},
)
def logged(view: View) -> Outcome:
    buckets = _buckets(view)
    return buckets if isinstance(buckets, Outcome) else all_of(_logs(each) for each in buckets)


def _logs(bucket: View) -> Outcome:
    expected = "a bucket with access logs"
    found, uncertain = bucket.referrers(_LOGGING, "bucket")
    if any(each.is_set("targetBucket") for each in found):
        return PASS
    inline = bucket.resource.inputs.get("loggings") or bucket.resource.inputs.get("logging")
    if inline is not None and inline is not UNKNOWN:
        return PASS
    return unknown(_PATH, expected) if uncertain else fail(_PATH, "a bucket without access logs", expected)
