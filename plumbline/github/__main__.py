"""What the workflows of GitHub Actions run: `python -m plumbline.github comment|stacks|deployed|seen|drift`.

Exit status 0: done; 2: wrong input, or GitHub refused, with a line for each reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from plumbline.github import comment, drift
from plumbline.github.api import Refused, Repository


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        options = _parser().parse_args(arguments)
        options.command(options)
    except Refused as error:
        lines = error.lines
    except OSError as error:
        lines = (f"{error.filename or 'a file'}: {error.strerror or error}",)
    else:
        return 0
    for line in lines:
        print(f"github: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m plumbline.github", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("comment", help="write the comment of a pull request, or edit the one that is there")
    one.set_defaults(command=_comment)
    one.add_argument("number", type=_number, help="the pull request's number, of the event and of nothing else")
    one.add_argument("report", type=Path, help="what `diff --format markdown` printed; empty where it could not")
    one.add_argument("--errors", type=Path, required=True, help="what it said about its input")
    one = commands.add_parser("stacks", help="print the stacks that a run is for, as stacks=JSON")
    one.set_defaults(command=_stacks)
    one.add_argument("--report", type=Path, help="what `diff --save` wrote; without it all stacks")
    one.add_argument("--preview", action="store_true", help="stacks that the role that only reads can look at")
    one = commands.add_parser("deployed", help="print the commit of a workflow's last good run, as commit=SHA")
    one.set_defaults(command=_deployed)
    one.add_argument("workflow", help="file name of the workflow")
    one.add_argument("--branch", required=True)
    one = commands.add_parser("seen", help="print what a preview would change, without any value")
    one.set_defaults(command=_seen)
    one.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    one.add_argument("document", type=Path, help="what `pulumi preview --refresh --json` printed")
    one.add_argument("--status", type=int, required=True, help="its exit status")
    one = commands.add_parser("drift", help="open, edit or close the issue about drift")
    one.set_defaults(command=_drift)
    one.add_argument("folder", type=Path, help="folder with what `seen` printed")
    one.add_argument("--stacks", type=_rows, required=True, help="the rows that `stacks` printed")
    return parser


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a pull request")
    return int(text)


def _rows(text: str) -> list[str]:
    try:
        return [str(row["stack"]) for row in json.loads(text)]
    except (ValueError, KeyError, TypeError):
        raise argparse.ArgumentTypeError(f"{text!r} is not what `stacks` prints") from None


def _comment(options: argparse.Namespace) -> None:
    repository = Repository.of(os.environ)
    # A run that was stopped may have left neither.
    report, errors = (
        path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for path in (options.report, options.errors)
    )
    print(comment.comment(repository, options.number, comment.body(report, errors.splitlines(), _run(repository))))


def _stacks(options: argparse.Namespace) -> None:
    # Stack files are read with PyYAML, which jobs that comment do without.
    from plumbline.github import stacks
    from plumbline.project import Project, UserError

    try:
        chosen = (stacks.previewable if options.preview else stacks.deployable)(
            Project.find(Path.cwd()), options.report
        )
    except UserError as error:
        raise Refused(*error.lines) from None
    for line in chosen.left_out:
        print(f"left out: {line}", file=sys.stderr)
    print(f"stacks={json.dumps(chosen.rows, separators=(',', ':'))}")
    print(f"names={json.dumps([row['stack'] for row in chosen.rows], separators=(',', ':'))}")


def _deployed(options: argparse.Namespace) -> None:
    from plumbline.github import stacks

    commit = stacks.deployed(Repository.of(os.environ), options.workflow, options.branch, Path.cwd())
    if not commit:
        print(f"no good run of {options.workflow} on {options.branch} whose commit is here", file=sys.stderr)
    print(f"commit={commit}")


def _seen(options: argparse.Namespace) -> None:
    text = options.document.read_text(encoding="utf-8", errors="replace")
    print(json.dumps(drift.seen(options.stack, text, options.status), indent=2))


def _drift(options: argparse.Namespace) -> None:
    repository = Repository.of(os.environ)
    rows = drift.results(options.folder, options.stacks)
    print(drift.issue(repository, rows, os.environ.get("GITHUB_SHA", ""), _run(repository)))


def _run(repository: Repository) -> str:
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{repository.name}/actions/runs/{os.environ.get('GITHUB_RUN_ID', '')}"


if __name__ == "__main__":
    sys.exit(main())
