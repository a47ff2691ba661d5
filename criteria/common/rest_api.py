"""What a REST API of a stack looks like: methods with their paths and integrations, stages with their settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from criteria.common.lookups import ALIAS, FUNCTION, Word, best, covers, worst
from criteria.common.rights import arn, one
from criteria.common.rules import PERMISSION, is_for
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Subject, claim

REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
METHOD = "aws:apigateway/method:Method"
INTEGRATION = "aws:apigateway/integration:Integration"
_RESOURCE = "aws:apigateway/resource:Resource"
_ANSWER = "aws:apigateway/integrationResponse:IntegrationResponse"
_DECLARED = "aws:apigateway/methodResponse:MethodResponse"
_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_URI = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/(arn:.+)/invocations")
_SERVICE = "apigateway.amazonaws.com"
HEALTH = "/health"  # where health checks ask, which have neither token nor key (docs/decisions.md, 63)


@dataclass(frozen=True)
class Route:
    """One method: where it is, and its integration.

    `place` is the resource or, for the root, the API, None where that is not known; so is `path`. `word` says whether
    the method has exactly one integration.
    """

    method: Resource
    place: Resource | None
    path: str | None
    integration: Resource | None
    word: Word

    @property
    def verb(self) -> Any:
        return self.method.get("httpMethod")

    @property
    def is_preflight(self) -> bool:
        """Say whether the gateway itself answers the method, as it does a browser's question before a call."""
        return self.verb == "OPTIONS" and self._is_answered

    @property
    def is_health_check(self) -> bool:
        """Say whether the gateway itself tells that the API is served, and nothing else."""
        return self.verb == "GET" and self.path == HEALTH and self._is_answered

    @property
    def calls_nobody(self) -> bool:
        """Say whether no handler has a part in the answer, so that it is nobody's and of no tenant."""
        return self.is_preflight or self.is_health_check

    @property
    def _is_answered(self) -> bool:
        return self.integration is not None and self.integration.get("type") == "MOCK"

    def callee(self, graph: StackGraph) -> tuple[Resource | None, Resource | None, Word]:
        """Return the alias that the integration calls, its function, and what is known of them."""
        if self.integration is None:
            return None, None, self.word
        uri = self.integration.get("uri")
        if uri is UNKNOWN:
            alias, word = one(graph, self.integration, "uri", ALIAS)
        else:
            match = _URI.fullmatch(str(uri))
            found = [
                alias for alias in graph.of_type(ALIAS) if match and match[1] in (alias.id, alias.outputs.get("arn"))
            ]
            alias, word = (found[0], "pass") if found else (None, "fail")
        function, known = one(graph, alias, "functionName", FUNCTION) if alias else (None, word)
        return alias, function, worst([word, known])

    def answers(self, graph: StackGraph) -> list[tuple[Resource, Word]]:
        """Return what a mock integration answers, and whether the method declares the headers of such an answer."""
        declared = {r.get("statusCode") for r in graph.of_type(_DECLARED) if _is_at(graph, r, self)}
        found = [(r, r.get("statusCode")) for r in graph.of_type(_ANSWER) if _is_at(graph, r, self)]
        return [
            (r, "unknown" if status is UNKNOWN or status not in declared else "pass")
            for r, status in found
            if status in declared or UNKNOWN in (status, *declared)
        ]


def _is_at(graph: StackGraph, resource: Resource, route: Route) -> bool:
    return resource.get("httpMethod") == route.verb and _place(graph, resource) is route.place is not None


def api_of(graph: StackGraph, resource: Resource, path: str) -> tuple[Resource | None, Word]:
    """Return the API that an input refers to, directly or through a stage of it."""
    found, word = one(graph, resource, path, REST_API, STAGE)
    return api_of(graph, found, "restApi") if found is not None and found.type == STAGE else (found, word)


