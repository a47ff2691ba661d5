"""The provider as the real engine asks it: over gRPC, with unknowns and secrets, and no CLI."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as messages

from plumbline.graph import UNKNOWN, Secret
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.wire import ASSET, SIGNATURE, from_struct
from tests.plumbline.provider.rig import GROUP, QUEUE, REGION, Asked, asked, refused, world

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
FUNCTION = "aws:lambda/function:Function"
BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"


@pytest.fixture
def provider() -> Iterator[Asked]:
    with world() as made, asked(made) as stub:
        yield stub


def client(service: str) -> Any:
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION).client(service)


def test_handshake_and_configuration_take_secrets_and_previews(provider: Asked) -> None:
    shaken = provider.stub.Handshake(messages.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    configured = provider.stub.Configure(messages.ConfigureRequest())
    assert (shaken.accept_secrets, shaken.accept_resources) == (True, True)
    assert (configured.acceptSecrets, configured.supportsPreview, configured.acceptResources) == (True, True, True)


@pytest.mark.parametrize(("package", "version"), [("aws", "7."), ("awsx", "3.")])
def test_plugin_says_the_version_of_the_installed_sdk(package: str, version: str) -> None:
    with world() as made, asked(made, package) as provider:
        assert provider.stub.GetPluginInfo(empty_pb2.Empty()).version.startswith(version)


def test_check_leaves_good_inputs_as_they_are(provider: Asked) -> None:
    assert provider.checked("jobs", name="jobs", delaySeconds=5) == {"name": "jobs", "delaySeconds": 5}


def test_check_tells_each_mistake_with_its_path(provider: Asked) -> None:
    answer = provider.check("jobs", name="jobs", delaySecond=5, redrivePolicy=7)
    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        ("delaySecond", "not a property (did you mean delaySeconds?)"),
        ("redrivePolicy", "a whole number given; a text is needed"),
    ]


def test_check_says_nothing_of_what_other_resources_decide(provider: Asked) -> None:
    # Whether a log group is declared for a function, the provider cannot know: it sees one resource at a time.
    code = {SIGNATURE: ASSET, "text": "", "hash": "0" * 64}
    role = "arn:aws:iam::111122223333:role/worker"
    provider.checked("work", FUNCTION, name="work", role=role, runtime="python3.12", handler="m.f", code=code)


def test_check_does_not_show_a_secret(provider: Asked) -> None:
    answer = provider.check("jobs", name="jobs", visibilityTimeoutSeconds=Secret("hush-hush"))
    # The engine prints the value of the property that it is told.
    assert [(failure.property, failure.reason.partition(":")[0]) for failure in answer.failures] == [
        ("", "visibilityTimeoutSeconds")
    ]
    assert "hush" not in str(answer.failures)


def test_a_name_is_made_up_once_and_kept(provider: Asked) -> None:
    first = provider.checked("jobs", delaySeconds=5)
    again = from_struct(provider.check("jobs", QUEUE, first, delaySeconds=6).inputs)
    assert first["name"].startswith("jobs-")
    assert first["__defaults"] == ["name"]
    assert again == {"delaySeconds": 6, "name": first["name"], "__defaults": ["name"]}
    assert list(provider.diff(first, {**again, "delaySeconds": 5}).diffs) == []


def test_a_made_up_name_has_the_prefix_that_is_given_and_the_suffix_of_its_kind(provider: Asked) -> None:
    assert provider.checked("jobs", namePrefix="work-")["name"].startswith("work-")
    assert provider.checked("jobs", fifoQueue=True)["name"].endswith(".fifo")


def test_a_replacement_gets_a_name_of_its_own_while_the_old_one_lives(provider: Asked) -> None:
    given = provider.checked("group", GROUP, description="one")
    first, _ = provider.create("group", GROUP, **given)
    # The engine checks a replacement without the old inputs.
    other = provider.checked("group", GROUP, description="two")
    second, _ = provider.create("group", GROUP, **other)
    groups = {row["GroupId"]: row["GroupName"] for row in client("ec2").describe_security_groups()["SecurityGroups"]}
    assert first != second
    assert given["name"] != other["name"]
    assert (groups[first], groups[second]) == (given["name"], other["name"])


def test_diff_names_what_is_added_changed_and_taken_away(provider: Asked) -> None:
    answer = provider.diff(
        {"name": "jobs", "delaySeconds": 5, "tags": {"a": "1", "b": "2"}},
        {"name": "jobs", "visibilityTimeoutSeconds": 30, "tags": {"a": "2", "b": "2"}},
    )
    kinds = {path: (found.kind, found.inputDiff) for path, found in answer.detailedDiff.items()}
    assert answer.changes == messages.DiffResponse.DIFF_SOME
    assert kinds == {
        "delaySeconds": (messages.PropertyDiff.DELETE, True),
        "visibilityTimeoutSeconds": (messages.PropertyDiff.ADD, True),
        "tags.a": (messages.PropertyDiff.UPDATE, True),
    }
    assert list(answer.replaces) == []


def test_diff_of_equal_inputs_is_none_in_whatever_notation(provider: Asked) -> None:
    answer = provider.diff({"name": "jobs", "delaySeconds": 5.0}, {"delaySeconds": 5, "name": "jobs"})
    assert answer.changes == messages.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("type_", "before", "now", "replaces", "first"),
    [
        (QUEUE, {"name": "a"}, {"name": "b"}, ["name"], False),
        (QUEUE, {"name": "a"}, {"name": "a", "fifoQueue": True}, ["fifoQueue"], True),
        (GROUP, {"name": "a", "description": "1"}, {"name": "a", "description": "2"}, ["description"], True),
        (
            GROUP,
            {"name": "a-1", "description": "1", "__defaults": ["name"]},
            {"name": "a-1", "description": "2", "__defaults": ["name"]},
            ["description"],
            False,
        ),
        (
            "aws:s3/bucket:Bucket",
            {"bucket": "a"},
            {"bucket": "a", "objectLockEnabled": True},
            ["objectLockEnabled"],
            True,
        ),
    ],
)
def test_diff_says_what_replaces_and_whether_the_old_one_is_in_the_way(
    provider: Asked, type_: str, before: dict[str, Any], now: dict[str, Any], replaces: list[str], first: bool
) -> None:
    answer = provider.diff(before, now, type_)
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (replaces, first)


def test_diff_compares_the_values_of_secrets(provider: Asked) -> None:
    same = provider.diff({"secretString": Secret("a")}, {"secretString": Secret("a")}, VERSION)
    other = provider.diff({"secretString": Secret("a")}, {"secretString": Secret("b")}, VERSION)
    assert (list(same.replaces), list(other.replaces)) == ([], ["secretString"])


def test_diff_takes_an_unknown_for_a_change(provider: Asked) -> None:
    assert list(
        provider.diff({"name": "a", "kmsMasterKeyId": "k"}, {"name": "a", "kmsMasterKeyId": UNKNOWN}).diffs
    ) == ["kmsMasterKeyId"]


def test_preview_of_a_create_echoes_inputs_and_knows_nothing_else(provider: Asked) -> None:
    identity, state = provider.create("jobs", preview=True, name="jobs", tags={"arn": UNKNOWN}, policy=Secret("p"))
    assert identity == ""
    assert {key: state[key] for key in ("name", "tags", "policy", "arn", "url", "id")} == {
        "name": "jobs",
        "tags": {"arn": UNKNOWN},
        "policy": Secret("p"),
        "arn": UNKNOWN,
        "url": UNKNOWN,
        "id": UNKNOWN,
    }
    assert client("sqs").list_queues().get("QueueUrls") is None


def test_life_of_a_resource(provider: Asked) -> None:
    inputs = {"name": "jobs", "visibilityTimeoutSeconds": 30}
    identity, state = provider.create("jobs", **inputs)
    assert (identity, state["url"], state["id"]) == (URL, URL, URL)

    now = {"name": "jobs", "visibilityTimeoutSeconds": 45}
    changed = provider.update("jobs", identity, state, inputs, now)
    assert changed == {**state, "visibilityTimeoutSeconds": 45}
    attributes = client("sqs").get_queue_attributes(QueueUrl=URL, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "45"}

    same = provider.read("jobs", identity, changed, **now)
    assert (same.id, from_struct(same.inputs), from_struct(same.properties)) == (identity, now, changed)

    client("sqs").set_queue_attributes(QueueUrl=URL, Attributes={"VisibilityTimeout": "77"})
    altered = provider.read("jobs", identity, changed, **now)
    assert from_struct(altered.inputs) == {**now, "visibilityTimeoutSeconds": 77}
    assert from_struct(altered.properties) == {**changed, "visibilityTimeoutSeconds": 77}

    provider.delete("jobs", identity, **now)
    assert client("sqs").list_queues().get("QueueUrls") is None
    assert provider.read("jobs", identity, changed, **now).id == ""
    provider.delete("jobs", identity, **now)  # one that is gone is no error


def test_preview_of_an_update_changes_nothing(provider: Asked) -> None:
    inputs = {"name": "jobs", "visibilityTimeoutSeconds": 30}
    identity, state = provider.create("jobs", **inputs)
    now = {"name": "jobs", "visibilityTimeoutSeconds": 45}
    assert provider.update("jobs", identity, state, inputs, now, preview=True) == {
        **state,
        "visibilityTimeoutSeconds": 45,
    }
    assert from_struct(provider.read("jobs", identity, state, **inputs).inputs) == inputs


def test_preview_of_a_function_s_update_does_not_know_the_version(provider: Asked) -> None:
    before = {"name": "work", "handler": "a.b"}
    state = {**before, "version": "1", "qualifiedArn": "arn:1", "arn": "arn", "id": "work"}
    now = {"name": "work", "handler": "a.c"}
    changed = provider.update("work", "work", state, before, now, type_=FUNCTION, preview=True)
    assert changed == {**now, "version": UNKNOWN, "qualifiedArn": UNKNOWN, "arn": "arn", "id": "work"}


def test_a_secret_stays_one_in_every_answer(provider: Asked) -> None:
    secret, _ = provider.create("token", SECRET, name="token")
    inputs = {"secretId": secret, "secretString": Secret("hush-hush")}
    identity, state = provider.create("token", VERSION, **inputs)
    assert state["secretString"] == Secret("hush-hush")
    read = provider.read("token", identity, state, VERSION, **inputs)
    assert from_struct(read.inputs)["secretString"] == Secret("hush-hush")
    assert from_struct(read.properties)["secretString"] == Secret("hush-hush")
    client("secretsmanager").put_secret_value(SecretId=secret, SecretString="other")
    altered = provider.read("token", identity, state, VERSION, **inputs)
    for part in (altered.inputs, altered.properties):
        value = from_struct(part).get("secretString")
        assert value is None or isinstance(value, Secret)


def test_refusal_of_aws_is_one_line(provider: Asked) -> None:
    with refused() as said:
        provider.create("rule", "aws:ec2/route:Route", routeTableId="rtb-none", destinationCidrBlock="0.0.0.0/0")
    assert said == ["InvalidRouteTableID.NotFound: The routeTable ID 'rtb-none' does not exist"]


def test_failure_of_the_provider_itself_shows_its_kind_and_no_value(
    provider: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(context: Any, inputs: Any) -> Any:
        raise RuntimeError(f"cannot take {inputs['policy']}")

    monkeypatch.setitem(ADAPTERS, QUEUE, broken)
    with refused() as said:
        provider.create("jobs", name="jobs", policy=Secret("hush-hush"))
    assert said == ["the sandbox's provider failed (RuntimeError)"]
    assert "RuntimeError" in caplog.text
    assert "hush" not in caplog.text


def test_provider_functions_are_answered_from_the_configuration(provider: Asked) -> None:
    provider.configure(region=REGION, allowedAccountIds='["111122223333"]')
    assert provider.invoke("aws:index/getRegion:getRegion")["region"] == REGION
    with refused() as said:
        provider.invoke("aws:index/getAmi:getAmi")
    assert said[0].startswith("aws:index/getAmi:getAmi: nothing answers it in the sandbox")


def test_what_a_function_finds_exists_after_an_up_and_not_after_a_preview(provider: Asked) -> None:
    token = "aws:route53/getZone:getZone"

    def zones() -> list[str]:
        return [zone["Name"] for zone in client("route53").list_hosted_zones()["HostedZones"]]

    provider.invoke(token, preview=True, name="example.com")
    assert zones() == []
    provider.invoke(token, name="example.com")
    assert zones() == ["example.com."]


def test_another_account_is_refused_and_another_region_is_the_resource_s_own(provider: Asked) -> None:
    with refused() as said:
        provider.configure(region=REGION, allowedAccountIds='["999999999999"]')
    assert said[0].startswith("the sandbox is of account 111122223333, which this provider does not allow")
    provider.configure(region="us-east-1", allowedAccountIds='["111122223333"]')
    identity, _ = provider.create("jobs", name="jobs")
    assert identity == "https://sqs.us-east-1.amazonaws.com/111122223333/jobs"


def test_files_are_found_from_where_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>", encoding="utf-8")
    with world() as made, asked(made, directory=tmp_path) as provider:
        provider.create("site", BUCKET, bucket="site")
        page = {SIGNATURE: ASSET, "path": "page.html", "hash": "0" * 64}
        provider.create("page", OBJECT, bucket="site", key="page.html", source=page)
        body = client("s3").get_object(Bucket="site", Key="page.html")["Body"].read()
    assert body == b"<p>"


def test_an_unknown_component_is_refused() -> None:
    with world() as made, asked(made, "awsx") as provider, refused() as said:
        provider.stub.Construct(messages.ConstructRequest(type="awsx:ecs:FargateService", name="x"))
    assert said == ["awsx:ecs:FargateService: the sandbox has no expansion of this component"]


def test_many_questions_at_once_are_all_answered(provider: Asked) -> None:
    names = [f"jobs-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda name: provider.create(name, **provider.checked(name, name=name))[0], names))
    assert sorted(made) == sorted(client("sqs").list_queues()["QueueUrls"])
    assert len(set(made)) == 24


def test_cancel_is_answered(provider: Asked) -> None:
    assert provider.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_a_configuration_that_is_not_known_yet_changes_nothing() -> None:
    with world() as made, asked(made) as provider:
        provider.configure(region=UNKNOWN, allowedAccountIds=UNKNOWN)
        assert (made.account, made.region) == ("111122223333", REGION)
