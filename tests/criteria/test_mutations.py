"""Every predicate can fail: each is judged on stacks in which one thing that it reads was changed.

The changes are generated (mutations.py); the cases that matter most are written by hand in test_honest_*.py.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from plumbline.graph import StackGraph
from plumbline.verdicts import Entry, Subject, Verdict, judge, ledger, predicates
from tests.criteria.breaking import whole
from tests.criteria.mutations import Kind, Mutant, Site, blind, mutants, sites, together
from tests.criteria.reading import Reads, record
from tests.evaluations import ROOT

# The stacks on which the criteria of a system are judged, by environment. Of stacks that are alike one is enough.
STACKS = {"trading": {"test": "test", "prod": "prod"}, "agentic": {"prod": "agentic-prod"}}
LEDGERS = {system: ledger(ROOT, system) for system in STACKS}
ENTRIES = {entry.id: entry for entries in LEDGERS.values() for entry in entries}
ASKED = [
    (entry.id, stack)
    for system, stacks in STACKS.items()
    for entry in LEDGERS[system]
    if entry.id in predicates()
    for environment, stack in stacks.items()
    if environment in entry.environments
]
# Where only the predicate's own strength is in question, one environment stands for both.
ONCE = list({id_: (id_, stack) for id_, stack in ASKED}.values())
# What all mutants of a predicate may cost together: what looks at much is judged on fewer of them. A look at a
# property takes about 2 microseconds, and each value in what is looked at some more, to be read and compared.
_COST, _MOST = 400_000, 50
_COST_OF_VALUE = 15
# How many mutants are tried until one fails.
_PATIENCE = 400
# Claims that something is there: what is changed in one such thing leaves the others.
_SOME = ("TRADING-02.1b",)
_INSIDE: tuple[Kind, ...] = ("property", "reference", "options", "setting", "base")


def judged(id_: str, subject: Subject) -> Verdict:
    return judge(LEDGERS[id_.partition("-")[0].lower()], subject, [id_])[id_]


@dataclass(frozen=True)
class Case:
    """A criterion on a stack: the verdict, what was read for it, and the things that were read, by group."""

    entry: Entry
    subject: Subject
    verdict: Verdict
    reads: Reads
    groups: Mapping[str, list[Site]]

    def on(self, subject: Subject) -> Verdict:
        return judged(self.entry.id, subject)

    @functools.cached_property
    def fatal(self) -> Mutant | None:
        """The first mutant that fails. That a whole resource is missing counts where nothing inside one is read."""
        inside = self.entry.id not in _SOME and any(rows[0].kind in _INSIDE for rows in self.groups.values())
        kinds: tuple[Kind, ...] = _INSIDE if inside else ("resource",)
        one = itertools.islice(mutants(self.subject, self.groups, *kinds), _PATIENCE)
        all_ = itertools.islice(together(self.subject, self.groups, *kinds), _PATIENCE)
        return next((m for m in itertools.chain(one, all_) if self.on(m.subject).word == "fail"), None)

    @property
    def limit(self) -> int:
        cost = self.reads.looks + _COST_OF_VALUE * sum(map(len, self.groups.values()))
        return min(_MOST, max(1, _COST // max(1, cost)))


@functools.cache
def case(id_: str, stack: str) -> Case:
    """Return a criterion on the preview of a stack, or on its deployment where a preview leaves it open."""
    for name in (stack, f"{stack} up"):
        subject = whole(name)
        verdict, reads = record(lambda seen: judged(id_, seen), subject)
        if verdict.word != "unknown":
            break
    return Case(ENTRIES[id_], subject, verdict, reads, sites(subject, reads))


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Case:
    return case(*request.param)


def on(rows: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("asked", rows, indirect=True, ids=[" ".join(row) for row in rows])


@on(ASKED)
def test_some_change_of_what_is_read_fails_the_criterion(asked: Case) -> None:
    assert asked.verdict.word in ("pass", "deviation", "outside"), asked.verdict
    if asked.groups:
        assert asked.fatal is not None, f"no change fails it of {list(asked.groups)}"
    else:
        # A file answers it, and nothing else is claimed: judge looks for the document, or the predicate itself does.
        elsewhere = dataclasses.replace(asked.subject, root=ROOT / "tests" / "fixtures")
        assert asked.verdict.document or asked.on(elsewhere).word == "fail"


# What these criteria are about they find by the resources that lead to it, where its name or address is not known.
_ORIGIN = (
    "aws:s3/bucket:Bucket bucket",
    "aws:cloudfront/distribution:Distribution origins",
    "aws:cloudfront/distribution:Distribution origins.*",
    "aws:cloudfront/distribution:Distribution origins.*.domainName",
)
_FOUND_OTHERWISE = {
    "TRADING-07.8b": ("aws:apigateway/domainName:DomainName domainName",),
    **dict.fromkeys(("TRADING-10.3a", "TRADING-10.4", "TRADING-10.5a", "TRADING-10.8"), _ORIGIN),
    "TRADING-18.5": ("aws:route53/record:Record name",),
    "TRADING-18.6": ("aws:route53/zone:Zone name",),
}


@on(ONCE)
def test_no_change_breaks_the_predicate_and_nothing_unknown_is_taken_for_good(asked: Case) -> None:
    taken = []
    for mutant in itertools.islice(mutants(asked.subject, asked.groups, *_INSIDE, "resource"), asked.limit):
        word = asked.on(mutant.subject).word
        # An item of a list is there even if it is unknown; and of two things of one name neither need be unknown.
        decisive = mutant.what != "that of another" and not (mutant.what == "removed" and mutant.site.in_list)
        if mutant.site.kind == "property" and word == "fail" and decisive:
            unseen = asked.on(blind(mutant)).word
            if unseen not in ("fail", "unknown") and mutant.site.group not in _FOUND_OTHERWISE.get(asked.entry.id, ()):
                taken.append(f"{mutant.site.group}, {mutant.what}: {unseen}")
    assert taken == []


@on(ONCE)
def test_a_verdict_depends_on_the_stack_alone(asked: Case) -> None:
    graph = asked.subject.graph
    turned = StackGraph(graph.stack, graph.project, dict(reversed(graph.resources.items())), graph.outputs)
    assert asked.on(asked.subject) == asked.verdict
    assert asked.on(dataclasses.replace(asked.subject, graph=turned)).word == asked.verdict.word


@pytest.mark.parametrize("goal", [id_ for id_, entry in ENTRIES.items() if entry.is_goal])
def test_a_goal_fails_with_any_criterion_of_its_requirement(goal: str) -> None:
    own = [(id_, stack) for id_, stack in ASKED if ENTRIES[id_].requirement == ENTRIES[goal].requirement]
    broken = next((mutant for row in own if (mutant := case(*row).fatal) is not None), None)
    assert broken is not None
    assert judged(goal, broken.subject).word == "fail"
