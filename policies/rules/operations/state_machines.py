"""Workflows: that each execution ends."""

from __future__ import annotations

import json

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    fail,
    rule,
)


@rule(
    "OP-426",
    "state-machine-ends",
    pack="operations",
    types=("aws:sfn/stateMachine:StateMachine",),
    severity="low",
    rationale="An execution that waits for an answer that never comes stays open, for up to a year.",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html",
    remediation="Set TimeoutSeconds at the top of the definition.",
)
def ends(view: View) -> Outcome:
    """Express workflows end after five minutes by themselves. A definition in parts not known is left alone."""
    text = view.get("definition")
    if str(view.get("type")).upper() == "EXPRESS":
        return NOT_APPLICABLE
    if text is UNKNOWN:
        return NOT_APPLICABLE
    try:
        given = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return fail("definition", "no definition", "TimeoutSeconds")
    timed = isinstance(given, dict) and isinstance(given.get("TimeoutSeconds"), int | float)
    return PASS if timed else fail("definition", "without TimeoutSeconds", "TimeoutSeconds")
