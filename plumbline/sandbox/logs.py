"""CloudWatch log groups, their filters and policies in the sandbox."""

from __future__ import annotations

import zlib

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:cloudwatch/logGroup:LogGroup")
def log_group(context: Context, inputs: Inputs) -> Created:
    client = context.client("logs", inputs)
    name = inputs["name"]
    # moto keeps neither the class nor the deletion protection of a group.
    client.create_log_group(
        logGroupName=name, tags=dict(inputs.get("tags") or {}), **given(kmsKeyId=inputs.get("kmsKeyId"))
    )
    if inputs.get("retentionInDays"):
        client.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
    groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
    return name, {"arn": arn.removesuffix(":*")}


@adapter("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def log_metric_filter(context: Context, inputs: Inputs) -> Created:
    client = context.client("logs", inputs)
    # moto takes any group for granted; this asks for one that must exist.
    client.describe_log_streams(logGroupName=inputs["logGroupName"])
    metric = inputs["metricTransformation"]
    default = metric.get("defaultValue")
    # moto knows no transformed logs.
    client.put_metric_filter(
        filterName=inputs["name"],
        filterPattern=inputs["pattern"],
        logGroupName=inputs["logGroupName"],
        metricTransformations=[
            given(
                metricName=metric["name"],
                metricNamespace=metric["namespace"],
                metricValue=metric["value"],
                defaultValue=None if default is None else float(default),
                dimensions=metric.get("dimensions"),
                unit=metric.get("unit"),
            )
        ],
    )
    return inputs["name"], {}


@adapter("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter")
def log_subscription_filter(context: Context, inputs: Inputs) -> Created:
    group = inputs["logGroup"]
    # moto distributes by stream, and knows neither transformed logs nor fields of the system.
    context.client("logs", inputs).put_subscription_filter(
        logGroupName=group,
        filterName=inputs["name"],
        filterPattern=inputs["filterPattern"],
        destinationArn=inputs["destinationArn"],
        **given(roleArn=inputs.get("roleArn")),
    )
    return f"cwlsf-{zlib.crc32(f'{group}-'.encode())}", {}


@adapter("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
def log_resource_policy(context: Context, inputs: Inputs) -> Created:
    # moto knows the policies of an account, not those of one log group.
    name = inputs["policyName"]
    context.client("logs", inputs).put_resource_policy(policyName=name, policyDocument=inputs["policyDocument"])
    return name, {"policyScope": "ACCOUNT"}
