"""Shows a stack to a person: on the terminal, or as a comment-sized Markdown summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from plumbline.changes import Change
from plumbline.contract import encode
from plumbline.graph import Resource, StackGraph, urn_type
from plumbline.markdown import cell
from plumbline.probing import report as probing_report
from plumbline.probing.model import Probed
from plumbline.rulings import Ruling, Rulings
from plumbline.verdicts import WORDS, Entry, Verdict

_COLOURS = {"pass": "green", "deviation": "cyan", "outside": "cyan", "fail": "red", "unknown": "yellow"}
_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "same": " "}
_MOST_NAMES = 6
_MOST_CHANGES = 60
# Worst first: what a reviewer must not miss.
_URGENCY = ("delete", "replace", "update", "create")


@dataclass(frozen=True)
class Report:
    """Everything that a report is made of. An `up` counts in `sandbox` (materialised, simulated), and has `probed`."""

    graph: StackGraph
    system: str
    changes: list[Change]
    entries: tuple[Entry, ...]
    verdicts: Mapping[str, Verdict]
    rulings: Rulings
    seconds: float
    sandbox: tuple[Counter[str], Counter[str]] | None = None
    notes: list[str] = field(default_factory=list)
    base: str = ""
    probed: Probed | None = None


def text(report: Report, console: Console, every: bool = False) -> None:
    """Print the report. `every` lists each resource and each criterion instead of counts."""
    console.print(_tree(report, every))
    _changes(report, console, every)
    if report.sandbox is not None:
        _sandbox(report, console)
    if report.probed is not None:
        probing_report.summary(report.probed, console, every)
    _policies(report.rulings, console, every)
    _criteria(report, console, every)
    for note in report.notes:
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    console.print(f"{report.graph.stack}: {len(report.graph)} resources in {report.seconds:.1f} s")


def _tree(report: Report, every: bool) -> Tree:
    tree = Tree(f"[bold]{escape(report.graph.stack)}[/] ({escape(report.system)})")
    for resource in report.graph.children(""):
        if not resource.custom:
            _branch(report.graph, resource, tree, every)
    own = [resource for resource in report.graph.children("") if resource.custom]
    _leaves(own, tree, every)
    return tree


def _branch(graph: StackGraph, component: Resource, tree: Tree, every: bool) -> None:
    children = graph.children(component.urn)
    branch = tree.add(f"[bold]{escape(_short(component.type))}[/] {escape(component.name)}")
    for child in children:
        if not child.custom:
            _branch(graph, child, branch, every)
    _leaves(list(_custom(graph, component)), branch, every)


def _custom(graph: StackGraph, parent: Resource) -> Iterator[Resource]:
    """Yield a resource's custom descendants, which awsx nests below each other, up to the next component."""
    for child in graph.children(parent.urn):
        if child.custom:
            yield child
            yield from _custom(graph, child)


def _leaves(resources: list[Resource], branch: Tree, every: bool) -> None:
    by_type: dict[str, list[str]] = {}
    for resource in resources:
        by_type.setdefault(resource.type, []).append(resource.name)
    for type_, names in by_type.items():
        shown = names if every else names[:_MOST_NAMES]
        more = f", … {len(names) - len(shown)} more" if len(shown) < len(names) else ""
        branch.add(f"{len(names):>4} {escape(type_)}  [dim]{escape(', '.join(shown))}{more}[/]")


def _changes(report: Report, console: Console, every: bool) -> None:
    actions = Counter(change.action for change in report.changes)
    line = ", ".join(f"{actions[action]} to {action}" for action in reversed(_URGENCY) if actions[action])
    console.print(f"\n[bold]Changes[/] {escape(report.base)}: {line or 'none'} ({actions['same']} unchanged)")
    shown = [change for action in _URGENCY for change in report.changes if change.action == action]
    if actions["create"] and not every:
        shown = [change for change in shown if change.action != "create" or len(shown) <= _MOST_CHANGES]
    for change in shown[: None if every else _MOST_CHANGES]:
        console.print(escape(change_line(change)), highlight=False)
    hidden = sum(actions[action] for action in _URGENCY) - len(shown[: None if every else _MOST_CHANGES])
    if hidden:
        console.print(f"  … {hidden} more, with --all")


def change_line(change: Change) -> str:
    """Write one change: mark, type and name, the paths, and what forces a replacement."""
    name = f"{urn_type(change.urn)} {change.urn.split('::')[3]}"
    because = f" because of {', '.join(change.causes)}" if change.causes else ""
    others = [path for path in change.paths if path not in change.causes]
    paths = f": {', '.join(others)}" if others else ""
    return f"  {_MARKS[change.action]} {change.action} {name}{because}{paths}"


def _sandbox(report: Report, console: Console) -> None:
    made, simulated = report.sandbox or (Counter(), Counter())
    console.print(f"\n[bold]Sandbox[/]: {made.total()} resources exist, {simulated.total()} are simulated")
    for type_, count in sorted(simulated.items()):
        console.print(f"  simulated: {count} {escape(type_)}")
    if report.graph.outputs:
        console.print("[bold]Outputs[/]")
        for name, value in report.graph.outputs.items():
            console.print(f"  {escape(name)}: {escape(_brief(encode(value)))}", highlight=False)


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        items = list(value.items())
        more = f", … {len(items) - 2} more" if len(items) > 2 else ""
        return "{" + ", ".join(f"{key}: {_brief(item)}" for key, item in items[:2]) + more + "}"
    return str(value)


