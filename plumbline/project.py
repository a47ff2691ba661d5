"""The project on disk: which stacks there are, and what their files say."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from plumbline import yaml12

_STACK_KEYS = {"config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment"}


class UserError(Exception):
    """A mistake of the user's: `lines` has one clear line for each. Ends the command with status 2."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines

    def __reduce__(self) -> tuple[type[UserError], tuple[str, ...]]:
        return type(self), self.lines  # another process gets the same lines


def suggestion(given: str, known: list[str]) -> str:
    """Return " (did you mean X?)" for the nearest known word, "" where none is near."""
    near = difflib.get_close_matches(given, known, 1)
    return f" (did you mean {near[0]}?)" if near else ""


@dataclass(frozen=True)
class Project:
    """A directory with Pulumi.yaml and stack files."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> Project:
        """Return the project that `start` lies in. Raises UserError where there is none."""
        for directory in (start, *start.parents):
            if (directory / "Pulumi.yaml").is_file():
                return cls(directory)
        raise UserError(f"{start}: no Pulumi.yaml here or above")

    @cached_property
    def name(self) -> str:
        document = self._read("Pulumi.yaml")
        name = document.get("name")
        if not isinstance(name, str):
            raise UserError("Pulumi.yaml: name: a text is needed")
        return name

    @property
    def state_directory(self) -> Path:
        return self.root / ".plumbline"

    def stacks(self) -> list[str]:
        """Return the names of all stacks that have a file, sorted."""
        return sorted(
            path.name.removeprefix("Pulumi.").removesuffix(".yaml")
            for path in self.root.glob("Pulumi.*.yaml")
            if path.name != "Pulumi.yaml"
        )

    def config(self, stack: str) -> dict[str, str]:
        """Return a stack's configuration as the engine passes it: text, with JSON for anything nested.

        Raises UserError for an unknown stack and for a file that the engine would not accept.
        """
        if stack not in self.stacks():
            known = ", ".join(self.stacks()) or "none"
            raise UserError(f"stack {stack!r} is not known{suggestion(stack, self.stacks())}; known: {known}")
        file = f"Pulumi.{stack}.yaml"
        document = self._read(file)
        mistakes = [
            f"{file}: {key}: not a key of a stack file{suggestion(key, sorted(_STACK_KEYS))}"
            for key in document
            if key not in _STACK_KEYS
        ]
        config = document.get("config") or {}
        if not isinstance(config, dict):
            mistakes.append(f"{file}: config: a mapping is needed, {_kind(config)} given")
            config = {}
        for key, value in config.items():
            if ":" not in key:
                mistakes.append(f"{file}: config.{key}: a key needs its namespace, as in {self.name}:{key}")
            if isinstance(value, dict) and set(value) == {"secure"}:
                mistakes.append(f"{file}: config.{key}: an encrypted value cannot be read without its key")
        if mistakes:
            raise UserError(*mistakes)
        return {key: config_text(value) for key, value in config.items()}

    def system(self, stack: str) -> str:
        """Return the name of the system that a stack builds."""
        system = self.config(stack).get(f"{self.name}:system")
        if not system:
            raise UserError(f"Pulumi.{stack}.yaml: config.{self.name}:system: missing")
        return system

    def settings(self, stack: str) -> dict[str, Any]:
        """Return a stack's settings as plain data, unvalidated."""
        text = self.config(stack).get(f"{self.name}:settings", "{}")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if not isinstance(value, dict):
            raise UserError(
                f"Pulumi.{stack}.yaml: config.{self.name}:settings: a mapping is needed, {_kind(value)} given"
            )
        return value

    def siblings(self, stack: str) -> dict[str, dict[str, Any]]:
        """Return the settings of every stack of the same system, the stack itself included."""
        system = self.system(stack)
        return {
            other: self.settings(other)
            for other in self.stacks()
            if self.config(other).get(f"{self.name}:system") == system
        }

    def _read(self, file: str) -> dict[str, Any]:
        try:
            document = yaml12.load(self.root / file)
        except yaml12.YamlError as error:
            raise UserError(f"{file}:{error.line}:{error.column}: {error.message}") from None
        except OSError as error:
            raise UserError(f"{file}: {os.strerror(error.errno or 0)}") from None
        if not isinstance(document, dict):
            raise UserError(f"{file}: a mapping is needed, {_kind(document)} given")
        return document


def config_text(value: Any) -> str:
    """Return a configuration value as the engine hands it to a program."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, Mapping | list) else str(value)


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", type(None): "nothing", bool: "true or false"}
    return names.get(type(value), "a number")
