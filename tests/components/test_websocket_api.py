"""components.websocket_api: an API with routes by action, keys in the query, one function, and messages to clients."""

from __future__ import annotations

import functools
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from components.api_stage import Throttle
from components.websocket_api import WebSocketApi, WebSocketApiArgs
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    ROLE_POLICY,
    component_urn,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    present,
    statement,
)
from tests.components.small_functions import a_function, some_roles
from tests.plumbline.rehearsals import Rehearsal, rehearse

TYPE = "aws:apigatewayv2/{0}:{1}"
ROUTE = TYPE.format("route", "Route")
URN = component_urn("WebSocketApi", "sockets")


def an_api(opts: pulumi.ResourceOptions | None = None) -> WebSocketApi:
    args = WebSocketApiArgs(
        account=ACCOUNT,
        naming=NAMING,
        name="events",
        stage="prod",
        actions=("subscribe", "ping"),
        key_parameter="api_key",
        throttle=Throttle(rate=100, burst=200),
        log_retention_days=7,
    )
    return WebSocketApi("sockets", args, opts)


def program() -> None:
    """Register the API, a function that may send through it, and put the function behind it."""
    provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})
    made = an_api(opts)
    roles = some_roles("work", opts=opts)
    made.grant_post(roles.roles["work"])
    function = a_function(roles.roles["work"], opts=opts, environment={"ENDPOINT": made.endpoint})
    roles.attach()
    made.serve(function)
    pulumi.export("addresses", [made.endpoint, made.url])


@functools.cache
def usual() -> StackGraph:
    return graph_of(program)


def test_nothing_of_it_would_be_refused() -> None:
    assert check(usual()) == []


def test_messages_are_routed_by_their_action_and_keys_come_from_the_authorizer() -> None:
    assert present(dict(only(usual(), TYPE.format("api", "Api")).inputs)) == {
        "name": "test-events",
        "description": "Events for connected clients",
        "protocolType": "WEBSOCKET",
        "routeSelectionExpression": "$request.body.action",
        "apiKeySelectionExpression": "$context.authorizer.usageIdentifierKey",
    }


def test_only_connecting_asks_for_a_key_and_every_route_goes_to_the_function() -> None:
    found = {route.inputs["routeKey"]: present(dict(route.inputs)) for route in usual().of_type(ROUTE)}
    open_ = {"apiId": UNKNOWN, "target": UNKNOWN, "authorizationType": "NONE", "apiKeyRequired": False}
    asked = {**open_, "authorizationType": "CUSTOM", "apiKeyRequired": True, "authorizerId": UNKNOWN}
    assert found == {
        "$connect": {**asked, "routeKey": "$connect"},
        **{key: {**open_, "routeKey": key} for key in ("$disconnect", "$default", "subscribe", "ping")},
    }
    assert {needs(route)["target"] for route in usual().of_type(ROUTE)} == {("sockets-integration",)}


def test_the_authorizer_is_asked_only_where_the_client_brings_a_key() -> None:
    found = only(usual(), TYPE.format("authorizer", "Authorizer"))
    assert present(dict(found.inputs)) == {
        "apiId": UNKNOWN,
        "name": "api-key",
        "authorizerType": "REQUEST",
        "authorizerUri": UNKNOWN,
        "identitySources": ["route.request.querystring.api_key"],
    }
    assert needs(found)["authorizerUri"] == ("functions-work-live",)


def test_the_live_alias_answers_for_this_api_only() -> None:
    integration = only(usual(), TYPE.format("integration", "Integration"))
    assert present(dict(integration.inputs)) == {
        "apiId": UNKNOWN,
        "integrationType": "AWS_PROXY",
        "integrationMethod": "POST",
        "integrationUri": UNKNOWN,
        "timeoutMilliseconds": 29_000,
    }
    permission = named(usual(), "sockets-permission")
    assert (permission.inputs["qualifier"], permission.inputs["sourceAccount"]) == ("live", ACCOUNT.account_id)
    assert needs(permission)["sourceArn"] == ("sockets-api",)


def test_the_stage_serves_once_all_routes_are_there_with_limits_and_without_what_clients_say() -> None:
    stage = only(usual(), TYPE.format("stage", "Stage"))
    assert (stage.inputs["name"], stage.inputs["autoDeploy"], stage.parent) == ("prod", True, URN)
    assert dict(stage.inputs["defaultRouteSettings"]) == {
        "dataTraceEnabled": False,
        "detailedMetricsEnabled": False,
        "loggingLevel": "ERROR",
        "throttlingRateLimit": 100,
        "throttlingBurstLimit": 200,
    }
    routes = {route.name for route in usual().of_type(ROUTE)}
    assert {*routes, "sockets-permission"} <= set(names(stage.dependencies))


def test_the_access_log_is_kept_as_told_and_has_neither_key_nor_message() -> None:
    log = named(usual(), "sockets-access-log")
    assert present(dict(log.inputs)) == {"name": "/aws/apigateway/test-events", "retentionInDays": 7}
    line = only(usual(), TYPE.format("stage", "Stage")).inputs["accessLogSettings"]["format"]
    assert ("$context.connectionId" in line, "query" in line, "$input" in line) == (True, False, False)


def test_a_role_may_send_to_clients_of_the_stage_and_close_no_connection() -> None:
    statements = [row for found in usual().of_type(ROLE_POLICY) for row in document(found)["Statement"]]
    arn = "arn:aws:execute-api:us-east-1:111111111111:*/prod/POST/@connections/*"
    assert statement("PostToConnections", ["execute-api:ManageConnections"], [arn]) in statements


def test_an_api_is_served_once() -> None:
    def twice() -> None:
        roles = some_roles("work")
        function = a_function(roles.roles["work"])
        roles.attach()
        made = an_api()
        made.serve(function)
        with pytest.raises(RuntimeError, match=r"^sockets: served already; an API has one function$"):
            made.serve(function)

    graph_of(twice)


@functools.cache
def deployed() -> Rehearsal:
    def look() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
        client = session.client("apigatewayv2")
        [api] = client.get_apis()["Items"]
        here = {"ApiId": api["ApiId"]}
        function = session.client("lambda").get_function_configuration(FunctionName="test-work")
        return {
            "id": api["ApiId"],
            "routes": {row["RouteKey"]: row["AuthorizationType"] for row in client.get_routes(**here)["Items"]},
            "stages": [row["StageName"] for row in client.get_stages(**here)["Items"]],
            "endpoint": function["Environment"]["Variables"]["ENDPOINT"],
        }

    return rehearse(program, look)


def test_functions_know_the_address_of_the_api_that_they_serve() -> None:
    seen = deployed().seen
    host = f"{seen['id']}.execute-api.us-east-1.amazonaws.com/prod"
    assert (deployed().evaluation.mistakes, dict(deployed().simulated)) == ((), {})
    assert deployed().evaluation.graph.outputs == {"addresses": [f"https://{host}", f"wss://{host}"]}
    assert seen["endpoint"] == f"https://{host}"


def test_deployed_api_has_its_routes_and_its_stage() -> None:
    assert deployed().seen["stages"] == ["prod"]
    assert deployed().seen["routes"] == {
        "$connect": "CUSTOM",
        **dict.fromkeys(("$disconnect", "$default", "subscribe", "ping"), "NONE"),
    }
