"""Requirement 05: buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from criteria.common.buckets import (
    BUCKET_POLICY,
    BUCKETS,
    ENCRYPTION,
    LIFECYCLE,
    LOGGING,
    PUBLIC_ACCESS,
    VERSIONING,
    algorithms,
    is_encrypted,
    is_versioned,
    part_of,
)
from criteria.common.lookups import (
    BUCKET,
    KEY,
    Word,
    any_partition,
    conditions,
    covers,
    elements,
    follow,
    statements,
    texts,
    whole,
    worst,
)
from criteria.common.rights import Call, allowed
from criteria.trading_areas.common import bucket_name
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_WAF_PREFIX = "aws-waf-logs-"  # AWS WAF delivers to no other buckets
_LOG_SERVICE = "logging.s3.amazonaws.com"
_DECISION_CUSTOMER_KEYS = 4
_DECISION_NAMES = 7


@criterion("TRADING-05.1a", "TRADING-05.1b", "TRADING-05.1c", "TRADING-05.1d")
def buckets(subject: Subject) -> Verdict:
    wanted = bucket_name(subject, subject.facts["bucket"])
    if subject.graph.named(BUCKET, "bucket", wanted) is not None:
        return Verdict("pass", f"{wanted} exists")
    unnamed = [bucket for bucket in subject.graph.of_type(BUCKET) if bucket.get("bucket") is UNKNOWN]
    if unnamed:
        return Verdict("unknown", f"{wanted} may exist", f"{unnamed[0].urn}#bucket")
    return Verdict("fail", f"no bucket {wanted}")


@criterion("TRADING-05.2")
def versioning(subject: Subject) -> Verdict:
    return _every(subject, VERSIONING, is_versioned, "keep versions of their objects")


@criterion("TRADING-05.3")
def encryption(subject: Subject) -> Verdict:
    """Objects are encrypted with S3's own key, or, by setting, with a customer key of the stack."""
    graph = subject.graph
    with_keys: list[Resource] = []

    def judge(part: Resource) -> Finding:
        word = is_encrypted(part).word
        if word != "fail":
            return Finding(part, "rules", word)
        word = _has_own_key(graph, part)
        with_keys.append(part)
        return Finding(part, "rules", word)

    verdict = _every(subject, ENCRYPTION, judge, "encrypt their objects by default")
    if verdict.word != "pass" or not with_keys:
        return verdict
    evidence = f"{len(with_keys)} buckets encrypt with a customer-managed key, by setting"
    return Verdict("deviation", evidence, decision=_DECISION_CUSTOMER_KEYS)


def _has_own_key(graph: StackGraph, part: Resource) -> Word:
    words: list[Word] = []
    for number, algorithm in enumerate(algorithms(part)):
        if algorithm is UNKNOWN:
            words.append("unknown")
        elif algorithm != "AES256":
            path = f"rules.{number}.applyServerSideEncryptionByDefault.kmsMasterKeyId"
            words.append("pass" if follow(graph, part, path, KEY).to else "fail")
    return worst(words) if words else "fail"


@criterion("TRADING-05.4")
def public_access(subject: Subject) -> Verdict:
    def all_flags(part: Resource) -> Finding:
        found = [flag(name)(part) for name in FLAGS]
        return next((finding for word in ("fail", "unknown") for finding in found if finding.word == word), found[0])

    return _every(subject, PUBLIC_ACCESS, all_flags, "block public access in all four ways")


def flag(name: str) -> Callable[[Resource], Finding]:
    return lambda part: claim(part, name, lambda on: on is True, default=False)


@criterion("TRADING-05.5a")
def logs_expire(subject: Subject) -> Verdict:
    """Every bucket that gets logs expires them after so many days, and none earlier."""
    days = subject.facts["retention_days"]
    findings = [_lifecycle(subject.graph, bucket, lambda given: given == days) for bucket in _log_buckets(subject)]
    return combine(findings, "buckets with logs", f"expire them after {days} days")


@criterion("TRADING-05.5b")
def audit_logs_stay(subject: Subject) -> Verdict:
    """No rule expires an audit log in seven years, and one does afterwards.

    Accepted are 2,557 days and more, since seven years have up to two leap days. Versions that were overwritten or
    deleted go earlier: no rule makes them, and a rule for them deletes no current log.
    """
    years = subject.facts["retention_years"]
    days = years * 365 + (years + 3) // 4
    bucket = subject.graph.named(BUCKET, "bucket", bucket_name(subject, "audit-logs"))
    findings = [_lifecycle(subject.graph, bucket, lambda given: given >= days)] if bucket else []
    return combine(findings, "buckets of audit logs", f"keep them for {days} days")


def _log_buckets(subject: Subject) -> list[Resource]:
    """Return the buckets with logs: the audit logs, what S3 delivers access logs to, and AWS WAF's."""
    graph = subject.graph
    targets = {
        bucket.urn for part in graph.of_type(LOGGING) for bucket in follow(graph, part, "targetBucket", BUCKET).to
    }
    audit = bucket_name(subject, "audit-logs")
    return [
        bucket
        for bucket in graph.of_type(BUCKET)
        if bucket.urn in targets
        or (isinstance(bucket.get("bucket"), str) and bucket.get("bucket").startswith((audit, _WAF_PREFIX)))
    ]


