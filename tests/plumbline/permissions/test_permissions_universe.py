"""Actions of AWS: which a pattern names, on what they are asked, and what stands for all that a pattern covers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import grants
from plumbline.permissions.known import known, words
from plumbline.permissions.universe import ANY, action, expand, kind_of, meet, services, strangers


def names(*patterns: str, negated: bool = False) -> set[str]:
    return {one.name for one in expand(patterns, negated=negated)}


def test_patterns_name_actions_in_any_case() -> None:
    assert names("dynamodb:getitem", "DynamoDB:Batch*Item") == {
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:GetItem",
    }


def test_not_action_names_all_other_actions_of_all_services() -> None:
    others = names("dynamodb:*", "s3:GetObject", negated=True)
    everything = {one.name for actions in services().values() for one in actions.values()}
    assert everything - others == {*names("dynamodb:*"), "s3:GetObject"}


def test_patterns_of_no_action_are_strangers() -> None:
    assert strangers(("dynamodb:GetItem", "dynamodb:Got*", "nothing:*")) == ["dynamodb:Got*", "nothing:*"]


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        ("arn:aws:s3:::orders", "s3:~"),
        ("arn:aws:s3:::orders/a/b", "s3:~/~"),
        ("arn:aws:dynamodb:r:1:table/a", "dynamodb:table/~"),
        ("arn:aws:dynamodb:r:1:table/a/index/b", "dynamodb:table/~/index/~"),
        ("arn:aws:logs:r:1:log-group:/aws/lambda/a", "logs:log-group:~"),
        ("arn:aws:logs:r:1:log-group:/aws/lambda/a:log-stream:b", "logs:log-group:~:log-stream:~"),
        ("arn:aws:iam::1:role/path/to/a", "iam:role/~"),
        ("arn:aws:events:r:1:rule/bus/a", "events:rule/~/~"),
        ("arn:aws:nothing:r:1:a", ""),
        ("*", ""),
    ],
)
def test_kind_of_an_arn_is_the_most_telling(arn: str, kind: str) -> None:
    assert kind_of(arn) == kind


@pytest.mark.parametrize(
    ("pattern", "form", "member"),
    [
        ("table/*", "table/~", "table/~"),
        ("table/*", "table/~/index/~", "table/~/index/~"),
        ("table/test-*", "table/~/index/~", "table/test-~/index/~"),
        ("table/a", "table/~/index/~", None),
        ("*", "network-interface/~", "network-interface/~"),
        ("key/*", "alias/~", None),
        ("secret:a-??????", "secret:~", "secret:a-~~~~~~"),
        ("bucket/logs/*", "~/~", "bucket/logs/~"),
    ],
)
def test_member_stands_for_what_a_pattern_covers_of_a_kind(pattern: str, form: str, member: str | None) -> None:
    assert meet(pattern, form) == member


def covered(text: str, pattern: str, *, many: str) -> bool:
    source = "".join({"*": ".*", "?": ".", ANY: many}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(source, text) is not None


@given(st.text("ab/*?", max_size=6), st.text(f"ab/{ANY}", max_size=6))
def test_member_is_covered_by_both(pattern: str, form: str) -> None:
    member = meet(pattern, form)
    if member is not None:
        assert covered(member, pattern, many=".")
        assert (
            covered(member, form.replace(ANY, "\0"), many=".") if ANY not in form else covered(member, form, many=".+")
        )


@given(st.text("ab/", max_size=5), st.text("ab/*?", max_size=5), st.text(f"ab/{ANY}", max_size=5))
def test_there_is_a_member_where_some_text_is_covered_by_both(text: str, pattern: str, form: str) -> None:
    if covered(text, pattern, many=".") and covered(text, form, many=".+"):
        assert meet(pattern, form) is not None


# The data


def meant() -> list[tuple[str, str, str, list[str]]]:
    return [
        (kind, word, part, actions)
        for kind, rows in known()["words"].items()
        for word, parts in rows.items()
        for part, actions in parts.items()
    ]


def test_words_name_actions_of_aws_in_order_and_once() -> None:
    assert [name for _, _, _, actions in meant() for name in actions if action(name) is None] == []
    assert [(kind, word) for kind, word, _, actions in meant() if actions != sorted(set(actions))] == []


def test_words_are_about_resources_that_are_known() -> None:
    kinds = {row["word"] for row in known()["resources"].values()} | {"account"}
    assert set(known()["words"]) - kinds == set()
    parts = {(row["word"], part) for row in known()["resources"].values() for part in (*row.get("parts", {}), "self")}
    assert [(kind, part) for kind, _, part, _ in meant() if kind != "account" and (kind, part) not in parts] == []


def test_kinds_that_are_added_to_the_reference_are_kinds() -> None:
    kinds = {kind for actions in services().values() for one in actions.values() for kind in one.kinds}
    added = [kind for rows in known()["also_on"].values() for kind in rows if kind != "*"]
    assert [name for name in known()["also_on"] if action(name) is None] == []
    assert [kind for kind in added if kind not in kinds] == []


def all_of(kind: str, word: str) -> set[str]:
    return {name for actions in words(kind)[word].values() for name in actions}


@pytest.mark.parametrize(
    ("kind", "word", "granted"),
    [
        ("table", "read", grants.TABLE_READ),
        ("table", "write", grants.TABLE_WRITE),
        ("table", "scan", grants.TABLE_SCAN),
        ("bucket", "read", (*grants.OBJECT_READ, *grants.OBJECT_LIST)),
        ("bucket", "write", grants.OBJECT_WRITE),
        ("queue", "consume", grants.QUEUE_CONSUME),
        ("key", "decrypt", grants.KEY_USE),
        ("key", "encrypt", grants.KEY_PRODUCE),
        ("secret", "rotate", grants.SECRET_ROTATE),
        ("account", "attach to network", grants.NETWORK_INTERFACES),
        ("account", "send traces", grants.TRACE),
        ("account", "trace executions", grants.TRACE_EXECUTIONS),
        ("account", "deliver logs", grants.LOG_DELIVERY),
    ],
)
def test_words_mean_what_the_grants_of_the_program_give(kind: str, word: str, granted: tuple[str, ...]) -> None:
    assert all_of(kind, word) == names(*granted)
