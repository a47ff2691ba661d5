"""What an account and region have one of, in the sandbox: service settings and detectors.

moto has no Access Analyzer, no settings of AWS Backup per region, and of Cost Explorer neither anomaly monitors nor
allocation tags: those types have no adapter, and are simulated.
"""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:apigateway/account:Account")
def api_gateway_account(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    role = inputs.get("cloudwatchRoleArn")
    if role:
        client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    made = client.get_account()
    throttle = made["throttleSettings"]
    outputs = {
        "apiKeyVersion": made["apiKeyVersion"],
        "features": made.get("features") or [],
        "throttleSettings": [{"burstLimit": throttle["burstLimit"], "rateLimit": throttle["rateLimit"]}],
    }
    return "api-gateway-account", outputs


@adapter("aws:securityhub/account:Account")
def security_hub(context: Context, inputs: Inputs) -> Created:
    client = context.client("securityhub", inputs)
    # moto keeps neither the generator of findings nor whether new controls are enabled.
    client.enable_security_hub(EnableDefaultStandards=inputs.get("enableDefaultStandards", True))
    return context.account_id, {"arn": client.describe_hub()["HubArn"]}


@adapter("aws:guardduty/detector:Detector")
def detector(context: Context, inputs: Inputs) -> Created:
    sources = inputs.get("datasources") or {}
    volumes = (sources.get("malwareProtection") or {}).get("scanEc2InstanceWithFindings")
    kubernetes = sources.get("kubernetes")
    logs = sources.get("s3Logs")
    identity = context.client("guardduty", inputs).create_detector(
        Enable=inputs.get("enable", True),
        Tags=dict(inputs.get("tags") or {}),
        **given(
            FindingPublishingFrequency=inputs.get("findingPublishingFrequency"),
            DataSources=given(
                S3Logs=logs and {"Enable": logs["enable"]},
                Kubernetes=kubernetes and {"AuditLogs": {"Enable": kubernetes["auditLogs"]["enable"]}},
                MalwareProtection=volumes
                and {"ScanEc2InstanceWithFindings": {"EbsVolumes": volumes["ebsVolumes"]["enable"]}},
            )
            or None,
        ),
    )["DetectorId"]
    region = inputs.get("region") or context.region
    arn = f"arn:aws:guardduty:{region}:{context.account_id}:detector/{identity}"
    return identity, {"arn": arn, "accountId": context.account_id}
