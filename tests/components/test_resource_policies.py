"""components.resource_policies: who may use a resource, as documents."""

from __future__ import annotations

import dataclasses
import json

import pytest

from components.account import Account
from components.resource_policies import (
    EVERYBODY,
    PolicyStatement,
    accept_access_logs,
    accept_delivered_logs,
    admit_readers,
    only_roles,
    policy_text,
    require_tls,
)

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
BUCKET = "arn:aws:s3:::test-logs"


def one(**changes: object) -> PolicyStatement:
    plain = PolicyStatement(sid="Any", principal=EVERYBODY, actions=("s3:GetObject",), resources=("*",))
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # of a test's choice


def test_statement_without_conditions_names_none() -> None:
    assert one().document() == {
        "Sid": "Any",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": ["*"],
    }


def test_statement_takes_effect_principal_and_conditions() -> None:
    given = one(
        effect="Deny",
        principal={"Service": "sns.amazonaws.com"},
        conditions={"StringEquals": {"aws:SourceAccount": "111111111111"}},
    )
    assert given.document() == {
        **one().document(),
        "Effect": "Deny",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
    }


def test_policy_is_json_without_white_space_in_the_order_of_its_statements() -> None:
    text = policy_text([one(sid="B"), one(sid="A")])
    assert text == (
        '{"Version":"2012-10-17","Statement":['
        '{"Sid":"B","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["*"]},'
        '{"Sid":"A","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["*"]}]}'
    )


@pytest.mark.parametrize("other", [one(), one(effect="Deny")])
def test_two_statements_of_one_name_are_refused(other: PolicyStatement) -> None:
    with pytest.raises(ValueError, match=r"^two statements are called Any$"):
        policy_text([one(), other])


def test_requests_without_tls_or_with_an_old_one_are_refused_to_bucket_and_objects() -> None:
    common = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": [BUCKET, f"{BUCKET}/*"]}
    assert json.loads(policy_text(require_tls(BUCKET)))["Statement"] == [
        {"Sid": "RefuseWithoutTls", **common, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **common, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]


def test_access_logs_of_the_account_are_accepted() -> None:
    assert json.loads(policy_text(accept_access_logs(ACCOUNT, BUCKET)))["Statement"] == [
        {
            "Sid": "AcceptAccessLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": ["s3:PutObject"],
            "Resource": [f"{BUCKET}/*"],
            "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        }
    ]


def test_delivered_logs_of_account_and_region_are_accepted_under_the_prefix_of_the_account() -> None:
    delivery = {"Service": "delivery.logs.amazonaws.com"}
    source = {"aws:SourceAccount": "111111111111"}
    arns = {"ArnLike": {"aws:SourceArn": ["arn:aws:logs:us-east-1:111111111111:*"]}}
    assert json.loads(policy_text(accept_delivered_logs(ACCOUNT, BUCKET)))["Statement"] == [
        {
            "Sid": "AcceptDeliveredLogs",
            "Effect": "Allow",
            "Principal": delivery,
            "Action": ["s3:PutObject"],
            "Resource": [f"{BUCKET}/AWSLogs/111111111111/*"],
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **source}, **arns},
        },
        {
            "Sid": "ShowAclToDelivery",
            "Effect": "Allow",
            "Principal": delivery,
            "Action": ["s3:GetBucketAcl"],
            "Resource": [BUCKET],
            "Condition": {"StringEquals": source, **arns},
        },
    ]


def test_logs_for_cloudfront_are_accepted_from_its_region_too() -> None:
    account = Account(account_id="111111111111", region="eu-west-1")
    assert [row.conditions["ArnLike"]["aws:SourceArn"] for row in accept_delivered_logs(account, BUCKET)] == [
        ["arn:aws:logs:eu-west-1:111111111111:*", "arn:aws:logs:us-east-1:111111111111:*"]
    ] * 2


def test_services_read_objects_for_what_is_like_a_pattern() -> None:
    distributions = "arn:aws:cloudfront::111111111111:distribution/*"
    rows = admit_readers(BUCKET, {"cloudfront.amazonaws.com": distributions})
    assert json.loads(policy_text(rows))["Statement"] == [
        {
            "Sid": "CloudfrontReads",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:GetObject"],
            "Resource": [f"{BUCKET}/*"],
            "Condition": {"ArnLike": {"aws:SourceArn": distributions}},
        }
    ]


def test_all_but_named_roles_are_refused_to_touch_objects_and_nobody_to_mend_the_policy() -> None:
    roles = ["arn:aws:iam::111111111111:role/deploy", "arn:aws:iam::111111111111:role/team/preview"]
    assert json.loads(policy_text(only_roles(ACCOUNT, BUCKET, ("deploy", "team/preview"))))["Statement"] == [
        {
            "Sid": "OnlyNamedRoles",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"],
            "Resource": [f"{BUCKET}/*"],
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": roles}},
        }
    ]
