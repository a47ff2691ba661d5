"""The network: a VPC with public, private and isolated subnets, endpoints and flow logs (requirement 02)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

from components import grants
from components.account import Account
from components.naming import Naming
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroup
from plumbline import yaml12

GATEWAYS = ("dynamodb", "s3")  # the two services that have gateway endpoints, which cost nothing
_AGGREGATION_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class SubnetMasks:
    """The prefix lengths of the subnets in each availability zone; None where there are none of a kind."""

    public: int
    private: int | None = None
    isolated: int | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The network of one stack.

    `zones` are names of availability zones. `nat` is "Single" for one NAT gateway, "OnePerAz" for one in each zone,
    "None" for a network whose private subnets, if it has any, do not reach the internet.
    `provider` is given once more, because awsx otherwise brings one of its own.
    """

    account: Account
    naming: Naming
    provider: aws.Provider
    cidr_block: str
    zones: Sequence[str]
    masks: SubnetMasks
    nat: Literal["Single", "OnePerAz", "None"]
    log_retention_days: int


class Network(pulumi.ComponentResource):
    """A VPC whose private subnets reach the internet through NAT and AWS through endpoints.

    What stands in a public subnet reaches the internet by a public address of its own, which it has to ask for.
    `vpc_id`, `private_subnet_ids` and the like are outputs; `prefix_lists` has the addresses of the gateway endpoints.
    Add interface endpoints with `add_endpoints`, once the security group that guards them exists.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Network", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        vpc = self._vpc()
        self.vpc_id: pulumi.Output[str] = vpc.vpc_id
        self.public_subnet_ids: pulumi.Output[Sequence[str]] = vpc.public_subnet_ids
        self.private_subnet_ids: pulumi.Output[Sequence[str]] = vpc.private_subnet_ids
        self.isolated_subnet_ids: pulumi.Output[Sequence[str]] = vpc.isolated_subnet_ids
        # A default group without rules: nothing that forgets to name its group can talk.
        aws.ec2.DefaultSecurityGroup(f"{name}-default-group", vpc_id=self.vpc_id, opts=self._child)
        self.prefix_lists: Mapping[str, pulumi.Output[str]] = {
            service: self._gateway(service, vpc).prefix_list_id for service in GATEWAYS
        }
        self._flow_log()
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": self.private_subnet_ids})

    def add_endpoints(self, services: Sequence[str], group: SecurityGroup) -> None:
        """Put an interface endpoint for each service into the private subnets, under the service's usual name."""
        for service in services:
            aws.ec2.VpcEndpoint(
                f"{self._prefix}-{service}",
                vpc_id=self.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=self._args.account.endpoint_service(service),
                subnet_ids=self.private_subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=endpoint_policy(self._args.account, service),
                opts=self._child,
            )

    def _vpc(self) -> awsx.ec2.Vpc:
        masks = self._args.masks
        return awsx.ec2.Vpc(
            f"{self._prefix}-vpc",
            cidr_block=self._args.cidr_block,
            availability_zone_names=list(self._args.zones),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            nat_gateways={"strategy": awsx.ec2.NatGatewayStrategy(self._args.nat)},
            subnet_strategy=awsx.ec2.SubnetAllocationStrategy.AUTO,
            subnet_specs=[
                {"type": kind, "cidr_mask": mask}
                for kind, mask in (
                    (awsx.ec2.SubnetType.PUBLIC, masks.public),
                    (awsx.ec2.SubnetType.PRIVATE, masks.private),
                    (awsx.ec2.SubnetType.ISOLATED, masks.isolated),
                )
                if mask is not None
            ],
            opts=pulumi.ResourceOptions(
                parent=self, providers={"aws": self._args.provider}, transforms=[_no_public_addresses]
            ),
        )

    def _gateway(self, service: str, vpc: awsx.ec2.Vpc) -> aws.ec2.VpcEndpoint:
        tables = vpc.route_tables.apply(lambda tables: pulumi.Output.all(*[table.id for table in tables]))
        return aws.ec2.VpcEndpoint(
            f"{self._prefix}-{service}",
            vpc_id=self.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=self._args.account.endpoint_service(service),
            route_table_ids=tables,
            policy=endpoint_policy(self._args.account, service),
            opts=self._child,
        )

    def _flow_log(self) -> None:
        name = f"/aws/vpc/{self._args.naming.exact('log_group', 'flow-log')}"
        group = aws.cloudwatch.LogGroup(
            f"{self._prefix}-flow-log-group",
            name=name,
            retention_in_days=self._args.log_retention_days,
            opts=self._child,
        )
        roles = self._flow_log_roles()
        role = roles.roles["flow-log"]
        role.allow("flow-log", grants.write_flow_log(self._args.account, name))
        roles.attach()
        aws.ec2.FlowLog(
            f"{self._prefix}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=_AGGREGATION_SECONDS,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[*role.attach()])),
        )

    def _flow_log_roles(self) -> Roles:
        account = self._args.account
        return Roles(
            f"{self._prefix}-roles",
            RolesArgs(
                naming=self._args.naming,
                service="vpc-flow-logs.amazonaws.com",
                # Only for flow logs of this account: the service works for every account.
                conditions={
                    "StringEquals": {"aws:SourceAccount": account.account_id},
                    "ArnLike": {"aws:SourceArn": account.arn("ec2", "vpc-flow-log/*")},
                },
                roles={"flow-log": RoleSpec(physical_name="flow-log", description="Writes the VPC's flow log")},
            ),
            self._child,
        )


def endpoint_policy(account: Account, service: str) -> str:
    """Return the policy of an endpoint: the account's own principals, and only its own resources.

    Without one an endpoint lets anybody's credentials reach anybody's resources, which is a way to carry data out
    (AWS: "Control access to VPC endpoints using endpoint policies"). Some calls name no resource.
    """
    statement = {
        "Sid": "OwnPrincipalsAndResources",
        "Effect": "Allow",
        "Principal": "*",
        "Action": f"{_service_prefixes().get(service, service)}:*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:PrincipalAccount": account.account_id},
            "StringEqualsIfExists": {"aws:ResourceAccount": account.account_id},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


@functools.cache
def _service_prefixes() -> Mapping[str, Any]:
    return yaml12.load(Path(__file__).with_name("endpoints.yaml"))


def _no_public_addresses(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Keep public subnets from giving every interface a public address: NAT gateways bring their own."""
    if args.type_ != "aws:ec2/subnet:Subnet":
        return None
    return pulumi.ResourceTransformResult(props={**args.props, "mapPublicIpOnLaunch": False}, opts=args.opts)
