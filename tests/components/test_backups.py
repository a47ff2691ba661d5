"""components.backups: vaults and their locks, the plan, what it selects, its roles, who is told of failures."""

from __future__ import annotations

import json
from typing import Any

from components.backups import Backups, BackupsArgs, VaultLock
from components.topics import Topics, TopicsArgs, TopicSpec
from plumbline.graph import UNKNOWN, Options, StackGraph
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    NAMING,
    graph_of,
    named,
    names,
    needs,
    only,
    options,
    present,
)

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
TABLES = "arn:aws:dynamodb:us-east-1:111111111111:table/*"
COPIED = {"copy_region": "us-west-2"}
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"


def backups(**changes: Any) -> None:
    spec = TopicSpec(display_name="Health", publishers={})
    topics = Topics(
        "topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics={"health": spec})
    )
    whole: dict[str, Any] = {
        "account": ACCOUNT,
        "naming": NAMING,
        "every": "day",
        "retention_days": 7,
        "resources": [TABLES],
        "tags": {"Environment": "test", "Project": "trading"},
        "failures": topics.topics["health"],
        **changes,
    }
    Backups("backups", BackupsArgs(**whole))


def graph(**changes: Any) -> StackGraph:
    return graph_of(lambda: backups(**changes))


def rule(**changes: Any) -> dict[str, Any]:
    [found] = only(graph(**changes), "aws:backup/plan:Plan").inputs["rules"]
    return present(found)


# Vaults.


def test_without_a_second_region_there_is_one_vault_under_the_regions_own_key() -> None:
    found = only(graph(), VAULT)
    assert (found.name, present(found.inputs)) == ("backups-main", {"name": "test-backups"})


def test_the_second_vault_lies_in_the_other_region() -> None:
    assert {vault.name: present(vault.inputs) for vault in graph(**COPIED).of_type(VAULT)} == {
        "backups-main": {"name": "test-backups"},
        "backups-copy": {"name": "test-backups-copy", "region": "us-west-2"},
    }


def test_without_a_lock_no_vault_has_one() -> None:
    assert graph(**COPIED).of_type(LOCK) == []


def test_every_vault_has_the_lock_in_its_region() -> None:
    made = graph(**COPIED, lock=VaultLock(min_retention_days=35, grace_days=3))
    locks = {lock.name: lock for lock in made.of_type(LOCK)}
    kept = {"minRetentionDays": 35, "changeableForDays": 3}
    assert {name: present(lock.inputs) for name, lock in locks.items()} == {
        "backups-main-lock": {"backupVaultName": "test-backups", **kept},
        "backups-copy-lock": {"backupVaultName": "test-backups-copy", "region": "us-west-2", **kept},
    }
    assert {name: needs(lock)["backupVaultName"] for name, lock in locks.items()} == {
        "backups-main-lock": ("backups-main",),
        "backups-copy-lock": ("backups-copy",),
    }


def test_without_days_of_grace_the_lock_can_be_taken_off() -> None:
    found = only(graph(lock=VaultLock(min_retention_days=7)), LOCK)
    assert present(found.inputs) == {"backupVaultName": "test-backups", "minRetentionDays": 7}


def test_what_a_vault_has_one_of_is_deleted_before_it_is_replaced() -> None:
    made = graph(lock=VaultLock(min_retention_days=7))
    assert [options(named(made, f"backups-main-{part}")) for part in ("lock", "failures")] == [
        Options(delete_before_replace=True),
        Options(delete_before_replace=True),
    ]


# The plan.


def test_a_daily_backup_is_kept_as_long_as_asked() -> None:
    assert rule() == {
        "ruleName": "every-day",
        "targetVaultName": "test-backups",
        "schedule": "cron(15 5 ? * * *)",
        "startWindow": 60,
        "completionWindow": 180,
        "lifecycle": {"deleteAfter": 7},
    }


def test_an_hourly_backup_is_taken_every_hour() -> None:
    found = rule(every="hour")
    assert (found["ruleName"], found["schedule"]) == ("every-hour", "cron(15 * ? * * *)")


def test_copies_in_the_other_region_are_kept_as_long() -> None:
    assert rule(**COPIED)["copyActions"] == [{"destinationVaultArn": UNKNOWN, "lifecycle": {"deleteAfter": 7}}]
    plan = only(graph(**COPIED), "aws:backup/plan:Plan")
    assert (plan.inputs["name"], needs(plan)["rules"]) == ("test-backups", ("backups-copy", "backups-main"))


def test_what_matches_a_pattern_and_has_all_tags_is_selected_once_the_role_may_back_up() -> None:
    made = graph()
    selection = only(made, "aws:backup/selection:Selection")
    assert present(selection.inputs) == {
        "name": "test-backups",
        "planId": UNKNOWN,
        "iamRoleArn": UNKNOWN,
        "resources": [TABLES],
        "conditions": [
            {
                "stringEquals": [
                    {"key": "aws:ResourceTag/Environment", "value": "test"},
                    {"key": "aws:ResourceTag/Project", "value": "trading"},
                ]
            }
        ],
    }
    assert needs(selection) == {"planId": ("backups-plan",), "iamRoleArn": ("backups-roles-backup",)}
    assert "backups-backup" in names(selection.dependencies)


def test_without_tags_everything_that_matches_a_pattern_is_selected() -> None:
    assert "conditions" not in present(only(graph(tags={}), "aws:backup/selection:Selection").inputs)


# Roles and notices.


def test_there_is_a_role_to_back_up_and_one_to_restore_with_what_aws_maintains_for_each() -> None:
    made = graph()
    trusted = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    roles = made.of_type("aws:iam/role:Role")
    assert {role.inputs["name"] for role in roles} == {"test-backup", "test-restore"}
    assert [json.loads(role.inputs["assumeRolePolicy"]) for role in roles] == [trusted] * 2
    attachments = made.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {(found.inputs["role"], found.inputs["policyArn"]) for found in attachments} == {
        ("test-backup", f"{MANAGED}Backup"),
        ("test-restore", f"{MANAGED}Restores"),
    }


def test_people_are_told_of_failures_once_the_topic_lets_them_be() -> None:
    found = only(graph(), "aws:backup/vaultNotifications:VaultNotifications")
    assert present(found.inputs) == {
        "backupVaultName": "test-backups",
        "snsTopicArn": UNKNOWN,
        "backupVaultEvents": ["BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED", "COPY_JOB_FAILED", "RESTORE_JOB_FAILED"],
    }
    assert needs(found) == {"backupVaultName": ("backups-main",), "snsTopicArn": ("topics-health",)}
    assert "topics-health-policy" in names(found.dependencies)
