"""Alias records, with failover where they have somewhere to go, and health checks (TRADING-18.2 to 18.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_HTTPS = 443
_FAILURES = 3  # with checks every 30 s, an endpoint that fails is left after about a minute and a half
_TYPES = ("A", "AAAA")


@dataclass(frozen=True, kw_only=True)
class AliasTarget:
    """Where an alias record leads: a host name of AWS's, and the hosted zone that AWS has it in.

    `evaluate_health` makes Route 53 ask the target whether it is healthy. CloudFront distributions cannot be asked.
    `ipv6` says whether the target answers over IPv6 too.
    """

    name: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    evaluate_health: bool
    ipv6: bool = True


@dataclass(frozen=True, kw_only=True)
class Failover:
    """Where a domain leads while the health check of its usual target fails."""

    secondary: AliasTarget
    health_check: aws.route53.HealthCheck


@dataclass(frozen=True, kw_only=True)
class RecordSpec:
    """One domain, answered with the addresses of its target over IPv4 and, where it has any, IPv6."""

    domain: str
    target: AliasTarget
    failover: Failover | None = None


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """The records of one stack in one hosted zone, by logical name."""

    zone_id: pulumi.Input[str]
    records: Mapping[str, RecordSpec]


class Records(pulumi.ComponentResource):
    """Alias records of type A and AAAA."""

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Records", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for record, spec in args.records.items():
            for role, target in _targets(spec):
                is_primary = spec.failover is not None and role == "primary"
                for type_ in _TYPES if target.ipv6 else _TYPES[:1]:
                    aws.route53.Record(
                        "-".join([name, record, type_.lower(), *([role] if role else [])]),
                        zone_id=args.zone_id,
                        name=spec.domain,
                        type=type_,
                        aliases=[
                            {
                                "name": target.name,
                                "zone_id": target.zone_id,
                                "evaluate_target_health": target.evaluate_health,
                            }
                        ],
                        set_identifier=role or None,
                        failover_routing_policies=[{"type": role.upper()}] if role else None,
                        health_check_id=spec.failover.health_check.id if spec.failover and is_primary else None,
                        opts=child,
                    )
        self.register_outputs({"domains": [spec.domain for spec in args.records.values()]})


def _targets(spec: RecordSpec) -> Iterator[tuple[str, AliasTarget]]:
    """Yield the targets with their roles, of which a domain without failover has none."""
    if spec.failover is None:
        yield "", spec.target
    else:
        yield "primary", spec.target
        yield "secondary", spec.failover.secondary


@dataclass(frozen=True, kw_only=True)
class CheckSpec:
    """A health check: healthy is what answers a GET of `path` over HTTPS with a status of 2xx or 3xx in four seconds.

    Route 53 asks by the domain that it resolves itself. So one that decides over a domain's failover must have
    another domain, of which the usual target alone answers: else a check would follow the failover that it caused.
    """

    domain: str
    path: str


@dataclass(frozen=True, kw_only=True)
class ChecksArgs:
    """The health checks of one stack, by logical name."""

    checks: Mapping[str, CheckSpec]


class Checks(pulumi.ComponentResource):
    """Health checks from all regions that Route 53 checks from. `checks` holds them by logical name."""

    def __init__(self, name: str, args: ChecksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Checks", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.checks: Mapping[str, aws.route53.HealthCheck] = {
            check: aws.route53.HealthCheck(
                f"{name}-{check}",
                type="HTTPS",
                fqdn=spec.domain,
                port=_HTTPS,
                resource_path=spec.path,
                enable_sni=True,  # API Gateway and CloudFront tell domains apart by it
                request_interval=30,
                failure_threshold=_FAILURES,
                opts=child,
            )
            for check, spec in args.checks.items()
        }
        self.register_outputs({"checks": list(self.checks)})
