"""Fixtures of policies/rules/operations/observability_api_gateway.py."""

from __future__ import annotations

import dataclasses

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

API = made("aws:apigateway/restApi:RestApi", "api")
GROUP = made("aws:cloudwatch/logGroup:LogGroup", "log")
FORMAT = '{"requestId":"$context.requestId","status":$context.status,"error":$context.error.messageString}'
TEXT = "arn:aws:logs:eu-west-1:111122223333:log-group:access"
STAGE = made(
    "aws:apigateway/stage:Stage",
    refers={"restApi": API},
    stageName="v1",
    accessLogSettings={"destinationArn": TEXT, "format": FORMAT},
    xrayTracingEnabled=True,
)
TO_COME = dataclasses.replace(
    changed(STAGE, {"accessLogSettings.destinationArn": UNKNOWN}),
    property_dependencies={"accessLogSettings": (GROUP.urn,)},
)
TO_BUCKET = dataclasses.replace(
    TO_COME, property_dependencies={"accessLogSettings": (made("aws:s3/bucket:Bucket", "files").urn,)}
)
OTHER = made("aws:apigateway/stage:Stage", "other", refers={"restApi": API}, stageName="v2")
SETTINGS = made(
    "aws:apigateway/methodSettings:MethodSettings",
    refers={"restApi": API},
    stageName="v1",
    methodPath="*/*",
    settings={"loggingLevel": "INFO", "metricsEnabled": True, "dataTraceEnabled": False},
)
OF_OUTPUT = made(
    "aws:apigateway/methodSettings:MethodSettings",
    refers={"restApi": API, "stageName": STAGE},
    methodPath="*/*",
    settings={"loggingLevel": "ERROR"},
)
ONE = changed(SETTINGS, {"methodPath": "items/GET"})
OF_ONE = made("aws:apigateway/stage:Stage", restApi="abc123", stageName="v1")
OF_TWO = made("aws:apigateway/methodSettings:MethodSettings", restApi="def456", stageName="v1", methodPath="*/*")
SOCKETS = made("aws:apigatewayv2/api:Api", "sockets", protocolType="WEBSOCKET")
HTTP = made("aws:apigatewayv2/api:Api", "http", protocolType="HTTP")
SOCKET_STAGE = made(
    "aws:apigatewayv2/stage:Stage",
    refers={"apiId": SOCKETS},
    accessLogSettings={"destinationArn": TEXT, "format": FORMAT},
    defaultRouteSettings={"loggingLevel": "INFO", "dataTraceEnabled": False},
    routeSettings=[{"routeKey": "$connect", "loggingLevel": "ERROR"}],
)
HTTP_STAGE = made("aws:apigatewayv2/stage:Stage", refers={"apiId": HTTP}, autoDeploy=True)
LEVEL, DEFAULT = "settings.loggingLevel", "defaultRouteSettings.loggingLevel"
DESTINATION, FORM = "accessLogSettings.destinationArn", "accessLogSettings.format"
TRACE, TRACES = "settings.dataTraceEnabled", "defaultRouteSettings.dataTraceEnabled"

