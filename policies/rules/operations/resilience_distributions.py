"""CloudFront distributions that have somewhere else to ask."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, Outcome, View, all_of, any_of, check, fail, kind_of, rule, unknown

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_FAILURES = {500, 502, 503, 504}


@rule(
    "OP-340",
    "distribution-origin-group-fails-over",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="low",
    rationale="A group of one origin, or one that server errors do not lead on from, fails with its first origin.",
    url="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html",
    remediation="Give each origin group two origins and failover_criteria with the status codes 500, 502, 503 and 504, "
    "and name the group as target_origin_id.",
    controls=("CloudFront.4", "CKV_AWS_310"),
    parameters={"required": False},
)
def failover(view: View) -> Outcome:
    """`required` asks for a group behind the default behaviour; otherwise groups are judged where there are some."""
    groups = view.items("originGroups")
    expected = "an origin group with two origins"
    if groups is None:
        return unknown("originGroups", expected)
    if not groups:
        return fail("originGroups", "not set", expected) if view.parameters["required"] else NOT_APPLICABLE
    outcomes = [_group(view, f"originGroups.{place}") for place in range(len(groups))]
    ids = [view.get(f"originGroups.{place}.originId") for place in range(len(groups))]
    path = "defaultCacheBehavior.targetOriginId"
    places = [path, *(f"orderedCacheBehaviors.{n}.targetOriginId" for n in range(len(_behaviours(view))))]
    asked = any_of(check(view, each, lambda text: text in ids, "an origin group") for each in places)
    if asked.word == "fail":
        unsure = UNKNOWN in ids or view.get("orderedCacheBehaviors") is UNKNOWN
        asked = unknown(path, "an origin group") if unsure else fail(path, "no origin group", "an origin group")
    return all_of([*outcomes, asked])


def _behaviours(view: View) -> list[object]:
    return view.items("orderedCacheBehaviors") or []


def _group(view: View, path: str) -> Outcome:
    """Judge one group: its members, and what leads from the first to the second."""
    members = f"{path}.members"
    rows = view.items(members)
    if rows is None:
        both = unknown(members, "two origins")
    else:
        ids = [view.get(f"{members}.{place}.originId") for place in range(len(rows))]
        known = [each for each in ids if each is not UNKNOWN]
        enough = len(ids) >= 2 and len(set(map(str, known))) == len(known)
        both = all_of([check(view, members, lambda _: enough, "two different origins", default=())])
    codes = f"{path}.failoverCriteria.statusCodes"
    given = view.items(codes)
    if given is None or UNKNOWN in given:
        return all_of([both, unknown(codes, "server errors")])
    numbers = {str(code) for code in given}
    if {str(code) for code in _FAILURES} <= numbers:
        return both
    return all_of([both, fail(codes, kind_of(view.get(codes)), "500, 502, 503 and 504")])
