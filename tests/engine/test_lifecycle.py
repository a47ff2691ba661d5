"""The life of a small stack on the real engine, through the Automation API, with either awsx."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi.automation as auto
import pytest

from plumbline import documents
from plumbline.provider import channel, control
from tests.engine.rig import (
    HIDDEN,
    MADE_IN_AWS,
    NO_AWSX,
    Small,
    counts,
    needs_cli,
    small_project,
    without_awsx,
    without_places,
)

pytestmark = [pytest.mark.engine, needs_cli]
REAL_AWSX = shutil.which("pulumi-resource-awsx") is not None


@pytest.fixture(params=["expansion", pytest.param("plugin", marks=pytest.mark.skipif(not REAL_AWSX, reason=NO_AWSX))])
def awsx(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which awsx makes the network: the offline expansion, or the real plugin."""
    if request.param == "expansion":
        monkeypatch.setenv("PATH", without_awsx(os.environ["PATH"]))
    return request.param


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    with small_project(tmp_path) as made:
        yield made


def left(small: Small) -> int:
    return control.status(small.workspace.directory).resources


def exported(small: Small, stack: auto.Stack) -> Any:
    file = small.root / "export.json"
    file.write_text(json.dumps({"version": 3, "deployment": stack.export_stack().deployment}), encoding="utf-8")
    return documents.load(file).graph


def test_a_stack_lives(small: Small, awsx: str) -> None:
    stack = small.stack()
    made = counts(stack.up().summary.resource_changes)
    assert made == {"create": MADE_IN_AWS + 3}  # the stack, the component and the provider besides
    assert left(small) == MADE_IN_AWS
    assert small.client("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2].startswith("jobs-")

    again = counts(stack.up().summary.resource_changes)
    assert again == {"same": MADE_IN_AWS + 3}
    assert counts(stack.refresh().summary.resource_changes) == {"same": MADE_IN_AWS + 3}

    small.change(visibility=45)
    changed: list[str] = []
    previewed = small.stack().preview(on_event=lambda event: changed.extend(_changed(event)))
    assert counts(previewed.change_summary) == {"same": MADE_IN_AWS + 2, "update": 1}
    assert changed == ["update jobs visibilityTimeoutSeconds"]
    assert counts(stack.up().summary.resource_changes) == {"same": MADE_IN_AWS + 2, "update": 1}
    assert _visibility(small) == "45"

    assert left(small) == MADE_IN_AWS
    stack.destroy()
    assert left(small) == 0
    assert "QueueUrls" not in small.client("sqs").list_queues()
    vpcs = small.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert vpcs == []
    assert small.client("dynamodb").list_tables()["TableNames"] == []
    assert small.client("secretsmanager").list_secrets()["SecretList"] == []


def _changed(event: auto.EngineEvent) -> list[str]:
    found = event.resource_pre_event.metadata if event.resource_pre_event else None
    if found is None or found.op.value in ("same", "read"):
        return []
    return [f"{found.op.value} {found.urn.split('::')[3]} {', '.join(found.detailed_diff or found.diffs or ())}"]


def _visibility(small: Small) -> str:
    queues = small.client("sqs")
    url = queues.list_queues()["QueueUrls"][0]
    answer = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return answer["Attributes"]["VisibilityTimeout"]


@pytest.mark.skipif(not REAL_AWSX, reason=NO_AWSX)
def test_both_awsx_make_the_same_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = []
    whole = os.environ["PATH"]
    for path in (whole, without_awsx(whole)):
        monkeypatch.setenv("PATH", path)
        root = tmp_path / str(len(graphs))
        root.mkdir()
        with small_project(root) as small:
            stack = small.stack()
            stack.up()
            graphs.append(without_places(exported(small, stack)))
    assert graphs[0] == graphs[1]


def test_refresh_shows_what_was_altered_and_deleted_behind_the_engine(small: Small) -> None:
    stack = small.stack()
    stack.up()
    queues = small.client("sqs")
    url = queues.list_queues()["QueueUrls"][0]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    topics = small.client("sns")
    topics.delete_topic(TopicArn=topics.list_topics()["Topics"][0]["TopicArn"])
    changed: list[str] = []
    refreshed = stack.refresh(on_event=lambda event: changed.extend(_refreshed(event)))
    assert counts(refreshed.summary.resource_changes) == {"same": MADE_IN_AWS + 1, "update": 1, "delete": 1}
    assert exported(small, stack).of_type("aws:sqs/queue:Queue")[0].get("visibilityTimeoutSeconds") == 77
    # The program says otherwise: the next up puts both right.
    assert counts(stack.up().summary.resource_changes) == {"same": MADE_IN_AWS + 1, "update": 1, "create": 1}
    assert _visibility(small) == "30"


def _refreshed(event: auto.EngineEvent) -> list[str]:
    found = event.res_outputs_event.metadata if event.res_outputs_event else None
    return [] if found is None else [found.op.value]


def test_a_replacement_lives_beside_the_old_one_until_that_is_deleted(small: Small) -> None:
    stack = small.stack()
    before = stack.up().outputs["group"].value
    small.change(description="second")
    done = small.stack().up()
    assert counts(done.summary.resource_changes) == {"same": MADE_IN_AWS + 2, "replace": 1}
    after = done.outputs["group"].value
    assert after != before
    groups = small.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [row["Description"] for row in groups if row["GroupId"] in (before, after)] == ["second"]


def test_a_protected_resource_refuses_and_a_retained_one_stays(small: Small) -> None:
    small.change(protect=True, retain=True)
    stack = small.stack()
    stack.up()
    with pytest.raises(auto.CommandError, match="orders"):
        stack.destroy()
    # The engine deletes what it may: the protected table stays, and the retained topic, which it forgets.
    assert small.client("dynamodb").list_tables()["TableNames"] == ["orders"]
    assert left(small) == 2
    small.change(protect=False, topic=False)
    small.stack().up()
    stack.destroy()
    assert [row["TopicArn"].rpartition(":")[2][:5] for row in small.client("sns").list_topics()["Topics"]] == ["news-"]
    assert left(small) == 1


def test_a_secret_is_nowhere_in_the_clear(small: Small) -> None:
    stack = small.stack()
    token = stack.up().outputs["token"]
    assert (token.secret, token.value) == (True, HIDDEN)
    stack.refresh()
    directory = small.workspace.directory
    # The program itself has it in its source; nothing else does.
    files = [path for path in directory.rglob("*") if path.is_file() and directory / "project" not in path.parents]
    assert [path.name for path in files if HIDDEN.encode() in path.read_bytes()] == []
    assert "[secret]" not in json.dumps(stack.export_stack().deployment)


def test_wrong_inputs_are_told_with_their_path_before_anything_is_made(small: Small) -> None:
    source = (small.root / "__main__.py").read_text(encoding="utf-8")
    wrong = source.replace('billing_mode="PAY_PER_REQUEST"', 'billing_mode="PER_REQUEST"')
    (small.root / "__main__.py").write_text(wrong, encoding="utf-8")
    told = "resource 'orders': property billingMode .* 'PER_REQUEST' given; allowed: PROVISIONED, PAY_PER_REQUEST"
    with pytest.raises(auto.CommandError, match=told):
        small.stack().preview()
    assert left(small) == 0


def test_a_stopped_daemon_is_told(small: Small) -> None:
    stack = small.stack()
    small.stop()
    with pytest.raises(auto.CommandError, match="no sandbox is running"):
        stack.preview()
    with pytest.raises(channel.NotRunning):
        control.status(small.workspace.directory)
