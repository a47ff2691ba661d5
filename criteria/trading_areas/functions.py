"""Requirement 06: functions; and the logs that they write (14.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from criteria.common.lookups import (
    ALIAS,
    FUNCTION,
    LOG_GROUP,
    PROVISIONED,
    ROLE_POLICY,
    TABLE,
    depends_by,
    statements,
    texts,
    unnamed,
)
from criteria.common.privilege import minimal
from criteria.trading_areas.calls import called_services
from criteria.trading_areas.common import by_name, facts, function_rows
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

# The domains of AWS's endpoints: the usual one, China's, and that of endpoints with both kinds of addresses.
_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws")


@criterion("TRADING-06.1")
def all_functions(subject: Subject) -> Verdict:
    names = [name for name, *_ in function_rows()]
    missing = [name for name in names if by_name(subject, FUNCTION, name) is None]
    agrees = len(names) == subject.facts["functions"]
    return fact(not missing and agrees, f"{len(names)} functions exist", f"missing: {', '.join(missing) or 'facts'}")


@criterion("TRADING-06.2")
def memory(subject: Subject) -> Verdict:
    """Handlers have the memory that the documents give; every other function lies in the same range."""
    low, high = subject.facts["memory_mb_min"], subject.facts["memory_mb_max"]
    weights = {f"{subject.environment}-{name}": wanted for name, _, _, wanted in function_rows()}
    findings = unnamed(subject, FUNCTION)
    for function in subject.graph.of_type(FUNCTION):
        wanted = None if function.get("name") is UNKNOWN else weights.get(function.get("name"))
        fits = lambda given, wanted=wanted: given == (wanted or given) and low <= given <= high  # noqa: E731
        findings.append(claim(function, "memorySize", fits, default=128))
    return combine(findings, "functions", f"have the memory of their weight, {low} to {high} MB")


@criterion("TRADING-06.3a")
def api_timeout(subject: Subject) -> Verdict:
    return _timeout(subject, "api")


@criterion("TRADING-06.3b")
def background_timeout(subject: Subject) -> Verdict:
    return _timeout(subject, "background")


def _timeout(subject: Subject, kind: str) -> Verdict:
    wanted = subject.facts["timeout_seconds"]
    rows = [by_name(subject, FUNCTION, name) for name, _, its_kind, _ in function_rows() if its_kind == kind]
    findings = [claim(row, "timeout", lambda given: given == wanted, default=3) for row in rows if row is not None]
    return combine([*findings, *unnamed(subject, FUNCTION)], f"{kind} functions", f"time out after {wanted} seconds")


@criterion("TRADING-06.5a")
def table_names(subject: Subject) -> Verdict:
    """Every table that a function's role may touch is named in its environment, and the table exists."""
    tables = {table.get("name") for table in subject.graph.of_type(TABLE)}
    findings = []
    for function in subject.graph.of_type(FUNCTION):
        used = _tables_of(subject, function)
        if used is None:
            findings.append(Finding(function, "role", "unknown"))
            continue

        def named(variables: Any, used: set[str] = used) -> bool:
            return used <= tables and used <= set(_known_texts(variables))

        if used:
            findings.append(claim(function, "environment.variables", named, default={}))
    return combine(findings, "functions", "find the names of their tables in their environment")


def _tables_of(subject: Subject, function: Resource) -> set[str] | None:
    used: set[str] = set()
    for role in depends_by(subject, function, "role", "aws:iam/role:Role"):
        for policy in subject.graph.of_type(ROLE_POLICY):
            if role.urn in policy.property_dependencies.get("role", ()):
                written = statements(policy, "policy")
                if written is None:
                    return None
                for statement in written:
                    used.update(arn.split("/")[1] for arn in texts(statement.get("Resource")) if ":dynamodb:" in arn)
    return used


def _known_texts(variables: Mapping[str, Any]) -> list[str]:
    return [value for value in variables.values() if isinstance(value, str)]


