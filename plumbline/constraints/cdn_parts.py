"""What CloudFront distributions use: cache policies, headers, functions, access controls, and their access logs.

Sources are CreateCachePolicy, CreateResponseHeadersPolicy and CreateFunction, "Quotas" of the developer guide and
"Configure standard logging (v2)". Enumerations and lengths are in the service models (data/aws_shapes.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.cdn import DISTRIBUTION, HOME_REGION
from plumbline.constraints.networks import earlier, known_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

CACHE_POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
FUNCTION = "aws:cloudfront/function:Function"
ACCESS_CONTROL = "aws:cloudfront/originAccessControl:OriginAccessControl"
LOG_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
LOG_DESTINATION = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
LOG_DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"
_TTLS = ("minTtl", "defaultTtl", "maxTtl")
_FORWARDED = "parametersInCacheKeyAndForwardedToOrigin"
# The part of a cache policy, its property for how, and the one for which.
_CHOICES = (
    ("cookiesConfig", "cookieBehavior", "cookies"),
    ("headersConfig", "headerBehavior", "headers"),
    ("queryStringsConfig", "queryStringBehavior", "queryStrings"),
)
_NAMING = ("whitelist", "allExcept")
_LARGEST_FUNCTION = 10_240
_CUSTOM_HEADERS = 10
# Headers that a policy sets by configuration of their own.
_SECURITY_HEADERS = (
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
)


@for_types(CACHE_POLICY)
def times(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Times to live are in order; a policy that keeps nothing has nothing to tell objects apart by."""
    minimum, default, maximum = (_seconds(policy, name) for name in _TTLS)
    if minimum is not None and default is not None and minimum > default:
        yield "defaultTtl", f"{default} given; allowed: at least minTtl, {minimum}"
    if maximum is not None and default is not None and default > maximum:
        yield "defaultTtl", f"{default} given; allowed: at most maxTtl, {maximum}"
    if maximum != 0:
        return
    key = policy.get(_FORWARDED)
    for name in ("enableAcceptEncodingBrotli", "enableAcceptEncodingGzip"):
        if isinstance(key, Mapping) and key.get(name) is True:
            yield f"{_FORWARDED}.{name}", "true given, but maxTtl 0 keeps nothing"
    for part, how, _ in _CHOICES:
        chosen = policy.get(f"{_FORWARDED}.{part}.{how}")
        if isinstance(chosen, str) and chosen != "none":
            yield f"{_FORWARDED}.{part}.{how}", f"{chosen!r} given, but maxTtl 0 keeps nothing; allowed: none"


def _seconds(policy: Resource, name: str) -> float | None:
    """Return a time to live, with the provider's own values where none is given."""
    value = policy.get(name, {"minTtl": 0, "defaultTtl": 86_400, "maxTtl": 31_536_000}[name])
    return value if isinstance(value, int | float) else None


@for_types(CACHE_POLICY)
def choices(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """What a cache policy chooses by name it names, and what it does not, it does not."""
    for part, how, which in _CHOICES:
        place = f"{_FORWARDED}.{part}"
        chosen, items = policy.get(f"{place}.{how}"), policy.get(f"{place}.{which}.items")
        if chosen in _NAMING and items in (None, []):
            yield f"{place}.{which}", f"missing; {how} {chosen} needs it"
        if chosen in ("all", "none") and items not in (None, [], UNKNOWN):
            yield f"{place}.{which}", f"given, but {how} {chosen} takes none"


@for_types(CACHE_POLICY, HEADERS_POLICY, ACCESS_CONTROL, FUNCTION)
def own_name(part: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Names are unique in the account, for each type."""
    name = part.get("name")
    for other in earlier(part, graph) if isinstance(name, str) else ():
        if other.get("name") == name:
            yield "name", f"{name!r} given; {other.display} has it"


@for_types(HEADERS_POLICY)
def headers(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """At most ten custom headers are set, each once, and none that has configuration of its own."""
    rows = known_rows(policy.get("customHeadersConfig.items"))
    if len(rows) > _CUSTOM_HEADERS:
        yield "customHeadersConfig.items", f"{len(rows)} given; allowed: at most {_CUSTOM_HEADERS}"
    seen: set[str] = set()
    for index, row in enumerate(rows):
        header, place = row.get("header"), f"customHeadersConfig.items[{index}].header"
        if not isinstance(header, str):
            continue
        if header.lower() in _SECURITY_HEADERS:
            yield place, f"{header!r} given; securityHeadersConfig sets it"
        if header.lower() in seen:
            yield place, f"{header!r} given twice"
        seen.add(header.lower())


@for_types(FUNCTION)
def function_code(function: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A function has a handler, at most 10 KB, and a key value store only under the second runtime."""
    code = function.get("code")
    if isinstance(code, str):
        size = len(code.encode())
        if size > _LARGEST_FUNCTION:
            yield "code", f"{size} bytes given; allowed: at most {_LARGEST_FUNCTION}"
        if "handler" not in code:
            yield "code", "no handler given; CloudFront calls the function of that name"
    stores: Any = function.get("keyValueStoreAssociations")
    if stores not in (None, [], UNKNOWN) and function.get("runtime") == "cloudfront-js-1.0":
        yield "keyValueStoreAssociations", "given; runtime cloudfront-js-1.0 takes none"


@for_types(LOG_SOURCE)
def log_source(source: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A distribution delivers its access logs from us-east-1, by one source."""
    logged = behind(source, "resourceArn", graph, DISTRIBUTION)
    given = source.get("resourceArn")
    if logged is None and not (isinstance(given, str) and ":cloudfront:" in given):
        return
    region, kind = region_of(source, graph), source.get("logType")
    if region not in (None, HOME_REGION):
        yield "region", f"{region!r} given; CloudFront delivers logs from {HOME_REGION}"
    if isinstance(kind, str) and kind != "ACCESS_LOGS":
        yield "logType", f"{kind!r} given; CloudFront takes ACCESS_LOGS"
    for other in earlier(source, graph) if logged is not None else ():
        if behind(other, "resourceArn", graph, DISTRIBUTION) is logged:
            yield "resourceArn", f"{other.display} is the source of this distribution already"


@for_types(LOG_DELIVERY)
def log_delivery(delivery: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A delivery lives where its source lives."""
    source = behind(delivery, "deliverySourceName", graph, LOG_SOURCE)
    own, wanted = region_of(delivery, graph), region_of(source, graph) if source is not None else None
    if source is not None and None not in (own, wanted) and own != wanted:
        yield "region", f"{own!r} given; {source.display} is in {wanted}"


@for_types(LOG_DESTINATION)
def log_format(destination: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Only a bucket takes Parquet."""
    target = destination.get("deliveryDestinationConfiguration.destinationResourceArn")
    is_other = isinstance(target, str) and target.startswith("arn:") and ":s3:" not in target
    if destination.get("outputFormat") == "parquet" and is_other:
        yield "outputFormat", "'parquet' given; only a destination in S3 takes it"
