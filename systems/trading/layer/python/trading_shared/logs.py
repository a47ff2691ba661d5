"""Structured logging: one JSON object per line on stdout, which Lambda hands to CloudWatch Logs."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

HIDDEN = "[hidden]"

# Exchange accounts bring API keys and passphrases besides the usual names.
_SECRET = re.compile(r"token|secret|passw|passphrase|authorization|credential|api.?key|private.?key|cookie", re.I)


@dataclass
class Log:
    """Writes the log lines of one invocation."""

    tenant: str | None = None
    request_id: str | None = None

    def info(self, message: str, /, **extra: Any) -> None:
        self._write("INFO", message, extra)

    def warning(self, message: str, /, **extra: Any) -> None:
        self._write("WARNING", message, extra)

    def exception(self, message: str, /, **extra: Any) -> None:
        """Log an error with the stack of the exception that is being handled."""
        self._write("ERROR", message, {**extra, "stack": traceback.format_exc()})

    def _write(self, level: str, message: str, extra: Mapping[str, Any]) -> None:
        line = {
            **without_secrets(extra),
            # After the extra fields, which therefore cannot pass off a line as another tenant's.
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "handler": os.environ.get("HANDLER_NAME"),
            "environment": os.environ.get("ENVIRONMENT"),
            "tenant": self.tenant,
            "request_id": self.request_id,
            "message": message,
        }
        # One write per line: two writes could become two events in CloudWatch Logs.
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()


def without_secrets(value: Any) -> Any:
    """Return a copy in which the values of keys that look like secrets are hidden, at any depth."""
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN if _SECRET.search(str(key)) else without_secrets(inner) for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    # NaN and the infinities are no JSON, and a line that is none is lost to every filter.
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
