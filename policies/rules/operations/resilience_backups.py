"""AWS Backup: what its selections choose, and how long its plans keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import matches
from policies.rules.model import PASS, Outcome, View, all_of, check, check_set, fail, rule, unknown
from policies.rules.operations.resilience_common import at_least

PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
EXPECTED = "chosen by a selection of an AWS Backup plan"
_GUIDE = "https://docs.aws.amazon.com/aws-backup/latest/devguide"
_TAG = "aws:resourcetag/"
# By the operator: whether it compares patterns, and whether it is negated.
_OPERATORS = {
    "stringEquals": (False, False),
    "stringLikes": (True, False),
    "stringNotEquals": (False, True),
    "stringNotLikes": (True, True),
}


def chosen(view: View, service: str, kind: str, name_path: str) -> Outcome:
    """Judge that a selection of the stack chooses a resource. `kind` is what stands before the name in its ARN."""
    answers = [_chooses(each, view, service, kind, name_path) for each in view.of_type(SELECTION)]
    if any(answer is True for answer in answers):
        return PASS
    return unknown("", EXPECTED) if None in answers else fail("", "in no selection", EXPECTED)


def _both(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return False if False in found else None if None in found else True


def _one(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _chooses(selection: View, view: View, service: str, kind: str, name_path: str) -> bool | None:
    """Say whether a selection chooses a resource; None where that is not known.

    With nothing listed, AWS Backup takes every resource. ARNs, tags and conditions narrow what the others leave.
    """

    def listed(path: str) -> bool | None:
        items = selection.items(path)
        values: list[Any] = [UNKNOWN] if items is None else items
        return _one(_is_arn(selection, path, value, view, service, kind, name_path) for value in values)

    excluded = listed("notResources")
    parts: list[bool | None] = [selection.is_set("planId"), None if excluded is None else not excluded]
    if selection.is_set("resources"):
        parts.append(listed("resources"))
    tags = _tags(view)
    labels = selection.items("selectionTags")
    if labels is None:
        parts.append(None)
    elif labels:
        parts.append(_one(_has(tags, row, like=False) for row in labels))
    conditions = selection.items("conditions")
    parts.append(None if conditions is None else _both(_meets(tags, row) for row in conditions))
    return _both(parts)


def _is_arn(
    selection: View, path: str, pattern: Any, view: View, service: str, kind: str, name_path: str
) -> bool | None:
    """Say whether a listed ARN, with wildcards, is a resource's."""
    if pattern is UNKNOWN:
        sources = selection.resource.property_dependencies.get(path, ())
        return True if view.resource.urn in sources else False if sources else None
    if not isinstance(pattern, str):
        return False
    if set(pattern) == {"*"}:
        return True
    arn = view.get("arn")
    if isinstance(arn, str) and arn.startswith("arn:"):
        return matches(pattern, arn)
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        # A pattern may end before the name, such as arn:aws:dynamodb:*.
        head = f"arn:aws:{service}:"
        return pattern.endswith("*") and (matches(pattern, head) or head.startswith(pattern.rstrip("*")))
    if not matches(parts[2], service):
        return False
    name = view.get(name_path)
    if isinstance(name, str) and name:
        return matches(parts[5], f"{kind}{name}")
    # Any name at all matches a pattern that matches a name without a character of its own.
    if parts[5].rstrip("*") != parts[5] and kind.lower().startswith(parts[5].rstrip("*").lower()):
        return True
    return None if parts[5].lower().startswith(kind.lower()) or "*" in parts[5] else False


def _tags(view: View) -> Mapping[str, Any] | None:
    """Return a resource's tags, those that the provider adds among them; None where they are not known."""
    found: dict[str, Any] = {}
    for path in ("tagsAll", "tags"):
        given = view.get(path)
        if isinstance(given, Mapping):
            found.update({str(key): value for key, value in given.items()})
    if not found and UNKNOWN in (view.get("tags"), view.get("tagsAll")):
        return None
    return found


