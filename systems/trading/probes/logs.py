"""Which events make the trading system's functions write the lines that its metrics count, and which do not."""

from __future__ import annotations

from plumbline.probing import Probe
from plumbline.probing.monitoring import log_probes
from systems.trading.probes import calls

PROBES: tuple[Probe, ...] = log_probes(
    {
        "ApplicationErrors": (calls.failing, calls.refused_or_quiet),
        "OrdersPlaced": (calls.placed, calls.answered),
        "OrdersRejected": (calls.rejected, calls.placed),
        "RiskEventsRecorded": (calls.posted, calls.refused),
        "KillSwitchChanges": (calls.posted, calls.refused),
        "AuditPackagesBuilt": (calls.built, calls.quiet),
        "DataQualityFailures": (calls.failing, calls.quiet),
        "ApiRefusals": (calls.refused, calls.answered),
    }
)
