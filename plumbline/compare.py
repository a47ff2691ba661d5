"""The command `compare`: what differs between two stacks of one system, and what causes each difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from plumbline import parity_causes
from plumbline.contract import encode
from plumbline.graph import UNKNOWN, Blob, Secret
from plumbline.markdown import comment
from plumbline.parity import ABSENT, Comparison, Difference, Part
from plumbline.parity_causes import Causes
from plumbline.parity_measure import Pair, differing, evaluate_both, measure
from plumbline.project import Project, UserError
from plumbline.verdicts import ledger

VERSION = 1
_MOST_NAMES = 4
_LONGEST = 60  # characters of a value in a report


@dataclass(frozen=True)
class Explained:
    """A difference with the settings that cause it and the criteria that ask for it; no settings if nothing does."""

    difference: Difference
    settings: tuple[str, ...]
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Parity:
    """The outcome of a comparison. `mistakes` are causes that hold no longer, and criteria that cannot be one."""

    pair: Pair
    system: str
    counts: tuple[int, int]
    comparison: Comparison
    explained: tuple[Explained, ...]
    mistakes: tuple[str, ...]

    @property
    def unexplained(self) -> list[Difference]:
        return [row.difference for row in self.explained if not row.settings]

    @property
    def status(self) -> int:
        """0, or 1 where something is unexplained or an explanation is wrong."""
        return 1 if self.unexplained or self.mistakes else 0

    @property
    def document(self) -> dict[str, Any]:
        """Return the machine document (docs/contract.schema.json, `comparison`)."""
        return _document(self)


def compare(project: Project, left: str, right: str, *, anew: bool = False) -> Parity:
    """Evaluate two stacks as previews and explain their differences. Raises UserError.

    `anew` measures the causes first and writes them into the system's file.
    """
    system, pair, causes = pair_of(project, left, right)
    evaluated = evaluate_both(pair)
    unclear: Mapping[Difference, str] = {}
    if anew:
        measured = measure(pair, *evaluated)
        parity_causes.write(causes, (left, right), parity_causes.rows_of(measured.causes))
        causes, unclear = parity_causes.read(project.root, system), measured.open
    return explain(pair, system, causes, *evaluated, unclear=unclear)


def pair_of(project: Project, left: str, right: str) -> tuple[str, Pair, Causes]:
    """Return the system of two stacks, what differs in their settings, and the known causes. Raises UserError."""
    system, other = project.system(left), project.system(right)
    if left == right:
        raise UserError(f"compare: {left} given twice; allowed: two stacks of one system")
    if system != other:
        raise UserError(f"compare: {left} of {system} and {right} of {other} given; allowed: two stacks of one system")
    causes = parity_causes.read(project.root, system)
    return system, Pair.of(project, left, right, causes.names, causes.together), causes


def explain(
    pair: Pair,
    system: str,
    causes: Causes,
    left: Mapping[str, Part],
    right: Mapping[str, Part],
    unclear: Mapping[Difference, str] | None = None,
) -> Parity:
    """Compare two evaluations and say what causes each difference.

    A row of causes explains what it matches as long as its settings differ between these two stacks. Of the two stacks
    that were measured, each row has to explain something.
    """
    comparison = pair.compare(left, right)
    own, other = pair.project.settings(pair.left), pair.project.settings(pair.right)
    settings = differing(own, other)
    valid = [row for row in causes.rows if set(row.settings) <= set(settings)]
    used: set[int] = set()
    explained: list[Explained] = []
    for difference in comparison.differences:
        found = [row for row in valid if row.matches(difference)]
        used.update(map(id, found))
        why = tuple(dict.fromkeys(setting for row in found for setting in row.settings))
        explained.append(Explained(difference, why, _criteria(causes, why)))
    mistakes = [f"{_place(difference)}: {said}" for difference, said in (unclear or {}).items()]
    if causes.stacks == {pair.left, pair.right}:
        where = causes.measured_file.relative_to(pair.project.root)
        mistakes += [
            f"{where}: {', '.join(row.settings)}: {row.component}, {row.type}, {', '.join(row.paths)}: explains no "
            "difference any more; measure anew with make parity"
            for row in causes.rows
            if id(row) not in used
        ]
        given = str(causes.given_file.relative_to(pair.project.root))
        mistakes += parity_causes.mistakes(causes, settings, ledger(pair.project.root, system), given)
    counts = len(left) - 1, len(right) - 1  # the stacks' outputs are no resource
    return Parity(pair, system, counts, comparison, tuple(explained), tuple(mistakes))


def _criteria(causes: Causes, settings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            id_
            for setting in settings
            for path, ids in causes.criteria.items()
            if setting == path or setting.startswith(f"{path}.")
            for id_ in ids
        )
    )


def _place(difference: Difference) -> str:
    path = f" {difference.path}" if difference.path else ""
    return f"{difference.part.type} {difference.part.name}{path}"


def _document(parity: Parity) -> dict[str, Any]:
    return {
        "version": VERSION,
        "stacks": [parity.pair.left, parity.pair.right],
        "project": parity.pair.project.name,
        "system": parity.system,
        "names": dict(parity.comparison.names),
        "differences": [
            {
                "type": row.difference.part.type,
                "name": row.difference.part.name,
                "component": row.difference.part.component or None,
                "path": row.difference.path or None,
                **{
                    side: encode(value)
                    for side, value in (("left", row.difference.left), ("right", row.difference.right))
                    if value is not ABSENT
                },
                "settings": list(row.settings),
                "criteria": list(row.criteria),
            }
            for row in parity.explained
        ],
        "mistakes": list(parity.mistakes),
        "summary": {
            "resources": list(parity.counts),
            "differences": len(parity.explained),
            "unexplained": len(parity.unexplained),
        },
    }


def text(parity: Parity, console: Console, every: bool = False) -> None:
    """Print the report by component. `every` names each resource instead of the first few."""
    for line in _lines(parity, every):
        console.print(line, highlight=False, soft_wrap=True)


def markdown(parity: Parity) -> str:
    """Return the report as it fits into a comment."""
    return comment(lambda console: text(parity, console))


def _lines(parity: Parity, every: bool) -> Iterator[str]:
    left, right = parity.pair.left, parity.pair.right
    yield f"[bold]{escape(left)} and {escape(right)}[/] ({escape(parity.system)}): {parity.counts[0]} and " + (
        f"{parity.counts[1]} resources; {len(parity.explained)} differences, {len(parity.unexplained)} unexplained"
    )
    names = ", ".join(f"{path} ({count})" for path, count in parity.comparison.names.items())
    yield f"\n[bold]Names[/] properties that differ only by the value of: {escape(names) or 'nothing'}"
    components: dict[str, list[Explained]] = {}
    for row in parity.explained:
        components.setdefault(row.difference.part.component or "(stack)", []).append(row)
    for component, rows in components.items():
        yield f"\n[bold]{escape(component)}[/]"
        causes: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Difference]] = {}
        for row in rows:
            causes.setdefault((row.settings, row.criteria), []).append(row.difference)
        for (settings, criteria), differences in causes.items():
            asked = f" [dim]({escape(', '.join(criteria))})[/]" if criteria else ""
            yield f"  {escape(', '.join(settings)) or '[red]unexplained[/]'}{asked}"
            yield from _grouped(differences, parity.pair, every)
    for line in parity.mistakes:
        yield f"[red]mistake[/] {escape(line)}"


def _grouped(differences: list[Difference], pair: Pair, every: bool) -> Iterator[str]:
    """Yield a line for each change, with the resources that have it."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for difference in differences:
        if difference.path:
            shown = parity_causes.starred(difference.path)
            what = f"{shown}: {_value(difference.left)} | {_value(difference.right)}"
        else:
            what = f"only in {pair.right if difference.left is ABSENT else pair.left}"
        groups.setdefault((difference.part.type, what), {})[difference.part.name] = None
    for (type_, what), names in groups.items():
        some = list(names) if every else list(names)[:_MOST_NAMES]
        more = f", … {len(names) - len(some)} more" if len(some) < len(names) else ""
        yield f"    {len(names):>4} {escape(type_)} {escape(what)}  [dim]{escape(', '.join(some))}{more}[/]"


def _value(value: Any) -> str:
    if value is ABSENT:
        return "none"
    if value is UNKNOWN:
        return "unknown"
    if isinstance(value, Secret):
        return "secret"
    if isinstance(value, Blob):
        return f"{value.kind} {value.digest[:12]}"
    shown = value if isinstance(value, str) else str(encode(value))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
