"""The in-process AWS holds the certificates, distributions, functions and log deliveries that a program declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest
from moto.acm.models import CertBundle

from plumbline.sandbox.cloudfront import HOSTED_ZONE
from tests.plumbline.rehearsals import ACCOUNT, REGION, inside, part, readers, rehearse

HOME = "us-east-1"
TEAM = {"Owner": "team"}
TAGS = [{"Key": "Owner", "Value": "team"}]
DOMAIN = "app.example.org"
CODE = "function handler(event) { return event.request; }"
CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
READ = ["GET", "HEAD"]
NO_CERTIFICATE = f"arn:aws:acm:{HOME}:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000"


def client(service: str, region: str = HOME) -> Any:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=region)
    return session.client(service)


def behaviour(**more: Any) -> dict[str, Any]:
    whole = {
        "target_origin_id": "bucket",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": READ,
        "cached_methods": READ,
        "compress": True,
        "cache_policy_id": CACHE,
    }
    return {**whole, **more}


def origin(**more: Any) -> dict[str, Any]:
    return {"origin_id": "bucket", "domain_name": f"pages.s3.{REGION}.amazonaws.com", **more}


def distribution(name: str, opts: pulumi.ResourceOptions, **more: Any) -> aws.cloudfront.Distribution:
    whole: dict[str, Any] = {
        "enabled": True,
        "origins": [origin()],
        "default_cache_behavior": behaviour(),
        "restrictions": {"geo_restriction": {"restriction_type": "none"}},
        "viewer_certificate": {"cloudfront_default_certificate": True},
    }
    return aws.cloudfront.Distribution(name, **{**whole, **more}, opts=opts)


def issued(opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Register a certificate for a domain and a wildcard, with its record and the wait for it."""
    certificate = aws.acm.Certificate(
        "certificate",
        domain_name=DOMAIN,
        subject_alternative_names=[f"*.{DOMAIN}"],
        validation_method="DNS",
        region=HOME,
        tags=TEAM,
        opts=opts,
    )
    option = certificate.domain_validation_options.apply(lambda options: options[0])
    zone = aws.route53.Zone("zone", name="example.org", opts=opts)
    records = [
        aws.route53.Record(
            "record",
            zone_id=zone.zone_id,
            name=option.apply(lambda row: row.resource_record_name or ""),
            type="CNAME",
            ttl=300,
            records=[option.apply(lambda row: row.resource_record_value or "")],
            opts=opts,
        ).fqdn
    ]
    validation = aws.acm.CertificateValidation(
        "validation",
        certificate_arn=certificate.arn,
        validation_record_fqdns=records,
        region=HOME,
        opts=opts,
    )
    return validation.certificate_arn


