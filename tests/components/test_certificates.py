"""components.certificates: where certificates are, what validates them, and what others wait for."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from components.certificates import Certificates, CertificatesArgs, CertificateSpec, _option
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import graph_of, named, names, needs, present

CERTIFICATE = "aws:acm/certificate:Certificate"
RECORD = "aws:route53/record:Record"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
ZONE = "Z0123456789"


def made(**specs: CertificateSpec) -> StackGraph:
    return graph_of(lambda: Certificates("certificates", CertificatesArgs(zone_id=ZONE, certificates=specs)))


def spec(domain: str = "app.example.com", region: str = "us-east-1", *alternatives: str) -> CertificateSpec:
    return CertificateSpec(domain=domain, region=region, alternatives=alternatives)


def test_a_certificate_is_validated_by_a_record_in_the_zone() -> None:
    graph = made(pages=spec())
    assert present(named(graph, "certificates-pages").inputs) == {
        "domainName": "app.example.com",
        "validationMethod": "DNS",
        "region": "us-east-1",
    }
    record = named(graph, "certificates-app.example.com")
    assert present(record.inputs) == {
        "zoneId": ZONE,
        "name": UNKNOWN,
        "type": "CNAME",
        "ttl": 300,
        "records": [UNKNOWN],
    }
    assert needs(record) == {"name": ("certificates-pages",), "records": ("certificates-pages",)}


def test_a_validation_waits_for_the_records_in_the_region_of_the_certificate() -> None:
    validation = named(made(api=spec("api.example.com", "eu-west-1")), "certificates-api-validation")
    assert validation.type == VALIDATION
    assert validation.inputs["region"] == "eu-west-1"
    assert needs(validation) == {
        "certificateArn": ("certificates-api",),
        "validationRecordFqdns": ("certificates-api.example.com",),
    }


def test_users_of_a_certificate_wait_until_it_is_issued() -> None:
    def program() -> None:
        args = CertificatesArgs(zone_id=ZONE, certificates={"api": spec()})
        issued = Certificates("certificates", args)
        aws.apigateway.DomainName("user", domain_name="app.example.com", regional_certificate_arn=issued.arns["api"])

    user = named(graph_of(program), "user")
    assert needs(user) == {"regionalCertificateArn": ("certificates-api-validation",)}


def test_certificates_for_one_domain_in_two_regions_share_its_record() -> None:
    graph = made(near=spec("api.example.com", "eu-west-1"), far=spec("api.example.com", "us-east-1"))
    [record] = graph.of_type(RECORD)
    assert {
        validation.name: names(validation.property_dependencies["validationRecordFqdns"])
        for validation in graph.of_type(VALIDATION)
    } == dict.fromkeys(("certificates-near-validation", "certificates-far-validation"), (record.name,))


@pytest.mark.parametrize(
    ("alternatives", "records"),
    [
        (("*.example.com",), ["example.com"]),
        (("www.example.com", "*.example.com"), ["example.com", "www.example.com"]),
    ],
)
def test_a_wildcard_shares_the_record_of_its_domain(alternatives: tuple[str, ...], records: list[str]) -> None:
    graph = made(all=spec("example.com", "us-east-1", *alternatives))
    assert named(graph, "certificates-all").inputs["subjectAlternativeNames"] == list(alternatives)
    assert sorted(record.name for record in graph.of_type(RECORD)) == [f"certificates-{name}" for name in records]


def test_the_record_of_a_domain_is_found_wherever_it_stands() -> None:
    options = [
        aws.acm.outputs.CertificateDomainValidationOption(domain_name=name, resource_record_name=f"_x.{name}")
        for name in ("www.example.com", "*.example.com")
    ]
    assert _option("example.com", options).resource_record_name == "_x.*.example.com"


def test_the_arns_are_outputs_by_logical_name() -> None:
    def program() -> None:
        issued = Certificates("certificates", CertificatesArgs(zone_id=ZONE, certificates={"api": spec()}))
        assert list(issued.arns) == ["api"]
        assert isinstance(issued.arns["api"], pulumi.Output)

    graph_of(program)
