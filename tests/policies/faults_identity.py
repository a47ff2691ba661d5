"""Faults in what identities may do: policies of roles, and who may take roles on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from plumbline.graph import Resource
from tests.policies import faults_documents as documents
from tests.policies.faults import Bench, Fault
from tests.policies.faults_documents import ELSEWHERE, Statements

AREA = "identity policies"
TRUST = "trust policies"
RESOURCES = (
    "iam-policy-names-resources",
    "iam-policy-names-more-than-a-kind",
    "iam-policy-names-resources-in-full",
    "iam-policy-allows-by-resource",
)
WILDCARDS = (
    *("s3:Get*", "dynamodb:*Item", "secretsmanager:Get*", "ssm:GetParameter*", "kms:*crypt*", "iam:*Role*", "logs:*"),
    *("sts:Assume*", "lambda:Invoke*", "s3:?etObject", "sqs:Receive*", "ec2:*", "events:Put*"),
)
# Rights that lead to others, to data or to credentials, whatever else a role may do.
RIGHTS: dict[str, tuple[str, ...]] = {
    "iam:*": ("iam-policy-names-actions-of-a-service",),
    "iam:PassRole": ("iam-pass-role-names-roles",),
    "iam:CreateAccessKey": ("iam-policy-limits-credentials", "iam-policy-leads-to-no-more-rights"),
    "iam:CreateLoginProfile": ("iam-policy-limits-credentials", "iam-policy-leads-to-no-more-rights"),
    "iam:AttachRolePolicy": ("iam-policy-leads-to-no-more-rights",),
    "iam:PutRolePolicy": ("iam-policy-leads-to-no-more-rights",),
    "iam:UpdateAssumeRolePolicy": ("iam-policy-leads-to-no-more-rights", "iam-policy-limits-permission-management"),
    "iam:CreatePolicyVersion": ("iam-policy-leads-to-no-more-rights",),
    "iam:AddUserToGroup": ("iam-policy-leads-to-no-more-rights",),
    "iam:DeleteRolePermissionsBoundary": ("iam-policy-limits-permission-management",),
    "sts:AssumeRole": (*RESOURCES, "iam-policy-leads-to-no-more-rights", "iam-policy-limits-credentials"),
    "secretsmanager:GetSecretValue": ("iam-policy-limits-data-reads", "iam-policy-names-resources"),
    "ssm:GetParametersByPath": ("iam-policy-limits-data-reads", "iam-policy-names-resources"),
    "s3:GetObject": ("iam-policy-limits-data-reads", "iam-policy-names-resources"),
    "s3:PutBucketPolicy": ("iam-policy-limits-permission-management",),
    "s3:*": ("iam-policy-names-actions-of-a-service",),
    "kms:Decrypt": ("iam-policy-limits-decryption",),
    "kms:CreateGrant": ("iam-policy-limits-permission-management", "iam-policy-names-resources"),
    "kms:PutKeyPolicy": ("iam-policy-limits-permission-management",),
    "kms:ScheduleKeyDeletion": ("iam-policy-names-resources",),
    "lambda:UpdateFunctionCode": ("iam-policy-leads-to-no-more-rights", "iam-policy-names-resources"),
    "lambda:AddPermission": ("iam-policy-limits-permission-management",),
    "dynamodb:Scan": ("iam-policy-limits-data-reads", "iam-policy-names-resources"),
    "dynamodb:*": ("iam-policy-names-actions-of-a-service",),
    "ec2:RunInstances": ("iam-policy-names-resources",),
    "ec2:AuthorizeSecurityGroupIngress": ("iam-policy-names-resources", "iam-policy-limits-permission-management"),
    "cloudtrail:StopLogging": ("iam-policy-names-resources",),
    "logs:DeleteLogGroup": ("iam-policy-names-resources",),
    "backup:DeleteRecoveryPoint": ("iam-policy-names-resources",),
    "rds:ModifyDBInstance": ("iam-policy-names-resources",),
    **dict.fromkeys(
        ("s3:Get*", "dynamodb:*Item", "secretsmanager:Get*", "ssm:GetParameter*", "kms:*crypt*", "iam:*Role*"),
        ("iam-policy-wildcards-only-read-descriptions", "iam-policy-names-actions-of-a-service"),
    ),
    **dict.fromkeys(
        ("sts:Assume*", "lambda:Invoke*", "s3:?etObject", "sqs:Receive*", "ec2:*", "logs:*", "events:Put*"),
        ("iam-policy-wildcards-only-read-descriptions", "iam-policy-names-actions-of-a-service"),
    ),
    "*": ("iam-policy-allows-not-everything",),
    "*:*": ("iam-policy-allows-not-everything",),
}


def faults(bench: Bench) -> Iterator[Fault]:
    seen: set[str] = set()
    for resource in bench.of("iam:RolePolicy", "iam:Policy"):
        rows = documents.statements(resource, "policy")
        for number, row in enumerate(rows):
            kind = documents.shape(row)
            if kind not in seen:
                seen.add(kind)
                yield from _statement(bench, resource, rows, number)
    for resource in bench.of("iam:RolePolicy", "iam:Policy")[::40]:
        rows = documents.statements(resource, "policy")
        for action, rules in RIGHTS.items():
            broken = documents.added(rows, Action=action, Resource="*")
            yield from bench.edit(AREA, f"{action} of everything added", resource, {"policy": broken}, *rules)
        for what, text in {
            "no JSON": "{",
            "no statements": '{"Version": "2012-10-17"}',
            "a principal": documents.replaced(rows, 0, Principal="*"),
            "no effect": documents.replaced(rows, 0, Effect=None),
            "an action without service": documents.replaced(rows, 0, Action="GetObject"),
        }.items():
            yield from bench.edit(AREA, what, resource, {"policy": text}, "iam-policy-is-well-formed")
    seen.clear()
    for role in bench.of("iam:Role"):
        rows = documents.statements(role, "assumeRolePolicy")
        for number, row in enumerate(rows):
            kind = documents.shape(row)
            if kind not in seen:
                seen.add(kind)
                yield from _trust(bench, role, rows, number)


def _statement(bench: Bench, resource: Resource, rows: Statements, number: int) -> Iterator[Fault]:
    row = rows[number]
    label = row.get("Sid", number)

    def broken(what: str, text: str, *rules: str) -> Iterator[Fault]:
        yield from bench.edit(AREA, f"{label}: {what}", resource, {"policy": text}, *rules)

    actions = documents.listed(row.get("Action"))
    if row["Effect"] == "Deny":
        yield from broken("Deny removed", documents.without(rows, number), "iam-policy-keeps-interfaces-from-code")
        yield from broken(
            "Deny turned into Allow",
            documents.replaced(rows, number, Effect="Allow"),
            "iam-policy-keeps-interfaces-from-code",
        )
        return
    service = actions[0].partition(":")[0]
    yield from broken(
        "every action", documents.replaced(rows, number, Action="*"), "iam-policy-names-actions-of-a-service"
    )
    yield from broken(
        "every action of the service",
        documents.replaced(rows, number, Action=f"{service}:*"),
        "iam-policy-names-actions-of-a-service",
    )
    for wildcard in dict.fromkeys(documents.verbs(actions)):
        if wildcard not in actions:
            yield from broken(
                wildcard,
                documents.replaced(rows, number, Action=[*actions, wildcard]),
                "iam-policy-wildcards-only-read-descriptions",
            )
    yield from broken(
        "NotAction", documents.replaced(rows, number, Action=None, NotAction=actions), "iam-policy-allows-by-action"
    )
    resources = documents.listed(row.get("Resource"))
    # What a pipeline makes has no name yet; its policies are as wide as they must be. What it may give must be named.
    deploys = resource.name.startswith("github-")
    describes = all(action.partition(":")[2].startswith(("Describe", "List")) for action in actions)
    if "*" not in resources and not documents.narrowed(row) and not describes and not deploys:
        yield from broken("every resource", documents.replaced(rows, number, Resource="*"), *RESOURCES)
        yield from broken(
            "every resource beside its own", documents.replaced(rows, number, Resource=[*resources, "*"]), *RESOURCES
        )
        yield from broken(
            "NotResource",
            documents.replaced(rows, number, Resource=None, NotResource=resources),
            "iam-policy-allows-by-resource",
        )
        yield from _resources(bench, resource, rows, number, resources)
    for what, left in documents.weakened(row):
        if deploys and not any(key in what for key in ("PassedTo", "PolicyARN", "AWSServiceName")):
            continue
        yield from broken(
            what,
            documents.replaced(rows, number, Condition=left),
            *RESOURCES,
            "iam-policy-names-what-it-attaches",
            "iam-policy-limits-decryption",
            "iam-pass-role-names-services",
            "iam-policy-limits-permission-management",
            "iam-policy-leads-to-no-more-rights",
            "iam-policy-uses-keys-through-services",
        )


def _resources(bench: Bench, resource: Resource, rows: Statements, number: int, own: list[str]) -> Iterator[Fault]:
    label = rows[number].get("Sid", number)
    parts = own[0].split(":", 5)
    wider = {
        # What comes first in an ARN of S3 is a bucket's name, and no kind.
        "every name of the kind": [
            *parts[:5],
            parts[5].partition("/")[0] + "/*" if "/" in parts[5] and parts[2] != "s3" else "*",
        ],
        "every resource of the service": [*parts[:3], "*", "*", "*"],
        "every region": [*parts[:3], "*", *parts[4:]] if parts[3] else parts,
        "every account": [*parts[:4], "*", parts[5]] if parts[4] else parts,
    }
    if parts[4] == bench.account:
        text = documents.replaced(rows, number, Resource=[*own, ":".join([*parts[:4], ELSEWHERE, parts[5]])])
        rule = "iam-policy-stays-in-trusted-accounts"
        yield from bench.edit(AREA, f"{label}: one of another account", resource, {"policy": text}, rule)
    for what, given in wider.items():
        if ":".join(given) != own[0]:
            text = documents.replaced(rows, number, Resource=":".join(given))
            yield from bench.edit(AREA, f"{label}: {what}", resource, {"policy": text}, *RESOURCES)


def _trust(bench: Bench, role: Resource, rows: Statements, number: int) -> Iterator[Fault]:
    row = rows[number]

    def broken(what: str, text: str, *rules: str) -> Iterator[Fault]:
        yield from bench.edit(TRUST, what, role, {"assumeRolePolicy": text}, *rules)

    names = "iam-trust-names-principals"
    for what, principal in {
        "anybody": "*",
        "any AWS principal": {"AWS": "*"},
        "any AWS principal in a list": {"AWS": ["*"]},
        "a service and anybody": {**row["Principal"], "AWS": "*"},
        "any federation": {"Federated": "*"},
    }.items():
        yield from broken(f"{what} may take it on", documents.replaced(rows, number, Principal=principal), names)
    yield from broken(
        "anybody but", documents.replaced(rows, number, Principal=None, NotPrincipal={"AWS": ELSEWHERE}), names
    )
    for what, principal in {
        "another account": {"AWS": f"arn:aws:iam::{ELSEWHERE}:root"},
        "another account by number": {"AWS": ELSEWHERE},
        "a role of another account": {"AWS": f"arn:aws:iam::{ELSEWHERE}:role/partner"},
        "its own account whole": {"AWS": f"arn:aws:iam::{bench.account}:root"},
    }.items():
        text = documents.added(rows, Principal=principal, Action="sts:AssumeRole")
        yield from broken(f"{what} beside it", text, "iam-trust-limits-accounts", names)
    for what, principal in {
        "ec2.amazonaws.com": {"Service": "ec2.amazonaws.com"},
        "every service": {"Service": "*"},
        "two services": {"Service": ["ecs-tasks.amazonaws.com", "codebuild.amazonaws.com"]},
    }.items():
        text = documents.added(rows, Principal=principal, Action="sts:AssumeRole")
        yield from broken(f"{what} beside it", text, "iam-trust-is-for-one-user", names)
    yield from broken(
        "every action",
        documents.replaced(rows, number, Action="sts:*"),
        "iam-trust-policy-is-well-formed",
        "iam-trust-names-principals",
    )
    ways = dict(documents.weakened(row))
    if row.get("Condition"):
        ways["no conditions"] = None
        ways["conditions that may be missing"] = {f"{key}IfExists": value for key, value in row["Condition"].items()}
    if bench.account and bench.account in json.dumps(row.get("Condition")):
        ways["conditions of another account"] = json.loads(
            json.dumps(row["Condition"]).replace(bench.account, ELSEWHERE)
        )
    for what, left in ways.items():
        yield from broken(
            what,
            documents.replaced(rows, number, Condition=left),
            "iam-trust-names-source-of-service",
            "iam-trust-limits-federation",
            "iam-policy-stays-in-trusted-accounts",
        )
    if "Federated" not in row["Principal"]:
        return
    issuer = "token.actions.githubusercontent.com"
    for subject in (
        "*",
        "repo:*",
        "repo:example-org/*",
        "repo:example-org/plumbline:*",
        "repo:example-org/plumb*",
        "repo:other/plumbline:environment:test",
        "repo:example-org/plumbline:pull_request",
        "repo:*/plumbline:environment:test",
    ):
        given = {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}, "StringLike": {f"{issuer}:sub": subject}}
        text = documents.replaced(rows, number, Condition=given)
        yield from broken(f"the subject {subject}", text, "iam-trust-limits-federation")
    given = {"StringNotEquals": {f"{issuer}:sub": "repo:x/y"}, "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}
    text = documents.replaced(rows, number, Condition=given)
    yield from broken("every subject but one", text, "iam-trust-limits-federation")
