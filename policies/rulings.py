"""The rules' findings as reports and the contract show them."""

from __future__ import annotations

import datetime
from pathlib import Path

from plumbline.graph import StackGraph
from plumbline.rulings import Ruling, Rulings, Waived
from policies import config, waivers
from policies.judgement import Rulebook, Violation
from policies.rules import load_all

_WAIVERS = "Mend the line in policies/waivers.yaml, or take it away."


def judge(root: Path, graph: StackGraph, *, partial: bool = False) -> Rulings:
    """Judge a stack with the config and the waivers of a project. Raises UserError for mistakes in these."""
    rules = load_all()
    settings = config.load(root / "policies" / "config.yaml", graph.stack, rules)
    given = waivers.load(root / "policies" / "waivers.yaml", rules)
    found = Rulebook(rules, settings, given).judge(graph, datetime.date.today(), partial=partial)
    standing = [_ruling(violation) for violation in found.violations]
    standing += [
        Ruling("", "waivers", "waivers", "mandatory", "high", "", "", "fail", "", problem, _WAIVERS)
        for problem in found.problems
    ]
    waived = [
        Waived(_ruling(violation), waiver.reason, waiver.owner, waiver.expires.isoformat())
        for violation, waiver in found.waived
    ]
    enabled = sum(settings.level(rule) != "disabled" for rule in rules.values())
    return Rulings(enabled, tuple(standing), tuple(waived))


def _ruling(violation: Violation) -> Ruling:
    return Ruling(
        id=violation.rule.id,
        rule=violation.rule.name,
        pack=violation.rule.pack,
        level=violation.level,
        severity=violation.rule.severity,
        urn=violation.urn,
        resource=violation.resource,
        verdict="unknown" if violation.unknown else "fail",
        path=violation.finding.path,
        message=violation.said,
        remediation=violation.rule.remediation,
    )
