"""What became of the faults, and docs/faults.md, which tells of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plumbline.graph import Resource, StackGraph
from policies import config
from policies.judgement import Rulebook
from policies.rules import load_all
from policies.rules.model import Estate, Rule, View, present_type
from tests.policies.faults import ROOT, Fault, changed, faults


class Patched(Estate):
    """The resources of a stack with a fault in it, made from those without: that is much faster."""

    def __init__(self, whole: Estate, graph: StackGraph, changes: Mapping[str, Resource | None]) -> None:
        super().__init__(StackGraph(graph.stack, graph.project, {}))
        self.graph = graph
        self._by_type = dict(whole._by_type)
        for urn, after in changes.items():
            before = whole.find(urn)
            type_ = present_type((after or before or Resource(urn=urn, type="", name="")).type)
            kept = [row for row in self._by_type.get(type_, ()) if row.urn != urn]
            self._by_type[type_] = [*kept, after] if after else kept


class Judge:
    """Says which of the rules that must tell of a fault do, by the config that the stack really has."""

    def __init__(self, graph: StackGraph) -> None:
        self.rules: Mapping[str, Rule] = load_all()
        self.graph = graph
        self.book = Rulebook(self.rules, config.load(ROOT / "policies" / "config.yaml", graph.stack, self.rules))
        self.estate = Estate(graph)
        self._before: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def asked(self, fault: Fault) -> bool:
        """Say whether the stack's config asks for anything that the fault goes against."""
        rules = [self.rules[name] for name in fault.rules]
        settings = self.book.config
        if fault.right and any(settings.parameters(rule) != rule.parameters for rule in rules):
            return False  # fixtures are about what a rule asks by itself
        return any(settings.level(rule) != "disabled" for rule in rules)

    def catches(self, fault: Fault) -> list[str]:
        """Return the rules that tell of a fault, of those that must."""
        estate: Estate | None = None
        right = Patched(self.estate, changed(self.graph, fault.right), fault.right) if fault.right else None
        found = []
        for name in fault.rules:
            rule = self.rules[name]
            if rule.scope == "stack" and estate is None:
                estate = Patched(self.estate, fault.graph(self.graph), fault.changes)
            for urn in fault.places:
                resource = fault.changes[urn] if urn in fault.changes else self.graph.resources.get(urn)
                if resource is None or (rule.scope == "resource" and urn not in fault.changes):
                    continue
                before = self.before(rule, urn)
                if right is not None and urn in fault.right:
                    before = self._findings(rule, fault.right[urn], right)
                if self._findings(rule, resource, estate) - before:
                    found.append(name)
                    break
        return found

    def before(self, rule: Rule, urn: str) -> frozenset[tuple[str, str]]:
        """Return what a rule says of a resource of the stack as it is."""
        key = (rule.name, urn)
        if key not in self._before:
            resource = self.graph.resources.get(urn)
            self._before[key] = self._findings(rule, resource, self.estate) if resource else frozenset()
        return self._before[key]

    def _findings(self, rule: Rule, resource: Resource, estate: Estate | None) -> frozenset[tuple[str, str]]:
        level = self.book.config.level(rule)
        if level == "disabled" or present_type(resource.type) not in rule.types:
            return frozenset()
        parameters = self.book.config.parameters(rule)
        outcome = rule.judge(View(resource, parameters, estate if rule.scope == "stack" else None))
        if outcome.word not in ("fail", "unknown"):
            return frozenset()
        return frozenset((finding.path, finding.found) for finding in outcome.findings)


@dataclass(frozen=True)
class Result:
    """What became of a stack's faults: those that were caught, with the rules that did, and those that were not."""

    stack: str
    caught: Mapping[Fault, Sequence[str]]
    missed: Sequence[Fault]
    # What the stack's config asks for nothing about, since the documents leave it to the environment.
    left: Sequence[Fault]


def inject(graph: StackGraph) -> Result:
    """Break one thing of a stack at a time, and ask the rules each time."""
    judge = Judge(graph)
    caught: dict[Fault, Sequence[str]] = {}
    missed, left = [], []
    for fault in faults(graph):
        if not judge.asked(fault):
            left.append(fault)
        elif found := judge.catches(fault):
            caught[fault] = found
        else:
            missed.append(fault)
    return Result(graph.stack, caught, missed, left)


def uncovered(results: Iterable[Result]) -> dict[str, list[str]]:
    """Return the rules of which no fault was caught in any stack, each with the controls that only it covers."""
    told = {name for result in results for names in result.caught.values() for name in names}
    covered = {control for name in told for control in load_all()[name].controls}
    return {
        name: [control for control in rule.controls if control not in covered]
        for name, rule in load_all().items()
        if name not in told
    }


def report(results: Sequence[Result]) -> str:
    """Return docs/faults.md."""
    heads = [result.stack for result in results]
    lines = [
        "# Faults",
        "",
        "Generated by `python -m tests.policies.faults`; a test keeps it up to date. Each fault breaks one thing in",
        "the real preview graph of a stack. It is caught when a rule that should tell of it has a new finding at the",
        "resource that is broken, or at the one that it protects. Of many resources of a type, twelve are broken.",
        "",
        "## By area",
        "",
        f"| Area | {' | '.join(f'{head}: caught | missed' for head in heads)} |",
        f"| --- |{' --- | --- |' * len(heads)}",
    ]
    areas = dict.fromkeys(fault.area for result in results for fault in (*result.caught, *result.missed))
    for area in (*sorted(areas), "all"):
        counts = []
        for result in results:
            for part in (result.caught, result.missed):
                counts.append(str(sum(area in (fault.area, "all") for fault in part)))
        lines.append(f"| {area} | {' | '.join(counts)} |")
    left = ", ".join(f"{len(result.left)} in {result.stack}" for result in results)
    lines += ["", f"Not counted, since the config of the stack leaves it open: {left}.", "", "## Missed", ""]
    lines += [f"- {result.stack}: {fault.name} ({fault.area})" for result in results for fault in result.missed] or [
        "None."
    ]
    lines += ["", "## By rule", "", f"Faults that each rule told of, of {', '.join(heads)}.", ""]
    lines += [f"| Rule | {' | '.join(heads)} |", f"| --- |{' --- |' * len(heads)}"]
    told = [Counter(name for names in result.caught.values() for name in names) for result in results]
    for name in load_all():
        if any(count[name] for count in told):
            lines.append(f"| {name} | {' | '.join(str(count[name]) for count in told)} |")
    lines += ["", "## Rules without a fault", ""]
    for name, controls in uncovered(results).items():
        lines.append(f"- {name}{': ' + ', '.join(controls) if controls else ''}")
    return "\n".join(lines) + "\n"
