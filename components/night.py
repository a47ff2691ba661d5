"""The nightly rest of what nobody needs outside of working hours (TRADING-23.4)."""

from __future__ import annotations

from dataclasses import dataclass

_WORKDAYS = "MON-FRI"


@dataclass(frozen=True, kw_only=True)
class Night:
    """A rest from `stop` on each workday to `start` on the next one, both as HH:MM in an IANA time zone."""

    stop: str
    start: str
    time_zone: str

    @property
    def stop_expression(self) -> str:
        """When the rest begins, as EventBridge Scheduler and Application Auto Scaling write it."""
        return _at(self.stop)

    @property
    def start_expression(self) -> str:
        """When the rest ends, likewise."""
        return _at(self.start)


def _at(clock: str) -> str:
    hour, minute = clock.split(":")
    return f"cron({int(minute)} {int(hour)} ? * {_WORKDAYS} *)"
