"""Security groups that allow nothing but the connections named between them (TRADING-02.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.naming import Naming

HTTPS = 443
INTERNET = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """The security groups of one VPC: descriptions by logical name."""

    naming: Naming
    vpc_id: pulumi.Input[str]
    groups: Mapping[str, str]


class SecurityGroup:
    """One group. Each edge registers its rules as resources of their own; all connections are TCP.

    `id` is what interfaces are attached by.
    """

    def __init__(self, name: str, resource: aws.ec2.SecurityGroup, parent: SecurityGroups) -> None:
        self.name = name
        self.resource = resource
        self._parent = parent

    @property
    def id(self) -> pulumi.Output[str]:
        return self.resource.id

    def allow_to(self, other: SecurityGroup, port: int) -> None:
        """Let members connect to the members of another group: a rule out of this one, and one into the other."""
        described = f"{self.name} to {other.name}, port {port}"
        self._out(other.name, port, described, referenced_security_group_id=other.id)
        aws.vpc.SecurityGroupIngressRule(
            f"{self._prefix(other.name, port)}-in",
            security_group_id=other.id,
            description=described,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=self.id,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )

    def allow_from_internet(self, port: int) -> None:
        """Let any IPv4 address connect to members: for load balancers, and nothing else (OP-016)."""
        aws.vpc.SecurityGroupIngressRule(
            f"{self._parent._name}-internet-{self.name}-{port}-in",
            security_group_id=self.id,
            description=f"any address to {self.name}, port {port}",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            cidr_ipv4=INTERNET,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )

    def allow_to_service(self, service: str, prefix_list_id: pulumi.Input[str]) -> None:
        """Let members reach an AWS service behind a gateway endpoint, whose addresses are a prefix list."""
        self._out(service, HTTPS, f"{self.name} to {service}, port {HTTPS}", prefix_list_id=prefix_list_id)

    def allow_to_internet(self) -> None:
        """Let members open HTTPS connections to any address."""
        self._out("internet", HTTPS, f"{self.name} to any address, port {HTTPS}", cidr_ipv4=INTERNET)

    def _prefix(self, target: str, port: int) -> str:
        return f"{self._parent._name}-{self.name}-{target}-{port}"

    def _out(
        self,
        target: str,
        port: int,
        described: str,
        *,
        referenced_security_group_id: pulumi.Input[str] | None = None,
        prefix_list_id: pulumi.Input[str] | None = None,
        cidr_ipv4: str | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._prefix(target, port)}-out",
            security_group_id=self.id,
            description=described,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=referenced_security_group_id,
            prefix_list_id=prefix_list_id,
            cidr_ipv4=cidr_ipv4,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )


class SecurityGroups(pulumi.ComponentResource):
    """Security groups without rules; edges between them add the rules. `groups` holds them by logical name."""

    def __init__(self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:SecurityGroups", name, None, opts)
        self.groups: Mapping[str, SecurityGroup] = {
            group: SecurityGroup(group, self._group(name, group, description, args), self)
            for group, description in args.groups.items()
        }
        self.register_outputs({"ids": {group: handle.id for group, handle in self.groups.items()}})

    def _group(self, name: str, group: str, description: str, args: SecurityGroupsArgs) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{name}-{group}",
            name=args.naming.exact("security_group", group),
            description=description,
            vpc_id=args.vpc_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
