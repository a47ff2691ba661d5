"""Rotates the AUTH token of a Redis replication group that is kept, as bare text, in one secret.

Secrets Manager invokes the handler once for each of four steps and repeats a step that failed (AWS Secrets Manager:
"Lambda rotation functions"). So each step looks first at what is already done. ElastiCache accepts up to two tokens
at a time: ROTATE adds one and drops the oldest of two, SET leaves only the one rotated last (Amazon ElastiCache:
"Authenticating with the AUTH command").
"""

from __future__ import annotations

import functools
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedRWPair
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from trading_shared import Log
from trading_shared.logs import HIDDEN

TOKEN_LENGTH = 64
_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
_SOCKET_SECONDS = 5
_POLL_SECONDS = 10
# For one more look at the group and at Redis, and for the log line, before Lambda ends the function.
_RESERVE_SECONDS = 30
_LONGEST_ANSWER = 512  # bytes; what Redis answers to AUTH and PING is one short line
# Redis 6 and later, and Redis 5.
_WRONG_TOKEN = (b"-WRONGPASS", b"-ERR invalid password")

_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


class RotationError(Exception):
    """A step cannot be finished now. The message never holds a token."""


# Time and trust, each in a function of its own that a test can replace.


def pause(seconds: float) -> None:
    """Wait before the next look at the replication group."""
    time.sleep(seconds)


def tls_context() -> ssl.SSLContext:
    """Return the TLS settings towards Redis: certificate and host name are verified."""
    return ssl.create_default_context()


# AWS


@functools.cache
def secrets_manager() -> Any:
    """Return the client of Secrets Manager; warm invocations reuse its connections."""
    return boto3.client(
        "secretsmanager", endpoint_url=os.environ.get("SECRETSMANAGER_ENDPOINT") or None, config=_CONFIG
    )


@functools.cache
def elasticache() -> Any:
    """Return the client of ElastiCache; warm invocations reuse its connections."""
    return boto3.client("elasticache", endpoint_url=os.environ.get("ELASTICACHE_ENDPOINT") or None, config=_CONFIG)


