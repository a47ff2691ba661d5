"""What every CloudFront distribution of a stack has: its domain, its functions and its access logs (requirement 10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import GLOBAL_REGION, Account
from components.buckets import Bucket
from components.naming import Naming

SERVICE = "cloudfront.amazonaws.com"
# Managed policy CachingDisabled (AWS: "Use managed cache policies").
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# Managed policy SecurityHeadersPolicy (AWS: "Use managed response headers policies").
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
_RUNTIME = "cloudfront-js-2.0"
_CODE = Path(__file__).with_name("cdn_code")


@dataclass(frozen=True, kw_only=True)
class LogBucket:
    """Where access logs go: a bucket that receives "delivered_logs", and the policy that lets them in."""

    bucket: Bucket
    policy: aws.s3.BucketPolicy


@dataclass(frozen=True, kw_only=True)
class Front:
    """What viewers see of a distribution.

    `name` is without the environment, `domain` its only domain, `certificate_arn` a certificate for it in us-east-1.
    `web_acl_arn` is a web ACL of scope CLOUDFRONT. Without `countries`, as two letters each, the whole world is served.
    """

    naming: Naming
    name: str
    description: str
    domain: str
    certificate_arn: pulumi.Input[str]
    web_acl_arn: pulumi.Input[str] | None
    price_class: str
    log: LogBucket
    countries: tuple[str, ...] = ()


def distributions_arn(account: Account) -> str:
    """Compose the ARN of all distributions of an account: their ids are unknown before the deployment."""
    return f"arn:{account.partition}:cloudfront::{account.account_id}:distribution/*"


def distribution(
    resource_name: str,
    front: Front,
    *,
    origin: aws.cloudfront.DistributionOriginArgsDict,
    default: aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict,
    ordered: list[aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict] | None = None,
    errors: list[aws.cloudfront.DistributionCustomErrorResponseArgsDict] | None = None,
    root: str | None = None,
    opts: pulumi.ResourceOptions,
) -> aws.cloudfront.Distribution:
    """Register a distribution with one origin, behind HTTPS with TLS 1.2 or later, and have its access logged.

    `root` is the object that answers for the domain alone.
    """
    geography: aws.cloudfront.DistributionRestrictionsGeoRestrictionArgsDict = {"restriction_type": "none"}
    if front.countries:
        geography = {"restriction_type": "whitelist", "locations": list(front.countries)}
    made = aws.cloudfront.Distribution(
        resource_name,
        comment=front.description,
        enabled=True,
        aliases=[front.domain],
        default_root_object=root,
        origins=[origin],
        default_cache_behavior=default,
        ordered_cache_behaviors=ordered,
        custom_error_responses=errors,
        viewer_certificate={
            "acm_certificate_arn": front.certificate_arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
        restrictions={"geo_restriction": geography},
        web_acl_id=front.web_acl_arn,
        price_class=front.price_class,
        http_version="http2and3",
        is_ipv6_enabled=True,
        opts=opts,
    )
    _deliver_logs(resource_name, front, made, opts)
    return made


def viewer_function(
    resource_name: str,
    physical_name: str,
    *,
    description: str,
    code: str,
    constants: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgsDict:
    """Register a CloudFront Function of cdn_code/ and return what lets it see every request of a viewer."""
    made = aws.cloudfront.Function(
        resource_name,
        name=physical_name,
        comment=description,
        runtime=_RUNTIME,
        code=function_code(code, constants),
        publish=True,
        opts=opts,
    )
    return {"event_type": "viewer-request", "function_arn": made.arn}


def function_code(code: str, constants: Mapping[str, Any]) -> str:
    """Return a file of cdn_code/ with constants above it: a CloudFront Function has no environment of its own."""
    written = [f"const {name} = {json.dumps(value)};\n" for name, value in constants.items()]
    return "".join(written) + (_CODE / code).read_text(encoding="utf-8")


def _deliver_logs(
    resource_name: str, front: Front, made: aws.cloudfront.Distribution, opts: pulumi.ResourceOptions
) -> None:
    """Deliver access logs to S3 by standard logging v2, which needs no ACLs on the bucket (TRADING-10.7)."""
    name = front.naming.short("log_delivery", f"cdn-{front.name}")
    source = aws.cloudwatch.LogDeliverySource(
        f"{resource_name}-log-source",
        name=name,
        log_type="ACCESS_LOGS",
        resource_arn=made.arn,
        region=GLOBAL_REGION,
        opts=opts,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        f"{resource_name}-log-destination",
        name=name,
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": front.log.bucket.arn},
        region=GLOBAL_REGION,
        opts=opts,
    )
    aws.cloudwatch.LogDelivery(
        f"{resource_name}-log-delivery",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        region=GLOBAL_REGION,
        # Without the policy the delivery service would write one of its own onto the bucket.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[front.log.policy])),
    )
