"""The machine contract: one JSON document about a stack (docs/contract.schema.json), written and read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.changes import Change
from plumbline.graph import UNKNOWN, Blob, Options, Resource, Secret, StackGraph
from plumbline.probing.model import Probed
from plumbline.rulings import NO_RULINGS, Rulings
from plumbline.verdicts import WORDS, Verdict

VERSION = 1

_OPTION_KEYS = {
    "protect": "protect",
    "retainOnDelete": "retain_on_delete",
    "deleteBeforeReplace": "delete_before_replace",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "provider": "provider",
    "importId": "import_id",
}


class ContractError(ValueError):
    """A document that is not one of this contract; the text is one line."""


def encode(value: Any) -> Any:
    """Return a property value as JSON: unknowns, secrets and files as objects with one `$` key."""
    if value is UNKNOWN:
        return {"$unknown": True}
    if isinstance(value, Secret):
        return {"$secret": True}
    if isinstance(value, Blob):
        return {f"${value.kind}": value.digest}
    if isinstance(value, Mapping):
        return {key: encode(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """Return the value that `encode` wrote; a secret comes back without what it held."""
    if isinstance(value, dict):
        if value == {"$unknown": True}:
            return UNKNOWN
        if value == {"$secret": True}:
            return Secret()
        if len(value) == 1:
            key, inner = next(iter(value.items()))
            if key in ("$archive", "$asset") and isinstance(inner, str):
                return Blob(inner, key[1:])
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value


def resource_document(resource: Resource) -> dict[str, Any]:
    """Return one resource of the document."""
    hidden = resource.options.additional_secret_outputs
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent or None,
        "custom": resource.custom,
        "id": resource.id or None,
        "dependencies": list(resource.dependencies),
        "propertyDependencies": {key: list(urns) for key, urns in resource.property_dependencies.items() if urns},
        "properties": encode(resource.inputs),
        "outputs": {
            key: {"$secret": True} if key in hidden else encode(value)
            for key, value in sorted(resource.outputs.items())
        },
        "options": {
            key: list(value) if isinstance(value, tuple) else value
            for key, name in _OPTION_KEYS.items()
            if (value := getattr(resource.options, name))
        },
    }


def resource_of(row: Mapping[str, Any]) -> Resource:
    """Return the resource that `resource_document` wrote. Raises ContractError."""
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("urn", "type", "name")):
        raise ContractError("a resource of the document is not one: it has no URN, type or name")
    if not all(isinstance(row.get(key), dict) for key in ("properties", "outputs", "options", "propertyDependencies")):
        raise ContractError(f"a resource of the document is not one: {row['urn']} lacks properties, outputs or options")
    if not isinstance(row.get("parent"), str | None):
        raise ContractError(f"a resource of the document is not one: the parent of {row['urn']} is no URN")
    try:
        options: dict[str, Any] = {
            _OPTION_KEYS[key]: tuple(value) if isinstance(value, list) else value
            for key, value in row["options"].items()
        }
        return Resource(
            urn=row["urn"],
            type=row["type"],
            name=row["name"],
            parent=row["parent"] or "",
            custom=row["custom"],
            id=row["id"] or "",
            dependencies=tuple(row["dependencies"]),
            property_dependencies={key: tuple(urns) for key, urns in row["propertyDependencies"].items()},
            inputs=decode(row["properties"]),
            outputs=decode(row["outputs"]),
            options=Options(**options),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ContractError(f"a resource of the document is not one: {error!r}") from None


def document(
    graph: StackGraph,
    system: str,
    changes: Iterable[Change],
    verdicts: Mapping[str, Verdict],
    rulings: Rulings = NO_RULINGS,
    extra: Mapping[str, Any] | None = None,
    probed: Probed | None = None,
) -> dict[str, Any]:
    """Return the whole document. `extra` adds to the summary's counts, `probed` what an up found by probes."""
    changes = list(changes)
    actions = Counter(change.action for change in changes)
    words = Counter(verdict.word for verdict in verdicts.values())
    return {
        "version": VERSION,
        "stack": graph.stack,
        "project": graph.project,
        "system": system,
        "resources": [resource_document(resource) for resource in graph],
        "outputs": encode(graph.outputs),
        "changes": [
            {"urn": change.urn, "action": change.action, "paths": list(change.paths), "causes": list(change.causes)}
            for change in changes
        ],
        "policies": [ruling.document() for ruling in rulings.standing],
        "waived": [waived.document() for waived in rulings.waived],
        "criteria": [
            {
                "id": id_,
                "verdict": verdict.word,
                "evidence": verdict.evidence,
                "path": verdict.path or None,
                "decision": verdict.decision or None,
                "document": verdict.document or None,
            }
            for id_, verdict in verdicts.items()
        ],
        **({"probes": probed.documents()} if probed else {}),
        "summary": {
            "resources": len(graph),
            "changes": {action: actions[action] for action in ("create", "update", "replace", "delete", "same")},
            "criteria": {word: words[word] for word in WORDS},
            "policies": rulings.counts(),
            **({"probes": probed.summary()} if probed else {}),
            **(extra or {}),
        },
    }


def probed_document(graph: StackGraph, system: str, probed: Probed) -> dict[str, Any]:
    """Return the document of `probe`: what the probes say of a stack, without the stack."""
    return {
        "version": VERSION,
        "stack": graph.stack,
        "project": graph.project,
        "system": system,
        "probes": probed.documents(),
        "summary": probed.summary(),
    }


def text(value: Mapping[str, Any]) -> str:
    """Return a document's text: one line for each row of its lists, which is how changes of it are read.

    Indented JSON is written by Python itself, one value at a time, and takes longer than all rules for a stack.
    """
    parts = (f" {json.dumps(key)}: {_rows(rows)}" for key, rows in value.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rows(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in value) + "\n ]"


def graph_of(value: Any) -> StackGraph:
    """Return the graph of a document. Raises ContractError for another version or shape."""
    if not isinstance(value, dict) or "version" not in value or "resources" not in value:
        raise ContractError("not a document of this contract")
    if value["version"] != VERSION:
        raise ContractError(f"version {value['version']!r} given; this program reads version {VERSION}")
    rows = value["resources"]
    if not isinstance(rows, list):
        raise ContractError("resources: a list is needed")
    return StackGraph.of(
        str(value.get("stack", "")),
        str(value.get("project", "")),
        [resource_of(row) for row in rows],
        decode(value.get("outputs", {})),
    )
