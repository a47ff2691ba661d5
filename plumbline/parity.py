"""What differs between the graphs of two stacks of one system, names of the environment apart."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from plumbline.graph import UNKNOWN, Options, Resource, Secret, StackGraph
from plumbline.parity_names import Names

_STACK = "pulumi:pulumi:Stack"
_LABELS = ("Sid", "id", "name", "title", "label")  # what names an item of a list, the best first
_FROM = " from"  # ends the name of what is no property but says which resources an unknown one comes from


class Absent:
    """Stands for a property, an item or a resource that only the other stack has. There is one instance, ABSENT."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        return "ABSENT"  # what another process sends is the one instance


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Part:
    """A resource as it is compared: `properties` has its inputs, and its options below `options`.

    `key` is the URN without the stack, `component` the nearest component around it ("" for none).
    """

    key: str
    type: str
    name: str = field(compare=False)  # the left stack's, where the key leaves out what the stacks call differently
    component: str
    properties: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Difference:
    """One place at which two stacks differ. `path` is "" for a resource that only one of them has.

    An item of a list is written by what names it, or as [*], since numbers change when something before comes or goes.
    `left` and `right` are values of the graphs or ABSENT; `token` is the same for the same change in any two stacks.
    """

    part: Part
    path: str
    left: Any = field(hash=False, compare=False)
    right: Any = field(hash=False, compare=False)
    token: str = ""


@dataclass(frozen=True)
class Comparison:
    """All differences of two graphs, and how many properties differ only by the value of each name."""

    differences: tuple[Difference, ...]
    names: Mapping[str, int]
    both: int  # resources that both stacks have


def parts(graph: StackGraph) -> dict[str, Part]:
    """Return what is compared of a graph, by key. The stack's outputs are a part of their own."""
    found = {part.key: part for part in (_part(graph, resource) for resource in graph)}
    outputs = Part(f"{graph.project}::{_STACK}::outputs", _STACK, "outputs", "", graph.outputs)
    return found | {outputs.key: outputs}


def _part(graph: StackGraph, resource: Resource) -> Part:
    owner = graph.resources.get(resource.parent)
    while owner is not None and owner.custom:
        owner = graph.resources.get(owner.parent)
    component = f"{owner.type.rpartition(':')[2]} {owner.name}" if owner else ""
    properties = {key: value for key, value in resource.inputs.items() if key != "__defaults"}
    for key, urns in resource.property_dependencies.items():
        # Two unknowns look alike; the resources that they come from tell them apart.
        if _has_unknown(properties.get(key)):
            properties[f"{key}{_FROM}"] = sorted(map(_shown, urns))
    options = {_camel(name): value for name, value in _options(resource.options) if value}
    return Part(_key(resource.urn), resource.type, resource.name, component, properties | {"options": options})


def _key(urn: str) -> str:
    return urn.partition("::")[2]


def _shown(urn: str) -> str:
    """Return "type name" of a URN."""
    chain, name = urn.split("::", 3)[2:]
    return f"{chain.rpartition('$')[2]} {name}"


