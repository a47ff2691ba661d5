"""CloudWatch log groups in the sandbox."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:cloudwatch/logGroup:LogGroup")
def log_group(context: Context, inputs: Inputs) -> Created:
    client = context.client("logs", inputs)
    name = inputs["name"]
    client.create_log_group(
        logGroupName=name, tags=dict(inputs.get("tags") or {}), **given(kmsKeyId=inputs.get("kmsKeyId"))
    )
    if inputs.get("retentionInDays"):
        client.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
    groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
    return name, {"arn": arn.removesuffix(":*")}
