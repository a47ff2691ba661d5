"""Requirement 17: keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from criteria.common.buckets import ENCRYPTION
from criteria.common.lookups import (
    KEY,
    SECRET,
    TABLE,
    Word,
    best,
    conditions,
    covers,
    elements,
    follow,
    parts,
    statements,
    texts,
    worst,
)
from criteria.common.privilege import FAMILIES
from criteria.trading_areas.common import facts
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

KEY_ALIAS = "aws:kms/alias:Alias"
_KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
# Keys whose material comes from outside are judged with the rest: KMS cannot rotate them.
_KEYS = (KEY, "aws:kms/externalKey:ExternalKey")
# Calls that use a key, after KMS's table of cryptographic operations, and the one that lets others use it.
_USES = (
    "createGrant",
    "decrypt",
    "deriveSharedSecret",
    "encrypt",
    "generate*",
    "reEncrypt*",
    "sign",
    "verify*",
)
_CDN = "cloudfront.amazonaws.com"
_RECOVERY = frozenset(("kms:decrypt", "kms:describekey", "kms:reencryptfrom"))
_EXACT = ("StringEquals", "ArnEquals")
_ROLE_ARN = re.compile(r"arn:aws(-cn|-us-gov)?:iam::(?P<account>[0-9]{12}):role/[\w+=,.@/-]+", re.ASCII)
# Where the three kinds of data say which key encrypts them. A bucket has one rule.
_ENCRYPTED = (
    ("secrets", SECRET, "kmsKeyId"),
    ("dynamodb", TABLE, "serverSideEncryption.kmsKeyArn"),
    ("s3", ENCRYPTION, "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId"),
)
_DECISION_CUSTOMER_KEYS = 4
_DECISION_SIGNING = 14
_SYMMETRIC = "SYMMETRIC_DEFAULT"


@criterion("TRADING-17.1a", "TRADING-17.1b", "TRADING-17.1c")
def dedicated_key(subject: Subject) -> Verdict:
    """A key's policy lets one service use it and no other, and nothing that is of another kind is encrypted with it.

    Secrets are; for buckets and tables a setting decides, and the AWS-managed key is what their requirements ask.
    """
    thing = subject.facts["key"]
    service = facts()["key_services"][thing]
    host = f"{service}.{subject.settings.get('region')}.amazonaws.com"
    keys = [key for key in subject.graph.of_type(KEY) if _services(subject, key) in ([host], [f"{host}.cn"])]
    hidden = [key for key in subject.graph.of_type(KEY) if key.get("policy") is UNKNOWN]
    if not keys and hidden:
        return Verdict("unknown", "the policies of some keys are not known yet", f"{hidden[0].urn}#policy")
    urns = {key.urn for key in keys}
    users = [(kind, user) for kind, user, key in _users(subject) if key.urn in urns]
    findings = [Finding(key, "policy", "pass") for key in keys]
    findings += [Finding(user, "", "fail") for kind, user in users if kind != thing]
    if thing == "secrets":
        served = {user.urn for _, user in users}
        findings += [
            Finding(secret, "kmsKeyId", "fail") for secret in subject.graph.of_type(SECRET) if secret.urn not in served
        ]
    by_setting = f"; {thing} use it by setting (decision {_DECISION_CUSTOMER_KEYS})" if not users else ""
    return combine(findings, "keys", f"are for {thing} alone{by_setting}")


def _services(subject: Subject, key: Resource) -> list[str] | None:
    """Return the services that may use a key, "*" among them where others may; None where its policy is not known.

    Roles that are named in a condition, and the recovery account, are no services. CloudFront is none of its own
    either: it decrypts the files of a bucket for the account's distributions.
    """
    written = statements(key, "policy") if key.get("policy") is not None else None
    if written is None:
        return None
    found: set[str] = set()
    for row in written:
        uses = "NotAction" in row or any(_is_use(action) for action in elements(row, "Action"))
        if row.get("Effect") == "Deny" or not uses or _lets_decrypt(row, subject.settings.get("recovery_account_id")):
            continue
        if row.get("Principal") == {"Service": _CDN} and elements(row, "Action") == ["kms:decrypt"]:
            found.update(() if _is_of_account(subject, row) else ("*",))
            continue
        rows = conditions(row)
        services = [values for operator, name, values in rows if (operator, name) == ("StringEquals", "kms:viaservice")]
        if services:
            found.update(services[0])
        elif not any(operator in _EXACT and name == "aws:principalarn" for operator, name, _ in rows):
            found.add("*")
    return sorted(found)


def _users(subject: Subject) -> Iterator[tuple[str, Resource, Resource]]:
    """Yield (what it is, resource, key) for everything of the three kinds that is encrypted with a key of the stack."""
    graph = subject.graph
    for kind, type_, path in _ENCRYPTED:
        for user in graph.of_type(type_):
            yield from ((kind, user, key) for key in follow(graph, user, path, KEY).to)


@criterion("TRADING-17.2")
def key_policies(subject: Subject) -> Verdict:
    """Key policies let the account administer a key and use it under conditions, and nobody else do anything.

    Others are AWS services for the account's own resources, and the recovery account, which may decrypt.
    """
    findings = [
        Finding(holder, "policy", word)
        for key in subject.graph.of_type(*_KEYS)
        for holder, word in _policies(subject, key)
    ]
    return combine(findings, "key policies", "grant administration, and use under conditions")


def _policies(subject: Subject, key: Resource) -> Iterator[tuple[Resource, Word]]:
    beside = parts(subject.graph, key, "keyId", _KEY_POLICY)
    # Without a policy of its own a key has KMS's, which gives the account everything.
    for holder in (key, *beside) if key.get("policy") is not None or not beside else beside:
        written = statements(holder, "policy")
        if holder.get("policy") is None:
            yield holder, "fail"
        elif written is None:
            yield holder, "unknown"
        else:
            administered: Word = "pass" if any(_administers(subject, row) for row in written) else "fail"
            yield holder, worst([administered, *(_is_least(subject, row) for row in written)])


def _administers(subject: Subject, row: Mapping[str, Any]) -> bool:
    """Say whether a statement lets the account change the policy: without one nobody could ever change the key."""
    principal = row.get("Principal")
    named = texts(principal.get("AWS")) if isinstance(principal, dict) else []
    root = any(_is_root(arn, subject.settings.get("account_id")) for arn in named)
    return row.get("Effect") == "Allow" and root and "kms:putkeypolicy" in elements(row, "Action")


def _is_least(subject: Subject, row: Mapping[str, Any]) -> Word:
    if row.get("Effect") == "Deny":
        return "pass"
    actions = elements(row, "Action")
    families = {family.casefold() for family in FAMILIES}
    named = all("*" not in action or action in families for action in actions)
    # A Not element allows whatever it does not name.
    if not actions or not named or {"NotAction", "NotPrincipal", "NotResource"} & set(row):
        return "fail"
    principal = row.get("Principal")
    if not isinstance(principal, dict) or len(principal) != 1:
        return "fail"
    ((kind, value),) = principal.items()
    who = texts(value)
    if kind == "Service":
        return "pass" if who and not any("*" in name for name in who) and _is_of_account(subject, row) else "fail"
    if kind != "AWS" or len(who) != 1:
        return "fail"
    if _is_root(who[0], subject.settings.get("recovery_account_id")):
        return "pass" if set(actions) <= _RECOVERY else "fail"
    if not _is_root(who[0], subject.settings.get("account_id")):
        return "fail"
    uses = any(_is_use(action) for action in actions)
    return "pass" if not uses or _is_conditioned(subject, row, actions) else "fail"


def _is_root(arn: str, account: Any) -> bool:
    return re.fullmatch(rf"arn:aws(-cn|-us-gov)?:iam::{account}:root", arn) is not None


def _is_use(action: str) -> bool:
    call = action.removeprefix("kms:")
    uses = [use.casefold() for use in _USES]
    return any(covers(use, call) or covers(action, f"kms:{use.removesuffix('*')}") for use in uses)


def _is_of_account(subject: Subject, row: Mapping[str, Any]) -> bool:
    """Say whether a service may act for the account's own resources only: by the account, or by ARNs that have it."""
    account = str(subject.settings.get("account_id"))
    return any(
        (operator in _EXACT and name == "aws:sourceaccount" and values == [account])
        or (
            operator in ("ArnEquals", "ArnLike")
            and name == "aws:sourcearn"
            and bool(values)
            and all(value.split(":", 5)[4:5] == [account] for value in values)
        )
        for operator, name, values in conditions(row)
    )


