"""Shows what a stack has free: on the terminal, as Markdown, and as the machine document."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape

from plumbline.free_tier.assess import WORDS, Assessment, Part, Standing, Used

VERSION = 1
_MOST_NAMES = 6
_HEADS = {
    "unknown": "Not known: the data about the free tier has no row for the type",
    "undemanded": "Costs, and no criterion demands it",
    "demanded": "Costs, and a criterion demands it",
}
_COLOURS = {"unknown": "red", "undemanded": "red", "demanded": "yellow"}


def document(assessed: Assessment, project: str) -> dict[str, Any]:
    """Return the machine document (docs/contract.schema.json, `free_tier`)."""
    account = assessed.tiers.accounts[assessed.account]
    return {
        "version": VERSION,
        "stack": assessed.graph.stack,
        "project": project,
        "system": assessed.system,
        "account": {
            "kind": assessed.account,
            "opened": account.opened,
            "text": account.text,
            "sources": _sources(assessed, account.sources),
        },
        "resources": [_resource(assessed, standing) for standing in assessed.standings],
        "allowances": [
            {
                "name": used.name,
                "amount": used.allowance.amount,
                "unit": used.allowance.unit,
                "resources": used.resources,
                "used": used.amount,
                "beyond_usd": used.usd,
                "sources": _sources(assessed, used.allowance.sources),
            }
            for used in assessed.used
        ],
        "unused": [
            {"type": demand.type, "part": demand.part, "criterion": demand.criterion} for demand in assessed.unused
        ],
        "summary": _counts(assessed),
    }


def _resource(assessed: Assessment, standing: Standing) -> dict[str, Any]:
    return {
        "urn": standing.resource.urn,
        "type": standing.resource.type,
        "name": standing.resource.name,
        "standing": standing.word,
        "free": standing.free or None,
        "allowances": list(standing.allowances),
        "costs": [
            {
                "part": part.name,
                "text": part.text,
                "certain": part.certain,
                "price": part.price or None,
                "path": part.path or None,
                "criterion": part.demand.criterion if part.demand else None,
                "reason": part.demand.reason if part.demand else None,
                "sources": _sources(assessed, part.sources),
            }
            for part in standing.parts
        ],
        "sources": _sources(assessed, standing.sources),
    }


def _sources(assessed: Assessment, names: tuple[str, ...]) -> list[dict[str, str]]:
    sources = (assessed.tiers.sources[name] for name in names)
    return [{"url": source.url, "read": source.read.isoformat(), "by": source.by} for source in sources]


def _counts(assessed: Assessment) -> dict[str, int]:
    counts = Counter(standing.word for standing in assessed.standings)
    return {"resources": len(assessed.standings), **{word: counts[word] for word in WORDS}}


def text(assessed: Assessment, console: Console, every: bool = False) -> None:
    """Print what costs and why, the allowances in use, and what has no charge. `every` lists each resource."""
    account = assessed.tiers.accounts[assessed.account]
    console.print(f"[bold]{escape(assessed.graph.stack)}[/], an account opened {account.opened}", highlight=False)
    console.print(escape(account.text), highlight=False, soft_wrap=True)
    for word, head in _HEADS.items():
        lines = list(_lines(assessed, word, every))
        if lines:
            console.print(f"\n[bold {_COLOURS[word]}]{head}[/]")
            for line in lines:
                console.print(escape(line), highlight=False, soft_wrap=True)
    if assessed.used:
        console.print("\n[bold]Always free every month[/], for everything in the account together")
        for used in assessed.used:
            console.print(escape(_used_line(used)), highlight=False, soft_wrap=True)
    free = Counter(standing.resource.type for standing in assessed.standings if standing.word == "free")
    if free:
        console.print(f"\n[bold]No charge of their own[/]: {free.total()} resources of {len(free)} types")
        for type_, count in sorted(free.items()) if every else ():
            console.print(f"  {count:>4} {escape(type_)}", highlight=False)
    for demand in assessed.unused:
        line = f"note: nothing here costs by {demand.part} of {demand.type}, which {demand.criterion} demands"
        console.print(escape(line), highlight=False, soft_wrap=True)
    console.print("\n" + escape(_summary(assessed)), highlight=False, soft_wrap=True)


def _lines(assessed: Assessment, word: str, every: bool) -> Iterator[str]:
    """Yield what costs, once for all resources of a type that cost by the same, or the types of which nothing is known.

    A resource may cost by one part that is demanded and by one that is not; each is under its own heading.
    """
    if word == "unknown":
        kinds = [
            (standing.resource.type, standing.resource.name) for standing in assessed.standings if not _known(standing)
        ]
        for type_, rows in groupby(sorted(kinds), lambda row: row[0]):
            yield f"  {type_}: {_names([name for _, name in rows], every)}"
        return
    found = [
        (standing.resource.type, part, standing.resource.name)
        for standing in assessed.standings
        for part in standing.parts
        if bool(part.demand) == (word == "demanded")
    ]
    found.sort(key=lambda row: (row[0], row[1].name, row[1].text, row[2]))
    for (type_, name, said), rows in groupby(found, lambda row: (row[0], row[1].name, row[1].text)):
        group = list(rows)
        yield f"  {type_} {name}: {_names([row[2] for row in group], every)}"
        yield f"      {said}{_price(group[0][1])}"
        for demand in dict.fromkeys(row[1].demand for row in group):
            if demand:
                yield f"      {demand.criterion}: {demand.reason}"


def _known(standing: Standing) -> bool:
    return standing.word != "unknown"


def _price(part: Part) -> str:
    return f" ({part.price})" if part.price else ""


def _names(names: list[str], every: bool) -> str:
    shown = names if every else names[:_MOST_NAMES]
    more = f", … {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return ", ".join(shown) + more


def _used_line(used: Used) -> str:
    said = f"  {used.allowance.amount:>12,} {used.allowance.unit}"
    if used.amount is not None:
        return f"{said}: {used.amount:,.0f} taken by {used.resources} resources{_beyond(used)}"
    return f"{said}: counted by use; {used.resources} resources use it"


def _beyond(used: Used) -> str:
    return "" if used.usd is None else f"; what is beyond costs ${used.usd:,.2f} a month"


def _summary(assessed: Assessment) -> str:
    counts = _counts(assessed)
    dates = sorted(source.read for source in assessed.tiers.sources.values())
    return (
        f"{counts['resources']} resources: {counts['free']} without charge, {counts['allowance']} inside an allowance, "
        f"{counts['demanded']} cost as a criterion demands, {counts['undemanded']} cost and nothing demands it, "
        f"{counts['unknown']} of unknown type; sources read {dates[0]} to {dates[-1]}"
    )


def markdown(assessed: Assessment) -> str:
    """Return the tables of what costs and of the allowances."""
    return "\n".join(_markdown(assessed)) + "\n"


def _markdown(assessed: Assessment) -> Iterator[str]:
    account = assessed.tiers.accounts[assessed.account]
    yield f"### {assessed.graph.stack}: an account opened {account.opened}"
    yield from ("", account.text, "", _summary(assessed))
    if any(standing.parts for standing in assessed.standings):
        yield from ("", "| costs | resources | why | price | demanded by |", "|" + " --- |" * 5)
        yield from _cost_rows(assessed)
    unknown = Counter(standing.resource.type for standing in assessed.standings if not _known(standing))
    if unknown:
        yield from ("", "| of unknown type | resources |", "| --- | --- |")
        yield from (f"| `{type_}` | {count} |" for type_, count in sorted(unknown.items()))
    if assessed.used:
        yield from ("", "| always free every month | used | by resources | source |", "|" + " --- |" * 4)
        for used in assessed.used:
            amount = "by use" if used.amount is None else f"{used.amount:,.0f}{_beyond(used)}"
            sources = ", ".join(
                f"[{source['read']}]({source['url']})" for source in _sources(assessed, used.allowance.sources)
            )
            yield f"| {used.allowance.amount:,} {used.allowance.unit} | {amount} | {used.resources} | {sources} |"


def _cost_rows(assessed: Assessment) -> Iterator[str]:
    found = [(s.resource.type, part, s.resource.name) for s in assessed.standings for part in s.parts]
    found.sort(key=lambda row: (row[0], row[1].name, row[1].text, row[1].demand is not None, row[2]))
    for (type_, name, said, demand), rows in groupby(
        found, lambda row: (row[0], row[1].name, row[1].text, row[1].demand)
    ):
        group = list(rows)
        by = f"{demand.criterion}: {demand.reason}" if demand else "**nothing**"
        cells = (f"`{type_}` {name}", _names([row[2] for row in group], False), said, group[0][1].price, by)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def printed(assessed: Assessment, every: bool = False) -> str:
    """Return what `text` prints, without colours."""
    stream = io.StringIO()
    text(assessed, Console(file=stream, width=160, emoji=False), every)
    return stream.getvalue()
