"""AWS Backup in the sandbox: vaults with their locks, and plans.

moto has no selections, notices or policies of vaults: those types have no adapter, and are simulated. It runs no plan.
"""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given
from plumbline.sandbox.events import whole


@adapter("aws:backup/vault:Vault")
def vault(context: Context, inputs: Inputs) -> Created:
    name = inputs["name"]
    made = context.client("backup", inputs).create_backup_vault(
        BackupVaultName=name,
        BackupVaultTags=dict(inputs.get("tags") or {}),
        **given(EncryptionKeyArn=inputs.get("kmsKeyArn")),
    )
    # Of AWS's own key, under which a vault is without one, moto says nothing.
    return name, {"arn": made["BackupVaultArn"], "recoveryPoints": 0}


@adapter("aws:backup/vaultLockConfiguration:VaultLockConfiguration")
def vault_lock(context: Context, inputs: Inputs) -> Created:
    client, name = context.client("backup", inputs), inputs["backupVaultName"]
    client.put_backup_vault_lock_configuration(
        BackupVaultName=name,
        **given(
            ChangeableForDays=whole(inputs.get("changeableForDays")),
            MaxRetentionDays=whole(inputs.get("maxRetentionDays")),
            MinRetentionDays=whole(inputs.get("minRetentionDays")),
        ),
    )
    return name, {"backupVaultArn": client.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"]}


@adapter("aws:backup/plan:Plan")
def plan(context: Context, inputs: Inputs) -> Created:
    client = context.client("backup", inputs)
    for rule in inputs["rules"]:
        client.describe_backup_vault(BackupVaultName=rule["targetVaultName"])  # AWS refuses one that does not exist
    made = client.create_backup_plan(
        BackupPlan=given(
            BackupPlanName=inputs["name"],
            Rules=[_rule(rule) for rule in inputs["rules"]],
            AdvancedBackupSettings=[
                {"ResourceType": row["resourceType"], "BackupOptions": dict(row["backupOptions"])}
                for row in inputs.get("advancedBackupSettings") or []
            ]
            or None,
            ScanSettings=[
                {
                    "MalwareScanner": row["malwareScanner"],
                    "ResourceTypes": row["resourceTypes"],
                    "ScannerRoleArn": row["scannerRoleArn"],
                }
                for row in inputs.get("scanSettings") or []
            ]
            or None,
        ),
        BackupPlanTags=dict(inputs.get("tags") or {}),
    )
    return made["BackupPlanId"], {"arn": made["BackupPlanArn"], "version": made["VersionId"]}


def _rule(rule: Inputs) -> dict[str, Any]:
    return given(
        RuleName=rule["ruleName"],
        TargetBackupVaultName=rule["targetVaultName"],
        TargetLogicallyAirGappedBackupVaultArn=rule.get("targetLogicallyAirGappedBackupVaultArn"),
        ScheduleExpression=rule.get("schedule"),
        ScheduleExpressionTimezone=rule.get("scheduleExpressionTimezone"),
        StartWindowMinutes=whole(rule.get("startWindow")),
        CompletionWindowMinutes=whole(rule.get("completionWindow")),
        EnableContinuousBackup=rule.get("enableContinuousBackup"),
        Lifecycle=_lifecycle(rule),
        RecoveryPointTags=rule.get("recoveryPointTags"),
        CopyActions=[
            given(DestinationBackupVaultArn=row["destinationVaultArn"], Lifecycle=_lifecycle(row))
            for row in rule.get("copyActions") or []
        ]
        or None,
        ScanActions=[
            {"MalwareScanner": row["malwareScanner"], "ScanMode": row["scanMode"]}
            for row in rule.get("scanActions") or []
        ]
        or None,
    )


def _lifecycle(owner: Inputs) -> dict[str, Any] | None:
    life = owner.get("lifecycle")
    return life and given(
        DeleteAfterDays=whole(life.get("deleteAfter")),
        MoveToColdStorageAfterDays=whole(life.get("coldStorageAfter")),
        OptInToArchiveForSupportedResources=life.get("optInToArchiveForSupportedResources"),
    )
