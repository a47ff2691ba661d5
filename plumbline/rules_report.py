"""Shows the catalogue of the rules to a person: on the terminal, or as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plumbline.markdown import cell


def text(catalogue: Mapping[str, Any], console: Console) -> None:
    """Print one line for each rule, by pack, and the counts."""
    for pack, rows in groupby(_by_pack(catalogue), lambda row: row["pack"]):
        table = Table(box=None, show_header=False, padding=(0, 1))
        for row in rows:
            table.add_row(row["id"], escape(row["name"]), row["severity"], row["level"], escape(row["rationale"]))
        console.print(f"[bold]{pack}[/]")
        console.print(table)
    console.print(_counts(catalogue))


def markdown(catalogue: Mapping[str, Any]) -> str:
    """Return the tables of the rules and of the controls."""
    return "\n".join((*_rules(catalogue), *_controls(catalogue))) + "\n"


def _by_pack(catalogue: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(catalogue["rules"], key=lambda row: (row["pack"], row["id"]))


def _counts(catalogue: Mapping[str, Any]) -> str:
    counts = catalogue["summary"]
    return (
        f"{counts['rules']} rules; {counts['controls']} controls, of which {counts['exceptions']} have no rule, "
        "with the reason"
    )


def _rules(catalogue: Mapping[str, Any]) -> Iterator[str]:
    yield _counts(catalogue)
    for pack, rows in groupby(_by_pack(catalogue), lambda row: row["pack"]):
        yield from ("", f"## {pack}", "", "| rule | severity | level | why | criteria | controls |", "|" + " --- |" * 6)
        for row in rows:
            repairs = " It can be repaired by the engine (remediation)." if row["remediates"] else ""
            yield (
                f"| [{row['id']}]({row['url']}) `{row['name']}` | {row['severity']} | {row['level']} "
                f"| {row['rationale']} To mend: {cell(row['remediation'])}{repairs} "
                f"| {', '.join(row['criteria'])} | {', '.join(row['controls'])} |"
            )


def _controls(catalogue: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Controls")
    for source, rows in groupby(catalogue["controls"], lambda row: row["source"]):
        yield from ("", f"### {source}", "", "| control | severity | rules |", "| --- | --- | --- |")
        for row in rows:
            covered = ", ".join(f"`{name}`" for name in row["rules"]) or f"none: {row['exception']}"
            yield f"| {row['id']} | {row['severity']} | {covered} |"
