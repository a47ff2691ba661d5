"""KMS keys and aliases (AWS KMS: CreateKey, CreateAlias, "Key spec reference"), and what is encrypted with them.

Enumerations, lengths and the days between rotations are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import (
    allows,
    behind,
    condition_keys,
    policy_text,
    principals,
    statements,
)
from plumbline.graph import Resource, StackGraph

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
ALIAS = "aws:kms/alias:Alias"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_DELETION_DAYS = (7, 30)
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_ENCRYPT = "ENCRYPT_DECRYPT"
_SIGN = "SIGN_VERIFY"
# Beginning of the key spec, and the usages that it has (CreateKey, KeyUsage). The longer beginning comes first.
_USAGES = {
    _SYMMETRIC: (_ENCRYPT,),
    "HMAC_": ("GENERATE_VERIFY_MAC",),
    "RSA_": (_ENCRYPT, _SIGN),
    "ECC_NIST_EDWARDS": (_SIGN,),
    "ECC_NIST_P": (_SIGN, "KEY_AGREEMENT"),
    "ECC_SECG_": (_SIGN,),
    "ML_DSA_": (_SIGN,),
    "ML_KEM_": ("ENCAPSULATE_DECAPSULATE",),
    "SM2": (_ENCRYPT, _SIGN, "KEY_AGREEMENT"),
}
_IDENTITY = re.compile(r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):.+|(\d{12})")
# What CloudWatch Logs needs of a key (CloudWatch Logs, "Encrypt log data using AWS KMS").
_LOG_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
# Properties that name the key a resource is encrypted with.
_KEY_PROPERTIES = {
    LOG_GROUP: "kmsKeyId",
    "aws:sns/topic:Topic": "kmsMasterKeyId",
    "aws:sqs/queue:Queue": "kmsMasterKeyId",
    "aws:secretsmanager/secret:Secret": "kmsKeyId",
}


@for_types(KEY)
def deletion(key: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Deletion waits 7 to 30 days."""
    days, (low, high) = key.get("deletionWindowInDays"), _DELETION_DAYS
    if isinstance(days, int) and not low <= days <= high:
        yield "deletionWindowInDays", f"{days} given; allowed: {low} to {high}"


@for_types(KEY)
def usage(key: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A key is used for what its spec can do."""
    spec, given = key.get("customerMasterKeySpec", _SYMMETRIC), key.get("keyUsage", _ENCRYPT)
    if not isinstance(spec, str):
        return
    usages = next((usages for begin, usages in _USAGES.items() if spec.startswith(begin)), None)
    if usages is not None and isinstance(given, str) and given not in usages:
        yield "keyUsage", f"{given!r} given; key spec {spec} allows: {', '.join(usages)}"


@for_types(KEY)
def rotation(key: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Only symmetric keys that encrypt, with material that KMS made, rotate by themselves."""
    if key.get("enableKeyRotation") is not True:
        return
    spec = key.get("customerMasterKeySpec", _SYMMETRIC)
    if isinstance(spec, str) and spec != _SYMMETRIC:
        yield "enableKeyRotation", f"true given with key spec {spec}; only {_SYMMETRIC} keys rotate"
    if isinstance(key.get("customKeyStoreId"), str):
        yield "enableKeyRotation", "true given; keys in a custom key store do not rotate"


@for_types(KEY, KEY_POLICY)
def manageable(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Somebody of the account may still change the policy of a key (AWS KMS, "Default key policy")."""
    text, bypass = policy_text(resource), resource.get("bypassPolicyLockoutSafetyCheck", False)
    found = statements(text)
    if not found or bypass is not False:
        return
    accounts = _accounts(graph)
    for statement in found:
        # A condition about the caller can hold for whoever deploys; others, such as kms:ViaService, cannot.
        about_caller = all(key.startswith(("aws:principal", "kms:calleraccount")) for key in condition_keys(statement))
        if allows(statement, "kms:PutKeyPolicy") and about_caller:
            for principal in principals(statement, "AWS"):
                match = _IDENTITY.fullmatch(principal)
                if principal == "*" or (match and (not accounts or (match[1] or match[2]) in accounts)):
                    return
    yield "policy", "nobody of the account may change the policy; an Allow of kms:PutKeyPolicy to it is needed"


@for_types(ALIAS)
def alias_name(alias: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An alias begins alias/ and is none of AWS's own."""
    name = alias.get("name")
    if isinstance(name, str) and (not name.startswith("alias/") or name.startswith("alias/aws/")):
        yield "name", f"{name!r} given; allowed: a name that begins alias/, but not alias/aws/"


@for_types(ALIAS)
def alias_once(alias: Resource, graph: StackGraph) -> Iterator[Finding]:
    """No two aliases of a region have one name."""
    name = alias.get("name")
    if not isinstance(name, str):
        return
    place = (alias.get("region"), alias.options.provider)
    for other in graph.of_type(ALIAS):
        if other.urn == alias.urn:
            return
        if other.get("name") == name and (other.get("region"), other.options.provider) == place:
            yield "name", f"{name!r} is the name of {other.display} too"


@for_types(LOG_GROUP)
def logs_may_use_key(group: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The policy of a log group's key lets CloudWatch Logs of the region use it, before the group exists."""
    key = _key(group, "kmsKeyId", graph)
    region = group.get("region", _region(group, graph))
    if key is None or not isinstance(region, str):
        return
    policies = [policy for policy in graph.of_type(KEY_POLICY) if _key(policy, "keyId", graph) is key]
    owner = policies[0] if policies else key
    text = policy_text(owner)
    if text is None and owner.get("policy") is not None:
        return
    service = f"logs.{region}.amazonaws.com"
    granted = [item for item in statements(text) if service in principals(item, "Service")]
    missing = [action for action in _LOG_ACTIONS if not any(allows(item, action) for item in granted)]
    if missing:
        yield "kmsKeyId", f"the policy of {owner.display} must allow {', '.join(missing)} to {service}"
    elif owner.urn not in graph.needs(group.urn):
        yield "kmsKeyId", f"the log group must depend on the key's policy {owner.name}"


@for_types(*_KEY_PROPERTIES)
def symmetric(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Services encrypt with symmetric keys only."""
    property_ = _KEY_PROPERTIES[resource.type]
    key = _key(resource, property_, graph)
    spec = key.get("customerMasterKeySpec", _SYMMETRIC) if key is not None else None
    if key is not None and isinstance(spec, str) and spec != _SYMMETRIC:
        yield property_, f"{key.display} has key spec {spec}; a {_SYMMETRIC} key is needed"


def _key(resource: Resource, property_: str, graph: StackGraph) -> Resource | None:
    """Return the key of the stack that a property refers to, directly or by an alias."""
    target = behind(resource, property_, graph, KEY, ALIAS)
    if target is not None and target.type == ALIAS:
        return behind(target, "targetKeyId", graph, KEY)
    return target


def _accounts(graph: StackGraph) -> set[str]:
    found: set[str] = set()
    for provider in graph.of_type("pulumi:providers:aws"):
        accounts = provider.get("allowedAccountIds")
        found.update(json.loads(accounts) if isinstance(accounts, str) else ())
    return found


def _region(resource: Resource, graph: StackGraph) -> object:
    """Return the region of the provider of a resource, None where it has none of its own."""
    urn = resource.options.provider.rsplit("::", 1)[0]
    provider = graph.resources.get(urn)
    return provider.get("region") if provider is not None else None
