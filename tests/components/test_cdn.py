"""components.cdn: what viewers get and how, who reads the bucket, where access is logged."""

from __future__ import annotations

import dataclasses
from typing import Any

import pulumi
import pytest

from components.account import Account
from components.buckets import Buckets, BucketsArgs, BucketSpec, Lifecycle
from components.cdn import YEAR_SECONDS, Cdn, CdnArgs, Maintenance, MaintenanceArgs, content_security_policy
from components.cdn_parts import Front, LogBucket, distributions_arn, function_code
from plumbline.graph import UNKNOWN, Resource, StackGraph
from tests.components.programs import ACCOUNT, NAMING, graph_of, named, names, needs, only, present

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000"
WEB_ACL = "arn:aws:wafv2:us-east-1:111111111111:global/webacl/pages/00000000-0000-0000-0000-000000000000"
UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
KEPT = Lifecycle(expire_days=None, noncurrent_days=30)
SPECS = {
    "assets": BucketSpec(lifecycle=KEPT, readers={"cloudfront.amazonaws.com": distributions_arn(ACCOUNT)}),
    "cdn-logs": BucketSpec(lifecycle=KEPT, receives="delivered_logs"),
    "access-logs": BucketSpec(lifecycle=KEPT, receives="access_logs"),
}
READ = ["GET", "HEAD"]


def front(buckets: Buckets, **changes: Any) -> Front:
    log = LogBucket(bucket=buckets.buckets["cdn-logs"], policy=buckets.policies["cdn-logs"])
    whole = Front(
        naming=NAMING,
        name="pages",
        description="Pages",
        domain="app.example.com",
        certificate_arn=CERTIFICATE,
        web_acl_arn=WEB_ACL,
        price_class="PriceClass_100",
        log=log,
    )
    return dataclasses.replace(whole, **changes)


def buckets() -> Buckets:
    args = BucketsArgs(account=ACCOUNT, naming=NAMING, buckets=SPECS, access_log_bucket="access-logs")
    return Buckets("buckets", args)


def cdn(trailing_slash: bool = False, **changes: Any) -> Cdn:
    made = buckets()
    args = CdnArgs(
        front=front(made, **changes),
        bucket=made.buckets["assets"],
        immutable_paths=["/_next/static/*", "/fonts/*"],
        trailing_slash=trailing_slash,
        connect_sources=["https://api.example.com"],
    )
    return Cdn("cdn", args)


def maintenance() -> Maintenance:
    args = MaintenanceArgs(
        front=front(buckets(), name="maintenance", domain="api.example.com"),
        allowed_origin="https://app.example.com",
        retry_seconds=300,
        origin_domain="app.example.com",
    )
    return Maintenance("maintenance", args)


def pages(**changes: Any) -> Resource:
    return only(graph_of(lambda: cdn(**changes)), DISTRIBUTION)


def behaviour(**more: Any) -> dict[str, Any]:
    """Return a behaviour of the pages' distribution."""
    whole = {
        "targetOriginId": "assets",
        "viewerProtocolPolicy": "redirect-to-https",
        "allowedMethods": READ,
        "cachedMethods": READ,
        "compress": True,
        "responseHeadersPolicyId": UNKNOWN,
    }
    return {**whole, **more}


def test_the_distribution_is_whole() -> None:
    immutable = behaviour(cachePolicyId=UNKNOWN)
    error = {"responseCode": 404, "responsePagePath": "/404.html", "errorCachingMinTtl": 10}
    calls = [{"eventType": "viewer-request", "functionArn": UNKNOWN}]
    assert present(pages().inputs) == {
        "comment": "Pages",
        "enabled": True,
        "aliases": ["app.example.com"],
        "origins": [{"originId": "assets", "domainName": UNKNOWN, "originAccessControlId": UNKNOWN}],
        "defaultCacheBehavior": behaviour(cachePolicyId=UNCACHED, functionAssociations=calls),
        "orderedCacheBehaviors": [
            {"pathPattern": "/_next/static/*", **immutable},
            {"pathPattern": "/fonts/*", **immutable},
        ],
        "customErrorResponses": [{"errorCode": 403, **error}, {"errorCode": 404, **error}],
        "viewerCertificate": {
            "acmCertificateArn": CERTIFICATE,
            "sslSupportMethod": "sni-only",
            "minimumProtocolVersion": "TLSv1.2_2021",
        },
        "defaultRootObject": "index.html",
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "webAclId": WEB_ACL,
        "priceClass": "PriceClass_100",
        "httpVersion": "http2and3",
        "isIpv6Enabled": True,
    }


