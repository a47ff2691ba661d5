"""Physical names: the environment as prefix, within the limits that AWS sets per kind of resource.

Requirement criteria TRADING-03.9, 05.8 and 09.7 ask for the prefix. A name is part of a resource's identity:
changing how it is built here replaces every resource that carries it.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from plumbline import yaml12


@dataclass(frozen=True)
class Limit:
    """The longest length, in characters, and the pattern of one kind of name."""

    longest: int
    pattern: re.Pattern[str]


@functools.cache
def limits() -> dict[str, Limit]:
    """Return AWS's limits by kind of name, from limits.yaml."""
    data = yaml12.load(Path(__file__).with_name("limits.yaml"))
    return {kind: Limit(row["longest"], re.compile(row["pattern"])) for kind, row in data.items()}


class NameRefused(ValueError):
    """A name that AWS would refuse; the text says why."""


@dataclass(frozen=True)
class Naming:
    """Names of one stack. `environment` is the prefix of every name."""

    environment: str

    def exact(self, kind: str, name: str) -> str:
        """Return the prefixed name. Raises NameRefused where AWS would refuse it.

        For names that the application knows (tables, functions), which therefore must not be shortened.
        """
        prefixed = f"{self.environment}-{name}"
        limit = limits()[kind]
        if len(prefixed) > limit.longest:
            raise NameRefused(f"{prefixed!r} has {len(prefixed)} characters, a {kind} name at most {limit.longest}")
        if not limit.pattern.fullmatch(prefixed):
            raise NameRefused(f"{prefixed!r} does not match {limit.pattern.pattern}, as a {kind} name must")
        return prefixed

    def short(self, kind: str, name: str) -> str:
        """Return the prefixed name, cut to AWS's limit with a hash of the whole at its end where it is too long.

        For names that nobody but this program refers to. Two names that are cut give different results unless
        their SHA-256 agrees in its first eight digits.
        """
        prefixed = f"{self.environment}-{name}"
        longest = limits()[kind].longest
        if len(prefixed) <= longest:
            return self.exact(kind, name)
        digest = hashlib.sha256(prefixed.encode()).hexdigest()[:8]
        cut = f"{prefixed[: longest - len(digest) - 1]}-{digest}"
        if not limits()[kind].pattern.fullmatch(cut):
            raise NameRefused(f"{cut!r} does not match {limits()[kind].pattern.pattern}, as a {kind} name must")
        return cut


def log_group_name(function_name: str) -> str:
    """Return the name under which Lambda writes a function's log."""
    return f"/aws/lambda/{function_name}"
