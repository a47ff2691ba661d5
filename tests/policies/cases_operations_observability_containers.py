"""Fixtures of policies/rules/operations/observability_containers.py."""

from __future__ import annotations

import json

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

REPOSITORY = made("aws:ecr/repository:Repository", name="test/api", imageScanningConfiguration={"scanOnPush": True})
UNSCANNED = changed(REPOSITORY, {"imageScanningConfiguration": GONE})
REGISTRY = made(
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
    "registry",
    scanType="ENHANCED",
    rules=[{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "test/*", "filterType": "WILDCARD"}]}],
)
PROJECT = made("aws:codebuild/project:Project", logsConfig={"cloudwatchLogs": {"groupName": "test-builds"}})
TO_BUCKET = made(
    "aws:codebuild/project:Project", logsConfig={"s3Logs": {"status": "ENABLED", "location": "logs/builds"}}
)
KUBERNETES = made(
    "aws:eks/cluster:Cluster",
    enabledClusterLogTypes=["api", "audit", "authenticator", "controllerManager", "scheduler"],
)
CONTAINER = {
    "name": "app",
    "image": "app",
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "app", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app"},
    },
}


def task(*containers: object):
    return made("aws:ecs/taskDefinition:TaskDefinition", family="app", containerDefinitions=json.dumps(containers))


def logging(configuration: object):
    """Return a task whose second container logs otherwise than the first."""
    return task(CONTAINER, {**CONTAINER, "name": "second", "logConfiguration": configuration})


TASK = task(CONTAINER)
AS_LIST = made("aws:ecs/taskDefinition:TaskDefinition", containerDefinitions=[CONTAINER])
SECOND = "containerDefinitions[1].logConfiguration"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
EXEC = "configuration.executeCommandConfiguration"
CLUSTER = made(
    "aws:ecs/cluster:Cluster",
    "cluster",
    name="test",
    settings=[{"name": "containerInsights", "value": "enabled"}],
    configuration={
        "executeCommandConfiguration": {
            "kmsKeyId": KEY,
            "logging": "OVERRIDE",
            "logConfiguration": {"cloudWatchEncryptionEnabled": True, "cloudWatchLogGroupName": "exec"},
        }
    },
)
SERVICE = made("aws:ecs/service:Service", "service", refers={"cluster": CLUSTER}, enableExecuteCommand=True)
TYPES, SCAN = "enabledClusterLogTypes", "imageScanningConfiguration.scanOnPush"
GROUP_STATUS, BUCKET_STATUS = "logsConfig.cloudwatchLogs.status", "logsConfig.s3Logs.status"
LOCATION, PLAIN = "logsConfig.s3Logs.location", "logsConfig.s3Logs.encryptionDisabled"
INSIGHTS = "settings.0.value"

