"""Ledgers of acceptance criteria, one per system, and beside each the predicates that decide them."""
