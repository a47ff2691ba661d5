"""One migration from beginning to end: pages from the old tables, into the new one, and a look at the result."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from systems.agentic.migrate.checkpoint import Checkpoint, Refusal
from systems.agentic.migrate.rows import ModificationRow, Parcel, Refused, parcel
from systems.agentic.migrate.source import TABLES, Source, SourceTable, Stop
from systems.agentic.migrate.target import Target

Advance = Callable[[str, int], None]
_SAMPLE = 1_000  # rows of each table that a sampled verification reads back


@dataclass
class Verified:
    """What a verification found: rows compared, and what is wrong, one line each."""

    compared: int = 0
    wrong: list[str] = field(default_factory=list)


def prepare(target: Target, checkpoint: Checkpoint, *, into_existing: bool) -> None:
    """Raise Stop where the table is not fit, or holds items that no checkpoint accounts for."""
    target.check()
    if not checkpoint.state.tables and not into_existing and not target.is_empty():
        raise Stop(
            f"{target.table.name}: the table is not empty and there is no checkpoint of a migration into it; "
            "--into-existing adds what is missing and leaves every item that is there as it is"
        )
    if checkpoint.state.tables and all(checkpoint.of(table.name).done for table in TABLES):
        checkpoint.begin_again()


def migrate(source: Source, target: Target, checkpoint: Checkpoint, *, rows: int, advance: Advance) -> None:
    """Migrate what the checkpoint does not have yet. It is saved after each page, so a kill costs one page."""
    missing = {uuid.UUID(one.row) for one in checkpoint.refusals() if one.table == TABLES[0].name}
    for table in TABLES:
        progress = checkpoint.of(table.name)
        advance(table.name, progress.read)
        if progress.done:
            continue
        for page in source.pages(table, after=progress.after, rows=rows):
            parcels, reasons = _parcels(table, page, missing)
            written, there, refused = target.write(parcels)
            reasons |= refused
            if table is TABLES[0]:
                missing |= {uuid.UUID(row) for row in reasons}
            checkpoint.refuse([Refusal(table=table.name, row=row, reason=why) for row, why in reasons.items()])
            progress.written += written
            progress.there += there
            progress.refused += len(reasons)
            progress.after = uuid.UUID(page[-1]["id"])
            checkpoint.save()
            advance(table.name, len(page))
        progress.done = True
        checkpoint.save()


def _parcels(
    table: SourceTable, page: list[dict[str, Any]], missing: set[uuid.UUID]
) -> tuple[list[Parcel], dict[str, str]]:
    parcels: list[Parcel] = []
    reasons: dict[str, str] = {}
    for row in page:
        try:
            if table.model is ModificationRow:
                _check_parent(row, missing)
            parcels.append(parcel(table.model, row))
        except Refused as refused:
            reasons[row["id"]] = str(refused)
    return parcels, reasons


def _check_parent(row: dict[str, Any], missing: set[uuid.UUID]) -> None:
    parent = row["project_id"]
    if parent and uuid.UUID(parent) in missing:
        raise Refused(f"its project {parent} was not migrated")
    if row["project_created_at"] is None:
        raise Refused(f"its project {parent} does not exist, or has no time of creation")


def verify(
    source: Source, target: Target, checkpoint: Checkpoint, *, whole: bool, rows: int, advance: Advance
) -> Verified:
    """Compare counts, then rows with what the table gives back for them: about a thousand of each table, or all."""
    result = Verified()
    refused = {(one.table, one.row) for one in checkpoint.refusals()}
    for table in TABLES:
        count, progress = source.count(table), checkpoint.of(table.name)
        if count != progress.read:
            result.wrong.append(
                f"{table.name}: {count:,} rows now, {progress.read:,} when they were migrated; run the migration again"
            )
        one_of = 1 if whole else max(1, count // _SAMPLE)
        for page in source.pages(table, rows=rows, one_of=one_of):
            for row in page:
                if (table.name, row["id"]) not in refused:
                    result.compared += 1
                    result.wrong += [f"{table.name} {row['id']}: {why}" for why in _wrong(table, row, target)]
            advance(table.name, len(page))
    return result


def _wrong(table: SourceTable, row: dict[str, Any], target: Target) -> list[str]:
    try:
        expected = parcel(table.model, row)
    except Refused as refused:
        return [f"could not be migrated today: {refused}"]
    difference = target.difference(expected)
    return [difference] if difference else []
