"""Requirements 11 and 16.2a cannot be fooled: definitions are read, and roles compared with what they call."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    FUNCTION,
    LOG_GROUP,
    ROLE,
    ROLE_POLICY,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    policy,
    refer,
    set_,
    statement,
    verdict,
    whole,
)

_MACHINE = "aws:sfn/stateMachine:StateMachine"
_ALIAS = "aws:lambda/alias:Alias"
_AUDIT, _BACKFILL, _TRADE = "workflows-audit-package", "workflows-data-backfill", "workflows-trade-lifecycle"
_QUALITY = "workflows-data-backfill-role-function-quality"
_LOG = "loggingConfiguration"
_ROLE = "workflows-data-backfill-role"
_ARNS = "arn:aws:lambda:us-east-1:222222222222:function"


def _machine(name: str, /, **inputs: Any) -> Change:
    return set_(_MACHINE, name, **inputs)


def _definition(name: str, change: Callable[[dict[str, Any]], Any]) -> Change:
    """Change a machine's definition in place."""

    def alter(machine: Resource) -> Resource:
        document = json.loads(machine.inputs["definition"])
        change(document)
        return dataclasses.replace(machine, inputs={**machine.inputs, "definition": json.dumps(document)})

    return edit(_MACHINE, name, alter)


def _state(name: str, state: str, **fields: Any) -> Change:
    """Change fields of a state at the top of a machine."""
    return _definition(name, lambda document: document["States"][state].update(fields))


