"""Brings the application's data back (AGENTIC-06.4); docs/runbooks/agentic-restore.md says when to use which."""

import systems.agentic.migrate  # noqa: F401 - makes the functions' layer importable
