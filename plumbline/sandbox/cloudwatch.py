"""CloudWatch alarms and dashboards in the sandbox. moto has no composite alarms: they are simulated."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(context: Context, inputs: Inputs) -> Created:
    client = context.client("cloudwatch", inputs)
    name = inputs["name"]
    # moto knows neither alarms on PromQL queries nor evaluation windows and times to warm up, and of the extended
    # statistics percentiles only: it would refuse a trimmed mean, which AWS takes.
    extended = inputs.get("extendedStatistic") or ""
    client.put_metric_alarm(
        AlarmName=name,
        ActionsEnabled=inputs.get("actionsEnabled", True),
        Tags=tag_list(inputs),
        **given(
            AlarmDescription=inputs.get("alarmDescription"),
            AlarmActions=inputs.get("alarmActions"),
            OKActions=inputs.get("okActions"),
            InsufficientDataActions=inputs.get("insufficientDataActions"),
            MetricName=inputs.get("metricName"),
            Namespace=inputs.get("namespace"),
            Statistic=inputs.get("statistic"),
            ExtendedStatistic=extended if extended.startswith("p") else None,
            Dimensions=_dimensions(inputs) or None,
            Period=_whole(inputs.get("period")),
            Unit=inputs.get("unit"),
            EvaluationPeriods=_whole(inputs.get("evaluationPeriods")),
            DatapointsToAlarm=_whole(inputs.get("datapointsToAlarm")),
            Threshold=inputs.get("threshold"),
            ThresholdMetricId=inputs.get("thresholdMetricId"),
            ComparisonOperator=inputs.get("comparisonOperator"),
            TreatMissingData=inputs.get("treatMissingData"),
            EvaluateLowSampleCountPercentile=inputs.get("evaluateLowSampleCountPercentiles"),
            Metrics=[_query(row) for row in inputs.get("metricQueries") or []] or None,
        ),
    )
    (made,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return name, {"arn": made["AlarmArn"]}


@adapter("aws:cloudwatch/dashboard:Dashboard")
def dashboard(context: Context, inputs: Inputs) -> Created:
    client = context.client("cloudwatch", inputs)
    name = inputs["dashboardName"]
    client.put_dashboard(DashboardName=name, DashboardBody=inputs["dashboardBody"])
    return name, {"dashboardArn": client.get_dashboard(DashboardName=name)["DashboardArn"]}


def _query(row: Inputs) -> dict[str, Any]:
    metric = row.get("metric")
    # moto does not keep whose account a query asks.
    return given(
        Id=row["id"],
        Expression=row.get("expression"),
        Label=row.get("label"),
        Period=_whole(row.get("period")),
        ReturnData=bool(row.get("returnData")),
        MetricStat=metric
        and given(
            Metric=given(
                MetricName=metric["metricName"],
                Namespace=metric.get("namespace"),
                Dimensions=_dimensions(metric) or None,
            ),
            Period=int(metric["period"]),
            Stat=metric["stat"],
            Unit=metric.get("unit"),
        ),
    )


def _dimensions(owner: Inputs) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (owner.get("dimensions") or {}).items()]


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
