"""Compare what the policies of a stack allow with what its system declares, action by action, resource by resource."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline.graph import StackGraph
from plumbline.iam import Context, Decision
from plumbline.permissions.contexts import Value, assumed, keys, shown
from plumbline.permissions.declared import Edge, edges
from plumbline.permissions.estate import Estate, Target, statements, texts
from plumbline.permissions.known import Home
from plumbline.permissions.questions import Asked, Case, Questions, of_principal
from plumbline.permissions.subjects import Subject, other, others, roles
from plumbline.permissions.universe import Action
from plumbline.project import UserError

Kind = Literal["extra", "missing", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One difference: who may do what on which resource. `reasons` are the statements that give or deny it."""

    kind: Kind
    to: str
    on: str
    actions: tuple[str, ...]
    message: str
    reasons: tuple[str, ...] = ()
    urn: str = ""


@dataclass(frozen=True)
class Row:
    """What somebody may do on a resource, by the words of the grants that mean it.

    `resource` is the whole of which `on` may be a part. `when` has the context keys on which it depends, with the
    values under which it is allowed.
    """

    to: str
    resource: str
    on: str
    urn: str
    actions: tuple[Action, ...]
    words: tuple[str, ...]
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Proof:
    """The outcome.

    `managed` are attached policies whose documents are not here: who has them, their ARNs, and what attaches them.
    `left_out` is what was not looked at.
    """

    stack: str
    system: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    roles: int
    declared: int
    decisions: int
    managed: tuple[tuple[str, str, str], ...]
    left_out: tuple[str, ...]

    def of(self, kind: Kind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == kind]

    @property
    def status(self) -> int:
        """0 where all is equal and known, else 1."""
        return 1 if self.findings else 0


def prove(
    graph: StackGraph,
    system: str,
    settings: Mapping[str, Any],
    rows: Iterable[Any],
    only: Collection[str] | None = None,
) -> Proof:
    """Compare a stack with the rows that its system declares, or what these say of the principals in `only`.

    Raises UserError for a row that is none.
    """
    mistakes = [f"settings: {key}: missing" for key in ("account_id", "region") if key not in settings]
    if mistakes:
        raise UserError(*mistakes)
    estate = Estate(graph, Home(str(settings["account_id"]), str(settings["region"])))
    return _Prover(estate, edges(rows, estate, f"systems/{system}/permissions.py")).proof(system, only)


