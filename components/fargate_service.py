"""Containers that run for as long as they are wanted, on AWS Fargate (AGENTIC-01.7, AGENTIC-00.8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.load_balancer import LoadBalancer
from components.naming import Naming
from components.repositories import Repository
from components.roles import Role
from components.security_groups import SecurityGroup

TASKS = "ecs-tasks.amazonaws.com"  # who assumes the roles of tasks
_LONGEST_STOP_SECONDS = 120  # what Fargate allows


def task_conditions(account: Account) -> dict[str, dict[str, str]]:
    """Return when ECS may assume a role: for tasks of this account only (Amazon ECS, "Task IAM role")."""
    return {
        "StringEquals": {"aws:SourceAccount": account.account_id},
        "ArnLike": {"aws:SourceArn": account.arn("ecs", "*")},
    }


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """What a task runs.

    `image` is the digest or the tag of an image in `repository`. `user` is one of the image's users, not root.
    `environment` is known before the deployment, so that a preview shows the whole definition; no secret belongs there.
    `health_command` says by its exit status whether the container is well, every `health_seconds` (5 to 300).
    `stop_seconds`, at most 120, is what it has between SIGTERM and SIGKILL. Raises ValueError beyond that.
    """

    repository: Repository
    image: str
    user: str
    port: int
    health_command: Sequence[str]
    health_seconds: int = 30
    stop_seconds: int = 30
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.stop_seconds > _LONGEST_STOP_SECONDS:
            raise ValueError(f"stop_seconds: {self.stop_seconds} given; allowed: at most {_LONGEST_STOP_SECONDS}")


@dataclass(frozen=True, kw_only=True)
class FargateServiceArgs:
    """One service in a cluster of its own.

    `cpu` (1,024 are one vCPU) and `memory_mb` are one of Fargate's pairs. The application has `task_role`;
    `execution_role` pulls the image and writes the log before and beside it. `architecture` is that of the image.
    `tasks` is how many run; with `alone`, the former one stops before the next one starts, for what must never run
    twice. `public` gives tasks in public subnets the address that they need to reach the internet without NAT; the
    security group still decides who reaches them. `needs` is what `environment` names. `insights` turns on Container
    Insights, whose metrics are paid for.
    """

    account: Account
    naming: Naming
    name: str
    container: ContainerSpec
    cpu: int
    memory_mb: int
    task_role: Role
    execution_role: Role
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group: SecurityGroup
    balancer: LoadBalancer
    log_retention_days: int
    tasks: int = 1
    alone: bool = False
    public: bool = False
    insights: bool = True
    architecture: Literal["ARM64", "X86_64"] = "ARM64"
    needs: Sequence[pulumi.Resource] = ()


class FargateService(pulumi.ComponentResource):
    """A service behind a load balancer: cluster, log group, task definition, service.

    A deployment whose tasks do not become healthy is rolled back by ECS's circuit breaker. The constructor gives the
    execution role what it needs and attaches both roles' permissions: all other edges are given before. `resource` is
    the aws.ecs.Service, `cluster` the aws.ecs.Cluster, `definition` the aws.ecs.TaskDefinition.
    """

    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:FargateService", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._log_name = f"/ecs/{args.naming.exact('log_group', args.name)}"
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-log", name=self._log_name, retention_in_days=args.log_retention_days, opts=self._child
        )
        args.container.repository.grant_pull(args.execution_role)
        args.execution_role.allow(f"log-{args.name}", grants.write_log(args.account, self._log_name))
        self._policies = [*args.execution_role.attach(), *args.task_role.attach()]
        self.cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=args.naming.exact("cluster", args.name),
            settings=[{"name": "containerInsights", "value": "enabled" if args.insights else "disabled"}],
            opts=self._child,
        )
        self.definition = self._definition()
        self.resource = self._service()
        self.register_outputs({"cluster": self.cluster.arn, "service": self.resource.id})

    def _definition(self) -> aws.ecs.TaskDefinition:
        args = self._args
        needs = [self.log_group, args.container.repository.resource, *args.needs]
        return aws.ecs.TaskDefinition(
            f"{self._prefix}-task",
            family=args.naming.exact("task_family", args.name),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(args.cpu),
            memory=str(args.memory_mb),
            runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": args.architecture},
            task_role_arn=args.task_role.arn,
            execution_role_arn=args.execution_role.arn,
            container_definitions=json.dumps([self._container()], separators=(",", ":")),
            # The document is composed of names, which carry no order.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=needs)),
        )

    def _container(self) -> dict[str, Any]:
        args, container = self._args, self._args.container
        return {
            "name": args.name,
            "image": container.repository.image(container.image),
            "essential": True,
            "user": container.user,
            "privileged": False,
            "readonlyRootFilesystem": True,
            # An init process hands signals on and takes care of orphans; nothing needs a capability of Linux.
            "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
            "portMappings": [{"containerPort": container.port, "hostPort": container.port, "protocol": "tcp"}],
            "environment": [{"name": name, "value": value} for name, value in sorted(container.environment.items())],
            "healthCheck": {
                "command": ["CMD", *container.health_command],
                "interval": container.health_seconds,
                "timeout": 5,
                "retries": 3,
                "startPeriod": 15,
            },
            "stopTimeout": container.stop_seconds,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self._log_name,
                    "awslogs-region": args.account.region,
                    "awslogs-stream-prefix": args.name,
                    # A log that CloudWatch does not take must not stop the application.
                    "mode": "non-blocking",
                    "max-buffer-size": "4m",
                },
            },
        }

    def _service(self) -> aws.ecs.Service:
        args = self._args
        return aws.ecs.Service(
            f"{self._prefix}-service",
            name=args.naming.exact("container_service", args.name),
            cluster=self.cluster.arn,
            task_definition=self.definition.arn,
            launch_type="FARGATE",
            platform_version="LATEST",
            desired_count=args.tasks,
            deployment_minimum_healthy_percent=0 if args.alone else 100,
            deployment_maximum_percent=100 if args.alone else 200,
            # Moving tasks between zones starts the new one first, so ECS refuses it to services of at most 100%.
            availability_zone_rebalancing="DISABLED" if args.alone else "ENABLED",
            deployment_circuit_breaker={"enable": True, "rollback": True},
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            health_check_grace_period_seconds=60,
            network_configuration={
                "subnets": args.subnet_ids,
                "security_groups": [args.security_group.id],
                "assign_public_ip": args.public,
            },
            load_balancers=[
                {
                    "target_group_arn": args.balancer.targets.arn,
                    "container_name": args.name,
                    "container_port": args.container.port,
                }
            ],
            wait_for_steady_state=True,  # an `up` that says it worked means that the tasks are healthy
            # ECS refuses a target group that no listener has, and tasks fail at once without their permissions.
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[args.balancer.listener, *self._policies])
            ),
        )
