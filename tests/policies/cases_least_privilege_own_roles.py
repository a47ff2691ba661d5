"""Fixtures of policies/rules/least_privilege/own_roles.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import Cases, made

ARN = "arn:aws:iam::111122223333:role/{}"
FIRST, SECOND = made("aws:iam/role:Role", "first"), made("aws:iam/role:Role", "second")


def function(name: str, role: Resource | str) -> Resource:
    type_ = "aws:lambda/function:Function"
    return made(type_, name, role=role) if isinstance(role, str) else made(type_, name, refers={"role": role})


CASES = [
    Cases(
        rule="function-has-role-of-its-own",
        good={
            "to come": [function("a", FIRST), function("b", SECOND), FIRST, SECOND],
            "known": [function("a", ARN.format("a")), function("b", ARN.format("b"))],
        },
        bad={
            "shared": ([function("a", FIRST), function("b", FIRST), FIRST], ("role",)),
            "shared by name": ([function("a", ARN.format("a")), function("b", ARN.format("a"))], ("role",)),
        },
        skipped={
            "of elsewhere": [made("aws:lambda/function:Function", role=UNKNOWN)],
            "none": [made("aws:lambda/function:Function")],
        },
        never_unknown="a role that is not known comes from a role of the stack, or from elsewhere",
    )
]
