"""Policy documents as rules read them: IAM's and resource policies, as JSON text or objects, in any usual spelling."""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import View, partly_unknown

# Operators whose conditions also hold for requests without the key.
_ABSENT = re.compile(r"ifexists$|^null$", re.IGNORECASE)


@dataclass(frozen=True)
class Condition:
    """One line of a statement's conditions. `operator` and `key` are in lower case, `values` as written."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement. Actions are in lower case, since IAM's have no case; the rest is as written.

    `principals` are (kind, value), ("*", "*") for a bare star; `path` is where in the property the statement is.
    """

    path: str
    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    not_principals: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]

    @property
    def allows(self) -> bool:
        return self.effect == "allow"

    @property
    def denies(self) -> bool:
        return self.effect == "deny"

    def grants(self, action: str) -> bool:
        """Say whether the statement speaks of an action, such as `iam:PassRole`, by Action or NotAction."""
        wanted = action.lower()
        if self.not_actions:
            return not any(matches(pattern, wanted) for pattern in self.not_actions)
        return any(matches(pattern, wanted) for pattern in self.actions)

    @property
    def any_resource(self) -> bool:
        """Say whether the statement speaks of every resource: a bare star, or NotResource."""
        return bool(self.not_resources) or any(set(resource) == {"*"} for resource in self.resources)

    @property
    def anybody(self) -> bool:
        """Say whether everybody is a principal of the statement."""
        return bool(self.not_principals) or any(value == "*" for kind, value in self.principals if kind in ("*", "AWS"))

    def condition(self, *keys: str) -> list[Condition]:
        """Return the conditions on some keys, in lower case."""
        return [condition for condition in self.conditions if condition.key in keys]


@dataclass(frozen=True)
class Document:
    """One policy document: its statements, or why it has none. `known` is False where a part of it is not.

    `version` is as written, UNKNOWN where that is not known.
    """

    path: str
    statements: tuple[Statement, ...]
    known: bool = True
    broken: bool = False
    version: Any = None

    def allowing(self) -> Iterator[Statement]:
        return (statement for statement in self.statements if statement.allows)


def document(view: View, path: str) -> Document | None:
    """Return the policy document of a property, None where it is not set.

    Statements with unknown parts are left out, and `known` says so; a text that is no policy is `broken`.
    """
    value = view.get(path)
    if value is None:
        return None
    return parse(value, path)


def parse(value: Any, path: str) -> Document:
    """Return the policy document that a property's value holds."""
    return _of_text(value, path) if isinstance(value, str) else _parsed(value, path)


@functools.lru_cache(maxsize=4096)
def _of_text(text: str, path: str) -> Document:
    """Return the document of a text: several rules read each, and most are asked about many times."""
    return _parsed(text, path)


def _parsed(value: Any, path: str) -> Document:
    value = decoded(value)
    if value is UNKNOWN:
        return Document(path, (), known=False, version=UNKNOWN)
    fields = lowered(value) if isinstance(value, Mapping) else {}
    rows, version = fields.get("statement"), fields.get("version")
    if rows is UNKNOWN:
        return Document(path, (), known=False, version=version)
    rows = [rows] if isinstance(rows, Mapping) else rows
    if not isinstance(rows, list):
        return Document(path, (), broken=True)
    known = [row for row in rows if not partly_unknown(row)]
    statements = tuple(
        _statement(lowered(row), f"{path}.Statement[{number}]")
        for number, row in enumerate(rows)
        if not partly_unknown(row) and isinstance(row, Mapping)
    )
    broken = any(not isinstance(row, Mapping) for row in known)
    return Document(path, statements, known=len(known) == len(rows), broken=broken, version=version)


def decoded(value: Any, otherwise: Any = None) -> Any:
    """Return what a text of JSON holds, `otherwise` for any other text, and what is no text as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return otherwise


def lowered(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping with its keys in lower case: people write `statement` for `Statement`."""
    return {str(key).lower(): item for key, item in value.items()}


def words(value: Any) -> tuple[str, ...]:
    """Return the texts of a value that is one text or a list of them."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, int | float):
        # An account is a number to those who write it without quotes: every digit counts.
        return (str(int(value)) if isinstance(value, float) and value.is_integer() else str(value),)
    return tuple(text for item in value for text in words(item)) if isinstance(value, list | tuple) else ()


def _statement(row: Mapping[str, Any], path: str) -> Statement:
    return Statement(
        path=path,
        effect=str(row.get("effect") or "").lower(),
        actions=tuple(action.lower() for action in words(row.get("action"))),
        not_actions=tuple(action.lower() for action in words(row.get("notaction"))),
        resources=words(row.get("resource")),
        not_resources=words(row.get("notresource")),
        principals=_principals(row.get("principal")),
        not_principals=_principals(row.get("notprincipal")),
        conditions=tuple(_conditions(row.get("condition"))),
    )


_KINDS = {"aws": "AWS", "service": "Service", "federated": "Federated", "canonicaluser": "CanonicalUser", "*": "*"}


def _principals(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping):
        return tuple(
            (_KINDS.get(str(kind).lower(), str(kind)), text) for kind, item in value.items() for text in words(item)
        )
    return tuple(("*" if text == "*" else "AWS", text) for text in words(value))


def _conditions(value: Any) -> Iterator[Condition]:
    if not isinstance(value, Mapping):
        return
    for operator, keys in value.items():
        if isinstance(keys, Mapping):
            for key, values in keys.items():
                yield Condition(str(operator).lower(), str(key).lower(), words(values))


def matches(pattern: str, text: str) -> bool:
    """Say whether IAM's pattern, with * and ?, matches a text, without regard to case."""
    if "*" not in pattern and "?" not in pattern:
        return pattern.lower() == text.lower()
    return _pattern(pattern).fullmatch(text.lower()) is not None


@functools.lru_cache(maxsize=8192)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Return IAM's pattern as an expression. Policies repeat theirs, and each is asked about many times."""
    return re.compile(re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def restricts(condition: Condition) -> bool:
    """Say whether a condition refuses something: positive, on a value that is no bare star, and not `...IfExists`."""
    operator = condition.operator.rpartition(":")[2]
    if "not" in operator or _ABSENT.search(operator):
        return False
    if condition.operator.startswith("forallvalues:"):
        return False  # it holds where the key is missing
    return bool(condition.values) and not any(fnmatch.fnmatchcase("anything at all", text) for text in condition.values)
