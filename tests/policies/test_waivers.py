"""Waivers: one clear line for each mistake, and none that covers nothing, too much, or holds too long."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.graph import UNKNOWN, StackGraph
from plumbline.project import UserError
from policies import waivers
from policies.config import Config, RuleConfig
from policies.judgement import Judgement, Rulebook
from policies.rules import load_all
from policies.waivers import Waiver
from tests.policies.cases import made

RULES = load_all()
TODAY = datetime.date(2026, 6, 15)
RULE = "log-group-has-retention"
_TEXT = """waivers:
  - rule: log-group-has-retention
    stack: test
    resource: orders-*
    path: retentionInDays
    matches: 2
    reason: The archive keeps these logs
    owner: trading-platform
    expires: "2026-12-31"
"""


def loaded(tmp_path: Path, text: str) -> tuple[Waiver, ...]:
    path = tmp_path / "waivers.yaml"
    path.write_text(text, encoding="utf-8")
    return waivers.load(path, RULES)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, text)
    return list(caught.value.lines)


def waiver(**other: Any) -> Waiver:
    fields = {"rule": RULE, "stack": "test", "resource": "orders-*", "path": "retentionInDays", "matches": 2}
    more = {"reason": "-", "owner": "us", "expires": TODAY, "line": 0}
    return Waiver(**{**fields, **more, **other})


def judged(*given_waivers: Waiver, stack: str = "test", partial: bool = False, **settings_: Any) -> Judgement:
    """Return what the rule says of two groups without retention, one with it and one of which it is not known."""
    groups = [
        made("aws:cloudwatch/logGroup:LogGroup", name, **({} if days is None else {"retentionInDays": days}))
        for name, days in (("orders-a", None), ("orders-b", None), ("quotes", 90), ("trades", UNKNOWN))
    ]
    graph = StackGraph(stack, "plumbline", {group.urn: group for group in groups})
    rules = {RULE: RULES[RULE]}
    return Rulebook(rules, Config(**settings_), given_waivers).judge(graph, TODAY, partial=partial)


def test_waiver_is_read(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, _TEXT)
    assert found == waiver(
        reason="The archive keeps these logs", owner="trading-platform", expires=datetime.date(2026, 12, 31)
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "rule: log-group-has-retention",
            "rule: log-group-has-retentio",
            f".rule: 'log-group-has-retentio' given (did you mean {RULE}?)",
        ),
        ("rule: log-group-has-retention", "rule: zzz", ".rule: 'zzz' given; allowed: the name of a rule"),
        ("rule: log-group-has-retention", "rule: 7", ".rule: 7 given; allowed: a text"),
        ("stack: test", "stack: ''", ".stack: '' given; allowed: a text"),
        ("    owner: trading-platform\n", "", ".owner: None given; allowed: a text"),
        ("reason: The archive keeps these logs", "reason: ' '", ".reason: ' ' given; allowed: a text"),
        ("matches: 2", "matches: 0", ".matches: 0 given; allowed: the number of findings, 1 or more"),
        ("matches: 2", "matches: true", ".matches: True given; allowed: the number of findings, 1 or more"),
        ("matches: 2", "matches: '2'", ".matches: '2' given; allowed: the number of findings, 1 or more"),
        ('"2026-12-31"', '"31.12.2026"', ".expires: '31.12.2026' given; allowed: a day as 2027-01-31"),
        ('"2026-12-31"', '"2026-02-30"', ".expires: '2026-02-30' given; allowed: a day as 2027-01-31"),
        ('"2026-12-31"', '"20261231"', ".expires: '20261231' given; allowed: a day as 2027-01-31"),
        ("path:", "place: x\n    path:", f".place: not known; allowed: {', '.join(waivers._FIELDS)}"),
    ],
)
def test_mistake_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert mistakes(tmp_path, _TEXT.replace(old, new)) == [f"waivers.yaml: waivers[0]{line}"]


@pytest.mark.parametrize("text", ["", "[]", "waivers: {}", "waivers:\n", "waivers: []\nmore: []", "text", "rules: []"])
def test_what_is_no_list_of_waivers_is_one_line(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text) == ["waivers.yaml: allowed: one list, waivers"]


@pytest.mark.parametrize("text", ["waivers: [", _TEXT.replace('"2026-12-31"', "2026-12-31")])
def test_broken_yaml_is_one_line_with_its_place(tmp_path: Path, text: str) -> None:
    (line,) = mistakes(tmp_path, text)
    assert line.startswith("waivers.yaml: line ") and "\n" not in line


def test_row_that_is_no_mapping_is_one_line(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, "waivers: [all]")
    assert line == f"waivers.yaml: waivers[0]: no mapping; allowed: {', '.join(waivers._FIELDS)}"


def test_no_file_and_no_rows_are_no_waivers(tmp_path: Path) -> None:
    assert waivers.load(tmp_path / "none.yaml", RULES) == loaded(tmp_path, "waivers: []") == ()


def test_waiver_takes_exactly_what_it_names() -> None:
    found = judged(waiver())
    assert [violation.resource for violation in found.violations] == ["trades"]
    assert [violation.resource for violation, _ in found.waived] == ["orders-a", "orders-b"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("wrong", "standing", "problem"),
    [
        ({"expires": TODAY - datetime.timedelta(1)}, 3, "expired on 2026-06-14; us answers for it"),
        ({"resource": "quotes"}, 3, "nothing in stack test needs it; take it away"),
        ({"path": "kmsKeyId"}, 3, "nothing in stack test needs it; take it away"),
        ({"matches": 1}, 1, "covers 2 findings in stack test; it names 1"),
        ({"matches": 3}, 1, "covers 2 findings in stack test; it names 3"),
        ({"resource": "*"}, 0, "covers 3 findings in stack test; it names 2"),
    ],
)
def test_wrong_waiver_is_a_problem(wrong: dict[str, Any], standing: int, problem: str) -> None:
    found = judged(waiver(**wrong))
    assert len(found.violations) == standing
    assert found.problems == (f"waivers.yaml: waivers[0] of {RULE}: {problem}",)


def test_waiver_of_another_stack_covers_nothing_and_is_missed_there_only() -> None:
    found = judged(waiver(stack="prod"))
    assert (len(found.violations), found.waived, found.problems) == (3, (), ())


def test_part_of_a_stack_misses_no_waiver() -> None:
    found = judged(waiver(resource="other"), partial=True)
    assert (len(found.violations), found.problems) == (3, ())


def test_rule_that_is_disabled_needs_no_waiver() -> None:
    found = judged(waiver(), rules={RULE: RuleConfig("disabled")})
    assert found.violations == ()
    assert found.problems == (f"waivers.yaml: waivers[0] of {RULE}: nothing in stack test needs it; take it away",)


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("ingress[0].cidrBlock", "ingress[0].cidrBlock", True),
        ("policy.Statement[1].Action", "policy.Statement[1].Action", True),
        ("policy.Statement[*].Action", "policy.Statement[12].Action", True),
        ("policy.Statement[1].*", "policy.Statement[1].Action", True),
        ("policy.Statement[1].Action", "policy.Statement1.Action", False),
        ("policy.Statement[1].Action", "policy.Statement[2].Action", False),
        ("policy", "policy.Statement[1]", False),
        ("retentionindays", "retentionInDays", False),
        ("*", "", True),
    ],
)
def test_path_is_a_pattern_in_which_brackets_are_brackets(pattern: str, path: str, covered: bool) -> None:
    assert waiver(path=pattern).covers(RULE, "orders-a", path) is covered


@given(
    st.lists(
        st.builds(
            waiver,
            resource=st.sampled_from(["*", "orders-*", "orders-a", "none", "trades"]),
            path=st.sampled_from(["*", "retentionInDays", "other"]),
            matches=st.integers(1, 4),
            stack=st.sampled_from(["test", "prod"]),
            expires=st.sampled_from([TODAY, TODAY - datetime.timedelta(1)]),
            line=st.integers(0, 9),
        ),
        max_size=4,
    )
)
@settings(derandomize=True, database=None, deadline=None, max_examples=300)
def test_waivers_only_move_violations(given_waivers: list[Waiver]) -> None:
    """No waiver makes a violation vanish, and where there are no problems each one of the stack is used as it says."""
    bare, found = judged(), judged(*given_waivers)
    shown = [*found.violations, *(violation for violation, _ in found.waived)]
    assert sorted(each.urn for each in shown) == sorted(each.urn for each in bare.violations)
    assert all(each.stack == "test" and each.expires >= TODAY for _, each in found.waived)
    own = [each for each in given_waivers if each.stack == "test"]
    if not found.problems:
        assert sum(each.matches for each in set(own)) == len(found.waived)
    assert len(found.problems) <= len(own)
