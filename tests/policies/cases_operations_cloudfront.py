"""Fixtures of rules about what CloudFront serves, from where and with which headers."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

TYPE = "aws:cloudfront/distribution:Distribution"
BUCKET = made("aws:s3/bucket:Bucket", "site", bucket="example-site")
OF_SITE: dict[str, Any] = {
    "originId": "site",
    "domainName": "example-site.s3.eu-west-1.amazonaws.com",
    "originAccessControlId": "E1",
}
OF_SERVER: dict[str, Any] = {
    "originId": "server",
    "domainName": "api.example.com",
    "customOriginConfig": {"originProtocolPolicy": "https-only"},
}
SITE = made(
    TYPE,
    defaultRootObject="index.html",
    webAclId=UNKNOWN,
    origins=[OF_SITE],
    defaultCacheBehavior={"targetOriginId": "site", "responseHeadersPolicyId": UNKNOWN},
    orderedCacheBehaviors=[{"pathPattern": "/static/*", "targetOriginId": "site", "responseHeadersPolicyId": "p1"}],
    restrictions={"geoRestriction": {"restrictionType": "none"}},
)
SERVER = changed(SITE, {"origins": [OF_SERVER], "defaultCacheBehavior.targetOriginId": "server"})
WITHOUT_ROOT = changed(SITE, {"defaultRootObject": GONE})


def of(**changes: Any) -> list[Resource]:
    """Return a site whose origin has changes."""
    return [changed(SITE, {"origins": [{**OF_SITE, **changes}]}), BUCKET]


ROOT = Cases(
    rule="distribution-has-root-object",
    good={"set": [SITE], "server that has one": [changed(SERVER, {"defaultRootObject": "index.html"})]},
    bad={
        "not set": ([WITHOUT_ROOT], ("defaultRootObject",)),
        "empty": ([changed(SITE, {"defaultRootObject": ""})], ("defaultRootObject",)),
        "bucket not known yet": (
            [changed(WITHOUT_ROOT, {"origins": [{"originId": "site", "domainName": UNKNOWN}]})],
            ("defaultRootObject",),
        ),
        "one origin": ([changed(WITHOUT_ROOT, {"origins": OF_SITE})], ("defaultRootObject",)),
        "default behaviour not known": (
            [changed(WITHOUT_ROOT, {"defaultCacheBehavior.targetOriginId": UNKNOWN})],
            ("defaultRootObject",),
        ),
    },
    unknown={
        "name": ([changed(SITE, {"defaultRootObject": UNKNOWN})], ("defaultRootObject",)),
        "origins": ([changed(WITHOUT_ROOT, {"origins": UNKNOWN})], ("origins",)),
    },
    skipped={"server": [changed(SERVER, {"defaultRootObject": GONE})]},
)
FIREWALL = Cases(
    rule="distribution-has-firewall",
    good={"set": [SITE]},
    bad={
        "not set": ([changed(SITE, {"webAclId": GONE})], ("webAclId",)),
        "empty": ([changed(SITE, {"webAclId": ""})], ("webAclId",)),
    },
    always=True,
    never_unknown="a web ACL that is set is one, whatever its ARN will be",
)
ORIGIN = "origins.0"
ACCESS = Cases(
    rule="distribution-bucket-origin-has-access-control",
    good={"by name": of(), "not known yet": of(domainName=UNKNOWN, originAccessControlId=UNKNOWN)},
    bad={
        "none": (of(originAccessControlId=None), (f"{ORIGIN}.originAccessControlId",)),
        "identity": (
            of(originAccessControlId="", s3OriginConfig={"originAccessIdentity": "origin-access-identity/E2"}),
            (f"{ORIGIN}.originAccessControlId", f"{ORIGIN}.s3OriginConfig.originAccessIdentity"),
        ),
        "website": (
            of(domainName="example-site.s3-website-eu-west-1.amazonaws.com", customOriginConfig={"httpPort": 80}),
            (f"{ORIGIN}.domainName",),
        ),
        "bucket as a server": (
            of(originAccessControlId=None, customOriginConfig={"httpPort": 80}),
            (f"{ORIGIN}.originAccessControlId",),
        ),
    },
    unknown={
        "origins": ([changed(SITE, {"origins": UNKNOWN})], ("origins",)),
        "origin": ([changed(SITE, {"origins": [UNKNOWN]})], (ORIGIN,)),
    },
    skipped={"server": [SERVER]},
)
CONTROL = made(
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    originAccessControlOriginType="s3",
    signingBehavior="always",
    signingProtocol="sigv4",
)
SIGNS = Cases(
    rule="origin-access-control-signs",
    good={"always": [CONTROL]},
    bad={
        "never": ([changed(CONTROL, {"signingBehavior": "never"})], ("signingBehavior",)),
        "viewers may": ([changed(CONTROL, {"signingBehavior": "no-override"})], ("signingBehavior",)),
        "protocol": ([changed(CONTROL, {"signingProtocol": "sigv2"})], ("signingProtocol",)),
        "kind": ([changed(CONTROL, {"originAccessControlOriginType": GONE})], ("originAccessControlOriginType",)),
    },
    unknown={"behaviour": ([changed(CONTROL, {"signingBehavior": UNKNOWN})], ("signingBehavior",))},
    always=True,
)
BY_REFERENCE = made(TYPE, refers={"origins": BUCKET})
EXISTS = Cases(
    rule="distribution-bucket-origin-exists",
    good={
        "by name": of(),
        "by reference": [
            Resource(
                urn=BY_REFERENCE.urn,
                type=TYPE,
                name="it",
                inputs={"origins": [{"originId": "site", "domainName": UNKNOWN}]},
                property_dependencies=BY_REFERENCE.property_dependencies,
            ),
            BUCKET,
        ],
        "known elsewhere": of(domainName="example-archive.s3.amazonaws.com"),
    },
    bad={
        "gone": (of(domainName="example-old.s3.eu-west-1.amazonaws.com"), (f"{ORIGIN}.domainName",)),
        "website that is gone": (
            of(domainName="example-old.s3-website-eu-west-1.amazonaws.com"),
            (f"{ORIGIN}.domainName",),
        ),
        "no name": (of(domainName=None), (f"{ORIGIN}.domainName",)),
    },
    unknown={
        "from nowhere": (of(domainName=UNKNOWN), (f"{ORIGIN}.domainName",)),
        "origins": ([changed(SITE, {"origins": UNKNOWN}), BUCKET], ("origins",)),
        "origin": ([changed(SITE, {"origins": [UNKNOWN]}), BUCKET], (ORIGIN,)),
    },
    skipped={"server": [SERVER]},
    parameters={"buckets": ["example-archive"]},
)
GEO = "restrictions.geoRestriction"


def limited(kind: Any, locations: Any) -> list[Resource]:
    return [changed(SITE, {GEO: {"restrictionType": kind, "locations": locations}})]


COUNTRIES = Cases(
    rule="distribution-limits-countries-as-required",
    good={"one": limited("whitelist", ["DE"]), "several": limited("whitelist", ["de", "FR"])},
    bad={
        "none": ([SITE], (f"{GEO}.restrictionType",)),
        "not set": ([changed(SITE, {"restrictions": GONE})], (f"{GEO}.restrictionType",)),
        "no country": (limited("whitelist", []), (f"{GEO}.locations",)),
        "another country": (limited("whitelist", ["DE", "US"]), (f"{GEO}.locations",)),
        "all but one": (limited("blacklist", ["KP"]), (f"{GEO}.restrictionType",)),
    },
    unknown={
        "kind": (limited(UNKNOWN, ["DE"]), (f"{GEO}.restrictionType",)),
        "countries": (limited("whitelist", UNKNOWN), (f"{GEO}.locations",)),
        "country": (limited("whitelist", [UNKNOWN]), (f"{GEO}.locations",)),
    },
    always=True,
    parameters={"required": True, "countries": ["DE", "FR"]},
)
POLICY = "responseHeadersPolicyId"
BEHAVIOURS = Cases(
    rule="distribution-behaviours-have-headers",
    good={"all": [SITE], "no other behaviour": [changed(SITE, {"orderedCacheBehaviors": GONE})]},
    bad={
        "default": ([changed(SITE, {f"defaultCacheBehavior.{POLICY}": GONE})], (f"defaultCacheBehavior.{POLICY}",)),
        "another": (
            [changed(SITE, {f"orderedCacheBehaviors.0.{POLICY}": GONE})],
            (f"orderedCacheBehaviors.0.{POLICY}",),
        ),
    },
    unknown={"others": ([changed(SITE, {"orderedCacheBehaviors": UNKNOWN})], ("orderedCacheBehaviors",))},
    always=True,
)
HSTS, NOSNIFF = "securityHeadersConfig.strictTransportSecurity", "securityHeadersConfig.contentTypeOptions"
FRAMES = "securityHeadersConfig.frameOptions"
HEADERS = made(
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
    securityHeadersConfig={
        "strictTransportSecurity": {"accessControlMaxAgeSec": 31536000, "includeSubdomains": True, "override": True},
        "contentTypeOptions": {"override": True},
        "frameOptions": {"frameOption": "DENY", "override": True},
    },
)
ENFORCES = Cases(
    rule="response-headers-enforce-https",
    good={"a year": [HEADERS], "text": [changed(HEADERS, {f"{HSTS}.accessControlMaxAgeSec": "63072000"})]},
    bad={
        "short": ([changed(HEADERS, {f"{HSTS}.accessControlMaxAgeSec": 300})], (f"{HSTS}.accessControlMaxAgeSec",)),
        "not all": ([changed(HEADERS, {f"{HSTS}.includeSubdomains": False})], (f"{HSTS}.includeSubdomains",)),
        "origin decides": ([changed(HEADERS, {f"{HSTS}.override": False})], (f"{HSTS}.override",)),
        "none": (
            [changed(HEADERS, {"securityHeadersConfig": GONE})],
            (f"{HSTS}.accessControlMaxAgeSec", f"{HSTS}.includeSubdomains", f"{HSTS}.override"),
        ),
    },
    unknown={
        "age": ([changed(HEADERS, {f"{HSTS}.accessControlMaxAgeSec": UNKNOWN})], (f"{HSTS}.accessControlMaxAgeSec",))
    },
    always=True,
)
PROTECTS = Cases(
    rule="response-headers-protect-pages",
    good={"both": [HEADERS], "own frames": [changed(HEADERS, {f"{FRAMES}.frameOption": "SAMEORIGIN"})]},
    bad={
        "sniffing": ([changed(HEADERS, {NOSNIFF: GONE})], (f"{NOSNIFF}.override",)),
        "frames": ([changed(HEADERS, {f"{FRAMES}.frameOption": "ALLOW"})], (f"{FRAMES}.frameOption",)),
        "origin decides": ([changed(HEADERS, {f"{FRAMES}.override": False})], (f"{FRAMES}.override",)),
    },
    unknown={"frames": ([changed(HEADERS, {f"{FRAMES}.frameOption": UNKNOWN})], (f"{FRAMES}.frameOption",))},
    always=True,
)

CASES: list[Cases] = [ROOT, FIREWALL, ACCESS, SIGNS, EXISTS, COUNTRIES, BEHAVIOURS, ENFORCES, PROTECTS]
