"""Says whether a line of a log matches a JSON filter pattern (CloudWatch Logs, "Filter pattern syntax").

plumbline.constraints.filter_patterns knows what is a pattern; here one that is right is applied to a line. Patterns for
text and for fields between spaces are not: no system of this project writes such lines.
"""

from __future__ import annotations

import json
import re
from typing import Any

from plumbline.constraints.filter_patterns import read_pattern

_TOKEN = re.compile(r"\s*(?P<token>&&|\|\||!=|<=|>=|[=<>()]|\"(?:[^\"\\]|\\.)*\"|%[^%]+%|[^\s=!<>()&|]+)")
_MISSING = object()


def matches(pattern: str, line: str) -> bool:
    """Say whether a line matches. Raises ValueError for a pattern of another kind."""
    if read_pattern(pattern).kind != "json":
        raise ValueError(f"{pattern!r} given; a JSON pattern is needed")
    try:
        value = json.loads(line)
    except ValueError:
        return False  # a line that is no JSON matches no JSON pattern
    return isinstance(value, dict) and _Reader(pattern.strip()[1:-1], value).result()


class _Reader:
    """A pattern that is applied while it is read. `&&` binds closer than `||`."""

    def __init__(self, text: str, line: dict[str, Any]) -> None:
        self._tokens = [match["token"] for match in _TOKEN.finditer(text.rstrip())]
        self._line = line

    def result(self) -> bool:
        return self._any()

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _any(self) -> bool:
        holds = self._all()
        while self._next() == "||":
            self._tokens.pop(0)
            other = self._all()
            holds = holds or other
        return holds

    def _all(self) -> bool:
        holds = self._one()
        while self._next() == "&&":
            self._tokens.pop(0)
            other = self._one()
            holds = holds and other
        return holds

    def _one(self) -> bool:
        if self._next() == "(":
            self._tokens.pop(0)
            holds = self._any()
            self._tokens.pop(0)
            return holds
        found, operator = _pick(self._tokens.pop(0), self._line), self._tokens.pop(0)
        if operator.upper() == "IS":
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}[self._tokens.pop(0).upper()]
            return found is wanted
        if operator.upper() == "NOT":
            self._tokens.pop(0)  # EXISTS
            return found is _MISSING
        return _compare(found, operator, self._tokens.pop(0))


def _pick(selector: str, line: Any) -> Any:
    found = line
    for name, index in re.findall(r"\.([A-Za-z0-9_\-@]+)|\[(\d+)\]", selector):
        if name and isinstance(found, dict) and name in found:
            found = found[name]
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return _MISSING
    return found


def _compare(found: Any, operator: str, operand: str) -> bool:
    if found is _MISSING or isinstance(found, dict | list):
        return False
    if operand.startswith("%"):
        hit = isinstance(found, str) and re.search(operand[1:-1], found) is not None
        return hit if operator == "=" else isinstance(found, str) and not hit
    if operand.startswith('"') or not re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", operand):
        text = json.loads(operand) if operand.startswith('"') else operand
        expression = ".*".join(re.escape(part) for part in text.split("*"))
        hit = isinstance(found, str) and re.fullmatch(expression, found, re.DOTALL) is not None
        return hit if operator == "=" else isinstance(found, str) and not hit
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    number = float(operand)
    return {
        "=": found == number,
        "!=": found != number,
        "<": found < number,
        "<=": found <= number,
        ">": found > number,
        ">=": found >= number,
    }[operator]
