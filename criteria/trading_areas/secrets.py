"""Requirement 09: secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from criteria.common.lookups import (
    ALIAS,
    FUNCTION,
    KEY,
    REPLICATION_GROUP,
    ROLE,
    SECRET,
    Word,
    any_partition,
    best,
    conditions,
    covers,
    depends_by,
    elements,
    follow,
    parts,
    permissions,
    statements,
    texts,
    worst,
)
from criteria.trading_areas.common import by_name, facts
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
PERMISSION = "aws:lambda/permission:Permission"
_READ = "secretsmanager:getsecretvalue"
_CHANGE = ("secretsmanager:putsecretvalue", "secretsmanager:updatesecretversionstage")
_SERVICE = "secretsmanager.amazonaws.com"
# Operators that refuse whoever is none of the listed; with "IfExists" or a set operator they refuse fewer.
_REFUSES_OTHERS = ("ArnNotEquals", "ArnNotLike", "StringNotEquals")
_ROLE_ARN = re.compile(r"arn:aws(-cn|-us-gov)?:iam::(?P<account>[0-9]{12}):role/(?P<name>[\w+=,.@-]+)", re.ASCII)
_DECISION_CONNECTIONS = 11


@criterion("TRADING-09.1")
def exchange_credentials(subject: Subject) -> Verdict:
    return _one_called(subject, "exchange", [])


@criterion("TRADING-09.2a", "TRADING-09.2b", "TRADING-09.2c")
def provider_keys(subject: Subject) -> Verdict:
    wanted = subject.facts["provider"].casefold()
    return _one_called(subject, wanted, [name for name in facts()["ai_providers"] if name != wanted])


def _one_called(subject: Subject, wanted: str, others: list[str]) -> Verdict:
    """Find the one secret that is named after something, and after nothing else, and that a function reads."""
    secrets = subject.graph.of_type(SECRET)
    names = {secret.urn: secret.get("name", "") for secret in secrets}
    if UNKNOWN in names.values():
        return Verdict("unknown", f"the names of some secrets are not known yet; one may be for {wanted}")
    found = [secret for secret in secrets if wanted in names[secret.urn]]
    if len(found) != 1 or any(other in names[found[0].urn] for other in others):
        return Verdict("fail", f"{len(found)} secrets are named after {wanted}; one is needed, for nothing else")
    words = [_allows(subject, function, found[0], _READ) for function in subject.graph.of_type(FUNCTION)]
    says = f"{names[found[0].urn]} is a secret of its own"
    return combine([Finding(found[0], "name", best(words))], says, "that functions read; its value is put in by hand")


@criterion("TRADING-09.3")
def connection_strings(subject: Subject) -> Verdict:
    """A secret's value is made from the address of the cache, the stack's only store that is reached by one."""
    name = facts()["connection_strings"]
    secret = by_name(subject, SECRET, name)
    if secret is None:
        return Verdict("fail", f"no secret {subject.environment}-{name}")
    words: list[Word] = []
    for version in parts(subject.graph, secret, "secretId", SECRET_VERSION):
        groups = depends_by(subject, version, "secretString", REPLICATION_GROUP)
        words.append("pass" if groups else "fail")
    finding = Finding(secret, "", best(words))
    return combine([finding], "secrets", "hold the address of Redis, as its versions say", _DECISION_CONNECTIONS)


@criterion("TRADING-09.4")
def rotation(subject: Subject) -> Verdict:
    """What the stack itself can renew rotates by a function that Secrets Manager may invoke and that may do it.

    Keys of exchanges and AI providers are theirs to renew, and connection strings change with what they lead to.
    """
    findings = []
    for name in facts()["rotating_secrets"]:
        secret = by_name(subject, SECRET, name)
        if secret is None:
            return Verdict("fail", f"no secret {subject.environment}-{name}")
        rotations = parts(subject.graph, secret, "secretId", ROTATION)
        findings += [Finding(row, "rotationLambdaArn", _rotates(subject, row, secret)) for row in rotations]
        findings += [] if rotations else [Finding(secret, "", "fail")]
    return combine(findings, "secrets that the stack can renew", "rotate by a function of the stack")


def _rotates(subject: Subject, rotation: Resource, secret: Resource) -> Word:
    graph = subject.graph
    schedule = claim(rotation, "rotationRules", lambda rules: bool(_period(rules)), default={}).word
    called = follow(graph, rotation, "rotationLambdaArn", ALIAS, FUNCTION)
    if not called.certain:
        return "unknown"
    if len(called.to) != 1:
        return "fail"
    (target,) = called.to
    functions = follow(graph, target, "functionName", FUNCTION).to if target.type == ALIAS else (target,)
    if len(functions) != 1:
        return "fail"
    invoked = best(_permits(subject, row, target, functions[0]) for row in graph.of_type(PERMISSION))
    changes = [_allows(subject, functions[0], secret, action) for action in _CHANGE]
    return worst([schedule, invoked, *changes])


def _period(rules: Mapping[str, Any]) -> Any:
    return rules.get("automaticallyAfterDays") or rules.get("scheduleExpression")


def _permits(subject: Subject, permission: Resource, target: Resource, function: Resource) -> Word:
    """Say whether a permission lets Secrets Manager invoke what a rotation calls: an alias needs one of its own."""
    named = follow(subject.graph, permission, "function", FUNCTION, ALIAS)
    if not any(named.has(resource) for resource in (function, target)):
        return "fail"
    alias = target.get("name") if target.type == ALIAS else None
    account = subject.settings.get("account_id")
    return worst(
        [
            claim(permission, "action", lambda action: action in ("lambda:InvokeFunction", "lambda:*")).word,
            claim(permission, "principal", lambda principal: principal == _SERVICE).word,
            claim(permission, "qualifier", lambda given: given == alias).word,
            claim(permission, "sourceAccount", lambda given: given == account, default=account).word,
        ]
    )


@criterion("TRADING-09.5")
def readers(subject: Subject) -> Verdict:
    """The policy of each secret refuses its value to all but roles that run functions and read it, and the deployer.

    It lets nobody else do anything with the secret.
    """
    findings = []
    for secret in subject.graph.of_type(SECRET):
        policies = parts(subject.graph, secret, "secretArn", SECRET_POLICY)
        words = [_restricts(subject, policy, secret) for policy in policies]
        # A policy in the secret itself and one beside it would replace each other in turn.
        if secret.get("policy") is not None or len(policies) != 1:
            words.append("fail")
        findings.append(Finding(policies[0] if policies else secret, "policy", worst(words)))
    return combine(findings, "secrets", "are readable for named roles of functions and the deployer only")


def _restricts(subject: Subject, policy: Resource, secret: Resource) -> Word:
    written = statements(policy, "policy")
    if written is None:
        return "unknown"
    allows = [row for row in written if row.get("Effect") != "Deny"]
    let_in = [_lets_in(subject, row, secret) for row in allows]
    return worst([best(_refuses_others(subject, row, secret) for row in written), *let_in])


def _lets_in(subject: Subject, row: Mapping[str, Any], secret: Resource) -> Word:
    """Say whether a statement that allows anything names roles that may have the value, and nobody else."""
    principal = row.get("Principal")
    named = texts(principal.get("AWS")) if isinstance(principal, dict) and set(principal) == {"AWS"} else []
    return worst(_may_have(subject, arn, secret) for arn in named) if named else "fail"


def _refuses_others(subject: Subject, row: Mapping[str, Any], secret: Resource) -> Word:
    """Say whether a statement refuses the value to everybody but roles that may have it.

    One such statement suffices: nothing overrules a Deny.
    """
    refuses = (
        row.get("Effect") == "Deny"
        and row.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and any(covers(action, _READ) for action in elements(row, "Action"))
        # In the policy of a secret "*" is that secret.
        and texts(row.get("Resource")) == ["*"]
    )
    rows = conditions(row)
    if not refuses or len(rows) != 1:
        return "fail"
    operator, key, values = rows[0]
    if operator not in _REFUSES_OTHERS or key != "aws:principalarn":
        return "fail"
    words = [_may_have(subject, arn, secret) for arn in values]
    deployer = str(_deployment(subject).get("role"))
    functions = [arn for arn in values if arn.rpartition("/")[2] != deployer]
    return worst(words) if functions else "fail"


def _deployment(subject: Subject) -> Mapping[str, Any]:
    deployment = subject.settings.get("deployment")
    return deployment if isinstance(deployment, Mapping) else {}


def _may_have(subject: Subject, arn: str, secret: Resource) -> Word:
    """Say whether an ARN is the deployer's, or that of a role that runs functions and may read the secret."""
    match = _ROLE_ARN.fullmatch(arn)
    if match is None or match["account"] != subject.settings.get("account_id"):
        return "fail"
    if match["name"] == _deployment(subject).get("role"):
        return "pass"
    role = subject.graph.named(ROLE, "name", match["name"])
    if role is None:
        return "fail"
    run = [f for f in subject.graph.of_type(FUNCTION) if role in depends_by(subject, f, "role", ROLE)]
    return best(_allows(subject, function, secret, _READ) for function in run)


