"""What the policy rules say of a stack. They are in policies/, which is loaded by name as a system's criteria are."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from plumbline.graph import StackGraph

_FOLDER = "policies"


@dataclass(frozen=True)
class Ruling:
    """One finding of one rule on one resource. `urn` and `resource` are empty for the stack as a whole."""

    id: str
    rule: str
    pack: str
    level: Literal["mandatory", "advisory"]
    severity: str
    urn: str
    resource: str
    verdict: Literal["fail", "unknown"]
    path: str
    message: str
    remediation: str

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "rule": self.rule,
            "pack": self.pack,
            "level": self.level,
            "severity": self.severity,
            "resource": self.urn or None,
            "verdict": self.verdict,
            "path": self.path or None,
            "message": self.message,
            "remediation": self.remediation,
        }


@dataclass(frozen=True)
class Waived:
    """A finding that somebody answers for until a day."""

    ruling: Ruling
    reason: str
    owner: str
    expires: str

    def document(self) -> dict[str, Any]:
        waiver = {"reason": self.reason, "owner": self.owner, "expires": self.expires}
        return {**self.ruling.document(), "waiver": waiver}


@dataclass(frozen=True)
class Rulings:
    """What `rules` rules say of a stack: what stands, and what is waived."""

    rules: int = 0
    standing: tuple[Ruling, ...] = ()
    waived: tuple[Waived, ...] = ()

    @property
    def mandatory(self) -> int:
        """The number of findings that no deployment passes."""
        return sum(ruling.level == "mandatory" for ruling in self.standing)

    def counts(self) -> dict[str, int]:
        return {
            "rules": self.rules,
            "violations": len(self.standing),
            "mandatory": self.mandatory,
            "advisory": len(self.standing) - self.mandatory,
            "waived": len(self.waived),
        }


# Of a project without policies.
NO_RULINGS = Rulings()


def judge(root: Path, graph: StackGraph, *, partial: bool = False) -> Rulings:
    """Judge a stack by the rules of the project, none where it has no policies. Raises UserError for a wrong config."""
    if not (root / _FOLDER).is_dir():
        return NO_RULINGS
    return importlib.import_module(f"{_FOLDER}.rulings").judge(root, graph, partial=partial)


def catalogue(root: Path, stack: str | None) -> Mapping[str, Any]:
    """Return the document about all rules; for a stack with their levels and parameters there. Raises UserError."""
    return importlib.import_module(f"{_FOLDER}.catalogue").document(root, stack)
