"""Load balancers: requests that are not what they seem."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, Outcome, View, check_true, check_word, rule, unknown

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
_CLASSIC = "aws:elb/loadBalancer:LoadBalancer"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html"


def _for_application(view: View, outcome: Outcome, path: str) -> Outcome:
    """Keep an outcome for balancers that read HTTP; what is right is right for any."""
    kind = view.get("loadBalancerType", "application")
    if view.type == _CLASSIC:
        return outcome
    if kind is UNKNOWN:
        expected = f"{path} of an application load balancer"
        return outcome if outcome.word == "pass" else unknown("loadBalancerType", expected)
    return outcome if str(kind).lower() == "application" else NOT_APPLICABLE


@rule(
    "OP-135",
    "load-balancer-drops-invalid-headers",
    pack="operations",
    types=(BALANCER,),
    severity="medium",
    rationale="Headers that two servers read differently let one request hide in another.",
    url=f"{_HUB}#elb-4",
    remediation="Set drop_invalid_header_fields=True.",
    controls=("ELB.4", "CKV_AWS_131"),
)
def headers(view: View) -> Outcome:
    return _for_application(view, check_true(view, "dropInvalidHeaderFields"), "dropInvalidHeaderFields")


@rule(
    "OP-136",
    "load-balancer-mitigates-desync",
    pack="operations",
    types=(BALANCER, _CLASSIC),
    severity="medium",
    rationale="In monitor mode the balancer sees smuggled requests, and passes them on.",
    url=f"{_HUB}#elb-12",
    remediation='Leave desync_mitigation_mode "defensive", or set "strictest".',
    controls=("ELB.12", "CKV_AWS_328"),
)
def desync(view: View) -> Outcome:
    modes = ("defensive", "strictest")
    outcome = check_word(view, "desyncMitigationMode", modes, default="defensive", known=("monitor",))
    return _for_application(view, outcome, "desyncMitigationMode")
