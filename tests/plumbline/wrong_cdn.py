"""Wrong programs about CloudFront distributions, what they use, and certificates; and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, Wrong

HOME = "us-east-1"
CERTIFICATE = f"arn:aws:acm:{HOME}:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000"
DISTRIBUTION_ARN = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
DOMAIN = "app.example.com"
OWN_CERTIFICATE = {"cloudfront_default_certificate": True}
READ = ["GET", "HEAD"]
KEY = "parametersInCacheKeyAndForwardedToOrigin"


def certificate(name: str = "pages", **changes: Any) -> aws.acm.Certificate:
    whole = {"domain_name": DOMAIN, "validation_method": "DNS", "region": HOME, **changes}
    return aws.acm.Certificate(name, **whole)


def validation(of: aws.acm.Certificate | None = None, **changes: Any) -> aws.acm.CertificateValidation:
    whole = {
        "certificate_arn": (of or certificate()).arn,
        "validation_record_fqdns": [f"_x.{DOMAIN}"],
        "region": HOME,
        **changes,
    }
    return aws.acm.CertificateValidation("pages", **whole)


def behaviour(**changes: Any) -> dict[str, Any]:
    whole = {
        "target_origin_id": "bucket",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": READ,
        "cached_methods": READ,
        "cache_policy_id": CACHE,
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def origin(**changes: Any) -> dict[str, Any]:
    return {"origin_id": "bucket", "domain_name": "pages.s3.us-east-1.amazonaws.com", **changes}


def shown(**changes: Any) -> dict[str, Any]:
    """Return a viewer certificate. A key given as None is left out."""
    whole = {
        "acm_certificate_arn": CERTIFICATE,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": "TLSv1.2_2021",
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def distribution(name: str = "pages", **changes: Any) -> aws.cloudfront.Distribution:
    whole = {
        "enabled": True,
        "origins": [origin()],
        "default_cache_behavior": behaviour(),
        "viewer_certificate": shown(),
        "restrictions": {"geo_restriction": {"restriction_type": "none"}},
        **changes,
    }
    return aws.cloudfront.Distribution(name, **whole)


def covered(*names: str, alias: str) -> None:
    """A distribution under a certificate of the stack for the given names."""
    first, *others = names
    issued = validation(certificate(domain_name=first, subject_alternative_names=others))
    distribution(aliases=[alias], viewer_certificate=shown(acm_certificate_arn=issued.certificate_arn))


def elsewhere(region: str) -> None:
    issued = validation(certificate(region=region), region=region)
    distribution(viewer_certificate=shown(acm_certificate_arn=issued.certificate_arn))


def not_issued() -> None:
    distribution(viewer_certificate=shown(acm_certificate_arn=certificate().arn))


def twice(alias: str, other: str) -> None:
    distribution(aliases=[alias])
    distribution("other", aliases=[other])


def protected(scope: str) -> None:
    acl = aws.wafv2.WebAcl(
        "pages",
        name="pages",
        scope=scope,
        region=HOME,
        default_action={"allow": {}},
        visibility_config={
            "cloudwatch_metrics_enabled": True,
            "metric_name": "pages",
            "sampled_requests_enabled": True,
        },
    )
    distribution(web_acl_id=acl.arn)


def ordered(*rows: dict[str, Any]) -> None:
    distribution(ordered_cache_behaviors=[behaviour(**{"path_pattern": "/static/*", **row}) for row in rows])


def default(**changes: Any) -> None:
    distribution(default_cache_behavior=behaviour(**changes))


def error(**changes: Any) -> dict[str, Any]:
    whole = {"error_code": 404, "response_code": 404, "response_page_path": "/404.html", **changes}
    return {key: value for key, value in whole.items() if value is not None}


def errors(*rows: dict[str, Any]) -> None:
    distribution(custom_error_responses=list(rows))


def only_in(kind: str, *countries: str) -> None:
    distribution(restrictions={"geo_restriction": {"restriction_type": kind, "locations": list(countries)}})


def calls(*events: str) -> list[dict[str, str]]:
    return [
        {"event_type": event, "function_arn": f"arn:aws:cloudfront::{ACCOUNT}:function/{index}"}
        for index, event in enumerate(events)
    ]


EDGE = [{"event_type": "viewer-response", "lambda_arn": f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:edge:1"}]


def cache_policy(logical: str = "year", *, key: dict[str, Any] | None = None, **changes: Any) -> None:
    whole = {
        "name": "year",
        "min_ttl": 1,
        "default_ttl": 60,
        "max_ttl": 3600,
        "parameters_in_cache_key_and_forwarded_to_origin": {
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "none"},
            **(key or {}),
        },
        **changes,
    }
    aws.cloudfront.CachePolicy(logical, **whole)


def uncached(**key: Any) -> None:
    cache_policy(key=key, min_ttl=0, default_ttl=0, max_ttl=0)


def two_policies(first: str, second: str) -> None:
    cache_policy("first", name=first)
    cache_policy("second", name=second)


def headers(*names: str) -> None:
    items = [{"header": name, "value": "x", "override": True} for name in names]
    aws.cloudfront.ResponseHeadersPolicy("pages", name="pages", custom_headers_config={"items": items})


def function(**changes: Any) -> None:
    code = "function handler(event) { return event.request; }"
    whole = {"name": "pages", "runtime": "cloudfront-js-2.0", "code": code, **changes}
    aws.cloudfront.Function("pages", **whole)


def source(name: str = "pages", **changes: Any) -> aws.cloudwatch.LogDeliverySource:
    whole = {"name": name, "log_type": "ACCESS_LOGS", "resource_arn": DISTRIBUTION_ARN, "region": HOME, **changes}
    return aws.cloudwatch.LogDeliverySource(name, **whole)


def two_sources() -> None:
    logged = distribution().arn
    source(resource_arn=logged)
    source("again", resource_arn=logged)


def destination(**changes: Any) -> aws.cloudwatch.LogDeliveryDestination:
    whole = {
        "name": "pages",
        "output_format": "json",
        "delivery_destination_configuration": {"destination_resource_arn": "arn:aws:s3:::logs"},
        "region": HOME,
        **changes,
    }
    return aws.cloudwatch.LogDeliveryDestination("pages", **whole)


def delivery(region: str = HOME) -> None:
    aws.cloudwatch.LogDelivery(
        "pages", delivery_source_name=source().name, delivery_destination_arn=destination().arn, region=region
    )


def kinesis(**changes: Any) -> None:
    arn = f"arn:aws:firehose:{HOME}:{ACCOUNT}:deliverystream/logs"
    destination(delivery_destination_configuration={"destination_resource_arn": arn}, **changes)


STORE = [f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/pages"]
SHOWN = "viewerCertificate"
ARN = f"{SHOWN}.acmCertificateArn"
DEFAULT = "defaultCacheBehavior"
CHOSEN = {"cookies_config": {"cookie_behavior": "whitelist"}}
WHICH = {"cookies_config": {"cookie_behavior": "none", "cookies": {"items": ["session"]}}}

WRONG_CDN = [
    Wrong(
        "certificate of a distribution elsewhere",
        lambda: elsewhere("eu-west-1"),
        ARN,
        "is in eu-west-1; one in us-east-1",
    ),
    Wrong(
        "certificate by arn of another region",
        lambda: distribution(viewer_certificate=shown(acm_certificate_arn=CERTIFICATE.replace(HOME, "eu-west-1"))),
        ARN,
        "a certificate in eu-west-1 given; one in us-east-1 is needed",
    ),
    Wrong("certificate of a distribution not issued", not_issued, ARN, "use the output of its CertificateValidation"),
    Wrong(
        "two certificates",
        lambda: distribution(viewer_certificate=shown(iam_certificate_id="x")),
        SHOWN,
        "acmCertificateArn and iamCertificateId given; exactly one",
    ),
    Wrong(
        "certificate that nobody is shown",
        lambda: distribution(viewer_certificate=shown(ssl_support_method=None)),
        f"{SHOWN}.sslSupportMethod",
        "missing; a certificate of one's own needs it",
    ),
    Wrong(
        "new protocol with the certificate of cloudfront",
        lambda: distribution(
            viewer_certificate={**OWN_CERTIFICATE, "minimum_protocol_version": "TLSv1.2_2021"},
        ),
        f"{SHOWN}.minimumProtocolVersion",
        "CloudFront's own certificate takes TLSv1",
    ),
    Wrong(
        "protocol of viewers",
        lambda: distribution(viewer_certificate=shown(minimum_protocol_version="TLSv1.2")),
        f"{SHOWN}.minimumProtocolVersion",
        "'TLSv1.2' given; allowed: SSLv3",
    ),
    Wrong(
        "alias without certificate",
        lambda: distribution(aliases=[DOMAIN], viewer_certificate=OWN_CERTIFICATE),
        "aliases",
        "they need a certificate of one's own",
    ),
    Wrong(
        "alias beside the certificate",
        lambda: covered("example.com", "www.example.com", alias=DOMAIN),
        "aliases[0]",
        "'app.example.com' given; the certificate is for example.com, www.example.com",
    ),
    Wrong(
        "alias two labels below a wildcard",
        lambda: covered("*.example.com", alias="a.b.example.com"),
        "aliases[0]",
        "the certificate is for *.example.com",
    ),
    Wrong(
        "alias of two distributions",
        lambda: twice(DOMAIN, DOMAIN),
        "aliases[0]",
        "aws:cloudfront/distribution:Distribution other has it",
    ),
    Wrong("regional web acl", lambda: protected("REGIONAL"), "webAclId", "is of scope REGIONAL; one of scope CLOUD"),
    Wrong(
        "regional web acl by arn",
        lambda: distribution(web_acl_id=f"arn:aws:wafv2:{HOME}:{ACCOUNT}:regional/webacl/pages/x"),
        "webAclId",
        "a web ACL of scope CLOUDFRONT is needed",
    ),
    Wrong(
        "two origins of one id",
        lambda: distribution(origins=[origin(), origin()]),
        "origins[1].originId",
        "'bucket' given; another origin has it",
    ),
    Wrong(
        "origin of two kinds",
        lambda: distribution(
            origins=[
                origin(
                    s3_origin_config={"origin_access_identity": ""},
                    custom_origin_config={
                        "http_port": 80,
                        "https_port": 443,
                        "origin_protocol_policy": "https-only",
                        "origin_ssl_protocols": ["TLSv1.2"],
                    },
                )
            ]
        ),
        "origins[0].customOriginConfig",
        "given together with s3OriginConfig",
    ),
    Wrong(
        "origin with identity and access control",
        lambda: distribution(
            origins=[
                origin(
                    origin_access_control_id="E2",
                    s3_origin_config={"origin_access_identity": "origin-access-identity/cloudfront/E3"},
                )
            ]
        ),
        "origins[0].originAccessControlId",
        "given together with an origin access identity",
    ),
    Wrong(
        "path of an origin",
        lambda: distribution(origins=[origin(origin_path="pages/")]),
        "origins[0].originPath",
        "'pages/' given; allowed: a path that begins",
    ),
    Wrong(
        "behaviour without origin",
        lambda: default(target_origin_id="api"),
        f"{DEFAULT}.targetOriginId",
        "'api' given; origins: bucket",
    ),
    Wrong(
        "methods that do not go together",
        lambda: default(allowed_methods=["GET", "HEAD", "POST"]),
        f"{DEFAULT}.allowedMethods",
        "GET, HEAD, POST given; allowed: GET, HEAD; GET, HEAD, OPTIONS;",
    ),
    Wrong(
        "methods that cannot be cached",
        lambda: default(cached_methods=["GET", "HEAD", "PUT"]),
        f"{DEFAULT}.cachedMethods",
        "GET, HEAD, PUT given; allowed: GET, HEAD; GET, HEAD, OPTIONS",
    ),
    Wrong(
        "cached method that is not allowed",
        lambda: default(cached_methods=["GET", "HEAD", "OPTIONS"]),
        f"{DEFAULT}.cachedMethods",
        "some of them are not in allowedMethods",
    ),
    Wrong(
        "viewer protocol",
        lambda: default(viewer_protocol_policy="https"),
        f"{DEFAULT}.viewerProtocolPolicy",
        "'https' given; allowed: allow-all",
    ),
    Wrong(
        "behaviour without cache policy",
        lambda: default(cache_policy_id=None),
        f"{DEFAULT}.cachePolicyId",
        "missing; without it, forwardedValues are needed",
    ),
    Wrong(
        "cache policy and times of its own",
        lambda: default(max_ttl=60),
        f"{DEFAULT}.maxTtl",
        "given together with cachePolicyId",
    ),
    Wrong(
        "seventy-six behaviours",
        lambda: ordered(*({"path_pattern": f"/{number}"} for number in range(75))),
        "orderedCacheBehaviors",
        "75 given; allowed: at most 74",
    ),
    Wrong(
        "two behaviours for one path",
        lambda: ordered({}, {}),
        "orderedCacheBehaviors[1].pathPattern",
        "'/static/*' given; an earlier behaviour has it",
    ),
    Wrong(
        "path with a space",
        lambda: ordered({"path_pattern": "/my files/*"}),
        "orderedCacheBehaviors[0].pathPattern",
        "'/my files/*' given; allowed:",
    ),
    Wrong(
        "function at the origin",
        lambda: default(function_associations=calls("origin-request")),
        f"{DEFAULT}.functionAssociations[0].eventType",
        "'origin-request' given; CloudFront Functions take viewer-request, viewer-response",
    ),
    Wrong(
        "two functions for requests",
        lambda: default(function_associations=calls("viewer-request", "viewer-request")),
        f"{DEFAULT}.functionAssociations[1].eventType",
        "another function of the behaviour has it",
    ),
    Wrong(
        "functions of two kinds",
        lambda: default(function_associations=calls("viewer-request"), lambda_function_associations=EDGE),
        f"{DEFAULT}.lambdaFunctionAssociations",
        "'viewer-response' given beside functionAssociations",
    ),
    Wrong(
        "error page without slash",
        lambda: errors(error(response_page_path="404.html")),
        "customErrorResponses[0].responsePagePath",
        "'404.html' given; allowed: a path that begins with /",
    ),
    Wrong(
        "error page without code",
        lambda: errors(error(response_code=None)),
        "customErrorResponses[0].responseCode",
        "missing; a page and a code go together",
    ),
    Wrong(
        "error that is none",
        lambda: errors(error(error_code=401)),
        "customErrorResponses[0].errorCode",
        "401 given; allowed: 400, 403",
    ),
    Wrong(
        "error of two pages",
        lambda: errors(error(), error()),
        "customErrorResponses[1].errorCode",
        "404 given; another response is for it",
    ),
    Wrong(
        "error with the code of a redirect",
        lambda: errors(error(response_code=302)),
        "customErrorResponses[0].responseCode",
        "302 given; allowed: 200, 400",
    ),
    Wrong(
        "whitelist without countries",
        lambda: only_in("whitelist"),
        "restrictions.geoRestriction.locations",
        "missing; restriction type whitelist needs it",
    ),
    Wrong(
        "countries without restriction",
        lambda: only_in("none", "DE"),
        "restrictions.geoRestriction.locations",
        "given, but the restriction type is none",
    ),
    Wrong(
        "country by name",
        lambda: only_in("blacklist", "DE", "France"),
        "restrictions.geoRestriction.locations[1]",
        "'France' given; allowed: a country as two capital letters",
    ),
    Wrong("comment of a distribution", lambda: distribution(comment="c" * 129), "comment", "129 characters given"),
    Wrong("default above the maximum", lambda: cache_policy(max_ttl=30), "defaultTtl", "60 given; allowed: at most"),
    Wrong("default below the minimum", lambda: cache_policy(min_ttl=90), "defaultTtl", "60 given; allowed: at least"),
    Wrong(
        "compression of nothing",
        lambda: uncached(enable_accept_encoding_gzip=True),
        f"{KEY}.enableAcceptEncodingGzip",
        "true given, but maxTtl 0 keeps nothing",
    ),
    Wrong(
        "key of nothing",
        lambda: uncached(cookies_config={"cookie_behavior": "all"}),
        f"{KEY}.cookiesConfig.cookieBehavior",
        "'all' given, but maxTtl 0 keeps nothing; allowed: none",
    ),
    Wrong(
        "cookies without names",
        lambda: cache_policy(key=CHOSEN),
        f"{KEY}.cookiesConfig.cookies",
        "missing; cookieBehavior whitelist needs it",
    ),
    Wrong(
        "names without cookies",
        lambda: cache_policy(key=WHICH),
        f"{KEY}.cookiesConfig.cookies",
        "given, but cookieBehavior none takes none",
    ),
    Wrong("two policies of one name", lambda: two_policies("a", "a"), "name", "CachePolicy first has it"),
    Wrong(
        "eleven custom headers",
        lambda: headers(*(f"X-{number}" for number in range(11))),
        "customHeadersConfig.items",
        "11 given; allowed: at most 10",
    ),
    Wrong(
        "custom header of two values",
        lambda: headers("X-One", "x-one"),
        "customHeadersConfig.items[1].header",
        "'x-one' given twice",
    ),
    Wrong(
        "security header as a custom one",
        lambda: headers("X-Frame-Options"),
        "customHeadersConfig.items[0].header",
        "'X-Frame-Options' given; securityHeadersConfig sets it",
    ),
    Wrong(
        "large function of cloudfront",
        lambda: function(code="function handler(event) {}" + " " * 10_240),
        "code",
        "10266 bytes given; allowed: at most 10240",
    ),
    Wrong("function without handler", lambda: function(code="function main() {}"), "code", "no handler given"),
    Wrong("name of a function of cloudfront", lambda: function(name="p" * 65), "name", "65 characters given"),
    Wrong(
        "store of an old function",
        lambda: function(runtime="cloudfront-js-1.0", key_value_store_associations=STORE),
        "keyValueStoreAssociations",
        "runtime cloudfront-js-1.0 takes none",
    ),
    Wrong("logs from elsewhere", lambda: source(region="eu-west-1"), "region", "CloudFront delivers logs from us-east"),
    Wrong("logs of another kind", lambda: source(log_type="EVENT_LOGS"), "logType", "CloudFront takes ACCESS_LOGS"),
    Wrong("distribution with two sources", two_sources, "resourceArn", "is the source of this distribution already"),
    Wrong(
        "delivery away from its source",
        lambda: delivery("eu-west-1"),
        "region",
        "'eu-west-1' given; aws:cloudwatch/logDeliverySource:LogDeliverySource pages is in us-east-1",
    ),
    Wrong("parquet in a stream", lambda: kinesis(output_format="parquet"), "outputFormat", "only a destination in S3"),
    Wrong(
        "long first domain",
        lambda: certificate(domain_name=f"{'a' * 57}.example"),
        "domainName",
        "65 characters given; allowed: at most 64",
    ),
    Wrong("certificate for nothing", lambda: aws.acm.Certificate("none", region=HOME), "domainName", "missing; one is"),
    Wrong(
        "certificate requested and imported",
        lambda: certificate(private_key="key", certificate_body="body"),
        "privateKey",
        "given, but a certificate for domainName is requested",
    ),
    Wrong(
        "certificate without validation",
        lambda: certificate(validation_method=None),
        "validationMethod",
        "missing; allowed: DNS, EMAIL",
    ),
    Wrong(
        "validation away from its certificate",
        lambda: validation(region="eu-west-1"),
        "region",
        "'eu-west-1' given; aws:acm/certificate:Certificate pages is in us-east-1",
    ),
    Wrong(
        "records of a validation by mail",
        lambda: validation(certificate(validation_method="EMAIL")),
        "validationRecordFqdns",
        "is validated by EMAIL",
    ),
]
SOUND_CDN: dict[str, Callable[[], Any]] = {
    "distribution": distribution,
    "distribution under the certificate of cloudfront": lambda: distribution(viewer_certificate=OWN_CERTIFICATE),
    "alias of a certificate": lambda: covered("example.com", DOMAIN, alias=DOMAIN),
    "alias below a wildcard": lambda: covered("*.example.com", alias=DOMAIN),
    "aliases of two distributions": lambda: twice("a.example.com", "b.example.com"),
    "web acl of cloudfront": lambda: protected("CLOUDFRONT"),
    "behaviour with values of its own": lambda: default(
        cache_policy_id=None,
        max_ttl=60,
        forwarded_values={"query_string": False, "cookies": {"forward": "none"}},
    ),
    "seventy-five behaviours": lambda: ordered(*({"path_pattern": f"/{number}"} for number in range(74))),
    "functions for requests and answers": lambda: default(
        function_associations=calls("viewer-request", "viewer-response")
    ),
    "error pages": lambda: errors(error(), error(error_code=403)),
    "error kept for a while": lambda: errors(error(response_code=None, response_page_path=None)),
    "some countries": lambda: only_in("whitelist", "DE", "US"),
    "cache policy": cache_policy,
    "cache policy that keeps nothing": uncached,
    "cache policy by names": lambda: cache_policy(
        key={"cookies_config": {"cookie_behavior": "whitelist", "cookies": {"items": ["session"]}}}
    ),
    "two policies": lambda: two_policies("a", "b"),
    "ten headers": lambda: headers(*(f"X-{number}" for number in range(10))),
    "function of cloudfront": function,
    "function with a store": lambda: function(key_value_store_associations=STORE),
    "delivered logs": delivery,
    "stream of logs": kinesis,
    "certificate by mail": lambda: validation(certificate(validation_method="EMAIL"), validation_record_fqdns=None),
    "imported certificate": lambda: aws.acm.Certificate(
        "imported", private_key="key", certificate_body="body", region=HOME
    ),
}
