"""Real stacks with one thing changed, and what the proof of their permissions says then."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from plumbline.graph import Resource, StackGraph
from plumbline.permissions import Proof, prove
from plumbline.permissions.declared import find
from plumbline.project import Project
from tests.evaluations import ROOT, preview

Statements = list[dict[str, Any]]
ACCOUNT = "111111111111"


@functools.cache
def settings(stack: str) -> Mapping[str, Any]:
    return Project(ROOT).settings(stack)


@functools.cache
def declared(stack: str) -> list[Any]:
    """Return the rows that the system of a stack declares."""
    return list(find(ROOT, Project(ROOT).system(stack))(settings(stack)))


def proof(graph: StackGraph, *only: str, rows: list[Any] | None = None) -> Proof:
    """Return the proof of a graph that came from one of the project's stacks, or what it says of some principals."""
    wanted = declared(graph.stack) if rows is None else rows
    return prove(graph, Project(ROOT).system(graph.stack), settings(graph.stack), wanted, only or None)


def found(proof: Proof) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return the differences without their messages and reasons."""
    return [(one.kind, one.to, one.on, one.actions) for one in proof.findings]


def with_(graph: StackGraph, *resources: Resource) -> StackGraph:
    """Return a graph with resources added, or put in the place of those with the same URN."""
    return dataclasses.replace(graph, resources={**graph.resources, **{one.urn: one for one in resources}})


def without(graph: StackGraph, *names: str) -> StackGraph:
    """Return a graph without the resources of some names."""
    kept = {urn: one for urn, one in graph.resources.items() if one.name not in names}
    assert len(kept) < len(graph)
    return dataclasses.replace(graph, resources=kept)


def changed(graph: StackGraph, name: str, **inputs: Any) -> StackGraph:
    """Return a graph in which the resource of a name has other inputs."""
    (one,) = (resource for resource in graph if resource.name == name)
    return with_(graph, dataclasses.replace(one, inputs={**one.inputs, **inputs}))


def rewritten(graph: StackGraph, name: str, change: Callable[[Statements], Any], key: str = "policy") -> StackGraph:
    """Return a graph in which the statements of a policy were changed in place."""
    (one,) = (resource for resource in graph if resource.name == name)
    document = json.loads(one.inputs[key])
    change(document["Statement"])
    return changed(graph, name, **{key: json.dumps(document)})


def made(type_: str, logical: str, **inputs: Any) -> Resource:
    """Return a resource that a stack does not have."""
    return Resource(urn=f"urn:pulumi:test::plumbline::{type_}::{logical}", type=type_, name=logical, inputs=inputs)


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trading() -> StackGraph:
    """Return the preview of the trading stack test."""
    return preview("test").graph
