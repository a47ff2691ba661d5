"""Fixtures: who may become a role."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, Program, changed, made
from tests.policies.cases_least_privilege_identity import ROLE, allow, document

_OTHER = "arn:aws:iam::999999999999:role/partner"
_OWN = "arn:aws:iam::111111111111:role/orders"
_EXTERNAL = {"StringEquals": {"sts:ExternalId": "3f9a"}}
_GITHUB = "token.actions.githubusercontent.com"
_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/"
_EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
_SUBJECT = "repo:example/orders:environment:prod"
_VPC = "arn:aws:ec2:eu-west-1:111111111111:vpc-flow-log/*"
_SOURCE = {"StringEquals": {"aws:SourceAccount": "111111111111"}, "ArnLike": {"aws:SourceArn": _VPC}}
_UNKNOWN = {"trust": ([made(ROLE, assumeRolePolicy=UNKNOWN)], ("assumeRolePolicy",))}
_LAMBDA = {"Service": "lambda.amazonaws.com"}


def trusting(principal: Any, condition: Any = None, action: str = "sts:AssumeRole", **more: Any) -> Program:
    """Return a role that a principal may assume."""
    statement = allow(action, None, condition, Principal=principal)
    return [made(ROLE, assumeRolePolicy=json.dumps(document(statement)), **more)]


def bad(where: str, *args: Any, **more: Any) -> tuple[Program, tuple[str, ...]]:
    return trusting(*args, **more), (f"assumeRolePolicy.Statement[0].{where}",)


def token(host: str = _GITHUB, subject: Any = _SUBJECT, audience: Any = "sts.amazonaws.com", who: str = "sub") -> Any:
    """Return the principal and the condition of an identity provider's users; None takes a claim away."""
    claims = {f"{host}:{who}": subject, f"{host}:aud": audience}
    return {"Federated": f"{_PROVIDER}{host}"}, {
        "StringLike": {claim: value for claim, value in claims.items() if value is not None}
    }


def _service(name: str, condition: Any = None) -> tuple[Program, tuple[str, ...]]:
    return bad("Condition", {"Service": name}, condition)


