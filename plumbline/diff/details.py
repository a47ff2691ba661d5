"""What differs between two graphs of a stack, with old and new values: resources, options, outputs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.changes import Action, Change, compare, differences
from plumbline.contract import encode
from plumbline.diff import normal
from plumbline.graph import UNKNOWN, Blob, Path, Resource, Secret, StackGraph, path_text

_OTHER = "[another one, from what changes]"
_LONGEST = 160  # characters of a value in a report
_OPTIONS = ("protect", "retain_on_delete", "delete_before_replace", "ignore_changes", "replace_on_changes")


@dataclass(frozen=True)
class Value:
    """One property that differs. `old` and `new` are as reports show them, "" for what is not there."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Detail:
    """One resource that differs. `before` is the URN that it had, where an alias moved it.

    `causes` are the paths that force a replacement, `values` all that differ.
    """

    urn: str
    type: str
    name: str
    action: Action
    before: str = ""
    causes: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()


def details(before: StackGraph, after: StackGraph) -> list[Detail]:
    """Return what differs, by resource: what stays the same is left out."""
    old, new = normal.graph(before), normal.graph(after)
    found = [_detail(change, old, new) for change in compare(old, new)]
    return [detail for detail in found if detail.action != "same" or detail.values or detail.before]


def _detail(change: Change, before: StackGraph, after: StackGraph) -> Detail:
    now = after.resources.get(change.urn)
    then = before.resources.get(change.before or change.urn)
    one = now or then
    assert one is not None
    values: tuple[Value, ...] = ()
    if now is not None and then is not None:
        values = (*_values(then, now, set(change.paths)), *_options(then, now))
    return Detail(change.urn, one.type, one.name, change.action, change.before, change.causes, values)


def _values(before: Resource, after: Resource, wanted: set[str]) -> Iterator[Value]:
    told: set[str] = set()
    for path, new in differences(before.inputs, after.inputs):
        if path_text(path) not in wanted:
            continue
        old = _at(before.inputs, path)
        if old is UNKNOWN and new is UNKNOWN:
            # The engine knows what a whole property depends on, and not which part of it changes.
            if str(path[0]) not in told:
                told.add(str(path[0]))
                yield Value(str(path[0]), _shown(old), _OTHER)
        else:
            shown_path = _shown_path(path, before.inputs if new is None else after.inputs)
            yield Value(shown_path, _shown(old), _shown(new))


def _options(before: Resource, after: Resource) -> Iterator[Value]:
    """Yield the options of Pulumi's that differ and matter to who deploys."""
    for field in dataclasses.fields(before.options):
        if field.name in _OPTIONS:
            old, new = getattr(before.options, field.name), getattr(after.options, field.name)
            if old != new:
                yield Value(f"option {field.name}", _shown(_plain(old)), _shown(_plain(new)))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def outputs(before: StackGraph, after: StackGraph) -> tuple[Value, ...]:
    """Return the stack's outputs that come, go, or are others; what is not known before a deployment says nothing."""
    return tuple(
        Value(path_text(path), _shown(_at(before.outputs, path)), _shown(new))
        for path, new in differences(before.outputs, after.outputs)
        if new is not UNKNOWN or _at(before.outputs, path) is None
    )


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _shown_path(path: Path, inputs: Any) -> str:
    """Write a path, without the elements of sets: what came and went of those is the value."""
    steps: list[str | int] = []
    here = inputs
    for step in path:
        is_scalar = isinstance(here, normal.Members) and not isinstance(here.get(str(step)), Mapping)
        if not is_scalar:
            steps.append(step)
        here = _at(here, (step,))
    return path_text(tuple(steps))


def _shown(value: Any) -> str:
    """Return a value as a report shows it: on one line, not too long, and never a secret."""
    if value is None:
        return ""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[known after the deployment]"
    if isinstance(value, Blob):
        return f"[{value.kind} {value.digest[:12]}]" if value.digest else f"[{value.kind}]"
    if isinstance(value, normal.Members):
        value = list(value.values())
    text = value if isinstance(value, str) else json.dumps(encode(_without_members(value)), ensure_ascii=False)
    text = " ".join(text.split()) or '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _without_members(value: Any) -> Any:
    if isinstance(value, normal.Members):
        return [_without_members(item) for item in value.values()]
    if isinstance(value, Mapping):
        return {key: _without_members(item) for key, item in value.items()}
    return [_without_members(item) for item in value] if isinstance(value, list) else value
