"""Moves the application's data from PostgreSQL to its DynamoDB table (AGENTIC-09): a tool of the operator."""

import sys
from pathlib import Path

# The tool writes with the code that the functions read with, from the folder that becomes their layer.
_LAYER = str(Path(__file__).resolve().parents[1] / "application" / "python")
if _LAYER not in sys.path:
    sys.path.insert(0, _LAYER)
