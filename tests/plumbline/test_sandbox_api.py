"""The in-process AWS holds the REST APIs that a program declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, part, readers, rehearse

TEAM = {"Owner": "team"}
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gateway"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
INVOKE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}:orders/invocations"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
SCHEMA = json.dumps({"type": "object", "required": ["id"]})
KEY = "not-to-be-seen-anywhere"
PLAN_LIMITS = {"burst_limit": 20, "rate_limit": 10.5}

REST: dict[str, Any] = {
    "id": None,
    "name": "orders",
    "description": "Orders",
    "apiKeySource": "HEADER",
    "binaryMediaTypes": ["image/png", "application/pdf"],
    "minimumCompressionSize": 1024,
    "disableExecuteApiEndpoint": True,
    "endpointConfiguration": {"types": ["REGIONAL"]},
    "tags": TEAM,
}
STAGE: dict[str, Any] = {
    "stageName": "live",
    "deploymentId": None,
    "accessLogSettings": {"destinationArn": LOGS, "format": "$context.requestId"},
    "cacheClusterEnabled": True,
    "cacheClusterSize": "0.5",
    "variables": {"size": "small"},
    "tracingEnabled": True,
    "tags": TEAM,
}


def api() -> None:
    """Register an API with one resource of each type at least, and the user pool that guards it."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)

    def after(*needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(needed)))

    pool = aws.cognito.UserPool("pool", name="users", opts=opts)
    rest = aws.apigateway.RestApi(
        "rest",
        name="orders",
        description="Orders",
        api_key_source="HEADER",
        binary_media_types=["image/png", "application/pdf"],
        minimum_compression_size="1024",
        disable_execute_api_endpoint=True,
        endpoint_configuration={"types": "REGIONAL"},
        tags=TEAM,
        opts=opts,
    )
    orders = aws.apigateway.Resource(
        "orders", rest_api=rest.id, parent_id=rest.root_resource_id, path_part="orders", opts=opts
    )
    one = aws.apigateway.Resource("one", rest_api=rest.id, parent_id=orders.id, path_part="{id}", opts=opts)
    guard = aws.apigateway.Authorizer(
        "guard",
        name="guard",
        rest_api=rest.id,
        type="COGNITO_USER_POOLS",
        provider_arns=[pool.arn],
        authorizer_result_ttl_in_seconds=60,
        opts=opts,
    )
    validator = aws.apigateway.RequestValidator(
        "validator", name="body", rest_api=rest.id, validate_request_body=True, opts=opts
    )
    model = aws.apigateway.Model(
        "model", rest_api=rest.id, name="Order", content_type="application/json", schema=SCHEMA, opts=opts
    )
    place = {"rest_api": rest.id, "resource_id": one.id}
    put = aws.apigateway.Method(
        "put",
        **place,
        http_method="PUT",
        authorization="COGNITO_USER_POOLS",
        authorizer_id=guard.id,
        authorization_scopes=["orders/write"],
        api_key_required=True,
        request_models={"application/json": model.name},
        request_parameters={"method.request.path.id": True},
        request_validator_id=validator.id,
        opts=opts,
    )
    call = aws.apigateway.Integration(
        "call",
        **place,
        http_method=put.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=INVOKE,
        credentials=ROLE,
        timeout_milliseconds=5000,
        opts=opts,
    )
    options = aws.apigateway.Method("options", **place, http_method="OPTIONS", authorization="NONE", opts=opts)
    answered = aws.apigateway.MethodResponse(
        "answered",
        **place,
        http_method=options.http_method,
        status_code="200",
        response_models={"application/json": "Empty"},
        response_parameters={"method.response.header.Access-Control-Allow-Origin": True},
        opts=opts,
    )
    mock = aws.apigateway.Integration(
        "mock",
        **place,
        http_method=options.http_method,
        type="MOCK",
        request_templates={"application/json": '{"statusCode": 200}'},
        opts=opts,
    )
    answer = aws.apigateway.IntegrationResponse(
        "answer",
        **place,
        http_method=options.http_method,
        status_code=answered.status_code,
        response_parameters={"method.response.header.Access-Control-Allow-Origin": "'*'"},
        opts=after(mock),
    )
    aws.apigateway.Response(
        "denied",
        rest_api_id=rest.id,
        response_type="DEFAULT_4XX",
        response_parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        opts=opts,
    )
    deployed = aws.apigateway.Deployment(
        "deployed", rest_api=rest.id, description="First", triggers={"content": "1"}, opts=after(call, answer)
    )
    live = aws.apigateway.Stage(
        "live",
        rest_api=rest.id,
        deployment=deployed.id,
        stage_name="live",
        access_log_settings={"destination_arn": f"{LOGS}:*", "format": "$context.requestId"},
        cache_cluster_enabled=True,
        cache_cluster_size="0.5",
        variables={"size": "small"},
        xray_tracing_enabled=True,
        tags=TEAM,
        opts=opts,
    )
    settings = {"metrics_enabled": True, "logging_level": "INFO", "throttling_rate_limit": 50.5}
    aws.apigateway.MethodSettings(
        "all", rest_api=rest.id, stage_name=live.stage_name, method_path="*/*", settings=settings, opts=opts
    )
    caching = {"caching_enabled": True, "cache_ttl_in_seconds": 60, "throttling_burst_limit": 5}
    aws.apigateway.MethodSettings(
        "cached",
        rest_api=rest.id,
        stage_name=live.stage_name,
        method_path="orders~1{id}/PUT",
        settings=caching,
        opts=opts,
    )
    stage = {"api_id": rest.id, "stage": live.stage_name, "throttles": [{"path": "/orders/PUT", **PLAN_LIMITS}]}
    plan = aws.apigateway.UsagePlan(
        "plan",
        name="partners",
        description="Partners",
        api_stages=[stage],
        quota_settings={"limit": 1000, "offset": 2, "period": "MONTH"},
        throttle_settings=PLAN_LIMITS,
        product_code="product",
        tags=TEAM,
        opts=opts,
    )
    given = aws.apigateway.ApiKey("given", name="given", value=pulumi.Output.secret(KEY), tags=TEAM, opts=opts)
    aws.apigateway.ApiKey("made-up", name="made-up", enabled=False, opts=opts)
    aws.apigateway.UsagePlanKey("use", usage_plan_id=plan.id, key_id=given.id, key_type="API_KEY", opts=opts)
    domain = aws.apigateway.DomainName(
        "domain",
        domain_name="api.example.com",
        regional_certificate_arn=CERTIFICATE,
        security_policy="TLS_1_2",
        endpoint_configuration={"types": "REGIONAL"},
        tags=TEAM,
        opts=opts,
    )
    aws.apigateway.DomainName("edge", domain_name="edge.example.com", certificate_arn=CERTIFICATE, opts=opts)
    for name, path in (("below", "v1"), ("root", None)):
        aws.apigateway.BasePathMapping(
            name,
            domain_name=domain.domain_name,
            rest_api=rest.id,
            stage_name=live.stage_name,
            base_path=path,
            opts=opts,
        )


