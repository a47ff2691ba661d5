"""Functions: versions and aliases, concurrency, permissions and credentials (02.4, 03.2, 03.4, 05.3, 07.1)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from criteria.agentic_areas.common import absent, facts, function, without_credentials
from criteria.agentic_areas.delivery import shifts
from criteria.agentic_areas.files import HANDLERS, calls_in, tree
from criteria.agentic_areas.queues import MAPPING
from criteria.common.lookups import ALIAS, FUNCTION, ROLE, ROLE_POLICY, Word, best, statements, texts, worst
from criteria.common.privilege import minimal
from criteria.common.rest_api import routes
from criteria.common.rights import Call, allowed, arn, is_assumed, of_caller, one
from criteria.common.rules import TARGET, scheduled
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_SOCKETS = "aws:apigatewayv2/integration:Integration"
_CREDENTIALS = ("aws:iam/accessKey:AccessKey", "aws:iam/user:User", "aws:iam/userLoginProfile:UserLoginProfile")
_LEAST = 2  # of concurrent calls that Lambda makes for a queue; AWS takes no smaller limit
_DECISION_QUOTA = 36
_DECISION_SCHEDULED = 103
_DECISION_CONNECTIONS = 113


@criterion("AGENTIC-02.4")
def aliases(subject: Subject) -> Verdict:
    """Every function publishes versions and has an alias, every caller calls that, and a deployment moves it."""
    graph = subject.graph
    findings = []
    for row in graph.of_type(FUNCTION):
        findings.append(claim(row, "publish", lambda on: on is True, default=False))
        found = [one(graph, alias, "functionName", FUNCTION) for alias in graph.of_type(ALIAS)]
        findings.append(Finding(row, "name", best(known for target, known in found if target in (row, None))))
    findings += [
        claim(row, "functionVersion", lambda version: version not in ("", "$LATEST"), default="")
        if row.get("functionVersion") is not UNKNOWN
        else Finding(row, "functionVersion", one(graph, row, "functionVersion", FUNCTION)[1])
        for row in graph.of_type(ALIAS)
    ]
    findings += _callers(subject)
    moved = shifts(subject)
    if moved.word != "pass":
        return moved
    return combine(findings, "functions, aliases and callers", "let a new version take over at once")


def _callers(subject: Subject) -> Iterator[Finding]:
    graph = subject.graph
    for mapping in graph.of_type(MAPPING):
        yield Finding(mapping, "functionName", one(graph, mapping, "functionName", ALIAS)[1])
    for target in graph.of_type(TARGET):
        yield Finding(target, "arn", one(graph, target, "arn", ALIAS)[1])
    for route in routes(graph):
        if not route.is_preflight:
            yield Finding(route.integration or route.method, "uri", route.callee(graph)[2])
    arns = [alias.outputs.get("arn") for alias in graph.of_type(ALIAS)]
    for row in graph.of_type(_SOCKETS):
        uri = row.get("integrationUri", "")
        word: Word = one(graph, row, "integrationUri", ALIAS)[1]
        if uri is not UNKNOWN:
            word = "pass" if any(name and f"/functions/{name}/invocations" in str(uri) for name in arns) else "fail"
        yield Finding(row, "integrationUri", word)


@criterion("AGENTIC-07.1")
def concurrency(subject: Subject) -> Verdict:
    """The API's function and the agents reserve ten runs together, each its own share.

    What a schedule alone starts has no reservation: there is no second run (decision 103). In an account without quota
    the settings reserve nothing, and mappings limit what queues start (decision 36).
    """
    rows = facts()["functions"]
    findings: list[Finding] = []
    settings = subject.settings.get("functions")
    reserves = settings.get("reserve_concurrency") if isinstance(settings, dict) else None
    given: list[Any] = []
    for name, row in rows.items():
        found = function(subject, name)
        if found is None:
            return absent(subject, FUNCTION, name)
        wanted = row["concurrency"] if reserves else None
        path = "reservedConcurrentExecutions"
        findings.append(claim(found, path, lambda number, wanted=wanted: number == (wanted or -1), default=-1))
        given.append(found.get(path, 0))
        findings += [_capped(subject, mapping, row["concurrency"]) for mapping in _mappings(subject, found)]
    known = [number for number in given if isinstance(number, int) and number > 0]
    if reserves and UNKNOWN not in given and sum(known) > subject.facts["max_concurrent"]:
        return Verdict("fail", f"{sum(known)} runs are reserved, {subject.facts['max_concurrent']} asked for")
    names = {found.urn for name in rows if (found := function(subject, name)) is not None}
    others = [row for row in subject.graph.of_type(FUNCTION) if row.urn not in names]
    for row in others:
        limit = claim(row, "reservedConcurrentExecutions", lambda number: number == -1, default=-1).word
        starts = worst(
            finding.word for finding in scheduled(subject, row, lambda _: True) or [Finding(row, "", "fail")]
        )
        findings.append(Finding(row, "reservedConcurrentExecutions", worst([limit, starts])))
    says = f"run {sum(known)} times at once at most" if reserves else "have no reservation, and workers have limits"
    decision = _DECISION_QUOTA if not reserves else _DECISION_SCHEDULED if others else 0
    return combine(findings, "functions and mappings", says, decision)


def _mappings(subject: Subject, row: Resource) -> Iterator[Resource]:
    graph = subject.graph
    for mapping in graph.of_type(MAPPING):
        alias, _ = one(graph, mapping, "functionName", ALIAS)
        if alias is None or one(graph, alias, "functionName", FUNCTION)[0] in (row, None):
            yield mapping


def _capped(subject: Subject, mapping: Resource, reserved: int) -> Finding:
    """Judge that Lambda takes no more from a queue at once than may run: more would be throttled, and tried in vain."""
    most = max(_LEAST, reserved)
    path = "scalingConfig.maximumConcurrency"
    return claim(mapping, path, lambda number: 0 < number <= most, default=0)


@criterion("AGENTIC-03.2")
def initialised(subject: Subject) -> Verdict:
    """A function that has parameters reads them where its module begins, and may read these and no others."""
    graph = subject.graph
    findings = []
    for row in graph.of_type(FUNCTION):
        names = row.get("environment.variables.PARAMETERS")
        if names is None:
            continue
        handler = row.get("handler", "")
        if UNKNOWN in (names, handler):
            findings.append(Finding(row, "environment.variables", "unknown"))
            continue
        loads = _loads_at_start(subject, str(handler).partition(".")[0])
        findings.append(Finding(row, "handler", "pass" if loads else "fail"))
        findings.append(Finding(row, "environment.variables", _may_read(subject, row, str(names).split(","))))
    return combine(findings, "functions with parameters", "read them when they start")


def _loads_at_start(subject: Subject, module: str) -> bool:
    """Say whether a handler's module calls the reader of parameters outside of all functions."""
    at_start = [
        statement
        for statement in tree(subject, f"{HANDLERS}/{module}.py").body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
    ]
    return any("parameters.load" in calls_in(statement) for statement in at_start)


