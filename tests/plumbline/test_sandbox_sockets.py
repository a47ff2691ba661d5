"""The in-process AWS holds the WebSocket APIs and parameters that a program declares."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

TEAM = {"Owner": "team"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:events"
INVOKE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"


def sockets() -> None:
    """Register one resource of each type."""
    opts = inside()
    api = aws.apigatewayv2.Api(
        "api",
        name="dev-events",
        description="Events",
        protocol_type="WEBSOCKET",
        route_selection_expression="$request.body.action",
        api_key_selection_expression="$context.authorizer.usageIdentifierKey",
        tags=TEAM,
        opts=opts,
    )
    authorizer = aws.apigatewayv2.Authorizer(
        "authorizer",
        api_id=api.id,
        name="keys",
        authorizer_type="REQUEST",
        authorizer_uri=INVOKE,
        identity_sources=["route.request.querystring.key"],
        opts=opts,
    )
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=INVOKE,
        timeout_milliseconds=29_000,
        opts=opts,
    )
    aws.apigatewayv2.Route(
        "connect",
        api_id=api.id,
        route_key="$connect",
        target=pulumi.Output.concat("integrations/", integration.id),
        authorization_type="CUSTOM",
        authorizer_id=authorizer.id,
        api_key_required=True,
        opts=opts,
    )
    aws.apigatewayv2.Stage(
        "stage",
        api_id=api.id,
        name="live",
        auto_deploy=True,
        access_log_settings={"destination_arn": LOGS, "format": "$context.requestId"},
        default_route_settings={
            "data_trace_enabled": False,
            "detailed_metrics_enabled": True,
            "logging_level": "ERROR",
            "throttling_burst_limit": 20,
            "throttling_rate_limit": 10.5,
        },
        tags=TEAM,
        opts=opts,
    )
    aws.ssm.Parameter(
        "parameter",
        name="/app/dev/key",
        description="A key",
        type="SecureString",
        tier="Standard",
        key_id="alias/aws/ssm",
        value="unset",
        tags=TEAM,
        opts=opts,
    )


def look() -> dict[str, Any]:
    gateway, parameters = client("apigatewayv2"), client("ssm")
    [api] = gateway.get_apis()["Items"]
    here = {"ApiId": api["ApiId"]}
    [route] = gateway.get_routes(**here)["Items"]
    return {
        "api": api,
        "authorizer": gateway.get_authorizer(**here, AuthorizerId=route["AuthorizerId"]),
        "integrations": gateway.get_integrations(**here)["Items"],
        "routes": [route],
        "stages": gateway.get_stages(**here)["Items"],
        "parameter": parameters.get_parameter(Name="/app/dev/key", WithDecryption=True)["Parameter"],
        "parameter tags": parameters.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/dev/key"),
    }


whole, seen, identity, outputs = readers(sockets, look)

EXPECTED: dict[str, Any] = {
    "api": {
        "Name": "dev-events",
        "Description": "Events",
        "ProtocolType": "WEBSOCKET",
        "RouteSelectionExpression": "$request.body.action",
        "ApiKeySelectionExpression": "$context.authorizer.usageIdentifierKey",
        "Tags": TEAM,
    },
    "authorizer": {
        "Name": "keys",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": INVOKE,
        "IdentitySource": ["route.request.querystring.key"],
    },
    "integrations": [
        {
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "IntegrationUri": INVOKE,
            "TimeoutInMillis": 29_000,
        }
    ],
    "routes": [{"RouteKey": "$connect", "AuthorizationType": "CUSTOM", "ApiKeyRequired": True}],
    "stages": [
        {
            "StageName": "live",
            "AutoDeploy": True,
            "AccessLogSettings": {"DestinationArn": LOGS, "Format": "$context.requestId"},
            "DefaultRouteSettings": {
                "DataTraceEnabled": False,
                "DetailedMetricsEnabled": True,
                "LoggingLevel": "ERROR",
                "ThrottlingBurstLimit": 20,
                "ThrottlingRateLimit": 10.5,
            },
            "Tags": TEAM,
        }
    ],
    "parameter": {"Name": "/app/dev/key", "Type": "SecureString", "Value": "unset", "Version": 1},
    "parameter tags": {"TagList": [{"Key": "Owner", "Value": "team"}]},
}


def test_nothing_of_it_is_only_simulated() -> None:
    assert dict(whole().simulated) == {}
    assert set(whole().materialised.values()) == {1}


@pytest.mark.parametrize("what", EXPECTED)
def test_boto3_sees_what_was_declared(what: str) -> None:
    assert part(seen(what), EXPECTED[what]) == EXPECTED[what]


def test_a_route_leads_to_the_integration_and_asks_the_authorizer() -> None:
    [route] = seen("routes")
    assert route["Target"] == f"integrations/{identity('integration')}"
    assert route["AuthorizerId"] == identity("authorizer")


def test_addresses_and_arns_are_known_at_last() -> None:
    api = identity("api")
    host = f"wss://{api}.execute-api.{REGION}.amazonaws.com"
    execution = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}"
    assert part(outputs("api"), {"apiEndpoint": 0, "executionArn": 0}) == {
        "apiEndpoint": host,
        "executionArn": execution,
    }
    assert part(outputs("stage"), {"invokeUrl": 0, "executionArn": 0}) == {
        "invokeUrl": f"{host}/live",
        "executionArn": f"{execution}/live",
    }
    assert outputs("parameter")["arn"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/dev/key"


def test_a_route_to_an_integration_that_does_not_exist_is_refused() -> None:
    def program() -> None:
        opts = inside()
        api = aws.apigatewayv2.Api("api", name="dev-events", protocol_type="WEBSOCKET", opts=opts)
        aws.apigatewayv2.Route("ping", api_id=api.id, route_key="ping", target="integrations/none", opts=opts)

    [mistake] = rehearse(program).evaluation.mistakes
    assert "ping" in mistake and "NotFound" in mistake and "\n" not in mistake
