"""IAM Access Analyzer, which finds what other accounts and the public can reach."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.account import ACCOUNT_TYPES, NEEDS, account_has
from policies.rules.model import PASS, Outcome, View, fail, rule, unknown

ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
ARCHIVE_RULE = "aws:accessanalyzer/archiveRule:ArchiveRule"
_URL = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_EXTERNAL = ("ACCOUNT", "ORGANIZATION")


# What exists once in an account: a stack that has some of it is the account's own.
@rule(
    "LP-045",
    "access-analyzer-is-on",
    pack="least_privilege",
    types=ACCOUNT_TYPES,
    severity="high",
    scope="stack",
    rationale="A resource that becomes public or is shared by mistake is found within hours, whoever made it.",
    url=f"{_URL}/access-analyzer-getting-started.html",
    remediation='Add aws.accessanalyzer.Analyzer with type="ACCOUNT" to the stack of the account.',
    controls=("IAM.28", "1.20"),
    criteria=("TRADING-16.7",),
    parameters=NEEDS,
)
def analyzer(view: View) -> Outcome:
    has = account_has(view, ANALYZER, "analyzer of what others can reach")
    if has.word != "pass":
        return has
    analyzers = view.of_type(ANALYZER)
    expected = "one of type ACCOUNT or ORGANIZATION"
    kinds = [(each, each.get("type", "ACCOUNT")) for each in analyzers]
    if any(isinstance(kind, str) and kind.upper() in _EXTERNAL for _, kind in kinds):
        return PASS
    if any(not isinstance(kind, str) for _, kind in kinds):
        return unknown("type", f"an analyzer, {expected}")
    return fail("type", "no analyzer of what others can reach", f"an analyzer, {expected}")


@rule(
    "LP-046",
    "access-analyzer-hides-nothing-public",
    pack="least_privilege",
    types=(ARCHIVE_RULE,),
    severity="medium",
    rationale="An archive rule without a named resource hides findings that nobody has looked at.",
    url=f"{_URL}/access-analyzer-archive-rules.html",
    remediation="Give a filter that names the resource or the account which is meant to have access.",
    controls=("IAM.28",),
    criteria=("TRADING-16.7",),
)
def archive(view: View) -> Outcome:
    filters = view.items("filters")
    expected = "a filter for a resource, a principal or a condition"
    if filters is None:
        return unknown("filters", expected)
    named, uncertain = False, False
    for number in range(len(filters)):
        path = f"filters.{number}"
        given = view.get(f"{path}.criteria", "")
        criteria = str(given).lower()
        equal = _values(view, f"{path}.eqs")
        if criteria == "ispublic" and "true" in [str(each).lower() for each in equal]:
            return fail(path, "everything that is public", expected)
        # One that is not known yet may be the filter that names something, or the one that hides what is public.
        uncertain = uncertain or given is UNKNOWN or (criteria == "ispublic" and UNKNOWN in equal)
        if criteria.partition(".")[0] in ("resource", "principal", "condition"):
            named = named or any(each is UNKNOWN or each for each in [*equal, *_values(view, f"{path}.contains")])
    if uncertain:
        return unknown("filters", expected)
    return PASS if named else fail("filters", "every finding of a kind", expected)


def _values(view: View, path: str) -> list[Any]:
    """Return the values of a filter, one that is not known where none of them is."""
    values = view.items(path)
    return [UNKNOWN] if values is None else values