def look() -> dict[str, Any]:
    gateway = client("apigateway")
    (rest,) = gateway.get_rest_apis()["items"]
    api = {"restApiId": rest["id"]}
    (plan,) = gateway.get_usage_plans()["items"]
    return {
        "rest": rest,
        "resources": {row["path"]: row for row in gateway.get_resources(**api)["items"]},
        "validators": gateway.get_request_validators(**api)["items"],
        "models": gateway.get_models(**api)["items"],
        "authorizers": gateway.get_authorizers(**api)["items"],
        "answers": gateway.get_gateway_responses(**api)["items"],
        "deployments": gateway.get_deployments(**api)["items"],
        "stage": gateway.get_stage(**api, stageName="live"),
        "plan": plan,
        "plan keys": gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"],
        "keys": {row["name"]: row for row in gateway.get_api_keys(includeValues=True)["items"]},
        "domain": gateway.get_domain_name(domainName="api.example.com"),
        "mappings": gateway.get_base_path_mappings(domainName="api.example.com")["items"],
    }


whole, seen, identity, outputs = readers(api, look)


def test_nothing_of_an_api_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_an_api_tells_where_it_is_called() -> None:
    rest = identity("rest")
    assert part(seen("rest"), REST) == {**REST, "id": rest}
    assert outputs("rest") == {
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{rest}",
        "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{rest}",
        "rootResourceId": seen("resources")["/"]["id"],
    }


