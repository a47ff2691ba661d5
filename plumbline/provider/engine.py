"""Runs the real engine against a stack's sandbox: up, preview and destroy, with nothing from outside the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from plumbline import deploy, state
from plumbline.project import Project, UserError
from plumbline.provider import channel, control
from plumbline.provider.workspace import Workspace

Say = Callable[[str], None]
VERBS = ("up", "preview", "destroy", "refresh")
_END_SECONDS = 5.0
_PROGRAMS = ("pulumi", "pulumi-language-python")


def run(project: Project, stack: str, verb: str, options: Sequence[str], say: Say, wait_seconds: float = 60) -> int:
    """Run one of the engine's commands for a stack and return its exit status. Raises UserError."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise UserError(
            f"the Pulumi CLI is not on PATH ({' and '.join(missing)} not found); "
            "see https://www.pulumi.com/docs/install/. `make up` needs none"
        )
    directory = control.folder(project, stack)
    control.make(directory)
    with state.locked(directory.parent, stack, wait_seconds, say):
        return Engine(Workspace(project, stack, directory), say).run(verb, options)


class Engine:
    """One command of the engine, and what has to be put in order before it and after it."""

    def __init__(self, workspace: Workspace, say: Say) -> None:
        self._workspace = workspace
        self._say = say

    def run(self, verb: str, options: Sequence[str]) -> int:
        workspace = self._workspace
        workspace.prepare()
        self._unlock()
        status, _ = control.start(workspace.directory)
        self._same_instance(status.instance)
        if not workspace.has_stack():
            if verb == "destroy":
                self._say(f"{workspace.stack}: nothing is deployed")
                return 0
            self._initialised()
        self._recovered()
        done = self._call(verb, *self._words(verb), *options)
        channel.ask(workspace.directory, "end", state=workspace.held())
        if done == 0 and verb in ("up", "destroy"):
            self._settled()
        return done

    def _words(self, verb: str) -> list[str]:
        words = ["--non-interactive"]
        if verb != "preview":
            words.append("--yes")
        if verb in ("up", "preview"):
            words += deploy.packs(self._workspace.project.root)
        return words

    def _same_instance(self, instance: str) -> None:
        """Put away a state whose AWS is gone: it would name resources that do not exist."""
        workspace = self._workspace
        if workspace.instance != instance:
            if workspace.held():
                aside = workspace.set_aside()
                self._say(
                    f"{workspace.stack}: the sandbox that the state is about is gone, and all resources with it; "
                    f"the state was set aside as {aside.name}"
                )
            workspace.claim(instance)

    def _initialised(self) -> None:
        done = self._quiet("stack", "init", self._workspace.stack, "--secrets-provider", "passphrase", stack=False)
        if done.returncode:
            raise UserError(f"pulumi stack init: {_last_line(done.stderr)}")

    def _unlock(self) -> None:
        """Release the lock that a killed run has left; one that still runs keeps it."""
        workspace = self._workspace
        owners = list(workspace.locks())
        alive = _all_ended(owners)
        if alive:
            raise UserError(
                f"stack {workspace.stack}: the engine's process {alive} is still at work; try again when it is done"
            )
        if owners:
            done = self._quiet("cancel", "--yes")
            if done.returncode:
                raise UserError(f"pulumi cancel: {_last_line(done.stderr)}")
            self._say(f"{workspace.stack}: the run before was interrupted; its lock was released")

    def _recovered(self) -> None:
        """Bring state and AWS together again after a run that was interrupted."""
        workspace = self._workspace
        pending = workspace.checkpoint().get("pending_operations") or ()
        if pending:
            self._without_pending()
        begun = channel.ask(workspace.directory, "begin", state=workspace.held())
        if pending or begun["lost"]:
            self._say(
                f"{workspace.stack}: {len(pending)} operations were interrupted, and {begun['lost']} resources exist "
                "that the state does not have; this run takes over what it asks for"
            )
        if begun["gone"]:
            targets = [word for urn in begun["gone"] for word in ("--target", urn)]
            done = self._quiet("refresh", "--yes", "--skip-preview", *targets)
            if done.returncode:
                raise UserError(f"pulumi refresh: {_last_line(done.stderr)}")
            self._say(
                f"{workspace.stack}: {len(begun['gone'])} resources of the state are gone, and were taken out of it"
            )

    def _without_pending(self) -> None:
        """Take the interrupted operations out of the state: the daemon knows what became of each."""
        exported = self._quiet("stack", "export")
        document = json.loads(exported.stdout)
        document["deployment"]["pending_operations"] = []
        handle, name = tempfile.mkstemp(dir=self._workspace.directory, suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file)
            done = self._quiet("stack", "import", "--file", name)
        finally:
            Path(name).unlink(missing_ok=True)
        if done.returncode:
            raise UserError(f"pulumi stack import: {_last_line(done.stderr)}")

    def _settled(self) -> None:
        settled = channel.ask(self._workspace.directory, "settle")
        if settled["deleted"]:
            self._say(
                f"{self._workspace.stack}: {len(settled['deleted'])} resources that an interrupted run had made, "
                "and that nothing asks for any more, were deleted"
            )
        if settled.get("error"):
            self._say(
                f"{self._workspace.stack}: what an interrupted run had made could not be deleted: {settled['error']}"
            )

    def _quiet(self, *words: str, stack: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *words, "--non-interactive"]
        if stack:
            command += ["--stack", self._workspace.stack]
        return subprocess.run(
            command, cwd=self._workspace.program, env=self._environment(), capture_output=True, text=True, check=False
        )

    def _call(self, verb: str, *words: str) -> int:
        command = ["pulumi", verb, "--stack", self._workspace.stack, *words]
        process = subprocess.Popen(command, cwd=self._workspace.program, env=self._environment())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the engine got it too, and ends in order

    def _environment(self) -> dict[str, str]:
        return self._workspace.environment(os.environ)


def is_alive(pid: int) -> bool:
    """Say whether there is a process of an id that has not ended."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # One that was killed stays in the table until its parent asks for it.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def _all_ended(pids: Sequence[int]) -> int:
    """Return the id of a process that lives on, 0 when none does. A killed one needs a moment to end."""
    deadline = time.monotonic() + _END_SECONDS
    while True:
        alive = next((pid for pid in pids if is_alive(pid)), 0)
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.1)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "failed"
