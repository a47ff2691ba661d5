"""Requirements 10 and 19 cannot be fooled: what breaks delivery or a certificate fails its criterion."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.verdicts import Subject
from tests.criteria.breaking import (
    BUCKET,
    KEY,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    nothing,
    refer,
    set_,
    settings,
    statement,
    together,
    verdict,
    whole,
)

_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
_CACHE = "aws:cloudfront/cachePolicy:CachePolicy"
_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
_DESTINATION = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
_DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"
_CERTIFICATE = "aws:acm/certificate:Certificate"
_VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
_DOMAIN = "aws:apigateway/domainName:DomainName"
_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_PAGES, _ANSWER = "cdn-distribution", "maintenance-distribution"
_ASSETS_POLICY, _LOGS_POLICY = "buckets-frontend-assets-policy", "buckets-cdn-logs-policy"
_KEY_PARTS = "parametersInCacheKeyAndForwardedToOrigin"
_MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # CachingOptimized
_OTHERS = {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::333333333333:distribution/*"}}
_ANYBODYS = {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}
_FOREIGN = "arn:aws:acm:us-east-1:222222222222:certificate/00000000-0000-0000-0000-000000000000"


def put(path: str, value: Any, name: str = _PAGES, type_: str = _DISTRIBUTION) -> Change:
    """Change what stands at a dotted path of a resource's inputs; None takes it away."""

    def change(resource: Any) -> Any:
        copied = json.loads(json.dumps(resource.inputs, default=lambda item: {"unknown": id(item)}))
        target = _known(copied)
        *steps, last = path.split(".")
        place = target
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if isinstance(place, list):
            place[int(last)] = value
        elif value is None:
            place.pop(last, None)
        else:
            place[last] = value
        return dataclasses.replace(resource, inputs=target)

    return edit(type_, name, change)


def _known(value: Any) -> Any:
    """Return a copied value with its unknowns put back."""
    if isinstance(value, dict):
        return UNKNOWN if set(value) == {"unknown"} else {key: _known(item) for key, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _shown(**changes: Any) -> Change:
    return together(*(put(f"viewerCertificate.{key}", value) for key, value in changes.items()))


def _restricted(kind: str, *countries: str) -> Change:
    restriction: dict[str, Any] = {"restrictionType": kind}
    return put("restrictions.geoRestriction", {**restriction, **({"locations": list(countries)} if countries else {})})


def _only(*countries: str) -> Change:
    """Have the settings, and nothing else, name some countries."""
    return lambda old: settings(cdn={**old.settings["cdn"], "countries": list(countries)})(old)


def _under_customer_key(**changes: Any) -> Change:
    """Have the pages' bucket encrypted with the stack's key for buckets, and change what lets CloudFront decrypt."""
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}
    encrypted = refer(_ENCRYPTION, "buckets-frontend-assets-encryption", "rules", (KEY, "keys-buckets"), value=[rule])
    return together(encrypted, statement(KEY, "keys-buckets", "CloudfrontDecrypts", **changes))


def _admits(**elements: Any) -> Change:
    return statement(_POLICY, _ASSETS_POLICY, "CloudfrontReads", **elements)


def _served_to_all() -> Change:
    return add_statement(_POLICY, _ASSETS_POLICY, Effect="Allow", Principal="*", Action="s3:GetObject", Resource="*")