def routes(graph: StackGraph) -> list[Route]:
    """Return every method of the stack's APIs."""
    integrations: dict[tuple[str, str], list[Resource]] = {}
    unplaced = False
    for integration in graph.of_type(INTEGRATION):
        place = _place(graph, integration)
        if place is None or integration.get("httpMethod") is UNKNOWN:
            unplaced = True
        else:
            # What is no text is no method of HTTP, and belongs to none.
            integrations.setdefault((place.urn, str(integration.get("httpMethod"))), []).append(integration)
    found = []
    for method in graph.of_type(METHOD):
        place = _place(graph, method)
        own = integrations.get((place.urn, str(method.get("httpMethod"))), []) if place else []
        sure: Word = "pass" if len(own) == 1 else "unknown" if unplaced or place is None else "fail"
        path = _path(graph, place) if place else None
        found.append(Route(method, place, path, own[0] if len(own) == 1 else None, sure))
    return found


def _place(graph: StackGraph, resource: Resource, property_: str = "resourceId") -> Resource | None:
    """Return the resource that an input refers to, or the API where that is the root."""
    given = resource.get(property_)
    for api in graph.of_type(REST_API) if given is not UNKNOWN else ():
        if given == api.outputs.get("rootResourceId"):
            return api
    return one(graph, resource, property_, _RESOURCE, REST_API)[0]


def _path(graph: StackGraph, place: Resource) -> str | None:
    """Return the path of a resource, None where a part of it is not known yet."""
    parts: list[str] = []
    current: Resource | None = place
    while current is not None and current.type != REST_API:
        part = current.get("pathPart")
        if not isinstance(part, str) or len(parts) > len(graph):
            return None
        parts.append(part)
        current = _place(graph, current, "parentId")
    return None if current is None else "/" + "/".join(reversed(parts))


def settings_of(graph: StackGraph, stage: Resource) -> list[tuple[Resource, Word]]:
    """Return the method settings of a stage, or what may be such, with what is known of that."""
    found = []
    own, _ = api_of(graph, stage, "restApi")
    for row in graph.of_type(_SETTINGS):
        api, known = api_of(graph, row, "restApi")
        if known != "fail" and (api is own or api is None):
            named = claim(row, "stageName", lambda name: name == stage.get("stageName")).word
            if named != "fail":
                found.append((row, worst([known, named])))
    return found


def proxied(subject: Subject, route: Route, wanted: str = "AWS_PROXY") -> tuple[Resource | None, Word]:
    """Return the function that a route's proxy integration calls by an alias, and whether it can."""
    alias, function, known = route.callee(subject.graph)
    words = [known, route.word]
    if route.integration is not None:
        words.append(claim(route.integration, "type", lambda given: given == wanted).word)
        words.append(claim(route.integration, "integrationHttpMethod", lambda given: given == "POST").word)
    if alias is not None and function is not None:
        words.append(serves(subject, route, alias, function))
    return (function if alias is not None else None), worst(words)


def serves(subject: Subject, route: Route, alias: Resource, function: Resource) -> Word:
    """Say whether a function's alias lets the API call it for a route.

    Before the API exists, a source that is made of its ARN is taken for one that fits.
    """
    graph = subject.graph
    api, known = api_of(graph, route.method, "restApi")
    if api is None:
        return known
    words: list[Word] = []
    for permission in graph.of_type(PERMISSION):
        if not is_for(graph, permission, function, alias):
            continue
        alike = [
            claim(permission, "qualifier", lambda name: name == alias.get("name")).word,
            claim(permission, "principal", lambda name: name == _SERVICE).word,
            claim(permission, "action", lambda name: name == "lambda:InvokeFunction").word,
        ]
        source = permission.get("sourceArn")
        if source is UNKNOWN:
            named, word = api_of(graph, permission, "sourceArn")
            alike.append("pass" if named is api else word if named is None else "fail")
        else:
            alike.append("pass" if _covers(subject, api, route, source) else "fail")
        words.append(worst(alike))
    return best(words)


def _covers(subject: Subject, api: Resource, route: Route, source: Any) -> bool:
    execution = arn(subject, "execute-api", api.id)
    if not isinstance(source, str) or not source.startswith(f"{execution}/") or route.path is None:
        return False
    path = re.sub(r"\{[^}]+\}", "1", route.path)
    stages = [stage.get("stageName") for stage in subject.graph.of_type(STAGE)]
    return all(covers(source, f"{execution}/{stage}/{route.verb}{path}") for stage in stages)