_NOT_PRINCIPAL = {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": _OTHER}}
_OIDC = made(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    url=f"https://{_GITHUB}",
    clientIdLists=["sts.amazonaws.com"],
)
_SKIPPED: dict[str, Program] = {"for a service": trusting(_LAMBDA), "no trust policy": [made(ROLE)]}

CASES = [
    Cases(
        rule="iam-trust-names-principals",
        good={
            "a service": trusting(_LAMBDA),
            "a role": trusting({"AWS": _OWN}),
            "an organisation": trusting("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234"}}),
            "a denial for all": [
                made(
                    ROLE,
                    assumeRolePolicy=document(
                        {"Effect": "Deny", "Action": "sts:*", "Principal": "*"},
                        allow("sts:AssumeRole", None, Principal=_LAMBDA),
                    ),
                )
            ],
        },
        bad={
            "everybody": bad("Principal", "*"),
            "every identity": bad("Principal", {"AWS": ["*", _OWN]}),
            "every service": bad("Principal", {"Service": "*.amazonaws.com"}),
            "every provider": bad("Principal", {"Federated": "*"}),
            "every account": bad("Principal", {"AWS": "arn:aws:iam::*:root"}),
            "every organisation": bad("Principal", "*", {"StringLike": {"aws:PrincipalOrgID": "*"}}),
            "everybody with an address": bad("Principal", "*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            "all but some": (
                [made(ROLE, assumeRolePolicy=document(_NOT_PRINCIPAL))],
                ("assumeRolePolicy.Statement[0].NotPrincipal",),
            ),
        },
        unknown=_UNKNOWN,
        skipped={"no trust policy": [made(ROLE)]},
    ),
    Cases(
        rule="iam-trust-limits-accounts",
        good={
            "a role of an own account": trusting({"AWS": _OWN}),
            "a role of the same account": trusting({"AWS": _OTHER}, arn="arn:aws:iam::999999999999:role/it"),
            "another account's role": trusting({"AWS": _OTHER}, _EXTERNAL),
            "another account": trusting({"AWS": "999999999999"}, _EXTERNAL),
            "some of an account": trusting(
                {"AWS": "arn:aws:iam::111111111111:root"}, {"ArnLike": {"aws:PrincipalArn": _OWN}}
            ),
            "tagged ones of an account": trusting(
                {"AWS": "arn:aws:iam::111111111111:root"}, {"StringEquals": {"aws:PrincipalTag/Team": "orders"}}
            ),
        },
        bad={
            "another account's role": bad("Principal", {"AWS": _OTHER}),
            "another account": bad("Principal", {"AWS": "arn:aws:iam::999999999999:root"}),
            "another account's number": bad("Principal", {"AWS": ["999999999999"]}),
            "the own account": bad("Principal", {"AWS": "arn:aws:iam::111111111111:root"}),
            "any external id": bad("Principal", {"AWS": _OTHER}, {"StringLike": {"sts:ExternalId": "*"}}),
            "an external id if there is one": bad(
                "Principal", {"AWS": _OTHER}, {"StringEqualsIfExists": {"sts:ExternalId": "3f9a"}}
            ),
            "who is gone": bad("Principal", {"AWS": "AROAEXAMPLEID"}),
        },
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
        parameters={"accounts": ["111111111111"]},
    ),
    Cases(
        rule="iam-trust-limits-federation",
        good={
            "an environment": trusting(*token()),
            "a branch": trusting(*token(subject=["repo:example/orders:ref:refs/heads/main"])),
            "tags": trusting(*token(subject="repo:example/orders:ref:refs/tags/v*")),
            "a service account": trusting(*token(_EKS, "system:serviceaccount:orders:api")),
            "who signed in to Cognito": trusting(
                *token("cognito-identity.amazonaws.com", "authenticated", "eu-west-1:1234", "amr")
            ),
            "SAML": trusting(
                {"Federated": "arn:aws:iam::111111111111:saml-provider/office"},
                {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            ),
        },
        bad={
            "any subject": bad("Condition", *token(subject=None)),
            "any audience": bad("Condition", *token(audience=None)),
            "all audiences": bad("Condition", *token(audience="*")),
            "no condition": (trusting(token()[0]), ("assumeRolePolicy.Statement[0].Condition",) * 2),
            "any owner": bad("Condition", *token(subject="repo:*")),
            "any repository": bad("Condition", *token(subject="repo:example/*:ref:refs/heads/main")),
            "any branch": bad("Condition", *token(subject="repo:example/orders:*")),
            "any environment": bad("Condition", *token(subject="repo:example/orders:environment:*")),
            "one of them any": bad("Condition", *token(subject=[_SUBJECT, "repo:example/orders:ref:refs/heads/*"])),
            "an owner alone": bad("Condition", *token(subject="repo:example")),
            "a stranger": bad("Condition", *token(subject="repo:another/orders:environment:prod")),
            "pull requests": bad("Condition", *token(subject="repo:example/orders:pull_request")),
            "if it is said": bad(
                "Condition",
                token()[0],
                {
                    "StringEquals": {f"{_GITHUB}:aud": "sts.amazonaws.com"},
                    "StringEqualsIfExists": {f"{_GITHUB}:sub": _SUBJECT},
                },
            ),
            "of all values": bad(
                "Condition",
                token()[0],
                {
                    "StringEquals": {f"{_GITHUB}:aud": "sts.amazonaws.com"},
                    "ForAllValues:StringLike": {f"{_GITHUB}:sub": _SUBJECT},
                },
            ),
            "any service account": bad("Condition", *token(_EKS, "system:serviceaccount:*:api")),
            "any of Cognito": bad("Condition", *token("cognito-identity.amazonaws.com", None, "x:1", "amr")),
            "any SAML": bad("Condition", {"Federated": "arn:aws:iam::111111111111:saml-provider/office"}),
        },
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
        parameters={"repositories": ["example/*"]},
    ),
    Cases(
        rule="iam-trust-names-source-of-service",
        good={
            "account and ARN": trusting({"Service": "vpc-flow-logs.amazonaws.com"}, _SOURCE),
            "account": trusting({"Service": "states.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": "1" * 12}}),
            "ARN": trusting({"Service": "logs.eu-west-1.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": _VPC}}),
            "a bucket": trusting(
                {"Service": "events.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::orders"}}
            ),
            "an organisation": trusting(
                {"Service": "scheduler.amazonaws.com"}, {"StringEquals": {"aws:SourceOrgID": "o-1234"}}
            ),
        },
        bad={
            "anybody's": _service("states.amazonaws.com"),
            "anybody's logs": _service("logs.eu-west-1.amazonaws.com"),
            "anybody's tasks": _service("ecs-tasks.amazonaws.com"),
            "among others": bad("Condition", {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}),
            "a further one": _service("orders.example.com"),
            "any account": _service("states.amazonaws.com", {"StringLike": {"aws:SourceAccount": "*"}}),
            "any account's": _service("states.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:*:*"}}),
            "if it is said": _service(
                "states.amazonaws.com", {"StringEqualsIfExists": {"aws:SourceAccount": "111111111111"}}
            ),
            "another condition": _service(
                "states.amazonaws.com", {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
            ),
            "two accounts": _service(
                "states.amazonaws.com", {**_SOURCE, "StringEquals": {"aws:SourceAccount": "999999999999"}}
            ),
        },
        unknown=_UNKNOWN,
        skipped=_SKIPPED,
        parameters={"senders": ["orders.example.com"]},
    ),
    Cases(
        rule="iam-trust-is-for-one-user",
        good={
            "a service": trusting(_LAMBDA),
            "a service in two regions": trusting({"Service": ["logs.eu-west-1.amazonaws.com", "logs.amazonaws.com"]}),
            "services for one thing": trusting({"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}),
            "two roles": trusting({"AWS": [_OWN, _OTHER]}),
        },
        bad={
            "two services": (
                trusting({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}),
                ("assumeRolePolicy",),
            ),
            "a service and a role": (trusting({**_LAMBDA, "AWS": _OWN}), ("assumeRolePolicy",)),
            "two statements": (
                [
                    made(
                        ROLE,
                        assumeRolePolicy=document(
                            allow("sts:AssumeRole", None, Principal=_LAMBDA),
                            allow("sts:AssumeRoleWithWebIdentity", None, Principal=token()[0]),
                        ),
                    )
                ],
                ("assumeRolePolicy",),
            ),
        },
        unknown=_UNKNOWN,
        skipped={"no trust policy": [made(ROLE)]},
    ),
    Cases(
        rule="iam-oidc-provider-names-audience",
        good={
            "GitHub": [_OIDC],
            "another": [changed(_OIDC, {"url": "https://oidc.example.com", "clientIdLists": ["orders"]})],
        },
        bad={
            "no audience": ([changed(_OIDC, {"clientIdLists": []})], ("clientIdLists",)),
            "not set": ([changed(_OIDC, {"clientIdLists": GONE})], ("clientIdLists",)),
            "any audience": ([changed(_OIDC, {"clientIdLists": ["sts.amazonaws.com", "*"]})], ("clientIdLists",)),
            "another audience": ([changed(_OIDC, {"clientIdLists": ["https://github.com/x"]})], ("clientIdLists",)),
            "clear text": ([changed(_OIDC, {"url": f"http://{_GITHUB}"})], ("url",)),
            "no address": ([changed(_OIDC, {"url": GONE})], ("url",)),
        },
        unknown={"audience": ([changed(_OIDC, {"clientIdLists": UNKNOWN})], ("clientIdLists",))},
        always=True,
    ),
]
