"""Filter patterns of CloudWatch Logs: JSON, space-delimited and plain (CloudWatch Logs, "Filter pattern syntax")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_QUOTED = r"\"(?:[^\"\\]|\\.)*\""
_EXPRESSION = r"%[^%]+%"
_SELECTOR_PART = rf"(?:\.[A-Za-z0-9_\-@$]+|\[\s*(?:\d+|\*)\s*\]|\.?\[\s*(?:{_QUOTED}|'[^']*')\s*\]|\.\*)"
SELECTOR = re.compile(rf"\${_SELECTOR_PART}+")
_JSON_TOKEN = re.compile(
    rf"\s*(?:(?P<sign>&&|\|\||!=|<=|>=|[=<>()])|(?P<text>{_QUOTED})|(?P<regex>{_EXPRESSION})"
    r"|(?P<selector>\$[^\s=!<>()&|]+)|(?P<word>[^\s=!<>()&|\"]+)|(?P<bad>\S))"
)
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
_ORDERING = ("<", "<=", ">", ">=")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONDITION = re.compile(
    rf"(?P<field>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<sign>!=|<=|>=|=|<|>)\s*(?P<value>{_QUOTED}|{_EXPRESSION}|[^\s&|()\"]+)"
)
_TERM = re.compile(rf"\s*(?:[-?]?(?:{_QUOTED}|{_EXPRESSION}|\w+)(?=\s|\Z))")
_LONGEST = 1024
Kind = Literal["json", "space", "terms"]


@dataclass(frozen=True)
class FilterPattern:
    """A pattern that has been read. `fields` are the names in a space-delimited one."""

    kind: Kind
    fields: tuple[str, ...] = ()


class PatternError(ValueError):
    """What is wrong with a filter pattern."""


def read_pattern(text: str) -> FilterPattern:
    """Return what kind of pattern a text is. Raises PatternError."""
    if len(text) > _LONGEST:
        raise PatternError(f"{len(text)} characters given; allowed: at most {_LONGEST}")
    stripped = text.strip()
    if stripped.startswith("{"):
        if not stripped.endswith("}"):
            raise PatternError("a pattern that begins with { ends with }")
        _Json(stripped[1:-1]).read()
        return FilterPattern("json")
    if stripped.startswith("["):
        if not stripped.endswith("]"):
            raise PatternError("a pattern that begins with [ ends with ]")
        return FilterPattern("space", _fields(stripped[1:-1]))
    _terms(stripped)
    return FilterPattern("terms")


class _Json:
    """A pattern of the form { $.level = "ERROR" && ... } that is being read."""

    def __init__(self, text: str) -> None:
        found = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _JSON_TOKEN.finditer(text.rstrip())]
        self.tokens = found
        self.place = 0

    def read(self) -> None:
        if not self.tokens:
            raise PatternError("a condition is needed between { and }")
        self._any()
        if self.place < len(self.tokens):
            raise PatternError(f"&& or || is needed where {self._text} stands")

    @property
    def _text(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else "the end"

    @property
    def _kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def _any(self) -> None:
        self._one()
        while self._text in ("&&", "||") and self._kind == "sign":
            self.place += 1
            self._one()

    def _one(self) -> None:
        if self._kind == "sign" and self._text == "(":
            self.place += 1
            self._any()
            if self._text != ")":
                raise PatternError(f"a closing bracket is needed where {self._text} stands")
            self.place += 1
            return
        if self._kind != "selector" or not SELECTOR.fullmatch(self._text):
            raise PatternError(f"a selector such as $.level is needed where {self._text} stands")
        self.place += 1
        words = self._text.upper() if self._kind == "word" else ""
        if words in ("IS", "NOT"):
            self.place += 1
            allowed = ("NULL", "TRUE", "FALSE") if words == "IS" else ("EXISTS",)
            if self._text.upper() not in allowed:
                raise PatternError(f"{', '.join(allowed)} is needed after {words}, where {self._text} stands")
            self.place += 1
            return
        operator = self._text
        if self._kind != "sign" or operator not in _OPERATORS:
            raise PatternError(f"{', '.join(_OPERATORS)}, IS or NOT EXISTS is needed where {operator} stands")
        self.place += 1
        if self._kind not in ("text", "word", "regex"):
            raise PatternError(f"a value is needed where {self._text} stands")
        if operator in _ORDERING and not re.fullmatch(_NUMBER, self._text):
            raise PatternError(f"{self._text} given; {operator} compares with a number")
        if self._kind == "regex" and operator not in ("=", "!="):
            raise PatternError(f"{self._text} given; an expression is compared by = and != only")
        self.place += 1


def _fields(text: str) -> tuple[str, ...]:
    """Return the names of the fields of a space-delimited pattern. Raises PatternError."""
    names: list[str] = []
    parts = re.findall(rf"(?:{_QUOTED}|{_EXPRESSION}|[^,\"%]|%)+", text)
    if not text.strip() or len(parts) != len(re.sub(rf"{_QUOTED}|{_EXPRESSION}", "x", text).split(",")):
        raise PatternError("the names of fields are needed between [ and ], with commas between them")
    for part in (part.strip() for part in parts):
        if part == "..." or not part:
            names.append("...")
            continue
        name = _FIELD.match(part)
        if name is None:
            raise PatternError(f"{part!r} given; the name of a field, a condition on it, or ... is needed")
        rest = _CONDITION.sub("x", part).replace("(", " ").replace(")", " ")
        if part != name[0] and not re.fullmatch(r"\s*x(\s*(&&|\|\|)\s*x)*\s*", rest):
            raise PatternError(f"{part!r} given; a condition is such as status = 4* && status != 404")
        names.append(name[0])
    if names.count("...") > 1:
        raise PatternError("... given twice; it stands once, for any number of fields")
    named = [name for name in names if name != "..."]
    for name in named:
        if named.count(name) > 1:
            raise PatternError(f"two fields are called {name}")
    return tuple(named)


def _terms(text: str) -> None:
    place = 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None:
            rest = text[place:].split()[0]
            raise PatternError(
                f"{rest!r} given; a term with other characters than letters, digits and _ stands in quotes"
            )
        place = match.end()
        while place < len(text) and text[place].isspace():
            place += 1
