"""What counts as a difference between two stacks, and how the settings behind it are found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from plumbline import parity_measure
from plumbline.graph import UNKNOWN, Blob, Options, Resource, Secret, StackGraph
from plumbline.parity import ABSENT, Part, compare, parts
from plumbline.parity_measure import Mix, Pair, balanced, differing, measure
from plumbline.parity_names import Names, name_settings
from plumbline.project import Project

LEFT = {
    "environment": "test",
    "account_id": "111111111111",
    "domain": {"zone": "test.shop.net", "api": "api.test.shop.net"},
}
RIGHT = {"environment": "prod", "account_id": "222222222222", "domain": {"zone": "shop.net", "api": "api.shop.net"}}
NAMES = Names(LEFT, RIGHT, name_settings(LEFT, RIGHT, ("environment", "account_id", "domain")))


def resource(name: str, stack: str = "test", **changes: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:{stack}::p::a:b:C::{name}", type="a:b:C", name=name, **changes)


def graph(stack: str, *resources: Resource, **outputs: Any) -> dict[str, Part]:
    return parts(StackGraph.of(stack, "p", resources, outputs))


def found(left: Any, right: Any) -> list[tuple[str, Any, Any]]:
    """Return (path, left, right) of the differences of one property."""
    sides = [
        graph(stack, resource("x", stack, inputs={"p": value})) for stack, value in (("test", left), ("prod", right))
    ]
    return [(row.path, row.left, row.right) for row in compare(*sides, NAMES).differences]


# Texts that differ by names.


@pytest.mark.parametrize(
    ("left", "right", "names"),
    [
        ("test-orders", "prod-orders", ("environment",)),
        (
            "arn:aws:sqs:us-east-1:111111111111:test-a",
            "arn:aws:sqs:us-east-1:222222222222:prod-a",
            ("account_id", "environment"),
        ),
        ("https://api.test.shop.net/v1", "https://api.shop.net/v1", ("domain.api",)),
        ("test.shop.net and test", "shop.net and prod", ("domain.zone", "environment")),
        ("test-a for a test of test", "prod-a for a test of test", ("environment",)),
        ("test-orders", "prod-letters", None),
        ("latest-orders", "laprod-orders", None),
        ("tests", "prods", None),
        ("orders", "prod-orders", None),
        ("prod-orders", "test-orders", None),
        ("(test)", "[prod]", None),
    ],
)
def test_texts_are_the_same_if_only_names_differ(left: str, right: str, names: tuple[str, ...] | None) -> None:
    assert NAMES.same(left, right) == names
    assert found(left, right) == ([] if names else [("p", left, right)])


def test_properties_that_differ_by_a_name_are_counted_by_setting() -> None:
    left = graph("test", resource("x", inputs={"a": "test-x", "b": ["test-y", {"c": "111111111111"}], "d": "same"}))
    right = graph(
        "prod", resource("x", "prod", inputs={"a": "prod-x", "b": ["prod-y", {"c": "222222222222"}], "d": "same"})
    )
    comparison = compare(left, right, NAMES)
    assert (comparison.differences, comparison.names) == ((), {"account_id": 1, "environment": 2})


def test_only_texts_that_differ_are_names() -> None:
    left = {"environment": "test", "tags": {"owner": "a", "cost": "x", "n": 1}, "deployment": {"role": "r"}}
    right = {"environment": "prod", "tags": {"owner": "a", "cost": "y", "n": 2}}
    assert name_settings(left, right, ("environment", "tags", "deployment", "none")) == ("environment", "tags.cost")


# Values.


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, []),
        (1, 2, [("p", 1, 2)]),
        (None, False, [("p", None, False)]),
        ("1", 1, [("p", "1", 1)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("p.a.b", 1, 2)]),
        ({"a": 1}, {"a": 1, "b": 2}, [("p.b", ABSENT, 2)]),
        ({"a": 1, "b": 2}, {"a": 1}, [("p.b", 2, ABSENT)]),
        ({"test-a": 1}, {"prod-a": 1}, []),
        ({"test-a": 1}, {"prod-a": 2}, [("p.test-a", 1, 2)]),
        ([1, 2], [1, 3], [("p[*]", 2, 3)]),
        (["a", "b", "c"], ["a", "c"], [("p[*]", "b", ABSENT)]),
        (["test-a", "test-c"], ["prod-a", "prod-b", "prod-c"], [("p[*]", ABSENT, "prod-b")]),
        ([{"name": "a", "v": 1}, {"name": "b", "v": 1}], [{"name": "b", "v": 2}], [
            ("p[a]", {"name": "a", "v": 1}, ABSENT), ("p[b].v", 1, 2)]),
        ([{"Sid": "test-s", "v": 1}], [{"Sid": "prod-s", "v": 2}], [("p[<environment>-s].v", 1, 2)]),
        ([{"id": "a"}, {"id": "a", "v": 2}], [{"id": "a"}, {"id": "a", "v": 3}], [("p[*].v", 2, 3)]),
        ([{"properties": {"title": "T"}, "v": 1}], [{"properties": {"title": "T"}, "v": 2}], [("p[T].v", 1, 2)]),
        (UNKNOWN, UNKNOWN, []),
        (UNKNOWN, 1, [("p", UNKNOWN, 1)]),
        (Blob("a" * 64), Blob("a" * 64), []),
        (Blob("a" * 64), Blob("b" * 64), [("p", Blob("a" * 64), Blob("b" * 64))]),
        (Secret("test-x"), Secret("prod-x"), []),
        (Secret({"a": 1}), Secret({"a": 2}), [("p", Secret({"a": 1}), Secret({"a": 2}))]),
        (Secret("x"), "x", [("p", Secret("x"), "x")]),
        ('{"a": [{"Sid": "S", "n": 1}]}', '{"a": [{"Sid": "S", "n": 2}]}', [("p: a[S].n", 1, 2)]),
        ('{"a": 1}', '{ "a": 1 }', []),
        ('{"a": 1}', "[1]", [("p", '{"a": 1}', "[1]")]),
        ('{"a": 1', '{"a": 2', [("p", '{"a": 1', '{"a": 2')]),
    ],
)  # fmt: skip
def test_values_differ_by_path(left: Any, right: Any, expected: list[tuple[str, Any, Any]]) -> None:
    assert found(left, right) == expected


def test_resource_of_one_stack_is_one_difference() -> None:
    comparison = compare(
        graph("test", resource("a"), resource("b")), graph("prod", resource("b", "prod"), resource("c", "prod")), NAMES
    )
    assert [(row.part.name, row.path, row.left, row.right) for row in comparison.differences] == [
        ("a", "", "a", ABSENT),
        ("c", "", ABSENT, "c"),
    ]
    assert comparison.both == 2  # b, and the stacks' outputs


def test_resources_whose_names_differ_by_a_name_are_the_same() -> None:
    left = resource("a.test.shop.net", inputs={"p": 1}), resource("b", inputs={"p": 1}), resource("test-x")
    right = resource("a.shop.net", "prod", inputs={"p": 2}), resource("b", "prod", inputs={"p": 1})
    comparison = compare(graph("test", *left), graph("prod", *right), NAMES)
    assert [(row.part.key, row.part.name, row.path) for row in comparison.differences] == [
        ("p::a:b:C::a.<domain.zone>", "a.test.shop.net", "p"),
        ("p::a:b:C::<environment>-x", "test-x", ""),
    ]
    assert (comparison.both, comparison.names) == (3, {"domain.zone": 1})


def test_options_are_compared_but_for_those_that_hold_urns() -> None:
    left = resource("x", options=Options(protect=True, ignore_changes=("a",), provider="urn:pulumi:test::p::q::r::id"))
    right = resource("x", "prod", options=Options(ignore_changes=("a", "b"), aliases=("urn:pulumi:prod::p::a:b:C::y",)))
    comparison = compare(graph("test", left), graph("prod", right), NAMES)
    assert [(row.path, row.left, row.right) for row in comparison.differences] == [
        ("options.protect", True, ABSENT),
        ("options.ignoreChanges[*]", ABSENT, "b"),
    ]


def test_outputs_of_the_stack_are_compared() -> None:
    comparison = compare(graph("test", a=1, b="test-x"), graph("prod", a=2, b="prod-x"), NAMES)
    assert [(row.part.type, row.path, row.left, row.right) for row in comparison.differences] == [
        ("pulumi:pulumi:Stack", "a", 1, 2)
    ]


def referring(stack: str, *names: str, to: tuple[str, ...]) -> dict[str, Part]:
    sources = [resource(name, stack) for name in names]
    urns = {"p": tuple(source.urn for source in sources if source.name in to)}
    return graph(stack, *sources, resource("x", stack, inputs={"p": [UNKNOWN]}, property_dependencies=urns))


def test_unknowns_of_different_resources_differ() -> None:
    left, right = (referring(stack, "a", "b", to=(to,)) for stack, to in (("test", "a"), ("prod", "b")))
    [row] = compare(left, right, NAMES).differences
    assert (row.path, row.left, row.right) == ("p from[*]", "a:b:C a", "a:b:C b")


def test_reference_to_what_only_one_stack_has_is_no_difference_of_its_own() -> None:
    left, right = referring("test", "a", to=("a",)), referring("prod", "a", "b", to=("a", "b"))
    assert [(row.part.name, row.path) for row in compare(left, right, NAMES).differences] == [("b", "")]


def test_component_is_the_nearest_one() -> None:
    box = Resource(urn="urn:pulumi:test::p::q:r:Box::box", type="q:r:Box", name="box", custom=False)
    outer = resource("outer", parent=box.urn)
    found = graph("test", box, outer, resource("inner", parent=outer.urn), resource("free"))
    assert {part.name: part.component for part in found.values()} == {
        "box": "", "outer": "Box box", "inner": "Box box", "free": "", "outputs": "",
    }  # fmt: skip


# Settings.


def test_settings_differ_by_section_and_part() -> None:
    left = {"a": 1, "b": {"c": 1, "d": 2, "e": {"f": 1}}, "tags": {"x": 1}, "only": {"y": 1}, "same": {"z": 1}}
    right = {"a": 2, "b": {"c": 1, "d": 3, "e": {"f": 2}, "g": 4}, "tags": {"x": 2}, "same": {"z": 1}}
    assert differing(left, right) == ["a", "b.d", "b.e", "b.g", "tags", "only"]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20, 43, 70])
def test_no_unit_is_in_a_part_of_anothers_mixes(count: int) -> None:
    units = [(str(number),) for number in range(count)]
    mixes = balanced(units)
    where = {unit: {number for number, mix in enumerate(mixes) if unit in mix} for unit in units}
    assert all(where.values())
    assert [(one, other) for one, other in itertools.permutations(units, 2) if where[one] <= where[other]] == []


def test_few_mixes_tell_many_settings_apart() -> None:
    assert [len(balanced([(str(number),) for number in range(count)])) for count in (3, 20, 43, 70)] == [3, 6, 8, 8]


# Causes: programs as functions of settings, evaluated without an engine.

Program = Callable[[Mapping[str, Any]], dict[str, Any]]
SETTINGS = [f"s{number}" for number in range(8)]


@pytest.fixture
def caused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Program], dict[str, tuple[str, ...]]]:
    """Measure a program's causes: the settings by property, none for a property without a cause."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n", encoding="utf-8")
    for stack, environment, value in (("test", "test", 1), ("prod", "prod", 2)):
        settings = {"environment": environment} | dict.fromkeys(SETTINGS, value) | {"part": {"x": value, "y": value}}
        document = {"config": {"p:system": "none", "p:settings": settings}}
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(json.dumps(document), encoding="utf-8")

    def run(program: Program) -> dict[str, tuple[str, ...]]:
        pair = Pair.of(Project(tmp_path), "test", "prod", (), [("s6", "s7")])

        def evaluated(settings: Mapping[str, Any], stack: str = "test") -> dict[str, Part]:
            inputs = program({**settings, "stack": stack})
            return graph(stack, resource(inputs.pop("name", "test-x"), stack, inputs=inputs))

        def mixes(_: Pair, wanted: list[Mix]) -> list[dict[str, Part]]:
            return [evaluated(mix.settings) for mix in wanted]

        monkeypatch.setattr(parity_measure, "evaluate_mixes", mixes)
        sides = [evaluated(pair.project.settings(stack), stack) for stack in ("test", "prod")]
        measured = measure(pair, *sides)
        known = {difference.path: settings for difference, settings in measured.causes.items()}
        return known | {difference.path: () for difference in measured.open}

    return run


