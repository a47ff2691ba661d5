"""Asks properties whether they leave an allowance, and how much of it they use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.free_tier.data import Count, Of, When
from plumbline.graph import UNKNOWN, Resource, Secret, urn_type

_MONTH = 30 * 24 * 3600  # seconds


def values(value: Any, path: str) -> Iterator[Any]:
    """Yield every value at a dotted path, in which `*` enters each item of a list; UNKNOWN where the way is."""
    if isinstance(value, Secret):
        value = UNKNOWN if value.value is None else value.value
    if value is UNKNOWN or not path:
        if value is not None:
            yield value
        return
    step, _, rest = path.partition(".")
    if step == "*":
        for item in value if isinstance(value, list) else ():
            yield from values(item, rest)
    elif isinstance(value, Mapping) and step in value:
        yield from values(value[step], rest)


def meets(when: When, inputs: Mapping[str, Any]) -> bool | None:
    """Say whether a resource meets a condition; None where only AWS can tell."""
    found = list(values(inputs, when.path))
    if not found and when.otherwise is not None:
        found = [when.otherwise]
    answers = [None if value is UNKNOWN else _test(when, value) for value in _leaves(found)]
    if True in answers:
        return True
    return None if None in answers else False


def _leaves(found: list[Any]) -> Iterator[Any]:
    for value in found:
        # A condition on a list of plain values is one on any of them.
        if isinstance(value, list):
            yield from _leaves(value)
        else:
            yield value


def _test(when: When, value: Any) -> bool:
    if when.values is not None:
        return any(_same(value, other) for other in when.values)
    if when.other_than is not None:
        return not any(_same(value, other) for other in when.other_than)
    if when.contains is not None:
        return isinstance(value, str) and when.contains in value
    if when.given:
        return value != ""
    number = _number(value)
    if number is None:
        return False
    return number > when.above if when.above is not None else when.below is not None and number < when.below


def _same(value: Any, other: Any) -> bool:
    # A stack's state holds True as true or "true", by the way it was read.
    return value == other or (isinstance(other, bool) and str(value).lower() == str(other).lower())


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def used(count: Count, resource: Resource) -> float | None:
    """Return how much of an allowance a resource uses in a month; None where only AWS can tell."""
    meant = concerns(count.of, resource) if count.of else True
    if not meant:
        return None if meant is None else 0
    if count.polls is not None:
        stopped = meets(count.polls.unless, resource.inputs)
        polls = count.polls.at_once * _MONTH / count.polls.seconds
        return None if stopped is None else 0 if stopped else polls
    found = [value for path in (count.sum or (count.count,)) if path for value in values(resource.inputs, path)]
    if UNKNOWN in found:
        return None
    if count.sum:
        return sum(_number(value) or 0 for value in found)
    return len(found) or count.otherwise


def concerns(of: Of, resource: Resource) -> bool | None:
    """Say whether a resource is one of those that are meant; None where only AWS can tell."""
    sources = resource.property_dependencies.get(of.path, ())
    if sources:
        return any(urn_type(urn) == of.type for urn in sources)
    value = next(values(resource.inputs, of.path), "")
    return None if value is UNKNOWN else f":{of.service}:" in str(value)
