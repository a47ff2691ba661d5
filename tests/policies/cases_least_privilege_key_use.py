"""Fixtures of policies/rules/least_privilege/key_use.py and user_pools.py."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made
from tests.policies.cases_least_privilege_references import OTHER, OWN, PROVIDER, statement

KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/*"


def role(**principal: Any) -> Resource:
    return made(
        "aws:iam/role:Role", "role", name="r", assumeRolePolicy=statement(Principal=principal, Action="sts:AssumeRole")
    )


LAMBDA = role(Service="lambda.amazonaws.com")
PEOPLE = role(AWS=f"arn:aws:iam::{OWN}:root")


def uses(policy: Any, holder: Resource = LAMBDA) -> Program:
    return [made("aws:iam/rolePolicy:RolePolicy", role="r", policy=policy), holder]


def decrypt(**conditions: Any) -> str:
    fields = {"Condition": {"StringEquals": conditions}} if conditions else {}
    return statement(Action=["kms:Decrypt", "kms:DescribeKey"], Resource=KEY, **fields)


VIA = decrypt(**{"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
ENDPOINT = made("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Gateway")


def endpoint(operator: str = "StringEqualsIfExists", account: str = OWN, **fields: Any) -> Program:
    given = {"StringEquals": {"aws:PrincipalAccount": OWN}, operator: {"aws:ResourceAccount": account}}
    if operator == "StringEquals":
        given = {operator: {"aws:PrincipalAccount": OWN, "aws:ResourceAccount": account}}
    text = statement(**{"Principal": "*", "Action": "*", "Resource": "*", "Condition": given, **fields})
    return [changed(ENDPOINT, {"policy": text}), PROVIDER]


CONDITION = ("policy.Statement[0].Condition",)
POOL = made(
    "aws:cognito/userPool:UserPool",
    adminCreateUserConfig={"allowAdminCreateUserOnly": True},
    autoVerifiedAttributes=["email"],
    schemas=[{"name": "tenant", "attributeDataType": "String", "mutable": False}],
    userAttributeUpdateSettings={"attributesRequireVerificationBeforeUpdates": ["email"]},
    usernameAttributes=["email"],
)
UPDATES = "userAttributeUpdateSettings.attributesRequireVerificationBeforeUpdates"
INVITED = "adminCreateUserConfig.allowAdminCreateUserOnly"


def pool(**changes: Any) -> Program:
    return [changed(POOL, {path.replace("__", "."): value for path, value in changes.items()})]


CASES = [
    Cases(
        rule="iam-policy-uses-keys-through-services",
        good={
            "service": uses(VIA),
            "context": uses(decrypt(**{"kms:EncryptionContext:tenant": "x"})),
            "no key": uses(statement(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")),
            "refused": uses(decrypt().replace("Allow", "Deny")),
        },
        bad={
            "directly": (uses(decrypt()), CONDITION),
            "any service": (
                uses(VIA.replace("StringEquals", "StringLike").replace("s3.eu-west-1.amazonaws.com", "*")),
                CONDITION,
            ),
            "if at all": (uses(VIA.replace("StringEquals", "StringEqualsIfExists")), CONDITION),
            "another condition": (uses(decrypt(**{"aws:PrincipalTag/team": "x"})), CONDITION),
        },
        unknown={"policy": (uses(UNKNOWN), ("policy",))},
        skipped={
            "people": uses(decrypt(), PEOPLE),
            "no role of the stack": uses(decrypt())[:1],
            "no policy": uses(None),
        },
    ),
    Cases(
        rule="vpc-endpoint-policy-limits-resources",
        good={
            "own if at all": endpoint(),
            "own": endpoint("StringEquals"),
            "named": [
                changed(ENDPOINT, {"policy": statement(Principal="*", Action="*", Resource="arn:aws:s3:::b/*")}),
                PROVIDER,
            ],
        },
        bad={
            "everything": (endpoint(Condition={"StringEquals": {"aws:PrincipalAccount": OWN}}), CONDITION),
            "anything": (endpoint("StringLike", "*"), (*CONDITION, *CONDITION)),
            "another account": (endpoint(account=OTHER), CONDITION),
            "another caller": (
                endpoint(
                    Condition={"StringEquals": {"aws:PrincipalAccount": OTHER, "aws:ResourceAccount": OWN}},
                ),
                CONDITION,
            ),
            "no policy document": ([changed(ENDPOINT, {"policy": "{"}), PROVIDER], ("policy",)),
            "empty": ([changed(ENDPOINT, {"policy": ""}), PROVIDER], ("policy",)),
        },
        unknown={"policy": ([changed(ENDPOINT, {"policy": UNKNOWN}), PROVIDER], ("policy",))},
        skipped={"no policy": [ENDPOINT, PROVIDER]},
    ),
    Cases(
        rule="cognito-tenant-is-fixed",
        good={"fixed": [POOL], "one, no list": pool(schemas={"name": "custom:tenant", "mutable": "false"})},
        bad={
            "changeable": (pool(schemas__0__mutable=True), ("schemas.0.mutable",)),
            "as AWS has it": (pool(schemas__0__mutable=GONE), ("schemas.0.mutable",)),
            **{
                name: (pool(schemas=["x", {"name": "colour"}, {"name": name}]), ("schemas.2.mutable",))
                for name in ("Role", "roles", "group", "groups", "organization", "tenant", "tenant_id", "tenantid")
            },
        },
        unknown={
            "all": (pool(schemas=UNKNOWN), ("schemas",)),
            "mutable": (pool(schemas__0__mutable=UNKNOWN), ("schemas.0.mutable",)),
            "name": (pool(schemas=[{"name": UNKNOWN, "mutable": True}]), ("schemas.0.name",)),
            "name, as AWS has it": (pool(schemas=[{"name": UNKNOWN}]), ("schemas.0.name",)),
        },
        skipped={
            "others": pool(schemas=[{"name": "colour", "mutable": True}]),
            "none": pool(schemas=GONE),
            "another that is fixed": pool(schemas=[{"name": UNKNOWN, "mutable": "False"}]),
        },
    ),
    Cases(
        rule="cognito-users-are-invited",
        good={"invited": [POOL], "as text": pool(**{INVITED.replace(".", "__"): "true"})},
        bad={
            "anybody": (pool(**{INVITED.replace(".", "__"): False}), (INVITED,)),
            "as AWS has it": (pool(adminCreateUserConfig=GONE), (INVITED,)),
        },
        unknown={"unknown": (pool(adminCreateUserConfig=UNKNOWN), (INVITED,))},
        always=True,
    ),
    Cases(
        rule="cognito-addresses-are-verified",
        good={
            "verified": [POOL],
            "phone": pool(
                usernameAttributes=["phone_number"],
                autoVerifiedAttributes=["phone_number"],
                userAttributeUpdateSettings={"attributesRequireVerificationBeforeUpdates": "phone_number"},
            ),
        },
        bad={
            "an alias": (
                pool(usernameAttributes=GONE, aliasAttributes=["phone_number"], autoVerifiedAttributes=[]),
                ("autoVerifiedAttributes", UPDATES),
            ),
            "never": (pool(autoVerifiedAttributes=[]), ("autoVerifiedAttributes",)),
            "not set": (pool(autoVerifiedAttributes=GONE), ("autoVerifiedAttributes",)),
            "not on changes": (pool(userAttributeUpdateSettings=GONE), (UPDATES,)),
            "another": (pool(autoVerifiedAttributes=["phone_number"]), ("autoVerifiedAttributes",)),
        },
        unknown={
            "unknown": (pool(autoVerifiedAttributes=UNKNOWN), ("autoVerifiedAttributes",)),
            "one": (pool(autoVerifiedAttributes=[UNKNOWN]), ("autoVerifiedAttributes",)),
            "how users sign in": (pool(usernameAttributes=UNKNOWN), ("usernameAttributes",)),
            "one of the ways": (pool(aliasAttributes=[UNKNOWN]), ("aliasAttributes",)),
        },
        skipped={"names": pool(usernameAttributes=GONE)},
    ),
]
