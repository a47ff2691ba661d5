"""What a function's role lets its code do, as IAM would answer with the policies that it has in the sandbox."""

from __future__ import annotations

from typing import Any

from plumbline.graph import Resource
from plumbline.iam import Policies, Request, evaluate, policy
from plumbline.probing.access import own_session, refusal, secure
from plumbline.probing.model import ProbeContext, Trial, trial, value


def role_may(context: ProbeContext, function: Resource, action: str, arn: str) -> Trial:
    """Try whether the role of a function allows an action on a resource."""
    role = str(value(function, "role"))
    request = Request(own_session(context, role.rpartition("/")[2]), action, arn, secure())
    problem = refusal(
        evaluate(request, Policies(identity=inline_policies(context, role))), "the function's role", action
    )
    return trial(not problem, f"{action} as the role of {value(function, 'name')}", "its policies allow it", problem)


def inline_policies(context: ProbeContext, role_arn: str) -> list[Any]:
    """Return the inline policies of a role, as IAM has them."""
    client, role = context.client("iam"), role_arn.rpartition("/")[2]
    names = client.list_role_policies(RoleName=role)["PolicyNames"]
    documents = {name: client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    return [policy(document, name) for name, document in documents.items()]
