"""Predicates of the agentic system's criteria; importing this module registers all of them."""

from criteria.agentic_areas import (
    api,
    backups,
    delivery,
    documents,
    functions,
    models,
    monitoring,
    parameters,
    queues,
    scope,
    sockets,
    tables,
)

__all__ = [
    "api",
    "backups",
    "delivery",
    "documents",
    "functions",
    "models",
    "monitoring",
    "parameters",
    "queues",
    "scope",
    "sockets",
    "tables",
]