BROKEN: list[Row] = [
    ("05.7", "test", "no distribution", drop(_DISTRIBUTION, _PAGES)),
    ("05.7", "prod", "another bucket", refer(_DISTRIBUTION, _PAGES, "origins", (BUCKET, "buckets-audit-logs"))),
    ("05.7", "prod up", "a website", put("origins.0.domainName", "prod-frontend-assets.s3-website.amazonaws.com")),
    ("10.1", "prod", "no distribution", drop(_DISTRIBUTION, _PAGES)),
    ("10.1", "prod", "switched off", put("enabled", False)),
    ("10.1", "test up", "another bucket", put("origins.0.domainName", "others.s3.us-east-1.amazonaws.com")),
    ("10.1", "prod", "asked for nothing", put("defaultCacheBehavior.targetOriginId", "elsewhere")),
    ("10.1", "prod", "not as a bucket", put("origins.0.customOriginConfig", {"httpPort": 80})),
    ("10.2a", "prod", "pages over HTTP", put("defaultCacheBehavior.viewerProtocolPolicy", "allow-all")),
    ("10.2a", "prod", "files over HTTP", put("orderedCacheBehaviors.0.viewerProtocolPolicy", "allow-all")),
    ("10.2a", "prod", "answer", put("defaultCacheBehavior.viewerProtocolPolicy", "allow-all", _ANSWER)),
    ("10.2b", "prod", "an old version", _shown(minimumProtocolVersion="TLSv1.1_2016")),
    ("10.2b", "prod", "no version", _shown(minimumProtocolVersion=None)),
    ("10.2b", "test", "CloudFront's certificate", _shown(cloudfrontDefaultCertificate=True)),
    ("10.3a", "prod", "no alias", put("aliases", None)),
    ("10.3a", "prod", "another domain", put("aliases", ["www.example.com"])),
    ("10.3a", "test", "no domain in the settings", settings(domains={})),
    ("10.3b", "prod", "CloudFront's certificate", put("viewerCertificate", {"cloudfrontDefaultCertificate": True})),
    ("10.3b", "test up", "a foreign certificate", _shown(acmCertificateArn=_FOREIGN)),
    ("10.3b", "prod", "for another domain", set_(_CERTIFICATE, "certificates-frontend", domainName="example.com")),
    ("10.3b", "prod", "one more alias", put("aliases", ["app.trading.example.com", "www.example.com"])),
    ("10.3b", "prod", "no alias", put("aliases", None)),
    ("10.3b", "prod up", "not issued", drop(_VALIDATION, "certificates-frontend-validation")),
    ("10.4", "prod", "pages", put("defaultCacheBehavior.compress", False)),
    ("10.4", "prod", "files", put("orderedCacheBehaviors.0.compress", None)),
    ("10.4", "prod", "one encoding", put(f"{_KEY_PARTS}.enableAcceptEncodingGzip", False, "immutable", _CACHE)),
    ("10.4", "prod", "nothing kept", put("orderedCacheBehaviors", [])),
    ("10.4", "prod", "a foreign policy", put("orderedCacheBehaviors.0.cachePolicyId", _MANAGED)),
    ("10.5a", "prod", "a day", set_(_CACHE, "immutable", defaultTtl=86_400)),
    ("10.5a", "prod", "as files say", set_(_CACHE, "immutable", minTtl=0)),
    ("10.5a", "prod", "at most a day", set_(_CACHE, "immutable", maxTtl=86_400)),
    ("10.5a", "prod", "other paths", put("orderedCacheBehaviors.0.pathPattern", "/fonts/*")),
    ("10.5a", "prod", "no behaviour", put("orderedCacheBehaviors", [])),
    (
        "10.5a",
        "prod",
        "an earlier behaviour",
        put(
            "orderedCacheBehaviors",
            [
                {"pathPattern": "*.js", "cachePolicyId": _MANAGED},
                {"pathPattern": "/_next/static/*", "cachePolicyId": UNKNOWN},
            ],
        ),
    ),
    ("10.5b", "prod", "a policy that keeps", put("defaultCacheBehavior.cachePolicyId", _MANAGED)),
    ("10.5b", "prod", "the answer is kept", put("defaultCacheBehavior.cachePolicyId", _MANAGED, _ANSWER)),
    (
        "10.5b",
        "prod",
        "kept for a year",
        refer(_DISTRIBUTION, _PAGES, "defaultCacheBehavior", (_CACHE, "immutable"), value={"cachePolicyId": UNKNOWN}),
    ),
    ("10.6", "prod", "no access control", put("origins.0.originAccessControlId", None)),
    ("10.6", "prod", "never signed", set_(_ACCESS, "cdn-access", signingBehavior="never")),
    ("10.6", "prod", "for another kind", set_(_ACCESS, "cdn-access", originAccessControlOriginType="lambda")),
    ("10.6", "prod", "no policy", drop(_POLICY, _ASSETS_POLICY)),
    ("10.6", "prod", "other distributions", _admits(Condition=_OTHERS)),
    ("10.6", "prod", "anybody's distributions", _admits(Condition=_ANYBODYS)),
    ("10.6", "prod", "any request", _admits(Condition=None)),
    ("10.6", "prod", "another service", _admits(Principal={"Service": "s3.amazonaws.com"})),
    ("10.6", "prod", "another action", _admits(Action=["s3:ListBucket"])),
    ("10.6", "prod", "public", _served_to_all()),
    ("10.6", "prod", "denied after all", _admits(Effect="Deny")),
    ("10.6", "prod", "a key that does not let", _under_customer_key(Action=["kms:Encrypt"])),
    ("10.7", "prod", "no delivery", drop(_DELIVERY, "cdn-distribution-log-delivery")),
    ("10.7", "prod", "the answer's", drop(_DELIVERY, "maintenance-distribution-log-delivery")),
    ("10.7", "prod", "logs of another kind", set_(_SOURCE, "cdn-distribution-log-source", logType="EVENT_LOGS")),
    (
        "10.7",
        "prod",
        "another distribution's",
        refer(_SOURCE, "cdn-distribution-log-source", "resourceArn", (_DISTRIBUTION, _ANSWER)),
    ),
    (
        "10.7",
        "prod",
        "no bucket",
        set_(
            _DESTINATION,
            "cdn-distribution-log-destination",
            deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:logs:us-east-1:1:log-group:x"},
        ),
    ),
    ("10.7", "prod", "not taken", statement(_POLICY, _LOGS_POLICY, "AcceptDeliveredLogs", Effect="Deny")),
    ("10.7", "test", "no policy", drop(_POLICY, _LOGS_POLICY)),
    ("10.8", "prod", "a restriction that nobody asked for", _restricted("whitelist", "US")),
    ("10.8", "prod", "none where one is asked for", _only("US")),
    ("10.8", "prod", "other countries", together(_only("US"), _restricted("whitelist", "DE"))),
    ("10.8", "prod", "all but those", together(_only("US"), _restricted("blacklist", "US"))),
    ("19.1", "test", "no certificate", drop(_CERTIFICATE, "certificates-frontend")),
    ("19.1", "prod", "for another domain", set_(_CERTIFICATE, "certificates-frontend", domainName="example.com")),
    ("19.1", "prod", "nobody waits", drop(_VALIDATION, "certificates-frontend-validation")),
    ("19.1", "prod", "no records", set_(_VALIDATION, "certificates-frontend-validation", validationRecordFqdns=[])),
    ("19.1", "prod", "imported", set_(_CERTIFICATE, "certificates-frontend", privateKey="x")),
    ("19.2", "test", "no certificate", drop(_CERTIFICATE, "certificates-api")),
    ("19.2", "test", "by mail", set_(_CERTIFICATE, "certificates-api", validationMethod="EMAIL")),
    ("19.2", "test", "no domain in the settings", settings(domains={})),
    ("19.3", "prod", "by mail", set_(_CERTIFICATE, "certificates-api", validationMethod="EMAIL")),
    ("19.3", "prod", "imported", set_(_CERTIFICATE, "certificates-frontend", validationMethod=None)),
    ("19.3", "prod", "no certificates", drop(_CERTIFICATE, "")),
    ("19.4", "prod", "another region", set_(_CERTIFICATE, "certificates-frontend", region="eu-west-1")),
    ("19.4", "prod", "the answer's", set_(_CERTIFICATE, "certificates-maintenance", region="eu-west-1")),
    ("19.4", "prod up", "a foreign one", _shown(acmCertificateArn=_FOREIGN)),
    ("19.4", "test", "none", put("viewerCertificate", {"cloudfrontDefaultCertificate": True})),
    ("19.5", "prod", "another region", set_(_CERTIFICATE, "certificates-api", region="eu-west-1")),
    ("19.5", "test", "the stack elsewhere", settings(region="eu-west-1")),
    ("19.5", "test up", "a foreign one", set_(_DOMAIN, "", regionalCertificateArn=_FOREIGN)),
    ("19.5", "prod", "no domain", drop(_DOMAIN, "")),
]
OPEN: list[Row] = [
    ("10.1", "prod", "unknown origins", set_(_DISTRIBUTION, _PAGES, origins=UNKNOWN)),
    (
        "10.1",
        "prod",
        "one of two buckets",
        refer(
            _DISTRIBUTION,
            _PAGES,
            "origins",
            (BUCKET, "buckets-frontend-assets"),
            (BUCKET, "buckets-audit-logs"),
            value=[{"originId": "frontend-assets", "domainName": UNKNOWN}],
        ),
    ),
    ("10.2a", "prod", "unknown behaviours", set_(_DISTRIBUTION, _PAGES, orderedCacheBehaviors=UNKNOWN)),
    ("10.2b", "prod", "unknown version", _shown(minimumProtocolVersion=UNKNOWN)),
    ("10.3a", "prod", "unknown aliases", put("aliases", UNKNOWN)),
    ("10.3b", "prod", "unknown aliases", put("aliases", UNKNOWN)),
    ("10.4", "prod", "unknown compression", put("defaultCacheBehavior.compress", UNKNOWN)),
    ("10.5a", "prod", "unknown time", set_(_CACHE, "immutable", minTtl=UNKNOWN)),
    ("10.5a", "prod", "unknown path", put("orderedCacheBehaviors.0.pathPattern", UNKNOWN)),
    ("10.5b", "prod", "unknown policy", put("defaultCacheBehavior.cachePolicyId", UNKNOWN)),
    ("10.6", "prod", "unknown policy", set_(_POLICY, _ASSETS_POLICY, policy=UNKNOWN)),
    ("10.7", "prod", "unknown policy", set_(_POLICY, _LOGS_POLICY, policy=UNKNOWN)),
    ("10.8", "prod", "unknown restriction", put("restrictions.geoRestriction.restrictionType", UNKNOWN)),
    ("19.1", "prod", "unknown domain", set_(_CERTIFICATE, "certificates-frontend", domainName=UNKNOWN)),
    ("19.3", "prod", "unknown method", set_(_CERTIFICATE, "certificates-api", validationMethod=UNKNOWN)),
    ("19.4", "prod", "unknown region", set_(_CERTIFICATE, "certificates-frontend", region=UNKNOWN)),
]
SOUND: list[Row] = [
    ("10.1", "test up", "deployed", lambda old: old),
    ("10.3b", "prod", "a wildcard", set_(_CERTIFICATE, "certificates-frontend", domainName="*.trading.example.com")),
    ("10.6", "prod", "a key that lets", _under_customer_key()),
    ("10.8", "prod", "countries", together(_only("US", "DE"), _restricted("whitelist", "DE", "US"))),
    ("19.1", "prod", "a wildcard", set_(_CERTIFICATE, "certificates-frontend", domainName="*.trading.example.com")),
    (
        "19.2",
        "prod",
        "as an alternative",
        set_(
            _CERTIFICATE,
            "certificates-api",
            domainName="example.com",
            subjectAlternativeNames=["api.trading.example.com"],
        ),
    ),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_unknown_stays_open(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(SOUND))
def test_another_way_to_meet_a_criterion_is_met(number: str, stack: str, change: Change) -> None:
    assert verdict(number, change(whole(stack))).word in ("pass", "deviation")


@pytest.mark.parametrize("number", sorted({number for number, *_ in BROKEN}))
def test_an_empty_stack_meets_nothing(number: str) -> None:
    empty: Subject = nothing(whole("prod"))
    assert verdict(number, empty).word == "fail"


def test_a_certificate_that_something_else_has_is_no_obstacle() -> None:
    other = add(_CERTIFICATE, "other", domainName="other.example.com", validationMethod="DNS", region="eu-west-1")
    words = {number: verdict(number, other(whole("prod"))).word for number in ("19.1", "19.2", "19.3", "19.4", "19.5")}
    assert words == dict.fromkeys(words, "pass")
