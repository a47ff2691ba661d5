"""API Gateway: execution logs, access logs and traces."""

from __future__ import annotations

import json
import re
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_false,
    check_true,
    check_word,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.observability_delivery import FIREHOSE, LOG_GROUP, delivers

STAGE = "aws:apigateway/stage:Stage"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
V2_STAGE = "aws:apigatewayv2/stage:Stage"
V2_API = "aws:apigatewayv2/api:Api"
_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
_ACCESS = "accessLogSettings"
_VARIABLE = re.compile(r"\$context\.[\w.:$-]+")


@rule(
    "OP-205",
    "api-stage-logs-executions",
    pack="operations",
    types=(STAGE, SETTINGS, V2_STAGE),
    severity="medium",
    scope="stack",
    rationale="Why the gateway refused or failed a request is in the execution log, and nowhere else.",
    url=f"{_GUIDE}/set-up-logging.html",
    remediation='Add aws.apigateway.MethodSettings for "*/*" of the stage with logging_level "INFO" or "ERROR"; '
    "settings of single methods need theirs as well.",
    controls=("APIGateway.1", "CKV2_AWS_4", "AwsSolutions-APIG6"),
    criteria=("TRADING-07.5",),
    parameters={"levels": ["INFO", "ERROR"]},
)
def executions(view: View) -> Outcome:
    """HTTP APIs have no execution log; the settings of single methods replace those of all, so each is judged."""
    if view.type == SETTINGS:
        return _level(view, "settings.loggingLevel")
    if view.type == V2_STAGE:
        return _socket(view)
    expected = "settings of all methods (*/*) with a log level"
    paths = [each.get("methodPath") for each in view.of_type(SETTINGS) if _of_stage(each, view)]
    if any(isinstance(path, str) and path.strip("/") == "*/*" for path in paths):
        return PASS
    if any(path is UNKNOWN for path in paths):
        return unknown("", expected)
    return fail("", "settings of some methods only" if paths else "no settings of methods", expected)


def _level(view: View, path: str) -> Outcome:
    return check_word(view, path, view.parameters["levels"], default="OFF", known=("OFF",))


def _of_stage(settings: View, stage: View) -> bool:
    """Say whether settings are of a stage: by its outputs, or by its name and the same API."""
    names = settings.get("stageName"), stage.get("stageName")
    if all(isinstance(name, str) for name in names) and names[0] != names[1]:
        return False
    own = settings.resource.property_dependencies
    if stage.resource.urn in (*own.get("stageName", ()), *own.get("restApi", ())):
        return True
    apis = set(own.get("restApi", ())) & set(stage.resource.property_dependencies.get("restApi", ()))
    known = isinstance(settings.get("restApi"), str) and settings.get("restApi") == stage.get("restApi")
    return names[0] == names[1] and (bool(apis) or known)


def _socket(view: View) -> Outcome:
    apis = [api for api in view.of_type(V2_API) if view.refers_to("apiId", api)]
    kinds = [api.get("protocolType") for api in apis]
    default = "defaultRouteSettings.loggingLevel"
    if not any(str(kind).upper() == "WEBSOCKET" for kind in kinds):
        # A stage whose API is not in the stack, or not known, is one of WebSockets where it has a level.
        return _level(view, default) if not kinds and view.is_set(default) else NOT_APPLICABLE
    routes = [f"{path}.loggingLevel" for path in places(view, "routeSettings") or ()]
    return all_of([_level(view, default), *(_level(view, path) for path in routes)])


@rule(
    "OP-206",
    "api-stage-logs-access",
    pack="operations",
    types=(STAGE, V2_STAGE),
    severity="medium",
    rationale="The access log says who called what, when and with which result, of refused calls too.",
    url=f"{_GUIDE}/set-up-logging.html",
    remediation="Set access_log_settings with destination_arn the ARN of a log group or of a Firehose stream.",
    controls=(
        *("APIGateway.9", "CKV_AWS_76", "AwsSolutions-APIG1", "Serverless-APIGWAccessLogging"),
        "aws-apigatewayv2-stage-enable-access-logging",
    ),
    criteria=("TRADING-07.5",),
)
def access(view: View) -> Outcome:
    return delivers(view, f"{_ACCESS}.destinationArn", [LOG_GROUP, FIREHOSE], "the ARN of a log group")


@rule(
    "OP-207",
    "api-access-log-is-structured",
    pack="operations",
    types=(STAGE, V2_STAGE),
    severity="medium",
    rationale="Logs Insights and metric filters read JSON by field; other formats need an expression per question.",
    url=f"{_GUIDE}/set-up-logging.html",
    remediation="Give access_log_settings a format that is a JSON object, with $context.requestId among its values.",
    controls=("Serverless-APIGWStructuredLogging",),
    criteria=("TRADING-07.5",),
)
def structured(view: View) -> Outcome:
    if not view.is_set(_ACCESS):
        return NOT_APPLICABLE
    return check(view, f"{_ACCESS}.format", _is_structured, "a JSON object with $context.requestId")


def _is_structured(text: Any) -> bool:
    """Say whether a format gives a JSON object. Variables without quotes stand for numbers, or bring their quotes."""
    if "$context.requestId" not in text and "$context.extendedRequestId" not in text:
        return False
    try:
        return isinstance(json.loads(_VARIABLE.sub("0", text)), dict)
    except RecursionError:
        return False


@rule(
    "OP-208",
    "api-stage-traces-requests",
    pack="operations",
    types=(STAGE,),
    severity="low",
    rationale="A trace that starts at the gateway has the time a request waited before any code ran.",
    url=f"{_GUIDE}/apigateway-xray.html",
    remediation="Set xray_tracing_enabled=True.",
    controls=("APIGateway.3", "CKV_AWS_73", "Serverless-APIGWXrayEnabled"),
    criteria=("MOMENTUM-4.2.5",),
)
def traced(view: View) -> Outcome:
    return check_true(view, "xrayTracingEnabled")


@rule(
    "OP-209",
    "api-logs-without-bodies",
    pack="operations",
    types=(SETTINGS, V2_STAGE),
    severity="medium",
    rationale="Data traces write bodies and tokens of each request into a log that many may read.",
    url=f"{_GUIDE}/set-up-logging.html",
    remediation="Leave data_trace_enabled out, or set it to False.",
    controls=("CKV_AWS_276",),
)
def data_trace(view: View) -> Outcome:
    if view.type == SETTINGS:
        return check_false(view, "settings.dataTraceEnabled")
    routes = places(view, "routeSettings")
    outcomes = [check_false(view, f"{path}.dataTraceEnabled") for path in ("defaultRouteSettings", *(routes or ()))]
    if routes is None:
        outcomes.append(unknown("routeSettings", "no data traces"))
    return all_of(outcomes)
