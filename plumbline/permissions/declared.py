"""The permissions that a system declares: what its roles and the services around it are meant to do.

A system says so in systems/<name>/permissions.py, apart from the code that writes policies: `declared(settings)` yields
rows, each a mapping with

- `to`: who may, as `role NAME`, `service HOST`, `account NUMBER`, `provider ARN`, `principal ARN`, `anonymous`;
- `on`: what, as a kind of data/permissions.yaml and the resource's name (`table test-orders`), `account` for calls that
  take no resource, a policy that somebody else keeps (`policy ARN`), or ARNs and
  patterns of what is outside of the stack;
- `may`: a word for what is allowed, a list of them, or for ARNs a list of actions;
- `below` where only a part of a bucket's objects is meant: a pattern of their keys;
- `when`: the conditions under which only it is meant, as policies write them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbline.iam import Context
from plumbline.iam.conditions import Condition, condition
from plumbline.iam.logic import Truth, every
from plumbline.iam.patterns import is_wild
from plumbline.permissions.contexts import Conditions
from plumbline.permissions.estate import Estate, covers
from plumbline.permissions.known import known, words
from plumbline.permissions.universe import expand, strangers
from plumbline.project import UserError, suggestion

_PLACE = re.compile(r"\{([a-z ]+ [^{}]+)\}")
_KEYS = ("to", "on", "may", "below", "when")
_PRINCIPALS = ("role", "service", "account", "provider", "principal", "anonymous")


@dataclass(frozen=True, eq=False)
class Edge:
    """One declared permission: `grants` are patterns of ARNs with the actions, in lower case, that are meant on them.

    `on` is what it is on as declared, `word` what it is called there, "" for a list of actions. `missing` is why
    nothing can be granted, where that is so. `exact` are the actions that are named without wildcards.
    """

    to: str
    on: str
    word: str
    grants: tuple[tuple[str, frozenset[str]], ...]
    when: Conditions = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    missing: str = ""
    exact: frozenset[str] = frozenset()

    def covers(self, arn: str, action: str) -> bool:
        """Say whether an action, in lower case, on something is meant, whatever the request holds."""
        return any(action in actions and covers(pattern, arn) for pattern, actions in self.grants)

    def holds(self, context: Context) -> Truth:
        """Say whether a request is meant by its context."""
        return every(one.holds(context) for one in self.conditions)


def find(root: Path, system: str) -> Callable[[Mapping[str, Any]], Iterable[Any]]:
    """Return what yields the rows that a system declares, by a stack's settings. Raises UserError where it has none."""
    if not (root / "systems" / system / "permissions.py").is_file():
        raise UserError(
            f"systems/{system}/permissions.py: missing; what the roles of a stack are meant to do is declared there"
        )
    return importlib.import_module(f"systems.{system}.permissions").declared


def edges(rows: Iterable[Any], estate: Estate, where: str) -> list[Edge]:
    """Return the declared permissions. Raises UserError with one line for each row that is none."""
    found: list[Edge] = []
    mistakes: list[str] = []
    for index, row in enumerate(rows):
        try:
            found += _edges(row, estate)
        except ValueError as error:
            mistakes.append(f"{where}: row {index}: {error}")
    if mistakes:
        raise UserError(*mistakes)
    return found


def _edges(row: Any, estate: Estate) -> list[Edge]:
    if not isinstance(row, Mapping):
        raise ValueError(f"{row!r} given; a mapping is needed")
    for key in row:
        if key not in _KEYS:
            raise ValueError(f"{key!r} given{suggestion(str(key), list(_KEYS))}; allowed: {', '.join(_KEYS)}")
    to, on, may = (row.get(key) for key in ("to", "on", "may"))
    if not isinstance(to, str) or to.partition(" ")[0] not in _PRINCIPALS:
        raise ValueError(f"to: {to!r} given; allowed: {', '.join(_PRINCIPALS)} and a name")
    patterns = [one for one in (on if isinstance(on, list | tuple) else [on]) if isinstance(one, str) and one]
    if not patterns or (isinstance(on, list | tuple) and len(patterns) < len(on)):
        raise ValueError(f"on: {on!r} given; a kind of resource and its name, or ARNs are needed")
    when = _placed(row.get("when", {}), estate)
    conditions = _conditions(when)
    if all(one.startswith("arn:") or one == "*" for one in patterns):
        return [_listed(to, patterns, may, when, conditions)]
    if not isinstance(on, str):
        raise ValueError(f"on: {on!r} given; allowed in a list: ARNs")
    if on.startswith("policy arn:"):
        return [Edge(to, on, "attached", ())]
    wanted = [may] if isinstance(may, str) else may
    if not isinstance(wanted, list | tuple) or not wanted:
        raise ValueError(f"may: {may!r} given; a word is needed, or a list of them")
    below = row.get("below", "")
    return [_word(to, on, str(word), estate, below, when, conditions) for word in wanted]


