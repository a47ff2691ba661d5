"""How the trading system uses its state machines: what succeeds, what is refused, what is compensated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plumbline.probing import Probe
from plumbline.probing.workflows import Machine, Scenario, machine_probes

_ORDER = {
    "orderId": "probe-order",
    "strategyId": "probe-strategy",
    "exchangeId": "probe-exchange",
    "assetId": "BTC",
    "side": "buy",
    "quantity": 2,
}
_TRADE = {"tenant": "probe-tenant", "order": _ORDER}
_PACKAGE = {"tenant": "probe-tenant", "packageId": "probe-package", "from": "2026-01-01", "to": "2026-02-01"}
_RANGES = [{"from": 1, "to": 2}, {"from": 2, "to": 3}]
_BACKFILL = {
    "tenant": "probe-tenant",
    "requestId": "probe-request",
    "sourceId": "probe-source",
    "ranges": _RANGES,
}
_UNUSABLE = {"statusCode": 500, "body": "{}"}
_LIMIT = {"tables-position-limits": [{"tenantId": "probe-tenant", "limitId": "BTC", "maxQuantity": 2}]}
_FILL = {"tables-trade-lifecycle": [{"tenantId": "probe-tenant", "eventId": "probe-order.filled", "price": 100}]}
_ALERTS, _HEALTH = "topics-critical-alerts", "topics-system-health"


def _event(kind: str, **more: Any) -> Mapping[str, Any]:
    """Return the table with the part of an event that the machine records of the order."""
    item = {"tenantId": "probe-tenant", "eventId": f"probe-order.{kind}", "eventType": kind, **more}
    return {"tables-trade-lifecycle": [item]}


def _item(**values: Any) -> dict[str, Any]:
    return {"tenantId": "probe-tenant", **values}


def _page(**more: Any) -> dict[str, Any]:
    """Return a function's answer with a page of items."""
    return {"statusCode": 200, "body": json.dumps({"items": [], **more})}


