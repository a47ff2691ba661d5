"""Reads a stack from a file: the machine contract, `pulumi preview --json`, or `pulumi stack export`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline import contract, wire
from plumbline.changes import Action, Change
from plumbline.graph import UNKNOWN, Options, Resource, Secret, StackGraph, in_order
from plumbline.project import UserError

_STACK_TYPE = "pulumi:pulumi:Stack"
_PROJECT = "project:///"
_ACTIONS: dict[str, Action] = {
    "create": "create",
    "update": "update",
    "same": "same",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import": "create",
    "refresh": "same",
    "read": "same",
}


@dataclass(frozen=True)
class Document:
    """What a file says: the graph, and the changes where it tells them.

    `left_out` is the number of unchanged resources that the document counts and does not show: the engine's
    preview of a stack that exists leaves them out.
    """

    graph: StackGraph
    changes: list[Change]
    left_out: int = 0

    def completed(self, state: StackGraph) -> Document:
        """Return the document with what it leaves out taken from the stack's state."""
        deleted = {change.urn for change in self.changes if change.action == "delete"}
        resources = {urn: resource for urn, resource in state.resources.items() if urn not in deleted}
        whole = in_order({**resources, **self.graph.resources})
        graph = StackGraph(self.graph.stack, self.graph.project, whole, self.graph.outputs)
        return Document(graph, self.changes)


def load(path: Path) -> Document:
    """Return what a file says of a stack. Raises UserError."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from None
    except RecursionError:
        raise UserError(f"{path}: nested too deeply") from None
    try:
        return _load(value)
    except contract.ContractError as error:
        raise UserError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(f"{path}: not a document of the engine: {error!r}") from None


def _load(value: Any) -> Document:
    if isinstance(value, dict) and "steps" in value:
        return _preview(value)
    if isinstance(value, dict) and "deployment" in value:
        return Document(_graph(value["deployment"].get("resources") or []), [])
    if isinstance(value, dict) and "resources" in value:
        return Document(contract.graph_of(value), [])
    raise contract.ContractError(
        "not a document that is known: allowed are the output of `python -m plumbline preview --format json`, "
        "of `pulumi preview --json` and of `pulumi stack export`"
    )


def _preview(document: Mapping[str, Any]) -> Document:
    steps: list[Mapping[str, Any]] = document["steps"]
    states = [_planned(step) for step in steps if step.get("newState") and step["op"] != "delete-replaced"]
    changes: dict[str, Change] = {}
    for step in steps:
        if step["urn"].split("::")[2] != _STACK_TYPE:
            action = _ACTIONS.get(step["op"], "update")
            # A replacement is up to three steps, of which not every one gives the reasons.
            earlier = changes.get(step["urn"], Change(step["urn"], action))
            paths = tuple(step.get("diffReasons") or ()) or earlier.paths
            causes = tuple(step.get("replaceReasons") or ()) or earlier.causes
            changes[step["urn"]] = Change(step["urn"], action, paths, causes)
    shown = sum(step["op"] == "same" for step in steps)
    left_out = (document.get("changeSummary") or {}).get("same", 0) - shown
    return Document(_graph(states), list(changes.values()), max(left_out, 0))


def _planned(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the state that a step leads to.

    An update keeps the resource, so it keeps the id, and the outputs by which those refer to it that stay the same.
    The preview says neither of the new state.
    """
    new, old = step["newState"], step.get("oldState") or {}
    if step["op"] != "update" or new.get("id"):
        return new
    outputs = {**(old.get("outputs") or {}), **(new.get("outputs") or {})}
    return {**new, "id": old.get("id", ""), "outputs": outputs}


def _graph(states: list[Mapping[str, Any]]) -> StackGraph:
    resources: dict[str, Resource] = {}
    outputs: dict[str, Any] = {}
    stack = project = ""
    for state in states:
        if state.get("delete"):
            continue  # an old half of a replacement that is still waiting for its deletion
        urn = state["urn"]
        stack, project = urn.split("::")[0].removeprefix("urn:pulumi:"), urn.split("::")[1]
        if state["type"] == _STACK_TYPE:
            outputs = _values(state.get("outputs") or {})
        elif not _is_default_provider(state):
            resources[urn] = _resource(state)
    if not stack:
        raise contract.ContractError("no resource in the document")
    return StackGraph(stack, project, in_order(resources), outputs)


def _is_default_provider(state: Mapping[str, Any]) -> bool:
    """Say whether the engine made a provider itself: the program has none of that name, and a preview shows it not."""
    return state["type"].startswith("pulumi:providers:") and state["urn"].split("::")[3].startswith("default")


def _resource(state: Mapping[str, Any]) -> Resource:
    parent = state.get("parent", "")
    hidden = tuple(state.get("additionalSecretOutputs") or ())
    return Resource(
        urn=state["urn"],
        type=state["type"],
        name=state["urn"].split("::")[3],
        parent="" if parent.split("::")[2:3] == [_STACK_TYPE] else parent,
        custom=state.get("custom", True),
        id=state.get("id", ""),
        inputs=_values(state.get("inputs") or {}),
        outputs={
            key: Secret() if key in hidden else value for key, value in _values(state.get("outputs") or {}).items()
        },
        dependencies=tuple(sorted(state.get("dependencies") or ())),
        property_dependencies={
            key: tuple(sorted(urns or ())) for key, urns in sorted((state.get("propertyDependencies") or {}).items())
        },
        options=Options(
            protect=bool(state.get("protect")),
            retain_on_delete=bool(state.get("retainOnDelete")),
            ignore_changes=tuple(state.get("ignoreChanges") or ()),
            replace_on_changes=tuple(state.get("replaceOnChanges") or ()),
            additional_secret_outputs=hidden,
            aliases=tuple(alias for alias in state.get("aliases") or () if isinstance(alias, str)),
            provider=state.get("provider", ""),
        ),
        source=_source(state.get("sourcePosition", "")),
    )


def _source(position: str) -> str:
    """Return "file:line" of the engine's `project:///file#line,column`, "" where it lies outside of the project."""
    file, _, place = position.removeprefix(_PROJECT).partition("#")
    line = place.partition(",")[0]
    inside = position.startswith(_PROJECT) and not file.startswith("../")
    return f"{file}:{line}" if inside and line.isdigit() else ""


def _values(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(value) for key, value in properties.items() if key != "__defaults"}


def _value(value: Any) -> Any:
    if value == wire.UNKNOWN_TEXT:
        return UNKNOWN
    if value == "[secret]":
        return Secret()  # how a preview hides one
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        if wire.SIGNATURE in value:
            if value[wire.SIGNATURE] == wire.SECRET:
                return Secret()  # an export holds the cipher text, which says nothing
            return wire.special({key: _value(item) for key, item in value.items()})
        return _values(value)
    return [_value(item) for item in value] if isinstance(value, list) else value
