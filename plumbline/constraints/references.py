"""Resources that are named without being depended on.

A composed ARN or a plain name carries no dependency, so the engine may create both ends in any order. Identity
policies may name what does not exist yet; everything else that AWS checks for existence must depend on it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.constraints.registry import Finding, every_resource
from plumbline.graph import Resource, StackGraph, path_text, walk

_IDENTITY_POLICIES = {("aws:iam/rolePolicy:RolePolicy", "policy"), ("aws:iam/policy:Policy", "policy")}


@functools.cache
def _rows() -> Mapping[str, Any]:
    return yaml12.load(Path(__file__).parents[1] / "data" / "references.yaml")


@every_resource
def named_without_dependency(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Find inputs that name another resource of the stack by ARN, or by name where the property asks for one."""
    by_property: Mapping[str, str] = _rows()["names"].get(resource.type, {})
    arns = _arns(graph)
    for path, value in walk(resource.inputs):
        if not isinstance(value, str) or (resource.type, path[0]) in _IDENTITY_POLICIES:
            continue
        targets = [arns[text] for text in _texts(value) if text in arns]
        wanted = by_property.get(path_text(path))
        if not targets and wanted is not None:
            named = graph.named(wanted, "name", value)
            targets = [named] if named is not None else []
        for target in targets:
            if target.urn != resource.urn and target.urn not in graph.needs(resource.urn):
                yield path_text(path), f"names {target.display} without depending on it; use its output"


def _texts(value: str) -> list[str]:
    """Return the text itself, or the texts of the JSON document that it is (a redrive or resource policy)."""
    if not value.startswith("{"):
        return [value]
    try:
        return [leaf for _, leaf in walk(json.loads(value)) if isinstance(leaf, str)]
    except ValueError:
        return []


_CACHE: dict[int, tuple[StackGraph, dict[str, Resource]]] = {}


def _arns(graph: StackGraph) -> dict[str, Resource]:
    """Return the ARN that each resource of a known format will have."""
    cached = _CACHE.get(id(graph))
    if cached is not None and cached[0] is graph:
        return cached[1]
    found: dict[str, Resource] = {}
    for provider in graph.of_type("pulumi:providers:aws"):
        region, accounts = provider.get("region"), provider.get("allowedAccountIds")
        for account in json.loads(accounts) if isinstance(accounts, str) else []:
            for type_, form in _rows()["arns"].items():
                for resource in graph.of_type(type_):
                    name = resource.get("name")
                    if isinstance(name, str):
                        found[form.format(region=region, account=account, name=name)] = resource
    _CACHE.clear()
    _CACHE[id(graph)] = (graph, found)
    return found
