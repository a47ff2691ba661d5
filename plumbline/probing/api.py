"""REST APIs: routes lead to functions, and requests that are wrong do not get so far.

moto's API Gateway keeps an API, and answers no request by a function. So the probe does what the gateway does with what
moto keeps: it finds the route, asks validator and models, asks the function's policy, and calls the function.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

from plumbline.graph import Resource
from plumbline.probing.access import invoke_refusal
from plumbline.probing.calls import Called, call, function_of, shown
from plumbline.probing.model import NotSo, Probe, ProbeContext, Trial, failed, passed, probe, trial, value
from plumbline.probing.samples import sample

API = "aws:apigateway/restApi:RestApi"
_STAGE = "aws:apigateway/stage:Stage"
_KEY = "aws:apigateway/apiKey:ApiKey"
_PLAN = "aws:apigateway/usagePlan:UsagePlan"
_MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"
_AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
_SOCKETS = "aws:apigatewayv2/api:Api"
_GROUP = "api"
_SERVICE = "apigateway.amazonaws.com"
_NOWHERE = "/plumbline-probe/no/such/route"
_FUNCTION = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path, as the gateway keeps it."""

    path: str
    method: str
    row: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def integration(self) -> Mapping[str, Any]:
        return self.row.get("methodIntegration") or {}

    @property
    def function(self) -> str | None:
        """The ARN of the function behind it, None where something else answers."""
        found = _FUNCTION.search(str(self.integration.get("uri")))
        return found[1] if found else None


Make = Callable[[Route, Any], Any]


def api_probes(request: Make) -> tuple[Probe, ...]:
    """Return the probes of a REST API whose routes lead to functions.

    `request` makes what the gateway would hand to the function of a route for a body that its model takes, None where
    it has none.
    """

    @probe(_GROUP, API)
    def valid_request_is_answered(context: ProbeContext, api: Resource) -> Iterator[Trial]:
        """A valid request to a route is answered by the function's own code."""
        for route in routes(context, api):
            if route.function is None:
                continue
            schema = _schema(context, api, route)
            body = None if schema is None else sample(schema)
            answer = call(context, function_of(context, route.function), request(route, body))
            yield trial(_is_answer(answer), f"{route.name}", shown(answer.result), _wrong(answer))

    return (valid_request_is_answered,)


