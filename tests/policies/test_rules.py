"""Every rule passes what is right, finds what is wrong where it is, and says when it cannot know."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import tests.policies as here
from plumbline import sdk
from plumbline.graph import UNKNOWN
from policies.rules import load_all
from policies.rules.model import present_type
from tests.policies.cases import Cases, Program, judged, made

CASES: dict[str, Cases] = {}
for _module in pkgutil.iter_modules(here.__path__):
    if _module.name.startswith("cases_"):
        for _case in importlib.import_module(f"tests.policies.{_module.name}").CASES:
            assert _case.rule not in CASES, _case.rule
            CASES[_case.rule] = _case


@pytest.mark.parametrize(
    ("rule", "program"),
    [pytest.param(c.rule, p, id=f"{c.rule}-{n}") for c in CASES.values() for n, p in c.good.items()],
)
def test_right_resource_passes(rule: str, program: Program) -> None:
    outcome = judged(rule, program, CASES[rule].parameters)
    assert (outcome.word, outcome.findings) == ("pass", ())


@pytest.mark.parametrize(
    ("rule", "program", "paths"),
    [pytest.param(c.rule, *p, id=f"{c.rule}-{n}") for c in CASES.values() for n, p in c.bad.items()],
)
def test_wrong_resource_is_found(rule: str, program: Program, paths: tuple[str, ...]) -> None:
    outcome = judged(rule, program, CASES[rule].parameters)
    assert (outcome.word, tuple(finding.path for finding in outcome.findings)) == ("fail", paths)
    assert all(finding.found and finding.expected for finding in outcome.findings)


@pytest.mark.parametrize(
    ("rule", "program", "paths"),
    [pytest.param(c.rule, *p, id=f"{c.rule}-{n}") for c in CASES.values() for n, p in c.unknown.items()],
)
def test_unknown_is_told(rule: str, program: Program, paths: tuple[str, ...]) -> None:
    outcome = judged(rule, program, CASES[rule].parameters)
    assert (outcome.word, tuple(finding.path for finding in outcome.findings)) == ("unknown", paths)
    assert all(finding.found and finding.expected for finding in outcome.findings)


@pytest.mark.parametrize(
    ("rule", "program"),
    [pytest.param(c.rule, p, id=f"{c.rule}-{n}") for c in CASES.values() for n, p in c.skipped.items()],
)
def test_rule_leaves_alone_what_it_is_not_about(rule: str, program: Program) -> None:
    assert judged(rule, program, CASES[rule].parameters).word == "not_applicable"


@pytest.mark.parametrize(
    ("method", "word", "paths"),
    [
        ({"authorization": "NONE", "apiKeyRequired": True}, "pass", ()),
        ({"authorization": "NONE", "apiKeyRequired": False}, "fail", ("apiKeyRequired",)),
        ({"authorization": "NONE"}, "fail", ("apiKeyRequired",)),
        ({"authorization": "NONE", "apiKeyRequired": UNKNOWN}, "unknown", ("apiKeyRequired",)),
        ({"authorization": "AWS_IAM", "apiKeyRequired": False}, "pass", ()),
    ],
)
def test_a_key_is_enough_where_the_config_says_so(method: dict[str, Any], word: str, paths: tuple[str, ...]) -> None:
    orders = made("aws:apigateway/method:Method", httpMethod="GET", **method)
    outcome = judged("api-method-is-authorized", [orders], {"api_keys": True})
    assert (outcome.word, tuple(finding.path for finding in outcome.findings)) == (word, paths)


def test_every_rule_has_fixtures_of_each_kind() -> None:
    rules = load_all()
    assert sorted(CASES) == sorted(rules)
    for name, case in CASES.items():
        assert case.good and case.bad, name
        assert case.parameters.keys() <= rules[name].parameters.keys(), name
        assert bool(case.skipped) != case.always, f"{name}: either skipped fixtures or always"
        assert bool(case.unknown) != bool(case.never_unknown), f"{name}: either unknown fixtures or why there are none"
        for program in case.good.values():
            assert present_type(program[0].type) in rules[name].types, name


def test_types_are_of_the_sdk() -> None:
    """A slip of the pen would make a rule that is never asked."""
    wrong = {name: set(rule.types) - set(sdk.known_types()) for name, rule in load_all().items()}
    assert {name: types for name, types in wrong.items() if types} == {}
