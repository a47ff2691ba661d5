"""Log groups and queues: retention and times."""

from __future__ import annotations

import json
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

# PutRetentionPolicy takes no other number of days; 0 means for ever.
RETENTION_DAYS = frozenset(
    (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)
# CreateQueue attributes: lowest and highest value.
_QUEUE_RANGES = {
    "visibilityTimeoutSeconds": (0, 43_200),
    "messageRetentionSeconds": (60, 1_209_600),
    "delaySeconds": (0, 900),
    "receiveWaitTimeSeconds": (0, 20),
    "maxMessageSize": (1_024, 1_048_576),
    "kmsDataKeyReusePeriodSeconds": (60, 86_400),
}


@for_types("aws:cloudwatch/logGroup:LogGroup")
def retention(group: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Retention is one of the numbers that CloudWatch takes."""
    days = group.get("retentionInDays")
    if isinstance(days, int) and days not in RETENTION_DAYS:
        yield "retentionInDays", f"{days} given; allowed: {', '.join(map(str, sorted(RETENTION_DAYS)))}"


@for_types("aws:sqs/queue:Queue")
def queue(queue: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Times and sizes are within SQS's ranges, FIFO names end in .fifo, and the redrive policy is one."""
    for name, (low, high) in _QUEUE_RANGES.items():
        value = queue.get(name)
        if isinstance(value, int) and not low <= value <= high:
            yield name, f"{value} given; allowed: {low} to {high}"
    name, fifo = queue.get("name"), queue.get("fifoQueue", False)
    if isinstance(name, str):
        if (fifo is True) != name.endswith(".fifo"):
            yield "name", f"{name!r} given; the name of a FIFO queue, and of no other, ends in .fifo"
        if len(name) > 80:
            yield "name", f"{len(name)} characters given; allowed: at most 80"
    if queue.get("sqsManagedSseEnabled") is True and queue.get("kmsMasterKeyId") is not None:
        yield "kmsMasterKeyId", "given together with sqsManagedSseEnabled; SQS takes one of them"
    redrive = queue.get("redrivePolicy")
    if isinstance(redrive, str):
        try:
            policy = json.loads(redrive)
            missing = {"deadLetterTargetArn", "maxReceiveCount"} - set(policy)
        except (ValueError, TypeError):
            yield "redrivePolicy", "not a JSON object"
            return
        if missing:
            yield "redrivePolicy", f"{', '.join(sorted(missing))} missing"
