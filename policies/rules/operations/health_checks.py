"""Health checks of Route 53: what they see, and whether they count."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    Outcome,
    View,
    all_of,
    check_false,
    check_true,
    fail,
    rule,
    unknown,
)

_CHECK = "aws:route53/healthCheck:HealthCheck"
_DNS = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide"


@rule(
    "OP-422",
    "health-check-uses-tls",
    pack="operations",
    types=(_CHECK,),
    severity="medium",
    rationale="A check without TLS stays green while the certificate has expired and every client fails.",
    url=f"{_DNS}/health-checks-types.html",
    remediation='Set type="HTTPS" with enable_sni=True.',
)
def checked_by_tls(view: View) -> Outcome:
    """Checks of TCP, of alarms and of other checks have no protocol of the web."""
    kind = view.get("type")
    if kind is UNKNOWN:
        return unknown("type", "HTTPS")
    word = str(kind).upper()
    if word.startswith("HTTPS"):
        return check_true(view, "enableSni", default=True)
    return fail("type", "HTTP", "HTTPS") if word.startswith("HTTP") else NOT_APPLICABLE


@rule(
    "OP-423",
    "health-check-is-on",
    pack="operations",
    types=(_CHECK,),
    severity="medium",
    rationale="A check that is disabled counts as healthy, and one that is inverted fails over when all is well.",
    url=f"{_DNS}/health-checks-creating-values.html",
    remediation="Leave out disabled and invert_healthcheck.",
)
def check_on(view: View) -> Outcome:
    return all_of([check_false(view, "disabled"), check_false(view, "invertHealthcheck")])
