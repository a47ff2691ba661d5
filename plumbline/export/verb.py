"""The command `export`: evaluates a stack with marks and writes its SAM template."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from plumbline import contract
from plumbline.project import UserError

if TYPE_CHECKING:
    from plumbline.project import Project

NAME = "export"


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the command line."""
    parser = verbs.add_parser(NAME, help="write a stack in another tool's language: `sam`")
    parser.add_argument(
        "to", choices=("sam",), help="sam: an AWS SAM template of tables, functions, queues and the API"
    )
    parser.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="how to print (yaml)")


def run(options: argparse.Namespace, project: Project) -> int:
    """Print the template. Raises UserError with every mistake of the program."""
    # The SDK's types take half a second to load.
    from plumbline.evaluate import evaluate_stack
    from plumbline.export.sam import template
    from plumbline.export.symbols import Symbols

    symbols = Symbols()
    evaluation = evaluate_stack(project, options.stack, symbols)
    if evaluation.mistakes:
        raise UserError(*evaluation.mistakes)
    made = template(evaluation.graph, symbols)
    if options.format == "json":
        left_out = [{"resource": name, "property": path, "reason": reason} for name, path, reason in made.left_out]
        sys.stdout.write(contract.text({"version": 1, "template": made.body, "left_out": left_out}))
    else:
        sys.stdout.write(made.text())
    return 0
