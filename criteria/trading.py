"""Predicates of the trading system's criteria; importing this module registers all of them."""

from criteria.trading_areas import (
    access,
    cache,
    environments,
    functions,
    keys,
    network,
    secrets,
    state,
    storage,
    tables,
    traffic,
)

__all__ = [
    "access",
    "cache",
    "environments",
    "functions",
    "keys",
    "network",
    "secrets",
    "state",
    "storage",
    "tables",
    "traffic",
]
