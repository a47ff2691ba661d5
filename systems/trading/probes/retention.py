"""How long the trading system's objects are kept, as its ledger asks."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.probing import Probe, ProbeContext, Resource, Trial, probe, trial, value
from plumbline.probing.buckets import BUCKET, expires_after
from plumbline.probing.ledger import facts

_LOGS = ("buckets-access-logs", "buckets-audit-logs", "buckets-cdn-logs", "buckets-waf-logs")
_AUDIT = "buckets-audit-logs"
_DAYS_OF_YEAR = 365


@probe("buckets", BUCKET, where=lambda bucket: bucket.name in _LOGS)
def logs_are_kept_as_asked(context: ProbeContext, bucket: Resource) -> Iterator[Trial]:
    """Logs are kept as long as the ledger asks: in test 90 days, in production audit logs 7 years."""
    days = expires_after(context, value(bucket, "bucket"))
    test, prod = (facts(context, "trading", id_) for id_ in ("TRADING-05.5a", "TRADING-05.5b"))
    said = "never expires" if days is None else f"expires after {days} days"
    if test is not None:
        wanted = test["retention_days"]
        yield trial(days == wanted, f"compare with {wanted} days (TRADING-05.5a)", said, f"it {said}")
    elif prod is not None and bucket.name == _AUDIT:
        years = prod["retention_years"]
        kept = days is None or days >= years * _DAYS_OF_YEAR
        yield trial(kept, f"compare with {years} years (TRADING-05.5b)", said, f"it {said}")
    else:
        yield trial(days is not None, "ask for an end, of which the ledger says nothing", said, f"it {said}")


PROBES: tuple[Probe, ...] = (logs_are_kept_as_asked,)
