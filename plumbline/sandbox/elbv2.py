"""Application and network load balancers in the sandbox: balancer, target group, listener. moto balances no load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
# What balancers and target groups keep as attributes, by property.
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    BALANCER: {
        "clientKeepAlive": "client_keep_alive.seconds",
        "desyncMitigationMode": "routing.http.desync_mitigation_mode",
        "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
        "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
        "enableDeletionProtection": "deletion_protection.enabled",
        "enableHttp2": "routing.http2.enabled",
        "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "enableWafFailOpen": "waf.fail_open.enabled",
        "enableXffClientPort": "routing.http.xff_client_port.enabled",
        "enableZonalShift": "zonal_shift.config.enabled",
        "idleTimeout": "idle_timeout.timeout_seconds",
        "preserveHostHeader": "routing.http.preserve_host_header.enabled",
        "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
    },
    TARGETS: {
        "deregistrationDelay": "deregistration_delay.timeout_seconds",
        "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
        "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
        "slowStart": "slow_start.duration_seconds",
    },
}
# The parts of a health check, with AWS's names for them.
HEALTH = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
_NUMBERS = ("healthyThreshold", "interval", "timeout", "unhealthyThreshold")


def elbv2(context: Context, inputs: Inputs) -> Any:
    return context.client("elbv2", inputs)


@adapter(BALANCER)
def balancer(context: Context, inputs: Inputs) -> Created:
    client = elbv2(context, inputs)
    mappings = inputs.get("subnetMappings")
    made = client.create_load_balancer(
        Name=inputs["name"],
        Type=inputs.get("loadBalancerType") or "application",
        Scheme="internal" if inputs.get("internal") else "internet-facing",
        **given(
            Tags=tag_list(inputs) or None,
            Subnets=inputs.get("subnets"),
            SubnetMappings=mappings and [given(SubnetId=row.get("subnetId")) for row in mappings],
            SecurityGroups=inputs.get("securityGroups"),
            IpAddressType=inputs.get("ipAddressType"),
        ),
    )["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    if attributes := balancer_attributes(inputs):
        client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    outputs = {
        "arn": arn,
        "arnSuffix": arn.partition(":loadbalancer/")[2],
        "dnsName": made["DNSName"],
        "vpcId": made["VpcId"],
        "zoneId": made["CanonicalHostedZoneId"],
    }
    return arn, outputs


def balancer_attributes(inputs: Inputs) -> list[dict[str, str]]:
    """Return a balancer's attributes, those of its access logs among them."""
    logs = inputs.get("accessLogs") or {}
    logged = {f"access_logs.s3.{name}": logs.get(name) for name in ("enabled", "bucket", "prefix")}
    return [*attributes_of(BALANCER, inputs), *_attributes(logged)]


def attributes_of(type_: str, inputs: Inputs) -> list[dict[str, str]]:
    """Return the attributes that are declared."""
    return _attributes({key: inputs.get(name) for name, key in ATTRIBUTES[type_].items()})


def _attributes(values: Inputs) -> list[dict[str, str]]:
    return [
        {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
        for key, value in values.items()
        if value is not None
    ]


@adapter(TARGETS)
def targets(context: Context, inputs: Inputs) -> Created:
    client = elbv2(context, inputs)
    made = client.create_target_group(
        Name=inputs["name"],
        **given(
            Tags=tag_list(inputs) or None,
            Protocol=inputs.get("protocol"),
            ProtocolVersion=inputs.get("protocolVersion"),
            Port=inputs.get("port") and int(inputs["port"]),
            VpcId=inputs.get("vpcId"),
            TargetType=inputs.get("targetType"),
            IpAddressType=inputs.get("ipAddressType"),
        ),
        **health_check(inputs),
    )["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    if attributes := attributes_of(TARGETS, inputs):
        client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    return arn, {"arn": arn, "arnSuffix": arn.rpartition(":")[2], "loadBalancerArns": []}


def health_check(inputs: Inputs) -> dict[str, Any]:
    """Return a declared health check as AWS's calls take it."""
    check = inputs.get("healthCheck") or {}
    found = {
        word: int(check[name]) if name in _NUMBERS else check[name]
        for name, word in HEALTH.items()
        if check.get(name) is not None
    }
    return {**found, **given(Matcher=check.get("matcher") and {"HttpCode": check["matcher"]})}


@adapter(LISTENER)
def listener(context: Context, inputs: Inputs) -> Created:
    certificate = inputs.get("certificateArn")
    made = elbv2(context, inputs).create_listener(
        LoadBalancerArn=inputs["loadBalancerArn"],
        DefaultActions=actions(inputs),
        **given(
            Tags=tag_list(inputs) or None,
            Port=inputs.get("port") and int(inputs["port"]),
            Protocol=inputs.get("protocol") or "HTTP",  # what an application load balancer has by default
            SslPolicy=inputs.get("sslPolicy"),
            Certificates=[{"CertificateArn": certificate}] if certificate else None,
        ),
    )["Listeners"][0]
    return made["ListenerArn"], {"arn": made["ListenerArn"]}


def actions(inputs: Inputs) -> list[dict[str, Any]]:
    """Return a listener's actions. Raises DeployError for those that sign users in: moto knows none of them."""
    return [_action(row) for row in inputs["defaultActions"]]


def _action(row: Inputs) -> dict[str, Any]:
    kind = row["type"]
    if kind not in ("forward", "redirect", "fixed-response"):
        raise DeployError(f"defaultActions: {kind} cannot be made in the sandbox")
    redirect, fixed, forward = row.get("redirect"), row.get("fixedResponse"), row.get("forward")
    return given(
        Type=kind,
        Order=row.get("order") and int(row["order"]),
        TargetGroupArn=row.get("targetGroupArn"),
        RedirectConfig=redirect and {key[0].upper() + key[1:]: value for key, value in redirect.items() if value},
        FixedResponseConfig=fixed and {key[0].upper() + key[1:]: value for key, value in fixed.items() if value},
        ForwardConfig=forward
        and {
            "TargetGroups": [
                given(TargetGroupArn=group["arn"], Weight=group.get("weight") and int(group["weight"]))
                for group in forward["targetGroups"]
            ]
        },
    )


def told_action(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action as a listener declares it."""
    redirect, fixed, forward = row.get("RedirectConfig"), row.get("FixedResponseConfig"), row.get("ForwardConfig")
    return given(
        type=row["Type"],
        targetGroupArn=row.get("TargetGroupArn"),
        redirect=redirect and {key[0].lower() + key[1:]: value for key, value in redirect.items()},
        fixedResponse=fixed and {key[0].lower() + key[1:]: value for key, value in fixed.items()},
        forward=forward
        and {
            "targetGroups": [
                given(arn=group["TargetGroupArn"], weight=group.get("Weight")) for group in forward["TargetGroups"]
            ]
        },
    )
