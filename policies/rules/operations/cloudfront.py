"""CloudFront: what a distribution serves, from where, and with which headers."""

from __future__ import annotations

import re
from typing import Literal

from plumbline.graph import UNKNOWN
from policies.rules.encryption.cloudfront import DISTRIBUTION
from policies.rules.encryption.keys import places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    check_true,
    check_word,
    fail,
    is_true,
    kind_of,
    rule,
    unknown,
    word_or_other,
)

_GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudfront-controls.html"
_BUCKET = "aws:s3/bucket:Bucket"
_ACCESS = "aws:cloudfront/originAccessControl:OriginAccessControl"
_HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
_OF_S3 = re.compile(r"(?P<bucket>.+?)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(\.cn)?", re.IGNORECASE)
Kind = Literal["s3", "website", "other", "unknown"]


def _kind(view: View, path: str) -> Kind:
    """Say what an origin is. What is set up as neither a server nor a VPC's is a bucket, unless its name tells."""
    if view.get(path) is UNKNOWN:
        return "unknown"
    name = view.get(f"{path}.domainName")
    text = name.lower() if isinstance(name, str) else ""
    if ".s3-website" in text:
        return "website"
    if _OF_S3.fullmatch(text):
        return "s3"
    if any(view.is_set(f"{path}.{config}") for config in ("customOriginConfig", "vpcOriginConfig")):
        return "other"
    # Origins of Lambda URLs, media and API gateways are servers with a configuration of their own.
    return "s3" if name is UNKNOWN or not text.endswith((".on.aws", ".execute-api")) else "other"


@rule(
    "OP-070",
    "distribution-has-root-object",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="high",
    rationale="A request for the address alone goes to the bucket itself otherwise, and may list what is in it.",
    url=f"{_HUB}#cloudfront-1",
    remediation='Set default_root_object, such as "index.html".',
    controls=("CloudFront.1", "CKV_AWS_305"),
    criteria=("TRADING-10.1",),
)
def root_object(view: View) -> Outcome:
    """Only where the default behaviour serves a bucket: a server answers for its own root."""
    origins = places(view, "origins")
    wanted = view.get("defaultCacheBehavior.targetOriginId")
    outcome = check(view, "defaultRootObject", lambda text: bool(text.strip()), "a name such as index.html")
    if outcome.word != "fail":
        return outcome
    if origins is None:
        return unknown("origins", "a root object for a bucket")
    kinds = {view.get(f"{path}.originId"): _kind(view, path) for path in origins if _hashable(view, path)}
    kind = kinds.get(wanted) if isinstance(wanted, str) else None
    if kind is None:
        kind = "s3" if not kinds or "s3" in kinds.values() else "other"
    if kind == "unknown":
        return unknown("origins", "a root object for a bucket")
    return NOT_APPLICABLE if kind == "other" else outcome


def _hashable(view: View, path: str) -> bool:
    return isinstance(view.get(f"{path}.originId"), str)


@rule(
    "OP-071",
    "distribution-has-firewall",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="medium",
    rationale="At the edge a web ACL stops floods and known attacks before they cost anything further in.",
    url=f"{_HUB}#cloudfront-6",
    remediation="Set web_acl_id to the ARN of a web ACL of scope CLOUDFRONT in us-east-1.",
    controls=("CloudFront.6", "CKV_AWS_68", "AwsSolutions-CFR2", "aws-cloudfront-distribution-configure-waf"),
    criteria=("TRADING-10.9", "TRADING-15.2"),
)
def firewall(view: View) -> Outcome:
    return check_set(view, "webAclId", "a web ACL")


