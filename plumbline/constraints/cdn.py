"""CloudFront distributions: domains and certificates, origins, cache behaviours, error pages, countries.

Sources are DistributionConfig and its parts in the API's reference, and "Quotas" of the developer guide. Enumerations
are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.certificates import CERTIFICATE, VALIDATION
from plumbline.constraints.firewall import ACL
from plumbline.constraints.networks import earlier, exactly_one, known_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HOME_REGION = "us-east-1"
_ACM_ARN = re.compile(r"arn:[a-z-]+:acm:([a-z0-9-]+):")
_CERTIFICATES = ("acmCertificateArn", "cloudfrontDefaultCertificate", "iamCertificateId")
_BEHAVIOURS = 75  # with the default one
_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"},
)
_OF_POLICY = ("defaultTtl", "forwardedValues", "maxTtl", "minTtl")
_PATH = re.compile(r"[A-Za-z0-9_\-.*$/~\"'@:+&?]{1,255}")
_EVENTS = ("viewer-request", "viewer-response")
_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
_ANSWERS = (200, *_ERRORS)
_COUNTRY = re.compile(r"[A-Z]{2}")
_LONGEST_COMMENT = 128


@for_types(DISTRIBUTION)
def certificate(distribution: Resource, graph: StackGraph) -> Iterator[Finding]:
    """One certificate is named: CloudFront's own, or an issued one in us-east-1 with the way it is offered."""
    given = distribution.get("viewerCertificate")
    if not isinstance(given, Mapping):
        return
    # False means the same as nothing.
    named = {name: value for name, value in given.items() if value is not False}
    if message := exactly_one(named, _CERTIFICATES):
        yield "viewerCertificate", message
    own = given.get("cloudfrontDefaultCertificate") is True
    brought = any(given.get(name) is not None for name in ("acmCertificateArn", "iamCertificateId"))
    if brought and given.get("sslSupportMethod") is None:
        yield "viewerCertificate.sslSupportMethod", "missing; a certificate of one's own needs it"
    version = given.get("minimumProtocolVersion")
    if own and isinstance(version, str) and version != "TLSv1":
        yield "viewerCertificate.minimumProtocolVersion", f"{version!r} given; CloudFront's own certificate takes TLSv1"
    path, arn = "viewerCertificate.acmCertificateArn", given.get("acmCertificateArn")
    match = _ACM_ARN.match(arn) if isinstance(arn, str) else None
    if match is not None and match[1] != HOME_REGION:
        yield path, f"a certificate in {match[1]} given; one in {HOME_REGION} is needed"
    issued = behind(distribution, "viewerCertificate", graph, CERTIFICATE, VALIDATION)
    if issued is None:
        return
    place = region_of(issued, graph)
    if match is None and place not in (None, HOME_REGION):
        yield path, f"{issued.display} is in {place}; one in {HOME_REGION} is needed"
    if issued.type == CERTIFICATE and issued.get("validationMethod") == "DNS":
        yield path, f"{issued.display} may not be issued yet; use the output of its CertificateValidation"


