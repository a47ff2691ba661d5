"""Every action of IAM with its access level and the kinds of resources that it can be asked on.

The data is data/iam_actions.json: an extract of AWS's Service Authorization Reference.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from plumbline.iam.patterns import Actions, is_wild
from plumbline.permissions.known import known

_FILE = Path(__file__).resolve().parents[1] / "data" / "iam_actions.json"
_LEVELS = {"L": "List", "R": "Read", "W": "Write", "T": "Tagging", "P": "Permissions management"}
LEVELS = tuple(_LEVELS.values())
# Stands for a name, or a part of one, that nobody has: a pattern that covers it covers every name.
ANY = "~"


class Action(NamedTuple):
    """One action. `kinds` are the kinds of resources that it is asked on, as `dynamodb:table/~`; none: on `*`."""

    name: str
    level: str
    kinds: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name in lower case, as it is compared."""
        return self.name.lower()


@functools.cache
def services() -> Mapping[str, Mapping[str, Action]]:
    """Return all actions by service and by name in lower case."""
    return {name: _service(name, row) for name, row in json.loads(_FILE.read_text(encoding="utf-8")).items()}


def _service(service: str, row: Mapping[str, Any]) -> Mapping[str, Action]:
    found = {}
    for name, text in row["actions"].items():
        level, *numbers = text.split()
        more = known()["also_on"].get(f"{service}:{name}", [])
        kinds = [*(row["reaches"][int(number)] for number in numbers), *(row["reaches"] if more == ["*"] else more)]
        found[name.lower()] = Action(f"{service}:{name}", _LEVELS[level], tuple(dict.fromkeys(kinds)))
    return found


@functools.cache
def action(name: str) -> Action | None:
    """Return an action by its name in any case, None where AWS has none of it."""
    service, _, rest = name.lower().partition(":")
    return services().get(service, {}).get(rest)


@functools.lru_cache(8192)
def expand(patterns: tuple[str, ...], *, negated: bool = False) -> tuple[Action, ...]:
    """Return the actions that Action (negated: NotAction) names, each once."""
    names = Actions(list(patterns), negated=negated)
    wanted = {pattern.partition(":")[0].lower() for pattern in patterns}
    all_ = negated or any(is_wild(service) for service in wanted)
    found = {
        one.key: one
        for service, actions in services().items()
        if all_ or service in wanted
        for one in actions.values()
        if names.match(one.key)
    }
    return tuple(found.values())


def strangers(patterns: tuple[str, ...]) -> list[str]:
    """Return the patterns that name no action of AWS: nobody can say what they allow."""
    return [pattern for pattern in patterns if not expand((pattern,))]


@functools.cache
def _kinds() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for actions in services().values():
        for one in actions.values():
            for kind in one.kinds:
                found.setdefault(kind.partition(":")[0], {})[kind] = None
    return {service: tuple(kinds) for service, kinds in found.items()}


@functools.lru_cache(8192)
def kind_of(arn: str) -> str:
    """Return the kind that an ARN is of, the most telling where several fit, "" where none does."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    fitting = [kind for kind in _kinds().get(parts[2], ()) if meet(parts[5], kind.partition(":")[2], literal=True)]
    return max(fitting, key=lambda kind: (len(kind.replace(ANY, "")), kind), default="")


@functools.lru_cache(1 << 16)
def meet(pattern: str, form: str, *, literal: bool = False) -> str | None:
    """Return a text that both a pattern and the form of a kind cover, None where there is none.

    What nothing prescribes is ANY, and a star of the pattern is something where it can be. With `literal` the first is
    no pattern but text.
    """
    right = _tokens(form, {ANY: (_ONE, _MANY)})
    if literal:
        return _shortest(tuple(pattern), right)
    found = _shortest(_tokens(pattern, {"*": (_ONE, _MANY), "?": (_ONE,)}), right)
    return found if found is not None else _shortest(_tokens(pattern, {"*": (_MANY,), "?": (_ONE,)}), right)


def _tokens(text: str, signs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(token for sign in text for token in signs.get(sign, (sign,)))


def _shortest(left: tuple[str, ...], right: tuple[str, ...]) -> str | None:
    @functools.cache
    def rest(i: int, j: int) -> str | None:
        if i == len(left) and j == len(right):
            return ""
        one = left[i] if i < len(left) else ""
        other = right[j] if j < len(right) else ""
        found = [_joined(text, rest(*next_)) for text, *next_ in _steps(one, other, i, j)]
        return min((text for text in found if text is not None), key=_size, default=None)

    return rest(0, 0)


# Any character, and any text. No name has these characters: they are for private use.
_ONE, _MANY = "\ue010", "\ue011"


def _steps(one: str, other: str, i: int, j: int) -> Iterator[tuple[str, int, int]]:
    """Yield how two patterns may go on together: the text that both cover next, and where each of them is then."""
    if one == _MANY:
        yield "", i + 1, j
        if other and other != _MANY:
            yield ANY if other == _ONE else other, i, j + 1
    if other == _MANY:
        yield "", i, j + 1
        if one and one != _MANY:
            yield ANY if one == _ONE else one, i + 1, j
    if one and other and _MANY not in (one, other) and (one == other or _ONE in (one, other)):
        signs = [sign for sign in (one, other) if sign != _ONE]
        yield signs[0] if signs else ANY, i + 1, j + 1


def _size(text: str) -> tuple[int, int]:
    """Return what the shortest text has least of: signs that are prescribed, and then names without anything free."""
    free = text.count(ANY)
    return len(text) - free, -free


def _joined(text: str, found: str | None) -> str | None:
    return None if found is None else text + found
