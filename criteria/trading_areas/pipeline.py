"""Requirement 21: what the deployment pipeline may assume, where its packages and logs lie, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from criteria.common.deploying import HOST, IDENTITY, deploying_role, is_github, trusted, trusts_only
from criteria.common.lookups import (
    BUCKET,
    FUNCTION,
    LOG_GROUP,
    POLICY,
    ROLE,
    Word,
    best,
    conditions,
    follow,
    parts,
    statements,
    worst,
)
from criteria.common.rights import ATTACHMENT, Call, Statement, allowed, arn, of_role
from criteria.trading_areas.common import bucket_name, facts
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
_WRITING = ("logs:CreateLogStream", "logs:PutLogEvents")


@criterion("TRADING-21.1")
def roles(subject: Subject) -> Verdict:
    """GitHub Actions may assume one role that deploys the stack and one that previews it, each with permissions.

    Each trusts the runs of exactly one environment of a repository, and no role of the account trusts GitHub otherwise.
    """
    graph, deploying, why = deploying_role(subject)
    if graph is None or deploying is None:
        return Verdict("fail", why)
    if not any(is_github(provider) for provider in graph.of_type(IDENTITY)):
        return Verdict("fail", "the bootstrap stack does not know GitHub as an identity provider")
    preview = f"{subject.environment}-preview"  # the environment of runs that only look
    words: dict[str, Word] = {role.urn: trusts_only(role, preview) for role in graph.of_type(ROLE)}
    previewing = [role for role in graph.of_type(ROLE) if words[role.urn] == best(words.values()) != "fail"]
    if not previewing:
        return Verdict("fail", f"no role of the bootstrap stack trusts runs of {preview} alone")
    findings = [Finding(deploying, "assumeRolePolicy", trusts_only(deploying, subject.environment))]
    findings += [Finding(role, "assumeRolePolicy", words[role.urn]) for role in previewing]
    findings += [
        Finding(role, "assumeRolePolicy", trusted(role)[0])
        for role in graph.of_type(ROLE)
        if HOST in str(reveal(role.get("assumeRolePolicy")))
    ]
    findings += [
        Finding(role, "name", "pass" if parts(graph, role, "role", ATTACHMENT) or of_role(graph, role) else "fail")
        for role in (deploying, *previewing)
    ]
    what = f"trusts and permissions of {graph.stack}"
    return combine(findings, what, f"let runs of {subject.environment} and {preview} in GitHub assume a role each")


@criterion("TRADING-21.2")
def packages(subject: Subject) -> Verdict:
    """There is a bucket for packages, and every function whose code lies in a bucket takes it from this one."""
    graph = subject.graph
    name = bucket_name(subject, "-".join(subject.facts["bucket"].split()))
    bucket = graph.named(BUCKET, "bucket", name)
    if bucket is None:
        return Verdict("fail", f"no bucket {name}")
    findings = [Finding(bucket, "bucket", "pass")]
    for function in graph.of_type(FUNCTION):
        if function.get("s3Bucket") is not None:
            link = follow(graph, function, "s3Bucket", BUCKET)
            word: Word = "fail" if link.foreign or not link.has(bucket) else "pass" if link.certain else "unknown"
            findings.append(Finding(function, "s3Bucket", word))
    return combine(findings, "buckets and functions", f"keep packages in {name}, or take them from there")


@criterion("TRADING-21.3")
def repositories(subject: Subject) -> Verdict:
    """There are the repositories that the settings ask for: immutable, scanned, encrypted, tidied, closed to others."""
    graph = subject.graph
    pipeline = subject.settings.get("pipeline")
    wanted = pipeline.get("repositories") or () if isinstance(pipeline, Mapping) else ()
    found = graph.of_type(REPOSITORY)
    images = [function for function in graph.of_type(FUNCTION) if function.get("packageType", "Zip") != "Zip"]
    if not wanted and not found and not images:
        return Verdict("pass", "no function is an image, and the settings ask for no repository")
    missing = [name for name in wanted if graph.named(REPOSITORY, "name", f"{subject.environment}-{name}") is None]
    if missing or not found:
        return Verdict("fail", f"no repository {', '.join(missing) or 'for functions that are images'}")
    findings = [finding for repository in found for finding in _settings(subject, repository)]
    return combine(findings, "settings of repositories", "keep images as they were pushed, and from others")


def _settings(subject: Subject, repository: Resource) -> Iterator[Finding]:
    graph = subject.graph
    yield claim(repository, "imageTagMutability", lambda given: given == "IMMUTABLE", default="MUTABLE")
    yield claim(repository, "imageScanningConfiguration.scanOnPush", lambda on: on is True, default=False)
    yield claim(repository, "encryptionConfigurations.0.encryptionType", lambda type_: type_ in ("KMS", "KMS_DSSE"))
    tidied = parts(graph, repository, "repository", LIFECYCLE)
    yield Finding(repository, "name", "pass" if tidied else "fail")
    policies = parts(graph, repository, "repository", REPOSITORY_POLICY)
    yield Finding(repository, "name", "pass" if policies else "fail")
    for policy in policies:
        written = statements(policy, "policy")
        functions = arn(subject, "lambda", f"function:{subject.environment}-")
        closed = written is not None and all(_is_closed(row, functions) for row in written)
        yield Finding(policy, "policy", "unknown" if written is None else "pass" if closed else "fail")


def _is_closed(row: Statement, functions: str) -> bool:
    """Say whether a statement lets in nothing but Lambda, for the stack's own functions."""
    if row.get("Effect") == "Deny":
        return True
    sources = [
        value
        for operator, key, values in conditions(row)
        if operator in ("ArnLike", "ArnEquals", "StringLike", "StringEquals") and key == "aws:sourcearn"
        for value in values
    ]
    only_lambda = row.get("Principal") == {"Service": "lambda.amazonaws.com"}
    return only_lambda and bool(sources) and all(source.startswith(functions) for source in sources)


