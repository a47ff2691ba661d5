"""The ledger is whole, its predicates belong to it, and verdicts are combined as documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, preview

from plumbline import yaml12
from plumbline.commands import subject
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.project import Project
from plumbline.verdicts import (
    Entry,
    Subject,
    Verdict,
    claim,
    combine,
    criterion,
    judge,
    ledger,
    predicates,
    undecided,
)

ENTRIES = ledger(ROOT, "trading")
# What this stage of the project answers; a criterion leaves or joins this list on purpose only.
BUILT = (  # noqa: SIM905  # as a list literal it takes forty lines and says no more
    "00.4 00.5 01.1 01.2 01.4 01.5 01.6 03.1 03.2a 03.2b 03.3 03.4 03.5 03.6 03.7a 03.7b 03.8 03.9 "
    "06.1 06.2 06.3a 06.3b 06.5a 06.5b 06.6 06.7 06.8a 06.8b 06.9 06.10 14.6a 14.6b 16.1 16.4 16.8 "
    "20.2 20.3 20.6 23.1"
).split()
DEVIATIONS = {"00.4": 1, "01.1": 1, "01.4": 1, "01.5": 1, "16.1": 38, "20.6": 1}


def _verdicts(stack: str) -> dict[str, Verdict]:
    return judge(ENTRIES, subject(Project(ROOT), stack, preview(stack).graph))


def _empty(**changes: object) -> Subject:
    return Subject(StackGraph("s", "p", {}), "test", {}, {}, ROOT, **changes)  # type: ignore[arg-type]


def test_the_ledger_has_every_entry_of_the_documents_once() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert len(ids) == len(set(ids)) == 237
    titles = yaml12.load(ROOT / "criteria" / "trading.yaml")["requirements"]
    assert sorted(titles) == sorted({entry.requirement.removeprefix("TRADING-") for entry in ENTRIES})


def test_exactly_these_criteria_have_a_predicate() -> None:
    ours = {id_ for id_ in predicates() if id_.startswith("TRADING-")}
    assert ours == {f"TRADING-{number}" for number in BUILT}
    assert ours <= {entry.id for entry in ENTRIES}


def test_what_is_built_holds_on_both_stacks(stack: str) -> None:
    verdicts = _verdicts(stack)
    assert len(verdicts) == 237
    asked = {entry.id for entry in ENTRIES if stack in entry.environments}
    for number in BUILT:
        id_ = f"TRADING-{number}"
        expected = "not_applicable" if id_ not in asked else "deviation" if number in DEVIATIONS else "pass"
        assert (id_, verdicts[id_].word) == (id_, expected)
        assert verdicts[id_].decision == DEVIATIONS.get(number, 0)
    assert not [id_ for id_, verdict in verdicts.items() if verdict.word in ("fail", "unknown")]


def test_every_decision_that_a_verdict_names_is_in_the_register(stack: str) -> None:
    register = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    for verdict in _verdicts(stack).values():
        assert not verdict.decision or f"\n{verdict.decision}. " in register


def test_a_criterion_of_the_other_environment_is_not_applicable() -> None:
    assert _verdicts("test")["TRADING-03.7a"] == Verdict("not_applicable", "asked of prod only")


def test_a_criterion_without_predicate_is_unbuilt() -> None:
    assert _verdicts("prod")["TRADING-10.1"] == Verdict("unbuilt", "no component of this stack answers it yet")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pass", "outside", "not_applicable"), "pass"),
        (("pass", "deviation"), "deviation"),
        (("deviation", "unknown"), "unknown"),
        (("unknown", "unbuilt"), "unbuilt"),
        (("unbuilt", "fail"), "fail"),
    ],
)
def test_a_goal_is_as_good_as_its_worst_criterion(words: tuple[str, ...], expected: str) -> None:
    entries = [Entry("GOAL-1.0", "area", ("test",), "goal", {})]
    for number, word in enumerate(words, start=1):
        entry = Entry(f"GOAL-1.{number}", "area", ("test",), "part", {})
        entries.append(entry)
        criterion(entry.id)(lambda subject, word=word: Verdict(word, "as given"))
    try:
        assert judge(entries, _empty())["GOAL-1.0"].word == expected
    finally:
        for entry in entries:
            predicates().pop(entry.id, None)  # type: ignore[attr-defined]


def test_a_document_that_does_not_exist_answers_nothing() -> None:
    entry = Entry("DOC-1.1", "area", ("test",), "part", {})
    criterion(entry.id)(lambda subject: Verdict("outside", "see there", document="docs/nowhere.md"))
    try:
        assert judge([entry], _empty())[entry.id] == Verdict("fail", "docs/nowhere.md does not exist")
    finally:
        predicates().pop(entry.id)  # type: ignore[attr-defined]


def test_a_claim_about_nothing_is_not_met() -> None:
    assert combine([], "tables", "are fine") == Verdict("fail", "the stack has no tables")


def test_an_unknown_names_resource_and_property() -> None:
    table = Resource(urn="urn:x", type="t", name="orders", inputs={"a": {"b": UNKNOWN}})
    other = Resource(urn="urn:y", type="t", name="other", inputs={"a": {"b": 1}})
    verdict = combine([claim(r, "a.b", lambda value: value == 1) for r in (other, table)], "tables", "are fine")
    assert verdict == Verdict("unknown", "tables are fine: it is not known yet for 1 of 2, first orders", "urn:x#a.b")


def test_a_failure_outweighs_an_unknown() -> None:
    rows = [Resource(urn=f"urn:{value!r}", type="t", name="r", inputs={"a": value}) for value in (UNKNOWN, 2)]
    verdict = combine([claim(row, "a", lambda value: value == 1) for row in rows], "tables", "are fine")
    assert (verdict.word, verdict.path) == ("fail", "urn:2#a")


def test_a_part_of_a_stack_decides_nothing() -> None:
    assert undecided(Verdict("pass", "all")).word == undecided(Verdict("fail", "none")).word == "unknown"
    assert undecided(Verdict("unbuilt", "not yet")) == Verdict("unbuilt", "not yet")


def test_a_system_without_ledger_has_no_criteria(tmp_path: Path) -> None:
    assert ledger(tmp_path, "other") == ()
