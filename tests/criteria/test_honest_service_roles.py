"""Roles of EventBridge, AWS's own policies and the analyzer of access cannot be feigned (16.2b, 16.3, 16.7)."""

from __future__ import annotations

import json

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    ROLE,
    ROLE_POLICY,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    leaves_open,
    refer,
    set_,
    statement,
    together,
    verdict,
    whole,
)

_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_SCHEDULE = "aws:scheduler/schedule:Schedule"
_MACHINE = "aws:sfn/stateMachine:StateMachine"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
_SHUTDOWN, _RIGHTS = "shutdown-roles-shutdown", "shutdown-roles-shutdown-rules"
_TO_MACHINE = {"arn": (_MACHINE, "workflows-data-backfill")}
_AWS = "arn:aws:iam::aws:policy"
_START = "arn:aws:states:us-east-1:222222222222:stateMachine:prod-data-backfill"


def _trust(service: str) -> str:
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def _starts_machine(resource: str = _START, trusted: str = "events.amazonaws.com") -> Change:
    """Add a rule's target that starts a machine, under a role of its own."""
    may = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    return together(
        add(ROLE, "starter", name="prod-starter", assumeRolePolicy=_trust(trusted)),
        add(ROLE_POLICY, "starter-rights", name="start", role="prod-starter", policy=policy),
        add(_TARGET, "rules-start", {**_TO_MACHINE, "roleArn": (ROLE, "starter")}, rule="prod-retention"),
    )


def _attach(policy: str) -> Change:
    return add(_ATTACHMENT, "more", policyArn=policy, role="prod-backup")


BROKEN: list[Row] = [
    ("16.2b", "prod", "neither rules nor schedules", drop(_TARGET, "")),
    ("16.2b", "prod", "a machine without role", add(_TARGET, "rules-start", _TO_MACHINE, rule="prod-retention")),
    ("16.2b", "prod", "a bus without role", add(_TARGET, "out", arn="arn:aws:events:x:1:event-bus/b", rule="prod-a")),
    ("16.2b", "prod", "a role for another service", _starts_machine(trusted="lambda.amazonaws.com")),
    ("16.2b", "prod", "a role for everything", _starts_machine(resource="*")),
    (
        "16.2b",
        "test",
        "trust in another service",
        set_(ROLE, _SHUTDOWN, assumeRolePolicy=_trust("events.amazonaws.com")),
    ),
    ("16.2b", "test", "every action", statement(ROLE_POLICY, _RIGHTS, "", Action="events:*")),
    ("16.2b", "test", "all but an action", statement(ROLE_POLICY, _RIGHTS, "", Action=None, NotAction="s3:*")),
    (
        "16.2b",
        "test",
        "a policy of AWS",
        add(_ATTACHMENT, "more", policyArn=f"{_AWS}/AdministratorAccess", role="test-shutdown"),
    ),
    ("16.3", "prod", "everything", _attach(f"{_AWS}/AdministratorAccess")),
    ("16.3", "prod", "a whole service", _attach(f"{_AWS}/AmazonS3FullAccess")),
    ("16.3", "test", "a job function's", _attach(f"{_AWS}/job-function/SystemAdministrator")),
    (
        "16.3",
        "prod",
        "in the role itself",
        set_(ROLE, "backups-roles-backup", managedPolicyArns=[f"{_AWS}/ReadOnlyAccess"]),
    ),
    ("16.3", "prod", "in the bootstrap stack", base(set_(_ATTACHMENT, "baseline-api-logs", policyArn=f"{_AWS}/Power"))),
    ("16.3", "prod", "none at all", together(drop(_ATTACHMENT, ""), base(drop(_ATTACHMENT, "baseline-api-logs")))),
    ("16.7", "test", "no bootstrap stack", base(None)),
    ("16.7", "prod", "no analyzer", base(drop(_ANALYZER, ""))),
    ("16.7", "prod", "of unused access only", base(set_(_ANALYZER, "", type="ACCOUNT_UNUSED_ACCESS"))),
]
OPEN: list[Row] = [
    ("16.2b", "prod", "what is called", refer(_TARGET, "rules-retention-target", "arn")),
    ("16.2b", "test", "a group", set_(_SCHEDULE, "", groupName=UNKNOWN)),
    ("16.2b", "test", "a trust", set_(ROLE, _SHUTDOWN, assumeRolePolicy=UNKNOWN)),
    ("16.2b", "test", "what the role may do", set_(ROLE_POLICY, _RIGHTS, policy=UNKNOWN)),
    ("16.3", "prod", "a policy", refer(_ATTACHMENT, "backups-backup", "policyArn")),
    ("16.3", "prod", "policies of a role", set_(ROLE, "backups-roles-backup", managedPolicyArns=UNKNOWN)),
    ("16.7", "prod", "a type", base(set_(_ANALYZER, "", type=UNKNOWN))),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_role_that_starts_one_machine_is_no_deviation() -> None:
    assert verdict("16.2b", _starts_machine()(whole("prod"))).word == "pass"
