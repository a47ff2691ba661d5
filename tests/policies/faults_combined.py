"""Faults that lie between resources: references to the wrong one, two ways of saying a thing, parts that add up."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from plumbline.graph import Options, Resource
from policies.rules import load_all
from policies.rules.operations.stateful import STATEFUL
from tests.policies import faults_documents as documents
from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault, Refer, name_of, short
from tests.policies.faults_documents import ELSEWHERE

AREA = "between resources"
NO_KEY = "arn:aws:sns:us-east-1:222222222222:no-key"
# Where types take keys, and the rule that asks what is given there.
KEYS = {
    "timestreamwrite:Database": ("kmsKeyId", "timestream-database-has-key"),
    "backup:Vault": ("kmsKeyArn", "backup-vault-has-key"),
    "cloudwatch:LogGroup": ("kmsKeyId", "log-group-has-key"),
    "scheduler:Schedule": ("kmsKeyArn", "schedule-has-key"),
    "cloudwatch:EventBus": ("kmsKeyIdentifier", "event-bus-has-key"),
    "lambda:Function": ("kmsKeyArn", "function-environment-has-key"),
}
# What an account has once, and the rule that asks for it.
ACCOUNT = {
    "guardduty:Detector": "account-has-guardduty",
    "securityhub:Account": "account-has-security-hub",
    "accessanalyzer:Analyzer": "access-analyzer-is-on",
    "s3:AccountPublicAccessBlock": "s3-account-blocks-public-access",
}
PASSES = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")


# What is about another resource, by which property, of which type, and what is told of where it is about the wrong one.
COMPANIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "s3:BucketPolicy": ("bucket", "s3:Bucket", ("bucket-denies-without-tls",)),
    "s3:BucketPublicAccessBlock": ("bucket", "s3:Bucket", ("s3-bucket-has-public-access-block",)),
    "s3:BucketVersioning": ("bucket", "s3:Bucket", ("s3-bucket-versioned",)),
    "s3:BucketOwnershipControls": ("bucket", "s3:Bucket", ("s3-access-without-acls",)),
    "s3:BucketServerSideEncryptionConfiguration": ("bucket", "s3:Bucket", ("bucket-encrypted",)),
    "s3:BucketLifecycleConfiguration": ("bucket", "s3:Bucket", ("s3-bucket-has-lifecycle",)),
    "s3:BucketLogging": ("bucket", "s3:Bucket", ("s3-bucket-logs-access",)),
    "sqs:QueuePolicy": ("queueUrl", "sqs:Queue", ("queue-denies-without-tls",)),
    "sns:TopicPolicy": ("arn", "sns:Topic", ("topic-denies-without-tls",)),
    "secretsmanager:SecretPolicy": ("secretArn", "secretsmanager:Secret", ("secret-has-restrictive-policy",)),
    "secretsmanager:SecretRotation": ("secretId", "secretsmanager:Secret", ("secret-rotates",)),
    "wafv2:WebAclLoggingConfiguration": ("resourceArn", "wafv2:WebAcl", ("web-acl-logs-requests",)),
    "ec2:FlowLog": ("vpcId", "ec2:Subnet", ("vpc-has-flow-log",)),
}


def faults(bench: Bench) -> Iterator[Fault]:
    for type_, (path, target, rules) in COMPANIONS.items():
        for companion in bench.of(type_):
            about = bench.about(companion, target)
            other = next((found.urn for found in bench.of(target) if found.urn not in about), None)
            if about and other:
                at = [*about, *(vpc.urn for vpc in bench.of("ec2:Vpc"))]
                yield from bench.edit(AREA, "about another", companion, {path: Refer(other)}, *rules, at=at)
    roles = [urn for function in bench.of("lambda:Function") for urn in bench.about(function, "iam:Role")]
    for function in bench.of("lambda:Function")[1:]:
        yield from bench.edit(
            AREA, "another's role", function, {"role": Refer(roles[0])}, "function-has-role-of-its-own"
        )
    for attachment in bench.of("iam:RolePolicyAttachment"):
        broken = {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
        yield from bench.edit(AREA, "an administrator's policy", attachment, broken, "iam-administrator-not-attached")
        broken = {"policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
        yield from bench.edit(AREA, "all of S3", attachment, broken, "iam-broad-policy-not-attached")
    yield from _keys(bench)
    yield from _identities(bench)
    yield from _policies(bench)
    yield from _messages(bench)
    yield from _edge(bench)
    yield from _account(bench)


def _keys(bench: Bench) -> Iterator[Fault]:
    topic = bench.first("sns:Topic")
    for type_, (path, rule) in KEYS.items():
        for resource in bench.of(type_)[:3]:
            yield from bench.edit(AREA, "a key that is none", resource, {path: NO_KEY}, rule)
            if topic:
                what = "a key from a topic"
                yield from bench.edit(AREA, what, resource, {path: Refer(topic)}, "key-property-refers-to-key")
    for machine in bench.of("sfn:StateMachine"):
        given = {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": NO_KEY}}
        yield from bench.edit(AREA, "a key that is none", machine, given, "state-machine-has-key")
    for secret in bench.of("secretsmanager:Secret"):
        changes = {"kmsKeyId": Refer(secret.urn)}
        yield from bench.edit(AREA, "itself as key", secret, changes, "key-property-refers-to-key")
    for encryption in bench.of("s3:BucketServerSideEncryptionConfiguration"):
        changes = {
            "rules.0.applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"},
            "rules.0.bucketKeyEnabled": False,
        }
        yield from bench.edit(AREA, "no bucket key", encryption, changes, "bucket-key-enabled")


def _added(bench: Bench, name: str, type_: str, inputs: dict[str, Any], **refers: str) -> Resource:
    found = next(bench.add(AREA, name, type_, inputs, refers=refers)).changes.values()
    resource = next(each for each in found if each is not None)
    return dataclasses.replace(resource, urn=f"{resource.urn}-{name}", name=name)


def _identities(bench: Bench) -> Iterator[Fault]:
    held = {urn for policy in bench.of("iam:RolePolicy") for urn in bench.about(policy, "iam:Role")}
    for role in [role for role in bench.of("iam:Role") if role.urn in held][:4]:
        parts = {
            f"part {number}": documents.written([{"Effect": "Allow", "Action": action, "Resource": "*"}])
            for number, action in enumerate(PASSES)
        }
        made = [
            _added(bench, name, "aws:iam/rolePolicy:RolePolicy", {"policy": text}, role=role.urn)
            for name, text in parts.items()
        ]
        rule = "iam-policies-together-lead-to-no-more-rights"
        changes = {each.urn: each for each in made}
        yield Fault(
            AREA, name_of(role, "policies that together make it an administrator"), (rule,), (role.urn,), changes
        )
        inline = {"inlinePolicies": [{"name": "more", "policy": parts["part 2"]}]}
        yield from bench.edit(AREA, "policies two ways", role, inline, "iam-role-has-policies-one-way")
    for group in bench.of("ec2:SecurityGroup"):
        line = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "self": True, "description": "own"}
        changes = {"ingress": [line], "egress": [line]}
        yield from bench.edit(AREA, "lines two ways", group, changes, "security-group-has-rules-one-way")


def _policies(bench: Bench) -> Iterator[Fault]:
    control = "resource-policy-keeps-control"
    for policy in bench.of("s3:BucketPolicy"):
        rows = documents.statements(policy, "policy")
        for what, principal in {
            "another account": {"AWS": ELSEWHERE},
            "a service": {"Service": "logging.s3.amazonaws.com"},
        }.items():
            text = documents.added(rows, Principal=principal, Action="s3:PutBucketPolicy", Resource=rows[0]["Resource"])
            yield from bench.edit(AREA, f"its policy changed by {what}", policy, {"policy": text}, control)
    for key in bench.of("kms:Key"):
        rows = documents.statements(key, "policy")
        for number, row in enumerate(rows):
            if "kms:PutKeyPolicy" in str(row.get("Action")):
                text = documents.without(rows, number)
                yield from bench.edit(AREA, "no administrator", key, {"policy": text}, "kms-key-stays-manageable")


def _messages(bench: Bench) -> Iterator[Fault]:
    asynchronous = "lambda-async-has-failure-target"
    for function in bench.of("lambda:Function"):
        yield from bench.edit(AREA, "failures lost", function, {"deadLetterConfig": GONE}, asynchronous)
        yield from bench.edit(
            AREA, "failures to nobody", function, {"deadLetterConfig": lambda old: {} if old else GONE}, asynchronous
        )
    topic = bench.first("sns:Topic")
    if topic:
        target = {"protocol": "lambda", "endpoint": f"arn:aws:lambda:us-east-1:{bench.account}:function:f"}
        type_ = "aws:sns/topicSubscription:TopicSubscription"
        rule = "subscription-has-dead-letter-queue"
        yield from bench.add(AREA, "without dead-letter queue", type_, target, rule, refers={"topic": topic})
        queue = {"name": "work", "sqsManagedSseEnabled": True, "tags": dict(bench.tags)}
        yield from bench.add(
            AREA, "without dead-letter queue", "aws:sqs/queue:Queue", queue, "queue-has-dead-letter-queue"
        )
    public = {"networkConfiguration": {"assignPublicIp": True, "subnets": ["subnet-1"]}, "taskDefinitionArn": "t"}
    for target_ in bench.of("cloudwatch:EventTarget"):
        rule = "ecs-tasks-have-no-public-address"
        yield from bench.edit(AREA, "a task with a public address", target_, {"ecsTarget": public}, rule)


def _edge(bench: Bench) -> Iterator[Fault]:
    stages = [stage.urn for stage in bench.of("apigateway:Stage")]
    for integration in bench.of("apigateway:Integration")[1:2]:
        changes = {"type": "HTTP_PROXY", "uri": "https://backend.example.com/", "integrationHttpMethod": "GET"}
        rule = "api-stage-has-client-certificate"
        yield from bench.edit(AREA, "a backend that cannot tell who calls", integration, changes, rule, at=stages)
    for made in bench.of("apigateway:Deployment", "apigateway:RestApi"):
        broken = dataclasses.replace(
            made, options=dataclasses.replace(made.options or Options(), delete_before_replace=True)
        )
        name = name_of(made, "deleted before it is replaced")
        yield Fault(AREA, name, ("api-replaced-after-creation",), (made.urn,), {made.urn: broken})
    for type_ in STATEFUL:
        for made in [resource for resource in bench.of(short(type_)) if resource.options.protect][:12]:
            broken = dataclasses.replace(made, options=dataclasses.replace(made.options, protect=False))
            name = name_of(made, "without Pulumi's protection")
            yield Fault(AREA, name, ("stateful-resource-is-protected",), (made.urn,), {made.urn: broken})
    for distribution in bench.of("cloudfront:Distribution"):
        root = {"defaultRootObject": GONE}
        yield from bench.edit(AREA, "no first page", distribution, root, "distribution-has-root-object")
        group = {
            "originId": "group",
            "failoverCriteria": {"statusCodes": []},
            "members": [{"originId": "one"}],
        }
        rule = "distribution-origin-group-fails-over"
        yield from bench.edit(AREA, "a group of one", distribution, {"originGroups": [group]}, rule)
    for acl in bench.of("wafv2:WebAcl"):
        rows = [row for row in acl.inputs["rules"] if "SQLi" not in json.dumps(row, default=str)]
        yield from bench.edit(AREA, "no rules on SQL", acl, {"rules": rows}, "web-acl-stops-sql-injection")


def _account(bench: Bench) -> Iterator[Fault]:
    bucket = next((found for found in bench.of("s3:Bucket") if found.name.endswith("access-logs")), None)
    tags = {"tags": dict(bench.tags)}
    if bucket is not None:
        trail = {"isMultiRegionTrail": True, "enableLogFileValidation": True, **tags}
        type_ = "aws:cloudtrail/trail:Trail"
        refers = {"s3BucketName": bucket.urn}
        yield from bench.add(
            AREA, "into a bucket without logs", type_, trail, "trail-bucket-logs-access", refers=refers
        )
        made = _added(bench, "trail", type_, trail, s3BucketName=bucket.urn)
        blocks = [b.urn for b in bench.of("s3:BucketPublicAccessBlock") if bucket.urn in bench.about(b)]
        changes: dict[str, Resource | None] = {made.urn: made, **dict.fromkeys(blocks)}
        name = "cloudtrail:Trail added: into a bucket without public access block"
        yield Fault(AREA, name, ("trail-bucket-is-not-public",), (made.urn,), changes)
        lock = {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 0}}}
        type_ = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
        yield from bench.add(
            AREA, "of no days", type_, lock, "s3-records-have-object-lock", refers={"bucket": bucket.urn}
        )
        copies = {"role": "r", "rules": [{"status": "Disabled", "destination": {"bucket": "arn:aws:s3:::copy"}}]}
        type_ = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
        rule = "s3-replication-leads-elsewhere"
        yield from bench.add(AREA, "switched off", type_, copies, rule, refers={"bucket": bucket.urn})
    first = _added(bench, "first", "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", {})
    second = _added(bench, "second", "aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": True})
    settings: dict[str, Resource | None] = {first.urn: first, second.urn: second}
    for type_, rule in ACCOUNT.items():
        types = load_all()[rule].types
        gone: dict[str, Resource | None] = {found.urn: None for found in bench.of(type_)}
        # Two settings of an account make a stack one that prepares it; where it is one, the part itself goes.
        places = [found.urn for found in bench.graph if found.type in types and found.urn not in gone]
        name = f"settings of an account without {type_}"
        yield Fault(AREA, name, (rule,), (first.urn, second.urn, *places), gone if places else settings)
    signing = {"policies": {"untrustedArtifactOnDeployment": "Warn"}, "allowedPublishers": {}, **tags}
    type_ = "aws:lambda/codeSigningConfig:CodeSigningConfig"
    yield from bench.add(AREA, "that only warns", type_, signing, "lambda-code-is-signed")
    domain = {"domainName": "search", "encryptAtRest": {"enabled": False}, **tags}
    yield from bench.add(AREA, "unencrypted", "aws:opensearch/domain:Domain", domain, "search-domain-encrypted")
    service = {"serviceName": "s", "encryptionConfiguration": {"kmsKey": NO_KEY}, **tags}
    yield from bench.add(AREA, "a key that is none", "aws:apprunner/service:Service", service, "service-has-key")
    cluster = {"version": "1.20", "roleArn": "r", "vpcConfig": {"subnetIds": ["a", "b"]}, **tags}
    yield from bench.add(AREA, "of an old version", "aws:eks/cluster:Cluster", cluster, "eks-version-supported")
    template = {"tagSpecifications": [], **tags}
    rule = "launch-template-tags-what-it-starts"
    yield from bench.add(AREA, "whose machines have no tags", "aws:ec2/launchTemplate:LaunchTemplate", template, rule)
