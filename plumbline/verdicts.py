"""Verdicts on acceptance criteria: the ledger, the predicates beside it, and how they are combined."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from plumbline import yaml12
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph, walk

Word = Literal["pass", "fail", "unknown", "deviation", "outside", "unbuilt", "not_applicable"]
WORDS: tuple[Word, ...] = ("pass", "deviation", "outside", "fail", "unknown", "unbuilt", "not_applicable")


@dataclass(frozen=True)
class Verdict:
    """One verdict. `path` is "URN#property" of the first property that decided against a pass, "" if none.

    `decision` is the number in docs/decisions.md of a deviation, `document` the file that answers what no
    infrastructure can show: under a heading of its own that names the criterion.
    """

    word: Word
    evidence: str
    path: str = ""
    decision: int = 0
    document: str = ""


@dataclass(frozen=True)
class Entry:
    """One criterion of the ledger."""

    id: str
    area: str
    environments: tuple[str, ...]
    text: str
    facts: Mapping[str, Any] = field(hash=False)

    @property
    def requirement(self) -> str:
        return self.id.partition(".")[0]

    @property
    def is_goal(self) -> bool:
        """Say whether this is the goal of a requirement, which holds when all its other criteria do."""
        return self.id.partition(".")[2] == "0"


@dataclass(frozen=True)
class Subject:
    """What a predicate may look at: the graph, the stack's settings and those of its siblings, the entry's facts.

    `siblings` holds the settings of every stack of the system by environment, the stack's own among them. `base` gives
    the graph of the bootstrap stack that the stack's settings name, None where they name none: what exists once per
    account lies there. `verdict` gives the verdict on another criterion of the same ledger.
    """

    graph: StackGraph
    environment: str
    settings: Mapping[str, Any]
    siblings: Mapping[str, Mapping[str, Any]]
    root: Path
    facts: Mapping[str, Any] = field(default_factory=dict)
    base: Callable[[], StackGraph | None] = lambda: None
    verdict: Callable[[str], Verdict] = lambda id_: Verdict("unknown", f"{id_} is not judged here")


Predicate = Callable[[Subject], Verdict]
_PREDICATES: dict[str, Predicate] = {}


def criterion(*ids: str) -> Callable[[Predicate], Predicate]:
    """Register a predicate for one or several criteria."""

    def register(predicate: Predicate) -> Predicate:
        for id_ in ids:
            _PREDICATES[id_] = predicate
        return predicate

    return register


def predicates() -> Mapping[str, Predicate]:
    """Return the predicates of all ledgers that were loaded so far, by criterion."""
    return _PREDICATES


@functools.cache
def ledger(root: Path, system: str) -> tuple[Entry, ...]:
    """Return a system's criteria, and load the predicates beside them; nothing where the system has no ledger."""
    path = root / "criteria" / f"{system}.yaml"
    if not path.is_file():
        return ()
    importlib.import_module(f"criteria.{system}")
    return tuple(
        Entry(row["id"], row["area"], tuple(row["environments"]), row["text"], row["facts"])
        for row in yaml12.load(path)["criteria"]
    )


def judge(entries: Iterable[Entry], subject: Subject, only: Collection[str] | None = None) -> dict[str, Verdict]:
    """Return the verdict on each criterion, or on those in `only`, in the ledger's order.

    A criterion may ask for the verdicts on others (`Subject.verdict`). Raises KeyError where the ledger lacks one.
    """
    known = {entry.id: entry for entry in entries}

    @functools.cache
    def on(id_: str) -> Verdict:
        entry = known[id_]
        if not entry.is_goal:
            return _one(entry, asking)
        parts = [other.id for other in known.values() if other.requirement == entry.requirement and not other.is_goal]
        return all_of({part: on(part) for part in parts}, "criteria of the requirement")

    asking = dataclasses.replace(subject, verdict=on)
    return {id_: on(id_) for id_ in known if only is None or id_ in only}


