"""CloudFront distributions, functions and origin access controls in the sandbox, and the delivery of access logs.

moto has neither cache policies nor policies of response headers: their types have no adapter. Of a distribution it
keeps no associations of functions and no access control of an origin; what a distribution names must exist even so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudfront.models import cloudfront_backends
from moto.moto_api._internal import mock_random

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list

# The hosted zone of all distributions (Amazon CloudFront endpoints and quotas).
HOSTED_ZONE = "Z2FDTNDATAQYW2"
_HOME_REGION = "us-east-1"


@adapter("aws:cloudfront/originAccessControl:OriginAccessControl")
def origin_access_control(context: Context, inputs: Inputs) -> Created:
    made = context.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=control_config(inputs))
    identity = made["OriginAccessControl"]["Id"]
    arn = f"arn:aws:cloudfront::{context.account_id}:origin-access-control/{identity}"
    return identity, {"arn": arn, "etag": made["ETag"]}


def control_config(inputs: Inputs) -> dict[str, str]:
    """Return an origin access control as the calls write it."""
    return {
        "Name": inputs["name"],
        "Description": inputs.get("description") or "Managed by Pulumi",
        "OriginAccessControlOriginType": inputs["originAccessControlOriginType"],
        "SigningBehavior": inputs["signingBehavior"],
        "SigningProtocol": inputs["signingProtocol"],
    }


@adapter("aws:cloudfront/function:Function")
def function(context: Context, inputs: Inputs) -> Created:
    made = context.client("cloudfront").create_function(
        Name=inputs["name"],
        FunctionConfig={"Comment": inputs.get("comment") or "", "Runtime": inputs["runtime"]},
        FunctionCode=inputs["code"].encode(),
        **given(Tags={"Items": tag_list(inputs)} if inputs.get("tags") else None),
    )
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    outputs = {"arn": arn, "etag": made["ETag"], "status": made["FunctionSummary"]["Status"]}
    if inputs.get("publish") is not False:
        # moto has no call for it.
        kept = cloudfront_backends[context.account_id]["global"].describe_function(inputs["name"])
        kept.stage, kept.status = "LIVE", "UNASSOCIATED"
        outputs |= {"liveStageEtag": made["ETag"], "status": kept.status}
    return inputs["name"], outputs


@adapter("aws:cloudfront/distribution:Distribution")
def distribution(context: Context, inputs: Inputs) -> Created:
    ask_for_parts(context, inputs)
    client = context.client("cloudfront")
    config = {"CallerReference": str(mock_random.uuid4()), **config_of(inputs)}
    with_tags = {"DistributionConfig": config, "Tags": {"Items": tag_list(inputs)}}
    made = client.create_distribution_with_tags(DistributionConfigWithTags=with_tags)
    found = made["Distribution"]
    outputs = {
        "arn": found["ARN"],
        "callerReference": config["CallerReference"],
        "domainName": found["DomainName"],
        "etag": made["ETag"],
        "hostedZoneId": HOSTED_ZONE,
        "status": found["Status"],
    }
    return found["Id"], outputs


def ask_for_parts(context: Context, inputs: Inputs) -> None:
    """Ask for the certificate, the web ACL, the functions and the access controls that a distribution names.

    moto takes all of them for granted.
    """
    home = {"region": _HOME_REGION}
    certificate = inputs["viewerCertificate"].get("acmCertificateArn")
    if certificate:
        context.client("acm", home).describe_certificate(CertificateArn=certificate)
    if ":wafv2:" in (inputs.get("webAclId") or ""):
        context.client("wafv2", home).get_web_acl(ARN=inputs["webAclId"], Scope="CLOUDFRONT")
    client = context.client("cloudfront")
    for origin in inputs["origins"]:
        if origin.get("originAccessControlId"):
            client.get_origin_access_control(Id=origin["originAccessControlId"])
    for behaviour in (inputs["defaultCacheBehavior"], *(inputs.get("orderedCacheBehaviors") or ())):
        for row in behaviour.get("functionAssociations") or ():
            client.describe_function(Name=row["functionArn"].rpartition("/")[2], Stage="LIVE")


def config_of(inputs: Inputs) -> dict[str, Any]:
    shown, geography = inputs["viewerCertificate"], inputs["restrictions"]["geoRestriction"]
    own = shown.get("cloudfrontDefaultCertificate")
    return {
        "Comment": inputs.get("comment") or "",
        "Enabled": inputs["enabled"],
        "Aliases": _items(inputs.get("aliases")),
        "Origins": _items([_origin(row) for row in inputs["origins"]]),
        "DefaultCacheBehavior": _behaviour(inputs["defaultCacheBehavior"]),
        "CacheBehaviors": _items(
            [
                {"PathPattern": row["pathPattern"], **_behaviour(row)}
                for row in inputs.get("orderedCacheBehaviors") or ()
            ]
        ),
        "CustomErrorResponses": _items([dict(_error(row)) for row in inputs.get("customErrorResponses") or ()]),
        "ViewerCertificate": given(
            CloudFrontDefaultCertificate=own,
            ACMCertificateArn=shown.get("acmCertificateArn"),
            IAMCertificateId=shown.get("iamCertificateId"),
            SSLSupportMethod=shown.get("sslSupportMethod"),
            MinimumProtocolVersion=shown.get("minimumProtocolVersion"),
        ),
        "Restrictions": {
            "GeoRestriction": {
                "RestrictionType": geography["restrictionType"],
                **_items(geography.get("locations")),
            }
        },
        **given(
            DefaultRootObject=inputs.get("defaultRootObject"),
            HttpVersion=inputs.get("httpVersion"),
            IsIPV6Enabled=inputs.get("isIpv6Enabled"),
            PriceClass=inputs.get("priceClass"),
            WebACLId=inputs.get("webAclId"),
        ),
    }


def _origin(row: Mapping[str, Any]) -> dict[str, Any]:
    custom, bucket = row.get("customOriginConfig"), row.get("s3OriginConfig")
    return {
        "Id": row["originId"],
        "DomainName": row["domainName"],
        **given(OriginPath=row.get("originPath"), OriginAccessControlId=row.get("originAccessControlId")),
        **(
            {
                "CustomOriginConfig": {
                    "HTTPPort": int(custom["httpPort"]),
                    "HTTPSPort": int(custom["httpsPort"]),
                    "OriginProtocolPolicy": custom["originProtocolPolicy"],
                    "OriginSslProtocols": _items(custom["originSslProtocols"]),
                }
            }
            if custom
            else {"S3OriginConfig": {"OriginAccessIdentity": (bucket or {}).get("originAccessIdentity") or ""}}
        ),
    }


def _behaviour(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "TargetOriginId": row["targetOriginId"],
        "ViewerProtocolPolicy": row["viewerProtocolPolicy"],
        "AllowedMethods": {**_items(row["allowedMethods"]), "CachedMethods": _items(row["cachedMethods"])},
        "Compress": bool(row.get("compress")),
        "FunctionAssociations": _items(
            [
                {"EventType": call["eventType"], "FunctionARN": call["functionArn"]}
                for call in row.get("functionAssociations") or ()
            ]
        ),
        **given(
            CachePolicyId=row.get("cachePolicyId"),
            OriginRequestPolicyId=row.get("originRequestPolicyId"),
            ResponseHeadersPolicyId=row.get("responseHeadersPolicyId"),
        ),
    }


def _error(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "ErrorCode", int(row["errorCode"])
    if row.get("responseCode") is not None:
        yield "ResponseCode", str(int(row["responseCode"]))
        yield "ResponsePagePath", row["responsePagePath"]
    if row.get("errorCachingMinTtl") is not None:
        yield "ErrorCachingMinTTL", int(row["errorCachingMinTtl"])


def _items(values: list[Any] | None) -> dict[str, Any]:
    found = list(values or ())
    return {"Quantity": len(found), **({"Items": found} if found else {})}


@adapter("aws:cloudwatch/logDeliverySource:LogDeliverySource")
def log_delivery_source(context: Context, inputs: Inputs) -> Created:
    arn = inputs["resourceArn"]
    if ":cloudfront:" in arn:
        # moto takes any distribution for granted.
        context.client("cloudfront").get_distribution(Id=arn.rpartition("/")[2])
    made = context.client("logs", inputs).put_delivery_source(
        name=inputs["name"],
        resourceArn=arn,
        logType=inputs["logType"],
        **given(tags=dict(inputs.get("tags") or {}) or None),
    )["deliverySource"]
    return inputs["name"], {"arn": made["arn"], "service": made["service"]}


@adapter("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
def log_delivery_destination(context: Context, inputs: Inputs) -> Created:
    target = (inputs.get("deliveryDestinationConfiguration") or {}).get("destinationResourceArn")
    _, is_bucket, bucket = (target or "").partition(":s3:::")
    if is_bucket:
        context.client("s3").get_bucket_location(Bucket=bucket.partition("/")[0])
    made = context.client("logs", inputs).put_delivery_destination(
        name=inputs["name"],
        **given(
            outputFormat=inputs.get("outputFormat"),
            deliveryDestinationConfiguration=target and {"destinationResourceArn": target},
            tags=dict(inputs.get("tags") or {}) or None,
        ),
    )["deliveryDestination"]
    return inputs["name"], {"arn": made["arn"], "deliveryDestinationType": made["deliveryDestinationType"]}


@adapter("aws:cloudwatch/logDelivery:LogDelivery")
def log_delivery(context: Context, inputs: Inputs) -> Created:
    paths = inputs.get("s3DeliveryConfigurations") or []
    made = context.client("logs", inputs).create_delivery(
        deliverySourceName=inputs["deliverySourceName"],
        deliveryDestinationArn=inputs["deliveryDestinationArn"],
        **given(
            recordFields=inputs.get("recordFields"),
            fieldDelimiter=inputs.get("fieldDelimiter"),
            s3DeliveryConfiguration=given(
                suffixPath=paths[0].get("suffixPath"),
                enableHiveCompatiblePath=paths[0].get("enableHiveCompatiblePath"),
            )
            if paths
            else None,
            tags=dict(inputs.get("tags") or {}) or None,
        ),
    )["delivery"]
    return made["id"], {"arn": made["arn"]}
