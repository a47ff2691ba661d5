"""Asks one version of a function whether it works, and does not wait for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from systems.agentic import data

_POLL_SECONDS = 3
# Lambda says so of a version that is not ready yet, or whose executions are all busy: a worker's may be for minutes.
_LATER = frozenset(
    ("TooManyRequestsException", "ResourceConflictException", "ResourceNotReadyException", "ServiceException")
)
_API_EVENT = {"httpMethod": "GET", "resource": "/health", "path": "/health", "headers": {}}
_EVENT = {"health": "check"}  # systems/agentic/application/python/agenticai_shared/health.py answers it
_LONGEST = 300  # characters of an error that are shown


class Unhealthy(Exception):
    """A version that does not work, or does not say so in time: one line."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an invocation gave: the payload, Lambda's word for a failure ("" without), the version that ran."""

    payload: bytes
    error: str = ""
    version: str = ""


class Later(Exception):
    """The function cannot run now but may soon: one line."""


# function, version or alias, payload -> answer. Raises Later, TimeoutError or ClientError.
Invoke = Callable[[str, str, bytes], Answer]


@dataclass(frozen=True, kw_only=True)
class Health:
    """Checks health within `seconds`, counted from the first question."""

    invoke: Invoke
    seconds: float = 180
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def check(self, name: str, function: str, qualifier: str, version: str) -> None:
        """Raise Unhealthy unless `version` answers, asked by its number or by an alias, that it works.

        `name` is the logical name, which decides what is asked.
        """
        api = name == data.API_FUNCTION
        payload = json.dumps(_API_EVENT if api else _EVENT).encode()
        ends = self.clock() + self.seconds
        while True:
            try:
                answer = self.invoke(function, qualifier, payload)
                if answer.version in ("", version):
                    return _judge(answer, api)
                why = f"version {answer.version} answers in its place"  # the alias has not moved everywhere yet
            except Later as later:
                why = str(later)
            except TimeoutError:
                why = "no answer"
            except ClientError as error:
                said = error.response["Error"]
                raise Unhealthy(_line(f"Invoke: {said.get('Code')}: {said.get('Message', '')}")) from None
            except BotoCoreError as error:
                raise Unhealthy(_line(str(error))) from None
            if self.clock() >= ends:
                raise Unhealthy(f"not healthy within {self.seconds:g} s: {why}")
            self.sleep(_POLL_SECONDS)


def invoker(seconds: float, region: str) -> Invoke:
    """Return what invokes functions in AWS and waits for each answer `seconds` at most."""
    # A retry by the client would ask again without a word; Health asks again by itself.
    config = Config(read_timeout=max(1, seconds), connect_timeout=10, retries={"total_max_attempts": 1})
    client: Any = boto3.client("lambda", region_name=region, config=config)

    def invoke(function: str, qualifier: str, payload: bytes) -> Answer:
        try:
            found = client.invoke(FunctionName=function, Qualifier=qualifier, Payload=payload)
            return Answer(
                payload=found["Payload"].read(),
                error=found.get("FunctionError", ""),
                version=found.get("ExecutedVersion", ""),
            )
        except (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError):
            raise TimeoutError from None
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) in _LATER:
                raise Later(f"{code}: {error.response['Error'].get('Message', '')}"[:_LONGEST]) from None
            raise

    return invoke


def _judge(answer: Answer, api: bool) -> None:
    try:
        found = json.loads(answer.payload)
    except ValueError:
        found = None
    if answer.error:
        said = found if isinstance(found, dict) else {}
        raise Unhealthy(_line(f"{said.get('errorType', answer.error)}: {said.get('errorMessage', '')}"))
    if api and isinstance(found, dict):
        if found.get("statusCode") != 200:
            raise Unhealthy(_line(f"GET /health answers {found.get('statusCode')}: {found.get('body')}"))
        try:
            found = json.loads(found.get("body") or "")
        except (TypeError, ValueError):
            found = None
    if not isinstance(found, dict) or found.get("status") != "ok":
        raise Unhealthy(_line(f"answers {answer.payload.decode(errors='replace')} instead of status ok"))


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
