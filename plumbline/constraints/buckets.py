"""S3 buckets: names, lifecycle, and the sub-resources that must fit each other.

Enumerations are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.iam import texts
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import (
    allows,
    behind,
    policy_text,
    principals,
    public_statements,
    statements,
)
from plumbline.graph import UNKNOWN, Resource, StackGraph

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ACL = "aws:s3/bucketAcl:BucketAcl"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OBJECT_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
# A bucket has one of each; a second one overwrites the first.
_ONE_EACH = (
    POLICY,
    LIFECYCLE,
    VERSIONING,
    ENCRYPTION,
    PUBLIC_ACCESS,
    OWNERSHIP,
    ACL,
    LOGGING,
    OBJECT_LOCK,
    REPLICATION,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
)
# Amazon S3, "General purpose bucket naming rules".
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# Storage classes from warm to cold: objects move down only (Amazon S3, "Transitioning objects using lifecycle").
_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_ARCHIVES = ("GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_INFREQUENT_DAYS = 30
_ACTIONS = (
    "abortIncompleteMultipartUpload",
    "expiration",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "transitions",
)
_ACLS_ON = ("BucketOwnerPreferred", "ObjectWriter")
_LOG_DELIVERY = "logging.s3.amazonaws.com"
_WAF_PREFIX = "aws-waf-logs-"


@for_types(BUCKET)
def name(bucket: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A bucket's name follows S3's rules and is the only one of its kind."""
    given = bucket.get("bucket")
    if not isinstance(given, str):
        return
    if not _NAME.fullmatch(given) or ".." in given:
        yield "bucket", f"{given!r} given; allowed: 3 to 63 of a-z, 0-9, - and single dots, no - or dot at the ends"
    elif _ADDRESS.fullmatch(given):
        yield "bucket", f"{given!r} given; a name must not look like an IP address"
    if given.startswith(_PREFIXES) or given.endswith(_SUFFIXES):
        yield "bucket", f"{given!r} given; reserved: {', '.join((*_PREFIXES, *_SUFFIXES))}"
    first = graph.named(BUCKET, "bucket", given)
    if first is not None and first.urn != bucket.urn:
        yield "bucket", f"{given!r} is the name of {first.display} too; names are global"


