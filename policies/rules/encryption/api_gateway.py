"""API Gateway: TLS of domains, of the way to backends, and encryption of cached answers."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    check,
    check_set,
    check_true,
    fail,
    is_true,
    rule,
    unknown,
)

DOMAIN = "aws:apigateway/domainName:DomainName"
HTTP_DOMAIN = "aws:apigatewayv2/domainName:DomainName"
REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
INTEGRATION = "aws:apigateway/integration:Integration"
HTTP_INTEGRATION = "aws:apigatewayv2/integration:Integration"
_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
# The plain name, and the policies whose names begin with the oldest version that they take.
_MODERN = re.compile(r"TLS_1_2|SecurityPolicy_TLS1[23]_\w+", re.IGNORECASE)


@rule(
    "EN-046",
    "api-domain-minimum-tls",
    pack="encryption",
    types=(DOMAIN, HTTP_DOMAIN, REST_API),
    severity="medium",
    rationale="A domain with another security policy still answers clients that speak TLS 1.0.",
    url=f"{_GUIDE}/apigateway-custom-domain-tls-version.html",
    remediation='Set security_policy="TLS_1_2", in domain_name_configuration for an HTTP or WebSocket API.',
    controls=(
        "CKV_AWS_206",
        "aws-apigateway-domainname-configure-security-policy",
        "aws-apigatewayv2-domainname-configure-domain-name-security-policy",
    ),
    criteria=("AGENTIC-05.1a",),
)
def domain(view: View) -> Outcome:
    """A REST API has a policy for its own address besides, which is judged where one is given."""
    path = "domainNameConfiguration.securityPolicy" if view.type == HTTP_DOMAIN else "securityPolicy"
    if view.type == REST_API and view.get(path) is None:
        return NOT_APPLICABLE
    outcome = check(view, path, lambda text: _MODERN.fullmatch(text) is not None, "TLS_1_2 or later")
    old = outcome.word == "fail" and view.get(path) == "TLS_1_0"
    return fail(path, "TLS_1_0", "TLS_1_2 or later") if old else outcome


@rule(
    "EN-047",
    "api-stage-has-client-certificate",
    pack="encryption",
    types=(STAGE,),
    severity="medium",
    rationale="By the certificate a backend that the internet reaches can tell API Gateway from everybody else.",
    url=f"{_GUIDE}/getting-started-client-side-ssl-authentication.html",
    remediation="Make an apigateway.ClientCertificate and set client_certificate_id to its id.",
    level="open",
    scope="stack",
    controls=("APIGateway.2", "CKV2_AWS_51"),
)
def client_certificate(view: View) -> Outcome:
    """Only HTTP backends are shown the certificate: functions and AWS services are called with a signature."""
    apis = [api for api in view.of_type(REST_API) if view.refers_to("restApi", api)]
    if len(apis) == 1:
        kinds = [
            integration.get("type")
            for integration in view.of_type(INTEGRATION)
            if integration.refers_to("restApi", apis[0]) is not False
        ]
        # An API that is written as a whole, in its body, has its backends there.
        written = apis[0].is_set("body") and apis[0].get("body") is not UNKNOWN
        if kinds and not written and all(kind in ("AWS", "AWS_PROXY", "MOCK") for kind in kinds):
            return NOT_APPLICABLE
    return check_set(view, "clientCertificateId", "a client certificate")


@rule(
    "EN-048",
    "api-cache-encrypted",
    pack="encryption",
    types=("aws:apigateway/methodSettings:MethodSettings",),
    severity="medium",
    rationale="A cache keeps whole answers, with what they say of a tenant, outside the encrypted stores.",
    url=f"{_GUIDE}/api-gateway-caching.html",
    remediation="Set cache_data_encrypted=True wherever caching_enabled is true.",
    controls=("APIGateway.5", "CKV_AWS_308", "apigateway-method-cached-and-encrypted"),
)
def cache(view: View) -> Outcome:
    encrypted = check_true(view, "settings.cacheDataEncrypted")
    caching = view.get("settings.cachingEnabled")
    if caching is UNKNOWN:
        return PASS if encrypted.word == "pass" else unknown("settings.cachingEnabled", "cached data encrypted")
    return encrypted if is_true(caching) else NOT_APPLICABLE


@rule(
    "EN-049",
    "api-private-integration-verifies-name",
    pack="encryption",
    types=(HTTP_INTEGRATION,),
    severity="medium",
    rationale="Over a VPC link API Gateway speaks TLS, and asks for the right name, only where it is told to.",
    url=f"{_GUIDE}/http-api-develop-integrations-private.html",
    remediation="Set tls_config with server_name_to_verify for integrations over a VPC link.",
    controls=("APIGateway.10",),
)
def private(view: View) -> Outcome:
    kind = view.get("connectionType", "INTERNET")
    named = check_set(view, "tlsConfig.serverNameToVerify", "the name in the backend's certificate")
    if kind is UNKNOWN:
        return PASS if named.word == "pass" else unknown("connectionType", "INTERNET, or a TLS config")
    return named if isinstance(kind, str) and kind.upper() == "VPC_LINK" else NOT_APPLICABLE


@rule(
    "EN-050",
    "api-backend-uses-https",
    pack="encryption",
    types=(INTEGRATION, HTTP_INTEGRATION),
    severity="medium",
    rationale="Requests that reach an API over TLS should not go on to the backend in clear text.",
    url=f"{_GUIDE}/http-api-develop-integrations-http.html",
    remediation="Give a URI that begins with https://.",
    criteria=("AGENTIC-05.1a",),
)
def backend(view: View) -> Outcome:
    """An ARN, such as a listener's behind a VPC link, is no URL: that way has a rule of its own."""
    rest = view.type == INTEGRATION
    kind = view.get("type" if rest else "integrationType")
    path = "uri" if rest else "integrationUri"
    address = view.get(path)
    if isinstance(kind, str) and kind.upper() not in ("HTTP", "HTTP_PROXY"):
        return NOT_APPLICABLE
    if address is UNKNOWN:
        linked = not rest and view.get("connectionType") == "VPC_LINK"
        return NOT_APPLICABLE if linked else unknown(path, "https://")
    if not isinstance(address, str) or address.lower().startswith("arn:"):
        return NOT_APPLICABLE
    return PASS if address.lower().startswith("https:") else fail(path, "an address of another protocol", "https://")
