"""The project's stacks: what holds for each is asked of each."""

from __future__ import annotations

# In the order of the reports that have a column for each.
STACKS = ("test", "prod", "bootstrap", "bootstrap-prod", "agentic-dev", "agentic-prod")