@for_types(*_ONE_EACH)
def one_each(resource: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A bucket has at most one policy, one lifecycle configuration and so on."""
    bucket = _bucket(resource, graph)
    if bucket is None:
        return
    first = _parts(bucket, resource.type, graph)[0]
    if first.urn != resource.urn:
        yield "bucket", f"{bucket.display} has {first.name} already; one overwrites the other"


@for_types(LIFECYCLE)
def lifecycle_rules(lifecycle: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Rules have different ids and something to do."""
    rules = lifecycle.get("rules", [])
    if rules == []:
        yield "rules", "missing; at least one rule is needed"
    ids: list[Any] = []
    for path, rule in _rows(rules, "rules"):
        id_ = rule.get("id")
        if isinstance(id_, str):
            if id_ in ids:
                yield f"{path}.id", f"rule {id_!r} is given twice"
            if len(id_) > 255:
                yield f"{path}.id", f"{len(id_)} characters given; allowed: at most 255"
        ids.append(id_)
        if all(rule.get(action) in (None, []) for action in _ACTIONS):
            yield path, f"does nothing; one of {', '.join(_ACTIONS)} is needed"


@for_types(LIFECYCLE)
def lifecycle_days(lifecycle: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Objects get colder with age, late enough, and expire last (Amazon S3, "Transitioning objects")."""
    for path, rule in _rows(lifecycle.get("rules"), "rules"):
        yield from _ages(path, rule, "transitions", "days", "expiration")
        yield from _ages(path, rule, "noncurrentVersionTransitions", "noncurrentDays", "noncurrentVersionExpiration")


def _ages(path: str, rule: Mapping[str, Any], moves: str, days: str, end: str) -> Iterator[Finding]:
    known: list[tuple[str, str, int]] = []
    for place, move in _rows(rule.get(moves), f"{path}.{moves}"):
        to, at = move.get("storageClass"), move.get(days)
        if to in _CLASSES and any(to == other for _, other, _ in known):
            yield f"{place}.storageClass", f"{to!r} is given twice"
        elif to in _CLASSES and isinstance(at, int):
            known.append((place, to, at))
            if to in _INFREQUENT and at < _INFREQUENT_DAYS:
                yield f"{place}.{days}", f"{at} given; {to} allows: at least {_INFREQUENT_DAYS}"
    for place, to, at in known:
        for _, warmer, then in known:
            gap = _INFREQUENT_DAYS if warmer in _INFREQUENT and to in _ARCHIVES else 1
            if _CLASSES.index(warmer) < _CLASSES.index(to) and at < then + gap:
                yield f"{place}.{days}", f"{at} given; {to} after {warmer} allows: at least {then + gap}"
    last = max((at for _, _, at in known), default=None)
    expires = rule[end].get(days) if isinstance(rule.get(end), Mapping) else None
    if last is not None and isinstance(expires, int) and expires <= last:
        yield f"{path}.{end}.{days}", f"{expires} given; allowed: more than {last}, the last transition"


@for_types(LIFECYCLE)
def noncurrent_versions(lifecycle: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Rules about noncurrent versions belong to a bucket that keeps versions."""
    bucket = _bucket(lifecycle, graph)
    if bucket is None or _keeps_versions(bucket) or _parts(bucket, VERSIONING, graph):
        return
    for path, rule in _rows(lifecycle.get("rules"), "rules"):
        for action in ("noncurrentVersionExpiration", "noncurrentVersionTransitions"):
            if rule.get(action) not in (None, []):
                yield f"{path}.{action}", f"given, but {bucket.display} has no versioning"


@for_types(REPLICATION)
def replication(config: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Versions are on at the source before replication is set up."""
    bucket = _bucket(config, graph)
    if bucket is not None:
        yield from _versions_first(config, bucket, graph, "replication")


@for_types(OBJECT_LOCK)
def object_lock(config: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A bucket was made with object lock, or has versions before it gets it; retention is in days or in years."""
    bucket = _bucket(config, graph)
    if bucket is not None:
        yield from _versions_first(config, bucket, graph, "object lock without objectLockEnabled of the bucket")
    retention = config.get("rule.defaultRetention")
    if isinstance(retention, Mapping):
        given = [unit for unit in ("days", "years") if retention.get(unit) is not None]
        if len(given) != 1:
            yield "rule.defaultRetention", f"{' and '.join(given) or 'nothing'} given; exactly one of days, years"


def _versions_first(config: Resource, bucket: Resource, graph: StackGraph, what: str) -> Iterator[Finding]:
    if _keeps_versions(bucket):
        return
    versioning = next(iter(_parts(bucket, VERSIONING, graph)), None)
    status = versioning.get("versioningConfiguration.status") if versioning is not None else None
    if status is UNKNOWN:
        return
    if versioning is None or status != "Enabled":
        yield "bucket", f"{what} needs versioning Enabled; {bucket.display} has {status or 'none'}"
    elif versioning.urn not in graph.needs(config.urn):
        yield "bucket", f"the configuration must depend on versioning {versioning.name}"


def _keeps_versions(bucket: Resource) -> bool:
    """Say whether a bucket has versions from its creation, or may have: object lock brings them."""
    return bucket.get("objectLockEnabled", False) is not False or bucket.get("versioning") is not None


@for_types(ACL)
def acl(acl: Resource, graph: StackGraph) -> Iterator[Finding]:
    """ACLs are off unless ownership controls turn them on before (Amazon S3, "Controlling ownership of objects")."""
    bucket = _bucket(acl, graph)
    if bucket is None:
        return
    controls = next(iter(_parts(bucket, OWNERSHIP, graph)), None)
    ownership = controls.get("rule.objectOwnership") if controls is not None else None
    if ownership is UNKNOWN:
        return
    if controls is None or ownership not in _ACLS_ON:
        yield "bucket", f"{bucket.display} takes no ACLs; ownership controls with {' or '.join(_ACLS_ON)} are needed"
    elif controls.urn not in graph.needs(acl.urn):
        yield "bucket", f"the ACL must depend on the ownership controls {controls.name}"


@for_types(LOGGING)
def log_target(logging: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Access logs go to another bucket, which is encrypted with S3's own keys ("Enabling server access logging")."""
    target = behind(logging, "targetBucket", graph, BUCKET)
    if target is None:
        return
    bucket = _bucket(logging, graph)
    if bucket is not None and bucket.urn == target.urn:
        yield "targetBucket", "the bucket itself given; each log would be logged again"
    for encryption in _parts(target, ENCRYPTION, graph):
        for _, rule in _rows(encryption.get("rules"), "rules"):
            default = rule.get("applyServerSideEncryptionByDefault")
            algorithm = default.get("sseAlgorithm") if isinstance(default, Mapping) else None
            if isinstance(algorithm, str) and algorithm != "AES256":
                yield "targetBucket", f"{target.display} is encrypted with {algorithm}; log delivery takes AES256 only"


@for_types(LOGGING)
def log_permission(logging: Resource, graph: StackGraph) -> Iterator[Finding]:
    """The target's policy lets S3 deliver access logs, before they are turned on."""
    target = behind(logging, "targetBucket", graph, BUCKET)
    if target is None or _parts(target, ACL, graph):  # an ACL can let the log delivery group write as well
        return
    policy = next(iter(_parts(target, POLICY, graph)), None)
    if policy is not None and policy.get("policy") is UNKNOWN:
        return
    granted = statements(policy_text(policy)) if policy is not None else []
    if policy is None or not any(
        _LOG_DELIVERY in principals(item, "Service") and allows(item, "s3:PutObject") for item in granted
    ):
        yield "targetBucket", f"the policy of {target.display} must allow s3:PutObject to {_LOG_DELIVERY}"
    elif policy.urn not in graph.needs(logging.urn):
        yield "targetBucket", f"the logging must depend on the target's policy {policy.name}"


@for_types(POLICY)
def not_public(policy: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A public policy is refused while public access is blocked, which it is for every new bucket."""
    bucket, text = _bucket(policy, graph), policy_text(policy)
    if bucket is None or text is None:
        return
    block = next(iter(_parts(bucket, PUBLIC_ACCESS, graph)), None)
    blocked = block.get("blockPublicPolicy", False) if block is not None else True
    for index in public_statements(text):
        path = f"policy.Statement[{index}].Principal"
        if blocked is True:
            yield path, f"everybody is allowed; {block.display if block else 'a new bucket'} blocks public policies"
        elif blocked is False and block is not None and block.urn not in graph.needs(policy.urn):
            yield path, f"everybody is allowed; the policy must depend on {block.display}, which lets it through"


@for_types(POLICY)
def own_resources(policy: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A bucket policy is about its bucket and the objects in it, and about nothing else."""
    bucket = _bucket(policy, graph)
    given = bucket.get("bucket") if bucket is not None else None
    if not isinstance(given, str):
        return
    own = re.compile(rf"arn:[a-z-]+:s3:::{re.escape(given)}([/*].*)?")
    for index, statement in enumerate(statements(policy_text(policy))):
        for key in ("Resource", "NotResource"):
            for resource in texts(statement.get(key)):
                if not own.fullmatch(resource):
                    allowed = f"arn:aws:s3:::{given} and its objects"
                    yield f"policy.Statement[{index}].{key}", f"{resource!r} given; allowed: {allowed}"


@for_types("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
def waf_logs(config: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Where AWS WAF logs to, a bucket or a log group, has a name that begins aws-waf-logs- (AWS WAF, "Logging")."""
    for urn in config.property_dependencies.get("logDestinationConfigs", ()):
        target = graph.resources.get(urn)
        property_ = {BUCKET: "bucket", "aws:cloudwatch/logGroup:LogGroup": "name"}.get(target.type if target else "")
        given = target.get(property_) if target is not None and property_ is not None else None
        if isinstance(given, str) and not given.startswith(_WAF_PREFIX):
            yield "logDestinationConfigs", f"{given!r} given; a name that begins {_WAF_PREFIX} is needed"


def _bucket(resource: Resource, graph: StackGraph) -> Resource | None:
    return behind(resource, "bucket", graph, BUCKET)


def _parts(bucket: Resource, type_: str, graph: StackGraph) -> list[Resource]:
    """Return a bucket's sub-resources of a type."""
    return [part for part in graph.of_type(type_) if _bucket(part, graph) is bucket]


def _rows(value: Any, path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a list that are known, each with its path."""
    rows = value if isinstance(value, list) else []
    return [(f"{path}[{index}]", row) for index, row in enumerate(rows) if isinstance(row, Mapping)]
