"""WebSocket and HTTP APIs (AWS: API Gateway V2 reference, "Amazon API Gateway quotas for WebSocket APIs")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

API = "aws:apigatewayv2/api:Api"
ROUTE = "aws:apigatewayv2/route:Route"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
STAGE = "aws:apigatewayv2/stage:Stage"
_SELECTION = re.compile(r"\$\{?request\.body\.[A-Za-z0-9_.\-\[\]]+\}?(.*\$\{?request\.body\.[A-Za-z0-9_.\-\[\]]+\}?)*")
_HTTP_SELECTION = ("$request.method $request.path", "${request.method} ${request.path}")
_KEYS = ("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")
_HTTP_KEY = re.compile(r"\$default|(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) /\S*")
_TIMEOUTS = {"WEBSOCKET": (50, 29_000), "HTTP": (50, 30_000)}
_LONGEST_NAME = 128
_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


def _protocol(item: Resource, graph: StackGraph) -> str | None:
    """Return the protocol of the API that something is part of, None where it is not known."""
    api = behind(item, "apiId", graph, API)
    protocol = api.get("protocolType") if api is not None else None
    return protocol if isinstance(protocol, str) else None


@for_types(API)
def api(api: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A WebSocket API chooses its routes by a message's body, and takes keys from the header or its authorizer."""
    protocol, name = api.get("protocolType"), api.get("name")
    if isinstance(name, str) and not 1 <= len(name) <= _LONGEST_NAME:
        yield "name", f"{len(name)} characters given; allowed: 1 to {_LONGEST_NAME}"
    selection, key = api.get("routeSelectionExpression"), api.get("apiKeySelectionExpression")
    if protocol == "WEBSOCKET":
        if selection is None:
            yield "routeSelectionExpression", "missing; a WebSocket API needs it, such as $request.body.action"
        elif isinstance(selection, str) and not _SELECTION.fullmatch(selection):
            yield "routeSelectionExpression", f"{selection!r} given; allowed: a path like $request.body.action"
        if api.get("corsConfiguration") is not None:
            yield "corsConfiguration", "given, but only an HTTP API takes it"
    elif protocol == "HTTP" and isinstance(selection, str) and selection not in _HTTP_SELECTION:
        yield "routeSelectionExpression", f"{selection!r} given; allowed: {_HTTP_SELECTION[0]}"
    if isinstance(key, str) and key not in _KEYS:
        yield "apiKeySelectionExpression", f"{key!r} given; allowed: {' or '.join(_KEYS)}"


@for_types(ROUTE)
def route(route: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A route's key is of its API's kind and there once; who may call is asked at $connect alone, by what it names."""
    protocol, key = _protocol(route, graph), route.get("routeKey")
    api = behind(route, "apiId", graph, API)
    if isinstance(key, str):
        if protocol == "HTTP" and not _HTTP_KEY.fullmatch(key):
            yield "routeKey", f"{key!r} given; allowed: a method and a path, such as GET /orders, or $default"
        others = Counter(
            other.get("routeKey")
            for other in graph.of_type(ROUTE)
            if api is not None and behind(other, "apiId", graph, API) is api
        )
        if others[key] > 1:
            yield "routeKey", f"{key!r} given to {others[key]} routes of the API; each is there once"
    kind = route.get("authorizationType", "NONE")
    if kind in ("CUSTOM", "JWT") and route.get("authorizerId") is None:
        yield "authorizerId", f"missing; authorizationType {kind} needs it"
    if protocol == "WEBSOCKET" and kind not in ("NONE", UNKNOWN) and isinstance(key, str) and key != "$connect":
        yield "authorizationType", f"{kind} given; a WebSocket API asks at $connect alone who may call"
    if protocol == "HTTP" and route.get("apiKeyRequired") is True:
        yield "apiKeyRequired", "given, but an HTTP API knows no API keys"


@for_types(INTEGRATION)
def integration(integration: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A time is one that API Gateway waits, and an integration leads somewhere."""
    most, protocol = integration.get("timeoutMilliseconds"), _protocol(integration, graph)
    low, high = _TIMEOUTS.get(protocol or "", _TIMEOUTS["HTTP"])
    if isinstance(most, int) and not low <= most <= high:
        yield "timeoutMilliseconds", f"{most} given; allowed: {low} to {high}"
    kind, subtype = integration.get("integrationType"), integration.get("integrationSubtype")
    if isinstance(kind, str) and kind != "MOCK" and integration.get("integrationUri") is None and subtype is None:
        yield "integrationUri", f"missing; an integration of type {kind} needs it"


@for_types(AUTHORIZER)
def authorizer(authorizer: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A WebSocket API asks functions only, and by what a client sends as it connects."""
    kind, sources = authorizer.get("authorizerType"), authorizer.get("identitySources", [])
    if kind == "REQUEST" and authorizer.get("authorizerUri") is None:
        yield "authorizerUri", "missing; a REQUEST authorizer is a function"
    if _protocol(authorizer, graph) != "WEBSOCKET":
        return
    if isinstance(kind, str) and kind != "REQUEST":
        yield "authorizerType", f"{kind} given; a WebSocket API takes REQUEST alone"
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(source, str) and not re.fullmatch(
            r"route\.request\.(header|querystring)\.[\w-]+|(stageVariables|context)\.[\w.-]+", source
        ):
            yield f"identitySources[{number}]", f"{source!r} given; allowed: such as route.request.querystring.key"


@for_types(STAGE)
def stage(stage: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A stage's name is one; a WebSocket API has no stage $default; one that deploys by itself names no deployment."""
    name, protocol = stage.get("name"), _protocol(stage, graph)
    http_default = name == "$default" and protocol != "WEBSOCKET"
    if isinstance(name, str) and not _STAGE_NAME.fullmatch(name) and not http_default:
        yield "name", f"{name!r} given; allowed: 1 to 128 letters, digits, _ and -"
    if stage.get("autoDeploy") is True and stage.get("deploymentId") is not None:
        yield "deploymentId", "given together with autoDeploy, which makes its own"
    level = stage.get("defaultRouteSettings.loggingLevel")
    if protocol == "HTTP" and level not in (None, UNKNOWN, "OFF"):
        yield "defaultRouteSettings.loggingLevel", f"{level} given, but only a WebSocket API writes such a log"
