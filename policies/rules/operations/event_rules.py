"""Rules and schedules of EventBridge: whether they are on, and what starts them."""

from __future__ import annotations

import json

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    check_word,
    fail,
    is_true,
    rule,
    unknown,
)

_RULE = "aws:cloudwatch/eventRule:EventRule"


@rule(
    "OP-424",
    "event-rule-is-on",
    pack="operations",
    types=(_RULE, "aws:scheduler/schedule:Schedule"),
    severity="medium",
    rationale="What a rule starts does not happen while it is off, and nothing tells of that.",
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html",
    remediation='Set state="ENABLED", or take the rule out of the program.',
)
def event_rule(view: View) -> Outcome:
    off = view.get("isEnabled", default=True)
    if off is not UNKNOWN and not is_true(off):
        return fail("isEnabled", "false", "true")
    words = ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]
    return check_word(view, "state", words, default="ENABLED", known=["DISABLED"])


@rule(
    "OP-425",
    "event-rule-names-sources",
    pack="operations",
    types=(_RULE,),
    severity="low",
    rationale="A pattern without a source takes every event of the account, and starts its target with each.",
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
    remediation="Name source, or detail-type, in event_pattern.",
)
def pattern(view: View) -> Outcome:
    expected = "a source or a detail-type"
    if not view.is_set("eventPattern"):
        return NOT_APPLICABLE
    text = view.get("eventPattern")
    if text is UNKNOWN:
        return unknown("eventPattern", expected)
    try:
        given = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return fail("eventPattern", "no pattern", expected)
    named = isinstance(given, dict) and any(_names_some(given.get(key)) for key in ("source", "detail-type"))
    return PASS if named else fail("eventPattern", "events of every source", expected)


def _names_some(values: object) -> bool:
    """Say whether a list of a pattern names something: a text, or more than an empty beginning."""
    rows = values if isinstance(values, list) else [values]
    empty = ({"prefix": ""}, {"suffix": ""}, {"wildcard": "*"}, {"exists": True}, None, "")
    return bool(rows) and all(
        row not in empty and not (isinstance(row, dict) and "anything-but" in row) for row in rows
    )
