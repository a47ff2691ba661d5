"""The layer that all functions share: logs, clients and the tenant of a request."""

from __future__ import annotations

import base64
import json
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.systems.trading.lambda_code import (
    JSON,
    Api,
    event,
    lines,
)

# --- the layer: logs


def test_log_line_has_all_fields_and_the_extra_ones(shared: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    shared.Log(tenant="a", request_id="r").info("hello\nworld", size=Decimal("1.5"), items=[1, 2])
    (line,) = lines(capsys)
    stamp = datetime.fromisoformat(line.pop("timestamp"))
    assert stamp.utcoffset() == timedelta(0)
    assert line == {
        "level": "INFO",
        "handler": "things",
        "environment": "test",
        "tenant": "a",
        "request_id": "r",
        "message": "hello\nworld",
        "size": "1.5",
        "items": [1, 2],
    }


def test_log_hides_secrets_at_any_depth(shared: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("token", "idToken", "client_secret", "PASSWORD", "Authorization", "apiKey", "x-api-key", "passphrase")
    shared.Log().warning("m", authorization="s3cr3t", deep={"list": [dict.fromkeys(names, "s3cr3t")], "key": "shown"})
    (line,) = lines(capsys)
    assert line["level"] == "WARNING"
    assert line["authorization"] == "[hidden]"
    assert line["deep"] == {"list": [dict.fromkeys(names, "[hidden]")], "key": "shown"}


def test_extra_fields_cannot_replace_the_fixed_ones(shared: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    shared.Log(tenant="a").info("m", tenant="b", handler="other")
    (line,) = lines(capsys)
    assert (line["tenant"], line["handler"]) == ("a", "things")


def test_logged_exception_brings_its_stack(shared: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        shared.Log().exception("failed")
    (line,) = lines(capsys)
    assert (line["level"], line["message"]) == ("ERROR", "failed")
    assert line["stack"].startswith("Traceback") and line["stack"].endswith("RuntimeError: boom\n")


# --- the layer: clients


def test_table_is_resolved_through_its_variable(shared: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_STRATEGY_TEMPLATES", "test-strategy-templates")
    assert shared.table("strategy-templates").name == "test-strategy-templates"
    assert shared.visible_tables() == ["strategy-templates"]


@pytest.mark.parametrize("value", [None, ""])
def test_missing_table_variable_is_named(
    shared: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("TABLE_STRATEGY_TEMPLATES", value)
    with pytest.raises(KeyError) as caught:
        shared.table("strategy-templates")
    assert type(caught.value) is shared.MissingTableVariable
    assert caught.value.variable == "TABLE_STRATEGY_TEMPLATES"
    assert (
        str(caught.value) == "table 'strategy-templates': the environment variable TABLE_STRATEGY_TEMPLATES is missing"
    )
    assert shared.visible_tables() == []


@pytest.mark.parametrize(
    ("given_", "used"),
    [
        ("https://dynamodb.example.test", "https://dynamodb.example.test"),
        ("", "https://dynamodb.eu-central-1.amazonaws.com"),
        (None, "https://dynamodb.eu-central-1.amazonaws.com"),
    ],
)
def test_endpoint_comes_from_the_environment(
    shared: ModuleType, monkeypatch: pytest.MonkeyPatch, given_: str | None, used: str
) -> None:
    if given_ is not None:
        monkeypatch.setenv("DYNAMODB_ENDPOINT", given_)
    assert shared.dynamodb().meta.client.meta.endpoint_url == used


def test_resource_is_cached_and_all_attempts_end_before_api_gateway_gives_up(shared: ModuleType) -> None:
    assert shared.dynamodb() is shared.dynamodb()
    config = shared.dynamodb().meta.client.meta.config
    attempts = config.retries["total_max_attempts"]
    assert (attempts, config.retries["mode"]) == (3, "standard")
    assert attempts * (config.connect_timeout + config.read_timeout) < 29


def test_json_keeps_numbers_and_writes_dynamodb_types(shared: ModuleType) -> None:
    assert shared.from_json('{"a": 1, "b": [0.1, true, null, "s"]}') == {
        "a": Decimal(1),
        "b": [Decimal("0.1"), True, None, "s"],
    }
    binary = sys.modules["trading_shared.clients"].Binary
    assert json.loads(shared.to_json({"i": Decimal("2.0"), "f": Decimal("2.5"), "s": {"b", "a"}})) == {
        "i": 2,
        "f": 2.5,
        "s": ["a", "b"],
    }
    assert shared.to_json(Decimal("2.0")) == "2"
    assert shared.to_json([binary(b"\xff"), {binary(b"b"), binary(b"a")}]) == '["/w==",["YQ==","Yg=="]]'
    with pytest.raises(TypeError, match="object is not a DynamoDB type"):
        shared.to_json(object())


@pytest.mark.parametrize("text", ["", "{", "NaN", "[-Infinity]", "1e999", "1" * 39, "0." + "1" * 39, "[" * 100_000])
def test_json_that_dynamodb_cannot_hold_is_refused(shared: ModuleType, text: str) -> None:
    with pytest.raises(shared.BadValue):
        shared.from_json(text)


def test_every_key_survives_its_cursor(shared: ModuleType) -> None:
    attributes = (shared.KeyAttribute("tenantId", "S"), shared.KeyAttribute("sequence", "N"))
    numbers = st.integers(min_value=-(10**37), max_value=10**37).map(lambda digits: Decimal(digits).scaleb(-10))

    @settings(database=None)  # leaves no folder of examples behind
    @given(st.text(min_size=1), numbers)
    def check(tenant: str, sequence: Decimal) -> None:
        key = {"tenantId": tenant, "sequence": sequence}
        cursor = shared.cursor_of(key)
        assert cursor.replace("-", "").replace("_", "").isalnum()
        assert shared.key_of(cursor, attributes) == key

    check()


# --- the layer: tenants


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"requestContext": None},
        {"requestContext": {"authorizer": None}},
        {"requestContext": {"authorizer": {"claims": {}}}},
        {"requestContext": {"authorizer": {"claims": "custom:tenant"}}},
        {"requestContext": {"authorizer": {"claims": {"custom:tenant": " "}}}},
        {"requestContext": {"authorizer": {"claims": {"custom:tenant": 7}}}},
        {"requestContext": {"authorizer": {"custom:tenant": "a"}}},
        {"headers": {"custom:tenant": "a"}},
    ],
)
def test_event_without_a_tenant_is_401(shared: ModuleType, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    with pytest.raises(shared.TenantMissing):
        shared.tenant_of(value)
    response = Api(monkeypatch, None).raw(value)
    assert response == {
        "statusCode": 401,
        "headers": JSON,
        "body": '{"error":{"code":"Unauthorized","message":"no claim custom:tenant"}}',
    }


def test_tenant_comes_from_the_claims(shared: ModuleType) -> None:
    assert shared.tenant_of(event("GET", tenant="acme")) == "acme"


def test_a_cursor_with_anything_but_texts_is_refused(shared: ModuleType) -> None:
    attributes = (shared.KeyAttribute("tenantId", "S"),)
    for forged in ({"tenantId": None}, {"tenantId": {"a": 1}}, {"tenantId": 5}):
        cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
        with pytest.raises(shared.BadValue, match="bad cursor"):
            shared.key_of(cursor, attributes)


def test_a_log_line_is_json_whatever_is_logged(shared: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    shared.Log().info("odd", message="extra", ratio=float("nan"), most=float("inf"))
    text = capsys.readouterr().out
    line = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (line["message"], line["ratio"], line["most"]) == ("odd", "nan", "inf")