def _listed(to: str, patterns: list[str], may: Any, when: Conditions, conditions: tuple[Condition, ...]) -> Edge:
    actions = tuple(map(str, may)) if isinstance(may, list | tuple) else (str(may),)
    if unknown := strangers(actions):
        raise ValueError(f"may: {', '.join(unknown)} given; AWS has no such action")
    keys = frozenset(action.key for action in expand(actions))
    exact = frozenset(name.lower() for name in actions if not is_wild(name))
    return Edge(to, ", ".join(patterns), "", tuple((one, keys) for one in patterns), when, conditions, exact=exact)


def _placed(when: Any, estate: Estate) -> Any:
    """Return conditions with the ARNs of resources in the places that name them, as `{api test-api}/*` does."""
    if isinstance(when, Mapping):
        return {key: _placed(value, estate) for key, value in when.items()}
    if isinstance(when, list | tuple):
        return [_placed(value, estate) for value in when]
    if not isinstance(when, str):
        return when

    def arn(found: re.Match[str]) -> str:
        targets = estate.named(*_kind(found[1]))
        if not targets:
            raise ValueError(f"when: {when!r} given; the stack has no {found[1]}")
        return targets[0].arn

    return _PLACE.sub(arn, when)


def _conditions(when: Any) -> tuple[Condition, ...]:
    if not isinstance(when, Mapping) or not all(isinstance(row, Mapping) for row in when.values()):
        raise ValueError(f"when: {when!r} given; needed: conditions as policies write them")
    return tuple(
        condition(operator, key, list(values) if isinstance(values, list | tuple) else [values], variables=False)
        for operator, row in when.items()
        for key, values in row.items()
    )


def _word(
    to: str, on: str, word: str, estate: Estate, below: str, when: Conditions, conditions: tuple[Condition, ...]
) -> Edge:
    kind, name = _kind(on)
    allowed = words(kind)
    if word not in allowed:
        hint = suggestion(str(word), list(allowed))
        raise ValueError(f"may: {word!r} on {on} given{hint}; allowed: {', '.join(allowed) or 'nothing'}")
    if kind == "account":
        grants = tuple((part.format(**estate.home.words), _keys(names)) for part, names in allowed[word].items())
        return Edge(to, on, word, grants, when, conditions, exact=_all(grants))
    targets = estate.named(kind, name)
    if not targets:
        return Edge(to, on, word, (), when, conditions, missing=f"the stack has no {on}")
    grants = tuple(
        (f"{target.arn[:-1]}{below}" if below and part == "object" else _pattern(target.arn), _keys(names))
        for part, names in allowed[word].items()
        for target in targets
        if target.part == part
    )
    return Edge(to, on, word, grants, when, conditions, exact=_all(grants))


def _all(grants: Iterable[tuple[str, frozenset[str]]]) -> frozenset[str]:
    return frozenset(key for _, keys in grants for key in keys)


def _kind(on: str) -> tuple[str, str]:
    if on == "account":
        return on, ""
    kinds = sorted({row["word"] for row in known()["resources"].values()}, key=len, reverse=True)
    for kind in kinds:
        if on.startswith(f"{kind} "):
            return kind, on.removeprefix(f"{kind} ")
    raise ValueError(f"on: {on!r} given; allowed: an ARN, account, or one of {', '.join(sorted(kinds))} and its name")


def _keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _pattern(arn: str) -> str:
    """Return the pattern of all that an ARN stands for."""
    return arn.replace("~~~~~~", "??????").replace("~", "*")
