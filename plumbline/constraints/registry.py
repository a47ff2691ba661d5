"""Where the checks register themselves, and how they are run."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from plumbline.graph import Path, Resource, Secret, StackGraph, reveal, walk

Finding = tuple[str, str]
Check = Callable[[Resource, StackGraph], Iterable[Finding]]


@dataclass(frozen=True)
class Problem:
    """A property that would be refused. `path` is empty where the resource as a whole is at fault."""

    resource: Resource
    path: str
    message: str

    def __str__(self) -> str:
        path = f" {self.path}" if self.path else ""
        return f"{self.resource.source}: {self.resource.display}:{path}: {self.message}"


_EVERY: list[Check] = []
_BY_TYPE: dict[str, list[Check]] = {}


def every_resource(check: Check) -> Check:
    """Register a check that looks at every custom resource."""
    _EVERY.append(check)
    return check


def for_types(*types: str) -> Callable[[Check], Check]:
    """Register a check that looks at resources of the given types."""

    def register(check: Check) -> Check:
        for type_ in types:
            _BY_TYPE.setdefault(type_, []).append(check)
        return check

    return register


def run(graph: StackGraph) -> list[Problem]:
    """Run all checks on all resources. Secret values are judged like others and never shown."""
    shown = StackGraph(
        graph.stack, graph.project, {resource.urn: _revealed(resource) for resource in graph}, graph.outputs
    )
    return [
        Problem(resource, path, _discreet(resource, message))
        for resource in graph
        if resource.custom
        for check in (*_EVERY, *_BY_TYPE.get(resource.type, ()))
        for path, message in check(shown.resources[resource.urn], shown)
    ]


def run_alone(resource: Resource) -> list[Problem]:
    """Run on one resource what can be said without the others. The real engine shows its provider no more."""
    shown, others = _revealed(resource), cast(StackGraph, _Others())
    found: list[Problem] = []
    for check in (*_EVERY, *_BY_TYPE.get(resource.type, ())):
        with contextlib.suppress(_OthersAsked):
            for path, message in check(shown, others):
                found.append(Problem(resource, path, _discreet(resource, message)))
    return found


class _OthersAsked(Exception):
    """A check came to where it depends on other resources."""


class _Others:
    """Stands for a stack of which nothing is known but one resource: to ask it anything ends the check."""

    def __getattr__(self, name: str) -> Any:
        raise _OthersAsked

    def __iter__(self) -> Iterator[Resource]:
        raise _OthersAsked

    def __len__(self) -> int:
        raise _OthersAsked


def _secrets(resource: Resource) -> list[tuple[Path, Secret]]:
    return [(path, value) for path, value in walk(resource.inputs) if isinstance(value, Secret)]


def _revealed(resource: Resource) -> Resource:
    if not _secrets(resource):
        return resource
    return dataclasses.replace(resource, inputs=reveal(resource.inputs))


def _discreet(resource: Resource, message: str) -> str:
    """Return the message, without its words where they could show a secret."""
    for _, secret in _secrets(resource):
        leaves = [str(leaf) for _, leaf in walk(reveal(secret)) if leaf not in (None, "")]
        if any(leaf in message for leaf in leaves):
            return "not allowed; the value is a secret and not shown"
    return message
