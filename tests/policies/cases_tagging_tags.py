"""Fixtures of the rules on tags."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

_TAGS = {"Environment": "test", "Project": "trading", "Owner": "platform", "CostCenter": "trading"}
QUEUE = made("aws:sqs/queue:Queue", tags=_TAGS)
GROUP = made(
    "aws:autoscaling/group:Group",
    tags=[{"key": key, "value": value, "propagateAtLaunch": True} for key, value in _TAGS.items()],
)
TEMPLATE = made(
    "aws:ec2/launchTemplate:LaunchTemplate",
    tags=_TAGS,
    tagSpecifications=[{"resourceType": kind, "tags": dict(_TAGS)} for kind in ("instance", "volume")],
)
_SNAPSHOTS = made("aws:rds/instance:Instance", copyTagsToSnapshot=True)
_SERVICE = made("aws:ecs/service:Service", propagateTags="SERVICE")
_PARAMETERS = {"tags": {"Environment": ["test"], "Project": [], "Owner": [], "CostCenter": ["trading", "shared"]}}

CASES = [
    Cases(
        "resource-has-required-tags",
        parameters=_PARAMETERS,
        good={
            "tags": [QUEUE],
            "more tags": [changed(QUEUE, {"tags.Name": "orders"})],
            "other allowed value": [changed(QUEUE, {"tags.CostCenter": "shared"})],
            "list": [GROUP],
            "another name of the type": [made("aws:s3/bucketV2:BucketV2", tags=_TAGS)],
        },
        bad={
            "no tags": (
                [changed(QUEUE, {"tags": GONE})],
                ("tags.Environment", "tags.Project", "tags.Owner", "tags.CostCenter"),
            ),
            "null": (
                [changed(QUEUE, {"tags": None})],
                ("tags.Environment", "tags.Project", "tags.Owner", "tags.CostCenter"),
            ),
            "one missing": ([changed(QUEUE, {"tags.Owner": GONE})], ("tags.Owner",)),
            "null value": ([changed(QUEUE, {"tags.Owner": None})], ("tags.Owner",)),
            "empty value": ([changed(QUEUE, {"tags.Owner": " "})], ("tags.Owner",)),
            "value of another stack": ([changed(QUEUE, {"tags.Environment": "prod"})], ("tags.Environment",)),
            "value in another case": ([changed(QUEUE, {"tags.Environment": "Test"})], ("tags.Environment",)),
            "key in another case": (
                [changed(QUEUE, {"tags.Owner": GONE, "tags.owner": "platform"})],
                ("tags.Owner",),
            ),
            "no mapping": (
                [changed(QUEUE, {"tags": "Owner"})],
                ("tags.Environment", "tags.Project", "tags.Owner", "tags.CostCenter"),
            ),
            "wrong beside unknown": (
                [changed(QUEUE, {"tags.Owner": UNKNOWN, "tags.Environment": "prod"})],
                ("tags.Environment",),
            ),
            "missing in a list": ([changed(GROUP, {"tags.2": None})], ("tags.Owner",)),
            "wrong in a list": ([changed(GROUP, {"tags.0.value": "prod"})], ("tags.0.value",)),
        },
        unknown={
            "tags": ([changed(QUEUE, {"tags": UNKNOWN})], ("tags",)),
            "a value": ([changed(QUEUE, {"tags.Owner": UNKNOWN})], ("tags.Owner",)),
            "a key of a list": ([changed(GROUP, {"tags.2.key": UNKNOWN})], ("tags",)),
            "a line of a list": ([changed(GROUP, {"tags.2": UNKNOWN})], ("tags",)),
        },
        always=True,
    ),
    Cases(
        "tag-key-has-one-spelling",
        good={"tags": [QUEUE], "list": [GROUP]},
        bad={
            "other case of a required key": (
                [changed(QUEUE, {"tags.Owner": GONE, "tags.owner": "platform"})],
                ("tags.owner",),
            ),
            "both": ([changed(QUEUE, {"tags.OWNER": "platform"})], ("tags.OWNER",)),
            "two of another key": ([changed(QUEUE, {"tags.Name": "a", "tags.name": "a"})], ("tags.name",)),
            "list": ([changed(GROUP, {"tags.2.key": "owner"})], ("tags.2.value",)),
        },
        unknown={"tags": ([changed(QUEUE, {"tags": UNKNOWN})], ("tags",))},
        skipped={"no tags": [changed(QUEUE, {"tags": GONE})]},
    ),
    Cases(
        "auto-scaling-group-hands-tags-on",
        good={
            "all": [GROUP],
            "another tag stays": [
                changed(GROUP, {"tags": [*GROUP.inputs["tags"], {"key": "Name", "value": "group"}]}),
            ],
        },
        bad={
            "one is not": ([changed(GROUP, {"tags.1.propagateAtLaunch": False})], ("tags.1.propagateAtLaunch",)),
            "not said": ([changed(GROUP, {"tags.1.propagateAtLaunch": GONE})], ("tags.1.propagateAtLaunch",)),
        },
        unknown={
            "one": ([changed(GROUP, {"tags.1.propagateAtLaunch": UNKNOWN})], ("tags.1.propagateAtLaunch",)),
            "all": ([changed(GROUP, {"tags": UNKNOWN})], ("tags",)),
        },
        skipped={"no tags": [changed(GROUP, {"tags": GONE})]},
    ),
    Cases(
        "launch-template-tags-what-it-starts",
        parameters=_PARAMETERS,
        good={"both": [TEMPLATE]},
        bad={
            "none": ([changed(TEMPLATE, {"tagSpecifications": GONE})], ("tagSpecifications", "tagSpecifications")),
            "no volumes": ([changed(TEMPLATE, {"tagSpecifications.1.resourceType": "spot"})], ("tagSpecifications",)),
            "one tag missing": (
                [changed(TEMPLATE, {"tagSpecifications.0.tags.Owner": GONE})],
                ("tagSpecifications.0.tags.Owner",),
            ),
            "wrong value": (
                [changed(TEMPLATE, {"tagSpecifications.1.tags.Environment": "prod"})],
                ("tagSpecifications.1.tags.Environment",),
            ),
        },
        unknown={
            "all": ([changed(TEMPLATE, {"tagSpecifications": UNKNOWN})], ("tagSpecifications",)),
            "a row": ([changed(TEMPLATE, {"tagSpecifications.0": UNKNOWN})], ("tagSpecifications",)),
            "a kind": ([changed(TEMPLATE, {"tagSpecifications.0.resourceType": UNKNOWN})], ("tagSpecifications",)),
            "tags": (
                [changed(TEMPLATE, {"tagSpecifications.0.tags": UNKNOWN})],
                ("tagSpecifications.0.tags",),
            ),
        },
        always=True,
    ),
    Cases(
        "database-copies-tags-to-snapshots",
        good={
            "instance": [_SNAPSHOTS],
            "text": [changed(_SNAPSHOTS, {"copyTagsToSnapshot": "true"})],
            "cluster": [made("aws:rds/cluster:Cluster", copyTagsToSnapshot=True)],
        },
        bad={
            "false": ([changed(_SNAPSHOTS, {"copyTagsToSnapshot": False})], ("copyTagsToSnapshot",)),
            "not set": ([changed(_SNAPSHOTS, {"copyTagsToSnapshot": GONE})], ("copyTagsToSnapshot",)),
        },
        unknown={"value": ([changed(_SNAPSHOTS, {"copyTagsToSnapshot": UNKNOWN})], ("copyTagsToSnapshot",))},
        always=True,
    ),
    Cases(
        "ecs-service-tags-its-tasks",
        good={"of the service": [_SERVICE], "of the task": [changed(_SERVICE, {"propagateTags": "TASK_DEFINITION"})]},
        bad={
            "none": ([changed(_SERVICE, {"propagateTags": "NONE"})], ("propagateTags",)),
            "not set": ([changed(_SERVICE, {"propagateTags": GONE})], ("propagateTags",)),
        },
        unknown={"value": ([changed(_SERVICE, {"propagateTags": UNKNOWN})], ("propagateTags",))},
        always=True,
    ),
]