@criterion("TRADING-21.4")
def outputs(subject: Subject) -> Verdict:
    """The outputs have the ARN of everything that the facts name, the id where those say so.

    A preview knows few ARNs, and an output does not say which resource it comes from. So it can only find that there
    are fewer unknown outputs than things to tell.
    """
    shown = [leaf for _, leaf in walk(reveal(subject.graph.outputs))]
    open_ = sum(leaf is UNKNOWN for leaf in shown)
    findings, lacking = [], []
    for resource, told in _told(subject):
        # What is not told may still be one of the unknown outputs, but each of these tells of one resource only.
        word: Word = "pass" if told is not UNKNOWN and told in shown else "unknown" if open_ or not shown else "fail"
        findings.append(Finding(resource, "", word))
        lacking += [resource] if word != "pass" else []
    if shown and len(lacking) > open_:
        evidence = f"{len(lacking)} resources have nothing among the outputs, of which {open_} are unknown"
        return Verdict("fail", evidence, lacking[-1].urn)
    return combine(findings, "resources", "have their ARN or id among the stack's outputs")


def _told(subject: Subject) -> Iterator[tuple[Resource, Any]]:
    """Yield what the outputs must tell: each resource, with its ARN or id."""
    graph, wanted = subject.graph, facts()["outputs"]
    log = run_log(subject)
    for resource in (*graph.of_type(*wanted["arn"]), *([log] if log else [])):
        yield resource, reveal(resource.outputs.get("arn", UNKNOWN))
    for resource in graph.of_type(*wanted["id"]):
        yield resource, resource.id or UNKNOWN


def run_log(subject: Subject) -> Resource | None:
    """Return the log group of the pipeline's runs."""
    return subject.graph.named(LOG_GROUP, "name", facts()["run_log"].format(environment=subject.environment))


@criterion("TRADING-21.5")
def runs(subject: Subject) -> Verdict:
    """A log group waits for what runs write, keeps it as long as any other, and the deploying role may write there."""
    log = run_log(subject)
    name = facts()["run_log"].format(environment=subject.environment)
    if log is None:
        return Verdict("fail", f"no log group {name}")
    graph, role, why = deploying_role(subject)
    if graph is None or role is None:
        return Verdict("fail", why)
    days = subject.settings.get("log_retention_days")
    findings = [claim(log, "retentionInDays", lambda kept: kept == days, default=0)]
    written, word = _permissions(graph, role)
    group = arn(subject, "logs", f"log-group:{name}")
    # A stream has an ARN of its own, and so has the group that it is made in.
    calls = [Call(action, f"{group}{end}") for action, end in zip(_WRITING, ("", ":log-stream:run"), strict=True)]
    may = all(allowed(written, call) for call in calls)
    findings.append(Finding(role, "name", "pass" if may else word if word == "unknown" else "fail"))
    return combine(findings, "settings", f"let the pipeline's runs write to {name}")


def _permissions(graph: StackGraph, role: Resource) -> tuple[list[Statement], Word]:
    """Return what a role may do by all its policies, inline or attached, and whether that is all."""
    found, words = list(of_role(graph, role) or []), [worst(["pass"])]
    for attachment in parts(graph, role, "role", ATTACHMENT):
        for policy in follow(graph, attachment, "policyArn", POLICY).to:
            written = statements(policy, "policy")
            words.append("unknown" if written is None else "pass")
            found += written or []
    return found, worst(words)
