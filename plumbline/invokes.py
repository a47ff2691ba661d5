"""Answers provider functions (invokes) offline, from what the stack's own provider says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from plumbline.graph import Resource

ZONE = "aws:route53/getZone:getZone"


def answer(token: str, args: Mapping[str, Any], provider: Resource | None) -> Mapping[str, Any] | None:
    """Return the result of a provider function, None where nothing is known about it.

    Account and region come from the provider resource that the call is made through: the stack's settings
    put them there.
    """
    if token == "aws:secretsmanager/getRandomPassword:getRandomPassword":
        return {"id": "password", "randomPassword": _password(int(args.get("passwordLength") or 32))}
    if token == ZONE:
        return _zone(args)
    if provider is None:
        return None
    region = provider.get("region")
    # Provider inputs travel as JSON text, whatever their type.
    given = provider.get("allowedAccountIds")
    accounts = json.loads(given) if isinstance(given, str) else []
    if token == "aws:index/getRegion:getRegion" and isinstance(region, str):
        return {"id": region, "region": region, "name": region}
    if token == "aws:index/getCallerIdentity:getCallerIdentity" and accounts:
        account = accounts[0]
        return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:root", "userId": account}
    if token == "aws:index/getPartition:getPartition":
        return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"}
    return None


def _password(length: int) -> str:
    """Return letters and digits of the given length: the same in each run, so that two rehearsals are alike."""
    return (hashlib.sha256(b"a password of a rehearsal").hexdigest() * (length // 64 + 1))[:length]


def _zone(args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the public zone of a name, which another stack made; None for a private one, and one by its id or tags.

    Its id follows from the name alone, so that previews and rehearsals agree. The sandbox makes such a zone
    (plumbline.sandbox.route53).
    """
    name = str(args.get("name") or "").removesuffix(".")
    if not name or args.get("privateZone") or args.get("vpcId") or args.get("zoneId") or args.get("tags"):
        return None
    identity = "Z" + hashlib.sha256(name.encode()).hexdigest()[:20].upper()
    arn = f"arn:aws:route53:::hostedzone/{identity}"
    return {"id": identity, "zoneId": identity, "arn": arn, "name": name, "privateZone": False}
