"""Requirements 00, 01, 16, 20 and 23 cannot be fooled: tree, state, access, environments and tags."""

from __future__ import annotations

import dataclasses
import json

import pytest

from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Subject
from tests.criteria.breaking import (
    BUCKET,
    FUNCTION,
    LOG_GROUP,
    ROLE,
    ROLE_POLICY,
    TABLE,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    nothing,
    policy,
    set_,
    settings,
    sibling,
    siblings,
    statement,
    verdict,
    whole,
)

_TABLE_POLICY, _BUCKET_POLICY, _SECRET_POLICY = (
    "strategies-table-strategies",
    "analysis-bucket-prompt-templates",
    "analysis-secret-gemini-api-key",
)
_TRUST_ALL = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})
_OTHER_TABLES = ["arn:aws:dynamodb:us-east-1:1:table/prod-a", "arn:aws:dynamodb:us-east-1:1:table/prod-b"]
_SECRETS = "arn:aws:secretsmanager:us-east-1:222222222222:secret:prod-"
_STATE = "aws:s3/bucket"
_TARGET = "aws:appautoscaling/target:Target"
_CAPACITY = {"read": {"minimum": 5, "maximum": 10}, "write": {"minimum": 5, "maximum": 100}}


def _share_role(old: Subject) -> Subject:
    """Let a function of one group run under the role of another's."""
    (donor,) = (r for r in old.graph.of_type(FUNCTION) if r.name == "functions-audit")
    needs = {"role": donor.property_dependencies["role"]}

    def alter(function: Resource) -> Resource:
        return dataclasses.replace(function, property_dependencies={**function.property_dependencies, **needs})

    return edit(FUNCTION, "functions-strategies", alter)(old)


def _tags(resource: Resource) -> Resource:
    return dataclasses.replace(resource, inputs={**resource.inputs, "tags": {"Owner": "x"}})


def _orphan(resource: Resource) -> Resource:
    return dataclasses.replace(resource, parent="")


def _state(type_: str, name: str, **inputs: object) -> Change:
    return base(set_(f"aws:s3/{type_}", f"buckets-state-{name}", **inputs))


def _without_role(function: Resource) -> Resource:
    needs = {key: urns for key, urns in function.property_dependencies.items() if key != "role"}
    return dataclasses.replace(function, property_dependencies=needs)


def _trusted(*principals: object) -> Change:
    rows = [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} for principal in principals]
    return set_(ROLE, "roles-audit", assumeRolePolicy=json.dumps({"Statement": rows}))


def _state_policy(**elements: object) -> Change:
    return base(statement("aws:s3/bucketPolicy:BucketPolicy", "buckets-state-policy", "RefuseWithoutTls", **elements))


