"""Fixtures of rules about secrets' policies."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

READER = "arn:aws:iam::111122223333:role/app"
READING: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "*",
    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [READER, f"{READER}-2"]}},
}
CHANGING: dict[str, Any] = {
    **READING,
    "Action": ["secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret", "secretsmanager:Update*"],
}
SECRET = made("aws:secretsmanager/secret:Secret", "secret")
OTHER = made(SECRET.type, "other")
POLICY = made(
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    refers={"secretArn": SECRET},
    blockPublicPolicy=True,
    policy={"Version": "2012-10-17", "Statement": [READING, CHANGING]},
)
INLINE = changed(SECRET, {"policy": POLICY.inputs["policy"]})
READ, CHANGE = "policy.Statement.0", "policy.Statement.1"


def excepting(place: str, operator: str, key: str, value: Any) -> list[Any]:
    return [changed(POLICY, {f"{place}.Condition": {operator: {key: value}}})]


HAS_POLICY = Cases(
    rule="secret-has-restrictive-policy",
    good={"by itself": [SECRET, POLICY], "secret's own": [INLINE]},
    bad={
        "none": ([SECRET], ("policy",)),
        "empty": ([changed(SECRET, {"policy": ""})], ("policy",)),
        "another's": ([SECRET, OTHER, made(POLICY.type, refers={"secretArn": OTHER}, policy="{}")], ("policy",)),
    },
    unknown={"of which secret": ([SECRET, made(POLICY.type, secretArn=UNKNOWN, policy="{}")], ("policy",))},
    always=True,
)

READERS = Cases(
    rule="secret-policy-names-readers",
    good={
        "all but roles": [POLICY],
        "secret's own": [INLINE],
        "by another operator": excepting(READ, "StringNotLike", "aws:PrincipalArn", READER),
        "people": excepting(
            READ,
            "ArnNotLike",
            "aws:PrincipalArn",
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*",
        ),
        "sessions": excepting(READ, "StringNotLike", "aws:userId", "AROAEXAMPLEEXAMPLE12:*"),
        "services left out": [
            changed(POLICY, {f"{READ}.Condition.BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})
        ],
        "not principal": [
            changed(
                POLICY,
                {f"{READ}.Principal": GONE, f"{READ}.NotPrincipal": {"AWS": READER}, f"{READ}.Condition": GONE},
            )
        ],
        "beside what is not known": [changed(POLICY, {f"{CHANGE}.Resource": UNKNOWN})],
    },
    bad={
        "allowed": ([changed(POLICY, {f"{READ}.Effect": "Allow"})], ("policy",)),
        "another action": ([changed(POLICY, {f"{READ}.Action": "secretsmanager:ListSecrets"})], ("policy",)),
        "not everybody": ([changed(POLICY, {f"{READ}.Principal": {"AWS": READER}})], ("policy",)),
        "no condition": ([changed(POLICY, {f"{READ}.Condition": GONE})], ("policy",)),
        "any role": (
            excepting(READ, "ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*"),
            ("policy",),
        ),
        "some roles": (excepting(READ, "ArnNotLike", "aws:PrincipalArn", f"{READER}-*"), ("policy",)),
        "anybody": (excepting(READ, "ArnNotLike", "aws:PrincipalArn", [READER, "*"]), ("policy",)),
        "the account": (excepting(READ, "StringNotEquals", "aws:PrincipalAccount", "111122223333"), ("policy",)),
        "positive": (excepting(READ, "ArnEquals", "aws:PrincipalArn", READER), ("policy",)),
        "only at times": (
            [changed(POLICY, {f"{READ}.Condition.StringEquals": {"aws:RequestedRegion": "eu-west-1"}})],
            ("policy",),
        ),
        "another resource": ([changed(POLICY, {f"{READ}.Resource": "arn:aws:s3:::x"})], ("policy",)),
        "no statement": ([changed(POLICY, {"policy.Statement": []})], ("policy",)),
    },
    unknown={
        "policy": ([changed(POLICY, {"policy": UNKNOWN})], ("policy",)),
        "statement": ([changed(POLICY, {f"{READ}.Resource": UNKNOWN})], ("policy",)),
    },
    skipped={"policy elsewhere": [SECRET]},
)

WRITERS = Cases(
    rule="secret-policy-names-writers",
    good={"all but roles": [POLICY], "whole service": [changed(POLICY, {f"{CHANGE}.Action": "secretsmanager:*"})]},
    bad={
        "one action": (
            [changed(POLICY, {f"{CHANGE}.Action": ["secretsmanager:PutSecretValue", "secretsmanager:Update*"]})],
            ("policy",),
        ),
        "all": ([changed(POLICY, {f"{CHANGE}.Effect": "Allow"})], ("policy", "policy", "policy")),
        "any user": (excepting(CHANGE, "ArnNotLike", "aws:PrincipalArn", "*"), ("policy", "policy", "policy")),
    },
    unknown={"policy": ([changed(POLICY, {"policy": UNKNOWN})], ("policy", "policy", "policy"))},
    skipped={"policy elsewhere": [SECRET]},
)

BLOCK = "blockPublicPolicy"
BLOCKS_PUBLIC = Cases(
    rule="secret-policy-blocks-public",
    good={"true": [POLICY], "text": [changed(POLICY, {BLOCK: "true"})]},
    bad={
        "not set": ([changed(POLICY, {BLOCK: GONE})], (BLOCK,)),
        "false": ([changed(POLICY, {BLOCK: False})], (BLOCK,)),
    },
    unknown={"value": ([changed(POLICY, {BLOCK: UNKNOWN})], (BLOCK,))},
    always=True,
)

CASES: list[Cases] = [HAS_POLICY, READERS, WRITERS, BLOCKS_PUBLIC]
