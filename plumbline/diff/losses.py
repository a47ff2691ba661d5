"""The data-loss gate: nothing with data in a protected stack is deleted or replaced, unless somebody approved it."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline import yaml12
from plumbline.diff.approvals import Approval
from plumbline.diff.details import Detail
from plumbline.diff.repairs import repair
from plumbline.graph import StackGraph


@dataclass(frozen=True)
class Loss:
    """One resource whose data a change loses. `repair` is the code that keeps it, "" where nothing else can be it.

    `approval` is who answers for it, None where nobody does, and the gate fails; `expired` is one that held before.
    """

    stack: str
    urn: str
    type: str
    name: str
    action: str
    holds: str
    causes: tuple[str, ...]
    repair: str
    approval: Approval | None
    expired: Approval | None = None

    @property
    def text(self) -> str:
        """The loss as one sentence."""
        because = f" because of {', '.join(self.causes)}" if self.causes else ""
        return f"{self.type} {self.name} would be {self.action}d{because}, and with it {self.holds}"


@functools.cache
def stateful() -> Mapping[str, str]:
    """Return what is lost with a resource, by type (plumbline/data/stateful.yaml)."""
    return yaml12.load(Path(__file__).parents[1] / "data" / "stateful.yaml")


def is_protected(*sides: Mapping[str, Any]) -> bool:
    """Say whether a stack's settings protect its data, before the change or after it."""
    return any(settings.get("stateful") == "protected" for settings in sides)


def losses(
    stack: str,
    before: StackGraph,
    after: StackGraph,
    found: Iterable[Detail],
    approvals: Iterable[Approval],
    today: datetime.date,
) -> list[Loss]:
    """Return what a change of a protected stack loses, approved or not."""
    approvals = list(approvals)
    return [
        Loss(
            stack,
            detail.urn,
            detail.type,
            detail.name,
            detail.action,
            stateful()[detail.type],
            detail.causes,
            repair(detail, before, after),
            next((one for one in approvals if one.holds(today) and one.names(stack, detail.urn, detail.action)), None),
            next((one for one in approvals if one.names(stack, detail.urn, detail.action)), None),
        )
        for detail in found
        if detail.type in stateful() and detail.action in ("delete", "replace")
    ]
