"""What a predicate reads of a stack: `record` runs it on a stack that notes every look at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.graph import Resource, StackGraph, dig
from plumbline.verdicts import Subject, Verdict

Steps = tuple[Any, ...]
# Where a graph or settings lie: the stack's own, those of the bootstrap stack, or (settings) an environment's name.
# The stack's outputs are read as settings are.
OWN, BASE, OUTPUTS = "own", "base", "outputs"


@dataclass
class Reads:
    """What was read, in the order of reading: the keys of each dict; the values say nothing."""

    inputs: dict[tuple[str, str, str], None] = field(default_factory=dict)  # (graph, URN, dotted path)
    references: dict[tuple[str, str, str], None] = field(default_factory=dict)  # (graph, URN, input)
    options: dict[tuple[str, str], None] = field(default_factory=dict)  # (graph, URN)
    types: dict[tuple[str, str], None] = field(default_factory=dict)  # (graph, type)
    settings: dict[tuple[str, Steps], None] = field(default_factory=dict)  # (whose settings, path)
    siblings: dict[str, None] = field(default_factory=dict)  # the environments whose settings were looked at
    whole: bool = False  # every resource of the stack was looked at
    base: bool = False
    looks: int = 0  # how often anything was looked at, which tells what a run costs


class _Watched(Resource):
    """A resource that notes what is read of it."""

    @classmethod
    def of(cls, resource: Resource, where: str, reads: Reads) -> _Watched:
        watched = object.__new__(cls)
        watched.__dict__.update(resource.__dict__, _where=where, _reads=reads)
        return watched

    def get(self, path: str, default: Any = None) -> Any:
        own = self.__dict__
        own["_reads"].looks += 1
        own["_reads"].inputs[own["_where"], own["urn"], path] = None
        return dig(own["inputs"], path, default)

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__")
        if name == "property_dependencies":
            place, references = (own["_where"], own["urn"]), own["_reads"].references
            return _Noted(own[name], lambda key: references.update({(*place, key): None}))
        if name == "inputs":
            own["_reads"].inputs.update({(own["_where"], own["urn"], key): None for key in own[name]})
        if name == "options":
            own["_reads"].options[own["_where"], own["urn"]] = None
        return object.__getattribute__(self, name)


class _Noted(dict[str, Any]):
    """A mapping that tells which of its keys are read; whoever walks through it reads all of them."""

    def __init__(self, given: Mapping[str, Any], note: Callable[[str], None]) -> None:
        super().__init__(given)
        self._note = note

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def keys(self) -> Any:
        return self._all().keys()

    def values(self) -> Any:
        return self._all().values()

    def items(self) -> Any:
        return self._all().items()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def _all(self) -> dict[str, Any]:
        plain = dict(super().items())
        for key in plain:
            self._note(key)
        return plain


class _WatchedGraph(StackGraph):
    """A graph that notes which types are looked for, and whose dependencies are followed."""

    def of_type(self, *types: str) -> list[Resource]:
        where, reads = self.__dict__["_log"]
        reads.types.update({(where, type_): None for type_ in types})
        found = super().of_type(*types)
        reads.looks += len(found)
        return found

    def needs(self, urn: str) -> frozenset[str]:
        where, reads = self.__dict__["_log"]
        if urn in self.resources:
            references = self.resources[urn].__dict__["property_dependencies"]
            reads.references.update({(where, urn, key): None for key in references})
        return super().needs(urn)

    def __iter__(self) -> Iterator[Resource]:
        self.__dict__["_log"][1].whole = True
        return super().__iter__()


def _watch(graph: StackGraph, where: str, reads: Reads) -> StackGraph:
    resources = {urn: _Watched.of(resource, where, reads) for urn, resource in graph.resources.items()}
    outputs = _watch_settings(graph.outputs, lambda path: reads.settings.update({(OUTPUTS, path): None}))
    watched = _WatchedGraph(graph.stack, graph.project, resources, outputs)
    watched.__dict__["_log"] = (where, Reads())
    assert watched._by_type is not None  # sorting resources by type is no look at all of them
    watched.__dict__["_log"] = (where, reads)
    return watched


def _watch_settings(value: Any, note: Callable[[Steps], None], path: Steps = ()) -> Any:
    """Return settings that note the values that are read, and what is asked for and not there."""
    if not isinstance(value, dict):
        return value

    def noted(key: str) -> None:
        if not isinstance(value.get(key), dict):
            note((*path, key))

    return _Noted({key: _watch_settings(item, note, (*path, key)) for key, item in value.items()}, noted)


def record(judge: Callable[[Subject], Verdict], subject: Subject) -> tuple[Verdict, Reads]:
    """Judge a criterion; return the verdict and what was read for it."""
    reads = Reads()

    def settings(where: str, given: Mapping[str, Any]) -> Any:
        return _watch_settings(given, lambda path: reads.settings.update({(where, path): None}))

    def base() -> StackGraph | None:
        reads.base = True
        graph = subject.base()
        return None if graph is None else _watch(graph, BASE, reads)

    watched = dataclasses.replace(
        subject,
        graph=_watch(subject.graph, OWN, reads),
        settings=settings(OWN, subject.settings),
        siblings=_Noted(
            {name: settings(name, given) for name, given in subject.siblings.items()},
            lambda name: reads.siblings.update({name: None}),
        ),
        base=base,
    )
    return judge(watched), reads
