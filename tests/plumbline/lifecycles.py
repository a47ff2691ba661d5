"""What the tests of the sandbox's lifecycle share: differences, updates and deletions of whole stacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from plumbline import taggable
from plumbline.graph import Resource, StackGraph
from plumbline.monitor import DeployError
from plumbline.sandbox import Sandbox
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.sandbox.lifecycle.agreement import is_nothing, same
from plumbline.sandbox.lifecycle.rows import row_of
from tests.plumbline.lifecycle_changes import CHANGES

GONE = {"": "gone"}


def made(graph: StackGraph) -> list[Resource]:
    """Return the resources that moto holds, in the order in which they were made."""
    return [resource for resource in graph if resource.custom and resource.type in ADAPTERS]


def label(resource: Resource) -> str:
    return f"{resource.type} {resource.name}"


def differing(sandbox: Sandbox, resource: Resource) -> dict[str, Any]:
    """Return what a refresh would change: property -> what it is now."""
    now = sandbox.read(resource, resource.id)
    if now is None:
        return dict(GONE)
    return {
        key: now.get(key)
        for key in sorted({*resource.inputs, *now} - {"__defaults"})
        if resource.inputs.get(key) != now.get(key)
    }


def differences(sandbox: Sandbox, graph: StackGraph) -> dict[str, Any]:
    found = {label(resource): differing(sandbox, resource) for resource in made(graph)}
    return {name: what for name, what in found.items() if what}


def changes_of(graph: StackGraph, resource: Resource) -> dict[str, Any]:
    """Return the new values of a resource's properties, its tags among them: one gone, one new, one other."""
    wanted = CHANGES.get(resource.type, {})
    changes = {key: value(graph, resource) if callable(value) else value for key, value in wanted.items()}
    if taggable.taggable().get(resource.type) == "map":
        _, *names = sorted(resource.inputs.get("tags") or {"": ""})
        kept = {name: resource.inputs["tags"][name] for name in names}
        changes["tags"] = {**kept, "Fresh": "yes", **dict.fromkeys(names[:1], "other")}
    return changes


def updated(sandbox: Sandbox, graph: StackGraph, resource: Resource) -> list[str]:
    """Change a resource and change it back; return what was not as it should be, one line each."""
    changes = changes_of(graph, resource)
    if not changes:
        return []
    now = dataclasses.replace(resource, inputs={**resource.inputs, **changes})
    try:
        sandbox.update(resource, now, resource.id)
        wrong = [f"is not {key}={now.inputs.get(key)!r}" for key in differing(sandbox, now)]
        wrong += _not_shown(sandbox, resource, changes)
        sandbox.update(now, resource, resource.id)
    except DeployError as error:
        return [str(error)]
    return wrong + [f"is not back: {key}={value!r}" for key, value in differing(sandbox, resource).items()]


def _not_shown(sandbox: Sandbox, resource: Resource, changes: Mapping[str, Any]) -> list[str]:
    """Compare with the declaration from before: it must show each change, or moto was not changed at all."""
    row = row_of(resource.type)
    usual = row.get("extra", {})
    # What AWS decides where nothing is declared, and what moto does not keep, no reading can show.
    free = {key for key in changes if key not in resource.inputs and _is_usual(changes[key], usual.get(key))}
    wanted = {key for key in changes if changes[key] != resource.inputs.get(key)} - free - set(row.get("untold", ()))
    shown = set(differing(sandbox, resource))
    return [f"is not changed in moto: {key}" for key in sorted(wanted - shown)] + [
        f"was changed besides: {key}" for key in sorted(shown - set(changes))
    ]


def _is_usual(value: Any, usual: Any) -> bool:
    return usual == "*" or same(usual, value) or (is_nothing(usual) and is_nothing(value))


def deleted(sandbox: Sandbox, graph: StackGraph) -> tuple[dict[str, str], list[str]]:
    """Delete everything in reverse order, twice. Return what was refused, and what is there all the same."""
    refused: dict[str, str] = {}
    for _ in range(2):
        for resource in reversed(made(graph)):
            try:
                sandbox.delete(resource, resource.id)
            except DeployError as error:
                refused[label(resource)] = str(error).partition(":")[0]
    return refused, [label(each) for each in made(graph) if differing(sandbox, each) != GONE]


def one_of_each(graph: StackGraph, usable: Callable[[Resource], bool] = lambda _: True) -> Iterable[Resource]:
    """Yield one resource of each type."""
    seen: set[str] = set()
    for resource in made(graph):
        if resource.type not in seen and usable(resource):
            seen.add(resource.type)
            yield resource
