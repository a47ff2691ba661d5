"""What buckets keep longer than anybody needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, all_of, any_of, check, fail, kind_of, rule, unknown

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_URL = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
# What a rule does, by names that both ways of writing rules begin with.
_DOES = (
    "abortIncompleteMultipartUpload",
    "expiration",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "transitions",
)


@rule(
    "OP-006",
    "s3-bucket-has-lifecycle",
    pack="operations",
    types=(BUCKET,),
    severity="low",
    scope="stack",
    rationale="What nobody reads any more, old versions above all, is paid for each month.",
    url=_URL,
    remediation="Add aws.s3.BucketLifecycleConfiguration for the bucket with an enabled rule.",
    controls=("S3.13", "CKV2_AWS_61", "S3.10"),
    criteria=("TRADING-05.5a", "TRADING-05.5b"),
)
def lifecycle(view: View) -> Outcome:
    """The bucket's own rules, which are deprecated, count as well."""
    found, uncertain = view.referrers(LIFECYCLE, "bucket")
    expected = "an enabled rule"
    candidates = [(each, "rules") for each in found] + [(view, "lifecycleRules")]
    outcomes = [_enabled(each, path, expected) for each, path in candidates]
    if uncertain:
        outcomes.append(unknown("", expected))
    verdict = any_of(outcomes)
    if verdict.word == "pass":
        return verdict
    return unknown("", expected) if verdict.word == "unknown" else fail("", "no enabled rule", expected)


def _enabled(view: View, path: str, expected: str) -> Outcome:
    rules = view.items(path)
    if rules is None:
        return unknown(path, expected)
    return any_of([fail(path, kind_of(view.get(path)), expected), *(_does(each, path, expected) for each in rules)])


def _does(row: Any, path: str, expected: str) -> Outcome:
    """Judge whether a rule is on and does anything."""
    if not isinstance(row, Mapping):
        return unknown(path, expected) if row is UNKNOWN else fail(path, kind_of(row), expected)
    status = row.get("status", row.get("enabled"))
    if status is UNKNOWN:
        return unknown(path, expected)
    on = status is True or str(status).lower() in ("enabled", "true")
    done = [value for key, value in row.items() if str(key).startswith(_DOES)]
    if on and any(each is UNKNOWN or bool(each) for each in done):
        return PASS
    return fail(path, "off, or empty", expected)


@rule(
    "OP-007",
    "s3-lifecycle-aborts-uploads",
    pack="operations",
    types=(LIFECYCLE,),
    severity="low",
    rationale="Parts of an upload that never ended are in no listing, and are paid for until somebody aborts it.",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html",
    remediation='Give an enabled rule for all objects abort_incomplete_multipart_upload={"days_after_initiation": 7}.',
    controls=("CKV_AWS_300",),
    parameters={"most_days": 7},
)
def uploads(view: View) -> Outcome:
    most, expected = view.parameters["most_days"], "an enabled rule for all objects that aborts uploads in time"
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", expected)
    verdict = any_of([fail("rules", "none", expected), *(_aborts(view, number, most) for number in range(len(rules)))])
    return verdict if verdict.word != "fail" else fail("rules", "uploads that stay", expected)


def _aborts(view: View, number: int, most: float) -> Outcome:
    path = f"rules.{number}"
    days = f"{path}.abortIncompleteMultipartUpload.daysAfterInitiation"
    return all_of(
        [
            check(view, f"{path}.status", lambda word: word.lower() == "enabled", "Enabled"),
            check(view, days, lambda count: 1 <= count <= most, f"{most:g} days or fewer"),
            check(view, f"{path}.filter", _everything, "all objects", default={}),
            check(view, f"{path}.prefix", lambda text: text == "", "all objects", default=""),
        ]
    )


def _everything(given: Any) -> bool:
    """Say whether a rule's filter is none: an empty prefix is."""
    return isinstance(given, Mapping) and not any(value not in (None, "", {}, []) for value in given.values())
