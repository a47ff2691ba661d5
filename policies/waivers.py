"""Waivers: violations that somebody answers for, each with a reason and a last day, in policies/waivers.yaml."""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.project import UserError, suggestion
from policies.rules.model import Rule

_FIELDS = ("rule", "stack", "resource", "path", "matches", "reason", "owner", "expires")


@dataclass(frozen=True)
class Waiver:
    """One waiver.

    It covers findings of `rule` in `stack` on resources whose name matches `resource`, at property paths that match
    `path` (patterns with * and ?), and exactly `matches` of them: more mean that it is over-broad, none that nobody
    needs it.
    `expires` is the last day on which it holds.
    """

    rule: str
    stack: str
    resource: str
    path: str
    matches: int
    reason: str
    owner: str
    expires: datetime.date
    line: int

    def covers(self, rule: str, name: str, path: str) -> bool:
        return rule == self.rule and _matches(name, self.resource) and _matches(path, self.path)


def _matches(text: str, pattern: str) -> bool:
    """Match by * and ?. Brackets are themselves: findings have them in their paths, as `Statement[0]`."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def load(path: Path, rules: Mapping[str, Rule]) -> tuple[Waiver, ...]:
    """Return the waivers of a file, none where there is no file. Raises UserError with one line per mistake."""
    if not path.is_file():
        return ()
    try:
        document = yaml12.load(path) or {}
    except yaml12.YamlError as error:
        raise UserError(f"{path.name}: {error}") from None
    rows = document.get("waivers") if isinstance(document, dict) else None
    if not isinstance(rows, list) or set(document) != {"waivers"}:
        raise UserError(f"{path.name}: allowed: one list, waivers")
    mistakes = [
        f"{path.name}: waivers[{number}]{line}" for number, row in enumerate(rows) for line in _mistakes(row, rules)
    ]
    if mistakes:
        raise UserError(*mistakes)
    return tuple(
        Waiver(**{**row, "expires": datetime.date.fromisoformat(row["expires"])}, line=number)
        for number, row in enumerate(rows)
    )


def _mistakes(row: Any, rules: Mapping[str, Rule]) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f": no mapping; allowed: {', '.join(_FIELDS)}"
        return
    for key in row:
        if key not in _FIELDS:
            yield f".{key}: not known; allowed: {', '.join(_FIELDS)}"
    for key in _FIELDS:
        value = row.get(key)
        if key == "matches":
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                yield f".matches: {value!r} given; allowed: the number of findings, 1 or more"
        elif not isinstance(value, str) or not value.strip():
            yield f".{key}: {value!r} given; allowed: a text"
    name, expires = row.get("rule"), row.get("expires")
    if isinstance(name, str) and name not in rules:
        yield f".rule: {name!r} given{suggestion(name, list(rules)) or '; allowed: the name of a rule'}"
    if isinstance(expires, str):
        try:
            day = datetime.date.fromisoformat(expires).isoformat()
        except ValueError:
            day = ""
        if day != expires:
            yield f".expires: {expires!r} given; allowed: a day as 2027-01-31"


def problems(waivers: Sequence[Waiver], matched: Mapping[Waiver, int], stack: str, today: datetime.date) -> list[str]:
    """Return what is wrong with a stack's waivers: expired, unused, or covering more than they name."""
    lines = []
    for waiver in waivers:
        if waiver.stack != stack:
            continue
        where, count = f"waivers.yaml: waivers[{waiver.line}] of {waiver.rule}", matched.get(waiver, 0)
        if waiver.expires < today:
            lines.append(f"{where}: expired on {waiver.expires.isoformat()}; {waiver.owner} answers for it")
        elif count == 0:
            lines.append(f"{where}: nothing in stack {stack} needs it; take it away")
        elif count != waiver.matches:
            lines.append(f"{where}: covers {count} findings in stack {stack}; it names {waiver.matches}")
    return lines
