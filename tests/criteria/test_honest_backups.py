"""Requirement 22 cannot be fooled: what keeps a table out of its backups fails, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Options
from tests.criteria.breaking import (
    ROLE,
    TABLE,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    nothing,
    refer,
    set_,
    settings,
    together,
    verdict,
    whole,
)

_VAULT = "aws:backup/vault:Vault"
_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
_PLAN = "aws:backup/plan:Plan"
_SELECTION = "aws:backup/selection:Selection"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_SETTINGS = "aws:backup/regionSettings:RegionSettings"
_MINE = "selection"
_MANAGEMENT, _OPT_IN = "resourceTypeManagementPreference", "resourceTypeOptInPreference"


def _rule(**changes: Any) -> Change:
    """Change the one rule of the plan."""

    def change(rules: Any) -> Any:
        return [{**rules[0], **changes}]

    return _rules(change)


def _rules(change: Callable[[Any], Any]) -> Change:
    return edit(
        _PLAN,
        "plan",
        lambda plan: dataclasses.replace(plan, inputs={**plan.inputs, "rules": change(plan.inputs["rules"])}),
    )


def _asks(operator: str, key: str, value: Any) -> Change:
    return set_(_SELECTION, _MINE, conditions=[{operator: [{"key": key, "value": value}]}])


def _trust(**elements: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **elements}]})


def _kept(**changes: Any) -> Change:
    return _rule(lifecycle={"deleteAfter": 7, **changes})


def _copy(**changes: Any) -> Change:
    """Change the one copy of the rule."""

    def change(rules: Any) -> Any:
        [copy] = rules[0]["copyActions"]
        return [{**rules[0], "copyActions": [{**copy, **changes}]}]

    return _rules(change)


def _unprotected() -> Change:
    return edit(_VAULT, "backups-main", lambda vault: dataclasses.replace(vault, options=Options()))


def _region(**preferences: Any) -> Change:
    return base(set_(_SETTINGS, "backup", **preferences))


BROKEN: list[Row] = [
    ("22.1", "prod", "no selection", drop(_SELECTION, _MINE)),
    ("22.1", "prod", "no plan", together(drop(_PLAN, "plan"), refer(_SELECTION, _MINE, "planId", value="other"))),
    ("22.1", "prod", "no rules", set_(_PLAN, "plan", rules=[])),
    (
        "22.1",
        "prod",
        "one table only",
        set_(_SELECTION, _MINE, resources=["arn:aws:dynamodb:*:*:table/prod-user-profiles"]),
    ),
    ("22.1", "prod", "another account", settings(account_id="333333333333")),
    ("22.1", "prod", "buckets", set_(_SELECTION, _MINE, resources=["arn:aws:s3:::*"])),
    (
        "22.1",
        "prod",
        "one table not",
        set_(_SELECTION, _MINE, notResources=["arn:aws:dynamodb:*:*:table/prod-user-profiles*"]),
    ),
    ("22.1", "prod", "a table without tags", set_(TABLE, "tables-user-profiles", tags={})),
    (
        "22.1",
        "prod",
        "a table of test",
        set_(TABLE, "tables-user-profiles", tags={"Environment": "test", "Project": "trading"}),
    ),
    ("22.1", "prod", "another tag", _asks("stringEquals", "aws:ResourceTag/Backup", "true")),
    ("22.1", "prod", "another pattern", _asks("stringLikes", "aws:ResourceTag/Environment", "te*")),
    ("22.1", "prod", "all but these", _asks("stringNotEquals", "aws:ResourceTag/Environment", "prod")),
    ("22.1", "prod", "all but such", _asks("stringNotLikes", "aws:ResourceTag/Environment", "p*")),
    ("22.1", "prod", "elsewhere", set_(_SELECTION, _MINE, region="us-west-2")),
    (
        "22.1",
        "test",
        "an older condition",
        set_(_SELECTION, _MINE, selectionTags=[{"type": "STRINGEQUALS", "key": "Backup", "value": "true"}]),
    ),
    ("22.1", "test", "no table", nothing),
    ("22.2a", "test", "no selection", drop(_SELECTION, _MINE)),
    ("22.2a", "test", "hourly", _rule(schedule="cron(15 * ? * * *)")),
    ("22.2a", "test", "weekly", _rule(schedule="cron(15 5 ? * MON *)")),
    ("22.2a", "test", "monthly", _rule(schedule="cron(15 5 1 * ? *)")),
    ("22.2a", "test", "no rule", set_(_PLAN, "plan", rules=[])),
    ("22.2b", "prod", "daily", _rule(schedule="cron(15 5 ? * * *)")),
    ("22.2b", "prod", "AWS's default", _rule(schedule=None)),
    ("22.2b", "prod", "office hours", _rule(schedule="cron(15 8-18 ? * * *)")),
    ("22.2b", "prod", "one year", _rule(schedule="cron(15 * ? * * 2030)")),
    ("22.3a", "test", "a week and a day", _kept(deleteAfter=8)),
    ("22.3a", "test", "for ever", _rule(lifecycle=None)),
    ("22.3a", "test", "no selection", drop(_SELECTION, _MINE)),
    ("22.3b", "prod", "as in test", _kept()),
    ("22.3b", "prod", "copies for ever", _copy(lifecycle=None)),
    ("22.3b", "prod", "copies for a day", _copy(lifecycle={"deleteAfter": 1})),
    ("22.4", "prod", "no copy", _rule(copyActions=[])),
    ("22.4", "prod", "none given", _rule(copyActions=None)),
    ("22.4", "prod", "no plan in use", drop(_SELECTION, _MINE)),
    ("22.4", "prod", "the same region", set_(_VAULT, "backups-copy", region="us-east-1")),
    ("22.4", "prod", "the region of the stack", set_(_VAULT, "backups-copy", region=None)),
    ("22.4", "prod", "itself", refer(_PLAN, "plan", "rules", (_VAULT, "backups-main"), value=None)),
    ("22.4", "prod up", "a foreign vault", _copy(destinationVaultArn="arn:aws:backup:us-west-2:1:backup-vault:x")),
    ("22.4", "prod up", "no vault", _copy(destinationVaultArn=None)),
    ("22.4", "prod", "no bootstrap stack", base(None)),
    ("22.4", "prod", "no settings", base(drop(_SETTINGS, "backup"))),
    ("22.4", "prod", "unmanaged", _region(**{_MANAGEMENT: {"DynamoDB": False}})),
    ("22.4", "prod", "not opted in", _region(**{_OPT_IN: {"RDS": True}})),
    ("22.5", "prod", "no selection", drop(_SELECTION, _MINE)),
    ("22.5", "prod", "no policy to back up", drop(_ATTACHMENT, "backups-backup")),
    ("22.5", "prod", "no policy to restore", drop(_ATTACHMENT, "backups-restore")),
    ("22.5", "prod", "no role to restore", together(drop(ROLE, "roles-restore"), drop(_ATTACHMENT, "backups-restore"))),
    ("22.5", "prod", "anybody's policy", set_(_ATTACHMENT, "backups-backup", policyArn="arn:aws:iam::aws:policy/x")),
    (
        "22.5",
        "prod",
        "a role of functions",
        set_(ROLE, "backups-roles-backup", assumeRolePolicy=_trust(Principal={"Service": "lambda.amazonaws.com"})),
    ),
    (
        "22.5",
        "test",
        "a shared role",
        set_(
            ROLE,
            "backups-roles-restore",
            assumeRolePolicy=_trust(Principal={"Service": ["backup.amazonaws.com", "lambda.amazonaws.com"]}),
        ),
    ),
    ("22.5", "test", "nobody", set_(ROLE, "backups-roles-backup", assumeRolePolicy=_trust(Effect="Deny"))),
    ("22.6", "prod", "no lock", drop(_LOCK, "main-lock")),
    ("22.6", "prod", "no lock of the copy", drop(_LOCK, "copy-lock")),
    ("22.6", "prod", "a lock elsewhere", set_(_LOCK, "copy-lock", region="us-east-2")),
    ("22.6", "prod", "removed by Pulumi", _unprotected()),
    ("22.6", "prod", "emptied by force", set_(_VAULT, "backups-copy", forceDestroy=True)),
    ("22.6", "prod", "a vault without", add(_VAULT, "more", name="more")),
    ("22.6", "prod", "no vault", drop(_VAULT, "")),
]
OPEN: list[Row] = [
    ("22.1", "prod", "a name", set_(TABLE, "tables-user-profiles", name=UNKNOWN)),
    ("22.1", "prod", "tags", set_(TABLE, "tables-user-profiles", tags=UNKNOWN)),
    ("22.1", "prod", "a tag", set_(TABLE, "tables-user-profiles", tags={"Environment": UNKNOWN, "Project": "trading"})),
    ("22.1", "prod", "patterns", set_(_SELECTION, _MINE, resources=UNKNOWN)),
    ("22.1", "prod", "a pattern", set_(_SELECTION, _MINE, resources=[UNKNOWN])),
    ("22.1", "prod", "what is left out", set_(_SELECTION, _MINE, notResources=[UNKNOWN])),
    ("22.1", "prod", "conditions", set_(_SELECTION, _MINE, conditions=UNKNOWN)),
    ("22.1", "prod", "rules", set_(_PLAN, "plan", rules=UNKNOWN)),
    ("22.1", "prod", "the plan", refer(_SELECTION, _MINE, "planId")),
    ("22.1", "prod", "the region", set_(_SELECTION, _MINE, region=UNKNOWN)),
    ("22.2a", "test", "a schedule", _rule(schedule=UNKNOWN)),
    ("22.2b", "prod", "rules", set_(_PLAN, "plan", rules=UNKNOWN)),
    ("22.2b", "prod", "the plan", refer(_SELECTION, _MINE, "planId")),
    ("22.3a", "test", "days", _kept(deleteAfter=UNKNOWN)),
    ("22.3b", "prod", "copies", _rule(copyActions=UNKNOWN)),
    ("22.3b", "prod", "a rule", set_(_PLAN, "plan", rules=[UNKNOWN])),
    ("22.4", "prod", "copies", _rule(copyActions=UNKNOWN)),
    ("22.4", "prod", "where the vault lies", set_(_VAULT, "backups-copy", region=UNKNOWN)),
    ("22.4", "prod", "what it comes from", _rule(targetVaultName=UNKNOWN)),
    ("22.4", "prod", "preferences", _region(**{_MANAGEMENT: UNKNOWN})),
    ("22.5", "prod", "the role", refer(_SELECTION, _MINE, "iamRoleArn")),
    ("22.5", "prod", "who assumes it", set_(ROLE, "backups-roles-backup", assumeRolePolicy=UNKNOWN)),
    ("22.5", "prod", "a policy", set_(_ATTACHMENT, "backups-restore", policyArn=UNKNOWN)),
    ("22.5", "prod", "whose policy it is", refer(_ATTACHMENT, "backups-backup", "role")),
    ("22.6", "prod", "whose lock it is", refer(_LOCK, "main-lock", "backupVaultName")),
    ("22.6", "prod", "where the lock is", set_(_LOCK, "copy-lock", region=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize(
    ("number", "stack", "change"),
    [
        ("22.1", "prod", _asks("stringLikes", "aws:ResourceTag/Environment", "pr*")),
        ("22.1", "prod", set_(_SELECTION, _MINE, resources=None)),
        ("22.2a", "test", _rule(schedule="cron(0  5 1/1 * ? *)")),
        ("22.2a", "test", _rule(schedule=None)),
        ("22.2b", "prod", _rule(schedule="cron(0 0/1 * * ? *)")),
        ("22.6", "prod", set_(_LOCK, "main-lock", changeableForDays=None)),
    ],
)
def test_other_ways_to_the_same_end_are_good(number: str, stack: str, change: Change) -> None:
    assert verdict(number, change(whole(stack))).word == "pass"
