"""Fixtures of rules about policies that lie on resources."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import Cases, made

OWN, OTHER = "111122223333", "444455556666"
PROVIDER = made("pulumi:providers:aws", "default", allowedAccountIds=f'["{OWN}"]')
ROLE = f"arn:aws:iam::{OWN}:role/sender"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
ROW: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": ROLE},
    "Action": ["sqs:SendMessage"],
    "Resource": f"arn:aws:sqs:eu-west-1:{OWN}:orders",
}
FROM_TOPIC: dict[str, Any] = {
    **ROW,
    "Principal": {"Service": "sns.amazonaws.com"},
    "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OWN}:orders"}},
}
REFUSAL = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
TLS = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
AT = "policy.Statement[0]"


def document(*rows: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(rows)}


def policy(*rows: Any, type_: str = QUEUE_POLICY) -> list[Resource]:
    """Return a policy as text, as most programs give it, and the provider of its account."""
    return [made(type_, policy=json.dumps(document(*rows))), PROVIDER]


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def condition(operator: str, key: str, value: Any, **changes: Any) -> dict[str, Any]:
    return row(Principal="*", Condition={operator: {key: value}}, **changes)


HALF_KNOWN = [made(QUEUE_POLICY, policy=document({**ROW, "Resource": UNKNOWN})), PROVIDER]
NOT_KNOWN = [made(QUEUE_POLICY, policy=UNKNOWN), PROVIDER]
UNKNOWNS = {"a part": (HALF_KNOWN, ("policy",)), "all of it": (NOT_KNOWN, ("policy",))}
NO_POLICY = {
    "no policy": [made("aws:sqs/queue:Queue"), PROVIDER],
    "": [made("aws:sqs/queue:Queue", policy=""), PROVIDER],
}
LOWER = {"statement": {"effect": "allow", "principal": {"aws": ROLE}, "action": "SQS:SendMessage", "resource": "*"}}
EVENT = "aws:cloudwatch/eventPermission:EventPermission"
ORGANISATION = {"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": "o-abcdefghij"}

CLOSING = {
    "account": condition("StringEquals", "aws:SourceAccount", OWN),
    "owner": condition("StringEquals", "AWS:SourceOwner", OWN),
    "organisation": condition("StringEquals", "aws:PrincipalOrgID", "o-abcdefghij"),
    "organisation's paths": condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abcdefghij/r-ab12/*"),
    "role": condition("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/app-*"),
    "network": condition("StringEquals", "aws:SourceVpce", ["vpce-0123456789abcdef0"]),
    "addresses": condition("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"]),
    "source": condition("ArnLike", "aws:SourceArn", f"arn:aws:events:*:{OWN}:rule/*"),
    "bucket": condition("ArnLike", "aws:SourceArn", "arn:aws:s3:::orders"),
}
OPEN_CONDITIONS = {
    "TLS": condition("Bool", "aws:SecureTransport", "true"),
    "any account": condition("StringLike", "aws:SourceAccount", "*"),
    "if exists": condition("StringEqualsIfExists", "aws:SourceAccount", OWN),
    "for all values": condition("ForAllValues:StringEquals", "aws:PrincipalAccount", OWN),
    "not": condition("StringNotEquals", "aws:PrincipalAccount", OTHER),
    "any organisation": condition("StringLike", "aws:PrincipalOrgID", "o-*"),
    "role of any account": condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/app"),
    "any bucket": condition("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
    "one open value": condition("StringLike", "aws:SourceAccount", [OWN, "*"]),
    "wide addresses": condition("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"]),
    "any network": condition("StringLike", "aws:SourceVpc", "vpc-*"),
    "referer": condition("StringLike", "aws:Referer", "https://example.com/*"),
    "no address": condition("IpAddress", "aws:SourceIp", "anywhere"),
    "empty": condition("StringEquals", "aws:SourceAccount", []),
}

ELSEWHERE = {
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": "accessPolicy",
    "aws:cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy": "accessPolicy",
    "aws:opensearch/domain:Domain": "accessPolicies",
    "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": "resourcePolicy",
    "aws:s3tables/tablePolicy:TablePolicy": "resourcePolicy",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "resourcePolicy",
}
PUBLIC = Cases(
    rule="resource-policy-not-public",
    good={
        "named": policy(ROW, FROM_TOPIC, {**REFUSAL, **TLS}),
        "object": [made(QUEUE_POLICY, policy=document(ROW))],
        "one statement, lower case": [made(QUEUE_POLICY, policy=LOWER)],
        "file system": policy(
            condition("Bool", "elasticfilesystem:AccessedViaMountTarget", "true"),
            type_="aws:efs/fileSystemPolicy:FileSystemPolicy",
        ),
        "account": [made(EVENT, principal=OWN)],
        "event from organisation": [made(EVENT, principal="*", condition=ORGANISATION)],
        **{name: policy(each) for name, each in CLOSING.items()},
    },
    bad={
        "star": (policy(row(Principal="*")), (f"{AT}.Principal",)),
        "star of AWS": (policy(row(Principal={"AWS": "*"})), (f"{AT}.Principal",)),
        "among others": (policy(row(Principal={"AWS": [ROLE, "*"]})), (f"{AT}.Principal",)),
        "second statement": (policy(ROW, row(Principal="*")), ("policy.Statement[1].Principal",)),
        "any account's role": (policy(row(Principal={"AWS": "arn:aws:iam::*:role/x"})), (f"{AT}.Principal",)),
        "not principal": (
            policy({"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "sqs:*", "Resource": "*"}),
            (f"{AT}.NotPrincipal",),
        ),
        "beside what is not known": (
            [made(QUEUE_POLICY, policy=document(row(Principal="*"), {"Effect": UNKNOWN}))],
            (f"{AT}.Principal",),
        ),
        "bucket": (policy(row(Principal="*"), type_="aws:s3/bucketPolicy:BucketPolicy"), (f"{AT}.Principal",)),
        "old name": (policy(row(Principal="*"), type_="aws:s3/bucketV2:BucketV2"), (f"{AT}.Principal",)),
        **{
            type_: ([made(type_, **{path: document(row(Principal="*"))})], (f"{path}.Statement[0].Principal",))
            for type_, path in ELSEWHERE.items()
        },
        "events": ([made(EVENT, principal="*")], ("principal",)),
        "events of no organisation": (
            [made(EVENT, principal="*", condition={**ORGANISATION, "value": "*"})],
            ("principal",),
        ),
        **{name: (policy(each), (f"{AT}.Principal",)) for name, each in OPEN_CONDITIONS.items()},
    },
    unknown={**UNKNOWNS, "events": ([made(EVENT, principal=UNKNOWN)], ("principal",))},
    skipped=NO_POLICY,
)

PERMISSION = "aws:lambda/permission:Permission"
GRANT = "aws:kms/grant:Grant"
DOCUMENT = "aws:ssm/document:Document"
MADE_ROLE, TOPIC = made("aws:iam/role:Role", "grantee"), made("aws:sns/topic:Topic", "orders")
SHARED = Cases(
    rule="resource-shared-with-trusted-accounts",
    parameters={"trusted_accounts": ["777788889999"], "trusted_organizations": ["o-klmnopqrst"]},
    good={
        "own": policy(ROW, FROM_TOPIC, row(Principal={"AWS": OWN})),
        "trusted": policy(row(Principal={"AWS": "arn:aws:iam::777788889999:root"})),
        "organisation": policy(
            row(
                Principal={"AWS": f"arn:aws:iam::{OTHER}:root"},
                Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
            )
        ),
        **{
            f"everybody of the organisation by {key}": policy(condition("StringLike", key, [value]))
            for key, value in (
                *(("aws:PrincipalOrgID", "o-klmnopqrst"), ("aws:SourceOrgID", "o-klmnopqrst")),
                *(("aws:PrincipalOrgPaths", "o-klmnopqrst/r-1/*"), ("aws:SourceOrgPaths", "o-klmnopqrst/r-1/ou-1/*")),
            )
        },
        "CloudFront's identity": policy(
            row(Principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})
        ),
        "most named": [made(QUEUE_POLICY, policy=document(ROW, FROM_TOPIC))],
        "permission": [
            made(PERMISSION, principal="sns.amazonaws.com", sourceAccount=OWN, refers={"sourceArn": TOPIC}),
            TOPIC,
            PROVIDER,
        ],
        "layer": [made("aws:lambda/layerVersionPermission:LayerVersionPermission", principal=OWN), PROVIDER],
        "document": [made(DOCUMENT, permissions={"type": "Share", "accountIds": f"{OWN},777788889999"}), PROVIDER],
        "grant": [made(GRANT, refers={"granteePrincipal": MADE_ROLE}), MADE_ROLE, PROVIDER],
    },
    bad={
        "another account": (policy(row(Principal={"AWS": OTHER})), (f"{AT}.Principal",)),
        "its role": (policy(row(Principal={"AWS": [ROLE, f"arn:aws:iam::{OTHER}:role/x"]})), (f"{AT}.Principal",)),
        "by condition": (policy(condition("StringEquals", "aws:SourceAccount", [OWN, OTHER])), (f"{AT}.Principal",)),
        "its topic": (
            policy(
                {**FROM_TOPIC, "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OTHER}:orders"}}}
            ),
            (f"{AT}.Principal",),
        ),
        "everybody of another organisation": (
            policy(condition("StringEquals", "aws:PrincipalOrgID", ["o-klmnopqrst", "o-zyxwvutsrq"])),
            (f"{AT}.Condition",),
        ),
        "who was deleted": (policy(row(Principal={"AWS": "AROAEXAMPLEEXAMPLE12"})), (f"{AT}.Principal",)),
        "canonical": (policy(row(Principal={"CanonicalUser": "79a59df900b949e5"})), (f"{AT}.Principal",)),
        "less named": (
            [
                made(
                    QUEUE_POLICY, policy=document(ROW, FROM_TOPIC, row(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}))
                )
            ],
            ("policy.Statement[2].Principal",),
        ),
        "permission": ([made(PERMISSION, principal=OTHER), PROVIDER], ("principal",)),
        "source of permission": (
            [made(PERMISSION, principal="sns.amazonaws.com", sourceAccount=OTHER), PROVIDER],
            ("sourceAccount",),
        ),
        "document": (
            [made(DOCUMENT, permissions={"type": "Share", "accountIds": f"{OWN}, {OTHER}"}), PROVIDER],
            ("permissions.accountIds",),
        ),
        "grant": (
            [made(GRANT, granteePrincipal=f"arn:aws:iam::{OTHER}:role/x"), PROVIDER],
            ("granteePrincipal",),
        ),
    },
    unknown={**UNKNOWNS, "permission": ([made(PERMISSION, principal=UNKNOWN), PROVIDER], ("principal",))},
    skipped={**NO_POLICY, "own document": [made(DOCUMENT), PROVIDER]},
)

ACTIONS = Cases(
    rule="resource-policy-names-actions",
    parameters={"whole_services": ["sns:*"]},
    good={
        "named": policy(ROW),
        "pattern of reading": policy(row(Action=["sqs:GetQueue*", "s3:List*", "kms:GenerateDataKey*"])),
        "refusal": policy({**REFUSAL, **TLS}),
        "meant": policy(row(Action="sns:*")),
    },
    bad={
        "everything": (policy(row(Action="*")), (f"{AT}.Action",)),
        "service": (policy(row(Action=["sqs:SendMessage", "SQS:*"])), (f"{AT}.Action",)),
        "service by another pattern": (policy(row(Action="sqs:**")), (f"{AT}.Action",)),
        "what manages permissions": (policy(row(Action="s3:Put*")), (f"{AT}.Action",)),
        "key": (policy(row(Action="kms:Create*"), type_="aws:kms/key:Key"), (f"{AT}.Action",)),
        "all but": (
            policy({**{k: v for k, v in ROW.items() if k != "Action"}, "NotAction": "sqs:AddPermission"}),
            (f"{AT}.NotAction",),
        ),
        "all resources but": (
            policy({**{k: v for k, v in ROW.items() if k != "Resource"}, "NotResource": "arn:aws:sqs:::x"}),
            (f"{AT}.NotResource",),
        ),
    },
    unknown=UNKNOWNS,
    skipped=NO_POLICY,
)


def of_service(service: str, **changes: Any) -> dict[str, Any]:
    return row(Principal={"Service": service}, **changes)


def asked(operator: str, key: str, value: Any, service: str = "sns.amazonaws.com") -> dict[str, Any]:
    return of_service(service, Condition={operator: {key: value}})


NOBODYS = (f"{AT}.Condition",)
SOURCE = Cases(
    rule="resource-policy-names-source-of-service",
    good={
        "ARN": policy(FROM_TOPIC),
        "account": policy(asked("StringEquals", "aws:SourceAccount", OWN)),
        "organisation": policy(asked("StringEquals", "aws:SourceOrgID", "o-abcdefghij")),
        "no service": policy(ROW),
        "no source sent": policy(of_service("logdelivery.elasticloadbalancing.amazonaws.com")),
        "encryption context": policy(
            asked("ArnLike", "kms:EncryptionContext:aws:logs:arn", f"arn:aws:logs:eu-west-1:{OWN}:*")
        ),
        "grants": policy(
            of_service(
                "dnssec-route53.amazonaws.com",
                Action="kms:CreateGrant",
                Condition={"Bool": {"kms:GrantIsForAWSResource": True}},
            )
        ),
    },
    bad={
        "none": (policy(of_service("sns.amazonaws.com")), NOBODYS),
        "second of two": (
            policy(of_service(["logdelivery.elasticloadbalancing.amazonaws.com", "sns.amazonaws.com"])),
            NOBODYS,
        ),
        "of a region": (policy(of_service("logs.eu-west-1.amazonaws.com")), NOBODYS),
        "any account": (policy(asked("StringLike", "aws:SourceAccount", "*")), NOBODYS),
        "ARN of any account": (policy(asked("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:*:orders")), NOBODYS),
        "any ARN beside the account": (
            policy(
                of_service(
                    "sns.amazonaws.com",
                    Condition={"StringEquals": {"aws:SourceAccount": OWN}, "ArnLike": {"aws:SourceArn": "*"}},
                )
            ),
            NOBODYS,
        ),
        "any ARN": (policy(asked("ArnLike", "aws:SourceArn", "*")), NOBODYS),
        "bucket without account": (
            policy(asked("ArnLike", "aws:SourceArn", "arn:aws:s3:::orders", "s3.amazonaws.com")),
            NOBODYS,
        ),
        "if exists": (policy(asked("StringEqualsIfExists", "aws:SourceAccount", OWN)), NOBODYS),
        "only TLS": (policy(asked("Bool", "aws:SecureTransport", "true")), NOBODYS),
        "more than grants": (
            policy(
                of_service(
                    "dnssec-route53.amazonaws.com",
                    Action=["kms:CreateGrant", "kms:Sign"],
                    Condition={"Bool": {"kms:GrantIsForAWSResource": True}},
                )
            ),
            NOBODYS,
        ),
    },
    unknown=UNKNOWNS,
    skipped=NO_POLICY,
)

FOREIGN = {"AWS": f"arn:aws:iam::{OTHER}:root"}
MANAGES = (f"{AT}.Action",)
CONTROL = Cases(
    rule="resource-policy-keeps-control",
    good={
        "use": policy(FROM_TOPIC, row(Principal=FOREIGN)),
        "own role": policy(row(Action="sqs:AddPermission")),
        "own account": policy(condition("StringEquals", "AWS:SourceOwner", OWN, Action="sns:AddPermission")),
        "grants of services": policy(
            row(
                Principal=FOREIGN,
                Action="kms:CreateGrant",
                Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
            type_="aws:kms/key:Key",
        ),
    },
    bad={
        "another account": (policy(row(Principal=FOREIGN, Action=["sqs:AddPermission"])), MANAGES),
        "service": (policy({**FROM_TOPIC, "Action": "sqs:AddPermission"}), MANAGES),
        "own and another": (policy(row(Principal={"AWS": [ROLE, OTHER]}, Action="sqs:AddPermission")), MANAGES),
        "everybody": (policy(row(Principal="*", Action="s3:PutBucketPolicy")), MANAGES),
        "pattern": (policy(row(Principal=FOREIGN, Action="sqs:*")), MANAGES),
        "grants": (policy(row(Principal=FOREIGN, Action="kms:CreateGrant")), MANAGES),
        "ACL of objects": (policy(row(Principal=FOREIGN, Action="s3:PutObjectAcl")), MANAGES),
        "encryption": (policy(row(Principal=FOREIGN, Action="s3:PutEncryptionConfiguration")), MANAGES),
    },
    unknown=UNKNOWNS,
    skipped=NO_POLICY,
)

CASES: list[Cases] = [PUBLIC, SHARED, ACTIONS, SOURCE, CONTROL]
