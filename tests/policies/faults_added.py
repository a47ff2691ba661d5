"""Faults that are new resources: what nobody should add to a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.policies.faults import Bench, Fault
from tests.policies.faults_documents import ELSEWHERE

AREA = "new resources"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
POWER = "arn:aws:iam::aws:policy/PowerUserAccess"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


PUBLIC = document(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::b/*")
OPEN = document(Principal={"AWS": "*"}, Action="sts:AssumeRole")
ALL = document(Action="*", Resource="*")


def rows(bench: Bench) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str], tuple[str, ...]]]:
    """Yield what is added: in words, type, inputs, what it refers to, and the rules that must tell of it."""
    role = bench.first("iam:Role")
    bucket = bench.first("s3:Bucket")
    table = bench.first("dynamodb:Table")
    key = bench.first("kms:Key")
    function = bench.first("lambda:Function")
    queue = bench.first("sqs:Queue")
    group = bench.first("cloudwatch:LogGroup")
    tags = {"tags": dict(bench.tags)}
    yield "a person's", "aws:iam/user:User", tags, {}, ("iam-no-users",)
    yield "of a user", "aws:iam/accessKey:AccessKey", {"user": "u"}, {}, ("iam-no-lasting-credentials",)
    yield "of a user", "aws:iam/userLoginProfile:UserLoginProfile", {"user": "u"}, {}, ("iam-no-lasting-credentials",)
    yield "of a user", "aws:iam/userPolicy:UserPolicy", {"user": "u", "policy": ALL}, {}, ("iam-user-has-no-policies",)
    yield (
        "of a group",
        "aws:iam/groupPolicy:GroupPolicy",
        {"group": "g", "policy": ALL},
        {},
        ("iam-policy-allows-not-everything",),
    )
    yield "open", "aws:iam/role:Role", {"assumeRolePolicy": OPEN, **tags}, {}, ("iam-trust-names-principals",)
    yield "of everything", "aws:iam/policy:Policy", {"policy": ALL, **tags}, {}, ("iam-policy-allows-not-everything",)
    for what, arn, rules in (
        ("of an administrator", ADMINISTRATOR, ("iam-administrator-not-attached",)),
        ("of a power user", POWER, ("iam-broad-policy-not-attached", "iam-policies-of-aws-avoided")),
        (
            "of the old Lambda role",
            "arn:aws:iam::aws:policy/AWSLambda_FullAccess",
            ("iam-broad-policy-not-attached", "iam-policies-of-aws-avoided"),
        ),
        ("that reads S3", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", ("iam-policies-of-aws-avoided",)),
    ):
        yield what, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": arn}, {"role": role}, rules
    yield (
        "of an administrator to many",
        "aws:iam/policyAttachment:PolicyAttachment",
        {"policyArn": ADMINISTRATOR, "roles": ["x"]},
        {},
        ("iam-administrator-not-attached", "iam-attachment-is-of-one-identity"),
    )
    yield (
        "of everybody",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {"url": "https://token.actions.githubusercontent.com", "clientIdLists": ["*"], **tags},
        {},
        ("iam-oidc-provider-names-audience",),
    )
    yield (
        "too simple",
        "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
        {"minimumPasswordLength": 6},
        {},
        ("iam-password-policy-is-strong",),
    )
    yield (
        "for anybody",
        "aws:lambda/functionUrl:FunctionUrl",
        {"authorizationType": "NONE"},
        {"functionName": function},
        ("lambda-url-requires-iam",),
    )
    yield (
        "of every origin",
        "aws:lambda/functionUrl:FunctionUrl",
        {"authorizationType": "AWS_IAM", "cors": {"allowOrigins": ["*"], "allowCredentials": True}},
        {"functionName": function},
        ("lambda-url-cors-names-origins",),
    )
    yield (
        "for anybody",
        "aws:lambda/permission:Permission",
        {"action": "lambda:InvokeFunction", "principal": "*"},
        {"function": function},
        ("lambda-permission-not-public",),
    )
    yield (
        "for a service without source",
        "aws:lambda/permission:Permission",
        {"action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"},
        {"function": function},
        ("lambda-permission-names-source",),
    )
    yield (
        "for anybody",
        "aws:lambda/layerVersionPermission:LayerVersionPermission",
        {
            "action": "lambda:GetLayerVersion",
            "principal": "*",
            "layerName": "x",
            "versionNumber": 1,
            "statementId": "a",
        },
        {},
        ("lambda-permission-not-public",),
    )
    yield (
        "with nothing around it",
        "aws:s3/bucket:Bucket",
        {"bucket": "open", **tags},
        {},
        ("s3-bucket-has-public-access-block",),
    )
    yield (
        "for everybody to read",
        "aws:s3/bucketAcl:BucketAcl",
        {"acl": "public-read"},
        {"bucket": bucket},
        ("s3-acl-not-public",),
    )
    yield (
        "for everybody",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"policy": PUBLIC},
        {"bucket": bucket},
        ("resource-policy-not-public",),
    )
    yield (
        "a public object",
        "aws:s3/bucketObject:BucketObject",
        {"acl": "public-read", "key": "k", **tags},
        {"bucket": bucket},
        ("s3-acl-not-public",),
    )
    yield (
        "for every origin",
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        {"corsRules": [{"allowedMethods": ["GET", "PUT"], "allowedOrigins": ["*"], "allowedHeaders": ["*"]}]},
        {"bucket": bucket},
        ("bucket-cors-names-origins",),
    )
    if bucket:  # which is told of, not the site
        yield (
            "a web site",
            "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
            {"indexDocument": {"suffix": "index.html"}},
            {"bucket": bucket},
            ("s3-site-only-through-cloudfront",),
        )
    yield (
        "to another account",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        {
            "role": "arn:aws:iam::222222222222:role/r",
            "rules": [{"status": "Enabled", "destination": {"account": ELSEWHERE, "bucket": "arn:aws:s3:::somebodys"}}],
        },
        {"bucket": bucket},
        ("reference-stays-in-trusted-accounts",),
    )
    yield (
        "open",
        "aws:s3/accessPoint:AccessPoint",
        {
            "publicAccessBlockConfiguration": {
                "blockPublicAcls": False,
                "blockPublicPolicy": False,
                "ignorePublicAcls": False,
                "restrictPublicBuckets": False,
            }
        },
        {"bucket": bucket},
        ("s3-public-access-block-is-complete",),
    )
    yield (
        "for another account",
        "aws:kms/grant:Grant",
        {"granteePrincipal": f"arn:aws:iam::{ELSEWHERE}:root", "operations": ["Decrypt"]},
        {"keyId": key},
        ("resource-shared-with-trusted-accounts",),
    )
    yield (
        "that may grant",
        "aws:kms/grant:Grant",
        {"granteePrincipal": "arn:aws:iam::222222222222:role/r", "operations": ["Decrypt", "CreateGrant"]},
        {"keyId": key},
        ("kms-grant-hands-nothing-on",),
    )
    yield "without rotation", "aws:kms/key:Key", {**tags}, {}, ("kms-key-rotates",)
    yield (
        "for everybody",
        "aws:kms/keyPolicy:KeyPolicy",
        {"policy": document(Principal="*", Action="kms:*", Resource="*")},
        {"keyId": key},
        ("resource-policy-not-public",),
    )
    yield (
        "for everybody",
        "aws:dynamodb/resourcePolicy:ResourcePolicy",
        {"policy": document(Principal="*", Action="dynamodb:GetItem", Resource="*")},
        {"resourceArn": table},
        ("resource-policy-not-public",),
    )
    yield (
        "for another account",
        "aws:dynamodb/resourcePolicy:ResourcePolicy",
        {"policy": document(Principal={"AWS": ELSEWHERE}, Action="dynamodb:GetItem", Resource="*")},
        {"resourceArn": table},
        ("resource-shared-with-trusted-accounts",),
    )
    yield (
        "with nothing around it",
        "aws:dynamodb/table:Table",
        {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "billingMode": "PAY_PER_REQUEST", **tags},
        {},
        ("dynamodb-table-encrypted-with-kms",),
    )
    yield (
        "in every region",
        "aws:dynamodb/tableReplica:TableReplica",
        {"pointInTimeRecovery": False, **tags},
        {"globalTableArn": table},
        ("dynamodb-replica-is-protected",),
    )
    yield "unencrypted", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": False, **tags}, {}, ("queue-encrypted",)
    yield "without policy", "aws:sns/topic:Topic", {**tags}, {}, ("topic-encrypted",)
    yield (
        "for everybody",
        "aws:sqs/queuePolicy:QueuePolicy",
        {"policy": document(Principal="*", Action="sqs:*", Resource="*")},
        {"queueUrl": queue},
        ("resource-policy-not-public",),
    )
    yield (
        "to another account",
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
        {"destinationArn": f"arn:aws:logs:us-east-1:{ELSEWHERE}:destination:x", "filterPattern": ""},
        {"logGroup": group},
        ("reference-stays-in-trusted-accounts",),
    )
    yield (
        "for everybody",
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        {"policyName": "p", "policyDocument": document(Principal="*", Action="logs:*", Resource="*")},
        {},
        ("resource-policy-not-public",),
    )
    yield (
        "for everybody",
        "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy",
        {"destinationName": "d", "accessPolicy": document(Principal="*", Action="logs:*", Resource="*")},
        {},
        ("resource-policy-not-public",),
    )


def faults(bench: Bench) -> Iterator[Fault]:
    for what, type_, inputs, refers, rules in rows(bench):
        yield from bench.add(AREA, what, type_, inputs, *rules, refers=refers)
