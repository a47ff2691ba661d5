"""Secrets Manager in the sandbox."""

from __future__ import annotations

import base64

from moto.moto_api._internal import mock_random

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:secretsmanager/secret:Secret")
def secret(context: Context, inputs: Inputs) -> Created:
    client = context.client("secretsmanager", inputs)
    replicas = [given(Region=row["region"], KmsKeyId=row.get("kmsKeyId")) for row in inputs.get("replicas") or []]
    # The recovery window is a property of the deletion, so there is nothing to set yet.
    made = client.create_secret(
        Name=inputs["name"],
        ClientRequestToken=_token(),
        Tags=tag_list(inputs),
        **given(
            Description=inputs.get("description"),
            KmsKeyId=inputs.get("kmsKeyId"),
            AddReplicaRegions=replicas or None,
            ForceOverwriteReplicaSecret=inputs.get("forceOverwriteReplicaSecret") if replicas else None,
        ),
    )
    if inputs.get("policy"):
        client.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=inputs["policy"])
    return made["ARN"], {"arn": made["ARN"]}


@adapter("aws:secretsmanager/secretVersion:SecretVersion")
def secret_version(context: Context, inputs: Inputs) -> Created:
    binary = inputs.get("secretBinary")
    value = inputs.get("secretString")
    made = context.client("secretsmanager", inputs).put_secret_value(
        SecretId=inputs["secretId"],
        ClientRequestToken=_token(),
        **given(
            SecretString=inputs.get("secretStringWo") if value is None else value,
            SecretBinary=None if binary is None else base64.b64decode(binary),
            VersionStages=inputs.get("versionStages"),
        ),
    )
    outputs = {
        "arn": made["ARN"],
        "secretArn": made["ARN"],
        "versionId": made["VersionId"],
        "versionStages": made["VersionStages"],
    }
    return f"{inputs['secretId']}|{made['VersionId']}", outputs


@adapter("aws:secretsmanager/secretPolicy:SecretPolicy")
def secret_policy(context: Context, inputs: Inputs) -> Created:
    context.client("secretsmanager", inputs).put_resource_policy(
        SecretId=inputs["secretArn"],
        ResourcePolicy=inputs["policy"],
        **given(BlockPublicPolicy=inputs.get("blockPublicPolicy")),
    )
    return inputs["secretArn"], {}


@adapter("aws:secretsmanager/secretRotation:SecretRotation")
def secret_rotation(context: Context, inputs: Inputs) -> Created:
    rules = inputs.get("rotationRules") or {}
    days = rules.get("automaticallyAfterDays")
    client = context.client("secretsmanager", inputs)
    token = _token()
    # No code runs in the sandbox. A rotation at once would end with a version that has no value as the current one.
    made = client.rotate_secret(
        SecretId=inputs["secretId"],
        ClientRequestToken=token,
        RotateImmediately=False,
        **given(
            RotationLambdaARN=inputs.get("rotationLambdaArn"),
            RotationRules=given(
                AutomaticallyAfterDays=None if days is None else int(days),
                Duration=rules.get("duration"),
                ScheduleExpression=rules.get("scheduleExpression"),
            )
            or None,
        ),
    )
    stages = client.describe_secret(SecretId=made["ARN"]).get("VersionIdsToStages") or {}
    if "AWSPENDING" in stages.get(token, []):
        # AWS takes back the version that it tests a rotation with; moto leaves it.
        client.update_secret_version_stage(SecretId=made["ARN"], VersionStage="AWSPENDING", RemoveFromVersionId=token)
    return made["ARN"], {"rotationEnabled": True}


def _token() -> str:
    # A version's id is the token of the request that made it; boto3 would make one up.
    return str(mock_random.uuid4())
