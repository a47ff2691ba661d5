"""S3 buckets, their settings and objects in the sandbox."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from moto.moto_api._internal import mock_random

from plumbline.graph import Blob
from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list
from plumbline.sandbox.lambda_ import zipped

# The zones that an alias record of a bucket's website names.
# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
_WEBSITE_ZONES = {
    "af-south-1": "Z83WF9RJE8B12",
    "ap-east-1": "ZNB98KWMFR0R6",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-northeast-2": "Z3W03O7B5YMIYP",
    "ap-northeast-3": "Z2YQB5RD63NC85",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "me-south-1": "Z1MPMWCPA7YB62",
    "sa-east-1": "Z7KQH4QJS55SO",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}
_BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}
_OBJECT_SETTINGS = {
    "acl": "ACL",
    "bucketKeyEnabled": "BucketKeyEnabled",
    "cacheControl": "CacheControl",
    "checksumAlgorithm": "ChecksumAlgorithm",
    "contentDisposition": "ContentDisposition",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentType": "ContentType",
    "kmsKeyId": "SSEKMSKeyId",
    "metadata": "Metadata",
    "objectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "objectLockMode": "ObjectLockMode",
    "objectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "serverSideEncryption": "ServerSideEncryption",
    "storageClass": "StorageClass",
    "websiteRedirect": "WebsiteRedirectLocation",
}


@adapter("aws:s3/bucket:Bucket")
def bucket(context: Context, inputs: Inputs) -> Created:
    # The settings that have a resource type of their own are made by that type only: here they are deprecated.
    client = context.client("s3", inputs)
    region = inputs.get("region") or context.region
    name = inputs.get("bucket") or f"{inputs.get('bucketPrefix') or 'bucket-'}{mock_random.get_random_hex(7)}"
    client.create_bucket(
        Bucket=name,
        **given(
            CreateBucketConfiguration=None if region == "us-east-1" else {"LocationConstraint": region},
            ObjectLockEnabledForBucket=inputs.get("objectLockEnabled"),
        ),
    )
    if inputs.get("tags"):
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs)})
    outputs = given(
        bucket=name,
        arn=f"arn:aws:s3:::{name}",
        region=region,
        bucketRegion=region,
        bucketDomainName=f"{name}.s3.amazonaws.com",
        bucketRegionalDomainName=f"{name}.s3.{region}.amazonaws.com",
        hostedZoneId=_WEBSITE_ZONES.get(region),
    )
    return name, outputs


@adapter("aws:s3/bucketVersioning:BucketVersioning")
def versioning(context: Context, inputs: Inputs) -> Created:
    status = inputs["versioningConfiguration"]["status"]
    # A bucket that never had versions has no status; "Disabled" only says so. moto does not keep deletion by MFA.
    if status != "Disabled":
        context.client("s3", inputs).put_bucket_versioning(
            Bucket=inputs["bucket"], VersioningConfiguration={"Status": status}
        )
    return inputs["bucket"], {}


@adapter("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
def encryption(context: Context, inputs: Inputs) -> Created:
    rules = []
    for row in inputs["rules"]:
        default = row.get("applyServerSideEncryptionByDefault")
        algorithm = default and given(
            SSEAlgorithm=default["sseAlgorithm"], KMSMasterKeyID=default.get("kmsMasterKeyId")
        )
        rules.append(given(ApplyServerSideEncryptionByDefault=algorithm, BucketKeyEnabled=row.get("bucketKeyEnabled")))
    context.client("s3", inputs).put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return inputs["bucket"], {}


@adapter("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
def public_access_block(context: Context, inputs: Inputs) -> Created:
    context.client("s3", inputs).put_public_access_block(
        Bucket=inputs["bucket"], PublicAccessBlockConfiguration=_blocks(inputs)
    )
    return inputs["bucket"], {}


@adapter("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock")
def account_public_access_block(context: Context, inputs: Inputs) -> Created:
    account = inputs.get("accountId") or context.account_id
    context.client("s3control", inputs).put_public_access_block(
        AccountId=account, PublicAccessBlockConfiguration=_blocks(inputs)
    )
    return account, {"accountId": account}


@adapter("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def ownership_controls(context: Context, inputs: Inputs) -> Created:
    context.client("s3", inputs).put_bucket_ownership_controls(
        Bucket=inputs["bucket"],
        OwnershipControls={"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]},
    )
    return inputs["bucket"], {}


@adapter("aws:s3/bucketPolicy:BucketPolicy")
def policy(context: Context, inputs: Inputs) -> Created:
    client = context.client("s3", inputs)
    client.head_bucket(Bucket=inputs["bucket"])
    kept = kept_policy(inputs["policy"])
    if kept is not None:
        client.put_bucket_policy(Bucket=inputs["bucket"], Policy=json.dumps(kept))
    return inputs["bucket"], {}


@adapter("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
def lifecycle(context: Context, inputs: Inputs) -> Created:
    # moto keeps no smallest size for transitions.
    context.client("s3", inputs).put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": [_lifecycle_rule(row) for row in inputs["rules"]]}
    )
    return inputs["bucket"], {}


@adapter("aws:s3/bucketLogging:BucketLogging")
def logging(context: Context, inputs: Inputs) -> Created:
    # moto keeps neither grants to readers nor the format of log keys.
    context.client("s3", inputs).put_bucket_logging(
        Bucket=inputs["bucket"],
        BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        },
    )
    return inputs["bucket"], {}


@adapter("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration")
def cors(context: Context, inputs: Inputs) -> Created:
    rules = [
        given(
            ID=row.get("id"),
            AllowedMethods=row["allowedMethods"],
            AllowedOrigins=row["allowedOrigins"],
            AllowedHeaders=row.get("allowedHeaders"),
            ExposeHeaders=row.get("exposeHeaders"),
            MaxAgeSeconds=_whole(row.get("maxAgeSeconds")),
        )
        for row in inputs["corsRules"]
    ]
    context.client("s3", inputs).put_bucket_cors(Bucket=inputs["bucket"], CORSConfiguration={"CORSRules": rules})
    return inputs["bucket"], {}


@adapter("aws:s3/bucketObjectv2:BucketObjectv2")
def bucket_object(context: Context, inputs: Inputs) -> Created:
    settings = {name: inputs[key] for key, name in _OBJECT_SETTINGS.items() if inputs.get(key) is not None}
    if "SSEKMSKeyId" in settings:
        settings.setdefault("ServerSideEncryption", "aws:kms")
    if inputs.get("tags"):
        settings["Tagging"] = urlencode(inputs["tags"])
    made = context.client("s3", inputs).put_object(
        Bucket=inputs["bucket"], Key=inputs["key"], Body=_body(inputs), **settings
    )
    place = f"{inputs['bucket']}/{inputs['key']}"
    outputs = given(arn=f"arn:aws:s3:::{place}", etag=made["ETag"].strip('"'), versionId=made.get("VersionId"))
    return place, outputs


def _blocks(inputs: Inputs) -> dict[str, bool]:
    return {name: bool(inputs.get(key)) for key, name in _BLOCKS.items()}


def kept_policy(policy: str) -> dict[str, Any] | None:
    """Return what the sandbox keeps of a bucket's policy, None where that is nothing.

    moto obeys a bucket's policy but not its conditions. "Deny what comes without TLS" would deny everything that the
    stack or a test does with the bucket from here on, so a conditional denial stays out of the sandbox.
    """
    document = _document(policy)
    statements = document.get("Statement", [])
    kept = [
        _plainest(row)
        for row in (statements if isinstance(statements, list) else [statements])
        if not (row.get("Effect") == "Deny" and row.get("Condition"))
    ]
    return {**document, "Statement": kept} if kept else None


def _document(policy: str) -> dict[str, Any]:
    try:
        document = json.loads(policy)
    except json.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise DeployError("MalformedPolicy: policy: not a JSON object; allowed: a policy document")
    return document


def _plainest(statement: dict[str, Any]) -> dict[str, Any]:
    """Write a statement in that of its equal forms which moto understands: no list of one, no bare "*" for anyone."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = {kind: _single(value) for kind, value in principal.items()}
    elif principal is not None:
        principal = {"AWS": principal}
    resource = _single(statement.get("Resource"))
    return {**statement, **given(Principal=principal, Resource=resource)}


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _lifecycle_rule(row: Inputs) -> dict[str, Any]:
    expiration = row.get("expiration")
    noncurrent = row.get("noncurrentVersionExpiration")
    abort = row.get("abortIncompleteMultipartUpload")
    return given(
        ID=row["id"],
        Status=row["status"],
        Filter=None if row.get("prefix") else _filter(row.get("filter") or {}),
        Prefix=row.get("prefix") or None,
        Expiration=expiration
        and given(
            Days=_whole(expiration.get("days")),
            Date=expiration.get("date"),
            ExpiredObjectDeleteMarker=expiration.get("expiredObjectDeleteMarker"),
        ),
        Transitions=[
            given(Days=_whole(step.get("days")), Date=step.get("date"), StorageClass=step["storageClass"])
            for step in row.get("transitions") or []
        ]
        or None,
        NoncurrentVersionExpiration=noncurrent and _noncurrent(noncurrent),
        NoncurrentVersionTransitions=[
            {**_noncurrent(step), "StorageClass": step["storageClass"]}
            for step in row.get("noncurrentVersionTransitions") or []
        ]
        or None,
        AbortIncompleteMultipartUpload=abort and {"DaysAfterInitiation": int(abort["daysAfterInitiation"])},
    )


