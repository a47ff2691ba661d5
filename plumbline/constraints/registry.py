"""Where the checks register themselves, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from plumbline.graph import Resource, StackGraph

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
    """Run all checks on all resources."""
    return [
        Problem(resource, path, message)
        for resource in graph
        if resource.custom
        for check in (*_EVERY, *_BY_TYPE.get(resource.type, ()))
        for path, message in check(resource, graph)
    ]
