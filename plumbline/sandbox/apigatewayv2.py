"""WebSocket and HTTP APIs in the sandbox: API, authorizer, integration, routes, stage. moto keeps and serves none.

What a stage that deploys by itself serves is always the routes as they are, so there is no deployment to make.
"""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given

_SERVICE = "apigatewayv2"


@adapter("aws:apigatewayv2/api:Api")
def api(context: Context, inputs: Inputs) -> Created:
    made = context.client(_SERVICE, inputs).create_api(
        Name=inputs["name"],
        ProtocolType=inputs["protocolType"],
        Tags=dict(inputs.get("tags") or {}),
        **given(
            ApiKeySelectionExpression=inputs.get("apiKeySelectionExpression"),
            Description=inputs.get("description"),
            DisableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint"),
            RouteSelectionExpression=inputs.get("routeSelectionExpression"),
            Version=inputs.get("version"),
        ),
    )
    id_ = made["ApiId"]
    kind = "wss" if inputs["protocolType"] == "WEBSOCKET" else "https"
    outputs = {
        "arn": f"arn:aws:apigateway:{context.region}::/apis/{id_}",
        "apiEndpoint": f"{kind}://{id_}.execute-api.{context.region}.amazonaws.com",
        "executionArn": f"arn:aws:execute-api:{context.region}:{context.account_id}:{id_}",
    }
    return id_, outputs


@adapter("aws:apigatewayv2/authorizer:Authorizer")
def authorizer(context: Context, inputs: Inputs) -> Created:
    made = context.client(_SERVICE, inputs).create_authorizer(
        ApiId=inputs["apiId"],
        Name=inputs["name"],
        AuthorizerType=inputs["authorizerType"],
        IdentitySource=list(inputs.get("identitySources") or []),
        **given(
            AuthorizerUri=inputs.get("authorizerUri"), AuthorizerCredentialsArn=inputs.get("authorizerCredentialsArn")
        ),
    )
    return made["AuthorizerId"], {}


@adapter("aws:apigatewayv2/integration:Integration")
def integration(context: Context, inputs: Inputs) -> Created:
    made = context.client(_SERVICE, inputs).create_integration(
        ApiId=inputs["apiId"],
        IntegrationType=inputs["integrationType"],
        **given(
            ConnectionType=inputs.get("connectionType"),
            Description=inputs.get("description"),
            IntegrationMethod=inputs.get("integrationMethod"),
            IntegrationUri=inputs.get("integrationUri"),
            TimeoutInMillis=_whole(inputs.get("timeoutMilliseconds")),
        ),
    )
    return made["IntegrationId"], {}


@adapter("aws:apigatewayv2/route:Route")
def route(context: Context, inputs: Inputs) -> Created:
    client = context.client(_SERVICE, inputs)
    named = inputs.get("target")
    if named:
        # moto takes any target, AWS only an integration of the API.
        client.get_integration(ApiId=inputs["apiId"], IntegrationId=named.removeprefix("integrations/"))
    made = client.create_route(
        ApiId=inputs["apiId"],
        RouteKey=inputs["routeKey"],
        **given(
            ApiKeyRequired=inputs.get("apiKeyRequired"),
            AuthorizationType=inputs.get("authorizationType"),
            AuthorizerId=inputs.get("authorizerId"),
            OperationName=inputs.get("operationName"),
            Target=named,
        ),
    )
    return made["RouteId"], {}


@adapter("aws:apigatewayv2/stage:Stage")
def stage(context: Context, inputs: Inputs) -> Created:
    id_, name = inputs["apiId"], inputs["name"]
    client = context.client(_SERVICE, inputs)
    log = inputs.get("accessLogSettings")
    client.create_stage(
        ApiId=id_,
        StageName=name,
        Tags=dict(inputs.get("tags") or {}),
        **given(
            AccessLogSettings=log and {"DestinationArn": log["destinationArn"], "Format": log["format"]},
            AutoDeploy=inputs.get("autoDeploy"),
            DefaultRouteSettings=_settings(inputs.get("defaultRouteSettings")),
            Description=inputs.get("description"),
        ),
    )
    kind = "wss" if client.get_api(ApiId=id_)["ProtocolType"] == "WEBSOCKET" else "https"
    outputs = {
        "arn": f"arn:aws:apigateway:{context.region}::/apis/{id_}/stages/{name}",
        "executionArn": f"arn:aws:execute-api:{context.region}:{context.account_id}:{id_}/{name}",
        "invokeUrl": f"{kind}://{id_}.execute-api.{context.region}.amazonaws.com/{name}",
    }
    return name, outputs


def _settings(given_: Any) -> dict[str, Any] | None:
    if not given_:
        return None
    return given(
        DataTraceEnabled=given_.get("dataTraceEnabled"),
        DetailedMetricsEnabled=given_.get("detailedMetricsEnabled"),
        LoggingLevel=given_.get("loggingLevel"),
        ThrottlingBurstLimit=_whole(given_.get("throttlingBurstLimit")),
        ThrottlingRateLimit=given_.get("throttlingRateLimit"),
    )


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
