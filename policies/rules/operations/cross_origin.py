"""Which pages may read answers: origins of buckets, APIs and distributions, and what pages may load."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_true,
    check_word,
    fail,
    is_true,
    rule,
    unknown,
)

_BUCKET = "aws:s3/bucket:Bucket"
_CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
_HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
_EXPECTED = "named https origins"


def _origins(view: View, path: str) -> Iterator[Outcome]:
    """Judge a list of origins."""
    given = view.items(path)
    if given is None:
        yield unknown(path, _EXPECTED)
        return
    for number, origin in enumerate(given):
        place = f"{path}.{number}"
        if origin is UNKNOWN:
            yield unknown(place, _EXPECTED)
        else:
            yield PASS if _named(origin) else fail(place, "*" if origin == "*" else "a pattern, or no https", _EXPECTED)


def _named(origin: object) -> bool:
    return isinstance(origin, str) and origin.lower().startswith("https://") and "*" not in origin


@rule(
    "OP-400",
    "bucket-cors-names-origins",
    pack="operations",
    types=(_BUCKET, _CORS),
    severity="medium",
    rationale="A page of anybody could read, or with PUT write, what a visitor's browser may.",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html",
    remediation="List the https origins of the application's pages in allowed_origins.",
    criteria=("TRADING-07.3",),
)
def bucket(view: View) -> Outcome:
    rules = view.items("corsRules")
    if rules is None:
        return unknown("corsRules", _EXPECTED)
    return all_of(each for number in range(len(rules)) for each in _origins(view, f"corsRules.{number}.allowedOrigins"))


_ALLOW = "access-control-allow-origin"


@rule(
    "OP-401",
    "api-answers-name-origins",
    pack="operations",
    types=(
        "aws:apigateway/integrationResponse:IntegrationResponse",
        "aws:apigateway/response:Response",
        "aws:apigatewayv2/api:Api",
    ),
    severity="medium",
    rationale="With a star, any page can read the API's answers in the browser of whoever looks at it.",
    url="https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html",
    remediation="Give Access-Control-Allow-Origin the https origin of the application's pages, in quotes.",
    criteria=("TRADING-07.3",),
)
def answers(view: View) -> Outcome:
    if view.type.endswith(":Api"):
        return all_of(_origins(view, "corsConfiguration.allowOrigins"))
    parameters = view.get("responseParameters")
    if parameters is UNKNOWN:
        return unknown("responseParameters", _EXPECTED)
    outcomes: list[Outcome] = []
    for name, value in (parameters if isinstance(parameters, dict) else {}).items():
        if str(name).lower().endswith(_ALLOW):
            path = f"responseParameters.{name}"
            if value is UNKNOWN:
                outcomes.append(unknown(path, _EXPECTED))
            else:
                good = _named(str(value).strip("'")) or str(value).startswith("integration.response.")
                outcomes.append(PASS if good else fail(path, "a pattern, or no https", _EXPECTED))
    return all_of(outcomes)


@rule(
    "OP-402",
    "response-headers-name-origins",
    pack="operations",
    types=(_HEADERS,),
    severity="medium",
    rationale="With a star, any page can read what the distribution answers to a visitor's browser.",
    url="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html",
    remediation="List the https origins in cors_config.access_control_allow_origins.",
    criteria=("TRADING-07.3",),
)
def headers(view: View) -> Outcome:
    """A star without credentials is for public files, such as fonts."""
    path = "corsConfig.accessControlAllowOrigins.items"
    credentials = view.get("corsConfig.accessControlAllowCredentials", default=False)
    if not view.is_set("corsConfig") or (credentials is not UNKNOWN and not is_true(credentials)):
        return NOT_APPLICABLE
    return all_of(_origins(view, path))


_CONTENT = "securityHeadersConfig.contentSecurityPolicy.contentSecurityPolicy"
# Sources that let in scripts of anybody. Scripts within pages are what frameworks write, and left to the application.
_WIDE = re.compile(r"\*|https?:|'unsafe-eval'|'unsafe-hashes'|data:|blob:|http://\S+")
_SCRIPTS = ("script-src", "script-src-elem", "default-src", "object-src")
_REFERRERS = (
    *("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin"),
    *("origin-when-cross-origin", "no-referrer-when-downgrade"),
)


@rule(
    "OP-403",
    "response-headers-limit-content",
    pack="operations",
    types=(_HEADERS,),
    severity="medium",
    rationale="A page that loads scripts from anywhere runs an attacker's as soon as one text on it is not escaped.",
    url="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html",
    remediation="Set content_security_policy with default-src 'self' and named sources, and a referrer_policy.",
)
def content(view: View) -> Outcome:
    """Policies without headers of security are for CORS or for caches, and judged by what behaviours have."""
    if not view.is_set("securityHeadersConfig"):
        return NOT_APPLICABLE
    referrer = "securityHeadersConfig.referrerPolicy.referrerPolicy"
    kept = [f"securityHeadersConfig.{name}.override" for name in ("contentSecurityPolicy", "referrerPolicy")]
    chosen = check_word(view, referrer, _REFERRERS[:4], known=(*_REFERRERS, "unsafe-url"))
    return all_of([_directives(view), chosen, *(check_true(view, path, default=True) for path in kept)])


def _directives(view: View) -> Outcome:
    text = view.get(_CONTENT)
    expected = "a policy with default-src, and named sources for scripts"
    if text is UNKNOWN:
        return unknown(_CONTENT, expected)
    if not isinstance(text, str) or not text.strip():
        return fail(_CONTENT, "not set", expected)
    rows = [row.split() for row in text.lower().split(";") if row.strip()]
    given = {row[0]: row[1:] for row in rows}
    if "default-src" not in given and not {"script-src", "object-src"} <= given.keys():
        return fail(_CONTENT, "without default-src", expected)
    wide = [f"{name} {source}" for name in _SCRIPTS for source in given.get(name, ()) if _WIDE.fullmatch(source)]
    return fail(_CONTENT, ", ".join(wide), expected) if wide else PASS