def test_resources_lie_below_each_other() -> None:
    found = seen("resources")
    assert {path: row["id"] for path, row in found.items() if path != "/"} == {
        "/orders": identity("orders"),
        "/orders/{id}": identity("one"),
    }
    assert found["/orders/{id}"]["parentId"] == identity("orders")
    assert outputs("one") == {"path": "/orders/{id}"}


def test_a_method_is_guarded_and_calls_its_function() -> None:
    found = seen("resources")["/orders/{id}"]["resourceMethods"]["PUT"]
    expected = {
        "httpMethod": "PUT",
        "authorizationType": "COGNITO_USER_POOLS",
        "authorizerId": identity("guard"),
        "authorizationScopes": ["orders/write"],
        "apiKeyRequired": True,
        "requestModels": {"application/json": "Order"},
        "requestParameters": {"method.request.path.id": True},
        "requestValidatorId": identity("validator"),
        "methodResponses": {},
        "methodIntegration": {
            "type": "AWS_PROXY",
            "httpMethod": "POST",
            "uri": INVOKE,
            "credentials": ROLE,
            "timeoutInMillis": 5000,
            "cacheKeyParameters": [],
        },
    }
    assert found == expected


def test_a_method_answers_by_itself() -> None:
    found = seen("resources")["/orders/{id}"]["resourceMethods"]["OPTIONS"]
    assert found["methodResponses"] == {
        "200": {
            "statusCode": "200",
            "responseModels": {"application/json": "Empty"},
            "responseParameters": {"method.response.header.Access-Control-Allow-Origin": True},
        }
    }
    assert found["methodIntegration"] == {
        "type": "MOCK",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "cacheKeyParameters": [],
        "integrationResponses": {
            "200": {
                "statusCode": "200",
                "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                "responseTemplates": {},
            }
        },
    }


def test_parts_of_a_method_have_the_providers_ids() -> None:
    place = f"{identity('rest')}-{identity('one')}"
    assert {name: identity(name) for name in ("put", "call", "answered", "answer", "denied")} == {
        "put": f"agm-{place}-PUT",
        "call": f"agi-{place}-PUT",
        "answered": f"agmr-{place}-OPTIONS-200",
        "answer": f"agir-{place}-OPTIONS-200",
        "denied": f"aggr-{identity('rest')}-DEFAULT_4XX",
    }


def test_an_api_has_its_validators_models_and_authorizers() -> None:
    assert seen("validators") == [
        {
            "id": identity("validator"),
            "name": "body",
            "validateRequestBody": True,
            "validateRequestParameters": False,
        }
    ]
    assert seen("models") == [
        {"id": identity("model"), "name": "Order", "contentType": "application/json", "schema": SCHEMA}
    ]
    assert seen("authorizers") == [
        {
            "id": identity("guard"),
            "name": "guard",
            "type": "COGNITO_USER_POOLS",
            "providerARNs": [outputs("pool")["arn"]],
            "identitySource": "method.request.header.Authorization",
            "authorizerResultTtlInSeconds": 60,
        }
    ]
    path = f"restapis/{identity('rest')}/authorizers/{identity('guard')}"
    assert outputs("guard") == {"arn": f"arn:aws:apigateway:{REGION}::/{path}"}
    assert seen("answers") == [
        {
            "responseType": "DEFAULT_4XX",
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "defaultResponse": False,
        }
    ]


def test_a_stage_shows_its_deployment() -> None:
    (deployed,) = seen("deployments")
    assert (deployed["id"], deployed["description"]) == (identity("deployed"), "First")
    assert part(seen("stage"), STAGE) == {**STAGE, "deploymentId": identity("deployed")}
    rest = identity("rest")
    assert identity("live") == f"ags-{rest}-live"
    assert outputs("live") == {
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{rest}/stages/live",
        "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{rest}/live",
        "invokeUrl": f"https://{rest}.execute-api.{REGION}.amazonaws.com/live",
    }


