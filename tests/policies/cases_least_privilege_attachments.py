"""Fixtures: who gets policies, and which ones; users, keys and passwords."""

from __future__ import annotations

import dataclasses
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made
from tests.policies.cases_least_privilege_escalation import IT, holding
from tests.policies.cases_least_privilege_identity import READ, ROLE, document

_AWS = "arn:aws:iam::aws:policy/"
_BODY = made("aws:iam/policy:Policy", "read", policy=document(READ))
_NEVER = "a resource of the type is what is wrong"


def _attachment(arn: Any, kind: str = "role") -> Resource:
    return made(f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment", policyArn=arn, **{kind: "orders"})


def _role(*arns: Any, **more: Any) -> Resource:
    return made(ROLE, name="orders", managedPolicyArns=list(arns), **more)


def _exclusive(arn: str) -> Resource:
    token = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
    return made(token, roleName="orders", policyArns=[arn])


_OWN: dict[str, Program] = {
    "of the stack": [made(_attachment("").type, refers={"policyArn": _BODY}, role="orders"), _BODY],
    "of the stack, in a list": [made(ROLE, refers={"managedPolicyArns": _BODY}), _BODY],
    "of the account": [_attachment("arn:aws:iam::111111111111:policy/read")],
    "for a service": [_attachment(f"{_AWS}service-role/AWSBackupServiceRolePolicyForBackup")],
}
# What AWS answers, or will answer, lists what attachments give a role, and its inline policies.
_READ = {"name": "read", "policy": document(READ)}
_TOLD = {"name": "orders", "managedPolicyArns": ["arn:aws:iam::1:policy/x"], "inlinePolicies": [_READ]}
_ANSWERED = dataclasses.replace(made(ROLE, "orders", name="orders"), outputs=_TOLD)
_SOON = {"name": "orders", "managedPolicyArns": UNKNOWN, "inlinePolicies": UNKNOWN}
_PENDING = dataclasses.replace(made(ROLE, "orders", name="orders"), outputs=_SOON)
_SKIPPED: dict[str, Program] = {
    "a role without": [made(ROLE)],
    "a role with none": [_role()],
    "a role that AWS will answer of": [_PENDING],
}
_UNKNOWN: Any = {
    "attached": ([_attachment(UNKNOWN)], ("policyArn",)),
    "in a list": ([_role("arn:aws:iam::111111111111:policy/read", UNKNOWN)], ("managedPolicyArns",)),
}


def _wrong(*names: str) -> dict[str, tuple[Program, tuple[str, ...]]]:
    """Return the ways in which policies of AWS are attached."""
    ways: dict[str, tuple[Program, tuple[str, ...]]] = {}
    for name in names:
        arn = f"{_AWS}{name}"
        for kind in ("role", "user", "group"):
            ways[f"{name} to a {kind}"] = [_attachment(arn, kind)], ("policyArn",)
        for partition in ("aws-cn", "aws-us-gov"):
            ways[f"{name} in {partition}"] = [_attachment(arn.replace("arn:aws:", f"arn:{partition}:"))], ("policyArn",)
        ways[f"{name} in a role"] = [_role("arn:aws:iam::1:policy/x", arn)], ("managedPolicyArns",)
        ways[f"{name} beside an unknown one"] = [_role(UNKNOWN, arn)], ("managedPolicyArns",)
        ways[f"{name} alone"] = [_exclusive(arn)], ("policyArns",)
        ways[f"{name} to a permission set"] = (
            [made("aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", managedPolicyArn=arn)],
            ("managedPolicyArn",),
        )
        ways[f"{name} to all"] = (
            [made("aws:iam/policyAttachment:PolicyAttachment", policyArn=arn, roles=["orders"])],
            ("policyArn",),
        )
    return ways


_ALL = made("aws:iam/policyAttachment:PolicyAttachment", policyArn="arn:aws:iam::1:policy/x", roles=["orders"])
_USER_POLICY = made("aws:iam/userPolicy:UserPolicy", user="clerk", policy=document(READ))
_KEY = made("aws:iam/accessKey:AccessKey", user="clerk")
_PASSWORDS = made(
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    minimumPasswordLength=14,
    passwordReusePrevention=24,
    maxPasswordAge=90,
    requireLowercaseCharacters=True,
    requireUppercaseCharacters=True,
    requireNumbers=True,
    requireSymbols="true",
)
_IN_ROLE = made(ROLE, "orders", name="orders", inlinePolicies=[{"name": "x", "policy": document(READ)}])
_EMPTY = made(ROLE, "orders", name="orders", managedPolicyArns=[])


def _password(path: str, *values: Any) -> dict[str, tuple[Program, tuple[str, ...]]]:
    return {f"{path} {value}": ([changed(_PASSWORDS, {path: value})], (path,)) for value in values}


CASES = [
    Cases(
        rule="iam-administrator-not-attached",
        good={**_OWN, "another": [_attachment(f"{_AWS}ReadOnlyAccess")]},
        bad=_wrong("AdministratorAccess"),
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
    ),
    Cases(
        rule="iam-broad-policy-not-attached",
        good={**_OWN, "a narrow one": [_attachment(f"{_AWS}service-role/AWSLambdaBasicExecutionRole")]},
        bad={
            **_wrong("IAMFullAccess", "PowerUserAccess", "AWSLambda_FullAccess", "job-function/SystemAdministrator"),
            **{
                name: ([_attachment(f"{_AWS}{name}")], ("policyArn",))
                for name in (
                    *("AdministratorAccess-Amplify", "AWSBackupAdminAccess", "job-function/DataScientist"),
                    *("AWSLambdaExecute", "service-role/AWSLambdaRole", "service-role/AmazonEC2RoleforSSM"),
                    "ReadOnlyAccess",
                )
            },
        },
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
    ),
    Cases(
        rule="iam-policies-of-aws-avoided",
        good={**_OWN, "one that is allowed": [_attachment(f"{_AWS}AmazonEKSClusterPolicy")]},
        bad=_wrong("AmazonS3ReadOnlyAccess", "service-role/AWSLambdaVPCAccessExecutionRole"),
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
        parameters={"allowed": ["AmazonEKS*", "service-role/AWSBackupServiceRolePolicyForBackup"]},
    ),
    Cases(
        rule="iam-attachment-is-of-one-identity",
        good={kind: [_attachment("arn:aws:iam::1:policy/x", kind)] for kind in ("role", "user", "group")},
        bad={"of all": ([_ALL], ("",))},
        always=True,
        never_unknown=_NEVER,
    ),
    Cases(
        rule="iam-role-has-policies-one-way",
        good={
            "beside it": [IT, holding("read", document(READ))],
            "inside": [_IN_ROLE],
            "beside it, as AWS answers": [_ANSWERED, holding("read", document(READ), _ANSWERED)],
            "beside it, as AWS will answer": [_PENDING, holding("read", document(READ), _PENDING)],
            "inside beside another role's": [_IN_ROLE, holding("read", document(READ), made(ROLE, "x", name="x"))],
        },
        bad={
            "both": ([_IN_ROLE, holding("read", document(READ), _IN_ROLE)], ("inlinePolicies",)),
            "none, and one": ([_EMPTY, _attachment("arn:aws:iam::1:policy/x")], ("managedPolicyArns",)),
            "not known, and one": (
                [changed(_EMPTY, {"managedPolicyArns": UNKNOWN}), _attachment("arn:aws:iam::1:policy/x")],
                ("managedPolicyArns",),
            ),
        },
        skipped={"neither": [IT]},
        never_unknown="a list takes away what it does not name, whatever it names",
    ),
    Cases(
        rule="iam-user-has-no-policies",
        good={"of a role": [_ALL]},
        bad={
            "inline": ([_USER_POLICY], ("user",)),
            "managed": ([_attachment("arn:aws:iam::1:policy/x", "user")], ("user",)),
            "among others": ([changed(_ALL, {"users": ["clerk"]})], ("users",)),
        },
        unknown={"users": ([changed(_ALL, {"users": UNKNOWN})], ("users",))},
        always=True,
    ),
    Cases(
        rule="iam-no-users",
        good={"one that is allowed": [made("aws:iam/user:User", "break-glass")]},
        bad={"a user": ([made("aws:iam/user:User", "clerk")], ("",))},
        always=True,
        parameters={"allowed": ["break-*"]},
        never_unknown=_NEVER,
    ),
    Cases(
        rule="iam-no-lasting-credentials",
        good={"a key out of use": [changed(_KEY, {"status": "Inactive"})]},
        bad={
            "a key": ([_KEY], ("",)),
            "a key that may be active": ([changed(_KEY, {"status": UNKNOWN})], ("",)),
            "a password": ([made("aws:iam/userLoginProfile:UserLoginProfile", user="clerk")], ("",)),
        },
        always=True,
        never_unknown=_NEVER,
    ),
    Cases(
        rule="iam-password-policy-is-strong",
        good={
            "strong": [_PASSWORDS],
            "as text": [changed(_PASSWORDS, {"minimumPasswordLength": "20"})],
            "for a day": [changed(_PASSWORDS, {"maxPasswordAge": 1})],
        },
        bad={
            **_password("minimumPasswordLength", 13, GONE, "long"),
            **_password("passwordReusePrevention", 23, 0, GONE),
            **_password("maxPasswordAge", 91, 0, GONE),
            **_password("requireLowercaseCharacters", False, GONE),
            **_password("requireUppercaseCharacters", False, GONE),
            **_password("requireNumbers", "false", GONE),
            **_password("requireSymbols", False, GONE),
        },
        unknown={"length": ([changed(_PASSWORDS, {"minimumPasswordLength": UNKNOWN})], ("minimumPasswordLength",))},
        always=True,
    ),
]
