"""Fixtures of rules about key policies."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

OWN, OTHER = "111122223333", "444455556666"
ROOT = {"AWS": f"arn:aws:iam::{OWN}:root"}
ROLE = f"arn:aws:iam::{OWN}:role/app"
ADMINISTRATION: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": ROOT,
    "Action": ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"],
    "Resource": "*",
}
USE: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": ROOT,
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com"], "kms:CallerAccount": OWN}},
}
GRANTS: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": ROOT,
    "Action": "kms:CreateGrant",
    "Resource": "*",
    "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
}
KEY = made("aws:kms/key:Key", policy={"Version": "2012-10-17", "Statement": [ADMINISTRATION, USE, GRANTS]})
TEXT = changed(KEY, {"policy": json.dumps(KEY.inputs["policy"])})
FIRST, SECOND, THIRD = (f"policy.Statement[{number}]" for number in range(3))
AT_FIRST, AT_USE, AT_GRANTS = (f"policy.Statement.{number}" for number in range(3))
BARE = made("aws:kms/key:Key")
OTHER_KEY = made("aws:kms/key:Key", "other")
POLICY = made("aws:kms/keyPolicy:KeyPolicy", "policy", refers={"keyId": BARE}, policy=KEY.inputs["policy"])
UNKNOWNS = {
    "policy": ([changed(KEY, {"policy": UNKNOWN})], ("policy",)),
    "statement": ([changed(KEY, {f"{AT_FIRST}.Resource": UNKNOWN})], ("policy",)),
}


def with_(path: str, value: Any) -> list[Any]:
    return [changed(KEY, {path: value})]


def conditioned(place: str, operator: str, key: str, value: Any) -> list[Any]:
    return with_(f"{place}.Condition", {operator: {key: value}})


WRITTEN = Cases(
    rule="kms-key-policy-is-written",
    good={
        "key's own": [KEY],
        "by itself": [BARE, POLICY],
        "not known yet": [changed(KEY, {"policy": UNKNOWN})],
        "replica": [made("aws:kms/replicaKey:ReplicaKey", policy=KEY.inputs["policy"])],
    },
    bad={
        "none": ([BARE], ("policy",)),
        "empty": ([changed(KEY, {"policy": ""})], ("policy",)),
        "another key's": ([BARE, OTHER_KEY, made(POLICY.type, refers={"keyId": OTHER_KEY}, policy="{}")], ("policy",)),
        "external": ([made("aws:kms/externalKey:ExternalKey")], ("policy",)),
    },
    unknown={"of which key": ([BARE, made("aws:kms/keyPolicy:KeyPolicy", "p", keyId=UNKNOWN)], ("policy",))},
    always=True,
)

BYPASS = "bypassPolicyLockoutSafetyCheck"
LOCKOUT_CHECK = Cases(
    rule="kms-key-policy-lockout-check-stays",
    good={"not set": [KEY], "false": with_(BYPASS, False), "policy": [POLICY]},
    bad={
        "true": (with_(BYPASS, True), (BYPASS,)),
        "text": (with_(BYPASS, "true"), (BYPASS,)),
        "policy": ([changed(POLICY, {BYPASS: True})], (BYPASS,)),
    },
    unknown={"value": (with_(BYPASS, UNKNOWN), (BYPASS,))},
    always=True,
)

NEVER: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
DOCUMENT = "policy.Statement"
MANAGEABLE = Cases(
    rule="kms-key-stays-manageable",
    good={
        "object": [KEY],
        "text": [TEXT],
        "policy by itself": [POLICY],
        "everything": with_(f"{AT_FIRST}.Action", "kms:*"),
        "account's number": with_(f"{AT_FIRST}.Principal", {"AWS": OWN}),
        "named caller": conditioned(AT_FIRST, "ArnLike", "aws:PrincipalArn", ROLE),
        "caller of the organisation": conditioned(AT_FIRST, "StringEquals", "aws:PrincipalOrgID", "o-abcdefghij"),
        "caller with a second factor": conditioned(AT_FIRST, "Bool", "aws:MultiFactorAuthPresent", "true"),
        "tagged caller": conditioned(AT_FIRST, "StringEquals", "aws:PrincipalTag/Team", "security"),
        "everybody of the account": [
            changed(
                KEY,
                {
                    f"{AT_FIRST}.Principal": "*",
                    f"{AT_FIRST}.Condition": {"StringEquals": {"aws:PrincipalAccount": OWN}},
                },
            )
        ],
        "refusal with condition": with_(
            DOCUMENT,
            [ADMINISTRATION, {**NEVER, "Condition": {"StringNotEquals": {"aws:PrincipalAccount": OWN}}}],
        ),
    },
    bad={
        "no such action": (with_(f"{AT_FIRST}.Action", ["kms:DescribeKey"]), ("policy",)),
        "role": (with_(f"{AT_FIRST}.Principal", {"AWS": ROLE}), ("policy",)),
        "service": (with_(f"{AT_FIRST}.Principal", {"Service": "s3.amazonaws.com"}), ("policy",)),
        "refused": (with_(f"{AT_FIRST}.Effect", "Deny"), (FIRST,)),
        "through a service": (
            conditioned(AT_FIRST, "StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com"),
            ("policy",),
        ),
        "no statement": (with_(DOCUMENT, []), ("policy",)),
        "refused to everybody": (with_(DOCUMENT, [ADMINISTRATION, NEVER]), (SECOND,)),
        "refused to the account": (with_(DOCUMENT, [ADMINISTRATION, {**NEVER, "Principal": ROOT}]), (SECOND,)),
    },
    unknown={
        **UNKNOWNS,
        "what else": (with_(DOCUMENT, [ADMINISTRATION, {**NEVER, "Principal": UNKNOWN}]), ("policy",)),
    },
    skipped={"no policy": [BARE], "no JSON": with_("policy", "{")},
)

LIMITS_GRANTS = Cases(
    rule="kms-key-policy-limits-grants",
    good={
        "services'": [KEY],
        "text": [TEXT],
        "true": conditioned(AT_GRANTS, "Bool", "kms:GrantIsForAWSResource", True),
        "named grantee": conditioned(AT_GRANTS, "StringEquals", "kms:GranteePrincipal", ROLE),
        "grantee of AWS": conditioned(AT_GRANTS, "StringEquals", "kms:GranteePrincipal", "rds.amazonaws.com"),
        "none": with_(DOCUMENT, [ADMINISTRATION, USE]),
    },
    bad={
        "no condition": (with_(f"{AT_GRANTS}.Condition", GONE), (f"{THIRD}.Condition",)),
        "false": (
            conditioned(AT_GRANTS, "Bool", "kms:GrantIsForAWSResource", "false"),
            (f"{THIRD}.Condition",),
        ),
        "if exists": (
            conditioned(AT_GRANTS, "BoolIfExists", "kms:GrantIsForAWSResource", "true"),
            (f"{THIRD}.Condition",),
        ),
        "any grantee": (conditioned(AT_GRANTS, "StringLike", "kms:GranteePrincipal", "*"), (f"{THIRD}.Condition",)),
        "administrator": (
            with_(f"{AT_FIRST}.Action", ["kms:PutKeyPolicy", "kms:*Grant"]),
            (f"{FIRST}.Condition",),
        ),
    },
    unknown=UNKNOWNS,
    skipped={"no policy": [BARE]},
)

LIMITS_USE = Cases(
    rule="kms-key-policy-limits-use",
    parameters={"trusted_accounts": [OTHER]},
    good={
        "through services": [KEY],
        "text": [TEXT],
        "named roles": conditioned(AT_USE, "ArnEquals", "aws:PrincipalArn", [ROLE]),
        "encryption context": conditioned(AT_USE, "StringEquals", "kms:EncryptionContext:table", "orders"),
        "tagged callers": conditioned(AT_USE, "StringEquals", "aws:PrincipalTag/Team", "orders"),
        "source": conditioned(AT_USE, "ArnLike", "aws:SourceArn", f"arn:aws:sns:eu-west-1:{OWN}:orders"),
        "sessions": conditioned(AT_USE, "StringLike", "aws:userid", "AROAABCDEFGHIJKLMNOPQ:*"),
        "role": with_(f"{AT_USE}.Principal", {"AWS": ROLE}),
        "trusted account": [
            changed(KEY, {f"{AT_USE}.Principal": {"AWS": OTHER}, f"{AT_USE}.Condition": GONE}),
        ],
    },
    bad={
        "whole account": (with_(f"{AT_USE}.Condition", GONE), (f"{SECOND}.Condition",)),
        "only the account": (
            conditioned(AT_USE, "StringEquals", "kms:CallerAccount", OWN),
            (f"{SECOND}.Condition",),
        ),
        "any service": (
            conditioned(AT_USE, "StringLike", "kms:ViaService", "*.amazonaws.com"),
            (f"{SECOND}.Condition",),
        ),
        "not a service": (
            conditioned(AT_USE, "StringNotEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com"),
            (f"{SECOND}.Condition",),
        ),
        "any role": (
            conditioned(AT_USE, "ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/*"),
            (f"{SECOND}.Condition",),
        ),
        "the account by ARN": (
            conditioned(AT_USE, "ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:root"),
            (f"{SECOND}.Condition",),
        ),
        "administrators": (with_(f"{AT_FIRST}.Action", "kms:*"), (f"{FIRST}.Condition",)),
        **{
            action: (
                [changed(KEY, {f"{AT_USE}.Action": action, f"{AT_USE}.Condition": GONE})],
                (f"{SECOND}.Condition",),
            )
            for action in (
                *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:Sign"),
                "kms:GenerateMac",
            )
        },
    },
    unknown=UNKNOWNS,
    skipped={"no policy": [BARE]},
)

CASES: list[Cases] = [WRITTEN, LOCKOUT_CHECK, MANAGEABLE, LIMITS_GRANTS, LIMITS_USE]
