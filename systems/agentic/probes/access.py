"""Who may call the REST API: clients with a key, from pages of one origin (AGENTIC-05.2b, 05.5, 07.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.probing import Probe, ProbeContext, Resource, Trial, judged, probe, trial
from plumbline.probing.api import API, Route, routes
from plumbline.probing.calls import FUNCTION, run
from plumbline.probing.scenes import Scene
from systems.agentic.probes.rest import request
from systems.agentic.probes.scene import API as HANDLER
from systems.agentic.probes.scene import live

_GROUP = "access"
_OPEN = "GET /health"
_STRANGER = "https://plumbline-probe.example.org"
_ORIGIN = "header.Access-Control-Allow-Origin"
_WHY = "moto's API Gateway answers no request"


@probe(_GROUP, API)
def key_is_asked_for(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Every route but the health check asks for an API key, in the header, that a plan of the stage knows."""
    client = context.client("apigateway", api)
    source = client.get_rest_api(restApiId=api.id).get("apiKeySource", "HEADER")
    yield trial(source == "HEADER", "ask where the key stands", "in the header x-api-key", f"in {source}")
    for route in routes(context, api):
        if route.function is None:
            continue
        asked, wanted = bool(route.row.get("apiKeyRequired")), route.name != _OPEN
        evidence = "refused by the gateway" if wanted else "answered: anyone may ask"
        otherwise = "nobody asks for one" if wanted else "a key is asked for"
        yield judged(asked is wanted, f"{route.name} without a key", _WHY, evidence, otherwise)
    stages = {row.get("stage") for plan in _plans(client) for row in plan["apiStages"] if row["apiId"] == api.id}
    yield trial(bool(stages), "find a plan of keys for it", f"stage {', '.join(sorted(stages))}", "no plan has a stage")


@probe(_GROUP, API)
def preflight_answers_one_origin(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Before a page of another origin may call, the browser asks: each path names the one origin that is allowed."""
    allowed = context.settings["api"]["allowed_origin"]
    paths: dict[str, list[Route]] = {}
    for route in routes(context, api):
        paths.setdefault(route.path, []).append(route)
    for path, own in paths.items():
        called = [route for route in own if route.function is not None]
        if not called:
            continue
        asked = next((route for route in own if route.method == "OPTIONS"), None)
        headers = _headers(asked)
        good = asked is not None and not asked.row.get("apiKeyRequired") and asked.integration.get("type") == "MOCK"
        yield trial(good, f"OPTIONS {path} without a key", "the gateway answers", "it is not answered without a key")
        origin = headers.get("Access-Control-Allow-Origin")
        for page, wanted in ((allowed, True), (_STRANGER, False)):
            # A browser lets a page read the answer where the header is its own origin, or names all.
            may = origin in (page, "*")
            yield trial(may is wanted, f"OPTIONS {path} from {page}", f"{origin} is allowed", f"{origin} is allowed")
        methods = set((headers.get("Access-Control-Allow-Methods") or "").split(","))
        missing = {route.method for route in called} - methods
        yield trial(not missing, "read the methods", ", ".join(sorted(methods)), f"{', '.join(sorted(missing))} lacks")
        keyed = any(route.row.get("apiKeyRequired") for route in called)
        names = {name.strip().lower() for name in (headers.get("Access-Control-Allow-Headers") or "").split(",")}
        good = "x-api-key" in names or not keyed
        yield trial(good, "read the headers", ", ".join(sorted(names)), "a page cannot send its key")
    for kind, row in _refusals(context, api).items():
        origin = _plain(row.get(f"gatewayresponse.{_ORIGIN}"))
        tried = f"read the origin in the gateway's own {kind}"
        yield trial(origin == allowed, tried, str(origin), f"it is {origin}: a page cannot read why")


@probe(_GROUP, FUNCTION, where=lambda one: one.name == HANDLER)
def answer_names_one_origin(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """The function's own answers, good or bad, name the allowed origin and no other."""
    allowed = context.settings["api"]["allowed_origin"]
    with Scene(context):
        for method, path in (("GET", "/health"), ("GET", "/api/projects/{id}"), ("PATCH", "/api/projects")):
            event = {**request(method, path), "headers": {"Origin": _STRANGER}}
            answer = run(context, live(context, "api-handler"), event).result
            origin = (answer.get("headers") or {}).get("Access-Control-Allow-Origin")
            tried = f"{method} {path}: {answer['statusCode']}"
            yield trial(origin == allowed, tried, str(origin), f"the answer names {origin}")


def _plans(client: Any) -> list[Mapping[str, Any]]:
    return [{"apiStages": [], **plan} for plan in client.get_usage_plans()["items"]]


def _headers(route: Route | None) -> dict[str, str | None]:
    """Return the headers that the gateway answers a preflight with."""
    answers = (route.integration.get("integrationResponses") or {}).values() if route is not None else ()
    rows = [row.get("responseParameters") or {} for row in answers]
    return {name.rpartition("header.")[2]: _plain(text) for row in rows for name, text in row.items()}


def _plain(text: Any) -> str | None:
    """Return a header's value: API Gateway has fixed texts in quotes."""
    return text.strip("'") if isinstance(text, str) else None


def _refusals(context: ProbeContext, api: Resource) -> dict[str, Mapping[str, Any]]:
    rows = context.client("apigateway", api).get_gateway_responses(restApiId=api.id)["items"]
    found = {row["responseType"]: row.get("responseParameters") or {} for row in rows}
    return {kind: found.get(kind, {}) for kind in ("DEFAULT_4XX", "DEFAULT_5XX")}


PROBES: tuple[Probe, ...] = (key_is_asked_for, preflight_answers_one_origin, answer_names_one_origin)
