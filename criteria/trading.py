"""Predicates of the trading system's criteria; importing this module registers all of them."""

from criteria.trading_areas import access, environments, functions, tables

__all__ = ["access", "environments", "functions", "tables"]
