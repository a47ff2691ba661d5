"""AWS Backup: vaults, their locks, a plan that fills them, and the roles that it works with (requirement 22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.naming import Naming
from components.roles import Roles, RolesArgs, RoleSpec
from components.topics import Topic

Every = Literal["day", "hour"]
# Both in UTC. A quarter past spares the minute in which everybody's schedules start.
_SCHEDULES: Mapping[Every, str] = {"day": "cron(15 5 ? * * *)", "hour": "cron(15 * ? * * *)"}
# Minutes in which a job has to start, AWS Backup's least, and to end.
_START_MINUTES = 60
_COMPLETION_MINUTES = 180
# Told to people. AWS Backup says EXPIRED of a job that did not start in time.
_FAILURES = ("BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED", "COPY_JOB_FAILED", "RESTORE_JOB_FAILED")
# What AWS maintains for its own service, which learns to back up more (TRADING-16.3; docs/decisions.md, 67).
_MANAGED = {
    "backup": "service-role/AWSBackupServiceRolePolicyForBackup",
    "restore": "service-role/AWSBackupServiceRolePolicyForRestores",
}


@dataclass(frozen=True, kw_only=True)
class VaultLock:
    """A lock that keeps everyone from deleting recovery points early, and so from deleting the vault.

    `min_retention_days` is the shortest time that a recovery point may be kept. After `grace_days`, 3 or more, nobody
    can take the lock off or change it (compliance mode); without, who has the permission can (governance mode).
    """

    min_retention_days: int
    grace_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """The backups of one stack.

    `resources` are patterns of ARNs, and `tags` what a resource carries besides, all of them, to be backed up.
    `retention_days` is how long each recovery point is kept, and each copy in the vault of `copy_region`, if given.
    `failures` is told of jobs that failed or never started.
    """

    account: Account
    naming: Naming
    every: Every
    retention_days: int
    resources: Sequence[str]
    tags: Mapping[str, str]
    failures: Topic
    copy_region: str | None = None
    lock: VaultLock | None = None


class Backups(pulumi.ComponentResource):
    """A vault, one in a second region where settings ask for it, and the plan that fills both.

    `vaults` holds them by logical name, `main` and `copy`. They are encrypted with the key that AWS Backup has in each
    region, which nobody can delete (docs/decisions.md, 66). `restore_role` is for those who bring data back.
    """

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Backups", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.vaults: dict[str, aws.backup.Vault] = {"main": self._vault("main", "backups", None)}
        if args.copy_region is not None:
            self.vaults["copy"] = self._vault("copy", "backups-copy", args.copy_region)
        self._tell()
        roles = self._roles()
        plan = self._plan()
        self._select(plan, *roles["backup"])
        self.restore_role, _ = roles["restore"]
        arns = {vault: resource.arn for vault, resource in self.vaults.items()}
        self.register_outputs({"vaults": arns, "restore_role": self.restore_role.arn})

    def _vault(self, vault: str, physical_name: str, region: str | None) -> aws.backup.Vault:
        name = self._args.naming.exact("backup_vault", physical_name)
        resource = aws.backup.Vault(f"{self._prefix}-{vault}", name=name, region=region, opts=self._child)
        lock = self._args.lock
        if lock is not None:
            aws.backup.VaultLockConfiguration(
                f"{self._prefix}-{vault}-lock",
                backup_vault_name=resource.name,
                min_retention_days=lock.min_retention_days,
                changeable_for_days=lock.grace_days,
                region=region,
                # A vault has one lock. Made before the old one is deleted, the new one would be deleted with it.
                opts=self._only_one(),
            )
        return resource

    def _tell(self) -> None:
        topic = self._args.failures
        aws.backup.VaultNotifications(
            f"{self._prefix}-main-failures",
            backup_vault_name=self.vaults["main"].name,
            sns_topic_arn=topic.arn,
            backup_vault_events=list(_FAILURES),
            opts=pulumi.ResourceOptions.merge(self._only_one(), pulumi.ResourceOptions(depends_on=[topic.policy])),
        )

    def _only_one(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, delete_before_replace=True)

    def _roles(self) -> Mapping[str, tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]]:
        """Return the roles for backing up and for restoring, each with what permits it to.

        AWS Backup says nowhere that it names a source when it assumes a role, so no condition asks for one.
        """
        roles = Roles(
            f"{self._prefix}-roles",
            RolesArgs(
                naming=self._args.naming,
                service="backup.amazonaws.com",
                roles={
                    "backup": RoleSpec(physical_name="backup", description="Takes, copies and expires backups"),
                    "restore": RoleSpec(physical_name="restore", description="Restores from backups"),
                },
            ),
            self._child,
        )
        roles.attach()
        partition = self._args.account.partition
        return {
            role: (
                roles.roles[role].resource,
                aws.iam.RolePolicyAttachment(
                    f"{self._prefix}-{role}",
                    role=roles.roles[role].resource.name,
                    policy_arn=f"arn:{partition}:iam::aws:policy/{policy}",
                    opts=self._child,
                ),
            )
            for role, policy in _MANAGED.items()
        }

    def _plan(self) -> aws.backup.Plan:
        args = self._args
        rule: aws.backup.PlanRuleArgsDict = {
            "rule_name": f"every-{args.every}",
            "target_vault_name": self.vaults["main"].name,
            "schedule": _SCHEDULES[args.every],
            "start_window": _START_MINUTES,
            "completion_window": _COMPLETION_MINUTES,
            "lifecycle": {"delete_after": args.retention_days},
        }
        if "copy" in self.vaults:
            kept: aws.backup.PlanRuleCopyActionLifecycleArgsDict = {"delete_after": args.retention_days}
            rule["copy_actions"] = [{"destination_vault_arn": self.vaults["copy"].arn, "lifecycle": kept}]
        return aws.backup.Plan(
            f"{self._prefix}-plan", name=args.naming.exact("backup_plan", "backups"), rules=[rule], opts=self._child
        )

    def _select(
        self, plan: aws.backup.Plan, role: aws.iam.Role, permissions: aws.iam.RolePolicyAttachment
    ) -> aws.backup.Selection:
        conditions: list[aws.backup.SelectionConditionStringEqualArgsDict] = [
            {"key": f"aws:ResourceTag/{tag}", "value": value} for tag, value in self._args.tags.items()
        ]
        return aws.backup.Selection(
            f"{self._prefix}-selection",
            name=self._args.naming.exact("backup_selection", "backups"),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=list(self._args.resources),
            conditions=[{"string_equals": conditions}] if conditions else None,
            # The next run of the plan may be minutes away, and needs what the role may do.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[permissions])),
        )