BROKEN: list[Row] = [
    ("01.3a", "prod", "another cloud", settings(deployment={"backend": "gs://bootstrap-state-222222222222/prod"})),
    ("01.3a", "prod", "TLS for one principal", _state_policy(Principal={"AWS": "1"})),
    ("01.3a", "prod", "TLS for one call", _state_policy(Action="s3:GetObject")),
    ("01.7", "prod", "the other without bucket", sibling("test", "deployment.backend", "s3:///test")),
    ("16.1", "prod", "no role", edit(FUNCTION, "functions-audit", _without_role)),
    (
        "16.5",
        "prod",
        "all calls but some",
        set_(ROLE_POLICY, _BUCKET_POLICY, policy=policy(Action=None, NotAction="iam:*", Resource="*")),
    ),
    ("16.8", "prod", "a service and anybody", _trusted({"Service": "lambda.amazonaws.com", "AWS": "*"})),
    ("16.8", "prod", "a service of somebody", _trusted({"Service": "lambda.example.com"})),
    (
        "16.8",
        "prod",
        "a service and one of somebody",
        _trusted({"Service": ["lambda.amazonaws.com", "lambda.example.com"]}),
    ),
    ("16.8", "prod", "no service", _trusted({"Service": []})),
    ("16.8", "prod", "nobody", set_(ROLE, "roles-audit", assumeRolePolicy="{}")),
    ("16.8", "prod", "a second statement", _trusted({"Service": "lambda.amazonaws.com"}, "*")),
    ("00.4", "prod", "nothing is provisioned", nothing),
    ("00.5", "prod", "no test stack", siblings(test=None)),
    ("00.5", "prod", "a third stack", siblings(dev={})),
    ("01.1", "prod", "a table outside of components", edit(TABLE, "-streams", _orphan)),
    ("01.2", "test", "no production stack", siblings(prod=None)),
    ("01.4", "prod", "a stack with another's settings", siblings(test={"environment": "prod"})),
    ("01.5", "prod", "no test stack", siblings(test=None)),
    ("01.6", "prod", "a foreign tag", set_(TABLE, "-streams", tags={"Environment": "test"})),
    ("16.1", "prod", "a role of two groups", _share_role),
    ("16.4", "prod", "two tables in one policy", statement(ROLE_POLICY, _TABLE_POLICY, "", Resource=_OTHER_TABLES)),
    ("16.8", "prod", "anybody", set_("aws:iam/role:Role", "roles-audit", assumeRolePolicy=_TRUST_ALL)),
    ("20.2", "prod", "as long in test", sibling("test", "log_retention_days", 90)),
    ("20.2", "prod", "for ever in test", sibling("test", "log_retention_days", 0)),
    ("20.2", "prod", "logs in buckets for ever in test", sibling("test", "buckets.log_days", 0)),
    ("20.2", "prod", "a log that follows no setting", set_(LOG_GROUP, "functions-audit-log", retentionInDays=30)),
    ("20.3", "prod", "as much in test", sibling("test", "functions.provisioned_concurrency", 5)),
    ("20.3", "prod", "a table that follows no setting", set_(TABLE, "-streams", readCapacity=1)),
    ("20.3", "prod", "writing that follows no setting", set_(TABLE, "-streams", writeCapacity=1)),
    ("20.3", "prod", "a limit that follows no setting", set_(_TARGET, "tables-streams-write-target", maxCapacity=101)),
    ("20.3", "prod", "as much capacity in test", sibling("test", "tables", {"capacity": _CAPACITY})),
    ("20.6", "prod", "no test stack", siblings(test=None)),
    ("23.1", "prod", "tags are missing", edit("aws:sqs/queue:Queue", "functions-retention-dead-letters", _tags)),
    ("01.3a", "prod", "a local backend", settings(deployment={"backend": "file://~", "bootstrap": "bootstrap-prod"})),
    ("01.3a", "prod", "a bucket that nobody makes", settings(deployment={"backend": "s3://other/prod"})),
    ("01.3a", "prod", "no bootstrap stack", base(None)),
    (
        "01.3a",
        "prod",
        "no versions",
        base(drop("aws:s3/bucketVersioning:BucketVersioning", "buckets-state-versioning")),
    ),
    (
        "01.3a",
        "prod",
        "suspended versions",
        _state("bucketVersioning:BucketVersioning", "versioning", versioningConfiguration={"status": "Suspended"}),
    ),
    (
        "01.3a",
        "prod",
        "no encryption",
        _state(
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "encryption", rules=[]
        ),
    ),
    (
        "01.3a",
        "prod",
        "public policies",
        _state("bucketPublicAccessBlock:BucketPublicAccessBlock", "public-access", blockPublicPolicy=False),
    ),
    (
        "01.3a",
        "prod",
        "requests without TLS",
        base(statement("aws:s3/bucketPolicy:BucketPolicy", "buckets-state-policy", "RefuseWithoutTls", Effect="Allow")),
    ),
    (
        "01.3a",
        "prod",
        "TLS for somebody",
        base(
            statement(
                "aws:s3/bucketPolicy:BucketPolicy",
                "buckets-state-policy",
                "RefuseWithoutTls",
                Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": "1"}},
            )
        ),
    ),
    (
        "01.3a",
        "prod",
        "TLS for the bucket and not for its objects",
        base(
            statement(
                "aws:s3/bucketPolicy:BucketPolicy",
                "buckets-state-policy",
                "RefuseWithoutTls",
                Resource="arn:aws:s3:::bootstrap-state-222222222222",
            )
        ),
    ),
    ("01.3b", "prod", "a local backend", settings(deployment={"backend": "file://~"})),
    (
        "01.7",
        "prod",
        "one backend for both",
        sibling("test", "deployment.backend", "s3://bootstrap-state-222222222222/prod?region=us-east-1"),
    ),
    ("01.7", "prod", "the other on a disk", sibling("test", "deployment.backend", "file://~")),
    ("01.7", "prod", "no test stack", siblings(test=None)),
    ("05.1e", "prod", "no such bucket", base(drop(BUCKET, "buckets-state"))),
    ("05.1e", "prod", "no bootstrap stack", base(None)),
    ("16.4", "prod", "any action", set_(ROLE_POLICY, _TABLE_POLICY, policy=policy(Action="*", Resource=_OTHER_TABLES))),
    (
        "16.4",
        "prod",
        "another case",
        set_(ROLE_POLICY, _TABLE_POLICY, policy=policy(Action="DynamoDB:GetItem", Resource=_OTHER_TABLES)),
    ),
    (
        "16.4",
        "prod",
        "a managed policy",
        add("aws:iam/policy:Policy", "wide", policy=policy(Action="dynamodb:GetItem", Resource="*")),
    ),
    (
        "16.5",
        "prod",
        "two buckets",
        set_(ROLE_POLICY, _BUCKET_POLICY, policy=policy(Resource=["arn:aws:s3:::one/*", "arn:aws:s3:::two/*"])),
    ),
    ("16.5", "prod", "many buckets", set_(ROLE_POLICY, _BUCKET_POLICY, policy=policy(Resource="arn:aws:s3:::prod-*"))),
    ("16.5", "prod", "all but one", set_(ROLE_POLICY, _BUCKET_POLICY, policy=policy(Resource=None, NotResource="x"))),
    ("16.5", "prod", "other services too", set_(ROLE_POLICY, _BUCKET_POLICY, policy=policy(Action="s*", Resource="*"))),
    (
        "16.6",
        "prod",
        "two secrets",
        set_(
            ROLE_POLICY,
            _SECRET_POLICY,
            policy=policy(
                Action="secretsmanager:GetSecretValue", Resource=[f"{_SECRETS}a-??????", f"{_SECRETS}b-??????"]
            ),
        ),
    ),
    (
        "16.6",
        "prod",
        "all secrets",
        set_(
            ROLE_POLICY, _SECRET_POLICY, policy=policy(Action="secretsmanager:GetSecretValue", Resource=f"{_SECRETS}*")
        ),
    ),
    (
        "16.6",
        "prod",
        "names of any length",
        set_(
            ROLE_POLICY,
            _SECRET_POLICY,
            policy=policy(Action="secretsmanager:GetSecretValue", Resource=f"{_SECRETS}gemini????????????????"),
        ),
    ),
    (
        "16.6",
        "prod",
        "another call without resource",
        set_(
            ROLE_POLICY,
            _SECRET_POLICY,
            policy=policy(Action=["secretsmanager:GetRandomPassword", "secretsmanager:ListSecrets"], Resource="*"),
        ),
    ),
    ("20.2", "prod", "snapshots as long in test", sibling("test", "cache.snapshot_days", 7)),
    ("20.2", "prod", "logs in buckets as long in test", sibling("test", "buckets.log_days", 365)),
    ("20.2", "prod", "audit logs as long in test", sibling("test", "buckets.audit_log_days", 2557)),
    (
        "20.2",
        "prod",
        "snapshots that follow no setting",
        set_("aws:elasticache/replicationGroup:ReplicationGroup", "cache-redis", snapshotRetentionLimit=1),
    ),
    ("01.1", "prod", "a network outside of components", edit("awsx:ec2:Vpc", "network-vpc", lambda r: None)),
]
OPEN: list[Row] = [
    ("01.3a", "prod", "a policy", _state("bucketPolicy:BucketPolicy", "policy", policy=UNKNOWN)),
    (
        "01.3a",
        "prod",
        "an algorithm",
        _state(
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "encryption",
            rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": UNKNOWN}}],
        ),
    ),
    ("16.4", "prod", "a policy", set_(ROLE_POLICY, _TABLE_POLICY, policy=UNKNOWN)),
    ("16.5", "prod", "a policy", set_(ROLE_POLICY, _TABLE_POLICY, policy=UNKNOWN)),
    ("16.6", "prod", "a policy", set_(ROLE_POLICY, _TABLE_POLICY, policy=UNKNOWN)),
    ("16.8", "prod", "a trust policy", set_(ROLE, "roles-audit", assumeRolePolicy=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_sibling_with_another_environment_is_no_crash() -> None:
    assert verdict("20.2", siblings(test=None, staging={})(whole("prod"))).word == "fail"


def test_a_password_is_made_up_without_a_resource() -> None:
    alone = policy(Action="secretsmanager:GetRandomPassword", Resource="*")
    assert verdict("16.6", set_(ROLE_POLICY, _SECRET_POLICY, policy=alone)(whole("prod"))).word == "pass"


def test_the_same_bucket_under_another_path_is_another_backend() -> None:
    changed = sibling("test", "deployment.backend", "s3://bootstrap-state-222222222222/test")(whole("prod"))
    assert verdict("01.7", changed).word == "deviation"
