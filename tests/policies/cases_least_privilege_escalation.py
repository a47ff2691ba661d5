"""Fixtures: ways to more rights."""

from __future__ import annotations

import dataclasses
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import Cases, made
from tests.policies.cases_least_privilege_identity import (
    GOOD,
    ROLE,
    SKIPPED,
    UNKNOWN_INLINE,
    UNKNOWN_POLICY,
    allow,
    bad,
    document,
    of,
    policy,
)

_ROLE_ARN = "arn:aws:iam::111111111111:role/orders"
_TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
_BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111111111111:policy/boundary"}}
_PASSING = allow("iam:PassRole", _ROLE_ARN, _TO_LAMBDA)
_FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:orders"
_USER = "arn:aws:iam::111111111111:user/${aws:username}"
_WHERE = ("policy.Statement",)
_CREATE = allow(["lambda:CreateFunction", "lambda:InvokeFunction"], "*")
# Passing any role and making functions: together a way to all rights, each alone none.
_MAKER, _PASSER = document(_CREATE), document(allow("iam:PassRole", "*"))

IT = made(ROLE, "orders", name="orders")
USER = made("aws:iam/user:User", "clerk", name="clerk")


def holding(name: str, body: Any, owner: Resource = IT, kind: str = "role") -> Resource:
    """Return an inline policy of an identity, by its name as a preview of a new stack has it."""
    refers = {kind: owner}
    return made(f"aws:iam/{kind}Policy:{kind.title()}Policy", name, refers=refers, policy=body)


