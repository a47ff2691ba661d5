"""Load balancers and ECS: how what the adapters made is read, changed and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from plumbline.monitor import DeployError
from plumbline.sandbox import ecs, elbv2
from plumbline.sandbox.adapters import Context, Inputs, deleter, given, reader, updater
from plumbline.sandbox.lifecycle.changing import changed
from plumbline.sandbox.lifecycle.rows import missing, row_of

# What moto adds to a container and ECS does not tell of: values that mean nothing.
_NOTHING: tuple[Any, ...] = (0, [], None, True)


def _refuse(type_: str, left: set[str]) -> None:
    """Refuse what no call of the sandbox changes; what moto does not keep is only declared."""
    if left := left - set(row_of(type_).get("untold", ())):
        raise DeployError(f"{', '.join(sorted(left))} cannot be updated in the sandbox")


def _usual(type_: str, before: Inputs, now: Inputs) -> Inputs:
    """Return a declaration with AWS's own values for the properties that it declares no more."""
    extra = row_of(type_).get("extra", {})
    gone = {key for key in before if now.get(key) is None and extra.get(key) not in (None, "*")}
    return {**now, **{key: extra[key] for key in gone}}


def _retag(
    before: Inputs, now: Inputs, tag: Callable[[dict[str, str]], Any], untag: Callable[[list[str]], Any]
) -> None:
    old, new = dict(before.get("tags") or {}), dict(now.get("tags") or {})
    if gone := [key for key in old if key not in new]:
        untag(gone)
    if fresh := {key: value for key, value in new.items() if old.get(key) != value}:
        tag(fresh)


def _told_value(value: str) -> Any:
    return {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)


def _elb_tags(client: Any, arn: str) -> dict[str, str]:
    (row,) = client.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag["Value"] for tag in row["Tags"]}


def _elb_retag(client: Any, arn: str, before: Inputs, now: Inputs) -> None:
    _retag(
        before,
        now,
        lambda fresh: client.add_tags(
            ResourceArns=[arn], Tags=[{"Key": key, "Value": value} for key, value in fresh.items()]
        ),
        lambda gone: client.remove_tags(ResourceArns=[arn], TagKeys=gone),
    )


def _told_attributes(type_: str, rows: list[Mapping[str, str]]) -> dict[str, Any]:
    values = {row["Key"]: row["Value"] for row in rows}
    return {name: _told_value(values[key]) for name, key in elbv2.ATTRIBUTES[type_].items() if key in values}