def _lifecycle(graph: StackGraph, bucket: Resource, fits: Callable[[int], bool]) -> Finding:
    """Judge when a bucket's objects expire: one rule for all objects does it in time, and no rule at another time."""

    def holds(rules: list[Mapping[str, Any]]) -> bool:
        live = [rule for rule in rules if rule.get("status") == "Enabled" and _expires(rule)]
        in_time = all(isinstance(_days(rule), int) and fits(_days(rule)) for rule in live)
        return in_time and any(_is_for_all(rule) for rule in live)

    return part_of(graph, bucket, LIFECYCLE, lambda part: whole(part, "rules", holds, default=[]))


def _expires(rule: Mapping[str, Any]) -> bool:
    expiration = rule.get("expiration") or {}
    return bool(expiration.get("days") or expiration.get("date"))


def _days(rule: Mapping[str, Any]) -> Any:
    expiration = rule.get("expiration") or {}
    return None if expiration.get("date") else expiration.get("days")


def _is_for_all(rule: Mapping[str, Any]) -> bool:
    filter_ = rule.get("filter") or {}
    return not rule.get("prefix") and not any(filter_.values())


@criterion("TRADING-05.6")
def access_logs(subject: Subject) -> Verdict:
    """S3 delivers access logs of the audit logs to another bucket, whose policy lets it."""
    graph = subject.graph
    bucket = graph.named(BUCKET, "bucket", bucket_name(subject, subject.facts["access_logging"]))

    def judge(part: Resource) -> Finding:
        target = follow(graph, part, "targetBucket", BUCKET)
        if not target.certain:
            return Finding(part, "targetBucket", "unknown")
        others = [other for other in target.to if bucket is not None and other.urn != bucket.urn]
        if len(others) != 1:
            return Finding(part, "targetBucket", "fail")
        return part_of(graph, others[0], BUCKET_POLICY, lambda policy: _accepts(subject, policy, others[0], part))

    findings = [part_of(graph, bucket, LOGGING, judge)] if bucket else []
    return combine(findings, "buckets of audit logs", "have their access logged")


def _accepts(subject: Subject, policy: Resource, target: Resource, logging: Resource) -> Finding:
    """Judge that a bucket policy lets S3 deliver logs of the account's buckets under the prefix in question."""
    written = statements(policy, "policy")
    prefix = logging.get("targetPrefix", "")
    if written is None or prefix is UNKNOWN:
        return Finding(policy, "policy", "unknown")
    key = f"arn:aws:s3:::{target.get('bucket')}/{prefix}2026-01-01-00-00-00-0123456789ABCDEF"
    met = any(
        row.get("Effect") == "Allow"
        and isinstance(row.get("Principal"), dict)
        and _LOG_SERVICE in texts(row["Principal"].get("Service"))
        and "s3:putobject" in elements(row, "Action")
        and any(covers(any_partition(pattern), key) for pattern in texts(row.get("Resource")))
        and all(
            (operator, name) == ("StringEquals", "aws:sourceaccount")
            and str(subject.settings.get("account_id")) in values
            for operator, name, values in conditions(row)
        )
        for row in written
    )
    # A denial under a condition is for others: the rest of the policy says whom it means.
    refused = [row for row in written if row.get("Effect") == "Deny" and not row.get("Condition")]
    open_ = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    met = met and allowed([*refused, open_], Call("s3:PutObject", key, _LOG_SERVICE))
    return Finding(policy, "policy", "pass" if met else "fail")


@criterion("TRADING-05.8a")
def prefixes(subject: Subject) -> Verdict:
    """Names begin with the environment, after what AWS prescribes for the logs of its WAF."""
    prefix = f"{subject.environment}-"
    found = [bucket for type_ in BUCKETS for bucket in subject.graph.of_type(type_)]
    findings = [
        claim(bucket, "bucket", lambda name: name.removeprefix(_WAF_PREFIX).startswith(prefix), default="")
        for bucket in found
    ]
    odd = [bucket for bucket in found if not str(bucket.get("bucket")).startswith(prefix)]
    return combine(findings, "bucket names", f"have the prefix {prefix}", _DECISION_NAMES if odd else 0)


@criterion("TRADING-05.8b")
def suffixes(subject: Subject) -> Verdict:
    suffix = f"-{subject.settings.get('account_id')}"
    findings = [
        claim(bucket, "bucket", lambda name: name.endswith(suffix), default="")
        for bucket in subject.graph.of_type(*BUCKETS)
    ]
    return combine(findings, "bucket names", f"have the suffix {suffix}")


def _every(subject: Subject, type_: str, judge: Callable[[Resource], Finding], says: str) -> Verdict:
    findings = [part_of(subject.graph, bucket, type_, judge) for bucket in subject.graph.of_type(*BUCKETS)]
    return combine(findings, "buckets", says)
