"""The requests that have to be looked at: every combination of values that some statement tells apart.

A statement's conditions compare keys with values. Whatever else a key holds, it falls on one side of each of them, so
that the values named, one that nobody names, and none at all stand for all requests.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from plumbline.iam.conditions import parse_operator
from plumbline.permissions.known import known
from plumbline.permissions.universe import ANY

OTHER = f"{ANY}other"
_OTHER_ARN = f"arn:aws:{ANY}:::{ANY}"
_STEP = Decimal("0.1")
MOST = 4096  # contexts of one principal, resource and set of actions

Value = str | tuple[str, ...] | None
Conditions = Mapping[str, Mapping[str, Any]]


def keys(conditions: Conditions) -> set[str]:
    """Return the keys of some conditions in lower case."""
    return {key.lower() for row in conditions.values() for key in row}


class TooMany(Exception):
    """More combinations than can be looked at."""


def grid(all_: Iterable[Conditions], fixed: Iterable[str]) -> list[dict[str, Value]]:
    """Return the contexts that some conditions tell apart; keys are in lower case, None is a key without value.

    Keys in `fixed` have their values already. Raises TooMany.
    """
    uses: dict[str, dict[tuple[str, str], None]] = {}
    sets: set[str] = set()
    known_keys = {key.lower() for key in fixed}
    for conditions in all_:
        for operator, row in conditions.items():
            qualifier, base, _ = parse_operator(operator)
            for key, given in row.items():
                if key.lower() in known_keys:
                    continue
                values = [str(one).lower() if isinstance(one, bool) else str(one) for one in _items(given)]
                uses.setdefault(key.lower(), {}).update(dict.fromkeys((base, value) for value in values))
                if qualifier:
                    sets.add(key.lower())
    choices = {key: _choices(key, found, multiple=key in sets) for key, found in uses.items()}
    total = 1
    for values in choices.values():
        total *= len(values)
    if total > MOST:
        raise TooMany(f"{total} combinations of {', '.join(sorted(choices))}")
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def _items(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def _choices(key: str, uses: Iterable[tuple[str, str]], *, multiple: bool) -> list[Value]:
    found: dict[str, None] = {}
    for base, value in uses:
        found.update(dict.fromkeys(_values(base, value)))
    named = list(found)
    choices: list[Value] = [] if key in _always() else [None]
    if not multiple:
        return [*choices, *named]
    choices += [(value,) for value in named]
    meant = tuple(value for value in named if value not in (OTHER, _OTHER_ARN))
    if len(meant) > 1:
        choices.append(meant)
    if meant:
        choices.append((*meant, OTHER))
    return choices


def _always() -> list[str]:
    return [key.lower() for key in known()["always"]]


def _values(base: str, value: str) -> Iterator[str]:
    """Yield the values that an operator tells apart."""
    if base == "Bool":
        yield from ("true", "false")
    elif base.startswith("Numeric"):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return
        yield from map(str, (number - _STEP, number, number + _STEP))
    elif base.startswith("Date"):
        yield from (value, "1970-01-02", "2999-01-01")
    elif "IpAddress" in base:
        yield value.partition("/")[0]
        yield "192.0.2.1" if ":" not in value else "2001:db8:ffff::1"
    elif base == "Null":
        yield OTHER
    else:
        yield value.replace("*", ANY).replace("?", ANY) if base.endswith("Like") or "Arn" in base else value
        yield _OTHER_ARN if "Arn" in base else OTHER


def assumed(key: str, value: Value, region: str) -> bool:
    """Say whether a use that names no such key may have this value of it."""
    given = {name.lower(): row for name, row in known()["assumed"].items()}.get(key)
    if given is None:
        return value is None or (key in _always() and value in (OTHER, _OTHER_ARN, region))
    if not isinstance(value, str):
        return False
    return Decimal(value) >= Decimal(given["at_least"]) if "at_least" in given else value == given["is"]


def shown(key: str, values: Iterable[Value]) -> str:
    """Write which values of a key are meant."""
    return f"{key}: {' or '.join(_shown(value) for value in values)}"


def _shown(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return "+".join(_shown(one) for one in value)
    return "any other" if value in (OTHER, _OTHER_ARN) else value.replace(ANY, "*")


def value_document(value: Value) -> Any:
    """Return a value of a key for the machine document: null where there is none, a list where there are several."""
    if value is None:
        return None
    return [_shown(one) for one in value] if isinstance(value, tuple) else _shown(value)
