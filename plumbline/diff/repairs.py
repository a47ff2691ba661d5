"""Which new resource is an old one under another name or parent, and the alias that tells the engine so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.aliases import inherited, urn_of
from plumbline.diff.details import Detail
from plumbline.graph import UNKNOWN, Resource, StackGraph

# Properties by which AWS tells resources of a type apart; the first that a resource has counts.
_NAMES = ("name", "bucket", "tableName", "repositoryName", "databaseName", "domain", "identifier", "clusterIdentifier")


@dataclass(frozen=True)
class _Alias:
    """An alias in the options of `at`, a resource or component of the new program."""

    at: Resource
    name: str = ""
    type: str = ""
    parent: str | None = None  # "" for none

    @property
    def code(self) -> str:
        arguments = []
        if self.name:
            arguments.append(f"name={_quoted(self.name)}")
        if self.type:
            arguments.append(f"type_={_quoted(self.type)}")
        if self.parent is not None:
            arguments.append(f"parent={_quoted(self.parent) if self.parent else 'pulumi.ROOT_STACK_RESOURCE'}")
        return f"pulumi.Alias({', '.join(arguments)})"


def repair(detail: Detail, before: StackGraph, after: StackGraph) -> str:
    """Return what keeps a resource that would be deleted: an alias and where to put it; "" where there is nothing."""
    if detail.action != "delete":
        return ""
    old = before.resources[detail.urn]
    new = _successor(old, before, after)
    if new is None:
        return ""
    alias = _alias(old, new, before, after)
    kind = "resource" if alias.at.custom else "component"
    return f"{alias.code} among the aliases of the {kind} {alias.at.name} ({alias.at.type})"


def _successor(old: Resource, before: StackGraph, after: StackGraph) -> Resource | None:
    """Return the new resource that is an old one: the one of the same physical name, or else of the same inputs."""
    candidates = [
        one for one in after.of_type(old.type) if one.urn not in before.resources and not _aliased(one, before)
    ]
    called = _physical(old)
    if called is not None:
        named = [one for one in candidates if _physical(one) == called]
        if named:
            return named[0]
    same = [one for one in candidates if _without_names(one.inputs) == _without_names(old.inputs)]
    near = [one for one in same if one.name == old.name] or same
    return near[0] if len(near) == 1 else None


def _aliased(one: Resource, before: StackGraph) -> bool:
    return any(alias in before.resources for alias in one.options.aliases)


def _physical(one: Resource) -> str | None:
    value = next((one.inputs[key] for key in _NAMES if one.inputs.get(key) is not None), None)
    return value if isinstance(value, str) else None


def _without_names(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in inputs.items() if key not in (*_NAMES, "tags", "tagsAll") and value is not UNKNOWN
    }


def _alias(old: Resource, new: Resource, before: StackGraph, after: StackGraph) -> _Alias:
    """Return the alias that leads from the new URN to the old one, at the highest parent that alone explains it."""
    for now, then in reversed(list(_ancestors(old, new, before, after))):
        if _follows(old, new, then, now, before, after):
            return _own(then, now)
    return _own(old, new)


def _ancestors(
    old: Resource, new: Resource, before: StackGraph, after: StackGraph
) -> Iterator[tuple[Resource, Resource]]:
    """Yield the parents of both, pair by pair, as far as both have one and the new one is new."""
    while old.parent and new.parent:
        old, new = before.resources[old.parent], after.resources[new.parent]
        if old.urn == new.urn or new.urn in before.resources:
            return
        yield new, old


def _follows(
    old: Resource, new: Resource, old_top: Resource, top: Resource, before: StackGraph, after: StackGraph
) -> bool:
    """Say whether the resource has its old URN once `top` is known as `old_top`."""
    path = []
    here = new
    while here.urn != top.urn:
        path.append(here)
        here = after.resources[here.parent]
    known = old_top.urn
    for child in reversed(path):
        known = inherited(child.type, child.name, child.parent, known)
    return known == old.urn


def _own(old: Resource, new: Resource) -> _Alias:
    name = old.name if old.name != new.name else ""
    type_ = old.type if old.type != new.type else ""
    parent = old.parent if old.parent != new.parent else None
    home = "::".join(new.urn.removeprefix("urn:pulumi:").split("::")[:2])
    if parent is not None and urn_of(home, new.parent, old.type, old.name) == old.urn:
        parent = None  # the URN holds the parent's type alone, and that is the same
    return _Alias(new, name, type_, parent)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
