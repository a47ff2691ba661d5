"""Application Auto Scaling of DynamoDB tables and their indexes (TRADING-03.7b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_METRICS = {"Read": "DynamoDBReadCapacityUtilization", "Write": "DynamoDBWriteCapacityUtilization"}


@dataclass(frozen=True, kw_only=True)
class ScaledTable:
    """What is scaled: a table and its indexes between (minimum, maximum) units of "Read" and "Write"."""

    prefix: str
    table: aws.dynamodb.Table
    indexes: tuple[str, ...]
    dimensions: Mapping[str, tuple[int, int]]
    target_percent: int


def scale_table(args: ScaledTable, parent: pulumi.Resource) -> None:
    """Register a scalable target and a target-tracking policy per table or index and dimension.

    No role is given: Application Auto Scaling uses its service-linked role, which it makes by itself.
    """
    opts = pulumi.ResourceOptions(parent=parent)
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
                opts=opts,
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
