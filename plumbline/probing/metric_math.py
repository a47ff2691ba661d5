"""Metric math of CloudWatch, as far as alarms of this project use it: what it does not know it refuses."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
}


def value(expression: str, **metrics: float | None) -> float | None:
    """Return what an expression gives for one period; None is a metric without a datapoint, and such a result.

    An operation with a gap gives a gap, FILL fills gaps, SUM of a list passes over them. Raises ValueError for what is
    not known here. AWS: "Using metric math".
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
