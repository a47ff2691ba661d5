"""What CloudFront delivers: the pages, and an answer in place of the API while that fails (requirement 10)."""

from __future__ import annotations

import pulumi

from components.cdn import Cdn, CdnArgs, Maintenance, MaintenanceArgs
from components.cdn_parts import Front, LogBucket
from components.certificates import Certificates
from systems.trading import domains, services
from systems.trading.foundation import Foundation
from systems.trading.settings import Settings

_PAGES = "frontend-assets"
_LOGS = "cdn-logs"
_IMMUTABLE = ("/_next/static/*",)  # what Next.js names by its content
_RETRY_SECONDS = 300
_MAINTENANCE = "maintenance"


def cdn(
    settings: Settings,
    base: Foundation,
    issued: Certificates,
    web_acl_arn: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> Cdn:
    """Register the distribution of the pages."""
    front = Front(
        naming=settings.naming(),
        name="frontend",
        description="Pages",
        domain=settings.domains.frontend,
        certificate_arn=issued.arns["frontend"],
        web_acl_arn=web_acl_arn,
        price_class=settings.cdn.price_class,
        countries=settings.cdn.countries,
        log=_log(base),
    )
    args = CdnArgs(
        front=front,
        bucket=base.buckets.buckets[_PAGES],
        immutable_paths=_IMMUTABLE,
        trailing_slash=settings.cdn.trailing_slash,
        # Pages call the API, and sign users in.
        connect_sources=[f"https://{settings.domains.api}", settings.account().endpoint("cognito-idp")],
    )
    return Cdn("cdn", args, opts)


def maintenance(
    settings: Settings,
    base: Foundation,
    issued: Certificates,
    web_acl_arn: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> Maintenance | None:
    """Register what answers while the API's health check fails, where settings name no secondary API (TRADING-18.5)."""
    if not domains.has_maintenance(settings):
        return None
    front = Front(
        naming=settings.naming(),
        name=_MAINTENANCE,
        description="Answers in place of the API",
        domain=settings.domains.api,
        certificate_arn=issued.arns[_MAINTENANCE],
        web_acl_arn=web_acl_arn,
        price_class=settings.cdn.price_class,
        log=_log(base),
    )
    args = MaintenanceArgs(
        front=front,
        allowed_origin=services.origin(settings),
        retry_seconds=_RETRY_SECONDS,
        origin_domain=settings.domains.frontend,
    )
    return Maintenance("maintenance", args, opts)


def _log(base: Foundation) -> LogBucket:
    return LogBucket(bucket=base.buckets.buckets[_LOGS], policy=base.buckets.policies[_LOGS])
