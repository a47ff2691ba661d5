"""Fixtures of rules about buckets, the public and what buckets keep."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

OWN = "111122223333"
PROVIDER = made("pulumi:providers:aws", "default", allowedAccountIds=f'["{OWN}"]')
BUCKET = made("aws:s3/bucket:Bucket", "site", bucket="example-site")
BLOCK = made(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "block",
    refers={"bucket": BUCKET},
    blockPublicAcls=True,
    blockPublicPolicy=True,
    ignorePublicAcls=True,
    restrictPublicBuckets=True,
)
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
OTHER_BUCKET = made(BUCKET.type, "other", bucket="example-other")

HAS_BLOCK = Cases(
    rule="s3-bucket-has-public-access-block",
    good={"by reference": [BUCKET, BLOCK], "by name": [BUCKET, made(BLOCK.type, bucket="example-site")]},
    bad={
        "none": ([BUCKET], ("",)),
        "another's": ([BUCKET, OTHER_BUCKET, made(BLOCK.type, refers={"bucket": OTHER_BUCKET})], ("",)),
    },
    unknown={"of which bucket": ([BUCKET, made(BLOCK.type, bucket=UNKNOWN)], ("",))},
    always=True,
)

POINT = made("aws:s3/accessPoint:AccessPoint", "point")
OF_POINT = "publicAccessBlockConfiguration"
COMPLETE = Cases(
    rule="s3-public-access-block-is-complete",
    good={"all": [BLOCK], "text": [changed(BLOCK, {"blockPublicAcls": "true"})], "access point": [POINT]},
    bad={
        **{f"without {flag}": ([changed(BLOCK, {flag: GONE})], (flag,)) for flag in FLAGS},
        **{f"{flag} false": ([changed(BLOCK, {flag: False})], (flag,)) for flag in FLAGS},
        "access point": (
            [changed(POINT, {OF_POINT: {"blockPublicPolicy": False}})],
            (f"{OF_POINT}.blockPublicPolicy",),
        ),
    },
    unknown={"flag": ([changed(BLOCK, {"blockPublicAcls": UNKNOWN})], ("blockPublicAcls",))},
    always=True,
)

ACCOUNT = made("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", **dict.fromkeys(FLAGS, True))
OF_ACCOUNT = [made("aws:securityhub/account:Account", "hub"), made("aws:guardduty/detector:Detector", "detector")]
ACCOUNT_BLOCK = Cases(
    rule="s3-account-blocks-public-access",
    good={"all": [ACCOUNT]},
    bad={
        "flag": ([changed(ACCOUNT, {"restrictPublicBuckets": False})], ("restrictPublicBuckets",)),
        "none": ([*reversed(OF_ACCOUNT)], ("",)),
    },
    unknown={"flag": ([changed(ACCOUNT, {"ignorePublicAcls": UNKNOWN})], ("ignorePublicAcls",))},
    skipped={"stack of an application": [OF_ACCOUNT[0]], "stack that has it": [*OF_ACCOUNT, ACCOUNT]},
)

ACL = made("aws:s3/bucketAcl:BucketAcl", acl="private")
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_ACCOUNT = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def granting(uri: Any) -> dict[str, Any]:
    return {"accessControlPolicy": {"grants": [{"permission": "READ", "grantee": {"type": "Group", "uri": uri}}]}}


IN_POLICY, IN_BUCKET = "accessControlPolicy.grants.0.grantee.uri", "grants.0.uri"
PUBLIC_ACL = Cases(
    rule="s3-acl-not-public",
    good={
        "private": [ACL],
        "bucket": [BUCKET],
        "object": [made("aws:s3/bucketObjectv2:BucketObjectv2", acl="bucket-owner-full-control")],
        "logs": [changed(ACL, granting("http://acs.amazonaws.com/groups/s3/LogDelivery"))],
    },
    bad={
        "read": ([changed(ACL, {"acl": "public-read"})], ("acl",)),
        "write": ([changed(ACL, {"acl": "PUBLIC-READ-WRITE"})], ("acl",)),
        "any account": ([changed(ACL, {"acl": "authenticated-read"})], ("acl",)),
        "bucket": ([changed(BUCKET, {"acl": "public-read"})], ("acl",)),
        "old name": ([made("aws:s3/bucketAclV2:BucketAclV2", acl="public-read")], ("acl",)),
        "object": ([made("aws:s3/bucketObject:BucketObject", acl="public-read")], ("acl",)),
        "grant": ([changed(ACL, granting(EVERYBODY))], (IN_POLICY,)),
        "grant to any account": ([changed(ACL, granting(ANY_ACCOUNT))], (IN_POLICY,)),
        "grant of the bucket": ([changed(BUCKET, {"grants": [{"uri": EVERYBODY}]})], (IN_BUCKET,)),
    },
    unknown={
        "ACL": ([changed(ACL, {"acl": UNKNOWN})], ("acl",)),
        "grants": ([changed(BUCKET, {"grants": UNKNOWN})], ("grants",)),
        "grantee": ([changed(ACL, granting(UNKNOWN))], (IN_POLICY,)),
    },
    always=True,
)

READING: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::example-site/*",
    "Condition": {"StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{OWN}:distribution/E1"}},
}
POLICY = made(
    "aws:s3/bucketPolicy:BucketPolicy",
    "policy",
    refers={"bucket": BUCKET},
    policy={"Version": "2012-10-17", "Statement": [READING]},
)
DISTRIBUTION = made("aws:cloudfront/distribution:Distribution", "cdn", refers={"origins": BUCKET})
BY_NAME = made(
    "aws:cloudfront/distribution:Distribution",
    "cdn",
    origins=[{"domainName": "example-site.s3.eu-west-1.amazonaws.com"}],
)
WEBSITE = made("aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration", "web", refers={"bucket": BUCKET})


def served(policy: Resource = POLICY, distribution: Resource = DISTRIBUTION) -> list[Resource]:
    return [BUCKET, policy, distribution, PROVIDER]


def with_(**changes: Any) -> list[Resource]:
    """Return a site whose policy has a second statement, with changes."""
    return served(changed(POLICY, {"policy.Statement": [READING, {**READING, **changes}]}))


def only(**changes: Any) -> list[Resource]:
    return served(changed(POLICY, {"policy.Statement": [{**READING, **changes}]}))


SITE = Cases(
    rule="s3-site-only-through-cloudfront",
    good={
        "access control": served(),
        "by name": served(distribution=BY_NAME),
        "access identity": only(
            Principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}, Condition={}
        ),
        "role that uploads": with_(Principal={"AWS": f"arn:aws:iam::{OWN}:role/deploy"}, Condition={}),
        "refusal": with_(Effect="Deny", Principal="*"),
    },
    bad={
        "everybody": (with_(Principal="*"), ("policy",)),
        "no condition": (only(Condition={}), ("policy",)),
        "any distribution": (
            only(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}),
            ("policy",),
        ),
        "another service": (with_(Principal={"Service": "logging.s3.amazonaws.com"}), ("policy",)),
        "another account": (with_(Principal={"AWS": "arn:aws:iam::444455556666:root"}), ("policy",)),
        "no principal": (with_(Principal=None, Condition={}), ("policy",)),
        "no policy": ([BUCKET, DISTRIBUTION, PROVIDER], ("policy",)),
        "nothing to read": (only(Action="s3:ListBucket"), ("policy",)),
        "website": ([*served(), WEBSITE], ("website",)),
        "website of the bucket": ([changed(BUCKET, {"website": {"indexDocument": "index.html"}})], ("website",)),
    },
    unknown={
        "policy": (served(changed(POLICY, {"policy": UNKNOWN})), ("policy",)),
        "of which bucket": (
            [BUCKET, DISTRIBUTION, made(POLICY.type, bucket=UNKNOWN, policy="{}"), PROVIDER],
            ("policy",),
        ),
    },
    skipped={"no site": [BUCKET], "only logs": [BUCKET, made(DISTRIBUTION.type, refers={"loggingConfig": BUCKET})]},
)

RULE: dict[str, Any] = {
    "status": "Enabled",
    "filter": {"prefix": ""},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    "noncurrentVersionExpiration": {"noncurrentDays": 90},
}
LIFECYCLE = made(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "lifecycle",
    refers={"bucket": BUCKET},
    rules=[RULE],
)
HAS_LIFECYCLE = Cases(
    rule="s3-bucket-has-lifecycle",
    good={
        "by itself": [BUCKET, LIFECYCLE],
        "bucket's own": [changed(BUCKET, {"lifecycleRules": [{"enabled": True, "expiration": {"days": 90}}]})],
        "days not known yet": [BUCKET, changed(LIFECYCLE, {"rules": [{"status": "Enabled", "expiration": UNKNOWN}]})],
    },
    bad={
        "none": ([BUCKET], ("",)),
        "off": ([BUCKET, changed(LIFECYCLE, {"rules.0.status": "Disabled"})], ("",)),
        "empty rule": ([BUCKET, changed(LIFECYCLE, {"rules": [{"status": "Enabled"}]})], ("",)),
        "no rule": ([BUCKET, changed(LIFECYCLE, {"rules": []})], ("",)),
        "another's": (
            [BUCKET, OTHER_BUCKET, made(LIFECYCLE.type, refers={"bucket": OTHER_BUCKET}, rules=[RULE])],
            ("",),
        ),
    },
    unknown={
        "rules": ([BUCKET, changed(LIFECYCLE, {"rules": UNKNOWN})], ("",)),
        "status": ([BUCKET, changed(LIFECYCLE, {"rules.0.status": UNKNOWN})], ("",)),
        "of which bucket": ([BUCKET, made(LIFECYCLE.type, bucket=UNKNOWN)], ("",)),
    },
    always=True,
)

DAYS = "rules.0.abortIncompleteMultipartUpload.daysAfterInitiation"
UPLOADS = Cases(
    rule="s3-lifecycle-aborts-uploads",
    good={
        "all objects": [LIFECYCLE],
        "no filter": [changed(LIFECYCLE, {"rules.0.filter": GONE})],
        "second rule": [changed(LIFECYCLE, {"rules": [{"status": "Disabled"}, RULE]})],
    },
    bad={
        "off": ([changed(LIFECYCLE, {"rules.0.status": "Disabled"})], ("rules",)),
        "not set": ([changed(LIFECYCLE, {"rules.0.abortIncompleteMultipartUpload": GONE})], ("rules",)),
        "late": ([changed(LIFECYCLE, {DAYS: 30})], ("rules",)),
        "some objects": ([changed(LIFECYCLE, {"rules.0.filter.prefix": "logs/"})], ("rules",)),
        "some objects, old": ([changed(LIFECYCLE, {"rules.0.prefix": "logs/"})], ("rules",)),
        "none": ([changed(LIFECYCLE, {"rules": []})], ("rules",)),
    },
    unknown={
        "rules": ([changed(LIFECYCLE, {"rules": UNKNOWN})], ("rules",)),
        "days": ([changed(LIFECYCLE, {DAYS: UNKNOWN})], (DAYS,)),
    },
    always=True,
)

CASES: list[Cases] = [HAS_BLOCK, COMPLETE, ACCOUNT_BLOCK, PUBLIC_ACL, SITE, HAS_LIFECYCLE, UPLOADS]
