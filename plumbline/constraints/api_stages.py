"""API Gateway REST: deployments, stages and their settings, usage plans, keys and domains.

Sources are the API's reference, "Deploying a REST API", "Set up CloudWatch logging" and "Usage plans and API keys".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.api import (
    INTEGRATION,
    INTEGRATION_RESPONSE,
    METHOD,
    METHOD_RESPONSE,
    REST_API,
    VERBS,
    api_of,
)
from plumbline.constraints.api_requests import GATEWAY_RESPONSE
from plumbline.constraints.networks import earlier, known_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal

DEPLOYMENT = "aws:apigateway/deployment:Deployment"
STAGE = "aws:apigateway/stage:Stage"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
USAGE_PLAN = "aws:apigateway/usagePlan:UsagePlan"
API_KEY = "aws:apigateway/apiKey:ApiKey"
PLAN_KEY = "aws:apigateway/usagePlanKey:UsagePlanKey"
DOMAIN = "aws:apigateway/domainName:DomainName"
PATH_MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
_CONTENT = (METHOD, INTEGRATION, METHOD_RESPONSE, INTEGRATION_RESPONSE, GATEWAY_RESPONSE)
_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_VARIABLE = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")
_LOG_DESTINATION = re.compile(
    r"arn:[a-z-]+:(logs:[^:]+:\d{12}:log-group:[^:]+(:\*)?|firehose:[^:]+:\d{12}:deliverystream/amazon-apigateway-.+)"
)
_REQUEST_IDS = ("$context.requestId", "$context.extendedRequestId")
_LONGEST_FORMAT = 3_072
_METHOD_PATH = re.compile(rf"\*/\*|[^/]+/({'|'.join(VERBS)}|\*)")
_LEVELS = ("OFF", "ERROR", "INFO")
_LONGEST_CACHE = 3_600
_CACHE_SETTINGS = ("cachingEnabled", "cacheTtlInSeconds", "cacheDataEncrypted")
_KEY_LENGTH = (20, 128)
_OFFSETS = {"DAY": 0, "WEEK": 6, "MONTH": 27}


@for_types(DEPLOYMENT)
def deployment(deployment: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A deployment comes after all that it deploys, and is made anew when that changes."""
    api = api_of(deployment, graph)
    if api is None or api.get("body") is not None:
        return
    content = [item for item in graph.of_type(*_CONTENT) if api_of(item, graph) is api]
    for item in content:
        if item.urn not in graph.needs(deployment.urn):
            yield "", f"must depend on {item.display}"
    unplaced = any(api_of(item, graph) is None for item in graph.of_type(METHOD))
    if not unplaced and not any(item.type == METHOD for item in content):
        yield "restApi", f"{api.display} has no methods, and is not deployed without"
    if content and deployment.get("triggers") in (None, {}):
        yield "triggers", "missing; without them a change of the API is never deployed"


