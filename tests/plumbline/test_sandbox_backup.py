"""The in-process AWS holds vaults, locks and plans of AWS Backup, and gives tables back (docs/runbooks/restore.md)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from plumbline.contract import encode
from tests.plumbline.rehearsals import ACCOUNT, REGION, TRUST, client, inside, part, readers, rehearse

ELSEWHERE = "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:health"
TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*"
TEAM = {"Owner": "team"}
ITEM = {"id": {"S": "1"}, "amount": {"N": "7"}}
BEFORE = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


def backups() -> None:
    opts = inside()
    aws.dynamodb.Table(
        "orders",
        name="orders",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        opts=opts,
    )
    main = aws.backup.Vault("main", name="main", kms_key_arn=KEY, tags=TEAM, opts=opts)
    copy = aws.backup.Vault("copy", name="copy", region=ELSEWHERE, opts=opts)
    lock = aws.backup.VaultLockConfiguration(
        "lock",
        backup_vault_name=main.name,
        min_retention_days=7,
        max_retention_days=365,
        changeable_for_days=3,
        opts=opts,
    )
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[lock]))
    aws.backup.VaultLockConfiguration(
        "loose", backup_vault_name=copy.name, min_retention_days=7, region=ELSEWHERE, opts=after
    )
    aws.backup.VaultNotifications(
        "notices",
        backup_vault_name=main.name,
        sns_topic_arn=TOPIC,
        backup_vault_events=["BACKUP_JOB_FAILED"],
        opts=opts,
    )
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
    plan = aws.backup.Plan(
        "plan",
        name="plan",
        rules=[
            {
                "rule_name": "hourly",
                "target_vault_name": main.name,
                "schedule": "cron(15 * ? * * *)",
                "schedule_expression_timezone": "Europe/Berlin",
                "start_window": 60,
                "completion_window": 180,
                "lifecycle": {"cold_storage_after": 10, "delete_after": 100},
                "recovery_point_tags": TEAM,
                "copy_actions": [{"destination_vault_arn": copy.arn, "lifecycle": {"delete_after": 35}}],
            },
            {"rule_name": "plain", "target_vault_name": main.name},
        ],
        advanced_backup_settings=[{"resource_type": "EC2", "backup_options": {"WindowsVSS": "enabled"}}],
        tags=TEAM,
        opts=opts,
    )
    aws.backup.Selection(
        "selection", name="tables", plan_id=plan.id, iam_role_arn=role.arn, resources=[TABLES], opts=opts
    )


def look() -> dict[str, Any]:
    here, there = (
        client("backup"),
        boto3.Session(aws_access_key_id="x", aws_secret_access_key="x").client("backup", region_name=ELSEWHERE),
    )
    main = here.describe_backup_vault(BackupVaultName="main")
    (plan,) = here.list_backup_plans()["BackupPlansList"]
    return {
        "main": {**main, **here.list_backup_vaults()["BackupVaultList"][0]},
        "main tags": here.list_tags(ResourceArn=main["BackupVaultArn"])["Tags"],
        "copy": {
            **there.describe_backup_vault(BackupVaultName="copy"),
            **there.list_backup_vaults()["BackupVaultList"][0],
        },
        "plan": here.get_backup_plan(BackupPlanId=plan["BackupPlanId"]),
        "plan tags": here.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"],
        "restored": restored(),
    }


def restored() -> dict[str, Any]:
    """Bring a table back as the runbook says: to a point in time, and from a backup of DynamoDB's own."""
    tables = client("dynamodb")
    tables.put_item(TableName="orders", Item=ITEM)
    saved = tables.create_backup(TableName="orders", BackupName="before")["BackupDetails"]["BackupArn"]
    tables.restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName="orders-restored", RestoreDateTime=BEFORE
    )
    tables.restore_table_from_backup(TargetTableName="orders-saved", BackupArn=saved)
    return {name: tables.scan(TableName=name)["Items"] for name in ("orders-restored", "orders-saved")}


whole, seen, identity, outputs = readers(backups, look)


def test_what_moto_has_nothing_of_is_simulated_and_counted() -> None:
    assert whole().simulated == {
        "aws:backup/vaultNotifications:VaultNotifications": 1,
        "aws:backup/selection:Selection": 1,
    }


def test_a_vault_has_its_key_and_tags() -> None:
    arn = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:main"
    expected = {"BackupVaultName": "main", "BackupVaultArn": arn, "EncryptionKeyArn": KEY}
    assert part(seen("main"), expected) == expected
    assert seen("main tags") == TEAM
    assert (identity("main"), outputs("main")) == ("main", {"arn": arn, "recoveryPoints": 0})


def test_a_vault_lies_in_its_own_region() -> None:
    arn = f"arn:aws:backup:{ELSEWHERE}:{ACCOUNT}:backup-vault:copy"
    assert (seen("copy")["BackupVaultArn"], outputs("copy")["arn"]) == (arn, arn)


def test_a_lock_holds_from_its_date_on_or_without_one() -> None:
    limits = {"Locked": True, "MinRetentionDays": 7, "MaxRetentionDays": 365}
    assert part(seen("main"), limits) == limits
    assert "LockDate" in seen("main")
    assert part(seen("copy"), {"Locked": 0, "MinRetentionDays": 0}) == {"Locked": True, "MinRetentionDays": 7}
    assert "LockDate" not in seen("copy")
    assert (identity("lock"), outputs("lock")) == ("main", {"backupVaultArn": outputs("main")["arn"]})


def test_a_plan_has_its_rules() -> None:
    expected = {
        "BackupPlanName": "plan",
        "Rules": [
            {
                "RuleName": "hourly",
                "TargetBackupVaultName": "main",
                "ScheduleExpression": "cron(15 * ? * * *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "StartWindowMinutes": 60,
                "CompletionWindowMinutes": 180,
                "Lifecycle": {"MoveToColdStorageAfterDays": 10, "DeleteAfterDays": 100},
                "RecoveryPointTags": TEAM,
                "CopyActions": [
                    {"DestinationBackupVaultArn": outputs("copy")["arn"], "Lifecycle": {"DeleteAfterDays": 35}}
                ],
            },
            {"RuleName": "plain", "TargetBackupVaultName": "main"},
        ],
        "AdvancedBackupSettings": [{"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}],
    }
    assert part(seen("plan")["BackupPlan"], expected) == expected
    assert seen("plan tags") == TEAM
    assert (identity("plan"), outputs("plan")) == (
        seen("plan")["BackupPlanId"],
        {"arn": seen("plan")["BackupPlanArn"], "version": seen("plan")["VersionId"]},
    )


def test_a_table_comes_back_with_its_items() -> None:
    assert seen("restored") == {"orders-restored": [ITEM], "orders-saved": [ITEM]}


def test_the_same_backups_twice_have_the_same_ids() -> None:
    again = rehearse(backups)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, encode(first.outputs)) == (second.urn, second.id, encode(second.outputs))


def two_vaults() -> None:
    for name in ("it", "it-too"):
        aws.backup.Vault(name, name="one")


def lock_of_nothing() -> None:
    aws.backup.VaultLockConfiguration("it", backup_vault_name="none", min_retention_days=1)


def plan_for_nothing() -> None:
    aws.backup.Plan("it", name="it", rules=[{"rule_name": "daily", "target_vault_name": "none"}])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (two_vaults, " it-too: AlreadyExistsException: "),
        (lock_of_nothing, " it: ResourceNotFoundException: Backup vault none not found"),
        (plan_for_nothing, " it: ResourceNotFoundException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert words in line
    assert "\n" not in line