@criterion("TRADING-06.5b")
def endpoints(subject: Subject) -> Verdict:
    """For each service that a function calls its environment has the URL of the service's endpoint in the region."""
    region = subject.settings.get("region", "")
    findings = []
    for function in subject.graph.of_type(FUNCTION):
        services = called_services(subject, function)
        if services is None:
            findings.append(Finding(function, "role", "unknown"))
            continue
        for service in sorted(services):
            path = f"environment.variables.{service.upper()}_ENDPOINT"
            host = f"{service}.{region}."
            findings.append(claim(function, path, lambda url, host=host: _is_of_host(url, host), default=""))
    return combine(findings, "endpoints that functions call", "are in their environment")


def _is_of_host(url: str, host: str) -> bool:
    # Some services have several, as query.timestream and ingest.timestream.
    names = tuple(f".{host}{domain}" for domain in _DOMAINS)
    return urlsplit(url).scheme == "https" and f".{urlsplit(url).hostname or ''}".endswith(names)


@criterion("TRADING-06.6")
def least_privilege(subject: Subject) -> Verdict:
    """Functions' roles allow named actions on named resources, one role for each function."""
    findings = minimal(subject)
    return combine(findings, "permission policies of functions", "allow named actions on named resources only")


@criterion("TRADING-06.7")
def tracing(subject: Subject) -> Verdict:
    return _each(subject, "tracingConfig.mode", lambda mode: mode == "Active", "send traces to X-Ray")


@criterion("TRADING-06.8a", "TRADING-06.8b")
def reserved(subject: Subject) -> Verdict:
    name = subject.facts["function"]
    function = by_name(subject, FUNCTION, name)
    wanted = facts()["reserved_concurrency"][name]
    findings = (
        [claim(function, "reservedConcurrentExecutions", lambda given: given == wanted, default=-1)] if function else []
    )
    return combine(findings, f"function {name}", f"reserves {wanted} concurrent executions")


@criterion("TRADING-06.9")
def provisioned(subject: Subject) -> Verdict:
    findings = []
    for name in facts()["latency_sensitive"]:
        function = by_name(subject, FUNCTION, name)
        if function is None:
            continue
        configs = [
            config
            for config in subject.graph.of_type(PROVISIONED)
            if function.urn in subject.graph.needs(config.urn) and depends_by(subject, config, "qualifier", ALIAS)
        ]
        counts = [config.get("provisionedConcurrentExecutions", 0) for config in configs]
        known = [count for count in counts if count is not UNKNOWN]
        word = "pass" if any(count > 0 for count in known) else "unknown" if UNKNOWN in counts else "fail"
        findings.append(Finding(function, "", word))
    return combine(findings, "latency-sensitive functions", "have provisioned concurrency on an alias")


@criterion("TRADING-06.10")
def layers(subject: Subject) -> Verdict:
    stack_layers = subject.graph.of_type("aws:lambda/layerVersion:LayerVersion")
    findings = []
    for function in subject.graph.of_type(FUNCTION):
        shared = depends_by(subject, function, "layers", "aws:lambda/layerVersion:LayerVersion")
        findings.append(Finding(function, "layers", "pass" if shared and stack_layers else "fail"))
    return combine(findings, "functions", "take shared dependencies from a layer of the stack")


@criterion("TRADING-14.6a", "TRADING-14.6b")
def log_retention(subject: Subject) -> Verdict:
    wanted = subject.facts["retention_days"]
    groups = subject.graph.of_type(LOG_GROUP)
    findings = [claim(group, "retentionInDays", lambda days: days == wanted, default=0) for group in groups]
    return combine(findings, "log groups", f"keep their logs {wanted} days")


def _each(subject: Subject, path: str, holds: Callable[[Any], bool], says: str, default: Any = None) -> Verdict:
    return combine((claim(f, path, holds, default) for f in subject.graph.of_type(FUNCTION)), "functions", says)
