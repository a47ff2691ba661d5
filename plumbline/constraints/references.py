"""Resources that are named without being depended on.

A composed ARN or a plain name carries no dependency, so the engine may create both ends in any order. Identity
policies may name what does not exist yet; everything else that AWS checks for existence must depend on it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.constraints.registry import Finding, every_resource
from plumbline.graph import Resource, StackGraph, path_text, walk

_IDENTITY_POLICIES = {
    ("aws:iam/rolePolicy:RolePolicy", "policy"),
    ("aws:iam/policy:Policy", "policy"),
    ("aws:iam/role:Role", "inlinePolicies"),
}


@functools.cache
def _rows() -> Mapping[str, Any]:
    return yaml12.load(Path(__file__).parents[1] / "data" / "references.yaml")


@every_resource
def named_without_dependency(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Find inputs that name another resource of the stack by ARN, or by name where the property asks for one."""
    by_property: Mapping[str, str] = _rows()["names"].get(resource.type, {})
    for path, value in walk(resource.inputs):
        if not isinstance(value, str) or (resource.type, path[0]) in _IDENTITY_POLICIES:
            continue
        targets = _named(value, graph)
        wanted = by_property.get(path_text(path))
        if not targets and wanted is not None:
            named = graph.named(wanted, name_property(wanted), value)
            targets = {named.urn: (named, False)} if named is not None else {}
        for target, in_condition in targets.values():
            if target.urn == resource.urn or target.urn in graph.needs(resource.urn):
                continue
            # A key lets the log group use it that is encrypted with it: a condition's values need not exist.
            if in_condition and resource.urn in graph.needs(target.urn):
                continue
            yield path_text(path), f"names {target.display} without depending on it; use its output"


def name_property(type_: str) -> str:
    """Return the input that holds the physical name of a resource of a type."""
    return _rows()["name_property"].get(type_, "name")


def _named(value: str, graph: StackGraph) -> dict[str, tuple[Resource, bool]]:
    """Return by URN what a text names, or the leaves of the JSON document that it is (a redrive or resource policy).

    The second of each pair says whether nothing but conditions name it.
    """
    found: dict[str, tuple[Resource, bool]] = {}
    for in_condition, text in _leaves(value):
        target = _by_arn(text, graph)
        if target is not None:
            found[target.urn] = (target, in_condition and found.get(target.urn, (target, True))[1])
    return found


def _leaves(value: str) -> Iterator[tuple[bool, str]]:
    if not value.startswith("{"):
        yield False, value
        return
    try:
        document = json.loads(value)
    except ValueError:
        return
    for path, leaf in walk(document):
        if isinstance(leaf, str):
            yield "Condition" in path, leaf


def _by_arn(text: str, graph: StackGraph) -> Resource | None:
    """Return the resource whose ARN a text is, or begins with as far as its type's ARNs go on."""
    if not text.startswith("arn:"):
        return None
    arns = _arns(graph)
    if text in arns:
        return arns[text]
    continued: Mapping[str, str] = _rows()["continued"]
    for cut in range(len(text) - 1, 0, -1):
        target = arns.get(text[:cut]) if text[cut] in "/:-" else None
        if target is not None and re.fullmatch(continued.get(target.type, ""), text[cut:]):
            return target
    return None


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
                    name = resource.get(name_property(type_))
                    if isinstance(name, str):
                        found[form.format(region=region, account=account, name=name)] = resource
    _CACHE.clear()
    _CACHE[id(graph)] = (graph, found)
    return found
