"""The alias that the data-loss gate proposes keeps the resource, when it is put where the message says."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pytest

from components.protection import stateful as protected_types
from plumbline.diff.approvals import Approval
from plumbline.diff.details import details
from plumbline.diff.losses import Loss, is_protected, losses, stateful
from plumbline.graph import StackGraph
from tests.evaluations import run_program

Program = Callable[[list[pulumi.Alias]], None]
TODAY = datetime.date(2026, 12, 1)


class Group(pulumi.ComponentResource):
    """A component with a table, below another component where `inner` names one."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, inner: str = "", kind: str = "Group"):
        super().__init__(f"tests:{kind}", name, None, opts)
        self.inner = Group(inner, pulumi.ResourceOptions(parent=self)) if inner else None
        if not inner:
            table(f"{name}-items", opts=pulumi.ResourceOptions(parent=self))


def table(name: str, physical: str = "items", opts: pulumi.ResourceOptions | None = None) -> None:
    aws.dynamodb.Table(
        name,
        name=physical,
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        opts=opts,
    )


def options(aliases: list[pulumi.Alias], parent: pulumi.Resource | None = None) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(aliases=[*aliases], parent=parent)


def lost(before: StackGraph, after: StackGraph, *approvals: Approval) -> list[Loss]:
    return losses("s", before, after, details(before, after), approvals, TODAY)


def graph(program: Callable[[], None]) -> StackGraph:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    return evaluation.graph


CASES: dict[str, tuple[Callable[[], None], Program, str]] = {
    "another name": (
        lambda: table("old"),
        lambda aliases: table("new", opts=options(aliases)),
        'pulumi.Alias(name="old") among the aliases of the resource new (aws:dynamodb/table:Table)',
    ),
    "into a component": (
        lambda: table("group-items"),
        lambda aliases: table("group-items", opts=options(aliases, Group("other", inner="empty"))),
        "pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE) among the aliases of the resource group-items "
        "(aws:dynamodb/table:Table)",
    ),
    "a renamed component": (
        lambda: Group("old") and None,
        lambda aliases: Group("new", options(aliases)) and None,
        'pulumi.Alias(name="old") among the aliases of the component new (tests:Group)',
    ),
    "a component of another type": (
        lambda: Group("group") and None,
        lambda aliases: Group("group", options(aliases), kind="Other") and None,
        'pulumi.Alias(type_="tests:Group") among the aliases of the component group (tests:Other)',
    ),
    "a renamed component above another": (
        lambda: Group("old", inner="inner") and None,
        lambda aliases: Group("new", options(aliases), inner="inner") and None,
        None,  # type: ignore[dict-item]  # see below: only the parent's type is part of the URN
    ),
    "out of a component": (
        lambda: Group("group") and None,
        lambda aliases: table("group-items", opts=options(aliases)),
        'pulumi.Alias(parent="urn:pulumi:test::plumbline::tests:Group::group") among the aliases of the resource '
        "group-items (aws:dynamodb/table:Table)",
    ),
    "another name with inputs that are the same but for it": (
        lambda: table("old", "old-items"),
        lambda aliases: table("new", "new-items", opts=options(aliases)),
        'pulumi.Alias(name="old") among the aliases of the resource new (aws:dynamodb/table:Table)',
    ),
}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2]])
def test_the_proposed_alias_is_the_right_one(name: str) -> None:
    before, after, repair = CASES[name]
    base = graph(before)
    found = lost(base, graph(lambda: after([])))
    assert [loss.repair for loss in found] == [repair]
    assert [loss.action for loss in found] == ["delete"]
    code = repair.partition(" among ")[0]
    alias: pulumi.Alias = eval(code, {"pulumi": pulumi})
    mended = graph(lambda: after([alias]))
    # A name of AWS's own that changes replaces the resource, alias or not, and the gate says that instead.
    expected = ["replace"] if "inputs that are the same" in name else []
    assert [loss.action for loss in lost(base, mended)] == expected


def test_a_parents_parent_is_no_part_of_a_urn_but_by_its_type() -> None:
    before, after, _ = CASES["a renamed component above another"]
    assert lost(graph(before), graph(lambda: after([]))) == []


def test_what_nobody_takes_over_has_no_repair() -> None:
    (loss,) = lost(graph(lambda: table("old")), graph(lambda: None))
    assert loss.repair == ""
    assert loss.text == "aws:dynamodb/table:Table old would be deleted, and with it a table's items"


def test_of_two_that_could_be_it_none_is_guessed() -> None:
    def two() -> None:
        table("first", "a")
        table("second", "b")

    assert [loss.repair for loss in lost(graph(lambda: table("old", "c")), graph(two))] == [""]


def test_an_approval_is_for_one_stack_resource_action_and_time() -> None:
    before, after = graph(lambda: table("old")), graph(lambda: None)
    approval = Approval("s", "aws:dynamodb/table:Table::old", "delete", "why", "who", TODAY)
    assert [loss.approval for loss in lost(before, after, approval)] == [approval]
    for change in (
        {"stack": "t"},
        {"resource": "aws:dynamodb/table:Table::other"},
        {"action": "replace"},
        {"expires": TODAY - datetime.timedelta(days=1)},
    ):
        other = dataclasses.replace(approval, **change)
        (loss,) = lost(before, after, other)
        assert loss.approval is None
        assert (loss.expired == other) == ("expires" in change)
    by_urn = dataclasses.replace(approval, resource="urn:pulumi:test::plumbline::aws:dynamodb/table:Table::old")
    assert [loss.approval for loss in lost(before, after, by_urn)] == [by_urn]


def test_protection_counts_on_either_side() -> None:
    kept, gone = {"stateful": "protected"}, {"stateful": "disposable"}
    assert [is_protected(kept, gone), is_protected(gone, kept), is_protected(gone, gone)] == [True, True, False]


def test_the_gate_looks_at_all_that_the_program_protects() -> None:
    assert set(protected_types()) <= set(stateful())
