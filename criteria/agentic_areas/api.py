"""The REST API: what it serves, where, and what it lets through (00.2, 01.3, 01.4a, 05.1, 05.2, 05.5, 07.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from criteria.agentic_areas.common import SOCKET_API, absent, by_name, facts, function
from criteria.agentic_areas.sockets import STAGE as SOCKET_STAGE
from criteria.agentic_areas.sockets import serving
from criteria.common.domains import DOMAIN, own_certificate, own_domain, plain
from criteria.common.lookups import FUNCTION, Word, best, worst
from criteria.common.rest_api import REST_API, STAGE, Route, api_of, proxied, routes
from criteria.common.rest_limits import (
    API_KEY,
    USAGE_PLAN,
    allow_only,
    covers_stage,
    is_validated,
    plans_of,
    throttled,
)
from criteria.common.rights import one
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, all_of, claim, combine, criterion

DECISION_TWELVE_MONTHS = 102
_DECISION_ROUTES = 112
_NEW_TLS = ("TLS_1_2", "SecurityPolicy_TLS12", "SecurityPolicy_TLS13")
_LISTENER = "aws:lb/listener:Listener"


def _setting(subject: Subject, *path: str) -> Any:
    value: Any = subject.settings
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _answered(subject: Subject) -> list[Route]:
    """Return the routes that the application answers, and not the gateway for it."""
    return [route for route in routes(subject.graph) if not route.is_preflight]


@criterion("AGENTIC-00.2")
def offered(subject: Subject) -> Verdict:
    """Every route of the application leads to its function, and the WebSocket API has every action.

    A function answers where the FastAPI application does today (docs/decisions.md, 112).
    """
    found: dict[str, list[Word]] = {}
    unplaced = False
    for route in _answered(subject):
        if route.path is None or route.verb is UNKNOWN:
            unplaced = True
            continue
        called, word = proxied(subject, route)
        words: list[Word] = [word, "fail" if called not in (function(subject, facts()["api_function"]), None) else word]
        found.setdefault(f"{route.verb} {route.path}", []).append(worst(words))
    lacking = [name for name in facts()["routes"] if name not in found]
    if lacking and not unplaced:
        return Verdict("fail", f"no route {', '.join(lacking)}")
    owner = by_name(subject, REST_API, "api")
    if owner is None:
        return absent(subject, REST_API, "api")
    findings = [Finding(owner, "name", worst(found.get(name, ["unknown"]))) for name in facts()["routes"]]
    if subject.facts["websockets"]:
        findings += serving(subject)
    return combine(findings, "routes and actions of the application", "are served", _DECISION_ROUTES)


@criterion("AGENTIC-01.3")
def lambda_routes(subject: Subject) -> Verdict:
    """Every route calls a function, and what all keys may call in a month is within the allowance."""
    findings = []
    for route in _answered(subject):
        findings.append(Finding(route.integration or route.method, "uri", proxied(subject, route)[1]))
    if not findings:
        return Verdict("fail", "the stack has no routes")
    findings += bounded(subject, subject.facts["requests_per_month"])
    return combine(findings, "routes and limits", "lead to functions, within the free requests")


def bounded(subject: Subject, most: int) -> list[Finding]:
    """Judge that all keys together may make no more requests a month than so many: each plan holds for each key."""
    graph = subject.graph
    keys, findings = graph.of_type(API_KEY), []
    total: int | None = 0
    for key in keys:
        bound = plans_of(subject, key)
        plan = bound[0][0] if len(bound) == 1 else None
        if plan is None:
            findings.append(Finding(key, "", worst(word for _, word in bound) if len(bound) == 1 else "fail"))
            continue
        findings.append(Finding(key, "", bound[0][1]))
        period = claim(plan, "quotaSettings.period", lambda given: given == "MONTH")
        limit = plan.get("quotaSettings.limit")
        if limit is UNKNOWN or total is None:
            total = None
        elif isinstance(limit, int | float) and limit > 0:
            total += int(limit)
        else:
            findings.append(Finding(plan, "quotaSettings.limit", "fail"))
        findings.append(period)
    word: Word = "unknown" if total is None else "pass" if 0 < total <= most else "fail"
    findings += [Finding(plan, "quotaSettings.limit", word) for plan in graph.of_type(USAGE_PLAN)]
    findings += [Finding(row, "", "fail") for row in graph.of_type(REST_API) if not keys]
    return findings


@criterion("AGENTIC-01.4a")
def rest(subject: Subject) -> Verdict:
    """A REST API is served, within the requests that were free for twelve months (docs/decisions.md, 102)."""
    findings = []
    for api in subject.graph.of_type(REST_API):
        served = [api_of(subject.graph, stage, "restApi") for stage in subject.graph.of_type(STAGE)]
        word = best("pass" if found is api else "fail" if found else known for found, known in served)
        findings.append(Finding(api, "", word))
    if findings:
        findings += bounded(subject, subject.facts["requests_per_month"])
    return combine(findings, "REST APIs and limits", "serve the free requests at most", DECISION_TWELVE_MONTHS)


@criterion("AGENTIC-05.1a")
def https(subject: Subject) -> Verdict:
    """No address of the API answers without TLS: its domain wants TLS 1.2, and nothing else listens."""
    graph = subject.graph
    findings = [Finding(api, "", "pass") for api in graph.of_type(REST_API)]
    if not findings:
        return Verdict("fail", "the stack has no REST API")
    findings += [
        claim(row, "securityPolicy", lambda policy: policy.startswith(_NEW_TLS), default="TLS_1_0")
        for row in graph.of_type(DOMAIN)
    ]
    # A load balancer of containers may listen to HTTP only to send callers to HTTPS.
    findings += [
        claim(row, "protocol", lambda name: name in ("HTTPS", "TLS"), default="HTTP")
        if not _redirects(row)
        else Finding(row, "defaultActions", "pass")
        for row in graph.of_type(_LISTENER)
    ]
    findings.append(_default_address(subject, graph.of_type(REST_API)[0]))
    return combine(findings, "addresses of the API", "answer over HTTPS alone")


def _redirects(listener: Resource) -> bool:
    actions = listener.get("defaultActions", [])
    return (
        isinstance(actions, list)
        and bool(actions)
        and all(
            action.get("type") == "redirect" and (action.get("redirect") or {}).get("protocol") == "HTTPS"
            for action in actions
        )
    )


def _default_address(subject: Subject, api: Resource) -> Finding:
    """Judge that AWS's own address, which takes older TLS as well, is closed where the API has a domain."""
    if not subject.graph.of_type(DOMAIN):
        return Finding(api, "disableExecuteApiEndpoint", "pass")
    return claim(api, "disableExecuteApiEndpoint", lambda off: off is True, default=False)