def _may_read(subject: Subject, row: Resource, names: list[str]) -> Word:
    written, known = of_caller(subject.graph, row, "role")
    if known != "pass":
        return known
    there = {given.get("name") for given in subject.graph.of_type("aws:ssm/parameter:Parameter")}
    if any(name not in there for name in names):
        return "unknown" if UNKNOWN in there else "fail"
    readable = {name for name in there if isinstance(name, str) and _reads(subject, written, name)}
    return "pass" if readable == set(names) else "fail"


def _reads(subject: Subject, written: list[Any], name: str) -> bool:
    return allowed(written, Call("ssm:GetParameters", arn(subject, "ssm", f"parameter{name}")))


@criterion("AGENTIC-03.4")
def roles(subject: Subject) -> Verdict:
    """Each function has a role that Lambda alone may assume, and neither it nor the stack holds keys of a user."""
    graph = subject.graph
    users = graph.of_type(*_CREDENTIALS)
    if users:
        return Verdict("fail", f"{users[0].display} has fixed credentials", users[0].urn)
    findings = []
    for row in graph.of_type(FUNCTION):
        role, word = one(graph, row, "role", ROLE)
        if role is not None:
            word = worst([word, is_assumed(role, "lambda.amazonaws.com", {}), _only_lambda(role)])
        findings.append(Finding(row, "role", word))
        findings.append(without_credentials(row))
    return combine(findings, "functions", "have a role, and no credentials")


def _only_lambda(role: Resource) -> Word:
    written = statements(role, "assumeRolePolicy")
    if written is None:
        return "unknown"
    whom = [row.get("Principal") for row in written if row.get("Effect") != "Deny"]
    alone = all(
        isinstance(principal, dict)
        and set(principal) == {"Service"}
        and texts(principal["Service"]) == ["lambda.amazonaws.com"]
        for principal in whom
    )
    return "pass" if whom and alone else "fail"


@criterion("AGENTIC-05.3")
def least_privilege(subject: Subject) -> Verdict:
    """Functions' roles allow named actions on named resources.

    The WebSocket API's id is AWS's to choose, so that policies name its stage and what is called (decision 113).
    """
    findings = minimal(subject)
    open_ = [
        policy
        for policy in subject.graph.of_type(ROLE_POLICY)
        if any(
            ":execute-api:" in name and ":*/" in name
            for row in statements(policy, "policy") or ()
            for name in _arns(row)
        )
    ]
    what = "permission policies of functions"
    says = "allow named actions on named resources only"
    return combine(findings, what, says, _DECISION_CONNECTIONS if open_ else 0)


def _arns(row: Any) -> list[str]:
    return texts(row.get("Resource"))
