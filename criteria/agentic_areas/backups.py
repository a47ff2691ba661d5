"""What is kept in S3, and what brings data back (01.6, 05.4b, 06.3, 06.4, 06.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from criteria.agentic_areas.api import DECISION_TWELVE_MONTHS
from criteria.agentic_areas.common import absent, bucket, facts, function, table
from criteria.agentic_areas.files import tells
from criteria.common.buckets import BUCKETS, ENCRYPTION, LIFECYCLE, VERSIONING, is_encrypted, is_versioned, part_of
from criteria.common.lookups import BUCKET, FUNCTION, TABLE, Word, whole, worst
from criteria.common.rights import Call, allowed, arn, of_caller, one
from criteria.common.rules import scheduled
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_WEEKLY = re.compile(r"cron\(\d{1,2} \d{1,2} \? \* (?:[1-7]|MON|TUE|WED|THU|FRI|SAT|SUN) \*\)|rate\(7 days\)")
_DEFAULT_WINDOW = 35  # days that DynamoDB can go back where nothing else is said


@criterion("AGENTIC-01.6")
def generated(subject: Subject) -> Verdict:
    """Generated files have a bucket, agents write there, and what nobody needs for ever goes after a time.

    The five gigabytes ended after twelve months (docs/decisions.md, 102).
    """
    name = facts()["buckets"]["generated"]
    owner = bucket(subject, name)
    if owner is None:
        return absent(subject, BUCKET, name, "bucket")
    findings = [part_of(subject.graph, owner, LIFECYCLE, lambda part: whole(part, "rules", _tidies, default=[]))]
    for agent, row in facts()["functions"].items():
        if "agent" in row:
            writer = function(subject, agent)
            if writer is None:
                return absent(subject, FUNCTION, agent)
            findings.append(Finding(writer, "environment.variables", _writes(subject, writer, owner)))
    return combine(
        findings, "rules and writers of the bucket", "keep generated files for a time", DECISION_TWELVE_MONTHS
    )


def _tidies(rules: list[Mapping[str, Any]]) -> bool:
    live = [rule for rule in rules if rule.get("status") == "Enabled"]
    gone = {_prefix(rule) for rule in live if (rule.get("expiration") or {}).get("days")}
    old = [rule for rule in live if (rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays")]
    parts = [rule for rule in live if (rule.get("abortIncompleteMultipartUpload") or {}).get("daysAfterInitiation")]
    everything = all(any(not _prefix(rule) for rule in rows) for rows in (old, parts))
    return set(facts()["expiring"]) <= gone and everything


def _prefix(rule: Mapping[str, Any]) -> str:
    return str((rule.get("filter") or {}).get("prefix") or rule.get("prefix") or "")


def _writes(subject: Subject, writer: Resource, owner: Resource) -> Word:
    """Say whether a function knows a bucket, and may put something into it."""
    path = "environment.variables.S3_BUCKET_NAME"
    told: Word = "fail" if writer.get(path) is None else one(subject.graph, writer, path, BUCKET)[1]
    if isinstance(writer.get(path), str) and writer.get(path) != owner.get("bucket"):
        told = "fail"
    written, known = of_caller(subject.graph, writer, "role")
    key = f"arn:aws:s3:::{owner.get('bucket')}/"
    may = any(
        allowed(written, Call("s3:PutObject", f"{key}{folder}file")) for folder in (*facts()["expiring"], "projects/")
    )
    return worst([told, known if known != "pass" else "pass" if may else "fail"])


@criterion("AGENTIC-05.4b")
def encryption(subject: Subject) -> Verdict:
    rows = subject.graph.of_type(*BUCKETS)
    findings = [part_of(subject.graph, row, ENCRYPTION, is_encrypted) for row in rows]
    return combine(findings, "buckets", "encrypt their objects by default")


@criterion("AGENTIC-06.3")
def exports(subject: Subject) -> Verdict:
    """A schedule starts a function every week that knows the table and the archive, and may export one to the other."""
    name, archive = facts()["export_function"], facts()["buckets"]["archive"]
    exporter, source, target = function(subject, name), table(subject), bucket(subject, archive)
    if exporter is None:
        return absent(subject, FUNCTION, name)
    if source is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    if target is None:
        return absent(subject, BUCKET, archive, "bucket")
    weekly = scheduled(subject, exporter, lambda text: _WEEKLY.fullmatch(text) is not None)
    findings = weekly or [Finding(exporter, "", "fail")]
    # DynamoDB exports tables that can be restored to a point in time, and no others.
    findings.append(claim(source, "pointInTimeRecovery.enabled", lambda on: on is True, default=False))
    findings.append(Finding(exporter, "environment.variables", _knows(subject, exporter, source, target)))
    written, known = of_caller(subject.graph, exporter, "role")
    prefix = exporter.get("environment.variables.EXPORT_PREFIX", "")
    calls = (
        Call("dynamodb:ExportTableToPointInTime", arn(subject, "dynamodb", f"table/{source.get('name')}")),
        Call("s3:PutObject", f"arn:aws:s3:::{target.get('bucket')}/{prefix}/AWSDynamoDB/data/part.json.gz"),
    )
    may = prefix is not UNKNOWN and all(allowed(written, call) for call in calls)
    findings.append(Finding(exporter, "role", known if known != "pass" else "pass" if may else "fail"))
    return combine(findings, "steps of the export", "bring the table to the archive every week")


def _knows(subject: Subject, exporter: Resource, source: Resource, target: Resource) -> Word:
    path = "environment.variables"
    found, word = one(subject.graph, exporter, f"{path}.DYNAMODB_TABLE_ARN", TABLE)
    kept, known = one(subject.graph, exporter, f"{path}.EXPORT_BUCKET", BUCKET)
    given = [exporter.get(f"{path}.{name}") for name in ("DYNAMODB_TABLE_ARN", "EXPORT_BUCKET")]
    right = found in (source, None) and kept in (target, None) and None not in given
    return worst([word, known, "pass" if right else "fail"])


@criterion("AGENTIC-06.4")
def procedure(subject: Subject) -> Verdict:
    """The runbook tells of each command of the recovery: what there is, from a time, a backup, an export, and after."""
    return tells(subject, "restore", facts()["terms"]["restore"], "commands of the recovery")


@criterion("AGENTIC-06.5")
def kept(subject: Subject) -> Verdict:
    """The window of the point in time, exports, and what was replaced or deleted in S3 last seven days at least."""
    days = subject.facts["retention_days_min"]
    graph, archive = subject.graph, facts()["buckets"]["archive"]
    findings = []
    for row in graph.of_type(TABLE):
        findings.append(claim(row, "pointInTimeRecovery.enabled", lambda on: on is True, default=False))
        path = "pointInTimeRecovery.recoveryPeriodInDays"
        findings.append(claim(row, path, lambda given: given >= days, default=_DEFAULT_WINDOW))
    exported = bucket(subject, archive)
    if exported is None:
        return absent(subject, BUCKET, archive, "bucket")
    findings.append(_lifecycle(subject, exported, lambda rules: _stay(rules, "expiration", "days", days)))
    for name in facts()["buckets"].values():
        row = bucket(subject, name)
        if row is None:
            return absent(subject, BUCKET, name, "bucket")
        findings.append(part_of(graph, row, VERSIONING, is_versioned))
        findings.append(_lifecycle(subject, row, lambda rules: _stay(rules, *_NONCURRENT, days)))
    return combine(findings, "settings of backups", f"keep them {days} days at least")


_NONCURRENT = ("noncurrentVersionExpiration", "noncurrentDays")


def _lifecycle(subject: Subject, row: Resource, holds: Callable[[Any], bool]) -> Finding:
    return part_of(subject.graph, row, LIFECYCLE, lambda part: whole(part, "rules", holds, default=[]))


def _stay(rules: list[Mapping[str, Any]], what: str, unit: str, days: int) -> bool:
    """Say whether no rule in force lets go earlier; what no rule lets go stays."""
    live = [rule.get(what) or {} for rule in rules if rule.get("status") == "Enabled"]
    return all(row.get(unit, days) >= days and not row.get("date") for row in live)
