"""The probes of state machines: what the definition promises is tried, and what nothing reaches is a failure."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.evaluate import evaluate
from plumbline.probing import ProbeContext, Result, runner
from plumbline.probing.definitions import Retrier, State
from plumbline.probing.workflows import Machine, Scenario, machine_probes
from plumbline.sandbox import Sandbox
from tests.evaluations import ROOT
from tests.plumbline.rehearsals import ACCOUNT, REGION, TRUST, inside

CODE = "def handler(event, context):\n    return {'worked': event['number']}\n"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
DEFINITION: dict[str, Any] = {
    "StartAt": "Small?",
    "States": {
        "Small?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.number", "NumericLessThan": 10, "Next": "Work"}],
            "Default": "Too large",
        },
        "Too large": {"Type": "Fail", "Error": "Too.Large"},
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"},
            "TimeoutSeconds": 20,
            "Retry": [
                {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 2, "MaxAttempts": 3},
                {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1},
            ],
            "Catch": [
                {"ErrorEquals": ["Known.Problem"], "Next": "Mended"},
                {"ErrorEquals": ["States.ALL"], "Next": "Failed"},
            ],
            "Next": "Done",
        },
        "Mended": {"Type": "Pass", "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "Error": "Work.Failed"},
    },
}
SUCCESS = Scenario(name="small numbers are worked on", input={"number": 1}, enters=("Done",), avoids=("Failed",))
REFUSAL = Scenario(
    name="large numbers are refused", input={"number": 11}, ends="FAILED", error="Too.Large", avoids=("Work",)
)
MACHINE = Machine(scenarios=(SUCCESS, REFUSAL))


def probed(definition: Mapping[str, Any], machine: Machine = MACHINE) -> list[Result]:
    """Bring one machine with its function up, and probe it."""

    def program() -> None:
        opts = inside()
        role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
        archive = pulumi.AssetArchive({"work.py": pulumi.StringAsset(CODE)})
        function = aws.lambda_.Function(
            "work",
            name="work",
            runtime="python3.13",
            handler="work.handler",
            code=archive,
            role=role.arn,
            timeout=60,
            opts=opts,
        )
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[function]))
        aws.sfn.StateMachine(
            "machine", name="machine", role_arn=role.arn, definition=json.dumps(definition), opts=after
        )

    with Sandbox() as sandbox:
        evaluation = evaluate(program, root=ROOT, deployer=sandbox)
        assert evaluation.mistakes == ()
        context = ProbeContext(evaluation.graph, {}, sandbox.context, ROOT)
        return list(runner.run(machine_probes({"machine": machine}), context).results)


@functools.cache
def whole() -> list[Result]:
    return probed(DEFINITION)


def changed(path: str, value: Any) -> dict[str, Any]:
    definition = copy.deepcopy(DEFINITION)
    *steps, last = path.split("/")
    place: Any = definition
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    if isinstance(place, list):
        place.insert(int(last), value)
    else:
        place[last] = value
    return definition


def failures(results: list[Result]) -> list[tuple[str, str]]:
    return [(result.probe, result.trial.evidence) for result in results if result.word == "failed"]


def test_every_scenario_retrier_catcher_and_state_is_tried() -> None:
    assert [(result.probe, result.word, result.trial.evidence) for result in whole()] == [
        ("scenario", "passed", "ended SUCCEEDED through 3 states"),
        ("scenario", "passed", "ended FAILED with Too.Large through 2 states"),
        ("retries-used-up", "passed", "3 retries after 2, 4, 8 s at most; ended FAILED with Work.Failed"),
        ("retries-used-up", "passed", "1 retries after 1 s at most; ended FAILED with Work.Failed"),
        ("error-caught", "passed", "caught; Mended followed; ended SUCCEEDED"),
        ("error-caught", "passed", "caught; Failed followed; ended FAILED with Work.Failed"),
        ("every-state", "passed", "6 states"),
        ("every-state", "passed", "5 runs ended in a state of the definition"),
        ("finds-its-functions", "passed", "it exists"),
    ]


def test_a_catcher_that_nothing_reaches_fails() -> None:
    row = {"ErrorEquals": ["States.Permissions"], "Next": "Mended"}
    found = failures(probed(changed("States/Work/Catch/0", row)))
    assert found == [("error-caught", "no run took the catcher of States.Permissions")]


def test_a_timeout_of_a_state_that_its_function_never_reaches_fails() -> None:
    found = failures(probed(changed("States/Work/TimeoutSeconds", 90)))
    assert found == [("retries-used-up", "no run used up the retrier of States.Timeout")]


def test_a_retrier_behind_one_for_the_same_error_fails() -> None:
    row = {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 9, "MaxAttempts": 1}
    # It cannot be told from the one before it by its errors, but by its pauses.
    found = failures(probed(changed("States/Work/Retry/1", row)))
    assert [probe for probe, _ in found] == ["retries-used-up"]


def test_a_state_that_no_run_enters_fails() -> None:
    definition = changed("States/Medium", {"Type": "Succeed"})
    choice = {"Variable": "$.number", "NumericLessThan": 100, "Next": "Medium"}
    definition["States"]["Small?"]["Choices"].append(choice)
    found = failures(
        probed(
            definition,
            Machine(
                scenarios=(
                    SUCCESS,
                    Scenario(name="large numbers are refused", input={"number": 101}, ends="FAILED", error="Too.Large"),
                )
            ),
        )
    )
    assert found == [("every-state", "no run entered Medium")]


@pytest.mark.parametrize(
    ("scenario", "evidence"),
    [
        ({"ends": "FAILED", "error": "Too.Large"}, "ended SUCCEEDED, not FAILED with Too.Large"),
        ({"enters": ("Mended",)}, "never entered Mended"),
        ({"avoids": ("Work",)}, "entered Work"),
    ],
)
def test_a_scenario_that_goes_another_way_fails(scenario: dict[str, Any], evidence: str) -> None:
    wrong = Scenario(**{"name": "wrong", "input": {"number": 1}, **scenario})
    found = failures(probed(DEFINITION, Machine(scenarios=(wrong, REFUSAL))))
    assert found == [("scenario", evidence)]


def test_a_run_that_ends_with_an_error_that_the_definition_does_not_know_fails() -> None:
    definition = changed("States/Failed", {"Type": "Pass", "InputPath": "$.not.there", "End": True})
    found = dict(failures(probed(definition)))
    assert "States.Runtime" in found["every-state"]


def test_a_machine_of_which_nothing_is_known_fails() -> None:
    results = probed(DEFINITION, Machine(scenarios=()))
    assert {result.probe for result in results if result.word == "failed"} >= {"retries-used-up", "every-state"}


def test_pauses_grow_up_to_their_limit() -> None:
    state = State("x", {"Type": "Task"})
    row = {"ErrorEquals": ["a"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4, "MaxDelaySeconds": 20}
    assert Retrier(state, row).pauses() == [2, 6, 18, 20]
    assert Retrier(state, {"ErrorEquals": ["a"]}).pauses() == [1, 2, 4]
