"""Which AWS services a function calls, by what its permissions allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from criteria.common.lookups import QUEUE, conditions, depends_by, elements, permissions
from criteria.common.privilege import NETWORK_INTERFACES, TRACES
from plumbline.graph import Resource
from plumbline.verdicts import Subject

# Lambda makes these calls itself, from outside the VPC and under the function's role: log lines, traces and the network
# interfaces. Sending to the function's own dead-letter queue is the fourth.
_OF_LAMBDA = frozenset(
    action.casefold() for action in {"logs:CreateLogStream", "logs:PutLogEvents"} | TRACES | NETWORK_INTERFACES
)
_ENDPOINT_NAMES = {"cloudwatch": "monitoring"}  # where an endpoint is called otherwise than the service's actions


def called_services(subject: Subject, function: Resource) -> set[str] | None:
    """Return the services that a function's code calls, by their endpoints' names; "*" where it may call anything.

    None where its permissions are not known yet.
    """
    written = permissions(subject, function)
    if written is None:
        return None
    found: set[str] = set()
    for statement in written:
        if statement.get("Effect") != "Allow":
            continue
        if "NotAction" in statement:
            return {"*"}
        for action in elements(statement, "Action"):
            service = action.partition(":")[0]
            if not _made_by_others(subject, function, statement, action):
                found.add(_ENDPOINT_NAMES.get(service, service))
    return found


def _made_by_others(subject: Subject, function: Resource, statement: Mapping[str, Any], action: str) -> bool:
    """Say whether another service makes a call: Lambda itself, or the one that is encrypted (kms:ViaService)."""
    if action in _OF_LAMBDA:
        return True
    if action.startswith("kms:"):
        return any(operator == "StringEquals" and key == "kms:viaservice" for operator, key, _ in conditions(statement))
    if action == "sqs:sendmessage":
        queues = [queue.get("name") for queue in depends_by(subject, function, "deadLetterConfig", QUEUE)]
        named = [arn.rpartition(":")[2] for arn in elements(statement, "Resource")]
        return bool(named) and all(name in queues for name in named)
    return False
