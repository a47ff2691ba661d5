"""Measures the migration of 100,000 rows from a real PostgreSQL server, against a plain loop that copies them.

The plain loop reads the same rows with one query and puts one item per row with boto3's batch writer: no files and tags
of their own, no checks, nothing to go on from, no look at what is there. Both write into moto in this process, so the
figures are about the code, not about AWS. Rates are per item written too, since the migration makes several of one row.
Peak memory is that of processes of their own, above what loading the code and an empty moto take; moto holds the table
in memory, so it is given for the migration's dry run, which writes nothing, and for the reading half of the loop.
Needs what the tests need. Usage: python -m benchmarks.migration [--rows 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource as process
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import psycopg
from moto import mock_aws
from psycopg.rows import dict_row

from systems.agentic.migrate.checkpoint import Checkpoint, State
from systems.agentic.migrate.create import create_table
from systems.agentic.migrate.run import migrate
from systems.agentic.migrate.source import TABLES, connect
from systems.agentic.migrate.target import Target
from tests.systems.agentic import postgres

from agenticai_shared.backoff import Backoff  # isort: skip
from agenticai_shared.blobs import Blobs  # isort: skip
from agenticai_shared.table import Table  # isort: skip

ROOT = Path(__file__).resolve().parents[1]
_LISTS = ("dependencies", "affected_files", "required_vars", "optional_vars", "tech_stack", "tags")
NAME, BUCKET = "agenticai-data-bench", "agenticai-bench"
_FAKE = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


def fill(url: str, rows: int) -> None:
    """Fill the old tables: of ten rows four projects with two files, five modifications, one template with two tags."""
    start = datetime(2025, 1, 1, tzinfo=UTC)

    def key(kind: int, number: int) -> uuid.UUID:
        # Digits that are spread as random ones are, the same in every run.
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}")

    code = json.dumps({"src/app.py": "print('hello')\n" * 60, "README.md": "# A project\n" * 20})
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        columns = "id, name, type, status, owner_id, codebase, dependencies, created_at, updated_at"
        with cursor.copy(f"COPY project_contexts ({columns}) FROM STDIN".encode()) as copy:
            for n in range(rows * 4 // 10):
                at = start + timedelta(seconds=n)
                copy.write_row((key(0, n), f"p{n}", "api", "active", f"owner{n % 500}", code, ["a", "b"], at, at))
        columns = "id, project_id, request, requested_by, requested_at, status, impact_analysis"
        with cursor.copy(f"COPY modifications ({columns}) FROM STDIN".encode()) as copy:
            for n in range(rows * 5 // 10):
                at = start + timedelta(seconds=n)
                parent = key(0, n % (rows * 4 // 10))
                copy.write_row((key(1, n), parent, "add a page", "ada", at, "applied", '{"risk": 0.25}'))
        columns = "id, name, description, category, files, tags, created_at, updated_at"
        with cursor.copy(f"COPY templates ({columns}) FROM STDIN".encode()) as copy:
            for n in range(rows // 10):
                at = start + timedelta(seconds=n)
                copy.write_row((key(2, n), f"t{n}", "a template", "api", '{"a.py": "x"}', ["a", f"t{n % 50}"], at, at))


def rows_of(url: str) -> Iterator[dict[str, Any]]:
    """Yield every row as the plain loop reads it: one query per table, all of it at once."""
    with psycopg.connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        for table in TABLES:
            yield from cursor.execute(f"SELECT * FROM {table.name}".encode()).fetchall()


def plain(url: str) -> int:
    """Copy each row as one item, with nothing around it; return how many items were written."""
    count = 0
    dynamodb: Any = boto3.resource("dynamodb")
    table = dynamodb.Table(NAME)
    with table.batch_writer() as batch:
        for row in rows_of(url):
            item = {name: value if name in _LISTS else json.dumps(value, default=str) for name, value in row.items()}
            batch.put_item(Item={"PK": f"ROW#{row['id']}", "SK": "METADATA", **item})
            count += 1
    return count


def whole(url: str, keep: bool = True) -> int:
    """Migrate; return how many rows there were."""
    backoff = Backoff()
    dynamodb: Any = boto3.resource("dynamodb")
    target = Target(Table(NAME, dynamodb.meta.client, Blobs(boto3.client("s3"), BUCKET, backoff), backoff), keep=keep)
    with connect(url) as source, tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint.load(Path(folder, "state.json"), source.name, NAME)
        if not keep:
            checkpoint = Checkpoint(None, State(source=source.name, table=NAME))
        migrate(source, target, checkpoint, rows=100, advance=lambda table, rows: None)
        assert not list(checkpoint.refusals())
        return sum(progress.read for progress in checkpoint.state.tables.values())


def _child(what: str, url: str) -> None:
    """Do one thing in a process of its own and print seconds, rows, items and peak memory in MB."""
    with mock_aws():
        create_table(boto3.client("dynamodb"), NAME)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        whole_ = {"migration": True, "dry run": False}
        before = process.getrusage(process.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        if what in whole_:
            rows = whole(url, keep=whole_[what])
        else:
            rows = plain(url) if what == "plain loop" else sum(1 for _ in rows_of(url))
        seconds = time.perf_counter() - started
        peak = process.getrusage(process.RUSAGE_SELF).ru_maxrss
        items = boto3.client("dynamodb").describe_table(TableName=NAME)["Table"]["ItemCount"]
    print(json.dumps({"seconds": seconds, "rows": rows, "items": items, "mb": (peak - before) / 1024}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.update(_FAKE)
    if options.child:
        _child(*options.child)
        return
    found = {}
    with postgres.server() as host:
        url = postgres.database(host)
        fill(url, options.rows)
        for what in ("plain loop", "migration", "dry run", "reading at once"):
            command = [sys.executable, "-m", "benchmarks.migration", "--child", what, url]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            found[what] = json.loads(done.stdout)
    print(f"{'':<18}{'rows':>9}{'items':>9}{'seconds':>9}{'rows/s':>9}{'items/s':>9}{'MB':>8}")
    for what, row in found.items():
        rows, items, seconds = row["rows"], row["items"], row["seconds"]
        rates = f"{rows / seconds:>9,.0f}{items / seconds:>9,.0f}"
        print(f"{what:<18}{rows:>9,}{items:>9,}{seconds:>9.1f}{rates}{row['mb']:>8.0f}")
    loop, moved = found["plain loop"], found["migration"]
    ratio = moved["seconds"] / loop["seconds"]
    per_item = ratio * loop["items"] / moved["items"]
    print(f"migration against plain loop: time {ratio:.2f}, time per item {per_item:.2f}")
    print(f"memory, dry run against reading at once: {found['dry run']['mb'] / found['reading at once']['mb']:.2f}")


if __name__ == "__main__":
    main()
