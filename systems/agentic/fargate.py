"""The container that keeps WebSocket connections, and what it stands in, where settings ask for it (AGENTIC-01.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.certificates import Certificates, CertificatesArgs, CertificateSpec
from components.dns import Records, RecordsArgs, RecordSpec
from components.fargate_service import TASKS, ContainerSpec, FargateService, FargateServiceArgs, task_conditions
from components.load_balancer import LoadBalancer, LoadBalancerArgs, TargetSpec
from components.network import Network, NetworkArgs, SubnetMasks
from components.parameters import Parameters
from components.repositories import Repositories, RepositoriesArgs, Repository
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.tables import Table
from components.work_queues import WorkQueue
from systems.agentic import data
from systems.agentic.settings import ContainerSettings, DomainSettings, Settings

NAME = "websocket"
_BALANCER = "balancer"
_HEALTH = (
    "python",
    "-c",
    "import socket; socket.create_connection(('127.0.0.1', {port}), 3).close()",
)


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the container works with."""

    table: Table
    queues: Mapping[str, WorkQueue]
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Contained:
    """The container: what stands before it, its repository and the address that clients connect to."""

    balancer: LoadBalancer
    service: FargateService
    repository: Repository
    url: str


def serve(settings: Settings, provider: aws.Provider, needs: Needs, opts: pulumi.ResourceOptions) -> Contained | None:
    """Register the container and all that belongs to it; None where the settings leave connections to API Gateway."""
    container = settings.websocket.container
    if container is None or container.domain is None:
        return None
    row, naming = data.container(), settings.naming()
    network = _network(settings, container, provider, opts)
    groups = SecurityGroups(
        "container-groups",
        SecurityGroupsArgs(
            naming=naming,
            vpc_id=network.vpc_id,
            groups={_BALANCER: "Load balancer of the WebSocket server", NAME: "WebSocket server"},
        ),
        opts,
    ).groups
    groups[_BALANCER].allow_to(groups[NAME], row.port)
    groups[NAME].allow_to_internet()  # AWS's own APIs, and the registry that the image comes from
    certificate, zone = _certificate(settings, container.domain, provider, opts)
    balancer = LoadBalancer(
        "balancer",
        LoadBalancerArgs(
            naming=naming,
            name=NAME,
            vpc_id=network.vpc_id,
            subnet_ids=network.public_subnet_ids,
            security_group=groups[_BALANCER],
            certificate_arn=certificate,
            target=TargetSpec(
                port=row.port,
                health_path=row.health_path,
                interval_seconds=row.health_seconds,
                drain_seconds=row.stop_seconds,
            ),
            idle_timeout_seconds=row.idle_seconds,
            protect=settings.stateful == "protected",
        ),
        opts,
    )
    records = {NAME: RecordSpec(domain=container.domain.name, target=balancer.target)}
    Records("container-records", RecordsArgs(zone_id=zone, records=records), opts)
    repository = Repositories(
        "repositories", RepositoriesArgs(account=settings.account(), naming=naming, repositories=(NAME,)), opts
    ).repositories[NAME]
    roles = _roles(settings, needs, opts)
    service = FargateService(
        "container",
        FargateServiceArgs(
            account=settings.account(),
            naming=naming,
            name=NAME,
            container=ContainerSpec(
                repository=repository,
                image=container.image,
                user=row.user,
                port=row.port,
                health_command=[part.format(port=row.port) for part in _HEALTH],
                health_seconds=row.health_seconds,
                stop_seconds=row.stop_seconds,
                environment=_environment(settings, needs),
            ),
            cpu=row.cpu,
            memory_mb=row.memory,
            task_role=roles.roles["task"],
            execution_role=roles.roles["execution"],
            subnet_ids=network.public_subnet_ids,
            security_group=groups[NAME],
            balancer=balancer,
            log_retention_days=settings.log_retention_days,
            tasks=container.tasks,
            # Two would share the queue of events, and each would miss what the other one took.
            alone=True,
            public=True,
            insights=False,
            needs=[
                needs.table.resource,
                *(needs.queues[queue].resource for queue in (*row.sends, data.EVENTS_QUEUE)),
                needs.parameters.parameters[data.CONTAINER_KEYS],
            ],
        ),
        opts,
    )
    roles.attach()
    return Contained(
        balancer=balancer,
        service=service,
        repository=repository,
        url=f"wss://{container.domain.name}{row.path}",
    )


def _network(
    settings: Settings, container: ContainerSettings, provider: aws.Provider, opts: pulumi.ResourceOptions
) -> Network:
    args = NetworkArgs(
        account=settings.account(),
        naming=settings.naming(),
        provider=provider,
        cidr_block=container.network.cidr_block,
        zones=container.network.zones,
        masks=SubnetMasks(public=data.container().subnet_mask),
        nat="None",
        log_retention_days=settings.log_retention_days,
    )
    return Network("network", args, opts)


def _certificate(
    settings: Settings, domain: DomainSettings, provider: aws.Provider, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Return the ARN of the domain's certificate, and the id of its zone."""
    zone = aws.route53.get_zone_output(
        name=domain.zone, private_zone=False, opts=pulumi.InvokeOptions(provider=provider)
    ).zone_id
    spec = CertificateSpec(domain=domain.name, region=settings.region)
    args = CertificatesArgs(zone_id=zone, certificates={NAME: spec})
    return Certificates("container-certificates", args, opts).arns[NAME], zone


def _roles(settings: Settings, needs: Needs, opts: pulumi.ResourceOptions) -> Roles:
    specs = {
        "task": RoleSpec(physical_name=f"{NAME}-task", description="What the WebSocket server does"),
        "execution": RoleSpec(physical_name=f"{NAME}-execution", description="Starts the WebSocket server"),
    }
    args = RolesArgs(
        naming=settings.naming(), service=TASKS, conditions=task_conditions(settings.account()), roles=specs
    )
    roles = Roles("container-roles", args, opts)
    task = roles.roles["task"]
    needs.table.grant_read(task)
    needs.table.grant_write(task)
    for queue in data.container().sends:
        needs.queues[queue].grant_send(task)
    needs.queues[data.EVENTS_QUEUE].grant_consume(task)
    needs.parameters.grant_read(task, [data.CONTAINER_KEYS])
    return roles


def _environment(settings: Settings, needs: Needs) -> dict[str, str]:
    """Return what the server reads (systems/agentic/container): names, known at preview."""
    account, row, limits = settings.account(), data.container(), settings.api.limits
    queues = {
        f"SQS_QUEUE_URL_{queue.removesuffix('-queue').upper()}": account.queue_url(needs.queues[queue].physical_name)
        for queue in (*row.sends, data.EVENTS_QUEUE)
    }
    return {
        **queues,
        "AWS_REGION": settings.region,
        "DYNAMODB_TABLE_NAME": needs.table.physical_name,
        "ENVIRONMENT": settings.environment,
        "FUNCTION": NAME,
        "PARAMETERS": needs.parameters.physical_name(data.CONTAINER_KEYS),
        "WEBSOCKET_BURST": str(limits.burst),
        "WEBSOCKET_HOST": "0.0.0.0",
        "WEBSOCKET_ORIGIN": settings.api.allowed_origin,
        "WEBSOCKET_PORT": str(row.port),
        "WEBSOCKET_RATE": f"{limits.rate:g}",
    }
