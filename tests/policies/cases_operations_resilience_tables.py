"""Fixtures of rules about how tables, buckets and backups survive mistakes."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

TABLE = made(
    "aws:dynamodb/table:Table",
    "orders",
    name="prod-orders",
    billingMode="PROVISIONED",
    readCapacity=5,
    writeCapacity=5,
    pointInTimeRecovery={"enabled": True},
    deletionProtectionEnabled=True,
    globalSecondaryIndexes=[{"name": "by-day", "readCapacity": 5, "writeCapacity": 5}],
    tags={"Project": "trading", "Environment": "prod"},
)
ENABLED = "pointInTimeRecovery.enabled"
DAYS = "pointInTimeRecovery.recoveryPeriodInDays"
RECOVERY = Cases(
    rule="dynamodb-table-has-point-in-time-recovery",
    good={
        "on": [TABLE],
        "days": [changed(TABLE, {DAYS: 14})],
        "replica": [changed(TABLE, {"replicas": [{"pointInTimeRecovery": True}]})],
    },
    bad={
        "off": ([changed(TABLE, {ENABLED: False})], (ENABLED,)),
        "missing": ([changed(TABLE, {"pointInTimeRecovery": GONE})], (ENABLED,)),
        "null": ([changed(TABLE, {"pointInTimeRecovery": None})], (ENABLED,)),
        "too short": ([changed(TABLE, {DAYS: 1})], (DAYS,)),
        "replica": (
            [changed(TABLE, {"replicas": [{"regionName": "eu-west-1"}]})],
            ("replicas.0.pointInTimeRecovery",),
        ),
    },
    unknown={
        "on": ([changed(TABLE, {ENABLED: UNKNOWN})], (ENABLED,)),
        "replicas": ([changed(TABLE, {"replicas": UNKNOWN})], ("replicas",)),
    },
    always=True,
)

TARGET, SCALING = "aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"
METRIC = "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType"
VALUE = "targetTrackingScalingPolicyConfiguration.targetValue"


def scaled(resource_id: str, kind: str, way: str) -> list[Resource]:
    """Return the target and the policy of one direction of a table or index."""
    common: dict[str, Any] = {
        "resourceId": resource_id,
        "scalableDimension": f"dynamodb:{kind}:{way}CapacityUnits",
        "serviceNamespace": "dynamodb",
    }
    specification = {"predefinedMetricType": f"DynamoDB{way}CapacityUtilization"}
    configuration = {"predefinedMetricSpecification": specification, "targetValue": 70}
    return [
        made(TARGET, f"{kind}-{way}-target", **common, minCapacity=5, maxCapacity=100),
        made(
            SCALING,
            f"{kind}-{way}-policy",
            **common,
            policyType="TargetTrackingScaling",
            targetTrackingScalingPolicyConfiguration=configuration,
        ),
    ]


OF_TABLE = [*scaled("table/prod-orders", "table", "Read"), *scaled("table/prod-orders", "table", "Write")]
OF_INDEX = [
    *scaled("table/prod-orders/index/by-day", "index", "Read"),
    *scaled("table/prod-orders/index/by-day", "index", "Write"),
]
READ_TARGET, READ_POLICY = OF_TABLE[:2]
UNNAMED = changed(TABLE, {"name": UNKNOWN, "globalSecondaryIndexes": GONE})
REFERRING = [
    made(
        each.type,
        each.name,
        refers={"resourceId": UNNAMED},
        **{k: v for k, v in each.inputs.items() if k != "resourceId"},
    )
    for each in OF_TABLE
]
BOTH = ("readCapacity", "writeCapacity")
BOTH_OF_INDEX = tuple(f"globalSecondaryIndexes.0.{path}" for path in BOTH)
SCALES = Cases(
    rule="dynamodb-table-scales",
    good={
        "on demand": [changed(TABLE, {"billingMode": "PAY_PER_REQUEST"})],
        "provisioned": [TABLE, *OF_TABLE, *OF_INDEX],
        "by reference": [UNNAMED, *REFERRING],
        "target": [READ_TARGET],
        "policy": [READ_POLICY],
    },
    bad={
        "nothing": ([TABLE], (*BOTH, *BOTH_OF_INDEX)),
        "by default": ([changed(TABLE, {"billingMode": GONE})], (*BOTH, *BOTH_OF_INDEX)),
        "index without": ([TABLE, *OF_TABLE], BOTH_OF_INDEX),
        "only reads": ([TABLE, *OF_TABLE[:2], *OF_INDEX], ("writeCapacity",)),
        "target without a policy": ([TABLE, *OF_TABLE[:3], *OF_INDEX], ("writeCapacity",)),
        "policy without a target": ([TABLE, *OF_TABLE[1:], *OF_INDEX], ("readCapacity",)),
        "another table's": ([changed(TABLE, {"name": "prod-other"}), *OF_TABLE, *OF_INDEX], (*BOTH, *BOTH_OF_INDEX)),
        "no room": ([changed(READ_TARGET, {"maxCapacity": 5})], ("maxCapacity",)),
        "no highest": ([changed(READ_TARGET, {"maxCapacity": GONE})], ("maxCapacity",)),
        "too high": ([changed(READ_POLICY, {VALUE: 100})], (VALUE,)),
        "too low": ([changed(READ_POLICY, {VALUE: 5})], (VALUE,)),
        "no value": ([changed(READ_POLICY, {VALUE: GONE})], (VALUE,)),
        "wrong metric": ([changed(READ_POLICY, {METRIC: "DynamoDBWriteCapacityUtilization"})], (METRIC,)),
        "steps": ([changed(READ_POLICY, {"policyType": "StepScaling"})], ("policyType",)),
    },
    unknown={
        "mode": ([changed(TABLE, {"billingMode": UNKNOWN})], ("billingMode",)),
        "indexes": ([changed(TABLE, {"globalSecondaryIndexes": UNKNOWN})], ("globalSecondaryIndexes",)),
        "whose": (
            [
                changed(TABLE, {"globalSecondaryIndexes": GONE}),
                *(changed(each, {"resourceId": UNKNOWN}) for each in OF_TABLE[2:]),
                *OF_TABLE[:2],
            ],
            ("writeCapacity",),
        ),
        "highest": ([changed(READ_TARGET, {"maxCapacity": UNKNOWN})], ("maxCapacity",)),
        "service of a target": (
            [changed(READ_TARGET, {"serviceNamespace": UNKNOWN, "scalableDimension": UNKNOWN})],
            ("serviceNamespace",),
        ),
    },
    skipped={
        "target of a service": [made(TARGET, serviceNamespace="ecs", scalableDimension="ecs:service:DesiredCount")],
        "policy of a service": [made(SCALING, serviceNamespace="ecs")],
    },
)

PROTECTED = Cases(
    rule="dynamodb-table-deletion-protected",
    good={"on": [TABLE], "text": [changed(TABLE, {"deletionProtectionEnabled": "true"})]},
    bad={
        "off": ([changed(TABLE, {"deletionProtectionEnabled": False})], ("deletionProtectionEnabled",)),
        "missing": ([changed(TABLE, {"deletionProtectionEnabled": GONE})], ("deletionProtectionEnabled",)),
        "replica": (
            [changed(TABLE, {"replicas": [{"deletionProtectionEnabled": False}]})],
            ("replicas.0.deletionProtectionEnabled",),
        ),
    },
    unknown={"on": ([changed(TABLE, {"deletionProtectionEnabled": UNKNOWN})], ("deletionProtectionEnabled",))},
    always=True,
)

PLAN = made(
    "aws:backup/plan:Plan",
    "plan",
    rules=[
        {
            "ruleName": "daily",
            "targetVaultName": "main",
            "lifecycle": {"deleteAfter": 35},
            "copyActions": [{"destinationVaultArn": UNKNOWN, "lifecycle": {"deleteAfter": 35}}],
        }
    ],
)
EQUAL = [
    {"key": "aws:ResourceTag/Project", "value": "trading"},
    {"key": "aws:ResourceTag/Environment", "value": "prod"},
]
SELECTION = made(
    "aws:backup/selection:Selection",
    "selection",
    refers={"planId": PLAN},
    resources=["arn:aws:dynamodb:us-east-1:111122223333:table/*"],
    conditions=[{"stringEquals": EQUAL}],
)
BY_REFERENCE = made(SELECTION.type, "by-reference", refers={"planId": PLAN, "resources": TABLE})
BY_REFERENCE = changed(BY_REFERENCE, {"resources": [UNKNOWN]})


def selected(**changes: object) -> list[Resource]:
    return [TABLE, changed(SELECTION, changes), PLAN]


def with_condition(operator: str, value: str) -> list[Resource]:
    return selected(conditions=[{operator: [{"key": "aws:ResourceTag/Project", "value": value}]}])


def with_tag(key: str, value: object) -> list[Resource]:
    return selected(conditions=GONE, selectionTags=[{"type": "STRINGEQUALS", "key": key, "value": value}])


IN_PLAN = Cases(
    rule="dynamodb-table-in-backup-plan",
    good={
        "by pattern and tags": selected(),
        "by reference": [TABLE, BY_REFERENCE, PLAN],
        "by ARN": selected(resources=["arn:aws:dynamodb:*:*:table/prod-orders"]),
        "everything": selected(resources=["*"], conditions=GONE),
        "all of the service": selected(resources=["arn:aws:dynamodb:*"]),
        "by tags only": selected(resources=GONE),
        "by a tag of several": with_tag("Project", "trading"),
        "like": with_condition("stringLikes", "trad*"),
        "not equal": with_condition("stringNotEquals", "momentum"),
        "unnamed": [changed(TABLE, {"name": UNKNOWN}), SELECTION, PLAN],
        "second selection": [TABLE, changed(SELECTION, {"resources": ["arn:aws:rds:*:*:db:*"]}), BY_REFERENCE, PLAN],
    },
    bad={
        "none": ([TABLE, PLAN], ("",)),
        "another table": (selected(resources=["arn:aws:dynamodb:*:*:table/prod-other"]), ("",)),
        "another service": (selected(resources=["arn:aws:rds:*:*:db:*"]), ("",)),
        "other tags": (with_condition("stringEquals", "momentum"), ("",)),
        "unlike": (with_condition("stringNotLikes", "trad*"), ("",)),
        "another tag": (with_tag("Backup", "yes"), ("",)),
        "excluded": (selected(notResources=["arn:aws:dynamodb:*:*:table/prod-*"]), ("",)),
        "without a plan": (selected(planId=GONE), ("",)),
        "without tags": ([changed(TABLE, {"tags": GONE}), SELECTION, PLAN], ("",)),
        "wrong kind": (selected(resources=[5]), ("",)),
    },
    unknown={
        "resources": (selected(resources=UNKNOWN), ("",)),
        "tags": ([changed(TABLE, {"tags": UNKNOWN}), SELECTION, PLAN], ("",)),
        "conditions": (selected(conditions=UNKNOWN), ("",)),
        "value of a tag": (with_tag("Project", UNKNOWN), ("",)),
        "name": (
            [
                changed(TABLE, {"name": UNKNOWN}),
                changed(SELECTION, {"resources": ["arn:aws:dynamodb:*:*:table/a"]}),
                PLAN,
            ],
            ("",),
        ),
    },
    always=True,
)

AFTER = "rules.0.lifecycle.deleteAfter"
COPY = "rules.0.copyActions.0.lifecycle.deleteAfter"
KEEPS = Cases(
    rule="backup-plan-keeps-long-enough",
    good={
        "days": [PLAN],
        "for good": [changed(PLAN, {"rules.0.lifecycle": GONE})],
        "text": [changed(PLAN, {AFTER: "9"})],
    },
    bad={
        "too short": ([changed(PLAN, {AFTER: 1})], (AFTER,)),
        "copy": ([changed(PLAN, {COPY: 3})], (COPY,)),
        "no rule": ([changed(PLAN, {"rules": []})], ("rules",)),
        "missing": ([changed(PLAN, {"rules": GONE})], ("rules",)),
    },
    unknown={
        "days": ([changed(PLAN, {AFTER: UNKNOWN})], (AFTER,)),
        "rules": ([changed(PLAN, {"rules": UNKNOWN})], ("rules",)),
    },
    always=True,
)

COPIES, VAULT = "rules.0.copyActions", "rules.0.copyActions.0.destinationVaultArn"
COPYING = changed(PLAN, {VAULT: "arn:aws:backup:us-west-2:111111111111:backup-vault:copies"})
COPIED = Cases(
    rule="backup-plan-copies-backups",
    good={"a copy": [COPYING], "into a vault that is made": [changed(COPYING, {VAULT: UNKNOWN})]},
    bad={
        "no copies": ([changed(COPYING, {COPIES: []})], (COPIES,)),
        "missing": ([changed(COPYING, {COPIES: GONE})], (COPIES,)),
        "nowhere": ([changed(COPYING, {VAULT: ""})], (VAULT,)),
        "no rule": ([changed(COPYING, {"rules": []})], ("rules",)),
    },
    unknown={
        "copies": ([changed(COPYING, {COPIES: UNKNOWN})], (COPIES,)),
        "rules": ([changed(COPYING, {"rules": UNKNOWN})], ("rules",)),
    },
    always=True,
)

CASES = [RECOVERY, SCALES, PROTECTED, IN_PLAN, KEEPS, COPIED]
