"""The evaluator does with a program what the engine does, and keeps everything that the program says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.graph import UNKNOWN, Options, Resource, Secret
from plumbline.project import UserError
from tests.evaluations import run_program
from tests.plumbline.small_programs import QUEUE, Pair, place, queue, sound, urn


def test_a_resource_is_recorded_as_a_whole() -> None:
    def program() -> None:
        aws.sqs.Queue("a", name="a", delay_seconds=5, tags={"team": "x"})  # a whole queue

    (resource,) = sound(run_program(program)).values()
    assert resource == Resource(
        urn=urn("a"),
        type=QUEUE,
        name="a",
        inputs={"name": "a", "delaySeconds": 5, "tags": {"team": "x"}},
        property_dependencies={"delaySeconds": (), "name": (), "tags": ()},
        source=place(__file__, "a whole queue"),
    )


def test_parents_and_urns_are_the_engines() -> None:
    def program() -> None:
        pair = Pair("pair")
        queue("grandchild", pulumi.ResourceOptions(parent=pair.first))
        Pair("inner", pulumi.ResourceOptions(parent=pair))

    resources = sound(run_program(program))
    pair = "tests:index:Pair"
    expected = {
        "pair": (urn("pair", pair), ""),
        "pair-first": (urn("pair-first", f"{pair}${QUEUE}"), urn("pair", pair)),
        "pair-second": (urn("pair-second", f"{pair}${QUEUE}"), urn("pair", pair)),
        "grandchild": (urn("grandchild", f"{pair}${QUEUE}${QUEUE}"), urn("pair-first", f"{pair}${QUEUE}")),
        "inner": (urn("inner", f"{pair}${pair}"), urn("pair", pair)),
        "inner-first": (urn("inner-first", f"{pair}${pair}${QUEUE}"), urn("inner", f"{pair}${pair}")),
        "inner-second": (urn("inner-second", f"{pair}${pair}${QUEUE}"), urn("inner", f"{pair}${pair}")),
    }
    assert {name: (resource.urn, resource.parent) for name, resource in resources.items()} == expected
    assert [resource.name for resource in resources.values() if not resource.custom] == ["pair", "inner"]


def test_stack_and_project_are_part_of_the_urn() -> None:
    graph = run_program(lambda: queue("a"), stack="prod", project="other").graph
    assert (graph.stack, graph.project) == ("prod", "other")
    assert list(graph.resources) == [f"urn:pulumi:prod::other::{QUEUE}::a"]


def test_dependencies_are_recorded_per_property_and_in_total() -> None:
    def program() -> None:
        first, second = queue("first"), queue("second")
        queue("third", pulumi.ResourceOptions(depends_on=[second]), tags={"of": first.arn})

    third = sound(run_program(program))["third"]
    assert third.dependencies == (urn("first"), urn("second"))
    assert third.property_dependencies == {"name": (), "tags": (urn("first"),)}


def test_a_dependency_on_a_component_is_one_on_its_children() -> None:
    def program() -> None:
        queue("after", pulumi.ResourceOptions(depends_on=[Pair("pair")]))

    evaluation = run_program(program)
    sound(evaluation)
    qualified = f"tests:index:Pair${QUEUE}"
    assert evaluation.graph.needs(urn("after")) == {urn("pair-first", qualified), urn("pair-second", qualified)}


def test_options_are_recorded() -> None:
    older = urn("older")

    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1")
        options = pulumi.ResourceOptions(
            protect=True,
            retain_on_delete=True,
            delete_before_replace=True,
            ignore_changes=["tags", "delay_seconds"],
            replace_on_changes=["name"],
            additional_secret_outputs=["url"],
            aliases=[pulumi.Alias(name="old"), older],
            provider=provider,
            import_="https://sqs/a",
        )
        queue("a", options)

    options = sound(run_program(program))["a"].options
    provider, _, _ = options.provider.rpartition("::")
    assert provider == urn("aws", "pulumi:providers:aws")
    assert options == Options(
        protect=True,
        retain_on_delete=True,
        delete_before_replace=True,
        ignore_changes=("tags", "delaySeconds"),
        replace_on_changes=("name",),
        additional_secret_outputs=("url",),
        aliases=(urn("old"), older),
        provider=options.provider,
        import_id="https://sqs/a",
    )


def test_children_of_a_protected_component_are_protected() -> None:
    resources = sound(run_program(lambda: Pair("pair", pulumi.ResourceOptions(protect=True))))
    assert {name: resource.options.protect for name, resource in resources.items()} == {
        "pair": True,
        "pair-first": True,
        "pair-second": True,
    }


def _tagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != QUEUE:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True, ignore_changes=["tags"]))
    return pulumi.ResourceTransformResult({**args.props, "tags": {"by": "transform"}}, opts)


def _recorded(resource: Resource) -> tuple[Any, bool, tuple[str, ...]]:
    return resource.get("tags"), resource.options.protect, resource.options.ignore_changes


TRANSFORMED = ({"by": "transform"}, True, ("tags",))
UNTOUCHED = (None, False, ())


def test_a_stack_transform_changes_inputs_and_options_of_all() -> None:
    def program() -> None:
        pulumi.runtime.register_stack_transform(_tagged)
        Pair("pair")
        queue("other")

    resources = sound(run_program(program))
    assert {name: _recorded(resource) for name, resource in resources.items()} == {
        "pair": UNTOUCHED,
        "pair-first": TRANSFORMED,
        "pair-second": TRANSFORMED,
        "other": TRANSFORMED,
    }


def test_a_transform_of_a_component_applies_to_its_children_alone() -> None:
    def program() -> None:
        Pair("pair", pulumi.ResourceOptions(transforms=[_tagged]))
        queue("other")

    resources = sound(run_program(program))
    assert {name: _recorded(resource) for name, resource in resources.items()} == {
        "pair": UNTOUCHED,
        "pair-first": TRANSFORMED,
        "pair-second": TRANSFORMED,
        "other": UNTOUCHED,
    }


def test_own_transforms_run_before_those_of_the_parent_and_the_stack() -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        def transform(args: pulumi.ResourceTransformArgs) -> None:
            if args.name == "child":
                order.append(name)

        return transform

    def program() -> None:
        pulumi.runtime.register_stack_transform(noting("stack"))
        pair = Pair("pair", pulumi.ResourceOptions(transforms=[noting("parent")]))
        queue("child", pulumi.ResourceOptions(parent=pair, transforms=[noting("own")]))

    sound(run_program(program))
    assert order == ["own", "parent", "stack"]


def test_what_only_aws_decides_is_unknown_and_so_is_what_follows_from_it() -> None:
    def program() -> None:
        first = queue("first")
        queue("second", tags={"of": first.arn, "id": first.id, "fixed": "x"}, policy=first.arn.apply(json.dumps))
        pulumi.export("arn", first.arn.apply(str.upper))
        pulumi.export("both", {"name": first.name, "arn": first.arn})

    evaluation = run_program(program)
    assert sound(evaluation)["second"].inputs == {
        "name": "second",
        "tags": {"of": UNKNOWN, "id": UNKNOWN, "fixed": "x"},
        "policy": UNKNOWN,
    }
    assert evaluation.graph.outputs == {"arn": UNKNOWN, "both": {"name": "first", "arn": UNKNOWN}}


def test_a_known_input_passes_through_apply() -> None:
    evaluation = run_program(lambda: Pair("pair"))
    resources = sound(evaluation)
    assert resources["pair-second"].inputs == {"name": "after-pair-first"}
    assert resources["pair-second"].property_dependencies == {"name": (resources["pair-first"].urn,)}
    assert resources["pair"].outputs == {"arn": UNKNOWN, "name": "after-pair-first"}


def test_secrets_stay_secret_and_are_never_shown() -> None:
    def program() -> None:
        secret = pulumi.Output.secret("geheim")
        first = queue("first", tags={"token": secret})
        queue("second", name=secret.apply(lambda value: f"{value}-2"), policy=pulumi.Output.json_dumps({"a": secret}))
        pulumi.export("token", secret)
        pulumi.export("tags", first.tags)

    evaluation = run_program(program)
    resources = sound(evaluation)
    assert resources["first"].inputs == {"name": "first", "tags": {"token": Secret("geheim")}}
    assert resources["second"].inputs == {"name": Secret("geheim-2"), "policy": Secret('{"a": "geheim"}')}
    assert evaluation.graph.outputs == {"token": Secret("geheim"), "tags": Secret({"token": "geheim"})}
    assert "geheim" not in repr(evaluation)


def test_a_name_registered_twice_is_a_mistake_with_both_places() -> None:
    def program() -> None:
        aws.sqs.Queue("a", name="a")  # the first of the two
        aws.sqs.Queue("b", name="b")
        aws.sqs.Queue("a", name="c")  # the second of the two

    first, second = place(__file__, "the first of the two"), place(__file__, "the second of the two")
    assert run_program(program).mistakes == (f"{second}: {QUEUE} a: registered twice, first at {first}",)


def test_the_same_name_in_two_types_or_under_two_types_of_parent_is_none() -> None:
    def program() -> None:
        queue("same")
        queue("same", pulumi.ResourceOptions(parent=Pair("pair")))
        aws.sns.Topic("same")

    assert run_program(program).mistakes == ()


def test_an_exception_is_one_line_with_its_place() -> None:
    def program() -> None:
        queue("a")
        raise ValueError("first\n   second")  # an exception

    evaluation = run_program(program)
    assert evaluation.mistakes == (f"{place(__file__, 'an exception')}: first second",)


def test_an_exception_without_text_is_named() -> None:
    def program() -> None:
        raise NotImplementedError  # no text

    assert run_program(program).mistakes == (f"{place(__file__, 'no text')}: NotImplementedError",)


def test_an_exception_in_an_apply_has_its_place() -> None:
    def program() -> None:
        queue("a").name.apply(lambda name: name / 2)  # in an apply

    (mistake,) = run_program(program).mistakes
    assert mistake.startswith(f"{place(__file__, 'in an apply')}: unsupported operand type")
    assert "Traceback" not in mistake


def test_a_run_error_is_the_users_with_its_lines() -> None:
    def program() -> None:
        raise pulumi.RunError("settings.a: missing\nsettings.b: not a number")

    with pytest.raises(UserError) as caught:
        run_program(program)
    assert caught.value.lines == ("settings.a: missing", "settings.b: not a number")


def test_evaluations_do_not_leak_into_each_other() -> None:
    def first() -> None:
        pulumi.runtime.register_stack_transform(_tagged)
        Pair("pair", pulumi.ResourceOptions(protect=True))
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("size", pulumi.Config().get("size"))
        pulumi.log.warn("only here")

    def second() -> None:
        queue("a")
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("size", pulumi.Config().get("size"))

    alone = run_program(second)
    before = run_program(first, stack="prod", config={"plumbline:size": "7"})
    with pytest.raises(UserError):
        run_program(lambda: pulumi.Config().require("size"))
    assert run_program(lambda: 1 / 0).mistakes != ()
    assert run_program(second) == alone
    assert run_program(first, stack="prod", config={"plumbline:size": "7"}) == before
    assert (alone.graph.outputs, alone.warnings) == ({"stack": "test"}, ())
    assert (before.graph.outputs, before.warnings) == ({"stack": "prod", "size": "7"}, ("only here",))


def test_an_evaluation_leaves_directory_and_import_path_as_they_were() -> None:
    before = (Path.cwd(), list(sys.path), dict(os.environ))
    run_program(lambda: queue("a"))
    assert (Path.cwd(), list(sys.path), dict(os.environ)) == before


def test_the_outputs_of_the_stack_are_recorded() -> None:
    def program() -> None:
        pulumi.export("number", 3)
        pulumi.export("fraction", 0.5)
        pulumi.export("rows", [{"a": True}, None, "text"])

    assert run_program(program).graph.outputs == {
        "number": 3,
        "fraction": 0.5,
        "rows": [{"a": True}, None, "text"],
    }


def test_an_exception_raised_from_another_keeps_its_own_message() -> None:
    def program() -> None:
        try:
            json.loads("{")
        except ValueError as error:
            raise ValueError("settings.json is not JSON") from error  # from another

    assert run_program(program).mistakes == (f"{place(__file__, 'from another')}: settings.json is not JSON",)


def test_an_alias_of_another_type_is_recorded() -> None:
    def program() -> None:
        queue("a", pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="aws:sns/topic:Topic")]))

    (alias,) = sound(run_program(program))["a"].options.aliases
    assert alias == urn("a", "aws:sns/topic:Topic")
