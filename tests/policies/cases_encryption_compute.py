"""Fixtures of policies/rules/encryption/functions.py and containers.py."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, Program, changed, made

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test/token"
OWN = "arn:aws:kms:eu-west-1:111122223333:key/1234"
SECRET = made("aws:secretsmanager/secret:Secret", "secret", name="test/token")
VERSION = made("aws:secretsmanager/secretVersion:SecretVersion", "version", secretString="x")
# Settings that are no credentials, though some sound like it.
PLAIN: dict[str, Any] = {
    "TABLE": "test-orders",
    "PARTITION_KEY": "tenantId",
    "SECRET_TOKEN": ARN,
    "DB_PASSWORD_ARN": ARN,
    "TOKEN_SECRET": "test/redis/token",
    "TOKEN_TTL_SECONDS": "300",
    "MAX_TOKENS": "4096",
    "TOKENIZER": "cl100k_base",
    "API_KEY_HEADER": "x-api-key",
    "PASSWORD_POLICY": "strong",
    "USE_TOKEN": "true",
    "AUTH": "None",
    "SECRETSMANAGER_ENDPOINT": "https://secretsmanager.eu-west-1.amazonaws.com",
    "KMS_KEY_ID": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "REDIS_URL": "rediss://cache.example.org:6379",
    "COMMIT": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "ACCESS_TOKEN": "",
    "CLIENT_SECRET": None,
    "COUNT": 5,
}
# Credentials, by form or by name. Made up, and put together so that no scanner takes them for real ones.
CREDENTIALS: dict[str, str] = {
    "AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE",
    "SESSION": "ASIA" + "IOSFODNN7EXAMPLE",
    "ANYTHING": "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    "CERTIFICATE": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "GITHUB": "ghp" + "_" + "a1" * 18,
    "SLACK": "xoxb" + "-123456789012-abcdef",
    "PAYMENTS": "sk" + "_live_" + "a1b2" * 5,
    "GEMINI": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "MODEL": "sk" + "-proj-" + "a1b2c3d4" * 4,
    "SESSION_COOKIE": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "DATABASE_URL": "postgres://app:" + "hunter2@db.example.org/app",
    "REDIS_URL": "redis://:" + "hunter2@cache.example.org:6379/0",
    "JDBC": "jdbc:postgresql://db.example.org/app?user=app&" + "password=hunter2",
    "DB_PASSWORD": "hunter2",
    "dbPassword": "hunter2",
    "DB_PASS": "hunter2",
    "REDIS_TOKEN": "hunter2",
    "API_KEY": "hunter2",
    "OPENAI_API_KEY": "hunter2",
    "ClientSecret": "hunter2",
    "JWT_SECRET": "hunter2",
    "EXCHANGE_CREDENTIALS": "hunter2",
    "AUTH_TOKEN": "Hunter/2",
}


def function(variables: Any, **refers: Resource) -> Resource:
    made_it = made("aws:lambda/function:Function", refers=refers, name="test", kmsKeyArn=OWN)
    return changed(made_it, {"environment": {"variables": variables}})


def variable(name: str) -> tuple[str, ...]:
    return (f"environment.variables.{name}",)


def task(environment: Any, **more: Any) -> Resource:
    container = {"name": "web", "image": "test", "environment": environment, **more}
    return made("aws:ecs/taskDefinition:TaskDefinition", family="test", containerDefinitions=json.dumps([container]))


def service(variables: Any, kind: str = "image") -> Resource:
    inner = {"runtimeEnvironmentVariables": variables}
    config = (
        {"imageConfiguration": inner} if kind == "image" else {"codeConfiguration": {"codeConfigurationValues": inner}}
    )
    return made("aws:apprunner/service:Service", sourceConfiguration={f"{kind}Repository": config})


WHERE = "containerDefinitions.0"
FUNCTION = function(PLAIN)
TASK = task(
    [{"name": name, "value": value} for name, value in PLAIN.items()], secrets=[{"name": "T", "valueFrom": ARN}]
)
BARE_TASK = changed(TASK, {"containerDefinitions": "[]"})
RUNTIME = "sourceConfiguration.imageRepository.imageConfiguration.runtimeEnvironmentVariables"
CODE = "sourceConfiguration.codeRepository.codeConfiguration.codeConfigurationValues.runtimeEnvironmentVariables"
SHARED = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": UNKNOWN, "transitEncryption": "ENABLED"}}
VOLUMES = changed(BARE_TASK, {"volumes": [{"name": "scratch"}, SHARED]})
TRANSIT = "volumes.1.efsVolumeConfiguration.transitEncryption"
CLUSTER = made("aws:eks/cluster:Cluster", encryptionConfig={"provider": {"keyArn": UNKNOWN}, "resources": ["secrets"]})
PROJECT = made("aws:codebuild/project:Project", encryptionKey=OWN, artifacts={"type": "CODEPIPELINE"})
REPORT = made(
    "aws:codebuild/reportGroup:ReportGroup",
    exportConfig={"type": "S3", "s3Destination": {"bucket": "test-reports", "encryptionKey": OWN}},
)
S3 = "exportConfig.s3Destination"


def bad_task(**more: Any) -> Program:
    return [task([], **more)]


CASES = [
    Cases(
        rule="function-environment-without-credentials",
        good={
            "plain": [FUNCTION],
            "unknown": [function({"REDIS_HOST": UNKNOWN, "REDIS_TOKEN": UNKNOWN})],
            "a secret's ARN": [function({"SECRET_REDIS_TOKEN": UNKNOWN}, environment=SECRET), SECRET],
            "something of a version, under another name": [function({"STAGE": UNKNOWN}, environment=VERSION), VERSION],
        },
        bad={
            **{name: ([function({**PLAIN, name: value})], variable(name)) for name, value in CREDENTIALS.items()},
            "beside unknown": ([function({"A_TOKEN": "hunter2", "B": UNKNOWN})], variable("A_TOKEN")),
        },
        unknown={
            "variables": ([function(UNKNOWN)], ("environment.variables",)),
            "a secret's value": (
                [function({"REDIS_TOKEN": UNKNOWN, "REDIS_HOST": UNKNOWN}, environment=VERSION), VERSION],
                variable("REDIS_TOKEN"),
            ),
        },
        skipped={"no variables": [changed(FUNCTION, {"environment": GONE})], "none": [function({})]},
    ),
    Cases(
        rule="function-environment-has-key",
        good={"key": [FUNCTION], "unknown": [changed(function(UNKNOWN), {"kmsKeyArn": UNKNOWN})]},
        bad={
            "not set": ([changed(FUNCTION, {"kmsKeyArn": GONE})], ("kmsKeyArn",)),
            "empty": ([changed(FUNCTION, {"kmsKeyArn": ""})], ("kmsKeyArn",)),
            "service's own": (
                [changed(FUNCTION, {"kmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:alias/aws/lambda"})],
                ("kmsKeyArn",),
            ),
            "no key": ([changed(FUNCTION, {"kmsKeyArn": ARN})], ("kmsKeyArn",)),
        },
        never_unknown="a key that only AWS can decide is set",
        skipped={"no variables": [changed(FUNCTION, {"environment": GONE, "kmsKeyArn": GONE})]},
    ),
    Cases(
        rule="task-containers-without-credentials",
        good={
            "plain": [TASK],
            "no containers": [BARE_TASK],
            "an object": [changed(TASK, {"containerDefinitions": {"Environment": {"Name": "A", "Value": "b"}}})],
        },
        bad={
            **{
                name: ([task([{"name": name, "value": value}])], (f"{WHERE}.environment.0",))
                for name, value in CREDENTIALS.items()
            },
            "upper case": ([task([{"Name": "A_TOKEN", "Value": "hunter2"}])], (f"{WHERE}.environment.0",)),
            "second": ([task([{"name": "A"}, {"name": "A_TOKEN", "value": "x1"}])], (f"{WHERE}.environment.1",)),
            "log option": (
                bad_task(logConfiguration={"logDriver": "splunk", "options": {"splunk-token": "hunter2"}}),
                (f"{WHERE}.logConfiguration.options.splunk-token",),
            ),
            "command": (bad_task(command=["run", CREDENTIALS["DATABASE_URL"]]), (f"{WHERE}.command",)),
            "entry point": (bad_task(entryPoint=CREDENTIALS["GITHUB"]), (f"{WHERE}.entryPoint",)),
            "no JSON": ([changed(TASK, {"containerDefinitions": "{"})], ("containerDefinitions",)),
            "no list": ([changed(TASK, {"containerDefinitions": "5"})], ("containerDefinitions",)),
            "not set": ([changed(TASK, {"containerDefinitions": GONE})], ("containerDefinitions",)),
        },
        unknown={
            "containers": ([changed(TASK, {"containerDefinitions": UNKNOWN})], ("containerDefinitions",)),
            "one": ([changed(TASK, {"containerDefinitions": [UNKNOWN]})], (WHERE,)),
        },
        always=True,
    ),
    Cases(
        rule="service-environment-without-credentials",
        good={"image": [service(PLAIN)], "code": [service(PLAIN, "code")]},
        bad={
            "image": ([service({**PLAIN, "A_TOKEN": "hunter2"})], (f"{RUNTIME}.A_TOKEN",)),
            "code": ([service({"A": CREDENTIALS["REDIS_URL"]}, "code")], (f"{CODE}.A",)),
        },
        unknown={"variables": ([service(UNKNOWN)], (RUNTIME,))},
        skipped={"no variables": [service(None)]},
    ),
    Cases(
        rule="task-volume-encrypted-in-transit",
        good={"on": [VOLUMES], "one, no list": [changed(BARE_TASK, {"volumes": SHARED})]},
        bad={
            "off": ([changed(VOLUMES, {TRANSIT: "DISABLED"})], (TRANSIT,)),
            "not set": ([changed(VOLUMES, {TRANSIT: GONE})], (TRANSIT,)),
        },
        unknown={
            "volumes": ([changed(VOLUMES, {"volumes": UNKNOWN})], ("volumes",)),
            "transit": ([changed(VOLUMES, {TRANSIT: UNKNOWN})], (TRANSIT,)),
        },
        skipped={"no volumes": [BARE_TASK], "other volumes": [changed(VOLUMES, {"volumes": [{"name": "scratch"}]})]},
    ),
    Cases(
        rule="cluster-encrypts-secrets",
        good={
            "one": [CLUSTER],
            "a list": [changed(CLUSTER, {"encryptionConfig": [CLUSTER.inputs["encryptionConfig"]]})],
        },
        bad={
            "not set": ([changed(CLUSTER, {"encryptionConfig": GONE})], ("encryptionConfig",)),
            "empty": ([changed(CLUSTER, {"encryptionConfig": []})], ("encryptionConfig",)),
            "other resources": (
                [changed(CLUSTER, {"encryptionConfig.resources": ["pods"]})],
                ("encryptionConfig.resources",),
            ),
            "no key": ([changed(CLUSTER, {"encryptionConfig.provider": {}})], ("encryptionConfig.provider.keyArn",)),
        },
        unknown={
            "config": ([changed(CLUSTER, {"encryptionConfig": UNKNOWN})], ("encryptionConfig",)),
            "resources": (
                [changed(CLUSTER, {"encryptionConfig.resources": [UNKNOWN]})],
                ("encryptionConfig.resources",),
            ),
        },
        always=True,
    ),
    Cases(
        rule="build-project-encrypted",
        good={
            "key": [PROJECT],
            "more artifacts": [changed(PROJECT, {"secondaryArtifacts": [{"encryptionDisabled": False}]})],
        },
        bad={
            "no key": ([changed(PROJECT, {"encryptionKey": GONE})], ("encryptionKey",)),
            "service's key": ([changed(PROJECT, {"encryptionKey": "alias/aws/s3"})], ("encryptionKey",)),
            "off": ([changed(PROJECT, {"artifacts.encryptionDisabled": True})], ("artifacts.encryptionDisabled",)),
            "second off": (
                [changed(PROJECT, {"secondaryArtifacts": [{"encryptionDisabled": "true"}]})],
                ("secondaryArtifacts.0.encryptionDisabled",),
            ),
        },
        unknown={
            "disabled": (
                [changed(PROJECT, {"artifacts.encryptionDisabled": UNKNOWN})],
                ("artifacts.encryptionDisabled",),
            ),
            "more": ([changed(PROJECT, {"secondaryArtifacts": UNKNOWN})], ("secondaryArtifacts",)),
        },
        always=True,
    ),
    Cases(
        rule="build-report-encrypted",
        good={"key": [REPORT], "kind unknown": [changed(REPORT, {"exportConfig.type": UNKNOWN})]},
        bad={
            "no key": ([changed(REPORT, {f"{S3}.encryptionKey": GONE})], (f"{S3}.encryptionKey",)),
            "off": ([changed(REPORT, {f"{S3}.encryptionDisabled": True})], (f"{S3}.encryptionDisabled",)),
        },
        unknown={"disabled": ([changed(REPORT, {f"{S3}.encryptionDisabled": UNKNOWN})], (f"{S3}.encryptionDisabled",))},
        skipped={"no export": [changed(REPORT, {"exportConfig": {"type": "NO_EXPORT"}})]},
    ),
    Cases(
        rule="service-has-key",
        parameters={"key": "customer"},
        good={"key": [changed(service(None), {"encryptionConfiguration": {"kmsKey": OWN}})]},
        bad={"not set": ([service(None)], ("encryptionConfiguration.kmsKey",))},
        never_unknown="a key that only AWS can decide is set",
        always=True,
    ),
]
