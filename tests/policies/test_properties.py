"""What holds for every rule: over its fixtures, over what is made of them, and over the trading stacks."""

from __future__ import annotations

import dataclasses
import random
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph
from policies.config import Config
from policies.judgement import Rulebook, Violation
from policies.rules import load_all
from policies.rules.model import Estate, Finding, Outcome, Rule, View
from tests.policies import generated
from tests.policies.cases import made
from tests.policies.generated import JUNK, SPELLINGS, WORDS, Fixture, fixtures, places, replaced

RULES = load_all()
FIXTURES = fixtures()
DETERMINISTIC = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def outcomes(graph: StackGraph) -> dict[tuple[str, str], tuple[str, int]]:
    """Return what all rules say of a stack, as word and number of findings."""
    estate = Estate(graph)
    rulebook = Rulebook(RULES, Config())
    found = {}
    for resource in graph:
        for rule in (*rulebook.of(resource, "resource"), *rulebook.of(resource, "stack")):
            outcome = rulebook.ask(rule, resource, estate if rule.scope == "stack" else None)
            found[rule.name, resource.urn] = (outcome.word, len(outcome.findings))
    return found


def as_graph(like: StackGraph, resources: list[Resource]) -> StackGraph:
    return StackGraph(like.stack, like.project, {resource.urn: resource for resource in resources})


# Order


@given(seed=st.integers(0, 2**32))
@settings(DETERMINISTIC, max_examples=3)
def test_order_decides_nothing(seed: int) -> None:
    """No rule takes a meaning from the order of a list: where AWS does, a number or a path says so as well."""
    wrong = []
    for fixture in FIXTURES:
        before, after = fixture.judged(), fixture.judged(generated.shuffled(fixture.program, seed))
        if (before.word, len(before.findings)) != (after.word, len(after.findings)):
            wrong.append((fixture, before, after))
    assert wrong == []


def test_order_decides_nothing_in_a_stack(graph: StackGraph) -> None:
    resources = [generated.shuffled([resource], 7)[0] for resource in graph]
    random.Random(7).shuffle(resources)
    assert outcomes(as_graph(graph, resources)) == outcomes(graph)


# No escape


def escapes(fixture: Fixture, program: Any) -> str:
    """Return what escapes a rule, or is no outcome; "" where all is well."""
    try:
        outcome = fixture.judged(program)
    except Exception:  # whatever it is, it is what this looks for
        return traceback.format_exc(limit=-3)
    return "" if is_outcome(outcome) else repr(outcome)


def is_outcome(outcome: Outcome) -> bool:
    texts = [text for each in outcome.findings for text in (each.path, each.found, each.expected)]
    return (
        outcome.word in WORDS
        and bool(outcome.findings) == (outcome.word in ("fail", "unknown"))
        and all(isinstance(text, str) for text in texts)
        and all(each.found and each.expected for each in outcome.findings)
    )


def test_nothing_escapes_where_one_part_is_junk() -> None:
    order, asked, wrong = random.Random(3), 0, []
    for fixture in fixtures("pass", "unknown", "not_applicable"):
        for place in places(fixture.program):
            value = order.choice(JUNK)
            asked += 1
            if found := escapes(fixture, replaced(fixture.program, place, value)):
                wrong.append((fixture, place, repr(value)[:80], found))
    assert wrong == []
    assert asked >= 10_000


@given(
    fixture=st.integers(0, len(FIXTURES) - 1),
    mistakes=st.lists(st.tuples(st.integers(0, 1000), generated.junk()), min_size=1, max_size=4),
)
@settings(DETERMINISTIC, max_examples=1_000)
def test_nothing_escapes_where_more_is_junk(fixture: int, mistakes: list[tuple[int, Any]]) -> None:
    program = list(FIXTURES[fixture].program)
    for place, value in mistakes:
        if found := places(program):
            program = replaced(program, found[place % len(found)], value)
    assert not escapes(FIXTURES[fixture], program)


def test_nothing_escapes_of_a_broken_stack(graph: StackGraph) -> None:
    order = random.Random(5)
    for _ in range(3):
        broken = [
            replaced([resource], order.choice(where), order.choice(JUNK))[0]
            if (where := places([resource]))
            else resource
            for resource in graph
        ]
        assert {word for word, _ in outcomes(as_graph(graph, broken)).values()} <= set(WORDS)


# No secret in a message

MARKER = "xqzMARKERzqx"
_AS_ELEMENT = "it says who is let in or what may be done, which is what the reader must mend"
# What of a resource may stand in a finding, and why. All else may be a secret. A tag's key is shown, never its value.
SHOWN: Mapping[str, str] = {
    "element": f"an element of a policy document: {_AS_ELEMENT}",
    **dict.fromkeys(("granteePrincipal", "permissions.accountIds", "sourceAccount"), f"a principal: {_AS_ELEMENT}"),
    **dict.fromkeys(
        ("policyArn", "policyArns", "managedPolicyArn", "managedPolicyArns"), "which policy it is, is what is wrong"
    ),
    **dict.fromkeys(
        ("bucket", "name"), "the ARN that a statement must name is made of the name, which AWS shows to everybody"
    ),
    "rules.statement.managedRuleGroupStatement.excludedRules.name": "which rule of AWS's is left out",
    "rules.statement.managedRuleGroupStatement.ruleActionOverrides.name": "which rule of AWS's is weakened",
}
_SHOWN_ELEMENTS = {"action", "notaction", "resource", "notresource", "principal", "notprincipal", "condition"}


