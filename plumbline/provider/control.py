"""Starts, stops and looks at the daemons: one per stack, in .plumbline/engine/<stack>."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import filelock

from plumbline.project import Project, UserError
from plumbline.provider import channel

_START_SECONDS = 180.0  # a machine that is busy with other things takes its time
_STOP_SECONDS = 10.0
_LOG = "daemon.log"


@dataclass(frozen=True)
class Status:
    """What a daemon says of itself."""

    instance: str
    pid: int
    endpoint: str
    account: str
    region: str
    resources: int


def folder(project: Project, stack: str) -> Path:
    """Return the place of all that the engine's rehearsals of a stack need. Raises UserError for an unknown stack."""
    project.system(stack)
    return project.state_directory / "engine" / stack


def make(directory: Path) -> None:
    """Make the place where there is none: its owner's alone."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


def status(directory: Path) -> Status:
    """Ask the daemon of a directory. Raises channel.NotRunning."""
    return Status(**channel.ask(directory, "status"))


def start(directory: Path) -> tuple[Status, bool]:
    """Start a daemon where none is running. Returns it, and whether it is a new one. Raises UserError."""
    make(directory)
    with filelock.FileLock(directory / "start.lock"):
        try:
            return status(directory), False
        except channel.NotRunning:
            (directory / channel.FILE).unlink(missing_ok=True)
        return _started(directory), True


def _started(directory: Path) -> Status:
    path = os.pathsep.join(filter(None, (str(channel.PACKAGES_HOME), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    log = os.open(directory / _LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "plumbline.provider.daemon", str(directory)],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # the terminal's interrupts are for the command
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            return status(directory)
        except channel.NotRunning:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    process.kill()
    raise UserError(f"the sandbox did not start; {directory / _LOG} says why")


def stop(directory: Path) -> int:
    """Stop the daemon of a directory, and its AWS with it. Returns its process id. Raises channel.NotRunning."""
    pid = status(directory).pid
    channel.ask(directory, "stop")
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            channel.ask(directory, "status")
        except channel.NotRunning:
            return pid
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return pid


def variables(found: Status) -> Mapping[str, str]:
    """Return what boto3, the AWS CLI and other clients need to look at a daemon's AWS."""
    return {
        "AWS_ENDPOINT_URL": found.endpoint,
        "AWS_REGION": found.region,
        "AWS_DEFAULT_REGION": found.region,
        # Any do: moto asks for none, and no request leaves the machine.
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def exports(found: Status) -> str:
    """Return the variables as lines for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables(found).items())
