"""Requirement 10: what CloudFront delivers and how, 05.7 too. The firewall before it is judged with requirement 15.

The pages' distribution is the one that has the bucket of the frontend as an origin. What viewers must be safe with is
judged on every distribution, what is said of files on that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from criteria.common import lookups
from criteria.common.buckets import BUCKET_POLICY, ENCRYPTION
from criteria.common.domains import plain
from criteria.common.lookups import BUCKET, KEY, Word, best, follow, parts, statements, worst
from criteria.common.rights import Call, allowed, on, one, sent_by
from criteria.trading_areas.api_domains import domain_of
from criteria.trading_areas.certificates import DISTRIBUTION, SHOWN, covers, is_issued, of_user
from criteria.trading_areas.common import bucket_name
from plumbline.graph import UNKNOWN, Resource, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
CACHE_POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
LOG_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
LOG_DESTINATION = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
LOG_DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"
_ASSETS = "frontend-assets"
_SERVICE = "cloudfront.amazonaws.com"
_DELIVERY = "delivery.logs.amazonaws.com"
_HTTPS = ("https-only", "redirect-to-https")
_TLS = ("TLSv1.2", "TLSv1.3")
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # a policy that AWS manages
_YEAR = 31_536_000
_STATIC = "/_next/static/"  # what Next.js names by its content
_KEY = "parametersInCacheKeyAndForwardedToOrigin"
_DECISION_ACCESS = 6


@criterion("TRADING-05.7", "TRADING-10.1")
def origin(subject: Subject) -> Verdict:
    """An enabled distribution asks the bucket for whatever no other behaviour is for."""
    findings = []
    for found, number, led in _fronts(subject):
        own = found.get(f"origins.{number}.originId")
        target = claim(found, "defaultCacheBehavior.targetOriginId", lambda given, own=own: given == own).word
        enabled = claim(found, "enabled", lambda on: on is True).word
        asked: Word = "unknown" if own is UNKNOWN else target
        findings.append(Finding(found, "origins", worst([led, asked, enabled])))
    return combine(findings, f"distributions before {_ASSETS}", "get their pages from it")


def _fronts(subject: Subject) -> Iterator[tuple[Resource, int, Word]]:
    """Yield the distributions that have, or may have, the bucket of the pages as an origin, with its number."""
    for found in subject.graph.of_type(DISTRIBUTION):
        origins = found.get("origins", [])
        # Of an unknown list one is asked for, and is unknown.
        for number in range(len(origins) if isinstance(origins, list) else 1):
            word = _leads(subject, found, number)
            if word != "fail":
                yield found, number, word


def _leads(subject: Subject, distribution: Resource, number: int) -> Word:
    """Say whether an origin is the bucket of the pages: by its host name, and by the dependencies before that."""
    path = f"origins.{number}.domainName"
    wanted = bucket_name(subject, _ASSETS)
    if distribution.get(f"origins.{number}.customOriginConfig") not in (None, UNKNOWN):
        return "fail"
    host = reveal(distribution.get(path))
    if isinstance(host, str):
        return "pass" if host.startswith(f"{wanted}.s3.") else "fail"
    bucket, word = one(subject.graph, distribution, path, BUCKET)
    return claim(bucket, "bucket", lambda name: name == wanted).word if bucket else word


@criterion("TRADING-10.2a")
def https(subject: Subject) -> Verdict:
    findings = [
        claim(found, f"{path}.viewerProtocolPolicy", lambda policy: policy in _HTTPS)
        for found in subject.graph.of_type(DISTRIBUTION)
        for path in _behaviours(found)
    ]
    return combine(findings, "behaviours", "deliver over HTTPS only")


def _behaviours(distribution: Resource) -> list[str]:
    ordered = distribution.get("orderedCacheBehaviors", [])
    # Of an unknown list one is asked for, and is unknown.
    number = len(ordered) if isinstance(ordered, list) else 1
    return ["defaultCacheBehavior", *(f"orderedCacheBehaviors.{index}" for index in range(number))]


@criterion("TRADING-10.2b")
def tls(subject: Subject) -> Verdict:
    """Every distribution says so itself: with CloudFront's own certificate viewers may use TLS 1.0."""
    findings = []
    for found in subject.graph.of_type(DISTRIBUTION):
        own = claim(found, "viewerCertificate.cloudfrontDefaultCertificate", lambda on: on is not True, default=False)
        version = claim(
            found, "viewerCertificate.minimumProtocolVersion", lambda given: given.startswith(_TLS), default=""
        )
        findings.append(Finding(found, "viewerCertificate", worst([own.word, version.word])))
    return combine(findings, "distributions", "take TLS 1.2 and later")


