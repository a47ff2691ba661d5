"""The verbs `sandbox` and `engine` of the command line."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

from plumbline.project import Project, UserError
from plumbline.provider import channel, control, engine

Say = Callable[[str], None]
NAMES = ("sandbox", "engine")
_ACTIONS = ("start", "stop", "status", "env")


def add(verbs: Any) -> None:
    """Add both verbs to the command line's."""
    sandbox = verbs.add_parser(
        "sandbox", help="start, stop and look at the AWS that the real engine's rehearsals share"
    )
    sandbox.add_argument("action", choices=_ACTIONS, help="env prints what boto3 and the AWS CLI need to look around")
    sandbox.add_argument("stack", nargs="?", default="test", help="the stack's name, as in Pulumi.<stack>.yaml (test)")
    sandbox.add_argument("--format", choices=("text", "json"), default="text", help="how to print (text)")

    run = verbs.add_parser("engine", help="run the real engine without an AWS account: needs the Pulumi CLI")
    run.add_argument("action", choices=engine.VERBS, help="the engine's command")
    run.add_argument("stack", help="the stack's name, as in Pulumi.<stack>.yaml")
    run.add_argument("arguments", nargs="*", metavar="-- OPTION", help="options for the engine, after a double hyphen")


def run(options: argparse.Namespace, project: Project, say: Say) -> int:
    """Run one of the two verbs and return its exit status. Raises UserError."""
    try:
        if options.verb == "engine":
            return engine.run(project, options.stack, options.action, options.arguments, say)
        return _sandbox(options, project, say)
    except channel.NotRunning as error:
        raise UserError(f"stack {options.stack}: {error}") from None


def _sandbox(options: argparse.Namespace, project: Project, say: Say) -> int:
    directory, stack = control.folder(project, options.stack), options.stack
    if options.action == "start":
        found, new = control.start(directory)
        _print(
            options, dataclasses.asdict(found), f"{stack}: {'started' if new else 'running already'}: {_line(found)}\n"
        )
        return 0
    if options.action == "stop":
        return _stop(options, directory, stack)
    if options.action == "env":
        found = control.status(directory)
        _print(options, dict(control.variables(found)), control.exports(found))
        return 0
    try:
        found = control.status(directory)
    except channel.NotRunning as error:
        _print(options, {"running": False}, f"{stack}: {error}\n")
        return 1
    _print(options, {"running": True, **dataclasses.asdict(found)}, f"{stack}: {_line(found)}\n")
    return 0


def _stop(options: argparse.Namespace, directory: Any, stack: str) -> int:
    try:
        pid = control.stop(directory)
    except channel.NotRunning as error:
        _print(options, {"stopped": None}, f"{stack}: {error}\n")
        return 0
    _print(options, {"stopped": pid}, f"{stack}: process {pid} was stopped, and its AWS is gone\n")
    return 0


def _line(found: control.Status) -> str:
    return (
        f"process {found.pid} at {found.endpoint}, account {found.account}, region {found.region}, "
        f"{found.resources} resources"
    )


def _print(options: argparse.Namespace, document: dict[str, Any], text: str) -> None:
    sys.stdout.write(json.dumps(document, indent=1) + "\n" if options.format == "json" else text)