class _Prover:
    def __init__(self, estate: Estate, declared: list[Edge]) -> None:
        self.estate = estate
        self.declared = declared
        self.findings: list[Finding] = []
        self.rows: list[Row] = []
        self.subjects = {subject.label: subject for subject in roles(estate)}
        for subject in others(estate):
            self.subjects.setdefault(subject.label, subject)
        self.by_subject: dict[str, list[Edge]] = {}
        for edge in declared:
            self.by_subject.setdefault(edge.to, []).append(edge)
        tags = frozenset(key for key in self._spelled if key.startswith("aws:resourcetag/"))
        self.questions = Questions(estate, tags, functools.partial(self._find, "unknown"))

    def proof(self, system: str, only: Collection[str] | None) -> Proof:
        for label in self.by_subject:
            if only is None or label in only:
                self._declared_subject(label)
        for subject in list(self.subjects.values()):
            if only is None or subject.label in only:
                self._subject(subject)
        self.findings += [Finding("unknown", "", "", (), line) for line in self.estate.unknown]
        managed = tuple((subject.label, *one) for subject in self.subjects.values() for one in subject.managed)
        counted = sum(subject.is_role for subject in self.subjects.values())
        return Proof(
            self.estate.graph.stack,
            system,
            tuple(self.rows),
            tuple(self.findings),
            counted,
            len(self.declared),
            self.questions.decisions,
            managed,
            tuple(self.estate.left_out),
        )

    def _declared_subject(self, label: str) -> None:
        """Add somebody who is declared and whom no policy names; a role that does not exist is a difference."""
        if label in self.subjects:
            return
        kind, _, name = label.partition(" ")
        if kind == "role":
            on = ", ".join(dict.fromkeys(edge.on for edge in self.by_subject[label]))
            self.findings.append(Finding("missing", label, on, (), f"the stack has no {label}"))
            return
        self.subjects[label] = other(self.estate, kind, name or kind)

    def _subject(self, subject: Subject) -> None:
        meant = self.by_subject.get(subject.label, [])
        self._attached(subject, meant)
        for edge in meant:
            if edge.missing:
                self._find("missing", subject, edge.on, (), f"{edge.word}: {edge.missing}")
        asked = list(self.questions.asked(subject, meant))
        self._extra(subject, asked)
        self._missing(subject, asked, meant)
        self._matrix(subject, asked)

    def _find(
        self, kind: Kind, subject: Subject, on: str, actions: Iterable[str], message: str, reasons: Iterable[str] = ()
    ) -> None:
        self.findings.append(Finding(kind, subject.label, on, tuple(actions), message, tuple(reasons), subject.urn))

    def _attached(self, subject: Subject, meant: list[Edge]) -> None:
        """Compare the attached policies that others keep: their documents are not here, so they are known by ARN."""
        wanted = {edge.on.removeprefix("policy ") for edge in meant if edge.word == "attached"}
        found = dict(subject.managed)
        for arn, holder in found.items():
            if arn not in wanted:
                self._find("extra", subject, f"policy {arn}", (), "attached, and not declared", (holder,))
        for arn in sorted(wanted - set(found)):
            self._find("missing", subject, f"policy {arn}", (), "declared, and not attached")

    @functools.cached_property
    def _spelled(self) -> dict[str, str]:
        """Return every condition key that somebody names, by its name in lower case."""
        held = [one for subject in self.subjects.values() for one in subject.identity]
        held += [one for target in self.estate.targets.values() for one in target.held]
        written = [row.get("Condition", {}) for one in dict.fromkeys(held) for row, _ in statements(one)]
        written += [edge.when for edge in self.declared]
        return {key.lower(): key for conditions in written for row in conditions.values() for key in row}

    def _said(self, case: Case) -> str:
        values = sorted(case.context.items())
        return ", ".join(shown(self._spelled.get(key, key), [value]) for key, value in values) or "in every context"

    def _extra(self, subject: Subject, asked: list[Asked]) -> None:
        found: dict[tuple[Any, ...], dict[str, None]] = {}
        for one in asked:
            loose = [case for case in one.cases if case.decision.allowed is not False and case.meant is not True]
            sure = [case for case in loose if case.decision.allowed and case.meant is False]
            if not loose:
                continue
            case = min(sure or loose, key=lambda case: sum(value is not None for value in case.context.values()))
            kind: Kind = "extra" if sure else "unknown"
            beyond = f"allowed beyond what is declared: {self._said(case)}"
            what = beyond if one.edges else "allowed, and not declared"
            message = what if sure else f"not known whether it is allowed: {self._said(case)}"
            reasons = tuple(self._reasons(subject, one.target, case.decision))
            found.setdefault((kind, one.target.label, message, reasons), {})[one.action.name] = None
        for (kind, on, message, reasons), actions in found.items():
            self._find(kind, subject, on, actions, message, reasons)

    def _missing(self, subject: Subject, asked: list[Asked], meant: list[Edge]) -> None:
        found: dict[tuple[Any, ...], dict[str, None]] = {}
        used: set[tuple[int, str]] = set()
        for one in asked:
            for edge in one.edges:
                cases = self._uses(edge, one)
                if not cases:
                    continue
                used.add((id(edge), one.action.key))
                problem = self._unmet(subject, one, edge, cases)
                if problem is not None:
                    place = (edge.word, one.target.label, *problem)
                    found.setdefault(place, {})[one.action.name] = None
        for (word, on, kind, message, reasons), actions in found.items():
            self._find(kind, subject, on, actions, f"{word}: {message}" if word else message, reasons)
        # An action that is asked on one of several resources only is meant there.
        somewhere = {key for _, key in used}
        for edge in meant:
            idle = [key for key in sorted(edge.exact) if (id(edge), key) not in used]
            if not edge.word:
                idle = [key for key in idle if key not in somewhere]
            if idle:
                self._find(
                    "missing", subject, edge.on, idle, "declared, and no call asks for it under these conditions"
                )

    def _uses(self, edge: Edge, one: Asked) -> list[Case]:
        """Return the requests that a grant means: with the conditions that it names, and otherwise as is assumed."""
        named = keys(edge.when)
        region = self.estate.home.region
        return [
            case
            for case in one.cases
            if self._is_meant_by(edge, one.subject, one.target, case)
            and all(key in named or assumed(key, value, region) for key, value in case.context.items())
        ]

    def _unmet(
        self, subject: Subject, one: Asked, edge: Edge, cases: list[Case]
    ) -> tuple[Kind, str, tuple[str, ...]] | None:
        """Return why a declared use is not possible, None where it is: for each value that the grant names, somehow."""
        allowed = [case for case in cases if case.decision.allowed]
        refused = [wanted for wanted in _values_wanted(edge, cases) if not any(_has(case, *wanted) for case in allowed)]
        if allowed and not refused:
            return None
        unmet = [case for case in cases if not case.decision.allowed]
        case = next((case for case in unmet if refused and _has(case, *refused[0])), unmet[0])
        kind: Kind = "unknown" if case.decision.allowed is None else "missing"
        return (
            kind,
            f"{case.decision.outcome}: {self._said(case)}",
            tuple(self._reasons(subject, one.target, case.decision)),
        )

    def _is_meant_by(self, edge: Edge, subject: Subject, target: Target, case: Case) -> bool:
        context = Context({**subject.facts, **target.facts, **case.context})
        return edge.holds(context.over(of_principal(subject.principal))) is True

    def _matrix(self, subject: Subject, asked: list[Asked]) -> None:
        found: dict[tuple[str, tuple[Any, ...]], list[Asked]] = {}
        for one in asked:
            allowed = [case for case in one.cases if case.decision.allowed]
            if allowed:
                depends = _depends(one.cases, allowed)
                when = tuple((self._spelled.get(key, key), depends[key]) for key in sorted(depends))
                found.setdefault((one.target.label, when), []).append(one)
        places = _word_places(found)
        for (on, when), rows in found.items():
            target = rows[0].target
            actions = tuple(sorted({one.action for one in rows}))
            words = tuple(word for (_, word), place in places.items() if place == (on, when))
            self.rows.append(Row(subject.label, target.whole, on, target.urn, actions, words, dict(when)))

    def _reasons(self, subject: Subject, target: Target, decision: Decision) -> Iterator[str]:
        by_name = {held.policy.name: held for held in (*target.held, *subject.identity)}
        for reason in decision.statements:
            if reason.slot == "identity" and not subject.is_role:
                continue  # taken for granted, and in no resource of the stack
            held = by_name.get(reason.policy)
            yield held.place(reason.statement) if held else f"{reason.policy}, statement {reason.statement}"
        if decision.lacking:
            yield f"no {' or '.join(decision.lacking)} policy allows it"