def test_the_distribution_refers_to_all_its_parts() -> None:
    assert needs(pages()) == {
        "origins": ("buckets-assets", "cdn-access"),
        "defaultCacheBehavior": ("cdn-pages", "cdn-pages-headers"),
        "orderedCacheBehaviors": ("cdn-immutable", "cdn-immutable-headers"),
    }


def test_only_countries_that_are_given_restrict_viewers() -> None:
    assert pages(countries=("US", "DE")).inputs["restrictions"] == {
        "geoRestriction": {"restrictionType": "whitelist", "locations": ["US", "DE"]}
    }


def test_a_distribution_without_web_acl_names_none() -> None:
    assert "webAclId" not in present(pages(web_acl_arn=None).inputs)


def test_every_request_to_the_bucket_is_signed() -> None:
    access = named(graph_of(cdn), "cdn-access")
    assert present(access.inputs) == {
        "name": "test-pages",
        "description": "Reads the bucket assets",
        "originAccessControlOriginType": "s3",
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }


def test_immutable_files_are_kept_compressed_for_a_year_whatever_is_asked_with_them() -> None:
    policy = named(graph_of(cdn), "cdn-immutable")
    assert present(policy.inputs) == {
        "name": "test-pages-immutable",
        "comment": "Files that never change under their name",
        "minTtl": 31536000,
        "defaultTtl": 31536000,
        "maxTtl": 31536000,
        "parametersInCacheKeyAndForwardedToOrigin": {
            "enableAcceptEncodingBrotli": True,
            "enableAcceptEncodingGzip": True,
            "cookiesConfig": {"cookieBehavior": "none"},
            "headersConfig": {"headerBehavior": "none"},
            "queryStringsConfig": {"queryStringBehavior": "none"},
        },
    }


@pytest.mark.parametrize(
    ("kind", "cache_control"),
    [("pages", "no-cache"), ("immutable", f"public, max-age={YEAR_SECONDS}, immutable")],
)
def test_answers_harden_the_pages_and_tell_browsers_how_long_to_keep_them(kind: str, cache_control: str) -> None:
    policy = named(graph_of(cdn), f"cdn-{kind}-headers")
    assert present(policy.inputs) == {
        "name": f"test-pages-{kind}",
        "comment": f"Headers of {kind}",
        "securityHeadersConfig": {
            "strictTransportSecurity": {
                "accessControlMaxAgeSec": 31536000,
                "includeSubdomains": True,
                "override": True,
            },
            "contentTypeOptions": {"override": True},
            "frameOptions": {"frameOption": "DENY", "override": True},
            "referrerPolicy": {"referrerPolicy": "strict-origin-when-cross-origin", "override": True},
            "contentSecurityPolicy": {
                "contentSecurityPolicy": content_security_policy(["https://api.example.com"]),
                "override": True,
            },
        },
        "customHeadersConfig": {
            "items": [{"header": "Cache-Control", "value": cache_control, "override": True}],
        },
    }


