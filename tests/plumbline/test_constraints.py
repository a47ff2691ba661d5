"""Each wrong program is refused for its mistake and for nothing else; right ones are not refused."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.constraints import check, registry
from plumbline.evaluate import Evaluation
from tests.evaluations import preview, run_program
from tests.plumbline.wrong_base import (
    ACCOUNT,
    attributes,
    function,
    index,
    provisioned_table,
    queue,
    role,
    role_policy,
    scaling_policy,
    table,
    target,
)
from tests.plumbline.wrong_functions import composed_role
from tests.plumbline.wrong_programs import SOUND, WRONG, Wrong


@functools.cache
def _evaluation(wrong: Wrong) -> Evaluation:
    return run_program(wrong.program)


def _checks() -> set[registry.Check]:
    return {*registry._EVERY, *(check for checks in registry._BY_TYPE.values() for check in checks)}


def _yielding(evaluation: Evaluation) -> set[registry.Check]:
    """Return the checks that find something in a program."""
    return {
        check
        for resource in evaluation.graph
        if resource.custom
        for check in (*registry._EVERY, *registry._BY_TYPE.get(resource.type, ()))
        if list(check(resource, evaluation.graph))
    }


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_the_mistake_and_nothing_else_is_reported(wrong: Wrong) -> None:
    evaluation = _evaluation(wrong)
    assert evaluation.mistakes == ()
    found = sorted((problem.path, problem.message) for problem in check(evaluation.graph))
    expected = sorted(((wrong.path, wrong.says), *wrong.also))
    assert [path for path, _ in found] == [path for path, _ in expected]
    for (_, message), (_, says) in zip(found, expected, strict=True):
        assert says in message


def test_the_names_of_the_wrong_programs_differ() -> None:
    names = [wrong.name for wrong in WRONG]
    assert len(names) == len(set(names)) >= 40


@pytest.mark.parametrize("program", SOUND.values(), ids=list(SOUND))
def test_a_right_program_has_no_problems(program: Callable[[], Any]) -> None:
    evaluation = run_program(program)
    assert (evaluation.mistakes, check(evaluation.graph)) == ((), [])


def test_the_real_stacks_have_no_problems(stack: str) -> None:
    evaluation = preview(stack)
    assert (evaluation.mistakes, evaluation.warnings, check(evaluation.graph)) == ((), (), [])
    assert len(evaluation.graph) > 0


def test_every_registered_check_is_triggered() -> None:
    triggered = set().union(*(_yielding(_evaluation(wrong)) for wrong in WRONG))
    missed = {f"{check.__module__}.{check.__name__}" for check in _checks() - triggered}
    assert missed == set()


def _unknown() -> Any:
    """Return what only AWS decides. The bucket is not judged by any check but those for all types."""
    return aws.s3.Bucket("elsewhere").arn


UNKNOWN_VALUES: dict[str, Callable[[], Any]] = {
    "billing mode": lambda: table(billing_mode=_unknown(), read_capacity=5),
    "keys": lambda: table(hash_key=_unknown(), range_key="id"),
    "sort key": lambda: table(range_key=_unknown()),
    "time to live": lambda: table(ttl=_unknown()),
    "stream": lambda: table(stream_enabled=_unknown(), stream_view_type="NEW_IMAGE"),
    "capacity": lambda: table(read_capacity=_unknown()),
    "index": lambda: table(global_secondary_indexes=[_unknown()]),
    "projection": lambda: table(
        global_secondary_indexes=[index(projection_type=_unknown(), non_key_attributes=["size"])]
    ),
    "trust": lambda: role(assume_role_policy=_unknown()),
    "policy": lambda: role_policy(role(), policy=_unknown()),
    "environment": lambda: function(environment=_unknown()),
    "variable": lambda: function(environment={"variables": {"OTHER": _unknown()}}),
    "name of a function": lambda: function(name=_unknown(), needs=[]),
    "layers": lambda: function(layers=_unknown()),
    "memory": lambda: function(memory_size=_unknown()),
    "redrive policy": lambda: queue(redrive_policy=_unknown()),
    "name of a queue": lambda: queue("letters.fifo", fifo_queue=True, kms_master_key_id=None, delay_seconds=_unknown()),
    "secret number": lambda: function(timeout=pulumi.Output.secret(30)),
    "resource id": lambda: scaling_policy(target(), resource_id=_unknown()),
    "resource id of a target": lambda: target(resource_id=_unknown()),
    "view type": lambda: table(stream_enabled=True, stream_view_type=_unknown()),
}
# Programs of the same kind at which a check fails itself, or takes a side.
UNKNOWN_BUT_JUDGED: dict[str, Callable[[], Any]] = {
    "attributes": lambda: table(attributes=_unknown()),
    "secret attributes": lambda: table(attributes=pulumi.Output.secret(attributes("id"))),
    "indexes that use an attribute": lambda: table(
        attributes=attributes("id", "day"), global_secondary_indexes=_unknown()
    ),
    "attribute of time to live": lambda: table(ttl={"enabled": True, "attribute_name": _unknown()}),
    "secret time to live": lambda: table(ttl=pulumi.Output.secret({"enabled": True, "attributeName": "expires"})),
    "view type without stream": lambda: table(stream_view_type=_unknown()),
    "restored table": lambda: table(hash_key=None, attributes=None, restore_source_name=_unknown()),
    "key of an index": lambda: table(global_secondary_indexes=[index(key=None, hash_key=_unknown())]),
    "keys of an index": lambda: table(global_secondary_indexes=[index(key=None, key_schemas=_unknown())]),
    "included attributes": lambda: table(
        global_secondary_indexes=[index(projection_type="INCLUDE", non_key_attributes=_unknown())]
    ),
    "indexes of a scaled table": lambda: target(provisioned_table(global_secondary_indexes=_unknown())),
    "index of a scaled table": lambda: target(provisioned_table(global_secondary_indexes=[_unknown()])),
    "managed policies": lambda: role(managed_policy_arns=_unknown()),
    "secret managed policies": lambda: role(managed_policy_arns=pulumi.Output.secret(["arn:aws:iam::aws:policy/A"])),
    "package type": lambda: function(package_type=_unknown(), handler=None, runtime=None),
}


@pytest.mark.parametrize("program", UNKNOWN_VALUES.values(), ids=list(UNKNOWN_VALUES))
def test_nothing_is_said_about_the_unknown(program: Callable[[], Any]) -> None:
    evaluation = run_program(program)
    assert (evaluation.mistakes, check(evaluation.graph)) == ((), [])


@pytest.mark.parametrize("program", UNKNOWN_BUT_JUDGED.values(), ids=list(UNKNOWN_BUT_JUDGED))
def test_nothing_is_said_about_the_unknown_either(program: Callable[[], Any]) -> None:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    assert check(evaluation.graph) == []


# Mistakes that no check finds yet: (program, path).
MISSED: dict[str, tuple[Callable[[], Any], str]] = {
    "all variables in one secret": (
        lambda: function(environment={"variables": pulumi.Output.secret({"AWS_REGION": "x"})}),
        "environment.variables.AWS_REGION",
    ),
    "secret number": (lambda: function(timeout=pulumi.Output.secret(1000)), "timeout"),
    "two accounts": (lambda: composed_role(ACCOUNT, "999999999999"), "role"),
}


@pytest.mark.parametrize(("program", "path"), MISSED.values(), ids=list(MISSED))
def test_a_mistake_is_found_behind_secrets_and_in_any_account(program: Callable[[], Any], path: str) -> None:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    assert [problem.path for problem in check(evaluation.graph)] == [path]


def test_check_reports_in_the_order_of_registration() -> None:
    both = [next(wrong for wrong in WRONG if wrong.name == name) for name in ("retention 31", "fifo without .fifo")]

    def program() -> None:
        for wrong in both:
            wrong.program()

    graph = run_program(program).graph
    assert [(problem.resource.type, problem.path) for problem in check(graph)] == [
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays"),
        ("aws:sqs/queue:Queue", "name"),
    ]


def test_a_problem_reads_as_one_line_with_place_resource_and_path() -> None:
    wrong = next(wrong for wrong in WRONG if wrong.name == "retention 31")
    (problem,) = check(_evaluation(wrong).graph)
    place, rest = str(problem).split(": ", 1)
    assert place.startswith("tests/plumbline/wrong_base.py:")
    assert rest == f"aws:cloudwatch/logGroup:LogGroup logs: retentionInDays: {problem.message}"
