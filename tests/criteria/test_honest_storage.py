"""Requirement 05 cannot be fooled: what breaks a bucket fails its criterion, and what is unknown stays open."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    BUCKET,
    KEY,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    leaves_open,
    refer,
    set_,
    statement,
    together,
    verdict,
    whole,
)

_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_LOGGING = "aws:s3/bucketLogging:BucketLogging"
_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_KMS = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}


def _rule(days: Any, **elements: Any) -> dict[str, Any]:
    return {"status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}} | elements


def _rules(bucket: str, *rules: dict[str, Any]) -> Change:
    return set_(_LIFECYCLE, f"{bucket}-lifecycle", rules=list(rules))


def _default(**applied: Any) -> list[dict[str, Any]]:
    return [{"applyServerSideEncryptionByDefault": applied}]


def _delivery(**elements: Any) -> Change:
    return statement(_POLICY, "access-logs-policy", "AcceptAccessLogs", **elements)


BROKEN: list[Row] = [
    ("05.1a", "prod", "no such bucket", drop(BUCKET, "-audit-logs")),
    ("05.1a", "prod", "another name", set_(BUCKET, "-audit-logs", bucket="prod-audits-222222222222")),
    ("05.1b", "prod", "no such bucket", drop(BUCKET, "-prompt-templates")),
    ("05.1c", "prod", "no such bucket", drop(BUCKET, "-model-outputs")),
    ("05.1d", "prod", "no such bucket", drop(BUCKET, "-frontend-assets")),
    (
        "05.2",
        "prod",
        "suspended",
        set_(_VERSIONING, "model-outputs-versioning", versioningConfiguration={"status": "Suspended"}),
    ),
    ("05.2", "prod", "no setting", drop(_VERSIONING, "model-outputs-versioning")),
    (
        "05.2",
        "prod",
        "the setting of another bucket",
        refer(_VERSIONING, "model-outputs-versioning", "bucket", (BUCKET, "-audit-logs")),
    ),
    ("05.2", "prod", "a bucket of an older kind", add("aws:s3/bucketV2:BucketV2", "old")),
    (
        "05.2",
        "prod",
        "a second setting that says otherwise",
        add(_VERSIONING, "more", {"bucket": (BUCKET, "-audit-logs")}, versioningConfiguration={"status": "Suspended"}),
    ),
    ("05.3", "prod", "no setting", drop(_ENCRYPTION, "model-outputs-encryption")),
    ("05.3", "prod", "no rule", set_(_ENCRYPTION, "model-outputs-encryption", rules=[])),
    (
        "05.3",
        "prod",
        "AWS's key",
        set_(_ENCRYPTION, "model-outputs-encryption", rules=_default(sseAlgorithm="aws:kms")),
    ),
    (
        "05.3",
        "prod",
        "a key of elsewhere",
        set_(
            _ENCRYPTION,
            "model-outputs-encryption",
            rules=_default(sseAlgorithm="aws:kms", kmsMasterKeyId="arn:aws:kms:us-east-1:333333333333:key/x"),
        ),
    ),
    (
        "05.3",
        "prod",
        "one rule of two",
        set_(
            _ENCRYPTION,
            "model-outputs-encryption",
            rules=_default(sseAlgorithm="AES256") + _default(sseAlgorithm="aws:kms"),
        ),
    ),
    ("05.3", "prod", "no algorithm", set_(_ENCRYPTION, "model-outputs-encryption", rules=_default(sseAlgorithm=""))),
    *(
        ("05.4", "prod", flag, set_(_PUBLIC_ACCESS, "audit-logs-public-access", **{flag: value}))
        for flag, value in (
            ("blockPublicAcls", False),
            ("blockPublicPolicy", None),
            ("ignorePublicAcls", False),
            ("restrictPublicBuckets", None),
        )
    ),
    ("05.4", "prod", "no setting", drop(_PUBLIC_ACCESS, "audit-logs-public-access")),
    ("05.5a", "test", "later", _rules("access-logs", _rule(91))),
    ("05.5a", "test", "earlier", _rules("waf-logs", _rule(30))),
    ("05.5a", "test", "no rule", _rules("audit-logs")),
    ("05.5a", "test", "no setting", drop(_LIFECYCLE, "audit-logs-lifecycle")),
    ("05.5a", "test", "switched off", _rules("audit-logs", _rule(90, status="Disabled"))),
    ("05.5a", "test", "some objects", _rules("audit-logs", _rule(90, filter={"prefix": "a/"}))),
    ("05.5a", "test", "objects of a size", _rules("audit-logs", _rule(90, filter={"objectSizeGreaterThan": 1}))),
    (
        "05.5a",
        "test",
        "objects of every prefix and one size",
        _rules("audit-logs", _rule(90, filter={"prefix": "", "objectSizeGreaterThan": 1})),
    ),
    ("05.5a", "test", "some objects in the older way", _rules("audit-logs", _rule(90, filter=None, prefix="a/"))),
    ("05.5a", "test", "some objects earlier", _rules("audit-logs", _rule(90), _rule(1, filter={"prefix": "a/"}))),
    ("05.5a", "test", "on a day", _rules("audit-logs", _rule(90), _rule(None, expiration={"date": "2027-01-01"}))),
    ("05.5b", "prod", "a day short of two leap days", _rules("audit-logs", _rule(2556))),
    ("05.5b", "prod", "another rule that is earlier", _rules("audit-logs", _rule(2557), _rule(90))),
    (
        "05.5b",
        "prod",
        "some objects earlier",
        _rules("audit-logs", _rule(2557), _rule(9, filter={"tag": {"key": "a"}})),
    ),
    ("05.5b", "prod", "on a day", _rules("audit-logs", _rule(2557, expiration={"date": "2027-01-01", "days": 2557}))),
    ("05.5b", "prod", "switched off", _rules("audit-logs", _rule(2557, status="Disabled"))),
    ("05.5b", "prod", "no setting", drop(_LIFECYCLE, "audit-logs-lifecycle")),
    (
        "05.5b",
        "prod",
        "the setting of another bucket",
        refer(_LIFECYCLE, "audit-logs-lifecycle", "bucket", (BUCKET, "-model-outputs")),
    ),
    ("05.6", "prod", "no logging", drop(_LOGGING, "audit-logs-access-log")),
    ("05.6", "prod", "into itself", refer(_LOGGING, "audit-logs-access-log", "targetBucket", (BUCKET, "-audit-logs"))),
    (
        "05.6",
        "prod",
        "into itself, which takes logs",
        together(
            refer(_LOGGING, "audit-logs-access-log", "targetBucket", (BUCKET, "-audit-logs")),
            add_statement(
                _POLICY,
                "audit-logs-policy",
                Effect="Allow",
                Principal={"Service": "logging.s3.amazonaws.com"},
                Action="s3:PutObject",
                Resource="arn:aws:s3:::prod-audit-logs-222222222222/*",
            ),
        ),
    ),
    ("05.6", "prod", "a bucket of elsewhere", set_(_LOGGING, "audit-logs-access-log", targetBucket="other")),
    (
        "05.6",
        "prod",
        "a bucket that takes no logs",
        refer(_LOGGING, "audit-logs-access-log", "targetBucket", (BUCKET, "-model-outputs")),
    ),
    ("05.6", "prod", "a refusal", _delivery(Effect="Deny")),
    ("05.6", "prod", "another service", _delivery(Principal={"Service": "delivery.logs.amazonaws.com"})),
    ("05.6", "prod", "another call", _delivery(Action="s3:GetObject")),
    ("05.6", "prod", "another prefix", _delivery(Resource="arn:aws:s3:::prod-access-logs-222222222222/waf/*")),
    ("05.6", "prod", "another bucket", _delivery(Resource="arn:aws:s3:::prod-audit-logs-222222222222/*")),
    ("05.6", "prod", "another account", _delivery(Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}})),
    ("05.6", "prod", "a condition that never holds", _delivery(Condition={"StringEquals": {"aws:username": "x"}})),
    (
        "05.6",
        "prod",
        "another condition beside",
        _delivery(Condition={"StringEquals": {"aws:SourceAccount": "222222222222", "aws:username": "x"}}),
    ),
    (
        "05.6",
        "prod",
        "the account by another key",
        _delivery(Condition={"StringEquals": {"aws:PrincipalAccount": "222222222222"}}),
    ),
    ("05.6", "prod", "no policy", drop(_POLICY, "access-logs-policy")),
    (
        "05.6",
        "prod",
        "refused by another statement",
        add_statement(
            _POLICY,
            "access-logs-policy",
            Effect="Deny",
            Principal={"Service": "logging.s3.amazonaws.com"},
            Action="s3:PutObject",
            Resource="*",
        ),
    ),
    ("05.8a", "prod", "no prefix", set_(BUCKET, "-model-outputs", bucket="model-outputs-222222222222")),
    ("05.8a", "prod", "another environment", set_(BUCKET, "-waf-logs", bucket="aws-waf-logs-test-222222222222")),
    ("05.8a", "prod", "a name that AWS makes up", set_(BUCKET, "-model-outputs", bucket=None)),
    ("05.8b", "prod", "no suffix", set_(BUCKET, "-model-outputs", bucket="prod-model-outputs")),
    ("05.8b", "prod", "another account", set_(BUCKET, "-waf-logs", bucket="aws-waf-logs-prod-333333333333")),
    (
        "05.8b",
        "prod",
        "a directory bucket",
        add("aws:s3/directoryBucket:DirectoryBucket", "fast", bucket="prod-222222222222--use1-az4--x-s3"),
    ),
]
OPEN: list[Row] = [
    ("05.1a", "prod", "a name", set_(BUCKET, "-audit-logs", bucket=UNKNOWN)),
    ("05.2", "prod", "a status", set_(_VERSIONING, "-audit-logs-versioning", versioningConfiguration=UNKNOWN)),
    (
        "05.3",
        "prod",
        "an algorithm",
        set_(_ENCRYPTION, "model-outputs-encryption", rules=_default(sseAlgorithm=UNKNOWN)),
    ),
    ("05.4", "prod", "a flag", set_(_PUBLIC_ACCESS, "audit-logs-public-access", blockPublicAcls=UNKNOWN)),
    ("05.5a", "test", "days", _rules("audit-logs", _rule(UNKNOWN))),
    ("05.5b", "prod", "another rule", _rules("audit-logs", _rule(2557), _rule(9, status=UNKNOWN))),
    ("05.6", "prod", "a policy", set_(_POLICY, "access-logs-policy", policy=UNKNOWN)),
    ("05.6", "prod", "a prefix", set_(_LOGGING, "audit-logs-access-log", targetPrefix=UNKNOWN)),
    ("05.8a", "prod", "a name", set_(BUCKET, "-model-outputs", bucket=UNKNOWN)),
    ("05.8b", "prod", "a name", set_(BUCKET, "-model-outputs", bucket=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_customer_key_is_a_stated_deviation() -> None:
    rules = [{"applyServerSideEncryptionByDefault": _KMS}]
    with_key = refer(_ENCRYPTION, "model-outputs-encryption", "rules", (KEY, "keys-buckets"), value=rules)
    found = verdict("05.3", with_key(whole("prod")))
    assert (found.word, found.decision) == ("deviation", 4)


def test_names_without_the_firewalls_are_no_deviation() -> None:
    assert verdict("05.8a", whole("prod")).decision == 7
    assert verdict("05.8a", drop(BUCKET, "-waf-logs")(whole("prod"))).word == "pass"


def test_logs_for_longer_than_seven_years_are_kept_for_seven() -> None:
    assert verdict("05.5b", _rules("audit-logs", _rule(3650))(whole("prod"))).word == "pass"


def test_rules_that_expire_nothing_change_nothing() -> None:
    other = {"status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 1}}
    plain = {"status": "Enabled", "expiration": {"days": 90}}
    assert verdict("05.5a", _rules("audit-logs", plain, other)(whole("test"))).word == "pass"


def test_a_bucket_without_a_known_name_is_no_bucket_of_logs() -> None:
    assert verdict("05.5a", set_(BUCKET, "-model-outputs", bucket=UNKNOWN)(whole("test"))).word == "pass"


def test_another_statement_beside_the_delivery_changes_nothing() -> None:
    more = add_statement(_POLICY, "access-logs-policy", Effect="Allow", Principal="*", Action="s3:*", Resource="*")
    assert verdict("05.6", more(whole("prod"))).word == "pass"
