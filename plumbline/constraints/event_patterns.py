"""Event patterns of EventBridge and filter policies of SNS, which share their language.

Sources are "Creating event patterns" and "Comparison operators" of EventBridge, and "Subscription filter policies"
of SNS. moto looks at no filter, and the Python binding of AWS's own ruler has had no release with the newer ones.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from plumbline.graph import Path, path_text

Finding = tuple[Path, str]
_LARGEST_NUMBER = 5_000_000_000
_SCALARS = (str, int, float, bool, type(None))
_OPERATORS = ("=", "<", "<=", ">", ">=")
_NESTED = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def pattern_findings(text: str, *, nested: bool = True) -> list[tuple[str, str]]:
    """Return what is refused in a pattern: the path in it (`detail.amount[0].numeric`), and why.

    `nested` is whether its values may be objects: a filter policy on message attributes has one level only.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        return [("", f"not JSON: {error}")]
    if not isinstance(document, dict) or not document:
        return [("", "an object with at least one key is needed")]
    return [(path_text(path), message) for path, message in _object(document, (), nested)]


def _object(value: dict[str, Any], place: Path, nested: bool) -> Iterator[Finding]:
    for key, item in value.items():
        here = (*place, key)
        if key == "$or" and isinstance(item, list) and all(isinstance(one, dict) for one in item):
            if len(item) < 2:
                yield here, f"{len(item)} alternatives given; allowed: at least 2"
            for index, alternative in enumerate(item):
                yield from _filled(alternative, (*here, index), nested)
        elif isinstance(item, dict) and nested:
            yield from _filled(item, here, nested)
        elif isinstance(item, list):
            yield from _list(item, here)
        else:
            yield here, "a list of values is needed" + (", or an object" if nested else "")


def _filled(value: dict[str, Any], place: Path, nested: bool) -> Iterator[Finding]:
    if not value:
        yield place, "an object with at least one key is needed"
    yield from _object(value, place, nested)


def _list(values: list[Any], place: Path) -> Iterator[Finding]:
    if not values:
        yield place, "empty; at least one value is needed"
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield from _filter(value, (*place, index))
        elif not isinstance(value, _SCALARS):
            yield (*place, index), "a list given; a text, a number, true, false, null or a filter is needed"


def _filter(value: dict[str, Any], place: Path) -> Iterator[Finding]:
    if len(value) != 1:
        yield place, f"{' and '.join(value) or 'nothing'} given; exactly one filter is needed"
        return
    ((name, operand),) = value.items()
    if name not in _FILTERS:
        yield place, f"{name!r} given; allowed: {', '.join(_FILTERS)}"
        return
    problem = _FILTERS[name](operand)
    if problem:
        yield (*place, name), problem


def _affix(operand: Any) -> str | None:
    if isinstance(operand, dict):
        text = operand.get("equals-ignore-case")
        return None if len(operand) == 1 and isinstance(text, str) else "a text, or equals-ignore-case, is needed"
    return None if isinstance(operand, str) else f"{operand!r} given; a text is needed"


def _text(operand: Any) -> str | None:
    return None if isinstance(operand, str) else f"{operand!r} given; a text is needed"


def _wildcard(operand: Any) -> str | None:
    if not isinstance(operand, str):
        return f"{operand!r} given; a text is needed"
    if re.search(r"\\(?![*\\])", re.sub(r"\\\\", "", operand)):
        return f"{operand!r} given; a backslash stands before * or \\ only"
    # An escaped star is a star in the text; two open ones in a row are refused.
    return f"{operand!r} given; two * in a row" if "**" in re.sub(r"\\.", "x", operand) else None


def _exists(operand: Any) -> str | None:
    return None if isinstance(operand, bool) else f"{operand!r} given; true or false is needed"


def _cidr(operand: Any) -> str | None:
    try:
        if isinstance(operand, str) and "/" in operand:
            ipaddress.ip_network(operand, strict=False)
            return None
    except ValueError:
        pass
    return f"{operand!r} given; a block of addresses such as 10.0.0.0/24 is needed"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numeric(operand: Any) -> str | None:
    shape = "a list of an operator and a number is needed, or of two such pairs"
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return f"{operand!r} given; {shape}"
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    for operator, number in pairs:
        if operator not in _OPERATORS:
            return f"{operator!r} given; allowed: {', '.join(_OPERATORS)}"
        if not _is_number(number):
            return f"{number!r} given; a number is needed"
        if abs(number) > _LARGEST_NUMBER:
            return f"{number} given; allowed: -{_LARGEST_NUMBER} to {_LARGEST_NUMBER}"
    if len(pairs) == 2:
        (first, low), (second, high) = pairs
        if not first.startswith(">") or not second.startswith("<"):
            return f"{first} and {second} given; a range begins with > or >= and ends with < or <="
        if low >= high:
            return f"from {low} to {high} given; the lower end comes first"
    return None


def _anything_but(operand: Any) -> str | None:
    if isinstance(operand, dict):
        if len(operand) != 1 or not set(operand) <= set(_NESTED):
            return f"{' and '.join(operand) or 'nothing'} given; allowed: exactly one of {', '.join(_NESTED)}"
        ((name, inner),) = operand.items()
        values = inner if isinstance(inner, list) else [inner]
        check = _wildcard if name == "wildcard" else _affix if name in ("prefix", "suffix") else _text
        problems = [problem for value in values if (problem := check(value))]
        if not values or "" in values:
            return "empty; a text is needed"
        return problems[0] if problems else None
    values = operand if isinstance(operand, list) else [operand]
    texts, numbers = ([value for value in values if check(value)] for check in (_is_text, _is_number))
    return None if values and len(values) in (len(texts), len(numbers)) else "texts alone or numbers alone are needed"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_FILTERS: dict[str, Callable[[Any], str | None]] = {
    "prefix": _affix,
    "suffix": _affix,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
    "equals-ignore-case": _text,
    "wildcard": _wildcard,
}
