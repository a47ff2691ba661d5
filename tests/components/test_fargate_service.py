"""components.fargate_service, load_balancer and repositories: what they register, in a preview and in the sandbox."""

from __future__ import annotations

import functools
import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.fargate_service import TASKS, ContainerSpec, FargateService, FargateServiceArgs, task_conditions
from components.load_balancer import LoadBalancer, LoadBalancerArgs, TargetSpec
from components.network import Network, NetworkArgs, SubnetMasks
from components.repositories import Repositories, RepositoriesArgs
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from plumbline.evaluate import evaluate
from plumbline.graph import UNKNOWN, StackGraph
from plumbline.sandbox import Sandbox
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)
from tests.evaluations import ROOT

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
SUBNET = "aws:ec2/subnet:Subnet"
CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000"
DIGEST = "sha256:" + "0" * 64


def program(**changes: Any) -> None:
    """Register a service with all that it stands in."""
    balanced, issued = changes.pop("balanced", {}), changes.pop("issued", False)
    provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["111111111111"])
    opts = pulumi.ResourceOptions(providers={"aws": provider})
    network = Network(
        "network",
        NetworkArgs(
            account=ACCOUNT,
            naming=NAMING,
            provider=provider,
            cidr_block="10.20.0.0/24",
            zones=["us-east-1a", "us-east-1b"],
            masks=SubnetMasks(public=26),
            nat="None",
            log_retention_days=7,
        ),
        opts,
    )
    groups = SecurityGroups(
        "groups",
        SecurityGroupsArgs(naming=NAMING, vpc_id=network.vpc_id, groups={"front": "Balancer", "web": "Web"}),
        opts,
    ).groups
    groups["front"].allow_to(groups["web"], 8080)
    # A preview takes any; the sandbox looks it up.
    certificate = (
        aws.acm.Certificate("it", domain_name="example.com", validation_method="DNS", opts=opts) if issued else None
    )
    balancer = LoadBalancer(
        "front",
        LoadBalancerArgs(
            naming=NAMING,
            name="web",
            vpc_id=network.vpc_id,
            subnet_ids=network.public_subnet_ids,
            security_group=groups["front"],
            certificate_arn=certificate.arn if certificate else CERTIFICATE,
            target=TargetSpec(port=8080, health_path="/health", interval_seconds=10, drain_seconds=20),
            **balanced,
        ),
        opts,
    )
    images = Repositories(
        "images", RepositoriesArgs(account=ACCOUNT, naming=NAMING, repositories=["web"]), opts
    ).repositories["web"]
    specs = {name: RoleSpec(physical_name=f"web-{name}", description="Web") for name in ("task", "execution")}
    roles = Roles(
        "roles", RolesArgs(naming=NAMING, service=TASKS, conditions=task_conditions(ACCOUNT), roles=specs), opts
    )
    container = ContainerSpec(
        repository=images,
        image=DIGEST,
        user="nobody",
        port=8080,
        health_command=["true"],
        environment={"B": "2", "A": "1"},
    )
    FargateService(
        "web",
        FargateServiceArgs(
            **{
                "account": ACCOUNT,
                "naming": NAMING,
                "name": "web",
                "container": container,
                "cpu": 256,
                "memory_mb": 512,
                "task_role": roles.roles["task"],
                "execution_role": roles.roles["execution"],
                "subnet_ids": network.public_subnet_ids,
                "security_group": groups["web"],
                "balancer": balancer,
                "log_retention_days": 7,
                **changes,
            }
        ),
        opts,
    )
    roles.attach()


@functools.cache
def graph() -> StackGraph:
    return graph_of(lambda: program(alone=True, public=True, insights=False))


def container_of(graph: StackGraph) -> dict[str, Any]:
    [container] = json.loads(only(graph, TASK).inputs["containerDefinitions"])
    return container


def test_a_preview_knows_the_container_though_nothing_of_it_exists() -> None:
    assert container_of(graph()) == {
        "name": "web",
        "image": f"111111111111.dkr.ecr.us-east-1.amazonaws.com/test-web@{DIGEST}",
        "essential": True,
        "user": "nobody",
        "privileged": False,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 15},
        "stopTimeout": 30,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "/ecs/test-web",
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "web",
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
    }


def test_a_task_waits_for_what_its_document_names() -> None:
    task = only(graph(), TASK)
    assert {"images-web", "web-log"} <= set(names(tuple(graph().needs(task.urn))))
    assert {key: value for key, value in present(task.inputs).items() if key != "containerDefinitions"} == {
        "family": "test-web",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"},
        "taskRoleArn": UNKNOWN,
        "executionRoleArn": UNKNOWN,
    }
    assert needs(task)["taskRoleArn"] == ("roles-task",)
    assert needs(task)["executionRoleArn"] == ("roles-execution",)


def test_a_service_that_runs_alone_stops_before_it_starts_and_goes_back_by_itself() -> None:
    service = only(graph(), SERVICE)
    assert present(service.inputs) == {
        "name": "test-web",
        "cluster": UNKNOWN,
        "taskDefinition": UNKNOWN,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "desiredCount": 1,
        "deploymentMinimumHealthyPercent": 0,
        "deploymentMaximumPercent": 100,
        "availabilityZoneRebalancing": "DISABLED",
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "enableExecuteCommand": False,
        "enableEcsManagedTags": True,
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 60,
        "networkConfiguration": {"subnets": UNKNOWN, "securityGroups": [UNKNOWN], "assignPublicIp": True},
        "loadBalancers": [{"targetGroupArn": UNKNOWN, "containerName": "web", "containerPort": 8080}],
        "waitForSteadyState": True,
    }
    waits = set(names(tuple(graph().needs(service.urn))))
    assert {"front-https", "roles-execution-images-web", "roles-execution-log-web"} <= waits