def _is_conditioned(subject: Subject, row: Mapping[str, Any], actions: list[str]) -> bool:
    """Say whether use is bound to named services or roles, and grants to AWS's own resources."""
    rows = conditions(row)
    account = str(subject.settings.get("account_id"))
    services = any(
        operator == "StringEquals" and name == "kms:viaservice" and values for operator, name, values in rows
    )
    roles = any(
        operator in _EXACT
        and name == "aws:principalarn"
        and values
        and all((match := _ROLE_ARN.fullmatch(arn)) is not None and match["account"] == account for arn in values)
        for operator, name, values in rows
    )
    grants = "kms:creategrant" not in actions or ("Bool", "kms:grantisforawsresource", ["true"]) in rows
    return (services or roles) and grants


@criterion("TRADING-17.3")
def rotation(subject: Subject) -> Verdict:
    """Symmetric keys rotate. KMS rotates no others, and one for DNSSEC has to be an elliptic curve's."""
    findings = []
    signing = False
    for key in subject.graph.of_type(*_KEYS):
        spec, usage = key.get("customerMasterKeySpec", _SYMMETRIC), key.get("keyUsage", "ENCRYPT_DECRYPT")
        if (spec, usage) == ("ECC_NIST_P256", "SIGN_VERIFY"):
            signing = True
        else:
            findings.append(claim(key, "enableKeyRotation", lambda on: on is True, default=False))
    return combine(findings, "symmetric keys", "rotate by themselves", _DECISION_SIGNING if signing else 0)


