"""Requirement 21 cannot be fooled: what breaks the pipeline's part fails its criterion, what is unknown stays open."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.verdicts import Verdict
from tests.criteria.breaking import (
    BUCKET,
    FUNCTION,
    LOG_GROUP,
    ROLE,
    Change,
    Row,
    add,
    add_statement,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    outputs,
    refer,
    set_,
    settings,
    statement,
    together,
    verdict,
    whole,
)

_ALIAS = "aws:lambda/alias:Alias"
_REPOSITORY = "aws:ecr/repository:Repository"
_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
_REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
_IDENTITY = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_INLINE = "aws:iam/rolePolicy:RolePolicy"
_MANAGED = "aws:iam/policy:Policy"
_CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
_DEPLOY, _PREVIEW = "github-deploy-prod", "github-preview-prod"
_HOST = "token.actions.githubusercontent.com"
_PROVIDER = f"arn:aws:iam::222222222222:oidc-provider/{_HOST}"
_FUNCTIONS = "arn:aws:lambda:us-east-1:222222222222:function:prod-*"


def _trusts(
    role: str = _DEPLOY, sub: Any = "repo:example/trading:environment:prod", operator: str = "StringEquals", **row: Any
) -> Change:
    """Let a role of the bootstrap stack trust one statement, as it does but for what is given."""
    condition = {operator: {f"{_HOST}:aud": "sts.amazonaws.com", f"{_HOST}:sub": sub}}
    whole_row = {
        "Effect": "Allow",
        "Principal": {"Federated": _PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
        **row,
    }
    return base(set_(ROLE, role, assumeRolePolicy=json.dumps({"Statement": [whole_row]})))


def _without_permissions(role: str) -> Change:
    """Take every policy from a role of the bootstrap stack."""
    name = role.replace("github", "bootstrap")
    return base(
        together(*(edit(type_, "", lambda r: None if r.get("role") == name else r) for type_ in (_ATTACHMENT, _INLINE)))
    )


def _pulls(**changes: Any) -> str:
    row = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "ecr:BatchGetImage",
        "Condition": {"ArnLike": {"aws:SourceArn": _FUNCTIONS}},
        **changes,
    }
    return json.dumps({"Statement": [{key: value for key, value in row.items() if value is not None}]})


def _repository(**changes: Any) -> Change:
    """Add a repository as the settings ask for one, and let them ask for it."""
    inputs = {
        "name": "prod-worker",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS"}],
        **changes,
    }
    to = {"repository": (_REPOSITORY, "worker")}
    return together(
        settings(pipeline={"repositories": ("worker",)}),
        add(_REPOSITORY, "worker", **inputs),
        add(_LIFECYCLE, "worker-lifecycle", to, policy="{}"),
        add(_REPOSITORY_POLICY, "worker-policy", to, policy=_pulls()),
    )


def _with_repository(*changes: Change) -> Change:
    return together(_repository(), *changes)


def _policy(**changes: Any) -> Change:
    return _with_repository(set_(_REPOSITORY_POLICY, "worker-policy", policy=_pulls(**changes)))


def _without_output(*names: str) -> Change:
    return outputs(**dict.fromkeys(names))


_OPEN_PULL = {"StringEquals": {"aws:SourceAccount": "333333333333"}}
BROKEN: list[Row] = [
    ("21.1", "prod", "no bootstrap stack", base(None)),
    ("21.1", "prod", "no deploying role", base(drop(ROLE, _DEPLOY))),
    ("21.1", "prod", "another role is set", settings(deployment={"role": "administrator"})),
    ("21.1", "prod", "no role is set", settings(deployment={})),
    ("21.1", "prod", "no previewing role", base(drop(ROLE, _PREVIEW))),
    ("21.1", "prod", "no identity provider", base(drop(_IDENTITY, "github-identity"))),
    ("21.1", "prod", "another provider", base(set_(_IDENTITY, "github-identity", url="https://example.com"))),
    (
        "21.1",
        "prod",
        "another audience",
        base(set_(_IDENTITY, "github-identity", clientIdLists=["https://example.com"])),
    ),
    ("21.1", "prod", "any run of the repository", _trusts(sub="repo:example/trading:*", operator="StringLike")),
    ("21.1", "prod", "a branch", _trusts(sub="repo:example/trading:ref:refs/heads/main")),
    ("21.1", "prod", "every repository of the owner", _trusts(sub="repo:example/*:environment:prod")),
    ("21.1", "prod", "another environment", _trusts(sub="repo:example/trading:environment:test")),
    (
        "21.1",
        "prod",
        "two environments",
        _trusts(sub=["repo:example/trading:environment:prod", "repo:example/trading:environment:test"]),
    ),
    ("21.1", "prod", "the preview's environment", _trusts(sub="repo:example/trading:environment:prod-preview")),
    ("21.1", "prod", "no condition", _trusts(Condition=None)),
    ("21.1", "prod", "only if there is a subject", _trusts(operator="StringEqualsIfExists")),
    ("21.1", "prod", "an account", _trusts(Principal={"AWS": "arn:aws:iam::222222222222:root"})),
    ("21.1", "prod", "an account too", _trusts(Principal={"Federated": _PROVIDER, "AWS": "*"})),
    ("21.1", "prod", "another identity provider", _trusts(Principal={"Federated": "accounts.google.com"})),
    ("21.1", "prod", "tagging of sessions", _trusts(Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"])),
    ("21.1", "prod", "a previewing role for deployments", _trusts(_PREVIEW)),
    (
        "21.1",
        "prod",
        "a third role for everyone",
        _trusts("baseline-roles-api-logs", "repo:example/trading:*", "StringLike"),
    ),
    ("21.1", "prod", "no statement", base(set_(ROLE, _DEPLOY, assumeRolePolicy=json.dumps({"Statement": []})))),
    ("21.1", "prod", "no permission to deploy", _without_permissions(_DEPLOY)),
    ("21.1", "prod", "no permission to look", _without_permissions(_PREVIEW)),
    ("21.2", "prod", "no bucket", drop(BUCKET, "buckets-lambda-packages")),
    ("21.2", "prod", "another name", set_(BUCKET, "buckets-lambda-packages", bucket="prod-packages-222222222222")),
    ("21.2", "prod", "another account", settings(account_id="333333333333")),
    ("21.2", "prod", "a foreign bucket", set_(FUNCTION, "functions-audit", s3Bucket="elsewhere")),
    ("21.2", "prod", "another bucket", refer(FUNCTION, "functions-audit", "s3Bucket", (BUCKET, "buckets-audit-logs"))),
    ("21.3", "prod", "nothing of what is asked for", settings(pipeline={"repositories": ("worker",)})),
    ("21.3", "prod", "an image without repository", set_(FUNCTION, "functions-audit", packageType="Image")),
    ("21.3", "prod", "one of two", together(_repository(), settings(pipeline={"repositories": ("worker", "reports")}))),
    ("21.3", "prod", "tags that move", _repository(imageTagMutability="MUTABLE")),
    ("21.3", "prod", "tags that move by default", _repository(imageTagMutability=None)),
    ("21.3", "prod", "no scan", _repository(imageScanningConfiguration=None)),
    ("21.3", "prod", "no key", _repository(encryptionConfigurations=[{"encryptionType": "AES256"}])),
    ("21.3", "prod", "everything stays", _with_repository(drop(_LIFECYCLE, "worker-lifecycle"))),
    ("21.3", "prod", "no policy", _with_repository(drop(_REPOSITORY_POLICY, "worker-policy"))),
    ("21.3", "prod", "everybody pulls", _policy(Principal="*")),
    ("21.3", "prod", "another service pulls", _policy(Principal={"Service": "ecs.amazonaws.com"})),
    ("21.3", "prod", "for everybody's functions", _policy(Condition=None)),
    ("21.3", "prod", "for functions of others", _policy(Condition=_OPEN_PULL)),
    ("21.3", "prod", "for all functions", _policy(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*"}})),
    ("21.4", "test up", "no output", lambda old: outputs(**dict.fromkeys(old.graph.outputs))(old)),
    ("21.4", "test up", "no functions", _without_output("functions")),
    ("21.4", "test up", "no live functions", _without_output("live_functions")),
    ("21.4", "test up", "no network", _without_output("vpc")),
    ("21.4", "test up", "no log of runs", _without_output("pipeline_log")),
    ("21.4", "test up", "names of tables", outputs(tables={"orders": "test-orders"})),
    ("21.4", "test up", "one more alias", add(_ALIAS, "new", name="new")),
    ("21.5", "prod", "no log group", drop(LOG_GROUP, "pipeline-runs")),
    ("21.5", "prod", "another name", set_(LOG_GROUP, "pipeline-runs", name="/pipeline/test-runs")),
    ("21.5", "prod", "another retention", set_(LOG_GROUP, "pipeline-runs", retentionInDays=7)),
    ("21.5", "prod", "for ever", set_(LOG_GROUP, "pipeline-runs", retentionInDays=None)),
    ("21.5", "prod", "no bootstrap stack", base(None)),
    ("21.5", "prod", "no deploying role", base(drop(ROLE, _DEPLOY))),
    ("21.5", "prod", "nobody writes", _without_permissions(_DEPLOY)),
    (
        "21.5",
        "prod",
        "writes elsewhere",
        base(
            statement(
                _MANAGED,
                "github-deploy-prod-observation-permissions",
                "PipelineRuns",
                Resource=["arn:aws:logs:us-east-1:222222222222:log-group:/pipeline/prod-other"],
            )
        ),
    ),
    (
        "21.5",
        "prod",
        "refused",
        base(
            add_statement(_MANAGED, "github-deploy-prod-data-permissions", Effect="Deny", Action="logs:*", Resource="*")
        ),
    ),
]
OPEN: list[Row] = [
    ("21.1", "prod", "a trust", base(set_(ROLE, _DEPLOY, assumeRolePolicy=UNKNOWN))),
    ("21.1", "prod", "the previews' trust", base(set_(ROLE, _PREVIEW, assumeRolePolicy=UNKNOWN))),
    (
        "21.2",
        "prod",
        "a function's bucket",
        refer(FUNCTION, "functions-audit", "s3Bucket", (BUCKET, "lambda-packages"), (BUCKET, "audit-logs")),
    ),
    ("21.3", "prod", "mutability", _repository(imageTagMutability=UNKNOWN)),
    ("21.3", "prod", "a policy", _with_repository(set_(_REPOSITORY_POLICY, "worker-policy", policy=UNKNOWN))),
    ("21.4", "prod", "nothing", lambda old: old),
    ("21.4", "test up", "one output", outputs(vpc=UNKNOWN)),
    (
        "21.4",
        "test up",
        "an id",
        together(
            edit(_CLIENT, "", lambda r: dataclasses.replace(r, id="")),
            outputs(user_pool_client_id=UNKNOWN),
        ),
    ),
    ("21.5", "prod", "retention", set_(LOG_GROUP, "pipeline-runs", retentionInDays=UNKNOWN)),
    ("21.5", "prod", "permissions", base(set_(_MANAGED, "github-deploy-prod-observation-permissions", policy=UNKNOWN))),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_repositories_that_the_settings_ask_for_are_judged_and_hold() -> None:
    evidence = "6 settings of repositories keep images as they were pushed, and from others"
    assert verdict("21.3", _repository()(whole("prod"))) == Verdict("pass", evidence)


def test_functions_that_are_images_have_a_repository() -> None:
    changed = together(set_(FUNCTION, "functions-audit", packageType="Image"), _repository())
    assert verdict("21.3", changed(whole("prod"))).word == "pass"


def test_a_function_takes_its_package_from_the_bucket() -> None:
    changed = refer(FUNCTION, "functions-audit", "s3Bucket", (BUCKET, "buckets-lambda-packages"))
    assert verdict("21.2", changed(whole("prod"))).evidence.startswith("2 buckets and functions")


def test_a_preview_finds_that_there_are_too_few_outputs() -> None:
    old = whole("prod")
    found = verdict("21.4", outputs(**dict.fromkeys(old.graph.outputs, UNKNOWN))(old))
    assert found.word == "fail"
    assert found.evidence.endswith(f"nothing among the outputs, of which {len(old.graph.outputs)} are unknown")


def test_a_document_without_outputs_leaves_them_open() -> None:
    old = whole("prod")
    changed = dataclasses.replace(old, graph=dataclasses.replace(old.graph, outputs={}))
    assert verdict("21.4", changed).word == "unknown"
