"""The names in which the stacks of one system differ: environment, account, tags and what else is part of names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from plumbline.graph import Blob, Secret, dig

# Settings of every system that are parts of names: environment prefix, account, tags, state and deployer.
NAMES = ("environment", "account_id", "tags", "deployment")


def name_settings(left: Mapping[str, Any], right: Mapping[str, Any], paths: Iterable[str]) -> tuple[str, ...]:
    """Return the settings at or below some paths that are texts in both stacks, and not the same."""
    found = (pair for path in paths for pair in _texts(path, dig(left, path), dig(right, path)))
    return tuple(path for path, one, other in found if one != other)


def _texts(path: str, left: Any, right: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in left:
            yield from _texts(f"{path}.{key}", left[key], right.get(key))
    elif isinstance(left, str) and isinstance(right, str):
        yield path, left, right


class Names:
    """The values of two stacks for the same names, such as `test` and `prod` for `environment`.

    `settings` are the paths of texts. Two stacks may have the same value for some of them. `known` are the settings of
    further stacks whose values are names too.
    """

    def __init__(
        self,
        left: Mapping[str, Any],
        right: Mapping[str, Any],
        settings: Iterable[str],
        known: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        values = {path: (str(dig(left, path)), str(dig(right, path))) for path in settings}
        differing = {one: (path, other) for path, (one, other) in values.items() if one != other}
        self._differing = differing, _any_of(differing)
        self._sides = tuple(_replaced({pair[side]: path for path, pair in values.items()}) for side in (0, 1))
        others = {str(dig(stack, path)): path for stack in known for path in values}
        self._all = _replaced(others | {word: path for path, pair in values.items() for word in pair})

    def same(self, left: str, right: str) -> tuple[str, ...] | None:
        """Return the names by whose values alone two texts differ, None where anything else differs."""
        values, words = self._differing
        if words is None:
            return None
        pattern, end, paths = "", 0, []
        for match in words.finditer(left):
            path, other = values[match[0]]
            # What looks like the environment's name may be a word of another meaning, the same in both stacks.
            pattern += f"{re.escape(left[end : match.start()])}(?:({re.escape(other)})|{re.escape(match[0])})"
            end = match.end()
            paths.append(path)
        found = re.fullmatch(pattern + re.escape(left[end:]), right) if paths else None
        if found is None:
            return None
        return tuple(sorted({path for path, text in zip(paths, found.groups(), strict=True) if text is not None}))

    def token(self, value: Any, side: int) -> str:
        """Write a value with the names' values of one side (0 left, 1 right) replaced by the names themselves."""
        return self._sides[side](value if isinstance(value, str) else json.dumps(_plain(value), sort_keys=True))

    def key(self, text: str) -> str:
        """Write a text with the values of all known stacks replaced by the names."""
        return self._all(text)


def _replaced(paths: Mapping[str, str]) -> Callable[[str], str]:
    """Return what replaces each of some words in a text by the path of the setting that it is the value of."""
    words = _any_of(paths)
    return lambda text: text if words is None else words.sub(lambda match: f"<{paths[match[0]]}>", text)


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return the expression of any of some words, the longest first: a domain holds the zone that it lies in."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<![a-zA-Z0-9])(?:{'|'.join(map(re.escape, ordered))})(?![a-zA-Z0-9])") if ordered else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Secret):
        return {"$secret": _plain(value.value)}
    if isinstance(value, Blob):
        return {"$file": value.digest}
    return value if isinstance(value, str | int | float | None) else {"$special": repr(value)}
