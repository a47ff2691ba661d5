"""The predicates, one module per part of the ledger."""
