"""A REST API's own domain and its certificate."""

from __future__ import annotations

from typing import Any

from criteria.common.lookups import Word, best, worst
from criteria.common.rest_api import REST_API, STAGE, api_of
from criteria.common.rights import one
from plumbline.graph import UNKNOWN, Resource, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine

DOMAIN = "aws:apigateway/domainName:DomainName"
MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"


def plain(domain: Any) -> str:
    return str(domain or "").removesuffix(".").casefold()


def own_domain(subject: Subject, wanted: str) -> Verdict:
    """Judge that a regional domain maps all of its paths to a stage of the API, which has no other address."""
    domains = [row for row in subject.graph.of_type(DOMAIN) if row.get("domainName") in (wanted, UNKNOWN)]
    findings = []
    for row in domains:
        findings.append(claim(row, "domainName", lambda name: name == wanted))
        findings.append(claim(row, "endpointConfiguration.types", lambda given: given in ("REGIONAL", ["REGIONAL"])))
        findings.append(
            Finding(row, "", best(maps(subject, mapping, row) for mapping in subject.graph.of_type(MAPPING)))
        )
    if not domains:
        return Verdict("fail", f"no domain {wanted or '(the settings name none)'}")
    for api in subject.graph.of_type(REST_API):
        findings.append(claim(api, "disableExecuteApiEndpoint", lambda off: off is True, default=False))
    return combine(findings, "settings of the API's domain", "lead to its stage, and nothing else does")


def maps(subject: Subject, mapping: Resource, domain: Resource) -> Word:
    """Say whether a mapping leads from a domain, whatever the path, to a stage of an API of the stack."""
    given, own_name = mapping.get("domainName"), domain.get("domainName")
    known: Word = "unknown" if UNKNOWN in (given, own_name) else "pass" if given == own_name else "fail"
    if given is UNKNOWN and own_name is not UNKNOWN:
        target, known = one(subject.graph, mapping, "domainName", DOMAIN)
        known = known if target in (domain, None) else "fail"
    api, led = api_of(subject.graph, mapping, "restApi")
    stages = [
        worst([word, claim(mapping, "stageName", lambda name, own=stage: name == own.get("stageName")).word])
        for stage in subject.graph.of_type(STAGE)
        for own, word in [api_of(subject.graph, stage, "restApi")]
        if own is api or api is None or word == "unknown"
    ]
    whole = claim(mapping, "basePath", lambda path: path in ("", "(none)"), default="").word
    return worst([known, led, whole, best(stages)])


def own_certificate(subject: Subject, wanted: str) -> Verdict:
    """Judge that the API's domain presents a certificate that ACM has issued for it, over TLS 1.2 and later."""
    findings = []
    for row in subject.graph.of_type(DOMAIN):
        if row.get("domainName") in (wanted, UNKNOWN):
            findings.append(Finding(row, "regionalCertificateArn", _is_issued(subject, row, wanted)))
            findings.append(claim(row, "securityPolicy", _is_new, default="TLS_1_0"))
    return combine(findings, f"settings of domain {wanted}", "present a certificate of ACM")


def _is_new(policy: str) -> bool:
    return policy.startswith(("TLS_1_2", "SecurityPolicy_TLS12", "SecurityPolicy_TLS13"))


def _is_issued(subject: Subject, domain: Resource, wanted: str) -> Word:
    """Say whether a domain's certificate is one of the stack's, validated, and for the domain."""
    graph, path = subject.graph, "regionalCertificateArn"
    issued, word = one(graph, domain, path, VALIDATION, CERTIFICATE)
    given = reveal(domain.get(path))
    if isinstance(given, str):  # the validation's output is the certificate's ARN
        found = [row for row in graph.of_type(CERTIFICATE) if given in (row.id, reveal(row.outputs.get("arn")))]
        certificate: Resource | None = found[0] if found else None
        word = "pass" if found else "fail"
    elif issued is not None and issued.type == VALIDATION:
        certificate, word = one(graph, issued, "certificateArn", CERTIFICATE)
    else:
        certificate = issued
    if certificate is None:
        return word
    validated = best(
        worst([known, "pass" if target is certificate else "fail"]) if target is not None else known
        for row in graph.of_type(VALIDATION)
        for target, known in [one(graph, row, "certificateArn", CERTIFICATE)]
    )
    return worst([word, validated, _names(certificate, wanted)])


def _names(certificate: Resource, wanted: str) -> Word:
    above = f"*.{wanted.partition('.')[2]}"
    first = claim(certificate, "domainName", lambda name: plain(name) in (wanted, above)).word
    others = claim(
        certificate,
        "subjectAlternativeNames",
        lambda names: any(plain(name) in (wanted, above) for name in names),
        default=[],
    )
    return best([first, others.word])