@criterion("TRADING-17.4")
def aliases(subject: Subject) -> Verdict:
    graph = subject.graph
    findings = []
    for key in graph.of_type(*_KEYS):
        found = parts(graph, key, "targetKeyId", KEY_ALIAS)
        astray = [row for row in graph.of_type(KEY_ALIAS) if not follow(graph, row, "targetKeyId", key.type).certain]
        findings.append(Finding(key, "", best(["pass"] * len(found) + ["unknown"] * len(astray))))
    return combine(findings, "keys", "have an alias")


@criterion("TRADING-17.5")
def recovery(subject: Subject) -> Verdict:
    """With a recovery account in the settings every key lets it decrypt; without one, none lets another account."""
    account = subject.settings.get("recovery_account_id")
    findings = []
    for key in subject.graph.of_type(*_KEYS):
        written = statements(key, "policy")
        if written is None:
            findings.append(Finding(key, "policy", "unknown" if key.get("policy") is UNKNOWN else "fail"))
            continue
        met = any(_lets_decrypt(row, account) for row in written) if account else not _names_others(subject, written)
        findings.append(Finding(key, "policy", "pass" if met else "fail"))
    says = f"let account {account} decrypt" if account else "name no other account: use by one is not required"
    return combine(findings, "keys", says)


def _lets_decrypt(row: Mapping[str, Any], account: Any) -> bool:
    principal = row.get("Principal")
    named = texts(principal.get("AWS")) if isinstance(principal, dict) else []
    allowed = row.get("Effect") == "Allow" and "kms:decrypt" in elements(row, "Action")
    return allowed and not conditions(row) and any(_is_root(arn, account) for arn in named)


def _names_others(subject: Subject, written: list[Mapping[str, Any]]) -> bool:
    own = str(subject.settings.get("account_id"))
    for row in written:
        principal = row.get("Principal")
        named = texts(principal.get("AWS")) if isinstance(principal, dict) else ["*"] if principal else []
        if row.get("Effect") == "Allow" and any(f":{own}:" not in arn and arn != own for arn in named):
            return True
    return False