CASES = [
    Cases(
        rule="api-stage-logs-executions",
        good={
            "stage": [STAGE, SETTINGS, API],
            "stage's output": [STAGE, OF_OUTPUT, API],
            "known API": [changed(STAGE, {"restApi": "abc123"}), changed(SETTINGS, {"restApi": "abc123"})],
            "settings": [SETTINGS, STAGE, API],
            "sockets": [SOCKET_STAGE, SOCKETS],
            "unknown API": [SOCKET_STAGE],
        },
        bad={
            "no settings": ([STAGE, API], ("",)),
            "of a method": ([STAGE, ONE, API], ("",)),
            "of another stage": ([OTHER, SETTINGS, API], ("",)),
            "of another API": ([OF_ONE, OF_TWO], ("",)),
            "settings off": ([changed(SETTINGS, {LEVEL: "OFF"}), STAGE, API], (LEVEL,)),
            "no level": ([changed(SETTINGS, {LEVEL: GONE}), STAGE, API], (LEVEL,)),
            "method off": ([changed(ONE, {LEVEL: "off"}), STAGE, API], (LEVEL,)),
            "sockets off": ([changed(SOCKET_STAGE, {DEFAULT: "OFF"}), SOCKETS], (DEFAULT,)),
            "sockets not set": ([changed(SOCKET_STAGE, {"defaultRouteSettings": GONE}), SOCKETS], (DEFAULT,)),
            "route off": (
                [changed(SOCKET_STAGE, {"routeSettings.0.loggingLevel": "OFF"}), SOCKETS],
                ("routeSettings.0.loggingLevel",),
            ),
        },
        unknown={
            "level": ([changed(SETTINGS, {LEVEL: UNKNOWN}), STAGE, API], (LEVEL,)),
            "methods": ([STAGE, changed(SETTINGS, {"methodPath": UNKNOWN}), API], ("",)),
            "sockets": ([changed(SOCKET_STAGE, {DEFAULT: UNKNOWN}), SOCKETS], (DEFAULT,)),
        },
        skipped={"HTTP": [HTTP_STAGE, HTTP], "no API": [HTTP_STAGE]},
    ),
    Cases(
        rule="api-stage-logs-access",
        good={
            "stage": [STAGE],
            "to come": [TO_COME],
            "stream": [
                changed(
                    STAGE, {DESTINATION: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/amazon-apigateway-a"}
                )
            ],
            "V2": [SOCKET_STAGE],
        },
        bad={
            "not set": ([changed(STAGE, {"accessLogSettings": GONE})], (DESTINATION,)),
            "null": ([changed(STAGE, {"accessLogSettings": None})], (DESTINATION,)),
            "no destination": ([changed(STAGE, {DESTINATION: ""})], (DESTINATION,)),
            "bucket": ([changed(STAGE, {DESTINATION: "arn:aws:s3:::test-files"})], (DESTINATION,)),
            "bucket to come": ([TO_BUCKET], (DESTINATION,)),
            "name": ([changed(STAGE, {DESTINATION: "access"})], (DESTINATION,)),
            "cut short": ([changed(STAGE, {DESTINATION: "arn"})], (DESTINATION,)),
            "V2": ([HTTP_STAGE], (DESTINATION,)),
        },
        never_unknown="a destination that only AWS can decide is set",
        always=True,
    ),
    Cases(
        rule="api-access-log-is-structured",
        good={
            "stage": [STAGE],
            "quoted": [changed(STAGE, {FORM: '{"id": "$context.extendedRequestId"}'})],
            "claims": [changed(STAGE, {FORM: '{"id":"$context.requestId","t":"$context.authorizer.claims.custom:t"}'})],
            "V2": [SOCKET_STAGE],
        },
        bad={
            "common log format": (
                [changed(STAGE, {FORM: '$context.identity.sourceIp "$context.httpMethod" $context.requestId'})],
                (FORM,),
            ),
            "XML": ([changed(STAGE, {FORM: '<request id="$context.requestId"/>'})], (FORM,)),
            "no request": ([changed(STAGE, {FORM: '{"status":"$context.status"}'})], (FORM,)),
            "list": ([changed(STAGE, {FORM: '["$context.requestId"]'})], (FORM,)),
            "text": ([changed(STAGE, {FORM: '"$context.requestId"'})], (FORM,)),
            "deep": ([changed(STAGE, {FORM: "[" * 100_000 + "$context.requestId"})], (FORM,)),
            "no text": ([changed(STAGE, {FORM: {"id": "$context.requestId"}})], (FORM,)),
            "not set": ([changed(SOCKET_STAGE, {FORM: GONE})], (FORM,)),
        },
        unknown={"format": ([changed(STAGE, {FORM: UNKNOWN})], (FORM,))},
        skipped={"no access log": [HTTP_STAGE]},
    ),
    Cases(
        rule="api-stage-traces-requests",
        good={"on": [STAGE]},
        bad={
            "off": ([changed(STAGE, {"xrayTracingEnabled": False})], ("xrayTracingEnabled",)),
            "not set": ([changed(STAGE, {"xrayTracingEnabled": GONE})], ("xrayTracingEnabled",)),
        },
        unknown={"enabled": ([changed(STAGE, {"xrayTracingEnabled": UNKNOWN})], ("xrayTracingEnabled",))},
        always=True,
    ),
    Cases(
        rule="api-logs-without-bodies",
        good={
            "off": [SETTINGS],
            "not set": [changed(SETTINGS, {TRACE: GONE})],
            "sockets": [SOCKET_STAGE],
            "nothing": [HTTP_STAGE],
        },
        bad={
            "on": ([changed(SETTINGS, {TRACE: True})], (TRACE,)),
            "text": ([changed(SETTINGS, {TRACE: "true"})], (TRACE,)),
            "sockets": ([changed(SOCKET_STAGE, {TRACES: True})], (TRACES,)),
            "route": (
                [changed(SOCKET_STAGE, {"routeSettings.0.dataTraceEnabled": True})],
                ("routeSettings.0.dataTraceEnabled",),
            ),
        },
        unknown={
            "trace": ([changed(SETTINGS, {TRACE: UNKNOWN})], (TRACE,)),
            "routes": ([changed(SOCKET_STAGE, {"routeSettings": UNKNOWN})], ("routeSettings",)),
        },
        always=True,
    ),
]
