"""Route 53 in the sandbox: a zone that another stack made, records with failover in it, and health checks."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from plumbline.invokes import ZONE, answer
from tests.plumbline.rehearsals import client, inside, part, readers

DOMAIN = "trading.example.com"
CLOUDFRONT = "Z2FDTNDATAQYW2"


def pair(zone: pulumi.Input[str], role: str, check: pulumi.Input[str] | None, opts: pulumi.ResourceOptions) -> None:
    aws.route53.Record(
        f"api-{role.lower()}",
        zone_id=zone,
        name=f"api.{DOMAIN}",
        type="A",
        aliases=[{"name": f"{role.lower()}.example.net", "zone_id": CLOUDFRONT, "evaluate_target_health": False}],
        set_identifier=role.lower(),
        failover_routing_policies=[{"type": role}],
        health_check_id=check,
        opts=opts,
    )


def names() -> None:
    opts = inside()
    through = pulumi.InvokeOptions(provider=opts.provider)
    zone, again = (
        aws.route53.get_zone_output(name=name, private_zone=False, opts=through).zone_id
        for name in (DOMAIN, f"{DOMAIN}.")
    )
    pulumi.export("zones", [zone, again])
    check = aws.route53.HealthCheck(
        "check",
        type="HTTPS_STR_MATCH",
        fqdn=f"us-east-1.api.{DOMAIN}",
        port=443,
        resource_path="/health",
        search_string="ok",
        enable_sni=True,
        request_interval=10,
        failure_threshold=2,
        measure_latency=True,
        regions=["us-east-1", "us-west-1", "eu-west-1"],
        tags={"Name": "api"},
        opts=opts,
    )
    aws.route53.HealthCheck(
        "both",
        type="CALCULATED",
        child_healthchecks=[check.id],
        child_health_threshold=1,
        invert_healthcheck=True,
        opts=opts,
    )
    pair(zone, "PRIMARY", check.id, opts)
    pair(again, "SECONDARY", None, opts)


def look() -> dict[str, Any]:
    route53 = client("route53")
    [zone] = route53.list_hosted_zones()["HostedZones"]
    rows = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    checks = {row["Id"]: row["HealthCheckConfig"] for row in route53.list_health_checks()["HealthChecks"]}
    tags = {
        id_: route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=id_)["ResourceTagSet"]["Tags"]
        for id_ in checks
    }
    return {
        "zone": zone,
        "records": {row["SetIdentifier"]: row for row in rows if "SetIdentifier" in row},
        "checks": checks,
        "tags": tags,
    }


whole, seen, identity, outputs = readers(names, look)


def test_nothing_of_it_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_zone_that_is_looked_up_exists_once_under_the_id_that_the_program_was_told() -> None:
    told = answer(ZONE, {"name": DOMAIN, "privateZone": False}, None)
    assert told is not None
    assert whole().evaluation.graph.outputs == {"zones": [told["zoneId"]] * 2}
    assert part(seen("zone"), {"Id": "", "Name": "", "Config": {"PrivateZone": False}}) == {
        "Id": f"/hostedzone/{told['zoneId']}",
        "Name": f"{DOMAIN}.",
        "Config": {"PrivateZone": False},
    }


def test_records_of_it_fail_over() -> None:
    shown = {"Name": "", "Failover": "", "HealthCheckId": ""}
    assert {role: part(row, shown) for role, row in seen("records").items()} == {
        "primary": {"Name": f"api.{DOMAIN}.", "Failover": "PRIMARY", "HealthCheckId": identity("check")},
        "secondary": {"Name": f"api.{DOMAIN}.", "Failover": "SECONDARY", "HealthCheckId": None},
    }


def test_health_checks_ask_as_they_are_told() -> None:
    assert seen("checks")[identity("check")] == {
        "Type": "HTTPS_STR_MATCH",
        "FullyQualifiedDomainName": f"us-east-1.api.{DOMAIN}",
        "Port": 443,
        "ResourcePath": "/health",
        "SearchString": "ok",
        "EnableSNI": True,
        "RequestInterval": 10,
        "FailureThreshold": 2,
        "MeasureLatency": True,
        "Inverted": False,
        "Disabled": False,
        "Regions": ["us-east-1", "us-west-1", "eu-west-1"],
    }
    assert part(seen("checks")[identity("both")], {"Type": "", "ChildHealthChecks": [""], "Inverted": True}) == {
        "Type": "CALCULATED",
        "ChildHealthChecks": [identity("check")],
        "Inverted": True,
    }
    assert seen("tags")[identity("check")] == [{"Key": "Name", "Value": "api"}]
    assert outputs("check") == {"arn": f"arn:aws:route53:::healthcheck/{identity('check')}"}