def may_show(path: generated.Path) -> bool:
    dotted = ".".join(step for step in map(str, path) if not step.isdigit())
    return dotted in SHOWN or not _SHOWN_ELEMENTS.isdisjoint(generated.names(path))


def told(fixture: Fixture, program: Any) -> list[Finding]:
    """Return the findings that show the marker, in the very message that a user reads."""
    rule = RULES[fixture.rule]
    return [
        finding
        for finding in fixture.judged(program).findings
        if MARKER in Violation(rule, "mandatory", "urn", "it", finding).message
    ]


def marked(text: str, turn: int) -> Any:
    """Return the marker in one of the guises in which a secret comes."""
    guises = (MARKER, text + MARKER, Secret(MARKER), f"https://{MARKER}@example.com", f"arn:aws:iam::1:{MARKER}", 0)
    return guises[turn % len(guises)] or Secret(MARKER + text)


def test_no_message_shows_a_text() -> None:
    turn, wrong = 0, []
    for fixture in FIXTURES:
        for place in places(fixture.program):
            text = generated.part(fixture.program, place)
            if not isinstance(text, str) or may_show(place[1]):
                continue
            held = made("x:y:Z", held=generated.opened(text))
            within = [step for step in generated.steps(held.inputs) if step[1:] and not may_show(step)]
            programs = [replaced(fixture.program, place, marked(text, turn := turn + 1))]
            for path in within:
                if isinstance(generated.part([held], (0, path)), str):
                    whole = replaced([held], (0, path), MARKER)[0].inputs["held"]
                    programs.append(replaced(fixture.program, place, generated.json.dumps(whole)))
            wrong += [(fixture, place, found) for program in programs if (found := told(fixture, program))]
    assert wrong == []
    assert turn > 5_000


@pytest.mark.parametrize("value", [MARKER, Secret(MARKER), Secret({"value": MARKER}), [MARKER]])
def test_no_message_shows_any_of_many_texts(value: Any) -> None:
    def change(path: generated.Path, text: Any) -> Any:
        return value if isinstance(text, str) and not may_show(path) else text

    wrong = [
        (fixture, found)
        for fixture in FIXTURES
        if (found := told(fixture, generated.all_remade(fixture.program, change, texts=False)))
    ]
    assert wrong == []


# Spelling


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling_decides_nothing(spelling: str) -> None:
    written, wrong = 0, []
    for fixture in FIXTURES:
        program = SPELLINGS[spelling](fixture.program)
        if [resource.inputs for resource in program] == [resource.inputs for resource in fixture.program]:
            continue
        written += 1
        if (after := fixture.judged(program)).word != fixture.word:
            wrong.append((fixture, after))
    assert wrong == []
    assert written > 100


def test_spelling_decides_nothing_in_a_stack(graph: StackGraph) -> None:
    resources = list(graph)
    for spelling in ("true as a text", "documents as objects", "names in another case", "what the engine adds"):
        resources = SPELLINGS[spelling](resources)
    assert outcomes(as_graph(graph, resources)) == outcomes(graph)


# Remediation

_ALLOWED = {"Environment": ["test"], "Project": ["trading"], "Owner": [], "CostCenter": ["trading", "shared"]}
_VALUES = st.sampled_from(["test", "prod", "trading", "", "x", None, 7, UNKNOWN, Secret("test")])
_TAGS = st.dictionaries(st.sampled_from([*_ALLOWED, "owner", "Name"]), _VALUES)
REMEDIABLE = [rule for rule in RULES.values() if rule.remediate is not None]


def mended(rule: Rule, resource: Resource) -> Resource:
    """Return the resource with what the remediation changes."""
    assert rule.remediate is not None
    changes = rule.remediate(View(resource, {"tags": _ALLOWED})) or {}
    return dataclasses.replace(resource, inputs={**resource.inputs, **changes})


@given(tags=_TAGS, listed=st.booleans(), missing=st.booleans())
@settings(DETERMINISTIC, max_examples=300)
def test_remediation_adds_what_can_have_one_value_only(tags: dict[str, Any], listed: bool, missing: bool) -> None:
    rule = RULES["resource-has-required-tags"]
    assert [rule] == REMEDIABLE
    rows = [{"key": key, "value": value, "propagateAtLaunch": False} for key, value in tags.items() if not missing]
    type_ = "aws:autoscaling/group:Group" if listed else "aws:sqs/queue:Queue"
    before = made(type_, maxSize=3, **({} if missing else {"tags": rows if listed else tags}))
    given_tags: dict[str, Any] = {} if missing else tags
    after = mended(rule, before)

    assert mended(rule, after) == after
    assert {**after.inputs, "tags": None} == {**before.inputs, "tags": None}
    kept = after.inputs.get("tags") or ([] if listed else {})
    assert isinstance(kept, list if listed else dict)
    assert kept[: len(rows)] == rows if listed else given_tags.items() <= kept.items()
    single = {key: values[0] for key, values in _ALLOWED.items() if len(values) == 1}
    only_missing = all(key in given_tags for key in _ALLOWED if key not in single) and all(
        given_tags.get(key, "fine") in (*(values or ["test", "prod", "x", "trading"]), "fine")
        for key, values in _ALLOWED.items()
    )
    if only_missing:
        assert rule.judge(View(after, {"tags": _ALLOWED})).word == "pass"
