"""The part of CloudWatch that the tests of monitoring need: filter patterns for JSON lines.

It knows only what the trading system's data use, and refuses the rest. Metric math is that of the probes.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from plumbline.probing.metric_math import value

__all__ = ["Pattern", "value"]

_TOKEN = re.compile(r'\s*(\{|\}|\(|\)|&&|\|\||>=|<=|!=|[=<>]|\$\.\w+|"[^"]*"|-?[0-9.]+)')
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Pattern:
    """A filter pattern such as `{ ($.status >= 400) && ($.status < 500) }`.

    Text is compared with text and a number with a number; a field that is missing, null or of another type matches
    nothing. `&&` binds closer than `||`.
    """

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        if re.sub(r"\s", "", text) != re.sub(r"\s", "", "".join(self._tokens)):
            raise ValueError(f"not understood: {text}")
        self._take("{")
        self._matches = self._any()
        self._take("}")
        if self._tokens:
            raise ValueError(f"more after the end: {self._tokens}")

    def matches(self, line: str) -> bool:
        """Say whether a line of a log matches. One that is no JSON object never does."""
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            return False
        return isinstance(found, dict) and self._matches(found)

    def _take(self, *allowed: str) -> str:
        token = self._tokens.pop(0)
        if allowed and token not in allowed:
            raise ValueError(f"{token} where {' or '.join(allowed)} was expected")
        return token

    def _any(self) -> Callable[[Mapping[str, Any]], bool]:
        parts = [self._all()]
        while self._tokens[0] == "||":
            self._take()
            parts.append(self._all())
        return lambda line: any(part(line) for part in parts)

    def _all(self) -> Callable[[Mapping[str, Any]], bool]:
        parts = [self._one()]
        while self._tokens[0] == "&&":
            self._take()
            parts.append(self._one())
        return lambda line: all(part(line) for part in parts)

    def _one(self) -> Callable[[Mapping[str, Any]], bool]:
        if self._tokens[0] == "(":
            self._take()
            inner = self._any()
            self._take(")")
            return inner
        field, compare = self._take().removeprefix("$."), _COMPARE[self._take(*_COMPARE)]
        wanted = json.loads(self._take())
        kind = str if isinstance(wanted, str) else (int, float)

        def matches(line: Mapping[str, Any]) -> bool:
            value = line.get(field)
            return isinstance(value, kind) and not isinstance(value, bool) and compare(value, wanted)

        return matches
