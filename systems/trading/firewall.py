"""The web firewall in front of the pages and of the API (requirement 15)."""

from __future__ import annotations

import pulumi

from components.firewall import WebFirewall, WebFirewallArgs
from components.rest_api import RestApi
from systems.trading.foundation import Foundation
from systems.trading.settings import Settings

_LOGS = "waf-logs"
# The most that AWS WAF inspects (docs/decisions.md, 64).
_BODY_KB = 64


def protect_cdn(settings: Settings, base: Foundation, opts: pulumi.ResourceOptions) -> WebFirewall:
    """Register the firewall that a CloudFront distribution names by its `arn` (TRADING-10.9)."""
    args = WebFirewallArgs(
        naming=settings.naming(),
        name="cdn",
        scope="CLOUDFRONT",
        description="Stands before the pages",
        requests_per_five_minutes=settings.firewall.requests_per_five_minutes,
        injection_rules=settings.firewall.injection_rules,
        log_bucket_arn=base.buckets.buckets[_LOGS].arn,
        needs=(base.buckets.policies[_LOGS],),
    )
    return WebFirewall("firewall-cdn", args, opts)


def protect_api(settings: Settings, base: Foundation, api: RestApi, opts: pulumi.ResourceOptions) -> WebFirewall:
    """Register the firewall of the API, which stands before the API's stage (TRADING-07.10)."""
    args = WebFirewallArgs(
        naming=settings.naming(),
        name="api",
        scope="REGIONAL",
        description="Stands before the API",
        requests_per_five_minutes=settings.firewall.requests_per_five_minutes,
        injection_rules=settings.firewall.injection_rules,
        log_bucket_arn=base.buckets.buckets[_LOGS].arn,
        needs=(base.buckets.policies[_LOGS],),
        protects={"stage": api.stage.arn},
        body_kb=_BODY_KB,
    )
    return WebFirewall("firewall-api", args, opts)
