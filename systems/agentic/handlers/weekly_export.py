"""Scheduled function: exports the table to the archive bucket (AGENTIC-06.3). DynamoDB does the work by itself.

The export reads the point-in-time recovery's copy: it takes no capacity, and needs that recovery to be on. Environment:
DYNAMODB_TABLE_ARN, EXPORT_BUCKET, and EXPORT_PREFIX, `exports` where it is not set.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from agenticai_shared import health
from botocore.exceptions import ClientError

_client = boto3.client("dynamodb")


class ExportFailed(Exception):
    """DynamoDB refuses the export; the failed run is what the alarm on errors sees."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Start the export of the day and say where it goes. `event` is the scheduler's; its `time` counts if given."""
    if health.asked(event):
        return health.answer()
    at = _time(event)
    table, bucket = os.environ["DYNAMODB_TABLE_ARN"], os.environ["EXPORT_BUCKET"]
    prefix = f"{os.environ.get('EXPORT_PREFIX') or 'exports'}/{at:%Y-%m-%d}"
    try:
        answer = _client.export_table_to_point_in_time(
            TableArn=table,
            S3Bucket=bucket,
            S3Prefix=prefix,
            S3SseAlgorithm="AES256",
            ExportFormat="DYNAMODB_JSON",
            # Schedules deliver at least once: for eight hours the same token is the same export.
            ClientToken=f"weekly-{at:%Y-%m-%d}",
        )
    except ClientError as error:
        said = error.response["Error"]
        raise ExportFailed(f"{table.rpartition('/')[2]}: {said['Code']}: {said.get('Message', '')}") from None
    found = answer["ExportDescription"]
    result = {"export": found["ExportArn"], "status": found["ExportStatus"], "to": f"s3://{bucket}/{prefix}"}
    print(json.dumps({"level": "INFO", "message": "export started", **result}))
    return result


def _time(event: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(event["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)