@for_types(DISTRIBUTION)
def aliases(distribution: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Each alias is covered by the certificate, and belongs to no other distribution."""
    shown = distribution.get("viewerCertificate")
    names = [name for name in _list(distribution.get("aliases")) if isinstance(name, str)]
    if names and isinstance(shown, Mapping) and shown.get("cloudfrontDefaultCertificate") is True:
        yield "aliases", "given; they need a certificate of one's own"
    covered = _covered(distribution, graph)
    for index, name in enumerate(names):
        if covered is not None and not any(_covers(pattern, name) for pattern in covered):
            yield f"aliases[{index}]", f"{name!r} given; the certificate is for {', '.join(covered)}"
        for other in earlier(distribution, graph):
            if name in _list(other.get("aliases")):
                yield f"aliases[{index}]", f"{name!r} given; {other.display} has it"


def _covered(distribution: Resource, graph: StackGraph) -> list[str] | None:
    """Return the names on a distribution's certificate, None where they are not known."""
    issued = behind(distribution, "viewerCertificate", graph, CERTIFICATE, VALIDATION)
    if issued is not None and issued.type == VALIDATION:
        issued = behind(issued, "certificateArn", graph, CERTIFICATE)
    if issued is None or issued.get("domainName") is None:
        return None
    others = issued.get("subjectAlternativeNames", [])
    names = [issued.get("domainName"), *(others if isinstance(others, list) else [UNKNOWN])]
    return None if any(not isinstance(name, str) for name in names) else names


def _covers(pattern: str, name: str) -> bool:
    """Say whether a name of a certificate covers a domain: a wildcard stands for one label."""
    if pattern.startswith("*."):
        return name == pattern or name.partition(".")[2] == pattern[2:]
    return name == pattern


@for_types(DISTRIBUTION)
def web_acl(distribution: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A web ACL of AWS WAF is of scope CLOUDFRONT, which its ARN shows as well."""
    acl, arn = behind(distribution, "webAclId", graph, ACL), distribution.get("webAclId")
    scope = acl.get("scope") if acl is not None else None
    if acl is not None and isinstance(scope, str) and scope != "CLOUDFRONT":
        yield "webAclId", f"{acl.display} is of scope {scope}; one of scope CLOUDFRONT is needed"
    elif isinstance(arn, str) and ":wafv2:" in arn and ":global/" not in arn:
        yield "webAclId", f"{arn!r} given; a web ACL of scope CLOUDFRONT is needed"


@for_types(DISTRIBUTION)
def origins(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Each origin has an id of its own, one kind, and one way to be let in."""
    seen: set[str] = set()
    for index, origin in enumerate(known_rows(distribution.get("origins"))):
        path, own = f"origins[{index}]", origin.get("originId")
        if isinstance(own, str) and own in seen:
            yield f"{path}.originId", f"{own!r} given; another origin has it"
        seen |= {own} if isinstance(own, str) else set()
        bucket, custom = origin.get("s3OriginConfig"), origin.get("customOriginConfig")
        if bucket is not None and custom is not None:
            yield f"{path}.customOriginConfig", "given together with s3OriginConfig; an origin is of one kind"
        signed = origin.get("originAccessControlId") not in (None, "")
        identity = bucket.get("originAccessIdentity") if isinstance(bucket, Mapping) else None
        if signed and identity not in (None, "", UNKNOWN):
            yield (
                f"{path}.originAccessControlId",
                "given together with an origin access identity; allowed: one of them",
            )
        where = origin.get("originPath")
        if isinstance(where, str) and where and (not where.startswith("/") or where.endswith("/")):
            yield f"{path}.originPath", f"{where!r} given; allowed: a path that begins, and does not end, with /"


@for_types(DISTRIBUTION)
def behaviours(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Each behaviour leads to an origin, with methods that go together, under one cache policy or values of its own."""
    given = [distribution.get("origins", []), distribution.get("originGroups", [])]
    targets = [row.get("originId") for rows in given for row in known_rows(rows)]
    if any(rows is UNKNOWN or UNKNOWN in rows for rows in given):
        targets.append(UNKNOWN)
    for path, behaviour in _behaviours(distribution):
        target = behaviour.get("targetOriginId")
        if isinstance(target, str) and UNKNOWN not in targets and target not in targets:
            yield f"{path}.targetOriginId", f"{target!r} given; origins: {', '.join(map(str, targets)) or 'none'}"
        yield from _methods(path, behaviour)
        if behaviour.get("cachePolicyId") is None:
            if behaviour.get("forwardedValues") is None:
                yield f"{path}.cachePolicyId", "missing; without it, forwardedValues are needed"
            continue
        for name in _OF_POLICY:
            if behaviour.get(name) is not None:
                yield f"{path}.{name}", "given together with cachePolicyId, which has it"


def _methods(path: str, behaviour: Mapping[str, Any]) -> Iterator[Finding]:
    allowed, cached = _list(behaviour.get("allowedMethods")), _list(behaviour.get("cachedMethods"))
    if not all(isinstance(method, str) for method in (*allowed, *cached)) or not (allowed and cached):
        return
    if set(allowed) not in _METHODS:
        yield f"{path}.allowedMethods", f"{', '.join(allowed)} given; allowed: {_written(*_METHODS)}"
    if set(cached) not in _METHODS[:2]:
        yield f"{path}.cachedMethods", f"{', '.join(cached)} given; allowed: {_written(*_METHODS[:2])}"
    elif not set(cached) <= set(allowed):
        yield f"{path}.cachedMethods", f"{', '.join(cached)} given; some of them are not in allowedMethods"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _written(*sets: set[str]) -> str:
    return "; ".join(", ".join(sorted(methods)) for methods in sets)


@for_types(DISTRIBUTION)
def paths(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """There are at most 75 behaviours, each for a path pattern of its own."""
    rows = known_rows(distribution.get("orderedCacheBehaviors"))
    if len(rows) >= _BEHAVIOURS:
        yield "orderedCacheBehaviors", f"{len(rows)} given; allowed: at most {_BEHAVIOURS - 1} beside the default one"
    seen: set[str] = set()
    for index, row in enumerate(rows):
        pattern = row.get("pathPattern")
        if not isinstance(pattern, str):
            continue
        if not _PATH.fullmatch(pattern):
            yield f"orderedCacheBehaviors[{index}].pathPattern", f"{pattern!r} given; allowed: {_PATH.pattern}"
        if pattern in seen:
            yield f"orderedCacheBehaviors[{index}].pathPattern", f"{pattern!r} given; an earlier behaviour has it"
        seen.add(pattern)


@for_types(DISTRIBUTION)
def functions(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A behaviour has at most one function for requests and one for answers of viewers, of one kind."""
    for path, behaviour in _behaviours(distribution):
        own = [row.get("eventType") for row in known_rows(behaviour.get("functionAssociations"))]
        lambdas = [row.get("eventType") for row in known_rows(behaviour.get("lambdaFunctionAssociations"))]
        for index, event in enumerate(own):
            place = f"{path}.functionAssociations[{index}].eventType"
            if isinstance(event, str) and event not in _EVENTS:
                yield place, f"{event!r} given; CloudFront Functions take {', '.join(_EVENTS)}"
            elif event in own[:index]:
                yield place, f"{event!r} given; another function of the behaviour has it"
        viewers = [event for event in lambdas if event in _EVENTS]
        if own and viewers:
            yield (
                f"{path}.lambdaFunctionAssociations",
                f"{viewers[0]!r} given beside functionAssociations; allowed: one kind for viewers",
            )


@for_types(DISTRIBUTION)
def error_pages(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """An error has one answer: a page, whose path begins with /, and the code that it comes with."""
    seen: set[int] = set()
    for index, row in enumerate(known_rows(distribution.get("customErrorResponses"))):
        place, code, page = f"customErrorResponses[{index}]", row.get("errorCode"), row.get("responsePagePath")
        if isinstance(code, int | float):
            if code not in _ERRORS:
                yield f"{place}.errorCode", f"{code} given; allowed: {', '.join(map(str, _ERRORS))}"
            if code in seen:
                yield f"{place}.errorCode", f"{code} given; another response is for it"
            seen.add(int(code))
        answer = row.get("responseCode")
        if (page is None) != (answer is None):
            missing = "responsePagePath" if page is None else "responseCode"
            yield f"{place}.{missing}", "missing; a page and a code go together"
        if isinstance(page, str) and not page.startswith("/"):
            yield f"{place}.responsePagePath", f"{page!r} given; allowed: a path that begins with /"
        if isinstance(answer, int | float) and answer not in _ANSWERS:
            yield f"{place}.responseCode", f"{answer} given; allowed: {', '.join(map(str, _ANSWERS))}"


@for_types(DISTRIBUTION)
def countries(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A restriction names countries, as two capital letters; no restriction names none."""
    place = "restrictions.geoRestriction"
    kind, given = distribution.get(f"{place}.restrictionType"), distribution.get(f"{place}.locations")
    if kind in ("blacklist", "whitelist") and given in (None, []):
        yield f"{place}.locations", f"missing; restriction type {kind} needs it"
    if kind == "none" and given not in (None, [], UNKNOWN):
        yield f"{place}.locations", "given, but the restriction type is none"
    for index, country in enumerate(_list(given)):
        if isinstance(country, str) and not _COUNTRY.fullmatch(country):
            yield f"{place}.locations[{index}]", f"{country!r} given; allowed: a country as two capital letters"


@for_types(DISTRIBUTION)
def comment(distribution: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A comment has at most 128 characters."""
    given = distribution.get("comment")
    if isinstance(given, str) and len(given) > _LONGEST_COMMENT:
        yield "comment", f"{len(given)} characters given; allowed: at most {_LONGEST_COMMENT}"


def _behaviours(distribution: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    default = distribution.get("defaultCacheBehavior")
    if isinstance(default, Mapping):
        yield "defaultCacheBehavior", default
    for index, row in enumerate(known_rows(distribution.get("orderedCacheBehaviors"))):
        yield f"orderedCacheBehaviors[{index}]", row