def _in_range(**fields: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["States"]["Backfill ranges"]["ItemProcessor"]["States"]["Backfill range"].update(fields)

    return _definition(_BACKFILL, change)


def _invoke(name: str) -> dict[str, Any]:
    return {"FunctionName": name, "Payload.$": "$"}


def _logs(**changed: Any) -> Change:
    return edit(
        _MACHINE,
        _AUDIT,
        lambda machine: dataclasses.replace(
            machine, inputs={**machine.inputs, _LOG: {**machine.inputs[_LOG], **changed}}
        ),
    )


def _trust(**elements: Any) -> Change:
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    return set_(ROLE, _ROLE, assumeRolePolicy=json.dumps({"Statement": [allowed | elements]}))


_SUCCEED = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
_ELSEWHERE = {"ErrorEquals": ["Handler.Failed"], "Next": "Package failed"}

BROKEN: list[Row] = [
    ("11.1", "prod", "no machine", drop(_MACHINE, _TRADE)),
    ("11.1", "prod", "another name", _machine(_TRADE, name="prod-trades")),
    ("11.1", "prod", "a machine that does nothing", _machine(_TRADE, definition=_SUCCEED)),
    ("11.1", "prod", "orders that are never reached", _definition(_TRADE, lambda d: d.update(StartAt="Trade failed"))),
    ("11.1", "prod", "no such function", drop(FUNCTION, "functions-exchange-orders")),
    ("11.1", "prod", "no such alias", drop(_ALIAS, "functions-exchange-orders-live")),
    ("11.1", "prod", "no JSON", _machine(_TRADE, definition="x")),
    ("11.1", "prod", "a list", _machine(_TRADE, definition="[]")),
    ("11.2", "prod", "no machine", drop(_MACHINE, _AUDIT)),
    ("11.2", "prod", "another function", _state(
        _AUDIT, "Build package", Parameters=_invoke(f"{_ARNS}:prod-audit:live")
    )),
    ("11.2", "prod", "no task", _state(_AUDIT, "Build package", Type="Pass")),
    ("11.3", "prod", "no machine", drop(_MACHINE, _BACKFILL)),
    ("11.3", "test", "a function of the other environment", _definition(
        _BACKFILL, lambda d: d.update(json.loads(json.dumps(d).replace("test-backfills", "prod-backfills")))
    )),
    ("11.4a", "prod", "a task that is not caught", _state(_AUDIT, "Build package", Catch=[])),
    ("11.4a", "prod", "one error alone", _state(_AUDIT, "Build package", Catch=[_ELSEWHERE])),
    ("11.4a", "prod", "branches that are not caught", _state(_AUDIT, "Gather", Catch=[])),
    ("11.4a", "prod", "no task", _machine(_AUDIT, definition=_SUCCEED)),
    ("11.4a", "prod", "no JSON", _machine(_AUDIT, definition="x")),
    ("11.4b", "prod", "a task without", _state(_AUDIT, "Build package", Retry=[])),
    ("11.4b", "prod", "a task in a map without", _in_range(Retry=[])),
    ("11.4b", "prod", "no attempt", _in_range(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}])),
    ("11.4b", "prod", "no error", _in_range(Retry=[{"ErrorEquals": []}])),
    ("11.5", "prod", "errors only", _logs(level="ERROR")),
    ("11.5", "prod", "nothing said", _machine(_AUDIT, loggingConfiguration=None)),
    ("11.5", "prod", "nowhere", _logs(logDestination=None)),
    ("11.5", "test up", "a group of others", _logs(logDestination="arn:aws:logs:us-east-1:1:log-group:x:*")),
    ("11.5", "test up", "a group without its streams", _logs(
        logDestination="arn:aws:logs:us-east-1:111111111111:log-group:/aws/vendedlogs/states/test-audit-package"
    )),
    ("11.5", "test up", "no group", drop(LOG_GROUP, f"{_AUDIT}-log")),
    ("11.6", "prod", "one is not allowed", drop(ROLE_POLICY, _QUALITY)),
    ("11.6", "prod", "one too many", add_statement(
        ROLE_POLICY, _QUALITY, Effect="Allow", Action="lambda:InvokeFunction", Resource=f"{_ARNS}:prod-audit:live"
    )),
    ("11.6", "prod", "all functions", statement(ROLE_POLICY, _QUALITY, "", Resource="*")),
    ("11.6", "prod", "every version", statement(ROLE_POLICY, _QUALITY, "", Resource=f"{_ARNS}:prod-quality:*")),
    ("11.6", "prod", "whatever but reading", add_statement(
        ROLE_POLICY, _QUALITY, Effect="Allow", NotAction="s3:*", Resource="*"
    )),
    ("11.6", "prod", "everything", add_statement(
        ROLE_POLICY, _QUALITY, Effect="Allow", Action="Lambda:*", Resource="*"
    )),
    ("11.6", "prod", "denied again", add_statement(
        ROLE_POLICY, _QUALITY, Effect="Deny", Action="lambda:*", Resource="*"
    )),
    ("11.6", "prod", "under a condition", statement(
        ROLE_POLICY, _QUALITY, "", Condition={"StringEquals": {"aws:PrincipalTag/Team": "x"}}
    )),
    ("11.6", "prod", "a managed policy", add(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "more",
        {"role": (ROLE, _ROLE)},
        policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    )),
    ("11.6", "prod", "managed policies of the role", set_(ROLE, _ROLE, managedPolicyArns=["arn:aws:iam::1:x"])),
    ("11.6", "prod", "another machine's role", refer(_MACHINE, _AUDIT, "roleArn", (ROLE, _ROLE))),
    ("11.6", "prod", "a function chosen while it runs", _state(
        _AUDIT, "Build package", Parameters={"FunctionName.$": "$.function"}
    )),
    ("11.6", "prod", "a function that nobody has", drop(_ALIAS, "functions-quality-live")),
    ("11.6", "prod", "a function called by its ARN", _state(
        _AUDIT, "Build package", Resource=f"{_ARNS}:prod-retention:live", Parameters={}
    )),
    ("11.6", "prod", "nothing is called", _machine(_AUDIT, definition=_SUCCEED)),
    ("11.6", "test up", "a foreign role", _machine(_AUDIT, roleArn="arn:aws:iam::1:role/x")),
    ("11.7", "prod", "off", _machine(_AUDIT, tracingConfiguration={"enabled": False})),
    ("11.7", "prod", "nothing said", _machine(_AUDIT, tracingConfiguration=None)),
    ("16.2a", "prod", "another service", _trust(Principal={"Service": "lambda.amazonaws.com"})),
    ("16.2a", "prod", "an account", _trust(Principal={"AWS": "arn:aws:iam::222222222222:root"})),
    ("16.2a", "prod", "another call", _trust(Action="sts:TagSession")),
    ("16.2a", "prod", "denied", _trust(Effect="Deny")),
    ("16.2a", "prod", "for another machine", _trust(
        Condition={"ArnLike": {"aws:SourceArn": "arn:aws:states:us-east-1:222222222222:stateMachine:x"}}
    )),
    ("16.2a", "prod", "no machine", drop(_MACHINE, "")),
    ("16.2a", "test up", "no role", drop(ROLE, _ROLE)),
    ("16.2a", "test up", "a foreign role", _machine(_AUDIT, roleArn="arn:aws:iam::1:role/x")),
]  # fmt: skip
OPEN: list[Row] = [
    ("11.1", "prod", "a definition", _machine(_TRADE, definition=UNKNOWN)),
    ("11.4a", "prod", "a definition", _machine(_TRADE, definition=UNKNOWN)),
    ("11.4b", "prod", "a definition", _machine(_TRADE, definition=UNKNOWN)),
    ("11.5", "prod", "a level", _logs(level=UNKNOWN)),
    ("11.5", "prod", "a group", refer(_MACHINE, _AUDIT, _LOG, value={"level": "ALL", "logDestination": UNKNOWN})),
    ("11.6", "prod", "a definition", _machine(_TRADE, definition=UNKNOWN)),
    ("11.6", "prod", "a policy", set_(ROLE_POLICY, _QUALITY, policy=UNKNOWN)),
    ("11.6", "prod", "a role", refer(_MACHINE, _AUDIT, "roleArn")),
    ("11.6", "prod", "whose policy it is", refer(ROLE_POLICY, _QUALITY, "role")),
    ("11.7", "prod", "tracing", _machine(_AUDIT, tracingConfiguration={"enabled": UNKNOWN})),
    ("16.2a", "prod", "a trust policy", set_(ROLE, _ROLE, assumeRolePolicy=UNKNOWN)),
    ("16.2a", "prod", "a role", refer(_MACHINE, _AUDIT, "roleArn")),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("change", [{"StartAt": 3}, {"States": []}, {"States": {"Gather": "x"}}])
def test_a_definition_that_is_none_is_no_pass_and_no_crash(change: dict[str, Any]) -> None:
    broken = _definition(_AUDIT, lambda document: document.update(change))(whole("prod"))
    assert {number: verdict(number, broken).word for number in ("11.2", "11.4a", "11.4b", "11.6")} == dict.fromkeys(
        ("11.2", "11.4a", "11.4b", "11.6"), "fail"
    )


def test_a_policy_without_the_call_grants_nothing_more() -> None:
    more = add(ROLE_POLICY, "more", {"role": (ROLE, _ROLE)}, policy=policy())
    assert verdict("11.6", more(whole("prod"))).word == "pass"
