"""The ARNs of Resource and NotResource."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN, Unknown
from plumbline.iam.logic import Truth, negate
from plumbline.iam.patterns import is_wild, plain, resource_pattern, resource_source
from plumbline.iam.variables import Context, Template


class Resources:
    """The patterns of Resource or NotResource. `unknown` is whether one of them is not known."""

    __slots__ = ("_exact", "_templates", "_wild", "all", "negated", "unknown")

    def __init__(self, patterns: list[str | Template], *, negated: bool = False, unknown: bool = False) -> None:
        texts = [pattern for pattern in patterns if isinstance(pattern, str)]
        self.all = "*" in texts
        self._exact = frozenset(plain(text) for text in texts if not is_wild(text))
        wild = "|".join(resource_source(text) for text in texts if is_wild(text))
        self._wild = re.compile(wild, re.DOTALL) if wild else None
        self._templates = tuple(pattern for pattern in patterns if isinstance(pattern, Template))
        self.negated = negated
        self.unknown = unknown

    def match(self, resource: str | Unknown, context: Context) -> Truth:
        """Say whether the element covers a resource. One whose ARN is unknown is covered by `*` alone."""
        listed = self._listed(resource, context)
        return negate(listed) if self.negated else listed

    def _listed(self, resource: str | Unknown, context: Context) -> Truth:
        if self.all:
            return True
        if isinstance(resource, Unknown):
            return None
        if resource in self._exact or (self._wild is not None and self._wild.fullmatch(resource)):
            return True
        unknown = self.unknown
        for template in self._templates:
            pattern = template.resolve(context)
            if pattern is UNKNOWN:
                unknown = True
            elif isinstance(pattern, str) and resource_pattern(pattern).fullmatch(resource):
                return True
        return None if unknown else False
