"""Whether what AWS tells means what was declared. Where it does, a refresh gives the declared value back as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from plumbline.graph import Secret, reveal

GONE = object()  # a list's element without a counterpart


def settled(declared: Any, now: Any, untold: Collection[str], extra: Mapping[str, Any], path: str = "") -> Any:
    """Return what AWS tells as the program would have declared it.

    Each part that means what was declared is the declared one: same text for an equal document, same order for a
    list, still a secret. `untold` names by dotted path what AWS does not tell, which stays as declared. `extra`
    gives by dotted path the values that AWS tells of what was not declared: they are no difference, and "*" stands
    for any value.
    """
    if isinstance(declared, Secret):
        value = settled(declared.value, now, untold, extra, path)
        return declared if value == declared.value else Secret(value)
    if isinstance(declared, Mapping) and isinstance(now, Mapping):
        return _object(declared, now, untold, extra, path)
    if isinstance(declared, list) and isinstance(now, list):
        return _rows(declared, now, untold, extra, path)
    if isinstance(declared, str) and isinstance(now, Mapping | list):
        now = json.dumps(now)  # boto3 reads some documents
    return declared if same(declared, now) else now


def _object(
    declared: Mapping[str, Any], now: Mapping[str, Any], untold: Collection[str], extra: Mapping[str, Any], path: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in declared.items():
        inner = f"{path}.{key}" if path else key
        if inner in untold:
            found[key] = value
        elif now.get(key) is not None:
            found[key] = settled(value, now[key], untold, extra, inner)
        elif is_nothing(value) or same(extra.get(inner, GONE), reveal(value)):
            found[key] = value
    for key, value in now.items():
        inner = f"{path}.{key}" if path else key
        if key not in declared and inner not in untold and not _is_expected(value, extra.get(inner)):
            found[key] = value
    return found


def _is_expected(value: Any, expected: Any) -> bool:
    """Say whether a value is no difference where nothing is declared."""
    if value is None or expected == "*":
        return True
    if is_nothing(expected):
        return is_nothing(value)
    return same(expected, value)


def _rows(declared: list[Any], now: list[Any], untold: Collection[str], extra: Mapping[str, Any], path: str) -> Any:
    """Pair each element with the declared one that means the same, then the others in their order."""
    left = list(now)
    found: list[Any] = [GONE] * len(declared)
    for index, value in enumerate(declared):
        for other in left:
            if settled(value, other, untold, extra, path) == value:
                found[index] = value
                left.remove(other)
                break
    for index, value in enumerate(declared):
        if found[index] is GONE and left:
            found[index] = settled(value, left.pop(0), untold, extra, path)
    return [value for value in found if value is not GONE] + left


def is_nothing(value: Any) -> bool:
    """Say whether a value is what AWS has where nothing was said: off, none, empty."""
    value = reveal(value)
    if isinstance(value, Mapping):
        return all(map(is_nothing, value.values()))
    return value is None or value is False or value in ("", 0, [])


def same(declared: Any, now: Any) -> bool:
    """Say whether two plain values mean the same: numbers in either notation, documents by content."""
    if isinstance(declared, bool) or isinstance(now, bool):
        return str(declared).lower() == str(now).lower()
    if isinstance(declared, str) and isinstance(now, str):
        # The ARN of a log group is told with and without the end that stands for its streams.
        return declared.removesuffix(":*") == now.removesuffix(":*") or _same_document(declared, now)
    if isinstance(declared, str | int | float) and isinstance(now, str | int | float):
        try:
            return float(declared) == float(now)
        except ValueError:
            return False
    return declared == now


def _same_document(declared: str, now: str) -> bool:
    if declared.lstrip()[:1] not in ("{", "[") or now.lstrip()[:1] not in ("{", "["):
        return False
    try:
        first, second = json.loads(declared), json.loads(now)
    except ValueError:
        return False
    if isinstance(first, dict) and isinstance(second, dict) and "Statement" in first:
        return _meaning(first) == _meaning(second)
    return first == second


def _meaning(value: Any) -> Any:
    """Return a policy's part without what means nothing in one: the order of a list, and a list around one value."""
    if isinstance(value, dict):
        return {key: _meaning(item) for key, item in value.items()}
    if isinstance(value, list):
        rows = [_meaning(item) for item in value]
        return rows[0] if len(rows) == 1 else sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return value
