"""Queues that keep what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.resource_policies import PolicyStatement, policy_text, refuse_without_tls

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


def queue_policy(
    name: str,
    queue: aws.sqs.Queue,
    arn: str,
    opts: pulumi.ResourceOptions,
    accepted: Sequence[PolicyStatement] = (),
) -> aws.sqs.QueuePolicy:
    """Register a queue's policy: what it accepts from services, and that nobody comes without TLS.

    Roles of the account use the queue by their own permissions. AWS: "Amazon SQS security best practices".
    """
    statements = (*accepted, refuse_without_tls(("sqs:*",), (arn,)))
    return aws.sqs.QueuePolicy(name, queue_url=queue.url, policy=policy_text(statements), opts=opts)
