"""The DynamoDB side: writes pages of rows so that each can be written again, and never over what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenticai_shared import items, keys
from agenticai_shared.errors import TooLarge
from agenticai_shared.models import Modification, Template
from agenticai_shared.table import Table, keys_of
from botocore.exceptions import ClientError

from systems.agentic.migrate.rows import DIGEST, Parcel, digest
from systems.agentic.migrate.source import Stop

_OTHER = "is in the table already with other content, which was left as it is"


class Target:
    """The table that rows go to. With `keep` false nothing is written: sizes and clashes are looked at all the same."""

    def __init__(self, table: Table, *, keep: bool = True) -> None:
        self.table, self._keep = table, keep

    def write(self, parcels: Sequence[Parcel]) -> tuple[int, int, dict[str, str]]:
        """Write a page; return how many rows were written, how many were there, and the reasons of the refused.

        An item comes after all that lies below it, so an item that is there says that its row is complete.
        """
        wanted = {keys_of(parcel.item()): parcel for parcel in parcels}
        found = self.table.batch_get([keys.key(*key) for key in wanted], names=("PK", "SK", DIGEST, "version"))
        # What the application has changed since it was migrated is later than its row.
        digests = {
            keys_of(item): wanted[keys_of(item)].digest if item.get("version", 1) > 1 else item.get(DIGEST)
            for item in found
        }
        new = [parcel for key, parcel in wanted.items() if key not in digests]
        refused = {
            parcel.row: _OTHER for key, parcel in wanted.items() if key in digests and digests[key] != parcel.digest
        }
        there = len(wanted) - len(new) - len(refused)
        try:
            too_large = self._write(new)
        except ClientError as error:
            if not _is_about_items(error):
                raise
            # One row spoils the batch: row by row shows which.
            too_large = {}
            for parcel in new:
                too_large |= self._write_alone(parcel)
        refused |= too_large
        return len(new) - len(too_large), there, refused

    def _write(self, parcels: Sequence[Parcel]) -> dict[str, str]:
        refused: dict[str, str] = {}
        below: list[dict[str, Any]] = []
        above: list[dict[str, Any]] = []
        for parcel in parcels:
            # The same row gets the same names in S3, so a repeated page leaves nothing behind.
            token = parcel.digest[:32]
            try:
                fitted = [self.table.blobs.fit(item, token) for item in (*parcel.below(), parcel.item())]
            except TooLarge as error:
                refused[parcel.row] = str(error)
                continue
            below += fitted[:-1]
            above.append(fitted[-1])
        if self._keep:
            self.table.batch_write(below)
            self.table.batch_write(above)
        return refused

    def _write_alone(self, parcel: Parcel) -> dict[str, str]:
        try:
            return self._write([parcel])
        except ClientError as error:
            if not _is_about_items(error):
                raise
            return {parcel.row: f"refused by DynamoDB: {error.response['Error'].get('Message', '')}"[:300]}

    def difference(self, parcel: Parcel) -> str | None:
        """Return in which way a row is not in the table as it should be; None where it is."""
        item = parcel.item()
        found = self.table.get(keys.key(item["PK"], item["SK"]))
        if found is None:
            return "is not in the table"
        if found["version"] > 1:
            return None  # the application has changed it since, as it may
        entity = parcel.read_back(found)
        if isinstance(entity, Modification):
            return None if digest(entity, ()) == parcel.digest else "differs from its row"
        below = [self.table.whole(one) for one in self.table.partition(item["PK"], keys.FILE)]
        if digest(entity, [items.to_file(one) for one in below]) != parcel.digest:
            return "differs from its row"
        if isinstance(entity, Template):
            tags = [one["SK"].removeprefix(keys.TAG) for one in self.table.partition(item["PK"], keys.TAG)]
            if sorted(tags) != list(entity.tags):
                return "has other tags than its row"
        return None

    def is_empty(self) -> bool:
        return not self.table.sample()

    def check(self) -> None:
        """Raise Stop where the table cannot take the data: keys and indexes other than the model's."""
        described = self.table.describe()
        if described is None:
            raise Stop(f"{self.table.name}: no such table; deploy the stack first, or make one with create-table")
        if described != keys.INDEXES:
            raise Stop(f"{self.table.name}: has not the application's keys and indexes; it has {described}")


def _is_about_items(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in (
        "ValidationException",
        "ItemCollectionSizeLimitExceededException",
    )