@contextmanager
def _hiding(*secrets: str) -> Iterator[None]:
    """Keep what was sent to AWS out of the error that comes back: a message may quote its parameters."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        message = str(error)
        for secret in secrets:
            message = message.replace(secret, HIDDEN)
        raise RotationError(message) from None


def _value(version: str) -> str | None:
    """Return the text of a version of the secret, None if it has no value yet."""
    try:
        answer = secrets_manager().get_secret_value(SecretId=os.environ["SECRET_ARN"], VersionId=version)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return answer.get("SecretString", "")


def _pending_token(version: str) -> str:
    """Return the token of the version that is being rotated; it need not be ours, so it is checked."""
    value = _value(version)
    if value is None:
        raise RotationError(f"version {version} has no value; createSecret must run first")
    if not _TOKEN.fullmatch(value):
        raise RotationError(
            f"the value of version {version} is no AUTH token; "
            "allowed: 16 to 128 letters, digits or characters of ! & # $ ^ < > -"
        )
    return value


def _group() -> dict[str, Any]:
    name = os.environ["REPLICATION_GROUP_ID"]
    return elasticache().describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]


def _change_token(token: str, strategy: str) -> None:
    with _hiding(token):
        elasticache().modify_replication_group(
            ReplicationGroupId=os.environ["REPLICATION_GROUP_ID"],
            AuthToken=token,
            AuthTokenUpdateStrategy=strategy,
            ApplyImmediately=True,
        )


def _wait(context: Any, goal: str, reached: Callable[[], bool]) -> None:
    """Wait until the group is available and the goal is reached, as long as the invocation has time.

    The status alone does not do: for a moment after a change is asked for, the group may still be called available.
    """
    while True:
        status = _group()["Status"]
        if status == "available" and reached():
            return
        if context.get_remaining_time_in_millis() < (_POLL_SECONDS + _RESERVE_SECONDS) * 1000:
            raise RotationError(
                f"replication group {os.environ['REPLICATION_GROUP_ID']} is {status!r} at the end of the "
                f"invocation's time; expected: {goal}"
            )
        pause(_POLL_SECONDS)


# Redis


def redis_address() -> tuple[str, int]:
    """Return host and port of the primary: from the environment, else the host that ElastiCache names."""
    port = int(os.environ.get("REDIS_PORT") or 6379)
    if host := os.environ.get("REDIS_HOST"):
        return host, port
    for nodes in _group().get("NodeGroups", []):
        if endpoint := nodes.get("PrimaryEndpoint"):
            return endpoint["Address"], port
    raise RotationError(f"replication group {os.environ['REPLICATION_GROUP_ID']} has no primary endpoint")


def redis_accepts(token: str) -> bool:
    """Ask Redis over TLS whether it accepts a token; RotationError if it cannot be asked, or is not able to answer."""
    host, port = redis_address()
    try:
        with (
            socket.create_connection((host, port), timeout=_SOCKET_SECONDS) as plain,
            tls_context().wrap_socket(plain, server_hostname=host) as connection,
            connection.makefile("rwb") as stream,
        ):
            answer = _ask(stream, b"AUTH", token.encode())
            if answer.startswith(_WRONG_TOKEN):
                return False
            _expect(b"+OK", answer, "AUTH")
            _expect(b"+PONG", _ask(stream, b"PING"), "PING")
            return True
    except OSError as error:
        raise RotationError(f"no answer from Redis at {host}:{port}: {type(error).__name__}: {error}") from error


def _ask(stream: BufferedRWPair, *words: bytes) -> bytes:
    """Send one command as an array of bulk strings and return the first line of the answer (Redis: RESP)."""
    stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
    stream.flush()
    return stream.readline(_LONGEST_ANSWER)


def _expect(expected: bytes, answer: bytes, command: str) -> None:
    if answer == expected + b"\r\n":
        return
    # No more than the error's code: Redis quotes the arguments of a command that it does not know.
    code = re.match(rb"-[A-Z]{1,15}\b", answer)
    given = code[0].decode() if code else "something else" if answer else "nothing"
    raise RotationError(f"Redis answered {given} to {command}; expected: {expected.decode()}")


# The four steps


def create_secret(version: str, log: Log, event: Mapping[str, Any]) -> None:
    """Give the pending version a new random token, unless it has a value."""
    if _value(version) is not None:
        log.info("the pending version has a value already")
        return
    # Letters of both cases and digits, each at least once: all that ElastiCache allows but its eight marks.
    token = secrets_manager().get_random_password(PasswordLength=TOKEN_LENGTH, ExcludePunctuation=True)[
        "RandomPassword"
    ]
    # Secrets Manager sends it where it has to recognise who answers, as with a secret of another account.
    proof = {"RotationToken": event["RotationToken"]} if event.get("RotationToken") else {}
    with _hiding(token, *proof.values()):
        secrets_manager().put_secret_value(
            SecretId=os.environ["SECRET_ARN"],
            ClientRequestToken=version,
            SecretString=token,
            VersionStages=["AWSPENDING"],
            **proof,
        )
    log.info("the pending version has a new value")


def set_secret(version: str, log: Log, context: Any) -> None:
    """Let Redis accept the pending token besides the current one, and wait until it does."""
    token = _pending_token(version)
    # An earlier try may have run out of time; a second ROTATE could then drop the token that clients use.
    _wait(context, "available", lambda: True)
    if redis_accepts(token):
        log.info("Redis accepts the pending version already")
        return
    _change_token(token, "ROTATE")
    log.info("ElastiCache adds the pending version")
    _wait(context, "available and accepting the pending version", lambda: redis_accepts(token))
    log.info("Redis accepts the pending version")


def test_secret(version: str, log: Log) -> None:
    """Log in to Redis with the pending token."""
    if not redis_accepts(_pending_token(version)):
        raise RotationError(f"Redis refuses the token of version {version}")
    log.info("Redis accepts the pending version")


def finish_secret(version: str, stages: Mapping[str, list[str]], log: Log, context: Any) -> None:
    """Make the pending token the current one, then remove the old one from Redis.

    In this order, because a failure between leaves a secret whose token works, and an old token that lives longer than
    it should. The other way round clients would read a token that Redis refuses. The step, when repeated, finds the
    version current and removes what is left.
    """
    token = _pending_token(version)
    moved = "AWSCURRENT" not in stages[version]
    old_stage = "AWSCURRENT" if moved else "AWSPREVIOUS"
    old_version = next((name for name, labels in stages.items() if old_stage in labels), None)
    old_token = _value(old_version) if old_version else None
    if moved:
        # Secrets Manager refuses the move unless it is told which version loses the label.
        loser = {"RemoveFromVersionId": old_version} if old_version else {}
        secrets_manager().update_secret_version_stage(
            SecretId=os.environ["SECRET_ARN"], VersionStage="AWSCURRENT", MoveToVersionId=version, **loser
        )
        log.info("the pending version is current", previous=old_version)
    _wait(context, "available", lambda: True)
    # After a move always: where secret and Redis differed, the token to remove is in no version.
    if not moved and not (old_token and redis_accepts(old_token)):
        log.info("Redis accepts the current version only")
        return
    _change_token(token, "SET")
    _wait(context, "available and refusing the old token", lambda: not (old_token and redis_accepts(old_token)))
    log.info("Redis accepts the current version only", previous=old_version)


STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def handler(event: Any, context: Any) -> None:
    """Do one step of a rotation. What goes wrong is raised: Secrets Manager then repeats the step."""
    log = Log(request_id=getattr(context, "aws_request_id", None))
    try:
        _step(event, context, log)
    except Exception:
        log.exception("failed")
        raise


def _step(event: Any, context: Any, log: Log) -> None:
    secret, version, step = (_text(event, name) for name in ("SecretId", "ClientRequestToken", "Step"))
    if step not in STEPS:
        raise ValueError(f"Step {step!r}; allowed: {', '.join(STEPS)}")
    if secret != os.environ["SECRET_ARN"]:
        raise ValueError(f"SecretId {secret!r}; allowed: {os.environ['SECRET_ARN']}")
    log.info("started", step=step, version=version)
    facts = secrets_manager().describe_secret(SecretId=secret)
    if not facts.get("RotationEnabled"):
        raise ValueError(f"rotation of secret {secret} is not enabled")
    stages: dict[str, list[str]] = facts.get("VersionIdsToStages", {})
    if not stages.get(version):
        raise ValueError(f"ClientRequestToken {version!r}; allowed: a version of the secret that has a stage")
    if "AWSCURRENT" in stages[version]:
        # The version works and is in use; only the old token may be left over from a finish that was interrupted.
        if step != "finishSecret":
            log.info("the version is current already", step=step, version=version)
            return
    elif "AWSPENDING" not in stages[version]:
        raise ValueError(f"version {version} is {', '.join(stages[version])}; allowed: AWSPENDING")

    match step:
        case "createSecret":
            create_secret(version, log, event)
        case "setSecret":
            set_secret(version, log, context)
        case "testSecret":
            test_secret(version, log)
        case "finishSecret":
            finish_secret(version, stages, log, context)


def _text(event: Any, name: str) -> str:
    value = event.get(name) if isinstance(event, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing in the event; allowed: a text that is not empty")
    return value
