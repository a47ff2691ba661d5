"""Where the engine works in a rehearsal: .plumbline/engine/<stack>, so that it writes nothing into the user's tree.

project/   the program as links, and a copy of the stack's file, into which the CLI writes
backend/   the stack's state and locks, with the instance of the sandbox that the state is about
home/      the CLI's own files, so that nobody is logged in or out
bin/       the plugins, on the PATH of the engine only
passphrase of the state's secrets
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.project import Project
from plumbline.provider import channel

# What the CLI writes into a stack's file about the key of its secrets; a rehearsal has a key of its own.
_KEY_LINES = re.compile(r"^(secretsprovider|encryptedkey|encryptionsalt):.*\n?", re.MULTILINE)
_SALT = re.compile(r"^encryptionsalt:.*$", re.MULTILINE)
# Real ones would do nothing here; without them nothing can go anywhere else.
_NOT_PASSED_ON = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN")


@dataclass(frozen=True)
class Workspace:
    """The files of one stack's rehearsals on the real engine."""

    project: Project
    stack: str
    directory: Path

    @property
    def program(self) -> Path:
        return self.directory / "project"

    @property
    def backend(self) -> Path:
        return self.directory / "backend"

    def prepare(self) -> None:
        """Bring everything but the state up to date with the user's tree."""
        for folder in (self.program, self.backend, self.directory / "home"):
            folder.mkdir(exist_ok=True)
        self._link_program()
        self._copy_stack_file()
        self._write_plugins()
        passphrase = self.directory / "passphrase"
        if not passphrase.exists():
            channel.write_private(passphrase, secrets.token_urlsafe(24))

    def _link_program(self) -> None:
        own = f"Pulumi.{self.stack}.yaml"
        wanted = {path.name: path for path in self.project.root.iterdir() if not path.name.startswith(".")}
        wanted.pop(own, None)
        # The interpreter that runs this one has the packages, wherever the project's own environment may be.
        wanted[".venv"] = Path(sys.prefix)
        for path in self.program.iterdir():
            if path.name != own and (not path.is_symlink() or path.name not in wanted):
                path.unlink()
        for name, target in wanted.items():
            link = self.program / name
            if not link.is_symlink() or link.readlink() != target:
                link.unlink(missing_ok=True)
                link.symlink_to(target)

    def _copy_stack_file(self) -> None:
        name = f"Pulumi.{self.stack}.yaml"
        copy = self.program / name
        salt = _SALT.search(copy.read_text(encoding="utf-8")) if copy.is_file() else None
        text = _KEY_LINES.sub("", (self.project.root / name).read_text(encoding="utf-8"))
        channel.write_private(copy, text.rstrip("\n") + "\n" + (f"{salt[0]}\n" if salt else ""))

    def _write_plugins(self) -> None:
        folder = self.directory / "bin"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for package in ("aws", "awsx"):
            plugin = folder / f"pulumi-resource-{package}"
            if package == "awsx" and shutil.which(plugin.name):
                continue  # the real one shows more
            words = (sys.executable, "-m", "plumbline.provider.launcher", str(self.directory), package)
            home = shlex.quote(str(channel.PACKAGES_HOME))
            plugin.write_text(f'#!/bin/sh\nPYTHONPATH={home} exec {shlex.join(words)} "$@"\n', encoding="utf-8")
            plugin.chmod(0o700)

    def environment(self, caller: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the engine: the caller's, the plugins, and no way to any account."""
        kept = {name: value for name, value in caller.items() if name not in _NOT_PASSED_ON}
        return {
            **kept,
            "PATH": os.pathsep.join((str(self.directory / "bin"), caller.get("PATH", os.defpath))),
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.directory / "passphrase"),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # The engine writes its whole state after each step, which takes minutes in a stack of a thousand resources.
            # It need not: the daemon remembers what a run did that never came to its end.
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    # The state of the file backend: a JSON document per stack, and a file per lock.

    @property
    def _state(self) -> Path:
        return self.backend / ".pulumi" / "stacks" / self.project.name / f"{self.stack}.json"

    def has_stack(self) -> bool:
        return self._state.is_file()

    def checkpoint(self) -> Mapping[str, Any]:
        """Return what the state says, empty where there is none."""
        try:
            document = json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return document["checkpoint"].get("latest") or {}

    def held(self) -> list[tuple[str, str]]:
        """Return URN and id of what the state has of AWS."""
        return [
            (resource["urn"], resource["id"])
            for resource in self.checkpoint().get("resources") or ()
            if resource["type"].startswith("aws:") and resource.get("id") and not resource.get("external")
        ]

    def locks(self) -> Iterator[int]:
        """Yield the process ids that the backend's locks name."""
        for file in (self.backend / ".pulumi" / "locks").rglob("*.json"):
            try:
                yield int(json.loads(file.read_text(encoding="utf-8"))["pid"])
            except (OSError, ValueError, KeyError, TypeError):
                yield 0  # cut off: whoever wrote it is gone

    @property
    def instance(self) -> str:
        """The instance of the sandbox that the state is about, "" where there is none yet."""
        try:
            return (self.backend / "instance").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def claim(self, instance: str) -> None:
        """Write down which instance the state is about."""
        channel.write_private(self.backend / "instance", instance)

    def set_aside(self) -> Path:
        """Move the state out of the way, under a name that no other has, and return where it is now."""
        number = 1
        while (aside := self.directory / f"backend.gone-{number}").exists():
            number += 1
        self.backend.rename(aside)
        self.backend.mkdir()
        return aside