@criterion("AGENTIC-05.1b")
def domain(subject: Subject) -> Verdict:
    """The settings' domain leads to the API's stage, with a certificate that was issued for it."""
    wanted = plain(_setting(subject, "api", "domain", "name"))
    if not wanted:
        return Verdict("fail", "the settings name no domain of the API")
    parts = {"the domain": own_domain(subject, wanted), "its certificate": own_certificate(subject, wanted)}
    worst_ = all_of(parts, "parts of the domain")
    if worst_.word != "pass":
        return next(part for part in parts.values() if part.word == worst_.word)
    return Verdict("pass", f"{wanted} leads to the API, with a certificate of ACM")


@criterion("AGENTIC-05.2a")
def validation(subject: Subject) -> Verdict:
    """Every method has a validator, which validates the body and the parameters that the method has."""
    findings = [
        Finding(route.method, "requestValidatorId", is_validated(subject, route)) for route in routes(subject.graph)
    ]
    return combine(findings, "methods", "have their requests validated")


@criterion("AGENTIC-05.2b")
def throttling(subject: Subject) -> Verdict:
    """Both APIs' stages limit the requests of all callers together, whatever keys they have."""
    rate = facts()["limits"]["requests_per_second"]
    findings = throttled(subject, rate)
    if not findings:
        return Verdict("fail", "the stack has no stage of a REST API")
    for stage in subject.graph.of_type(SOCKET_STAGE):
        path = "defaultRouteSettings.throttling"
        findings.append(claim(stage, f"{path}RateLimit", lambda given: 0 < given <= rate, default=-1))
        findings.append(claim(stage, f"{path}BurstLimit", lambda given: given > 0, default=-1))
    return combine(findings, "settings of stages", "throttle requests")


