"""Buckets: private, encrypted objects in versions, refused requests, and how long objects are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import Resource
from plumbline.iam import ANONYMOUS, Policies, Principal, Request, evaluate, policy, session
from plumbline.probing.access import everything, own_session
from plumbline.probing.model import NotSo, ProbeContext, Trial, judged, probe, trial, value

BUCKET = "aws:s3/bucket:Bucket"
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_GROUP = "buckets"
_KEY = "plumbline-probe/object"
_FIRST, _SECOND = b"first", b"second"
_WHY = "moto looks at no condition of a bucket's policy"
_STRANGER = "arn:aws:iam::999999999999:role/stranger"


@probe(_GROUP, BUCKET)
def object_is_private_and_encrypted(context: ProbeContext, bucket: Resource) -> Iterator[Trial]:
    """A bucket keeps an object as it is, encrypted as the bucket says, and shows it to nobody else."""
    client, name = context.client("s3", bucket), _name(bucket)
    _put(context, bucket, _FIRST)
    found = client.get_object(Bucket=name, Key=_KEY)
    yield trial(found["Body"].read() == _FIRST, "put an object and get it", "it came back", "another one came back")
    default = _default_encryption(client, name)
    state = {"SSEAlgorithm": found.get("ServerSideEncryption"), "KMSMasterKeyID": found.get("SSEKMSKeyId")}
    encrypted = bool(default) and all(state.get(key) == one for key, one in default.items())
    how = default.get("SSEAlgorithm", "nothing")
    yield trial(encrypted, "ask how it is encrypted", f"by {how}", f"by {state['SSEAlgorithm']}, not by {how}")
    grants = client.get_object_acl(Bucket=name, Key=_KEY)["Grants"]
    strangers = [grant for grant in grants if grant["Grantee"]["Type"] != "CanonicalUser"]
    yield trial(not strangers, "ask who may see it", "its owner alone", "it is granted to a group")
    blocked = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    open_ = sorted(key for key, on in blocked.items() if not on)
    yield trial(not open_, "ask what is blocked", "all public access", f"{', '.join(open_)} is off")


@probe(_GROUP, BUCKET)
def versions_are_kept(context: ProbeContext, bucket: Resource) -> Iterator[Trial]:
    """What is overwritten or deleted can be had again."""
    client, name = context.client("s3", bucket), _name(bucket)
    first = _put(context, bucket, _FIRST).get("VersionId")
    _put(context, bucket, _SECOND)
    client.delete_object(Bucket=name, Key=_KEY)
    if not first:
        raise NotSo("the bucket keeps no versions")
    body = client.get_object(Bucket=name, Key=_KEY, VersionId=first)["Body"].read()
    listed = client.list_object_versions(Bucket=name, Prefix=_KEY)
    counts = len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))
    kept = body == _FIRST and counts == (2, 1)
    tried = "overwrite an object, delete it, and get its first version"
    yield trial(
        kept, tried, "2 versions and a marker are kept", f"{counts[0]} versions and {counts[1]} markers are kept"
    )


@probe(_GROUP, BUCKET)
def wrong_requests_are_refused(context: ProbeContext, bucket: Resource) -> Iterator[Trial]:
    """Requests without current encryption on the way, and from outside, are refused."""
    name = _name(bucket)
    arn, holder = f"arn:aws:s3:::{name}", context.graph.named(_POLICY, "bucket", name)
    # moto refuses what a condition would allow, so that the sandbox has only a part of the policy.
    document = value(holder, "policy") if holder is not None else None
    if not document:
        raise NotSo("the bucket has no policy that refuses anything")
    own, stranger = own_session(context), session(_STRANGER)
    rows: tuple[tuple[str, Principal, Mapping[str, Any], bool], ...] = (
        ("put an object over TLS 1.3", own, _keys(True, "1.3"), True),
        ("put an object without TLS", own, _keys(False, None), False),
        ("put an object over TLS 1.1", own, _keys(True, "1.1"), False),
        ("put an object from another account", stranger, _keys(True, "1.3"), False),
        ("get an object without signing in", ANONYMOUS, _keys(True, "1.3"), False),
    )
    for tried, principal, keys, wanted in rows:
        action = "s3:GetObject" if principal is ANONYMOUS else "s3:PutObject"
        policies = Policies(
            identity=[] if principal is ANONYMOUS else [everything("s3")],
            resource=[policy(document, "the bucket's policy", "resource")],
            resource_account=context.account.account_id,
        )
        decision = evaluate(Request(principal, action, f"{arn}/{_KEY}", keys), policies)
        yield judged(
            decision.allowed is wanted, tried, _WHY, decision.outcome, f"the policy answers {decision.outcome}"
        )


@probe(_GROUP, _LIFECYCLE)
def lifecycle(context: ProbeContext, configuration: Resource) -> Iterator[Trial]:
    """Objects are kept as long as the stack says."""
    name = value(configuration, "bucket")
    found = context.client("s3", configuration).get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    wanted = [_declared(rule) for rule in value(configuration, "rules", [])]
    given = [_kept(rule) for rule in found]
    evidence = "; ".join(", ".join(f"{key} {one}" for key, one in rule.items()) for rule in wanted)
    yield trial(given == wanted, "ask for the lifecycle", evidence, f"the bucket has {given}, not {wanted}")


def expires_after(context: ProbeContext, bucket: str) -> int | None:
    """Return after how many days the objects of a bucket expire, None where they do not."""
    found = context.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    days = [_kept(rule).get("expire") for rule in found if rule["Status"] == "Enabled"]
    return min((one for one in days if one is not None), default=None)


def _name(bucket: Resource) -> str:
    return value(bucket, "bucket") or bucket.id


def _keys(secure: bool, tls: str | None) -> dict[str, Any]:
    return {"aws:SecureTransport": secure, "s3:TlsVersion": tls}


def _put(context: ProbeContext, bucket: Resource, body: bytes) -> dict[str, Any]:
    client, name = context.client("s3", bucket), _name(bucket)
    context.undo(_remove, client, name)
    return client.put_object(Bucket=name, Key=_KEY, Body=body)


def _remove(client: Any, name: str) -> None:
    """Delete every version of the probe's object."""
    listed = client.list_object_versions(Bucket=name, Prefix=_KEY)
    for row in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])):
        client.delete_object(Bucket=name, Key=_KEY, VersionId=row["VersionId"])


def _default_encryption(client: Any, name: str) -> dict[str, str]:
    rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return dict(rules[0].get("ApplyServerSideEncryptionByDefault") or {}) if rules else {}


def _declared(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule of the stack in the words of _kept."""
    return _without_none(
        {
            "status": rule["status"],
            "expire": (rule.get("expiration") or {}).get("days"),
            "expire old versions": (rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays"),
            "abort uploads": (rule.get("abortIncompleteMultipartUpload") or {}).get("daysAfterInitiation"),
            "move": [[row["storageClass"], row["days"]] for row in rule.get("transitions") or []] or None,
        }
    )


def _kept(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule that S3 keeps: status, and days until each step."""
    return _without_none(
        {
            "status": rule["Status"],
            "expire": (rule.get("Expiration") or {}).get("Days"),
            "expire old versions": (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays"),
            "abort uploads": (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
            "move": [[row["StorageClass"], row["Days"]] for row in rule.get("Transitions") or []] or None,
        }
    )


def _without_none(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in row.items() if one is not None}
