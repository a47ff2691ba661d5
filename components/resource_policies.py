"""Policies that lie on a resource: who may use it, and under which conditions.

They are composed from names like identity policies (components/grants.py), so that a preview shows the real document.
Whoever registers one makes it depend on what it names: AWS refuses a principal that does not exist yet.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.account import GLOBAL_REGION, Account

EVERYBODY = "*"
Principal = Literal["*"] | Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class PolicyStatement:
    """One statement of a resource policy. `principal` is EVERYBODY or such as {"Service": "sns.amazonaws.com"}.

    Without `resources` it says none, which is how ECR has it: a repository's policy is about that repository.
    """

    sid: str
    principal: Principal = field(hash=False)
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    effect: Literal["Allow", "Deny"] = "Allow"
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM's JSON policy language writes it."""
        written: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Principal": self.principal,
            "Action": list(self.actions),
        }
        if self.resources:
            written["Resource"] = list(self.resources)
        if self.conditions:
            written["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return written


def policy_text(statements: Sequence[PolicyStatement]) -> str:
    """Return the policy document as JSON. Raises ValueError where two statements have one Sid."""
    sids = [statement.sid for statement in statements]
    for sid in sids:
        if sids.count(sid) > 1:
            raise ValueError(f"two statements are called {sid}")
    document = {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}
    return json.dumps(document, separators=(",", ":"))


def refuse_without_tls(actions: tuple[str, ...], resources: tuple[str, ...]) -> PolicyStatement:
    """Return the statement that refuses calls which come without TLS, whoever makes them."""
    return PolicyStatement(
        sid="RefuseWithoutTls",
        effect="Deny",
        principal=EVERYBODY,
        actions=actions,
        resources=resources,
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def require_tls(bucket_arn: str) -> tuple[PolicyStatement, ...]:
    """Refuse requests to a bucket that come without TLS, or with a version of it below 1.2.

    AWS: "Security best practices for Amazon S3"; TRADING-05 and the encryption controls ask for it.
    """
    resources = (bucket_arn, f"{bucket_arn}/*")
    return (
        refuse_without_tls(("s3:*",), resources),
        PolicyStatement(
            sid="RefuseOldTls",
            effect="Deny",
            principal=EVERYBODY,
            actions=("s3:*",),
            resources=resources,
            conditions={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
    )


def accept_access_logs(account: Account, bucket_arn: str) -> tuple[PolicyStatement, ...]:
    """Let S3 deliver the access logs of the account's buckets (AWS: "Enabling Amazon S3 server access logging")."""
    return (
        PolicyStatement(
            sid="AcceptAccessLogs",
            principal={"Service": "logging.s3.amazonaws.com"},
            actions=("s3:PutObject",),
            resources=(f"{bucket_arn}/*",),
            conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
        ),
    )


def accept_delivered_logs(account: Account, bucket_arn: str) -> tuple[PolicyStatement, ...]:
    """Let the log delivery service write the logs of AWS WAF (AWS: "Permissions to publish logs to Amazon S3").

    Logs of web ACLs for CloudFront come from that service's region.
    """
    delivery: Principal = {"Service": "delivery.logs.amazonaws.com"}
    source = {"aws:SourceAccount": account.account_id}
    regions = dict.fromkeys((account.region, GLOBAL_REGION))
    sources = [dataclasses.replace(account, region=region).arn("logs", "*") for region in regions]
    arns = {"ArnLike": {"aws:SourceArn": sources}}
    return (
        PolicyStatement(
            sid="AcceptDeliveredLogs",
            principal=delivery,
            actions=("s3:PutObject",),
            resources=(f"{bucket_arn}/AWSLogs/{account.account_id}/*",),
            conditions={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **source}, **arns},
        ),
        PolicyStatement(
            sid="ShowAclToDelivery",
            principal=delivery,
            actions=("s3:GetBucketAcl",),
            resources=(bucket_arn,),
            conditions={"StringEquals": source, **arns},
        ),
    )


def admit_readers(bucket_arn: str, readers: Mapping[str, str]) -> tuple[PolicyStatement, ...]:
    """Let services read the objects of a bucket, each for resources whose ARN is like the given pattern.

    AWS: "Restrict access to an Amazon S3 origin". CloudFront names the distribution, whose ARN has the account in it.
    """
    return tuple(
        PolicyStatement(
            sid=f"{service.partition('.')[0].capitalize()}Reads",
            principal={"Service": service},
            actions=("s3:GetObject",),
            resources=(f"{bucket_arn}/*",),
            conditions={"ArnLike": {"aws:SourceArn": source}},
        )
        for service, source in readers.items()
    )


def only_roles(account: Account, bucket_arn: str, roles: Sequence[str]) -> tuple[PolicyStatement, ...]:
    """Refuse everybody but some roles of the account to read, write or delete objects.

    The bucket's policy itself stays in the hands of the account's administrators, so that a wrong one can be mended.
    """
    return (
        PolicyStatement(
            sid="OnlyNamedRoles",
            effect="Deny",
            principal=EVERYBODY,
            actions=("s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"),
            resources=(f"{bucket_arn}/*",),
            conditions={"ArnNotEquals": {"aws:PrincipalArn": [account.role_arn(role) for role in roles]}},
        ),
    )