def _managed(name: str, body: Any) -> list[Resource]:
    """Return a customer-managed policy and its attachment to the role."""
    body_of = made("aws:iam/policy:Policy", f"{name}-policy", policy=body)
    refers = {"policyArn": body_of}
    return [body_of, made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", name, refers=refers, role="orders")]


_INLINE = made(ROLE, "orders", name="orders", inlinePolicies=[{"name": "make", "policy": _MAKER}])
_BY_LIST_POLICY = made("aws:iam/policy:Policy", "pass", policy=_PASSER)
_BY_LIST = made(ROLE, "orders", refers={"managedPolicyArns": _BY_LIST_POLICY}, name="orders")

_ARN = "arn:aws:iam::111111111111:policy/pass"
_LISTING = made(ROLE, "orders", name="orders", managedPolicyArns=[_ARN, 7])
# The policy that a list names, with its ARN where different engines have it.
_NAMED = {
    "by id": dataclasses.replace(_BY_LIST_POLICY, id=_ARN),
    "by ARN": dataclasses.replace(_BY_LIST_POLICY, outputs={"arn": _ARN}),
    "by ARN beside an id": dataclasses.replace(_BY_LIST_POLICY, id="pass", outputs={"arn": _ARN}),
    "by ARN given": dataclasses.replace(_BY_LIST_POLICY, inputs={**_BY_LIST_POLICY.inputs, "arn": _ARN}),
}
_BY_ARN = {name: ([_LISTING, holding("make", _MAKER, _LISTING), each], ("",)) for name, each in _NAMED.items()}
GROUP = made("aws:iam/group:Group", "clerks", name="clerks")
_OWNERS = {"user": USER, "group": GROUP}
# The ways in which users and groups have policies: by references, and by their names.
_OF_OTHERS = {
    f"{kind}: {how}": ([owner, made_by, _BY_LIST_POLICY, *attached], ("",))
    for kind, owner in _OWNERS.items()
    for how, made_by, attached in (
        (
            "inline by name",
            made(f"aws:iam/{kind}Policy:{kind.title()}Policy", "m", **{kind: owner.name}, policy=_MAKER),
            [made(f"aws:iam/{kind}Policy:{kind.title()}Policy", "p", **{kind: owner.name}, policy=_PASSER)],
        ),
        (
            "attached",
            holding("make", _MAKER, owner, kind),
            [
                made(
                    f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment",
                    refers={"policyArn": _BY_LIST_POLICY, kind: owner},
                )
            ],
        ),
        (
            "attached to many",
            holding("make", _MAKER, owner, kind),
            [
                made(
                    "aws:iam/policyAttachment:PolicyAttachment",
                    refers={"policyArn": _BY_LIST_POLICY},
                    **{f"{kind}s": ["others", owner.name]},
                )
            ],
        ),
    )
}

# A role has outputs that AWS will answer, not known in a preview.
_SOON = {"name": "orders", "managedPolicyArns": UNKNOWN, "inlinePolicies": UNKNOWN}
_PENDING = dataclasses.replace(IT, outputs=_SOON)

CASES = [
    Cases(
        rule="iam-pass-role-names-roles",
        good={
            **GOOD,
            "a role": [policy(_PASSING)],
            "a prefix": of("iam:PassRole", "arn:aws:iam::111111111111:role/orders-*", _TO_LAMBDA),
        },
        bad={
            "every role": bad("Resource", "iam:PassRole", "*", _TO_LAMBDA),
            "every role of the account": bad(
                "Resource", "iam:PassRole", "arn:aws:iam::111111111111:role/*", _TO_LAMBDA
            ),
            "of any account": bad("Resource", "iam:PassRole", "arn:aws:iam::*:role/orders", _TO_LAMBDA),
            "among others": bad("Resource", ["s3:GetObject", "iam:passrole"], [_ROLE_ARN, "*"]),
            "by pattern": bad("Resource", "iam:Pass*", "*"),
            "with everything": bad("Resource", "*", "*"),
            "all but some actions": (
                [policy(allow(None, "*", NotAction="s3:*"))],
                ("policy.Statement[0].Resource",),
            ),
            "all but some roles": (
                [policy(allow("iam:PassRole", None, NotResource=_ROLE_ARN))],
                ("policy.Statement[0].Resource",),
            ),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-pass-role-names-services",
        good={**GOOD, "to Lambda": [policy(_PASSING)]},
        bad={
            "to any": bad("Condition", "iam:PassRole", _ROLE_ARN),
            "to a pattern": bad(
                "Condition", "iam:PassRole", _ROLE_ARN, {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}
            ),
            "to all but one": bad(
                "Condition",
                "iam:PassRole",
                _ROLE_ARN,
                {"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
            "if it is said": bad(
                "Condition",
                "iam:PassRole",
                _ROLE_ARN,
                {"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
            "by another condition": bad(
                "Condition", "iam:PassRole", _ROLE_ARN, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
            ),
            "by pattern": bad("Condition", "iam:Pass*", _ROLE_ARN),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-leads-to-no-more-rights",
        good={
            **GOOD,
            "half a way": [policy(_CREATE)],
            "a role for the service": [policy(_PASSING, _CREATE)],
            "a role for another service": [
                policy(allow("iam:PassRole", "*", _TO_LAMBDA), allow("ec2:RunInstances", "*"))
            ],
            "within a boundary": of(["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"], "*", _BOUNDED),
            "a certain policy": of(
                "iam:AttachRolePolicy", "*", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::1:policy/x"}}
            ),
            "one's own key": of("iam:CreateAccessKey", _USER),
            "denied": [
                policy(_CREATE, allow("iam:PassRole", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"})
            ],
            "who deploys": [
                policy(
                    allow(["lambda:UpdateFunctionCode", "iam:PutRolePolicy"], [_FUNCTION, _ROLE_ARN]), name="deploy-x"
                )
            ],
        },
        bad={
            "alone": (of("iam:PutRolePolicy", _ROLE_ARN), _WHERE),
            "code of a function": (of("lambda:UpdateFunctionCode", _FUNCTION), _WHERE),
            "together": ([policy(_CREATE, allow("iam:PassRole", _ROLE_ARN))], _WHERE),
            "any role to the service": ([policy(_CREATE, allow("iam:PassRole", "*", _TO_LAMBDA))], _WHERE),
            "by pattern": (of(["iam:Put*", "iam:Get*"], "*"), _WHERE),
            "by NotAction": ([policy(allow(None, "*", NotAction="s3:*"))], _WHERE),
            "with everything": (of("*", "*"), _WHERE),
            "any boundary": (
                of("iam:PutRolePolicy", "*", {"StringLike": {"iam:PermissionsBoundary": "*"}}),
                _WHERE,
            ),
            "one's own rights": (of("iam:PutUserPolicy", _USER), _WHERE),
            "keys of others": (of("iam:CreateAccessKey", ["arn:aws:iam::111111111111:user/clerk", _USER]), _WHERE),
            "denied under a condition": (
                [
                    policy(
                        allow("iam:PutRolePolicy", "*"),
                        {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": _BOUNDED},
                    )
                ],
                _WHERE,
            ),
            "denied on another": (
                [policy(allow("iam:PutRolePolicy", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": _ROLE_ARN})],
                _WHERE,
            ),
            "who deploys, anywhere": ([policy(allow("lambda:UpdateFunctionCode", "*"), name="deploy-x")], _WHERE),
            "inline": (
                [made(ROLE, inlinePolicies=[{"name": "x", "policy": document(allow("iam:AddUserToGroup", "*"))}])],
                ("inlinePolicies.0.policy.Statement",),
            ),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
        parameters={"deployers": ["deploy-*"]},
    ),
    Cases(
        rule="iam-policies-together-lead-to-no-more-rights",
        good={
            "none": [IT],
            "inline policies that AWS will answer of": [_PENDING, holding("make", _MAKER, _PENDING)],
            "half a way": [IT, holding("make", _MAKER)],
            "halves of two roles": [
                IT,
                holding("make", _MAKER),
                holding("pass", _PASSER, made(ROLE, "billing", name="billing")),
            ],
            "another policy by its ARN": [
                made(ROLE, "orders", name="orders", managedPolicyArns=["arn:aws:iam::111111111111:policy/x"]),
                holding("make", _MAKER),
                dataclasses.replace(_BY_LIST_POLICY, id=_ARN),
            ],
            "a way of one policy": [IT, holding("admin", document(allow("iam:PutRolePolicy", "*")))],
            "denied by another": [
                IT,
                holding("make", _MAKER),
                holding("pass", _PASSER),
                holding("not", document({"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"})),
            ],
        },
        bad={
            "two inline policies": ([IT, holding("make", _MAKER), holding("pass", _PASSER)], ("",)),
            "by name": (
                [
                    IT,
                    made("aws:iam/rolePolicy:RolePolicy", "make", role="orders", policy=_MAKER),
                    made("aws:iam/rolePolicy:RolePolicy", "pass", role="orders", policy=_PASSER),
                ],
                ("",),
            ),
            "inline and managed": ([IT, holding("make", _MAKER), *_managed("pass", _PASSER)], ("",)),
            "two managed ones": ([IT, *_managed("make", _MAKER), *_managed("pass", _PASSER)], ("",)),
            "in the role itself": ([_INLINE, holding("pass", _PASSER)], ("",)),
            "in a list of the role": ([_BY_LIST, _BY_LIST_POLICY, holding("make", _MAKER, _BY_LIST)], ("",)),
            "attached to all": (
                [
                    IT,
                    holding("make", _MAKER),
                    _BY_LIST_POLICY,
                    made(
                        "aws:iam/policyAttachment:PolicyAttachment",
                        "all",
                        refers={"policyArn": _BY_LIST_POLICY},
                        roles=["billing", "orders"],
                    ),
                ],
                ("",),
            ),
            **_BY_ARN,
            **_OF_OTHERS,
            "of a user": (
                [USER, holding("make", _MAKER, USER, "user"), holding("pass", _PASSER, USER, "user")],
                ("",),
            ),
        },
        unknown={"one of them": ([IT, holding("make", _MAKER), holding("other", UNKNOWN)], ("",))},
        always=True,
    ),
]
