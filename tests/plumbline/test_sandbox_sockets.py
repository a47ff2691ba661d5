"""The in-process AWS holds the WebSocket API, its routes and the parameters that a program declares."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

TEAM = {"Owner": "team"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:answers"
CALL = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/apigateway/events"
KEY_SELECTION = "$context.authorizer.usageIdentifierKey"


def sockets() -> None:
    """Register a WebSocket API with every property that the adapters know, one without, and parameters."""
    opts = inside()
    api = aws.apigatewayv2.Api(
        "api",
        name="events",
        description="Events",
        protocol_type="WEBSOCKET",
        route_selection_expression="$request.body.action",
        api_key_selection_expression=KEY_SELECTION,
        disable_execute_api_endpoint=True,
        version="1",
        tags=TEAM,
        opts=opts,
    )
    aws.apigatewayv2.Api("plain", name="plain", protocol_type="HTTP", opts=opts)
    authorizer = aws.apigatewayv2.Authorizer(
        "authorizer",
        api_id=api.id,
        name="key",
        authorizer_type="REQUEST",
        authorizer_uri=CALL,
        identity_sources=["route.request.querystring.api_key"],
        opts=opts,
    )
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=CALL,
        description="Answers",
        timeout_milliseconds=5000,
        opts=opts,
    )
    target = pulumi.Output.concat("integrations/", integration.id)
    connect = aws.apigatewayv2.Route(
        "connect",
        api_id=api.id,
        route_key="$connect",
        target=target,
        authorization_type="CUSTOM",
        authorizer_id=authorizer.id,
        api_key_required=True,
        operation_name="Connect",
        opts=opts,
    )
    other = aws.apigatewayv2.Route("default", api_id=api.id, route_key="$default", target=target, opts=opts)
    aws.apigatewayv2.Stage(
        "stage",
        api_id=api.id,
        name="prod",
        description="Served",
        auto_deploy=True,
        access_log_settings={"destination_arn": LOG, "format": "$context.requestId"},
        default_route_settings={
            "data_trace_enabled": False,
            "detailed_metrics_enabled": False,
            "logging_level": "ERROR",
            "throttling_rate_limit": 10,
            "throttling_burst_limit": 20,
        },
        tags=TEAM,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[connect, other])),
    )
    aws.ssm.Parameter(
        "secret",
        name="/app/dev/key",
        type="SecureString",
        tier="Standard",
        key_id="alias/aws/ssm",
        description="Key of the model",
        value="hidden",
        tags=TEAM,
        opts=opts,
    )
    aws.ssm.Parameter("text", name="plain", type="String", value="shown", opts=opts)


def _look() -> dict[str, Any]:
    api = client("apigatewayv2")
    (socket,) = [row for row in api.get_apis()["Items"] if row["ProtocolType"] == "WEBSOCKET"]
    named = {"ApiId": socket["ApiId"]}
    routes = {row["RouteKey"]: row for row in api.get_routes(**named)["Items"]}
    store = client("ssm")
    return {
        "api": socket,
        "authorizer": api.get_authorizer(**named, AuthorizerId=routes["$connect"]["AuthorizerId"]),
        "integrations": api.get_integrations(**named)["Items"],
        "routes": routes,
        "stage": api.get_stage(**named, StageName="prod"),
        "parameter": store.get_parameter(Name="/app/dev/key", WithDecryption=True)["Parameter"],
        "described": store.describe_parameters()["Parameters"],
        "as it is kept": store.get_parameter(Name="/app/dev/key")["Parameter"]["Value"],
    }


whole, seen, identity, outputs = readers(sockets, _look)
ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
EXPECTED: dict[str, Any] = {
    "api": {
        "Name": "events",
        "Description": "Events",
        "ProtocolType": "WEBSOCKET",
        "RouteSelectionExpression": "$request.body.action",
        "ApiKeySelectionExpression": KEY_SELECTION,
        "DisableExecuteApiEndpoint": True,
        "Version": "1",
        "Tags": TEAM,
    },
    "authorizer": {
        "Name": "key",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": CALL,
        "IdentitySource": ["route.request.querystring.api_key"],
    },
    "integrations": [
        {
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "IntegrationUri": CALL,
            "Description": "Answers",
            "TimeoutInMillis": 5000,
        }
    ],
    "routes": {
        "$connect": {"AuthorizationType": "CUSTOM", "ApiKeyRequired": True, "OperationName": "Connect"},
        "$default": {"AuthorizationType": "NONE", "ApiKeyRequired": False},
    },
    "stage": {
        "Description": "Served",
        "AutoDeploy": True,
        "AccessLogSettings": {"DestinationArn": LOG, "Format": "$context.requestId"},
        "DefaultRouteSettings": {
            "DataTraceEnabled": False,
            "DetailedMetricsEnabled": False,
            "LoggingLevel": "ERROR",
            "ThrottlingRateLimit": 10.0,
            "ThrottlingBurstLimit": 20,
        },
        "Tags": TEAM,
    },
    "parameter": {"Type": "SecureString", "Value": "hidden", "ARN": f"{ARN}/app/dev/key", "DataType": "text"},
    "described": [
        {"Name": "/app/dev/key", "KeyId": "alias/aws/ssm", "Description": "Key of the model", "Tier": "Standard"},
        {"Name": "plain", "Type": "String"},
    ],
}


@pytest.mark.parametrize("what", list(EXPECTED))
def test_boto3_sees_what_was_declared(what: str) -> None:
    assert part(seen(what), EXPECTED[what]) == EXPECTED[what]


def test_a_secret_parameter_is_not_kept_in_the_clear() -> None:
    assert seen("as it is kept") == "kms:alias/aws/ssm:hidden"
    assert seen("parameter")["Value"] == "hidden"


def test_routes_lead_to_the_integration_and_the_authorizer() -> None:
    targets = {row["Target"] for row in seen("routes").values()}
    assert targets == {f"integrations/{identity('integration')}"}
    assert seen("routes")["$connect"]["AuthorizerId"] == identity("authorizer")


def test_outputs_are_what_the_provider_gives() -> None:
    id_ = identity("api")
    execution = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{id_}"
    assert outputs("api") == {
        "arn": f"arn:aws:apigateway:{REGION}::/apis/{id_}",
        "apiEndpoint": f"wss://{id_}.execute-api.{REGION}.amazonaws.com",
        "executionArn": execution,
    }
    assert outputs("plain")["apiEndpoint"].startswith("https://")
    assert outputs("stage") == {
        "arn": f"arn:aws:apigateway:{REGION}::/apis/{id_}/stages/prod",
        "executionArn": f"{execution}/prod",
        "invokeUrl": f"wss://{id_}.execute-api.{REGION}.amazonaws.com/prod",
    }
    assert outputs("text") == {"arn": f"{ARN}/plain", "version": 1}
    assert identity("secret") == "/app/dev/key"


def test_a_route_to_an_integration_that_does_not_exist_is_refused() -> None:
    def program() -> None:
        opts = inside()
        api = aws.apigatewayv2.Api("api", name="events", protocol_type="WEBSOCKET", opts=opts)
        aws.apigatewayv2.Route("lost", api_id=api.id, route_key="$connect", target="integrations/none", opts=opts)

    (problem,) = rehearse(program).evaluation.mistakes
    assert "NotFound" in problem
