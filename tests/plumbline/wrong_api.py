"""Wrong programs about REST APIs: resources, methods, integrations, requests; and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, alias, function, role

EXECUTE = f"arn:aws:execute-api:{REGION}:{ACCOUNT}"
PATH_ID = "method.request.path.id"


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(depends_on=list(resources))


@dataclass
class Api:
    """A REST API with GET /orders/{id}, which calls a function. Parts are registered as they are asked for."""

    api: aws.apigateway.RestApi
    orders: aws.apigateway.Resource
    order: aws.apigateway.Resource
    content: list[pulumi.Resource] = field(default_factory=list)

    def method(self, name: str = "get-order", **changes: Any) -> aws.apigateway.Method:
        whole = {
            "rest_api": self.api.id,
            "resource_id": self.order.id,
            "http_method": "GET",
            "authorization": "AWS_IAM",
            "request_parameters": {PATH_ID: True},
            **changes,
        }
        made = aws.apigateway.Method(name, **whole)
        self.content.append(made)
        return made

    def integration(
        self, of: aws.apigateway.Method, uri: Any, name: str = "get-order", **changes: Any
    ) -> aws.apigateway.Integration:
        whole = {
            "rest_api": self.api.id,
            "resource_id": of.resource_id,
            "http_method": of.http_method,
            "type": "AWS_PROXY",
            "integration_http_method": "POST",
            "uri": uri,
            **changes,
        }
        made = aws.apigateway.Integration(name, opts=after(of), **whole)
        self.content.append(made)
        return made

    def mock(self, of: aws.apigateway.Method, **changes: Any) -> aws.apigateway.Integration:
        """An integration without anything behind it."""
        return self.integration(of, **{"uri": None, "type": "MOCK", "integration_http_method": None, **changes})

    def response(self, of: aws.apigateway.Method, **changes: Any) -> aws.apigateway.MethodResponse:
        whole = {
            "rest_api": self.api.id,
            "resource_id": of.resource_id,
            "http_method": of.http_method,
            "status_code": "200",
            "response_parameters": {"method.response.header.Vary": True},
            **changes,
        }
        made = aws.apigateway.MethodResponse("ok", opts=after(of), **whole)
        self.content.append(made)
        return made

    def answer(self, of: aws.apigateway.Method, *needs: pulumi.Resource, **changes: Any) -> None:
        """An integration response that comes after `needs`."""
        whole = {
            "rest_api": self.api.id,
            "resource_id": of.resource_id,
            "http_method": of.http_method,
            "status_code": "200",
            "response_parameters": {"method.response.header.Vary": "'Origin'"},
            **changes,
        }
        self.content.append(aws.apigateway.IntegrationResponse("ok", opts=after(*needs), **whole))

    def deployment(self, *, depends: bool = True, **changes: Any) -> aws.apigateway.Deployment:
        whole = {"rest_api": self.api.id, "triggers": {"content": "1"}, **changes}
        return aws.apigateway.Deployment("v1", opts=after(*self.content) if depends else None, **whole)


def an_api(name: str = "shop", **changes: Any) -> Api:
    """A REST API with its resources, and without methods."""
    regional = {"endpoint_configuration": {"types": "REGIONAL"}}
    api = aws.apigateway.RestApi(name, **{"name": name, **regional, **changes})
    orders = resource(api, f"{name}-orders", path_part="orders")
    return Api(api, orders, resource(api, f"{name}-order", parent_id=orders.id, path_part="{id}"))


def resource(api: aws.apigateway.RestApi, name: str, **changes: Any) -> aws.apigateway.Resource:
    whole = {"rest_api": api.id, "parent_id": api.root_resource_id, "path_part": "orders", **changes}
    return aws.apigateway.Resource(name, **whole)


def allowed(of: aws.lambda_.Function, **changes: Any) -> aws.lambda_.Permission:
    """A permission for API Gateway to call a function."""
    whole = {
        "action": "lambda:InvokeFunction",
        "function": of.name,
        "principal": "apigateway.amazonaws.com",
        "source_arn": f"{EXECUTE}:*/*/GET/orders/*",
        **changes,
    }
    return aws.lambda_.Permission("call", **whole)


def calls(
    *,
    permission: Mapping[str, Any] | None = None,
    permitted: bool = True,
    method: Mapping[str, Any] | None = None,
    by_alias: bool = False,
    **changes: Any,
) -> None:
    """GET /orders/{id} calls a function, which allows it. `changes` are those of the integration."""
    api, called = an_api(), function(publish=True)
    target: Any = alias(called) if by_alias else called
    if permitted:
        qualifier = {"qualifier": target.name} if by_alias else {}
        allowed(called, **{**qualifier, **(permission or {})})
    api.integration(api.method(**(method or {})), changes.pop("uri", target.invoke_arn), **changes)
    api.deployment()


def parts(*names: str, **changes: Any) -> None:
    """Resources of the given path parts under the root of one API."""
    api = aws.apigateway.RestApi("shop", name="shop", **changes)
    for index, name in enumerate(names):
        resource(api, f"part-{index}", path_part=name)


def below(part: str) -> None:
    api = aws.apigateway.RestApi("shop", name="shop")
    resource(api, "below", parent_id=resource(api, "above", path_part=part).id)


def methods(*, mocks: int = 1, **changes: Any) -> None:
    """One or two methods on a resource, as many of them integrated as asked for."""
    api = an_api()
    made = [api.method(), *([api.method("second", **changes)] if changes else [])]
    for index, method in enumerate(made[:mocks]):
        api.mock(method, name=f"mock-{index}")
    if mocks == len(made):
        api.deployment()


def answered(*, depends: bool = True, of: str = "both", response: Any = None, **changes: Any) -> None:
    """A method with a response of its own, on whose parts the integration response depends."""
    api = an_api()
    method = api.method()
    made: list[pulumi.Resource] = []
    if of in ("both", "integration"):
        made.append(api.mock(method))
    if of in ("both", "method"):
        made.append(api.response(method, **(response or {})))
    api.answer(method, *(made if depends else []), **changes)


def misplaced(kind: str) -> None:
    """Something on a method that is not there, or before the one that is."""
    api = an_api()
    method = api.method()
    api.mock(method)
    verb = "PUT" if kind == "absent" else "GET"
    aws.apigateway.MethodResponse(
        "early", rest_api=api.api.id, resource_id=api.order.id, http_method=verb, status_code="200"
    )


def _many_resources() -> None:
    parts(*(f"part{index}" for index in range(300)))


def _verb() -> None:
    api = an_api()
    api.mock(api.method(http_method="FETCH"))


def _other_region() -> None:
    provided = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provided)
    api = aws.apigateway.RestApi("shop", name="shop", opts=opts)
    called = function()
    allowed(called, source_arn=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:*/*/GET/*")
    method = aws.apigateway.Method(
        "get", rest_api=api.id, resource_id=api.root_resource_id, http_method="GET", authorization="NONE", opts=opts
    )
    aws.apigateway.Integration(
        "get",
        rest_api=api.id,
        resource_id=api.root_resource_id,
        http_method=method.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=called.invoke_arn,
        opts=pulumi.ResourceOptions(provider=provided, depends_on=[method]),
    )


WRONG_API = [
    Wrong(
        "endpoints of a regional api",
        lambda: an_api(endpoint_configuration={"types": "REGIONAL", "vpc_endpoint_ids": ["vpce-1"]}),
        "endpointConfiguration.vpcEndpointIds",
        "only a PRIVATE API takes them",
    ),
    Wrong(
        "compression size",
        lambda: an_api(minimum_compression_size="big"),
        "minimumCompressionSize",
        "'big' given; allowed: 0 to 10485760",
    ),
    Wrong("301 resources", _many_resources, "", "301 resources; allowed: at most 300"),
    Wrong("path part", lambda: parts("orders/all"), "pathPart", "'orders/all' given; allowed: letters"),
    Wrong("path part twice", lambda: parts("orders", "orders"), "pathPart", "'orders' is the part of"),
    Wrong("two parameters of one parent", lambda: parts("{id}", "{name}"), "pathPart", "a parent has one parameter"),
    Wrong("below a greedy parameter", lambda: below("{rest+}"), "pathPart", "takes the whole rest of a path"),
    Wrong("verb of a method", _verb, "httpMethod", "'FETCH' given; allowed: GET"),
    Wrong("verb twice", lambda: methods(mocks=2, authorization="NONE"), "httpMethod", "'GET' is the verb of"),
    Wrong("method without integration", lambda: methods(mocks=0), "", "no integration; every method needs one"),
    Wrong(
        "second method without integration",
        lambda: methods(http_method="PUT"),
        "",
        "no integration; every method needs one",
    ),
    Wrong(
        "integration that ends too late",
        lambda: calls(timeout_milliseconds=30_000),
        "timeoutMilliseconds",
        "30000 given; allowed: 50 to 29000",
    ),
    Wrong(
        "proxy with get",
        lambda: calls(integration_http_method="GET"),
        "integrationHttpMethod",
        "'GET' given; functions are called with POST",
    ),
    Wrong(
        "proxy without verb",
        lambda: calls(integration_http_method=None),
        "integrationHttpMethod",
        "missing; an integration of type AWS_PROXY needs it",
    ),
    Wrong(
        "integration without uri", lambda: calls(uri=None), "uri", "missing; an integration of type AWS_PROXY needs it"
    ),
    Wrong(
        "arn of a function as uri",
        lambda: calls(uri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:elsewhere"),
        "uri",
        "the function's invokeArn is needed",
    ),
    Wrong(
        "function by http proxy",
        lambda: calls(type="HTTP_PROXY"),
        "type",
        "'HTTP_PROXY' given; a function is called by AWS_PROXY",
    ),
    Wrong(
        "link without id",
        lambda: calls(type="HTTP_PROXY", uri="https://shop.example.com", connection_type="VPC_LINK"),
        "connectionId",
        "missing; connectionType VPC_LINK needs it",
    ),
    Wrong(
        "function without permission for an api",
        lambda: calls(permitted=False),
        "uri",
        "has no permission that lets apigateway.amazonaws.com call it",
    ),
    Wrong(
        "permission for another verb",
        lambda: calls(permission={"source_arn": f"{EXECUTE}:*/*/POST/orders/*"}),
        "uri",
        "covers GET /orders/{id}",
    ),
    Wrong(
        "permission for another path",
        lambda: calls(permission={"source_arn": f"{EXECUTE}:*/*/GET/carts"}),
        "uri",
        "covers GET /orders/{id}",
    ),
    Wrong(
        "permission for another region",
        _other_region,
        "uri",
        "has no permission that lets apigateway.amazonaws.com call it",
    ),
    Wrong(
        "permission for the function behind an alias",
        lambda: calls(by_alias=True, permission={"qualifier": None}),
        "uri",
        "aws:lambda/alias:Alias live has no permission",
    ),
    Wrong("response of no method", lambda: misplaced("absent"), "httpMethod", "no method PUT on the resource"),
    Wrong(
        "response before its method",
        lambda: misplaced("early"),
        "httpMethod",
        "must depend on aws:apigateway/method:Method get-order",
    ),
    Wrong(
        "answer before its parts",
        lambda: answered(depends=False),
        "statusCode",
        "must depend on aws:apigateway/integration:Integration",
        also=(("statusCode", "must depend on aws:apigateway/methodResponse:MethodResponse ok"),),
    ),
    Wrong(
        "answer of another status", lambda: answered(status_code="404"), "statusCode", "no method response 404 for GET"
    ),
    Wrong(
        "header that no response declares",
        lambda: answered(response={"response_parameters": {"method.response.header.Age": True}}),
        'responseParameters["method.response.header.Vary"]',
        "the method response 200 does not declare it",
    ),
    Wrong(
        "header without quotes",
        lambda: answered(response_parameters={"method.response.header.Vary": "Origin"}),
        'responseParameters["method.response.header.Vary"]',
        "a 'text' in quotes is needed",
    ),
    Wrong(
        "header of nothing",
        lambda: answered(response_parameters={"header.Vary": "'Origin'"}),
        'responseParameters["header.Vary"]',
        "allowed: method.response.header.NAME",
    ),
    Wrong(
        "answer without integration",
        lambda: answered(of="method"),
        "statusCode",
        "no integration for GET on the resource",
        also=(("", "no integration; every method needs one"),),
    ),
]
SOUND_API: dict[str, Callable[[], Any]] = {
    "api that calls a function": calls,
    "api that calls an alias": lambda: calls(by_alias=True),
    "permission for the whole api": lambda: calls(permission={"source_arn": f"{EXECUTE}:*"}),
    "permission for all methods": lambda: calls(permission={"source_arn": f"{EXECUTE}:*/*/*/*"}),
    "any method": lambda: calls(method={"http_method": "ANY"}, permission={"source_arn": f"{EXECUTE}:*/*/*/orders/*"}),
    "function called under a role": lambda: calls(permitted=False, credentials=role("caller").arn),
    "api over the longest time": lambda: calls(timeout_milliseconds=29_000),
    "parts of paths": lambda: parts("orders", "v1.0", "a-b_c:d", "{id}"),
    "greedy parameter": lambda: parts("{rest+}"),
    "299 resources": lambda: parts(*(f"part{index}" for index in range(299))),
    "two verbs": lambda: methods(mocks=2, http_method="PUT"),
    "private api": lambda: an_api(endpoint_configuration={"types": "PRIVATE", "vpc_endpoint_ids": ["vpce-1"]}),
    "answers": answered,
    "answer from the integration": lambda: answered(
        response_parameters={"method.response.header.Vary": "integration.response.header.Vary"}
    ),
}
