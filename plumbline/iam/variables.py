"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

Source is "IAM policy elements: Variables and tags" of the IAM User Guide. A variable without a value makes its text
equal to nothing and like nothing, so a negated operator holds; what comes from a request is never a wildcard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.graph import UNKNOWN, Unknown
from plumbline.iam.patterns import protect

_VARIABLE = re.compile(r"\$\{(?:(?P<sign>[*?$])|\s*(?P<key>[^\s,{}'][^,{}']*?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?)\}")

Value = str | bytes | Unknown


class Context:
    """The keys of a request and their values. Names have no case, as AWS documents them.

    A value is a text, a number, True or False, bytes, UNKNOWN, or a list of these where the key is multivalued; None
    and an empty list are no value. `complete` is whether a key that is not named is absent; otherwise it is unknown.
    """

    __slots__ = ("_values", "complete")

    def __init__(self, values: Mapping[str, Any] | None = None, *, complete: bool = True) -> None:
        self._values = {key.lower(): _values(value) for key, value in (values or {}).items()}
        self.complete = complete

    def __repr__(self) -> str:
        return f"Context({self._values!r}, complete={self.complete})"

    def get(self, key: str) -> tuple[Value, ...] | Unknown:
        """Return the values of a key in lower case: none where it is absent, UNKNOWN where nobody can tell."""
        found = self._values.get(key)
        if found is None:
            return () if self.complete else UNKNOWN
        return found

    def over(self, defaults: Context) -> Context:
        """Return these keys together with defaults for those that are not named here."""
        merged = Context(complete=self.complete)
        merged._values = {**defaults._values, **self._values}
        return merged


def _values(value: Any) -> tuple[Value, ...] | Unknown:
    if value is UNKNOWN:
        return UNKNOWN
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(_value(item) for item in value)
    return (_value(value),)


def _value(value: Any) -> Value:
    if isinstance(value, str | bytes | Unknown):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise ValueError(
        f"context: {value!r} given; allowed: texts, numbers, true, false, bytes, UNKNOWN, and lists of them"
    )


@dataclass(frozen=True, slots=True)
class _Variable:
    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables, in pieces. `keys` are those that it reads, in lower case."""

    pieces: tuple[str | _Variable, ...]
    keys: tuple[str, ...] = field(default=())

    def resolve(self, context: Context) -> str | Unknown | None:
        """Return the pattern for a request, None where a variable has no value, UNKNOWN where it is not known."""
        done: list[str] = []
        unknown = False
        for piece in self.pieces:
            if isinstance(piece, str):
                done.append(piece)
                continue
            given = context.get(piece.key)
            if given is UNKNOWN or (isinstance(given, tuple) and given == (UNKNOWN,)):
                unknown = True
            elif isinstance(given, tuple) and len(given) == 1 and isinstance(given[0], str):
                done.append(protect(given[0]))
            elif given == () and piece.default is not None:
                done.append(protect(piece.default))
            else:
                # Absent, or multivalued, which no variable may be.
                return None
        return UNKNOWN if unknown else "".join(done)


def has_variable(text: str) -> bool:
    """Say whether a text has a variable, or a sign written as one."""
    return _VARIABLE.search(text) is not None


def before_variable(text: str) -> str:
    """Return the part of a text before its first variable, or all of it."""
    found = _VARIABLE.search(text)
    return text[: found.start()] if found else text


def template(text: str) -> str | Template:
    """Return a pattern as Template where it has variables, else as text with its written signs protected."""
    pieces: list[str | _Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        pieces.append(text[end : found.start()])
        sign, key = found["sign"], found["key"]
        pieces.append(protect(sign) if sign else _Variable(key.lower(), found["default"]))
        end = found.end()
    pieces.append(text[end:])
    keys = tuple(piece.key for piece in pieces if isinstance(piece, _Variable))
    return Template(tuple(pieces), keys) if keys else "".join(piece for piece in pieces if isinstance(piece, str))
