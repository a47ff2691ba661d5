"""Fixtures of policies/rules/operations/cross_origin.py, firewall_order.py and encryption/planted.py."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, Program, changed, made

PAGE = "https://app.example.com"
BUCKET = made("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration", corsRules=[{"allowedOrigins": [PAGE]}])
ORIGIN = "corsRules.0.allowedOrigins"
ANSWER = made("aws:apigateway/integrationResponse:IntegrationResponse")
ALLOW = "method.response.header.Access-Control-Allow-Origin"
V2 = made("aws:apigatewayv2/api:Api", corsConfiguration={"allowOrigins": [PAGE]})


def answer(value: Any) -> Program:
    return [changed(ANSWER, {"responseParameters": {ALLOW: value, "method.response.header.Vary": "'Origin'"}})]


SECURITY = {
    "contentSecurityPolicy": {"contentSecurityPolicy": "default-src 'self'; script-src 'self' 'unsafe-inline'"},
    "referrerPolicy": {"referrerPolicy": "same-origin"},
}
HEADERS = made(
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    corsConfig={"accessControlAllowCredentials": True, "accessControlAllowOrigins": {"items": [PAGE]}},
    securityHeadersConfig=SECURITY,
)
ITEMS = "corsConfig.accessControlAllowOrigins.items"
CONTENT = "securityHeadersConfig.contentSecurityPolicy.contentSecurityPolicy"
REFERRER = "securityHeadersConfig.referrerPolicy.referrerPolicy"


def content(text: Any) -> Program:
    return [changed(HEADERS, {CONTENT: text})]


GROUP = "statement.managedRuleGroupStatement"
ACL = made(
    "aws:wafv2/webAcl:WebAcl",
    rules=[
        {"name": "rate", "priority": 0, "action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": 9}}},
        {
            "name": "common",
            "priority": 1,
            "overrideAction": {"none": {}},
            "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet"}},
        },
    ],
)
STAGE = made("aws:apigateway/stage:Stage", variables={"TABLE": "orders"})
TARGET = made("aws:cloudwatch/eventTarget:EventTarget", input='{"table": "orders"}')
PLANTED = "AKIA" + "IOSFODNN7EXAMPLE"
STREAM = made("aws:kinesis/stream:Stream", encryptionType="KMS")
FIREHOSE = made("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", serverSideEncryption={"enabled": True})
ON = "serverSideEncryption.enabled"
INTEGRATION = made("aws:apigateway/integration:Integration", type="HTTP_PROXY", tlsConfig={})
SKIPS = "tlsConfig.insecureSkipVerification"
CERTIFICATE = made("aws:acm/certificate:Certificate", options={})

CASES = [
    Cases(
        rule="bucket-cors-names-origins",
        good={"named": [BUCKET], "one": [changed(BUCKET, {ORIGIN: PAGE})]},
        bad={
            "all": ([changed(BUCKET, {ORIGIN: ["*"]})], (f"{ORIGIN}.0",)),
            "a pattern": ([changed(BUCKET, {ORIGIN: [PAGE, "https://*.com"]})], (f"{ORIGIN}.1",)),
            "plain HTTP": ([changed(BUCKET, {ORIGIN: ["http://app.example.com"]})], (f"{ORIGIN}.0",)),
            "bucket": (
                [made("aws:s3/bucket:Bucket", corsRules=[{"allowedOrigins": ["*"]}])],
                ("corsRules.0.allowedOrigins.0",),
            ),
        },
        unknown={
            "rules": ([changed(BUCKET, {"corsRules": UNKNOWN})], ("corsRules",)),
            "origins": ([changed(BUCKET, {ORIGIN: UNKNOWN})], (ORIGIN,)),
            "origin": ([changed(BUCKET, {ORIGIN: [UNKNOWN]})], (f"{ORIGIN}.0",)),
        },
        skipped={"none": [made("aws:s3/bucket:Bucket")]},
    ),
    Cases(
        rule="api-answers-name-origins",
        good={
            "named": answer(f"'{PAGE}'"),
            "backend's": answer("integration.response.header.origin"),
            "HTTP API": [V2],
        },
        bad={
            "all": (answer("'*'"), (f"responseParameters.{ALLOW}",)),
            "plain HTTP": (answer("'http://app.example.com'"), (f"responseParameters.{ALLOW}",)),
            "HTTP API": (
                [changed(V2, {"corsConfiguration.allowOrigins": ["*"]})],
                ("corsConfiguration.allowOrigins.0",),
            ),
        },
        unknown={
            "all": ([changed(ANSWER, {"responseParameters": UNKNOWN})], ("responseParameters",)),
            "one": (answer(UNKNOWN), (f"responseParameters.{ALLOW}",)),
        },
        skipped={"none": [ANSWER], "other headers": [changed(ANSWER, {"responseParameters": {"x": "'*'"}})]},
    ),
    Cases(
        rule="response-headers-name-origins",
        good={"named": [HEADERS]},
        bad={"all": ([changed(HEADERS, {ITEMS: ["*"]})], (f"{ITEMS}.0",))},
        unknown={"origins": ([changed(HEADERS, {ITEMS: UNKNOWN})], (ITEMS,))},
        skipped={
            "no CORS": [changed(HEADERS, {"corsConfig": GONE})],
            "no credentials": [changed(HEADERS, {"corsConfig.accessControlAllowCredentials": False, ITEMS: ["*"]})],
        },
    ),
    Cases(
        rule="response-headers-limit-content",
        good={"named": [HEADERS], "scripts and objects": content("script-src 'self'; object-src 'none'")},
        bad={
            "not set": ([changed(HEADERS, {"securityHeadersConfig.contentSecurityPolicy": GONE})], (CONTENT,)),
            "empty": (content(" "), (CONTENT,)),
            "everywhere": (content("default-src *"), (CONTENT,)),
            "evaluated": (content("default-src 'self'; script-src 'self' 'unsafe-eval'"), (CONTENT,)),
            "every https": (content("default-src 'self'; SCRIPT-SRC https:"), (CONTENT,)),
            "no default": (content("frame-ancestors 'none'"), (CONTENT,)),
            "the origin's": (
                [changed(HEADERS, {"securityHeadersConfig.contentSecurityPolicy.override": False})],
                ("securityHeadersConfig.contentSecurityPolicy.override",),
            ),
            "whole referrers": ([changed(HEADERS, {REFERRER: "unsafe-url"})], (REFERRER,)),
            "no referrer policy": ([changed(HEADERS, {"securityHeadersConfig.referrerPolicy": GONE})], (REFERRER,)),
        },
        unknown={"text": (content(UNKNOWN), (CONTENT,))},
        skipped={"none": [changed(HEADERS, {"securityHeadersConfig": GONE})]},
    ),
    Cases(
        rule="web-acl-lets-nobody-past",
        good={
            "blocks": [ACL],
            "allows last": [
                changed(ACL, {"rules.0.priority": 9, "rules.0.action": {"allow": {}}}),
            ],
            "no group": [changed(ACL, {"rules": []})],
        },
        bad={
            "allows first": ([changed(ACL, {"rules.0.action": {"allow": {}}})], ("rules.0.action",)),
            "no priority": (
                [changed(ACL, {"rules.0.action": {"allow": {}}, "rules.0.priority": GONE})],
                ("rules.0.action",),
            ),
        },
        unknown={"rules": ([changed(ACL, {"rules": UNKNOWN})], ("rules",))},
        always=True,
    ),
    Cases(
        rule="web-acl-groups-see-everything",
        good={"all": [ACL]},
        bad={
            "some": (
                [changed(ACL, {f"rules.1.{GROUP}.scopeDownStatement": {"geoMatchStatement": {}}})],
                (f"rules.1.{GROUP}.scopeDownStatement",),
            )
        },
        unknown={"rules": ([changed(ACL, {"rules": UNKNOWN})], ("rules",))},
        skipped={"other groups": [changed(ACL, {f"rules.1.{GROUP}.name": "AWSManagedRulesLinuxRuleSet"})]},
    ),
    Cases(
        rule="configuration-without-credentials",
        good={"variables": [STAGE], "input": [TARGET], "to come": [changed(TARGET, {"input": UNKNOWN})]},
        bad={
            "password": ([changed(STAGE, {"variables.DB_PASSWORD": "hunter2hunter2"})], ("variables.DB_PASSWORD",)),
            "access key": ([changed(TARGET, {"input": f'{{"key": "{PLANTED}"}}'})], ("input",)),
            "in a header": (
                [made("aws:cloudfront/distribution:Distribution", origins=[{"customHeaders": [{"value": PLANTED}]}])],
                ("origins[0].customHeaders[0].value",),
            ),
        },
        unknown={
            "a password to come": (
                [
                    changed(
                        made(
                            "aws:apigateway/stage:Stage",
                            refers={"variables": made("aws:secretsmanager/secretVersion:SecretVersion", "v")},
                        ),
                        {"variables": {"DB_PASSWORD": UNKNOWN}},
                    )
                ],
                ("variables.DB_PASSWORD",),
            )
        },
        skipped={"none": [made("aws:apigateway/stage:Stage")]},
    ),
    Cases(
        rule="stream-encrypted",
        good={
            "key": [STREAM],
            "delivery": [FIREHOSE],
            "delivery as text": [changed(FIREHOSE, {ON: "true"})],
            "delivery to come": [changed(FIREHOSE, {ON: UNKNOWN})],
        },
        bad={
            "none": ([changed(STREAM, {"encryptionType": "NONE"})], ("encryptionType",)),
            "as AWS has it": ([changed(STREAM, {"encryptionType": GONE})], ("encryptionType",)),
            "delivery": ([changed(FIREHOSE, {"serverSideEncryption": GONE})], (ON,)),
        },
        unknown={"unknown": ([changed(STREAM, {"encryptionType": UNKNOWN})], ("encryptionType",))},
        skipped={"of a stream": [changed(FIREHOSE, {"kinesisSourceConfiguration": {"kinesisStreamArn": "x"}})]},
    ),
    Cases(
        rule="api-integration-verifies-name",
        good={"verifies": [INTEGRATION], "says so": [changed(INTEGRATION, {SKIPS: False})]},
        bad={"skips": ([changed(INTEGRATION, {SKIPS: True})], (SKIPS,))},
        unknown={"unknown": ([changed(INTEGRATION, {SKIPS: UNKNOWN})], (SKIPS,))},
        always=True,
    ),
    Cases(
        rule="certificate-key-stays-with-aws",
        good={"stays": [CERTIFICATE], "says so": [changed(CERTIFICATE, {"options.export": "DISABLED"})]},
        bad={"may be taken": ([changed(CERTIFICATE, {"options.export": "ENABLED"})], ("options.export",))},
        unknown={"unknown": ([changed(CERTIFICATE, {"options.export": UNKNOWN})], ("options.export",))},
        always=True,
    ),
]
