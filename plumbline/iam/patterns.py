"""Wildcards of policies: in actions, in resources, in ARNs of conditions, and in texts.

A pattern is text in which `*` and `?` are wildcards. A star or question mark that stands for itself, from `${*}` or
from the value of a variable, is kept apart by `protect` and comes back by `plain`.

Sources are "Action", "Resource" (Using wildcards in resource ARNs) and "Condition operators" (ARN) of the IAM User
Guide.
"""

from __future__ import annotations

import functools
import re

# Characters for private use: no name, tag or ARN of AWS has them.
_PROTECTED = {"*": "\ue000", "?": "\ue001"}
_SHOWN = {code: character for character, code in _PROTECTED.items()}
_TO_PROTECTED = str.maketrans(_PROTECTED)
_TO_PLAIN = str.maketrans(_SHOWN)
_CACHE = 1 << 16


def protect(text: str) -> str:
    """Return a text of which nothing is a wildcard."""
    return text.translate(_TO_PROTECTED)


def plain(pattern: str) -> str:
    """Return the text of a pattern, with every star and question mark as itself."""
    return pattern.translate(_TO_PLAIN)


def is_wild(pattern: str) -> bool:
    """Say whether a pattern has a wildcard."""
    return "*" in pattern or "?" in pattern


def _source(pattern: str, many: str = ".*", one: str = ".") -> str:
    wild = {"*": many, "?": one}
    return "".join(wild.get(character) or re.escape(_SHOWN.get(character, character)) for character in pattern)


@functools.lru_cache(_CACHE)
def text_pattern(pattern: str) -> re.Pattern[str]:
    """Return the expression of a text with wildcards anywhere, as StringLike has it. Case counts."""
    return re.compile(_source(pattern), re.DOTALL)


def resource_source(pattern: str) -> str:
    """Return the expression of a Resource as source, to be joined with others.

    A wildcard stays within its part of the ARN, except for a star that ends its part: that one goes on across colons.
    The last of the six parts, the name of the resource, is one part whatever colons it has.
    """
    if pattern == "*":
        return ".*"
    parts = pattern.split(":", 5)
    head = [
        _source(part[:-1], "[^:]*", "[^:]") + ".*" if part.endswith("*") else _source(part, "[^:]*", "[^:]")
        for part in parts[:5]
    ]
    return ":".join([*head, *(_source(part) for part in parts[5:])])


@functools.lru_cache(_CACHE)
def resource_pattern(pattern: str) -> re.Pattern[str]:
    """Return the expression of one Resource; see resource_source."""
    return re.compile(resource_source(pattern), re.DOTALL)


@functools.lru_cache(_CACHE)
def arn_pattern(pattern: str) -> re.Pattern[str]:
    """Return the expression of an ARN of ArnLike and its kind, which compare six parts one by one."""
    parts = pattern.split(":", 5)
    return re.compile(
        ":".join([*(_source(part, "[^:]*", "[^:]") for part in parts[:5]), *map(_source, parts[5:])]), re.S
    )


class Actions:
    """The names of Action or NotAction. Case does not count. `unknown` is whether one of them is not known."""

    __slots__ = ("_exact", "_wild", "negated", "unknown")

    def __init__(self, names: list[str], *, negated: bool = False, unknown: bool = False) -> None:
        lowered = [name.lower() for name in names]
        self._exact = frozenset(name for name in lowered if not is_wild(name))
        wild = "|".join(_source(name) for name in lowered if is_wild(name))
        self._wild = re.compile(wild) if wild else None
        self.negated = negated
        self.unknown = unknown

    def match(self, action: str) -> bool | None:
        """Say whether the element covers an action, which is given in lower case."""
        listed = action in self._exact or (self._wild is not None and self._wild.fullmatch(action) is not None)
        if not listed and self.unknown:
            return None
        return listed is not self.negated
