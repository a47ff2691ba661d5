"""Faults in the API and its users: logins, limits, checks of requests, logs, passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault, spread
from tests.policies.faults_documents import ELSEWHERE

AREA = "API and users"
LOGIN = ("api-method-is-authorized",)
PASSWORDS = "cognito-passwords-are-strong"
CLIENT = "cognito-client-keeps-credentials-safe"
CHECKED = ("api-method-validates-requests",)
METHOD = "aws:apigateway/method:Method"
THROTTLE = ("api-throttling-limits-are-chosen", "api-stage-is-throttled")

USERS: Mapping[str, list[tuple[Any, ...]]] = {
    "apigateway:DomainName": [
        *(
            (f"TLS minimum {word}", {"securityPolicy": word}, "api-domain-minimum-tls")
            for word in ("TLS_1_0", "TLS_1_1", GONE)
        ),
    ],
    "apigateway:RestApi": [
        ("reachable by AWS's name", {"disableExecuteApiEndpoint": False}, "api-only-by-own-domain"),
        ("AWS's name not refused", {"disableExecuteApiEndpoint": GONE}, "api-only-by-own-domain"),
        ("at the edge", {"endpointConfiguration.types": "EDGE"}, "api-endpoint-type-is-allowed"),
        ("no type", {"endpointConfiguration": GONE}, "api-endpoint-type-is-allowed"),
    ],
    "apigateway:Method": [
        ("no authorization", {"authorization": lambda old: "NONE"}, *LOGIN),
        ("authorization missing", {"authorization": GONE}, *LOGIN),
        ("by IAM", {"authorization": lambda old: "AWS_IAM" if old != "NONE" else old}, "api-method-uses-cognito"),
        ("by a key only", {"authorization": "NONE", "apiKeyRequired": True}, *LOGIN),
        ("no authorizer", {"authorizerId": GONE}, *LOGIN, "api-method-uses-cognito"),
        ("another authorizer", {"authorizerId": "abc123"}, *LOGIN, "api-method-uses-cognito"),
        ("requests not looked at", {"requestValidatorId": GONE}, "api-method-validates-requests"),
        ("requests looked at by nobody", {"requestValidatorId": ""}, "api-method-validates-requests"),
    ],
    "apigateway:Authorizer": [
        (
            "another pool",
            {"providerArns": [f"arn:aws:cognito-idp:us-east-1:{ELSEWHERE}:userpool/us-east-1_x"]},
            "api-authorizer-is-of-stack",
            "reference-stays-in-trusted-accounts",
        ),
        ("no pool", {"providerArns": []}, "api-authorizer-names-issuer"),
        ("pools missing", {"providerArns": GONE}, "api-authorizer-names-issuer"),
        (
            "a function of another account",
            {
                "type": "TOKEN",
                "providerArns": GONE,
                "authorizerUri": f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f",
            },
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "apigateway:RequestValidator": [
        ("bodies not looked at", {"validateRequestBody": False}, "api-validator-checks-everything"),
        ("parameters not looked at", {"validateRequestParameters": False}, "api-validator-checks-everything"),
        (
            "looks at nothing",
            {"validateRequestBody": GONE, "validateRequestParameters": GONE},
            "api-validator-checks-everything",
        ),
    ],
    "apigateway:MethodSettings": [
        ("no logs", {"settings.loggingLevel": "OFF"}, "api-stage-logs-executions"),
        ("logs missing", {"settings.loggingLevel": GONE}, "api-stage-logs-executions"),
        ("bodies in logs", {"settings.dataTraceEnabled": True}, "api-logs-without-bodies"),
        ("no limit", {"settings.throttlingRateLimit": -1}, *THROTTLE),
        ("no burst limit", {"settings.throttlingBurstLimit": -1}, *THROTTLE),
        ("limits missing", {"settings.throttlingRateLimit": GONE, "settings.throttlingBurstLimit": GONE}, *THROTTLE),
        ("high limit", {"settings.throttlingRateLimit": 1000000}, *THROTTLE),
        ("high burst limit", {"settings.throttlingBurstLimit": 1000000}, *THROTTLE),
        ("plain cache", {"settings.cachingEnabled": True, "settings.cacheDataEncrypted": False}, "api-cache-encrypted"),
        (
            "cache not said to be encrypted",
            {"settings.cachingEnabled": True, "settings.cacheDataEncrypted": lambda _: GONE},
            "api-cache-encrypted",
        ),
        (
            "anybody may empty the cache",
            {"settings.requireAuthorizationForCacheControl": lambda old: GONE if old is None else False},
            "api-cache-is-emptied-by-few",
        ),
        ("no metrics", {"settings.metricsEnabled": False}, "api-stage-has-metrics"),
    ],
    "apigateway:Stage": [
        ("no access log", {"accessLogSettings": GONE}, "api-stage-logs-access"),
        ("access log nowhere", {"accessLogSettings.destinationArn": ""}, "api-stage-logs-access"),
        (
            "plain access log",
            {"accessLogSettings.format": "$context.requestId $context.status"},
            "api-access-log-is-structured",
        ),
        (
            "no access log format",
            {"accessLogSettings.format": ""},
            "api-access-log-is-structured",
            "api-stage-logs-access",
        ),
        ("no traces", {"xrayTracingEnabled": False}, "api-stage-traces-requests"),
        ("traces missing", {"xrayTracingEnabled": GONE}, "api-stage-traces-requests"),
        (
            "a password among its variables",
            {"variables": {"DB_PASSWORD": "hunter2hunter2"}},
            "configuration-without-credentials",
        ),
    ],
    "apigateway:Integration": [
        ("plain HTTP", {"type": "HTTP_PROXY", "uri": "http://backend.example.com/"}, "api-backend-uses-https"),
        (
            "names not checked",
            {
                "tlsConfig": {"insecureSkipVerification": True},
                "type": "HTTP_PROXY",
                "uri": "https://backend.example.com/",
            },
            "api-integration-verifies-name",
        ),
        (
            "a function of another account",
            {
                "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f/invocations"
            },
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "apigateway:IntegrationResponse": [
        (
            "every origin",
            {
                "responseParameters": lambda old: {
                    **(old or {}),
                    "method.response.header.Access-Control-Allow-Origin": "'*'",
                }
            },
            "api-answers-name-origins",
        ),
    ],
    "apigateway:Response": [
        (
            "every origin",
            {
                "responseParameters": lambda old: {
                    **(old or {}),
                    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
                }
            },
            "api-answers-name-origins",
        ),
    ],
    "apigatewayv2:Route": [
        ("anybody connects", {"authorizationType": lambda old: "NONE"}, "api-route-is-authorized"),
        ("no authorizer", {"authorizerId": GONE}, "api-route-is-authorized"),
    ],
    "apigatewayv2:Authorizer": [
        ("asks nobody", {"authorizerUri": GONE}, "api-authorizer-names-issuer"),
        (
            "a function of another account",
            {"authorizerUri": f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f"},
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "apigatewayv2:Integration": [
        (
            "a function of another account",
            {"integrationUri": f"arn:aws:lambda:us-east-1:{ELSEWHERE}:function:f"},
            "reference-stays-in-trusted-accounts",
        ),
    ],
    "apigateway:UsagePlan": [
        ("no limit", {"throttleSettings": GONE}, "usage-plan-limits-clients"),
        ("no quota", {"quotaSettings": GONE}, "usage-plan-limits-clients"),
        ("a limit of everything", {"throttleSettings.rateLimit": 1000000}, "usage-plan-limits-clients"),
    ],
    "cognito:UserPool": [
        ("no second factor", {"mfaConfiguration": "OFF"}, "cognito-requires-mfa"),
        ("second factor missing", {"mfaConfiguration": GONE}, "cognito-requires-mfa"),
        ("second factor as one likes", {"mfaConfiguration": lambda old: "OPTIONAL"}, "cognito-requires-mfa"),
        ("short passwords", {"passwordPolicy.minimumLength": 6}, PASSWORDS),
        ("password policy missing", {"passwordPolicy": GONE}, PASSWORDS),
        *(
            (f"passwords without {word}", {f"passwordPolicy.require{word}": value}, PASSWORDS)
            for word in ("Lowercase", "Uppercase", "Numbers", "Symbols")
            for value in (False,)
        ),
        ("first passwords for a year", {"passwordPolicy.temporaryPasswordValidityDays": 365}, PASSWORDS),
        ("anybody may sign up", {"adminCreateUserConfig.allowAdminCreateUserOnly": False}, "cognito-users-are-invited"),
        ("may be deleted", {"deletionProtection": "INACTIVE"}, "cognito-pool-deletion-protected"),
        ("deletion protection missing", {"deletionProtection": GONE}, "cognito-pool-deletion-protected"),
        ("users may choose their tenant", {"schemas.0.mutable": True}, "cognito-tenant-is-fixed"),
        ("addresses not checked", {"userAttributeUpdateSettings": GONE}, "cognito-addresses-are-verified"),
        ("addresses not verified", {"autoVerifiedAttributes": []}, "cognito-addresses-are-verified"),
    ],
    "cognito:UserPoolClient": [
        *(
            (f"flow {word}", {"explicitAuthFlows": [word]}, CLIENT)
            for word in ("ALLOW_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH")
        ),
        ("tokens stay valid", {"enableTokenRevocation": False}, CLIENT),
        ("tells who is a user", {"preventUserExistenceErrors": "LEGACY"}, CLIENT),
        ("says nothing of who is a user", {"preventUserExistenceErrors": GONE}, CLIENT),
        ("tokens of a day", {"accessTokenValidity": 24, "tokenValidityUnits.accessToken": "hours"}, CLIENT),
        ("identity tokens of a day", {"idTokenValidity": 24, "tokenValidityUnits.idToken": "hours"}, CLIENT),
        ("refreshed for ten years", {"refreshTokenValidity": 3650}, CLIENT),
        (
            "users may write their tenant",
            {"writeAttributes": ["email", "custom:tenant"]},
            "cognito-client-cannot-change-claims",
        ),
        ("tokens in addresses", {"allowedOauthFlows": ["implicit"], "allowedOauthFlowsUserPoolClient": True}, CLIENT),
        ("plain HTTP", {"callbackUrls": ["http://app.trading.example.com/"]}, CLIENT),
    ],
}
MISSING = {
    "wafv2:WebAclAssociation": ("api-stage-has-firewall",),
    "wafv2:WebAclLoggingConfiguration": ("web-acl-logs-requests",),
}


def faults(bench: Bench) -> Iterator[Fault]:
    for fault in bench.table(AREA, USERS, "apigateway:Stage", "cognito:UserPoolClient"):
        if applies(bench, fault):
            yield fault
    # Where keys are what callers bring, each method has to ask for one.
    for method in spread([each for each in bench.of("apigateway:Method") if each.get("authorization") == "NONE"]):
        if method.get("apiKeyRequired"):
            yield from bench.edit(AREA, "for anybody without a key", method, {"apiKeyRequired": False}, *LOGIN)
            yield from bench.edit(AREA, "key no longer asked for", method, {"apiKeyRequired": GONE}, *LOGIN)
    yield from bench.missing("companions", MISSING)
    stages = [stage.urn for stage in bench.of("apigateway:Stage")]
    for settings in bench.of("apigateway:MethodSettings"):
        if settings.get("methodPath") == "*/*":
            rules = ("api-stage-is-throttled", "api-stage-logs-executions")
            yield from bench.drop("companions", "missing", settings, *rules, at=stages)


def applies(bench: Bench, fault: Fault) -> bool:
    """Say whether a method has what a fault takes away.

    A browser asks without credentials what it may send, and machines ask for health: neither has a login to lose.
    """
    before, after = bench.graph.resources[fault.places[0]], fault.changes[fault.places[0]]
    if after is None or after.type != METHOD:
        return True
    open_ = before.get("authorization") == "NONE" and fault.rules != CHECKED
    return not open_ and after.get("httpMethod") != "OPTIONS"
