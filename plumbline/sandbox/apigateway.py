"""What a REST API is made of in the sandbox: resources, methods, integrations, models, authorizers.

Deployments, stages, keys and domains are in plumbline.sandbox.apigateway_stages.
"""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:apigateway/restApi:RestApi")
def rest_api(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    endpoint = inputs.get("endpointConfiguration")
    size = inputs.get("minimumCompressionSize")
    # moto keeps neither the TLS policy nor the access mode of an API.
    made = client.create_rest_api(
        name=inputs["name"],
        tags=dict(inputs.get("tags") or {}),
        **given(
            description=inputs.get("description"),
            apiKeySource=inputs.get("apiKeySource"),
            disableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint"),
            policy=inputs.get("policy"),
            # -1 says that nothing is compressed, which AWS takes as no size at all.
            minimumCompressionSize=None if size is None or int(size) < 0 else int(size),
            endpointConfiguration=endpoint
            and given(
                types=[endpoint["types"]],
                ipAddressType=endpoint.get("ipAddressType"),
                vpcEndpointIds=endpoint.get("vpcEndpointIds"),
            ),
        ),
    )
    identity = made["id"]
    if inputs.get("body"):
        # The modes differ for an API that has content already. "merge" keeps the root's id, as AWS does in both.
        client.put_rest_api(
            restApiId=identity,
            mode="merge",
            body=inputs["body"].encode(),
            **given(failOnWarnings=inputs.get("failOnWarnings"), parameters=inputs.get("parameters")),
        )
    additions = [
        {"op": "add", "path": "/binaryMediaTypes", "value": kind} for kind in inputs.get("binaryMediaTypes") or []
    ]
    if additions:
        client.update_rest_api(restApiId=identity, patchOperations=additions)
    outputs = {
        "arn": arn_of(context, inputs, f"restapis/{identity}"),
        "executionArn": execution_arn(context, inputs, identity),
        "rootResourceId": made["rootResourceId"],
    }
    return identity, outputs


@adapter("aws:apigateway/resource:Resource")
def resource(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    made = client.create_resource(restApiId=inputs["restApi"], parentId=inputs["parentId"], pathPart=inputs["pathPart"])
    return made["id"], {"path": made["path"]}


@adapter("aws:apigateway/method:Method")
def method(context: Context, inputs: Inputs) -> Created:
    context.client("apigateway", inputs).put_method(
        **_method(inputs),
        authorizationType=inputs["authorization"],
        apiKeyRequired=bool(inputs.get("apiKeyRequired")),
        **given(
            authorizerId=inputs.get("authorizerId"),
            authorizationScopes=inputs.get("authorizationScopes"),
            operationName=inputs.get("operationName"),
            requestModels=inputs.get("requestModels"),
            requestParameters=inputs.get("requestParameters"),
            requestValidatorId=inputs.get("requestValidatorId"),
        ),
    )
    return _identity("agm", inputs), {}


@adapter("aws:apigateway/methodResponse:MethodResponse")
def method_response(context: Context, inputs: Inputs) -> Created:
    context.client("apigateway", inputs).put_method_response(
        **_method(inputs),
        statusCode=inputs["statusCode"],
        **given(
            responseModels=inputs.get("responseModels"),
            responseParameters=inputs.get("responseParameters"),
        ),
    )
    return _identity("agmr", inputs), {}


@adapter("aws:apigateway/integration:Integration")
def integration(context: Context, inputs: Inputs) -> Created:
    tls = inputs.get("tlsConfig")
    timeout = inputs.get("timeoutMilliseconds")
    # moto does not keep the parameters of the cache's key, the VPC link and the transfer mode.
    context.client("apigateway", inputs).put_integration(
        **_method(inputs),
        type=inputs["type"],
        **given(
            integrationHttpMethod=inputs.get("integrationHttpMethod"),
            uri=inputs.get("uri"),
            credentials=inputs.get("credentials"),
            connectionType=inputs.get("connectionType"),
            requestParameters=inputs.get("requestParameters"),
            requestTemplates=inputs.get("requestTemplates"),
            passthroughBehavior=inputs.get("passthroughBehavior"),
            cacheNamespace=inputs.get("cacheNamespace"),
            contentHandling=inputs.get("contentHandling"),
            timeoutInMillis=None if timeout is None else int(timeout),
            tlsConfig=tls and given(insecureSkipVerification=tls.get("insecureSkipVerification")),
        ),
    )
    return _identity("agi", inputs), {}


@adapter("aws:apigateway/integrationResponse:IntegrationResponse")
def integration_response(context: Context, inputs: Inputs) -> Created:
    context.client("apigateway", inputs).put_integration_response(
        **_method(inputs),
        statusCode=inputs["statusCode"],
        **given(
            selectionPattern=inputs.get("selectionPattern"),
            responseParameters=inputs.get("responseParameters"),
            responseTemplates=inputs.get("responseTemplates"),
            contentHandling=inputs.get("contentHandling"),
        ),
    )
    return _identity("agir", inputs), {}


@adapter("aws:apigateway/requestValidator:RequestValidator")
def request_validator(context: Context, inputs: Inputs) -> Created:
    made = context.client("apigateway", inputs).create_request_validator(
        restApiId=inputs["restApi"],
        name=inputs["name"],
        validateRequestBody=bool(inputs.get("validateRequestBody")),
        validateRequestParameters=bool(inputs.get("validateRequestParameters")),
    )
    return made["id"], {}


@adapter("aws:apigateway/model:Model")
def model(context: Context, inputs: Inputs) -> Created:
    made = context.client("apigateway", inputs).create_model(
        restApiId=inputs["restApi"],
        name=inputs["name"],
        contentType=inputs["contentType"],
        **given(description=inputs.get("description"), schema=inputs.get("schema")),
    )
    return made["id"], {}


@adapter("aws:apigateway/authorizer:Authorizer")
def authorizer(context: Context, inputs: Inputs) -> Created:
    api = inputs["restApi"]
    ttl = inputs.get("authorizerResultTtlInSeconds")
    # moto does not keep the expression that a token must match.
    made = context.client("apigateway", inputs).create_authorizer(
        restApiId=api,
        name=inputs["name"],
        type=inputs.get("type") or "TOKEN",
        identitySource=inputs.get("identitySource") or "method.request.header.Authorization",
        **given(
            providerARNs=inputs.get("providerArns"),
            authorizerUri=inputs.get("authorizerUri"),
            authorizerCredentials=inputs.get("authorizerCredentials"),
            authorizerResultTtlInSeconds=None if ttl is None else int(ttl),
        ),
    )
    return made["id"], {"arn": arn_of(context, inputs, f"restapis/{api}/authorizers/{made['id']}")}


@adapter("aws:apigateway/response:Response")
def gateway_response(context: Context, inputs: Inputs) -> Created:
    api, kind = inputs["restApiId"], inputs["responseType"]
    context.client("apigateway", inputs).put_gateway_response(
        restApiId=api,
        responseType=kind,
        **given(
            statusCode=inputs.get("statusCode"),
            responseParameters=inputs.get("responseParameters"),
            responseTemplates=inputs.get("responseTemplates"),
        ),
    )
    return f"aggr-{api}-{kind}", {}


def region_of(context: Context, inputs: Inputs) -> str:
    return inputs.get("region") or context.region


def arn_of(context: Context, inputs: Inputs, path: str) -> str:
    return f"arn:aws:apigateway:{region_of(context, inputs)}::/{path}"


def execution_arn(context: Context, inputs: Inputs, path: str) -> str:
    """Return the ARN that permissions to call a deployed API name; `path` begins with the API's id."""
    return f"arn:aws:execute-api:{region_of(context, inputs)}:{context.account_id}:{path}"


def _method(inputs: Inputs) -> dict[str, Any]:
    return {"restApiId": inputs["restApi"], "resourceId": inputs["resourceId"], "httpMethod": inputs["httpMethod"]}


def _identity(kind: str, inputs: Inputs) -> str:
    parts = [kind, *_method(inputs).values()]
    return "-".join([*parts, inputs["statusCode"]] if "statusCode" in inputs else parts)
