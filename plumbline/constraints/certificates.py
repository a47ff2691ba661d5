"""ACM certificates and what waits for them (RequestCertificate; "AWS Certificate Manager DNS validation").

The form of domains is in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.constraints.networks import region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import Resource, StackGraph

CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
_LONGEST_FIRST = 64


@for_types(CERTIFICATE)
def first_domain(certificate: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The first domain, which becomes the common name, has at most 64 characters."""
    first = certificate.get("domainName")
    if isinstance(first, str) and len(first) > _LONGEST_FIRST:
        yield "domainName", f"{len(first)} characters given; allowed: at most {_LONGEST_FIRST}, longer as alternatives"


@for_types(CERTIFICATE)
def one_kind(certificate: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A certificate is requested for a domain, or imported with its key."""
    domain, key = certificate.get("domainName"), certificate.get("privateKey")
    if domain is None and key is None:
        yield "domainName", "missing; one is requested for a domain, or imported with privateKey"
    if domain is not None and key is not None:
        yield "privateKey", "given, but a certificate for domainName is requested and not imported"
    requested = domain is not None and certificate.get("certificateAuthorityArn") is None
    if requested and certificate.get("validationMethod") is None:
        yield "validationMethod", "missing; allowed: DNS, EMAIL"


@for_types(VALIDATION)
def validated(validation: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A validation is in its certificate's region, and names records where DNS is the method and nowhere else."""
    certificate = behind(validation, "certificateArn", graph, CERTIFICATE)
    if certificate is None:
        return
    own, wanted = region_of(validation, graph), region_of(certificate, graph)
    if None not in (own, wanted) and own != wanted:
        yield "region", f"{own!r} given; {certificate.display} is in {wanted}"
    method, records = certificate.get("validationMethod"), validation.get("validationRecordFqdns")
    if method == "EMAIL" and records is not None:
        yield "validationRecordFqdns", f"given, but {certificate.display} is validated by EMAIL"