def _options(options: Options) -> Iterator[tuple[str, Any]]:
    for option in fields(options):
        value = getattr(options, option.name)
        if option.name not in ("provider", "aliases"):  # both are URNs, of the stack or of what it was before
            yield option.name, list(value) if isinstance(value, tuple) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Secret):
        return _has_unknown(value.value)
    if isinstance(value, Mapping):
        return any(map(_has_unknown, value.values()))
    return any(map(_has_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def compare(left: Mapping[str, Part], right: Mapping[str, Part], names: Names) -> Comparison:
    """Return how the parts of two stacks differ, in the order of the left one and then of the right one."""
    found: list[Difference] = []
    counts: Counter[str] = Counter()
    pairs = list(_side_by_side(left, right, names, counts))
    shown = {f"{side.type} {side.name}" for pair in pairs if None not in pair for side in pair if side is not None}
    for one, other in pairs:
        part = one or other
        assert part is not None
        part = dataclasses.replace(part, key=names.key(part.key))
        if one is None or other is None:
            sides = (ABSENT, part.name) if one is None else (part.name, ABSENT)
            found.append(Difference(part, "", *sides, token="right" if one is None else "left"))
            continue
        for path, before, after in _Walk(names, counts).differences(one.properties, other.properties):
            if path.endswith(f"{_FROM}[*]") and before not in shown and after not in shown:
                continue  # the resource that it comes from is a difference itself
            token = f"{names.token(before, 0)}\n{names.token(after, 1)}"
            found.append(Difference(part, path, before, after, token))
    return Comparison(tuple(found), dict(sorted(counts.items())), sum(None not in pair for pair in pairs))


def _side_by_side(
    left: Mapping[str, Part], right: Mapping[str, Part], names: Names, counts: Counter[str]
) -> Iterator[tuple[Part | None, Part | None]]:
    """Yield the parts of two stacks that are the same, or are but for names, and those that have no counterpart."""
    alone = {key: part for key, part in right.items() if key not in left}
    for key, part in left.items():
        other = right.get(key)
        if other is None:
            for candidate in alone.values():
                used = names.same(key, candidate.key)
                if used is not None:
                    counts.update(used)
                    other = alone.pop(candidate.key)
                    break
        yield part, other
    yield from ((None, part) for part in alone.values())


class _Walk:
    """Goes through two values side by side, and counts what only names explain."""

    def __init__(self, names: Names, counts: Counter[str]) -> None:
        self._names = names
        self._counts = counts

    def differences(self, left: Any, right: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
        if isinstance(left, Secret) and isinstance(right, Secret):
            if any(True for _ in self.differences(left.value, right.value)):
                yield path, left, right
        elif isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from self._mappings(left, right, path)
        elif isinstance(left, list) and isinstance(right, list):
            for label, one, other in self._aligned(left, right):
                yield from self.differences(one, other, f"{path}[{label}]")
        elif isinstance(left, str) and isinstance(right, str):
            yield from self._texts(left, right, path)
        elif left is not right and left != right:
            yield path, left, right

    def _mappings(self, left: Mapping[str, Any], right: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any, Any]]:
        alone = [key for key in right if key not in left]
        for key, value in left.items():
            other = key
            if key not in right:
                other = next((name for name in alone if self._names.same(key, name)), key)
            yield from self.differences(value, right.get(other, ABSENT), _below(path, key))
            alone = [name for name in alone if name != other]
        for key in alone:
            yield _below(path, key), ABSENT, right[key]

    def _texts(self, left: str, right: str, path: str) -> Iterator[tuple[str, Any, Any]]:
        if left == right:
            return
        used = self._names.same(left, right)
        if used is not None:
            self._counts.update(used)
            return
        one, other = _document(left), _document(right)
        if one is not None and other is not None and type(one) is type(other):
            yield from self.differences(one, other, f"{path}: ")
        else:
            yield path, left, right

    def _aligned(self, left: list[Any], right: list[Any]) -> Iterator[tuple[str, Any, Any]]:
        """Yield the items of two lists side by side with their label; an item without counterpart beside ABSENT."""
        ones, others = self._labelled(left, 0), self._labelled(right, 1)
        if ones is not None and others is not None:
            for label in dict.fromkeys((*ones, *others)):
                yield label, ones.get(label, ABSENT), others.get(label, ABSENT)
        elif len(left) == len(right):
            yield from (("*", one, other) for one, other in zip(left, right, strict=True))
        else:
            tokens = [self._names.token(item, 0) for item in left], [self._names.token(item, 1) for item in right]
            for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, *tokens, autojunk=False).get_opcodes():
                for one, other in itertools.zip_longest(left[i1:i2], right[j1:j2], fillvalue=ABSENT):
                    yield "*", one, other

    def _labelled(self, items: list[Any], side: int) -> dict[str, Any] | None:
        """Return the items by what names each of them, None where an item has no name or two have the same."""
        labels = [_label(item) for item in items]
        found = {self._names.token(label, side): item for label, item in zip(labels, items, strict=True) if label}
        return found if len(found) == len(items) else None


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path and not path.endswith(": ") else path + key


def _label(item: Any) -> str:
    """Return the text that names an item of a list, such as a statement's Sid or a widget's title; "" for none."""
    if not isinstance(item, Mapping):
        return ""
    inner = item.get("properties")  # where a widget of a dashboard has its title
    for part in (item, inner if isinstance(inner, Mapping) else {}):
        for key in _LABELS:
            label = part.get(key)
            if isinstance(label, str):
                return label
    return ""


def _document(text: str) -> Any:
    """Return what a text of JSON holds, such as a policy; None for any other text."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
