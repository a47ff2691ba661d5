"""Wrong programs about WebSocket APIs and parameters, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong

_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:answers"
CALL = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{_FUNCTION}/invocations"


def api(**changes: Any) -> aws.apigatewayv2.Api:
    """A WebSocket API that routes by the field `action`."""
    whole = {
        "name": "events",
        "protocol_type": "WEBSOCKET",
        "route_selection_expression": "$request.body.action",
        "api_key_selection_expression": "$request.header.x-api-key",
        **changes,
    }
    return aws.apigatewayv2.Api("events", **whole)


def http(**changes: Any) -> aws.apigatewayv2.Api:
    return api(protocol_type="HTTP", route_selection_expression=None, **changes)


def route(
    of: aws.apigatewayv2.Api | None = None, name: str = "route", key: str = "$connect", **changes: Any
) -> aws.apigatewayv2.Route:
    return aws.apigatewayv2.Route(name, **{"api_id": (of or api()).id, "route_key": key, **changes})


def integration(of: aws.apigatewayv2.Api | None = None, **changes: Any) -> aws.apigatewayv2.Integration:
    whole = {"integration_type": "AWS_PROXY", "integration_uri": CALL, "timeout_milliseconds": 29_000, **changes}
    return aws.apigatewayv2.Integration("call", **{"api_id": (of or api()).id, **whole})


def authorizer(**changes: Any) -> aws.apigatewayv2.Authorizer:
    whole = {
        "name": "key",
        "authorizer_type": "REQUEST",
        "authorizer_uri": CALL,
        "identity_sources": ["route.request.querystring.api_key"],
        **changes,
    }
    return aws.apigatewayv2.Authorizer("key", **{"api_id": api().id, **whole})


def stage(of: aws.apigatewayv2.Api | None = None, **changes: Any) -> aws.apigatewayv2.Stage:
    return aws.apigatewayv2.Stage(
        "stage", **{"api_id": (of or api()).id, "name": "prod", "auto_deploy": True, **changes}
    )


def parameter(**changes: Any) -> aws.ssm.Parameter:
    whole = {"name": "/app/dev/key", "type": "SecureString", "value": "unset", "tier": "Standard", **changes}
    return aws.ssm.Parameter("key", **whole)


def _twice() -> None:
    one = api()
    route(one)
    route(one, "again")


_SELECTION = "routeSelectionExpression"
WRONG_SOCKETS = [
    Wrong("socket without selection", lambda: api(route_selection_expression=None), _SELECTION, "missing"),
    Wrong("selection by path", lambda: api(route_selection_expression="$request.path"), _SELECTION, "'$request.path'"),
    Wrong("selection of http", lambda: api(protocol_type="HTTP"), _SELECTION, "given"),
    Wrong(
        "key from a cookie", lambda: api(api_key_selection_expression="$c"), "apiKeySelectionExpression", "'$c' given"
    ),
    Wrong(
        "socket with cors",
        lambda: api(cors_configuration={"allow_origins": ["https://a.example"]}),
        "corsConfiguration",
        "given, but only an HTTP API takes it",
    ),
    Wrong("authorizer of nobody", lambda: route(authorization_type="CUSTOM"), "authorizerId", "missing"),
    Wrong(
        "asked at each message",
        lambda: route(key="ping", authorization_type="AWS_IAM"),
        "authorizationType",
        "AWS_IAM given; a WebSocket API asks at $connect alone",
    ),
    Wrong(
        "two routes of a key",
        _twice,
        "routeKey",
        "'$connect' given to 2 routes of the API",
        (("routeKey", "'$connect' given to 2 routes of the API"),),
    ),
    Wrong("http key", lambda: route(http(), key="ping"), "routeKey", "'ping' given; allowed: a method and a path"),
    Wrong(
        "http with api key",
        lambda: route(http(), key="GET /a", api_key_required=True),
        "apiKeyRequired",
        "given, but an HTTP API knows no API keys",
    ),
    Wrong("waits too long", lambda: integration(timeout_milliseconds=29_001), "timeoutMilliseconds", "50 to 29000"),
    Wrong("leads nowhere", lambda: integration(integration_uri=None), "integrationUri", "missing"),
    Wrong("asks nobody", lambda: authorizer(authorizer_uri=None), "authorizerUri", "missing"),
    Wrong(
        "identity of http",
        lambda: authorizer(identity_sources=["$request.querystring.key"]),
        "identitySources[0]",
        "'$request.querystring.key' given",
    ),
    Wrong("default stage", lambda: stage(name="$default"), "name", "'$default' given"),
    Wrong("two deployments", lambda: stage(deployment_id="abc"), "deploymentId", "given together with autoDeploy"),
    Wrong(
        "log of http",
        lambda: stage(http(), default_route_settings={"logging_level": "INFO"}),
        "defaultRouteSettings.loggingLevel",
        "INFO given",
    ),
    Wrong("parameter of aws", lambda: parameter(name="/aws/key"), "name", "may not begin with aws or ssm"),
    Wrong("parameter of ssm", lambda: parameter(name="SSM-key"), "name", "may not begin with aws or ssm"),
    Wrong("parameter with spaces", lambda: parameter(name="/app/a key"), "name", "letters, digits and _.-/"),
    Wrong("parameter below nothing", lambda: parameter(name="app/key"), "name", "begins with /"),
    Wrong("parameter too deep", lambda: parameter(name="/a" * 16), "name", "16 levels given; allowed: at most 15"),
    Wrong(
        "parameter too large", lambda: parameter(value="x" * 4097), "value", "4097 bytes given; allowed: at most 4096"
    ),
    Wrong("parameter of two values", lambda: parameter(insecure_value="x", type="String"), "value", "exactly one"),
    Wrong("text with a key", lambda: parameter(type="String", key_id="alias/aws/ssm"), "keyId", "is not encrypted"),
    Wrong(
        "secret image", lambda: parameter(data_type="aws:ec2:image"), "dataType", "given, but a SecureString is text"
    ),
]


SOUND_SOCKETS: dict[str, Callable[[], Any]] = {
    "WebSocket API": api,
    "HTTP API": http,
    "route": route,
    "route of an HTTP API": lambda: route(http(), key="ANY /{proxy+}"),
    "integration of a WebSocket API": integration,
    "authorizer of a WebSocket API": authorizer,
    "stage of a WebSocket API": stage,
    "stage $default of an HTTP API": lambda: stage(http(), name="$default"),
    "parameter": parameter,
    "large parameter": lambda: parameter(value="x" * 8192, tier="Advanced"),
}
