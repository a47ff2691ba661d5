"""components.api_domain: a regional domain for a stage of a REST API."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.api_domain import ApiDomain, ApiDomainArgs
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import component_urn, graph_of, named, needs, present

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000"


def program() -> None:
    api = aws.apigateway.RestApi("api", name="api")
    stage = aws.apigateway.Stage("stage", rest_api=api.id, deployment="abc123", stage_name="v1")
    made = ApiDomain("api-domain", ApiDomainArgs(domain="api.example.com", certificate_arn=CERTIFICATE, stage=stage))
    pulumi.export("url", made.url)
    pulumi.export("target", [made.target.name, made.target.zone_id, made.target.evaluate_health])


def graph() -> StackGraph:
    return graph_of(program)


def test_a_domain_is_regional_with_its_certificate_and_takes_no_old_tls() -> None:
    domain = named(graph(), "api-domain-domain")
    assert present(dict(domain.inputs)) == {
        "domainName": "api.example.com",
        "endpointConfiguration": {"types": "REGIONAL", "ipAddressType": "dualstack"},
        "regionalCertificateArn": CERTIFICATE,
        "securityPolicy": "TLS_1_2",
    }
    assert domain.parent == component_urn("ApiDomain", "api-domain")


def test_all_of_its_paths_lead_to_the_stage() -> None:
    mapping = named(graph(), "api-domain-mapping")
    assert present(dict(mapping.inputs)) == {"domainName": "api.example.com", "restApi": UNKNOWN, "stageName": "v1"}
    assert needs(mapping) == {
        "domainName": ("api-domain-domain",),
        "restApi": ("stage",),
        "stageName": ("stage",),
    }


def test_records_lead_to_its_regional_host() -> None:
    outputs = graph().outputs
    assert outputs == {"url": "https://api.example.com", "target": [UNKNOWN, UNKNOWN, True]}
