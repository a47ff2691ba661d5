"""ECS in the sandbox: cluster, task definition, service. moto runs no container."""

from __future__ import annotations

import json
from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given

CLUSTER = "aws:ecs/cluster:Cluster"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"


def ecs(context: Context, inputs: Inputs) -> Any:
    return context.client("ecs", inputs)


def lower_tags(inputs: Inputs) -> list[dict[str, str]]:
    """Return a resource's tags as ECS takes them."""
    return [{"key": key, "value": value} for key, value in (inputs.get("tags") or {}).items()]


@adapter(CLUSTER)
def cluster(context: Context, inputs: Inputs) -> Created:
    made = ecs(context, inputs).create_cluster(
        clusterName=inputs["name"],
        tags=lower_tags(inputs),
        **given(settings=inputs.get("settings"), configuration=inputs.get("configuration")),
    )["cluster"]
    return made["clusterArn"], {"arn": made["clusterArn"]}


@adapter(TASK)
def task_definition(context: Context, inputs: Inputs) -> Created:
    """Register the first revision of a family. Its volumes stay declared: nothing is mounted."""
    made = ecs(context, inputs).register_task_definition(
        family=inputs["family"],
        containerDefinitions=json.loads(inputs["containerDefinitions"]),
        tags=lower_tags(inputs),
        **given(
            networkMode=inputs.get("networkMode"),
            requiresCompatibilities=inputs.get("requiresCompatibilities"),
            cpu=inputs.get("cpu"),
            memory=inputs.get("memory"),
            taskRoleArn=inputs.get("taskRoleArn"),
            executionRoleArn=inputs.get("executionRoleArn"),
            runtimePlatform=inputs.get("runtimePlatform"),
            pidMode=inputs.get("pidMode"),
            ipcMode=inputs.get("ipcMode"),
        ),
    )["taskDefinition"]
    arn = made["taskDefinitionArn"]
    return inputs["family"], {
        "arn": arn,
        "arnWithoutRevision": arn.rpartition(":")[0],
        "revision": made["revision"],
    }


@adapter(SERVICE)
def service(context: Context, inputs: Inputs) -> Created:
    made = ecs(context, inputs).create_service(
        serviceName=inputs["name"],
        tags=lower_tags(inputs),
        desiredCount=int(inputs.get("desiredCount") or 0),
        **given(
            cluster=inputs.get("cluster"),
            taskDefinition=inputs.get("taskDefinition"),
            launchType=inputs.get("launchType"),
            platformVersion=inputs.get("platformVersion"),
            propagateTags=inputs.get("propagateTags"),
            schedulingStrategy=inputs.get("schedulingStrategy"),
            loadBalancers=load_balancers(inputs),
            networkConfiguration=network(inputs),
        ),
    )["service"]
    arn = made["serviceArn"]
    return arn, {"arn": arn}


def load_balancers(inputs: Inputs) -> list[dict[str, Any]] | None:
    rows = inputs.get("loadBalancers")
    return rows and [
        given(
            targetGroupArn=row.get("targetGroupArn"),
            loadBalancerName=row.get("elbName"),
            containerName=row["containerName"],
            containerPort=int(row["containerPort"]),
        )
        for row in rows
    ]


def network(inputs: Inputs) -> dict[str, Any] | None:
    """Return where a service's tasks stand, as ECS's calls take it."""
    given_network = inputs.get("networkConfiguration")
    return given_network and {
        "awsvpcConfiguration": {
            "subnets": given_network["subnets"],
            "securityGroups": given_network.get("securityGroups") or [],
            "assignPublicIp": "ENABLED" if given_network.get("assignPublicIp") else "DISABLED",
        }
    }
