"""IAM roles and their inline policies in the sandbox."""

from __future__ import annotations

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
