"""components.rest_api: routes, CORS, models, authorizer, deployment, stage, cache, and keys of tenants."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from components.api_routes import MethodSpec, RouteSpec
from components.api_stage import ApiCache, Throttle, Tier, access_log_format
from components.functions import Functions, FunctionsArgs, FunctionSpec
from components.rest_api import RestApi, RestApiArgs
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.user_pool import UserPool, UserPoolArgs
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, Resource, StackGraph
from tests.components.programs import ACCOUNT, NAMING, component_urn, graph_of, names, needs, only, present
from tests.plumbline.test_sandbox import Rehearsal, rehearse

TYPES = "aws:apigateway/{0}:{1}"
METHOD, INTEGRATION = TYPES.format("method", "Method"), TYPES.format("integration", "Integration")
SETTINGS = TYPES.format("methodSettings", "MethodSettings")
STAGE, DEPLOYMENT = TYPES.format("stage", "Stage"), TYPES.format("deployment", "Deployment")
PERMISSION = "aws:lambda/permission:Permission"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
URN = component_urn("RestApi", "api")
ORIGIN = "https://app.example.com"
AUTHORIZATION = "method.request.header.Authorization"
HANDLERS = Path("systems/trading/handlers")

ORDER = {"type": "object", "required": ["orderId"], "properties": {"orderId": {"type": "string"}}}
ROUTES = {
    "big-orders": RouteSpec(
        collection={"GET": MethodSpec(query={"limit": False, "cursor": False}), "POST": MethodSpec(schema=ORDER)},
        item={"GET": MethodSpec(query={"version": True}), "DELETE": MethodSpec(query={"version": True})},
    ),
    "switch": RouteSpec(collection={"GET": MethodSpec(), "PUT": MethodSpec(schema=ORDER)}, fresh=True),
}
BASIC = Tier(throttle=Throttle(rate=50, burst=100), quota=10_000, period="DAY")


def args(functions: Any, pool: Any, **changes: Any) -> RestApiArgs:
    values = {"account": ACCOUNT, "naming": NAMING, "name": "backend", "stage": "v1", "routes": ROUTES}
    logs = {"log_retention_days": 30, "throttle": Throttle(rate=1000, burst=500), "default_endpoint": True}
    callers = {"allowed_origin": ORIGIN, "tiers": {"basic": BASIC}, "tenants": {"acme": "basic", "zeta": "basic"}}
    return RestApiArgs(**{**values, **logs, **callers, "functions": functions, "user_pool_arn": pool, **changes})


def program(**changes: Any) -> None:
    """Register two small functions, a user pool and the API in front of them."""
    provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})
    inside = pulumi.ResourceOptions(provider=provider)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=inside)
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=inside)
    groups = SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id=vpc.id, groups={"functions": "F"}), opts)
    specs = {name: RoleSpec(physical_name=name, description="Runs") for name in ROUTES}
    roles = Roles("roles", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles=specs), opts)
    functions = Functions(
        "functions",
        FunctionsArgs(
            account=ACCOUNT,
            naming=NAMING,
            functions={
                name: FunctionSpec(
                    role=roles.roles[name],
                    security_groups=(groups.groups["functions"],),
                    handler="api.handler",
                    code=HANDLERS,
                    memory_mb=128,
                    timeout_seconds=30,
                )
                for name in ROUTES
            },
            layer=Path("systems/trading/layer"),
            log_retention_days=30,
            subnet_ids=[subnet.id],
        ),
        opts,
    )
    roles.attach()
    pool_args = UserPoolArgs(naming=NAMING, name="users", mfa="OFF", token_minutes=60, sign_in_days=30)
    pool = UserPool("users", pool_args, opts)
    made = RestApi("api", args(functions.functions, pool.arn, **changes), opts)
    pulumi.export("outputs", [made.api_id, made.execution_arn, made.invoke_url, made.stage_name])


@functools.cache
def usual() -> StackGraph:
    return graph_of(program)


@functools.cache
def with_cache() -> StackGraph:
    return graph_of(lambda: program(cache=ApiCache(size="0.5", ttl_seconds=60)))


def part(graph: StackGraph, type_: str, name: str) -> Resource:
    [found] = [resource for resource in graph.of_type(type_) if resource.name == name]
    return found


def inputs(resource: Resource) -> dict[str, Any]:
    return present(dict(resource.inputs))


def of_routes(type_: str) -> dict[str, dict[str, Any]]:
    return {resource.name.removeprefix("api-"): inputs(resource) for resource in usual().of_type(type_)}


def test_nothing_of_it_would_be_refused() -> None:
    assert (check(usual()), check(with_cache())) == ([], [])


def test_api_is_regional_and_takes_keys_from_the_header() -> None:
    api = only(usual(), TYPES.format("restApi", "RestApi"))
    assert inputs(api) == {
        "name": "test-backend",
        "description": "REST API of the backend",
        "endpointConfiguration": {"types": "REGIONAL"},
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
    }
    assert (api.name, api.parent) == ("api-api", URN)


def test_api_behind_a_custom_domain_can_have_no_other_address() -> None:
    graph = graph_of(lambda: program(default_endpoint=False))
    assert only(graph, TYPES.format("restApi", "RestApi")).inputs["disableExecuteApiEndpoint"] is True


def test_resources_are_one_per_handler_and_one_for_its_items() -> None:
    found = {
        resource.name: (resource.inputs["pathPart"], needs(resource)["parentId"])
        for resource in usual().of_type(TYPES.format("resource", "Resource"))
    }
    assert found == {
        "api-big-orders": ("big-orders", ("api-api",)),
        "api-big-orders-item": ("{id}", ("api-big-orders",)),
        "api-switch": ("switch", ("api-api",)),
    }


def test_health_path_answers_anybody_and_calls_nothing() -> None:
    graph = graph_of(lambda: program(health="health"))
    place = {"restApi": UNKNOWN, "resourceId": UNKNOWN, "httpMethod": "GET"}
    assert inputs(part(graph, TYPES.format("resource", "Resource"), "api-health"))["pathPart"] == "health"
    found = [
        inputs(part(graph, TYPES.format(*type_), "api-health-get"))
        for type_ in (
            ("method", "Method"),
            ("integration", "Integration"),
            ("methodResponse", "MethodResponse"),
            ("integrationResponse", "IntegrationResponse"),
        )
    ]
    assert found == [
        {**place, "authorization": "NONE", "apiKeyRequired": False, "requestValidatorId": UNKNOWN},
        {**place, "type": "MOCK", "requestTemplates": {"application/json": '{"statusCode":200}'}},
        {**place, "statusCode": "200"},
        {**place, "statusCode": "200", "responseTemplates": {"application/json": '{"status":"ok"}'}},
    ]
    assert {resource.name for resource in graph} - {resource.name for resource in usual()} == {
        "api-health",
        "api-health-get",
    }
    assert check(graph) == []


def test_health_path_that_is_a_route_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^health: 'switch' given, which is a route; allowed: another path$"):
        args({}, "arn", health="switch")


def test_callers_are_users_of_the_pool() -> None:
    authorizer = only(usual(), TYPES.format("authorizer", "Authorizer"))
    assert inputs(authorizer) == {
        "name": "users",
        "type": "COGNITO_USER_POOLS",
        "identitySource": AUTHORIZATION,
        "restApi": UNKNOWN,
        "providerArns": [UNKNOWN],
    }
    assert needs(authorizer) == {"restApi": ("api-api",), "providerArns": ("users-pool",)}


def test_bodies_and_parameters_are_validated() -> None:
    assert inputs(only(usual(), TYPES.format("requestValidator", "RequestValidator"))) == {
        "name": "body-and-parameters",
        "validateRequestBody": True,
        "validateRequestParameters": True,
        "restApi": UNKNOWN,
    }


def method(verb: str, **more: Any) -> dict[str, Any]:
    place = {"restApi": UNKNOWN, "resourceId": UNKNOWN, "authorizerId": UNKNOWN, "requestValidatorId": UNKNOWN}
    return {**place, "httpMethod": verb, "authorization": "COGNITO_USER_POOLS", "apiKeyRequired": True, **more}


ID, VERSION = {"method.request.path.id": True}, {"method.request.querystring.version": True}
PAGING = {"method.request.querystring.limit": False, "method.request.querystring.cursor": False}
OPTIONS = {
    "restApi": UNKNOWN,
    "resourceId": UNKNOWN,
    "requestValidatorId": UNKNOWN,
    "httpMethod": "OPTIONS",
    "authorization": "NONE",
    "apiKeyRequired": False,
}


def test_methods_have_exactly_these_inputs() -> None:
    assert of_routes(METHOD) == {
        "big-orders-get": method("GET", requestParameters={AUTHORIZATION: True, **PAGING}),
        "big-orders-post": method("POST", requestModels={"$default": "BigOrdersPost"}),
        "big-orders-item-get": method("GET", requestParameters={AUTHORIZATION: True, **ID, **VERSION}),
        "big-orders-item-delete": method("DELETE", requestParameters={**ID, **VERSION}),
        "switch-get": method("GET", requestParameters={AUTHORIZATION: True}),
        "switch-put": method("PUT", requestModels={"$default": "SwitchPut"}),
        **dict.fromkeys(("big-orders-options", "big-orders-item-options", "switch-options"), OPTIONS),
    }


def test_method_refers_to_its_resource_model_validator_and_authorizer() -> None:
    assert needs(part(usual(), METHOD, "api-big-orders-post")) == {
        "restApi": ("api-api",),
        "resourceId": ("api-big-orders",),
        "authorizerId": ("api-authorizer",),
        "requestValidatorId": ("api-validator",),
        "requestModels": ("api-big-orders-post",),
    }


def test_models_hold_the_schemas() -> None:
    models = of_routes(TYPES.format("model", "Model"))
    assert {name: json.loads(model.pop("schema")) for name, model in models.items()} == {
        "big-orders-post": ORDER,
        "switch-put": ORDER,
    }
    assert models == {
        "big-orders-post": {"name": "BigOrdersPost", "contentType": "application/json", "restApi": UNKNOWN},
        "switch-put": {"name": "SwitchPut", "contentType": "application/json", "restApi": UNKNOWN},
    }


def integration(verb: str, **more: Any) -> dict[str, Any]:
    called = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "timeoutMilliseconds": 29_000, "uri": UNKNOWN}
    return {"restApi": UNKNOWN, "resourceId": UNKNOWN, "httpMethod": verb, **called, **more}


def test_integrations_call_the_function_and_key_the_cache_by_the_callers_token() -> None:
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode":204}'}}
    options = {"restApi": UNKNOWN, "resourceId": UNKNOWN, "httpMethod": "OPTIONS", **mock}
    assert of_routes(INTEGRATION) == {
        "big-orders-get": integration("GET", cacheKeyParameters=sorted([AUTHORIZATION, *PAGING])),
        "big-orders-post": integration("POST"),
        "big-orders-item-get": integration("GET", cacheKeyParameters=sorted([AUTHORIZATION, *ID, *VERSION])),
        "big-orders-item-delete": integration("DELETE"),
        "switch-get": integration("GET", cacheKeyParameters=[AUTHORIZATION]),
        "switch-put": integration("PUT"),
        **dict.fromkeys(("big-orders-options", "big-orders-item-options", "switch-options"), options),
    }


def test_integration_needs_the_method_and_the_live_alias() -> None:
    found = needs(part(usual(), INTEGRATION, "api-switch-get"))
    assert (found["httpMethod"], found["uri"]) == (("api-switch-get",), ("functions-switch-live",))


def preflight(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    response = part(usual(), TYPES.format("methodResponse", "MethodResponse"), f"api-{name}-options")
    answer = part(usual(), TYPES.format("integrationResponse", "IntegrationResponse"), f"api-{name}-options")
    return inputs(response), inputs(answer)


@pytest.mark.parametrize(
    ("name", "methods", "headers"),
    [
        ("big-orders", "GET,POST", "Authorization,Content-Type,X-Api-Key"),
        ("big-orders-item", "GET,DELETE", "Authorization,X-Api-Key"),
        ("switch", "GET,PUT", "Authorization,Content-Type,X-Api-Key"),
    ],
)
def test_preflight_names_the_origin_and_exactly_the_methods_and_headers(name: str, methods: str, headers: str) -> None:
    place = {"restApi": UNKNOWN, "resourceId": UNKNOWN, "httpMethod": "OPTIONS", "statusCode": "204"}
    start = "method.response.header.Access-Control-Allow"
    answer = {f"{start}-Origin": f"'{ORIGIN}'", f"{start}-Methods": f"'{methods}'", f"{start}-Headers": f"'{headers}'"}
    assert preflight(name) == (
        {**place, "responseParameters": dict.fromkeys(answer, True)},
        {**place, "responseParameters": answer},
    )


def test_preflights_answer_comes_after_integration_and_method_response() -> None:
    answer = part(usual(), TYPES.format("integrationResponse", "IntegrationResponse"), "api-switch-options")
    types = {urn.split("::")[2].split("$")[-1] for urn in answer.dependencies}
    assert types >= {INTEGRATION, TYPES.format("methodResponse", "MethodResponse")}


def test_refusals_of_the_gateway_carry_the_origin_and_json_without_internals() -> None:
    origin = {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{ORIGIN}'"}
    found = {r.name: inputs(r) for r in usual().of_type(TYPES.format("response", "Response"))}
    bodies = {name: row.pop("responseTemplates") for name, row in found.items()}
    assert found == {
        "api-4xx": {"restApiId": UNKNOWN, "responseType": "DEFAULT_4XX", "responseParameters": origin},
        "api-5xx": {"restApiId": UNKNOWN, "responseType": "DEFAULT_5XX", "responseParameters": origin},
    }
    start = '{"error":{"code":"$context.error.responseType","message":'
    assert bodies == {
        "api-4xx": {"application/json": f"{start}$context.error.messageString}}}}"},
        "api-5xx": {"application/json": f'{start}"internal error"}}}}'},
    }


def test_api_may_call_each_functions_live_alias_for_its_own_paths() -> None:
    found = {resource.name: inputs(resource) for resource in usual().of_type(PERMISSION)}
    common = {
        "action": "lambda:InvokeFunction",
        "qualifier": "live",
        "principal": "apigateway.amazonaws.com",
        "sourceAccount": "111111111111",
        "sourceArn": UNKNOWN,
    }
    assert found == {
        "api-big-orders-permission": {**common, "function": "test-big-orders"},
        "api-big-orders-item-permission": {**common, "function": "test-big-orders"},
        "api-switch-permission": {**common, "function": "test-switch"},
    }


# The deployment and the stage.


def test_deployment_depends_on_every_part() -> None:
    graph = usual()
    deployment = only(graph, DEPLOYMENT)
    parts = {
        resource.urn
        for resource in graph
        if resource.type.startswith("aws:apigateway/")
        and resource.type.rpartition(":")[2]
        in (
            *("Resource", "Method", "Integration", "MethodResponse", "IntegrationResponse", "Response", "Model"),
            *("Authorizer", "RequestValidator", "RestApi"),
        )
    }
    assert set(deployment.dependencies) == parts
    assert set(inputs(deployment)) == {"restApi", "triggers"}


def digest(**changes: Any) -> str:
    [content] = only(graph_of(lambda: program(**changes)), DEPLOYMENT).inputs["triggers"].values()
    return content


def switch(**changes: Any) -> dict[str, RouteSpec]:
    values = {"collection": ROUTES["switch"].collection, "fresh": True}
    return {**ROUTES, "switch": RouteSpec(**{**values, **changes})}


def test_same_content_is_not_deployed_again() -> None:
    unchanged = digest(throttle=Throttle(rate=1, burst=1), tenants={}, log_retention_days=7)
    assert unchanged == digest()
    assert len(unchanged) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"allowed_origin": "https://www.example.com"},
        {"default_endpoint": False},
        {"health": "health"},
        {"routes": {"switch": ROUTES["switch"]}},
        {"routes": switch(collection={"GET": MethodSpec()})},
        {"routes": switch(collection={"GET": MethodSpec(), "PUT": MethodSpec(schema={"type": "object"})})},
        {"routes": switch(collection={"GET": MethodSpec(query={"a": True}), "PUT": MethodSpec(schema=ORDER)})},
        {"routes": switch(item={"GET": MethodSpec()})},
    ],
    ids=["origin", "endpoint", "health", "route", "method", "model", "parameter", "item"],
)
def test_changed_content_is_deployed(changes: dict[str, Any]) -> None:
    assert digest(**changes) != digest()


def test_stage_logs_and_traces() -> None:
    stage = only(usual(), STAGE)
    assert inputs(stage) == {
        "restApi": UNKNOWN,
        "deployment": UNKNOWN,
        "stageName": "v1",
        "accessLogSettings": {"destinationArn": UNKNOWN, "format": access_log_format()},
        "xrayTracingEnabled": True,
        "cacheClusterEnabled": False,
    }
    assert set(names(stage.dependencies)) == {
        *("api-api", "api-deployment", "api-access-log", "api-execution-log"),
        *("api-big-orders-permission", "api-big-orders-item-permission", "api-switch-permission"),
    }


def test_both_logs_have_a_retention() -> None:
    logs = {r.name: inputs(r) for r in usual().of_type(LOG_GROUP) if r.parent == URN}
    assert logs == {
        "api-access-log": {"name": "/aws/apigateway/test-backend", "retentionInDays": 30},
        "api-execution-log": {"name": UNKNOWN, "retentionInDays": 30},
    }


def test_access_log_says_who_did_what_and_holds_no_token() -> None:
    fields = json.loads(access_log_format())
    assert fields == {
        "requestId": "$context.requestId",
        "traceId": "$context.xrayTraceId",
        "time": "$context.requestTime",
        "ip": "$context.identity.sourceIp",
        "tenant": "$context.authorizer.claims.custom:tenant",
        "user": "$context.authorizer.claims.sub",
        "apiKeyId": "$context.identity.apiKeyId",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "resource": "$context.resourcePath",
        "status": "$context.status",
        "latency": "$context.responseLatency",
        "integrationStatus": "$context.integration.status",
        "integrationLatency": "$context.integration.latency",
        "integrationError": "$context.integration.error",
        "authorizerError": "$context.authorizer.error",
        "errorType": "$context.error.responseType",
    }
    assert "\n" not in access_log_format()


COMMON = {
    "metricsEnabled": True,
    "loggingLevel": "INFO",
    "dataTraceEnabled": False,
    "throttlingRateLimit": 1000,
    "throttlingBurstLimit": 500,
}


def settings(graph: StackGraph) -> dict[str, Any]:
    rows = [inputs(resource) for resource in graph.of_type(SETTINGS)]
    assert all((row["restApi"], row["stageName"]) == (UNKNOWN, "v1") for row in rows)
    return {row["methodPath"]: row["settings"] for row in rows}


def test_all_methods_are_measured_logged_and_throttled_and_none_is_cached() -> None:
    assert settings(usual()) == {"*/*": {**COMMON, "cachingEnabled": False}}


def test_cache_holds_answers_of_gets_that_need_not_be_fresh() -> None:
    cached = {
        **COMMON,
        "cachingEnabled": True,
        "cacheTtlInSeconds": 60,
        "cacheDataEncrypted": True,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    assert settings(with_cache()) == {
        "*/*": {**COMMON, "cachingEnabled": False},
        "~1big-orders/GET": cached,
        "~1big-orders~1{id}/GET": cached,
    }
    stage = only(with_cache(), STAGE)
    assert (stage.inputs["cacheClusterEnabled"], stage.inputs["cacheClusterSize"]) == (True, "0.5")


# Tenants.


def test_tier_is_a_usage_plan_of_the_stage() -> None:
    plan = only(usual(), TYPES.format("usagePlan", "UsagePlan"))
    assert inputs(plan) == {
        "name": "test-basic",
        "description": "What each tenant of tier basic may use",
        "apiStages": [{"apiId": UNKNOWN, "stage": "v1"}],
        "throttleSettings": {"rateLimit": 50, "burstLimit": 100},
        "quotaSettings": {"limit": 10_000, "period": "DAY"},
    }
    assert "api-stage" in needs(plan)["apiStages"]


def test_each_tenant_has_a_key_of_its_own_in_its_tier() -> None:
    keys = {r.name: inputs(r) for r in usual().of_type(TYPES.format("apiKey", "ApiKey"))}
    assert keys == {
        f"api-key-{tenant}": {"name": f"test-{tenant}", "description": f"Key of tenant {tenant}", "enabled": True}
        for tenant in ("acme", "zeta")
    }
    found = {r.name: (inputs(r), needs(r)) for r in usual().of_type(TYPES.format("usagePlanKey", "UsagePlanKey"))}
    assert found == {
        f"api-key-{tenant}-plan": (
            {"keyId": UNKNOWN, "keyType": "API_KEY", "usagePlanId": UNKNOWN},
            {"keyId": (f"api-key-{tenant}",), "usagePlanId": ("api-plan-basic",)},
        )
        for tenant in ("acme", "zeta")
    }


def test_tenant_of_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError) as raised:
        args({}, "", tenants={"acme": "gold"})
    assert str(raised.value) == "tenants.acme: tier 'gold' given; known: basic"


@pytest.mark.parametrize("origin", ["http://app.example.com", "*", "https://app.example.com/", "https://a'b.com", ""])
def test_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ValueError) as raised:
        args({}, "", allowed_origin=origin)
    assert str(raised.value) == f"allowed_origin: {origin!r} given; allowed: https:// and a host name"


# The whole.


def test_component_gives_its_outputs() -> None:
    graph = usual()
    assert graph.outputs == {"outputs": [UNKNOWN, UNKNOWN, UNKNOWN, "v1"]}
    assert graph.resources[URN].outputs == {"api": UNKNOWN, "url": UNKNOWN}


def test_every_part_is_a_child_whose_name_begins_with_the_components() -> None:
    parts = [resource for resource in usual() if resource.type.startswith("aws:apigateway/")]
    assert [r.urn for r in parts if r.parent != URN or not r.name.startswith("api-")] == []


def look() -> dict[str, Any]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
    gateway, lambda_ = session.client("apigateway"), session.client("lambda")
    [api] = gateway.get_rest_apis()["items"]
    policy = json.loads(lambda_.get_policy(FunctionName="test-big-orders", Qualifier="live")["Policy"])
    groups = session.client("logs").describe_log_groups(logGroupNamePrefix="API-Gateway")["logGroups"]
    return {
        "id": api["id"],
        "stage": gateway.get_stage(restApiId=api["id"], stageName="v1"),
        "callers": sorted(statement["Condition"]["ArnLike"]["AWS:SourceArn"] for statement in policy["Statement"]),
        "logs": [(group["logGroupName"], group["retentionInDays"]) for group in groups],
        "paths": sorted(row["path"] for row in gateway.get_resources(restApiId=api["id"])["items"]),
    }


@functools.cache
def deployed() -> Rehearsal:
    return rehearse(lambda: program(cache=ApiCache(size="0.5", ttl_seconds=60)), look)


def test_aws_takes_everything() -> None:
    assert (deployed().evaluation.mistakes, dict(deployed().simulated)) == ((), {})


def test_known_at_last_are_source_arns_log_group_and_address() -> None:
    seen = deployed().seen
    api = seen["id"]
    arn = f"arn:aws:execute-api:us-east-1:111111111111:{api}"
    assert seen["callers"] == [f"{arn}/*/*/big-orders", f"{arn}/*/*/big-orders/*"]
    assert seen["logs"] == [(f"API-Gateway-Execution-Logs_{api}/v1", 30)]
    assert deployed().evaluation.graph.outputs == {
        "outputs": [api, arn, f"https://{api}.execute-api.us-east-1.amazonaws.com/v1", "v1"]
    }


def test_deployed_api_has_the_paths_and_caches_the_two_gets() -> None:
    seen = deployed().seen
    assert seen["paths"] == ["/", "/big-orders", "/big-orders/{id}", "/switch"]
    cached = sorted(path for path, row in seen["stage"]["methodSettings"].items() if row.get("cachingEnabled"))
    assert cached == ["~1big-orders/GET", "~1big-orders~1{id}/GET"]