def undecided(verdict: Verdict) -> Verdict:
    """Return what is left of a verdict when only a part of the stack was seen."""
    if verdict.word in ("unbuilt", "not_applicable", "outside"):
        return verdict
    return Verdict("unknown", "only a part of the stack is in the document")


def _one(entry: Entry, subject: Subject) -> Verdict:
    if subject.environment not in entry.environments:
        return Verdict("not_applicable", f"asked of {', '.join(entry.environments)} only")
    predicate = _PREDICATES.get(entry.id)
    if predicate is None:
        return Verdict("unbuilt", "no component of this stack answers it yet")
    verdict = predicate(dataclasses.replace(subject, facts=entry.facts))
    lacking = _lacking(subject.root, verdict.document, entry.id)
    return Verdict("fail", lacking) if lacking else verdict


def _lacking(root: Path, document: str, id_: str) -> str:
    """Say what a document lacks that shall answer a criterion: itself, or a section that names the criterion."""
    if not document:
        return ""
    if not (root / document).is_file():
        return f"{document} does not exist"
    sections = re.split(r"^#+ ", (root / document).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = re.compile(rf"{re.escape(id_)}(?![0-9a-z])")
    for heading, _, text in (section.partition("\n") for section in sections):
        if named.search(heading) and text.strip():
            return ""
    return f"{document} has no section about {id_}"


def all_of(parts: Mapping[str, Verdict], what: str) -> Verdict:
    """Return the worst of the verdicts on several criteria, each of which must hold; `what` names them."""
    order: tuple[Word, ...] = ("fail", "unbuilt", "unknown", "deviation")
    for word in order:
        found = [id_ for id_, verdict in parts.items() if verdict.word == word]
        if found:
            worst = parts[found[0]]
            return Verdict(word, f"{word}: {', '.join(found)}", worst.path, worst.decision)
    return Verdict("pass", f"all {len(parts)} {what} hold")


@dataclass(frozen=True)
class Finding:
    """What one resource says about a claim: ok, against it, or not known yet; `path` is the property that decides."""

    resource: Resource
    path: str
    word: Literal["pass", "fail", "unknown"]


def claim(resource: Resource, path: str, holds: Callable[[Any], bool], default: Any = None) -> Finding:
    """Judge one property of one resource: `holds` gets its known value, or `default` where it is not set."""
    value = resource.get(path, default)
    if isinstance(value, Secret):
        value = UNKNOWN if value.value is None else value.value
    if value is UNKNOWN:
        return Finding(resource, path, "unknown")
    partly = any(leaf is UNKNOWN for _, leaf in walk(value))
    try:
        holds_now = holds(value)
    except (TypeError, AttributeError, KeyError, IndexError):
        holds_now = False  # a value of another kind than expected does not hold
    # What does not hold yet may hold once the unknown part of the value is known.
    return Finding(resource, path, "pass" if holds_now else "unknown" if partly else "fail")


def combine(findings: Iterable[Finding], what: str, holds: str, decision: int = 0) -> Verdict:
    """Combine findings into a verdict: `what` names the things judged, `holds` what is true of them when they pass.

    Without a single finding the verdict is fail: a claim about nothing is not met. With `decision` a pass is a
    deviation that the numbered decision explains.
    """
    findings = list(findings)
    if not findings:
        return Verdict("fail", f"the stack has no {what}")
    for word in ("fail", "unknown"):
        against = [finding for finding in findings if finding.word == word]
        if against:
            first = against[0]
            state = "it is not so for" if word == "fail" else "it is not known yet for"
            evidence = f"{what} {holds}: {state} {len(against)} of {len(findings)}, first {first.resource.name}"
            return Verdict(word, evidence, f"{first.resource.urn}#{first.path}")
    evidence = f"{len(findings)} {what} {holds}"
    return Verdict("deviation", evidence, decision=decision) if decision else Verdict("pass", evidence)


def fact(holds: bool, evidence: str, otherwise: str, decision: int = 0) -> Verdict:
    """Return a verdict on something that no single property decides."""
    if not holds:
        return Verdict("fail", otherwise)
    return Verdict("deviation", evidence, decision=decision) if decision else Verdict("pass", evidence)
