"""The command `export`: evaluates a stack with marks and writes its SAM template, or checks one that was written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline import contract
from plumbline.project import UserError

if TYPE_CHECKING:
    from plumbline.export.sam import Template
    from plumbline.project import Project

NAME = "export"


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the command line."""
    parser = verbs.add_parser(NAME, help="write a stack in another tool's language: `sam`")
    parser.add_argument(
        "to", choices=("sam",), help="sam: an AWS SAM template of tables, functions, queues, buckets and the APIs"
    )
    parser.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="how to print (yaml)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the template here, and print nothing")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 where the FILE of --output is not the same"
    )


def run(options: argparse.Namespace, project: Project) -> int:
    """Print or write the template. Raises UserError with every mistake of the call and of the program."""
    output: Path | None = options.output
    if output is None and options.check:
        raise UserError("--check given without --output; allowed: --output FILE --check")
    if output is not None and options.format == "json":
        raise UserError("--format json given with --output; allowed: one of them, since the file is the template")
    if output is not None and not output.parent.is_dir():
        raise UserError(f"--output: {output} given, and {output.parent} is no directory; allowed: a file in one")
    made = exported(project, options.stack, (output.parent if output else project.root).resolve())
    for warning in made.warnings():
        sys.stderr.write(f"warning: {options.stack}: {warning}\n")
    if options.format == "json":
        sys.stdout.write(contract.text(document(made)))
    elif output is None:
        sys.stdout.write(made.text())
    elif not options.check:
        output.write_text(made.text(), encoding="utf-8")
    elif not output.is_file() or output.read_text(encoding="utf-8") != made.text():
        sys.stderr.write(f"{output}: not what stack {options.stack} gives; write it anew without --check\n")
        return 1
    return 0


def exported(project: Project, stack: str, directory: Path) -> Template:
    """Return a stack's template, whose paths are relative to a directory. Raises UserError."""
    # The SDK's types take half a second to load.
    from plumbline.evaluate import evaluate_stack
    from plumbline.export.sam import template
    from plumbline.export.symbols import Symbols

    symbols = Symbols()
    evaluation = evaluate_stack(project, stack, symbols, dry_run=True)
    if evaluation.mistakes:
        raise UserError(*evaluation.mistakes)
    return template(evaluation.graph, symbols, project.root.resolve(), directory)


def document(made: Template) -> dict[str, Any]:
    """Return the machine document (docs/contract.schema.json, sam_export)."""
    left_out = [
        {"type": row.type, "resource": row.resource, "property": row.path, "reason": row.reason}
        for row in made.left_out
    ]
    return {"version": 1, "template": made.body, "left_out": left_out, "warnings": made.warnings()}