def _has(case: Case, key: str, value: str) -> bool:
    given = case.context.get(key)
    return value in given if isinstance(given, tuple) else given == value


def _values_wanted(edge: Edge, used: list[Case]) -> list[tuple[str, str]]:
    """Return the values that a grant names one by one: each of them is meant to be accepted."""
    found = []
    for operator, row in edge.when.items():
        for key, given in row.items():
            for value in texts(given):
                plain = "Not" not in operator and not set(value) & set("*?")
                if plain and any(_has(case, key.lower(), value) for case in used):
                    found.append((key.lower(), value))
    return found


def _word_places(found: Mapping[tuple[str, tuple[Any, ...]], list[Asked]]) -> dict[tuple[str, str], Any]:
    """Return where each word of a grant is shown: of the rows of a resource, where most conditions come together."""
    places: dict[tuple[str, str], Any] = {}
    for (on, when), rows in found.items():
        for word in dict.fromkeys(edge.word for one in rows for edge in one.edges if edge.word):
            if (on, word) not in places or len(places[on, word][1]) < len(when):
                places[on, word] = (on, when)
    return places


def _depends(cases: tuple[Case, ...], allowed: list[Case]) -> dict[str, tuple[Value, ...]]:
    """Return the keys on which an answer depends, with the values of those requests that are allowed."""
    found = {}
    for key in cases[0].context:
        all_ = dict.fromkeys(case.context[key] for case in cases)
        good = dict.fromkeys(case.context[key] for case in allowed)
        if len(good) < len(all_):
            found[key] = tuple(good)
    return found
