"""Route 53 zones, records and health checks in the sandbox. moto has no DNSSEC: its types have no adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.moto_api._internal import mock_random
from moto.route53.models import HostedZoneIdentifier
from moto.utilities.id_generator import moto_id_manager

from plumbline.invokes import ZONE
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, found, given, tag_list


@adapter("aws:route53/zone:Zone")
def zone(context: Context, inputs: Inputs) -> Created:
    client = context.client("route53")
    networks = [
        {"VPCId": row["vpcId"], "VPCRegion": row.get("vpcRegion") or context.region} for row in inputs.get("vpcs") or []
    ]
    made = client.create_hosted_zone(
        Name=inputs["name"],
        CallerReference=str(mock_random.uuid4()),
        HostedZoneConfig={
            "Comment": inputs.get("comment") or "Managed by Pulumi",
            "PrivateZone": bool(networks),
        },
        **given(VPC=networks[0] if networks else None, DelegationSetId=inputs.get("delegationSetId")),
    )
    identity = made["HostedZone"]["Id"].rpartition("/")[2]
    for network in networks[1:]:
        client.associate_vpc_with_hosted_zone(HostedZoneId=identity, VPC=network)
    if inputs.get("tags"):
        client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=identity, AddTags=tag_list(inputs))
    records = client.list_resource_record_sets(HostedZoneId=identity)["ResourceRecordSets"]
    servers = [row["Value"] for record in records if record["Type"] == "NS" for row in record["ResourceRecords"]]
    outputs = {
        "zoneId": identity,
        "arn": f"arn:aws:route53:::hostedzone/{identity}",
        "nameServers": sorted(servers),
        "primaryNameServer": servers[0],
    }
    return identity, outputs


@found(ZONE)
def other_zone(context: Context, answer: Mapping[str, Any]) -> None:
    """Make the zone that another stack has, under the id that the program was told, so that records can lie in it."""
    client = context.client("route53")
    name, identity = answer["name"], answer["zoneId"]
    if identity in {row["Id"].rpartition("/")[2] for row in client.list_hosted_zones()["HostedZones"]}:
        return
    wanted = HostedZoneIdentifier(context.account_id, f"{name}.", None)
    moto_id_manager.set_custom_id(wanted, identity)
    try:
        client.create_hosted_zone(Name=name, CallerReference=identity)
    finally:
        moto_id_manager.unset_custom_id(wanted)


@adapter("aws:route53/healthCheck:HealthCheck")
def health_check(context: Context, inputs: Inputs) -> Created:
    client = context.client("route53")
    alarm = inputs.get("cloudwatchAlarmName")
    # moto keeps neither alarms nor routing controls of a check.
    made = client.create_health_check(
        CallerReference=str(mock_random.uuid4()),
        HealthCheckConfig={
            "Type": inputs["type"],
            **given(
                IPAddress=inputs.get("ipAddress"),
                Port=_whole(inputs.get("port")),
                ResourcePath=inputs.get("resourcePath"),
                FullyQualifiedDomainName=inputs.get("fqdn"),
                SearchString=inputs.get("searchString"),
                RequestInterval=_whole(inputs.get("requestInterval")),
                FailureThreshold=_whole(inputs.get("failureThreshold")),
                MeasureLatency=inputs.get("measureLatency"),
                Inverted=inputs.get("invertHealthcheck"),
                Disabled=inputs.get("disabled"),
                HealthThreshold=_whole(inputs.get("childHealthThreshold")),
                ChildHealthChecks=inputs.get("childHealthchecks"),
                EnableSNI=inputs.get("enableSni"),
                Regions=inputs.get("regions"),
                AlarmIdentifier=alarm and {"Name": alarm, "Region": inputs["cloudwatchAlarmRegion"]},
                InsufficientDataHealthStatus=inputs.get("insufficientDataHealthStatus"),
                RoutingControlArn=inputs.get("routingControlArn"),
            ),
        },
    )["HealthCheck"]
    identity = made["Id"]
    if inputs.get("tags"):
        client.change_tags_for_resource(ResourceType="healthcheck", ResourceId=identity, AddTags=tag_list(inputs))
    return identity, {"arn": f"arn:aws:route53:::healthcheck/{identity}"}


@adapter("aws:route53/record:Record")
def record(context: Context, inputs: Inputs) -> Created:
    client = context.client("route53")
    zone_id = inputs["zoneId"].removeprefix("/hostedzone/")
    wanted = record_set(context, inputs)
    client.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={
            "Changes": [{"Action": "UPSERT" if inputs.get("allowOverwrite") else "CREATE", "ResourceRecordSet": wanted}]
        },
    )
    parts = [
        inputs["zoneId"],
        inputs["name"].removesuffix(".").lower(),
        inputs["type"],
        *([inputs["setIdentifier"]] if inputs.get("setIdentifier") else []),
    ]
    return "_".join(parts), {"fqdn": wanted["Name"]}


def record_set(context: Context, inputs: Inputs) -> dict[str, Any]:
    """Return a record as the calls write it, under its whole name."""
    zone_id = inputs["zoneId"].removeprefix("/hostedzone/")
    domain = context.client("route53").get_hosted_zone(Id=zone_id)["HostedZone"]["Name"].removesuffix(".")
    name = inputs["name"].removesuffix(".").lower()
    full = name if name == domain or name.endswith(f".{domain}") else f"{name}.{domain}".removeprefix(".")
    values = [f'"{value}"' if inputs["type"] in ("TXT", "SPF") else value for value in inputs.get("records") or []]
    ttl = inputs.get("ttl")
    return given(
        Name=full,
        Type=inputs["type"],
        TTL=None if ttl is None else int(ttl),
        ResourceRecords=[{"Value": value} for value in values] or None,
        SetIdentifier=inputs.get("setIdentifier"),
        HealthCheckId=inputs.get("healthCheckId"),
        MultiValueAnswer=inputs.get("multivalueAnswerRoutingPolicy"),
        **_routing(inputs),
    )


def _routing(inputs: Inputs) -> dict[str, Any]:
    """Return what decides whom a record answers. moto keeps no policies by address range or by distance."""
    alias = _only(inputs.get("aliases"))
    weighted = _only(inputs.get("weightedRoutingPolicies"))
    latency = _only(inputs.get("latencyRoutingPolicies"))
    failover = _only(inputs.get("failoverRoutingPolicies"))
    location = _only(inputs.get("geolocationRoutingPolicies"))
    return {
        "AliasTarget": alias
        and {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        },
        "Weight": weighted and int(weighted["weight"]),
        "Region": latency and latency["region"],
        "Failover": failover and failover["type"],
        "GeoLocation": location
        and given(
            ContinentCode=location.get("continent"),
            CountryCode=location.get("country"),
            SubdivisionCode=location.get("subdivision"),
        ),
    }


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _only(rows: list[Inputs] | None) -> Inputs | None:
    return rows[0] if rows else None
