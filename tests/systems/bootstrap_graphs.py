"""What the tests of the bootstrap system share: its graphs with the repository's settings and with changed ones."""

from __future__ import annotations

import copy
import json
from typing import Any

import pulumi

from plumbline.constraints import check
from plumbline.graph import Resource, StackGraph
from plumbline.project import Project
from systems import bootstrap
from systems.settings import load
from tests.evaluations import ROOT, run_program

BASES = {"test": "bootstrap", "dev": "bootstrap", "prod": "bootstrap-prod"}  # by environment, its account's stack
ACCOUNTS = {"test": "111111111111", "dev": "111111111111", "prod": "222222222222"}
# By stack, the environment whose roles deploy it.
STACKS = {"test": "test", "prod": "prod", "agentic-dev": "dev", "agentic-prod": "prod"}


def neighbours(environment: str) -> list[str]:
    """Return the environments of an account, the given one among them, in the order of the settings."""
    return [name for name, base in BASES.items() if base == BASES[environment]]


def given(**changes: Any) -> dict[str, Any]:
    """Return the settings of the bootstrap stack with the values at some paths replaced; two underscores step down."""
    values = copy.deepcopy(Project(ROOT).settings("bootstrap"))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = values
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = value
    return values


def built(**changes: Any) -> StackGraph:
    """Return the graph of a bootstrap stack with changed settings."""

    def program() -> None:
        for name, value in bootstrap.build(load(bootstrap.Settings, json.dumps(given(**changes)), "bootstrap")).items():
            pulumi.export(name, value)

    evaluation = run_program(program, stack="bootstrap")
    assert (evaluation.mistakes, evaluation.warnings, list(map(str, check(evaluation.graph)))) == ((), (), [])
    return evaluation.graph


def document(resource: Resource, key: str = "policy") -> list[dict[str, Any]]:
    return json.loads(resource.inputs[key])["Statement"]


def named(graph: StackGraph, name: str) -> Resource:
    [resource] = [resource for resource in graph if resource.name == name]
    return resource


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for statement in statements for action in statement["Action"]}
