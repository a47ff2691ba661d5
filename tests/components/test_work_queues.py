"""components.work_queues and components.parameters: what they register, and which edges lead to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.parameters import Parameters, ParametersArgs
from components.roles import Role, Roles, RolesArgs, RoleSpec
from components.work_queues import WorkQueue, WorkQueues, WorkQueuesArgs, WorkQueueSpec
from tests.components.programs import ACCOUNT, NAMING, ROLE_POLICY, document, graph_of, named, only, present

QUEUE = "aws:sqs/queue:Queue"
ARN = "arn:aws:sqs:us-east-1:111111111111:test"


def a_queue(**changes: Any) -> WorkQueue:
    spec = WorkQueueSpec(**{"timeout_seconds": 300, "max_receives": 5, **changes})
    return WorkQueues("queues", WorkQueuesArgs(account=ACCOUNT, naming=NAMING, queues={"work": spec})).queues["work"]


def a_role() -> tuple[Roles, Role]:
    spec = RoleSpec(physical_name="worker", description="Works")
    roles = Roles("roles", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles={"worker": spec}))
    return roles, roles.roles["worker"]


def test_a_queue_is_invisible_for_six_timeouts_and_puts_poison_aside() -> None:
    queue = named(graph_of(a_queue), "queues-work")
    redrive = {"deadLetterTargetArn": f"{ARN}-work-dead-letters", "maxReceiveCount": 5}
    assert json.loads(queue.inputs["redrivePolicy"]) == redrive
    assert {key: value for key, value in present(queue.inputs).items() if key != "redrivePolicy"} == {
        "name": "test-work",
        "visibilityTimeoutSeconds": 1800,
        "messageRetentionSeconds": 4 * 24 * 3600,
        "receiveWaitTimeSeconds": 20,
        "sqsManagedSseEnabled": True,
    }


@pytest.mark.parametrize(("timeout", "visible"), [(1, 6), (900, 5400), (10_000, 43_200)])
def test_visibility_ends_with_what_sqs_takes(timeout: int, visible: int) -> None:
    assert WorkQueueSpec(timeout_seconds=timeout, max_receives=5).visibility_seconds == visible


def test_nobody_comes_to_a_queue_or_its_dead_letters_without_tls() -> None:
    policies = graph_of(a_queue).of_type("aws:sqs/queuePolicy:QueuePolicy")
    assert {policy.name: [row["Sid"] for row in document(policy)["Statement"]] for policy in policies} == {
        "queues-work-policy": ["RefuseWithoutTls"],
        "queues-work-dead-letters-policy": ["RefuseWithoutTls"],
    }


@pytest.mark.parametrize(
    ("edge", "actions"),
    [
        ("grant_send", ["sqs:SendMessage"]),
        (
            "grant_consume",
            ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        ),
    ],
)
def test_an_edge_allows_its_calls_on_its_queue(edge: str, actions: list[str]) -> None:
    def program() -> None:
        roles, role = a_role()
        getattr(a_queue(), edge)(role)
        roles.attach()

    [statement] = document(only(graph_of(program), ROLE_POLICY))["Statement"]
    assert (statement["Action"], statement["Resource"]) == (actions, [f"{ARN}-work"])


def test_a_parameter_is_secure_and_its_value_the_operators() -> None:
    def program() -> None:
        roles, role = a_role()
        args = ParametersArgs(account=ACCOUNT, path="/app/test", parameters={"key": "A key", "other": "Another"})
        Parameters("parameters", args).grant_read(role, ["key"])
        roles.attach()

    graph = graph_of(program)
    parameter = named(graph, "parameters-key")
    assert {name: parameter.inputs[name] for name in ("name", "type", "tier", "keyId")} == {
        "name": "/app/test/key",
        "type": "SecureString",
        "tier": "Standard",
        "keyId": "alias/aws/ssm",
    }
    assert list(parameter.options.ignore_changes) == ["value"]
    [statement] = document(only(graph, ROLE_POLICY))["Statement"]
    assert statement["Action"] == ["ssm:GetParameters"]
    assert statement["Resource"] == ["arn:aws:ssm:us-east-1:111111111111:parameter/app/test/key"]
