"""What settings of methods take away: metrics, and who may empty the cache."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    Outcome,
    View,
    check_true,
    is_true,
    rule,
)

_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_API = "https://docs.aws.amazon.com/apigateway/latest/developerguide"


@rule(
    "OP-420",
    "api-stage-has-metrics",
    pack="operations",
    types=(_SETTINGS,),
    severity="low",
    rationale="Without metrics of each method nobody sees which one fails or is slow.",
    url=f"{_API}/api-gateway-metrics-and-dimensions.html",
    remediation="Set settings.metrics_enabled=True.",
)
def metrics(view: View) -> Outcome:
    return check_true(view, "settings.metricsEnabled")


@rule(
    "OP-421",
    "api-cache-is-emptied-by-few",
    pack="operations",
    types=(_SETTINGS,),
    severity="medium",
    rationale="Anybody who may call a method could send each request past the cache, to what the cache protects.",
    url=f"{_API}/api-gateway-caching.html",
    remediation="Set settings.require_authorization_for_cache_control=True, or leave it out.",
)
def cache_control(view: View) -> Outcome:
    caching = view.get("settings.cachingEnabled", default=False)
    if caching is not UNKNOWN and not is_true(caching):
        return NOT_APPLICABLE
    return check_true(view, "settings.requireAuthorizationForCacheControl", default=True)
