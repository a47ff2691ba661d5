"""Route 53 zones and records in the sandbox."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


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


@adapter("aws:route53/record:Record")
def record(context: Context, inputs: Inputs) -> Created:
    client = context.client("route53")
    zone_id = inputs["zoneId"].removeprefix("/hostedzone/")
    domain = client.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"].removesuffix(".")
    name = inputs["name"].removesuffix(".").lower()
    full = name if name == domain or name.endswith(f".{domain}") else f"{name}.{domain}".removeprefix(".")
    values = [f'"{value}"' if inputs["type"] in ("TXT", "SPF") else value for value in inputs.get("records") or []]
    ttl = inputs.get("ttl")
    record_set = given(
        Name=full,
        Type=inputs["type"],
        TTL=None if ttl is None else int(ttl),
        ResourceRecords=[{"Value": value} for value in values] or None,
        SetIdentifier=inputs.get("setIdentifier"),
        HealthCheckId=inputs.get("healthCheckId"),
        MultiValueAnswer=inputs.get("multivalueAnswerRoutingPolicy"),
        **_routing(inputs),
    )
    client.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={
            "Changes": [
                {"Action": "UPSERT" if inputs.get("allowOverwrite") else "CREATE", "ResourceRecordSet": record_set}
            ]
        },
    )
    parts = [
        inputs["zoneId"],
        name,
        inputs["type"],
        *([inputs["setIdentifier"]] if inputs.get("setIdentifier") else []),
    ]
    return "_".join(parts), {"fqdn": full}


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


def _only(rows: list[Inputs] | None) -> Inputs | None:
    return rows[0] if rows else None