def test_a_stage_has_settings_for_all_and_for_one_method() -> None:
    found = seen("stage")["methodSettings"]
    assert set(found) == {"*/*", "orders~1{id}/PUT"}
    for path, expected in (
        ("*/*", {"metricsEnabled": True, "loggingLevel": "INFO", "throttlingRateLimit": 50.5}),
        ("orders~1{id}/PUT", {"cachingEnabled": True, "cacheTtlInSeconds": 60, "throttlingBurstLimit": 5}),
    ):
        assert part(found[path], expected) == expected
    assert identity("all") == f"{identity('rest')}-live-*/*"


def test_a_usage_plan_limits_its_keys() -> None:
    rest, plan = identity("rest"), identity("plan")
    limits = {"burstLimit": 20, "rateLimit": 10.5}
    assert seen("plan") == {
        "id": plan,
        "name": "partners",
        "description": "Partners",
        "apiStages": [{"apiId": rest, "stage": "live", "throttle": {"/orders/PUT": limits}}],
        "quota": {"limit": 1000, "offset": 2, "period": "MONTH"},
        "throttle": limits,
        "productCode": "product",
        "tags": TEAM,
    }
    assert outputs("plan") == {"arn": f"arn:aws:apigateway:{REGION}::/usageplans/{plan}"}
    key = identity("given")
    assert seen("plan keys") == [{"id": key, "name": "given", "type": "API_KEY", "value": KEY}]
    assert (identity("use"), outputs("use")) == (key, {"name": "given", "value": KEY})
    assert outputs("given") == {"arn": f"arn:aws:apigateway:{REGION}::/apikeys/{key}", "value": KEY}
    expected = {"id": key, "value": KEY, "enabled": True, "description": "Managed by Pulumi", "tags": TEAM}
    assert part(seen("keys")["given"], expected) == expected


def test_a_key_without_value_gets_one() -> None:
    made = seen("keys")["made-up"]
    assert (made["enabled"], len(made["value"])) == (False, 40)
    assert outputs("made-up")["value"] == made["value"]


def test_a_domain_leads_to_a_stage() -> None:
    expected = {
        "regionalCertificateArn": CERTIFICATE,
        "securityPolicy": "TLS_1_2",
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "tags": TEAM,
    }
    found = seen("domain")
    assert part(found, expected) == expected
    assert found["regionalDomainName"].endswith(f".execute-api.{REGION}.amazonaws.com")
    assert identity("domain") == "api.example.com"
    assert outputs("domain") == {
        "arn": f"arn:aws:apigateway:{REGION}::/domainnames/api.example.com",
        "regionalDomainName": found["regionalDomainName"],
        "regionalZoneId": "ZLY8HYME6SFDD",
    }
    rest = identity("rest")
    assert seen("mappings") == [
        {"basePath": "v1", "restApiId": rest, "stage": "live"},
        {"basePath": "(none)", "restApiId": rest, "stage": "live"},
    ]
    assert (identity("below"), identity("root")) == ("api.example.com/v1", "api.example.com/")


def test_a_domain_at_the_edge_has_the_address_of_a_distribution() -> None:
    found = outputs("edge")
    assert set(found) == {"arn", "cloudfrontDomainName", "cloudfrontZoneId"}
    assert found["cloudfrontDomainName"].endswith(".cloudfront.net")
    assert found["cloudfrontZoneId"] == "Z2FDTNDATAQYW2"


def test_the_same_api_twice_has_the_same_ids() -> None:
    again = rehearse(api)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, dict(first.outputs)) == (second.urn, second.id, dict(second.outputs))


def test_an_api_can_be_written_as_one_document() -> None:
    document = {
        "openapi": "3.0.1",
        "info": {"title": "orders", "version": "1"},
        "paths": {
            "/orders": {
                "get": {
                    "responses": {"200": {"description": "All"}},
                    "x-amazon-apigateway-integration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": INVOKE},
                }
            }
        },
    }

    def program() -> None:
        rest = aws.apigateway.RestApi("rest", name="orders", body=json.dumps(document))
        aws.apigateway.Deployment("deployed", rest_api=rest.id)

    def resources() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        gateway = session.client("apigateway")
        (rest,) = gateway.get_rest_apis()["items"]
        return {row["path"]: row for row in gateway.get_resources(restApiId=rest["id"])["items"]}

    made = rehearse(program, resources)
    assert made.evaluation.mistakes == ()
    assert set(made.seen) == {"/", "/orders"}
    assert made.seen["/orders"]["resourceMethods"]["GET"]["methodIntegration"]["uri"] == INVOKE
    assert made.resources["rest"].outputs["rootResourceId"] == made.seen["/"]["id"]