def pages() -> None:
    """Register one resource of each type at least, all of them wired."""
    opts = inside()
    arn = issued(opts)
    access = aws.cloudfront.OriginAccessControl(
        "access",
        name="pages",
        description="Reads pages",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=opts,
    )
    function = aws.cloudfront.Function(
        "function", name="pages", runtime="cloudfront-js-2.0", comment="Finds", code=CODE, tags=TEAM, opts=opts
    )
    aws.cloudfront.Function("draft", name="draft", runtime="cloudfront-js-2.0", code=CODE, publish=False, opts=opts)
    kept = aws.cloudfront.CachePolicy(
        "year",
        name="year",
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "none"},
        },
        opts=opts,
    )
    acl = aws.wafv2.WebAcl(
        "acl",
        name="pages",
        scope="CLOUDFRONT",
        region=HOME,
        default_action={"allow": {}},
        visibility_config={
            "cloudwatch_metrics_enabled": True,
            "metric_name": "pages",
            "sampled_requests_enabled": True,
        },
        opts=opts,
    )
    custom = {
        "http_port": 80,
        "https_port": 443,
        "origin_protocol_policy": "https-only",
        "origin_ssl_protocols": ["TLSv1.2"],
    }
    pages = distribution(
        "pages",
        opts,
        comment="Pages",
        aliases=[DOMAIN],
        origins=[
            origin(origin_access_control_id=access.id),
            {"origin_id": "api", "domain_name": "api.example.org", "custom_origin_config": custom},
        ],
        default_cache_behavior=behaviour(
            function_associations=[{"event_type": "viewer-request", "function_arn": function.arn}]
        ),
        ordered_cache_behaviors=[behaviour(path_pattern="/static/*", cache_policy_id=kept.id)],
        custom_error_responses=[
            {"error_code": 403, "response_code": 404, "response_page_path": "/404.html", "error_caching_min_ttl": 10},
            {"error_code": 500, "error_caching_min_ttl": 0},
        ],
        viewer_certificate={
            "acm_certificate_arn": arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
        restrictions={"geo_restriction": {"restriction_type": "whitelist", "locations": ["DE", "US"]}},
        web_acl_id=acl.arn,
        price_class="PriceClass_100",
        http_version="http2and3",
        is_ipv6_enabled=True,
        tags=TEAM,
    )
    bucket = aws.s3.Bucket("logs", bucket="cdn-logs", opts=opts)
    source = aws.cloudwatch.LogDeliverySource(
        "source", name="pages", log_type="ACCESS_LOGS", resource_arn=pages.arn, region=HOME, tags=TEAM, opts=opts
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        "destination",
        name="pages",
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": bucket.arn},
        region=HOME,
        tags=TEAM,
        opts=opts,
    )
    aws.cloudwatch.LogDelivery(
        "delivery",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        record_fields=["date", "time"],
        s3_delivery_configurations=[{"suffix_path": "{DistributionId}/{yyyy}"}],
        region=HOME,
        tags=TEAM,
        opts=opts,
    )


def look() -> dict[str, Any]:
    acm, cloudfront, logs = client("acm"), client("cloudfront"), client("logs")
    [row] = acm.list_certificates()["CertificateSummaryList"]
    [found] = cloudfront.list_distributions()["DistributionList"]["Items"]
    [access] = cloudfront.list_origin_access_controls()["OriginAccessControlList"]["Items"]
    code = {name: cloudfront.describe_function(Name=name)["FunctionSummary"] for name in ("pages", "draft")}
    return {
        "certificate": acm.describe_certificate(CertificateArn=row["CertificateArn"])["Certificate"],
        "certificate tags": acm.list_tags_for_certificate(CertificateArn=row["CertificateArn"])["Tags"],
        "distribution": cloudfront.get_distribution(Id=found["Id"])["Distribution"],
        "distribution tags": cloudfront.list_tags_for_resource(Resource=found["ARN"])["Tags"]["Items"],
        "access": cloudfront.get_origin_access_control(Id=access["Id"])["OriginAccessControl"],
        "function": code["pages"],
        "draft": code["draft"],
        "code": cloudfront.get_function(Name="pages")["FunctionCode"].read().decode(),
        "sources": logs.describe_delivery_sources()["deliverySources"],
        "destinations": logs.describe_delivery_destinations()["deliveryDestinations"],
        "deliveries": logs.describe_deliveries()["deliveries"],
    }


whole, seen, identity, outputs = readers(pages, look)


def test_a_certificate_is_issued_once_its_record_is_there() -> None:
    expected = {
        "CertificateArn": identity("certificate"),
        "DomainName": DOMAIN,
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
    }
    assert part(seen("certificate"), expected) == expected
    assert sorted(seen("certificate")["SubjectAlternativeNames"]) == [f"*.{DOMAIN}", DOMAIN]
    assert seen("certificate tags") == TAGS
    assert identity("validation") == identity("certificate")


def test_a_certificate_says_which_records_prove_its_domains() -> None:
    [record] = {row["ResourceRecord"]["Name"] for row in seen("certificate")["DomainValidationOptions"]}
    rows = outputs("certificate")["domainValidationOptions"]
    assert [(row["domainName"], row["resourceRecordName"], row["resourceRecordType"]) for row in rows] == [
        (f"*.{DOMAIN}", record, "CNAME"),
        (DOMAIN, record, "CNAME"),
    ]


def test_the_distribution_is_held_with_what_it_says() -> None:
    methods = {"Quantity": 2, "Items": READ, "CachedMethods": {"Quantity": 2, "Items": READ}}
    kept = {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "redirect-to-https",
        "Compress": True,
        "AllowedMethods": methods,
    }
    expected = {
        "Comment": "Pages",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [DOMAIN]},
        "DefaultCacheBehavior": {**kept, "CachePolicyId": CACHE},
        "CacheBehaviors": {
            "Quantity": 1,
            "Items": [{**kept, "PathPattern": "/static/*", "CachePolicyId": identity("year")}],
        },
        "CustomErrorResponses": {
            "Quantity": 2,
            "Items": [
                {"ErrorCode": 403, "ResponseCode": "404", "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 10},
                {"ErrorCode": 500, "ErrorCachingMinTTL": 0},
            ],
        },
        "ViewerCertificate": {
            "ACMCertificateArn": identity("certificate"),
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
        "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Quantity": 2, "Items": ["DE", "US"]}},
        "WebACLId": outputs("acl")["arn"],
        "PriceClass": "PriceClass_100",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
    }
    assert part(seen("distribution")["DistributionConfig"], expected) == expected
    assert seen("distribution tags") == TAGS


def test_the_origins_of_a_distribution_are_of_their_kind() -> None:
    bucket, api = seen("distribution")["DistributionConfig"]["Origins"]["Items"]
    assert (bucket["Id"], bucket["DomainName"]) == ("bucket", f"pages.s3.{REGION}.amazonaws.com")
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    assert (api["Id"], part(api["CustomOriginConfig"], custom)) == ("api", custom)


def test_records_can_lead_to_the_distribution() -> None:
    found = outputs("pages")
    assert {key: found[key] for key in ("arn", "domainName", "hostedZoneId")} == {
        "arn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{identity('pages')}",
        "domainName": seen("distribution")["DomainName"],
        "hostedZoneId": HOSTED_ZONE,
    }


def test_the_access_control_is_held() -> None:
    assert seen("access") == {
        "Id": identity("access"),
        "OriginAccessControlConfig": {
            "Name": "pages",
            "Description": "Reads pages",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        },
    }


