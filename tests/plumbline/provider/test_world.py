"""What the sandbox remembers between runs of the engine: lost answers, what is gone, and what is retained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from plumbline.monitor import DeployError
from plumbline.provider.world import Begun, World
from plumbline.sandbox.adapters import ADAPTERS
from tests.plumbline.provider.rig import GROUP, QUEUE, REGION, resource, urn, world


@pytest.fixture
def made() -> Iterator[World]:
    with world() as fresh:
        yield fresh


def queues() -> list[str]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    return session.client("sqs").list_queues().get("QueueUrls") or []


def key(name: str, identity: str) -> tuple[str, str]:
    return urn(name), identity


def test_a_run_begins_with_nothing_lost(made: World) -> None:
    identity, _ = made.create(resource("jobs", name="jobs"))
    assert made.begin([key("jobs", identity)]) == Begun(lost=0, gone=())


def test_what_no_state_has_is_taken_over_by_the_next_create(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made.create(resource("jobs", name="jobs", delaySeconds=5))
    assert made.begin([]) == Begun(lost=1, gone=())
    monkeypatch.setitem(ADAPTERS, QUEUE, lambda context, inputs: pytest.fail("made a second time"))
    assert made.create(resource("jobs", name="jobs", delaySeconds=5)) == first
    assert made.settle() == []
    assert len(queues()) == 1


def test_what_was_made_from_other_inputs_is_deleted_and_made_anew(made: World) -> None:
    made.create(resource("jobs", name="jobs"))
    made.begin([])
    identity, _ = made.create(resource("jobs", name="work"))
    assert queues() == [identity]
    assert identity.endswith("/work")


def test_what_nothing_asks_for_is_deleted_when_a_run_has_ended_well(made: World) -> None:
    kept, _ = made.create(resource("jobs", name="jobs"))
    made.end([key("jobs", kept)])
    made.create(resource("letters", name="letters"))
    made.begin([key("jobs", kept)])
    assert made.settle() == [urn("letters")]
    assert queues() == [kept]
    assert len(made) == 1


def test_what_the_engine_has_known_and_dropped_is_retained(made: World) -> None:
    # `retain_on_delete`, or `pulumi state delete`: the engine forgets a resource and does not delete it.
    identity, _ = made.create(resource("jobs", name="jobs"))
    made.end([key("jobs", identity)])
    assert made.begin([]) == Begun(lost=0, gone=())
    assert made.settle() == []
    assert queues() == [identity]


def test_within_a_run_a_second_create_of_the_urn_is_a_replacement(made: World) -> None:
    first, _ = made.create(resource("group", GROUP, name="one", description="1"))
    made.begin([(urn("group", GROUP), first)])
    second, _ = made.create(resource("group", GROUP, name="two", description="2"))
    assert first != second
    made.delete(resource("group", GROUP, name="one", description="1"), first)
    assert made.read(resource("group", GROUP, name="two", description="2"), second) is not None
    # The run ended before its state was written: the new half is lost and the old one gone.
    assert made.begin([(urn("group", GROUP), first)]) == Begun(lost=1, gone=(urn("group", GROUP),))
    assert made.create(resource("group", GROUP, name="two", description="2"))[0] == second


def test_ids_of_the_first_of_a_urn_are_the_same_in_each_life(made: World) -> None:
    given = resource("group", GROUP, name="one", description="1")
    first, _ = made.create(given)
    made.delete(given, first)
    assert made.create(given)[0] == first


def test_what_was_deleted_behind_the_engine_is_gone_when_it_is_read(made: World) -> None:
    given = resource("jobs", name="jobs")
    identity, _ = made.create(given)
    boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION).client("sqs").delete_queue(
        QueueUrl=identity
    )
    assert made.read(given, identity) is None
    assert made.begin([key("jobs", identity)]) == Begun(lost=0, gone=(urn("jobs"),))


def test_a_failed_create_leaves_nothing_to_take_over(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(context: Any, inputs: Any) -> Any:
        raise DeployError("Throttling: slow down")

    with monkeypatch.context() as broken:
        broken.setitem(ADAPTERS, QUEUE, refuses)
        with pytest.raises(DeployError, match=r"^Throttling: slow down$"):
            made.create(resource("jobs", name="jobs"))
    assert made.begin([]) == Begun(lost=0, gone=())
    identity, _ = made.create(resource("jobs", name="jobs"))
    assert queues() == [identity]
