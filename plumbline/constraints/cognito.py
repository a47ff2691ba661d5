"""Cognito user pools, their clients and domains (CreateUserPool, CreateUserPoolClient, CreateUserPoolDomain).

Lengths, enumerations and ranges are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from plumbline.cognito import STANDARD_ATTRIBUTES
from plumbline.constraints.callers import arn_of, permissions
from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.invocation import ALIAS
from plumbline.constraints.networks import known_rows
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph

USER_POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
RESOURCE_SERVER = "aws:cognito/resourceServer:ResourceServer"
_SERVICE = "cognito-idp.amazonaws.com"

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RESERVED = ("aws", "amazon", "cognito")
_SCOPES = ("phone", "email", "openid", "profile", "aws.cognito.signin.user.admin")
_OWN_FLOWS = ("ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH")
_FLOWS = tuple(
    f"ALLOW_{name}_AUTH"
    for name in ("ADMIN_USER_PASSWORD", "CUSTOM", "USER_PASSWORD", "USER_SRP", "REFRESH_TOKEN", "USER")
)
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
# Lowest and highest life of each token in seconds, and the unit that it is counted in by itself.
_TOKENS = {
    "accessToken": ("accessTokenValidity", 300, 86_400, "hours"),
    "idToken": ("idTokenValidity", 300, 86_400, "hours"),
    "refreshToken": ("refreshTokenValidity", 3_600, 315_360_000, "days"),
}


@for_types(USER_POOL)
def sign_in(pool: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Users sign in by an alias or by an attribute as their name, and a second factor needs a way to reach them."""
    if pool.get("aliasAttributes") is not None and pool.get("usernameAttributes") is not None:
        yield "usernameAttributes", "given together with aliasAttributes; a pool has one of them"
    mfa = pool.get("mfaConfiguration")
    ways = [
        pool.get(name)
        for name in ("softwareTokenMfaConfiguration.enabled", "smsConfiguration", "emailMfaConfiguration")
    ]
    if mfa in ("ON", "OPTIONAL") and all(way in (None, False) for way in ways):
        allowed = "softwareTokenMfaConfiguration, smsConfiguration, emailMfaConfiguration"
        yield "mfaConfiguration", f"{mfa!r} given without a factor; at least one is needed of {allowed}"
    if pool.get("emailMfaConfiguration") is not None and pool.get("emailConfiguration.emailSendingAccount") in (
        None,
        "COGNITO_DEFAULT",
    ):
        yield "emailMfaConfiguration", "given, but codes by e-mail need emailSendingAccount DEVELOPER"
    sending, source = (pool.get(f"emailConfiguration.{name}") for name in ("emailSendingAccount", "sourceArn"))
    if sending == "DEVELOPER" and source is None:
        yield "emailConfiguration.sourceArn", "missing; emailSendingAccount DEVELOPER needs it"
    tier, mode = pool.get("userPoolTier", "ESSENTIALS"), pool.get("userPoolAddOns.advancedSecurityMode", "OFF")
    if isinstance(tier, str) and tier != "PLUS" and mode in ("AUDIT", "ENFORCED"):
        yield "userPoolAddOns.advancedSecurityMode", f"{mode!r} given; tier {tier} has no threat protection, PLUS has"


