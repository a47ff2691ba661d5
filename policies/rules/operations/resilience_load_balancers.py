"""Load balancers: zones, protection from deletion, and what they know of their targets."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.resilience_common import in_zones

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
_GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest"


@rule(
    "OP-320",
    "load-balancer-deletion-protected",
    pack="operations",
    types=(BALANCER,),
    severity="medium",
    level="open",
    rationale="A balancer that is deleted takes its DNS name along, and every client that uses it.",
    url=f"{_GUIDE}/application/application-load-balancers.html#deletion-protection",
    remediation="Set enable_deletion_protection=True.",
    controls=("ELB.6", "CKV_AWS_150", "elb-deletion-protection-enabled"),
)
def protected(view: View) -> Outcome:
    return check_true(view, "enableDeletionProtection")


@rule(
    "OP-321",
    "load-balancer-in-several-zones",
    pack="operations",
    types=(BALANCER,),
    severity="medium",
    scope="stack",
    rationale="A balancer of one zone stops with it; one that does not cross zones leaves a zone's targets to drown.",
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html",
    remediation="Give subnets in two or more zones, and enable_cross_zone_load_balancing=True to network balancers.",
    controls=("ELB.13", "CKV_AWS_152"),
    parameters={"least_zones": 2},
)
def zones(view: View) -> Outcome:
    """Application load balancers always cross zones."""
    view, least = view, int(view.parameters["least_zones"])
    outcomes = [_mapped(view, least) if view.is_set("subnetMappings") else in_zones(view, "subnets", least)]
    kind = view.get("loadBalancerType", "application")
    if isinstance(kind, str) and kind.lower() in ("network", "gateway"):
        outcomes.append(check_true(view, "enableCrossZoneLoadBalancing"))
    return all_of(outcomes)


def _mapped(view: View, least: int) -> Outcome:
    """Judge the other way to write subnets, each of which must be of another zone."""
    expected = f"subnets in at least {least} zones"
    rows = view.items("subnetMappings")
    if rows is None:
        return unknown("subnetMappings", expected)
    return PASS if len(rows) >= least else fail("subnetMappings", f"a list of {len(rows)}", expected)


def _kind(view: View) -> str:
    kind = view.get("targetType", "instance")
    return kind.lower() if isinstance(kind, str) else ""


@rule(
    "OP-322",
    "target-group-checks-health",
    pack="operations",
    types=(TARGETS,),
    severity="medium",
    rationale="Without a check of its own making a group takes a target for well that answers anything at all.",
    url=f"{_GUIDE}/application/target-group-health-checks.html",
    remediation="Set health_check with the path that tells whether the service works.",
    controls=("CKV_AWS_261",),
)
def health(view: View) -> Outcome:
    """Functions need no check. TCP has no path."""
    if _kind(view) == "lambda":
        return NOT_APPLICABLE
    if not view.is_set("healthCheck"):
        return fail("healthCheck", "not set", "a health check")
    if view.get("healthCheck") is UNKNOWN:
        return unknown("healthCheck", "a health check that is enabled")
    outcomes = [check_true(view, "healthCheck.enabled", default=True)]
    protocol = view.get("healthCheck.protocol", view.get("protocol", "HTTP"))
    path, expected = "healthCheck.path", "a path of the service"
    served = check(view, path, lambda given: given.startswith("/"), expected)
    if isinstance(protocol, str) and protocol.upper() in ("HTTP", "HTTPS"):
        outcomes.append(served)
    elif protocol is UNKNOWN and served.word == "fail":
        outcomes.append(unknown(path, f"{expected}, unless the protocol has none"))
    return all_of(outcomes)


@rule(
    "OP-323",
    "target-group-health-check-encrypted",
    pack="operations",
    types=(TARGETS,),
    severity="medium",
    level="open",
    rationale="A check in clear text can be answered by anybody on the way, and does not try what clients use.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-21",
    remediation='Set health_check.protocol="HTTPS".',
    controls=("ELB.21",),
)
def checked(view: View) -> Outcome:
    """Where none is named, ELB takes HTTP, and TCP for network load balancers: neither is encrypted."""
    if _kind(view) == "lambda":
        return NOT_APPLICABLE
    known = ["HTTP", "TCP"]
    return check_word(view, "healthCheck.protocol", ["HTTPS"], default="HTTP", known=known)


@rule(
    "OP-324",
    "target-group-encrypted",
    pack="operations",
    types=(TARGETS,),
    severity="medium",
    level="open",
    rationale="Encryption that ends at the balancer leaves the way to the targets open to those in the network.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-22",
    remediation='Set protocol="HTTPS" for an application load balancer, "TLS" for a network one.',
    controls=("ELB.22", "CKV_AWS_378"),
    parameters={"protocols": ["HTTPS", "TLS", "QUIC", "TCP_QUIC"]},
)
def encrypted(view: View) -> Outcome:
    """Functions, balancers behind balancers and appliances have no protocol to choose."""
    protocol = view.get("protocol")
    if _kind(view) in ("lambda", "alb") or (isinstance(protocol, str) and protocol.upper() == "GENEVE"):
        return NOT_APPLICABLE
    known = ["HTTP", "TCP", "UDP", "TCP_UDP"]
    return check_word(view, "protocol", view.parameters["protocols"], known=known)
