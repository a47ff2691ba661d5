"""Fixtures of the tests of the code inside the functions."""

from tests.systems.trading.lambda_code import (
    database,
    empty_database,
    modules,
    shared,
    sources,
    strategies,
    switch,
    templates,
)

__all__ = ["database", "empty_database", "modules", "shared", "sources", "strategies", "switch", "templates"]