CASES = [
    Cases(
        rule="ecr-scans-on-push",
        good={
            "on push": [REPOSITORY],
            "registry": [UNSCANNED, REGISTRY],
            "registry for all": [
                changed(UNSCANNED, {"name": UNKNOWN}),
                changed(REGISTRY, {"rules.0.repositoryFilters.0.filter": "*"}),
            ],
        },
        bad={
            "off": ([changed(REPOSITORY, {SCAN: False})], (SCAN,)),
            "not set": ([UNSCANNED], (SCAN,)),
            "registry for others": ([changed(UNSCANNED, {"name": "web"}), REGISTRY], (SCAN,)),
            "registry by hand": ([UNSCANNED, changed(REGISTRY, {"rules.0.scanFrequency": "MANUAL"})], (SCAN,)),
        },
        unknown={"on push": ([changed(REPOSITORY, {SCAN: UNKNOWN})], (SCAN,))},
        always=True,
    ),
    Cases(
        rule="codebuild-logs-builds",
        good={
            "log group": [PROJECT],
            "bucket": [TO_BUCKET],
            "one of both": [changed(TO_BUCKET, {"logsConfig.cloudwatchLogs": {"status": "DISABLED"}})],
        },
        bad={
            "not set": ([changed(PROJECT, {"logsConfig": GONE})], ("logsConfig",)),
            "empty": ([changed(PROJECT, {"logsConfig": {}})], ("logsConfig",)),
            "off": ([changed(PROJECT, {GROUP_STATUS: "DISABLED"})], (GROUP_STATUS,)),
            "bucket off": ([changed(TO_BUCKET, {BUCKET_STATUS: "DISABLED"})], (BUCKET_STATUS,)),
            "no bucket": ([changed(TO_BUCKET, {LOCATION: GONE})], (LOCATION,)),
        },
        unknown={"status": ([changed(PROJECT, {GROUP_STATUS: UNKNOWN})], (GROUP_STATUS,))},
        always=True,
    ),
    Cases(
        rule="codebuild-bucket-logs-encrypted",
        good={"not set": [TO_BUCKET], "on": [changed(TO_BUCKET, {PLAIN: False})]},
        bad={
            "off": ([changed(TO_BUCKET, {PLAIN: True})], (PLAIN,)),
            "off, without logs": ([changed(TO_BUCKET, {PLAIN: "true", BUCKET_STATUS: "DISABLED"})], (PLAIN,)),
        },
        unknown={"encrypted": ([changed(TO_BUCKET, {PLAIN: UNKNOWN})], (PLAIN,))},
        skipped={"no bucket": [PROJECT]},
    ),
    Cases(
        rule="eks-logs-control-plane",
        good={"all": [KUBERNETES]},
        bad={
            "not set": ([changed(KUBERNETES, {TYPES: GONE})], (TYPES,)),
            "empty": ([changed(KUBERNETES, {TYPES: []})], (TYPES,)),
            "no audit": ([changed(KUBERNETES, {"enabledClusterLogTypes.1": "api"})], (TYPES,)),
            "one": ([changed(KUBERNETES, {TYPES: "audit"})], (TYPES,)),
        },
        unknown={
            "types": ([changed(KUBERNETES, {TYPES: UNKNOWN})], (TYPES,)),
            "one": ([changed(KUBERNETES, {"enabledClusterLogTypes.1": UNKNOWN})], (TYPES,)),
        },
        always=True,
    ),
    Cases(
        rule="ecs-container-logs",
        good={
            "CloudWatch": [TASK],
            "list": [AS_LIST],
            "router": [logging({"LogDriver": "awsfirelens"})],
            "group to come": [
                changed(AS_LIST, {"containerDefinitions.0.logConfiguration.options.awslogs-group": UNKNOWN})
            ],
        },
        bad={
            "not set": ([logging(None)], (SECOND,)),
            "empty": ([logging({})], (SECOND,)),
            "none": ([logging({"logDriver": "none"})], (f"{SECOND}.logDriver",)),
            "on the host": ([logging({"logDriver": "json-file"})], (f"{SECOND}.logDriver",)),
            "no driver": ([logging({"options": {}})], (f"{SECOND}.logDriver",)),
            "no group": ([logging({"logDriver": "awslogs"})], (f"{SECOND}.options",)),
            "empty group": (
                [logging({"logDriver": "awslogs", "options": {"awslogs-group": ""}})],
                (f"{SECOND}.options",),
            ),
            "no JSON": ([changed(TASK, {"containerDefinitions": "["})], ("containerDefinitions[0].logConfiguration",)),
            "no container": ([task("app")], ("containerDefinitions[0].logConfiguration",)),
        },
        unknown={
            "containers": ([changed(TASK, {"containerDefinitions": UNKNOWN})], ("containerDefinitions",)),
            "container": ([changed(AS_LIST, {"containerDefinitions.0": UNKNOWN})], ("containerDefinitions[0]",)),
            "logging": (
                [changed(AS_LIST, {"containerDefinitions.0.logConfiguration": UNKNOWN})],
                ("containerDefinitions[0].logConfiguration",),
            ),
            "driver": (
                [changed(AS_LIST, {"containerDefinitions.0.logConfiguration.logDriver": UNKNOWN})],
                ("containerDefinitions[0].logConfiguration.logDriver",),
            ),
            "options": (
                [changed(AS_LIST, {"containerDefinitions.0.logConfiguration.options": UNKNOWN})],
                ("containerDefinitions[0].logConfiguration.options",),
            ),
        },
        always=True,
    ),
    Cases(
        rule="ecs-cluster-has-container-insights",
        good={
            "on": [CLUSTER],
            "enhanced": [changed(CLUSTER, {INSIGHTS: "enhanced"})],
            "one, no list": [changed(CLUSTER, {"settings": {"name": "containerInsights", "value": "enabled"}})],
        },
        bad={
            "off": ([changed(CLUSTER, {INSIGHTS: "disabled"})], (INSIGHTS,)),
            "no value": ([changed(CLUSTER, {INSIGHTS: GONE})], (INSIGHTS,)),
            "not set": ([changed(CLUSTER, {"settings": GONE})], ("settings",)),
            "another": ([changed(CLUSTER, {"settings.0.name": "other"})], ("settings",)),
        },
        unknown={
            "settings": ([changed(CLUSTER, {"settings": UNKNOWN})], ("settings",)),
            "name": ([changed(CLUSTER, {"settings.0.name": UNKNOWN})], ("settings",)),
            "value": ([changed(CLUSTER, {INSIGHTS: UNKNOWN})], (INSIGHTS,)),
        },
        always=True,
    ),
    Cases(
        rule="ecs-exec-is-logged",
        good={
            "own group": [CLUSTER],
            "containers' group": [changed(CLUSTER, {f"{EXEC}.logging": "DEFAULT"})],
            "bucket": [
                changed(
                    CLUSTER, {f"{EXEC}.logConfiguration": {"s3BucketName": UNKNOWN, "s3BucketEncryptionEnabled": True}}
                )
            ],
        },
        bad={
            "off": ([changed(CLUSTER, {f"{EXEC}.logging": "NONE"})], (f"{EXEC}.logging",)),
            "no key": ([changed(CLUSTER, {f"{EXEC}.kmsKeyId": GONE})], (f"{EXEC}.kmsKeyId",)),
            "nowhere": ([changed(CLUSTER, {f"{EXEC}.logConfiguration": GONE})], (f"{EXEC}.logConfiguration",)),
            "clear text": (
                [changed(CLUSTER, {f"{EXEC}.logConfiguration.cloudWatchEncryptionEnabled": False})],
                (f"{EXEC}.logConfiguration.cloudWatchEncryptionEnabled",),
            ),
            "bucket in clear text": (
                [changed(CLUSTER, {f"{EXEC}.logConfiguration": {"s3BucketName": "logs"}})],
                (f"{EXEC}.logConfiguration.s3BucketEncryptionEnabled",),
            ),
            "used, not set": ([changed(CLUSTER, {"configuration": GONE}), SERVICE], (EXEC,)),
        },
        unknown={"logging": ([changed(CLUSTER, {f"{EXEC}.logging": UNKNOWN})], (f"{EXEC}.logging",))},
        skipped={
            "not used": [changed(CLUSTER, {"configuration": GONE}), changed(SERVICE, {"enableExecuteCommand": False})],
        },
    ),
]
