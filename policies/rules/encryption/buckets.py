"""Buckets: how objects are encrypted, and that nobody reaches them without TLS."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.documents import Condition, Document, document
from policies.rules.encryption.keys import AWS_KEY, given_key, own_key, places
from policies.rules.encryption.refusals import refused_without_tls
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    all_of,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_LOGGING = "aws:s3/bucketLogging:BucketLogging"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_ALGORITHM = "applyServerSideEncryptionByDefault.sseAlgorithm"
_KEY = "applyServerSideEncryptionByDefault.kmsMasterKeyId"
_INLINE = "serverSideEncryptionConfiguration"
_KMS = ("aws:kms", "aws:kms:dsse")


def _takes_access_logs(view: View) -> bool:
    """Say whether a bucket is one into which S3 delivers access logs: it does so under SSE-S3 only."""
    buckets = [view] if view.type == BUCKET else [b for b in view.of_type(BUCKET) if view.refers_to("bucket", b)]
    return any(bucket.referrers(_LOGGING, "targetBucket")[0] for bucket in buckets)


def _rules(view: View) -> list[str] | None:
    """Return the paths of the rules of an encryption configuration, or of a bucket's own; None where not known."""
    if view.type == ENCRYPTION:
        return places(view, "rules")
    return [path for own in places(view, _INLINE) or () for path in places(view, f"{own}.rule") or ()]


@rule(
    "EN-030",
    "bucket-encrypted",
    pack="encryption",
    types=(BUCKET, ENCRYPTION),
    severity="medium",
    rationale="A configuration of the bucket's own says which key new objects get, whoever writes them.",
    url=f"{_S3}/default-bucket-encryption.html",
    remediation="Add a BucketServerSideEncryptionConfiguration with the algorithm, and the key where one is asked for.",
    scope="stack",
    controls=("CKV_AWS_19", "CKV_AWS_145", "S3.17", "aws-s3-bucket-enable-server-side-encryption"),
    criteria=("TRADING-05.3", "TRADING-17.1b", "AGENTIC-05.4b"),
    parameters=AWS_KEY,
)
def encrypted(view: View) -> Outcome:
    """A bucket must have a configuration; one that is a resource of its own is judged there."""
    if view.type == BUCKET:
        configured, uncertain = view.referrers(ENCRYPTION, "bucket")
        if configured:
            return PASS
        if uncertain or view.get(_INLINE) is UNKNOWN:
            return unknown(_INLINE, "a configuration")
    rules = _rules(view)
    if rules is None:
        return unknown("rules", "an algorithm")
    if not rules:
        return fail("rules" if view.type == ENCRYPTION else _INLINE, "not set", "an algorithm")
    asked = view.parameters.get("key") == "customer"
    if asked and not _takes_access_logs(view):
        words = [check_word(view, f"{path}.{_ALGORITHM}", _KMS, known=("AES256",)) for path in rules]
    else:
        words = [check_word(view, f"{path}.{_ALGORITHM}", ("AES256", *_KMS)) for path in rules]
        asked = False
    keys = [(own_key if asked else given_key)(view, f"{path}.{_KEY}") for path in rules]
    return all_of([*words, *keys])


@rule(
    "EN-031",
    "bucket-key-enabled",
    pack="encryption",
    types=(ENCRYPTION, BUCKET),
    severity="medium",
    rationale="Without a bucket key each object is a call to KMS, which costs and runs into the key's request quota.",
    url=f"{_S3}/bucket-key.html",
    remediation="Set bucket_key_enabled=True in the rule whose algorithm is aws:kms.",
    controls=("aws-s3-bucket-enable-server-side-encryption-bucket-key",),
)
def bucket_key(view: View) -> Outcome:
    """SSE-S3 has no use for a bucket key, and DSSE-KMS does not take one."""
    rules = _rules(view)
    if rules is None:
        return unknown("rules", "a bucket key where the algorithm is aws:kms")
    outcomes = []
    for path in rules:
        algorithm = view.get(f"{path}.{_ALGORITHM}")
        enabled = check_true(view, f"{path}.bucketKeyEnabled")
        if algorithm is UNKNOWN and enabled.word == "fail":
            outcomes.append(unknown(f"{path}.{_ALGORITHM}", "a bucket key where it is aws:kms"))
        elif algorithm is UNKNOWN or (isinstance(algorithm, str) and algorithm.lower() == "aws:kms"):
            outcomes.append(enabled)
    return all_of(outcomes)


@rule(
    "EN-032",
    "bucket-denies-without-tls",
    pack="encryption",
    types=(BUCKET, POLICY),
    severity="medium",
    rationale="S3 also answers plain HTTP; only the bucket's policy can make it refuse that, for bucket and objects.",
    url=f"{_S3}/security-best-practices.html",
    remediation="Deny s3:* to * in a BucketPolicy, for the bucket's ARN and ARN/*, if aws:SecureTransport is false.",
    scope="stack",
    controls=("S3.5", "AwsSolutions-S10", "2.1.1"),
)
def tls(view: View) -> Outcome:
    """A bucket must have a policy; one that is a resource of its own is judged there."""
    if view.type == POLICY:
        found = document(view, "policy")
        if found is None:
            return fail("policy", "not set", "a policy that refuses requests without TLS")
        bucket = next((other for other in view.of_type(BUCKET) if view.refers_to("bucket", other)), None)
        return _judged(found, _name(view) if bucket is None else _name(bucket))
    policies, uncertain = view.referrers(POLICY, "bucket")
    if policies:
        return PASS
    found = document(view, "policy")
    if uncertain or (found is not None and not found.known):
        return unknown("policy", "a policy that refuses requests without TLS")
    if found is None:
        return fail("policy", "not set", "a policy that refuses requests without TLS")
    return _judged(found, _name(view))


def _name(view: View) -> str | None:
    name = view.get("bucket")
    return name if isinstance(name, str) and name else None


def _judged(found: Document, name: str | None) -> Outcome:
    arn = f"arn:aws:s3:::{name}"
    refused = refused_without_tls(found, "s3", None if name is None else (arn, f"{arn}/*"))
    old = [one for one in found.statements if one.denies and any(_too_low(line) for line in one.conditions)]
    return all_of([refused, *(fail(one.path, "a version below 1.2", "at least TLS 1.2") for one in old)])


def _too_low(condition: Condition) -> bool:
    """Say whether a condition draws the line at a version below TLS 1.2."""
    try:
        versions = [float(value) for value in condition.values]
    except ValueError:
        return condition.key == "s3:tlsversion"
    return (
        condition.key == "s3:tlsversion" and condition.operator == "numericlessthan" and min(versions, default=0) < 1.2
    )
