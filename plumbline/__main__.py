"""The command line: `python -m plumbline`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plumbline import commands, contract, deploy, report, rules_report, rulings, sarif
from plumbline.diff import verb as diff_verb
from plumbline.export import verb as export_verb
from plumbline.free_tier import verb as free_tier_verb
from plumbline.graph import Resource
from plumbline.probing import report as probing_report
from plumbline.project import Project, UserError
from plumbline.provider import verbs as provider_verbs

_EPILOG = """\
examples:
  python -m plumbline preview prod                    what the stack is, what changes, what holds
  python -m plumbline preview prod --all              the same with every resource and criterion
  python -m plumbline preview prod --format json      the machine document (docs/contract.schema.json)
  python -m plumbline up test                         deploy into an in-process AWS
  python -m plumbline probe test                      the same, and every probe of what stands; keeps nothing
  python -m plumbline compare test prod               what differs between two stacks, and what causes it
  python -m plumbline permissions test                who may do what, and whether it is what is declared
  python -m plumbline diff origin/main                what the last commit changes against main, and what it would lose
  python -m plumbline rules                           every policy rule, and what it is for
  python -m plumbline free-tier test                  what AWS charges nothing for, what costs, and who demands it
  python -m plumbline export sam agentic-prod         the stack as an AWS SAM template; --output FILE --check compares
  pulumi preview --json > p.json && python -m plumbline judge p.json
  python -m plumbline preview prod --format sarif     what is against it, for code scanning
  python -m plumbline deploy test -- --yes            pulumi up with the backend and packs of the stack
  python -m plumbline engine up test                  the real engine against a sandbox that outlives the command
  python -m plumbline sandbox env test                what the AWS CLI and boto3 need to look around in it

exit status: 0 when nothing fails (criteria may be unbuilt or unknown), 1 when a criterion, a probe or a mandatory rule
fails, nothing explains a difference, something costs that no criterion demands or a written template is not what the
stack gives, 2 when the input is wrong: stack, settings, program or document
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # argparse says NoReturn; so does UserError
        raise UserError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m plumbline",
        description="Previews, rehearses and judges this project's Pulumi stacks, without AWS and the Pulumi CLI.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)

    preview = verbs.add_parser(
        "preview", help="evaluate a stack: its resources, its changes since the last up, its criteria"
    )
    preview.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    _formats(preview, "sarif")

    up = verbs.add_parser("up", help="deploy a stack into an in-process AWS and report what stands")
    up.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    up.add_argument("--wait", type=float, default=60, metavar="SECONDS", help="how long to wait for another up (60)")
    _formats(up, "sarif")

    probe = verbs.add_parser("probe", help="deploy a stack into an in-process AWS, and use it as its application would")
    probe.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    probe.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print (text)")
    probe.add_argument("--all", action="store_true", help="list every result, not only what failed")

    judge = verbs.add_parser("judge", help="judge a document of a stack without running the program")
    judge.add_argument("file", type=Path, help="output of preview --format json, pulumi preview --json or stack export")
    judge.add_argument("--state", type=Path, metavar="EXPORT", help="the stack's export, to complete a preview with")
    judge.add_argument("--stack", help="the stack whose settings and criteria apply, if not the document's own")
    _formats(judge, "sarif")

    compare = verbs.add_parser("compare", help="show what differs between two stacks of a system, and what causes it")
    compare.add_argument("left", help="a stack's name, as in Pulumi.<stack>.yaml")
    compare.add_argument("right", help="the name of another stack of the same system")
    compare.add_argument("--measure", action="store_true", help="find the causes anew, and write them down first")
    _formats(compare)

    permissions = verbs.add_parser("permissions", help="prove who may do what in a stack against what is declared")
    permissions.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    _formats(permissions)

    rules = verbs.add_parser("rules", help="list the rules of the policy packs, and the controls that they cover")
    rules.add_argument("stack", nargs="?", help="the stack whose levels and parameters are shown, if not all stacks'")
    rules.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print (text)")

    diff_verb.add(verbs)
    free_tier_verb.add(verbs)
    export_verb.add(verbs)

    deploy = verbs.add_parser("deploy", help="run the real `pulumi up`: needs the Pulumi CLI and AWS credentials")
    deploy.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    deploy.add_argument("--preview", action="store_true", help="run `pulumi preview` instead, which makes nothing")
    deploy.add_argument(
        "arguments", nargs="*", metavar="-- OPTION", help="options for pulumi up, after a double hyphen"
    )
    pipeline = verbs.add_parser(
        "pipeline", help="print what deploys a stack, and where its state lies, as NAME=VALUE lines"
    )
    pipeline.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    pipeline.add_argument("--preview", action="store_true", help="the role that only reads")
    provider_verbs.add(verbs)
    verbs.metavar = "{" + ",".join(verbs.choices) + "}"
    return parser


