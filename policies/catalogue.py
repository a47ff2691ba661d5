"""All rules with what a reviewer needs to know of each, and the controls that they cover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plumbline import yaml12
from policies import config
from policies.rules import load_all
from policies.rules.model import Rule

VERSION = 1
CONTROLS = Path(__file__).with_name("data") / "controls.yaml"


def controls() -> list[dict[str, Any]]:
    """Return the controls by source and id: each with the rules that cover it, or the reason why there are none."""
    rules = load_all().values()
    return [
        {
            "id": row["id"],
            "source": source,
            "severity": row["severity"],
            "rules": [rule.name for rule in rules if row["id"] in rule.controls],
            "exception": row.get("exception"),
        }
        for source, rows in yaml12.load(CONTROLS).items()
        for row in rows
    ]


def document(root: Path, stack: str | None) -> dict[str, Any]:
    """Return the machine document; levels and parameters are those of a stack, or what holds for all of them.

    Raises UserError for a wrong config.
    """
    rules = load_all()
    settings = config.load(root / "policies" / "config.yaml", stack or "", rules)
    known = controls()
    return {
        "version": VERSION,
        "stack": stack,
        "rules": [_row(rule, settings) for rule in rules.values()],
        "controls": known,
        "summary": {
            "rules": len(rules),
            "controls": len(known),
            "exceptions": sum(not row["rules"] for row in known),
        },
    }


def _row(rule: Rule, settings: config.Config) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "pack": rule.pack,
        "severity": rule.severity,
        "level": settings.level(rule),
        "scope": rule.scope,
        "types": list(rule.types),
        "rationale": rule.rationale,
        "remediation": rule.remediation,
        "remediates": rule.remediate is not None,
        "url": rule.url,
        "controls": list(rule.controls),
        "criteria": list(rule.criteria),
        "parameters": settings.parameters(rule),
    }
