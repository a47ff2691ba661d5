"""Secrets Manager: secrets, their policies and their rotation.

Lengths and the days between rotations are in the service model (data/aws_shapes.yaml).
Whether a value is in clear text is no question here: the SDK marks every value of a secret version as a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.functions import FUNCTION
from plumbline.constraints.invocation import ALIAS, PERMISSION
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind, policy_text, public_statements
from plumbline.graph import UNKNOWN, Resource, StackGraph

SECRET = "aws:secretsmanager/secret:Secret"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_NAME = re.compile(r"[a-zA-Z0-9/_+=.@-]+")
# Secrets Manager appends such a part to the name in the ARN and drops it again from a partial ARN.
_LIKE_AN_ARN = re.compile(r".*-[a-zA-Z0-9]{6}")
_RECOVERY_DAYS = (7, 30)
_SCHEDULE = re.compile(r"rate\((?P<count>\d+) (?P<unit>hours?|days?)\)|cron\(\S+( \S+){5}\)")
_FEWEST_HOURS = 4
_SERVICE = "secretsmanager.amazonaws.com"


@for_types(SECRET)
def secret(secret: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The name is one that AWS takes and that no ARN is mistaken for; it can be recovered for 0 or 7 to 30 days."""
    name, days = secret.get("name"), secret.get("recoveryWindowInDays")
    low, high = _RECOVERY_DAYS
    if isinstance(name, str) and not _NAME.fullmatch(name):
        yield "name", f"{name!r} given; allowed: letters, digits and /_+=.@-"
    elif isinstance(name, str) and _LIKE_AN_ARN.fullmatch(name):
        yield "name", f"{name!r} given; a hyphen and six characters at the end read like the end of an ARN"
    if isinstance(days, int) and days != 0 and not low <= days <= high:
        yield "recoveryWindowInDays", f"{days} given; allowed: 0, {low} to {high}"


@for_types("aws:secretsmanager/secretPolicy:SecretPolicy")
def not_public(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A public policy is refused where blockPublicPolicy asks for it (PutResourcePolicy)."""
    text = policy_text(policy)
    if text is not None and policy.get("blockPublicPolicy") is True:
        for index in public_statements(text):
            yield f"policy.Statement[{index}].Principal", "everybody is allowed; blockPublicPolicy refuses that"


@for_types(ROTATION)
def schedule(rotation: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Rotation comes after so many days, or at set times (Secrets Manager, "Schedule expressions")."""
    rules = rotation.get("rotationRules")
    if rules is UNKNOWN:
        return
    days, expression = (
        rotation.get(f"rotationRules.{name}") for name in ("automaticallyAfterDays", "scheduleExpression")
    )
    if (days is None) == (expression is None):
        given = "nothing" if days is None else "both"
        yield "rotationRules", f"{given} given; exactly one of automaticallyAfterDays, scheduleExpression is needed"
    if isinstance(expression, str):
        match = _SCHEDULE.fullmatch(expression)
        count = int(match["count"]) if match and match["count"] else None
        fewest = _FEWEST_HOURS if match and (match["unit"] or "").startswith("hour") else 1
        if match is None or (count is not None and count < fewest):
            allowed = f"rate(N days), rate(N hours) from {_FEWEST_HOURS} hours, or cron() with six fields"
            yield "rotationRules.scheduleExpression", f"{expression!r} given; allowed: {allowed}"


@for_types(ROTATION)
def permission_first(rotation: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Secrets Manager may call the rotation function before rotation is set up, since it tries at once."""
    called = behind(rotation, "rotationLambdaArn", graph, FUNCTION, ALIAS)
    if called is None:
        return
    permissions = [item for item in graph.of_type(PERMISSION) if _permits(item, called, graph)]
    if not permissions:
        yield "rotationLambdaArn", f"{called.display} has no permission that lets {_SERVICE} call it"
    elif not any(item.urn in graph.needs(rotation.urn) for item in permissions):
        yield "rotationLambdaArn", f"the rotation must depend on the permission {permissions[0].name}"


def _permits(permission: Resource, called: Resource, graph: StackGraph) -> bool:
    principal, qualifier = permission.get("principal"), permission.get("qualifier")
    if principal not in (_SERVICE, UNKNOWN):
        return False
    # A permission for an alias names it as qualifier, and its function by itself or by the alias.
    if (qualifier is not None) != (called.type == ALIAS):
        return False
    target = behind(permission, "function", graph, FUNCTION, ALIAS)
    function = behind(called, "functionName", graph, FUNCTION) if called.type == ALIAS else called
    return target is not None and target.urn in (called.urn, function.urn if function is not None else "")
