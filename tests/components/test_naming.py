"""components.naming: prefixed names within AWS's limits."""

from __future__ import annotations

import ast
import hashlib

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from components.naming import NameRefused, Naming, limits, log_group_name

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"  # what every kind of name takes
ENVIRONMENTS = st.sampled_from(["test", "prod", "ab"])
KINDS = st.sampled_from(sorted(limits()))
NAMES = st.text(ALPHABET, min_size=1, max_size=700)
STEMS = st.text(ALPHABET, min_size=520, max_size=600)

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
        "bucket": (63, "[a-z0-9][a-z0-9-]+[a-z0-9]"),
        "secret": (512, "[a-zA-Z0-9/_+=.@-]+(?<!-[a-zA-Z0-9]{6})"),
        "key_alias": (250, "[a-zA-Z0-9/_-]+"),
        "security_group": (255, "(?!sg-)[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]+"),
        "replication_group": (40, "[a-z](-?[a-z0-9])*"),
        "cache_parameter_group": (255, "[a-z](-?[a-z0-9])*"),
        "cache_subnet_group": (255, "[a-z](-?[a-z0-9])*"),
        "analyzer": (255, "[a-zA-Z][a-zA-Z0-9_.-]*"),
        "anomaly_monitor": (1024, "[^\\x00-\\x1f]+"),
        "anomaly_subscription": (1024, "[^\\x00-\\x1f]+"),
        "budget": (100, "(?!.*/action/)[^:\\\\\\x00-\\x1f]+"),
        "schedule": (64, "[a-zA-Z0-9_.-]+"),
        "schedule_group": (64, "[a-zA-Z0-9_.-]+"),
        "topic": (256, "[a-zA-Z0-9_-]+"),
        "event_bus": (256, "(?!aws)[a-zA-Z0-9/_.-]+"),
        "event_rule": (64, "[a-zA-Z0-9_.-]+"),
        "event_archive": (48, "[a-zA-Z0-9_.-]+"),
        "state_machine": (80, "[a-zA-Z0-9_-]+"),
        "dashboard": (255, "[a-zA-Z0-9_-]+"),
        "alarm": (255, "[^\\x00-\\x1f]+"),
        "time_series": (256, "[a-zA-Z0-9_.-]{3,}"),
        "api": (1024, "[^\\x00-\\x1f]+"),
        "user_pool": (128, "[a-zA-Z0-9_ +=,.@-]+"),
        "influx": (40, "[a-zA-Z](-?[a-zA-Z0-9])+"),
        "cluster": (255, "[a-zA-Z0-9_-]+"),
        "container_service": (255, "[a-zA-Z0-9_-]+"),
        "task_family": (255, "[a-zA-Z0-9_-]+"),
        "load_balancer": (32, "(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"),
        "target_group": (32, "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"),
        "repository": (256, "[a-z0-9]+([._-][a-z0-9]+)*"),
        "backup_vault": (50, "[a-zA-Z0-9_-]{2,}"),
        "backup_plan": (50, "[a-zA-Z0-9_.-]+"),
        "backup_selection": (50, "[a-zA-Z0-9_.-]+"),
        "web_acl": (128, "[a-zA-Z0-9_-]+"),
        "origin_access_control": (64, "[a-zA-Z0-9_-]+"),
        "cdn_policy": (128, "[a-zA-Z0-9_-]+"),
        "cdn_function": (64, "[a-zA-Z0-9_-]+"),
        "log_delivery": (60, "[a-zA-Z0-9_-]+"),
    }


def short(environment: str, kind: str, name: str) -> str:
    """Return the short name; names that the kind's pattern refuses are no examples."""
    try:
        return Naming(environment).short(kind, name)
    except NameRefused:
        reject()


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_never_exceeds_the_limit(environment: str, kind: str, name: str) -> None:
    assert len(short(environment, kind, name)) <= limits()[kind].longest


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_keeps_the_prefix(environment: str, kind: str, name: str) -> None:
    assert short(environment, kind, name).startswith(f"{environment}-")


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_matches_the_pattern_of_its_kind_or_is_refused_for_it(
    environment: str, kind: str, name: str
) -> None:
    limit = limits()[kind]
    whole = f"{environment}-{name}"
    try:
        given_name = Naming(environment).short(kind, name)
    except NameRefused as error:
        refused = ast.literal_eval(str(error).partition(" does not match ")[0])
        assert not limit.pattern.fullmatch(refused)
        assert refused == whole if len(whole) <= limit.longest else refused[:-9] == whole[: limit.longest - 9]
        assert str(error) == f"{refused!r} does not match {limit.pattern.pattern}, as a {kind} name must"
    else:
        assert limit.pattern.fullmatch(given_name)


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_short_name_is_deterministic(environment: str, kind: str, name: str) -> None:
    assert short(environment, kind, name) == short(environment, kind, name)


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, one=NAMES, other=NAMES)
def test_short_names_of_different_names_differ(environment: str, kind: str, one: str, other: str) -> None:
    assume(one != other)
    assert short(environment, kind, one) != short(environment, kind, other)


