"""Fixtures of rules: compliant resources, and what breaks them one change at a time."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plumbline.graph import UNKNOWN, Resource, StackGraph
from policies.rules import load_all
from policies.rules.model import Estate, Outcome, View


class _Gone:
    """What takes a value away. Its name is part of tests' ids, which must be the same in every process."""

    def __repr__(self) -> str:
        return "GONE"


GONE = _Gone()
_URN = "urn:pulumi:test::plumbline::{type}::{name}"
# The resource that is judged, and others of the stack after it.
Program = Sequence[Resource]


def made(type_: str, name: str = "it", /, *, refers: Mapping[str, Resource] | None = None, **inputs: Any) -> Resource:
    """Return a resource. `refers` names other resources whose ids properties get: unknown, with a dependency."""
    referred = refers or {}
    return Resource(
        urn=_URN.format(type=type_, name=name),
        type=type_,
        name=name,
        inputs={**inputs, **dict.fromkeys(referred, UNKNOWN)},
        dependencies=tuple(other.urn for other in referred.values()),
        property_dependencies={path: (other.urn,) for path, other in referred.items()},
    )


def changed(resource: Resource, changes: Mapping[str, Any]) -> Resource:
    """Return a copy with the values at some dotted paths replaced, or taken away with GONE."""
    inputs = copy.deepcopy(dict(resource.inputs))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = inputs
        for step in parents:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if isinstance(place, list):
            place[int(last)] = value
        elif value is GONE:
            del place[last]
        else:
            place[last] = value
    return dataclasses.replace(resource, inputs=inputs)


@dataclass(frozen=True)
class Cases:
    """The fixtures of one rule.

    `good` passes. `bad` fails, `unknown` is not known yet: by what is wrong, the program and the paths of the findings.
    `skipped` is not applicable; where the rule applies to each resource of its types, `always` is True instead.
    `never_unknown` says why no unknown value can decide. `parameters` are those that the fixtures are judged with.
    """

    rule: str
    good: Mapping[str, Program]
    bad: Mapping[str, tuple[Program, tuple[str, ...]]]
    unknown: Mapping[str, tuple[Program, tuple[str, ...]]] = field(default_factory=dict)
    skipped: Mapping[str, Program] = field(default_factory=dict)
    always: bool = False
    never_unknown: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def judged(rule: str, program: Program, parameters: Mapping[str, Any] | None = None) -> Outcome:
    """Return what a rule says of the first resource of a program."""
    found = load_all()[rule]
    estate = Estate(StackGraph("test", "plumbline", {resource.urn: resource for resource in program}))
    given = {**found.parameters, **(parameters or {})}
    return found.judge(View(program[0], given, estate if found.scope == "stack" else None))
