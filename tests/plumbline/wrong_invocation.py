"""Wrong programs about what calls a function, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    Wrong,
    alias,
    function,
    log_group,
    policy_text,
    queue,
    role,
    role_policy,
    statement,
)


def mapping(
    *, depends: bool = True, visible: int = 180, on_alias: bool = False, **changes: Any
) -> aws.lambda_.EventSourceMapping:
    """A queue whose messages a function of 30 s takes in tens, with its role's permission first."""
    worker = role()
    allowed = role_policy(worker)
    source = queue(visibility_timeout_seconds=visible)
    called = function(owner=worker, needs=[log_group()], publish=True)
    target = alias(called).arn if on_alias else called.arn
    whole = {"event_source_arn": source.arn, "function_name": target, **changes}
    options = pulumi.ResourceOptions(depends_on=[allowed] if depends else [])
    return aws.lambda_.EventSourceMapping("messages", opts=options, **whole)


def permission(**changes: Any) -> aws.lambda_.Permission:
    """A permission for API Gateway to call a function's alias."""
    live = alias(function(publish=True))
    whole = {
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
        "function": live.arn,
        "qualifier": live.name,
        **changes,
    }
    return aws.lambda_.Permission("call", **whole)


def _large_policy() -> None:
    tables = [f"arn:aws:dynamodb:eu-west-1:123456789012:table/{'t' * 60}-{number}" for number in range(60)]
    aws.iam.Policy("large", name="large", policy=policy_text(statement(Resource=tables)))


WRONG_INVOCATION = [
    Wrong(
        "batch without window",
        lambda: mapping(batch_size=11),
        "maximumBatchingWindowInSeconds",
        "missing; a batch of 11 needs a window of at least 1 second",
    ),
    Wrong(
        "concurrency of one",
        lambda: mapping(scaling_config={"maximum_concurrency": 1}),
        "scalingConfig.maximumConcurrency",
        "1 given; allowed: 2 to 1000",
    ),
    Wrong(
        "visibility below timeout",
        lambda: mapping(visible=29),
        "eventSourceArn",
        "queue letters hides messages for 29 s; function work runs up to 30 s",
    ),
    Wrong(
        "visibility below timeout behind an alias",
        lambda: mapping(visible=29, on_alias=True),
        "eventSourceArn",
        "queue letters hides messages for 29 s; function work runs up to 30 s",
    ),
    Wrong(
        "mapping before permissions",
        lambda: mapping(depends=False),
        "functionName",
        "the mapping must depend on the role's policy allowed",
    ),
    Wrong(
        "permission without qualifier",
        lambda: permission(qualifier=None),
        "qualifier",
        "missing; the permission is about alias live",
    ),
    Wrong("managed policy too long", _large_policy, "policy", "characters given; allowed: at most 6144"),
]
SOUND_INVOCATION: dict[str, Callable[[], Any]] = {
    "event source mapping": mapping,
    "event source mapping with window": lambda: mapping(batch_size=11, maximum_batching_window_in_seconds=1),
    "event source mapping of an alias": lambda: mapping(on_alias=True),
    "permission": permission,
}
