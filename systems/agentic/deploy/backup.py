"""On-demand backups of the table ahead of deployments (AGENTIC-06.2), and their end after the retention (06.5)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from plumbline.project import UserError

_POLL_SECONDS = 5
LEAST_DAYS = 7  # AGENTIC-06.5, whatever the settings or a caller say
_NO_COMMIT = "no-commit"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup of the deployment's own: its name and ARN, when it was made, and DynamoDB's word for its state."""

    name: str
    arn: str
    at: datetime
    status: str


@dataclass(frozen=True, kw_only=True)
class Backups:
    """The backups of one stack's table: named with stack, time in UTC and commit, and touched by nobody else."""

    client: Any
    stack: str
    table: str
    minutes: float = 30
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def make(self, commit: str) -> Backup | None:
        """Make a backup and wait until it is there; None where there is no table yet.

        One of the same commit that DynamoDB is still making is waited for: an interrupted command began it. Raises
        UserError where it does not become available in time, or at all.
        """
        if not self._exists():
            return None
        begun = [one for one in self.own() if one.status == "CREATING" and one.name.endswith(f"-{_short(commit)}")]
        return self._wait(begun[-1].arn if begun else self._begin(commit))

    def expire(self, days: int) -> list[Backup]:
        """Delete own backups older than `days`, at least seven; the newest that is available stays in any case."""
        ended = self.now() - timedelta(days=max(days, LEAST_DAYS))
        there = [one for one in self.own() if one.status == "AVAILABLE"]
        gone = [one for one in there[:-1] if one.at < ended]
        for one in gone:
            self._delete(one)
        return gone

    def own(self) -> list[Backup]:
        """Return the stack's deployment backups, oldest first. Backups that people made have other names."""
        pattern = re.compile(rf"{re.escape(self.stack)}-\d{{8}}T\d{{6}}Z-([0-9a-f]{{7,12}}|{_NO_COMMIT})")
        return sorted((one for one in self._listed() if pattern.fullmatch(one.name)), key=lambda one: one.at)

    def _begin(self, commit: str) -> str:
        name = f"{self.stack}-{self.now():%Y%m%dT%H%M%SZ}-{_short(commit)}"
        return self.client.create_backup(TableName=self.table, BackupName=name)["BackupDetails"]["BackupArn"]

    def _wait(self, arn: str) -> Backup:
        ends = self.clock() + self.minutes * 60
        while (found := self._described(arn)).status == "CREATING":
            if self.clock() >= ends:
                raise UserError(f"{found.name}: not available after {self.minutes:g} minutes; give the command again")
            self.sleep(_POLL_SECONDS)
        if found.status != "AVAILABLE":
            raise UserError(f"{found.name}: the backup is {found.status}, not AVAILABLE; nothing was deleted")
        return found

    def _described(self, arn: str) -> Backup:
        return _backup(self.client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"])

    def _listed(self) -> Iterator[Backup]:
        pages = self.client.get_paginator("list_backups").paginate(TableName=self.table, BackupType="USER")
        yield from (_backup(row) for page in pages for row in page["BackupSummaries"])

    def _delete(self, one: Backup) -> None:
        try:
            self.client.delete_backup(BackupArn=one.arn)
        except ClientError as error:
            # Somebody, or an interrupted run of this command, deleted it meanwhile.
            if error.response["Error"]["Code"] != "BackupNotFoundException":
                raise

    def _exists(self) -> bool:
        try:
            self.client.describe_table(TableName=self.table)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return False
        return True


def _backup(row: Any) -> Backup:
    return Backup(
        name=row["BackupName"],
        arn=row["BackupArn"],
        at=row["BackupCreationDateTime"].astimezone(UTC),
        status=row["BackupStatus"],
    )


def _short(commit: str) -> str:
    return commit[:12].lower() or _NO_COMMIT
