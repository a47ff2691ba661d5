"""systems.trading.data: the tables and functions of the trading system."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pydantic
import pytest

from components.tables import Index, Key, TableSpec
from systems.trading import data

FILE = "systems/trading/data/functions.yaml"


def row(**values: Any) -> data.FunctionRow:
    return data.FunctionRow(**{"group": "audit", "kind": "api", "memory": 256, **values})


KNOWN: dict[str, dict[str, Any]] = {
    "table": {"known": None, "other": None},
    "bucket": {"files": None},
    "secret": {"key": None, "connection-strings": None, "redis-token": None},
    "series": {"prices": None},
}
NOTHING: dict[str, dict[str, Any]] = {kind: {} for kind in KNOWN}


def mistakes(**values: Any) -> list[str]:
    return data.references({"orders": row(**values)}, KNOWN, {"audit": "", "risk": ""})


def test_known_groups_tables_buckets_secrets_and_series_are_no_mistake() -> None:
    tables = {"owns": "known", "reads": ("other",), "writes": ("known",), "scans": ("other",)}
    rest = {"reads_buckets": ("files",), "writes_buckets": ("files",), "secrets": ("key",), "redis": True}
    series = {"reads_series": ("prices",), "writes_series": ("prices",)}
    assert mistakes(**tables, **rest, **series) == []


def test_unknown_group_is_told_with_the_known_ones() -> None:
    assert mistakes(group="audits") == [f"{FILE}: orders.group: 'audits' given; known: audit, risk"]


@pytest.mark.parametrize("edge", ["owns", "reads", "writes", "scans"])
def test_unknown_table_is_told_for_each_kind_of_edge(edge: str) -> None:
    assert mistakes(**{edge: "nothing" if edge == "owns" else ("nothing",)}) == [f"{FILE}: orders: no table 'nothing'"]


def test_unknown_table_of_several_edges_is_told_once() -> None:
    assert mistakes(owns="nothing", reads=("nothing",), scans=("nothing",)) == [f"{FILE}: orders: no table 'nothing'"]


@pytest.mark.parametrize("edge", ["reads_buckets", "writes_buckets"])
def test_unknown_bucket_is_told_for_each_kind_of_edge(edge: str) -> None:
    assert mistakes(**{edge: ("nothing",)}) == [f"{FILE}: orders: no bucket 'nothing'"]


def test_unknown_secret_is_told() -> None:
    assert mistakes(secrets=("key", "nothing")) == [f"{FILE}: orders: no secret 'nothing'"]


@pytest.mark.parametrize("edge", ["reads_series", "writes_series"])
def test_unknown_series_are_told_for_each_kind_of_edge(edge: str) -> None:
    assert mistakes(**{edge: ("prices", "nothing")}) == [f"{FILE}: orders: no series 'nothing'"]


def test_unknown_series_of_both_edges_are_told_once() -> None:
    wrong = ("nothing",)
    assert mistakes(reads_series=wrong, writes_series=wrong) == [f"{FILE}: orders: no series 'nothing'"]


def test_redis_without_its_secrets_is_told() -> None:
    rows = {"orders": row(redis=True)}
    assert data.references(rows, {**KNOWN, "secret": {}}, {"audit": ""}) == [
        f"{FILE}: orders: no secret 'connection-strings'",
        f"{FILE}: orders: no secret 'redis-token'",
    ]


def test_all_mistakes_are_told_in_order() -> None:
    rows = {"first": row(group="x", reads=("b", "a"), reads_buckets=("c",), secrets=("d",), reads_series=("e",))}
    rows["second"] = row(group="y")
    assert data.references(rows, NOTHING, {"audit": ""}) == [
        f"{FILE}: first.group: 'x' given; known: audit",
        f"{FILE}: first: no table 'a'",
        f"{FILE}: first: no table 'b'",
        f"{FILE}: first: no bucket 'c'",
        f"{FILE}: first: no secret 'd'",
        f"{FILE}: first: no series 'e'",
        f"{FILE}: second.group: 'y' given; known: audit",
    ]


def test_buckets_are_those_that_are_read_or_written_sorted() -> None:
    assert row(reads_buckets=("b", "a"), writes_buckets=("c", "b")).buckets() == ("a", "b", "c")


def test_series_are_those_that_are_read_or_written_sorted() -> None:
    assert row(reads_series=("b", "a"), writes_series=("c", "b")).series() == ("a", "b", "c")


def test_whoever_talks_to_redis_reads_its_address_and_token() -> None:
    assert row(redis=True).read_secrets() == ("connection-strings", "redis-token")
    assert row(secrets=("redis-token", "key"), redis=True).read_secrets() == (
        "redis-token",
        "key",
        "connection-strings",
    )
    assert row(secrets=("key",)).read_secrets() == ("key",)


@pytest.mark.parametrize(
    ("values", "services"),
    [
        ({"reads": ("known",), "reads_buckets": ("files",)}, []),
        ({"secrets": ("key",)}, ["secretsmanager"]),
        ({"redis": True}, ["elasticache", "secretsmanager"]),
        ({"events": True}, ["events"]),
        ({"reads_series": ("prices",)}, []),
    ],
)
def test_services_that_functions_call_need_endpoints(values: dict[str, Any], services: list[str]) -> None:
    assert data.called_services({"idle": row(), "orders": row(**values)}) == services


def test_owned_table_comes_first_and_is_read_and_written() -> None:
    function = row(owns="b", reads=("c", "a", "b"), writes=("a",), scans=("d",))
    assert function.read_tables() == ("b", "c", "a")
    assert function.write_tables() == ("b", "a")
    assert function.tables() == ("a", "b", "c", "d")


@pytest.mark.parametrize(("kind", "seconds"), [("api", 30), ("background", 300)])
def test_timeout_follows_from_the_kind(kind: str, seconds: int) -> None:
    assert row(kind=kind).timeout_seconds == seconds


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "batch"}, {"memory": 127}, {"memory": 10_241}, {"reserved_concurrency": 0}, {"colour": "red"}],
    ids=str,
)
def test_row_outside_the_limits_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        row(**wrong)


@pytest.mark.parametrize("length", [15, 129])
def test_generated_length_outside_the_limits_of_a_token_is_refused(length: int) -> None:
    with pytest.raises(pydantic.ValidationError):
        data.SecretRow(description="Token", generated_length=length)


@pytest.mark.parametrize("wrong", [{"holds": "everything"}, {"receives": "mail"}, {"colour": "red"}], ids=str)
def test_bucket_row_with_an_unknown_word_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        data.BucketRow(**{"description": "Files", "holds": "objects", **wrong})


@pytest.mark.parametrize("wrong", [{"publishers": ["s3"]}, {"contacts": "everybody"}, {"colour": "red"}], ids=str)
def test_topic_row_with_an_unknown_word_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        data.TopicRow(**{"display_name": "Risk", "publishers": ["events"], "contacts": "risk", **wrong})


CAUSE = "exactly one of schedule and pattern is needed"
TARGET = "a schedule calls a function, a pattern goes to a topic"
SCHEDULE, PATTERN = "rate(1 hour)", {"source": ["trading.risk"]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, CAUSE),
        ({"schedule": SCHEDULE, "pattern": PATTERN, "function": "f", "topic": "t"}, CAUSE),
        ({"schedule": SCHEDULE}, TARGET),
        ({"schedule": SCHEDULE, "topic": "t"}, TARGET),
        ({"schedule": SCHEDULE, "function": "f", "topic": "t"}, TARGET),
        ({"pattern": PATTERN}, TARGET),
        ({"pattern": PATTERN, "function": "f"}, TARGET),
        ({"pattern": PATTERN, "function": "f", "topic": "t"}, TARGET),
    ],
    ids=str,
)
def test_event_row_needs_one_cause_and_the_target_of_its_kind(given: dict[str, Any], told: str) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        data.EventRow(description="Event", **given)
    assert [error["msg"] for error in raised.value.errors()] == [f"Value error, {told}"]


@pytest.mark.parametrize(
    "given", [{"schedule": SCHEDULE, "function": "f"}, {"pattern": PATTERN, "topic": "t"}], ids=str
)
def test_event_row_with_one_cause_and_its_target_is_good(given: dict[str, Any]) -> None:
    found = data.EventRow(description="Event", **given)
    assert found.model_dump(exclude_none=True) == {"description": "Event", **given}


def test_rows_are_frozen() -> None:
    with pytest.raises(pydantic.ValidationError):
        row().memory = 512  # type: ignore[misc]  # what the test is about


# The files themselves.


def test_there_are_32_tables_and_34_functions() -> None:
    assert (len(data.tables()), len(data.functions())) == (32, 34)


def test_there_are_25_api_and_9_background_functions() -> None:
    assert Counter(function.kind for function in data.functions().values()) == {"api": 25, "background": 9}


def test_group_of_every_function_exists() -> None:
    assert {function.group for function in data.functions().values()} == set(data.groups())


def test_references_of_the_files_are_right() -> None:
    known = {
        "table": data.tables(),
        "bucket": data.buckets(),
        "secret": data.secrets(),
        "series": data.series(),
    }
    assert data.references(data.functions(), known, data.groups()) == []


def test_buckets_are_the_eight_and_three_of_them_receive_logs() -> None:
    assert {name: (bucket.holds, bucket.receives) for name, bucket in data.buckets().items()} == {
        "audit-logs": ("audit_logs", None),
        "prompt-templates": ("objects", None),
        "model-outputs": ("objects", None),
        "frontend-assets": ("objects", None),
        "lambda-packages": ("objects", None),
        "access-logs": ("logs", "access_logs"),
        "waf-logs": ("logs", "delivered_logs"),
        "cdn-logs": ("logs", "delivered_logs"),
    }


def test_bucket_of_the_firewall_alone_has_a_prescribed_beginning() -> None:
    given = {name: bucket.prescribed_beginning for name, bucket in data.buckets().items()}
    assert {name: start for name, start in given.items() if start} == {"waf-logs": "aws-waf-logs-"}


def test_only_the_token_of_redis_is_made_up() -> None:
    assert {name: secret.generated_length for name, secret in data.secrets().items()} == {
        "exchange-credentials": None,
        "gemini-api-key": None,
        "openai-api-key": None,
        "deepseek-api-key": None,
        "connection-strings": None,
        "redis-token": 64,
    }


def test_every_secret_is_read_by_at_least_one_function() -> None:
    read = {secret for function in data.functions().values() for secret in function.read_secrets()}
    assert sorted(set(data.secrets()) - read) == []


def test_series_are_the_three_of_the_requirements() -> None:
    assert list(data.series()) == ["price-data", "volume-data", "derived-metrics"]


def test_every_series_is_read_and_written_by_at_least_one_function() -> None:
    rows = data.functions().values()
    assert {series for function in rows for series in function.reads_series} == set(data.series())
    assert {series for function in rows for series in function.writes_series} == set(data.series())


def test_topics_are_the_four_and_one_for_costs_with_their_publishers_and_contacts() -> None:
    assert {name: (topic.publishers, topic.contacts) for name, topic in data.topics().items()} == {
        "critical-alerts": (("cloudwatch", "events"), "critical"),
        "risk-events": (("events",), "risk"),
        "system-health": (("backup", "cloudwatch", "events"), "health"),
        "audit-notifications": (("events",), "audit"),
        "cost-alerts": (("budgets",), "costs"),
    }


def test_schedules_and_rules_lead_to_these_targets() -> None:
    events = data.events().items()
    assert {name: (event.schedule, event.function) for name, event in events if event.schedule} == {
        "data-quality": ("rate(5 minutes)", "quality"),
        "retention": ("cron(0 3 * * ? *)", "retention"),
        "performance": ("rate(1 hour)", "performance"),
    }
    assert {name: (event.pattern, event.topic) for name, event in events if event.pattern} == {
        "risk-events": ({"source": ["trading.risk"]}, "risk-events"),
        "critical-risk-events": (
            {"source": ["trading.risk"], "detail": {"severity": ["critical"]}},
            "critical-alerts",
        ),
    }


def test_functions_that_put_events_are_those_that_write_risk_events() -> None:
    writes = {name for name, function in data.functions().items() if "risk-events" in function.write_tables()}
    assert {name for name, function in data.functions().items() if function.events} == writes


def test_functions_that_call_providers_or_exchanges_may_reach_the_internet() -> None:
    outside = {"exchange-credentials", "gemini-api-key", "openai-api-key", "deepseek-api-key"}
    wrong = [name for name, f in data.functions().items() if outside & set(f.secrets) and not f.internet]
    assert wrong == []


def test_every_table_is_read_by_at_least_one_function() -> None:
    read = {table for function in data.functions().values() for table in function.read_tables()}
    assert sorted(set(data.tables()) - read) == []


def test_every_table_is_written_by_at_least_one_function() -> None:
    written = {table for function in data.functions().values() for table in function.write_tables()}
    assert sorted(set(data.tables()) - written) == []


def test_no_table_is_owned_by_two_functions() -> None:
    owned = Counter(function.owns for function in data.functions().values() if function.owns)
    assert [table for table, owners in owned.items() if owners > 1] == []


def test_table_with_sort_key_index_and_expiry_is_read_as_written() -> None:
    text, string = Key(name="timestamp", type="S"), "S"
    assert data.tables()["risk-events"] == TableSpec(
        partition_key=Key(name="tenantId", type="S"),
        sort_key=Key(name="timestampEventId", type="S"),
        indexes=tuple(
            Index(name=f"{name}-timestamp-index", partition_key=Key(name=name, type=string), sort_key=text)
            for name in ("eventType", "severity", "strategyId", "assetId")
        ),
        ttl_attribute="expiresAt",
    )


def test_table_with_a_number_as_sort_key_is_read_as_written() -> None:
    assert data.tables()["strategy-versions"] == TableSpec(
        partition_key=Key(name="strategyId", type="S"), sort_key=Key(name="version", type="N")
    )


# Loading wrong files.


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose files are loaded in place of the system's."""
    monkeypatch.setattr(data, "_DIRECTORY", tmp_path)
    return tmp_path


