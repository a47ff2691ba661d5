"""The handler of asynchronous events."""

from __future__ import annotations

import importlib
import json
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.systems.trading.lambda_code import (
    CONTEXT,
    TABLES,
    lines,
    stored,
)

# --- background


@pytest.fixture
def background(database: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("READ_TABLES", "strategies, data-sources")
    monkeypatch.setenv("WRITE_TABLES", "strategies")
    return importlib.import_module("background")


STATUS = {
    "handler": "things",
    "environment": "test",
    "status": "ok",
    "reads": ["strategies", "data-sources"],
    "writes": ["strategies"],
}
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.mark.parametrize("value", [{"action": "ping"}, SCHEDULED])
def test_ping_and_schedule_answer_the_status(background: ModuleType, value: dict[str, Any]) -> None:
    assert background.handler(value, CONTEXT) == STATUS


def test_status_without_tables(background: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("READ_TABLES")
    monkeypatch.delenv("WRITE_TABLES")
    assert background.handler({"action": "ping"}, None) == {**STATUS, "reads": [], "writes": []}


def test_put_and_get_one_item(background: ModuleType, database: Any) -> None:
    key = {"tenantId": "a", "strategyId": "x"}
    item = {**key, "ratio": 0.1, "deep": {"sizes": [1, 2.5]}}
    get = {"action": "get", "table": "strategies", "key": key}
    assert background.handler(get, CONTEXT) == {"action": "get", "table": "strategies", "item": None}
    put = {"action": "put", "table": "strategies", "item": item}
    assert background.handler(put, CONTEXT) == {"action": "put", "table": "strategies", "written": True}
    assert stored(database, "strategies") == [
        {**key, "ratio": Decimal("0.1"), "deep": {"sizes": [Decimal(1), Decimal("2.5")]}}
    ]
    result = background.handler(get, CONTEXT)
    assert json.loads(json.dumps(result)) == {"action": "get", "table": "strategies", "item": item}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the event must be an object, not NoneType"),
        ([{"action": "ping"}], "the event must be an object, not list"),
        ({}, "unknown action None; known: get, ping, put"),
        ({"action": "drop"}, "unknown action 'drop'; known: get, ping, put"),
        ({"action": ["ping"]}, "unknown action ['ping']; known: get, ping, put"),
        ({**SCHEDULED, "action": "drop"}, "unknown action 'drop'; known: get, ping, put"),
        ({"source": "aws.s3"}, "unknown action None; known: get, ping, put"),
        (
            {"action": "put", "table": "data-sources", "item": {"sourceId": "s"}},
            "table 'data-sources' is not in WRITE_TABLES",
        ),
        (
            {"action": "get", "table": "kill-switch-state", "key": {"tenantId": "a"}},
            "table 'kill-switch-state' is not in READ_TABLES",
        ),
        ({"action": "get", "table": "", "key": {"tenantId": "a"}}, "table '' is not in READ_TABLES"),
        ({"action": "get", "table": ["strategies"], "key": {}}, "table ['strategies'] is not in READ_TABLES"),
        ({"action": "put", "table": "strategies"}, "item must be an object with attributes"),
        ({"action": "put", "table": "strategies", "item": [1]}, "item must be an object with attributes"),
        ({"action": "get", "table": "strategies", "key": {}}, "key must be an object with attributes"),
        ({"action": "put", "table": "strategies", "item": {"n": float("nan")}}, "not a number: NaN"),
    ],
)
def test_event_that_cannot_be_handled_is_raised_and_logged(
    background: ModuleType, database: Any, capsys: pytest.CaptureFixture[str], value: Any, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        background.handler(value, CONTEXT)
    assert str(caught.value) == message
    failure = lines(capsys)[-1]
    assert (failure["level"], failure["message"]) == ("ERROR", "failed")
    assert failure["stack"].endswith(f": {message}\n")
    assert [stored(database, name) for name in TABLES] == [[]] * len(TABLES)


def test_what_dynamodb_refuses_is_raised(background: ModuleType) -> None:
    with pytest.raises(ClientError):
        background.handler({"action": "put", "table": "strategies", "item": {"tenantId": "a"}}, CONTEXT)


def test_start_and_finish_are_logged_without_the_item(
    background: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"tenantId": "a", "strategyId": "x", "text": "s3cr3t"}
    background.handler({"action": "put", "table": "strategies", "item": item}, CONTEXT)
    first, last = lines(capsys)
    common = {
        "level": "INFO",
        "handler": "things",
        "environment": "test",
        "tenant": "a",
        "request_id": "request-1",
        "action": "put",
        "source": None,
        "table": "strategies",
    }
    for line in (first, last):
        line.pop("timestamp")
    assert (first, last) == ({**common, "message": "started"}, {**common, "message": "finished"})


@pytest.mark.parametrize(
    ("part", "tenant"),
    [({"key": {"tenantId": "a", "strategyId": "x"}}, "a"), ({"key": {"tenantId": 7}}, None), ({"key": "a"}, None)],
)
def test_tenant_of_a_log_line_is_the_items(
    background: ModuleType, capsys: pytest.CaptureFixture[str], part: dict[str, Any], tenant: str | None
) -> None:
    background.handler({"action": "ping", **part}, CONTEXT)
    assert [line["tenant"] for line in lines(capsys)] == [tenant, tenant]
