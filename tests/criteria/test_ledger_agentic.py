"""What the agentic stacks show: a verdict on each of the 70 criteria, and which of them deviate."""

from __future__ import annotations

import dataclasses

import pytest

from criteria.agentic_areas.common import facts
from criteria.common.deploying import deploying_role
from plumbline.commands import subject
from plumbline.project import Project
from plumbline.verdicts import Entry, Subject, judge, ledger, predicates
from tests.criteria import deliveries
from tests.evaluations import ROOT, deployed, preview

ENTRIES = ledger(ROOT, "agentic")
FILES = facts()["files"]
STACKS = ("agentic-dev", "agentic-prod")
DEVIATIONS = {
    "00.1": 31,  # that of the first of its parts
    "00.2": 112,
    "00.5": 32,
    "00.8": 34,
    "00.9": 114,
    "01.1": 31,
    "01.2": 33,
    "01.4a": 102,
    "01.4b": 102,
    "01.5": 101,
    "01.6": 102,
    "01.7": 34,
    "02.2": 35,
    "05.3": 113,
    "07.1": 103,
}
# What a preview cannot know: the function is told the WebSocket API's id.
AFTER_UP = ("07.5",)
# Files without which a criterion fails.
_PAID = "systems/agentic/data/paid.yaml"
NEEDS = {
    "00.1": (_PAID, FILES["tests"], FILES["deploy"], FILES["rollback"]),
    "00.5": (FILES["account"],),
    "00.9": (FILES["deploy"],),
    "01.1": (_PAID,),
    "01.7": ("systems/agentic/**/Dockerfile",),
    "02.1": (FILES["tests"],),
    "02.2": (FILES["tests"], FILES["deploy"]),
    "02.3": (FILES["deploy"],),
    "02.4": (FILES["deploy"],),
    "02.5": (FILES["deploy"], FILES["rollback"]),
    "06.2": (FILES["deploy"],),
    "08.1": (FILES["account"],),
    "08.2": (FILES["permissions"],),
    "08.3": tuple(FILES[name] for name in ("tests", "deploy", "rollback", "preview")),
    "08.4": (FILES["template"],),
    "08.5": (FILES["environment"],),
    "08.6": (FILES["troubles"],),
}
BY_ROLE = ("00.1", "02.2")  # these look at the role that deploys, which the bootstrap stack makes


def _number(entry: Entry) -> str:
    return entry.id.removeprefix("AGENTIC-")


def _expected(given: Subject, *, up: bool) -> dict[str, tuple[str, int]]:
    """Return (word, decision) by criterion, goals left out."""
    expected = {}
    for entry in ENTRIES:
        number = _number(entry)
        decision = DEVIATIONS.get(number, 0)
        word = "unknown" if number in AFTER_UP and not up else "deviation" if decision else "pass"
        missing = any(not list(given.root.glob(path)) for path in NEEDS.get(number, ()))
        if missing or (number in BY_ROLE and deploying_role(given)[1] is None):
            word, decision = "fail", 0
        if not entry.is_goal:
            expected[number] = (word, decision)
    return expected


def _subject(stack: str, up: bool) -> Subject:
    return subject(Project(ROOT), stack, deployed(stack).evaluation.graph if up else preview(stack).graph)


@pytest.mark.parametrize("up", [False, True], ids=["preview", "up"])
@pytest.mark.parametrize("files", ["own", "stand-in"])
@pytest.mark.parametrize("name", STACKS)
def test_every_criterion_has_its_verdict(name: str, files: str, up: bool) -> None:
    given = _subject(name, up)
    given = given if files == "own" else deliveries.with_files(given)
    verdicts = judge(ENTRIES, given)
    found = {number: verdicts[f"AGENTIC-{number}"] for number in _expected(given, up=up)}
    assert {number: (each.word, each.decision) for number, each in found.items()} == _expected(given, up=up)


def test_every_criterion_but_the_goals_has_a_predicate() -> None:
    ours = {id_ for id_ in predicates() if id_.startswith("AGENTIC-")}
    assert ours == {entry.id for entry in ENTRIES if not entry.is_goal}


def test_a_goal_is_what_its_criteria_are() -> None:
    verdicts = judge(ENTRIES, deliveries.with_files(_subject("agentic-prod", up=True)))
    goals = {_number(entry): verdicts[entry.id].word for entry in ENTRIES if entry.is_goal}
    deviating = {f"{number.partition('.')[0]}.0" for number in DEVIATIONS} - {"00.0"}
    assert goals == {goal: "deviation" if goal in deviating else "pass" for goal in goals}
    assert len(goals) == 9


def test_every_criterion_is_asked_of_every_environment() -> None:
    assert {entry.environments for entry in ENTRIES} == {("dev", "staging", "prod")}


def test_another_environment_is_judged_by_its_own_names() -> None:
    given = deliveries.with_files(_subject("agentic-prod", up=False))
    other = dataclasses.replace(given, environment="staging")
    assert judge(ENTRIES, other, ["AGENTIC-09.3"])["AGENTIC-09.3"].word == "fail"
