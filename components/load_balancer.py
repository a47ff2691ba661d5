"""A load balancer on the internet that ends TLS before containers (AGENTIC-01.7, 05.1a; MOMENTUM-3.1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.dns import AliasTarget
from components.naming import Naming
from components.security_groups import HTTPS, SecurityGroup

HTTP = 80
# TLS 1.2 and 1.3 with forward secrecy alone (Elastic Load Balancing, "Security policies for your load balancer").
_SECURITY_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


@dataclass(frozen=True, kw_only=True)
class TargetSpec:
    """What stands behind a balancer: containers, known by their addresses, that speak HTTP on `port`.

    One is healthy that answers a GET of `health_path` with 200; it is asked every `interval_seconds` (5 to 300).
    `drain_seconds` (0 to 3,600) is how long connections live on to one that is taken away.
    """

    port: int
    health_path: str
    interval_seconds: int = 30
    drain_seconds: int = 30


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """One application load balancer in public subnets of two zones at least.

    `name` is without the environment; AWS takes 32 characters with it. `certificate_arn` is of a validated certificate
    in the region. After `idle_timeout_seconds` (1 to 4,000) of silence a connection is closed, a WebSocket's too.
    `redirect_http` opens port 80 as well, whose one answer is the same address over HTTPS. `protect` keeps it from
    being deleted.
    """

    naming: Naming
    name: str
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group: SecurityGroup
    certificate_arn: pulumi.Input[str]
    target: TargetSpec
    idle_timeout_seconds: int = 60
    redirect_http: bool = False
    protect: bool = False


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer with one group of targets.

    `targets` is the aws.lb.TargetGroup, `listener` what a service has to wait for before it can register with it;
    `target` is for DNS records. The security group lets the internet in, and nothing else.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:LoadBalancer", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        args.security_group.allow_from_internet(HTTPS)
        if args.redirect_http:
            args.security_group.allow_from_internet(HTTP)
        self.resource = self._balancer()
        self.targets = self._targets()
        self.listener = self._listen(
            "https",
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=_SECURITY_POLICY,
            certificate_arn=args.certificate_arn,
            default_actions=[{"type": "forward", "target_group_arn": self.targets.arn}],
        )
        if args.redirect_http:
            redirect = {"protocol": "HTTPS", "port": str(HTTPS), "status_code": "HTTP_301"}
            self._listen(
                "http", port=HTTP, protocol="HTTP", default_actions=[{"type": "redirect", "redirect": redirect}]
            )
        self.target = AliasTarget(
            name=self.resource.dns_name, zone_id=self.resource.zone_id, evaluate_health=True, ipv6=False
        )
        self.register_outputs({"arn": self.resource.arn, "targets": self.targets.arn})

    def _balancer(self) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            f"{self._prefix}-balancer",
            name=self._args.naming.exact("load_balancer", self._args.name),
            load_balancer_type="application",
            internal=False,
            ip_address_type="ipv4",
            subnets=self._args.subnet_ids,
            security_groups=[self._args.security_group.id],
            idle_timeout=self._args.idle_timeout_seconds,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_deletion_protection=self._args.protect,
            opts=self._child,
        )

    def _targets(self) -> aws.lb.TargetGroup:
        target = self._args.target
        return aws.lb.TargetGroup(
            f"{self._prefix}-targets",
            name=self._args.naming.exact("target_group", self._args.name),
            vpc_id=self._args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=target.port,
            deregistration_delay=target.drain_seconds,
            health_check={
                "enabled": True,
                "protocol": "HTTP",
                "port": "traffic-port",
                "path": target.health_path,
                "matcher": "200",
                "interval": target.interval_seconds,
                "timeout": min(5, target.interval_seconds - 1),
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            opts=self._child,
        )

    def _listen(self, listener: str, **inputs: Any) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{self._prefix}-{listener}", load_balancer_arn=self.resource.arn, opts=self._child, **inputs
        )
