"""The stack that a command works on: its settings, its physical names, its account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.functions import LIVE
from plumbline.project import Project, UserError
from systems.agentic import data
from systems.agentic.settings import Settings
from systems.settings import SettingsError, load

__all__ = ["LIVE", "check_account", "function_names", "settings_of", "table_name"]
_SYSTEM = "agentic"


def settings_of(stack: str) -> Settings:
    """Return the validated settings of a stack of this system. Raises UserError with one line per mistake."""
    project = Project.find(Path.cwd())
    if (system := project.system(stack)) != _SYSTEM:
        known = [name for name in project.stacks() if project.system(name) == _SYSTEM]
        raise UserError(f"stack {stack!r} builds {system}; known stacks of {_SYSTEM}: {', '.join(known)}")
    text = project.config(stack).get(f"{project.name}:settings", "{}")
    try:
        return load(Settings, text, stack)
    except SettingsError as error:
        raise UserError(*str(error).splitlines()) from None


def function_names(settings: Settings) -> Mapping[str, str]:
    """Return the functions' physical names by logical ones, whoever takes work before whoever hands it over.

    In that order a new version never sends to an old one what only the new one understands.
    """
    return {name: settings.naming().exact("function", name) for name in reversed(tuple(data.functions()))}


def table_name(settings: Settings) -> str:
    """Return the physical name of the table."""
    return settings.naming().exact("table", data.TABLE)


def check_account(settings: Settings, sts: Any) -> None:
    """Raise UserError where the credentials are those of another account than the stack's."""
    found = sts.get_caller_identity()["Account"]
    if found != settings.account_id:
        raise UserError(f"the credentials are of account {found}; the stack's account is {settings.account_id}")
