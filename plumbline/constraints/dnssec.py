"""DNSSEC in Route 53 (Route 53 Developer Guide, "Working with customer managed keys for DNSSEC")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.dns import ZONE
from plumbline.constraints.keys import KEY
from plumbline.constraints.networks import region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import allows, behind, policy_text, principals, statements
from plumbline.graph import Resource, StackGraph

SIGNING_KEY = "aws:route53/keySigningKey:KeySigningKey"
SIGNING = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
_REGION = "us-east-1"
_SERVICE = "dnssec-route53.amazonaws.com"
_ACTIONS = ("kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:CreateGrant")
_NAME = re.compile(r"\w{3,128}", re.ASCII)
_STATUS = {SIGNING_KEY: ("status", ("ACTIVE", "INACTIVE")), SIGNING: ("signingStatus", ("SIGNING", "NOT_SIGNING"))}
_KEY = "keyManagementServiceArn"
_KEY_ARN = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:key/.+")


@for_types(SIGNING_KEY, SIGNING)
def status(resource: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A key is active or not, and a zone is signed or not."""
    property_, allowed = _STATUS[resource.type]
    given = resource.get(property_)
    if isinstance(given, str) and given not in allowed:
        yield property_, f"{given!r} given; allowed: {', '.join(allowed)}"


@for_types(SIGNING_KEY)
def name(signing: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A key-signing key has a name of letters, digits and underscores."""
    given = signing.get("name")
    if isinstance(given, str) and not _NAME.fullmatch(given):
        yield "name", f"{given!r} given; allowed: 3 to 128 letters, digits and underscores"


@for_types(SIGNING_KEY)
def key(signing: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Its key signs with curve P-256, lies in us-east-1, and Route 53 may use it."""
    given, target = signing.get(_KEY), behind(signing, _KEY, graph, KEY)
    match = _KEY_ARN.fullmatch(given) if isinstance(given, str) else None
    if isinstance(given, str) and match is None:
        yield _KEY, "the ARN of a key is needed, not its id or alias"
    region = match[1] if match else region_of(target, graph) if target is not None else None
    if region not in (None, _REGION):
        yield _KEY, f"a key in {region} given; one in {_REGION} is needed"
    if target is None:
        return
    for property_, wanted, default in (
        ("customerMasterKeySpec", "ECC_NIST_P256", "SYMMETRIC_DEFAULT"),
        ("keyUsage", "SIGN_VERIFY", "ENCRYPT_DECRYPT"),
    ):
        found = target.get(property_, default)
        if isinstance(found, str) and found != wanted:
            yield _KEY, f"{target.display} has {property_} {found}; {wanted} is needed"
    text = policy_text(target)
    if text is None and target.get("policy") is not None:
        return
    granted = [row for row in statements(text) if _SERVICE in principals(row, "Service")]
    missing = [action for action in _ACTIONS if not any(allows(row, action) for row in granted)]
    if missing:
        yield _KEY, f"the policy of {target.display} must allow {', '.join(missing)} to {_SERVICE}"


@for_types(SIGNING)
def signing(signing: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A zone is signed only after it has an active key."""
    if signing.get("signingStatus", "SIGNING") != "SIGNING":
        return
    zone = behind(signing, "hostedZoneId", graph, ZONE)
    if zone is None:
        return
    keys = [
        row
        for row in graph.of_type(SIGNING_KEY)
        if behind(row, "hostedZoneId", graph, ZONE) is zone and row.get("status", "ACTIVE") != "INACTIVE"
    ]
    if not keys:
        yield "hostedZoneId", f"{zone.display} has no active key-signing key"
    elif not any(row.urn in graph.needs(signing.urn) for row in keys):
        yield "", f"must depend on {keys[0].display}; Route 53 signs with an active key only"