@quiet
@given(kind=KINDS, stem=STEMS, ends=st.lists(NAMES, min_size=2, max_size=2))
def test_short_names_with_one_long_beginning_differ(kind: str, stem: str, ends: list[str]) -> None:
    assume(ends[0] != ends[1])
    assert short("test", kind, stem + ends[0]) != short("test", kind, stem + ends[1])


@quiet
@given(kind=KINDS, name=NAMES)
def test_short_names_of_two_environments_differ(kind: str, name: str) -> None:
    assert short("test", kind, name) != short("prod", kind, name)


@quiet
@given(environment=ENVIRONMENTS, kind=KINDS, name=NAMES)
def test_exact_name_is_prefix_and_name_or_refused_for_length_or_pattern(environment: str, kind: str, name: str) -> None:
    prefixed = f"{environment}-{name}"
    limit = limits()[kind]
    too_long = f"{prefixed!r} has {len(prefixed)} characters, a {kind} name at most {limit.longest}"
    unmatched = f"{prefixed!r} does not match {limit.pattern.pattern}, as a {kind} name must"
    fits = len(prefixed) <= limit.longest
    try:
        given_name = Naming(environment).exact(kind, name)
    except NameRefused as error:
        assert str(error) == (unmatched if fits else too_long)
        assert not (fits and limit.pattern.fullmatch(prefixed))
    else:
        assert given_name == prefixed
        assert fits and limit.pattern.fullmatch(prefixed)


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
        ("bucket", "Logs"),
        ("bucket", "a_b"),
        ("bucket", "trailing-"),
        ("secret", "a b"),
        ("key_alias", "a.b"),
        ("security_group", "a\tb"),
        ("replication_group", "a--b"),
        ("replication_group", "trailing-"),
        ("cache_parameter_group", "Redis"),
        ("cache_subnet_group", "a_b"),
        ("analyzer", "a b"),
        ("anomaly_monitor", "a\nb"),
        ("anomaly_subscription", "a\nb"),
        ("budget", "a:b"),
        ("budget", "a\\b"),
        ("budget", "a/action/b"),
        ("schedule", "a b"),
        ("schedule_group", "a/b"),
        ("backup_vault", "a.b"),
        ("backup_plan", "a b"),
        ("backup_selection", "a/b"),
        ("web_acl", "a.b"),
        ("origin_access_control", "a.b"),
        ("cdn_policy", "a.b"),
        ("cdn_function", "a.b"),
        ("log_delivery", "a.b"),
        ("function", "trailing\n"),
        ("function", "ümlaut"),
    ],
)
def test_exact_name_with_a_wrong_character_is_refused_with_the_pattern(kind: str, name: str) -> None:
    with pytest.raises(NameRefused) as refused:
        Naming("test").exact(kind, name)
    pattern = limits()[kind].pattern.pattern
    assert str(refused.value) == f"{f'test-{name}'!r} does not match {pattern}, as a {kind} name must"


@pytest.mark.parametrize("name", ["token-abc123", "database-secret", "abcdef"])
def test_secret_name_that_ends_like_the_suffix_of_its_arn_is_refused(name: str) -> None:
    with pytest.raises(NameRefused, match=r"as a secret name must$"):
        Naming("test").exact("secret", name)


@pytest.mark.parametrize("name", ["token-abc12", "token-abc1234", "token-abc_12", "redis-token"])
def test_secret_name_with_another_ending_is_taken(name: str) -> None:
    assert Naming("test").exact("secret", name) == f"test-{name}"


def test_security_group_name_must_not_begin_like_an_id() -> None:
    with pytest.raises(NameRefused, match=r"^'sg-redis' does not match .*, as a security_group name must$"):
        Naming("sg").exact("security_group", "redis")


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
