"""Fixtures: which actions an identity's policies allow, and what may only be allowed on named resources."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

ROLE = "aws:iam/role:Role"
TABLE = "arn:aws:dynamodb:eu-west-1:111111111111:table/orders"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/*"
ALIAS = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/orders"}}


def allow(action: Any, resource: Any = TABLE, condition: Any = None, **more: Any) -> dict[str, Any]:
    """Return a statement that allows something; None takes an element away."""
    row = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition, **more}
    return {key: value for key, value in row.items() if value is not None}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policy(*statements: Any, name: str = "it", kind: str = "rolePolicy") -> Resource:
    """Return a policy with some statements, as JSON text."""
    token = f"aws:iam/{kind}:{kind[0].upper()}{kind[1:]}"
    return made(token, name, policy=json.dumps(document(*statements)), role="orders")


def of(*statement: Any) -> Program:
    return [policy(allow(*statement))]


def bad(where: str, *statement: Any) -> tuple[Program, tuple[str, ...]]:
    return of(*statement), (f"policy.Statement[0].{where}",)


READ = allow("dynamodb:Query")
ROLE_WITHOUT = [made(ROLE, name="orders")]
UNKNOWN_POLICY = {"nothing of the policy is known": ([made("aws:iam/policy:Policy", policy=UNKNOWN)], ("policy",))}
UNKNOWN_INLINE = {"inline policies": ([made(ROLE, inlinePolicies=UNKNOWN)], ("inlinePolicies",))}
SKIPPED: dict[str, Program] = {"a role without inline policies": ROLE_WITHOUT}
# Whatever a rule asks, these are fine.
GOOD: dict[str, Program] = {
    "one action on one table": [policy(READ)],
    "a single statement, lower case, text": [
        made("aws:iam/policy:Policy", policy=json.dumps({"version": "2012-10-17", "statement": READ}))
    ],
    "an object": [made("aws:iam/groupPolicy:GroupPolicy", policy=document(READ))],
    "inline": [made(ROLE, inlinePolicies=[{"name": "read", "policy": json.dumps(document(READ))}])],
    "what denies": [policy(READ, {"Effect": "Deny", "NotAction": "*", "NotResource": "*"})],
}


def both_ways(action: str, kind: str) -> dict[str, tuple[Program, tuple[str, ...]]]:
    """Return how an action is allowed on all resources: by a star, and by an ARN that is all of a kind."""
    return {
        f"{action} on a star": bad("Resource", action, "*"),
        f"{action} in a list with a named one": bad("Resource", ["x:Y", action.upper()], [TABLE, "*"]),
        f"{action} on a kind": bad("Resource", action, kind),
        f"{action} with a condition on the region": bad(
            "Resource", action, "*", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
        ),
        f"{action} if the tag exists": bad(
            "Resource", action, kind, {"StringEqualsIfExists": {"aws:ResourceTag/Environment": "test"}}
        ),
        f"{action} with any tag": bad("Resource", action, kind, {"StringLike": {"aws:ResourceTag/Environment": "*"}}),
    }


INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
KEPT = {
    "Effect": "Deny",
    "Action": INTERFACES,
    "Resource": "*",
    "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:111111111111:function:orders"}},
}
FORMED = policy(READ, kind="policy")
BODY = changed(made("aws:iam/policy:Policy", policy=document(READ)), {})

CASES = [
    Cases(
        rule="iam-policy-allows-not-everything",
        good={**GOOD, "a service": of("s3:*", "*")},
        bad={
            "star": bad("Action", "*", "*"),
            "stars": bad("Action", ["dynamodb:Query", "**"], "*"),
            "star of stars": bad("Action", "*:*"),
            "inline": (
                [made(ROLE, inlinePolicies={"policy": document(allow("*"))})],
                ("inlinePolicies.policy.Statement[0].Action",),
            ),
            "an effect in lower case": (
                [policy(READ, {"effect": "allow", "action": ["*"], "resource": "*"})],
                ("policy.Statement[1].Action",),
            ),
        },
        unknown={**UNKNOWN_POLICY, **UNKNOWN_INLINE},
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-names-actions-of-a-service",
        good={**GOOD, "part of a service": of("s3:Get*")},
        bad={
            "all of a service": bad("Action", ["dynamodb:Query", "S3:*"]),
            "all of it, longer": bad("Action", "s3:**"),
            "of any service": bad("Action", "*:GetItem"),
            "of several services": bad("Action", "dynamo*:Query"),
            "star": bad("Action", "*"),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-wildcards-only-read-descriptions",
        good={
            **GOOD,
            "descriptions": of(["ec2:Describe*", "s3:GetBucket*", "lambda:GetFunction*"], "*"),
            "uses of a key": of(["kms:GenerateDataKey*", "kms:ReEncrypt*"], "*"),
        },
        bad={
            "writing": bad("Action", "dynamodb:Put*"),
            "one letter": bad("Action", "dynamodb:PutIte?"),
            "reading data": bad("Action", "s3:Get*"),
            "reading secrets": bad("Action", "secretsmanager:Get*"),
            "permissions": bad("Action", "iam:P*"),
            "nothing known": bad("Action", "dynamodb:Fetch*"),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-allows-by-action",
        good=GOOD,
        bad={
            "all but one": (
                [policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})],
                ("policy.Statement[0].NotAction",),
            )
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-allows-by-resource",
        good=GOOD,
        bad={
            "all but one": (
                [policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secret/*"})],
                ("policy.Statement[0].NotResource",),
            )
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-limits-permission-management",
        good={
            **GOOD,
            "a named bucket": of("s3:PutBucketPolicy", "arn:aws:s3:::orders"),
            "what can be limited to nothing": of("logs:PutResourcePolicy", "*"),
            "by tag": of("kms:PutKeyPolicy", KEY, {"StringEquals": {"aws:ResourceTag/Environment": "test"}}),
        },
        bad={
            **both_ways("s3:putbucketpolicy", "arn:aws:s3:::*"),
            **both_ways("lambda:addpermission", "arn:aws:lambda:*:*:function:*"),
            "by pattern": bad("Resource", "kms:Put*", KEY),
            "of a service": bad("Resource", "iam:*", "*"),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-limits-credentials",
        good={
            **GOOD,
            "a named role": of("sts:AssumeRole", "arn:aws:iam::111111111111:role/orders"),
            "a named secret": of(
                "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:orders-??????"
            ),
            "the registry's token": of("ecr:GetAuthorizationToken", "*"),
        },
        bad={
            **both_ways("sts:assumerole", "arn:aws:iam::111111111111:role/*"),
            **both_ways("secretsmanager:getsecretvalue", "arn:aws:secretsmanager:*:*:secret:*"),
            **both_ways("rds-db:connect", "arn:aws:rds-db:*:*:dbuser:*/*"),
            "of any account": bad("Resource", "sts:AssumeRole", "arn:aws:iam::*:role/orders"),
            "that can be limited to nothing": bad("Resource", "sts:GetSessionToken", TABLE),
            "by pattern": bad("Resource", "iam:Create*", "*"),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-limits-data-reads",
        good={
            **GOOD,
            "a bucket's objects": of("s3:GetObject", "arn:aws:s3:::orders/*"),
            "by tag": of("ssm:GetParameter", "*", {"StringEquals": {"ssm:resourceTag/Environment": "test"}}),
        },
        bad={
            **both_ways("s3:getobject", "arn:aws:s3:::*/*"),
            **both_ways("dynamodb:scan", "arn:aws:dynamodb:*:*:table/*"),
            **both_ways("ssm:getparametersbypath", "arn:aws:ssm:*:*:parameter/*"),
            **both_ways("logs:filterlogevents", "arn:aws:logs:*:*:log-group:*"),
            "by pattern": bad("Resource", "s3:Get*", "arn:aws:s3*"),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-limits-decryption",
        good={
            **GOOD,
            "a key": of("kms:Decrypt", KEY.replace("*", "1234")),
            "an alias": of("kms:Decrypt", KEY, ALIAS),
            "a context": of("kms:Decrypt", "*", {"StringEquals": {"kms:EncryptionContext:SecretARN": "arn:x:orders"}}),
        },
        bad={
            **both_ways("kms:decrypt", KEY),
            **both_ways("kms:reencryptfrom", KEY),
            "for a service": bad("Resource", "kms:Decrypt", KEY, {"StringEquals": {"kms:ViaService": "s3.x"}}),
            "any alias": bad("Resource", "kms:*", KEY, {"StringLike": {"kms:ResourceAliases": "alias/*"}}),
            "all but an alias": bad("Resource", "kms:*", KEY, {"StringNotEquals": {"kms:ResourceAliases": "alias/x"}}),
        },
        unknown=UNKNOWN_POLICY,
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-policy-keeps-interfaces-from-code",
        good={
            "denied to the code": [policy(allow(INTERFACES, "*"), KEPT)],
            "in a named network": of(INTERFACES, "*", {"StringEquals": {"ec2:Vpc": "arn:aws:ec2:x:1:vpc/vpc-1"}}),
        },
        bad={
            "not denied": bad("Action", INTERFACES, "*"),
            "one not denied": (
                [policy(allow(INTERFACES, "*"), {**KEPT, "Action": INTERFACES[1:]})],
                ("policy.Statement[0].Action",),
            ),
            "denied to nobody": (
                [policy(allow(INTERFACES, "*"), {**KEPT, "Condition": {}})],
                ("policy.Statement[0].Action",),
            ),
            "denied on one": (
                [policy(allow(INTERFACES, "*"), {**KEPT, "Resource": TABLE})],
                ("policy.Statement[0].Action",),
            ),
            "for a region": bad("Action", INTERFACES, "*", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        },
        unknown={
            "what else there is": (
                [made("aws:iam/policy:Policy", policy=document(allow(INTERFACES, "*"), UNKNOWN))],
                ("policy",),
            )
        },
        skipped={**SKIPPED, "nothing about interfaces": [policy(READ)]},
    ),
    Cases(
        rule="iam-policy-is-well-formed",
        good=GOOD,
        bad={
            "not set": ([made("aws:iam/policy:Policy")], ("policy",)),
            "no text": ([changed(FORMED, {"policy": 7})], ("policy",)),
            "no JSON": ([changed(FORMED, {"policy": "{"})], ("policy",)),
            "no statements": ([changed(BODY, {"policy.Statement": GONE})], ("policy",)),
            "an old version": ([changed(BODY, {"policy.Version": "2008-10-17"})], ("policy.Version",)),
            "no version": ([changed(BODY, {"policy.Version": GONE})], ("policy.Version",)),
            "no effect": ([changed(BODY, {"policy.Statement.0.Effect": "Permit"})], ("policy.Statement[0].Effect",)),
            "no actions": ([changed(BODY, {"policy.Statement.0.Action": []})], ("policy.Statement[0].Action",)),
            "no resources": ([changed(BODY, {"policy.Statement.0.Resource": None})], ("policy.Statement[0].Resource",)),
            "inline": ([made(ROLE, inlinePolicies=[{"name": "x"}])], ("inlinePolicies.0.policy",)),
            "of a resource": (
                [changed(BODY, {"policy.Statement.0.Principal": "*"})],
                ("policy.Statement[0].Principal",),
            ),
            **{
                f"action {action}": (
                    [changed(BODY, {"policy.Statement.0.Action": action})],
                    ("policy.Statement[0].Action",),
                )
                for action in ("GetObject", "s3:", ":GetObject", "s3*")
            },
        },
        unknown={
            **UNKNOWN_POLICY,
            **UNKNOWN_INLINE,
            "version": ([changed(BODY, {"policy.Version": UNKNOWN})], ("policy.Version",)),
        },
        skipped=SKIPPED,
    ),
    Cases(
        rule="iam-trust-policy-is-well-formed",
        good={
            "for a service": [
                made(
                    ROLE,
                    assumeRolePolicy=document(
                        allow(["sts:AssumeRole", "sts:TagSession"], None, Principal={"Service": "ec2.amazonaws.com"})
                    ),
                )
            ]
        },
        bad={
            "not set": ([made(ROLE)], ("assumeRolePolicy",)),
            "no JSON": ([made(ROLE, assumeRolePolicy="trust")], ("assumeRolePolicy",)),
            "of an identity": (
                [made(ROLE, assumeRolePolicy=document(allow("sts:AssumeRole", "*", Principal={"Service": "ec2"})))],
                ("assumeRolePolicy.Statement[0].Resource",),
            ),
            "no principal": (
                [made(ROLE, assumeRolePolicy=document(allow("sts:AssumeRole", None)))],
                ("assumeRolePolicy.Statement[0].Principal",),
            ),
            "any action": (
                [made(ROLE, assumeRolePolicy=document(allow("sts:*", None, Principal={"Service": "ec2"})))],
                ("assumeRolePolicy.Statement[0].Action",),
            ),
            "another action": (
                [made(ROLE, assumeRolePolicy=document(allow("s3:GetObject", None, Principal={"Service": "ec2"})))],
                ("assumeRolePolicy.Statement[0].Action",),
            ),
        },
        unknown={"trust": ([made(ROLE, assumeRolePolicy=UNKNOWN)], ("assumeRolePolicy",))},
        always=True,
    ),
]
