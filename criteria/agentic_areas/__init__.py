"""Predicates of the agentic system, one module per area."""
