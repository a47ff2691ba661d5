"""Buckets and the log of who reads them."""

from __future__ import annotations

from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, fail, rule, unknown
from policies.rules.operations.observability_delivery import BUCKET, delivers

LOGGING = "aws:s3/bucketLogging:BucketLogging"
_EXPECTED = "access logs in another bucket"


@rule(
    "OP-200",
    "s3-bucket-logs-access",
    pack="operations",
    types=(BUCKET, LOGGING),
    severity="medium",
    scope="stack",
    rationale="After an incident, access logs are the only answer to who read which object.",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",
    remediation="Add aws.s3.BucketLogging for the bucket, with target_bucket the stack's bucket of access logs.",
    controls=("S3.9", "CKV_AWS_18", "AwsSolutions-S1", "s3-bucket-logging-enabled"),
    criteria=("TRADING-05.6",),
)
def access(view: View) -> Outcome:
    """A bucket that takes the access logs of others needs none: its own would make more of them without end."""
    if view.type == LOGGING:
        return _elsewhere(view)
    loggings, uncertain = view.referrers(LOGGING, "bucket")
    if loggings or any(view.is_set(f"{path}.targetBucket") for path in ("logging", "loggings.0")):
        return PASS
    others = [each for each in view.of_type(LOGGING) if each.refers_to("targetBucket", view)]
    if others:
        return NOT_APPLICABLE
    return unknown("", _EXPECTED) if uncertain else fail("", "no access logs", _EXPECTED)


def _elsewhere(view: View) -> Outcome:
    """Judge that logs go to a bucket which is neither the logged one nor logs into that one."""
    outcome = delivers(view, "targetBucket", [BUCKET], _EXPECTED, named=True)
    if outcome.word != "pass":
        return outcome
    buckets = view.of_type(BUCKET)
    own = [each for each in buckets if view.refers_to("bucket", each)]
    targets = [each for each in buckets if view.refers_to("targetBucket", each)]
    same = view.get("bucket") == view.get("targetBucket") and isinstance(view.get("bucket"), str)
    urns = {each.resource.urn for each in own}
    if same or urns.intersection(each.resource.urn for each in targets):
        return fail("targetBucket", "the bucket itself", _EXPECTED)
    for target in targets:
        back = target.referrers(LOGGING, "bucket")[0]
        if any(each.refers_to("targetBucket", bucket) for each in back for bucket in own):
            return fail("targetBucket", "a bucket that logs into this one", _EXPECTED)
    return PASS
