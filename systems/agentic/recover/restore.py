"""The three ways to a table with former data: a point in time, a backup, an export. Each makes a new table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from systems.agentic.migrate.create import definition
from systems.agentic.migrate.source import Stop

_POLL_SECONDS = 15


@dataclass(frozen=True)
class Restorer:
    """Starts a restore and waits for it, for at most some minutes."""

    client: Any
    minutes: float = 180
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def from_time(self, table: str, to: str, at: datetime | None) -> None:
        """Restore a table as it was at a time, or as late as possible."""
        when: dict[str, Any] = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
        window = self._window(table)
        if at and not window[0] <= at <= window[1]:
            raise Stop(f"{table}: {at.isoformat()} is not from {window[0].isoformat()} to {window[1].isoformat()}")
        self._free(to)
        self.client.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=to, **when)
        self._wait(to)

    def from_backup(self, backup: str, to: str) -> None:
        """Restore a backup by its ARN."""
        self._free(to)
        try:
            self.client.restore_table_from_backup(TargetTableName=to, BackupArn=backup)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BackupNotFoundException":
                raise
            raise Stop(f"{backup}: no such backup; `list` shows those there are") from None
        self._wait(to)

    def from_export(self, storage: Any, bucket: str, prefix: str, to: str) -> int:
        """Make a table of an export's files and return how many items it has. Raises Stop where items are missing."""
        data = _data_folder(storage, bucket, prefix)
        self._free(to)
        started = self.client.import_table(
            S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": data},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters=definition(to),
        )["ImportTableDescription"]

        def done() -> dict[str, Any] | None:
            found = self.client.describe_import(ImportArn=started["ImportArn"])["ImportTableDescription"]
            return None if found["ImportStatus"] == "IN_PROGRESS" else found

        found = self._until(done, f"{to}: the import")
        if found["ImportStatus"] != "COMPLETED" or found.get("ErrorCount"):
            why = found.get("FailureMessage") or f"{found.get('ErrorCount', 0):,} items were refused"
            raise Stop(f"{to}: the import is {found['ImportStatus'].lower()}: {why}")
        count = found.get("ImportedItemCount", 0)
        if (exported := _exported(storage, bucket, data)) not in (None, count):
            raise Stop(f"{to}: {count:,} items were imported, but the export's manifest says {exported:,}")
        return count

    def sources(self, table: str) -> Iterator[str]:
        """Yield, one line each, what a table can be restored from."""
        try:
            first, last = self._window(table)
            yield f"point in time: from {first.isoformat()} to {last.isoformat()}"
        except Stop as stop:
            yield f"point in time: none ({stop})"
        # No type is the user's own backups only; a deleted table has one that DynamoDB made.
        for page in self.client.get_paginator("list_backups").paginate(TableName=table, BackupType="ALL"):
            for one in page["BackupSummaries"]:
                yield f"backup: {one['BackupCreationDateTime'].isoformat()} {one['BackupStatus']} {one['BackupArn']}"
        for one in self._exports(table):
            found = self.client.describe_export(ExportArn=one["ExportArn"])["ExportDescription"]
            yield f"export: {found['ExportStatus']} s3://{found['S3Bucket']}/{found.get('S3Prefix', '')}"

    def _exports(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the exports that DynamoDB still lists; those of a table that is gone are found in their bucket only."""
        arn = self._arn(table)
        more: dict[str, str] = {}
        while arn:
            page = self.client.list_exports(TableArn=arn, **more)
            yield from page["ExportSummaries"]
            if not (token := page.get("NextToken")):
                return
            more = {"NextToken": token}

    def _window(self, table: str) -> tuple[datetime, datetime]:
        try:
            found = self.client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "TableNotFoundException":
                raise
            raise Stop(f"{table}: no such table") from None
        recovery = found["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            raise Stop(f"{table}: point-in-time recovery is off")
        return tuple(recovery[f"{end}RestorableDateTime"].astimezone(UTC) for end in ("Earliest", "Latest"))  # type: ignore[return-value]

    def _free(self, table: str) -> None:
        if self._arn(table):
            raise Stop(f"{table}: the table is there already; a restore makes a new one, so name another")

    def _arn(self, table: str) -> str | None:
        try:
            return self.client.describe_table(TableName=table)["Table"]["TableArn"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return None

    def _wait(self, table: str) -> None:
        def done() -> dict[str, Any] | None:
            found = self.client.describe_table(TableName=table)["Table"]
            return None if found["TableStatus"] == "CREATING" else found

        found = self._until(done, f"{table}: the restore")
        if found["TableStatus"] != "ACTIVE":
            raise Stop(f"{table}: the restore ended as {found['TableStatus']}")

    def _until(self, done: Callable[[], dict[str, Any] | None], what: str) -> dict[str, Any]:
        ends = self.clock() + self.minutes * 60
        while (found := done()) is None:
            if self.clock() >= ends:
                raise Stop(f"{what} takes longer than {self.minutes:g} minutes; it goes on in AWS, look again later")
            self.sleep(_POLL_SECONDS)
        return found


def _exported(storage: Any, bucket: str, data: str) -> int | None:
    """Return how many items an export has by its own summary, None where it has none that can be read."""
    try:
        body = storage.get_object(Bucket=bucket, Key=f"{data.removesuffix('data/')}manifest-summary.json")[
            "Body"
        ].read()
        return int(json.loads(body)["itemCount"])
    except (ClientError, ValueError, KeyError, TypeError):
        return None


def _data_folder(storage: Any, bucket: str, prefix: str) -> str:
    """Return the one folder of data files below a prefix: `…/AWSDynamoDB/<export>/data/`."""
    folders: set[str] = set()
    try:
        for page in storage.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                folder, data, _ = found["Key"].rpartition("/data/")
                if data:
                    folders.add(f"{folder}{data}")
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        raise Stop(f"{bucket}: no such bucket") from None
    if len(folders) != 1:
        found = "none" if not folders else f"{len(folders)}: {', '.join(sorted(folders)[:5])}"
        raise Stop(f"s3://{bucket}/{prefix}: one export is needed below the prefix; found {found}")
    return folders.pop()
