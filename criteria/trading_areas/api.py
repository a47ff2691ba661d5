"""Requirement 07: the REST API. Its firewall, domain and certificate are judged where they are built."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from criteria.common.lookups import FUNCTION, LOG_GROUP, Word, best, is_given, worst
from criteria.common.rest_api import REST_API, STAGE, Route, api_of, proxied, routes, settings_of
from criteria.common.rest_limits import (
    ALL_METHODS,
    API_KEY,
    USAGE_PLAN,
    allow_only,
    covers_stage,
    is_validated,
    of_all_methods,
    plans_of,
    throttled,
)
from criteria.common.rights import one
from criteria.trading_areas.common import by_name, facts, function_rows
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
_GUARDED = ("COGNITO_USER_POOLS", "CUSTOM")
_DECISION_API_HANDLERS, _DECISION_FRESH = 9, 55


def api_handlers() -> list[str]:
    return [name for name, _, kind, _ in function_rows() if kind == "api"]


@criterion("TRADING-07.1")
def regional(subject: Subject) -> Verdict:
    """The API is regional, and a stage serves it."""
    wanted = subject.facts["endpoint"]
    findings = []
    for api in subject.graph.of_type(REST_API):
        findings.append(claim(api, "endpointConfiguration.types", lambda given: given in (wanted, [wanted])))
        served = [api_of(subject.graph, stage, "restApi") for stage in subject.graph.of_type(STAGE)]
        word = best("pass" if found is api else "fail" if found else known for found, known in served)
        findings.append(Finding(api, "", word))
    return combine(findings, "settings and stages of REST APIs", f"make the API {wanted} and serve it")


@criterion("TRADING-07.2")
def integrations(subject: Subject) -> Verdict:
    """Every method but those of CORS calls the alias of an API handler, which lets the API do so.

    Background processors answer nobody: they are no handlers of requests (docs/decisions.md, 9).
    """
    wanted, handlers = subject.facts["integration"], set(api_handlers())
    found: set[str] = set()
    findings = []
    for route in routes(subject.graph):
        if route.calls_nobody:
            continue
        function, word = proxied(subject, route, wanted)
        words = [word]
        if function is not None:
            name = str(function.get("name")).removeprefix(f"{subject.environment}-")
            found.add(name)
            words.append("pass" if name in handlers else "fail")
        findings.append(Finding(route.integration or route.method, "uri", worst(words)))
    verdict = combine(findings, "methods", "call the handlers' aliases by proxy integrations", _DECISION_API_HANDLERS)
    missing = handlers - found
    if missing and verdict.word == "deviation":
        return Verdict("fail", f"no method calls {', '.join(sorted(missing))}")
    return verdict


def _origin(subject: Subject) -> str:
    return f"https://{subject.settings.get('domains', {}).get('frontend')}"


@criterion("TRADING-07.3")
def cors(subject: Subject) -> Verdict:
    """Preflight answers, answers of the gateway itself, and the handlers name the front end's origin and no other."""
    origin = _origin(subject)
    findings = allow_only(subject, origin)
    for name in api_handlers():
        function = by_name(subject, FUNCTION, name)
        if function is not None:
            findings.append(claim(function, "environment.variables.ALLOWED_ORIGIN", lambda given: given == origin))
    return combine(findings, "answers and handlers", f"allow the origin {origin} alone")


@criterion("TRADING-07.4")
def validation(subject: Subject) -> Verdict:
    """Every method has a validator, which validates the body and the parameters that the method has."""
    findings = [
        Finding(route.method, "requestValidatorId", is_validated(subject, route)) for route in routes(subject.graph)
    ]
    return combine(findings, "methods", "have their requests validated")


@criterion("TRADING-07.5")
def logging(subject: Subject) -> Verdict:
    """Each stage has an access log in a group of the stack, and no method of it is without an execution log."""
    findings = []
    for stage in subject.graph.of_type(STAGE):
        where = "accessLogSettings.destinationArn"
        findings.append(Finding(stage, where, one(subject.graph, stage, where, LOG_GROUP)[1]))
        findings.append(Finding(stage, "accessLogSettings.format", is_given(stage, "accessLogSettings.format")))
        findings += [
            claim(row, "settings.loggingLevel", lambda level: level in ("INFO", "ERROR"), default="OFF")
            for row in of_all_methods(subject, stage, findings)
        ]
    return combine(findings, "logs of stages", "are switched on")


@criterion("TRADING-07.6a", "TRADING-07.6b")
def throttling(subject: Subject) -> Verdict:
    """All methods share the stage's rate, and none has settings of its own that let more through."""
    wanted = subject.facts["requests_per_second"]
    findings = throttled(subject, wanted)
    return combine(findings, "settings of stages", f"throttle at {wanted} requests per second")


