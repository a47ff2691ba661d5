"""Whether a version of a function works, asked by the deployment before and after it moves traffic (AGENTIC-02.5).

The question is the event {"health": "check"}. No trigger sends such an event: requests, messages and schedules have
what somebody wrote in fields of their own. Before the handler can answer, its module, layer, variables and parameters
have been loaded; `look` reads what it cannot work without besides.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

_QUESTION = {"health": "check"}


def asked(event: Any) -> bool:
    """Say whether an event is the question."""
    return event == _QUESTION


def answer(look: Callable[[], object] | None = None) -> dict[str, Any]:
    """Return the answer of a version that works; `look` reads what the function cannot work without, or raises."""
    if look is not None:
        look()
    return {"status": "ok", "environment": os.environ.get("ENVIRONMENT")}
