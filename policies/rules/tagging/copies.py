"""Tags on what AWS makes by itself of a resource: snapshots and tasks."""

from __future__ import annotations

from policies.rules.model import Outcome, View, check_true, check_word, rule

_INSTANCE = "aws:rds/instance:Instance"
_CLUSTERS = ("aws:rds/cluster:Cluster", "aws:neptune/cluster:Cluster")


@rule(
    "TG-010",
    "database-copies-tags-to-snapshots",
    pack="tagging",
    types=(_INSTANCE, *_CLUSTERS),
    severity="low",
    rationale="Snapshots outlive their database, and then only their tags say whose data they hold.",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html",
    remediation="Set copy_tags_to_snapshot=True.",
    controls=("RDS.17", "CKV2_AWS_60"),
)
def snapshots(view: View) -> Outcome:
    return check_true(view, "copyTagsToSnapshot")


@rule(
    "TG-011",
    "ecs-service-tags-its-tasks",
    pack="tagging",
    types=("aws:ecs/service:Service",),
    severity="low",
    rationale="Fargate bills tasks, and a task has no tags unless its service hands them on.",
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html",
    remediation='Set propagate_tags="SERVICE" or "TASK_DEFINITION".',
)
def tasks(view: View) -> Outcome:
    return check_word(view, "propagateTags", ("SERVICE", "TASK_DEFINITION"), default="NONE", known=("NONE",))
