"""Certificates that renew themselves."""

from __future__ import annotations

from policies.rules.model import PASS, Outcome, View, all_of, check_word, fail, rule

CERTIFICATE = "aws:acm/certificate:Certificate"


@rule(
    "OP-292",
    "certificate-renews-itself",
    pack="operations",
    types=(CERTIFICATE,),
    severity="medium",
    rationale="A certificate that somebody has to renew by hand will one day have ended on a Sunday.",
    url="https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html",
    remediation='Request the certificate with validation_method="DNS" and keep its records; without '
    "delete_before_replace.",
    controls=("ACM.1", "acm-certificate-expiration", "CKV_AWS_233"),
    criteria=("TRADING-07.8b", "TRADING-10.3b"),
)
def renewal(view: View) -> Outcome:
    """ACM renews what it validates by DNS, and what a private authority issues; never what was imported."""
    outcomes = []
    if view.resource.options.delete_before_replace:
        outcomes.append(fail("", "deleted before it is replaced", "created before the old one is deleted"))
    for path in ("certificateBody", "privateKey"):
        if view.is_set(path):
            outcomes.append(fail(path, "set: a certificate that was imported", "one that ACM issues and renews"))
            break
    else:
        private = view.is_set("certificateAuthorityArn")
        known = ["EMAIL", "HTTP", "NONE"]
        outcomes.append(PASS if private else check_word(view, "validationMethod", ["DNS"], known=known))
    return all_of(outcomes)
