"""The rules, one folder per pack and one module per service; importing them registers them."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from policies.rules.model import Rule, registered


@functools.cache
def load_all() -> Mapping[str, Rule]:
    """Import every module of rules and return all rules by name, sorted by id."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return {rule.name: rule for rule in sorted(registered().values(), key=lambda rule: rule.id)}