def _has(tags: Mapping[str, Any] | None, row: Any, *, like: bool) -> bool | None:
    """Say whether a resource has a tag with a value."""
    if not isinstance(row, Mapping):
        return None if row is UNKNOWN else False
    key, wanted = row.get("key"), row.get("value")
    if tags is None or key is UNKNOWN or wanted is UNKNOWN:
        return None
    name = str(key)
    name = name[len(_TAG) :] if name.lower().startswith(_TAG) else name
    value = tags.get(name)
    if value is UNKNOWN:
        return None
    return value is not None and (matches(str(wanted), str(value)) if like else str(wanted) == str(value))


def _meets(tags: Mapping[str, Any] | None, conditions: Any) -> bool | None:
    """Say whether a resource meets every condition of a block."""
    if not isinstance(conditions, Mapping):
        return None if conditions is UNKNOWN else False
    answers: list[bool | None] = []
    for operator, (like, negated) in _OPERATORS.items():
        rows = conditions.get(operator)
        if rows is UNKNOWN:
            answers.append(None)
            continue
        for row in rows if isinstance(rows, list) else [rows] if rows else []:
            answer = _has(tags, row, like=like)
            answers.append(answer if answer is None else answer != negated)
    return _both(answers)


@rule(
    "OP-250",
    "backup-plan-keeps-long-enough",
    pack="operations",
    types=(PLAN,),
    severity="medium",
    rationale="Damage is often found days after it was done: backups that are gone by then help nobody.",
    url=f"{_GUIDE}/creating-a-backup-plan.html",
    remediation="Give the plan rules whose lifecycle, and that of each copy, has delete_after of at least the days "
    "asked for.",
    criteria=("TRADING-22.3a", "TRADING-22.3b", "AGENTIC-06.5", "CONSULTING-09.5"),
    parameters={"shortest_days": 7},
)
def keeps(view: View) -> Outcome:
    """Without delete_after nothing expires; -1 says the same."""
    least = view.parameters["shortest_days"]
    expected = f"{least:g} days or more"
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "rules with backups that are kept")
    if not rules:
        return fail("rules", "not set", "a rule")

    def holds(value: Any) -> bool:
        return at_least(least)(value) or str(value) in ("-1", "-1.0")

    outcomes = []
    for place in range(len(rules)):
        path = f"rules.{place}"
        outcomes.append(check(view, f"{path}.lifecycle.deleteAfter", holds, expected, default=-1))
        copies = view.items(f"{path}.copyActions")
        if copies is None:
            outcomes.append(unknown(f"{path}.copyActions", "copies that are kept"))
        for copy in range(len(copies or ())):
            outcomes.append(
                check(view, f"{path}.copyActions.{copy}.lifecycle.deleteAfter", holds, expected, default=-1)
            )
    return all_of(outcomes)


@rule(
    "OP-435",
    "backup-plan-copies-backups",
    pack="operations",
    types=(PLAN,),
    severity="medium",
    level="open",
    rationale="Backups in one vault are lost with its region, and with whoever may delete from it.",
    url=f"{_GUIDE}/cross-region-backup.html",
    remediation="Give each rule of the plan copy_actions into a vault of another region or account.",
    criteria=("TRADING-22.4",),
)
def copies(view: View) -> Outcome:
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "rules that copy")
    outcomes: list[Outcome] = []
    for place in range(len(rules)):
        path, expected = f"rules.{place}.copyActions", "a copy into another vault"
        found = view.items(path)
        if found is None:
            outcomes.append(unknown(path, expected))
        elif not found:
            outcomes.append(fail(path, "not set", expected))
        else:
            outcomes += [check_set(view, f"{path}.{n}.destinationVaultArn", expected) for n in range(len(found))]
    return all_of(outcomes) if outcomes else fail("rules", "not set", "rules that copy")
