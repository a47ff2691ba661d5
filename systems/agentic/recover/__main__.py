"""Command line of the recovery: `python -m systems.agentic.recover list|from-time|from-backup|from-export|check|copy`.

Exit status 0: done; 1: the check found something wrong; 2: wrong input, or AWS refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import boto3
from agenticai_shared.errors import StoreError
from agenticai_shared.table import Table, said
from botocore.exceptions import BotoCoreError, ClientError

from systems.agentic.migrate.source import Stop
from systems.agentic.recover.repair import check, copy
from systems.agentic.recover.restore import Restorer


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (Stop, StoreError) as error:
        line = str(error)
    except ClientError as error:
        line = str(said(error))
    except BotoCoreError as error:
        line = " ".join(str(error).split())
    except KeyboardInterrupt:
        line = "interrupted; what AWS has begun goes on there"
    print(f"recover: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m systems.agentic.recover", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def add(name: str, command: Any, help: str, *needed: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help)
        made.set_defaults(command=command)
        for option in needed:
            made.add_argument(option, required=True)
        return made

    add("list", _list, "what a table can be restored from", "--table")
    restores = [
        add("from-time", _from_time, "a new table as another one was at a time", "--table", "--to"),
        add("from-backup", _from_backup, "a new table from a backup", "--backup", "--to"),
        add("from-export", _from_export, "a new table from an export", "--bucket", "--prefix", "--to"),
    ]
    restores[0].add_argument("--at", type=_time, help="with a time zone, as 2026-01-31T12:00:00Z; default: the latest")
    for one in restores:
        one.add_argument("--minutes", type=_minutes, default=180, help="to wait for AWS; default: %(default)s")
    look = add("check", _check, "whether what items point to is in S3", "--table", "--bucket")
    look.add_argument("--undelete", action="store_true", help="take back deletions of objects that items point to")
    over = add("copy", _copy, "copy items of a restored table to the one in use", "--from", "--to")
    over.add_argument("--replace", action="store_true", help="replace items that are there")
    return parser


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of the form 2026-01-31T12:00:00Z") from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    return found


def _minutes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 10000")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    for line in Restorer(boto3.client("dynamodb")).sources(options.table):
        print(line)
    return 0


def _from_time(options: argparse.Namespace) -> int:
    Restorer(boto3.client("dynamodb"), options.minutes).from_time(options.table, options.to, options.at)
    print(f"restored: {options.to}")
    return 0


def _from_backup(options: argparse.Namespace) -> int:
    Restorer(boto3.client("dynamodb"), options.minutes).from_backup(options.backup, options.to)
    print(f"restored: {options.to}")
    return 0


def _from_export(options: argparse.Namespace) -> int:
    restorer = Restorer(boto3.client("dynamodb"), options.minutes)
    count = restorer.from_export(boto3.client("s3"), options.bucket, options.prefix, options.to)
    print(f"restored: {options.to}, {count:,} items")
    return 0


def _check(options: argparse.Namespace) -> int:
    dynamodb: Any = boto3.resource("dynamodb")
    found = check(dynamodb.meta.client, boto3.client("s3"), options.table, options.bucket, undelete=options.undelete)
    for line in found.wrong:
        print(f"wrong: {line}")
    print(f"{options.table}: {found.items:,} items, {found.objects:,} objects, {found.brought_back:,} brought back")
    return 1 if found.wrong else 0


def _copy(options: argparse.Namespace) -> int:
    source = vars(options)["from"]
    dynamodb: Any = boto3.resource("dynamodb")
    table = Table.connect(options.to, None)
    if table.describe() is None:
        raise Stop(f"{options.to}: no such table")
    copied, there = copy(table, dynamodb.meta.client, source, replace=options.replace)
    print(f"{options.to}: {copied:,} items copied, {there:,} there already")
    return 0


if __name__ == "__main__":
    sys.exit(main())
