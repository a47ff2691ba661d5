"""Requirement 17 cannot be fooled: what weakens a key fails its criterion, and what is unknown stays open."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    KEY,
    SECRET,
    TABLE,
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
    settings,
    statement,
    together,
    verdict,
    whole,
)

_ALIAS = "aws:kms/alias:Alias"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_ROOT = {"AWS": "arn:aws:iam::222222222222:root"}
_STRANGER = {"AWS": "arn:aws:iam::333333333333:root"}
_ROLE = "arn:aws:iam::222222222222:role/x"
_RECOVERY = settings(recovery_account_id="333333333333")
_VIA_S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}


def _uses(**elements: Any) -> Change:
    """Change the statement of the secrets' key that lets the account use it."""
    return statement(KEY, "keys-secrets", "AccountUsesThroughServices", **elements)


def _allows(principal: object, *actions: str, **elements: Any) -> Change:
    return add_statement(
        KEY, "keys-secrets", Effect="Allow", Principal=principal, Action=list(actions), Resource="*", **elements
    )


def _publish(**elements: Any) -> Change:
    return statement(KEY, "keys-topics", "ServicesPublish", **elements)


def _read(*actions: str, account: str = "222222222222") -> Change:
    """Let CloudFront use the buckets' key for the distributions of an account."""
    source = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{account}:distribution/*"}}
    service = {"Service": "cloudfront.amazonaws.com"}
    return add_statement(
        KEY, "keys-buckets", Effect="Allow", Principal=service, Action=list(actions), Resource="*", Condition=source
    )


def _reads(**elements: Any) -> Change:
    return statement(KEY, "keys-buckets", "CloudfrontDecrypts", **elements)


def _distributions(account: str) -> dict[str, Any]:
    return {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{account}:distribution/*"}}


def _recovers(name: str, **elements: Any) -> Change:
    allowed = {"Effect": "Allow", "Principal": _STRANGER, "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}
    return add_statement(KEY, name, **(allowed | elements))


def _all_recover(**elements: Any) -> Change:
    """Set a recovery account, and add a statement for it to every key; `elements` are those of one of them."""
    others = (_recovers(f"keys-{name}") for name in ("buckets", "tables", "topics"))
    return together(_RECOVERY, _recovers("keys-secrets", **elements), *others)


BROKEN: list[Row] = [
    ("17.1a", "prod", "no key", drop(KEY, "keys-secrets")),
    (
        "17.1a",
        "prod",
        "a key of two services",
        _uses(
            Condition={
                "StringEquals": {
                    "kms:ViaService": [
                        "secretsmanager.us-east-1.amazonaws.com",
                        "s3.us-east-1.amazonaws.com",
                    ]
                }
            }
        ),
    ),
    (
        "17.1a",
        "prod",
        "a table under the key",
        refer(
            TABLE,
            "-streams",
            "serverSideEncryption",
            (KEY, "keys-secrets"),
            value={"enabled": True, "kmsKeyArn": UNKNOWN},
        ),
    ),
    ("17.1a", "prod", "everything for everybody", _allows("*", "*")),
    ("17.1a", "prod", "use without a service", _allows(_ROOT, "kms:Decrypt")),
    (
        "17.1a",
        "prod",
        "every service but one",
        _uses(Condition={"StringNotEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}),
    ),
    ("17.1a", "prod", "a secret under another key", refer(SECRET, "-openai-api-key", "kmsKeyId", (KEY, "keys-tables"))),
    ("17.1a", "prod", "a secret under AWS's key", set_(SECRET, "-openai-api-key", kmsKeyId=None)),
    ("17.1b", "prod", "no key", drop(KEY, "keys-buckets")),
    (
        "17.1b",
        "prod",
        "another region",
        statement(
            KEY,
            "keys-buckets",
            "AccountUsesThroughServices",
            Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
        ),
    ),
    ("17.1b", "prod", "a service that encrypts by itself", _read("kms:Decrypt", "kms:GenerateDataKey")),
    ("17.1b", "prod", "a service that decrypts for anybody", _read("kms:Decrypt", account="*")),
    ("17.2", "prod", "a service that decrypts for others", _read("kms:Decrypt", account="333333333333")),
    ("17.1b", "prod", "CloudFront for anybody", _reads(Condition=None)),
    ("17.1b", "prod", "another service by itself", _reads(Principal={"Service": "sqs.amazonaws.com"})),
    ("17.1b", "prod", "CloudFront encrypts", _reads(Action=["kms:Decrypt", "kms:Encrypt"])),
    ("17.1c", "prod", "no key", drop(KEY, "keys-tables")),
    (
        "17.2",
        "prod",
        "nobody administers it",
        statement(KEY, "keys-secrets", "AccountAdministers", Action=["kms:DescribeKey"]),
    ),
    ("17.2", "prod", "no statement", set_(KEY, "keys-secrets", policy='{"Statement": []}')),
    ("17.1c", "prod", "a secret under the key", refer(SECRET, "-openai-api-key", "kmsKeyId", (KEY, "keys-tables"))),
    ("17.2", "prod", "no policy", set_(KEY, "keys-secrets", policy=None)),
    ("17.2", "prod", "everything", _allows(_ROOT, "kms:*")),
    ("17.2", "prod", "everything in another case", _allows(_ROOT, "KMS:*")),
    ("17.2", "prod", "everything everywhere", _allows(_ROOT, "*")),
    ("17.2", "prod", "everything beside something", _allows(_ROOT, "kms:DescribeKey", "kms:*")),
    ("17.2", "prod", "a call for data keys", _allows(_ROOT, "kms:GenerateDataKeyWithoutPlaintext")),
    ("17.2", "prod", "no call", _allows(_ROOT)),
    (
        "17.2",
        "prod",
        "all but one resource",
        add_statement(KEY, "keys-secrets", Effect="Allow", Principal=_ROOT, Action="kms:DescribeKey", NotResource="x"),
    ),
    ("17.2", "prod", "two kinds of principals", _allows({**_ROOT, "Service": "s3.amazonaws.com"}, "kms:DescribeKey")),
    (
        "17.2",
        "prod",
        "a stranger beside the account",
        _allows({"AWS": [_ROOT["AWS"], _STRANGER["AWS"]]}, "kms:DescribeKey"),
    ),
    ("17.2", "prod", "use from the account", _uses(Condition={"StringEquals": {"kms:CallerAccount": "222222222222"}})),
    ("17.2", "prod", "use through no service", _uses(Condition={"StringEquals": {"kms:ViaService": []}})),
    ("17.2", "prod", "use by no role", _uses(Condition={"ArnEquals": {"aws:PrincipalArn": []}})),
    ("17.2", "prod", "use by all but a role", _uses(Condition={"ArnNotEquals": {"aws:PrincipalArn": _ROLE}})),
    ("17.2", "prod", "use for a role", _uses(Condition={"ArnEquals": {"aws:SourceArn": _ROLE}})),
    (
        "17.2",
        "prod",
        "use by a role and one of elsewhere",
        _uses(Condition={"ArnEquals": {"aws:PrincipalArn": [_ROLE, "arn:aws:iam::333333333333:role/x"]}}),
    ),
    ("17.2", "prod", "any service", _publish(Principal={"Service": "*"})),
    ("17.2", "prod", "no service", _publish(Principal={"Service": []})),
    (
        "17.2",
        "prod",
        "a service for all but the account",
        _publish(Condition={"StringNotEquals": {"aws:SourceAccount": "222222222222"}}),
    ),
    (
        "17.2",
        "prod",
        "a service by another key",
        _publish(Condition={"StringEquals": {"aws:PrincipalAccount": "222222222222"}}),
    ),
    ("17.2", "prod", "a service for others' resources", _reads(Condition=_distributions("333333333333"))),
    ("17.2", "prod", "a service for anybody's resources", _reads(Condition=_distributions("*"))),
    ("17.2", "prod", "a family of calls", _allows(_ROOT, "kms:De*")),
    (
        "17.2",
        "prod",
        "all but one call",
        add_statement(KEY, "keys-secrets", Effect="Allow", Principal=_ROOT, NotAction="kms:Decrypt", Resource="*"),
    ),
    (
        "17.2",
        "prod",
        "all but one principal",
        add_statement(KEY, "keys-secrets", Effect="Allow", NotPrincipal=_ROOT, Action="kms:DescribeKey", Resource="*"),
    ),
    ("17.2", "prod", "use without condition", _allows(_ROOT, "kms:Decrypt")),
    ("17.2", "prod", "use in another case", _allows(_ROOT, "kms:DECRYPT")),
    ("17.2", "prod", "use through any service", _uses(Condition={"StringLike": {"kms:ViaService": "*"}})),
    (
        "17.2",
        "prod",
        "use if a service is named at all",
        _uses(Condition={"StringEqualsIfExists": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}),
    ),
    (
        "17.2",
        "prod",
        "use by any role",
        _uses(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/*"}}),
    ),
    (
        "17.2",
        "prod",
        "use by the whole account",
        _uses(Condition={"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:root"}}),
    ),
    (
        "17.2",
        "prod",
        "use by a role of elsewhere",
        _uses(Condition={"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/x"}}),
    ),
    ("17.2", "prod", "grants for anybody", _allows(_ROOT, "kms:CreateGrant", Condition=_VIA_S3)),
    ("17.2", "prod", "signing without condition", _allows(_ROOT, "kms:Sign")),
    ("17.2", "prod", "a stranger", _allows(_STRANGER, "kms:DescribeKey")),
    ("17.2", "prod", "anybody", _allows("*", "kms:DescribeKey")),
    ("17.2", "prod", "any AWS principal", _allows({"AWS": "*"}, "kms:Decrypt", Condition=_VIA_S3)),
    ("17.2", "prod", "a service for every account", _publish(Condition=None)),
    (
        "17.2",
        "prod",
        "a service for another account",
        _publish(Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}}),
    ),
    (
        "17.2",
        "prod",
        "a service for several accounts",
        _publish(Condition={"StringEquals": {"aws:SourceAccount": ["222222222222", "333333333333"]}}),
    ),
    ("17.2", "prod", "a recovery account that encrypts", together(_RECOVERY, _allows(_STRANGER, "kms:Encrypt"))),
    (
        "17.2",
        "prod",
        "a second policy",
        add("aws:kms/keyPolicy:KeyPolicy", "second", {"keyId": (KEY, "keys-secrets")}, policy="{}"),
    ),
    ("17.3", "prod", "the default", set_(KEY, "keys-secrets", enableKeyRotation=None)),
    ("17.3", "prod", "switched off", set_(KEY, "keys-secrets", enableKeyRotation=False)),
    (
        "17.3",
        "prod",
        "another asymmetric key",
        set_(KEY, "keys-secrets", enableKeyRotation=False, customerMasterKeySpec="RSA_2048"),
    ),
    ("17.3", "prod", "material from outside", add("aws:kms/externalKey:ExternalKey", "own")),
    ("17.4", "prod", "no alias", drop(_ALIAS, "keys-secrets-alias")),
    (
        "17.4",
        "prod",
        "an alias of another key",
        refer(_ALIAS, "keys-secrets-alias", "targetKeyId", (KEY, "keys-tables")),
    ),
    ("17.5", "prod", "a recovery account that is named nowhere", _RECOVERY),
    (
        "17.5",
        "prod",
        "one key without it",
        together(_RECOVERY, *(_recovers(f"keys-{name}") for name in ("buckets", "secrets", "tables"))),
    ),
    ("17.5", "prod", "a key that refuses it", _all_recover(Effect="Deny")),
    ("17.5", "prod", "a key that only describes itself to it", _all_recover(Action="kms:DescribeKey")),
    ("17.5", "prod", "a key under a condition", _all_recover(Condition=_VIA_S3)),
    ("17.5", "prod", "a key for another account", _all_recover(Principal={"AWS": "arn:aws:iam::444444444444:root"})),
    ("17.5", "prod", "a stranger without need", _recovers("keys-secrets")),
    ("17.5", "prod", "anybody without need", _allows("*", "kms:DescribeKey")),
]
OPEN: list[Row] = [
    ("17.1b", "prod", "a policy", set_(KEY, "keys-buckets", policy=UNKNOWN)),
    ("17.2", "prod", "a policy", set_(KEY, "keys-secrets", policy=UNKNOWN)),
    ("17.3", "prod", "rotation", set_(KEY, "keys-secrets", enableKeyRotation=UNKNOWN)),
    ("17.5", "prod", "a policy", set_(KEY, "keys-secrets", policy=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("number", ["17.2", "17.5"])
def test_a_recovery_account_that_every_key_lets_decrypt_is_right(number: str) -> None:
    assert verdict(number, _all_recover()(whole("prod"))).word == "pass"


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("17.1b", set_(KEY, "keys-topics", policy=UNKNOWN)),
        ("17.2", _uses(Condition={"ArnEquals": {"aws:PrincipalArn": [_ROLE]}})),
        ("17.2", add_statement(KEY, "keys-secrets", Effect="Deny", Principal="*", Action="*", Resource="*")),
        ("17.5", add_statement(KEY, "keys-secrets", Effect="Deny", Principal=_STRANGER, Action="kms:*", Resource="*")),
        ("17.5", _allows({"AWS": "222222222222"}, "kms:DescribeKey")),
    ],
    ids=["a hidden key of others", "use by a role", "a refusal", "a refusal to a stranger", "the account by number"],
)
def test_what_weakens_no_key_passes(number: str, change: Change) -> None:
    assert verdict(number, change(whole("prod"))).word == "pass"


def test_the_policy_of_a_key_may_stand_beside_it() -> None:
    (key,) = (key for key in whole("prod").graph.of_type(KEY) if key.name == "keys-secrets")
    beside = add("aws:kms/keyPolicy:KeyPolicy", "beside", {"keyId": (KEY, "keys-secrets")}, policy=key.inputs["policy"])
    moved = together(beside, set_(KEY, "keys-secrets", policy=None))
    assert verdict("17.2", moved(whole("prod"))).word == "pass"


def test_without_a_recovery_account_the_verdict_says_that_none_is_required() -> None:
    found = verdict("17.5", whole("prod"))
    assert (found.word, found.evidence) == ("pass", "4 keys name no other account: use by one is not required")


def test_a_key_for_dnssec_is_a_stated_deviation() -> None:
    signing = add(KEY, "dnssec", customerMasterKeySpec="ECC_NIST_P256", keyUsage="SIGN_VERIFY")
    found = verdict("17.3", signing(whole("prod")))
    assert (found.word, found.decision) == ("deviation", 14)


@pytest.mark.parametrize(
    ("number", "used", "change"),
    [
        (
            "17.1b",
            "1 keys are for s3 alone",
            refer(
                _ENCRYPTION,
                "model-outputs-encryption",
                "rules",
                (KEY, "keys-buckets"),
                value=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}],
            ),
        ),
        (
            "17.1c",
            "1 keys are for dynamodb alone",
            refer(
                TABLE,
                "-streams",
                "serverSideEncryption",
                (KEY, "keys-tables"),
                value={"enabled": True, "kmsKeyArn": UNKNOWN},
            ),
        ),
    ],
    ids=["17.1b", "17.1c"],
)
def test_a_key_that_waits_for_its_setting_says_so(number: str, used: str, change: Change) -> None:
    kind = used.split()[4]
    assert verdict(number, whole("prod")).evidence == f"{used}; {kind} use it by setting (decision 4)"
    assert verdict(number, change(whole("prod"))).evidence == used
