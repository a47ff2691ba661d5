"""Shows what the probes found: the counts as a part of an `up`, or everything, on the terminal or as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from plumbline.graph import StackGraph
from plumbline.markdown import cell
from plumbline.probing.model import WORDS, Probed, Result, Title

_COLOURS = {"passed": "green", "failed": "red", "not_observable": "yellow"}


def counted(counts: Counter[Any]) -> str:
    """Write the number of results by word; those that failed are counted where there is none, too."""
    return ", ".join(f"{counts[word]} {shown(word)}" for word in WORDS if counts[word] or word == "failed")


def shown(word: str) -> str:
    return word.replace("_", " ")


def line(result: Result) -> str:
    """Write one result: where, what was tried, and what came of it."""
    why = f" ({result.trial.why})" if result.trial.why else ""
    return f"{result.group}/{result.probe}: {result.subject}: {result.trial.tried}: {result.trial.evidence}{why}"


def summary(probed: Probed, console: Console, every: bool) -> None:
    """Print the part of an up's report: the counts in total and by group, and what failed."""
    if not probed.probes:
        return
    console.print(f"\n[bold]Probes[/] of {len(probed.results)}: {counted(probed.counts())}")
    for group in probed.groups():
        console.print(f"  {escape(group)}: {counted(probed.counts(group))}", highlight=False)
    for result in probed.results if every else probed.failed:
        _print(result, console, "  ")


def text(graph: StackGraph, system: str, probed: Probed, seconds: float, console: Console, every: bool) -> None:
    """Print every probe with its counts, what failed, and why what could not be observed. `every` lists all results."""
    console.print(f"[bold]{escape(graph.stack)}[/] ({escape(system)})")
    if not probed.probes:
        console.print(f"the system {escape(system)} has no probes")
    for group in probed.groups():
        console.print(f"\n[bold]{escape(group)}[/]: {counted(probed.counts(group))}", highlight=False)
        for probe in (probe for probe in probed.probes if probe.group == group):
            _probe(probe, of(probe, probed), console, every)
    console.print(f"\n[bold]Probes[/] of {len(probed.results)}: {counted(probed.counts())}, in {seconds:.1f} s")


def _probe(probe: Title, results: list[Result], console: Console, every: bool) -> None:
    counts = counted(Counter(result.word for result in results))
    console.print(f"  {escape(probe.about)}: {counts}", highlight=False, soft_wrap=True)
    for result in results:
        if every or result.word == "failed":
            _print(result, console, "    ")
    for why in () if every else reasons(results):
        console.print(f"    [yellow]not observable[/]: {escape(why)}", highlight=False, soft_wrap=True)


def _print(result: Result, console: Console, indent: str) -> None:
    colour = _COLOURS[result.word]
    console.print(f"{indent}[{colour}]{shown(result.word)}[/] {escape(line(result))}", highlight=False, soft_wrap=True)


def of(probe: Title, probed: Probed) -> list[Result]:
    """Return the results of one probe."""
    return [result for result in probed.results if (result.group, result.probe) == (probe.group, probe.name)]


def reasons(results: list[Result]) -> list[str]:
    """Return why something could not be observed, each reason once."""
    return list(dict.fromkeys(result.trial.why for result in results if result.trial.why))


def markdown(graph: StackGraph, system: str, probed: Probed, every: bool) -> str:
    """Return the probes as a table, and below it what failed, or all results."""
    return "\n".join(_markdown(graph, system, probed, every)) + "\n"


def _markdown(graph: StackGraph, system: str, probed: Probed, every: bool) -> Iterator[str]:
    yield f"### {graph.stack} ({system}): probes"
    yield ""
    yield counted(probed.counts()) if probed.probes else "This system has no probes."
    if probed.probes:
        yield from ("", "| group | what holds | passed | failed | not observable |", "| --- | --- | --- | --- | --- |")
    for probe in probed.probes:
        counts = Counter(result.word for result in of(probe, probed))
        yield f"| {probe.group} | {cell(probe.about)} | {' | '.join(str(counts[word]) for word in WORDS)} |"
    yield from rows(list(probed.results) if every else probed.failed)


def rows(results: list[Result]) -> Iterator[str]:
    """Yield a table of results in Markdown, nothing where there are none."""
    if results:
        yield from ("", "| probe | with | result | evidence |", "| --- | --- | --- | --- |")
    for result in results:
        name, said = f"{result.group}/{result.probe}", f"{result.trial.tried}: {result.trial.evidence}"
        why = f" ({result.trial.why})" if result.trial.why else ""
        yield f"| {name} | {cell(result.subject)} | {shown(result.word)} | {cell(said + why)} |"
