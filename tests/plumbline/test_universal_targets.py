"""plumbline.universal_targets: which call an ARN stands for, and what it needs."""

from __future__ import annotations

import pytest

from plumbline.universal_targets import UniversalTarget, parse

SDK = "arn:aws:scheduler:::aws-sdk"


@pytest.mark.parametrize(
    ("arn", "call", "permission"),
    [
        (f"{SDK}:eventbridge:disableRule", UniversalTarget("events", "DisableRule"), "events:DisableRule"),
        (f"{SDK}:sfn:startExecution", UniversalTarget("stepfunctions", "StartExecution"), "states:StartExecution"),
        (f"{SDK}:sqs:sendMessage", UniversalTarget("sqs", "SendMessage"), "sqs:SendMessage"),
        (
            "arn:aws-cn:scheduler:::aws-sdk:eventbridge:enableRule",
            UniversalTarget("events", "EnableRule"),
            "events:EnableRule",
        ),
    ],
)
def test_an_arn_stands_for_a_call(arn: str, call: UniversalTarget, permission: str) -> None:
    assert (parse(arn), parse(arn).permission) == (call, permission)


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        (f"{SDK}:eventbridge:DisableRule", "allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION"),
        ("arn:aws:scheduler:us-east-1::aws-sdk:sqs:sendMessage", "allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION"),
        ("arn:aws:sqs:us-east-1:111111111111:jobs", "allowed: arn:aws:scheduler:::aws-sdk:SERVICE:ACTION"),
        (f"{SDK}:eventbus:disableRule", "service 'eventbus' given"),
        (f"{SDK}:eventbridge:stopRule", "action 'stopRule' given; eventbridge has no such action"),
    ],
)
def test_what_is_no_call_is_told(arn: str, says: str) -> None:
    with pytest.raises(ValueError, match="given") as told:
        parse(arn)
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Name": "often"}', None),
        ('{"name": "often", "EventBusName": "own"}', None),
        ("{}", "DisableRule needs Name too"),
        (None, "DisableRule needs Name too"),
        ("[]", "no JSON object"),
        ("often", "not JSON"),
    ],
)
def test_an_input_has_what_the_call_needs(text: str | None, problem: str | None) -> None:
    assert parse(f"{SDK}:eventbridge:disableRule").input_problem(text) == problem


def test_a_call_without_needs_takes_no_input() -> None:
    assert parse(f"{SDK}:eventbridge:listRules").input_problem(None) is None
