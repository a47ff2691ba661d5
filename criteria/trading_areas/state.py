"""Where the state is kept (01.3, 01.7, 05.1e): in a bucket of the bootstrap stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from criteria.common.buckets import (
    BUCKET_POLICY,
    ENCRYPTION,
    PUBLIC_ACCESS,
    VERSIONING,
    is_encrypted,
    is_versioned,
    part_of,
)
from criteria.common.lookups import BUCKET, any_partition, conditions, covers, elements, statements, texts
from criteria.trading_areas.storage import FLAGS, flag
from plumbline.graph import Resource
from plumbline.verdicts import Finding, Subject, Verdict, combine, criterion, fact

_DECISION_PULUMI = 1  # Pulumi's own backend stands for Terraform's
_DECISION_BOOTSTRAP = 2  # the bucket cannot make itself


@criterion("TRADING-01.3a")
def state_in_s3(subject: Subject) -> Verdict:
    """The backend is a bucket of the bootstrap stack that is versioned, encrypted, private, and takes TLS only."""
    bucket, why = _state_bucket(subject)
    if bucket is None:
        return Verdict("fail", why)
    graph = subject.base()
    assert graph is not None  # the bucket is in it
    findings = [
        part_of(graph, bucket, VERSIONING, is_versioned),
        part_of(graph, bucket, ENCRYPTION, is_encrypted),
        *(part_of(graph, bucket, PUBLIC_ACCESS, flag(name)) for name in FLAGS),
        part_of(graph, bucket, BUCKET_POLICY, lambda part: _requires_tls(part, bucket)),
    ]
    return combine(findings, f"settings of {bucket.get('bucket')}", "keep the state safe", _DECISION_PULUMI)


@criterion("TRADING-01.3b")
def lock(subject: Subject) -> Verdict:
    """Pulumi's S3 backend locks a stack by a file beside its state; there is nothing to be configured."""
    bucket, why = _state_bucket(subject)
    return fact(bucket is not None, "the S3 backend locks each stack by itself", why, _DECISION_PULUMI)


@criterion("TRADING-01.7")
def own_backends(subject: Subject) -> Verdict:
    backends = {name: _backend(settings) for name, settings in subject.siblings.items()}
    places = [(url.netloc, url.path.strip("/")) for url in map(urlsplit, backends.values())]
    all_in_s3 = all(urlsplit(backend).scheme == "s3" and urlsplit(backend).netloc for backend in backends.values())
    apart = len(set(places)) == len(places) and {"test", "prod"} <= set(backends)
    says = ", ".join(f"{name} {backend.partition('?')[0] or 'none'}" for name, backend in sorted(backends.items()))
    return fact(all_in_s3 and apart, f"each stack has its own: {says}", f"not one each: {says}", _DECISION_PULUMI)


@criterion("TRADING-05.1e")
def state_bucket(subject: Subject) -> Verdict:
    bucket, why = _state_bucket(subject)
    says = f"the bootstrap stack has {bucket.get('bucket')}" if bucket else ""
    return fact(bucket is not None, says, why, _DECISION_BOOTSTRAP)


def _backend(settings: Mapping[str, Any]) -> str:
    deployment = settings.get("deployment")
    return str(deployment.get("backend", "")) if isinstance(deployment, Mapping) else ""


def _state_bucket(subject: Subject) -> tuple[Resource | None, str]:
    """Return the bucket that the settings name as backend, or why there is none."""
    backend = urlsplit(_backend(subject.settings))
    if backend.scheme != "s3":
        return None, "deployment.backend is no S3 URL"
    graph = subject.base()
    if graph is None:
        return None, "the settings name no bootstrap stack"
    bucket = graph.named(BUCKET, "bucket", backend.netloc)
    return bucket, f"the bootstrap stack has no bucket {backend.netloc}"


def _requires_tls(policy: Resource, bucket: Resource) -> Finding:
    """Judge that a bucket policy refuses every request without TLS, to the bucket and to its objects."""
    written = statements(policy, "policy")
    if written is None:
        return Finding(policy, "policy", "unknown")
    name = bucket.get("bucket")
    resources = {
        resource
        for row in written
        if row.get("Effect") == "Deny"
        and row.get("Principal") in ("*", {"AWS": "*"})
        and any(action in ("s3:*", "*") for action in elements(row, "Action"))
        and conditions(row) == [("Bool", "aws:securetransport", ["false"])]
        for resource in texts(row.get("Resource"))
    }
    needed = (f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/any/object")
    met = all(any(covers(any_partition(pattern), arn) for pattern in resources) for arn in needed)
    return Finding(policy, "policy", "pass" if met else "fail")