def _allows(subject: Subject, function: Resource, secret: Resource, action: str) -> Word:
    """Say whether a function's own permissions allow a call on a secret and name it."""
    written = permissions(subject, function)
    if written is None:
        return "unknown"
    for row in written:
        if row.get("Effect") == "Allow" and action in elements(row, "Action"):
            # Secrets Manager appends a hyphen and six characters to the name.
            place = f"{subject.settings.get('region')}:{subject.settings.get('account_id')}"
            wanted = f"arn:aws:secretsmanager:{place}:secret:{secret.get('name')}-??????"
            if wanted in map(any_partition, texts(row.get("Resource"))):
                return "pass"
    return "fail"


@criterion("TRADING-09.6")
def customer_key(subject: Subject) -> Verdict:
    findings = []
    for secret in subject.graph.of_type(SECRET):
        link = follow(subject.graph, secret, "kmsKeyId", KEY)
        # Set to something unknown that comes from a key is enough.
        word: Word = "pass" if link.to else "fail" if link.certain else "unknown"
        findings.append(Finding(secret, "kmsKeyId", word))
    return combine(findings, "secrets", "are encrypted with a customer-managed key of the stack")


@criterion("TRADING-09.7")
def names(subject: Subject) -> Verdict:
    prefix = f"{subject.environment}-"
    secrets = subject.graph.of_type(SECRET)
    findings = [claim(secret, "name", lambda name: name.startswith(prefix), default="") for secret in secrets]
    return combine(findings, "secrets", f"have names that begin with {prefix}")
