"""components.rest_api with whole paths: one function, keys without tokens, open methods, a second metered stage."""

from __future__ import annotations

import functools
import json
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from components.api_routes import MethodSpec, PathSpec, words_of
from components.api_stage import MeteredStage, Throttle, Tier
from components.rest_api import RestApi, RestApiArgs
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import ACCOUNT, NAMING, graph_of, needs, only, present
from tests.components.small_functions import a_function, some_roles
from tests.plumbline.rehearsals import Rehearsal, rehearse

TYPE = "aws:apigateway/{0}:{1}"
METHOD = TYPE.format("method", "Method")
BODY = {"type": "object", "required": ["name"]}
PATHS = {
    "/health": PathSpec(methods={"GET": MethodSpec(open=True)}, function="work", fresh=True),
    "/api/things": PathSpec(
        methods={"GET": MethodSpec(query={"limit": False}), "POST": MethodSpec(schema=BODY)},
        function="work",
        fresh=True,
    ),
    "/api/things/{id}/parts": PathSpec(methods={"DELETE": MethodSpec()}, function="work", fresh=True),
}
LIMITS = Throttle(rate=100, burst=200)


def program(also: bool = False) -> None:
    """Register a function and the API in front of it, whose keys hold for a second API's stage as well if told."""
    provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})
    roles = some_roles("work", opts=opts)
    function = a_function(roles.roles["work"], opts=opts)
    roles.attach()
    inside = pulumi.ResourceOptions(provider=provider)
    metered = ()
    if also:
        api = aws.apigatewayv2.Api("other", name="other", protocol_type="WEBSOCKET", opts=inside)
        stage = aws.apigatewayv2.Stage("other-stage", api_id=api.id, name="live", opts=inside)
        metered = (MeteredStage(api_id=api.id, stage=stage.name),)
    args = RestApiArgs(
        account=ACCOUNT,
        naming=NAMING,
        name="backend",
        stage="prod",
        paths=PATHS,
        functions={"work": function},
        allowed_origin="https://app.example.com",
        default_endpoint=True,
        log_retention_days=7,
        throttle=LIMITS,
        tiers={"clients": Tier(throttle=LIMITS, quota=100_000, period="MONTH")},
        tenants={"first": "clients"},
        also_metered=metered,
        description="Things",
    )
    RestApi("api", args, opts)


@functools.cache
def usual() -> StackGraph:
    return graph_of(program)


def test_nothing_of_it_would_be_refused() -> None:
    assert check(usual()) == []


@pytest.mark.parametrize(
    ("path", "words"),
    [("/a", "a"), ("/a/{id}", "a-item"), ("/a/{id}/b-c", "a-item-b-c"), ("/a/{part_id}/b", "a-part_id-b")],
)
def test_resources_are_called_by_the_words_of_their_path(path: str, words: str) -> None:
    assert words_of(path) == words


def test_every_part_of_a_path_is_there_once() -> None:
    found = {
        resource.name: (resource.inputs["pathPart"], needs(resource)["parentId"])
        for resource in usual().of_type(TYPE.format("resource", "Resource"))
    }
    assert found == {
        "api-health": ("health", ("api-api",)),
        "api-api": ("api", ("api-api",)),
        "api-api-things": ("things", ("api-api",)),
        "api-api-things-item": ("{id}", ("api-api-things",)),
        "api-api-things-item-parts": ("parts", ("api-api-things-item",)),
    }


def test_methods_ask_for_a_key_and_no_token_and_open_ones_for_nothing() -> None:
    found = {
        method.name: (method.inputs["authorization"], method.inputs["apiKeyRequired"], present(method.inputs).keys())
        for method in usual().of_type(METHOD)
        if method.inputs["httpMethod"] != "OPTIONS"
    }
    place = {"authorization", "apiKeyRequired", "httpMethod", "restApi", "resourceId", "requestValidatorId"}
    assert found == {
        "api-health-get": ("NONE", False, place),
        "api-api-things-get": ("NONE", True, place | {"requestParameters"}),
        "api-api-things-post": ("NONE", True, place | {"requestModels"}),
        "api-api-things-item-parts-delete": ("NONE", True, place | {"requestParameters"}),
    }
    assert usual().of_type(TYPE.format("authorizer", "Authorizer")) == []


