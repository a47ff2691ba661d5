"""Asks what may be asked: every principal, target and action that a statement could allow or a system declares."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.iam import Context, Decision, Policies, Policy, Statement, effective
from plumbline.iam.logic import Truth, some
from plumbline.iam.principals import Principal
from plumbline.permissions.contexts import TooMany, Value, grid
from plumbline.permissions.declared import Edge
from plumbline.permissions.estate import Estate, Held, Target, covers, statements, texts
from plumbline.permissions.known import Home, known
from plumbline.permissions.subjects import Subject
from plumbline.permissions.universe import Action, action, expand, meet, strangers

# Where the resource's policy is asked alone, this stands for its account; no account has such a number.
_ELSEWHERE = "elsewhere"
_ANYTHING = Context(complete=False)
_Add = Callable[[Target, Iterable[Action]], None]
# Told of what nobody can answer: who asks, on what, which actions, why, and where it is written.
Puzzle = Callable[[Subject, str, Iterable[str], str, Iterable[str]], None]


@dataclass(frozen=True, eq=False)
class Case:
    """A request's outcome in one context, and whether it is meant."""

    context: Mapping[str, Value]
    decision: Decision
    meant: Truth


@dataclass(frozen=True, eq=False)
class Asked:
    """One principal, target and action in all contexts that some statement tells apart."""

    subject: Subject
    target: Target
    action: Action
    edges: tuple[Edge, ...]
    cases: tuple[Case, ...]


class Questions:
    """All questions about an estate, and their answers. `puzzle` is told of what cannot be answered.

    `tags` are the keys about tags of resources that somebody names, in lower case. `decisions` counts the answers.
    """

    def __init__(self, estate: Estate, tags: frozenset[str], puzzle: Puzzle) -> None:
        self.estate = estate
        self.tags = tags
        self.puzzle = puzzle
        self.decisions = 0

    def asked(self, subject: Subject, meant: list[Edge]) -> Iterator[Asked]:
        """Yield everything that somebody could be allowed, or is declared to be, with the answers."""
        for target, actions in self._candidates(subject, meant):
            yield from self._ask(subject, target, actions, meant)

    def _candidates(self, subject: Subject, meant: list[Edge]) -> Iterator[tuple[Target, list[Action]]]:
        """Yield every target with the actions on it that some statement could allow, or that are declared."""
        found: dict[Target, dict[str, Action]] = {}

        def add(target: Target, actions: Iterable[Action]) -> None:
            found.setdefault(target, {}).update((one.key, one) for one in actions)

        # Of somebody else's own policies nothing is known: what counts is what a resource's policy says.
        own = subject.identity if subject.is_role else ()
        points = self._points(own, subject, meant)
        for held in own:
            for row, statement in statements(held):
                patterns = tuple(texts(row.get("Action")))
                for stranger in strangers(patterns):
                    self.puzzle(subject, "", (stranger,), "AWS has no such action", (held.holder,))
                if "Allow" in statement.effects:
                    resources = ["*"] if "NotResource" in row else texts(row.get("Resource"))
                    self._covered(resources, _actions(row), points, add)
        for target in (*self.estate.targets.values(), *self._parts.values()):
            for held in target.held:
                for row, statement in statements(held):
                    if "Allow" in statement.effects and _lets_in(subject, statement):
                        add(target, [one for one in _actions(row) if set(one.kinds) & set(target.kinds)])
        for edge in meant:
            for pattern, keys in edge.grants:
                self._covered([pattern], tuple(sorted(one for key in keys if (one := action(key)))), points, add)
        yield from ((target, list(actions.values())) for target, actions in found.items() if actions)

    def _covered(
        self, patterns: list[str], actions: tuple[Action, ...], points: Mapping[str, Target], add: _Add
    ) -> None:
        """Add what some patterns of a Resource cover, with the actions that are asked on it."""
        by_kind: dict[str, list[Action]] = {}
        for one in actions:
            for kind in one.kinds:
                by_kind.setdefault(kind, []).append(one)
            if not one.kinds and any(covers(pattern, _asked_on(one, self.estate.home)) for pattern in patterns):
                add(self.estate.target(_asked_on(one, self.estate.home)), [one])
        for kind, fitting in by_kind.items():
            near = (*self.estate.of_kind(kind), *(target for target in points.values() if kind in target.kinds))
            for target in near:
                if any(covers(pattern, target.arn) for pattern in patterns):
                    add(target, fitting)

    def _points(self, own: tuple[Held, ...], subject: Subject, meant: list[Edge]) -> dict[str, Target]:
        """Return what stands for all that a statement or a grant covers beside the resources of the stack, by ARN."""
        found = dict(self._parts)
        for held in (*own, *subject.limits):
            for row, _ in statements(held):
                found.update(self._members(_patterns(row), _actions(row)))
        for edge in meant:
            for pattern, keys in edge.grants:
                found.update(self._members([pattern], [one for key in keys if (one := action(key))]))
        return found

    @functools.cached_property
    def _parts(self) -> dict[str, Target]:
        """Return the parts of the stack's resources that their own policies tell apart, by ARN."""
        found: dict[str, Target] = {}
        for target in self.estate.targets.values():
            for held in target.held:
                for row, _ in statements(held):
                    patterns = [pattern for pattern in _patterns(row) if pattern != "*"]
                    members = self._members(patterns, _actions(row))
                    found.update((arn, one) for arn, one in members.items() if one.urn == target.urn)
        return found

    def _members(self, patterns: list[str], actions: Iterable[Action]) -> dict[str, Target]:
        found: dict[str, Target] = {}
        kinds = dict.fromkeys(kind for one in actions for kind in one.kinds)
        for pattern in patterns:
            for kind in kinds:
                member = _member(pattern, kind, self.estate.home)
                target = self.estate.target(member) if member else None
                if target is not None and kind in target.kinds and not self._is_told(target, pattern, kind):
                    found[member] = target
        return found

    def _is_told(self, target: Target, pattern: str, kind: str) -> bool:
        """Say whether a pattern covers the part of a resource that stands for all: another one tells nothing more."""
        if not target.urn:
            return False
        return any(one.urn == target.urn and covers(pattern, one.arn) for one in self.estate.of_kind(kind))

    def _ask(self, subject: Subject, target: Target, actions: list[Action], meant: list[Edge]) -> Iterator[Asked]:
        relevant = [
            (row, statement)
            for held in (*subject.identity, *subject.limits, *target.held)
            for row, statement in statements(held)
            if _can_be_about(statement, target.arn)
        ]
        policies = self._policies(subject, target)
        groups: dict[tuple[Any, ...], list[Action]] = {}
        for one in actions:
            applying = tuple(
                index for index, (_, statement) in enumerate(relevant) if statement.actions.match(one.key) is not False
            )
            own = tuple(index for index, edge in enumerate(meant) if edge.covers(target.arn, one.key))
            groups.setdefault((applying, own), []).append(one)
        for (applying, own), group in groups.items():
            chosen = tuple(meant[index] for index in own)
            conditions = [relevant[index][0].get("Condition", {}) for index in applying]
            try:
                contexts = grid([*conditions, *(edge.when for edge in chosen)], self._fixed(subject, target))
            except TooMany as error:
                self.puzzle(subject, target.label, [one.name for one in group], str(error), ())
                continue
            cases: dict[str, list[Case]] = {one.key: [] for one in group}
            for context in contexts:
                full = Context({**subject.facts, **target.facts, **context})
                decided = effective(subject.principal, policies, target.arn, [one.name for one in group], full)
                self.decisions += len(group)
                whole = full.over(of_principal(subject.principal))
                is_meant = some(edge.holds(whole) for edge in chosen)
                for one in group:
                    cases[one.key].append(Case(context, decided[one.name], is_meant))
            for one in group:
                yield Asked(subject, target, one, chosen, tuple(cases[one.key]))

    def _fixed(self, subject: Subject, target: Target) -> set[str]:
        given = {*subject.facts, *target.facts, *subject.principal.keys(), "aws:ResourceAccount"}
        fixed = {key.lower() for key in given} - set(subject.free)
        if target.urn:
            # A tag that the resource does not have is absent.
            return fixed | self.tags
        return fixed

    def _policies(self, subject: Subject, target: Target) -> Policies:
        return Policies(
            identity=[_fitting(one.policy, target.arn) for one in subject.identity],
            boundary=subject.boundary.policy if subject.boundary else None,
            resource=[one.policy for one in target.held],
            resource_account=self._account(subject, target),
        )

    def _account(self, subject: Subject, target: Target) -> str:
        """Return whose a resource is: of another account where its policy has to let somebody in, else as it says.

        What AWS gives to all accounts, such as prefix lists, is anybody's who may ask.
        """
        if subject.foreign:
            return _ELSEWHERE
        return subject.principal.account if ":aws:" in target.arn[4:] and target.arn.split(":")[4] == "aws" else ""


