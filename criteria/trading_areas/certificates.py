"""Requirement 19: certificates, what they are for, how they are validated and where they live."""

from __future__ import annotations

from criteria.common.domains import CERTIFICATE, DOMAIN, VALIDATION, plain
from criteria.common.lookups import Word, best, follow, worst
from criteria.common.rights import one
from criteria.trading_areas.api_domains import domain_of
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
SHOWN = "viewerCertificate.acmCertificateArn"
_CLOUDFRONT_REGION = "us-east-1"


@criterion("TRADING-19.1", "TRADING-19.2")
def issued_for(subject: Subject) -> Verdict:
    """There is a certificate for the domain, and whatever needs one waits until ACM has issued it."""
    wanted = domain_of(subject, subject.facts["domain"])
    findings = []
    for certificate in subject.graph.of_type(CERTIFICATE):
        named = covers(certificate, wanted) if wanted else "fail"
        if named != "fail":
            findings.append(Finding(certificate, "domainName", worst([named, is_issued(subject.graph, certificate)])))
    return combine(findings, f"certificates for {wanted or 'a domain'}", "are issued by ACM")


@criterion("TRADING-19.3")
def by_dns(subject: Subject) -> Verdict:
    findings = [
        claim(certificate, "validationMethod", lambda method: method == "DNS")
        for certificate in subject.graph.of_type(CERTIFICATE)
    ]
    return combine(findings, "certificates", "are validated by DNS")


@criterion("TRADING-19.4")
def of_cloudfront(subject: Subject) -> Verdict:
    """Each distribution presents a certificate of the stack that lives where CloudFront looks for it."""
    return _lives_in(subject, DISTRIBUTION, SHOWN, _CLOUDFRONT_REGION)


@criterion("TRADING-19.5")
def of_api(subject: Subject) -> Verdict:
    """Each domain of API Gateway presents a certificate of the stack that lives in the stack's region."""
    return _lives_in(subject, DOMAIN, "regionalCertificateArn", str(subject.settings.get("region")))


def _lives_in(subject: Subject, type_: str, path: str, region: str) -> Verdict:
    findings = []
    for user in subject.graph.of_type(type_):
        certificate, word = of_user(subject.graph, user, path)
        own = subject.settings.get("region")
        place = (
            claim(certificate, "region", lambda given: given == region, default=own).word if certificate else "unknown"
        )
        findings.append(Finding(user, path, worst([word, place]) if certificate else word))
    return combine(findings, f"users of certificates ({type_.rpartition(':')[2]})", f"have one in {region}")


def of_user(graph: StackGraph, user: Resource, path: str) -> tuple[Resource | None, Word]:
    """Return the certificate that an input leads to, by the wait for it or at once; see `rights.one`."""
    given = reveal(user.get(path))
    if isinstance(given, str):  # the ARN is the identity of the certificate and of the wait for it
        found = [row for row in graph.of_type(CERTIFICATE) if given in (row.id, reveal(row.outputs.get("arn")))]
        return (found[0], "pass") if len(found) == 1 else (None, "fail")
    waits = follow(graph, user, path, VALIDATION)
    if waits.to:
        return one(graph, waits.to[0], "certificateArn", CERTIFICATE) if waits.certain else (None, "unknown")
    return one(graph, user, path, CERTIFICATE)


def is_issued(graph: StackGraph, certificate: Resource) -> Word:
    """Say whether a certificate is requested, and the stack waits until its records have proved whose the domains are.

    Of a certificate that is validated by mail, nobody but its reader decides.
    """
    requested = worst(
        [
            claim(certificate, "privateKey", lambda key: key is None).word,
            claim(certificate, "validationMethod", lambda method: method == "DNS").word,
        ]
    )
    return worst([requested, best(_waits(graph, row, certificate) for row in graph.of_type(VALIDATION))])


def _waits(graph: StackGraph, validation: Resource, certificate: Resource) -> Word:
    target, word = one(graph, validation, "certificateArn", CERTIFICATE)
    if target is None:
        return word
    records = claim(validation, "validationRecordFqdns", bool, default=[])
    return worst([records.word, "pass" if target.urn == certificate.urn else "fail"])


def covers(certificate: Resource, domain: str) -> Word:
    """Say whether a certificate is for a domain, by its own name or by a wildcard one label above."""
    wanted = (domain, f"*.{domain.partition('.')[2]}")
    words: list[Word] = [claim(certificate, "domainName", lambda name: plain(name) in wanted).word]
    others = certificate.get("subjectAlternativeNames", [])
    for name in others if isinstance(others, list) else [UNKNOWN]:
        words.append("unknown" if name is UNKNOWN else "pass" if plain(name) in wanted else "fail")
    return best(words)
