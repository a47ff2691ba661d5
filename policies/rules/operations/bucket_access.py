"""Buckets and the public: access blocks, ready-made ACLs, and sites that only CloudFront serves."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.graph import UNKNOWN
from policies.rules.account import ACCOUNT_TYPES, NEEDS, account_has
from policies.rules.documents import Statement, document
from policies.rules.least_privilege.buckets import CANNED
from policies.rules.least_privilege.sharing import closed, open_principals, own_accounts, services
from policies.rules.least_privilege.statements import several
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    all_of,
    check_true,
    fail,
    rule,
    unknown,
    word_or_other,
)

_CDN = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_ACCESS_POINT = "aws:s3/accessPoint:AccessPoint"
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    "OP-001",
    "s3-bucket-has-public-access-block",
    pack="operations",
    types=(BUCKET,),
    severity="high",
    scope="stack",
    rationale="A block of its own keeps a bucket closed whatever a later policy or the account's setting says.",
    url=f"{_S3}/access-control-block-public-access.html",
    remediation="Add aws.s3.BucketPublicAccessBlock for the bucket.",
    controls=("S3.8", "CKV2_AWS_6", "AwsSolutions-S2", "2.1.4"),
    criteria=("TRADING-05.4",),
)
def has_block(view: View) -> Outcome:
    blocks, uncertain = view.referrers(_BLOCK, "bucket")
    if blocks:
        return PASS
    return unknown("", "a public access block") if uncertain else fail("", "no block", "a public access block")


@rule(
    "OP-002",
    "s3-public-access-block-is-complete",
    pack="operations",
    types=(_BLOCK, _ACCESS_POINT),
    severity="high",
    rationale="Each of the four settings closes another way; one that is left out counts as false.",
    url=f"{_S3}/access-control-block-public-access.html",
    remediation="Set all four: block_public_acls, block_public_policy, ignore_public_acls, restrict_public_buckets.",
    controls=("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "S3.8"),
    criteria=("TRADING-05.4",),
)
def complete(view: View) -> Outcome:
    """An access point that says nothing of it has all four."""
    point = view.type == _ACCESS_POINT
    prefix = "publicAccessBlockConfiguration." if point else ""
    return all_of(check_true(view, f"{prefix}{flag}", default=point) for flag in _FLAGS)


@rule(
    "OP-003",
    "s3-account-blocks-public-access",
    pack="operations",
    types=ACCOUNT_TYPES,
    severity="medium",
    scope="stack",
    rationale="The account's block also covers buckets that somebody makes by hand.",
    url=f"{_S3}/access-control-block-public-access.html",
    remediation="Add aws.s3.AccountPublicAccessBlock with all four settings true to the stack of the account.",
    controls=("S3.1",),
    criteria=("TRADING-05.4",),
    parameters=NEEDS,
)
def account(view: View) -> Outcome:
    if view.type == _ACCOUNT_BLOCK:
        return all_of(check_true(view, flag) for flag in _FLAGS)
    return account_has(view, _ACCOUNT_BLOCK, "public access block of the account")


_ACL_TYPES = (
    BUCKET,
    "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)
_PUBLIC = ("public-read", "public-read-write", "authenticated-read")
_GRANTS = ("grants", "accessControlPolicy.grants")


@rule(
    "OP-004",
    "s3-acl-not-public",
    pack="operations",
    types=_ACL_TYPES,
    severity="critical",
    rationale="These ACLs let the world, or everybody with an account at AWS, list, read or overwrite.",
    url=f"{_S3}/acl-overview.html",
    remediation="Leave the ACL out, and let a bucket policy name who may read.",
    controls=(
        *("S3.2", "S3.3", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43"),
        "aws-s3-bucket-disallow-public-read",
    ),
    criteria=("TRADING-05.4",),
)
def public_acl(view: View) -> Outcome:
    expected = "no ACL for everybody"
    canned = view.get("acl")
    outcomes = [unknown("acl", expected) if canned is UNKNOWN else PASS]
    if isinstance(canned, str) and canned.lower() in _PUBLIC:
        outcomes.append(fail("acl", word_or_other(canned, CANNED), expected))
    for path in _GRANTS:
        given = view.items(path)
        if given is None:
            outcomes.append(unknown(path, expected))
        for number in range(len(given or ())):
            outcomes.append(_grantee(view, f"{path}.{number}", expected))
    return all_of(outcomes)


def _grantee(view: View, path: str, expected: str) -> Outcome:
    places = (f"{path}.grantee.uri", f"{path}.uri")
    place = view.same(*places)
    uri = view.get(place)
    if uri is UNKNOWN:
        return unknown(place, expected)
    group = str(uri).rstrip("/").rpartition("/")[2].lower()
    return fail(place, group, expected) if group in ("allusers", "authenticatedusers") else PASS


_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_WEBSITE = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration"
_CLOUDFRONT = "cloudfront.amazonaws.com"
_READ = "s3:GetObject"


@rule(
    "OP-005",
    "s3-site-only-through-cloudfront",
    pack="operations",
    types=(BUCKET,),
    severity="high",
    scope="stack",
    rationale="A site that is also served by the bucket itself goes round the firewall, the headers and TLS.",
    url=f"{_CDN}/private-content-restricting-access-to-s3.html",
    remediation="Allow s3:GetObject to cloudfront.amazonaws.com with the distribution as aws:SourceArn; no website.",
    controls=("AwsSolutions-S5", "CKV_AWS_70"),
    criteria=("TRADING-05.7", "TRADING-10.6"),
)
def site(view: View) -> Outcome:
    """About buckets that are the origin of a distribution, or are set up to serve a site by themselves."""
    websites, _ = view.referrers(_WEBSITE, "bucket")
    outcomes: list[Outcome] = []
    if view.is_set("website") or websites:
        outcomes.append(fail("website", "served by the bucket", "served by CloudFront"))
    if any(_is_origin(view, each) for each in view.of_type(_DISTRIBUTION)):
        outcomes.append(_read_by_cloudfront(view))
    return all_of(outcomes)


def _is_origin(view: View, distribution: View) -> bool:
    """Say whether a distribution takes objects from a bucket: one that it only logs to is none of its origins."""
    if view.resource.urn in distribution.resource.property_dependencies.get("origins", ()):
        return True
    name = view.resource.inputs.get("bucket")
    count = len(distribution.items("origins") or ())
    domains = [distribution.get(f"origins.{number}.domainName") for number in range(count)]
    return isinstance(name, str) and any(isinstance(each, str) and each.startswith(f"{name}.s3") for each in domains)


def _read_by_cloudfront(view: View) -> Outcome:
    expected = f"{_READ} for {_CLOUDFRONT} with the distribution in aws:SourceArn"
    policies, uncertain = view.referrers(BUCKET_POLICY, "bucket")
    found = [doc for each in (view, *policies) if (doc := document(each, "policy")) is not None]
    readers = [each for doc in found for each in doc.allowing() if each.grants(_READ)]
    strangers = [each for each in readers if not _of_cloudfront(each) and not _of_own(each, view)]
    if strangers:
        # A principal that is no text reads nothing, but whoever wrote it meant to let somebody in.
        shown = [several(_named(each)) or "a statement without principals" for each in strangers]
        return all_of(fail("policy", each, "no readers besides CloudFront") for each in shown)
    if any(_of_cloudfront(each) for each in readers):
        return PASS if all(doc.known for doc in found) else unknown("policy", expected)
    if uncertain or not all(doc.known for doc in found):
        return unknown("policy", expected)
    return fail("policy", "not readable for CloudFront alone", expected)


def _of_cloudfront(statement: Statement) -> bool:
    """Say whether a statement is only for CloudFront: for named distributions, or by an origin access identity."""
    identities = [value for kind, value in statement.principals if kind == "AWS" and ":iam::cloudfront:user/" in value]
    if identities:
        return len(identities) == len(statement.principals)
    only = services(statement) == [_CLOUDFRONT] and len(statement.principals) == 1
    return (
        only and any(_distributions(each.values) for each in statement.condition("aws:sourcearn")) and closed(statement)
    )


def _distributions(arns: tuple[str, ...]) -> bool:
    return bool(arns) and all(":cloudfront::" in each and ":distribution/" in each for each in arns)


def _of_own(statement: Statement, view: View) -> bool:
    """Say whether a statement is for identities of the own account, such as the role that uploads the site."""
    own = own_accounts(view)
    values = [value for _, value in statement.principals]
    return bool(values) and not open_principals(statement) and all(any(each in text for each in own) for text in values)


def _named(statement: Statement) -> Iterator[str]:
    yield from (value for _, value in statement.principals)
    yield from ("NotPrincipal" for _ in statement.not_principals)