_TRADING = (
    Scenario(
        name="an order is checked, placed, filled and recorded",
        input=_TRADE,
        items={**_LIMIT, **_FILL},
        enters=("Trade completed",),
        avoids=("Cancel order",),
        writes=_event("completed"),
        publishes={_ALERTS: []},
    ),
    Scenario(
        name="an order that is none is refused",
        input={"tenant": "probe-tenant", "order": {**_ORDER, "quantity": 0}},
        ends="FAILED",
        error="Input.Refused",
        avoids=("Check risk",),
    ),
    Scenario(
        name="an order above its limit is refused, recorded and not placed",
        input={"tenant": "probe-tenant", "order": {**_ORDER, "quantity": 3}},
        items=_LIMIT,
        enters=("Position limit is exceeded", "Order refused"),
        avoids=("Place order",),
        writes=_event("refused"),
    ),
    Scenario(
        name="no order is placed while the kill switch is thrown",
        input=_TRADE,
        items={**_LIMIT, "tables-kill-switch-state": [_item(active="true")]},
        enters=("Kill switch is thrown", "Order refused"),
        avoids=("Place order",),
        writes=_event("refused"),
    ),
    Scenario(
        name="no order is placed while a circuit breaker is open",
        input=_TRADE,
        items={**_LIMIT, "tables-circuit-breakers": [_item(breakerId="probe-breaker", state="open")]},
        enters=("Circuit breaker is open", "Order refused"),
        avoids=("Place order",),
        writes=_event("refused"),
    ),
    Scenario(
        name="circuit breakers are read page by page",
        input=_TRADE,
        items={**_LIMIT, **_FILL},
        tasks={"Read circuit breakers": [_page(cursor="next")]},
        enters=("Next page", "Circuit breakers are closed", "Trade completed"),
    ),
    Scenario(
        name="an order that is not taken is cancelled, recorded and told of",
        input=_TRADE,
        items={**_LIMIT, **_FILL},
        tasks={"Place order": [_UNUSABLE]},
        ends="FAILED",
        error="Trade.Failed",
        enters=("Order not taken", "Order is cancelled"),
        writes=_event("failed", cancellation=[{"order": "cancelled"}]),
        publishes={_ALERTS: ["Trade failed"]},
    ),
    Scenario(
        name="an order that is never filled is cancelled",
        input=_TRADE,
        items=_LIMIT,
        ends="FAILED",
        error="Trade.Failed",
        enters=("Order not filled", "Order is cancelled"),
        writes=_event("failed", cancellation=[{"order": "cancelled"}]),
        publishes={_ALERTS: ["Trade failed"]},
    ),
    Scenario(
        name="an order whose risk cannot be checked is never placed",
        input=_TRADE,
        items={**_LIMIT, **_FILL},
        tasks={"Read kill switch": [_UNUSABLE] * 3},
        ends="FAILED",
        error="Trade.Failed",
        enters=("Kill switch unreadable", "Nothing to cancel"),
        avoids=("Place order", "Cancel order"),
        writes=_event("failed", cancellation=[{"order": "never placed"}]),
        publishes={_ALERTS: ["Trade failed"]},
    ),
    *(
        Scenario(
            name=f"a risk check that is answered with an error is no permission: {state}",
            input=_TRADE,
            items={**_LIMIT, **_FILL},
            tasks={f"Read {read}": [_UNUSABLE] * 3},
            ends="FAILED",
            error="Trade.Failed",
            enters=(state, "Nothing to cancel"),
            avoids=("Place order",),
        )
        for read, state in (
            ("circuit breakers", "Circuit breakers unreadable"),
            ("position limit", "Position limit unreadable"),
        )
    ),
    *(
        Scenario(
            name=f"nothing is lost where no record can be written: {state}",
            input=_TRADE,
            items={**_LIMIT, **items},
            tasks=tasks,
            ends="FAILED",
            error="Trade.Failed",
            enters=(state, "Notify failure"),
            publishes={_ALERTS: ["Trade failed"]},
        )
        for state, items, tasks in (
            ("Completion not kept", _FILL, {"Write completion": [_UNUSABLE] * 3}),
            (
                "Refusal not kept",
                {"tables-kill-switch-state": [_item(active="true")]},
                {"Write refusal": [_UNUSABLE] * 3},
            ),
            ("Failure not kept", _FILL, {"Place order": [_UNUSABLE], "Write failure": [_UNUSABLE] * 3}),
            ("Order not cancelled", _FILL, {"Place order": [_UNUSABLE], "Ask to cancel": [_UNUSABLE] * 3}),
        )
    ),
)
_PACKAGES = (
    Scenario(
        name="a package is gathered, built, reported and announced",
        input=_PACKAGE,
        enters=("Package is ready",),
        publishes={"topics-audit-notifications": ["Audit package is ready"], _HEALTH: []},
    ),
    Scenario(
        name="a period that ends before it begins is refused",
        input={**_PACKAGE, "to": "2025-01-01"},
        ends="FAILED",
        error="Input.Refused",
        avoids=("Gather",),
    ),
    *(
        Scenario(
            name=f"a package without its sources is not built, and operations are told: {state}",
            input=_PACKAGE,
            tasks={task: [_UNUSABLE] * 3},
            ends="FAILED",
            error="AuditPackage.Failed",
            enters=(state,),
            avoids=("Build package",),
            publishes={"topics-audit-notifications": [], _HEALTH: ["Audit package failed"]},
        )
        for task, state in (("Gather trail", "Trail unreadable"), ("Gather lineage", "Lineage unreadable"))
    ),
)
_LOST = RuntimeError("the source is gone")
_BACKFILLS = (
    Scenario(
        name="all ranges are fetched, checked, recorded and announced",
        input=_BACKFILL,
        enters=("No range failed", "Backfill ended"),
        writes={"tables-backfill-requests": [_item(requestId="probe-request", status="complete")]},
        publishes={_HEALTH: ["Backfill ended"]},
    ),
    Scenario(
        name="a backfill without ranges is refused",
        input={**_BACKFILL, "ranges": []},
        ends="FAILED",
        error="Input.Refused",
        avoids=("Backfill ranges",),
    ),
    Scenario(
        name="a range that fails does not stop the others",
        input=_BACKFILL,
        tasks={"Backfill range": [_LOST] * 3},
        enters=("Range failed", "Range is done", "Some ranges failed", "Backfill ended"),
        writes={"tables-backfill-requests": [_item(requestId="probe-request", outcome={"status": "partial"})]},
    ),
    Scenario(
        name="a backfill without any range fetched fails and is recorded",
        input={**_BACKFILL, "ranges": _RANGES[:1]},
        tasks={"Backfill range": [_LOST] * 3},
        ends="FAILED",
        error="Backfill.Failed",
        enters=("All ranges failed",),
        avoids=("Check quality",),
        writes={"tables-backfill-requests": [_item(requestId="probe-request", outcome={"status": "failed"})]},
    ),
    Scenario(
        name="data that cannot be checked is not called usable",
        input=_BACKFILL,
        tasks={"Check quality": [_LOST] * 3},
        ends="FAILED",
        error="Backfill.Failed",
        enters=("Quality unknown",),
        writes={"tables-backfill-requests": [_item(requestId="probe-request", outcome={"status": "unchecked"})]},
    ),
)

PROBES: tuple[Probe, ...] = machine_probes(
    {
        "workflows-trade-lifecycle": Machine(scenarios=_TRADING, unusable=_UNUSABLE),
        "workflows-audit-package": Machine(scenarios=_PACKAGES, unusable=_UNUSABLE),
        "workflows-data-backfill": Machine(scenarios=_BACKFILLS),
    }
)
