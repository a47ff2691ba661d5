"""Command line of the migration: `python -m systems.agentic.migrate run|verify|create-table`.

The old database is named by the environment variable DATABASE_URL, as in the application, and never on the command
line, where its password would be for all to see. Exit status 0: all is migrated; 1: rows were refused, or the
verification found differences; 2: wrong input, or stopped on the way (then the same command goes on).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from agenticai_shared.backoff import Backoff
from agenticai_shared.blobs import Blobs
from agenticai_shared.errors import StoreError
from agenticai_shared.table import Table, said
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from systems.agentic.migrate.checkpoint import Checkpoint, State
from systems.agentic.migrate.create import create_table
from systems.agentic.migrate.run import Advance, Verified, migrate, prepare, verify
from systems.agentic.migrate.source import TABLES, Source, Stop, connect
from systems.agentic.migrate.target import Target


class _Nowhere:
    """A bucket's client in a dry run: takes objects and forgets them."""

    def put_object(self, **_: Any) -> None:
        return


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (Stop, StoreError) as error:
        return _stopped(str(error))
    except ClientError as error:
        return _stopped(str(said(error)))
    except BotoCoreError as error:
        return _stopped(" ".join(str(error).split()))
    except OSError as error:
        return _stopped(f"{error.filename or 'a file'}: {error.strerror}")
    except KeyboardInterrupt:
        return _stopped("interrupted; run the same command again to go on")


def _stopped(line: str) -> int:
    print(f"migrate: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m systems.agentic.migrate", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="migrate, or go on with an interrupted migration")
    run.set_defaults(command=_run)
    check = commands.add_parser("verify", help="compare the old tables with the new one")
    check.set_defaults(command=_verify)
    for command in (run, check):
        command.add_argument("--table", required=True, help="the DynamoDB table, as agenticai-data-prod")
        command.add_argument("--bucket", help="the bucket for what exceeds DynamoDB's 400 KB an item")
        command.add_argument("--checkpoint", type=Path, default=Path("migration.json"), help="default: %(default)s")
        command.add_argument("--report", type=Path, help="write a report as JSON to this file")
        command.add_argument("--rows", type=_rows, default=100, help="rows of a page, 1 to 1000; default: %(default)s")
        command.add_argument("--endpoint-url", help="DynamoDB and S3 elsewhere than in AWS")
    run.add_argument("--dry-run", dest="keep", action="store_false", help="write nothing; say what would be")
    run.add_argument("--into-existing", action="store_true", help="add to a table that is not empty")
    run.add_argument("--verify", choices=("sample", "whole", "none"), default="sample", help="default: %(default)s")
    check.add_argument("--whole", action="store_true", help="compare every row, not a sample")
    create = commands.add_parser("create-table", help="make the table at a local endpoint; in AWS Pulumi makes it")
    create.set_defaults(command=_create)
    create.add_argument("--table", required=True)
    create.add_argument("--endpoint-url")
    return parser


def _rows(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    with _source() as source, _bars(source) as advance:
        target = _target(options)
        if options.keep:
            checkpoint = Checkpoint.load(options.checkpoint, source.name, options.table)
        else:
            checkpoint = Checkpoint(None, State(source=source.name, table=options.table))
        source.check()
        prepare(target, checkpoint, into_existing=options.into_existing or not options.keep)
        migrate(source, target, checkpoint, rows=options.rows, advance=advance)
        verified = None
        if options.keep and options.verify != "none":
            whole = options.verify == "whole"
            verified = verify(source, target, checkpoint, whole=whole, rows=options.rows, advance=_silent)
    return _report(options, checkpoint, verified)


def _verify(options: argparse.Namespace) -> int:
    with _source() as source:
        target = _target(options)
        checkpoint = Checkpoint.load(options.checkpoint, source.name, options.table)
        if not checkpoint.state.tables:
            raise Stop(f"{options.checkpoint}: no migration is recorded there")
        source.check()
        target.check()
        verified = verify(source, target, checkpoint, whole=options.whole, rows=options.rows, advance=_silent)
    return _report(options, checkpoint, verified)


def _create(options: argparse.Namespace) -> int:
    if not options.endpoint_url:
        raise Stop("in AWS the table belongs to the stack: `pulumi up` makes it; for a local one give --endpoint-url")
    create_table(boto3.client("dynamodb", endpoint_url=options.endpoint_url), options.table)
    print(f"made {options.table}")
    return 0


@contextmanager
def _source() -> Iterator[Source]:
    if not (url := os.environ.get("DATABASE_URL")):
        raise Stop("DATABASE_URL: not set; it names the old database")
    with connect(url) as source:
        yield source


def _target(options: argparse.Namespace) -> Target:
    if options.keep if "keep" in options else True:
        return Target(Table.connect(options.table, options.bucket, endpoint=options.endpoint_url))
    backoff = Backoff()
    table = Table.connect(options.table, None, backoff, options.endpoint_url)
    table.blobs = Blobs(_Nowhere(), options.bucket, backoff)
    return Target(table, keep=False)


@contextmanager
def _bars(source: Source) -> Iterator[Advance]:
    columns = (TextColumn("{task.description:<17}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, Any] = {}

        def advance(table: str, rows: int) -> None:
            if table not in tasks:
                total = next(source.count(one) for one in TABLES if one.name == table)
                tasks[table] = shown.add_task(table, total=total)
            shown.advance(tasks[table], rows)

        yield advance


def _silent(table: str, rows: int) -> None:
    return


def _report(options: argparse.Namespace, checkpoint: Checkpoint, verified: Verified | None) -> int:
    keep = options.keep if "keep" in options else True
    refusals = list(checkpoint.refusals())
    for refusal in refusals:
        print(f"not migrated: {refusal}")
    for name, progress in checkpoint.state.tables.items():
        print(
            f"{name}: {progress.read:,} rows read, {progress.written:,} {'written' if keep else 'to be written'}, "
            f"{progress.there:,} there already, {progress.refused:,} refused"
        )
    if verified:
        print(
            "\n".join(
                [*(f"wrong: {line}" for line in verified.wrong), f"verified: {verified.compared:,} rows compared"]
            )
        )
    if options.report:
        document = {
            "source": checkpoint.state.source,
            "table": checkpoint.state.table,
            "written": keep,
            "tables": {
                name: {"read": progress.read, **progress.model_dump(include={"written", "there", "refused"})}
                for name, progress in checkpoint.state.tables.items()
            },
            "refused": [refusal.model_dump() for refusal in refusals],
            "verified": verified and vars(verified),
        }
        options.report.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 1 if refusals or (verified and verified.wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