def _noncurrent(row: Inputs) -> dict[str, Any]:
    return given(
        NoncurrentDays=int(row["noncurrentDays"]), NewerNoncurrentVersions=_whole(row.get("newerNoncurrentVersions"))
    )


def _filter(row: Inputs) -> dict[str, Any]:
    both = row.get("and")
    if both:
        tags = [{"Key": key, "Value": value} for key, value in (both.get("tags") or {}).items()]
        return {"And": given(**_sizes(both), Prefix=both.get("prefix"), Tags=tags or None)}
    tag = row.get("tag")
    conditions = given(**_sizes(row), Tag=tag and {"Key": tag["key"], "Value": tag["value"]})
    # A rule for all objects is one with an empty prefix.
    return conditions or {"Prefix": row.get("prefix") or ""}


def _sizes(row: Inputs) -> dict[str, Any]:
    return {
        "ObjectSizeGreaterThan": _whole(row.get("objectSizeGreaterThan")),
        "ObjectSizeLessThan": _whole(row.get("objectSizeLessThan")),
    }


def _body(inputs: Inputs) -> bytes:
    source = inputs.get("source")
    if isinstance(source, Blob):
        content = source.content or {}
        if source.kind == "archive":
            return zipped(source)
        return content["text"].encode() if "text" in content else Path(content["path"]).read_bytes()
    if inputs.get("contentBase64") is not None:
        return base64.b64decode(inputs["contentBase64"])
    return (inputs.get("content") or "").encode()
