"""The log contract: lines that the real code writes move the metrics that data/metrics.yaml promises."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from systems.trading import data, monitoring_data
from tests.systems.cloudwatch import Pattern
from tests.systems.trading.lambda_code import CONTEXT, Api, event

Handled = Callable[..., list[str]]
FILTERS = monitoring_data.load().metrics.filters
BUILD = {"action": "ping", "operation": "build", "source": "workflow"}


def moved(written: str, function: str) -> list[str]:
    """Return the metrics that lines in the log of a function move, once for each line."""
    return sorted(
        row.metric
        for line in written.splitlines()
        for row in FILTERS.values()
        if function in monitoring_data.selected(row.functions) and Pattern(row.pattern).matches(line)
    )


@pytest.fixture
def api(database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Handled:
    """Let the API handler answer as some function; return the metrics that its lines move."""

    def answer(function: str, owns: str | None, method: str, identifier: str | None = None, **more: Any) -> list[str]:
        monkeypatch.setenv("HANDLER_NAME", function)
        resource = f"/{function}" if identifier is None else f"/{function}/{{id}}"
        Api(monkeypatch, owns).raw(event(method, identifier, **{"resource": resource, **more}))
        return moved(capsys.readouterr().out, function)

    return answer


@pytest.fixture
def background(database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Handled:
    """Let the background handler handle an event as some function; return the metrics that its lines move."""

    def handle(function: str, given: Any) -> list[str]:
        monkeypatch.setenv("HANDLER_NAME", function)
        with contextlib.suppress(ValueError):
            importlib.import_module("background").handler(given, CONTEXT)
        return moved(capsys.readouterr().out, function)

    return handle


def test_order_from_the_api_is_placed(api: Handled) -> None:
    # As the package of exchange-orders answers: 201 to a POST. "strategies" stands for what it keeps.
    assert api("exchange-orders", "strategies", "POST", body={"strategyId": "x"}) == ["OrdersPlaced"]


def test_order_from_the_api_that_is_refused_is_rejected(api: Handled) -> None:
    assert api("exchange-orders", "strategies", "POST", body={}) == ["ApiRefusals", "OrdersRejected"]
    assert api("exchange-orders", None, "POST", body={}) == ["ApiRefusals", "OrdersRejected"]


def test_order_of_the_trade_lifecycle_is_placed_or_rejected(api: Handled) -> None:
    assert api("exchange-orders", None, "GET", operation="place") == ["OrdersPlaced"]
    refused = api("exchange-orders", None, "GET", operation="place", tenant=None)
    assert refused == ["ApiRefusals", "OrdersRejected"]


def test_looking_at_orders_places_none(api: Handled) -> None:
    assert api("exchange-orders", None, "GET") == []


def test_order_that_fails_is_an_error_and_no_rejection(api: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_STRATEGIES", "no-such-table")
    assert api("exchange-orders", "strategies", "POST", body={"strategyId": "x"}) == ["ApplicationErrors"]


def test_recorded_risk_event_counts_and_a_refused_one_does_not(api: Handled) -> None:
    assert api("risk-events", "strategies", "POST", body={"strategyId": "x"}) == ["RiskEventsRecorded"]
    assert api("risk-events", "strategies", "POST", body={"strategyId": "x"}) == ["ApiRefusals"]


def test_every_change_of_a_kill_switch_counts_and_a_look_does_not(api: Handled) -> None:
    owns = "kill-switch-state"
    assert api("kill-switch", owns, "POST", body={"active": "true"}) == ["KillSwitchChanges"]
    assert api("kill-switch", owns, "GET") == []
    assert api("kill-switch", owns, "PUT", body={"active": "false"}) == ["KillSwitchChanges"]
    assert api("kill-switch", owns, "DELETE") == ["KillSwitchChanges"]
    assert api("kill-switch", owns, "DELETE") == ["ApiRefusals"]


def test_refusal_of_any_api_function_counts(api: Handled) -> None:
    assert api("strategies", "strategies", "GET", "x") == ["ApiRefusals"]
    assert api("strategies", "strategies", "GET", tenant=None) == ["ApiRefusals"]


def test_audit_package_is_built_by_the_workflow_only(background: Handled) -> None:
    assert background("audit-packages", BUILD) == ["AuditPackagesBuilt"]
    assert background("audit-packages", {"action": "ping"}) == []
    assert background("audit-packages", {"source": "aws.events"}) == []
    assert background("compliance-reports", BUILD) == []


def test_audit_package_that_fails_is_an_error(background: Handled) -> None:
    assert background("audit-packages", {**BUILD, "action": "put"}) == ["ApplicationErrors"]


def test_failed_check_of_market_data_counts_beside_the_error(background: Handled) -> None:
    assert background("quality", {"action": "ping", "operation": "check"}) == []
    assert background("quality", {"action": "get", "table": "streams"}) == ["ApplicationErrors", "DataQualityFailures"]


def test_line_of_another_function_moves_no_metric_of_orders(
    shared: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    shared.Log().info("answered", method="POST", status=201)
    assert moved(capsys.readouterr().out, "exchange-orders") == []


def test_extra_fields_cannot_move_another_functions_metrics(
    shared: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDLER_NAME", "exchange-orders")
    shared.Log().info("asked", level="ERROR", message="answered", method="POST", status=201)
    assert moved(capsys.readouterr().out, "exchange-orders") == []


def test_fields_of_the_contract_are_those_that_the_code_writes(
    database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Api(monkeypatch, None).raw(event("GET", operation="place"))
    background = importlib.import_module("background").handler
    background(BUILD, CONTEXT)
    with contextlib.suppress(ValueError):
        background({"action": "get", "table": "streams"}, CONTEXT)
    written = {field for line in capsys.readouterr().out.splitlines() for field in json.loads(line)}
    assert written == set(monitoring_data.load().metrics.fields)


def test_lambdas_own_lines_move_nothing() -> None:
    platform = {"time": "2025-01-01T00:00:00Z", "type": "platform.report", "record": {"status": "success"}}
    text = "\n".join([json.dumps(platform), "START RequestId: 1", "[1, 2]"])
    assert [function for function in data.functions() if moved(text, function)] == []