def test_pages_call_only_what_they_are_allowed_to() -> None:
    assert content_security_policy(["https://api.example.com"]) == (
        "default-src 'self'; connect-src 'self' https://api.example.com; img-src 'self' data:; "
        "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def function(graph: StackGraph) -> dict[str, Any]:
    return present(only(graph, "aws:cloudfront/function:Function").inputs)


@pytest.mark.parametrize("trailing_slash", [False, True])
def test_a_function_finds_the_files_of_pages(trailing_slash: bool) -> None:
    assert function(graph_of(lambda: cdn(trailing_slash=trailing_slash))) == {
        "name": "test-pages-pages",
        "comment": "Finds the file of a page",
        "runtime": "cloudfront-js-2.0",
        "code": function_code("pages.js", {"trailingSlash": trailing_slash}),
        "publish": True,
    }


def test_access_is_logged_to_the_bucket_once_its_policy_lets_logs_in() -> None:
    graph = graph_of(cdn)
    source, destination = named(graph, "cdn-distribution-log-source"), named(graph, "cdn-distribution-log-destination")
    delivery = named(graph, "cdn-distribution-log-delivery")
    home = {"region": "us-east-1"}
    assert present(source.inputs) == {
        "name": "test-cdn-pages",
        "logType": "ACCESS_LOGS",
        "resourceArn": UNKNOWN,
        **home,
    }
    assert present(destination.inputs) == {
        "name": "test-cdn-pages",
        "outputFormat": "json",
        "deliveryDestinationConfiguration": {"destinationResourceArn": UNKNOWN},
        **home,
    }
    assert needs(source) == {"resourceArn": ("cdn-distribution",)}
    assert needs(destination) == {"deliveryDestinationConfiguration": ("buckets-cdn-logs",)}
    assert needs(delivery) == {
        "deliverySourceName": ("cdn-distribution-log-source",),
        "deliveryDestinationArn": ("cdn-distribution-log-destination",),
    }
    assert "buckets-cdn-logs-policy" in names(delivery.dependencies)


def test_the_maintenance_answer_takes_every_method_and_asks_no_cache() -> None:
    made = only(graph_of(maintenance), DISTRIBUTION)
    assert made.inputs["aliases"] == ["api.example.com"]
    assert present(made.inputs["defaultCacheBehavior"]) == {
        "targetOriginId": "never-asked",
        "viewerProtocolPolicy": "https-only",
        "allowedMethods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "cachedMethods": READ,
        "compress": True,
        "cachePolicyId": UNCACHED,
        "responseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "functionAssociations": [{"eventType": "viewer-request", "functionArn": UNKNOWN}],
    }
    assert present(made.inputs["origins"]) == [
        {
            "originId": "never-asked",
            "domainName": "app.example.com",
            "customOriginConfig": {
                "httpPort": 80,
                "httpsPort": 443,
                "originProtocolPolicy": "https-only",
                "originSslProtocols": ["TLSv1.2"],
            },
        }
    ]
    assert needs(made) == {"defaultCacheBehavior": ("maintenance-answer",)}


def test_the_maintenance_answer_is_a_function_that_knows_the_origin_of_the_pages() -> None:
    constants = {"origin": "https://app.example.com", "retryAfter": 300}
    assert function(graph_of(maintenance)) == {
        "name": "test-maintenance-answer",
        "comment": "Answers that the API is under maintenance",
        "runtime": "cloudfront-js-2.0",
        "code": function_code("answer.js", constants),
        "publish": True,
    }


@pytest.mark.parametrize("component", [cdn, maintenance])
def test_records_lead_to_the_distribution(component: Any) -> None:
    def program() -> None:
        made = component()
        pulumi.export("alias", [made.domain_name, made.hosted_zone_id, made.arn])

    assert graph_of(program).outputs == {"alias": [UNKNOWN, UNKNOWN, UNKNOWN]}


def test_distributions_of_any_partition_have_their_arns() -> None:
    china = Account(account_id="111111111111", region="cn-north-1")
    assert distributions_arn(ACCOUNT) == "arn:aws:cloudfront::111111111111:distribution/*"
    assert distributions_arn(china) == "arn:aws-cn:cloudfront::111111111111:distribution/*"
