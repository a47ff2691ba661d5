"""What the tests of predicates share: ways to change one thing of a stack, and to ask what a criterion says then."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from plumbline.commands import subject
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.project import Project
from plumbline.verdicts import Subject, Verdict, judge, ledger
from tests.criteria import deliveries
from tests.evaluations import ROOT, deployed, preview

Change = Callable[[Subject], Subject]
# (criterion, stack, what is changed, change). A stack "test up" is deployed, so that all ids are known.
Row = tuple[str, str, str, Change]

TABLE = "aws:dynamodb/table:Table"
FUNCTION = "aws:lambda/function:Function"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
SECRET = "aws:secretsmanager/secret:Secret"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"


@functools.cache
def whole(stack: str) -> Subject:
    """Return what predicates look at, for the preview of "test" or for "test up".

    The agentic system's predicates look at files too: they see a root that has each of them (deliveries.py).
    """
    name, _, up = stack.partition(" ")
    found = subject(Project(ROOT), name, deployed(name).evaluation.graph if up else preview(name).graph)
    return deliveries.with_files(found) if system(found) == "agentic" else found


def system(given: Subject) -> str:
    """Return the system whose stack it is."""
    return Project(ROOT).system(given.graph.stack)


def verdict(number: str, given: Subject) -> Verdict:
    name = system(given)
    id_ = f"{name.upper()}-{number}"
    return judge(ledger(ROOT, name), given, [id_])[id_]


def cases(rows: Iterable[Row]) -> list[Any]:
    """Return rows as parameters of a test: number, stack and change."""
    return [pytest.param(number, stack, change, id=f"{number} {what}") for number, stack, what, change in rows]


def breaks(number: str, stack: str, change: Change) -> None:
    """Assert that a criterion holds on a stack, and fails on the changed one."""
    before = verdict(number, whole(stack))
    assert before.word in ("pass", "deviation", "outside"), before
    after = verdict(number, change(whole(stack)))
    assert after.word == "fail", after


def leaves_open(number: str, stack: str, change: Change) -> None:
    """Assert that a criterion cannot be decided on the changed stack."""
    after = verdict(number, change(whole(stack)))
    assert after.word == "unknown", after


def with_resources(old: Subject, resources: Mapping[str, Resource]) -> Subject:
    graph = StackGraph(old.graph.stack, old.graph.project, resources, old.graph.outputs)
    return dataclasses.replace(old, graph=graph)


def edit(type_: str, name: str, change: Callable[[Resource], Resource | None], /) -> Change:
    """Change, or remove, the resources of a type whose name ends as given."""

    def apply(old: Subject) -> Subject:
        hit = {r.urn: change(r) for r in old.graph.of_type(type_) if r.name.endswith(name)}
        assert hit, f"nothing to change: {type_} {name}"
        kept = {urn: hit.get(urn, resource) for urn, resource in old.graph.resources.items()}
        return with_resources(old, {urn: resource for urn, resource in kept.items() if resource is not None})

    return apply


def set_(type_: str, name: str, /, **inputs: Any) -> Change:
    return edit(type_, name, lambda r: dataclasses.replace(r, inputs={**r.inputs, **inputs}))


def drop(type_: str, name: str) -> Change:
    return edit(type_, name, lambda r: None)


def refer(type_: str, name: str, property_: str, *targets: tuple[str, str], value: Any = UNKNOWN) -> Change:
    """Let an input depend on other resources of the stack, each given as (type, end of its name)."""

    def apply(old: Subject) -> Subject:
        urns = tuple(r.urn for wanted, end in targets for r in old.graph.of_type(wanted) if r.name.endswith(end))
        assert len(urns) >= len(targets)

        def point(r: Resource) -> Resource:
            needs = {**r.property_dependencies, property_: urns}
            return dataclasses.replace(r, inputs={**r.inputs, property_: value}, property_dependencies=needs)

        return edit(type_, name, point)(old)

    return apply


def named(type_: str, name: str, path: str, *targets: tuple[str, str]) -> Change:
    """Let an input of a deployed stack hold the ids of other resources; `path` is "property" or "property.part"."""

    def apply(old: Subject) -> Subject:
        ids = [r.id for wanted, end in targets for r in old.graph.of_type(wanted) if r.name.endswith(end)]
        assert ids and all(ids)
        first, _, rest = path.partition(".")

        def point(r: Resource) -> Resource:
            value = {**r.inputs[first], rest: ids} if rest else ids
            return dataclasses.replace(r, inputs={**r.inputs, first: value})

        return edit(type_, name, point)(old)

    return apply


def add(type_: str, name: str, needs: Mapping[str, tuple[str, str]] | None = None, /, **inputs: Any) -> Change:
    """Add a resource. `needs` says which inputs lead to what, as (type, end of name); they are unknown."""

    def apply(old: Subject) -> Subject:
        found = {
            key: tuple(r.urn for r in old.graph.of_type(wanted) if r.name.endswith(end))
            for key, (wanted, end) in (needs or {}).items()
        }
        assert all(found.values())
        new = Resource(
            urn=f"urn:pulumi:{old.environment}::plumbline::{type_}::{name}",
            type=type_,
            name=name,
            inputs={**dict.fromkeys(found, UNKNOWN), **inputs},
            property_dependencies=found,
        )
        return with_resources(old, {**old.graph.resources, new.urn: new})

    return apply


def together(*changes: Change) -> Change:
    def apply(old: Subject) -> Subject:
        for change in changes:
            old = change(old)
        return old

    return apply


def statement(type_: str, name: str, sid: str, /, **elements: Any) -> Change:
    """Change elements of one statement of a policy; None takes one away. An empty sid means the first statement."""

    def change(resource: Resource) -> Resource:
        document = json.loads(resource.inputs["policy"])
        (row, *_) = [row for row in document["Statement"] if not sid or row.get("Sid") == sid]
        row.update(elements)
        for key in [key for key, value in elements.items() if value is None]:
            del row[key]
        return dataclasses.replace(resource, inputs={**resource.inputs, "policy": json.dumps(document)})

    return edit(type_, name, change)


def add_statement(type_: str, name: str, /, **elements: Any) -> Change:
    def change(resource: Resource) -> Resource:
        document = json.loads(resource.inputs["policy"])
        document["Statement"].append(elements)
        return dataclasses.replace(resource, inputs={**resource.inputs, "policy": json.dumps(document)})

    return edit(type_, name, change)


def policy(**elements: Any) -> str:
    """Return a policy of one statement that allows reading an object, with the given elements instead of its own."""
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::bucket/key"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed | elements]})


def settings(**own: Any) -> Change:
    """Change the stack's own settings."""
    return lambda old: dataclasses.replace(old, settings={**old.settings, **own})


