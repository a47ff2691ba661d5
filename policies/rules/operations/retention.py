"""How long objects, series and events are kept, and that replicas are protected like their tables."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import Outcome, View, all_of, check, check_true, rule, unknown


@rule(
    "OP-409",
    "bucket-objects-live-long-enough",
    pack="operations",
    types=("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",),
    severity="medium",
    rationale="Logs that are gone within days cannot tell what happened before somebody noticed.",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html",
    remediation="Raise expiration.days, or limit the rule by a prefix to what may go, such as tmp/.",
    parameters={"shortest_days": 30, "shortest_noncurrent": 7},
)
def objects(view: View) -> Outcome:
    """Only rules for every object of a bucket: what has a prefix or a tag of its own may be short-lived."""
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "objects that stay long enough")
    wanted = {"expiration.days": "shortest_days", "noncurrentVersionExpiration.noncurrentDays": "shortest_noncurrent"}
    outcomes = [
        check(view, f"rules.{number}.{path}", lambda days, least=least: int(days) >= least, f"{least} days or more")
        for number, row in enumerate(rules)
        if isinstance(row, dict) and _everything(row)
        for path, name in wanted.items()
        if view.is_set(f"rules.{number}.{path}")
        for least in [view.parameters[name]]
    ]
    return all_of(outcomes)


def _everything(row: dict[str, object]) -> bool:
    """Say whether a rule of a lifecycle is on, and about every object."""
    given = row.get("filter")
    # A limit that is not known is one all the same.
    parts = [*(given.values() if isinstance(given, dict) else [given is UNKNOWN]), row.get("prefix")]
    limited = any(value is UNKNOWN or value for value in parts)
    return str(row.get("status", "Enabled")).lower() != "disabled" and not limited


@rule(
    "OP-410",
    "timestream-table-keeps-long-enough",
    pack="operations",
    types=("aws:timestreamwrite/table:Table",),
    severity="medium",
    rationale="Records older than the table's time are gone without a trace.",
    url="https://docs.aws.amazon.com/timestream/latest/developerguide/storage.html",
    remediation="Raise retention_properties.magnetic_store_retention_period_in_days.",
    parameters={"shortest_days": 30},
)
def series(view: View) -> Outcome:
    least = view.parameters["shortest_days"]
    path = "retentionProperties.magneticStoreRetentionPeriodInDays"
    return check(view, path, lambda days: int(days) >= least, f"{least} days or more", default=73000)


@rule(
    "OP-411",
    "event-archive-keeps-long-enough",
    pack="operations",
    types=("aws:cloudwatch/eventArchive:EventArchive",),
    severity="low",
    rationale="Only events that are still in the archive can be sent again after a failure.",
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html",
    remediation="Raise retention_days, or leave it out to keep events for ever.",
    parameters={"shortest_days": 7},
)
def archive(view: View) -> Outcome:
    least = view.parameters["shortest_days"]
    return check(view, "retentionDays", lambda days: int(days) == 0 or int(days) >= least, f"{least} or 0", default=0)


@rule(
    "OP-412",
    "dynamodb-replica-is-protected",
    pack="operations",
    types=("aws:dynamodb/tableReplica:TableReplica",),
    severity="medium",
    rationale="A replica has point-in-time recovery and deletion protection of its own, whatever its table has.",
    url="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html",
    remediation="Set point_in_time_recovery=True and deletion_protection_enabled=True.",
    controls=("DynamoDB.2", "DynamoDB.6"),
)
def replica(view: View) -> Outcome:
    return all_of([check_true(view, "pointInTimeRecovery"), check_true(view, "deletionProtectionEnabled")])
