"""What changes in who may do what, in words, statement by statement.

`python -m plumbline permissions` proves what all policies of a stack come to together; this names what a reviewer has
to look at: which statements come and go, for whom, on what.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.contract import encode
from plumbline.graph import UNKNOWN, StackGraph
from plumbline.iam.patterns import Actions
from plumbline.permissions.estate import Estate, Held, covers, texts
from plumbline.permissions.known import Home
from plumbline.permissions.subjects import roles


@dataclass(frozen=True, order=True)
class Right:
    """One action that somebody may do, or must not, on something, under conditions.

    `arn` is what the statement says for `on`, "" where a policy of the resource itself has it.
    """

    who: str
    effect: str
    on: str
    when: str
    action: str
    arn: str = ""


@dataclass(frozen=True)
class RightChange:
    """Actions that somebody gains or loses on something. `text` is the sentence."""

    who: str
    on: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    text: str


def changes(before: StackGraph, after: StackGraph, settings: Mapping[str, Any]) -> list[RightChange]:
    """Return who gains and loses what. What a wider right of the same side covers is no change of its own."""
    home = Home(str(settings.get("account_id", "")), str(settings.get("region", "")))
    old, new = _rights(before, home), _rights(after, home)
    gained = [right for right in new - old if not _covered(right, old)]
    lost = [right for right in old - new if not _covered(right, new)]
    groups: dict[tuple[str, str, str, str], tuple[list[str], list[str]]] = {}
    for index, rights in enumerate((gained, lost)):
        for right in sorted(rights):
            key = (right.who, right.on, right.effect, right.when)
            groups.setdefault(key, ([], []))[index].append(right.action)
    return [_change(key, *actions) for key, actions in sorted(groups.items())]


def _change(key: tuple[str, str, str, str], gained: list[str], lost: list[str]) -> RightChange:
    who, on, effect, when = key
    parts = []
    if gained:
        parts.append(f"{'is denied' if effect == 'Deny' else 'gains'} {', '.join(gained)}")
    if lost:
        parts.append(f"{'is no longer denied' if effect == 'Deny' else 'loses'} {', '.join(lost)}")
    condition = f", when {when}" if when else ""
    return RightChange(who, on, tuple(gained), tuple(lost), f"{who} {' and '.join(parts)} on {on}{condition}")


def _covered(right: Right, others: Iterable[Right]) -> bool:
    """Say whether another right of the same effect, without more conditions, covers one."""
    return any(
        other.who == right.who
        and other.effect == right.effect
        and (other.on == right.on or covers(other.arn, right.arn))
        and other.when in ("", right.when)
        and (Actions([other.action]).match(right.action.lower()) or other.action == right.action)
        for other in others
        if other != right
    )


def _rights(graph: StackGraph, home: Home) -> set[Right]:
    estate = Estate(graph, home)
    found: set[Right] = set()
    for role in roles(estate):
        for held in role.identity:
            found.update(_of_identity(estate, role.label, held))
        for arn, _ in role.managed:
            found.add(Right(role.label, "Allow", f"policy {arn}", "", "all that it says"))
    for target in estate.targets.values():
        if target.part == "self":
            for held in target.held:
                found.update(_of_resource(estate, target.label, held))
    return found


def _of_identity(estate: Estate, who: str, held: Held) -> Iterator[Right]:
    for row in held.rows:
        if row is UNKNOWN or not isinstance(row, Mapping):
            yield Right(who, "Allow", "something", "", "what is not known before the deployment")
            continue
        for arn in _texts(row.get("Resource")):
            yield from _actions(who, "everything" if arn == "*" else estate.target(arn).label, row, arn)
        if "NotResource" in row:
            others = ", ".join(sorted(estate.target(arn).label for arn in _texts(row["NotResource"])))
            yield from _actions(who, f"everything but {others}", row)


def _of_resource(estate: Estate, on: str, held: Held) -> Iterator[Right]:
    for row in held.rows:
        if row is UNKNOWN or not isinstance(row, Mapping):
            yield Right("somebody", "Allow", on, "", "what is not known before the deployment")
            continue
        for who in _principals(estate, row):
            yield from _actions(who, on, row)


def _actions(who: str, on: str, row: Mapping[str, Any], arn: str = "") -> Iterator[Right]:
    effect, when = str(row.get("Effect")), _condition(row.get("Condition"))
    for action in _texts(row.get("Action")):
        yield Right(who, effect, on, when, action, arn)
    if "NotAction" in row:
        yield Right(who, effect, on, when, f"everything but {', '.join(sorted(_texts(row['NotAction'])))}", arn)


def _principals(estate: Estate, row: Mapping[str, Any]) -> Iterator[str]:
    given = row.get("Principal")
    if "NotPrincipal" in row:
        yield f"everybody but {json.dumps(encode(row['NotPrincipal']))}"
    elif isinstance(given, Mapping):
        for kind, names in given.items():
            for name in _texts(names):
                own = estate.targets.get(name)
                yield own.label if own is not None else f"{_KINDS.get(kind, 'principal')} {name}"
    elif given is UNKNOWN:
        yield "somebody who is not known before the deployment"
    else:
        yield "anybody"


_KINDS = {"Service": "service", "Federated": "provider", "AWS": "principal"}


def _texts(value: Any) -> list[str]:
    known = texts(value)
    items = value if isinstance(value, list | tuple) else [value]
    return [*known, "[not known before the deployment]"] if any(item is UNKNOWN for item in items) else known


def _condition(given: Any) -> str:
    if not given:
        return ""
    if not isinstance(given, Mapping):
        return "a condition that is not known before the deployment"
    rows = [
        f"{key} {operator} {', '.join(sorted(map(_value, values if isinstance(values, list) else [values])))}"
        for operator, keys in given.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    ]
    return " and ".join(sorted(rows))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(encode(value))
