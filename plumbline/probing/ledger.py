"""What a system's ledger of criteria asks for, for probes that compare the sandbox with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.probing.model import ProbeContext
from plumbline.verdicts import ledger


def facts(context: ProbeContext, system: str, id_: str) -> Mapping[str, Any] | None:
    """Return the facts of a criterion, None where it is not asked of the stack's environment. Raises KeyError."""
    entry = {entry.id: entry for entry in ledger(context.root, system)}[id_]
    return entry.facts if context.settings.get("environment") in entry.environments else None
