"""Requirement 03 cannot be fooled: what breaks a table fails its criterion, and what is unknown stays open."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    KEY,
    TABLE,
    Change,
    Row,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    verdict,
    whole,
)


def _first_index(table: Resource) -> Resource:
    return dataclasses.replace(
        table, inputs={**table.inputs, "globalSecondaryIndexes": table.inputs["globalSecondaryIndexes"][1:]}
    )


_TARGET, _POLICY = "aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"


def _scaling(**inputs: Any) -> Change:
    return set_(_POLICY, "tables-streams-read-policy", **inputs)


def _tracking(metric: str, percent: float) -> Change:
    specification = {"predefinedMetricType": metric}
    configuration = {"predefinedMetricSpecification": specification, "targetValue": percent}
    return _scaling(targetTrackingScalingPolicyConfiguration=configuration)


BROKEN: list[Row] = [
    ("03.1", "prod", "a table is missing", drop(TABLE, "-streams")),
    ("03.2a", "prod", "another partition key", set_(TABLE, "-streams", hashKey="streamId")),
    ("03.2a", "prod", "another type", set_(TABLE, "-streams", attributes=[{"name": "tenantId", "type": "N"}])),
    ("03.2b", "prod", "no sort key", set_(TABLE, "-streams", rangeKey=None)),
    ("03.2b", "prod", "a sort key too many", set_(TABLE, "-user-profiles", rangeKey="email")),
    ("03.3", "prod", "an index is missing", edit(TABLE, "-streams", _first_index)),
    ("03.4", "prod", "no recovery", set_(TABLE, "-streams", pointInTimeRecovery={"enabled": False})),
    ("03.5", "prod", "no encryption", set_(TABLE, "-streams", serverSideEncryption=None)),
    (
        "03.5",
        "prod",
        "a key of elsewhere",
        set_(
            TABLE,
            "-streams",
            serverSideEncryption={"enabled": True, "kmsKeyArn": "arn:aws:kms:us-east-1:333333333333:key/x"},
        ),
    ),
    ("03.6", "test", "provisioned", set_(TABLE, "-streams", billingMode="PROVISIONED")),
    ("03.7a", "prod", "on demand", set_(TABLE, "-streams", billingMode="PAY_PER_REQUEST")),
    ("03.7b", "prod", "no policy", drop(_POLICY, "tables-streams-read-policy")),
    ("03.7b", "prod", "no target", drop(_TARGET, "status-index-write-target")),
    ("03.7b", "prod", "steps instead of a target", _scaling(policyType="StepScaling")),
    ("03.7b", "prod", "the use of something else", _tracking("DynamoDBWriteCapacityUtilization", 70)),
    ("03.7b", "prod", "more than all of it", _tracking("DynamoDBReadCapacityUtilization", 100)),
    ("03.7b", "prod", "no room to grow", set_(_TARGET, "tables-streams-read-target", maxCapacity=5)),
    ("03.8", "prod", "another attribute", set_(TABLE, "-risk-events", ttl={"enabled": True, "attributeName": "x"})),
    ("03.8", "prod", "switched off", set_(TABLE, "-risk-events", ttl={"enabled": False, "attributeName": "expiresAt"})),
    ("03.9", "prod", "no prefix", set_(TABLE, "-streams", name="streams")),
]
OPEN: list[Row] = [
    ("03.2a", "prod", "a name", set_(TABLE, "-streams", name=UNKNOWN)),
    ("03.3", "prod", "a name", set_(TABLE, "-streams", name=UNKNOWN)),
    ("03.7b", "prod", "a range", set_(_TARGET, "tables-streams-read-target", maxCapacity=UNKNOWN)),
    ("03.7b", "prod", "what a policy is for", _scaling(resourceId=UNKNOWN)),
    ("03.2a", "prod", "attributes", set_(TABLE, "-streams", attributes=UNKNOWN)),
    ("03.2a", "prod", "a type", set_(TABLE, "-streams", attributes=[{"name": "tenantId", "type": UNKNOWN}])),
    ("03.3", "prod", "a key", set_(TABLE, "-streams", globalSecondaryIndexes=[{"name": "a", "keySchemas": UNKNOWN}])),
    ("03.3", "prod", "an index", set_(TABLE, "-streams", globalSecondaryIndexes=[UNKNOWN])),
    ("03.4", "prod", "recovery", set_(TABLE, "-streams", pointInTimeRecovery=UNKNOWN)),
    ("03.7b", "prod", "indexes", set_(TABLE, "-streams", globalSecondaryIndexes=UNKNOWN)),
    ("03.9", "prod", "a name", set_(TABLE, "-streams", name=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_customer_key_is_a_stated_deviation() -> None:
    value = {"enabled": True, "kmsKeyArn": UNKNOWN}
    change = refer(TABLE, "-streams", "serverSideEncryption", (KEY, "keys-tables"), value=value)
    found = verdict("03.5", change(whole("prod")))
    assert (found.word, found.decision) == ("deviation", 4)
