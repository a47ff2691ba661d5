"""The parts of CloudWatch that the tests of monitoring need: filter patterns for JSON lines, and metric math.

Both know only what the trading system's data use, and refuse the rest.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

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


_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
}


def value(expression: str, **metrics: float | None) -> float | None:
    """Return what an expression gives for one period; None is a metric without a datapoint, and such a result.

    An operation with a gap gives a gap, FILL fills gaps, SUM of a list passes over them.
    """
    return _value(ast.parse(expression, mode="eval").body, metrics)


def _value(node: ast.expr, metrics: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return metrics[name]
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            pair = _value(left, metrics), _value(right, metrics)
            return None if None in pair else _OPERATORS[type(op)](*pair)  # type: ignore[arg-type]  # no None is left
        case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no]):
            chosen = _value(condition, metrics)
            return None if chosen is None else _value(yes if chosen else no, metrics)
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, filling]):
            found = _value(metric, metrics)
            return _value(filling, metrics) if found is None else found
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=items)]):
            found = [item for item in (_value(element, metrics) for element in items) if item is not None]
            return sum(found) if found else None
    raise ValueError(f"not understood: {ast.unparse(node)}")
