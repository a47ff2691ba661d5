"""Scheduled function: publishes how much of each monthly allowance is used, in percent (AGENTIC-07.5).

An alarm looks back a week at most, and an allowance lasts a month: so the month to date is added up here each day.
ALLOWANCES has what counts for each, METRIC_NAMESPACE where the percentages go.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from agenticai_shared import health
from botocore.exceptions import ClientError

_client = boto3.client("cloudwatch")
_DAY = 86_400
_MOST = 500  # metrics that one call reads


class UsageUnknown(Exception):
    """CloudWatch refuses the question; the failed run is what the alarm on errors sees."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Publish and return the percentages of the month that `time` of the event, or now, lies in."""
    if health.asked(event):
        return health.answer()
    until = _time(event)
    first, end = month(until)
    allowances: Mapping[str, Any] = json.loads(os.environ["ALLOWANCES"])
    try:
        used = {name: _used(row["metrics"], first, end) for name, row in allowances.items()}
        percent = {name: round(100 * used[name] / row["limit"], 3) for name, row in allowances.items()}
        _client.put_metric_data(
            Namespace=os.environ["METRIC_NAMESPACE"],
            MetricData=[
                {
                    "MetricName": "FreeTierPercent",
                    "Dimensions": [{"Name": "Allowance", "Value": name}],
                    "Timestamp": until,
                    "Value": value,
                    "Unit": "Percent",
                }
                for name, value in percent.items()
            ],
        )
    except ClientError as error:
        said = error.response["Error"]
        raise UsageUnknown(f"{error.operation_name}: {said['Code']}: {said.get('Message', '')}") from None
    print(json.dumps({"level": "INFO", "message": "usage published", "until": until.isoformat(), **percent}))
    return percent


def month(until: datetime) -> tuple[datetime, datetime]:
    """Return from when to when the month to date goes; just after midnight on the first, the month that ended."""
    counted = until - timedelta(hours=1)
    first = counted.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if counted.month == until.month:
        return first, until
    return first, until.replace(hour=0, minute=0, second=0, microsecond=0)


def _used(metrics: list[list[Any]], start: datetime, end: datetime) -> float:
    total = 0.0
    for first in range(0, len(metrics), _MOST):
        part = metrics[first : first + _MOST]
        queries = [_query(f"m{number}", *row[:4]) for number, row in enumerate(part)]  # the last is the factor
        factors = {f"m{number}": float(row[4]) for number, row in enumerate(part)}
        token: dict[str, str] = {}
        while True:
            answer = _client.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end, **token)
            total += sum(factors[found["Id"]] * sum(found["Values"]) for found in answer["MetricDataResults"])
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
    return total


def _query(id: str, namespace: str, metric: str, of: Mapping[str, str], statistic: str) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in of.items()]
    read = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": read, "Period": _DAY, "Stat": statistic}}


def _time(event: Any) -> datetime:
    try:
        return datetime.fromisoformat(event["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)
