"""Shows the permissions of a stack: on the terminal, as Markdown, and as the machine document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape

from plumbline.markdown import comment
from plumbline.permissions.contexts import Value, shown, value_document
from plumbline.permissions.known import known
from plumbline.permissions.proof import Finding, Proof, Row
from plumbline.permissions.universe import LEVELS, Action

VERSION = 1
_MOST_NAMES = 4
_MOST_LINES = 40  # of one principal; beyond them only what is allowed per service is shown
_COLORS = {"extra": "red", "missing": "red", "unknown": "yellow"}


def document(proof: Proof, project: str) -> dict[str, Any]:
    """Return the machine document (docs/contract.schema.json, `permissions`)."""
    return {
        "version": VERSION,
        "stack": proof.stack,
        "project": project,
        "system": proof.system,
        "rows": [
            {
                "to": row.to,
                "resource": row.resource,
                "on": row.on,
                "urn": row.urn or None,
                "levels": {level: names for level, names in _by_level(row.actions).items() if names},
                "words": list(row.words),
                "when": {key: [value_document(value) for value in values] for key, values in row.when.items()},
            }
            for row in proof.rows
        ],
        "findings": [
            {
                "kind": finding.kind,
                "to": finding.to or None,
                "on": finding.on or None,
                "urn": finding.urn or None,
                "actions": list(finding.actions),
                "message": finding.message,
                "reasons": list(finding.reasons),
            }
            for finding in proof.findings
        ],
        "managed": [{"to": to, "policy": arn, "reason": holder} for to, arn, holder in proof.managed],
        "left_out": list(proof.left_out),
        "summary": _summary(proof),
    }


def _summary(proof: Proof) -> dict[str, int]:
    kinds = Counter(finding.kind for finding in proof.findings)
    return {
        "roles": proof.roles,
        "principals": len({row.to for row in proof.rows}),
        "declared": proof.declared,
        "rows": len(proof.rows),
        "decisions": proof.decisions,
        **{kind: kinds[kind] for kind in ("extra", "missing", "unknown")},
    }


def _by_level(actions: Iterable[Action]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {level: [] for level in LEVELS}
    for one in actions:
        found[one.level].append(one.name)
    return found


def text(proof: Proof, console: Console, every: bool = False) -> None:
    """Print the report by principal. `every` names each resource and each action."""
    for line in _lines(proof, every):
        console.print(line, highlight=False, soft_wrap=True)


def markdown(proof: Proof) -> str:
    """Return the report as it fits into a comment."""
    return comment(lambda console: text(proof, console))


def _lines(proof: Proof, every: bool) -> Iterator[str]:
    counts = _summary(proof)
    yield (
        f"[bold]{escape(proof.stack)}[/] ({escape(proof.system)}): {counts['roles']} roles, "
        f"{counts['principals'] - len({row.to for row in proof.rows if row.to.startswith('role ')})} other principals; "
        f"{counts['declared']} declared permissions; {counts['extra']} extra, {counts['missing']} missing, "
        f"{counts['unknown']} unknown"
    )
    for to, rows in groupby(proof.rows, lambda row: row.to):
        yield f"\n[bold]{escape(to)}[/]"
        yield from (
            f"  attached {escape(arn)} [dim](AWS keeps its document)[/]" for who, arn, _ in proof.managed if who == to
        )
        yield from _of_principal(list(rows), every)
    alone = {to for to, _, _ in proof.managed} - {row.to for row in proof.rows}
    for to, arn, _ in proof.managed:
        if to in alone:
            yield f"\n[bold]{escape(to)}[/]\n  attached {escape(arn)} [dim](AWS keeps its document)[/]"
    if proof.findings:
        yield "\n[bold]Differences[/]"
    for finding in proof.findings:
        yield from _finding(finding)
    yield ""
    yield from (f"[dim]{escape(line)}[/]" for line in _notes(proof))


def _notes(proof: Proof) -> Iterator[str]:
    assumed = ", ".join(
        f"{key} {'at least ' if 'at_least' in row else ''}{row.get('is', row.get('at_least'))}"
        for key, row in known()["assumed"].items()
    )
    yield f"assumed of each declared use: {assumed}, and no other key but those that its permission names"
    if proof.left_out:
        yield f"not looked at: {', '.join(proof.left_out)}"


@dataclass
class _Entry:
    """What a principal may do on one resource, all parts together."""

    words: dict[str, None] = field(default_factory=dict)
    actions: dict[Action, None] = field(default_factory=dict)
    when: dict[str, tuple[Value, ...]] = field(default_factory=dict)


def _of_principal(rows: list[Row], every: bool) -> Iterator[str]:
    entries: dict[tuple[str, str], _Entry] = {}
    for row in rows:
        when = {key: values for key, values in row.when.items() if key not in known()["assumed"]}
        conditions = "; ".join(shown(key, values) for key, values in when.items())
        entry = entries.setdefault((row.resource, conditions), _Entry())
        entry.words.update(dict.fromkeys(row.words))
        entry.actions.update(dict.fromkeys(row.actions))
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for (resource, conditions), entry in entries.items():
        kind, name = _split(resource)
        words = ", ".join(entry.words) or _numbers(entry.actions)
        levels = (
            _names(entry.actions)
            if every
            else ", ".join(level for level, names in _by_level(entry.actions).items() if names)
        )
        groups.setdefault((kind, words, levels, conditions), []).append(name)
    if len(groups) > _MOST_LINES and not every:
        yield from _by_service(rows)
        return
    for (kind, words, levels, conditions), names in groups.items():
        some = names if every else names[:_MOST_NAMES]
        more = f", … {len(names) - len(some)} more" if len(some) < len(names) else ""
        when = f"  [dim]when {escape(conditions)}[/]" if conditions else ""
        what = " ".join(part for part in (kind, ", ".join(some)) if part)
        yield f"  {escape(what)}{more}: {escape(words)}  [dim]({escape(levels)})[/]{when}"


def _split(resource: str) -> tuple[str, str]:
    """Return the kind and the name of a resource; the service of an ARN is its kind."""
    if resource.startswith("arn:"):
        return resource.split(":")[2], resource.split(":", 5)[5]
    if resource == "account":
        return "calls without resource", ""
    kinds = sorted({row["word"] for row in known()["resources"].values()}, key=len, reverse=True)
    kind = next((kind for kind in kinds if resource.startswith(f"{kind} ")), "")
    return kind, resource.removeprefix(f"{kind} ")


def _numbers(actions: Iterable[Action]) -> str:
    return _count(len(list(actions)), "action", "actions")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _names(actions: Iterable[Action]) -> str:
    return "; ".join(f"{level}: {', '.join(names)}" for level, names in _by_level(sorted(actions)).items() if names)


def _by_service(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each service that a role of many permissions may call: what is allowed, and under conditions."""
    found: dict[str, tuple[dict[str, None], dict[Action, None], set[Action]]] = {}
    for row in rows:
        for one in row.actions:
            resources, actions, free = found.setdefault(one.name.partition(":")[0], ({}, {}, set()))
            resources[row.resource] = None
            actions[one] = None
            if not row.when:
                free.add(one)
    for service, (resources, actions, free) in sorted(found.items()):
        levels = ", ".join(f"{len(names)} {level}" for level, names in _by_level(actions).items() if names)
        limited = len(actions) - len(free)
        under = f", {limited} only under conditions" if limited else ""
        many = _count(len(resources), "resource or pattern", "resources and patterns")
        yield f"  {service}: {levels}{under}  [dim]on {many}; --all lists them[/]"


def _finding(finding: Finding) -> Iterator[str]:
    actions = f": {', '.join(finding.actions)}" if finding.actions else ""
    who = f"{finding.to} on {finding.on}" if finding.to and finding.on else finding.to or finding.on
    what = f"{who}{actions}: {finding.message}" if who else finding.message
    yield f"[{_COLORS[finding.kind]}]{finding.kind}[/] {escape(what)}"
    yield from (f"    {escape(reason)}" for reason in finding.reasons)
