"""StackGraph: the one model of a stack, whichever engine or document it came from."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Path = tuple[str | int, ...]


class Unknown:
    """A value that only AWS can decide. There is one instance, UNKNOWN; it has no truth value."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"  # a copy, or what another process sends, is the one instance

    def __bool__(self) -> bool:
        # A predicate that asks `if value` of an unknown would silently take a side.
        raise TypeError("the value is unknown before the deployment: compare it with UNKNOWN first")


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that must never be shown. `value` is None where the source document hides it."""

    value: Any = None

    def __repr__(self) -> str:
        return "Secret()"


@dataclass(frozen=True)
class Blob:
    """An asset or an archive, known by the SHA-256 digest of its content ("" where a document has none).

    `content` is the wire form (path, text, or assets by name) for whoever must read the bytes.
    """

    digest: str
    kind: str = "archive"
    content: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Resource options as Pulumi names them; wire (camelCase) property names."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    provider: str = ""
    import_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registered resource.

    `inputs` and `outputs` are keyed by wire names and hold plain values, UNKNOWN, Secret and Blob.
    `dependencies` are the URNs that must exist first; `property_dependencies` say which input needs which.
    `source` is "file:line" of the registration where the source of the graph tells it.
    """

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    outputs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    options: Options = Options()
    source: str = ""

    def get(self, path: str, default: Any = None) -> Any:
        """Return the input at a dotted path such as `serverSideEncryption.enabled`.

        A list is entered by number. An unknown on the way is returned as UNKNOWN, a missing step as `default`.
        """
        return dig(self.inputs, path, default)

    def sources(self, path: str) -> tuple[str, ...]:
        """Return the URNs of the resources that the input at a dotted path, as a whole property, comes from."""
        return self.property_dependencies.get(path.partition(".")[0], ())

    @property
    def display(self) -> str:
        """The type's short name and the resource name, as reports show it."""
        return f"{self.type} {self.name}"


def urn_type(urn: str) -> str:
    """Return the type of the resource that a URN names, without those of its parents; "" where it is no URN."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""


# Most values are texts and dicts: to ask for these first spares the slow question for any kind of mapping.
_SCALARS = (str, int, float, type(None), Unknown)
_MAPPINGS = (dict, Mapping)


def dig(value: Any, path: str, default: Any = None) -> Any:
    """Follow a dotted path through mappings, lists and secrets; see Resource.get."""
    if type(value) is dict and "." not in path:
        value = value.get(path)
        return default if value is None else value
    for step in path.split("."):
        if isinstance(value, Secret):
            value = value.value
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(value, _MAPPINGS) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
    return default if value is None else value


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every leaf of a property value with its path. Secrets, blobs and unknowns are leaves."""
    if isinstance(value, _SCALARS):
        yield path, value
    elif isinstance(value, _MAPPINGS):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))
    else:
        yield path, value


def reveal(value: Any) -> Any:
    """Return a property value with secrets replaced by what they hold, UNKNOWN where that is hidden."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Secret):
        return UNKNOWN if value.value is None else reveal(value.value)
    if isinstance(value, _MAPPINGS):
        return {key: reveal(item) for key, item in value.items()}
    return [reveal(item) for item in value] if isinstance(value, list) else value


def path_text(path: Path) -> str:
    """Write a property path as Pulumi does: `globalSecondaryIndexes[0].name`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def in_order(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """Return resources by URN, each after what it needs and otherwise sorted by URN.

    The order in which a program's registrations arrive differs from run to run; this one does not.
    """
    waiting: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for urn, resource in resources.items():
        urns = {resource.parent, *resource.dependencies}.union(*resource.property_dependencies.values())
        needed = {other for other in urns if other in resources and other != urn}
        waiting[urn] = len(needed)
        for other in needed:
            followers.setdefault(other, []).append(urn)
    ready = [urn for urn, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    ordered: dict[str, Resource] = {}
    while ready:
        urn = heapq.heappop(ready)
        ordered[urn] = resources[urn]
        for follower in followers.get(urn, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    # A circle cannot be registered; a document that has one keeps its resources all the same.
    return {**ordered, **resources}


@dataclass(frozen=True)
class StackGraph:
    """All resources of one stack by URN."""

    stack: str
    project: str
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: str, project: str, resources: Iterable[Resource], outputs: Mapping[str, Any]) -> StackGraph:
        return cls(stack, project, {resource.urn: resource for resource in resources}, outputs)

    def __reduce__(self) -> tuple[type[StackGraph], tuple[Any, ...]]:
        # Another process finds out for itself what was derived here.
        return type(self), (self.stack, self.project, self.resources, self.outputs)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def __len__(self) -> int:
        return len(self.resources)

    @functools.cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self:
            found.setdefault(resource.type, []).append(resource)
        return found

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of the given type tokens, in the graph's order."""
        return [resource for type_ in types for resource in self._by_type.get(type_, [])]

    def named(self, type_: str, property_: str, value: str) -> Resource | None:
        """Return the first resource of a type whose input `property_` has the given known value."""
        return self._index(type_, property_).get(value)

    @functools.cached_property
    def _indexes(self) -> dict[tuple[str, str], dict[str, Resource]]:
        return {}

    def _index(self, type_: str, property_: str) -> dict[str, Resource]:
        key = (type_, property_)
        if key not in self._indexes:
            index: dict[str, Resource] = {}
            for resource in self.of_type(type_):
                value = resource.get(property_)
                if isinstance(value, str):
                    index.setdefault(value, resource)
            self._indexes[key] = index
        return self._indexes[key]

    @functools.cached_property
    def derived(self) -> dict[Any, Any]:
        """Hold what others find out about the graph, under keys of their own: a graph never changes."""
        return {}

    @functools.cached_property
    def _reachable(self) -> dict[str, frozenset[str]]:
        return {}

    @functools.cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for resource in self:
            children.setdefault(resource.parent, []).append(resource.urn)
        return children

    def children(self, urn: str) -> list[Resource]:
        """Return the direct children of a resource ("" for those without parent)."""
        return [self.resources[child] for child in self._children.get(urn, [])]

    def needs(self, urn: str) -> frozenset[str]:
        """Return the URNs of everything that must exist before a resource, directly or not.

        A dependency on a component is one on all its children, as in the engine.
        """
        known = self._reachable.get(urn)
        if known is not None:
            return known
        seen: set[str] = set()
        stack = [urn]
        while stack:
            current = stack.pop()
            resource = self.resources.get(current)
            if resource is None:
                continue
            direct = set(resource.dependencies)
            for urns in resource.property_dependencies.values():
                direct.update(urns)
            for dependency in list(direct):
                target = self.resources.get(dependency)
                if target is not None and not target.custom:
                    direct.update(self._descendants(dependency))
            for dependency in direct - seen:
                seen.add(dependency)
                stack.append(dependency)
        self._reachable[urn] = frozenset(seen)
        return self._reachable[urn]

    def _descendants(self, urn: str) -> Iterator[str]:
        for child in self._children.get(urn, []):
            yield child
            yield from self._descendants(child)