def test_other_services_overlap_and_have_no_public_address() -> None:
    service = only(graph_of(program), SERVICE)
    shown = ("deploymentMinimumHealthyPercent", "deploymentMaximumPercent", "availabilityZoneRebalancing")
    assert [service.inputs[name] for name in shown] == [100, 200, "ENABLED"]
    assert service.inputs["networkConfiguration"]["assignPublicIp"] is False


def test_the_execution_role_pulls_one_repository_and_writes_one_log() -> None:
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert document(named(graph(), "roles-execution-images-web")) == policy(
        statement("PullImages", pull, ["arn:aws:ecr:us-east-1:111111111111:repository/test-web"]),
        statement("LogInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
    )
    assert document(named(graph(), "roles-execution-log-web")) == policy(
        statement(
            "WriteLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            ["arn:aws:logs:us-east-1:111111111111:log-group:/ecs/test-web:*"],
        )
    )
    assert [p.name for p in graph().of_type("aws:iam/rolePolicy:RolePolicy") if "-task-" in p.name] == []


def test_only_tasks_of_the_account_assume_the_roles() -> None:
    trust = json.loads(named(graph(), "roles-task").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111111111111:*"},
    }


def test_clients_come_over_tls_alone_and_reach_the_balancer_alone() -> None:
    [listener] = graph().of_type(LISTENER)
    assert present(listener.inputs) == {
        "loadBalancerArn": UNKNOWN,
        "port": 443,
        "protocol": "HTTPS",
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        "certificateArn": CERTIFICATE,
        "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN}],
    }
    rules = graph().of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert {rule.name: (rule.inputs["fromPort"], rule.inputs.get("cidrIpv4")) for rule in rules} == {
        "groups-internet-front-443-in": (443, "0.0.0.0/0"),
        "groups-front-web-8080-in": (8080, None),
    }


def test_plain_http_leads_to_https_where_it_is_asked_for() -> None:
    found = graph_of(lambda: program(balanced={"redirect_http": True}))
    plain = named(found, "front-http")
    assert (plain.inputs["port"], present(plain.inputs["defaultActions"])) == (
        80,
        [{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}],
    )
    opened = named(found, "groups-internet-front-80-in")
    assert (opened.inputs["fromPort"], opened.inputs["toPort"]) == (80, 80)


def test_a_balancer_and_its_targets_have_their_settings() -> None:
    balancer = present(only(graph(), BALANCER).inputs)
    assert {key: value for key, value in balancer.items() if key not in ("subnets", "securityGroups")} == {
        "name": "test-web",
        "loadBalancerType": "application",
        "internal": False,
        "ipAddressType": "ipv4",
        "idleTimeout": 60,
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "strictest",
        "enableDeletionProtection": False,
    }
    targets = present(named(graph(), "front-targets").inputs)
    assert (targets["targetType"], targets["port"], targets["deregistrationDelay"]) == ("ip", 8080, 20)
    assert targets["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTP",
        "port": "traffic-port",
        "path": "/health",
        "matcher": "200",
        "interval": 10,
        "timeout": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    }


def test_a_network_of_public_subnets_has_no_nat_and_gives_no_address_by_itself() -> None:
    subnets = graph().of_type(SUBNET)
    assert sorted(subnet.inputs["cidrBlock"] for subnet in subnets) == ["10.20.0.0/26", "10.20.0.128/26"]
    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets} == {False}
    assert graph().of_type("aws:ec2/natGateway:NatGateway") == []


def test_a_repository_keeps_tags_scans_and_has_no_policy_that_nobody_needs() -> None:
    repository = only(graph(), "aws:ecr/repository:Repository")
    assert (repository.inputs["imageTagMutability"], repository.inputs["imageScanningConfiguration"]) == (
        "IMMUTABLE",
        {"scanOnPush": True},
    )
    assert len(graph().of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy")) == 1
    assert graph().of_type("aws:ecr/repositoryPolicy:RepositoryPolicy") == []


def test_an_image_is_named_by_its_tag_too() -> None:
    addresses: list[str] = []

    def images() -> None:
        made = Repositories("images", RepositoriesArgs(account=ACCOUNT, naming=NAMING, repositories=["web"]))
        addresses.append(made.repositories["web"].image("v1.2"))

    graph_of(images)
    assert addresses == ["111111111111.dkr.ecr.us-east-1.amazonaws.com/test-web:v1.2"]


def test_a_container_cannot_ask_for_more_time_to_stop_than_fargate_gives() -> None:
    images = Any  # never looked at
    with pytest.raises(ValueError, match="stop_seconds: 121 given; allowed: at most 120"):
        ContainerSpec(
            repository=images,  # type: ignore[arg-type]
            image="v1",
            user="u",
            port=1,
            health_command=[],
            stop_seconds=121,
        )


def test_all_of_it_stands_in_the_sandbox() -> None:
    with Sandbox() as sandbox:
        evaluation = evaluate(lambda: program(alone=True, public=True, issued=True), root=ROOT, deployer=sandbox)
        assert (evaluation.mistakes, dict(sandbox.simulated)) == ((), {})
        cluster = only(evaluation.graph, "aws:ecs/cluster:Cluster").id
        ecs = sandbox.context.client("ecs")
        [service] = ecs.describe_services(cluster=cluster, services=["test-web"])["services"]
        assert service["taskDefinition"] == only(evaluation.graph, TASK).outputs["arn"]
