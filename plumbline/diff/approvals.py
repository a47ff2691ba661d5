"""Approvals of data losses: approvals.yaml in the project's folder, as the new revision has it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plumbline import yaml12
from plumbline.project import UserError, suggestion

FILE = "approvals.yaml"
_FIELDS = ("stack", "resource", "action", "reason", "owner", "expires")
_ACTIONS = ("delete", "replace")


@dataclass(frozen=True)
class Approval:
    """One row: `resource` is the URN, or its end as TYPE::NAME. `expires` is the last day on which it holds."""

    stack: str
    resource: str
    action: str
    reason: str
    owner: str
    expires: datetime.date

    def holds(self, today: datetime.date) -> bool:
        return today <= self.expires

    def names(self, stack: str, urn: str, action: str) -> bool:
        """Say whether it is about a loss."""
        _, _, qualified, name = urn.split("::", 3)
        short = f"{qualified.rpartition('$')[2]}::{name}"
        return stack == self.stack and action == self.action and self.resource in (urn, short)


def read(text: str | None) -> tuple[Approval, ...]:
    """Return the approvals in a file's text, none without a file. Raises UserError with one line per mistake."""
    if text is None:
        return ()
    try:
        document = yaml12.loads(text)
    except yaml12.YamlError as error:
        raise UserError(f"{FILE}:{error.line}:{error.column}: {error.message}") from None
    rows = document.get("approvals") if isinstance(document, dict) else None
    if not isinstance(rows, list) or set(document) != {"approvals"}:
        raise UserError(f"{FILE}: allowed: one list, approvals")
    mistakes = [f"{FILE}: approvals[{number}]{line}" for number, row in enumerate(rows) for line in _mistakes(row)]
    if mistakes:
        raise UserError(*mistakes)
    return tuple(Approval(**{**row, "expires": datetime.date.fromisoformat(row["expires"])}) for row in rows)


def _mistakes(row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f": no mapping; allowed: {', '.join(_FIELDS)}"
        return
    for key in row:
        if key not in _FIELDS:
            yield f".{key}: not known{suggestion(key, list(_FIELDS))}; allowed: {', '.join(_FIELDS)}"
    for key in _FIELDS:
        value = row.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f".{key}: {value!r} given; allowed: a text"
        elif key == "action" and value not in _ACTIONS:
            yield f".action: {value!r} given; allowed: {', '.join(_ACTIONS)}"
        elif key == "resource" and "::" not in value:
            yield f".resource: {value!r} given; allowed: a URN, or TYPE::NAME (aws:s3/bucket:Bucket::audit)"
        elif key == "expires":
            try:
                datetime.date.fromisoformat(value)
            except ValueError:
                yield f".expires: {value!r} given; allowed: the last day, as in 2027-01-31"
