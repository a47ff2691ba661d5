"""Judges a stack by the rules: one model for the packs on the engine and for previews without it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline.graph import Resource, StackGraph
from policies import waivers as waiving
from policies.config import Config
from policies.rules.model import Estate, Finding, Outcome, Rule, View, present_type
from policies.waivers import Waiver


@dataclass(frozen=True)
class Violation:
    """One finding of one rule on one resource. `cause` is the resource that an unknown value comes from, if known."""

    rule: Rule
    level: Literal["mandatory", "advisory"]
    urn: str
    resource: str
    finding: Finding
    unknown: bool = False
    cause: str = ""

    @property
    def said(self) -> str:
        """What was found, with its cause where that is known, and what is expected."""
        source = f" (it comes from {self.cause})" if self.cause else ""
        return f"{self.finding.found}{source}; expected: {self.finding.expected}"

    @property
    def message(self) -> str:
        """Say in one line what is wrong, and how it is mended: rule, resource, path, found, expected, remedy."""
        place = f"{self.resource}: {self.finding.path}" if self.finding.path else self.resource
        return f"[{self.rule.id} {self.rule.name}] {place}: {self.said}. {self.rule.remediation}"


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a stack. `problems` are about the waivers; each counts like a mandatory violation."""

    violations: tuple[Violation, ...] = ()
    waived: tuple[tuple[Violation, Waiver], ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class Rulebook:
    """Rules by the type that they concern, with the config and the waivers of one stack."""

    rules: Mapping[str, Rule]
    config: Config
    waivers: Sequence[Waiver] = ()
    _by_type: dict[str, list[Rule]] = field(default_factory=dict)
    _parameters: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.rules.values():
            self._parameters[rule.name] = self.config.parameters(rule)
            if self.config.level(rule) != "disabled":
                for type_ in dict.fromkeys(rule.types):
                    self._by_type.setdefault(type_, []).append(rule)

    def of(self, resource: Resource, scope: Literal["resource", "stack"]) -> list[Rule]:
        """Return the enabled rules of a scope that concern a resource."""
        return [rule for rule in self._by_type.get(present_type(resource.type), ()) if rule.scope == scope]

    def ask(self, rule: Rule, resource: Resource, estate: Estate | None = None) -> Outcome:
        """Ask one rule about one resource."""
        return rule.judge(View(resource, self._parameters[rule.name], estate))

    def violations(self, rule: Rule, resource: Resource, outcome: Outcome, estate: Estate | None) -> list[Violation]:
        """Return an outcome's findings. An unknown is one too: nobody can say that the rule holds."""
        if outcome.word not in ("fail", "unknown"):
            return []
        level = self.config.level(rule)
        if level == "disabled":
            return []
        return [
            Violation(
                rule,
                level,
                resource.urn,
                resource.name,
                finding,
                outcome.word == "unknown",
                self.cause(resource, finding, estate) if outcome.word == "unknown" else "",
            )
            for finding in outcome.findings
        ]

    @staticmethod
    def cause(resource: Resource, finding: Finding, estate: Estate | None) -> str:
        """Name the resources that an unknown property depends on."""
        step = finding.path.replace("[", ".").partition(".")[0]
        urns = resource.property_dependencies.get(step, ())
        names = [found.name for urn in urns if estate is not None and (found := estate.find(urn)) is not None]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

    def waiver(self, violation: Violation, stack: str, today: datetime.date) -> Waiver | None:
        """Return the waiver that covers a violation and still holds, None where there is none."""
        finding = violation.finding
        for waiver in self.waivers:
            if waiver.stack == stack and waiver.covers(violation.rule.name, violation.resource, finding.path):
                return waiver if waiver.expires >= today else None
        return None

    def judge(self, graph: StackGraph, today: datetime.date, *, partial: bool = False) -> Judgement:
        """Judge a stack. Of a part of one only single resources are judged, and no waiver is missed."""
        standing: list[Violation] = []
        waived: list[tuple[Violation, Waiver]] = []
        for violation in self._all(graph, partial):
            waiver = self.waiver(violation, graph.stack, today)
            if waiver is None:
                standing.append(violation)
            else:
                waived.append((violation, waiver))
        matched = Counter(waiver for _, waiver in waived)
        problems = [] if partial else waiving.problems(self.waivers, matched, graph.stack, today)
        return Judgement(tuple(standing), tuple(waived), tuple(problems))

    def _all(self, graph: StackGraph, partial: bool) -> Iterator[Violation]:
        estate = Estate(graph)
        for resource in graph.resources.values():
            for rule in self._by_type.get(present_type(resource.type), ()):
                if partial and rule.scope == "stack":
                    continue
                outcome = self.ask(rule, resource, estate if rule.scope == "stack" else None)
                yield from self.violations(rule, resource, outcome, estate)
