"""Wrong programs about buckets, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    log_group,
    policy_text,
    queue,
    role,
    statement,
)

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
NAME = "orders-archive"
ARN = f"arn:aws:s3:::{NAME}"
GLACIER = {"days": 90, "storage_class": "GLACIER"}


def bucket(name: str = NAME, *, opts: pulumi.ResourceOptions | None = None, **changes: Any) -> aws.s3.Bucket:
    """A bucket that is called like its resource."""
    return aws.s3.Bucket(name, opts=opts, **{"bucket": name, **changes})


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(depends_on=list(resources))


def versioning(of: aws.s3.Bucket, status: Any = "Enabled") -> aws.s3.BucketVersioning:
    return aws.s3.BucketVersioning("versions", bucket=of.id, versioning_configuration={"status": status})


def rule(**changes: Any) -> dict[str, Any]:
    """Return a lifecycle rule that moves objects twice and then deletes them. A key given as None is left out."""
    infrequent = {"days": 30, "storage_class": "STANDARD_IA"}
    whole = {
        "id": "age",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "transitions": [infrequent, GLACIER],
        "expiration": {"days": 365},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def lifecycle(*rules: Any, of: aws.s3.Bucket | None = None) -> aws.s3.BucketLifecycleConfiguration:
    return aws.s3.BucketLifecycleConfiguration("age", bucket=(of or bucket()).id, rules=list(rules))


def moves(*days: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"days": day, "storage_class": to} for to, day in days]


def noncurrent(versions: bool = True, first: int = 30, end: int = 90) -> None:
    """A lifecycle of noncurrent versions: a move after `first` days and deletion after `end`."""
    of = bucket()
    if versions:
        versioning(of)
    moved = [{"noncurrent_days": first, "storage_class": "STANDARD_IA"}]
    lifecycle(
        rule(
            transitions=None,
            expiration=None,
            noncurrent_version_transitions=moved,
            noncurrent_version_expiration={"noncurrent_days": end},
        ),
        of=of,
    )


def bucket_policy(
    *statements: Mapping[str, Any], of: aws.s3.Bucket | None = None, opts: pulumi.ResourceOptions | None = None
) -> aws.s3.BucketPolicy:
    return aws.s3.BucketPolicy("policy", bucket=(of or bucket()).id, policy=policy_text(*statements), opts=opts)


def on_bucket(**changes: Any) -> dict[str, Any]:
    """Return a statement of a bucket policy that lets the account read."""
    whole = {"Principal": {"AWS": ROOT}, "Action": "s3:GetObject", "Resource": f"{ARN}/*", **changes}
    return statement(**whole)


def public(block: Any = None, *, depends: bool = True, **changes: Any) -> None:
    """A bucket policy for everybody, on a bucket that blocks public policies or not, or says nothing about it."""
    of = bucket()
    first: list[pulumi.Resource] = []
    if block is not None:
        first = [aws.s3.BucketPublicAccessBlock("block", bucket=of.id, block_public_policy=block)]
    bucket_policy(on_bucket(Principal="*", **changes), of=of, opts=after(*first) if depends else None)


def logging(
    *,
    algorithm: str | None = None,
    allowed: Sequence[Mapping[str, Any]] | None = None,
    depends: bool = True,
    itself: bool = False,
    acl_instead: bool = False,
) -> None:
    """Access logs of a bucket go to another one, whose policy lets S3 write them."""
    logs = bucket()
    source = logs if itself else bucket("orders-source")
    first: list[pulumi.Resource] = []
    if algorithm is not None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=logs.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": algorithm}}],
        )
    if acl_instead:
        first = [acl("BucketOwnerPreferred", of=logs)]
    elif allowed != []:
        delivery = on_bucket(Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject")
        first = [bucket_policy(*(allowed or [delivery]), of=logs)]
    aws.s3.BucketLogging(
        "log", bucket=source.id, target_bucket=logs.id, target_prefix="s3/", opts=after(*first) if depends else None
    )


def acl(ownership: Any, *, depends: bool = True, of: aws.s3.Bucket | None = None) -> aws.s3.BucketAcl:
    """An ACL on a bucket with ownership controls, or without any for None."""
    owned = of or bucket()
    first: list[pulumi.Resource] = []
    if ownership is not None:
        controls = {"object_ownership": ownership}
        first = [aws.s3.BucketOwnershipControls("ownership", bucket=owned.id, rule=controls)]
    opts = after(*first) if depends else None
    return aws.s3.BucketAcl("acl", bucket=owned.id, acl="log-delivery-write", opts=opts)


def object_lock(*, made_with: bool = True, versions: Any = None, depends: bool = True, **retention: Any) -> None:
    of = bucket(object_lock_enabled=True) if made_with else bucket()
    first = [versioning(of, versions)] if versions is not None else []
    aws.s3.BucketObjectLockConfiguration(
        "lock",
        bucket=of.id,
        rule={"default_retention": {"mode": "GOVERNANCE", **(retention or {"days": 7})}},
        opts=after(*first) if depends else None,
    )


def replication(status: Any = "Enabled", *, depends: bool = True) -> None:
    """Replication of a bucket to one outside the stack."""
    of = bucket()
    first = [versioning(of, status)] if status is not None else []
    aws.s3.BucketReplicationConfig(
        "copies",
        bucket=of.id,
        role=role().arn,
        rules=[{"id": "all", "status": "Enabled", "destination": {"bucket": "arn:aws:s3:::elsewhere"}}],
        opts=after(*first) if depends else None,
    )


def waf(target: pulumi.Resource) -> None:
    aws.wafv2.WebAclLoggingConfiguration(
        "waf",
        log_destination_configs=[target.arn],  # pyright: ignore[reportAttributeAccessIssue]
        resource_arn=f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/front/1",
    )


def _two_policies() -> None:
    of = bucket()
    bucket_policy(on_bucket(), of=of)
    aws.s3.BucketPolicy("second", bucket=of.bucket, policy=policy_text(on_bucket()))


BUCKETS = [
    Wrong("capitals in a bucket's name", lambda: bucket("Orders"), "bucket", "'Orders' given; allowed: 3 to 63 of a-z"),
    Wrong("bucket's name of 64", lambda: bucket("b" * 64), "bucket", "given; allowed: 3 to 63 of a-z"),
    Wrong("bucket's name of 2", lambda: bucket("bb"), "bucket", "'bb' given; allowed: 3 to 63"),
    Wrong("underscore", lambda: bucket("orders_archive"), "bucket", "given; allowed: 3 to 63"),
    Wrong("two dots", lambda: bucket("orders..archive"), "bucket", "single dots"),
    Wrong("hyphen at the end", lambda: bucket("orders-"), "bucket", "no - or dot at the ends"),
    Wrong("IP address", lambda: bucket("192.168.5.4"), "bucket", "must not look like an IP address"),
    Wrong("reserved beginning", lambda: bucket("xn--orders"), "bucket", "'xn--orders' given; reserved: xn--, sthree-"),
    Wrong("reserved end", lambda: bucket("orders--x-s3"), "bucket", "'orders--x-s3' given; reserved"),
    Wrong(
        "two buckets of one name",
        lambda: (bucket(), bucket("second", bucket=NAME)),
        "bucket",
        "'orders-archive' is the name of aws:s3/bucket:Bucket orders-archive too",
    ),
    Wrong(
        "two policies of a bucket", _two_policies, "bucket", "aws:s3/bucket:Bucket orders-archive has policy already"
    ),
    Wrong("no rules", lambda: lifecycle(), "rules", "missing; at least one rule is needed"),
    Wrong("rule twice", lambda: lifecycle(rule(), rule()), "rules[1].id", "rule 'age' is given twice"),
    Wrong("rule's id of 256", lambda: lifecycle(rule(id="i" * 256)), "rules[0].id", "256 characters given"),
    Wrong(
        "rule that does nothing",
        lambda: lifecycle(rule(transitions=[], expiration=None)),
        "rules[0]",
        "does nothing; one of abortIncompleteMultipartUpload",
    ),
    Wrong(
        "infrequent access too soon",
        lambda: lifecycle(rule(transitions=moves(("ONEZONE_IA", 29)))),
        "rules[0].transitions[0].days",
        "29 given; ONEZONE_IA allows: at least 30",
    ),
    Wrong(
        "storage class twice",
        lambda: lifecycle(rule(transitions=[GLACIER, GLACIER])),
        "rules[0].transitions[1].storageClass",
        "'GLACIER' is given twice",
    ),
    Wrong(
        "cold before warm",
        lambda: lifecycle(rule(transitions=moves(("DEEP_ARCHIVE", 90), ("GLACIER", 100)))),
        "rules[0].transitions[0].days",
        "90 given; DEEP_ARCHIVE after GLACIER allows: at least 101",
    ),
    Wrong(
        "archive right after infrequent access",
        lambda: lifecycle(rule(transitions=moves(("STANDARD_IA", 30), ("GLACIER", 59)))),
        "rules[0].transitions[1].days",
        "59 given; GLACIER after STANDARD_IA allows: at least 60",
    ),
    Wrong(
        "expires with the last transition",
        lambda: lifecycle(rule(expiration={"days": 90})),
        "rules[0].expiration.days",
        "90 given; allowed: more than 90, the last transition",
    ),
    Wrong(
        "noncurrent versions too soon",
        lambda: noncurrent(first=7),
        "rules[0].noncurrentVersionTransitions[0].noncurrentDays",
        "7 given; STANDARD_IA allows: at least 30",
    ),
    Wrong(
        "noncurrent versions expire before they move",
        lambda: noncurrent(end=30),
        "rules[0].noncurrentVersionExpiration.noncurrentDays",
        "30 given; allowed: more than 30",
    ),
    Wrong(
        "noncurrent versions without versions",
        lambda: noncurrent(versions=False),
        "rules[0].noncurrentVersionExpiration",
        "given, but aws:s3/bucket:Bucket orders-archive has no versioning",
        also=(("rules[0].noncurrentVersionTransitions", "has no versioning"),),
    ),
    Wrong("replication without versions", lambda: replication(None), "bucket", "replication needs versioning Enabled"),
    Wrong("replication of suspended", lambda: replication("Suspended"), "bucket", "orders-archive has Suspended"),
    Wrong(
        "replication before versions",
        lambda: replication(depends=False),
        "bucket",
        "the configuration must depend on versioning versions",
    ),
    Wrong(
        "object lock later",
        lambda: object_lock(made_with=False),
        "bucket",
        "object lock without objectLockEnabled of the bucket needs versioning Enabled",
    ),
    Wrong(
        "object lock before versions",
        lambda: object_lock(made_with=False, versions="Enabled", depends=False),
        "bucket",
        "must depend on versioning versions",
    ),
    Wrong(
        "retention in days and years",
        lambda: object_lock(days=7, years=1),
        "rule.defaultRetention",
        "days and years given; exactly one of days, years",
    ),
    Wrong("ACL without ownership controls", lambda: acl(None), "bucket", "takes no ACLs; ownership controls with"),
    Wrong("ACL under enforced ownership", lambda: acl("BucketOwnerEnforced"), "bucket", "orders-archive takes no ACLs"),
    Wrong(
        "ACL before ownership controls",
        lambda: acl("ObjectWriter", depends=False),
        "bucket",
        "the ACL must depend on the ownership controls ownership",
    ),
    Wrong("logs of the logs", lambda: logging(itself=True), "targetBucket", "the bucket itself given"),
    Wrong("logs under a KMS key", lambda: logging(algorithm="aws:kms"), "targetBucket", "is encrypted with aws:kms"),
    Wrong(
        "logs without policy",
        lambda: logging(allowed=[]),
        "targetBucket",
        "the policy of aws:s3/bucket:Bucket orders-archive must allow s3:PutObject to logging.s3.amazonaws.com",
    ),
    Wrong(
        "logs not allowed", lambda: logging(allowed=[on_bucket()]), "targetBucket", "must allow s3:PutObject to logging"
    ),
    Wrong(
        "logs before policy",
        lambda: logging(depends=False),
        "targetBucket",
        "the logging must depend on the target's policy policy",
    ),
    Wrong(
        "public policy and block",
        lambda: public(True),
        "policy.Statement[0].Principal",
        "everybody is allowed; aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock block blocks public policies",
    ),
    Wrong("public policy", public, "policy.Statement[0].Principal", "a new bucket blocks public policies"),
    Wrong(
        "public over TLS",
        lambda: public(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "policy.Statement[0].Principal",
        "a new bucket blocks public policies",
    ),
    Wrong(
        "public policy before the block is lifted",
        lambda: public(False, depends=False),
        "policy.Statement[0].Principal",
        "the policy must depend on aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock block",
    ),
    Wrong(
        "policy about another bucket",
        lambda: bucket_policy(on_bucket(Resource=[ARN, f"{ARN}-2/*"])),
        "policy.Statement[0].Resource",
        "'arn:aws:s3:::orders-archive-2/*' given; allowed: arn:aws:s3:::orders-archive and its objects",
    ),
    Wrong("bucket for WAF", lambda: waf(bucket()), "logDestinationConfigs", "'orders-archive' given; a name that"),
    Wrong("log group for WAF", lambda: waf(log_group()), "logDestinationConfigs", "a name that begins aws-waf-logs-"),
]


def _unknown_lifecycle() -> None:
    day = queue("elsewhere").arn.apply(len)
    lifecycle(
        rule(id="one", transitions=moves(("STANDARD_IA", 30), ("GLACIER", day)), expiration={"days": 31}),
        rule(id="two", transitions=day, expiration=day),
        day,
    )


WRONG_STORAGE: list[Wrong] = BUCKETS
SOUND_STORAGE: dict[str, Callable[[], Any]] = {
    "shortest bucket name": lambda: bucket("a.1"),
    "longest bucket name": lambda: bucket("b" * 63),
    "bucket name of five numbers": lambda: bucket("192.168.5.4.3"),
    "bucket without name": lambda: (bucket("one", bucket=None), bucket("two", bucket=None)),
    "lifecycle": lambda: lifecycle(rule(), rule(id="off", status="Disabled")),
    "lifecycle in another order": lambda: lifecycle(
        rule(transitions=moves(("DEEP_ARCHIVE", 91), ("GLACIER", 90), ("STANDARD_IA", 60)))
    ),
    "lifecycle without infrequent access": lambda: lifecycle(
        rule(transitions=moves(("INTELLIGENT_TIERING", 0), ("GLACIER_IR", 1)), expiration={"days": 2})
    ),
    "lifecycle by date": lambda: lifecycle(rule(transitions=[{"date": "2030-01-01", "storage_class": "STANDARD_IA"}])),
    "noncurrent versions": noncurrent,
    "replication": replication,
    "object lock": object_lock,
    "object lock of a versioned bucket": lambda: object_lock(made_with=False, versions="Enabled"),
    "ACL": lambda: acl("BucketOwnerPreferred"),
    "access logs": lambda: logging(algorithm="AES256"),
    "access logs by ACL": lambda: logging(acl_instead=True),
    "policies of two buckets": lambda: (
        bucket_policy(on_bucket()),
        aws.s3.BucketPolicy("second", bucket="elsewhere", policy=policy_text(on_bucket())),
    ),
    "public bucket": lambda: public(False),
    "everybody in a network": lambda: public(True, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
    "everybody refused": lambda: public(True, Effect="Deny"),
    "logs of WAF": lambda: waf(bucket("aws-waf-logs-orders")),
    "unknown lifecycle": _unknown_lifecycle,
}
