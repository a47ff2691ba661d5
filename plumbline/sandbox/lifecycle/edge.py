"""DNS, content delivery, the web firewall and stages of APIs: what no row of the tables can say."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import cloudfront_backends

from plumbline import sdk
from plumbline.sandbox import apigateway, apigateway_stages, cloudfront, route53, wafv2
from plumbline.sandbox.adapters import Context, Inputs, deleter, given, reader, updater
from plumbline.sandbox.lifecycle.changing import changed
from plumbline.sandbox.lifecycle.rows import backend, missing
from plumbline.sandbox.lifecycle.translate import told

RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"
ACL = "aws:wafv2/webAcl:WebAcl"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
FUNCTION = "aws:cloudfront/function:Function"
CONTROL = "aws:cloudfront/originAccessControl:OriginAccessControl"
METHOD = "aws:apigateway/method:Method"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_OWN = ("NS", "SOA")  # the records that a zone has of itself


@reader(RECORD)
def read_record(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    found = _record_set(context, inputs)
    if found is None:
        return None
    values = [row["Value"] for row in found.get("ResourceRecords") or []]
    alias, location = found.get("AliasTarget"), found.get("GeoLocation")
    return {
        "type": found["Type"],
        "ttl": found.get("TTL"),
        "records": [value.strip('"') if found["Type"] in ("TXT", "SPF") else value for value in values],
        "setIdentifier": found.get("SetIdentifier"),
        "healthCheckId": found.get("HealthCheckId"),
        "multivalueAnswerRoutingPolicy": found.get("MultiValueAnswer"),
        "aliases": alias and [_alias(alias, inputs)],
        "weightedRoutingPolicies": _rows("weight", found.get("Weight")),
        "latencyRoutingPolicies": _rows("region", found.get("Region")),
        "failoverRoutingPolicies": _rows("type", found.get("Failover")),
        "geolocationRoutingPolicies": location
        and [
            given(
                continent=location.get("ContinentCode"),
                country=location.get("CountryCode"),
                subdivision=location.get("SubdivisionCode"),
            )
        ],
    }


def _alias(alias: Inputs, inputs: Inputs) -> dict[str, Any]:
    """Return an alias; its name is declared with or without the dot that Route 53 ends it with."""
    declared = ((inputs.get("aliases") or [{}])[0]).get("name") or ""
    name = declared if _plain(declared) == _plain(alias["DNSName"]) else alias["DNSName"]
    return {
        "name": name,
        "zoneId": alias["HostedZoneId"],
        "evaluateTargetHealth": str(alias["EvaluateTargetHealth"]).lower() == "true",
    }


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()


def _rows(key: str, value: Any) -> list[dict[str, Any]] | None:
    return None if value is None else [{key: value}]


def _record_set(context: Context, inputs: Inputs) -> dict[str, Any] | None:
    client, wanted = context.client("route53"), route53.record_set(context, inputs)
    zone = inputs["zoneId"].removeprefix("/hostedzone/")
    for page in client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone):
        for row in page["ResourceRecordSets"]:
            same = _plain(row["Name"]) == _plain(wanted["Name"]) and row["Type"] == wanted["Type"]
            if same and row.get("SetIdentifier") == wanted.get("SetIdentifier"):
                return row
    return None


@updater(RECORD)
def update_record(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    if changed(before, now) & {"type", "setIdentifier"}:
        # Both name the record: the old one goes.
        delete_record(context, identity, before)
    return route53.record(context, {**now, "allowOverwrite": True})[1]


@deleter(RECORD)
def delete_record(context: Context, identity: str, inputs: Inputs) -> None:
    found = _record_set(context, inputs)
    if found is None:
        raise missing("ChangeResourceRecordSets")
    _change(context, inputs["zoneId"].removeprefix("/hostedzone/"), "DELETE", found)


def _change(context: Context, zone: str, action: str, record: Inputs) -> None:
    context.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


@deleter(ZONE)
def delete_zone(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("route53")
    if inputs.get("forceDestroy"):
        for page in client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=identity):
            for row in page["ResourceRecordSets"]:
                if row["Type"] not in _OWN:
                    _change(context, identity, "DELETE", row)
    client.delete_hosted_zone(Id=identity)


@reader(ACL)
def read_acl(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    client = context.client("wafv2", inputs)
    found = client.get_web_acl(**_acl(identity, inputs))["WebACL"]
    node = sdk.inputs_of(ACL)
    assert node is not None
    now = told(found, node, {"AssociationConfig": None, "Name": "name"})
    tags = client.list_tags_for_resource(ResourceARN=found["ARN"])["TagInfoForResource"]["TagList"]
    limits = ((found.get("AssociationConfig") or {}).get("RequestBody")) or {}
    config = [
        {wafv2.KINDS_BACK[kind]: {"defaultSizeInspectionLimit": said["DefaultSizeInspectionLimit"]}}
        for kind, said in limits.items()
    ]
    return {
        **now,
        "scope": inputs["scope"],
        "tags": {row["Key"]: row["Value"] for row in tags},
        "associationConfig": {"requestBodies": config} if config else None,
    }


@updater(ACL)
def update_acl(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("wafv2", now)
    found = client.get_web_acl(**_acl(identity, now))
    made = client.update_web_acl(**_acl(identity, now), **wafv2.acl_settings(client, now), LockToken=found["LockToken"])
    arn, old, new = found["WebACL"]["ARN"], dict(before.get("tags") or {}), dict(now.get("tags") or {})
    if set(old) - set(new):
        client.untag_resource(ResourceARN=arn, TagKeys=sorted(set(old) - set(new)))
    fresh = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
    if fresh:
        client.tag_resource(ResourceARN=arn, Tags=fresh)
    return given(lockToken=made.get("NextLockToken"))


@deleter(ACL)
def delete_web_acl(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("wafv2", inputs)
    token = client.get_web_acl(**_acl(identity, inputs))["LockToken"]
    client.delete_web_acl(**_acl(identity, inputs), LockToken=token)


def _acl(identity: str, inputs: Inputs) -> dict[str, str]:
    return {"Name": inputs["name"], "Scope": inputs["scope"], "Id": identity}


@reader("aws:wafv2/webAclAssociation:WebAclAssociation")
def read_association(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    answer = context.client("wafv2", inputs).get_web_acl_for_resource(ResourceArn=inputs["resourceArn"])
    found = answer.get("WebACL")
    return {"webAclArn": found["ARN"], "resourceArn": inputs["resourceArn"]} if found else None


@updater(DISTRIBUTION)
def update_distribution(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    if not changed(before, now) - {"tags"}:
        return {}
    cloudfront.ask_for_parts(context, now)
    client = context.client("cloudfront")
    found = client.get_distribution_config(Id=identity)
    reference = found["DistributionConfig"]["CallerReference"]
    config = {"CallerReference": reference, **cloudfront.config_of(now)}
    made = client.update_distribution(Id=identity, IfMatch=found["ETag"], DistributionConfig=config)
    return {"etag": made["ETag"], "status": made["Distribution"]["Status"]}


@deleter(DISTRIBUTION)
def delete_distribution(context: Context, identity: str, inputs: Inputs) -> None:
    """Switch a distribution off and delete it, as the provider does: AWS deletes none that is on."""
    client = context.client("cloudfront")
    found = client.get_distribution_config(Id=identity)
    config, tag = {**found["DistributionConfig"], "Enabled": False}, found["ETag"]
    if found["DistributionConfig"]["Enabled"]:
        tag = client.update_distribution(Id=identity, IfMatch=tag, DistributionConfig=config)["ETag"]
    client.delete_distribution(Id=identity, IfMatch=tag)


@updater(FUNCTION)
def update_function(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    # moto has no call for it.
    kept = cloudfront_backends[context.account_id]["global"].describe_function(identity)
    kept.config = {"Comment": now.get("comment") or "", "Runtime": now["runtime"]}
    kept.code = now["code"].encode()
    return {}


@deleter(FUNCTION)
def delete_function(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("cloudfront")
    client.delete_function(Name=identity, IfMatch=client.describe_function(Name=identity)["ETag"])


@updater(CONTROL)
def update_control(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    client = context.client("cloudfront")
    tag = client.get_origin_access_control(Id=identity)["ETag"]
    made = client.update_origin_access_control(
        Id=identity, IfMatch=tag, OriginAccessControlConfig=cloudfront.control_config(now)
    )
    return {"etag": made["ETag"]}


@deleter(CONTROL)
def delete_control(context: Context, identity: str, inputs: Inputs) -> None:
    client = context.client("cloudfront")
    client.delete_origin_access_control(Id=identity, IfMatch=client.get_origin_access_control(Id=identity)["ETag"])


@updater(METHOD)
def update_method(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    """Change a method; moto makes it anew and forgets what answers it."""
    methods = _methods(context, now)
    old = methods[now["httpMethod"]]
    outputs = apigateway.method(context, now)[1]
    made = methods[now["httpMethod"]]
    made.method_integration, made.method_responses = old.method_integration, old.method_responses
    return outputs


def _methods(context: Context, inputs: Inputs) -> dict[str, Any]:
    region = inputs.get("region") or context.region
    api = backend(context, "apigateway", region).apis[inputs["restApi"]]
    return api.resources[inputs["resourceId"]].resource_methods


@reader(SETTINGS)
def read_method_settings(context: Context, identity: str, inputs: Inputs) -> Inputs | None:
    found = _settings(context, inputs).get(inputs["methodPath"])
    return {"settings": {name: found.get(name) for name in apigateway_stages.METHOD_SETTINGS}} if found else None


@deleter(SETTINGS)
def delete_method_settings(context: Context, identity: str, inputs: Inputs) -> None:
    """Take the settings of a method away; moto has no call for it."""
    if inputs["methodPath"] not in _settings(context, inputs):
        raise missing("UpdateStage")
    stages = backend(context, "apigateway", inputs.get("region") or context.region).apis[inputs["restApi"]].stages
    del stages[inputs["stageName"]].method_settings[inputs["methodPath"]]


@updater(SETTINGS)
def update_method_settings(context: Context, identity: str, before: Inputs, now: Inputs) -> dict[str, Any]:
    delete_method_settings(context, identity, before)
    return apigateway_stages.method_settings(context, now)[1]


def _settings(context: Context, inputs: Inputs) -> dict[str, Any]:
    client = context.client("apigateway", inputs)
    return client.get_stage(restApiId=inputs["restApi"], stageName=inputs["stageName"]).get("methodSettings") or {}
