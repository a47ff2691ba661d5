"""The backups of the trading stack: which tables are backed up, how often, and who hears of failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.backups import Backups, BackupsArgs, VaultLock
from components.topics import Topic
from systems.trading.settings import Settings

_TOPIC = "system-health"
# The tags that tell a stack's resources from those of other environments and systems in the account.
_TAGS = ("Environment", "Project")


def keep(
    settings: Settings, topics: Mapping[str, Topic], opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Input[Any]]:
    """Register the backups of every table of the stack, and return the stack's outputs about them."""
    account, wanted = settings.account(), settings.backups
    lock = wanted.lock
    args = BackupsArgs(
        account=account,
        naming=settings.naming(),
        every=wanted.every,
        retention_days=wanted.retention_days,
        # No table can be forgotten: whatever has the stack's tags is backed up.
        resources=[account.table_arn("*")],
        tags={tag: settings.all_tags()[tag] for tag in _TAGS},
        failures=topics[_TOPIC],
        copy_region=wanted.copy_region,
        lock=VaultLock(min_retention_days=lock.min_retention_days, grace_days=lock.grace_days) if lock else None,
    )
    made = Backups("backups", args, opts)
    return {
        "backup_vaults": {name: vault.arn for name, vault in made.vaults.items()},
        "restore_role": made.restore_role.arn,
    }
