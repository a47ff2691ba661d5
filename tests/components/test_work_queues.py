"""components.work_queues: queues, their dead letters and edges, and the functions that process them."""

from __future__ import annotations

import functools
import json
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from components.work_queues import (
    Consumers,
    ConsumersArgs,
    ConsumerSpec,
    WorkQueue,
    WorkQueues,
    WorkQueuesArgs,
    WorkQueueSpec,
)
from plumbline.graph import UNKNOWN
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    ROLE_POLICY,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    present,
)
from tests.components.small_functions import a_function, some_roles
from tests.plumbline.rehearsals import Rehearsal, rehearse

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
ARN = "arn:aws:sqs:us-east-1:111111111111:test"


def a_queue(**changes: Any) -> WorkQueue:
    spec = WorkQueueSpec(**{"timeout_seconds": 300, "max_receives": 5, **changes})
    return WorkQueues("queues", WorkQueuesArgs(account=ACCOUNT, naming=NAMING, queues={"work": spec})).queues["work"]


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
        roles = some_roles("worker")
        role = roles.roles["worker"]
        getattr(a_queue(), edge)(role)
        roles.attach()

    [statement] = document(only(graph_of(program), ROLE_POLICY))["Statement"]
    assert (statement["Action"], statement["Resource"]) == (actions, [f"{ARN}-work"])


@pytest.mark.parametrize("edge", ["grant_send", "grant_consume"])
def test_no_edge_of_a_queue_leads_to_its_dead_letters(edge: str) -> None:
    def program() -> None:
        roles = some_roles("worker")
        role = roles.roles["worker"]
        getattr(a_queue(), edge)(role)
        roles.attach()

    resources = [row["Resource"] for row in document(only(graph_of(program), ROLE_POLICY))["Statement"]]
    assert resources == [[f"{ARN}-work"]]


def test_a_queue_exists_after_its_dead_letters_which_are_kept_as_long_as_sqs_can() -> None:
    graph = graph_of(a_queue)
    letters = named(graph, "queues-work-dead-letters")
    assert present(dict(letters.inputs)) == {
        "name": "test-work-dead-letters",
        "messageRetentionSeconds": 14 * 24 * 3600,
        "sqsManagedSseEnabled": True,
    }
    assert names(named(graph, "queues-work").dependencies) == ("queues-work-dead-letters",)


def consumed(most_at_once: int = 3, opts: pulumi.ResourceOptions | None = None) -> None:
    """Register a queue and the function that processes it."""
    roles = some_roles("work", opts=opts)
    role = roles.roles["work"]
    args = WorkQueuesArgs(
        account=ACCOUNT, naming=NAMING, queues={"work": WorkQueueSpec(timeout_seconds=30, max_receives=3)}
    )
    queue = WorkQueues("queues", args, opts).queues["work"]
    queue.grant_consume(role)
    function = a_function(role, opts=opts)
    roles.attach()
    spec = ConsumerSpec(queue=queue, function=function, batch_size=10, most_at_once=most_at_once)
    Consumers("consumers", ConsumersArgs(consumers={"work": spec}), opts)


def test_of_a_batch_only_what_failed_comes_again_and_the_live_alias_gets_it() -> None:
    found = only(graph_of(consumed), MAPPING)
    assert present(dict(found.inputs)) == {
        "eventSourceArn": UNKNOWN,
        "functionName": UNKNOWN,
        "batchSize": 10,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 3},
        "enabled": True,
    }
    assert (needs(found)["eventSourceArn"], needs(found)["functionName"]) == (
        ("queues-work",),
        ("functions-work-live",),
    )
    assert "queues-work-policy" in names(found.dependencies)


@pytest.mark.parametrize(("wanted", "set_to"), [(1, 2), (2, 2), (9, 9)])
def test_no_queue_starts_fewer_instances_than_lambda_can_limit_to(wanted: int, set_to: int) -> None:
    found = only(graph_of(lambda: consumed(wanted)), MAPPING)
    assert found.inputs["scalingConfig"] == {"maximumConcurrency": set_to}


@functools.cache
def deployed() -> Rehearsal:
    def program() -> None:
        provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
        consumed(opts=pulumi.ResourceOptions(providers={"aws": provider}))

    def look() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
        sqs = session.client("sqs")
        url = sqs.get_queue_url(QueueName="test-work")["QueueUrl"]
        [mapping] = session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {
            "queue": sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"],
            "source": mapping["EventSourceArn"],
            "answers": mapping["FunctionResponseTypes"],
        }

    return rehearse(program, look)


def test_a_deployed_queue_hands_its_messages_to_the_function_and_poison_to_the_dead_letters() -> None:
    assert (deployed().evaluation.mistakes, dict(deployed().simulated)) == ((), {})
    queue = deployed().seen["queue"]
    assert queue["VisibilityTimeout"] == "180"
    assert json.loads(queue["RedrivePolicy"]) == {
        "deadLetterTargetArn": f"{ARN}-work-dead-letters",
        "maxReceiveCount": 3,
    }
    assert deployed().seen["source"] == f"{ARN}-work"
    assert deployed().seen["answers"] == ["ReportBatchItemFailures"]