@criterion("TRADING-10.3a")
def own_domain(subject: Subject) -> Verdict:
    """The pages' distribution answers to the frontend's domain of the settings."""
    wanted = domain_of(subject, "frontend")
    findings = [
        claim(found, "aliases", lambda names: bool(wanted) and wanted in [plain(name) for name in names], default=[])
        for found, _, _ in _fronts(subject)
    ]
    return combine(findings, f"distributions before {_ASSETS}", f"answer to {wanted or 'a domain'}")


@criterion("TRADING-10.3b")
def own_certificate(subject: Subject) -> Verdict:
    """Every distribution presents an issued certificate of ACM that is for all of its aliases."""
    findings = []
    for found in subject.graph.of_type(DISTRIBUTION):
        certificate, word = of_user(subject.graph, found, SHOWN)
        if certificate is None:
            findings.append(Finding(found, SHOWN, word))
            continue
        names = found.get("aliases", [])
        known = isinstance(names, list) and all(isinstance(name, str) for name in names)
        covered = [covers(certificate, plain(name)) for name in names] if known else ["unknown"]
        issued = is_issued(subject.graph, certificate)
        findings.append(Finding(found, SHOWN, worst([word, issued, *(covered or ["fail"])])))
    return combine(findings, "distributions", "present a certificate of ACM for their domains")


@criterion("TRADING-10.4")
def compression(subject: Subject) -> Verdict:
    """Every behaviour compresses, and what is kept is kept in both of CloudFront's encodings.

    CloudFront compresses only under cache policies that let it, and never what it does not keep. Something is kept,
    then: the scripts and styles of the pages.
    """
    findings = []
    for found, _, _ in _fronts(subject):
        findings += [
            claim(found, f"{path}.compress", lambda on: on is True, default=False) for path in _behaviours(found)
        ]
        keeping = [path for path in _behaviours(found) if _disables(subject, found, path) != "pass"]
        kept = [_encodes(subject, found, path) for path in keeping]
        findings.append(Finding(found, "orderedCacheBehaviors", worst(kept) if kept else "fail"))
    return combine(findings, "behaviours for pages and their files", "compress")


def _encodes(subject: Subject, distribution: Resource, path: str) -> Word:
    policy, word = one(subject.graph, distribution, f"{path}.cachePolicyId", CACHE_POLICY)
    if policy is None:
        return word
    names = ("enableAcceptEncodingBrotli", "enableAcceptEncodingGzip")
    return worst(claim(policy, f"{_KEY}.{name}", lambda on: on is True, default=False).word for name in names)


@criterion("TRADING-10.5a")
def static_files(subject: Subject) -> Verdict:
    """The first behaviour for files that are named by their content keeps them for a year, whatever they ask for."""
    findings = []
    for found, _, _ in _fronts(subject):
        path, known = _first(found, f"{_STATIC}chunks/app.js")
        word = _keeps_a_year(subject, found, path) if path else "fail"
        findings.append(Finding(found, path or "orderedCacheBehaviors", worst([known, word])))
    return combine(findings, f"distributions before {_ASSETS}", "keep static files for a year")


def _first(distribution: Resource, file: str) -> tuple[str, Word]:
    """Return the ordered behaviour that a request for a file comes to, "" where there is none."""
    rows = distribution.get("orderedCacheBehaviors", [])
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        pattern = distribution.get(f"orderedCacheBehaviors.{number}.pathPattern")
        if row is UNKNOWN or pattern is UNKNOWN:
            return f"orderedCacheBehaviors.{number}", "unknown"
        if isinstance(pattern, str) and lookups.covers(f"/{pattern.removeprefix('/')}", file):
            return f"orderedCacheBehaviors.{number}", "pass"
    return ("", "pass") if isinstance(rows, list) else ("orderedCacheBehaviors", "unknown")


def _keeps_a_year(subject: Subject, distribution: Resource, path: str) -> Word:
    policy, word = one(subject.graph, distribution, f"{path}.cachePolicyId", CACHE_POLICY)
    if policy is None:
        return word
    return worst(claim(policy, name, lambda ttl: ttl == _YEAR).word for name in ("minTtl", "defaultTtl", "maxTtl"))


@criterion("TRADING-10.5b")
def pages_are_not_kept(subject: Subject) -> Verdict:
    """What no behaviour for static files is for, every distribution asks for anew."""
    findings = [
        Finding(found, "defaultCacheBehavior.cachePolicyId", _disables(subject, found, "defaultCacheBehavior"))
        for found in subject.graph.of_type(DISTRIBUTION)
    ]
    return combine(findings, "distributions", "keep no dynamic content")


def _disables(subject: Subject, distribution: Resource, path: str) -> Word:
    """Say whether a behaviour keeps nothing: under AWS's policy for that, or under one that may keep for 0 seconds."""
    place = f"{path}.cachePolicyId"
    if distribution.get(place) == _CACHING_DISABLED:
        return "pass"
    policy, word = one(subject.graph, distribution, place, CACHE_POLICY)
    return claim(policy, "maxTtl", lambda ttl: ttl == 0).word if policy else word


