"""What the settings of a trading stack make of its backups, and which of them are refused."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import Resource, StackGraph
from systems.trading.operations_settings import BackupSettings
from tests.evaluations import preview

GOOD: dict[str, Any] = {"every": "hour", "retention_days": 35, "copy_region": "us-west-2"}


def only(graph: StackGraph, type_: str) -> Resource:
    [found] = graph.of_type(f"aws:backup/{type_}")
    return found


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        ({"copy_region": None}, []),
        ({"lock": {"min_retention_days": 35}}, []),
        (
            {"copy_region": "us-east-1"},
            ["backups.copy_region: us-east-1 given, the stack's own; allowed: another region"],
        ),
        (
            {"lock": {"min_retention_days": 36, "grace_days": 3}},
            ["backups.retention_days: 35 given; allowed: at least 36, lock.min_retention_days"],
        ),
    ],
)
def test_a_mistake_of_backups_is_one_line(changes: dict[str, Any], lines: list[str]) -> None:
    assert list(BackupSettings(**{**GOOD, **changes}).mistakes("us-east-1")) == lines


def test_the_tables_of_the_stack_are_selected_by_its_tags(stack: str) -> None:
    selection = only(preview(stack).graph, "selection:Selection")
    account = {"test": "111111111111", "prod": "222222222222"}[stack]
    assert selection.inputs["resources"] == [f"arn:aws:dynamodb:us-east-1:{account}:table/*"]
    assert selection.get("conditions.0.stringEquals") == [
        {"key": "aws:ResourceTag/Environment", "value": stack},
        {"key": "aws:ResourceTag/Project", "value": "trading"},
    ]


def test_test_is_backed_up_daily_in_one_vault_without_a_lock() -> None:
    graph = preview("test").graph
    rule = only(graph, "plan:Plan").get("rules.0")
    assert (rule["schedule"], rule["lifecycle"], rule.get("copyActions")) == (
        "cron(15 5 ? * * *)",
        {"deleteAfter": 7},
        None,
    )
    assert only(graph, "vault:Vault").inputs["name"] == "test-backups"
    assert graph.of_type("aws:backup/vaultLockConfiguration:VaultLockConfiguration") == []


def test_production_is_backed_up_hourly_into_two_regions_behind_locks() -> None:
    graph = preview("prod").graph
    rule = only(graph, "plan:Plan").get("rules.0")
    assert (rule["schedule"], rule["lifecycle"]) == ("cron(15 * ? * * *)", {"deleteAfter": 35})
    assert [copy["lifecycle"] for copy in rule["copyActions"]] == [{"deleteAfter": 35}]
    vaults = graph.of_type("aws:backup/vault:Vault")
    assert {(vault.inputs["name"], vault.get("region"), vault.options.protect) for vault in vaults} == {
        ("prod-backups", None, True),
        ("prod-backups-copy", "us-west-2", True),
    }
    locks = graph.of_type("aws:backup/vaultLockConfiguration:VaultLockConfiguration")
    assert {(lock.get("region"), lock.get("minRetentionDays"), lock.get("changeableForDays")) for lock in locks} == {
        (None, 35, 3),
        ("us-west-2", 35, 3),
    }


def test_failures_are_told_to_those_who_look_after_the_system(stack: str) -> None:
    notices = only(preview(stack).graph, "vaultNotifications:VaultNotifications")
    assert [urn.rpartition("::")[2] for urn in notices.property_dependencies["snsTopicArn"]] == ["topics-system-health"]
