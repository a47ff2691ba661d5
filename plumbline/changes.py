"""What changes between two graphs of one stack, by inputs: a graph diff, not the provider's."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Literal

from plumbline import aliases, yaml12
from plumbline.graph import UNKNOWN, Path, Resource, Secret, StackGraph, path_text

Action = Literal["create", "update", "replace", "delete", "same"]


@dataclass(frozen=True)
class Change:
    """One resource's change. `paths` are the properties that differ, `causes` those that force a replacement.

    `before` is the URN that the resource had, where an alias says that it had another one.
    """

    urn: str
    action: Action
    paths: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    before: str = ""


@functools.cache
def _data() -> Mapping[str, Any]:
    return yaml12.load(FilePath(__file__).parent / "data" / "replace.yaml")


def replacing(type_: str) -> frozenset[str]:
    """Return the top-level properties of a type whose change replaces the resource."""
    return frozenset(_data()["replace"].get(type_, ())) | frozenset(_data()["every_type"])


def changed_outputs(type_: str) -> bool:
    """Say whether an update of this type gives other resources new values (a function's version, for one)."""
    return type_ in _data()["new_outputs_on_update"]


def compare(before: StackGraph | None, after: StackGraph) -> list[Change]:
    """Return the change of every resource: those of `after` in their order, then what is deleted.

    Without `before` everything is created. An unknown counts as unchanged when no resource that it comes from is
    created, replaced, or updated in a way that gives it new outputs.
    """
    old = {resource.urn: resource for resource in before} if before is not None else {}
    changes: dict[str, Change] = {}
    known: dict[str, str] = {}  # the URNs that resources had, by those that they have
    for resource in after:
        previous = _previous(resource, old, known)
        if previous is None:
            changes[resource.urn] = Change(resource.urn, "create")
            continue
        known[resource.urn] = previous.urn
        change = _change(previous, resource, changes, after)
        moved = previous.urn if previous.urn != resource.urn else ""
        changes[resource.urn] = dataclasses.replace(change, before=moved)
    taken = set(known.values())
    deleted = [Change(urn, "delete") for urn in reversed(old) if urn not in taken]
    return [*changes.values(), *deleted]


def _previous(resource: Resource, old: Mapping[str, Resource], known: Mapping[str, str]) -> Resource | None:
    names = (resource.urn, resource.type, resource.name, resource.parent)
    for urn in aliases.former(*names, resource.options.aliases, known.get(resource.parent, "")):
        if urn in old:
            return old[urn]
    return None


def _change(before: Resource, after: Resource, changes: Mapping[str, Change], graph: StackGraph) -> Change:
    if not after.custom:
        return Change(after.urn, "same")
    ignored = [re.compile(_pattern(path)) for path in after.options.ignore_changes]
    paths: list[str] = []
    causes: list[str] = []
    forcing = replacing(after.type) | set(after.options.replace_on_changes)
    for path, new in differences(before.inputs, after.inputs):
        text = path_text(path)
        if any(pattern.match(text) for pattern in ignored):
            continue
        if new is UNKNOWN and not _source_changes(after, str(path[0]), changes, graph):
            continue
        paths.append(text)
        if str(path[0]) in forcing or text in forcing:
            causes.append(text)
    if causes:
        return Change(after.urn, "replace", tuple(paths), tuple(causes))
    return Change(after.urn, "update" if paths else "same", tuple(paths))


def _source_changes(resource: Resource, property_: str, changes: Mapping[str, Change], graph: StackGraph) -> bool:
    for urn in resource.property_dependencies.get(property_, ()):
        source = changes.get(urn)
        if source is None or source.action in ("create", "replace"):
            return True
        target = graph.resources.get(urn)
        if source.action == "update" and target is not None and changed_outputs(target.type):
            return True
    return False


def _pattern(path: str) -> str:
    """Return the expression that matches an ignoreChanges path and everything below it."""
    return re.escape(path).replace(re.escape("[*]"), r"\[\d+\]") + r"(?=$|[.\[])"


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each path at which two property values differ, with the new value (None where it is gone).

    Secrets count as equal: their values are not kept.
    """
    if isinstance(before, Secret) and isinstance(after, Secret):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            if key != "__defaults":
                yield from differences(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            new = after[index] if index < len(after) else None
            yield from differences(old, new, (*path, index))
    elif after is UNKNOWN or before != after:
        # An unknown is always named: whether it counts depends on where it comes from.
        yield path, after