def _formats(parser: argparse.ArgumentParser, *more: str) -> None:
    formats = ("text", "json", "markdown", *more)
    parser.add_argument("--format", choices=formats, default="text", help="how to print (text)")
    parser.add_argument("--all", action="store_true", help="list every resource, change and criterion")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    errors = Console(stderr=True, emoji=False)
    try:
        options = _parser().parse_args(arguments)
        project = Project.find(Path.cwd())
        sys.path.insert(0, str(project.root))
        if options.verb == "deploy":
            return _deploy(options, project)
        if options.verb == "pipeline":
            for name, value in deploy.pipeline(project, options.stack, preview=options.preview).items():
                print(f"{name}={value}")
            return 0
        if options.verb in provider_verbs.NAMES:
            return provider_verbs.run(options, project, lambda line: _say(errors, line))
        if options.verb == "compare":
            return _compare(options, project)
        if options.verb == "permissions":
            return _permissions(options, project)
        if options.verb == "rules":
            return _rules(options, project)
        if options.verb == diff_verb.NAME:
            return diff_verb.run(options, project, _console(), errors)
        if options.verb == export_verb.NAME:
            return export_verb.run(options, project)
        if options.verb == free_tier_verb.NAME:
            return free_tier_verb.run(options, project, _console())
        if options.verb == "probe":
            return _probe(options, project, errors)
        outcome = _run(options, project, errors)
        _print(options, project, outcome)
        return outcome.status
    except UserError as error:
        for line in error.lines:
            errors.print(f"[red]error[/] {escape(line)}", highlight=False, soft_wrap=True)
        return 2
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell.
        sys.stderr.close()
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        errors.print(f"[red]error[/] {escape(place + (error.strerror or str(error)))}", highlight=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; the state of the last up is as it was")
        return 130


def _run(options: argparse.Namespace, project: Project, errors: Console) -> commands.Outcome:
    def say(line: str) -> None:
        _say(errors, line)

    if options.verb == "preview":
        return commands.preview(project, options.stack)
    if options.verb == "up":
        progress = _Bar(errors) if errors.is_terminal else commands.Progress()
        return commands.up(project, options.stack, say, options.wait, progress)
    return commands.judge_file(project, options.file, options.stack, options.state)


def _say(errors: Console, line: str) -> None:
    errors.print(escape(line), highlight=False, soft_wrap=True)


def _deploy(options: argparse.Namespace, project: Project) -> int:
    planned = deploy.plan(project, options.stack, options.arguments, os.environ, preview=options.preview)
    # What AWS would refuse is told before the first resource exists.
    commands.accepted(project, options.stack)
    return deploy.run(project, planned)


def _compare(options: argparse.Namespace, project: Project) -> int:
    # It reads its own files with pydantic, which no other command needs.
    from plumbline import compare

    found = compare.compare(project, options.left, options.right, anew=options.measure)
    if options.format == "json":
        sys.stdout.write(contract.text(found.document))
    elif options.format == "markdown":
        sys.stdout.write(compare.markdown(found))
    else:
        compare.text(found, _console(), every=options.all)
    return found.status


def _probe(options: argparse.Namespace, project: Project, errors: Console) -> int:
    progress = _Bar(errors) if errors.is_terminal else commands.Progress()
    found = commands.probe(project, options.stack, progress)
    if options.format == "json":
        sys.stdout.write(contract.text(contract.probed_document(found.graph, found.system, found.probed)))
    elif options.format == "markdown":
        sys.stdout.write(probing_report.markdown(found.graph, found.system, found.probed, options.all))
    else:
        probing_report.text(found.graph, found.system, found.probed, found.seconds, _console(), every=options.all)
    return found.status


def _permissions(options: argparse.Namespace, project: Project) -> int:
    # It reads every action of AWS, which no other command needs.
    from plumbline import permissions
    from plumbline.permissions import report as permissions_report

    proof = permissions.compare(project, options.stack)
    if options.format == "json":
        sys.stdout.write(contract.text(permissions_report.document(proof, project.name)))
    elif options.format == "markdown":
        sys.stdout.write(permissions_report.markdown(proof))
    else:
        permissions_report.text(proof, _console(), every=options.all)
    return proof.status


def _rules(options: argparse.Namespace, project: Project) -> int:
    if options.stack is not None:
        project.system(options.stack)  # an unknown stack is told
    catalogue = rulings.catalogue(project.root, options.stack)
    if options.format == "json":
        sys.stdout.write(contract.text(catalogue))
    elif options.format == "markdown":
        sys.stdout.write(rules_report.markdown(catalogue))
    else:
        rules_report.text(catalogue, _console())
    return 0


def _print(options: argparse.Namespace, project: Project, outcome: commands.Outcome) -> None:
    if options.format == "json":
        sys.stdout.write(contract.text(outcome.document))
    elif options.format == "sarif":
        sys.stdout.write(sarif.text(outcome.report, project, options.stack or outcome.report.graph.stack))
    elif options.format == "markdown":
        sys.stdout.write(report.markdown(outcome.report))
    else:
        report.text(outcome.report, _console(), every=options.all)


def _console() -> Console:
    # A file or a pipe has no width of its own; eighty columns would break every second line.
    return Console(width=None if sys.stdout.isatty() else 160, emoji=False)


class _Bar(commands.Progress):
    """A progress bar on the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextlib.contextmanager
    def __call__(self, total: int | None) -> Iterator[Callable[[Resource], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task("deploying", total=total)

            def advance(resource: Resource) -> None:
                progress.update(task, advance=1, description=resource.name[:40].ljust(40))

            yield advance


if __name__ == "__main__":
    sys.exit(main())
