"""Application Auto Scaling of DynamoDB tables and their indexes (TRADING-03.7b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.night import Night

_METRICS = {"Read": "DynamoDBReadCapacityUtilization", "Write": "DynamoDBWriteCapacityUtilization"}


@dataclass(frozen=True, kw_only=True)
class ScaledTable:
    """What is scaled: a table and its indexes between (minimum, maximum) units of "Read" and "Write".

    During `night` scaling stays at the minimum (TRADING-23.4).
    """

    prefix: str
    table: aws.dynamodb.Table
    indexes: tuple[str, ...]
    dimensions: Mapping[str, tuple[int, int]]
    target_percent: int
    night: Night | None = None


def scale_table(args: ScaledTable, parent: pulumi.Resource) -> None:
    """Register a scalable target and a target-tracking policy per table or index and dimension, and its nights.

    No role is given: Application Auto Scaling uses its service-linked role, which it makes by itself.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    # What the night changes of a target, an `up` leaves as it is.
    switched = pulumi.ResourceOptions(parent=parent, ignore_changes=["minCapacity", "maxCapacity"])
    for index in (None, *args.indexes):
        owner = "index" if index else "table"
        suffix = f"/index/{index}" if index else ""
        for dimension, (minimum, maximum) in args.dimensions.items():
            name = f"{args.prefix}{f'-index-{index}' if index else ''}-{dimension.lower()}"
            target = aws.appautoscaling.Target(
                f"{name}-target",
                service_namespace="dynamodb",
                resource_id=pulumi.Output.concat("table/", args.table.name, suffix),
                scalable_dimension=f"dynamodb:{owner}:{dimension}CapacityUnits",
                min_capacity=minimum,
                max_capacity=maximum,
                opts=switched if args.night else opts,
            )
            aws.appautoscaling.Policy(
                f"{name}-policy",
                name=f"{name}-utilization",
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                resource_id=target.resource_id,
                scalable_dimension=target.scalable_dimension,
                target_tracking_scaling_policy_configuration={
                    "target_value": args.target_percent,
                    "predefined_metric_specification": {"predefined_metric_type": _METRICS[dimension]},
                },
                opts=opts,
            )
            if args.night is not None:
                _rest(name, target, args.night, (minimum, maximum), opts)


def _rest(
    name: str, target: aws.appautoscaling.Target, night: Night, bounds: tuple[int, int], opts: pulumi.ResourceOptions
) -> None:
    minimum, maximum = bounds
    for what, expression, largest in (
        ("stop", night.stop_expression, minimum),
        ("start", night.start_expression, maximum),
    ):
        aws.appautoscaling.ScheduledAction(
            f"{name}-{what}",
            name=f"{name}-{what}",
            service_namespace=target.service_namespace,
            resource_id=target.resource_id,
            scalable_dimension=target.scalable_dimension,
            schedule=expression,
            timezone=night.time_zone,
            scalable_target_action={"min_capacity": minimum, "max_capacity": largest},
            opts=opts,
        )