def _actions(row: Mapping[str, Any]) -> tuple[Action, ...]:
    negated = "NotAction" in row
    return expand(tuple(texts(row.get("NotAction" if negated else "Action"))), negated=negated)


def _patterns(row: Mapping[str, Any]) -> list[str]:
    """Return what a statement tells apart: what it covers, or everything and what it leaves out."""
    return ["*", *texts(row["NotResource"])] if "NotResource" in row else texts(row.get("Resource"))


def _lets_in(subject: Subject, statement: Statement) -> bool:
    """Say whether a statement of a resource's policy by itself could let somebody in."""
    if statement.principals is None:
        return False
    grades = statement.principals.match(subject.principal, deny=False)
    wanted = grades if subject.foreign else grades[:2]
    return any(grade is not False for grade in wanted)


@functools.lru_cache(1 << 14)
def _member(pattern: str, kind: str, home: Home) -> str:
    """Return an ARN that stands for all of a kind that a pattern covers, "" where it covers none."""
    service, _, form = kind.partition(":")
    if pattern == "*":
        return home.arn(service, form)
    head = pattern.split(":", 5)
    if len(head) < 6 or head[2] not in (service, "*"):
        return ""
    rest = meet(head[5], form)
    if rest is None:
        return ""
    plain = {1: home.partition, 2: service, 3: home.region, 4: home.account}
    parts = [plain.get(place, part) if "*" in part or "?" in part else part for place, part in enumerate(head[:5])]
    return ":".join([*parts, rest])


def _asked_on(one: Action, home: Home) -> str:
    given = known()["asked_on"].get(one.name)
    return given.format(**home.words) if given else "*"


@functools.lru_cache(1 << 16)
def _fitting(policy: Policy, arn: str) -> Policy:
    """Return a policy with the statements that can be about an ARN: most of a role's are about something else."""
    return Policy(policy.name, policy.shape, tuple(one for one in policy.statements if _can_be_about(one, arn)))


def _can_be_about(statement: Statement, arn: str) -> bool:
    """Say whether a statement covers an ARN in some context."""
    return statement.resources is None or statement.resources.match(arn, _ANYTHING) is not False


@functools.lru_cache(1024)
def of_principal(principal: Principal) -> Context:
    return Context(principal.keys())
