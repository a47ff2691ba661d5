"""components.scaling: scalable targets and target-tracking policies of tables and indexes."""

from __future__ import annotations

import functools

import pulumi
import pulumi_aws as aws

from components.night import Night
from components.scaling import ScaledTable, scale_table
from plumbline.graph import Options, Resource, StackGraph
from tests.evaluations import run_program

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
PREFIX = "urn:pulumi:test::plumbline::"
PARENT = f"{PREFIX}test:index:Parent::parent"
TABLE = f"{PREFIX}aws:dynamodb/table:Table::orders"


@functools.cache
def scaled() -> StackGraph:
    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        table = aws.dynamodb.Table(
            "orders", name="test-orders", hash_key="id", attributes=[{"name": "id", "type": "S"}]
        )
        scale_table(
            ScaledTable(
                prefix="parent-orders",
                table=table,
                indexes=("by-day",),
                dimensions={"Read": (5, 100), "Write": (2, 40)},
                target_percent=70,
            ),
            parent,
        )

    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    return evaluation.graph


def named(type_: str, name: str) -> Resource:
    [found] = [resource for resource in scaled().of_type(type_) if resource.name == name]
    return found


def target_inputs(resource_id: str, dimension: str, minimum: int, maximum: int) -> dict[str, object]:
    return {
        "serviceNamespace": "dynamodb",
        "resourceId": resource_id,
        "scalableDimension": dimension,
        "minCapacity": minimum,
        "maxCapacity": maximum,
    }


def policy_inputs(name: str, resource_id: str, dimension: str, metric: str) -> dict[str, object]:
    return {
        "name": name,
        "policyType": "TargetTrackingScaling",
        "serviceNamespace": "dynamodb",
        "resourceId": resource_id,
        "scalableDimension": dimension,
        "targetTrackingScalingPolicyConfiguration": {
            "targetValue": 70,
            "predefinedMetricSpecification": {"predefinedMetricType": metric},
        },
    }


def test_targets_cover_table_and_index_in_both_dimensions() -> None:
    assert {target.name: dict(target.inputs) for target in scaled().of_type(TARGET)} == {
        "parent-orders-read-target": target_inputs(
            "table/test-orders", "dynamodb:table:ReadCapacityUnits", minimum=5, maximum=100
        ),
        "parent-orders-write-target": target_inputs(
            "table/test-orders", "dynamodb:table:WriteCapacityUnits", minimum=2, maximum=40
        ),
        "parent-orders-index-by-day-read-target": target_inputs(
            "table/test-orders/index/by-day", "dynamodb:index:ReadCapacityUnits", minimum=5, maximum=100
        ),
        "parent-orders-index-by-day-write-target": target_inputs(
            "table/test-orders/index/by-day", "dynamodb:index:WriteCapacityUnits", minimum=2, maximum=40
        ),
    }


def test_policies_track_the_utilization_of_each_target() -> None:
    index = "table/test-orders/index/by-day"
    assert {policy.name: dict(policy.inputs) for policy in scaled().of_type(POLICY)} == {
        "parent-orders-read-policy": policy_inputs(
            "parent-orders-read-utilization",
            "table/test-orders",
            "dynamodb:table:ReadCapacityUnits",
            "DynamoDBReadCapacityUtilization",
        ),
        "parent-orders-write-policy": policy_inputs(
            "parent-orders-write-utilization",
            "table/test-orders",
            "dynamodb:table:WriteCapacityUnits",
            "DynamoDBWriteCapacityUtilization",
        ),
        "parent-orders-index-by-day-read-policy": policy_inputs(
            "parent-orders-index-by-day-read-utilization",
            index,
            "dynamodb:index:ReadCapacityUnits",
            "DynamoDBReadCapacityUtilization",
        ),
        "parent-orders-index-by-day-write-policy": policy_inputs(
            "parent-orders-index-by-day-write-utilization",
            index,
            "dynamodb:index:WriteCapacityUnits",
            "DynamoDBWriteCapacityUtilization",
        ),
    }


def test_target_depends_on_the_table_by_its_resource_id() -> None:
    target = named(TARGET, "parent-orders-index-by-day-read-target")
    assert target.dependencies == (TABLE,)
    assert target.property_dependencies["resourceId"] == (TABLE,)


def test_policy_depends_on_its_target() -> None:
    target = named(TARGET, "parent-orders-write-target")
    policy = named(POLICY, "parent-orders-write-policy")
    assert policy.dependencies == (target.urn,)
    assert policy.property_dependencies == {
        "name": (),
        "policyType": (),
        "serviceNamespace": (target.urn,),
        "resourceId": (target.urn,),
        "scalableDimension": (target.urn,),
        "targetTrackingScalingPolicyConfiguration": (),
    }


def test_everything_is_a_child_of_the_given_parent_without_options() -> None:
    resources = scaled().of_type(TARGET, POLICY)
    assert {(resource.parent, resource.options) for resource in resources} == {(PARENT, Options())}


def test_only_the_dimensions_that_are_asked_for_are_scaled() -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        table = aws.dynamodb.Table(
            "orders", name="test-orders", hash_key="id", attributes=[{"name": "id", "type": "S"}]
        )
        scale_table(
            ScaledTable(
                prefix="parent-orders", table=table, indexes=(), dimensions={"Write": (1, 2)}, target_percent=50
            ),
            parent,
        )

    graph = run_program(program).graph
    assert [resource.name for resource in graph.of_type(TARGET, POLICY)] == [
        "parent-orders-write-target",
        "parent-orders-write-policy",
    ]


def test_at_night_scaling_stays_at_the_minimum() -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        table = aws.dynamodb.Table(
            "orders", name="test-orders", hash_key="id", attributes=[{"name": "id", "type": "S"}]
        )
        night = Night(stop="20:00", start="07:00", time_zone="Europe/Berlin")
        scaled = ScaledTable(
            prefix="parent-orders",
            table=table,
            indexes=(),
            dimensions={"Write": (1, 20)},
            target_percent=50,
            night=night,
        )
        scale_table(scaled, parent)

    graph = run_program(program).graph
    [target] = graph.of_type(TARGET)
    assert set(target.options.ignore_changes) == {"minCapacity", "maxCapacity"}
    common = {
        "serviceNamespace": "dynamodb",
        "resourceId": "table/test-orders",
        "scalableDimension": "dynamodb:table:WriteCapacityUnits",
        "timezone": "Europe/Berlin",
    }
    actions = graph.of_type("aws:appautoscaling/scheduledAction:ScheduledAction")
    assert [dict(action.inputs) for action in actions] == [
        {
            "name": "parent-orders-write-start",
            **common,
            "schedule": "cron(0 7 ? * MON-FRI *)",
            "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 20},
        },
        {
            "name": "parent-orders-write-stop",
            **common,
            "schedule": "cron(0 20 ? * MON-FRI *)",
            "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 1},
        },
    ]
    assert {target.urn in action.dependencies for action in actions} == {True}