def test_wrong_values_in_a_file_are_told_one_line_each(directory: Path) -> None:
    (directory / "functions.yaml").write_text(
        "a: {group: audit, kind: batch, memory: 256}\nb: {kind: api, memory: 1}\n"
    )
    with pytest.raises(data.DataError) as raised:
        data.load("functions.yaml", dict[str, data.FunctionRow])
    assert str(raised.value).splitlines() == [
        f"{FILE}: a.kind: Input should be 'api' or 'background'",
        f"{FILE}: b.group: Field required",
        f"{FILE}: b.memory: Input should be greater than or equal to 128",
    ]


def test_file_that_is_no_yaml_is_told_with_its_place(directory: Path) -> None:
    (directory / "groups.yaml").write_text("audit: one\naudit: two\n")
    with pytest.raises(data.DataError) as raised:
        data.load("groups.yaml", dict[str, str])
    assert str(raised.value) == "systems/trading/data/groups.yaml:2:1: key 'audit' is given twice"


EVENTS = "systems/trading/data/events.yaml"


def refused_events(directory: Path, text: str) -> list[str]:
    """Return the lines that a file of events is refused with, with the other files of the system."""
    # What a schedule or a rule may name is loaded before the directory is another.
    (directory / "events.yaml").write_text(text)
    with pytest.raises(data.DataError) as raised:
        data.events.__wrapped__()
    return str(raised.value).splitlines()


@pytest.fixture
def targets() -> None:
    """The functions and topics of the system, loaded."""
    data.functions(), data.topics()


def test_unknown_targets_of_events_and_api_functions_are_told(targets: None, directory: Path) -> None:
    text = (
        "first: {description: One, schedule: rate(1 hour), function: nothing}\n"
        "second: {description: Two, schedule: rate(1 hour), function: kill-switch}\n"
        "third: {description: Three, pattern: {source: [a]}, topic: nobody}\n"
        "fourth: {description: Four, schedule: rate(1 hour), function: quality}\n"
    )
    assert refused_events(directory, text) == [
        f"{EVENTS}: first: no background function 'nothing'",
        f"{EVENTS}: second: no background function 'kill-switch'",
        f"{EVENTS}: third: no topic 'nobody'",
    ]


def test_event_without_a_cause_is_told_with_its_name(targets: None, directory: Path) -> None:
    assert refused_events(directory, "first: {description: One, function: quality}\n") == [
        f"{EVENTS}: first: Value error, {CAUSE}"
    ]
