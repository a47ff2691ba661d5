"""What the trading system is reached under: its zone, certificates, domains, records and health checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import GLOBAL_REGION
from components.alarms import Alarms, AlarmsArgs, AlarmSpec, Metric, Reading
from components.api_domain import ApiDomain, ApiDomainArgs
from components.cdn import Cdn, Maintenance
from components.certificates import Certificates, CertificatesArgs, CertificateSpec
from components.dns import AliasTarget, Checks, ChecksArgs, CheckSpec, Failover, Records, RecordsArgs, RecordSpec
from components.topics import Topic
from systems.trading import services
from systems.trading.services import Services
from systems.trading.settings import Settings

_CRITICAL = "critical-alerts"


@dataclass(frozen=True, kw_only=True)
class Domains:
    """The addresses that users and callers know, without a slash at their end."""

    frontend_url: str
    api_url: pulumi.Output[str]


def zone_id(settings: Settings, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Return the id of the zone that the bootstrap stack made: no setting has to repeat it (TRADING-18.1).

    The provider looks the zone up by its name, so a deployment before bootstrap's ends here.
    """
    providers = opts.providers if isinstance(opts.providers, dict) else {}
    found = aws.route53.get_zone_output(
        name=settings.domains.zone,
        private_zone=False,
        opts=pulumi.InvokeOptions(provider=providers.get("aws")),
    )
    return found.zone_id


def certificates(settings: Settings, zone: pulumi.Input[str], opts: pulumi.ResourceOptions) -> Certificates:
    """Register the certificates: `frontend` and `maintenance` are CloudFront's, `api` the API's."""
    domains = settings.domains
    specs = {
        "frontend": CertificateSpec(domain=domains.frontend, region=GLOBAL_REGION),
        "api": CertificateSpec(
            domain=domains.api,
            alternatives=(regional_domain(settings),) if domains.failover else (),
            region=settings.region,
        ),
    }
    if has_maintenance(settings):
        specs["maintenance"] = CertificateSpec(domain=domains.api, region=GLOBAL_REGION)
    return Certificates("certificates", CertificatesArgs(zone_id=zone, certificates=specs), opts)


def has_maintenance(settings: Settings) -> bool:
    """Say whether callers of the API get a maintenance answer while its health check fails (TRADING-18.5)."""
    failover = settings.domains.failover
    return failover is not None and failover.secondary is None


def regional_domain(settings: Settings) -> str:
    """Return the domain under which the API answers whether or not its records have failed over.

    Its health check asks there. Under the API's own domain it would follow the failover and never come back.
    """
    return f"{settings.region}.{settings.domains.api}"


def publish(
    settings: Settings,
    zone: pulumi.Input[str],
    issued: Certificates,
    served: Services,
    pages: Cdn,
    maintenance: Maintenance | None,
    opts: pulumi.ResourceOptions,
) -> Domains:
    """Register the API's domain, the records that lead to pages and API, and the health checks with their alarms."""
    domains = settings.domains
    api = _api_domain("api-domain", domains.api, issued, served, opts)
    checks = _checks(settings, opts)
    records = {
        "frontend": RecordSpec(domain=domains.frontend, target=_cloudfront(pages)),
        "api": RecordSpec(
            domain=domains.api, target=api.target, failover=_failover(settings, checks.get("api"), maintenance)
        ),
    }
    if domains.failover:
        regional = _api_domain("api-regional", regional_domain(settings), issued, served, opts)
        records["api-regional"] = RecordSpec(domain=regional_domain(settings), target=regional.target)
    Records("records", RecordsArgs(zone_id=zone, records=records), opts)
    if settings.region == GLOBAL_REGION:
        _alarms(settings, checks, served.topics[_CRITICAL], opts)
    return Domains(frontend_url=services.origin(settings), api_url=api.url)


def _api_domain(
    name: str, domain: str, issued: Certificates, served: Services, opts: pulumi.ResourceOptions
) -> ApiDomain:
    args = ApiDomainArgs(domain=domain, certificate_arn=issued.arns["api"], stage=served.api.stage)
    return ApiDomain(name, args, opts)


def _cloudfront(distribution: Cdn | Maintenance) -> AliasTarget:
    return AliasTarget(name=distribution.domain_name, zone_id=distribution.hosted_zone_id, evaluate_health=False)


def _failover(
    settings: Settings, check: aws.route53.HealthCheck | None, maintenance: Maintenance | None
) -> Failover | None:
    failover = settings.domains.failover
    if failover is None or check is None:
        return None
    if failover.secondary and failover.secondary_zone_id:
        secondary = AliasTarget(name=failover.secondary, zone_id=failover.secondary_zone_id, evaluate_health=True)
    elif maintenance:
        secondary = _cloudfront(maintenance)
    else:
        raise ValueError("maintenance: none given; without a secondary API the failover needs it")
    return Failover(secondary=secondary, health_check=check)


def _checks(settings: Settings, opts: pulumi.ResourceOptions) -> Mapping[str, aws.route53.HealthCheck]:
    domains = settings.domains
    if not domains.health_checks:
        return {}
    api = regional_domain(settings) if domains.failover else domains.api
    specs = {
        "frontend": CheckSpec(domain=domains.frontend, path="/"),
        "api": CheckSpec(domain=api, path=f"/{services.HEALTH}"),
    }
    return Checks("checks", ChecksArgs(checks=specs), opts).checks


def _alarms(
    settings: Settings, checks: Mapping[str, aws.route53.HealthCheck], topic: Topic, opts: pulumi.ResourceOptions
) -> None:
    """Tell of endpoints that fail: only in the one region that has the metrics, since alarms see no other.

    A check that sends nothing says nothing good either, so missing data are a breach.
    """
    specs = {
        f"{name}-unreachable": AlarmSpec(
            description=f"Health checks from several regions cannot reach the {name}",
            reading=Reading(
                metrics={
                    "status": Metric(
                        namespace="AWS/Route53",
                        name="HealthCheckStatus",
                        statistic="Minimum",
                        dimensions={"HealthCheckId": check.id},
                    )
                }
            ),
            comparison="LessThanThreshold",
            threshold=1,
            period_seconds=60,
            evaluation_periods=3,
            missing_data="breaching",
            topic=topic,
            tells_recovery=True,
        )
        for name, check in checks.items()
    }
    if specs:
        Alarms("endpoints", AlarmsArgs(naming=settings.naming(), alarms=specs, composites={}), opts)
