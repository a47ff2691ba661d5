"""Faults at the edge: distributions, firewalls, headers, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.cases import GONE
from tests.policies.faults import Bench, Fault

AREA = "edge"
HEADERS = ("response-headers-protect-pages", "response-headers-limit-content")
HTTPS = "response-headers-enforce-https"
COUNT = "web-acl-rules-do-more-than-count"
VIEWERS = "distribution-viewers-use-https"
ORIGIN = ("distribution-origins-use-https", "distribution-origin-protocols")


def scoped(group: str) -> Any:
    """Return a change that has a group of rules look at some requests only."""
    some = {"byteMatchStatement": {"searchString": "/x"}}

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        given = {row["name"]: row["statement"].get("managedRuleGroupStatement") for row in rows}
        return [
            {**row, "statement": {"managedRuleGroupStatement": {**given[row["name"]], "scopeDownStatement": some}}}
            if group in str(given[row["name"]])
            else row
            for row in rows
        ]

    return change


EDGE: Mapping[str, list[tuple[Any, ...]]] = {
    "cloudfront:Distribution": [
        ("plain HTTP", {"defaultCacheBehavior.viewerProtocolPolicy": "allow-all"}, VIEWERS),
        ("plain HTTP of one path", {"orderedCacheBehaviors.0.viewerProtocolPolicy": "allow-all"}, VIEWERS),
        *(
            (f"TLS minimum {word}", {"viewerCertificate.minimumProtocolVersion": word}, "distribution-minimum-tls")
            for word in ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019")
        ),
        ("TLS minimum missing", {"viewerCertificate.minimumProtocolVersion": GONE}, "distribution-minimum-tls"),
        (
            "certificate of CloudFront",
            {"viewerCertificate": {"cloudfrontDefaultCertificate": True}},
            "distribution-has-own-certificate",
        ),
        ("an address of its own", {"viewerCertificate.sslSupportMethod": "vip"}, "distribution-uses-sni"),
        ("no firewall", {"webAclId": GONE}, "distribution-has-firewall"),
        ("an empty firewall", {"webAclId": ""}, "distribution-has-firewall"),
        ("no headers", {"defaultCacheBehavior.responseHeadersPolicyId": GONE}, "distribution-behaviours-have-headers"),
        (
            "no headers of one path",
            {"orderedCacheBehaviors.0.responseHeadersPolicyId": GONE},
            "distribution-behaviours-have-headers",
        ),
        (
            "no access control",
            {"origins.0.originAccessControlId": GONE},
            "distribution-bucket-origin-has-access-control",
        ),
        (
            "an empty access control",
            {"origins.0.originAccessControlId": lambda old: GONE if old is None else ""},
            "distribution-bucket-origin-has-access-control",
        ),
        (
            "a bucket that is nobody's",
            {"origins.0.domainName": "gone-bucket.s3.amazonaws.com"},
            "distribution-bucket-origin-exists",
        ),
        (
            "a bucket's web site",
            {
                "origins.0.domainName": "site.s3-website-us-east-1.amazonaws.com",
                "origins.0.originAccessControlId": GONE,
                "origins.0.customOriginConfig": {
                    "httpPort": 80,
                    "httpsPort": 443,
                    "originProtocolPolicy": "http-only",
                    "originSslProtocols": ["TLSv1.2"],
                },
            },
            *ORIGIN,
        ),
        *(
            (f"origin by {word}", {"origins.0.customOriginConfig.originProtocolPolicy": word}, *ORIGIN)
            for word in ("http-only", "match-viewer")
        ),
        *(
            (f"origin with {word}", {"origins.0.customOriginConfig.originSslProtocols": ["TLSv1.2", word]}, *ORIGIN)
            for word in ("SSLv3", "TLSv1", "TLSv1.1")
        ),
    ],
    "cloudfront:OriginAccessControl": [
        ("never signs", {"signingBehavior": "never"}, "origin-access-control-signs"),
        ("lets viewers sign", {"signingBehavior": "no-override"}, "origin-access-control-signs"),
    ],
    "cloudfront:ResponseHeadersPolicy": [
        ("HSTS missing", {"securityHeadersConfig.strictTransportSecurity": GONE}, HTTPS),
        ("HSTS of a day", {"securityHeadersConfig.strictTransportSecurity.accessControlMaxAgeSec": 86400}, HTTPS),
        ("HSTS of no time", {"securityHeadersConfig.strictTransportSecurity.accessControlMaxAgeSec": 0}, HTTPS),
        ("HSTS not of subdomains", {"securityHeadersConfig.strictTransportSecurity.includeSubdomains": False}, HTTPS),
        ("HSTS of the origin first", {"securityHeadersConfig.strictTransportSecurity.override": False}, HTTPS),
        ("nothing secured", {"securityHeadersConfig": GONE}, HTTPS, *HEADERS),
        ("types may be guessed", {"securityHeadersConfig.contentTypeOptions": GONE}, *HEADERS),
        ("may be framed", {"securityHeadersConfig.frameOptions": GONE}, *HEADERS),
        ("no content policy", {"securityHeadersConfig.contentSecurityPolicy": GONE}, *HEADERS),
        ("content as the origin likes", {"securityHeadersConfig.contentSecurityPolicy.override": False}, *HEADERS),
        ("no referrer policy", {"securityHeadersConfig.referrerPolicy": GONE}, *HEADERS),
        ("whole referrers", {"securityHeadersConfig.referrerPolicy.referrerPolicy": "unsafe-url"}, *HEADERS),
        *(
            (f"content {what}", {"securityHeadersConfig.contentSecurityPolicy.contentSecurityPolicy": text}, *HEADERS)
            for what, text in {
                "of everywhere": "default-src *",
                "that is evaluated": "default-src 'self'; script-src 'self' 'unsafe-eval'",
                "of every script": "default-src 'self'; script-src *",
                "by plain HTTP": "default-src 'self' http:",
                "without default": "frame-ancestors 'none'",
                "of no kind": "",
            }.items()
        ),
        (
            "every origin with credentials",
            {
                "corsConfig": {
                    "accessControlAllowCredentials": True,
                    "accessControlAllowOrigins": {"items": ["*"]},
                    "accessControlAllowHeaders": {"items": ["*"]},
                    "accessControlAllowMethods": {"items": ["ALL"]},
                    "originOverride": True,
                }
            },
            "response-headers-name-origins",
        ),
    ],
    "acm:Certificate": [
        ("by mail", {"validationMethod": "EMAIL"}, "certificate-renews-itself"),
        ("a short key", {"keyAlgorithm": "RSA_1024"}, "certificate-key-long-enough"),
        ("a wildcard", {"domainName": "*.trading.example.com"}, "certificate-without-wildcard"),
        ("a wildcard beside", {"subjectAlternativeNames": ["*.trading.example.com"]}, "certificate-without-wildcard"),
        (
            "not in public logs",
            {"options": {"certificateTransparencyLoggingPreference": "DISABLED"}},
            "certificate-is-in-public-logs",
        ),
        (
            "imported",
            {"validationMethod": GONE, "domainName": GONE, "privateKey": "x", "certificateBody": "x"},
            "certificate-renews-itself",
        ),
        ("that can be taken away", {"options": {"export": "ENABLED"}}, "certificate-key-stays-with-aws"),
    ],
    "wafv2:WebAcl": [
        ("no rules", {"rules": []}, "web-acl-has-rules"),
        ("rules missing", {"rules": GONE}, "web-acl-has-rules"),
        *(
            (
                f"rule {number} counts only",
                {f"rules.{number}.overrideAction": {"count": {}}},
                COUNT,
                "web-acl-has-base-groups",
                "web-acl-stops-known-bad-inputs",
            )
            for number in (0, 2, 3, 4)
        ),
        *(
            (f"rule {number} counts", {f"rules.{number}.action": {"count": {}}}, COUNT, "web-acl-limits-rate")
            for number in (1, 5, 6)
        ),
        ("rule 1 lets through", {"rules.1.action": {"allow": {}}}, COUNT, "web-acl-limits-rate"),
        *(
            (
                f"without rule {number}",
                {f"rules.{number}": GONE},
                "web-acl-has-base-groups",
                "web-acl-limits-rate",
                "web-acl-stops-known-bad-inputs",
            )
            for number in (0, 1)
        ),
        ("a high rate", {"rules.1.statement.rateBasedStatement.limit": 2000000}, "web-acl-limits-rate"),
        ("no metrics", {"visibilityConfig.cloudwatchMetricsEnabled": False}, "web-acl-rules-have-metrics"),
        (
            "no metrics of a rule",
            {"rules.0.visibilityConfig.cloudwatchMetricsEnabled": False},
            "web-acl-rules-have-metrics",
        ),
        *(
            (f"{group} of some paths", {"rules": scoped(group)}, "web-acl-groups-see-everything")
            for group in ("CommonRuleSet", "KnownBadInputs", "IpReputation", "SQLi")
        ),
        (
            "known bad inputs let through",
            {"rules": lambda rows: [r for r in rows if "KnownBad" not in str(r)]},
            "web-acl-stops-known-bad-inputs",
        ),
        (
            "common faults let through",
            {"rules": lambda rows: [r for r in rows if "CommonRuleSet" not in str(r)]},
            "web-acl-has-base-groups",
        ),
        ("no rate", {"rules": lambda rows: [r for r in rows if "rateBased" not in str(r)]}, "web-acl-limits-rate"),
        (
            "allows first of all",
            {
                "rules": lambda rows: [
                    {
                        "name": "all",
                        "priority": -1,
                        "action": {"allow": {}},
                        "statement": {"geoMatchStatement": {"countryCodes": ["US"]}},
                        "visibilityConfig": rows[0]["visibilityConfig"],
                    },
                    *rows,
                ]
            },
            "web-acl-lets-nobody-past",
            COUNT,
        ),
        (
            "another group's rules counted",
            {
                "rules": lambda rows: [
                    {
                        **r,
                        "statement": {
                            "managedRuleGroupStatement": {
                                **r["statement"]["managedRuleGroupStatement"],
                                "ruleActionOverrides": [
                                    {"name": "Log4JRCE_BODY", "actionToUse": {"count": {}}},
                                    {"name": "Log4JRCE_HEADER", "actionToUse": {"allow": {}}},
                                ],
                            }
                        },
                    }
                    if "KnownBad" in str(r)
                    else r
                    for r in rows
                ]
            },
            COUNT,
            "web-acl-stops-known-bad-inputs",
        ),
    ],
}


def faults(bench: Bench) -> Iterator[Fault]:
    yield from bench.table(AREA, EDGE, "cloudfront:Distribution")
