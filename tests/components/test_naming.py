"""components.naming: prefixed names within AWS's limits."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.naming import NameRefused, Naming, limits, log_group_name

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"  # what every kind of name takes
ENVIRONMENTS = st.sampled_from(["test", "prod", "ab"])
KINDS = st.sampled_from(sorted(limits()))
NAMES = st.text(ALPHABET, min_size=1, max_size=700)

quiet = settings(database=None, deadline=None)


def test_limits_are_those_of_aws() -> None:
    assert {kind: (limit.longest, limit.pattern.pattern) for kind, limit in limits().items()} == {
        "table": (255, "[a-zA-Z0-9_.-]{3,}"),
        "function": (64, "[a-zA-Z0-9_-]+"),
        "layer": (64, "[a-zA-Z0-9_-]+"),
        "role": (64, "[a-zA-Z0-9_+=,.@-]+"),
        "role_policy": (128, "[a-zA-Z0-9_+=,.@-]+"),
        "queue": (80, "[a-zA-Z0-9_-]+"),
        "log_group": (512, "[a-zA-Z0-9_/.#-]+"),
        "scaling_policy": (256, "[^\\x00-\\x1f]+"),
    }


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_never_exceeds_the_limit(environment: str, kind: str, name: str) -> None:
    assert len(Naming(environment).short(kind, name)) <= limits()[kind].longest


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_keeps_the_prefix(environment: str, kind: str, name: str) -> None:
    assert Naming(environment).short(kind, name).startswith(f"{environment}-")


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_matches_the_pattern_of_its_kind(environment: str, kind: str, name: str) -> None:
    assert limits()[kind].pattern.fullmatch(Naming(environment).short(kind, name))


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_is_deterministic(environment: str, kind: str, name: str) -> None:
    assert Naming(environment).short(kind, name) == Naming(environment).short(kind, name)


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, one=NAMES, other=NAMES)
def test_short_names_of_different_names_differ(environment: str, kind: str, one: str, other: str) -> None:
    assume(one != other)
    assert Naming(environment).short(kind, one) != Naming(environment).short(kind, other)


@quiet
@given(kind=KINDS, stem=st.text(ALPHABET, min_size=520, max_size=600), ends=st.lists(NAMES, min_size=2, max_size=2))
def test_short_names_with_one_long_beginning_differ(kind: str, stem: str, ends: list[str]) -> None:
    assume(ends[0] != ends[1])
    naming = Naming("test")
    assert naming.short(kind, stem + ends[0]) != naming.short(kind, stem + ends[1])


@quiet
@given(kind=KINDS, name=NAMES)
def test_short_names_of_two_environments_differ(kind: str, name: str) -> None:
    assert Naming("test").short(kind, name) != Naming("prod").short(kind, name)


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_exact_name_is_prefix_and_name_or_refused_for_its_length(environment: str, kind: str, name: str) -> None:
    prefixed = f"{environment}-{name}"
    longest = limits()[kind].longest
    try:
        given_name = Naming(environment).exact(kind, name)
    except NameRefused as error:
        assert len(prefixed) > longest
        assert str(error) == f"{prefixed!r} has {len(prefixed)} characters, a {kind} name at most {longest}"
    else:
        assert given_name == prefixed
        assert len(prefixed) <= longest


@pytest.mark.parametrize("kind", sorted(limits()))
def test_exact_name_may_be_as_long_as_the_limit(kind: str) -> None:
    name = "x" * (limits()[kind].longest - len("test-"))
    assert Naming("test").exact(kind, name) == f"test-{name}"


@pytest.mark.parametrize("kind", sorted(limits()))
def test_exact_name_one_character_too_long_is_refused_with_both_lengths(kind: str) -> None:
    longest = limits()[kind].longest
    name = "x" * (longest - len("test-") + 1)
    with pytest.raises(NameRefused) as refused:
        Naming("test").exact(kind, name)
    assert str(refused.value) == f"'test-{name}' has {longest + 1} characters, a {kind} name at most {longest}"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("table", "a b"),
        ("function", "a.b"),
        ("layer", "a/b"),
        ("role", "a/b"),
        ("role_policy", "a:b"),
        ("queue", "jobs.fifo"),
        ("log_group", "a b"),
        ("scaling_policy", "a\nb"),
        ("function", "trailing\n"),
        ("function", "ümlaut"),
    ],
)
def test_exact_name_with_a_wrong_character_is_refused_with_the_pattern(kind: str, name: str) -> None:
    with pytest.raises(NameRefused) as refused:
        Naming("test").exact(kind, name)
    pattern = limits()[kind].pattern.pattern
    assert str(refused.value) == f"{f'test-{name}'!r} does not match {pattern}, as a {kind} name must"


def test_short_name_within_the_limit_is_unchanged() -> None:
    assert Naming("prod").short("role", "audit-retention") == "prod-audit-retention"


def test_short_name_beyond_the_limit_ends_with_the_hash_of_the_whole() -> None:
    whole = "prod-" + "r" * 100
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    assert Naming("prod").short("role", "r" * 100) == f"prod-{'r' * 50}-{digest}"


@pytest.mark.parametrize("name", ["a/b", "a/b" + "x" * 100])
def test_short_name_with_a_wrong_character_is_refused_with_the_pattern(name: str) -> None:
    with pytest.raises(NameRefused, match=r"does not match \[a-zA-Z0-9_-\]\+, as a queue name must"):
        Naming("test").short("queue", name)


def test_log_group_name_is_the_one_that_lambda_uses() -> None:
    assert log_group_name("test-audit") == "/aws/lambda/test-audit"