@probe(_GROUP, API)
def route_leads_to_function(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Every route leads to a function that the API may call, or is answered by the gateway itself."""
    stages = [value(stage, "stageName") for stage in context.graph.of_type(_STAGE) if value(stage, "restApi") == api.id]
    if not stages:
        raise NotSo("the API has no stage")
    for route in routes(context, api):
        if route.function is None:
            mock = route.integration.get("type") == "MOCK"
            answers = sorted(route.integration.get("integrationResponses") or {})
            evidence = f"the gateway answers {', '.join(answers)}"
            yield trial(mock and bool(answers), route.name, evidence, "nothing answers it")
            continue
        problems = (
            invoke_refusal(context, _SERVICE, route.function, f"{value(api, 'executionArn')}/{stage}/{_called(route)}")
            for stage in stages
        )
        problem = next(filter(None, problems), "")
        yield trial(not problem, route.name, f"leads to {':'.join(route.function.split(':')[6:])}", problem)


@probe(_GROUP, API)
def unknown_route_is_refused(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """A path and a method that the API does not have lead nowhere."""
    found_routes = routes(context, api)
    found = [route.name for route in found_routes if _fits(route.path, _NOWHERE)]
    yield trial(not found, f"GET {_NOWHERE}", "no route fits", f"{', '.join(found)} takes it")
    known: dict[str, set[str]] = {}
    for route in found_routes:
        known.setdefault(route.path, set()).add(route.method)
    open_ = sorted(path for path, methods in known.items() if methods & {"ANY", "PROBE"})
    evidence = f"none of {len(known)} paths has such a method"
    yield trial(not open_, "PROBE on every path", evidence, f"{', '.join(open_)} takes every method")


@probe(_GROUP, API)
def stranger_is_refused(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Every route that a function answers asks who calls, by an authorizer whose users exist."""
    client = context.client("apigateway", api)
    there = {row["id"]: row for row in client.get_authorizers(restApiId=api.id)["items"]}
    for route in routes(context, api):
        if route.function is None:
            continue
        kind, authorizer = route.row.get("authorizationType"), there.get(route.row.get("authorizerId"))
        good = kind not in (None, "NONE") and (kind == "AWS_IAM" or authorizer is not None)
        yield trial(good, f"{route.name} without a token", f"refused: {kind}", "nobody asks for one")


@probe(_GROUP, _AUTHORIZER, optional=True)
def authorizer(context: ProbeContext, authorizer: Resource) -> Iterator[Trial]:
    """Every user pool of an authorizer exists."""
    for arn in value(authorizer, "providerArns", []):
        context.client("cognito-idp", authorizer).describe_user_pool(UserPoolId=arn.rpartition("/")[2])
        yield passed("describe its user pool", "it exists")


@probe(_GROUP, API)
def invalid_request_is_refused(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """A request with a wrong body is refused before it reaches the function, a right one is not."""
    client = context.client("apigateway", api)
    validators = {row["id"]: row for row in client.get_request_validators(restApiId=api.id)["items"]}
    count = 0
    for route in routes(context, api):
        schema = _schema(context, api, route)
        if schema is None:
            continue
        count += 1
        validator = validators.get(route.row.get("requestValidatorId"), {})
        if not validator.get("validateRequestBody"):
            yield failed(f"{route.name} with a wrong body", "no validator looks at its body")
            continue
        models = jsonschema.Draft4Validator(schema)
        wrong = [body for body in _wrong_bodies(schema) if models.is_valid(body)]
        right = models.is_valid(sample(schema))
        yield trial(
            not wrong, f"{route.name} with a wrong body", "the model refuses it", f"the model takes {wrong[:1]}"
        )
        yield trial(right, f"{route.name} with a right body", "the model takes it", "the model refuses every body")
    if not count:
        raise NotSo("no route of the API has a model")


@probe(_GROUP, _KEY, optional=True)
def key_belongs_to_plan(context: ProbeContext, key: Resource) -> Iterator[Trial]:
    """Every API key is on, and belongs to a plan that limits it."""
    client = context.client("apigateway", key)
    found = client.get_api_key(apiKey=key.id)
    yield trial(found["enabled"], "ask whether it is on", "it is", "it is off")
    plans = [plan for plan in client.get_usage_plans()["items"] if _has_key(client, plan["id"], key.id)]
    names = ", ".join(sorted(plan["name"] for plan in plans))
    yield trial(bool(plans), "find its plan", names, "it belongs to no plan: nothing limits it")


@probe(_GROUP, _PLAN, optional=True)
def plan_limits(context: ProbeContext, plan: Resource) -> Iterator[Trial]:
    """Every plan limits requests to stages that exist."""
    client = context.client("apigateway", plan)
    found = client.get_usage_plan(usagePlanId=plan.id)
    throttle, quota = found.get("throttle") or {}, found.get("quota") or {}
    limited = bool(throttle.get("rateLimit")) and bool(quota.get("limit"))
    evidence = f"{throttle.get('rateLimit'):g} a second, {quota.get('limit')} a {str(quota.get('period')).lower()}"
    yield trial(limited, "ask for its limits", evidence, "it lacks a rate or a quota")
    sockets = {api.id for api in context.graph.of_type(_SOCKETS)}
    for row in found.get("apiStages", []):
        if row["apiId"] in sockets:
            context.client("apigatewayv2", plan).get_stage(ApiId=row["apiId"], StageName=row["stage"])
        else:
            client.get_stage(restApiId=row["apiId"], stageName=row["stage"])
        yield passed(f"find stage {row['stage']} of {row['apiId']}", "it exists")


@probe(_GROUP, _MAPPING, optional=True)
def domain_leads_to_stage(context: ProbeContext, mapping: Resource) -> Iterator[Trial]:
    """Every domain of an API leads to a stage that exists."""
    client, domain = context.client("apigateway", mapping), value(mapping, "domainName")
    client.get_domain_name(domainName=domain)
    rows = client.get_base_path_mappings(domainName=domain)["items"]
    wanted = (value(mapping, "restApi"), value(mapping, "stageName"))
    found = [row for row in rows if (row["restApiId"], row.get("stage")) == wanted]
    yield trial(bool(found), f"find stage {wanted[1]} behind {domain}", "it is there", "the domain leads elsewhere")
    client.get_stage(restApiId=wanted[0], stageName=wanted[1])
    yield passed("find the stage", "it exists")


def routes(context: ProbeContext, api: Resource) -> list[Route]:
    """Return the routes of a REST API, as moto keeps them."""
    key = (__name__, "routes", api.urn)
    if key not in context.kept:
        pages = (
            context.client("apigateway", api)
            .get_paginator("get_resources")
            .paginate(restApiId=api.id, embed=["methods"])
        )
        context.kept[key] = [
            Route(path=resource["path"], method=method, row=row)
            for resource in sorted((one for page in pages for one in page["items"]), key=lambda one: one["path"])
            for method, row in sorted((resource.get("resourceMethods") or {}).items())
        ]
    return context.kept[key]


def _schema(context: ProbeContext, api: Resource, route: Route) -> dict[str, Any] | None:
    """Return the model of a route's JSON body, None where it has none."""
    models = route.row.get("requestModels") or {}
    name = models.get("application/json") or models.get("$default")  # which is for every other type
    if not name:
        return None
    key = (__name__, "model", api.urn, name)
    if key not in context.kept:
        found = context.client("apigateway", api).get_model(restApiId=api.id, modelName=name)
        context.kept[key] = json.loads(found["schema"])
    return context.kept[key]


def _called(route: Route) -> str:
    """Return method and path as they stand in the ARN of a request: parameters have some value."""
    return route.method + re.sub(r"\{[^}]+\}", "probe", route.path)


def _fits(pattern: str, path: str) -> bool:
    expression = re.sub(r"\\\{[^}]+\\\+\\\}", ".+", re.escape(pattern))
    return re.fullmatch(re.sub(r"\\\{[^}]+\\\}", "[^/]+", expression), path) is not None


def _wrong_bodies(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield bodies that a model must refuse: another type, and an object without each thing that is required."""
    yield []
    right = sample(schema)
    for name in schema.get("required", ()):
        yield {key: one for key, one in right.items() if key != name}
    for name, rule in schema.get("properties", {}).items():
        if rule.get("type") in ("string", "number", "integer", "boolean"):
            yield {**right, name: {"wrong": True}}


def _has_key(client: Any, plan: str, key: str) -> bool:
    return any(row["id"] == key for row in client.get_usage_plan_keys(usagePlanId=plan)["items"])


def _is_answer(answer: Called) -> bool:
    """Say whether the gateway could hand a function's answer on, and the function did not fail."""
    result = answer.result
    if answer.error is not None or not isinstance(result, Mapping):
        return False
    status, body = result.get("statusCode"), result.get("body", "")
    return isinstance(status, int) and status < 500 and isinstance(body, str)


def _wrong(answer: Called) -> str:
    return f"it failed with {answer.error}" if answer.error else f"no answer for the gateway: {shown(answer.result)}"