@pytest.mark.parametrize(
    ("program", "causes"),
    [
        (lambda s: {"p": s["s1"]}, {"p": ("s1",)}),
        (lambda s: {"p": s["s1"], "q": s["part"]["y"]}, {"p": ("s1",), "q": ("part.y",)}),
        (lambda s: {"p": s["s6"] + s["s7"]}, {"p": ("s6", "s7")}),
        (lambda s: {"p": (s["s1"], s["s3"])}, {"p": ("s1", "s3")}),
        (lambda s: {"p": s["s1"] == 2 and s["s3"] == 2}, {"p": ("s1", "s3")}),
        (lambda s: {"p": s["s1"] == 2 or s["part"]["x"] == 2}, {"p": ("s1", "part.x")}),
        (lambda s: {"p": s["s1"] + s["s2"] + 2 * s["s4"]}, {"p": ("s1", "s2", "s4")}),
        (lambda s: {"p": f"{s['environment']}-{s['s2']}"}, {"p": ("s2",)}),
        (lambda s: {"p": f"{s['environment']}-x"}, {}),
        (lambda s: {"p": hash(s["environment"])}, {"p": ("environment",)}),
        (lambda s: {"p": ["x"] * s["s5"]}, {"p[*]": ("s5",)}),
        (lambda s: {"p": s["stack"] == "prod"}, {"p": ()}),
        (lambda s: {"p": s["s1"] + s["s2"] + s["s3"] + s["s4"]}, {"p": ()}),
        (lambda s: {"p": 1}, {}),
        (lambda s: {"name": f"{s['environment']}.x", "p": s["s1"]}, {"p": ("s1",)}),
    ],
)
def test_settings_that_cause_a_difference_are_found(
    caused: Callable[[Program], dict[str, tuple[str, ...]]], program: Program, causes: dict[str, tuple[str, ...]]
) -> None:
    assert caused(program) == causes
