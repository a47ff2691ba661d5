"""Metrics that CloudWatch counts in log lines: metric filters on the log groups of functions (TRADING-14.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.naming import Naming

_MOST_DIMENSIONS = 3  # CloudWatch Logs API Reference, "MetricTransformation"


@dataclass(frozen=True, kw_only=True)
class MetricFilterSpec:
    """One metric and the log groups, by logical name, whose lines move it.

    `pattern` is a filter pattern for JSON lines, `value` a number or a field such as "$.bytes". `dimensions` take
    their values from fields of the line; each combination is a metric of its own, and is paid for as one. `default`
    is what lines that do not match count as. Raises ValueError where CloudWatch Logs would refuse the filter.
    """

    metric: str
    namespace: str
    pattern: str
    value: str
    unit: str
    log_groups: Mapping[str, aws.cloudwatch.LogGroup]
    default: float | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.default is not None and self.dimensions:
            raise ValueError(f"{self.metric}: default and dimensions given; allowed: one of them")
        if len(self.dimensions) > _MOST_DIMENSIONS:
            raise ValueError(
                f"{self.metric}: {len(self.dimensions)} dimensions given; allowed: at most {_MOST_DIMENSIONS}"
            )


@dataclass(frozen=True, kw_only=True)
class MetricFiltersArgs:
    """The metric filters of one stack, by logical name."""

    naming: Naming
    filters: Mapping[str, MetricFilterSpec]


class MetricFilters(pulumi.ComponentResource):
    """Metric filters: one per filter and log group. `filters` holds the resources by both logical names."""

    def __init__(self, name: str, args: MetricFiltersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:MetricFilters", name, None, opts)
        self._prefix = name
        self._environment = args.naming.environment
        self.filters: Mapping[tuple[str, str], aws.cloudwatch.LogMetricFilter] = {
            (filter_, group): self._filter(filter_, spec, group, log_group)
            for filter_, spec in args.filters.items()
            for group, log_group in spec.log_groups.items()
        }
        self.register_outputs({"metrics": sorted({spec.metric for spec in args.filters.values()})})

    def _filter(
        self, name: str, spec: MetricFilterSpec, group: str, log_group: aws.cloudwatch.LogGroup
    ) -> aws.cloudwatch.LogMetricFilter:
        transformation: aws.cloudwatch.LogMetricFilterMetricTransformationArgsDict = {
            "name": spec.metric,
            "namespace": spec.namespace,
            "value": spec.value,
            "unit": spec.unit,
        }
        if spec.default is not None:
            transformation["default_value"] = f"{spec.default:g}"
        if spec.dimensions:
            transformation["dimensions"] = spec.dimensions
        return aws.cloudwatch.LogMetricFilter(
            f"{self._prefix}-{name}-{group}",
            name=f"{self._environment}-{name}-{group}",
            log_group_name=log_group.name,
            pattern=spec.pattern,
            metric_transformation=transformation,
            opts=pulumi.ResourceOptions(parent=self),
        )
