"""Queues that keep what could not be delivered."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

_RETENTION_SECONDS = 14 * 24 * 3600  # the longest that SQS keeps a message


def dead_letter_queue(name: str, physical_name: str, opts: pulumi.ResourceOptions) -> aws.sqs.Queue:
    """Register an encrypted queue that keeps its messages as long as SQS can: two weeks."""
    return aws.sqs.Queue(
        name,
        name=physical_name,
        message_retention_seconds=_RETENTION_SECONDS,
        sqs_managed_sse_enabled=True,
        opts=opts,
    )
