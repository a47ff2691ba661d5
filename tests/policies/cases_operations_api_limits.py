"""Fixtures of rules about what APIs let through, and about what functions and logs cost."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

METHOD = made(
    "aws:apigateway/method:Method",
    httpMethod="POST",
    requestValidatorId=UNKNOWN,
    requestModels={"application/json": "O"},
)
VALIDATES = Cases(
    rule="api-method-validates-requests",
    good={
        "body": [METHOD],
        "no body": [changed(METHOD, {"httpMethod": "get", "requestModels": GONE})],
    },
    bad={
        "no validator": ([changed(METHOD, {"requestValidatorId": GONE})], ("requestValidatorId",)),
        "no model": ([changed(METHOD, {"requestModels": GONE})], ("requestModels",)),
        "empty models": ([changed(METHOD, {"requestModels": {}, "httpMethod": "put"})], ("requestModels",)),
    },
    unknown={"method": ([changed(METHOD, {"httpMethod": UNKNOWN})], ("httpMethod",))},
    skipped={"preflight": [changed(METHOD, {"httpMethod": "OPTIONS", "requestValidatorId": GONE})]},
)
VALIDATOR = made(
    "aws:apigateway/requestValidator:RequestValidator", validateRequestBody=True, validateRequestParameters=True
)
CHECKS = Cases(
    rule="api-validator-checks-everything",
    good={"both": [VALIDATOR]},
    bad={
        "bodies": ([changed(VALIDATOR, {"validateRequestParameters": GONE})], ("validateRequestParameters",)),
        "parameters": ([changed(VALIDATOR, {"validateRequestBody": False})], ("validateRequestBody",)),
    },
    unknown={"bodies": ([changed(VALIDATOR, {"validateRequestBody": UNKNOWN})], ("validateRequestBody",))},
    always=True,
)
API, OTHER_API = made("aws:apigateway/restApi:RestApi", "api"), made("aws:apigateway/restApi:RestApi", "other")
STAGE = made("aws:apigateway/stage:Stage", "stage", refers={"restApi": API}, stageName="v1")
LIMITS = {"throttlingRateLimit": 1000, "throttlingBurstLimit": 500}


def settings(path: Any, refers: dict[str, Resource], **more: Any) -> Resource:
    return made("aws:apigateway/methodSettings:MethodSettings", refers=refers, methodPath=path, settings=LIMITS, **more)


SETTINGS = settings("*/*", {"restApi": STAGE, "stageName": STAGE})
V2_STAGE = made("aws:apigatewayv2/stage:Stage", defaultRouteSettings=LIMITS)
THROTTLED = Cases(
    rule="api-stage-is-throttled",
    good={
        "by the stage": [STAGE, API, SETTINGS],
        "by API and name": [STAGE, API, settings("*/*", {"restApi": API}, stageName="v1")],
        "by ids": [
            made(STAGE.type, restApi="a1", stageName="v1"),
            settings("*/*", {}, restApi="a1", stageName="v1"),
        ],
    },
    bad={
        "none": ([STAGE, API], ("",)),
        "one method": ([STAGE, API, settings("orders/GET", {"restApi": STAGE, "stageName": STAGE})], ("",)),
        "another stage": ([STAGE, API, settings("*/*", {"restApi": API}, stageName="v2")], ("",)),
        "another API": ([STAGE, API, OTHER_API, settings("*/*", {"restApi": OTHER_API}, stageName="v1")], ("",)),
    },
    unknown={
        "path": ([STAGE, API, settings(UNKNOWN, {"restApi": STAGE, "stageName": STAGE})], ("",)),
        "stage": ([STAGE, API, settings("*/*", {"restApi": API}, stageName=UNKNOWN)], ("",)),
    },
    always=True,
)
RATE, BURST = "throttlingRateLimit", "throttlingBurstLimit"
CHOSEN = Cases(
    rule="api-throttling-limits-are-chosen",
    good={
        "settings": [SETTINGS],
        "HTTP API": [V2_STAGE],
        "route": [changed(V2_STAGE, {"routeSettings": [{"routeKey": "GET /", **LIMITS}]})],
    },
    bad={
        "no rate": ([changed(SETTINGS, {f"settings.{RATE}": GONE})], (f"settings.{RATE}",)),
        "none at all": ([changed(SETTINGS, {f"settings.{BURST}": -1})], (f"settings.{BURST}",)),
        "high": ([changed(SETTINGS, {f"settings.{RATE}": 1_000_000})], (f"settings.{RATE}",)),
        "HTTP API": (
            [made(V2_STAGE.type)],
            (f"defaultRouteSettings.{RATE}", f"defaultRouteSettings.{BURST}"),
        ),
        "route": (
            [changed(V2_STAGE, {"routeSettings": [{"routeKey": "GET /", RATE: 5}]})],
            (f"routeSettings.0.{BURST}",),
        ),
    },
    unknown={
        "rate": ([changed(SETTINGS, {f"settings.{RATE}": UNKNOWN})], (f"settings.{RATE}",)),
        "routes": ([changed(V2_STAGE, {"routeSettings": UNKNOWN})], ("routeSettings",)),
    },
    always=True,
)
PLAN = made(
    "aws:apigateway/usagePlan:UsagePlan",
    throttleSettings={"rateLimit": 100, "burstLimit": 200},
    quotaSettings={"limit": 5000, "period": "DAY"},
)
PLANNED = Cases(
    rule="usage-plan-limits-clients",
    good={"limits": [PLAN]},
    bad={
        "no rate": ([changed(PLAN, {"throttleSettings.rateLimit": GONE})], ("throttleSettings.rateLimit",)),
        "no throttle": (
            [changed(PLAN, {"throttleSettings": GONE})],
            ("throttleSettings.rateLimit", "throttleSettings.burstLimit"),
        ),
        "no quota": ([changed(PLAN, {"quotaSettings": GONE})], ("quotaSettings.limit",)),
        "high": ([changed(PLAN, {"throttleSettings.burstLimit": 1_000_000})], ("throttleSettings.burstLimit",)),
    },
    unknown={"rate": ([changed(PLAN, {"throttleSettings.rateLimit": UNKNOWN})], ("throttleSettings.rateLimit",))},
    always=True,
)
KIND = "endpointConfiguration.types"
REGIONAL = changed(API, {"endpointConfiguration": {"types": "REGIONAL"}})
ENDPOINT = Cases(
    rule="api-endpoint-type-is-allowed",
    good={"regional": [REGIONAL], "list": [changed(REGIONAL, {KIND: ["PRIVATE"]})]},
    bad={
        "edge": ([changed(REGIONAL, {KIND: "EDGE"})], (KIND,)),
        "edge in a list": ([changed(REGIONAL, {KIND: ["EDGE"]})], (f"{KIND}.0",)),
        "by default": ([API], (KIND,)),
    },
    unknown={"kind": ([changed(REGIONAL, {KIND: UNKNOWN})], (KIND,))},
    always=True,
)

FUNCTION = made(
    "aws:lambda/function:Function",
    "orders",
    vpcConfig={"subnetIds": UNKNOWN, "securityGroupIds": [UNKNOWN]},
    memorySize=512,
    timeout=30,
)
KILL_SWITCH = made(FUNCTION.type, "functions-kill-switch", reservedConcurrentExecutions=10)
IN_VPC = Cases(
    rule="function-is-in-vpc",
    good={"in": [FUNCTION]},
    bad={
        "out": (
            [changed(FUNCTION, {"vpcConfig": GONE})],
            ("vpcConfig.subnetIds", "vpcConfig.securityGroupIds"),
        ),
        "no subnet": ([changed(FUNCTION, {"vpcConfig.subnetIds": []})], ("vpcConfig.subnetIds",)),
    },
    skipped={"outside": [made(FUNCTION.type, "edge-redirect")]},
    never_unknown="a network that is set is one, whatever its ids will be",
    parameters={"outside": ["edge-*"]},
)
RESERVED = "reservedConcurrentExecutions"
CONCURRENCY = Cases(
    rule="function-concurrency-is-reserved",
    good={"reserved": [KILL_SWITCH], "another too": [changed(FUNCTION, {RESERVED: 5})]},
    bad={
        "not": ([changed(KILL_SWITCH, {RESERVED: GONE})], (RESERVED,)),
        "without limit": ([changed(KILL_SWITCH, {RESERVED: -1})], (RESERVED,)),
        "by its name": ([made(FUNCTION.type, "fn", name="prod-circuit-breakers")], (RESERVED,)),
        "switched off": ([changed(FUNCTION, {RESERVED: 0})], (RESERVED,)),
        "all of the account": ([changed(FUNCTION, {RESERVED: 900})], (RESERVED,)),
    },
    unknown={"number": ([changed(KILL_SWITCH, {RESERVED: UNKNOWN})], (RESERVED,))},
    skipped={"another": [FUNCTION]},
)
SIZES = Cases(
    rule="function-memory-and-time-are-chosen",
    good={"chosen": [FUNCTION], "text": [changed(FUNCTION, {"memorySize": "1024"})]},
    bad={
        "memory": ([changed(FUNCTION, {"memorySize": GONE})], ("memorySize",)),
        "time": ([changed(FUNCTION, {"timeout": GONE})], ("timeout",)),
        "much memory": ([changed(FUNCTION, {"memorySize": 10240})], ("memorySize",)),
        "no time": ([changed(FUNCTION, {"timeout": 0})], ("timeout",)),
    },
    unknown={"memory": ([changed(FUNCTION, {"memorySize": UNKNOWN})], ("memorySize",))},
    always=True,
)
PROVISIONED = made(
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", provisionedConcurrentExecutions=5
)
WARM = "provisionedConcurrentExecutions"
PROVISION = Cases(
    rule="function-provisioned-concurrency-is-limited",
    good={"some": [PROVISIONED]},
    bad={
        "many": ([changed(PROVISIONED, {WARM: 1000})], (WARM,)),
        "none": ([changed(PROVISIONED, {WARM: 0})], (WARM,)),
    },
    unknown={"number": ([changed(PROVISIONED, {WARM: UNKNOWN})], (WARM,))},
    always=True,
)
LOG = made("aws:cloudwatch/logGroup:LogGroup", retentionInDays=90)
DAYS = ("retentionInDays",)
RETENTION = Cases(
    rule="log-group-has-retention",
    good={"days": [LOG], "least": [changed(LOG, {"retentionInDays": "30"})]},
    bad={
        "not set": ([changed(LOG, {"retentionInDays": GONE})], DAYS),
        "for ever": ([changed(LOG, {"retentionInDays": 0})], DAYS),
        "short": ([changed(LOG, {"retentionInDays": 1})], DAYS),
        "no number": ([changed(LOG, {"retentionInDays": "long"})], DAYS),
    },
    unknown={"days": ([changed(LOG, {"retentionInDays": UNKNOWN})], DAYS)},
    always=True,
)

CASES: list[Cases] = [
    *(VALIDATES, CHECKS, THROTTLED, CHOSEN, PLANNED, ENDPOINT),
    *(IN_VPC, CONCURRENCY, SIZES, PROVISION, RETENTION),
]
