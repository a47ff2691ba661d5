"""The command `free-tier`: reads, assesses, prints."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from plumbline import commands, contract

if TYPE_CHECKING:
    from rich.console import Console

    from plumbline.project import Project

NAME = "free-tier"
ACCOUNTS = ("after", "before")


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the command line."""
    parser = verbs.add_parser(NAME, help="show what of a stack AWS charges nothing for, what costs, and who demands it")
    parser.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument(
        "--account",
        choices=ACCOUNTS,
        default=ACCOUNTS[0],
        help="whether the AWS account was opened before or after the free tier changed on 2025-07-15 (after)",
    )
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print (text)")
    parser.add_argument("--all", action="store_true", help="name every resource")


def run(options: argparse.Namespace, project: Project, console: Console) -> int:
    """Print what of a stack is free, and return 1 where something costs that nothing demands. Raises UserError."""
    # The data is read with pydantic, which most other commands do without.
    from plumbline.free_tier import report
    from plumbline.free_tier.assess import assess
    from plumbline.free_tier.data import demands, tiers

    known = tiers()
    system = project.system(options.stack)
    # A mistake in what the system pays for is told before its program runs.
    paid = demands(project.root, system, known)
    graph = commands.accepted(project, options.stack)
    assessed = assess(graph, system, options.account, known, paid)
    if options.format == "json":
        sys.stdout.write(contract.text(report.document(assessed, project.name)))
    elif options.format == "markdown":
        sys.stdout.write(report.markdown(assessed))
    else:
        report.text(assessed, console, every=options.all)
    return assessed.status