def test_a_function_is_published_unless_it_says_otherwise() -> None:
    expected = {"Name": "pages", "FunctionConfig": {"Comment": "Finds", "Runtime": "cloudfront-js-2.0"}}
    assert part(seen("function"), expected) == expected
    stages = {name: seen(name)["FunctionMetadata"]["Stage"] for name in ("function", "draft")}
    assert stages == {"function": "LIVE", "draft": "DEVELOPMENT"}
    assert seen("code") == CODE


def test_access_logs_are_delivered_from_the_distribution_to_the_bucket() -> None:
    logs = f"arn:aws:logs:{HOME}:{ACCOUNT}"
    [source], [destination], [delivery] = seen("sources"), seen("destinations"), seen("deliveries")
    assert part(source, {"name": "", "resourceArns": "", "logType": "", "service": ""}) == {
        "name": "pages",
        "resourceArns": [outputs("pages")["arn"]],
        "logType": "ACCESS_LOGS",
        "service": "cloudfront",
    }
    assert part(destination, {"arn": "", "outputFormat": "", "deliveryDestinationConfiguration": ""}) == {
        "arn": f"{logs}:delivery-destination:pages",
        "outputFormat": "json",
        "deliveryDestinationConfiguration": {"destinationResourceArn": "arn:aws:s3:::cdn-logs"},
    }
    named = ("id", "deliverySourceName", "deliveryDestinationArn", "recordFields", "s3DeliveryConfiguration")
    assert {key: delivery[key] for key in named} == {
        "id": identity("delivery"),
        "deliverySourceName": "pages",
        "deliveryDestinationArn": destination["arn"],
        "recordFields": ["date", "time"],
        "s3DeliveryConfiguration": {"suffixPath": "{DistributionId}/{yyyy}"},
    }


def test_only_policies_of_caches_are_simulated() -> None:
    assert whole().simulated == {"aws:cloudfront/cachePolicy:CachePolicy": 1}


def _without_record() -> None:
    opts = inside()
    certificate = aws.acm.Certificate("lone", domain_name=DOMAIN, validation_method="DNS", region=HOME, opts=opts)
    aws.acm.CertificateValidation("wait", certificate_arn=certificate.arn, region=HOME, opts=opts)


def _no_function() -> None:
    call = {"event_type": "viewer-request", "function_arn": f"arn:aws:cloudfront::{ACCOUNT}:function/none"}
    distribution("pages", inside(), default_cache_behavior=behaviour(function_associations=[call]))


def _no_certificate() -> None:
    shown = {"acm_certificate_arn": NO_CERTIFICATE, "ssl_support_method": "sni-only"}
    distribution("pages", inside(), viewer_certificate=shown)


def _no_acl() -> None:
    acl = f"arn:aws:wafv2:{HOME}:{ACCOUNT}:global/webacl/none/00000000-0000-0000-0000-000000000000"
    distribution("pages", inside(), web_acl_id=acl)


def _no_access() -> None:
    distribution("pages", inside(), origins=[origin(origin_access_control_id="E0")])


def _no_distribution() -> None:
    arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E0"
    aws.cloudwatch.LogDeliverySource(
        "source", name="none", log_type="ACCESS_LOGS", resource_arn=arn, region=HOME, opts=inside()
    )


def _no_bucket() -> None:
    aws.cloudwatch.LogDeliveryDestination(
        "destination",
        name="none",
        delivery_destination_configuration={"destination_resource_arn": "arn:aws:s3:::none"},
        region=HOME,
        opts=inside(),
    )


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (_without_record, "PENDING_VALIDATION: no zone has the records _"),
        (_no_function, "NoSuchFunctionExists"),
        (_no_certificate, "ResourceNotFoundException"),
        (_no_acl, "WAFNonexistentItemException"),
        (_no_access, "NoSuchOriginAccessControl"),
        (_no_distribution, "NoSuchDistribution"),
        (_no_bucket, "NoSuchBucket"),
    ],
)
def test_what_is_named_must_be_there(program: Callable[[], None], says: str) -> None:
    [mistake] = rehearse(program).evaluation.mistakes
    assert says in mistake


def test_an_imported_certificate_is_held() -> None:
    body, key = _self_signed()

    def program() -> None:
        aws.acm.Certificate("own", certificate_body=body, private_key=key, region=HOME, tags=TEAM, opts=inside())

    def held() -> dict[str, Any]:
        [row] = client("acm").list_certificates()["CertificateSummaryList"]
        return client("acm").describe_certificate(CertificateArn=row["CertificateArn"])["Certificate"]

    made = rehearse(program, held)
    assert made.evaluation.mistakes == ()
    assert (made.seen["Type"], made.seen["DomainName"]) == ("IMPORTED", DOMAIN)
    assert made.identity("own") == made.seen["CertificateArn"]


def _self_signed() -> tuple[str, str]:
    """Return a certificate and its key."""
    bundle = CertBundle.generate_cert(DOMAIN, ACCOUNT, HOME)
    return bundle.cert.decode(), bundle.key.decode()
