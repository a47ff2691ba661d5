"""The WebSocket API, and containers that may take its place (00.8, 01.4b, 01.7)."""

from __future__ import annotations

import json
import re
from typing import Any

from criteria.agentic_areas.common import SOCKET_API, facts
from criteria.agentic_areas.files import below
from criteria.common.lookups import ALIAS, FUNCTION, Word, best, worst
from criteria.common.rights import one
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

STAGE = "aws:apigatewayv2/stage:Stage"
_ROUTE = "aws:apigatewayv2/route:Route"
_INTEGRATION = "aws:apigatewayv2/integration:Integration"
_AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
_SERVICE = "aws:ecs/service:Service"
_TASK = "aws:ecs/taskDefinition:TaskDefinition"
_TWELVE_MONTHS = 102
_DECISION_SOCKETS = 34
_CONNECT = "$connect"


def serving(subject: Subject) -> list[Finding]:
    """Judge that a WebSocket API has a route for each action, which reaches a function, and a stage."""
    graph = subject.graph
    apis = graph.of_type(SOCKET_API)
    findings = []
    for api in apis:
        findings.append(claim(api, "protocolType", lambda kind: kind == "WEBSOCKET"))
        staged = [one(graph, stage, "apiId", SOCKET_API) for stage in graph.of_type(STAGE)]
        findings.append(Finding(api, "", best("pass" if found is api else known for found, known in staged)))
    rows = graph.of_type(_ROUTE)
    for action in facts()["sockets"]:
        words = [
            worst([named, _reaches(subject, row)])
            for row in rows
            if (named := claim(row, "routeKey", lambda key, action=action: key == action, default="").word) != "fail"
        ]
        findings += [Finding(api, "routeSelectionExpression", best(words)) for api in apis]
    return findings


def _reaches(subject: Subject, route: Resource) -> Word:
    """Say whether a route's integration calls the alias of a function."""
    graph, target = subject.graph, route.get("target")
    if target is UNKNOWN:
        integration, word = one(graph, route, "target", _INTEGRATION)
    else:
        found = [row for row in graph.of_type(_INTEGRATION) if target == f"integrations/{row.id}" and row.id]
        integration, word = (found[0], "pass") if found else (None, "fail")
    if integration is None:
        return word
    uri = integration.get("integrationUri")
    if uri is UNKNOWN:
        called = one(graph, integration, "integrationUri", ALIAS)[1]
    else:
        arns = [row.outputs.get("arn") for row in graph.of_type(ALIAS)]
        match = re.search(r"/functions/(arn:.+)/invocations$", str(uri))
        called = "pass" if match and match[1] in arns else "fail"
    proxy = claim(integration, "integrationType", lambda kind: kind == "AWS_PROXY").word
    return worst([word, called, proxy])


@criterion("AGENTIC-01.4b")
def socket_api(subject: Subject) -> Verdict:
    """The WebSocket API serves every action, to clients that bring a key: each has a share of the free messages.

    The free messages ended after twelve months (docs/decisions.md, 102).
    """
    graph = subject.graph
    findings = serving(subject)
    rows = [row for row in graph.of_type(_ROUTE) if row.get("routeKey") in (_CONNECT, UNKNOWN)]
    for row in rows if findings else ():
        findings.append(claim(row, "apiKeyRequired", lambda on: on is True, default=False))
        custom = claim(row, "authorizationType", lambda kind: kind == "CUSTOM", default="NONE").word
        findings.append(Finding(row, "authorizerId", worst([custom, one(graph, row, "authorizerId", _AUTHORIZER)[1]])))
    what = "WebSocket APIs, actions and connections"
    return combine(findings, what, "are served to clients with a key", _TWELVE_MONTHS)


@criterion("AGENTIC-00.8")
def long_running(subject: Subject) -> Verdict:
    """Nothing runs longer than Lambda allows: what would is connections, which API Gateway holds (decision 34).

    With containers by setting, they run on Fargate.
    """
    if subject.graph.of_type(_SERVICE):
        return combine(_on_fargate(subject), "services of containers", "run on Fargate")
    longest = facts()["longest_run"]
    findings = [
        claim(row, "timeout", lambda seconds: 0 < seconds <= longest, default=3)
        for row in subject.graph.of_type(FUNCTION)
    ]
    if not subject.graph.of_type(SOCKET_API):
        return Verdict("fail", "neither containers nor API Gateway hold connections")
    findings += serving(subject) if findings else []
    return combine(findings, "functions and connections", "need no container", _DECISION_SOCKETS)


def _on_fargate(subject: Subject) -> list[Finding]:
    return [
        claim(row, "launchType", lambda kind: kind == "FARGATE", default="EC2")
        for row in subject.graph.of_type(_SERVICE)
    ]


@criterion("AGENTIC-01.7")
def container(subject: Subject) -> Verdict:
    """The container can be deployed by a setting; without it API Gateway holds the connections (decision 34)."""
    image = _image(subject)
    if image.word != "pass":
        return image
    wanted = facts()["container"]
    services = subject.graph.of_type(_SERVICE)
    if not services:
        return combine(serving(subject), "actions of the WebSocket API", "need no container", _DECISION_SOCKETS)
    findings = _on_fargate(subject)
    findings += [claim(row, "desiredCount", lambda count: count == wanted["tasks"], default=0) for row in services]
    for task in subject.graph.of_type(_TASK):
        findings.append(claim(task, "cpu", lambda cpu: str(cpu) == str(wanted["cpu"])))
        findings.append(claim(task, "memory", lambda memory: str(memory) == str(wanted["memory"])))
        findings.append(claim(task, "containerDefinitions", lambda text: _listens(text, wanted["port"])))
    return combine(findings, "settings of the container", "are the smallest of Fargate")


def _listens(text: Any, port: int) -> bool:
    try:
        rows = json.loads(text)
    except ValueError:
        return False
    ports = [mapping.get("containerPort") for row in rows for mapping in row.get("portMappings") or ()]
    return port in ports


def _image(subject: Subject) -> Verdict:
    """Judge that the project has a file to build the container's image from: on the base and as the user asked for."""
    wanted = facts()["container"]
    found = [
        (path, text) for path, text in below(subject, "systems/agentic") if path.rpartition("/")[2] == "Dockerfile"
    ]
    if not found:
        return Verdict("fail", "systems/agentic has no Dockerfile")
    for path, text in found:
        lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        images = [words[1] for words in lines if words[0].upper() == "FROM" and len(words) > 1]
        users = [words[1] for words in lines if words[0].upper() == "USER" and len(words) > 1]
        based = bool(images) and images[-1].rpartition("/")[2].partition("@")[0] == wanted["base"]
        if not based or not users or users[-1].partition(":")[0] != wanted["user"]:
            return Verdict("fail", f"{path} is not built on {wanted['base']} for the user {wanted['user']}")
    return Verdict("pass", f"{found[0][0]} builds the container")