@criterion("AGENTIC-05.5")
def cors(subject: Subject) -> Verdict:
    """Preflight answers, those of the gateway itself, and the API's function name the settings' origin and no other."""
    origin = str(_setting(subject, "api", "allowed_origin") or "")
    if not origin.startswith("https://") or "*" in origin:
        return Verdict("fail", f"the settings allow {origin or 'no origin'}")
    handler = function(subject, facts()["api_function"])
    if handler is None:
        return absent(subject, FUNCTION, facts()["api_function"])
    findings = allow_only(subject, origin)
    findings.append(claim(handler, "environment.variables.ALLOWED_ORIGIN", lambda given: given == origin))
    return combine(findings, "answers and functions", f"allow the origin {origin} alone")


@criterion("AGENTIC-07.2")
def per_key(subject: Subject) -> Verdict:
    """Each caller has a key, each key's plan has the limits and covers both APIs, and every route asks for a key."""
    graph, limits = subject.graph, facts()["limits"]
    findings: list[Finding] = []
    for client in _setting(subject, "api", "clients") or ():
        key = by_name(subject, API_KEY, client)
        if key is None:
            return absent(subject, API_KEY, client)
    wanted = {
        "throttleSettings.rateLimit": subject.facts["requests_per_second"],
        "throttleSettings.burstLimit": limits["burst"],
        "quotaSettings.limit": limits["requests_per_month"],
    }
    for plan in graph.of_type(USAGE_PLAN):
        for path, value in wanted.items():
            findings.append(claim(plan, path, lambda given, value=value: given == value, default=0))
        findings += [Finding(plan, "apiStages", covers_stage(subject, plan, stage)) for stage in graph.of_type(STAGE)]
        findings += [Finding(plan, "apiStages", _covers(subject, plan, api)) for api in graph.of_type(SOCKET_API)]
    for key in graph.of_type(API_KEY):
        words = [word for _, word in plans_of(subject, key)]
        on = claim(key, "enabled", lambda on: on is True, default=True).word
        findings.append(Finding(key, "enabled", worst([on, *words]) if len(words) == 1 else "fail"))
    if not graph.of_type(API_KEY) or not graph.of_type(USAGE_PLAN):
        return Verdict("fail", "the stack has no API keys in a usage plan")
    findings += _asks_for_key(subject)
    says = f"let each key make {subject.facts['requests_per_second']} requests a second"
    return combine(findings, "keys, plans and routes", says)


def _covers(subject: Subject, plan: Resource, api: Resource) -> Word:
    rows = plan.get("apiStages", [])
    if rows is UNKNOWN:
        return "unknown"
    stages = subject.graph.of_type(SOCKET_STAGE)
    words: list[Word] = []
    for number in range(len(rows)):
        found, known = one(subject.graph, plan, f"apiStages.{number}.apiId", SOCKET_API)
        path = f"apiStages.{number}.stage"
        named = best(claim(plan, path, lambda name, row=row: name == row.get("name")).word for row in stages)
        words.append(worst([known, named, "pass" if found in (api, None) else "fail"]))
    return best(words)


def _asks_for_key(subject: Subject) -> Iterator[Finding]:
    for api in subject.graph.of_type(REST_API):
        yield claim(api, "apiKeySource", lambda source: source == "HEADER", default="HEADER")
    for route in _answered(subject):
        needed = claim(route.method, "apiKeyRequired", lambda on: on is True, default=False)
        if route.path is None or route.verb is UNKNOWN:
            yield Finding(route.method, "resourceId", "unknown" if needed.word != "pass" else "pass")
        elif f"{route.verb} {route.path}" not in facts()["open_routes"]:
            yield needed
