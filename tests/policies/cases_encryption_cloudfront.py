"""Fixtures of policies/rules/encryption/cloudfront.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

BEHAVIOUR = {"viewerProtocolPolicy": "redirect-to-https", "targetOriginId": "files"}
SITE = made(
    "aws:cloudfront/distribution:Distribution",
    enabled=True,
    defaultCacheBehavior=BEHAVIOUR,
    orderedCacheBehaviors=[{**BEHAVIOUR, "pathPattern": "/a/*"}, {**BEHAVIOUR, "viewerProtocolPolicy": "https-only"}],
    origins=[
        {"originId": "files", "domainName": UNKNOWN, "originAccessControlId": UNKNOWN},
        {
            "originId": "api",
            "domainName": "api.example.org",
            "customOriginConfig": {
                "httpPort": 80,
                "httpsPort": 443,
                "originProtocolPolicy": "https-only",
                "originSslProtocols": ["TLSv1.2"],
            },
        },
    ],
    viewerCertificate={
        "acmCertificateArn": UNKNOWN,
        "minimumProtocolVersion": "TLSv1.2_2021",
        "sslSupportMethod": "sni-only",
    },
)
VPC = made(
    "aws:cloudfront/vpcOrigin:VpcOrigin",
    vpcOriginEndpointConfig={
        "arn": UNKNOWN,
        "originProtocolPolicy": "https-only",
        "originSslProtocols": {"items": ["TLSv1.2"], "quantity": 1},
    },
)
BUCKET_ONLY = changed(SITE, {"origins": SITE.inputs["origins"][:1]})
DEFAULT = changed(SITE, {"viewerCertificate": {"cloudfrontDefaultCertificate": True}})
VIEWER = "viewerProtocolPolicy"
ORIGIN = "origins.1.customOriginConfig"
VERSION = "viewerCertificate.minimumProtocolVersion"
OWN = "viewerCertificate.acmCertificateArn"
CLOUDFRONTS = "viewerCertificate.cloudfrontDefaultCertificate"
SNI = "viewerCertificate.sslSupportMethod"
ENDPOINT = "vpcOriginEndpointConfig"

CASES = [
    Cases(
        rule="distribution-viewers-use-https",
        good={
            "all": [SITE],
            "default alone": [changed(SITE, {"orderedCacheBehaviors": GONE})],
            "one, no list": [changed(SITE, {"orderedCacheBehaviors": BEHAVIOUR})],
            "upper case": [changed(SITE, {f"defaultCacheBehavior.{VIEWER}": "HTTPS-only"})],
        },
        bad={
            "default": (
                [changed(SITE, {f"defaultCacheBehavior.{VIEWER}": "allow-all"})],
                (f"defaultCacheBehavior.{VIEWER}",),
            ),
            "default not set": ([changed(SITE, {"defaultCacheBehavior": {}})], (f"defaultCacheBehavior.{VIEWER}",)),
            "first": (
                [changed(SITE, {f"orderedCacheBehaviors.0.{VIEWER}": "allow-all"})],
                (f"orderedCacheBehaviors.0.{VIEWER}",),
            ),
            "last": (
                [changed(SITE, {f"orderedCacheBehaviors.1.{VIEWER}": None})],
                (f"orderedCacheBehaviors.1.{VIEWER}",),
            ),
            "default, rest unknown": (
                [changed(SITE, {f"defaultCacheBehavior.{VIEWER}": "allow-all", "orderedCacheBehaviors": UNKNOWN})],
                (f"defaultCacheBehavior.{VIEWER}",),
            ),
        },
        unknown={
            "default": (
                [changed(SITE, {f"defaultCacheBehavior.{VIEWER}": UNKNOWN})],
                (f"defaultCacheBehavior.{VIEWER}",),
            ),
            "ordered": ([changed(SITE, {"orderedCacheBehaviors": UNKNOWN})], ("orderedCacheBehaviors",)),
            "one": (
                [changed(SITE, {"orderedCacheBehaviors.0": UNKNOWN})],
                (f"orderedCacheBehaviors.0.{VIEWER}",),
            ),
        },
        always=True,
    ),
    Cases(
        rule="distribution-minimum-tls",
        good={"2021": [SITE], "2025": [changed(SITE, {VERSION: "TLSv1.3_2025"})]},
        bad={
            "2019": ([changed(SITE, {VERSION: "TLSv1.2_2019"})], (VERSION,)),
            "1.0": ([changed(SITE, {VERSION: "TLSv1"})], (VERSION,)),
            "SSL": ([changed(SITE, {VERSION: "SSLv3"})], (VERSION,)),
            "not set": ([changed(SITE, {VERSION: GONE})], (VERSION,)),
            "another text": ([changed(SITE, {VERSION: "newest"})], (VERSION,)),
            "default certificate": ([DEFAULT], (VERSION, CLOUDFRONTS)),
            "version that the default certificate ignores": ([changed(SITE, {CLOUDFRONTS: "true"})], (CLOUDFRONTS,)),
            "no certificate": ([changed(SITE, {"viewerCertificate": GONE})], (VERSION,)),
        },
        unknown={"version": ([changed(SITE, {VERSION: UNKNOWN})], (VERSION,))},
        always=True,
    ),
    Cases(
        rule="distribution-has-own-certificate",
        good={
            "unknown ARN": [SITE],
            "of IAM": [changed(SITE, {OWN: GONE, "viewerCertificate.iamCertificateId": "ASCA1"})],
            "not the default": [changed(SITE, {CLOUDFRONTS: False})],
        },
        bad={
            "default": ([DEFAULT], (OWN, CLOUDFRONTS)),
            "none": ([changed(SITE, {OWN: GONE})], (OWN,)),
            "empty": ([changed(SITE, {OWN: ""})], (OWN,)),
            "both": ([changed(SITE, {CLOUDFRONTS: True})], (CLOUDFRONTS,)),
        },
        unknown={
            "default": ([changed(SITE, {CLOUDFRONTS: UNKNOWN})], (CLOUDFRONTS,)),
            "all": ([changed(SITE, {"viewerCertificate": UNKNOWN})], (CLOUDFRONTS,)),
        },
        always=True,
    ),
    Cases(
        rule="distribution-uses-sni",
        good={"SNI": [SITE]},
        bad={
            "dedicated": ([changed(SITE, {SNI: "vip"})], (SNI,)),
            "static": ([changed(SITE, {SNI: "static-ip"})], (SNI,)),
            "not set": ([changed(SITE, {SNI: GONE})], (SNI,)),
        },
        unknown={"method": ([changed(SITE, {SNI: UNKNOWN})], (SNI,))},
        skipped={"default certificate": [DEFAULT]},
    ),
    Cases(
        rule="distribution-origins-use-https",
        good={
            "HTTPS": [SITE],
            "in a VPC": [VPC],
            "one, no list": [changed(SITE, {"origins": SITE.inputs["origins"][1]})],
        },
        bad={
            "HTTP": (
                [changed(SITE, {f"{ORIGIN}.originProtocolPolicy": "http-only"})],
                (f"{ORIGIN}.originProtocolPolicy",),
            ),
            "either": (
                [changed(SITE, {f"{ORIGIN}.originProtocolPolicy": "match-viewer"})],
                (f"{ORIGIN}.originProtocolPolicy",),
            ),
            "not set": ([changed(SITE, {f"{ORIGIN}.originProtocolPolicy": GONE})], (f"{ORIGIN}.originProtocolPolicy",)),
            "in a VPC": (
                [changed(VPC, {f"{ENDPOINT}.originProtocolPolicy": "http-only"})],
                (f"{ENDPOINT}.originProtocolPolicy",),
            ),
        },
        unknown={
            "policy": (
                [changed(SITE, {f"{ORIGIN}.originProtocolPolicy": UNKNOWN})],
                (f"{ORIGIN}.originProtocolPolicy",),
            ),
            "origins": ([changed(SITE, {"origins": UNKNOWN})], ("origins",)),
            "config": ([changed(SITE, {ORIGIN: UNKNOWN})], (f"{ORIGIN}.originProtocolPolicy",)),
        },
        skipped={"buckets alone": [BUCKET_ONLY]},
    ),
    Cases(
        rule="distribution-origin-protocols",
        good={
            "1.2": [SITE],
            "one, no list": [changed(SITE, {f"{ORIGIN}.originSslProtocols": "TLSv1.2"})],
            "in a VPC": [VPC],
        },
        bad={
            "SSL too": (
                [changed(SITE, {f"{ORIGIN}.originSslProtocols": ["SSLv3", "TLSv1.2"]})],
                (f"{ORIGIN}.originSslProtocols.0",),
            ),
            "old ones": (
                [changed(SITE, {f"{ORIGIN}.originSslProtocols": ["TLSv1.2", "TLSv1.1", "TLSv1"]})],
                (f"{ORIGIN}.originSslProtocols.1", f"{ORIGIN}.originSslProtocols.2"),
            ),
            "old one, no list": (
                [changed(SITE, {f"{ORIGIN}.originSslProtocols": "TLSv1"})],
                (f"{ORIGIN}.originSslProtocols",),
            ),
            "none": ([changed(SITE, {f"{ORIGIN}.originSslProtocols": []})], (f"{ORIGIN}.originSslProtocols",)),
            "old one in a VPC": (
                [changed(VPC, {f"{ENDPOINT}.originSslProtocols.items": ["TLSv1"]})],
                (f"{ENDPOINT}.originSslProtocols.items.0",),
            ),
        },
        unknown={
            "origins": ([changed(SITE, {"origins": UNKNOWN})], ("origins",)),
            "list": ([changed(SITE, {f"{ORIGIN}.originSslProtocols": UNKNOWN})], (f"{ORIGIN}.originSslProtocols",)),
            "one": (
                [changed(SITE, {f"{ORIGIN}.originSslProtocols": ["TLSv1.2", UNKNOWN]})],
                (f"{ORIGIN}.originSslProtocols.1",),
            ),
        },
        skipped={"buckets alone": [BUCKET_ONLY]},
    ),
]
