"""Roles of functions: one for each, so that each has only what it needs."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, fail, present_type, rule

_FUNCTION = "aws:lambda/function:Function"
_ROLE = "aws:iam/role:Role"


@rule(
    "LP-211",
    "function-has-role-of-its-own",
    pack="least_privilege",
    types=(_FUNCTION,),
    severity="medium",
    scope="stack",
    rationale="A role that functions share holds what any of them needs, and a hole in one is a hole in all.",
    url="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    remediation="Make an aws.iam.Role for each function, with the policies of that function.",
    criteria=("TRADING-16.4",),
)
def own_role(view: View) -> Outcome:
    """What is not known and comes from no role of the stack is a role that somebody else made."""
    role = _role(view)
    if role is None:
        return NOT_APPLICABLE
    others = [each for each in view.of_type(_FUNCTION) if each.resource.urn != view.resource.urn]
    sharing = sorted(each.resource.name for each in others if _role(each) == role)
    if sharing:
        shown = ", ".join(sharing[:3]) + (f" and {len(sharing) - 3} more" if len(sharing) > 3 else "")
        return fail("role", f"the role of {shown} as well", "a role of its own")
    return PASS


def _role(view: View) -> str | None:
    """Return what tells a function's role from others: the URN of the stack's role, or the ARN."""
    value = view.get("role")
    if isinstance(value, str) and value:
        return value
    urns = [
        urn
        for urn in view.resource.property_dependencies.get("role", ())
        if (found := view.estate.find(urn) if view.estate else None) and present_type(found.type) == _ROLE
    ]
    return urns[0] if value is UNKNOWN and len(urns) == 1 else None
