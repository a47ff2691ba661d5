"""Risk events, as the trading system's functions put them on its bus."""

from __future__ import annotations

from plumbline.probing import Probe
from plumbline.probing.events import Event, event_probes

_BUS, _SOURCE, _TYPE = "events-bus", "trading.risk", "Risk event"

PROBES: tuple[Probe, ...] = event_probes(
    (
        Event(
            name="a risk event",
            bus=_BUS,
            source=_SOURCE,
            detail_type=_TYPE,
            detail={"tenantId": "probe-tenant", "severity": "warning"},
            rules=("rules-risk-events",),
            topics=("topics-risk-events",),
        ),
        Event(
            name="a critical risk event",
            bus=_BUS,
            source=_SOURCE,
            detail_type=_TYPE,
            detail={"tenantId": "probe-tenant", "severity": "critical"},
            rules=("rules-critical-risk-events", "rules-risk-events"),
            topics=("topics-critical-alerts", "topics-risk-events"),
        ),
        Event(
            name="an event of something else",
            bus=_BUS,
            source="trading.orders",
            detail_type="Order placed",
            detail={"severity": "critical"},
            rules=(),
        ),
    )
)