def _policies(rulings: Rulings, console: Console, every: bool) -> None:
    if not rulings.rules:
        return
    console.print(f"\n[bold]Policies[/] of {rulings.rules} rules: {_policy_counts(rulings)}")
    for found in by_rule(rulings):
        first = found[0]
        colour = "red" if first.level == "mandatory" else "yellow"
        title = f"{first.id} {first.rule}".strip()
        console.print(f"  [{colour}]{first.level}[/] {escape(title)} [dim]({first.severity})[/]", highlight=False)
        for ruling in found[: None if every else _MOST_NAMES]:
            console.print(f"    {escape(_ruling_line(ruling))}", highlight=False, soft_wrap=True)
        if len(found) > _MOST_NAMES and not every:
            console.print(f"    … {len(found) - _MOST_NAMES} more, with --all")
        console.print(f"    [dim]to mend: {escape(first.remediation)}[/]", highlight=False, soft_wrap=True)
    for waived in rulings.waived if every else ():
        until = f"{waived.owner} until {waived.expires}: {waived.reason}"
        line = f"{waived.ruling.rule} {_ruling_line(waived.ruling)}; {until}"
        console.print(f"  [cyan]waived[/] {escape(line)}", highlight=False, soft_wrap=True)


def by_rule(rulings: Rulings) -> list[list[Ruling]]:
    """Return the findings that stand by their rules, the mandatory ones first."""
    found: dict[str, list[Ruling]] = {}
    for ruling in rulings.standing:
        found.setdefault(ruling.rule, []).append(ruling)
    return sorted(found.values(), key=lambda rows: rows[0].level != "mandatory")


def _policy_counts(rulings: Rulings) -> str:
    counts = rulings.counts()
    shown = [f"{counts[word]} {word}" for word in ("mandatory", "advisory", "waived") if counts[word]]
    return ", ".join(shown) or "no violation"


def _ruling_line(ruling: Ruling) -> str:
    place = ": ".join(part for part in (ruling.resource, ruling.path) if part)
    return f"{place}: {ruling.message}" if place else ruling.message


def _criteria(report: Report, console: Console, every: bool) -> None:
    if not report.verdicts:
        console.print("\n[bold]Criteria[/]: this system has no ledger yet")
        return
    words = Counter(verdict.word for verdict in report.verdicts.values())
    counts = ", ".join(f"{words[word]} {word}" for word in WORDS if words[word])
    console.print(f"\n[bold]Criteria[/] of {len(report.verdicts)}: {counts}")
    table = Table(box=None, show_header=False, padding=(0, 1))
    for entry in report.entries:
        verdict = report.verdicts[entry.id]
        if every or verdict.word in ("fail", "unknown"):
            colour = _COLOURS.get(verdict.word, "dim")
            decision = f" (decision {verdict.decision})" if verdict.decision else ""
            place = f"\n[dim]{escape(verdict.path)}[/]" if verdict.path else ""
            said = f"{escape(entry.text)}\n[dim]{escape(verdict.evidence)}{decision}[/]{place}"
            table.add_row(entry.id, f"[{colour}]{verdict.word}[/]", said)
    if table.row_count:
        console.print(table)


def markdown(report: Report) -> str:
    """Return a summary that fits into a pull request's comment."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    words = Counter(verdict.word for verdict in report.verdicts.values())
    actions = Counter(change.action for change in report.changes)
    yield f"### {report.graph.stack} ({report.system}): {len(report.graph)} resources"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| changes {report.base} | {_counts(actions, reversed(_URGENCY)) or 'none'} |"
    yield f"| criteria | {_counts(words, WORDS) or 'no ledger'} |"
    if report.rulings.rules:
        yield f"| policies of {report.rulings.rules} rules | {_policy_counts(report.rulings)} |"
    if report.probed is not None and report.probed.probes:
        yield f"| probes | {probing_report.counted(report.probed.counts())} |"
    shown = [change for action in _URGENCY for change in report.changes if change.action == action]
    if shown:
        yield from ("", f"<details><summary>{len(shown)} changes</summary>", "", "```")
        yield from (change_line(change).strip() for change in shown[:_MOST_CHANGES])
        if len(shown) > _MOST_CHANGES:
            yield f"… {len(shown) - _MOST_CHANGES} more"
        yield from ("```", "", "</details>")
    urgent = [entry for entry in report.entries if report.verdicts[entry.id].word in ("fail", "unknown")]
    if urgent:
        yield from ("", "| criterion | verdict | evidence |", "| --- | --- | --- |")
        for entry in urgent:
            verdict = report.verdicts[entry.id]
            yield f"| {entry.id} {entry.text} | {verdict.word} | {cell(verdict.evidence)} |"
    if report.rulings.standing:
        yield from ("", "| policy | found | to mend |", "| --- | --- | --- |")
        for found in by_rule(report.rulings):
            lines = [_ruling_line(ruling) for ruling in found[:_MOST_NAMES]]
            if len(found) > _MOST_NAMES:
                lines.append(f"… {len(found) - _MOST_NAMES} more")
            first = found[0]
            title = f"{first.level} {first.id} {first.rule}".strip()
            yield f"| {title} | {cell('<br>'.join(lines))} | {cell(first.remediation)} |"
    if report.probed is not None:
        yield from probing_report.rows(report.probed.failed)
    for note in report.notes:
        yield from ("", f"> {note}")


def _counts(counter: Counter[Any], order: Iterable[str]) -> str:
    return ", ".join(f"{counter[word]} {word}" for word in order if counter[word])


def _short(type_: str) -> str:
    return type_.rpartition(":")[2]
