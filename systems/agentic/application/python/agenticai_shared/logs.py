"""Structured logging: one JSON object per line on stdout, which Lambda hands to CloudWatch Logs (AGENTIC-04.1)."""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import Any


def info(message: str, /, **facts: Any) -> None:
    """Log what happened. Facts are ids and numbers, never what somebody wrote: it may be large or private."""
    _write("INFO", message, facts)


def failure(message: str, /, **facts: Any) -> None:
    """Log an error with the stack of the exception that is being handled."""
    _write("ERROR", message, {**facts, "stack": traceback.format_exc()})


def _write(level: str, message: str, facts: dict[str, Any]) -> None:
    line = {
        **facts,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "function": os.environ.get("FUNCTION"),
        "environment": os.environ.get("ENVIRONMENT"),
        "message": message,
    }
    # One write per line: two could become two events in CloudWatch Logs.
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()
