"""Requirement 07, 16.2c, 20.1 and 20.4 cannot be fooled: what breaks the API fails its criterion."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    FUNCTION,
    LOG_GROUP,
    ROLE,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    sibling,
    siblings,
    together,
    verdict,
    whole,
)

_API = "aws:apigateway/restApi:RestApi"
_STAGE = "aws:apigateway/stage:Stage"
_METHOD = "aws:apigateway/method:Method"
_INTEGRATION = "aws:apigateway/integration:Integration"
_ANSWER = "aws:apigateway/integrationResponse:IntegrationResponse"
_DECLARED = "aws:apigateway/methodResponse:MethodResponse"
_RESPONSE = "aws:apigateway/response:Response"
_RESOURCE = "aws:apigateway/resource:Resource"
_MODEL = "aws:apigateway/model:Model"
_VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
_AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_PLAN = "aws:apigateway/usagePlan:UsagePlan"
_KEY = "aws:apigateway/apiKey:ApiKey"
_PLAN_KEY = "aws:apigateway/usagePlanKey:UsagePlanKey"
_PERMISSION = "aws:lambda/permission:Permission"
_ALIAS = "aws:lambda/alias:Alias"
_ACCOUNT = "aws:apigateway/account:Account"
_CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
_HEADER = "method.response.header.Access-Control-Allow-Origin"
_GATEWAY_HEADER = "gatewayresponse.header.Access-Control-Allow-Origin"
_TENANT, _BOUND = "api-key-example-tenant", "api-key-example-tenant-plan"


def _part(type_: str, name: str, property_: str, **changed: Any) -> Change:
    """Change keys of an input that is a mapping; None takes one away."""

    def alter(resource: Resource) -> Resource:
        value = {**resource.inputs[property_], **changed}
        value = {key: item for key, item in value.items() if item is not None}
        return dataclasses.replace(resource, inputs={**resource.inputs, property_: value})

    return edit(type_, name, alter)


def _method(name: str, /, **inputs: Any) -> Change:
    return set_(_METHOD, f"api-{name}", **inputs)


def _integration(name: str, /, **inputs: Any) -> Change:
    return set_(_INTEGRATION, f"api-{name}", **inputs)


def _permission(**inputs: Any) -> Change:
    return set_(_PERMISSION, "api-audit-permission", **inputs)


def _settings(name: str, /, **changed: Any) -> Change:
    return _part(_SETTINGS, f"api-settings{name}", "settings", **changed)


def _trust(service: str) -> Change:
    row = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return base(set_(ROLE, "baseline-roles-api-logs", assumeRolePolicy=json.dumps({"Statement": [row]})))


def _more_settings(path: str, **settings: Any) -> Change:
    needs = {"restApi": (_STAGE, "api-stage")}
    common = {"loggingLevel": "INFO", "throttlingRateLimit": 10000, "throttlingBurstLimit": 5000}
    return add(_SETTINGS, "more", needs, stageName="v1", methodPath=path, settings={**common, **settings})


def _variables(**changed: Any) -> Change:
    def alter(function: Resource) -> Resource:
        variables = {**function.inputs["environment"]["variables"], **changed}
        return dataclasses.replace(function, inputs={**function.inputs, "environment": {"variables": variables}})

    return edit(FUNCTION, "functions-audit", alter)


BROKEN: list[Row] = [
    ("07.1", "prod", "at the edge", set_(_API, "api-api", endpointConfiguration={"types": "EDGE"})),
    ("07.1", "prod", "both", set_(_API, "api-api", endpointConfiguration={"types": ["REGIONAL", "PRIVATE"]})),
    ("07.1", "prod", "nothing said", set_(_API, "api-api", endpointConfiguration=None)),
    ("07.1", "prod", "no API", drop(_API, "api-api")),
    ("07.1", "prod", "no stage", drop(_STAGE, "api-stage")),
    ("07.1", "test up", "another API's stage", set_(_STAGE, "api-stage", restApi="0123456789")),
    ("07.2", "prod", "no proxy", _integration("audit-get", type="AWS")),
    ("07.2", "prod", "a read of the function", _integration("audit-get", integrationHttpMethod="GET")),
    ("07.2", "prod", "no integration", drop(_INTEGRATION, "api-audit-get")),
    ("07.2", "prod", "a handler without methods", drop(_METHOD, "api-audit-get")),
    ("07.2", "prod", "two integrations", add(
        _INTEGRATION, "more", {"resourceId": (_RESOURCE, "api-audit")}, httpMethod="GET", type="MOCK"
    )),
    ("07.2", "prod", "another handler's function", refer(
        _INTEGRATION, "api-audit-get", "uri", (_ALIAS, "functions-ai-traces-live")
    )),
    ("07.2", "prod", "a background processor", refer(
        _INTEGRATION, "api-audit-get", "uri", (_ALIAS, "functions-retention-live")
    )),
    ("07.2", "test up", "the function without its alias", _integration(
        "audit-get",
        uri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:111111111111:function:test-audit/invocations",
    )),
    ("07.2", "test up", "no function", _integration("audit-get", uri="https://example.com")),
    ("07.2", "prod", "no permission", drop(_PERMISSION, "api-audit-permission")),
    ("07.2", "prod", "permission for another service", _permission(principal="s3.amazonaws.com")),
    ("07.2", "prod", "permission for the function alone", _permission(qualifier=None)),
    ("07.2", "prod", "permission to read", _permission(action="lambda:GetFunction")),
    ("07.2", "prod", "permission of another function", _permission(function="prod-others")),
    ("07.2", "prod", "permission for every API", _permission(sourceArn=None)),
    ("07.2", "prod", "permission for all of AWS", _permission(sourceArn="*")),
    ("07.2", "test up", "permission for another API", _permission(
        sourceArn="arn:aws:execute-api:us-east-1:111111111111:0123456789/*/*/audit"
    )),
    ("07.2", "test up", "permission for another path", edit(
        _PERMISSION,
        "api-audit-permission",
        lambda r: dataclasses.replace(r, inputs={**r.inputs, "sourceArn": r.inputs["sourceArn"] + "s"}),
    )),
    ("07.3", "prod", "anybody", _part(_ANSWER, "api-audit-options", "responseParameters", **{_HEADER: "'*'"})),
    ("07.3", "prod", "no header", _part(_ANSWER, "api-audit-options", "responseParameters", **{_HEADER: None})),
    ("07.3", "prod", "no answer", drop(_ANSWER, "api-audit-options")),
    ("07.3", "prod", "an answer that is not declared", drop(_DECLARED, "api-audit-options")),
    ("07.3", "prod", "an answer of another status", set_(_ANSWER, "api-audit-options", statusCode="200")),
    ("07.3", "prod", "no preflight", drop(_METHOD, "api-audit-options")),
    ("07.3", "prod", "anybody where refused", _part(
        _RESPONSE, "api-4xx", "responseParameters", **{_GATEWAY_HEADER: "'*'"}
    )),
    ("07.3", "prod", "no answer where refused", drop(_RESPONSE, "api-4xx")),
    ("07.3", "prod", "no answer where failed", set_(_RESPONSE, "api-5xx", responseType="THROTTLED")),
    ("07.3", "prod", "a handler for anybody", _variables(ALLOWED_ORIGIN="*")),
    ("07.3", "prod", "a handler for nobody", _variables(ALLOWED_ORIGIN=None)),
    ("07.3", "prod", "another domain in the settings", lambda old: dataclasses.replace(
        old, settings={**old.settings, "domains": {**old.settings["domains"], "frontend": "x.example.com"}}
    )),
    ("07.3", "prod", "no domain in the settings", lambda old: dataclasses.replace(
        old, settings={key: value for key, value in old.settings.items() if key != "domains"}
    )),
    ("07.4", "prod", "no validator", _method("audit-get", requestValidatorId=None)),
    ("07.4", "prod", "no validator of a preflight", _method("audit-options", requestValidatorId=None)),
    ("07.4", "test up", "a foreign validator", _method("audit-get", requestValidatorId="012345")),
    ("07.4", "prod", "bodies are not validated", set_(_VALIDATOR, "api-validator", validateRequestBody=False)),
    ("07.4", "prod", "parameters are not", set_(_VALIDATOR, "api-validator", validateRequestParameters=None)),
    ("07.4", "prod", "no model", _method("strategies-post", requestModels=None)),
    ("07.4", "prod", "a model for one content type", _method(
        "strategies-post", requestModels={"application/json": "StrategiesPost"}
    )),
    ("07.4", "prod", "a model that nobody has", _method("strategies-post", requestModels={"$default": "Empty"})),
    ("07.4", "prod", "a model that says nothing", set_(_MODEL, "api-strategies-post", schema="{}")),
    ("07.4", "prod", "a model of any object", set_(_MODEL, "api-strategies-post", schema='{"type": "object"}')),
    ("07.4", "prod", "a model that is no JSON", set_(_MODEL, "api-strategies-post", schema="x")),
    ("07.4", "prod", "an id that need not be given", _method(
        "strategies-item-delete", requestParameters={"method.request.path.id": False}
    )),
    ("07.5", "prod", "no access log", set_(_STAGE, "api-stage", accessLogSettings=None)),
    ("07.5", "prod", "nothing in the access log", _part(_STAGE, "api-stage", "accessLogSettings", format="")),
    ("07.5", "test up", "a foreign group", _part(
        _STAGE, "api-stage", "accessLogSettings", destinationArn="arn:aws:logs:us-east-1:1:log-group:x"
    )),
    ("07.5", "test up", "no group", drop(LOG_GROUP, "api-access-log")),
    ("07.5", "prod", "no execution log", _settings("", loggingLevel="OFF")),
    ("07.5", "prod", "nothing said", _settings("", loggingLevel=None)),
    ("07.5", "prod", "one method without", _settings("-audit-get", loggingLevel="OFF")),
    ("07.5", "prod", "settings of single methods only", drop(_SETTINGS, "api-settings")),
    ("07.5", "prod", "settings of another stage", set_(_SETTINGS, "api-settings", stageName="v2")),
    ("07.5", "prod", "no stage", drop(_STAGE, "api-stage")),
    ("07.6a", "test", "more", _settings("", throttlingRateLimit=1001)),
    ("07.6b", "prod", "less", _settings("", throttlingRateLimit=1000)),
    ("07.6b", "prod", "no limit", _settings("", throttlingRateLimit=None)),
    ("07.6b", "prod", "nothing at once", _settings("", throttlingBurstLimit=None)),
    ("07.6b", "prod", "a method without limit", _settings("-audit-get", throttlingRateLimit=-1)),
    ("07.6b", "prod", "a method that lets more through", _settings("-audit-get", throttlingRateLimit=20000)),
    ("07.6b", "prod", "settings of single methods only", drop(_SETTINGS, "api-settings")),
    ("07.7a", "prod", "no plan", drop(_PLAN, "")),
    ("07.7a", "prod", "a plan without rate", set_(_PLAN, "api-plan-standard", throttleSettings=None)),
    ("07.7a", "prod", "a plan without quota", set_(_PLAN, "api-plan-standard", quotaSettings=None)),
    ("07.7a", "prod", "plans of no stage", set_(_PLAN, "", apiStages=[])),
    ("07.7a", "prod", "plans of another stage", set_(_PLAN, "", apiStages=[{"apiId": UNKNOWN, "stage": "v2"}])),
    ("07.7a", "test up", "plans of another API", set_(_PLAN, "", apiStages=[{"apiId": "0123456789", "stage": "v1"}])),
    ("07.7a", "prod", "a key without plan", drop(_PLAN_KEY, _BOUND)),
    ("07.7a", "prod", "a key in two plans", add(
        _PLAN_KEY, "more", {"keyId": (_KEY, _TENANT), "usagePlanId": (_PLAN, "-premium")}, keyType="API_KEY"
    )),
    ("07.7a", "prod", "a method without key", _method("audit-get", apiKeyRequired=False)),
    ("07.7b", "prod", "a method without key", _method("audit-get", apiKeyRequired=None)),
    ("07.7b", "prod", "no key", drop(_KEY, _TENANT)),
    ("07.7b", "prod", "a key of another tenant", set_(_KEY, _TENANT, name="prod-others")),
    ("07.7b", "prod", "a key that is off", set_(_KEY, _TENANT, enabled=False)),
    ("07.7b", "prod", "a key without plan", drop(_PLAN_KEY, _BOUND)),
    ("07.7b", "prod", "another kind of key", set_(_PLAN_KEY, _BOUND, keyType="OTHER")),
    ("07.7b", "test up", "a foreign plan", set_(_PLAN_KEY, _BOUND, usagePlanId="012345")),
    ("07.7b", "prod", "keys that the authorizer sends", set_(_API, "api-api", apiKeySource="AUTHORIZER")),
    ("07.7b", "prod", "a method without users", _method("audit-get", authorization="NONE")),
    ("07.7b", "prod", "a method for AWS's own users", _method("audit-get", authorization="AWS_IAM")),
    ("07.7b", "test up", "no authorizer", drop(_AUTHORIZER, "api-authorizer")),
    ("07.9", "prod", "no cache", set_(_STAGE, "api-stage", cacheClusterEnabled=False)),
    ("07.9", "prod", "no size", set_(_STAGE, "api-stage", cacheClusterSize=None)),
    ("07.9", "prod", "one that is read is not", _settings("-audit-get", cachingEnabled=False)),
    ("07.9", "prod", "one that is read has no settings", drop(_SETTINGS, "api-settings-audit-get")),
    ("07.9", "prod", "not encrypted", _settings("-audit-get", cacheDataEncrypted=None)),
    ("07.9", "prod", "no time", _settings("-audit-get", cacheTtlInSeconds=0)),
    ("07.9", "prod", "one answer for all callers", _integration("audit-get", cacheKeyParameters=None)),
    ("07.9", "prod", "one answer for all ids", _integration(
        "strategies-item-get", cacheKeyParameters=["method.request.header.Authorization"]
    )),
    ("07.9", "prod", "the kill switch is", _more_settings("~1kill-switch/GET", cachingEnabled=True)),
    ("07.9", "prod", "a write is", _more_settings("strategies/POST", cachingEnabled=True)),
    ("07.9", "prod", "everything is", _settings("", cachingEnabled=True)),
    ("07.9", "prod", "settings of another stage", set_(_SETTINGS, "api-settings-audit-get", stageName="v2")),
    ("16.2c", "prod", "no bootstrap stack", base(None)),
    ("16.2c", "prod", "no role is set", base(drop(_ACCOUNT, "baseline-api-gateway"))),
    ("16.2c", "prod", "another service", _trust("lambda.amazonaws.com")),
    ("16.2c", "prod", "a foreign role", base(
        set_(_ACCOUNT, "baseline-api-gateway", cloudwatchRoleArn="arn:aws:iam::1:role/x")
    )),
    ("20.1", "prod", "as large in test", sibling("test", "cache.node_type", "cache.r7g.large")),
    ("20.1", "prod", "a size that nobody knows", sibling("prod", "cache.node_type", "cache.x.large")),
    ("20.1", "prod", "a size in test that nobody knows", sibling("test", "cache.node_type", "cache.r7g.16xlarge")),
    ("20.1", "prod", "a cache of a size that is no number", sibling("prod", "api.cache.size", "some")),
    ("20.1", "prod", "nodes that follow no setting", set_(_CACHE, "cache-redis", nodeType="cache.t3.medium")),
    ("20.1", "prod", "a cache of the API as large in test", sibling(
        "test", "api.cache", {"size": "0.5", "ttl_seconds": 60}
    )),
    ("20.1", "prod", "a cache that follows no setting", set_(_STAGE, "api-stage", cacheClusterSize="1.6")),
    ("20.1", "prod", "no test stack", siblings(test=None)),
    ("20.4", "prod", "the same domain", sibling("test", "domains.frontend", "App.trading.example.com.")),
    ("20.4", "prod", "no domain in test", sibling("test", "domains.frontend", "")),
    ("20.4", "prod", "no test stack", siblings(test=None)),
    ("20.4", "prod", "a handler that follows no setting", _variables(ALLOWED_ORIGIN="https://app.example.com")),
    ("20.4", "prod", "a preflight that follows no setting", _part(
        _ANSWER, "api-audit-options", "responseParameters", **{_HEADER: "'https://app.example.com'"}
    )),
]  # fmt: skip
OPEN: list[Row] = [
    ("07.1", "prod", "a type", set_(_API, "api-api", endpointConfiguration={"types": UNKNOWN})),
    ("07.2", "prod", "a function", refer(_INTEGRATION, "api-audit-get", "uri")),
    ("07.2", "prod", "a kind", _integration("audit-get", type=UNKNOWN)),
    ("07.2", "prod", "where an integration is", refer(_INTEGRATION, "api-audit-get", "resourceId")),
    ("07.2", "prod", "a permission's source", refer(_PERMISSION, "api-audit-permission", "sourceArn")),
    ("07.3", "prod", "an origin", _variables(ALLOWED_ORIGIN=UNKNOWN)),
    ("07.3", "prod", "an answer", set_(_ANSWER, "api-audit-options", responseParameters=UNKNOWN)),
    ("07.3", "prod", "the status of an answer", set_(_ANSWER, "api-audit-options", statusCode=UNKNOWN)),
    ("07.3", "prod", "the status that is declared", set_(_DECLARED, "api-audit-options", statusCode=UNKNOWN)),
    ("07.3", "prod", "an answer of the gateway", set_(_RESPONSE, "api-4xx", responseType=UNKNOWN)),
    ("07.4", "prod", "a validator", refer(_METHOD, "api-audit-get", "requestValidatorId")),
    ("07.4", "prod", "parameters", _method("audit-get", requestParameters=UNKNOWN)),
    ("07.4", "prod", "a model", refer(_METHOD, "api-strategies-post", "requestModels", value={"$default": UNKNOWN})),
    ("07.4", "prod", "a path", set_(_RESOURCE, "api-audit", pathPart=UNKNOWN)),
    ("07.5", "prod", "a level", _settings("", loggingLevel=UNKNOWN)),
    ("07.5", "prod", "a group", refer(
        _STAGE, "api-stage", "accessLogSettings", value={"destinationArn": UNKNOWN, "format": "x"}
    )),
    ("07.6b", "prod", "a rate", _settings("", throttlingRateLimit=UNKNOWN)),
    ("07.6b", "prod", "a path", set_(_SETTINGS, "api-settings", methodPath=UNKNOWN)),
    ("07.7a", "prod", "a quota", set_(_PLAN, "api-plan-standard", quotaSettings={"limit": UNKNOWN})),
    ("07.7a", "prod", "stages", set_(_PLAN, "", apiStages=UNKNOWN)),
    ("07.7a", "prod", "whose plan it is", refer(_PLAN_KEY, _BOUND, "keyId")),
    ("07.7b", "prod", "a key", set_(_KEY, _TENANT, enabled=UNKNOWN)),
    ("07.7b", "prod", "a plan", refer(_PLAN_KEY, _BOUND, "usagePlanId")),
    ("07.7b", "prod", "an authorizer", refer(_METHOD, "api-audit-get", "authorizerId")),
    ("07.9", "prod", "caching", _settings("-audit-get", cachingEnabled=UNKNOWN)),
    ("07.9", "prod", "a path", set_(_SETTINGS, "api-settings-audit-get", methodPath=UNKNOWN)),
    ("07.9", "prod", "parameters", _method("audit-get", requestParameters=UNKNOWN)),
    ("07.9", "prod", "keys", _integration("audit-get", cacheKeyParameters=UNKNOWN)),
    ("07.9", "prod", "a function", refer(_INTEGRATION, "api-audit-get", "uri")),
    ("16.2c", "prod", "a trust policy", base(set_(ROLE, "baseline-roles-api-logs", assumeRolePolicy=UNKNOWN))),
    ("16.2c", "prod", "a role", base(refer(_ACCOUNT, "baseline-api-gateway", "cloudwatchRoleArn"))),
    ("20.1", "prod", "a node type", set_(_CACHE, "cache-redis", nodeType=UNKNOWN)),
    ("20.4", "prod", "an origin", _variables(ALLOWED_ORIGIN=UNKNOWN)),
]  # fmt: skip


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("number", ["07.2", "07.3", "07.4", "07.5", "07.7a", "07.7b"])
def test_a_deployed_api_is_judged_by_its_ids(number: str) -> None:
    assert verdict(number, whole("test up")).word in ("pass", "deviation")


def test_a_method_with_a_lower_limit_of_its_own_breaks_nothing() -> None:
    lower = _settings("-audit-get", throttlingRateLimit=10)
    assert verdict("07.6b", lower(whole("prod"))).word == "pass"


def test_a_cached_fresh_answer_that_is_switched_off_again_breaks_nothing() -> None:
    off = together(_more_settings("~1kill-switch/GET", cachingEnabled=False))
    assert verdict("07.9", off(whole("prod"))).decision == 55
