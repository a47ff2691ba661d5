"""Command line of the deployment: `python -m systems.agentic.deploy backup|shift|rollback|status STACK`.

Exit status 0: done; 1: something is not healthy, with a line for each function; 2: wrong input, or AWS refused.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from plumbline.project import UserError
from systems.agentic.deploy.aliases import Aliases
from systems.agentic.deploy.backup import Backups
from systems.agentic.deploy.health import Health, invoker
from systems.agentic.deploy.shift import Outcome, Shift
from systems.agentic.deploy.stack import check_account, function_names, settings_of, table_name
from systems.agentic.settings import Settings


def main(arguments: Sequence[str] | None = None, health: Health | None = None) -> int:
    """Run one command and return its exit status. `health` asks in place of Lambda's own invocations."""
    options = _parser().parse_args(arguments)
    try:
        settings = settings_of(options.stack)
        check_account(settings, _client("sts", settings))
        return options.command(options, settings, health)
    except UserError as error:
        lines = error.lines
    except ClientError as error:
        said = error.response.get("Error", {})
        lines = (f"{error.operation_name}: {said.get('Code')}: {said.get('Message', '')}",)
    except BotoCoreError as error:
        lines = (" ".join(str(error).split()),)
    except OSError as error:
        lines = (f"{error.filename or 'a file'}: {error.strerror}",)
    except KeyboardInterrupt:
        lines = ("interrupted; give the same command again to go on, or `rollback --unfinished` to take a shift back",)
    for line in lines:
        print(f"deploy: {line}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m systems.agentic.deploy", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def add(name: str, command: Any, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help)
        made.set_defaults(command=command)
        made.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
        return made

    backup = add("backup", _backup, "back the table up ahead of a deployment, and delete outdated backups of this kind")
    backup.add_argument("--commit", type=_commit, help="what is deployed next; default: GITHUB_SHA, or git's HEAD")
    backup.add_argument("--minutes", type=_number, default=30, help="to wait for DynamoDB; default: %(default)s")
    shift = add("shift", _shift, "check the newest versions, make them live, and go back where one is not healthy")
    rollback = add("rollback", _rollback, "make the versions before the last shift live again")
    rollback.add_argument("--to", type=_version, metavar="VERSION", help="this version, of every function")
    rollback.add_argument("--function", metavar="NAME", help="of one function only")
    rollback.add_argument("--unfinished", action="store_true", help="only after a shift that did not come through")
    for one in (shift, rollback):
        one.add_argument("--seconds", type=_number, default=180, help="to wait for each health; default: %(default)s")
    add("status", _status, "which versions are live, and what the last shift did")
    return parser


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{7,64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no commit: 7 to 64 hexadecimal digits")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no version: a number that `status` shows")
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 3600")
    return int(text)


def _client(service: str, settings: Settings) -> Any:
    return boto3.session.Session(region_name=settings.region).client(service)  # type: ignore[call-overload]


def _backup(options: argparse.Namespace, settings: Settings, health: Health | None) -> int:
    table = table_name(settings)
    backups = Backups(client=_client("dynamodb", settings), stack=options.stack, table=table, minutes=options.minutes)
    made = backups.make(options.commit or _head())
    if made is None:
        print(f"{table}: no such table yet, so there is nothing to back up")
        return 0
    print(f"{made.name}: {made.status.lower()}, {made.arn}")
    for gone in backups.expire(settings.table.backup_days):
        print(f"{gone.name}: older than {settings.table.backup_days} days, deleted")
    return 0


def _head() -> str:
    """Return the commit of a run on GitHub, or of the checkout; "" where there is none."""
    if re.fullmatch(r"[0-9a-f]{7,64}", found := os.environ.get("GITHUB_SHA", "")):
        return found
    try:
        ran = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _shift(options: argparse.Namespace, settings: Settings, health: Health | None) -> int:
    return _told(_aliases(settings, options, health).forward(), "the stack runs as before; see the lines above")


def _rollback(options: argparse.Namespace, settings: Settings, health: Health | None) -> int:
    if options.to and options.unfinished:
        raise UserError("--to and --unfinished given; allowed: one of them")
    outcome = _aliases(settings, options, health).back(options.to, only_unfinished=options.unfinished)
    return _told(outcome, "what is live now is not healthy everywhere; `status` shows the versions, `--to` names one")


def _status(options: argparse.Namespace, settings: Settings, health: Health | None) -> int:
    for line in _aliases(settings, options, health).state():
        print(line)
    return 0


def _aliases(settings: Settings, options: argparse.Namespace, health: Health | None) -> Shift:
    seconds = getattr(options, "seconds", 1)
    functions = function_names(settings)
    if one := getattr(options, "function", None):
        if one not in functions:
            raise UserError(f"function {one!r} is not known; known: {', '.join(sorted(functions))}")
        functions = {one: functions[one]}
    health = health or Health(invoke=invoker(seconds, settings.region), seconds=seconds)
    return Shift(functions=functions, aliases=Aliases(_client("lambda", settings)), health=health)


def _told(outcome: Outcome, otherwise: str) -> int:
    for line in outcome.lines:
        print(line)
    if not outcome.good:
        print(f"deploy: {otherwise}", file=sys.stderr)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
