"""Secrets that change by themselves, and often enough."""

from __future__ import annotations

import fnmatch
import re

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.resilience_common import ALIAS, FUNCTION, at_least, delivers_to, number

SECRET = "aws:secretsmanager/secret:Secret"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide"
_RATE = re.compile(r"rate\((\d+) (hour|day)s?\)", re.IGNORECASE)
_CRON = re.compile(r"cron\(\S+ \S+ (\S+) (\S+) (\S+) (\S+)\)", re.IGNORECASE)
_STEP = re.compile(r"(?:\*|\d+)/(\d+)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@rule(
    "OP-280",
    "secret-rotates",
    pack="operations",
    types=(SECRET,),
    severity="medium",
    scope="stack",
    rationale="A secret that never changes stays useful to everybody who ever saw it.",
    url=f"{_GUIDE}/rotating-secrets.html",
    remediation="Add aws.secretsmanager.SecretRotation for the secret; one that only its issuer can change belongs to "
    "the parameter fixed.",
    controls=("SecretsManager.1", "CKV2_AWS_57", "AwsSolutions-SMG4"),
    criteria=("TRADING-09.4",),
    parameters={"fixed": []},
)
def rotates(view: View) -> Outcome:
    """`fixed` are patterns of names of secrets that AWS cannot change, such as keys that others issue."""
    names = [view.get("name"), view.resource.name]
    if any(isinstance(name, str) and fnmatch.fnmatchcase(name, str(p)) for name in names for p in _fixed(view)):
        return NOT_APPLICABLE
    found, uncertain = view.referrers(ROTATION, "secretId")
    if found:
        return PASS
    return unknown("", "a rotation") if uncertain else fail("", "no rotation", "a rotation")


def _fixed(view: View) -> list[str]:
    return list(view.parameters["fixed"])


@rule(
    "OP-281",
    "secret-rotates-in-time",
    pack="operations",
    types=(ROTATION,),
    severity="medium",
    scope="stack",
    rationale="The interval is how long a secret that leaked goes on working.",
    url=f"{_GUIDE}/rotate-secrets_schedule.html",
    remediation="Set automatically_after_days, or a schedule_expression that comes round, within the allowed days.",
    controls=("SecretsManager.4", "CKV_AWS_304"),
    parameters={"longest_days": 90},
)
def in_time(view: View) -> Outcome:
    longest = view.parameters["longest_days"]
    expected = f"{longest:g} days or fewer"
    days, schedule = "rotationRules.automaticallyAfterDays", "rotationRules.scheduleExpression"

    def short(value: object) -> bool:
        found = number(value)
        return found is not None and 1 <= found <= longest

    outcomes: list[Outcome] = []
    if view.get(schedule) is not None and view.get("rotationRules") is not UNKNOWN:
        outcomes.append(check(view, schedule, lambda text: 0 < _interval(text) <= longest, expected))
    else:
        outcomes.append(check(view, days, short, expected))
    # Secrets that other services manage rotate without a function; those are not in the stack.
    if view.is_set("rotationLambdaArn") or SECRET in view.source_types("secretId"):
        outcomes.append(delivers_to(view, "rotationLambdaArn", FUNCTION, ALIAS))
    return all_of(outcomes)


def _interval(text: str) -> float:
    """Return the days between two runs of a schedule, at most, as far as its months tell."""
    rate = _RATE.fullmatch(text.strip())
    if rate:
        return int(rate[1]) / (24 if rate[2].lower() == "hour" else 1)
    cron = _CRON.fullmatch(text.strip())
    if not cron:
        raise ValueError("no schedule")
    _, months, _, year = cron.groups()
    if year != "*":
        raise ValueError("some years only")
    if months in ("*", "?"):
        return 31
    step = _STEP.fullmatch(months)
    if step:
        return 31 * min(int(step[1]), 12)
    if "-" in months:
        return 365
    numbers = sorted(_MONTHS.index(part[:3]) + 1 if part[:3] in _MONTHS else int(part) for part in months.split(","))
    gaps = [later - earlier for earlier, later in zip(numbers, [*numbers[1:], numbers[0] + 12], strict=True)]
    return 31 * max(gaps)


@rule(
    "OP-282",
    "secret-deletion-takes-time",
    pack="operations",
    types=(SECRET,),
    severity="medium",
    level="open",
    rationale="Only within the recovery window can a secret that was deleted by mistake be had again.",
    url=f"{_GUIDE}/manage_delete-secret.html",
    remediation="Leave out recovery_window_in_days, or set it to 30.",
    parameters={"shortest_days": 7},
)
def deletion(view: View) -> Outcome:
    """A window of 0 days means at once."""
    least = view.parameters["shortest_days"]
    return check(view, "recoveryWindowInDays", at_least(least), f"{least:g} days or more", default=30)
