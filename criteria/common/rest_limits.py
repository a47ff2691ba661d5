"""How a REST API checks, limits and answers requests: validators, plans, keys and CORS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from criteria.common.lookups import Word, best, worst
from criteria.common.rest_api import REST_API, STAGE, Route, api_of, routes, settings_of
from criteria.common.rights import one
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, claim

RESPONSE = "aws:apigateway/response:Response"
_VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
_MODEL = "aws:apigateway/model:Model"
USAGE_PLAN = "aws:apigateway/usagePlan:UsagePlan"
API_KEY = "aws:apigateway/apiKey:ApiKey"
_PLAN_KEY = "aws:apigateway/usagePlanKey:UsagePlanKey"
HEADERS = "responseParameters"
ORIGIN = "Access-Control-Allow-Origin"
_WITH_BODY = ("PATCH", "POST", "PUT")
ALL_METHODS = "*/*"


def allow_only(subject: Subject, origin: str) -> list[Finding]:
    """Judge that preflight answers, and those of the gateway itself, name an origin and no other."""
    graph = subject.graph
    quoted = f"'{origin}'"
    findings = []
    places: dict[str, list[Route]] = {}
    for route in routes(graph):
        places.setdefault(route.place.urn if route.place else route.method.urn, []).append(route)
    for here in places.values():
        preflights = [route for route in here if route.is_preflight]
        if not preflights and not all(route.is_health_check for route in here):
            findings.append(Finding(here[0].method, "resourceId", "fail" if here[0].place else "unknown"))
        for route in preflights:
            answers = route.answers(graph)
            header = f"method.response.header.{ORIGIN}"
            words = [worst([known, allows_origin(answer, header, quoted)]) for answer, known in answers]
            where = answers[0][0] if answers else route.method
            findings.append(Finding(where, HEADERS, worst(words) if words else "fail"))
    for api in graph.of_type(REST_API):
        for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
            findings.append(Finding(api, kind, best(gateway_answers(subject, api, kind))))
    for response in graph.of_type(RESPONSE):
        findings.append(Finding(response, HEADERS, allows_origin(response, f"gatewayresponse.header.{ORIGIN}", quoted)))
    return findings


def throttled(subject: Subject, wanted: float) -> list[Finding]:
    """Judge that all methods of a stage share a rate, and none has settings of its own that let more through."""
    findings: list[Finding] = []
    for stage in subject.graph.of_type(STAGE):
        for row in of_all_methods(subject, stage, findings):
            whole = row.get("methodPath") == ALL_METHODS
            fits = (lambda rate: rate == wanted) if whole else (lambda rate: 0 < rate <= wanted)
            findings.append(claim(row, "settings.throttlingRateLimit", fits, default=-1))  # -1: no limit
            findings.append(claim(row, "settings.throttlingBurstLimit", lambda burst: burst > 0, default=-1))
    return findings


def allows_origin(answer: Resource, header: str, origin: str) -> Word:
    return claim(answer, HEADERS, lambda given: given.get(header) == origin, default={}).word


def gateway_answers(subject: Subject, api: Resource, kind: str) -> Iterator[Word]:
    """Yield what is known of each answer of the gateway that may be of a kind, for requests that no handler sees."""
    for response in subject.graph.of_type(RESPONSE):
        own, known = one(subject.graph, response, "restApiId", REST_API)
        if own in (api, None):
            yield worst([known, claim(response, "responseType", lambda given: given == kind).word])


def is_validated(subject: Subject, route: Route) -> Word:
    graph, method = subject.graph, route.method
    validator, word = one(graph, method, "requestValidatorId", _VALIDATOR)
    if validator is None or route.is_preflight:
        return word
    words: list[str] = []
    parameters = method.get("requestParameters", {})
    if route.path is None or parameters is UNKNOWN or route.verb is UNKNOWN:
        return "unknown"
    for name in re.findall(r"\{([^}+]+)\+?\}", route.path):
        words.append(
            claim(method, "requestParameters", lambda p, n=name: p.get(f"method.request.path.{n}") is True, {}).word
        )
    if parameters:
        words.append(claim(validator, "validateRequestParameters", lambda on: on is True, default=False).word)
    if route.verb in _WITH_BODY:
        words.append(claim(validator, "validateRequestBody", lambda on: on is True, default=False).word)
        words.append(_described(subject, method))
    return worst(words)


def _described(subject: Subject, method: Resource) -> Word:
    """Say whether a method's body has a model, for any content type: under one, other bodies would pass unseen."""
    given = method.get("requestModels", {})
    if given is UNKNOWN or given.get("$default") is UNKNOWN:
        model, word = one(subject.graph, method, "requestModels.$default", _MODEL)
        return claim(model, "schema", _says_something, default="").word if model is not None else word
    own, _ = api_of(subject.graph, method, "restApi")
    models = [
        model
        for model in subject.graph.of_type(_MODEL)
        if model.get("name") == given.get("$default") and api_of(subject.graph, model, "restApi")[0] is own
    ]
    return worst(claim(model, "schema", _says_something, default="").word for model in models) if models else "fail"


def _says_something(text: str) -> bool:
    try:
        schema = json.loads(text)
    except ValueError:
        return False
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return False
    return bool(schema.get("properties")) or schema.get("additionalProperties") is False


def of_all_methods(subject: Subject, stage: Resource, findings: list[Finding]) -> Iterator[Resource]:
    """Yield the settings of a stage's methods, and add a finding on whether there are such for all methods.

    Those of one method take the place of those of all, as a whole.
    """
    rows = settings_of(subject.graph, stage)
    words = [worst([known, claim(row, "methodPath", lambda path: path == ALL_METHODS).word]) for row, known in rows]
    findings.append(Finding(stage, "stageName", best(words)))
    yield from (row for row, _ in rows)


def covers_stage(subject: Subject, plan: Resource, stage: Resource) -> Word:
    rows = plan.get("apiStages", [])
    if rows is UNKNOWN:
        return "unknown"
    words = []
    own, _ = api_of(subject.graph, stage, "restApi")
    for number in range(len(rows)):
        api, known = api_of(subject.graph, plan, f"apiStages.{number}.apiId")
        named = claim(plan, f"apiStages.{number}.stage", lambda name: name == stage.get("stageName")).word
        words.append(worst([known, "pass" if api is own or api is None else "fail", named]))
    return best(words)


def plans_of(subject: Subject, key: Resource) -> list[tuple[Resource | None, Word]]:
    """Return the plans that a key is in, each with what is known of it: a plan that covers no stage is none."""
    found = []
    for row in subject.graph.of_type(_PLAN_KEY):
        target, known = one(subject.graph, row, "keyId", API_KEY)
        if target is key or known == "unknown":
            plan, word = one(subject.graph, row, "usagePlanId", USAGE_PLAN)
            kind = claim(row, "keyType", lambda given: given == "API_KEY").word
            used: Word = "fail"
            if plan is not None:
                used = best(covers_stage(subject, plan, stage) for stage in subject.graph.of_type(STAGE))
            found.append((plan, worst([known, word, kind, used if plan is not None else word])))
    return found