@rule(
    "OP-072",
    "distribution-bucket-origin-has-access-control",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="medium",
    rationale="Signed requests tell the bucket its distribution; identities of the old kind know no KMS and no PUT.",
    url=f"{_GUIDE}/private-content-restricting-access-to-s3.html",
    remediation="Set origin_access_control_id for the bucket's origin, and leave out s3_origin_config and websites.",
    controls=("CloudFront.13", "AwsSolutions-CFR7", "CKV2_AWS_46"),
    criteria=("TRADING-05.7", "TRADING-10.6"),
)
def access_control(view: View) -> Outcome:
    origins = places(view, "origins")
    expected = "an origin access control"
    if origins is None:
        return unknown("origins", expected)
    outcomes: list[Outcome] = []
    for path in origins:
        kind = _kind(view, path)
        if kind == "unknown":
            outcomes.append(unknown(path, expected))
        elif kind == "website":
            outcomes.append(fail(f"{path}.domainName", "a bucket's website", "the bucket itself"))
        elif kind == "s3":
            outcomes.append(check_set(view, f"{path}.originAccessControlId", expected))
            old = f"{path}.s3OriginConfig.originAccessIdentity"
            outcomes.append(fail(old, "an identity of the old kind", expected) if view.is_set(old) else PASS)
    return all_of(outcomes)


@rule(
    "OP-073",
    "origin-access-control-signs",
    pack="operations",
    types=(_ACCESS,),
    severity="medium",
    rationale="A control that does not sign each request is none, or lets viewers sign with keys of their own.",
    url=f"{_GUIDE}/private-content-restricting-access-to-s3.html",
    remediation='Set signing_behavior="always" and signing_protocol="sigv4".',
    controls=("CloudFront.13", "CKV2_AWS_46"),
    criteria=("TRADING-10.6",),
)
def signs(view: View) -> Outcome:
    kinds = ("s3", "lambda", "mediastore", "mediapackagev2")
    return all_of(
        [
            check_word(view, "signingBehavior", ("always",), known=("never", "no-override")),
            check_word(view, "signingProtocol", ("sigv4",)),
            check_word(view, "originAccessControlOriginType", kinds),
        ]
    )


@rule(
    "OP-074",
    "distribution-bucket-origin-exists",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="high",
    scope="stack",
    rationale="Whoever takes the name of a bucket that is gone serves pages under the system's own address.",
    url=f"{_HUB}#cloudfront-12",
    remediation="Take the bucket's bucket_regional_domain_name; `buckets` of the parameters names those elsewhere.",
    controls=("CloudFront.12",),
    parameters={"buckets": []},
)
def bucket_exists(view: View) -> Outcome:
    origins = places(view, "origins")
    expected = "a bucket of the stack"
    if origins is None:
        return unknown("origins", expected)
    names = {each.get("bucket") for each in view.of_type(_BUCKET) if isinstance(each.get("bucket"), str)}
    leads_to = view.resource.property_dependencies.get("origins", ())
    of_bucket = [each for each in view.of_type(_BUCKET) if each.resource.urn in leads_to]
    # Without a dependency on a bucket, an unknown name may come from anywhere.
    outcomes: list[Outcome] = []
    for path in origins:
        kind, place = _kind(view, path), f"{path}.domainName"
        name = view.get(place)
        if kind == "unknown":
            outcomes.append(unknown(path, expected))
        elif kind in ("s3", "website") and name is UNKNOWN:
            outcomes.append(PASS if of_bucket else unknown(place, expected))
        elif kind in ("s3", "website"):
            text = name.lower() if isinstance(name, str) else ""
            bucket = re.split(r"\.s3[.-]", text)[0]
            known = bucket in names or bucket in view.parameters["buckets"]
            outcomes.append(PASS if text and known else fail(place, _shown(name), expected))
    return all_of(outcomes)


def _shown(name: object) -> str:
    return "a bucket that is not in the stack" if isinstance(name, str) and name else kind_of(name)