def rest_api() -> aws.apigateway.RestApi:
    return aws.apigateway.RestApi("rest", name="orders")


def no_parent() -> None:
    aws.apigateway.Resource("it", rest_api=rest_api().id, parent_id="none", path_part="orders")


def broken_path() -> None:
    rest = rest_api()
    aws.apigateway.Resource("it", rest_api=rest.id, parent_id=rest.root_resource_id, path_part="orders/one")


def no_method() -> None:
    rest = rest_api()
    place = {"rest_api": rest.id, "resource_id": rest.root_resource_id, "http_method": "GET"}
    aws.apigateway.Integration("it", **place, type="MOCK")


def broken_uri() -> None:
    rest = rest_api()
    place = {"rest_api": rest.id, "resource_id": rest.root_resource_id, "http_method": "GET"}
    method = aws.apigateway.Method("method", **place, authorization="NONE")
    aws.apigateway.Integration(
        "it",
        **place,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=f"{FUNCTION}:orders",
        opts=pulumi.ResourceOptions(depends_on=[method]),
    )


def empty_deployment() -> None:
    aws.apigateway.Deployment("it", rest_api=rest_api().id)


def no_deployment() -> None:
    aws.apigateway.Stage("it", rest_api=rest_api().id, deployment="none", stage_name="live")


def no_stage() -> None:
    settings = {"metrics_enabled": True}
    aws.apigateway.MethodSettings("it", rest_api=rest_api().id, stage_name="live", method_path="*/*", settings=settings)


def broken_method_path() -> None:
    rest = rest_api()
    place = {"rest_api": rest.id, "resource_id": rest.root_resource_id, "http_method": "GET"}
    method = aws.apigateway.Method("method", **place, authorization="NONE")
    mock = aws.apigateway.Integration("mock", **{**place, "http_method": method.http_method}, type="MOCK")
    deployed = aws.apigateway.Deployment("d", rest_api=rest.id, opts=pulumi.ResourceOptions(depends_on=[mock]))
    live = aws.apigateway.Stage("live", rest_api=rest.id, deployment=deployed.id, stage_name="live")
    aws.apigateway.MethodSettings(
        "it",
        rest_api=rest.id,
        stage_name=live.stage_name,
        method_path="orders/{id}/GET",
        settings={"metrics_enabled": True},
    )


def plan_of_no_stage() -> None:
    aws.apigateway.UsagePlan("it", name="plan", api_stages=[{"api_id": rest_api().id, "stage": "live"}])


def short_key() -> None:
    aws.apigateway.ApiKey("it", name="key", value=pulumi.Output.secret(KEY[:10]))


def no_plan() -> None:
    key = aws.apigateway.ApiKey("key", name="key", value=pulumi.Output.secret(KEY))
    aws.apigateway.UsagePlanKey("it", usage_plan_id="none", key_id=key.id, key_type="API_KEY")


def mapping_of_no_stage() -> None:
    domain = aws.apigateway.DomainName("domain", domain_name="api.example.com", certificate_arn=CERTIFICATE)
    aws.apigateway.BasePathMapping("it", domain_name=domain.domain_name, rest_api=rest_api().id, stage_name="live")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (no_parent, "NotFoundException: "),
        (broken_path, "BadRequestException: Resource's path part only allow"),
        (no_method, "NotFoundException: "),
        (broken_uri, "BadRequestException: "),
        (empty_deployment, "BadRequestException: The REST API doesn't contain any methods"),
        (no_deployment, "BadRequestException: Deployment id does not exist"),
        (no_stage, "NotFoundException: "),
        (broken_method_path, "BadRequestException: invalid method path orders/{id}/GET; allowed: "),
        (plan_of_no_stage, "NotFoundException: "),
        (short_key, "BadRequestException: "),
        (no_plan, "NotFoundException: "),
        (mapping_of_no_stage, "BadRequestException: Invalid stage"),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
    assert KEY[:10] not in line