def siblings(**changed: Mapping[str, Any] | None) -> Change:
    """Change the settings of stacks of the system, or take a stack away; what is not given stays."""

    def apply(old: Subject) -> Subject:
        found = {**old.siblings, **changed}
        return dataclasses.replace(old, siblings={name: value for name, value in found.items() if value is not None})

    return apply


def sibling(stack: str, path: str, value: Any) -> Change:
    """Change one setting of a stack of the system; `path` is dotted."""

    def apply(old: Subject) -> Subject:
        copied = json.loads(json.dumps(old.siblings[stack]))
        *steps, last = path.split(".")
        place = copied
        for step in steps:
            place = place[step]
        place[last] = value
        return dataclasses.replace(old, siblings={**old.siblings, stack: copied})

    return apply


def base(change: Change | None) -> Change:
    """Change the bootstrap stack, or take it away."""

    def apply(old: Subject) -> Subject:
        graph = old.base()
        assert graph is not None
        if change is None:
            return dataclasses.replace(old, base=lambda: None)
        changed = change(dataclasses.replace(old, graph=graph)).graph
        return dataclasses.replace(old, base=lambda: changed)

    return apply


def outputs(**changed: Any) -> Change:
    """Change outputs of the stack."""

    def apply(old: Subject) -> Subject:
        graph = StackGraph(old.graph.stack, old.graph.project, old.graph.resources, {**old.graph.outputs, **changed})
        return dataclasses.replace(old, graph=graph)

    return apply


def nothing(old: Subject) -> Subject:
    return with_resources(old, {})