@for_types(USER_POOL)
def attributes(pool: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Attributes of its own cannot be required of a user, and every name is there once."""
    rows = known_rows(pool.get("schemas"))
    names = [row.get("name") for row in rows]
    for index, row in enumerate(rows):
        name = row.get("name")
        if isinstance(name, str) and name in names[:index]:
            yield f"schemas[{index}].name", f"{name!r} is the name of another attribute too"
        if isinstance(name, str) and name not in STANDARD_ATTRIBUTES and row.get("required") is True:
            yield f"schemas[{index}].required", f"true given; {name!r} is no standard attribute and cannot be required"


@for_types(USER_POOL)
def messages(pool: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The messages that verify an address are given once, and have the place for the code or the name."""
    for name, own in (
        ("emailMessage", "emailVerificationMessage"),
        ("emailSubject", "emailVerificationSubject"),
        ("smsMessage", "smsVerificationMessage"),
    ):
        if pool.get(own) is not None and pool.get(f"verificationMessageTemplate.{name}") is not None:
            yield own, f"given together with verificationMessageTemplate.{name}; they are one setting"
    for name in ("emailVerificationMessage", "verificationMessageTemplate.emailMessage"):
        text = pool.get(name)
        if isinstance(text, str) and "{####}" not in text:
            yield name, "the place for the code, {####}, is missing"
    link = pool.get("verificationMessageTemplate.emailMessageByLink")
    if isinstance(link, str) and not re.search(r"\{##.*##\}", link, re.DOTALL):
        yield "verificationMessageTemplate.emailMessageByLink", "the place for the link, {##Click Here##}, is missing"
    for name in ("emailMessage", "smsMessage"):
        text = pool.get(f"adminCreateUserConfig.inviteMessageTemplate.{name}")
        missing = [place for place in ("{username}", "{####}") if isinstance(text, str) and place not in text]
        if missing:
            yield f"adminCreateUserConfig.inviteMessageTemplate.{name}", f"{' and '.join(missing)} missing"


@for_types(USER_POOL)
def recovery(pool: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Ways to recover an account have priorities of their own; recovery by an administrator excludes the others."""
    rows = known_rows(pool.get("accountRecoverySetting.recoveryMechanisms"))
    names, priorities = ([row.get(key) for row in rows] for key in ("name", "priority"))
    if "admin_only" in names and len(names) > 1:
        yield "accountRecoverySetting.recoveryMechanisms", "admin_only given with others; it stands alone"
    known = [priority for priority in priorities if isinstance(priority, int)]
    if len(set(known)) < len(known):
        yield "accountRecoverySetting.recoveryMechanisms", "two mechanisms have one priority"


@for_types(USER_POOL)
def triggers(pool: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Functions that a pool calls have a permission for Cognito."""
    if pool.get("lambdaConfig") in (None, UNKNOWN):
        return
    source = arn_of(pool, "cognito-idp", None, graph)
    for urn in pool.property_dependencies.get("lambdaConfig", ()):
        called = graph.resources.get(urn)
        if called is None or called.type not in (FUNCTION, ALIAS):
            continue
        if not permissions(called, _SERVICE, pool, source, graph):
            yield "lambdaConfig", f"{called.display} has no permission that lets {_SERVICE} call it"


@for_types(CLIENT)
def flows(client: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What a client may ask for fits together: grants of OAuth, scopes, addresses, a secret."""
    grants, scopes, urls = (client.get(name) for name in ("allowedOauthFlows", "allowedOauthScopes", "callbackUrls"))
    allowed = client.get("allowedOauthFlowsUserPoolClient")
    grants = grants if isinstance(grants, list) else []
    for index, grant in enumerate(grants):
        if isinstance(grant, str) and grant not in ("code", "implicit", "client_credentials"):
            yield f"allowedOauthFlows[{index}]", f"{grant!r} given; allowed: code, implicit, client_credentials"
    if grants and allowed in (None, False):
        yield "allowedOauthFlowsUserPoolClient", "missing; allowedOauthFlows need true"
    if grants and scopes in (None, []):
        yield "allowedOauthScopes", "missing; allowedOauthFlows need at least one scope"
    if {"code", "implicit"} & {grant for grant in grants if isinstance(grant, str)} and urls in (None, []):
        yield "callbackUrls", "missing; the grants code and implicit lead back to one"
    if "client_credentials" in grants:
        if len(grants) > 1:
            yield "allowedOauthFlows", "client_credentials given with others; a client has it alone"
        if client.get("generateSecret") in (None, False):
            yield "generateSecret", "missing; client_credentials need a secret"
    yield from _scopes(client, scopes, graph)


def _scopes(client: Resource, scopes: Any, graph: StackGraph) -> Iterator[Finding]:
    servers = {server.get("identifier"): server for server in graph.of_type(RESOURCE_SERVER)}
    for index, scope in enumerate(scopes if isinstance(scopes, list) else []):
        if not isinstance(scope, str) or scope in _SCOPES:
            continue
        identifier, slash, name = scope.rpartition("/")
        server = servers.get(identifier)
        rows = server.get("scopes", []) if server is not None else []
        if not slash:
            allowed = f"{', '.join(_SCOPES)}, or a resource server's identifier/scope"
            yield f"allowedOauthScopes[{index}]", f"{scope!r} given; allowed: {allowed}"
        elif server is None:
            if servers and UNKNOWN not in servers:
                yield f"allowedOauthScopes[{index}]", f"no resource server {identifier!r} in the stack"
        elif isinstance(rows, list) and len(known_rows(rows)) == len(rows):
            names = [row.get("scopeName") for row in known_rows(rows)]
            if name not in names and UNKNOWN not in names:
                yield f"allowedOauthScopes[{index}]", f"{server.display} has no scope {name!r}"
            elif server.urn not in graph.needs(client.urn):
                yield f"allowedOauthScopes[{index}]", f"names {server.display} without depending on it"


@for_types(CLIENT)
def addresses(client: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Addresses to which a user is led back are secure ones, without a fragment; one of them may be the default."""
    for list_ in ("callbackUrls", "logoutUrls"):
        urls = client.get(list_, [])
        for index, url in enumerate(urls if isinstance(urls, list) else []):
            if isinstance(url, str) and not _is_sound(url):
                allowed = "https://, http://localhost, or an app's own scheme, without a fragment"
                yield f"{list_}[{index}]", f"{url!r} given; allowed: {allowed}"
    default, urls = client.get("defaultRedirectUri"), client.get("callbackUrls", [])
    if isinstance(default, str) and isinstance(urls, list) and UNKNOWN not in urls and default not in urls:
        yield "defaultRedirectUri", f"{default!r} given; allowed: one of callbackUrls"


def _is_sound(url: str) -> bool:
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")
    return bool(parts.scheme) and not plain and "#" not in url


@for_types(CLIENT)
def authentication(client: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Flows of authentication are all of the newer names or all of the older ones."""
    given = client.get("explicitAuthFlows", [])
    names = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    for index, name in enumerate(names):
        if name not in (*_FLOWS, *_OWN_FLOWS):
            yield f"explicitAuthFlows[{index}]", f"{name!r} given; allowed: {', '.join(_FLOWS)}"
    if set(names) & set(_FLOWS) and set(names) & set(_OWN_FLOWS):
        yield "explicitAuthFlows", f"names with ALLOW_ given together with {', '.join(set(names) & set(_OWN_FLOWS))}"
    if client.get("refreshTokenRotation.feature") == "ENABLED" and "ALLOW_REFRESH_TOKEN_AUTH" in names:
        yield "explicitAuthFlows", "ALLOW_REFRESH_TOKEN_AUTH given; rotation of refresh tokens excludes it"


@for_types(CLIENT)
def lives(client: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Access and ID tokens live 5 minutes to a day, refresh tokens an hour to ten years, and longer than the others."""
    seconds: dict[str, int] = {}
    for token, (property_, low, high, default) in _TOKENS.items():
        value, unit = client.get(property_), client.get(f"tokenValidityUnits.{token}", default)
        if not isinstance(value, int) or unit not in _UNITS or value == 0:
            continue
        seconds[token] = value * _UNITS[unit]
        if not low <= seconds[token] <= high:
            yield property_, f"{value} {unit} given; allowed: {low} to {high} seconds"
    for token in ("accessToken", "idToken"):
        if token in seconds and seconds[token] > seconds.get("refreshToken", seconds[token]):
            yield _TOKENS[token][0], "longer than the refresh token lives"


@for_types(DOMAIN)
def domain(domain: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A prefix has lower-case letters, digits and hyphens; a domain of one's own has a certificate in us-east-1."""
    name, certificate = domain.get("domain"), domain.get("certificateArn")
    if isinstance(name, str) and "." not in name:
        if not _DOMAIN.fullmatch(name):
            yield "domain", f"{name!r} given; allowed: 1 to 63 lower-case letters, digits and inner hyphens"
        for word in _RESERVED:
            if word in name:
                yield "domain", f"{name!r} given; {word} is not allowed in a prefix"
        if certificate is not None:
            yield "certificateArn", f"given, but {name!r} is a prefix of Cognito's own domain"
    elif isinstance(name, str) and certificate is None:
        yield "certificateArn", f"missing; {name!r} is a domain of one's own"
    if isinstance(certificate, str) and not re.match(r"arn:[a-z-]+:acm:us-east-1:", certificate):
        yield "certificateArn", f"{certificate!r} given; a certificate in us-east-1 is needed"


@for_types(RESOURCE_SERVER)
def scope_names(server: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The scopes of a resource server have different names."""
    names = [row.get("scopeName") for row in known_rows(server.get("scopes"))]
    for index, name in enumerate(names):
        if isinstance(name, str) and name in names[:index]:
            yield f"scopes[{index}].scopeName", f"{name!r} is the name of another scope too"
