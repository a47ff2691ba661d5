"""Fixtures of policies/rules/encryption/api_gateway.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

API = made("aws:apigateway/restApi:RestApi", "api", name="test")
DOMAIN = made("aws:apigateway/domainName:DomainName", domainName="api.example.org", securityPolicy="TLS_1_2")
HTTP_DOMAIN = made(
    "aws:apigatewayv2/domainName:DomainName",
    domainName="api.example.org",
    domainNameConfiguration={"certificateArn": UNKNOWN, "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2"},
)
HTTP_POLICY = "domainNameConfiguration.securityPolicy"
STAGE = made("aws:apigateway/stage:Stage", refers={"restApi": API}, stageName="v1", clientCertificateId=UNKNOWN)
BARE_STAGE = changed(STAGE, {"clientCertificateId": GONE})
FUNCTION = made(
    "aws:apigateway/integration:Integration", "function", refers={"restApi": API}, type="AWS_PROXY", uri=UNKNOWN
)
BACKEND = changed(
    made("aws:apigateway/integration:Integration", "backend", refers={"restApi": API}),
    {"type": "HTTP_PROXY", "uri": "https://example.org/in"},
)
CACHE = made(
    "aws:apigateway/methodSettings:MethodSettings",
    methodPath="orders/GET",
    settings={"cachingEnabled": True, "cacheDataEncrypted": True},
)
PRIVATE = made(
    "aws:apigatewayv2/integration:Integration",
    integrationType="HTTP_PROXY",
    integrationUri=UNKNOWN,
    connectionType="VPC_LINK",
    tlsConfig={"serverNameToVerify": "internal.example.org"},
)
PUBLIC = made(
    "aws:apigatewayv2/integration:Integration", integrationType="HTTP_PROXY", integrationUri="https://example.org"
)
NAME = "tlsConfig.serverNameToVerify"

CASES = [
    Cases(
        rule="api-domain-minimum-tls",
        good={
            "1.2": [DOMAIN],
            "1.3": [changed(DOMAIN, {"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"})],
            "of an HTTP API": [HTTP_DOMAIN],
            "API's own": [changed(API, {"securityPolicy": "SecurityPolicy_TLS13_1_2_2021_06"})],
        },
        bad={
            "1.0": ([changed(DOMAIN, {"securityPolicy": "TLS_1_0"})], ("securityPolicy",)),
            "not set": ([changed(DOMAIN, {"securityPolicy": GONE})], ("securityPolicy",)),
            "null": ([changed(DOMAIN, {"securityPolicy": None})], ("securityPolicy",)),
            "another": ([changed(DOMAIN, {"securityPolicy": "SecurityPolicy_TLS10_2018"})], ("securityPolicy",)),
            "HTTP API 1.0": ([changed(HTTP_DOMAIN, {HTTP_POLICY: "TLS_1_0"})], (HTTP_POLICY,)),
            "HTTP API not set": ([changed(HTTP_DOMAIN, {HTTP_POLICY: GONE})], (HTTP_POLICY,)),
            "API's own": ([changed(API, {"securityPolicy": "TLS_1_0"})], ("securityPolicy",)),
        },
        unknown={
            "policy": ([changed(DOMAIN, {"securityPolicy": UNKNOWN})], ("securityPolicy",)),
            "configuration": ([changed(HTTP_DOMAIN, {"domainNameConfiguration": UNKNOWN})], (HTTP_POLICY,)),
        },
        skipped={"API without": [API]},
    ),
    Cases(
        rule="api-stage-has-client-certificate",
        good={"with": [STAGE, API, BACKEND], "API of another stack": [changed(STAGE, {"restApi": "abc"})]},
        bad={
            "without": ([BARE_STAGE, API, FUNCTION, BACKEND], ("clientCertificateId",)),
            "empty": ([changed(STAGE, {"clientCertificateId": ""}), API, BACKEND], ("clientCertificateId",)),
            "backends in the body": (
                [BARE_STAGE, changed(API, {"body": "{}"}), FUNCTION],
                ("clientCertificateId",),
            ),
            "kind of a backend unknown": (
                [BARE_STAGE, API, changed(BACKEND, {"type": UNKNOWN})],
                ("clientCertificateId",),
            ),
        },
        never_unknown="a certificate that only AWS can decide is set",
        skipped={"functions alone": [BARE_STAGE, API, FUNCTION]},
    ),
    Cases(
        rule="api-cache-encrypted",
        good={
            "encrypted": [CACHE],
            "as texts": [changed(CACHE, {"settings": {"cachingEnabled": "true", "cacheDataEncrypted": "true"}})],
            "whether cached or not": [changed(CACHE, {"settings.cachingEnabled": UNKNOWN})],
        },
        bad={
            "not": ([changed(CACHE, {"settings.cacheDataEncrypted": False})], ("settings.cacheDataEncrypted",)),
            "not set": ([changed(CACHE, {"settings.cacheDataEncrypted": GONE})], ("settings.cacheDataEncrypted",)),
        },
        unknown={
            "encrypted": (
                [changed(CACHE, {"settings.cacheDataEncrypted": UNKNOWN})],
                ("settings.cacheDataEncrypted",),
            ),
            "caching": ([changed(CACHE, {"settings": {"cachingEnabled": UNKNOWN}})], ("settings.cachingEnabled",)),
        },
        skipped={"no cache": [changed(CACHE, {"settings": {"cachingEnabled": False}})]},
    ),
    Cases(
        rule="api-private-integration-verifies-name",
        good={
            "named": [PRIVATE],
            "unknown name": [changed(PRIVATE, {NAME: UNKNOWN})],
            "link or not": [changed(PRIVATE, {"connectionType": UNKNOWN})],
        },
        bad={
            "no config": ([changed(PRIVATE, {"tlsConfig": GONE})], (NAME,)),
            "empty": ([changed(PRIVATE, {NAME: ""})], (NAME,)),
            "lower case": ([changed(PRIVATE, {"connectionType": "vpc_link", "tlsConfig": None})], (NAME,)),
        },
        unknown={"link": ([changed(PRIVATE, {"connectionType": UNKNOWN, "tlsConfig": GONE})], ("connectionType",))},
        skipped={"over the internet": [PUBLIC]},
    ),
    Cases(
        rule="api-backend-uses-https",
        good={
            "REST": [BACKEND],
            "HTTP": [PUBLIC],
            "upper case": [changed(PUBLIC, {"integrationUri": "HTTPS://example.org"})],
        },
        bad={
            "REST": ([changed(BACKEND, {"uri": "http://example.org/in"})], ("uri",)),
            "stage variable": ([changed(BACKEND, {"uri": "http://${stageVariables.host}/in"})], ("uri",)),
            "HTTP": ([changed(PUBLIC, {"integrationUri": "http://example.org"})], ("integrationUri",)),
            "kind unknown": ([changed(BACKEND, {"uri": "http://example.org/in", "type": UNKNOWN})], ("uri",)),
        },
        unknown={
            "REST": ([changed(BACKEND, {"uri": UNKNOWN})], ("uri",)),
            "HTTP": ([changed(PUBLIC, {"integrationUri": UNKNOWN})], ("integrationUri",)),
        },
        skipped={
            "function": [FUNCTION],
            "link": [PRIVATE],
            "listener": [
                changed(PRIVATE, {"integrationUri": "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/x"})
            ],
        },
    ),
]
