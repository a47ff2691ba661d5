"""How a REST API is reached in the sandbox: deployments, stages, usage plans, keys and domain names."""

from __future__ import annotations

from typing import Any

from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given
from plumbline.sandbox.apigateway import arn_of, execution_arn, region_of

# The zones that an alias record of a regional domain name names; moto tells CloudFront's for each.
# https://docs.aws.amazon.com/general/latest/gr/apigateway.html
_REGIONAL_ZONES = {
    "af-south-1": "Z2DHW2332DAMTN",
    "ap-east-1": "Z3FD1VL90ND7K5",
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-south-1": "Z3BT4WSQ9TDYZV",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "me-south-1": "Z20ZBPC0SS8806",
    "sa-east-1": "ZCMLWB8V5SYIT",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
}
METHOD_SETTINGS = {
    "metricsEnabled": "metrics/enabled",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "cachingEnabled": "caching/enabled",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cacheDataEncrypted": "caching/dataEncrypted",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}


@adapter("aws:apigateway/deployment:Deployment")
def deployment(context: Context, inputs: Inputs) -> Created:
    # The triggers are the provider's own: they only say when to deploy again.
    made = context.client("apigateway", inputs).create_deployment(
        restApiId=inputs["restApi"],
        **given(description=inputs.get("description"), variables=inputs.get("variables")),
    )
    return made["id"], {}


@adapter("aws:apigateway/stage:Stage")
def stage(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    api, name = inputs["restApi"], inputs["stageName"]
    if inputs["deployment"] not in {row["id"] for row in client.get_deployments(restApiId=api)["items"]}:
        # moto takes any deployment for granted.
        raise DeployError("BadRequestException: Deployment id does not exist")
    # moto keeps no canaries, client certificates and versions of the documentation.
    client.create_stage(
        restApiId=api,
        stageName=name,
        deploymentId=inputs["deployment"],
        tags=dict(inputs.get("tags") or {}),
        **given(
            description=inputs.get("description"),
            variables=inputs.get("variables"),
            cacheClusterEnabled=inputs.get("cacheClusterEnabled"),
            cacheClusterSize=inputs.get("cacheClusterSize"),
            tracingEnabled=inputs.get("xrayTracingEnabled"),
        ),
    )
    logs = inputs.get("accessLogSettings")
    if logs:
        destination = logs["destinationArn"].removesuffix(":*")
        changes = {"/accessLogSettings/destinationArn": destination, "/accessLogSettings/format": logs["format"]}
        client.update_stage(restApiId=api, stageName=name, patchOperations=_replacements(changes))
    outputs = {
        "arn": arn_of(context, inputs, f"restapis/{api}/stages/{name}"),
        "executionArn": execution_arn(context, inputs, f"{api}/{name}"),
        "invokeUrl": f"https://{api}.execute-api.{region_of(context, inputs)}.amazonaws.com/{name}",
    }
    return f"ags-{api}-{name}", outputs


@adapter("aws:apigateway/methodSettings:MethodSettings")
def method_settings(context: Context, inputs: Inputs) -> Created:
    api, name, path = inputs["restApi"], inputs["stageName"], inputs["methodPath"]
    changes = {
        f"/{path}/{key}": _text(inputs["settings"][setting])
        for setting, key in METHOD_SETTINGS.items()
        if inputs["settings"].get(setting) is not None
    }
    made = context.client("apigateway", inputs).update_stage(
        restApiId=api, stageName=name, patchOperations=_replacements(changes)
    )
    if changes and path not in made.get("methodSettings", {}):
        # moto passes over a path that it cannot read.
        raise DeployError(
            f"BadRequestException: invalid method path {path}; allowed: RESOURCE/METHOD, slashes of the resource as ~1"
        )
    return f"{api}-{name}-{path}", {}


@adapter("aws:apigateway/usagePlan:UsagePlan")
def usage_plan(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    stages = inputs.get("apiStages") or []
    for row in stages:
        _check_stage(context, inputs, row)
    quota = inputs.get("quotaSettings")
    made = client.create_usage_plan(
        name=inputs["name"],
        tags=dict(inputs.get("tags") or {}),
        **given(
            description=inputs.get("description"),
            apiStages=[_plan_stage(row) for row in stages] or None,
            quota=quota
            and given(limit=int(quota["limit"]), period=quota["period"], offset=_whole(quota.get("offset"))),
            throttle=_throttle(inputs.get("throttleSettings")),
        ),
    )
    identity = made["id"]
    if inputs.get("productCode"):
        changes = _replacements({"/productCode": inputs["productCode"]})
        client.update_usage_plan(usagePlanId=identity, patchOperations=changes)
    return identity, {"arn": arn_of(context, inputs, f"usageplans/{identity}")}


def _check_stage(context: Context, inputs: Inputs, row: Inputs) -> None:
    """Refuse a stage that is none of a REST API and none of a WebSocket API: moto takes any stage for granted."""
    client = context.client("apigatewayv2", inputs)
    if any(found["ApiId"] == row["apiId"] for found in client.get_apis()["Items"]):
        client.get_stage(ApiId=row["apiId"], StageName=row["stage"])
        return
    context.client("apigateway", inputs).get_stage(restApiId=row["apiId"], stageName=row["stage"])


@adapter("aws:apigateway/apiKey:ApiKey")
def api_key(context: Context, inputs: Inputs) -> Created:
    made = context.client("apigateway", inputs).create_api_key(
        name=inputs["name"],
        description=inputs.get("description") or "Managed by Pulumi",
        enabled=inputs.get("enabled", True),
        tags=dict(inputs.get("tags") or {}),
        **given(value=inputs.get("value"), customerId=inputs.get("customerId")),
    )
    return made["id"], {"arn": arn_of(context, inputs, f"apikeys/{made['id']}"), "value": made["value"]}


@adapter("aws:apigateway/usagePlanKey:UsagePlanKey")
def usage_plan_key(context: Context, inputs: Inputs) -> Created:
    client = context.client("apigateway", inputs)
    # moto takes any plan for granted.
    client.get_usage_plan(usagePlanId=inputs["usagePlanId"])
    made = client.create_usage_plan_key(
        usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType=inputs["keyType"]
    )
    return made["id"], {"name": made["name"], "value": made["value"]}


@adapter("aws:apigateway/domainName:DomainName")
def domain_name(context: Context, inputs: Inputs) -> Created:
    name = inputs["domainName"]
    endpoint = inputs.get("endpointConfiguration") or {"types": "EDGE"}
    # moto keeps no mutual TLS, policy, ownership certificate, routing and access mode.
    made = context.client("apigateway", inputs).create_domain_name(
        domainName=name,
        endpointConfiguration=given(types=[endpoint["types"]], ipAddressType=endpoint.get("ipAddressType")),
        tags=dict(inputs.get("tags") or {}),
        **given(
            certificateArn=inputs.get("certificateArn"),
            certificateBody=inputs.get("certificateBody"),
            certificateChain=inputs.get("certificateChain"),
            certificateName=inputs.get("certificateName"),
            certificatePrivateKey=inputs.get("certificatePrivateKey"),
            regionalCertificateArn=inputs.get("regionalCertificateArn"),
            regionalCertificateName=inputs.get("regionalCertificateName"),
            securityPolicy=inputs.get("securityPolicy"),
        ),
    )
    outputs: dict[str, Any] = {"arn": arn_of(context, inputs, f"domainnames/{name}")}
    if endpoint["types"] == "REGIONAL":
        zone = _REGIONAL_ZONES.get(region_of(context, inputs), made["regionalHostedZoneId"])
        outputs |= {"regionalDomainName": made["regionalDomainName"], "regionalZoneId": zone}
    elif endpoint["types"] == "EDGE":
        outputs |= {
            "cloudfrontDomainName": made["distributionDomainName"],
            "cloudfrontZoneId": made["distributionHostedZoneId"],
        }
    return name, outputs


@adapter("aws:apigateway/basePathMapping:BasePathMapping")
def base_path_mapping(context: Context, inputs: Inputs) -> Created:
    domain, path = inputs["domainName"], inputs.get("basePath")
    # moto knows a domain by its name only, not by the id that a private one has besides.
    context.client("apigateway", inputs).create_base_path_mapping(
        domainName=domain, restApiId=inputs["restApi"], **given(basePath=path, stage=inputs.get("stageName"))
    )
    return f"{domain}/{path or ''}", {}


def _plan_stage(row: Inputs) -> dict[str, Any]:
    throttle = {limits["path"]: _throttle(limits) for limits in row.get("throttles") or []}
    return given(apiId=row["apiId"], stage=row["stage"], throttle=throttle or None)


def _throttle(limits: Inputs | None) -> dict[str, Any] | None:
    if not limits:
        return None
    rate = limits.get("rateLimit")
    return given(burstLimit=_whole(limits.get("burstLimit")), rateLimit=None if rate is None else float(rate))


def _replacements(changes: dict[str, str]) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
