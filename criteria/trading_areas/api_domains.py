"""The API's own domain and its certificate (07.8a, 07.8b)."""

from __future__ import annotations

from criteria.common.domains import own_certificate, own_domain, plain
from plumbline.verdicts import Subject, Verdict, criterion


def domain_of(subject: Subject, name: str) -> str:
    """Return a domain of the settings in the spelling in which domains are compared, "" where there is none."""
    domains = subject.settings.get("domains")
    return plain(domains.get(name)) if isinstance(domains, dict) else ""


@criterion("TRADING-07.8a")
def domain(subject: Subject) -> Verdict:
    """A regional domain with the settings' name maps all of its paths to a stage of the API, which has no other."""
    return own_domain(subject, domain_of(subject, "api"))


@criterion("TRADING-07.8b")
def certificate(subject: Subject) -> Verdict:
    """The API's domain presents a certificate that ACM has issued for it, over TLS 1.2 and later."""
    return own_certificate(subject, domain_of(subject, "api"))
