"""The in-process AWS holds the load balancers, task definitions and services that a program declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, TRUST, client, inside, part, readers, rehearse

CONTAINER = {"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080, "protocol": "tcp"}]}
REDIRECT = {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}
HEALTH = {"path": "/health", "interval": 20, "timeout": 5, "healthy_threshold": 2, "matcher": "200"}


def containers() -> None:
    """Register a service behind a balancer, and one of each kind with nothing but what it must have."""
    opts = inside()
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    subnets = [
        aws.ec2.Subnet(
            f"subnet-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{n}.0/24", availability_zone=REGION + zone, opts=opts
        )
        for n, zone in enumerate("ab")
    ]
    ids = [subnet.id for subnet in subnets]
    group = aws.ec2.SecurityGroup("group", name="web", description="Web", vpc_id=vpc.id, opts=opts)
    balancer = aws.lb.LoadBalancer(
        "balancer",
        name="web",
        subnets=ids,
        security_groups=[group.id],
        idle_timeout=120,
        drop_invalid_header_fields=True,
        desync_mitigation_mode="strictest",
        tags={"Owner": "team", "Stage": "test"},
        opts=opts,
    )
    targets = aws.lb.TargetGroup(
        "targets",
        name="web",
        vpc_id=vpc.id,
        target_type="ip",
        protocol="HTTP",
        port=8080,
        deregistration_delay=30,
        health_check=HEALTH,
        opts=opts,
    )
    listener = aws.lb.Listener(
        "listener",
        load_balancer_arn=balancer.arn,
        port=8443,
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
        opts=opts,
    )
    aws.lb.Listener(
        "redirect",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[{"type": "redirect", "redirect": REDIRECT}],
        opts=opts,
    )
    role = aws.iam.Role("role", name="web", assume_role_policy=TRUST, opts=opts)
    cluster = aws.ecs.Cluster(
        "cluster", name="web", settings=[{"name": "containerInsights", "value": "disabled"}], opts=opts
    )
    task = aws.ecs.TaskDefinition(
        "task",
        family="web",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="256",
        memory="512",
        task_role_arn=role.arn,
        container_definitions=json.dumps([CONTAINER]),
        tags={"Owner": "team"},
        opts=opts,
    )
    aws.ecs.Service(
        "service",
        name="web",
        cluster=cluster.arn,
        task_definition=task.arn,
        launch_type="FARGATE",
        desired_count=1,
        network_configuration={"subnets": ids, "security_groups": [group.id], "assign_public_ip": True},
        load_balancers=[{"target_group_arn": targets.arn, "container_name": "web", "container_port": 8080}],
        tags={"Owner": "team"},
        opts=after(opts, listener),
    )


def after(opts: pulumi.ResourceOptions, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return options that also depend on something."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(needs)))


def look() -> dict[str, Any]:
    elb, ecs = client("elbv2"), client("ecs")
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    [targets] = elb.describe_target_groups()["TargetGroups"]
    arn = balancer["LoadBalancerArn"]
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    [cluster] = ecs.describe_clusters(clusters=["web"])["clusters"]
    return {
        "balancer": balancer,
        "attributes": {row["Key"]: row["Value"] for row in attributes},
        "targets": targets,
        "listeners": {row["Port"]: row for row in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]},
        "cluster": cluster,
        "task": ecs.describe_task_definition(taskDefinition="web")["taskDefinition"],
        "service": ecs.describe_services(cluster="web", services=["web"])["services"][0],
    }


whole, seen, identity, outputs = readers(containers, look)


def test_nothing_of_a_service_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_balancer_has_its_settings() -> None:
    expected = {"LoadBalancerName": "web", "Scheme": "internet-facing", "Type": "application"}
    assert part(seen("balancer"), expected) == expected
    attributes = {
        "idle_timeout.timeout_seconds": "120",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.desync_mitigation_mode": "strictest",
    }
    assert part(seen("attributes"), attributes) == attributes


def test_targets_have_their_check() -> None:
    expected = {
        "TargetType": "ip",
        "Port": 8080,
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 20,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
    }
    assert part(seen("targets"), expected) == expected


def test_listeners_forward_and_redirect() -> None:
    [forward] = seen("listeners")[8443]["DefaultActions"]
    [redirect] = seen("listeners")[80]["DefaultActions"]
    assert (forward["Type"], forward["TargetGroupArn"]) == ("forward", identity("targets"))
    assert redirect["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


def test_a_service_runs_the_task_where_it_is_told() -> None:
    expected = {"serviceName": "web", "desiredCount": 1, "launchType": "FARGATE"}
    assert part(seen("service"), expected) == expected
    assert seen("service")["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    task = {"family": "web", "cpu": "256", "memory": "512", "networkMode": "awsvpc", "revision": 1}
    assert part(seen("task"), task) == task
    assert part(seen("task")["containerDefinitions"][0], CONTAINER) == CONTAINER


def test_ids_are_arns_and_a_family() -> None:
    prefix = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    assert (identity("cluster"), identity("task")) == (f"{prefix}:cluster/web", "web")
    assert outputs("task") == {
        "arn": f"{prefix}:task-definition/web:1",
        "arnWithoutRevision": f"{prefix}:task-definition/web",
        "revision": 1,
    }
    assert identity("balancer").startswith(f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/")
    assert outputs("balancer")["arnSuffix"] == identity("balancer").partition(":loadbalancer/")[2]
    assert outputs("targets")["arnSuffix"].startswith("targetgroup/web/")


def no_targets() -> None:
    opts = inside()
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=opts)
    balancer = aws.lb.LoadBalancer("balancer", name="web", subnets=[subnet.id], opts=opts)
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/none/0123456789abcdef"
    actions = [{"type": "forward", "target_group_arn": arn}]
    aws.lb.Listener("it", load_balancer_arn=balancer.arn, port=80, default_actions=actions, opts=opts)


def sign_in() -> None:
    opts = inside()
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=opts)
    balancer = aws.lb.LoadBalancer("balancer", name="web", subnets=[subnet.id], opts=opts)
    actions = [{"type": "jwt-validation"}]
    aws.lb.Listener("it", load_balancer_arn=balancer.arn, port=80, default_actions=actions, opts=opts)


def no_cluster() -> None:
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/none"
    aws.ecs.Service("it", name="web", cluster=arn, launch_type="FARGATE", opts=inside())


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (no_targets, "TargetGroupNotFound"),
        (sign_in, "defaultActions: jwt-validation cannot be made in the sandbox"),
        (no_cluster, "ClusterNotFoundException"),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert " it: " in line
    assert words in line
    assert "\n" not in line