@criterion("TRADING-10.6")
def access(subject: Subject) -> Verdict:
    """Signed requests of the account's distributions are let in, and nobody else's: not by an identity (decision 6)."""
    findings = []
    for found, number, led in _fronts(subject):
        control, word = one(subject.graph, found, f"origins.{number}.originAccessControlId", ACCESS)
        signed = _signs(control) if control else word
        findings.append(Finding(found, "origins", worst([led, signed, _lets_in(subject)])))
    return combine(findings, f"distributions before {_ASSETS}", "alone read it by an access control", _DECISION_ACCESS)


def _signs(control: Resource) -> Word:
    wanted = {"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"}
    return worst(claim(control, name, lambda given, value=value: given == value).word for name, value in wanted.items())


def _lets_in(subject: Subject) -> Word:
    """Say whether bucket, and its key where it has one, let CloudFront read for the account's distributions only."""
    bucket = subject.graph.named(BUCKET, "bucket", bucket_name(subject, _ASSETS))
    if bucket is None:
        return "unknown"
    file = f"arn:aws:s3:::{bucket_name(subject, _ASSETS)}/index.html"
    own = on(subject.graph, bucket, BUCKET_POLICY, "bucket")
    words = [_serves(subject, own, "s3:GetObject", file)]
    for part in parts(subject.graph, bucket, "bucket", ENCRYPTION):
        algorithm = part.get("rules.0.applyServerSideEncryptionByDefault.sseAlgorithm")
        if algorithm != "AES256":
            key, word = one(subject.graph, part, "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId", KEY)
            words.append(_serves(subject, statements(key, "policy"), "kms:Decrypt", "*") if key else word)
    return worst(words)


def _serves(subject: Subject, written: list[Any] | None, action: str, resource: str) -> Word:
    if written is None:
        return "unknown"
    account = str(subject.settings.get("account_id"))
    asked = {
        owner: allowed(written, Call(action, resource, _SERVICE, sent_by(subject, _distribution(owner))))
        for owner in (account, "000000000000")
    }
    return "pass" if asked == {account: True, "000000000000": False} else "fail"


def _distribution(account: str) -> str:
    return f"arn:aws:cloudfront::{account}:distribution/E0123456789ABC"


@criterion("TRADING-10.7")
def logs(subject: Subject) -> Verdict:
    """Every distribution delivers its access logs to a bucket of the stack, whose policy takes them."""
    findings = [
        Finding(found, "arn", best(_delivers(subject, row, found) for row in subject.graph.of_type(LOG_DELIVERY)))
        for found in subject.graph.of_type(DISTRIBUTION)
    ]
    return combine(findings, "distributions", "deliver their access logs to a bucket")


def _delivers(subject: Subject, delivery: Resource, distribution: Resource) -> Word:
    graph = subject.graph
    source, first = one(graph, delivery, "deliverySourceName", LOG_SOURCE)
    target, second = one(graph, delivery, "deliveryDestinationArn", LOG_DESTINATION)
    if source is None or target is None:
        return worst([first, second])
    logged = follow(graph, source, "resourceArn", DISTRIBUTION)
    about: Word = "pass" if logged.has(distribution) else "fail"
    kind = claim(source, "logType", lambda given: given == "ACCESS_LOGS").word
    bucket, third = one(graph, target, "deliveryDestinationConfiguration.destinationResourceArn", BUCKET)
    if bucket is None:
        return worst([about, kind, third])
    return worst([about, "pass" if logged.certain else "unknown", kind, _takes_logs(subject, bucket)])


def _takes_logs(subject: Subject, bucket: Resource) -> Word:
    written, name = on(subject.graph, bucket, BUCKET_POLICY, "bucket"), bucket.get("bucket")
    if written is None or not isinstance(name, str):
        return "unknown"
    own = str(subject.settings.get("account_id"))
    context = {
        **sent_by(subject, f"arn:aws:logs:us-east-1:{own}:delivery-source:pages"),
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    file = f"arn:aws:s3:::{name}/AWSLogs/{own}/CloudFront/log.gz"
    return "pass" if allowed(written, Call("s3:putobject", file, _DELIVERY, context)) else "fail"


@criterion("TRADING-10.8")
def countries(subject: Subject) -> Verdict:
    """The countries of the settings are the only ones that get pages; without any in the settings, all do."""
    cdn = subject.settings.get("cdn")
    wanted = sorted(cdn.get("countries") or ()) if isinstance(cdn, dict) else []
    place = "restrictions.geoRestriction"
    findings = []
    for found, _, _ in _fronts(subject):
        kind = claim(found, f"{place}.restrictionType", lambda given: given == ("whitelist" if wanted else "none"))
        given = claim(found, f"{place}.locations", lambda names: sorted(names) == wanted, default=[])
        findings.append(Finding(found, place, worst([kind.word, given.word])))
    return combine(findings, f"distributions before {_ASSETS}", "serve the countries of the settings")
