"""The systems that stacks can build: one package each, found by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol, cast

import pulumi

from plumbline.project import suggestion
from systems.settings import SettingsError, StackSettings


class System(Protocol):
    """What a system's package offers."""

    Settings: type[StackSettings]

    def build(self, settings: Any) -> Mapping[str, pulumi.Input[Any]]:
        """Register the system's resources and return the stack's outputs."""
        ...


def names() -> list[str]:
    """Return the names of all systems."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def find(name: str) -> System:
    """Return a system by name. Raises SettingsError for a name that is none."""
    if name not in names():
        raise SettingsError(f"plumbline:system: {name!r} given{suggestion(name, names())}; known: {', '.join(names())}")
    # A module is the System: its names are the protocol's members.
    return cast(System, importlib.import_module(f"systems.{name}"))
