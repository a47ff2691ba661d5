"""CloudFront in front of a static export, and a distribution that answers instead of an API (requirement 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.buckets import Bucket
from components.cdn_parts import CACHING_DISABLED, SECURITY_HEADERS, Front, distribution, viewer_function

YEAR_SECONDS = 31_536_000
_READ = ["GET", "HEAD"]
_ALL = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
_ERROR_SECONDS = 10
_ERROR_PAGE = "/404.html"


@dataclass(frozen=True, kw_only=True)
class CdnArgs:
    """One distribution in front of one bucket.

    `bucket` has cloudfront.amazonaws.com among its readers. `immutable_paths`, such as "/_next/static/*", hold files
    that never change under their name and are kept for a year; nothing else is kept. `trailing_slash` is that of
    next.config.js. `connect_sources` are the origins that pages may call besides their own, such as
    "https://api.example.com".
    """

    front: Front
    bucket: Bucket
    immutable_paths: Sequence[str]
    trailing_slash: bool
    connect_sources: Sequence[str]


class Cdn(pulumi.ComponentResource):
    """A distribution that alone may read its bucket, with headers that harden the pages (TRADING-10.1 to 10.8).

    `resource` is the aws.cloudfront.Distribution; `domain_name` and `hosted_zone_id` are what an alias record leads to.
    """

    def __init__(self, name: str, args: CdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Cdn", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = self._distribution()
        self.domain_name: pulumi.Output[str] = self.resource.domain_name
        self.hosted_zone_id: pulumi.Output[str] = self.resource.hosted_zone_id
        self.arn: pulumi.Output[str] = self.resource.arn
        self.register_outputs({"domain_name": self.domain_name})

    def _distribution(self) -> aws.cloudfront.Distribution:
        args = self._args
        origin = args.bucket.name
        immutable = self._cache_policy()
        fixed_headers = self._headers("immutable", f"public, max-age={YEAR_SECONDS}, immutable")
        return distribution(
            f"{self._prefix}-distribution",
            args.front,
            origin={
                "origin_id": origin,
                "domain_name": args.bucket.resource.bucket_regional_domain_name,
                "origin_access_control_id": self._access(),
            },
            default={
                "target_origin_id": origin,
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": _READ,
                "cached_methods": _READ,
                "compress": True,
                "cache_policy_id": CACHING_DISABLED,
                # Browsers keep a page too, but ask whether it is still the newest.
                "response_headers_policy_id": self._headers("pages", "no-cache"),
                "function_associations": [self._pages()],
            },
            ordered=[
                {
                    "path_pattern": path,
                    "target_origin_id": origin,
                    "viewer_protocol_policy": "redirect-to-https",
                    "allowed_methods": _READ,
                    "cached_methods": _READ,
                    "compress": True,
                    "cache_policy_id": immutable,
                    "response_headers_policy_id": fixed_headers,
                }
                for path in args.immutable_paths
            ],
            root="index.html",
            # Whoever may not list a bucket is told 403 where 404 is meant.
            errors=[
                {
                    "error_code": code,
                    "response_code": 404,
                    "response_page_path": _ERROR_PAGE,
                    "error_caching_min_ttl": _ERROR_SECONDS,
                }
                for code in (403, 404)
            ],
            opts=self._child,
        )

    def _access(self) -> pulumi.Output[str]:
        """Sign every request to the bucket: an origin access identity, its legacy, cannot use customer keys."""
        access = aws.cloudfront.OriginAccessControl(
            f"{self._prefix}-access",
            name=self._args.front.naming.short("origin_access_control", self._args.front.name),
            description=f"Reads the bucket {self._args.bucket.name}",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        )
        return access.id

    def _cache_policy(self) -> pulumi.Output[str]:
        policy = aws.cloudfront.CachePolicy(
            f"{self._prefix}-immutable",
            name=self._args.front.naming.short("cdn_policy", f"{self._args.front.name}-immutable"),
            comment="Files that never change under their name",
            # All three: what the upload said of caching must not shorten it (TRADING-10.5a).
            min_ttl=YEAR_SECONDS,
            default_ttl=YEAR_SECONDS,
            max_ttl=YEAR_SECONDS,
            parameters_in_cache_key_and_forwarded_to_origin={
                "enable_accept_encoding_brotli": True,
                "enable_accept_encoding_gzip": True,
                "cookies_config": {"cookie_behavior": "none"},
                "headers_config": {"header_behavior": "none"},
                "query_strings_config": {"query_string_behavior": "none"},
            },
            opts=self._child,
        )
        return policy.id

    def _headers(self, kind: str, cache_control: str) -> pulumi.Output[str]:
        policy = aws.cloudfront.ResponseHeadersPolicy(
            f"{self._prefix}-{kind}-headers",
            name=self._args.front.naming.short("cdn_policy", f"{self._args.front.name}-{kind}"),
            comment=f"Headers of {kind}",
            security_headers_config={
                "strict_transport_security": {
                    "access_control_max_age_sec": YEAR_SECONDS,
                    "include_subdomains": True,
                    "override": True,
                },
                "content_type_options": {"override": True},
                "frame_options": {"frame_option": "DENY", "override": True},
                "referrer_policy": {"referrer_policy": "strict-origin-when-cross-origin", "override": True},
                "content_security_policy": {
                    "content_security_policy": content_security_policy(self._args.connect_sources),
                    "override": True,
                },
            },
            custom_headers_config={
                "items": [{"header": "Cache-Control", "value": cache_control, "override": True}],
            },
            opts=self._child,
        )
        return policy.id

    def _pages(self) -> aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgsDict:
        return viewer_function(
            f"{self._prefix}-pages",
            self._args.front.naming.short("cdn_function", f"{self._args.front.name}-pages"),
            description="Finds the file of a page",
            code="pages.js",
            constants={"trailingSlash": self._args.trailing_slash},
            opts=self._child,
        )


def content_security_policy(connect_sources: Sequence[str]) -> str:
    """Return what pages may load and call: their own origin, and by script the given ones as well."""
    directives = {
        "default-src": ["'self'"],
        "connect-src": ["'self'", *connect_sources],
        "img-src": ["'self'", "data:"],
        # A static export starts its pages by inline scripts and styles, and no server is there to give them a nonce.
        "script-src": ["'self'", "'unsafe-inline'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


@dataclass(frozen=True, kw_only=True)
class MaintenanceArgs:
    """One distribution that answers instead of an API.

    `allowed_origin` is the origin whose pages may read the answer, such as "https://app.example.com", `retry_seconds`
    when callers shall try again. CloudFront wants an origin of every distribution: `origin_domain` is never asked.
    """

    front: Front
    allowed_origin: str
    retry_seconds: int
    origin_domain: str


class Maintenance(pulumi.ComponentResource):
    """Answers every request with 503, Retry-After and a JSON body, from each edge location and without an origin.

    The target that an API's record fails over to (TRADING-18.5). Preflight requests of browsers are answered with 204,
    since otherwise pages could not read the 503. Attributes are those of Cdn.
    """

    def __init__(self, name: str, args: MaintenanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Maintenance", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        front = args.front
        answer = viewer_function(
            f"{name}-answer",
            front.naming.short("cdn_function", f"{front.name}-answer"),
            description="Answers that the API is under maintenance",
            code="answer.js",
            constants={"origin": args.allowed_origin, "retryAfter": args.retry_seconds},
            opts=child,
        )
        self.resource = distribution(
            f"{name}-distribution",
            front,
            origin={
                "origin_id": "never-asked",
                "domain_name": args.origin_domain,
                "custom_origin_config": {
                    "http_port": 80,
                    "https_port": 443,
                    "origin_protocol_policy": "https-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                },
            },
            default={
                "target_origin_id": "never-asked",
                "viewer_protocol_policy": "https-only",
                "allowed_methods": _ALL,
                "cached_methods": _READ,
                "compress": True,
                "cache_policy_id": CACHING_DISABLED,
                "response_headers_policy_id": SECURITY_HEADERS,
                "function_associations": [answer],
            },
            opts=child,
        )
        self.domain_name: pulumi.Output[str] = self.resource.domain_name
        self.hosted_zone_id: pulumi.Output[str] = self.resource.hosted_zone_id
        self.arn: pulumi.Output[str] = self.resource.arn
        self.register_outputs({"domain_name": self.domain_name})