def test_bodies_follow_their_schema() -> None:
    model = only(usual(), TYPE.format("model", "Model"))
    assert (model.inputs["name"], json.loads(model.inputs["schema"])) == ("ApiThingsPost", BODY)
    assert needs(named_of(METHOD, "api-api-things-post"))["requestModels"] == (model.name,)


def named_of(type_: str, name: str) -> Any:
    [found] = [resource for resource in usual().of_type(type_) if resource.name == name]
    return found


@pytest.mark.parametrize(
    ("path", "methods", "headers"),
    [
        ("health", "GET", "X-Api-Key"),
        ("api-things", "GET,POST", "Content-Type,X-Api-Key"),
        ("api-things-item-parts", "DELETE", "X-Api-Key"),
    ],
)
def test_browsers_are_told_what_the_origin_may_send(path: str, methods: str, headers: str) -> None:
    answer = named_of(TYPE.format("integrationResponse", "IntegrationResponse"), f"api-{path}-options")
    assert dict(answer.inputs["responseParameters"]) == {
        "method.response.header.Access-Control-Allow-Origin": "'https://app.example.com'",
        "method.response.header.Access-Control-Allow-Methods": f"'{methods}'",
        "method.response.header.Access-Control-Allow-Headers": f"'{headers}'",
    }
    assert named_of(METHOD, f"api-{path}-options").inputs["apiKeyRequired"] is False


def test_the_function_is_called_for_its_paths_by_one_statement_for_each_first_part() -> None:
    found = usual().of_type("aws:lambda/permission:Permission")
    assert sorted(permission.name for permission in found) == ["api-api-item-permission", "api-health-permission"]
    assert {(p.inputs["qualifier"], p.inputs["sourceArn"]) for p in found} == {("live", UNKNOWN)}


def test_keys_hold_for_another_apis_stage_within_the_same_limits() -> None:
    def stages(graph: StackGraph) -> Any:
        return [present(row) for row in only(graph, TYPE.format("usagePlan", "UsagePlan")).inputs["apiStages"]]

    assert stages(usual()) == [{"apiId": UNKNOWN, "stage": "prod"}]
    both = graph_of(lambda: program(also=True))
    assert stages(both) == [{"apiId": UNKNOWN, "stage": "prod"}, {"apiId": UNKNOWN, "stage": "live"}]
    plan = only(both, TYPE.format("usagePlan", "UsagePlan"))
    assert set(needs(plan)["apiStages"]) >= {"api-stage", "other"}
    assert dict(plan.inputs["quotaSettings"]) == {"limit": 100_000, "period": "MONTH"}
    assert dict(plan.inputs["throttleSettings"]) == {"rateLimit": 100, "burstLimit": 200}


@functools.cache
def deployed() -> Rehearsal:
    def look() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
        gateway = session.client("apigateway")
        [api] = gateway.get_rest_apis()["items"]
        [plan] = gateway.get_usage_plans()["items"]
        text = session.client("lambda").get_policy(FunctionName="test-work", Qualifier="live")["Policy"]
        return {
            "id": api["id"],
            "paths": sorted(row["path"] for row in gateway.get_resources(restApiId=api["id"])["items"]),
            "callers": sorted(row["Condition"]["ArnLike"]["AWS:SourceArn"] for row in json.loads(text)["Statement"]),
            "plan": [row["stage"] for row in plan["apiStages"]],
        }

    return rehearse(lambda: program(also=True), look)


def test_deployed_api_has_its_paths_callers_and_both_stages() -> None:
    assert (deployed().evaluation.mistakes, dict(deployed().simulated)) == ((), {})
    seen = deployed().seen
    arn = f"arn:aws:execute-api:us-east-1:111111111111:{seen['id']}/*/*"
    assert seen == {
        "id": seen["id"],
        "paths": ["/", "/api", "/api/things", "/api/things/{id}", "/api/things/{id}/parts", "/health"],
        "callers": [f"{arn}/api/*", f"{arn}/health"],
        "plan": ["prod", "live"],
    }
