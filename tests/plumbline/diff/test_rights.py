"""Changes of permissions in words, statement by statement."""

from __future__ import annotations

import json
from typing import Any

from plumbline.diff.rights import changes
from plumbline.graph import UNKNOWN, Resource, StackGraph

HOME = {"account_id": "111111111111", "region": "eu-west-1"}
TABLE = "arn:aws:dynamodb:eu-west-1:111111111111:table/orders"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def one(type_: str, called: str, /, **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:s::p::{type_}::{called}", type=type_, name=called, inputs=inputs)


def stack(*statements: dict[str, Any] | Any, trust: dict[str, Any] = TRUST, **key: Any) -> StackGraph:
    """Return a stack with a role, its policy, a table, and a queue's policy where `key` gives one."""
    written = statements[0] if statements and statements[0] is UNKNOWN else document(*statements)
    rows = [
        one("aws:dynamodb/table:Table", "orders", name="orders"),
        one("aws:iam/role:Role", "reader", name="reader", assumeRolePolicy=document(trust)),
    ]
    if statements:
        rows.append(one("aws:iam/rolePolicy:RolePolicy", "reader-policy", role="reader", policy=written))
    if "queue" in key:
        rows.append(one("aws:sqs/queue:Queue", "work", name="work", policy=document(key["queue"])))
    return StackGraph.of("s", "p", rows, {})


def allow(*actions: str, on: str = TABLE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def told(before: StackGraph, after: StackGraph) -> list[str]:
    return [change.text for change in changes(before, after, HOME)]


def test_actions_come_and_go() -> None:
    before, after = (
        stack(allow("dynamodb:GetItem", "dynamodb:Query")),
        stack(allow("dynamodb:GetItem", "dynamodb:Scan")),
    )
    assert told(before, after) == ["role reader gains dynamodb:Scan and loses dynamodb:Query on table orders"]
    assert told(before, before) == []


def test_what_a_wider_right_covers_is_neither_gained_nor_lost() -> None:
    narrow, wide = stack(allow("dynamodb:GetItem")), stack(allow("dynamodb:*"))
    assert told(narrow, wide) == ["role reader gains dynamodb:* on table orders"]
    # What is left of it is no gain.
    assert told(wide, narrow) == ["role reader loses dynamodb:* on table orders"]
    everywhere = stack(allow("dynamodb:GetItem", on="*"))
    assert told(narrow, everywhere) == ["role reader gains dynamodb:GetItem on everything"]
    beside = stack(allow("dynamodb:GetItem", on=TABLE.replace("orders", "*")))
    assert told(narrow, beside) == [f"role reader gains dynamodb:GetItem on {TABLE.replace('orders', '*')}"]


def test_a_condition_that_goes_is_a_gain_without_it() -> None:
    condition = {"Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}}
    before, after = stack(allow("dynamodb:GetItem", **condition)), stack(allow("dynamodb:GetItem"))
    assert told(before, after) == ["role reader gains dynamodb:GetItem on table orders"]
    assert told(after, before) == ["role reader loses dynamodb:GetItem on table orders"]


def test_denials_are_told_as_such() -> None:
    deny = {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": TABLE}
    before, after = stack(allow("dynamodb:GetItem")), stack(allow("dynamodb:GetItem"), deny)
    assert told(before, after) == ["role reader is denied dynamodb:DeleteTable on table orders"]
    assert told(after, before) == ["role reader is no longer denied dynamodb:DeleteTable on table orders"]


def test_policies_of_resources_and_trust_are_told_too() -> None:
    sender = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "sqs:SendMessage"}
    before, after = stack(queue={**sender, "Effect": "Deny"}), stack(queue=sender)
    assert told(before, after) == [
        "principal arn:aws:iam::222222222222:root gains sqs:SendMessage on queue work",
        "principal arn:aws:iam::222222222222:root is no longer denied sqs:SendMessage on queue work",
    ]
    others = {**TRUST, "Principal": {"Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}}
    assert told(stack(), stack(trust=others)) == ["service ecs-tasks.amazonaws.com gains sts:AssumeRole on role reader"]


def test_anybody_is_named() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}
    owner = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sqs:SendMessage"}
    assert "anybody gains sqs:SendMessage on queue work" in told(stack(queue=owner), stack(queue=anybody))
