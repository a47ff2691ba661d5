"""The command `diff`: reads, compares, prints."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from plumbline import contract

if TYPE_CHECKING:
    from rich.console import Console

    from plumbline.project import Project

NAME = "diff"
_FORMATS = ("text", "json", "markdown")


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the command line."""
    parser = verbs.add_parser(
        NAME, help="show what changes between two revisions of the project, and whether data would be lost"
    )
    parser.add_argument("base", metavar="BASE", help="the older revision: a commit, branch or tag")
    parser.add_argument("head", metavar="HEAD", nargs="?", help="the newer one (HEAD, with nothing uncommitted)")
    parser.add_argument(
        "--stack", action="append", default=[], metavar="STACK", help="a stack to compare, if not all; may be repeated"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="how to print (text)")
    parser.add_argument("--all", action="store_true", help="list every value of every change")
    parser.add_argument("--save", type=Path, metavar="FILE", help="also write the machine document to a file")


def run(options: argparse.Namespace, project: Project, console: Console, errors: Console) -> int:
    """Print what changes, and return 1 where a reviewer must not let it pass. Raises UserError."""
    from plumbline.diff import compared, report

    today = datetime.datetime.now(datetime.UTC).date()

    @contextlib.contextmanager
    def progress(count: int) -> Iterator[Callable[[], None]]:
        """Show how many evaluations are done, where somebody is looking."""
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("evaluating", total=count)
            yield lambda: bar.update(task, advance=1)

    diff = compared.compare(project, options.base, options.head, options.stack, today, progress)
    if options.save is not None:
        options.save.write_text(contract.text(report.document(diff)), encoding="utf-8")
    if options.format == "json":
        sys.stdout.write(contract.text(report.document(diff)))
    elif options.format == "markdown":
        sys.stdout.write(report.markdown(diff))
    else:
        report.text(diff, console, every=options.all)
    return diff.status
