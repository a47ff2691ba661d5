"""The trading system: a serverless backend for crypto trading (requirements in criteria/trading.yaml)."""

from systems.trading.settings import Settings
from systems.trading.wiring import build

__all__ = ["Settings", "build"]
