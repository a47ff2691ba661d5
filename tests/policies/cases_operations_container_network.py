"""Fixtures of rules about containers and instances: networks, hosts, images and metadata."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

REPOSITORY = made("aws:ecr/repository:Repository", "images", name="images")
OTHER = made(REPOSITORY.type, "other", name="other")
RULES: dict[str, Any] = {"rules": [{"rulePriority": 1, "action": {"type": "expire"}}]}
LIFECYCLE = made("aws:ecr/lifecyclePolicy:LifecyclePolicy", refers={"repository": REPOSITORY}, policy=json.dumps(RULES))
HAS_LIFECYCLE = Cases(
    rule="ecr-repository-has-lifecycle",
    good={
        "text": [REPOSITORY, LIFECYCLE],
        "object": [REPOSITORY, changed(LIFECYCLE, {"policy": RULES})],
        "by name": [REPOSITORY, made(LIFECYCLE.type, repository="images", policy=json.dumps(RULES))],
    },
    bad={
        "none": ([REPOSITORY], ("",)),
        "another's": ([REPOSITORY, OTHER, made(LIFECYCLE.type, refers={"repository": OTHER}, policy=RULES)], ("",)),
        "no rule": ([REPOSITORY, changed(LIFECYCLE, {"policy": '{"rules": []}'})], ("",)),
        "broken": ([REPOSITORY, changed(LIFECYCLE, {"policy": "{"})], ("",)),
        "not set": ([REPOSITORY, changed(LIFECYCLE, {"policy": GONE})], ("",)),
    },
    unknown={
        "policy": ([REPOSITORY, changed(LIFECYCLE, {"policy": UNKNOWN})], ("",)),
        "rules": ([REPOSITORY, changed(LIFECYCLE, {"policy": {"rules": UNKNOWN}})], ("",)),
        "of which repository": ([REPOSITORY, made(LIFECYCLE.type, repository=UNKNOWN, policy=RULES)], ("",)),
    },
    always=True,
)
PUBLIC, OWN = "vpcConfig.endpointPublicAccess", "vpcConfig.endpointPrivateAccess"
CLUSTER = made(
    "aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True, "subnetIds": []}
)
ENDPOINT = Cases(
    rule="eks-endpoint-is-private",
    good={"private": [CLUSTER]},
    bad={
        "public": ([changed(CLUSTER, {PUBLIC: True})], (PUBLIC,)),
        "by default": ([changed(CLUSTER, {PUBLIC: GONE})], (PUBLIC,)),
        "for some": (
            [changed(CLUSTER, {PUBLIC: True, "vpcConfig.publicAccessCidrs": ["198.51.100.0/24"]})],
            (PUBLIC,),
        ),
        "neither": ([changed(CLUSTER, {OWN: False})], (OWN,)),
    },
    unknown={"flag": ([changed(CLUSTER, {PUBLIC: UNKNOWN})], (PUBLIC,))},
    always=True,
)
NODES = made(
    "aws:eks/nodeGroup:NodeGroup", remoteAccess={"ec2SshKey": "operators", "sourceSecurityGroupIds": [UNKNOWN]}
)
SSH = Cases(
    rule="eks-node-group-ssh-is-limited",
    good={"groups": [NODES]},
    bad={
        "none": (
            [changed(NODES, {"remoteAccess.sourceSecurityGroupIds": GONE})],
            ("remoteAccess.sourceSecurityGroupIds",),
        ),
        "empty": (
            [changed(NODES, {"remoteAccess.sourceSecurityGroupIds": []})],
            ("remoteAccess.sourceSecurityGroupIds",),
        ),
    },
    unknown={"access": ([changed(NODES, {"remoteAccess": UNKNOWN})], ("remoteAccess",))},
    skipped={"no key": [changed(NODES, {"remoteAccess": GONE})], "groups only": [made(NODES.type, remoteAccess={})]},
)
TASK = made("aws:ecs/taskDefinition:TaskDefinition", networkMode="awsvpc")
PROCESSES = Cases(
    rule="ecs-task-has-own-processes",
    good={"not set": [TASK], "the task's": [changed(TASK, {"pidMode": "task", "ipcMode": "none"})]},
    bad={
        "processes": ([changed(TASK, {"pidMode": "host"})], ("pidMode",)),
        "memory": ([changed(TASK, {"ipcMode": "HOST"})], ("ipcMode",)),
    },
    unknown={"processes": ([changed(TASK, {"pidMode": UNKNOWN})], ("pidMode",))},
    always=True,
)
NETWORK = Cases(
    rule="ecs-task-has-own-network",
    good={"own": [TASK], "bridge": [changed(TASK, {"networkMode": GONE})]},
    bad={"host": ([changed(TASK, {"networkMode": "host"})], ("networkMode",))},
    unknown={"mode": ([changed(TASK, {"networkMode": UNKNOWN})], ("networkMode",))},
    always=True,
)
IP = "networkConfiguration.assignPublicIp"
SERVICE = made("aws:ecs/service:Service", networkConfiguration={"subnets": ["subnet-1"], "assignPublicIp": False})
OF_TARGET, OF_SCHEDULE = "ecsTarget", "target.ecsParameters"
TARGET = made("aws:cloudwatch/eventTarget:EventTarget", ecsTarget={"networkConfiguration": {"subnets": ["subnet-1"]}})
SCHEDULE = made(
    "aws:scheduler/schedule:Schedule", target={"ecsParameters": {"networkConfiguration": {"assignPublicIp": False}}}
)
ADDRESS = Cases(
    rule="ecs-tasks-have-no-public-address",
    good={
        "service": [SERVICE],
        "by default": [changed(SERVICE, {IP: GONE})],
        "target": [TARGET],
        "word": [changed(TARGET, {f"{OF_TARGET}.{IP}": "DISABLED"})],
        "schedule": [SCHEDULE],
    },
    bad={
        "service": ([changed(SERVICE, {IP: True})], (IP,)),
        "text": ([changed(SERVICE, {IP: "true"})], (IP,)),
        "set of tasks": ([made("aws:ecs/taskSet:TaskSet", networkConfiguration={"assignPublicIp": True})], (IP,)),
        "target": ([changed(TARGET, {f"{OF_TARGET}.{IP}": "ENABLED"})], (f"{OF_TARGET}.{IP}",)),
        "schedule": ([changed(SCHEDULE, {f"{OF_SCHEDULE}.{IP}": True})], (f"{OF_SCHEDULE}.{IP}",)),
    },
    unknown={"flag": ([changed(SERVICE, {IP: UNKNOWN})], (IP,))},
    skipped={
        "no network of its own": [changed(SERVICE, {"networkConfiguration": GONE})],
        "another target": [made(TARGET.type, arn="arn:aws:sqs:eu-west-1:111122223333:orders")],
    },
)
TOKENS, HOPS = "metadataOptions.httpTokens", "metadataOptions.httpPutResponseHopLimit"
TEMPLATE = made(
    "aws:ec2/launchTemplate:LaunchTemplate", metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 1}
)
METADATA = Cases(
    rule="instance-metadata-requires-token",
    good={
        "template": [TEMPLATE],
        "instance": [made("aws:ec2/instance:Instance", metadataOptions={"httpTokens": "required"})],
    },
    bad={
        "optional": ([changed(TEMPLATE, {TOKENS: "optional"})], (TOKENS,)),
        "not set": ([changed(TEMPLATE, {"metadataOptions": GONE})], (TOKENS,)),
        "instance": ([made("aws:ec2/instance:Instance")], (TOKENS,)),
        "instance against its template": (
            [made("aws:ec2/instance:Instance", launchTemplate={}, metadataOptions={"httpTokens": "optional"})],
            (TOKENS,),
        ),
    },
    unknown={"tokens": ([changed(TEMPLATE, {TOKENS: UNKNOWN})], (TOKENS,))},
    skipped={
        "off": [changed(TEMPLATE, {"metadataOptions": {"httpEndpoint": "disabled"}})],
        "by a template": [made("aws:ec2/instance:Instance", launchTemplate={"id": UNKNOWN})],
    },
)
FAR = Cases(
    rule="instance-metadata-stays-on-instance",
    good={"one": [TEMPLATE], "containers": [changed(TEMPLATE, {HOPS: 2})]},
    bad={"far": ([changed(TEMPLATE, {HOPS: 64})], (HOPS,))},
    unknown={"hops": ([changed(TEMPLATE, {HOPS: UNKNOWN})], (HOPS,))},
    skipped={
        "not set": [changed(TEMPLATE, {HOPS: GONE})],
        "off": [changed(TEMPLATE, {"metadataOptions.httpEndpoint": "disabled"})],
    },
)

CASES: list[Cases] = [HAS_LIFECYCLE, ENDPOINT, SSH, PROCESSES, NETWORK, ADDRESS, METADATA, FAR]
