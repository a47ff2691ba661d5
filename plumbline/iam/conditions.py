"""Conditions of statements: which operator, which key, which values, and whether they hold for a request.

Sources are "Condition operators", "Conditions with multiple context keys or values" and "Single-valued vs. multivalued
context keys" of the IAM User Guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from plumbline.graph import UNKNOWN, Unknown
from plumbline.iam.comparisons import COMPARISONS, NEGATED, Comparison
from plumbline.iam.logic import Truth, every, negate, some
from plumbline.iam.variables import Context, Template, Value, has_variable, template
from plumbline.project import suggestion

Qualifier = Literal["", "ForAllValues", "ForAnyValue"]
_QUALIFIERS = ("ForAllValues", "ForAnyValue")
_IF_EXISTS = "IfExists"
_NAMES = [*COMPARISONS, *NEGATED, "Null"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. `values` are alternatives as it reads them: text, Template, number, UNKNOWN."""

    operator: str
    key: str
    values: tuple[Any, ...]
    qualifier: Qualifier
    if_exists: bool
    comparison: Comparison | None
    negated: bool

    def holds(self, context: Context) -> Truth:
        """Say whether the condition holds.

        A key with several values under an operator without ForAllValues or ForAnyValue is unknown: AWS asks for one of
        them, and does not say what happens without.
        """
        given = context.get(self.key)
        if isinstance(given, Unknown):
            return None
        if self.comparison is None:
            return some(None if value is UNKNOWN else (value == "true") is (not given) for value in self.values)
        if not given and self.if_exists:
            return True
        if self.qualifier and all(value == "" for value in given):
            return self.qualifier == "ForAllValues"
        if not given:
            return self.negated
        results = [self._accepts(value, context) for value in given]
        if self.qualifier:
            return every(results) if self.qualifier == "ForAllValues" else some(results)
        return results[0] if len(results) == 1 else None

    def _accepts(self, given: Value, context: Context) -> Truth:
        if given is UNKNOWN:
            return None
        matched = some(self._equal(expected, given, context) for expected in self.values)
        return negate(matched) if self.negated else matched

    def _equal(self, expected: Any, given: Value, context: Context) -> Truth:
        if isinstance(expected, Template):
            expected = expected.resolve(context)
        if expected is UNKNOWN:
            return None
        comparison = cast(Comparison, self.comparison)
        if expected is None or (isinstance(given, bytes) and comparison is not COMPARISONS["BinaryEquals"]):
            return False
        try:
            return comparison.equal(expected, given)
        except ValueError:
            return False  # not a number, a date, an address: equal to none, and before or after none


@dataclass(frozen=True, slots=True)
class UnknownCondition:
    """A condition of which nothing is known."""

    def holds(self, context: Context) -> Truth:
        return None


def parse_operator(name: str) -> tuple[Qualifier, str, bool]:
    """Return the qualifier, the operator itself, and whether IfExists follows.

    Raises ValueError with what is allowed instead.
    """
    qualifier, colon, rest = name.rpartition(":")
    if colon and qualifier not in _QUALIFIERS:
        raise ValueError(f"{qualifier!r} given before the colon; allowed: {' or '.join(_QUALIFIERS)}")
    base = rest.removesuffix(_IF_EXISTS)
    if base not in _NAMES:
        raise ValueError(f"{rest!r} is no condition operator{suggestion(base, _NAMES)}")
    if base == "Null" and name != "Null":
        raise ValueError(f"{name!r} given; Null takes neither {_IF_EXISTS} nor a set operator")
    return cast(Qualifier, qualifier), base, rest != base


def condition(operator: str, key: str, values: list[Any], *, variables: bool) -> Condition:
    """Return one condition. `variables` is whether the document's version has policy variables.

    Raises ValueError for an operator that does not exist, and for a value that it does not take.
    """
    qualifier, base, if_exists = parse_operator(operator)
    comparison = None if base == "Null" else COMPARISONS[NEGATED.get(base, base)]
    read = tuple(_value(value, comparison, variables) for value in values)
    return Condition(operator, key.lower(), read, qualifier, if_exists, comparison, base in NEGATED)


def _value(value: Any, comparison: Comparison | None, variables: bool) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if comparison is None:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{value!r} given; true or false is needed")
        return text.lower()
    if comparison.variables and variables and has_variable(text):
        return template(text)
    try:
        return comparison.read(text)
    except ValueError as error:
        raise ValueError(f"{value!r} given; needed: {error}") from None