@criterion("TRADING-07.7a")
def plans(subject: Subject) -> Verdict:
    """Plans cover the stages, limit rate and number of requests, and each key is in one of them.

    A plan's limits hold for each of its keys apart, so no tenant uses up what is another's.
    """
    graph = subject.graph
    findings = []
    for plan in graph.of_type(USAGE_PLAN):
        for path in ("throttleSettings.rateLimit", "throttleSettings.burstLimit", "quotaSettings.limit"):
            findings.append(claim(plan, path, lambda given: given > 0, default=0))
    for stage in graph.of_type(STAGE):
        findings.append(
            Finding(stage, "stageName", best(covers_stage(subject, plan, stage) for plan in graph.of_type(USAGE_PLAN)))
        )
    for key in graph.of_type(API_KEY):
        words = [word for _, word in plans_of(subject, key)]
        findings.append(Finding(key, "", "fail" if len(words) != 1 else worst(words)))
    findings += _needs_key(subject)
    if not graph.of_type(USAGE_PLAN):
        return Verdict("fail", "the stack has no usage plans")
    return combine(findings, "plans, keys and methods", "give each tenant a share of its own")


def _needs_key(subject: Subject) -> Iterator[Finding]:
    for route in routes(subject.graph):
        if not route.calls_nobody:
            yield claim(route.method, "apiKeyRequired", lambda on: on is True, default=False)


@criterion("TRADING-07.7b")
def keys(subject: Subject) -> Verdict:
    """Each tenant of the settings has an enabled key in a plan, and every method asks for one.

    A key authenticates nobody (docs/decisions.md, 10): an authorizer of users stands before every method as well.
    """
    graph, tenants = subject.graph, subject.settings.get("api", {}).get("tenants") or {}
    findings = list(_needs_key(subject))
    for api in graph.of_type(REST_API):
        findings.append(claim(api, "apiKeySource", lambda source: source == "HEADER", default="HEADER"))
    for route in routes(graph):
        if not route.calls_nobody:
            guarded = claim(route.method, "authorization", lambda kind: kind in _GUARDED).word
            findings.append(
                Finding(
                    route.method,
                    "authorization",
                    worst([guarded, one(graph, route.method, "authorizerId", _AUTHORIZER)[1]]),
                )
            )
    missing = [tenant for tenant in tenants if by_name(subject, API_KEY, tenant) is None]
    if missing or not graph.of_type(API_KEY):
        return Verdict("fail", f"no key of {', '.join(missing) or 'anybody'}")
    for key in graph.of_type(API_KEY):
        enabled = claim(key, "enabled", lambda on: on is True, default=True).word
        findings.append(Finding(key, "enabled", worst([enabled, best(word for _, word in plans_of(subject, key))])))
    return combine(findings, "keys and methods", "tell tenants apart; an authorizer says who the users are")


@criterion("TRADING-07.9")
def caching(subject: Subject) -> Verdict:
    """Read endpoints are cached, each caller's answers apart, but for those whose answers must be fresh."""
    graph, fresh = subject.graph, set(facts()["fresh"])
    findings = []
    for stage in graph.of_type(STAGE):
        findings.append(claim(stage, "cacheClusterEnabled", lambda on: on is True, default=False))
        findings.append(claim(stage, "cacheClusterSize", lambda size: gigabytes(size) > 0, default="0"))
        rows = settings_of(graph, stage)
        for route in routes(graph):
            if not route.calls_nobody:
                findings.append(Finding(route.method, "", _cached(subject, route, rows, fresh)))
    return combine(
        findings, "stages and methods", f"cache what is read, but for {len(fresh)} handlers", _DECISION_FRESH
    )


def gigabytes(size: str) -> float:
    """Read the size of a cache, NaN where it is no number: compared with anything, it is neither more nor less."""
    return float(size) if re.fullmatch(r"\d+(\.\d+)?", size) else math.nan


def _cached(subject: Subject, route: Route, rows: list[tuple[Resource, Word]], fresh: set[str]) -> Word:
    if route.path is None or route.verb is UNKNOWN or any(row.get("methodPath") is UNKNOWN for row, _ in rows):
        return "unknown"
    own = f"{route.path.strip('/')}/{route.verb}"
    named = [row for row, _ in rows if str(row.get("methodPath")).replace("~1", "/").strip("/") == own]
    whole = [row for row, _ in rows if row.get("methodPath") == ALL_METHODS]
    known = worst(word for row, word in rows if row.urn in {judged.urn for judged in named or whole})
    _, function, called = route.callee(subject.graph)
    if function is None:
        return called
    name = str(function.get("name")).removeprefix(f"{subject.environment}-")
    if route.verb != "GET" or name in fresh:
        words = [
            claim(row, "settings.cachingEnabled", lambda on: on is False, default=False).word for row in named or whole
        ]
        return worst([known, *words])
    if not (named or whole) or route.integration is None:
        return worst(["fail", known])
    parameters = route.method.get("requestParameters", {})
    if parameters is UNKNOWN:
        return "unknown"
    words: list[str] = [known]
    for row in named or whole:
        words.append(claim(row, "settings.cachingEnabled", lambda on: on is True, default=False).word)
        words.append(claim(row, "settings.cacheDataEncrypted", lambda on: on is True, default=False).word)
        words.append(claim(row, "settings.cacheTtlInSeconds", lambda seconds: seconds > 0, default=300).word)
    needed = {"method.request.header.Authorization", *parameters}
    words.append(claim(route.integration, "cacheKeyParameters", lambda given: needed <= set(given), default=[]).word)
    return worst(words)