@for_types(STAGE)
def stage(stage: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A stage has a name of its own in its API, variables of few characters, and a deployment of the same API."""
    name, variables = stage.get("stageName"), stage.get("variables", {})
    if isinstance(name, str) and not _STAGE_NAME.fullmatch(name):
        yield "stageName", f"{name!r} given; allowed: 1 to 128 letters, digits, _ and -"
    api, deployed = api_of(stage, graph), behind(stage, "deployment", graph, DEPLOYMENT)
    for other in earlier(stage, graph):
        if isinstance(name, str) and other.get("stageName") == name and api is not None and api_of(other, graph) is api:
            yield "stageName", f"{name!r} is the name of {other.display} too"
    owner = api_of(deployed, graph) if deployed is not None else None
    if deployed is not None and owner is not None and api is not None and owner is not api:
        yield "deployment", f"{deployed.display} is of {owner.display}, the stage of {api.display}"
    for key, value in variables.items() if isinstance(variables, Mapping) else ():
        if not _VARIABLE.fullmatch(key) or (isinstance(value, str) and not _VARIABLE_VALUE.fullmatch(value)):
            yield f"variables.{key}", "a name has letters, digits and _, a value besides them -._~:/?#&=,"
    percent = stage.get("canarySettings.percentTraffic")
    if isinstance(percent, int | float) and not 0 <= percent <= 100:
        yield "canarySettings.percentTraffic", f"{percent} given; allowed: 0 to 100"


@for_types(STAGE)
def access_logs(stage: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Access logs go to a log group or a Firehose stream, in one line with the id of the request."""
    destination, form = (stage.get(f"accessLogSettings.{part}") for part in ("destinationArn", "format"))
    if isinstance(destination, str) and not _LOG_DESTINATION.fullmatch(destination):
        allowed = "the ARN of a log group, or of a Firehose stream called amazon-apigateway-..."
        yield "accessLogSettings.destinationArn", f"{destination!r} given; allowed: {allowed}"
    if not isinstance(form, str):
        return
    if not any(id_ in form for id_ in _REQUEST_IDS):
        yield "accessLogSettings.format", f"{' or '.join(_REQUEST_IDS)} is missing in it"
    if "\n" in form.rstrip("\n"):
        yield "accessLogSettings.format", "several lines given; one is needed"
    if len(form.encode()) > _LONGEST_FORMAT:
        yield "accessLogSettings.format", f"{len(form.encode())} bytes given; allowed: at most {_LONGEST_FORMAT}"


@for_types(SETTINGS)
def settings(settings: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Settings are of all methods or of one, with values that API Gateway takes, on a stage that is there."""
    path, level = settings.get("methodPath"), settings.get("settings.loggingLevel")
    if isinstance(path, str) and not _METHOD_PATH.fullmatch(path):
        allowed = "*/*, or path/VERB such as orders~1{id}/GET, with ~1 for the slashes of the path"
        yield "methodPath", f"{path!r} given; allowed: {allowed}"
    if isinstance(level, str) and level not in _LEVELS:
        yield "settings.loggingLevel", f"{level!r} given; allowed: {', '.join(_LEVELS)}"
    for name in ("throttlingBurstLimit", "throttlingRateLimit"):
        value = settings.get(f"settings.{name}")
        if isinstance(value, int | float) and value < 0 and value != -1:
            yield f"settings.{name}", f"{value} given; allowed: from 0, or -1 for no limit"
    seconds = settings.get("settings.cacheTtlInSeconds")
    if isinstance(seconds, int) and not 0 <= seconds <= _LONGEST_CACHE:
        yield "settings.cacheTtlInSeconds", f"{seconds} given; allowed: 0 to {_LONGEST_CACHE}"
    name = settings.get("stageName")
    if isinstance(name, str):
        yield from _stage_first("stageName", name, settings, graph)


@for_types(SETTINGS)
def caching(settings: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Answers are cached only where the stage has a cache cluster."""
    stage = _stage(settings, graph)
    if stage is None or stage.get("cacheClusterEnabled", False) is not False:
        return
    for name in _CACHE_SETTINGS:
        if settings.get(f"settings.{name}") not in (None, False, UNKNOWN):
            yield f"settings.{name}", f"given, but {stage.display} has no cache cluster (cacheClusterEnabled)"


def _stage(settings: Resource, graph: StackGraph) -> Resource | None:
    depended = [graph.resources.get(urn) for urn in settings.property_dependencies.get("stageName", ())]
    found = [item for item in depended if item is not None and item.type == STAGE]
    if not found:
        found = _stages(settings.get("stageName"), api_of(settings, graph), graph)
    return found[0] if len(found) == 1 else None


def _stages(name: Any, api: Resource | None, graph: StackGraph) -> list[Resource]:
    """Return the stages of a name, of an API where that is known."""
    same = [item for item in graph.of_type(STAGE) if isinstance(name, str) and item.get("stageName") == name]
    return [item for item in same if api is None or api_of(item, graph) in (api, None)]


def _stage_first(place: str, name: str, item: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Yield that a stage which is named is not in the stack, or that it is not depended on."""
    stages = graph.of_type(STAGE)
    found = _stages(name, api_of(item, graph), graph)
    if stages and not found and all(isinstance(stage.get("stageName"), str) for stage in stages):
        yield place, f"no stage {name!r} of the API in the stack"
    elif found and not any(stage.urn in graph.needs(item.urn) for stage in found):
        yield place, f"names {found[0].display} without depending on it; use its output"


@for_types(SETTINGS)
def settings_once(settings: Resource, graph: StackGraph) -> Iterator[Finding]:
    """No two settings are of the same methods of a stage: they would overwrite each other."""
    stage, path = _stage(settings, graph), settings.get("methodPath")
    for other in earlier(settings, graph) if stage is not None and isinstance(path, str) else ():
        if other.get("methodPath") == path and _stage(other, graph) is stage:
            yield "methodPath", f"{path!r} is that of {other.display} too"


@for_types(USAGE_PLAN)
def usage_plan(plan: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A plan has limits that are numbers from 0, a quota for a period, and stages that are there."""
    limit, period, offset = (plan.get(f"quotaSettings.{part}") for part in ("limit", "period", "offset"))
    if isinstance(limit, int) and limit < 1:
        yield "quotaSettings.limit", f"{limit} given; allowed: from 1"
    if isinstance(offset, int) and isinstance(period, str) and not 0 <= offset <= _OFFSETS.get(period, offset):
        yield "quotaSettings.offset", f"{offset} given; allowed for {period}: 0 to {_OFFSETS[period]}"
    for name in ("burstLimit", "rateLimit"):
        value = plan.get(f"throttleSettings.{name}")
        if isinstance(value, int | float) and value < 0:
            yield f"throttleSettings.{name}", f"{value} given; allowed: from 0"
    for index, row in enumerate(known_rows(plan.get("apiStages"))):
        stage = row.get("stage")
        if isinstance(stage, str):
            yield from _stage_first(f"apiStages[{index}].stage", stage, plan, graph)
        for position, throttle in enumerate(known_rows(row.get("throttles"))):
            path = throttle.get("path")
            if isinstance(path, str) and not re.fullmatch(rf"/.*/({'|'.join(VERBS)})", path):
                place = f"apiStages[{index}].throttles[{position}].path"
                yield place, f"{path!r} given; allowed: /path/VERB such as /orders/{{id}}/GET"


@for_types(API_KEY)
def api_key(key: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The value of a key has 20 to 128 characters."""
    # The SDK marks the value as a secret; its length is no secret.
    value, (low, high) = reveal(key.get("value")), _KEY_LENGTH
    if isinstance(value, str) and not low <= len(value) <= high:
        yield "value", f"{len(value)} characters given; allowed: {low} to {high}"


@for_types(PLAN_KEY)
def plan_key(key: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A key is in a plan once, and is an API key."""
    kind, own = key.get("keyType"), behind(key, "keyId", graph, API_KEY)
    if isinstance(kind, str) and kind != "API_KEY":
        yield "keyType", f"{kind!r} given; allowed: API_KEY"
    plan = behind(key, "usagePlanId", graph, USAGE_PLAN)
    if own is None or plan is None:
        return
    for other in earlier(key, graph):
        if behind(other, "keyId", graph, API_KEY) is own and behind(other, "usagePlanId", graph, USAGE_PLAN) is plan:
            yield "keyId", f"{own.display} is in the plan by {other.display} already"


@for_types(DOMAIN)
def domain(domain: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A domain has a validated certificate: of its own region for a regional endpoint, of us-east-1 for an edge one."""
    type_ = domain.get("endpointConfiguration.types", "EDGE")
    if type_ not in ("EDGE", "REGIONAL"):
        return
    wanted, other = "regionalCertificateArn", "certificateArn"
    if type_ == "EDGE":
        wanted, other = other, wanted
    if domain.get(other) is not None:
        yield other, f"given, but an endpoint of type {type_} takes {wanted}"
    if domain.get(wanted) is None and domain.get(wanted.replace("Arn", "Name")) is None:
        yield wanted, f"missing; an endpoint of type {type_} needs it"
    region = region_of(domain, graph) if type_ == "REGIONAL" else "us-east-1"
    given = domain.get(wanted)
    match = re.match(r"arn:[a-z-]+:acm:([a-z0-9-]+):", given) if isinstance(given, str) else None
    if match is not None and region not in (None, match[1]):
        yield wanted, f"a certificate in {match[1]} given; one in {region} is needed"
    issued = behind(domain, wanted, graph, CERTIFICATE, VALIDATION)
    place = region_of(issued, graph) if issued is not None and match is None else None
    if issued is not None and None not in (place, region) and place != region:
        yield wanted, f"{issued.display} is in {place}; one in {region} is needed"
    if issued is not None and issued.type == CERTIFICATE and issued.get("validationMethod") == "DNS":
        yield wanted, f"{issued.display} may not be issued yet; use the output of its CertificateValidation"


@for_types(DOMAIN)
def access_mode(domain: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A newer security policy goes with an endpoint access mode, and an older one without."""
    policy, mode = domain.get("securityPolicy"), domain.get("endpointAccessMode")
    if not isinstance(policy, str):
        return
    if policy.startswith("SecurityPolicy_") and mode is None:
        yield "endpointAccessMode", f"missing; security policy {policy} needs it"
    if not policy.startswith("SecurityPolicy_") and mode is not None:
        yield "endpointAccessMode", f"given, but security policy {policy} has none"


@for_types(PATH_MAPPING)
def path_mapping(mapping: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A mapping leads to a stage that is there."""
    name = mapping.get("stageName")
    if isinstance(name, str):
        yield from _stage_first("stageName", name, mapping, graph)


__all__ = ["API_KEY", "DEPLOYMENT", "REST_API", "SETTINGS", "STAGE", "USAGE_PLAN"]
