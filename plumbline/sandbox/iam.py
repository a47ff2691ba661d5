"""IAM roles, policies and identity providers in the sandbox."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:iam/role:Role")
def role(context: Context, inputs: Inputs) -> Created:
    made = context.client("iam").create_role(
        RoleName=inputs["name"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=tag_list(inputs),
        **given(
            Description=inputs.get("description"),
            Path=inputs.get("path"),
            MaxSessionDuration=inputs.get("maxSessionDuration"),
        ),
    )["Role"]
    return made["RoleName"], {"arn": made["Arn"], "uniqueId": made["RoleId"]}


@adapter("aws:iam/rolePolicy:RolePolicy")
def role_policy(context: Context, inputs: Inputs) -> Created:
    context.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
    )
    return f"{inputs['role']}:{inputs['name']}", {}


@adapter("aws:iam/policy:Policy")
def policy(context: Context, inputs: Inputs) -> Created:
    made = context.client("iam").create_policy(
        PolicyName=inputs["name"],
        PolicyDocument=inputs["policy"],
        Tags=tag_list(inputs),
        **given(Description=inputs.get("description"), Path=inputs.get("path")),
    )["Policy"]
    return made["Arn"], {"arn": made["Arn"], "policyId": made["PolicyId"], "attachmentCount": 0}


@adapter("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_policy_attachment(context: Context, inputs: Inputs) -> Created:
    _know(context, inputs["policyArn"])
    context.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}", {}


@adapter("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
def open_id_connect_provider(context: Context, inputs: Inputs) -> Created:
    made = context.client("iam").create_open_id_connect_provider(
        Url=inputs["url"],
        ClientIDList=inputs["clientIdLists"],
        Tags=tag_list(inputs),
        **given(ThumbprintList=inputs.get("thumbprintLists")),
    )
    arn = made["OpenIDConnectProviderArn"]
    return arn, {"arn": arn}


@functools.cache
def _aws_policies() -> dict[str, tuple[str, dict[str, Any]]]:
    """Map the ARN of each policy that AWS manages to its name and data."""
    policies = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{data['Path']}{name}": (name, data) for name, data in policies.items()}


def _know(context: Context, arn: str) -> None:
    """Put a policy that AWS manages into moto's account, where it does not stand yet.

    moto can load all of them, but takes a second for it in each sandbox; a stack attaches a few.
    """
    backend = iam_backends[context.account_id]["aws"]
    if arn in _aws_policies() and arn not in backend.managed_policies:
        name, data = _aws_policies()[arn]
        backend.managed_policies[arn] = AWSManagedPolicy.from_data(name, context.account_id, "aws", data)
