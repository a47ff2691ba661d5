"""The contexts that conditions tell apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.iam import Context
from plumbline.iam.conditions import condition
from plumbline.permissions.contexts import TooMany, assumed, grid, shown

REGION = "us-east-1"


def values(key: str, *conditions: dict[str, Any]) -> list[Any]:
    return [context[key] for context in grid(conditions, ())]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"StringEquals": {"aws:k": ["a", "b"]}}, [None, "a", "~other", "b"]),
        ({"StringLike": {"aws:k": "a/*"}}, [None, "a/~", "~other"]),
        ({"StringEquals": {"aws:k": "a/*"}}, [None, "a/*", "~other"]),
        ({"Null": {"aws:k": "true"}}, [None, "~other"]),
        ({"NumericLessThan": {"aws:k": "1.2"}}, [None, "1.1", "1.2", "1.3"]),
        ({"Bool": {"aws:SecureTransport": "false"}}, ["true", "false"]),
        ({"IpAddress": {"aws:k": "203.0.113.0/24"}}, [None, "203.0.113.0", "192.0.2.1"]),
        ({"ForAnyValue:StringEquals": {"aws:k": "a"}}, [None, ("a",), ("~other",), ("a", "~other")]),
    ],
    ids=["texts", "pattern", "no pattern", "null", "number", "always there", "address", "set"],
)
def test_values_are_those_named_another_and_none(given_: dict[str, Any], expected: list[Any]) -> None:
    (key,) = (key.lower() for row in given_.values() for key in row)
    assert values(key, given_) == expected


def test_keys_combine_and_fixed_ones_are_left_out() -> None:
    both = {"StringEquals": {"aws:a": "x", "aws:b": "y", "aws:C": "z"}}
    contexts = grid([both], ["aws:c"])
    assert len(contexts) == 9
    assert {"aws:a": "x", "aws:b": None} in contexts


def test_too_many_combinations_are_told() -> None:
    with pytest.raises(TooMany, match="combinations of aws:k0, aws:k1"):
        grid([{"StringEquals": {f"aws:k{number}": "a" for number in range(9)}}], ())


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("aws:securetransport", "true", True),
        ("aws:securetransport", "false", False),
        ("s3:tlsversion", "1.3", True),
        ("s3:tlsversion", "1.1", False),
        ("aws:requestedregion", REGION, True),
        ("aws:requestedregion", "eu-west-1", False),
        ("aws:sourcevpc", None, True),
        ("aws:sourcevpc", "vpc-1", False),
    ],
)
def test_a_use_has_what_is_assumed_and_nothing_else(key: str, value: str | None, expected: bool) -> None:
    assert assumed(key, value, REGION) is expected


def test_values_are_shown_as_people_write_them() -> None:
    assert shown("aws:k", [None, "a/~", "~other", ("a", "b")]) == "aws:k: none or a/* or any other or a+b"


TEXTS = st.text("ab", min_size=1, max_size=2)
CONDITIONS = st.lists(
    st.tuples(st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists"]), TEXTS), max_size=3
)


@given(CONDITIONS, st.none() | TEXTS)
def test_whatever_a_key_holds_some_context_answers_the_same(given_: list[tuple[str, str]], value: str | None) -> None:
    conditions = [condition(operator, "aws:k", [text], variables=False) for operator, text in given_]
    contexts = grid([{operator: {"aws:k": text}} for operator, text in given_], ())

    def answers(context: dict[str, Any]) -> list[bool | None]:
        return [one.holds(Context(context)) for one in conditions]

    assert answers({"aws:k": value}) in [answers(context) for context in contexts]
