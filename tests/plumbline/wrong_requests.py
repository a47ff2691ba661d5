"""Wrong programs about requests to REST APIs: authorizers, parameters, models; and right ones beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi_aws as aws

from tests.plumbline.wrong_api import EXECUTE, PATH_ID, Api, allowed, an_api
from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, function


def request(authorizer: Mapping[str, Any] | None = None, *, foreign: bool = False, **changes: Any) -> None:
    """A method with other requests than usual, and an authorizer of its API or of another one."""
    api = an_api()
    if authorizer is not None:
        owner = an_api("other") if foreign else api
        changes["authorizer_id"] = an_authorizer(owner, **authorizer).id
    api.mock(api.method(**changes))
    api.deployment()


def an_authorizer(of: Api, name: str = "users", **changes: Any) -> aws.apigateway.Authorizer:
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_1"
    whole = {"rest_api": of.api.id, "name": name, "type": "COGNITO_USER_POOLS", "provider_arns": [pool], **changes}
    return aws.apigateway.Authorizer(name, **whole)


def only_authorizer(**changes: Any) -> None:
    an_authorizer(an_api(), **changes)


def token_authorizer(*, permitted: bool, **changes: Any) -> None:
    """An authorizer that asks a function."""
    called = function()
    if permitted:
        allowed(called, source_arn=f"{EXECUTE}:*/authorizers/*")
    source = {"type": "TOKEN", "provider_arns": None, "authorizer_uri": called.invoke_arn}
    only_authorizer(**source, **changes)


ORDER = {"type": "object", "properties": {"id": {"type": "string"}}}


def modelled(name: str = "Order", *, depends: bool = True, schema: Any = None, **changes: Any) -> None:
    """A method whose requests have a body that a model describes."""
    api = an_api()
    text = json.dumps(ORDER if schema is None else schema)
    whole = {"name": "Order", "content_type": "application/json", "schema": text, **changes}
    model = aws.apigateway.Model("order", rest_api=api.api.id, **whole)
    named: Any = model.name if depends and name == "Order" else name
    method = api.method(request_models={"application/json": named})
    api.mock(method)
    api.deployment()


def mapped(declared: Any = None, **changes: Any) -> None:
    """An integration that passes parameters on."""
    api = an_api()
    api.mock(api.method(request_parameters=declared or {PATH_ID: True}), **changes)
    api.deployment()


def gateway_response(times: int = 1, **changes: Any) -> None:
    api = an_api()
    for index in range(times):
        whole = {
            "rest_api_id": api.api.id,
            "response_type": "DEFAULT_4XX",
            "response_parameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            **changes,
        }
        aws.apigateway.Response(f"refused-{index}", **whole)


def _model_name() -> None:
    api = an_api()
    aws.apigateway.Model(
        "order", rest_api=api.api.id, name="an-order", content_type="application/json", schema=json.dumps(ORDER)
    )


def _pools_for_function() -> None:
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/x/invocations"
    only_authorizer(type="TOKEN", authorizer_uri=uri)


def _request_authorizer(**changes: Any) -> None:
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/x/invocations"
    only_authorizer(type="REQUEST", provider_arns=None, authorizer_uri=uri, **changes)


WRONG_REQUESTS = [
    Wrong(
        "custom authorization without authorizer",
        lambda: request(authorization="CUSTOM"),
        "authorizerId",
        "missing; CUSTOM needs it",
    ),
    Wrong(
        "authorization",
        lambda: request(authorization="PASSWORD"),
        "authorization",
        "'PASSWORD' given; allowed: NONE, AWS_IAM",
    ),
    Wrong(
        "authorizer of another kind",
        lambda: request({}, authorization="CUSTOM"),
        "authorizerId",
        "is of type COGNITO_USER_POOLS; authorization CUSTOM needs another",
    ),
    Wrong(
        "authorizer that is not asked",
        lambda: request({}, authorization="NONE"),
        "authorizerId",
        "given, but NONE takes none",
    ),
    Wrong(
        "scopes without user pool",
        lambda: request(authorization_scopes=["read"]),
        "authorizationScopes",
        "authorization AWS_IAM takes none",
    ),
    Wrong(
        "authorizer of another api",
        lambda: request({}, foreign=True, authorization="COGNITO_USER_POOLS"),
        "authorizerId",
        "the method of aws:apigateway/restApi:RestApi shop",
    ),
    Wrong(
        "parameter that is not in the path",
        lambda: request(request_parameters={"method.request.path.order": True}),
        'requestParameters["method.request.path.order"]',
        "no parameter order in /orders/{id}",
    ),
    Wrong(
        "parameter of nothing",
        lambda: request(request_parameters={"path.id": True}),
        'requestParameters["path.id"]',
        "allowed: method.request.path|querystring|header.NAME",
    ),
    Wrong(
        "model that is not there",
        lambda: modelled("Cart"),
        'requestModels["application/json"]',
        "no model 'Cart' of the API in the stack",
    ),
    Wrong(
        "model by its plain name",
        lambda: modelled(depends=False),
        'requestModels["application/json"]',
        "names aws:apigateway/model:Model order without depending on it",
    ),
    Wrong("name of a model", _model_name, "name", "'an-order' given; allowed: letters and digits"),
    Wrong(
        "schema of draft 7",
        lambda: modelled(schema={"properties": {"id": {"const": "x"}}}),
        "schema.properties.id.const",
        "no keyword of JSON schema draft 4",
    ),
    Wrong(
        "parameter that is not declared",
        lambda: mapped(request_parameters={"integration.request.querystring.page": "method.request.querystring.page"}),
        'requestParameters["integration.request.querystring.page"]',
        "the method does not declare it",
    ),
    Wrong(
        "target of a mapping",
        lambda: mapped(request_parameters={"querystring.page": "'1'"}),
        'requestParameters["querystring.page"]',
        "allowed: integration.request.path|querystring|header.NAME",
    ),
    Wrong(
        "source of a mapping",
        lambda: mapped(request_parameters={"integration.request.header.Kind": "order"}),
        'requestParameters["integration.request.header.Kind"]',
        "'order' given; a parameter of the method",
    ),
    Wrong(
        "cache key that is not declared",
        lambda: mapped(cache_key_parameters=["method.request.querystring.page"]),
        "cacheKeyParameters[0]",
        "the method does not declare it",
    ),
    Wrong(
        "cache key of nothing",
        lambda: mapped(cache_key_parameters=["id"]),
        "cacheKeyParameters[0]",
        "'id' given; allowed: method.request",
    ),
    Wrong(
        "gateway response without quotes",
        lambda: gateway_response(response_parameters={"gatewayresponse.header.Vary": "*"}),
        'responseParameters["gatewayresponse.header.Vary"]',
        "a 'text' in quotes is needed",
    ),
    Wrong(
        "header of a gateway response",
        lambda: gateway_response(response_parameters={"header.Vary": "'*'"}),
        'responseParameters["header.Vary"]',
        "allowed: gatewayresponse.header.NAME",
    ),
    Wrong("gateway response twice", lambda: gateway_response(2), "responseType", "'DEFAULT_4XX' is that of"),
    Wrong(
        "authorizer without pools",
        lambda: only_authorizer(provider_arns=None),
        "providerArns",
        "missing; an authorizer of type COGNITO_USER_POOLS needs them",
    ),
    Wrong(
        "authorizer with something else",
        lambda: only_authorizer(provider_arns=["pool"]),
        "providerArns[0]",
        "the ARN of a user pool is needed",
    ),
    Wrong(
        "authorizer without function",
        lambda: only_authorizer(type="TOKEN", provider_arns=None),
        "authorizerUri",
        "missing; an authorizer of type TOKEN needs it",
    ),
    Wrong("pools for a function", _pools_for_function, "providerArns", "an authorizer of type TOKEN takes none"),
    Wrong(
        "authorizer remembers too long",
        lambda: only_authorizer(authorizer_result_ttl_in_seconds=3601),
        "authorizerResultTtlInSeconds",
        "3601 given; allowed: 0 to 3600",
    ),
    Wrong(
        "authorizer without identity",
        _request_authorizer,
        "identitySource",
        "missing; answers of an authorizer of type REQUEST",
    ),
    Wrong(
        "identity of an authorizer",
        lambda: only_authorizer(identity_source="Authorization"),
        "identitySource",
        "'Authorization' given; allowed: such as",
    ),
    Wrong(
        "validation of an identity",
        lambda: _request_authorizer(
            identity_source="method.request.header.Authorization", identity_validation_expression=".+"
        ),
        "identityValidationExpression",
        "an authorizer of type REQUEST takes none",
    ),
    Wrong(
        "authorizer without permission",
        lambda: token_authorizer(permitted=False),
        "authorizerUri",
        "has no permission that lets apigateway.amazonaws.com call it",
    ),
]
SOUND_REQUESTS: dict[str, Callable[[], Any]] = {
    "user pool": lambda: request({}, authorization="COGNITO_USER_POOLS", authorization_scopes=["read"]),
    "function as authorizer": lambda: token_authorizer(permitted=True),
    "authorizer that remembers nothing": lambda: _request_authorizer(authorizer_result_ttl_in_seconds=0),
    "model": modelled,
    "built-in model": lambda: modelled("Empty"),
    "passed on": lambda: mapped(
        request_parameters={
            "integration.request.path.id": PATH_ID,
            "integration.request.header.Kind": "'order'",
            "integration.request.header.Stage": "context.stage",
        },
        cache_key_parameters=[PATH_ID, "integration.request.path.id"],
    ),
    "gateway response": gateway_response,
}
