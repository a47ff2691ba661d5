"""Requirements 00, 01 and 20: scope, the tree, and what differs between the environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from criteria.trading_areas.common import LOG_GROUP, PROVISIONED, TABLE
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion, fact

_DECISION_PULUMI = 1  # Terraform's parts and what stands for them in Pulumi
_NAMED = ("aws:dynamodb/table:Table", "aws:lambda/function:Function", "aws:iam/role:Role", "aws:sqs/queue:Queue")


def _environments(subject: Subject) -> dict[str, str]:
    """Map the documents' names of the environments to ours."""
    return {"test": "test", "production": "prod"}


@criterion("TRADING-00.4")
def provisioned_by_code(subject: Subject) -> Verdict:
    custom = [resource for resource in subject.graph if resource.custom]
    return fact(bool(custom), f"{len(custom)} resources are provisioned by Pulumi", "no resource", _DECISION_PULUMI)


@criterion("TRADING-00.5", "TRADING-01.2")
def two_environments(subject: Subject) -> Verdict:
    wanted = {_environments(subject)[name] for name in subject.facts["environments"]}
    found = set(subject.siblings)
    return fact(found == wanted, f"stacks exist for {', '.join(sorted(found))}", f"stacks exist for {sorted(found)}")


@criterion("TRADING-01.1")
def components(subject: Subject) -> Verdict:
    """Reusable modules: every AWS resource belongs to a component."""
    findings = []
    for resource in subject.graph:
        if resource.type.startswith("aws:"):
            parent = subject.graph.resources.get(resource.parent)
            inside = parent is not None and not parent.custom
            findings.append(Finding(resource, "", "pass" if inside else "fail"))
    return combine(findings, "AWS resources", "belong to a reusable component", _DECISION_PULUMI)


@criterion("TRADING-01.4", "TRADING-01.5", "TRADING-20.6")
def stack_files(subject: Subject) -> Verdict:
    """Each environment is a stack with a file of its own, in which its settings lie."""
    wanted = set(_environments(subject).values())
    with_settings = {name for name, settings in subject.siblings.items() if settings.get("environment") == name}
    return fact(
        wanted <= with_settings,
        "each environment is a Pulumi stack with its own settings file",
        f"no stack file with settings for {', '.join(sorted(wanted - with_settings))}",
        _DECISION_PULUMI,
    )


@criterion("TRADING-01.6")
def own_values(subject: Subject) -> Verdict:
    """Names and tags of the resources carry the environment of the stack's settings."""
    environment = subject.environment
    findings = []
    for resource in subject.graph.of_type(*_NAMED):
        findings.append(claim(resource, "name", lambda name: name.startswith(f"{environment}-"), default=""))
        findings.append(claim(resource, "tags.Environment", lambda tag: tag == environment, default=""))
    return combine(findings, "names and tags", f"carry the stack's environment, {environment}")


@criterion("TRADING-20.2")
def shorter_retention(subject: Subject) -> Verdict:
    """Logs are kept as long as the settings say, and shorter in test than in production."""
    read = _setting("functions", "log_retention_days")
    own = read(subject.settings)
    findings = [
        claim(group, "retentionInDays", lambda days: days == own, default=0)
        for group in subject.graph.of_type(LOG_GROUP)
    ]
    return _less_in_test(subject, read, "days of log retention", combine(findings, "log groups", "follow the settings"))


@criterion("TRADING-20.3")
def lower_scaling(subject: Subject) -> Verdict:
    """Provisioned concurrency and provisioned capacity are as the settings say, and lower in test."""
    concurrency = _setting("functions", "provisioned_concurrency")
    own = concurrency(subject.settings)
    findings = [
        claim(config, "provisionedConcurrentExecutions", lambda given: given == own)
        for config in subject.graph.of_type(PROVISIONED)
    ]
    least = _setting("tables", "capacity", "read", "minimum")(subject.settings)
    findings += [
        claim(table, "readCapacity", lambda given: given == least, default=0) for table in subject.graph.of_type(TABLE)
    ]
    return _less_in_test(
        subject, concurrency, "provisioned executions", combine(findings, "capacities", "follow the settings")
    )


def _setting(*path: str) -> Callable[[Mapping[str, Any]], int]:
    def read(settings: Mapping[str, Any]) -> int:
        value: Any = settings
        for step in path:
            value = (value or {}).get(step)
        return value if isinstance(value, int) else 0

    return read


def _less_in_test(subject: Subject, read: Callable[[Mapping[str, Any]], int], what: str, followed: Verdict) -> Verdict:
    """Compare a setting of test with production's, where the stack itself follows its settings."""
    if followed.word != "pass":
        return followed
    if not set(_environments(subject).values()) <= set(subject.siblings):
        return Verdict("fail", "the settings of the other environment are missing")
    test, prod = read(subject.siblings["test"]), read(subject.siblings["prod"])
    return fact(test < prod, f"{what}: {test} in test, {prod} in prod", f"{what}: {test} in test, {prod} in prod")
