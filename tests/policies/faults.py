"""Faults: one thing at a time broken in a stack's real graph, and whether the rules that should tell of it do.

`python -m tests.policies.faults` writes docs/faults.md. A fault is caught when a rule that must tell of it has a
finding, at a place where it belongs, that it did not have of the stack as it is.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tests.policies as here
from plumbline.graph import UNKNOWN, Resource, StackGraph, walk
from policies.rules import load_all
from policies.rules.model import present_type
from tests.policies.cases import GONE
from tests.stacks import STACKS

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "faults.md"


@dataclass(frozen=True)
class Refer:
    """A change to what another resource of the stack gives: an unknown value that depends on it."""

    urn: str


Change = Any | Callable[[Any], Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `rules` are those of which at least one must tell of it, at one of `places`.

    `changes` holds the resources after the fault by URN, None for those that are gone.
    """

    area: str
    name: str
    rules: tuple[str, ...]
    places: tuple[str, ...]
    changes: Mapping[str, Resource | None] = field(hash=False)
    # Resources as they should be, where the stack has none of the type: what is broken is compared with them.
    right: Mapping[str, Resource] = field(default_factory=dict, hash=False)

    def graph(self, whole: StackGraph) -> StackGraph:
        """Return the stack's graph with the fault in it."""
        return changed(whole, self.changes)

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls that the fault goes against: those of the rules that must tell of it."""
        known = load_all()
        return tuple(dict.fromkeys(control for name in self.rules for control in known[name].controls))


def changed(whole: StackGraph, changes: Mapping[str, Resource | None]) -> StackGraph:
    resources = dict(whole.resources)
    for urn, after in changes.items():
        if after is None:
            resources.pop(urn, None)
        else:
            resources[urn] = after
    return StackGraph(whole.stack, whole.project, resources, whole.outputs)


def edited(resource: Resource, changes: Mapping[str, Change]) -> Resource | None:
    """Return a copy with the values at dotted paths replaced; a function gets the value that is there.

    None where a path does not lead anywhere, or nothing would change. `*` stands for every item of a list.
    """
    inputs = copy.deepcopy(dict(resource.inputs))
    referred = {path.partition(".")[0]: (change.urn,) for path, change in changes.items() if isinstance(change, Refer)}
    for path, change in changes.items():
        if not _put(inputs, path.split("."), UNKNOWN if isinstance(change, Refer) else change):
            return None
    if inputs == resource.inputs and not referred:
        return None
    # What no longer is unknown no longer comes from another resource.
    tops = {path.partition(".")[0] for path in changes}
    leads = {
        name: urns
        for name, urns in resource.property_dependencies.items()
        if name in inputs and (name not in tops or any(leaf is UNKNOWN for _, leaf in walk(inputs[name])))
    }
    return dataclasses.replace(resource, inputs=inputs, property_dependencies={**leads, **referred})


def _put(place: Any, steps: list[str], change: Change) -> bool:
    step, *rest = steps
    if isinstance(place, list):
        numbers = range(len(place)) if step == "*" else [int(step)] if step.isdigit() else []
        done = [_put_at(place, number, rest, change) for number in reversed(numbers) if number < len(place)]
        return any(done)
    if not isinstance(place, dict):
        return False
    if step not in place and (rest or change is GONE):
        if change is GONE:
            return False
        place[step] = {}
    return _put_at(place, step, rest, change)


def _put_at(place: Any, key: Any, rest: list[str], change: Change) -> bool:
    if rest:
        return _put(place[key], rest, change)
    if change is GONE:
        del place[key]
        return True
    value = change(place[key] if isinstance(place, list) else place.get(key)) if callable(change) else change
    if value is GONE:
        place.pop(key, None)
    else:
        place[key] = value
    return True


class Bench:
    """A stack's graph, and how faults in it are made."""

    def __init__(self, graph: StackGraph) -> None:
        self.graph = graph
        self._by_short: dict[str, list[Resource]] = {}
        for resource in graph:
            self._by_short.setdefault(short(resource.type), []).append(resource)
        self.types = {present_type(resource.type) for resource in graph}
        self.urn = f"urn:pulumi:{graph.stack}::{graph.project}::"
        self.account = next(
            (found for r in graph for found in re.findall(r"arn:aws:iam::(\d{12}):", str(r.inputs.get("policy")))), ""
        )
        self.tags: Mapping[str, str] = next(
            (dict(r.inputs["tags"]) for r in graph if r.type.startswith("aws:s3/bucket:") and "tags" in r.inputs), {}
        )

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of some types, which may be written without their first and last parts: `s3:Bucket`."""
        return [resource for type_ in types for resource in self._by_short.get(type_, ())]

    def first(self, type_: str, word: str = "") -> str:
        """Return the URN of the first resource of a type whose name has a word in it, "" where there is none."""
        return next((found.urn for found in self.of(type_) if word in found.name), "")

    def about(self, resource: Resource, *types: str) -> tuple[str, ...]:
        """Return the resources that one refers to, of some types."""
        urns = dict.fromkeys(urn for found in resource.property_dependencies.values() for urn in found)
        known = self.graph.resources
        return tuple(urn for urn in urns if urn in known and (not types or short(known[urn].type) in types))

    def edit(
        self,
        area: str,
        what: str,
        resource: Resource,
        changes: Mapping[str, Change],
        *rules: str,
        at: Iterable[str] = (),
    ) -> Iterator[Fault]:
        """Yield the fault of a changed resource, none where it would change nothing."""
        broken = edited(resource, changes)
        if broken is not None:
            yield Fault(area, name_of(resource, what), rules, (resource.urn, *at), {resource.urn: broken})

    def table(self, area: str, rows: Mapping[str, Iterable[tuple[Any, ...]]], *more: str) -> Iterator[Fault]:
        """Yield the faults of a table: by type, what is done, the changes, and the rules that must tell of it.

        `more` are types of resources that each is about, at which it may be told of too.
        """
        for type_, faults_ in rows.items():
            for resource in spread(self.of(type_)):
                for what, changes, *rules in faults_:
                    yield from self.edit(
                        area, what, resource, changes, *rules, at=self.about(resource, *more or ("-",))
                    )

    def missing(self, area: str, rows: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
        """Yield the faults of resources that are missing, by type: told of where they were about something."""
        for type_, rules in rows.items():
            for resource in spread(self.of(type_)):
                yield from self.drop(area, "missing", resource, *rules)

    def drop(
        self, area: str, what: str, resource: Resource, *rules: str, at: Iterable[str] = (), also: Iterable[str] = ()
    ) -> Iterator[Fault]:
        """Yield the fault of a resource that is missing, with those of `also`; told of at what it was about."""
        places = tuple(at) or self.about(resource)
        yield Fault(area, name_of(resource, what), rules, places, dict.fromkeys((resource.urn, *also)))

    def add(
        self,
        area: str,
        what: str,
        type_: str,
        inputs: Mapping[str, Any],
        *rules: str,
        refers: Mapping[str, str] | None = None,
        at: Iterable[str] = (),
    ) -> Iterator[Fault]:
        """Yield the fault of a new resource. `refers` are the URNs that unknown properties come from."""
        referred = {key: urn for key, urn in (refers or {}).items() if urn}
        made = Resource(
            urn=f"{self.urn}{type_}::fault",
            type=type_,
            name="fault",
            inputs={**inputs, **dict.fromkeys(referred, UNKNOWN)},
            dependencies=tuple(referred.values()),
            property_dependencies={key: (urn,) for key, urn in referred.items()},
        )
        yield Fault(area, f"{short(type_)} added: {what}", rules, (made.urn, *referred.values(), *at), {made.urn: made})


def spread(resources: list[Resource], most: int = 12) -> list[Resource]:
    """Return some of many resources of a kind, from everywhere in the stack: one more table tells nothing new."""
    step = max(1, -(-len(resources) // most))
    return resources[::step]


def short(type_: str) -> str:
    """Return a type without what it says twice: `s3:Bucket` for `aws:s3/bucket:Bucket`."""
    parts = present_type(type_).split(":")
    return f"{parts[1].partition('/')[0]}:{parts[-1]}" if type_.startswith("aws:") else type_


def name_of(resource: Resource, what: str) -> str:
    return f"{short(resource.type)} {resource.name}: {what}"


def modules() -> list[Any]:
    """Return the modules that make faults, one for each area."""
    names = sorted(found.name for found in pkgutil.iter_modules(here.__path__) if found.name.startswith("faults_"))
    found = [importlib.import_module(f"tests.policies.{name}") for name in names]
    return [module for module in found if hasattr(module, "faults")]


def faults(graph: StackGraph) -> list[Fault]:
    """Return all faults of a stack. Raises ValueError for two of one name."""
    bench = Bench(graph)
    found = {}
    for module in modules():
        for fault in module.faults(bench):
            key = (fault.area, fault.name)
            if key in found:
                raise ValueError(f"{fault.area}: {fault.name}: twice")
            found[key] = fault
    return list(found.values())


def main() -> None:
    """Write docs/faults.md, from previews of all stacks."""
    from plumbline.evaluate import evaluate_stack
    from plumbline.project import Project
    from tests.policies.fault_report import inject, report

    REPORT.write_text(report([inject(evaluate_stack(Project(ROOT), stack).graph) for stack in STACKS]))


if __name__ == "__main__":
    # The modules of faults know this one by its whole name.
    importlib.import_module("tests.policies.faults").main()