@rule(
    "OP-075",
    "distribution-limits-countries-as-required",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="low",
    level="open",
    rationale="Where a system may serve some countries only, the edge is the place that knows where a viewer is.",
    url=f"{_GUIDE}/georestrictions.html",
    remediation="Set restrictions.geo_restriction with restriction_type and locations, as the parameters ask.",
    controls=("CKV_AWS_374", "AwsSolutions-CFR1"),
    criteria=("TRADING-10.8",),
    parameters={"required": False, "countries": []},
)
def countries(view: View) -> Outcome:
    """Without `required`, only a restriction that names no country is wrong. `countries` are the only ones allowed."""
    base = "restrictions.geoRestriction"
    kind = view.get(f"{base}.restrictionType", "none")
    required, allowed = is_true(view.parameters["required"]), {str(e).upper() for e in view.parameters["countries"]}
    if kind is UNKNOWN:
        return unknown(f"{base}.restrictionType", "whitelist or blacklist")
    if not isinstance(kind, str) or kind.lower() not in ("whitelist", "blacklist"):
        word = word_or_other(kind, ("none",))
        return fail(f"{base}.restrictionType", word, "whitelist or blacklist") if required or word != "none" else PASS
    named = view.items(f"{base}.locations")
    if named is None:
        return unknown(f"{base}.locations", "countries")
    if not named:
        return fail(f"{base}.locations", "no country", "countries")
    if allowed and kind.lower() == "blacklist":
        return fail(f"{base}.restrictionType", "blacklist", "whitelist")
    others = [each for each in named if str(each).upper() not in allowed] if allowed else []
    if any(each is UNKNOWN for each in others):
        return unknown(f"{base}.locations", "allowed countries")
    return fail(f"{base}.locations", f"{len(others)} other countries", "allowed countries") if others else PASS


@rule(
    "OP-076",
    "distribution-behaviours-have-headers",
    pack="operations",
    types=(DISTRIBUTION,),
    severity="low",
    rationale="Browsers protect a page as its headers tell them; an object in a bucket brings none of them.",
    url=f"{_GUIDE}/adding-response-headers.html",
    remediation="Set response_headers_policy_id in every cache behaviour.",
    controls=("CKV2_AWS_32",),
)
def headers(view: View) -> Outcome:
    expected = "a response headers policy"
    ordered = places(view, "orderedCacheBehaviors")
    behaviours = ["defaultCacheBehavior", *(ordered or ())]
    outcomes = [check_set(view, f"{path}.responseHeadersPolicyId", expected) for path in behaviours]
    if ordered is None:
        outcomes.append(unknown("orderedCacheBehaviors", expected))
    return all_of(outcomes)


_SECURITY = "securityHeadersConfig"


@rule(
    "OP-077",
    "response-headers-enforce-https",
    pack="operations",
    types=(_HEADERS,),
    severity="low",
    rationale="A browser that was told so once asks for HTTPS by itself, and the first request cannot be caught.",
    url=f"{_GUIDE}/understanding-response-headers-policies.html",
    remediation="Set strict_transport_security with a year of seconds, include_subdomains and override.",
    controls=("CKV_AWS_259",),
    criteria=("TRADING-10.2a",),
    parameters={"seconds": 31_536_000},
)
def strict_transport(view: View) -> Outcome:
    path = f"{_SECURITY}.strictTransportSecurity"
    least = int(view.parameters["seconds"])
    age = check(view, f"{path}.accessControlMaxAgeSec", lambda value: int(value) >= least, f"{least} or more")
    return all_of([age, check_true(view, f"{path}.includeSubdomains"), check_true(view, f"{path}.override")])


@rule(
    "OP-078",
    "response-headers-protect-pages",
    pack="operations",
    types=(_HEADERS,),
    severity="low",
    rationale="Without these headers other sites frame a page, and browsers run as a script what was sent as a text.",
    url=f"{_GUIDE}/understanding-response-headers-policies.html",
    remediation="Set content_type_options and frame_options (DENY or SAMEORIGIN) in security_headers_config.",
    controls=("CKV2_AWS_32",),
)
def protects(view: View) -> Outcome:
    frames = f"{_SECURITY}.frameOptions"
    return all_of(
        [
            check_true(view, f"{_SECURITY}.contentTypeOptions.override"),
            check_word(view, f"{frames}.frameOption", ("DENY", "SAMEORIGIN")),
            check_true(view, f"{frames}.override"),
        ]
    )
