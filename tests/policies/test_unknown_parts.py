"""What is not known neither makes a failure of a pass nor a pass of a failure, whichever part of a program it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.rules import load_all
from tests.policies import generated
from tests.policies.generated import Fixture, fixtures, places

RULES = load_all()
# An unknown may be anything, so it never makes a failure of a pass: rules about one resource read what is known. Rules
# about several are left out, since an unknown name or reference hides which resources belong together.
STRICTER: Mapping[str, str] = {
    "database-password-not-in-state": "a password that is only not known yet gets into the state all the same",
    "iam-no-lasting-credentials": "a key counts as active unless the program says that it is not",
    "iam-trust-limits-accounts": "an account counts as another one unless the role's own ARN is known",
    "security-group-ingress-names-ports": "members are told by the group that both references come from",
    "flow-log-is-delivered": "an unknown destination is judged by the type of the resource that it comes from",
}
# Nor does it make a pass of a failure, unless it stands where a finding is, around or within it: rules that ask whether
# something is set, or what it refers to, take an unknown for an answer. These rules take it in another place as well:
_EITHER = "either of two properties will do, and the unknown is set"
LOOSER: Mapping[str, str] = {
    "elasticache-requires-login": _EITHER,
    "lambda-permission-names-source": _EITHER,
    "lambda-permission-not-public": _EITHER,
    "queue-encrypted": _EITHER,
    "bucket-objects-live-long-enough": "what is not known limits the rule to some objects, which may go",
    "ecs-task-has-role-of-its-own": "roles that come from two resources are two",
    "function-concurrency-is-reserved": "which functions need it is told by their names, and the resource's is known",
    "distribution-bucket-origin-has-access-control": "an unknown origin is judged by the resource that it comes from",
}


def of_one_resource(word: str) -> list[Fixture]:
    return [fixture for fixture in fixtures(word) if RULES[fixture.rule].scope == "resource"]


def test_unknown_part_makes_no_failure() -> None:
    wrong: dict[str, Any] = {}
    for fixture in of_one_resource("pass"):
        for place in places(fixture.program):
            if fixture.judged(generated.unknown_at(fixture.program, place)).word == "fail":
                wrong.setdefault(fixture.rule, (fixture, place))
    assert {rule: found for rule, found in wrong.items() if rule not in STRICTER} == {}
    assert sorted(wrong) == sorted(STRICTER)


def test_unknown_part_makes_no_pass() -> None:
    wrong: dict[str, Any] = {}
    for fixture in of_one_resource("fail"):
        findings = [finding.path for finding in fixture.judged().findings]
        for place in places(fixture.program):
            word = fixture.judged(generated.unknown_at(fixture.program, place)).word
            here = any(generated.near(place[1], path) for path in findings)
            if word in ("pass", "not_applicable") and not here:
                wrong.setdefault(fixture.rule, (fixture, place, word))
    assert {rule: found for rule, found in wrong.items() if rule not in LOOSER} == {}
    assert sorted(wrong) == sorted(LOOSER)
