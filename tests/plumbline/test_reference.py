"""The table of criteria is what the stacks show."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.project import Project
from plumbline.reference import FOLDER, Judged, judged, markdown
from plumbline.verdicts import Verdict, ledger
from tests.evaluations import ROOT, deployed, preview

LEDGER = """
requirements: {"01": Buckets}
criteria:
- {id: SHOP-01.0, area: storage, environments: [test, prod], text: "All of 01 holds.", facts: {}}
- {id: SHOP-01.1, area: storage, environments: [test, prod], text: "Names begin a|b.", facts: {}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the ledger of a system called trading, whose predicates exist."""
    (tmp_path / "criteria").mkdir()
    (tmp_path / "criteria" / "trading.yaml").write_text(LEDGER, encoding="utf-8")
    return tmp_path


def of(stack: str, planned: Verdict, made: Verdict) -> Judged:
    ids = ("SHOP-01.0", "SHOP-01.1")
    return Judged(stack, dict.fromkeys(ids, planned), dict.fromkeys(ids, made))


def rows(root: Path, *stacks: Judged) -> list[str]:
    return [line for line in markdown(root, "trading", stacks).splitlines() if line.startswith("| 01.1 ")]


# The stacks of each system that has a ledger, in the order of the table.
SYSTEMS = {"agentic": ("agentic-dev", "agentic-prod"), "trading": ("prod", "test")}


def test_these_systems_have_a_ledger() -> None:
    project = Project(ROOT)
    found: dict[str, list[str]] = {}
    for stack in project.stacks():
        if ledger(ROOT, project.system(stack)):
            found.setdefault(project.system(stack), []).append(stack)
    assert {system: tuple(stacks) for system, stacks in found.items()} == SYSTEMS


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_table_of_criteria_is_up_to_date(system: str) -> None:
    project = Project(ROOT)
    stacks = [
        judged(project, stack, preview(stack).graph, deployed(stack).evaluation.graph) for stack in SYSTEMS[system]
    ]
    written = (ROOT / FOLDER / f"{system}.md").read_text(encoding="utf-8")
    assert written == markdown(ROOT, system, stacks), "run make docs"


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_criterion_has_one_row(system: str) -> None:
    lines = (ROOT / FOLDER / f"{system}.md").read_text(encoding="utf-8").splitlines()
    numbers = {entry.id.partition("-")[2] for entry in ledger(ROOT, system)}
    found = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert sorted(number for number in found if number in numbers) == sorted(numbers)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_link_leads_to_a_file(system: str) -> None:
    text = (ROOT / FOLDER / f"{system}.md").read_text(encoding="utf-8")
    targets = {part.partition(")")[0] for part in text.split("](")[1:]}
    assert targets
    assert [target for target in targets if not (ROOT / FOLDER / target).is_file()] == []


def test_stacks_that_say_the_same_say_it_once(root: Path) -> None:
    same = Verdict("pass", "all 3 hold")
    assert rows(root, of("a", same, same), of("b", same, same)) == [
        r"| 01.1 | Names begin a\|b. | pass | pass | all 3 hold |"
    ]


def test_stacks_that_differ_are_named(root: Path) -> None:
    first, second = Verdict("pass", "3 of <b>"), Verdict("pass", "4 of <b>")
    assert rows(root, of("a", first, first), of("b", second, second)) == [
        r"| 01.1 | Names begin a\|b. | pass | pass | a: 3 of &lt;b><br>b: 4 of &lt;b> |"
    ]


def test_what_only_an_up_knows_says_so_and_what_is_not_asked_says_nothing(root: Path) -> None:
    none = Verdict("not_applicable", "asked of a only")
    stacks = of("a", Verdict("unknown", "not yet"), Verdict("pass", "it does")), of("b", none, none)
    assert rows(root, *stacks) == [r"| 01.1 | Names begin a\|b. | unknown, then pass | not_applicable | it does |"]


def test_decisions_and_documents_are_linked(root: Path) -> None:
    verdict = Verdict("outside", "see there", decision=7, document="docs/runbooks/x.md")
    assert rows(root, of("a", verdict, verdict)) == [
        r"| 01.1 | Names begin a\|b. | outside | see there ([decision 7](../decisions.md)) "
        "([document](../../docs/runbooks/x.md)) |"
    ]


def test_verdicts_are_counted_by_stack_and_words_that_nobody_says_are_left_out(root: Path) -> None:
    stacks = of("a", Verdict("unknown", "not yet"), Verdict("pass", "it does"))
    lines = markdown(root, "trading", [stacks]).splitlines()
    start = lines.index("| verdict | a, preview | a, up |")
    assert lines[start : start + 5] == [
        "| verdict | a, preview | a, up |",
        "| --- | --- | --- |",
        "| pass | 0 | 2 |",
        "| unknown | 2 | 0 |",
        "",
    ]
