"""Fixtures of policies/rules/least_privilege/references.py and role_making.py."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

OWN, OTHER = "111122223333", "999999999999"
PROVIDER = made("pulumi:providers:aws", "aws", allowedAccountIds=[OWN])


def with_own(*resources: Resource) -> Program:
    return [*resources, PROVIDER]


def one(type_: str, path: str, value: Any) -> Program:
    return with_own(changed(made(type_), {path: value}))


def statement(**fields: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **fields}]})


TARGET = "aws:cloudwatch/eventTarget:EventTarget"
FUNCTION = "aws:lambda/function:Function"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
GROUP_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
AMI = "aws:ec2/amiLaunchPermission:AmiLaunchPermission"
SNAPSHOT = "aws:rds/snapshot:Snapshot"
SHARE = "aws:ram/resourceShare:ResourceShare"
GRANT = made("aws:kms/grant:Grant", operations=["Decrypt", "Encrypt"])
QUEUE = "arn:aws:sqs:eu-west-1:{}:q"
WRITES = statement(Action="sqs:SendMessage", Resource=QUEUE.format(OWN))
TRUST = {"Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
ATTACH = {"Action": "iam:AttachRolePolicy", "Resource": f"arn:aws:iam::{OWN}:role/test-*"}
BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
LINKED = {"Action": "iam:CreateServiceLinkedRole", "Resource": "*"}
IMAGE = "{}.dkr.ecr.eu-west-1.amazonaws.com/x:1"


def source(account: str, key: str = "aws:SourceAccount") -> str:
    return statement(**TRUST, Condition={"StringEquals": {key: account}})


CASES = [
    Cases(
        rule="reference-stays-in-trusted-accounts",
        good={
            "own": one(TARGET, "arn", QUEUE.format(OWN)),
            "to come": one(TARGET, "arn", UNKNOWN),
            "nothing named": with_own(made(TARGET)),
            "layer of AWS": one(FUNCTION, "layers", ["arn:aws:lambda:eu-west-1:580247275435:layer:Insights:1"]),
            "policy": one("aws:sns/topic:Topic", "policy", statement(Principal={"AWS": OTHER})),
            "own peer": one(PEERING, "peerOwnerId", OWN),
            "a number that is no account": one(TARGET, "targetId", OTHER),
        },
        bad={
            "target": (one(TARGET, "arn", QUEUE.format(OTHER)), ("arn",)),
            "key": (one(FUNCTION, "kmsKeyArn", f"arn:aws:kms:eu-west-1:{OTHER}:key/k"), ("kmsKeyArn",)),
            "layer": (one(FUNCTION, "layers", [f"arn:aws:lambda:eu-west-1:{OTHER}:layer:x:1"]), ("layers[0]",)),
            "image": (one(FUNCTION, "imageUri", IMAGE.format(OTHER)), ("imageUri",)),
            "address of a queue": (
                one(TARGET, "input", f"https://sqs.eu-west-1.amazonaws.com/{OTHER}/q"),
                ("input",),
            ),
            "peer": (one(PEERING, "peerOwnerId", OTHER), ("peerOwnerId",)),
            "group": (
                one(GROUP_RULE, "referencedSecurityGroupId", f"{OTHER}/sg-1"),
                ("referencedSecurityGroupId",),
            ),
            "shared": (one(SNAPSHOT, "sharedAccounts", [OWN, OTHER]), ("sharedAccounts[1]",)),
        },
        always=True,
        never_unknown="what is not known comes from a resource that is judged by itself",
    ),
    Cases(
        rule="share-is-not-with-everybody",
        good={
            "some": one(SNAPSHOT, "sharedAccounts", [OWN]),
            "nobody": [made(SNAPSHOT)],
            "an account": one(AMI, "accountId", OWN),
        },
        bad={
            "snapshot": (one(SNAPSHOT, "sharedAccounts", ["all"]), ("sharedAccounts",)),
            "one, no list": (one(SNAPSHOT, "sharedAccounts", "ALL"), ("sharedAccounts",)),
            "image": (one(AMI, "group", "all"), ("group",)),
            "service": (
                one("aws:ec2/vpcEndpointService:VpcEndpointService", "allowedPrincipals", [OWN, "*"]),
                ("allowedPrincipals",),
            ),
        },
        skipped={"unknown": one(SNAPSHOT, "sharedAccounts", UNKNOWN)},
        never_unknown="everybody is a word that somebody writes",
    ),
    Cases(
        rule="resource-share-stays-in-organization",
        good={"not set": [made(SHARE)], "off": one(SHARE, "allowExternalPrincipals", False)},
        bad={
            "on": (one(SHARE, "allowExternalPrincipals", True), ("allowExternalPrincipals",)),
            "on as text": (one(SHARE, "allowExternalPrincipals", "true"), ("allowExternalPrincipals",)),
        },
        unknown={"unknown": (one(SHARE, "allowExternalPrincipals", UNKNOWN), ("allowExternalPrincipals",))},
        always=True,
    ),
    Cases(
        rule="kms-grant-hands-nothing-on",
        good={"use": [GRANT], "one": [changed(GRANT, {"operations": "Decrypt"})]},
        bad={
            "handed on": ([changed(GRANT, {"operations": ["Decrypt", "CreateGrant"]})], ("operations.1",)),
            "small": ([changed(GRANT, {"operations": "creategrant"})], ("operations.0",)),
        },
        unknown={"unknown": ([changed(GRANT, {"operations": UNKNOWN})], ("operations",))},
        always=True,
    ),
    Cases(
        rule="iam-policy-stays-in-trusted-accounts",
        good={
            "own": one(ROLE_POLICY, "policy", WRITES),
            "any name": one(ROLE_POLICY, "policy", statement(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")),
            "own source": one(ROLE, "assumeRolePolicy", source(OWN)),
            "all but another": one(
                ROLE_POLICY,
                "policy",
                statement(Action="sqs:*", Resource="*", Condition={"StringNotEquals": {"aws:ResourceAccount": OTHER}}),
            ),
            "refused": one(ROLE_POLICY, "policy", WRITES.replace("Allow", "Deny").replace(OWN, OTHER)),
        },
        bad={
            "resource": (
                one(ROLE_POLICY, "policy", WRITES.replace(OWN, OTHER)),
                ("policy.Statement[0].Resource",),
            ),
            "source": (
                one(ROLE, "assumeRolePolicy", source(OTHER)),
                ("assumeRolePolicy.Statement[0].Condition.aws:sourceaccount",),
            ),
            "source's ARN": (
                one(
                    ROLE,
                    "assumeRolePolicy",
                    source(f"arn:aws:states:eu-west-1:{OTHER}:stateMachine:x", "aws:SourceArn"),
                ),
                ("assumeRolePolicy.Statement[0].Condition.aws:sourcearn",),
            ),
        },
        skipped={"no policy": with_own(made(ROLE_POLICY))},
        never_unknown="what is not known comes from a resource that is judged by itself",
    ),
    Cases(
        rule="iam-policy-names-what-it-attaches",
        good={
            "named": one(
                ROLE_POLICY, "policy", statement(**ATTACH, Condition={"ArnEquals": {"iam:PolicyARN": BACKUP}})
            ),
            "something else": one(ROLE_POLICY, "policy", WRITES),
            "service": one(
                ROLE_POLICY,
                "policy",
                statement(**LINKED, Condition={"StringEquals": {"iam:AWSServiceName": "backup.amazonaws.com"}}),
            ),
        },
        bad={
            "anything": (one(ROLE_POLICY, "policy", statement(**ATTACH)), ("policy.Statement[0].Condition",)),
            "any policy": (
                one(ROLE_POLICY, "policy", statement(**ATTACH, Condition={"ArnLike": {"iam:PolicyARN": "*"}})),
                ("policy.Statement[0].Condition",),
            ),
            "any policy of AWS": (
                one(
                    ROLE_POLICY,
                    "policy",
                    statement(**ATTACH, Condition={"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/*"}}),
                ),
                ("policy.Statement[0].Condition",),
            ),
            **{
                action: (
                    one(ROLE_POLICY, "policy", statement(**{**ATTACH, "Action": action})),
                    ("policy.Statement[0].Condition",),
                )
                for action in ("iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:AttachGroupPolicy")
            },
            "any service": (one(ROLE_POLICY, "policy", statement(**LINKED)), ("policy.Statement[0].Condition",)),
        },
        unknown={"policy": (one(ROLE_POLICY, "policy", UNKNOWN), ("policy",))},
        skipped={"no policy": [changed(made(ROLE_POLICY, policy="x"), {"policy": GONE})]},
    ),
]
