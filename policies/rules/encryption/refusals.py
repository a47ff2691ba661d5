"""Statements of resource policies that refuse requests without TLS, told exactly.

Such a statement denies to everybody, speaks of the service's actions, and has the one condition that the request came
without TLS. Every further condition, principal left out or part of the resource left out would let some through.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.rules.documents import Document, Statement, matches
from policies.rules.model import PASS, Outcome, fail, unknown

_TRANSPORT = "aws:securetransport"
# Any name: a pattern that matches it matches every name, since one that is longer or shorter by a text does not.
_ANY = "**"


def refused_without_tls(document: Document, service: str, needed: Sequence[str] | None, action: str = _ANY) -> Outcome:
    """Judge whether a policy refuses requests without TLS for all the needed resources.

    `needed` are ARNs, None where they are not known yet; an empty region or account in one is not known and fits any,
    and a last /* is everything below. `action` is the one that must be refused where not all can be.
    """
    said = "every action" if action == _ANY else f"{service}:{action}"
    expected = f"a statement that denies everybody {said} without TLS, by Bool aws:SecureTransport false alone"
    if document.broken:
        return fail(document.path, "no policy document", expected)
    refusing = [one for one in document.statements if refuses(one, service, action)]
    missing = [arn for arn in needed or ("*",) if not any(_about(one, arn) for one in refusing)]
    if not missing:
        return PASS
    if not document.known or (refusing and needed is None):
        return unknown(document.path, expected)
    if not refusing:
        return fail(document.path, "no such statement", expected)
    return fail(document.path, f"such a statement, but not for {', '.join(missing)}", expected)


def refuses(statement: Statement, service: str, action: str = _ANY) -> bool:
    """Say whether a statement denies an action of a service (any, unless one is given) to everybody without TLS."""
    everybody = not statement.not_principals and any(
        kind in ("*", "AWS") and value == "*" for kind, value in statement.principals
    )
    only_without = len(statement.conditions) == 1 and all(
        condition.key == _TRANSPORT
        and condition.operator in ("bool", "boolifexists")
        and [value.lower() for value in condition.values] == ["false"]
        for condition in statement.conditions
    )
    return statement.denies and everybody and only_without and _speaks_of(statement, service, action)


def _speaks_of(statement: Statement, service: str, action: str) -> bool:
    if statement.not_actions and action == _ANY:
        return not any(matches(pattern.partition(":")[0], service) for pattern in statement.not_actions)
    return statement.grants(f"{service}:{action}")


def _about(statement: Statement, arn: str) -> bool:
    """Say whether a statement names a resource. One that is about all others leaves open which, and does not count."""
    return any(_covers(pattern, arn) for pattern in statement.resources)


def _covers(pattern: str, arn: str) -> bool:
    """Say whether a pattern covers an ARN; a part of it that is not known fits."""
    text = f"{arn}*" if arn.endswith("*") else arn
    if matches(pattern, text):
        return True
    parts, known = pattern.split(":", 5), text.split(":", 5)
    if len(parts) != len(known):
        return False
    no_places = known[2] == "s3"  # its ARNs have neither region nor account
    return all(
        matches(part, given) if given else bool(part) or no_places for part, given in zip(parts, known, strict=True)
    )