@reader(elbv2.BALANCER)
def read_balancer(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = elbv2.elbv2(context, inputs)
    (found,) = client.describe_load_balancers(LoadBalancerArns=[identity])["LoadBalancers"]
    attributes = client.describe_load_balancer_attributes(LoadBalancerArn=identity)["Attributes"]
    logs = {row["Key"].rpartition(".")[2]: row["Value"] for row in attributes if row["Key"].startswith("access_logs.")}
    return {
        **_told_attributes(elbv2.BALANCER, attributes),
        **given(accessLogs={key: _told_value(value) for key, value in logs.items()} if logs.get("enabled") else None),
        "name": found["LoadBalancerName"],
        "loadBalancerType": found["Type"],
        "internal": found["Scheme"] == "internal",
        "ipAddressType": found["IpAddressType"],
        "securityGroups": found.get("SecurityGroups", []),
        "subnets": [row["SubnetId"] for row in found["AvailabilityZones"]],
        "tags": _elb_tags(client, identity),
    }


@updater(elbv2.BALANCER)
def update_balancer(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = elbv2.elbv2(context, now), changed(before, now)
    attributes = {*elbv2.ATTRIBUTES[elbv2.BALANCER], "accessLogs"}
    if left & attributes:
        client.modify_load_balancer_attributes(
            LoadBalancerArn=identity, Attributes=elbv2.balancer_attributes(_usual(elbv2.BALANCER, before, now))
        )
    if "securityGroups" in left:
        client.set_security_groups(LoadBalancerArn=identity, SecurityGroups=now["securityGroups"])
    if "subnets" in left:
        client.set_subnets(LoadBalancerArn=identity, Subnets=now["subnets"])
    _elb_retag(client, identity, before, now)
    _refuse(elbv2.BALANCER, left - attributes - {"securityGroups", "subnets", "tags"})
    return {}


@deleter(elbv2.BALANCER)
def delete_balancer(context: Context, identity: str, inputs: Inputs) -> None:
    elbv2.elbv2(context, inputs).delete_load_balancer(LoadBalancerArn=identity)


@reader(elbv2.TARGETS)
def read_targets(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = elbv2.elbv2(context, inputs)
    (found,) = client.describe_target_groups(TargetGroupArns=[identity])["TargetGroups"]
    check = {name: found[word] for name, word in elbv2.HEALTH.items() if found.get(word) is not None}
    attributes = client.describe_target_group_attributes(TargetGroupArn=identity)["Attributes"]
    return {
        **_told_attributes(elbv2.TARGETS, attributes),
        **given(
            name=found["TargetGroupName"],
            protocol=found.get("Protocol"),
            port=found.get("Port"),
            vpcId=found.get("VpcId"),
            targetType=found.get("TargetType"),
            ipAddressType=found.get("IpAddressType"),
        ),
        "healthCheck": {**check, **given(matcher=(found.get("Matcher") or {}).get("HttpCode"))},
        "tags": _elb_tags(client, identity),
    }


@updater(elbv2.TARGETS)
def update_targets(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = elbv2.elbv2(context, now), changed(before, now)
    attributes = set(elbv2.ATTRIBUTES[elbv2.TARGETS])
    if left & attributes:
        client.modify_target_group_attributes(
            TargetGroupArn=identity, Attributes=elbv2.attributes_of(elbv2.TARGETS, _usual(elbv2.TARGETS, before, now))
        )
    if "healthCheck" in left:
        client.modify_target_group(TargetGroupArn=identity, **elbv2.health_check(now))
    _elb_retag(client, identity, before, now)
    _refuse(elbv2.TARGETS, left - attributes - {"healthCheck", "tags"})
    return {}


@deleter(elbv2.TARGETS)
def delete_targets(context: Context, identity: str, inputs: Inputs) -> None:
    elbv2.elbv2(context, inputs).delete_target_group(TargetGroupArn=identity)


@reader(elbv2.LISTENER)
def read_listener(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = elbv2.elbv2(context, inputs)
    (found,) = client.describe_listeners(ListenerArns=[identity])["Listeners"]
    certificates = found.get("Certificates") or [{}]
    return given(
        loadBalancerArn=found["LoadBalancerArn"],
        port=found.get("Port"),
        protocol=found.get("Protocol"),
        sslPolicy=found.get("SslPolicy"),
        certificateArn=certificates[0].get("CertificateArn"),
        defaultActions=[elbv2.told_action(row) for row in found["DefaultActions"]],
        tags=_elb_tags(client, identity),
    )


@updater(elbv2.LISTENER)
def update_listener(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = elbv2.elbv2(context, now), changed(before, now)
    told = {"port", "protocol", "sslPolicy", "certificateArn", "defaultActions"}
    if left & told:
        certificate = now.get("certificateArn")
        client.modify_listener(
            ListenerArn=identity,
            DefaultActions=elbv2.actions(now),
            **given(
                Port=now.get("port") and int(now["port"]),
                Protocol=now.get("protocol"),
                SslPolicy=now.get("sslPolicy"),
                Certificates=[{"CertificateArn": certificate}] if certificate else None,
            ),
        )
    _elb_retag(client, identity, before, now)
    _refuse(elbv2.LISTENER, left - told - {"tags"})
    return {}


@deleter(elbv2.LISTENER)
def delete_listener(context: Context, identity: str, inputs: Inputs) -> None:
    elbv2.elbv2(context, inputs).delete_listener(ListenerArn=identity)


def _ecs_retag(client: Any, arn: str, before: Inputs, now: Inputs) -> None:
    _retag(
        before,
        now,
        lambda fresh: client.tag_resource(
            resourceArn=arn, tags=[{"key": key, "value": value} for key, value in fresh.items()]
        ),
        lambda gone: client.untag_resource(resourceArn=arn, tagKeys=gone),
    )


def _ecs_tags(client: Any, arn: str) -> dict[str, str]:
    return {row["key"]: row["value"] for row in client.list_tags_for_resource(resourceArn=arn)["tags"]}


@reader(ecs.CLUSTER)
def read_cluster(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = ecs.ecs(context, inputs)
    found = client.describe_clusters(clusters=[identity], include=["SETTINGS", "CONFIGURATIONS"])["clusters"]
    active = [row for row in found if row["status"] == "ACTIVE"]
    if not active:
        return None
    return given(
        name=active[0]["clusterName"],
        settings=active[0].get("settings"),
        configuration=active[0].get("configuration"),
        tags=_ecs_tags(client, identity),
    )


@updater(ecs.CLUSTER)
def update_cluster(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = ecs.ecs(context, now), changed(before, now)
    if left & {"settings", "configuration"}:
        client.update_cluster(
            cluster=identity, **given(settings=now.get("settings"), configuration=now.get("configuration"))
        )
    _ecs_retag(client, identity, before, now)
    _refuse(ecs.CLUSTER, left - {"settings", "configuration", "tags"})
    return {}


@deleter(ecs.CLUSTER)
def delete_cluster(context: Context, identity: str, inputs: Inputs) -> None:
    ecs.ecs(context, inputs).delete_cluster(cluster=identity)


def _task(client: Any, family: str) -> dict[str, Any] | None:
    """Return the newest revision of a family that is not taken back, None where there is none."""
    arns = client.list_task_definitions(familyPrefix=family, status="ACTIVE")["taskDefinitionArns"]
    if not arns:
        return None
    newest = max(arns, key=lambda arn: int(arn.rpartition(":")[2]))
    return client.describe_task_definition(taskDefinition=newest)["taskDefinition"]


@reader(ecs.TASK)
def read_task(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = ecs.ecs(context, inputs)
    found = _task(client, identity)
    if found is None:
        return None
    declared = json.loads(inputs["containerDefinitions"])
    containers = [
        {key: value for key, value in row.items() if (own and key in own) or value not in _NOTHING}
        for row, own in zip(found["containerDefinitions"], declared, strict=True)
    ]
    kept = ("networkMode", "requiresCompatibilities", "cpu", "memory", "taskRoleArn", "executionRoleArn")
    more = ("runtimePlatform", "pidMode", "ipcMode")
    return given(
        family=found["family"],
        containerDefinitions=json.dumps(containers),
        **{name: found.get(name) for name in (*kept, *more)},
        tags=_ecs_tags(client, found["taskDefinitionArn"]),
    )


@updater(ecs.TASK)
def update_task(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    """Change the tags: anything else is another revision, which replaces this one."""
    client = ecs.ecs(context, now)
    found = _task(client, identity)
    if found is None:
        raise missing("DescribeTaskDefinition")
    _ecs_retag(client, found["taskDefinitionArn"], before, now)
    _refuse(ecs.TASK, changed(before, now) - {"tags"})
    return {}


@deleter(ecs.TASK)
def delete_task(context: Context, identity: str, inputs: Inputs) -> None:
    client = ecs.ecs(context, inputs)
    found = _task(client, identity)
    if found is not None:
        client.deregister_task_definition(taskDefinition=found["taskDefinitionArn"])


@reader(ecs.SERVICE)
def read_service(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = ecs.ecs(context, inputs)
    found = client.describe_services(**given(cluster=inputs.get("cluster")), services=[identity])["services"]
    active = [row for row in found if row["status"] == "ACTIVE"]
    if not active:
        return None
    [row] = active
    place = (row.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    return given(
        name=row["serviceName"],
        cluster=row["clusterArn"],
        desiredCount=row["desiredCount"],
        taskDefinition=row.get("taskDefinition"),
        launchType=row.get("launchType"),
        platformVersion=row.get("platformVersion"),
        propagateTags=row.get("propagateTags"),
        schedulingStrategy=row.get("schedulingStrategy"),
        loadBalancers=[
            given(
                targetGroupArn=each.get("targetGroupArn"),
                elbName=each.get("loadBalancerName"),
                containerName=each["containerName"],
                containerPort=each["containerPort"],
            )
            for each in row.get("loadBalancers", [])
        ],
        networkConfiguration=place
        and {
            "subnets": place["subnets"],
            "securityGroups": place.get("securityGroups", []),
            "assignPublicIp": place.get("assignPublicIp") == "ENABLED",
        },
        tags=_ecs_tags(client, identity),
    )


@updater(ecs.SERVICE)
def update_service(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client, left = ecs.ecs(context, now), changed(before, now)
    told = {"desiredCount", "taskDefinition", "platformVersion", "networkConfiguration", "loadBalancers"}
    if left & told:
        client.update_service(
            service=now["name"],
            desiredCount=int(now.get("desiredCount") or 0),
            **given(
                cluster=now.get("cluster"),
                taskDefinition=now.get("taskDefinition"),
                platformVersion=now.get("platformVersion"),
                loadBalancers=ecs.load_balancers(now),
                networkConfiguration=ecs.network(now),
            ),
        )
    _ecs_retag(client, identity, before, now)
    _refuse(ecs.SERVICE, left - told - {"tags"})
    return {}


@deleter(ecs.SERVICE)
def delete_service(context: Context, identity: str, inputs: Inputs) -> None:
    ecs.ecs(context, inputs).delete_service(service=identity, force=True, **given(cluster=inputs.get("cluster")))
