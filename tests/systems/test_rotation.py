"""The rotation of the Redis token: all four steps against Secrets Manager in memory and a Redis that speaks TLS.

After each test, whatever it does, none of the tokens may have appeared in a log line or in the text of an exception.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.systems.rotation_fakes import (
    GROUP,
    NEW,
    OLD,
    OLD_TOKEN,
    STEPS,
    Redis,
    Rotation,
    function,
    serving,
    write_certificate,
)

PROOF = "0123456789-proof-of-origin-0123456789"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("redis") / "server.pem"
    write_certificate(file)
    return file


@pytest.fixture
def redis(certificate: Path) -> Iterator[Redis]:
    with serving(certificate) as server:
        yield server


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, redis: Redis) -> Iterator[ModuleType]:
    with function(monkeypatch, redis.server_address[1]) as module:
        yield module


@pytest.fixture
def rotation(
    module: ModuleType,
    redis: Redis,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Rotation]:
    rotation = Rotation(module, redis, os.environ["SECRET_ARN"])
    monkeypatch.setattr(module, "pause", rotation.pause)
    monkeypatch.setattr(module, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    yield rotation
    text = "\n".join([*rotation.said, *capsys.readouterr()])
    assert [token for token in {*rotation.tokens(), PROOF} if token in text] == []


# --- all four steps


def test_rotation_ends_with_a_new_current_token_that_alone_is_accepted(
    rotation: Rotation, capsys: pytest.CaptureFixture[str]
) -> None:
    rotation.run(*STEPS)
    assert rotation.stages() == {OLD: ["AWSPREVIOUS"], NEW: ["AWSPENDING", "AWSCURRENT"]}
    assert rotation.cache.changes == [("ROTATE", rotation.token()), ("SET", rotation.token())]
    assert rotation.module.redis_accepts(rotation.token())
    assert not rotation.module.redis_accepts(OLD_TOKEN)
    output = capsys.readouterr().out
    rotation.said.append(output)
    assert [json.loads(line)["message"] for line in output.splitlines()] == [
        "started",
        "the pending version has a new value",
        "started",
        "ElastiCache adds the pending version",
        "Redis accepts the pending version",
        "started",
        "Redis accepts the pending version",
        "started",
        "the pending version is current",
        "Redis accepts the current version only",
    ]


def test_old_token_is_accepted_until_the_new_one_is_current(rotation: Rotation) -> None:
    rotation.run("createSecret", "setSecret", "testSecret")
    assert rotation.cache.tokens == [OLD_TOKEN, rotation.token()]
    assert rotation.stages() == {OLD: ["AWSCURRENT"], NEW: ["AWSPENDING"]}


@pytest.mark.parametrize("last", range(4))
def test_repeated_step_changes_nothing(rotation: Rotation, last: int) -> None:
    rotation.run(*STEPS[: last + 1])
    before = rotation.state()
    rotation.run(STEPS[last])
    assert rotation.state() == before


@pytest.mark.parametrize("step", STEPS)
def test_no_step_changes_a_finished_rotation(rotation: Rotation, step: str) -> None:
    rotation.run(*STEPS)
    before = rotation.state()
    rotation.run(step)
    assert rotation.state() == before


def test_second_rotation_follows_the_first(rotation: Rotation) -> None:
    rotation.run(*STEPS)
    first, third = rotation.token(), "2" * 32
    rotation.secret.versions[NEW]["version_stages"].remove("AWSPENDING")
    rotation.secret.versions[third] = {"version_id": third, "createdate": 0, "version_stages": ["AWSPENDING"]}
    rotation.run(*STEPS, ClientRequestToken=third)
    assert rotation.stages() == {OLD: [], NEW: ["AWSPREVIOUS"], third: ["AWSPENDING", "AWSCURRENT"]}
    assert rotation.cache.tokens == [rotation.token(third)] != [first]


# --- what is refused before anything is done


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"Step": "dropSecret"},
            "Step 'dropSecret'; allowed: createSecret, setSecret, testSecret, finishSecret",
        ),
        ({"Step": None}, "Step is missing in the event; allowed: a text that is not empty"),
        ({"SecretId": "arn:foreign"}, "SecretId 'arn:foreign'; allowed: {arn}"),
        ({"SecretId": "redis"}, "SecretId 'redis'; allowed: {arn}"),
        (
            {"ClientRequestToken": "9" * 32},
            f"ClientRequestToken '{'9' * 32}'; allowed: a version of the secret that has a stage",
        ),
    ],
)
def test_wrong_event_is_refused(rotation: Rotation, changes: dict[str, Any], message: str) -> None:
    before = rotation.state()
    assert rotation.refusal("createSecret", **changes) == message.format(arn=rotation.arn)
    assert rotation.state() == before


@pytest.mark.parametrize("step", STEPS)
def test_secret_that_does_not_rotate_is_left_alone(rotation: Rotation, step: str) -> None:
    rotation.secret.rotation_enabled = False
    before = rotation.state()
    assert rotation.refusal(step) == f"rotation of secret {rotation.arn} is not enabled"
    assert rotation.state() == before


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([], f"ClientRequestToken '{NEW}'; allowed: a version of the secret that has a stage"),
        (["AWSPREVIOUS"], f"version {NEW} is AWSPREVIOUS; allowed: AWSPENDING"),
    ],
)
@pytest.mark.parametrize("step", STEPS)
def test_version_that_is_not_pending_is_refused(rotation: Rotation, step: str, stages: list[str], message: str) -> None:
    rotation.secret.versions[NEW]["version_stages"] = stages
    before = rotation.state()
    assert rotation.refusal(step) == message
    assert rotation.state() == before


# --- createSecret


def test_token_has_only_characters_that_elasticache_allows(rotation: Rotation) -> None:
    rotation.run("createSecret")
    assert re.fullmatch(r"[A-Za-z0-9!&#$^<>-]{16,128}", rotation.token())
    assert len(rotation.token()) == 64


def test_token_for_another_account_comes_with_its_proof(rotation: Rotation) -> None:
    sent: list[dict[str, Any]] = []
    rotation.module.secrets_manager().meta.events.register(
        "before-call.secretsmanager.PutSecretValue", lambda params, **_: sent.append(json.loads(params["body"]))
    )
    rotation.run("createSecret", RotationToken=PROOF)
    assert sent == [
        {
            "SecretId": rotation.arn,
            "ClientRequestToken": NEW,
            "SecretString": rotation.token(),
            "VersionStages": ["AWSPENDING"],
            "RotationToken": PROOF,
        }
    ]


def test_error_of_secrets_manager_does_not_quote_the_token(rotation: Rotation) -> None:
    def refuse(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        rotation.put(json.loads(params["body"])["SecretString"])  # so that the check after the test knows it
        error = {"Code": "LimitExceededException", "Message": f"refused: {params['body'].decode()}"}
        return SimpleNamespace(status_code=400), {"Error": error}

    rotation.module.secrets_manager().meta.events.register("before-call.secretsmanager.PutSecretValue", refuse)
    message = rotation.refusal("createSecret", RotationToken=PROOF)
    assert message.startswith("An error occurred (LimitExceededException) when calling the PutSecretValue operation")
    assert '"SecretString": "[hidden]"' in message


def test_error_of_secrets_manager_other_than_a_missing_value_is_raised(rotation: Rotation) -> None:
    error = {"Error": {"Code": "DecryptionFailure", "Message": "no key"}}
    rotation.module.secrets_manager().meta.events.register(
        "before-call.secretsmanager.GetSecretValue", lambda **_: (SimpleNamespace(status_code=400), error)
    )
    assert "DecryptionFailure" in rotation.refusal("createSecret")
    assert rotation.tokens() == {OLD_TOKEN}


# --- setSecret


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_pending_version_without_value_is_refused(rotation: Rotation, step: str) -> None:
    before = rotation.state()
    assert rotation.refusal(step) == f"version {NEW} has no value; createSecret must run first"
    assert rotation.state() == before


@pytest.mark.parametrize("token", ["tooShort", "x" * 129, "with a space 0123456789", "line0123456789\r\nPING"])
@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_pending_value_that_is_no_token_is_refused(rotation: Rotation, step: str, token: str) -> None:
    rotation.put(token)
    before = rotation.state()
    assert rotation.refusal(step) == (
        f"the value of version {NEW} is no AUTH token; "
        "allowed: 16 to 128 letters, digits or characters of ! & # $ ^ < > -"
    )
    assert rotation.state() == before


@pytest.mark.parametrize(("strategy", "step"), [("ROTATE", "setSecret"), ("SET", "finishSecret")])
def test_change_begins_only_when_the_group_is_available(rotation: Rotation, strategy: str, step: str) -> None:
    rotation.run(*STEPS[: STEPS.index(step)])
    rotation.seconds = 900
    rotation.cache.statuses = ["snapshotting"] * 3
    rotation.run(step)
    assert rotation.cache.changes[-1] == (strategy, rotation.token())
    assert rotation.seconds == 900 - 5 * 10


def test_group_that_is_called_available_before_its_change_begins_is_waited_for(rotation: Rotation) -> None:
    rotation.cache.statuses_of_a_change = ["available", "modifying", "modifying"]
    rotation.run("createSecret", "setSecret")
    assert rotation.seconds == 900 - 3 * 10
    assert rotation.cache.tokens == [OLD_TOKEN, rotation.token()]


def test_group_that_is_never_available_ends_the_step_in_time(rotation: Rotation) -> None:
    rotation.cache.statuses_of_a_change = ["modifying"] * 1000
    rotation.run("createSecret")
    assert rotation.refusal("setSecret") == (
        "replication group test-redis is 'modifying' at the end of the invocation's time; "
        "expected: available and accepting the pending version"
    )
    assert rotation.seconds == 30
    assert rotation.stages() == {OLD: ["AWSCURRENT"], NEW: ["AWSPENDING"]}


def test_set_that_ran_out_of_time_goes_on_without_a_second_change(rotation: Rotation) -> None:
    rotation.cache.statuses_of_a_change = ["modifying"] * 100
    rotation.run("createSecret")
    rotation.refusal("setSecret")
    rotation.seconds = 900
    rotation.run("setSecret")
    assert rotation.cache.changes == [("ROTATE", rotation.token())]
    assert rotation.cache.tokens == [OLD_TOKEN, rotation.token()]


@pytest.mark.parametrize(("strategy", "step"), [("ROTATE", "setSecret"), ("SET", "finishSecret")])
def test_error_of_elasticache_does_not_quote_the_token(rotation: Rotation, strategy: str, step: str) -> None:
    rotation.cache.quoting = {strategy}
    rotation.run(*STEPS[: STEPS.index(step)])
    message = rotation.refusal(step)
    assert message.startswith("An error occurred (InvalidParameterValue) when calling the ModifyReplicationGroup")
    assert "'AuthToken': '[hidden]'" in message


# --- testSecret


def test_token_that_redis_refuses_is_an_error(rotation: Rotation) -> None:
    rotation.run("createSecret")
    assert rotation.refusal("testSecret") == f"Redis refuses the token of version {NEW}"


@pytest.mark.parametrize("answer", [b"-WRONGPASS invalid username-password pair\r\n", b"-ERR invalid password\r\n"])
def test_both_ways_to_refuse_a_token_are_understood(rotation: Rotation, answer: bytes) -> None:
    rotation.redis.answers = {b"AUTH": answer}
    assert rotation.module.redis_accepts(OLD_TOKEN) is False


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({b"AUTH": b"-ERR unknown command, with args beginning with: {}\r\n"}, "-ERR to AUTH; expected: +OK"),
        ({b"AUTH": b"-{}\r\n"}, "something else to AUTH; expected: +OK"),
        ({b"AUTH": b"+OK {}\r\n"}, "something else to AUTH; expected: +OK"),
        ({b"AUTH": b"{}" * 100}, "something else to AUTH; expected: +OK"),
        ({b"AUTH": b""}, "nothing to AUTH; expected: +OK"),
        ({b"PING": b"-LOADING Redis is loading the dataset\r\n"}, "-LOADING to PING; expected: +PONG"),
        ({b"PING": b""}, "nothing to PING; expected: +PONG"),
    ],
)
def test_other_answers_are_errors_that_do_not_quote_the_token(
    rotation: Rotation, answers: dict[bytes, bytes], message: str
) -> None:
    rotation.run("createSecret", "setSecret")
    rotation.redis.answers = answers
    assert rotation.refusal("testSecret") == f"Redis answered {message}"


def test_redis_without_any_password_is_left_as_it_is(rotation: Rotation) -> None:
    rotation.redis.answers = {b"AUTH": b"-ERR AUTH <password> called without any password configured\r\n"}
    rotation.run("createSecret")
    assert rotation.refusal("setSecret") == "Redis answered -ERR to AUTH; expected: +OK"
    assert rotation.cache.changes == []


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_refused_connection_is_an_error(rotation: Rotation, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rotation.run("createSecret")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("REDIS_PORT", str(port))
    message = rotation.refusal(step)
    assert message.startswith(f"no answer from Redis at 127.0.0.1:{port}: ConnectionRefusedError: ")
    assert rotation.cache.changes == []


def test_server_that_says_nothing_is_not_waited_for(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    rotation.run("createSecret")
    monkeypatch.setattr(rotation.module, "_SOCKET_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("REDIS_PORT", str(silent.getsockname()[1]))
        begin = time.monotonic()
        message = rotation.refusal("testSecret")
    assert time.monotonic() - begin < 3
    assert re.fullmatch(r"no answer from Redis at 127\.0\.0\.1:\d+: TimeoutError: .*timed out.*", message)


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_server_with_a_wrong_certificate_never_gets_the_token(
    rotation: Rotation, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool
) -> None:
    rotation.run("createSecret", "setSecret")
    monkeypatch.setenv("REDIS_HOST", host)
    if not trusted:
        monkeypatch.setattr(rotation.module, "tls_context", rotation.own_tls_context)
    asked = len(rotation.redis.commands)
    message = rotation.refusal("testSecret")
    assert re.match(rf"no answer from Redis at {host}:\d+: SSLCertVerificationError: .*VERIFY_FAILED", message)
    assert len(rotation.redis.commands) == asked > 0


# --- finishSecret


def test_finish_that_fails_after_the_move_leaves_both_tokens_and_is_completed_by_the_next(rotation: Rotation) -> None:
    rotation.cache.quoting = {"SET"}
    rotation.run("createSecret", "setSecret", "testSecret")
    rotation.refusal("finishSecret")
    assert rotation.stages() == {OLD: ["AWSPREVIOUS"], NEW: ["AWSPENDING", "AWSCURRENT"]}
    assert rotation.cache.tokens == [OLD_TOKEN, rotation.token()]
    rotation.cache.quoting.clear()
    rotation.run("finishSecret")
    assert rotation.cache.tokens == [rotation.token()]


def test_finish_that_fails_to_move_leaves_the_old_token_working(rotation: Rotation) -> None:
    rotation.run("createSecret", "setSecret", "testSecret")
    error = {"Error": {"Code": "InternalServiceError", "Message": "try again"}}
    rotation.module.secrets_manager().meta.events.register(
        "before-call.secretsmanager.UpdateSecretVersionStage", lambda **_: (SimpleNamespace(status_code=400), error)
    )
    assert "InternalServiceError" in rotation.refusal("finishSecret")
    assert rotation.stages() == {OLD: ["AWSCURRENT"], NEW: ["AWSPENDING"]}
    assert rotation.cache.tokens == [OLD_TOKEN, rotation.token()]


def test_finish_waits_until_the_old_token_is_refused(rotation: Rotation) -> None:
    rotation.run("createSecret", "setSecret", "testSecret")
    rotation.cache.statuses_of_a_change = ["available"] * 1000
    rotation.seconds = 100
    assert rotation.refusal("finishSecret") == (
        "replication group test-redis is 'available' at the end of the invocation's time; "
        "expected: available and refusing the old token"
    )


def test_token_that_no_version_knows_is_removed_too(rotation: Rotation) -> None:
    rotation.cache.tokens = ["SetByHand0123456789"]
    rotation.run(*STEPS)
    assert rotation.cache.tokens == [rotation.token()]


# --- the address of Redis


def test_address_is_asked_of_elasticache_where_the_environment_names_no_host(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_HOST")
    monkeypatch.delenv("REDIS_PORT")
    created = module.elasticache().create_replication_group(
        ReplicationGroupId=GROUP, ReplicationGroupDescription="Redis", NumCacheClusters=1
    )["ReplicationGroup"]
    assert module.redis_address() == (created["NodeGroups"][0]["PrimaryEndpoint"]["Address"], 6379)


def test_address_in_the_environment_is_taken(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_HOST", "redis.example.com")
    monkeypatch.setenv("REDIS_PORT", "6380")
    assert module.redis_address() == ("redis.example.com", 6380)


def test_rotation_asks_elasticache_for_the_address(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_HOST")
    rotation.run(*STEPS)
    assert rotation.cache.tokens == [rotation.token()]


def test_group_without_a_primary_is_an_error(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_HOST")
    rotation.cache.group = {"NodeGroups": [{"Slots": "0-16383"}]}
    rotation.run("createSecret")
    assert rotation.refusal("testSecret") == "replication group test-redis has no primary endpoint"


def test_clients_use_the_endpoints_of_the_environment(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETSMANAGER_ENDPOINT", "https://secrets.example.com")
    monkeypatch.setenv("ELASTICACHE_ENDPOINT", "https://cache.example.com")
    endpoints = [client().meta.endpoint_url for client in (module.secrets_manager, module.elasticache)]
    assert endpoints == ["https://secrets.example.com", "https://cache.example.com"]
